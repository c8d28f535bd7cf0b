package app

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"

	"github.com/exodrive/exodrive/cache/rediscache"
)

// hidden stands where a secret is.
const hidden = "(hidden)"

// Print is the configuration as it will be used, in lines NAME=value that an
// environment file may hold, with secrets hidden.
func (s Settings) Print() string {
	secret := func(name, value string) string {
		value, _ = secretOf(name, value) // Config has the sentence about a file that cannot be read
		return value
	}
	hide := func(name, value string) string {
		if secret(name, value) == "" {
			return ""
		}
		return hidden
	}
	var b strings.Builder
	for _, line := range [][2]string{
		{"EXO_ADDR", s.Addr}, {"EXO_OPS_ADDR", s.OpsAddr}, {"EXO_BASE_URL", s.BaseURL}, {"EXO_DATA_DIR", s.DataDir},
		{"EXO_DEMO", cmp.Or(string(s.Demo), "false")}, {"EXO_SECRET", hide("EXO_SECRET", s.Secret)}, {"EXO_ADMIN_TOKEN", hide("EXO_ADMIN_TOKEN", s.AdminToken)},
		{"EXO_RATE_LIMITS", s.RateLimits},
		{"EXO_OTLP_URL", collector(s.OTLPURL)},
		{"EXO_ACCESS_LOG", s.AccessLog}, {"EXO_WARM_ON_START", cmp.Or(string(s.WarmOnStart), "false")}, {"EXO_TRUSTED_PROXIES", s.TrustedProxies}, {"EXO_TIME_ZONE", s.TimeZone},
		{"DATABASE_URL", withoutPassword(s.database(secret("DATABASE_URL", s.DatabaseURL)))},
		{"DATABASE_POOL", s.DatabasePool}, {"DATABASE_POOLER", s.DatabasePooler},
		{"REDIS_URL", redisWithoutPassword(secret("REDIS_URL", s.RedisURL))},
	} {
		fmt.Fprintf(&b, "%s=%s\n", line[0], line[1])
	}
	return b.String()
}

// collector is the address of the traces' collector, which needs none.
func collector(address string) string {
	if address == "" {
		return ""
	}
	return withoutPassword(address)
}

// withoutPassword is an address of a database that may be shown. What cannot be
// read cannot be told apart from a password.
func withoutPassword(address string) string {
	if strings.HasPrefix(address, "sqlite:") {
		return address
	}
	u, err := url.Parse(address)
	if err != nil || u.Opaque != "" || u.Host == "" {
		return hidden
	}
	u.RawQuery = withoutPasswords(u.Query())
	return u.Redacted()
}

// redisWithoutPassword is an address of Redis that may be shown. It may have several
// hosts, which url.Parse refuses. One that is not well-formed, where a password may stand
// anywhere, is not shown; and a user without a password may be one.
func redisWithoutPassword(address string) string {
	if address == "" || rediscache.CheckURL(address) != nil {
		return strings.Repeat(hidden, min(1, len(address)))
	}
	scheme, rest, _ := strings.Cut(address, "://")
	rest, question, asks := strings.Cut(rest, "?")
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		user, _, named := strings.Cut(rest[:at], ":")
		if !named {
			user = ""
		}
		rest = user + ":" + masked + rest[at:]
	}
	if !asks {
		return scheme + "://" + rest
	}
	query, _ := url.ParseQuery(question) // it was read just now
	return scheme + "://" + rest + "?" + withoutPasswords(query)
}

// masked stands where the password is in an address that is shown otherwise.
const masked = "xxxxx"

// withoutPasswords is the part of an address behind its question mark.
func withoutPasswords(query url.Values) string {
	for name := range query {
		if strings.Contains(name, "password") { // also sslpassword
			query.Set(name, masked)
		}
	}
	return query.Encode()
}
