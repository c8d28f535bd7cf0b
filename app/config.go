package app

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/exodrive/exodrive/httpx"
)

// Settings are the configuration as it is written: environment variables, each
// also a flag. Config is what they mean.
type Settings struct {
	Addr           string `name:"addr" env:"EXO_ADDR" default:":8080" help:"Address of the site and its API."`
	OpsAddr        string `env:"EXO_OPS_ADDR" default:"127.0.0.1:9090" help:"Address for operators: health, metrics, profiles. Empty turns it off."`
	BaseURL        string `env:"EXO_BASE_URL" help:"Address under which the site is reached from outside."`
	DataDir        string `env:"EXO_DATA_DIR" default:"./data" help:"Folder of the embedded database."`
	Demo           bool   `env:"EXO_DEMO" help:"Serve a demo fleet."`
	AdminToken     string `env:"EXO_ADMIN_TOKEN" help:"A bearer token that may do everything; at least 32 characters. Or EXO_ADMIN_TOKEN_FILE."`
	RateLimits     string `env:"EXO_RATE_LIMITS" default:"on" help:"on or off."`
	AccessLog      string `env:"EXO_ACCESS_LOG" default:"sampled" help:"all, sampled (1 in 100) or off; failures are always logged."`
	TrustedProxies string `env:"EXO_TRUSTED_PROXIES" help:"Addresses or networks whose X-Forwarded-For is believed, with commas."`
	TimeZone       string `env:"EXO_TIME_ZONE" default:"UTC" help:"Zone of the fleet's day."`
	DatabaseURL    string `env:"DATABASE_URL" help:"sqlite:PATH or postgres://…; empty is exodrive.db in the data folder. Or DATABASE_URL_FILE."`
	DatabasePool   string `env:"DATABASE_POOL" default:"20" help:"Connections to Postgres."`
	DatabasePooler string `env:"DATABASE_POOLER" default:"none" help:"none, or transaction behind PgBouncer and the like."`
}

// Config is the checked configuration.
type Config struct {
	Addr, OpsAddr string
	BaseURL       string
	Demo          bool
	AdminToken    string
	RateLimits    bool
	AccessLog     httpx.AccessLog
	Proxies       httpx.TrustedProxies
	Zone          *time.Location
	DatabaseURL   string
	Pool          int
	Pooler        bool
}

// leastToken is how long a configured token must be: 128 bits even when it is
// written in hexadecimal digits.
const leastToken = 32

// maxPool is more connections than one node can use.
const maxPool = 1000

// Config checks the settings. The error has one line, a sentence, for each
// fault.
func (s Settings) Config() (Config, error) {
	var faults []error
	fail := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	secret := func(name, value string) string {
		v, err := secretOf(name, value)
		if err != nil {
			fail("%w", err)
		}
		return v
	}
	c := Config{Addr: s.Addr, OpsAddr: s.OpsAddr, BaseURL: strings.TrimSuffix(s.BaseURL, "/"), Demo: s.Demo}
	c.AdminToken = secret("EXO_ADMIN_TOKEN", s.AdminToken)
	c.DatabaseURL = secret("DATABASE_URL", s.DatabaseURL)
	if c.DatabaseURL == "" {
		c.DatabaseURL = "sqlite:" + filepath.Join(s.DataDir, "exodrive.db")
	}
	for name, addr := range map[string]string{"EXO_ADDR": s.Addr, "EXO_OPS_ADDR": s.OpsAddr} {
		if err := checkAddr(addr, name == "EXO_OPS_ADDR"); err != nil {
			fail("%s: %w", name, err)
		}
	}
	if u, err := url.Parse(c.BaseURL); c.BaseURL != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		fail("EXO_BASE_URL %q is not an address; write it as https://cars.example.com.", s.BaseURL)
	}
	if c.AdminToken != "" && len(c.AdminToken) < leastToken {
		fail("EXO_ADMIN_TOKEN has %d characters; it needs at least %d.", len(c.AdminToken), leastToken)
	}
	var err error
	if c.AccessLog, err = httpx.ParseAccessLog(s.AccessLog); err != nil {
		fail("EXO_ACCESS_LOG: %w", err)
	}
	if c.Proxies, err = httpx.ParseTrustedProxies(s.TrustedProxies); err != nil {
		fail("EXO_TRUSTED_PROXIES: %w", err)
	}
	if c.Zone, err = time.LoadLocation(s.TimeZone); err != nil || s.TimeZone == "Local" {
		fail("EXO_TIME_ZONE %q is not a time zone; use an IANA name such as Europe/Berlin.", s.TimeZone)
	}
	if !strings.HasPrefix(c.DatabaseURL, "sqlite:") && !strings.HasPrefix(c.DatabaseURL, "postgres://") && !strings.HasPrefix(c.DatabaseURL, "postgresql://") {
		fail("DATABASE_URL must begin with sqlite:, postgres:// or postgresql://.")
	}
	if c.Pool, err = strconv.Atoi(s.DatabasePool); err != nil || c.Pool < 2 || c.Pool > maxPool {
		fail("DATABASE_POOL %q is not a number of connections from 2 to %d.", s.DatabasePool, maxPool)
	}
	c.RateLimits = choice(fail, "EXO_RATE_LIMITS", s.RateLimits, "off", "on")
	c.Pooler = choice(fail, "DATABASE_POOLER", s.DatabasePooler, "none", "transaction")
	return c, errors.Join(faults...)
}

// choice reads a setting of two words and tells whether it is the second.
func choice(fail func(string, ...any), name, value, no, yes string) bool {
	if value != no && value != yes {
		fail("%s %q is neither %s nor %s.", name, value, yes, no)
	}
	return value == yes
}

func checkAddr(addr string, mayBeEmpty bool) error {
	if addr == "" && mayBeEmpty {
		return nil
	}
	if _, port, err := net.SplitHostPort(addr); err != nil || port == "" {
		return fmt.Errorf("%q is not an address; write host:port or :port.", addr)
	}
	return nil
}

// secretOf is a secret from its variable, or from the file that NAME_FILE names.
func secretOf(name, value string) (string, error) {
	file := os.Getenv(name + "_FILE")
	if value != "" || file == "" {
		return value, nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("%s_FILE cannot be read: %w.", name, err)
	}
	return strings.TrimSpace(string(b)), nil
}

// Print are the settings as NAME=value lines, secrets hidden.
func (s Settings) Print() string {
	hide := func(v string) string {
		if v == "" {
			return ""
		}
		return "(hidden)"
	}
	database := s.DatabaseURL
	if u, err := url.Parse(database); err == nil && u.User != nil {
		database = u.Redacted()
	} else if err != nil {
		database = hide(database)
	}
	var b strings.Builder
	for _, line := range [][2]string{
		{"EXO_ADDR", s.Addr}, {"EXO_OPS_ADDR", s.OpsAddr}, {"EXO_BASE_URL", s.BaseURL}, {"EXO_DATA_DIR", s.DataDir},
		{"EXO_DEMO", strconv.FormatBool(s.Demo)}, {"EXO_ADMIN_TOKEN", hide(s.AdminToken)}, {"EXO_RATE_LIMITS", s.RateLimits},
		{"EXO_ACCESS_LOG", s.AccessLog}, {"EXO_TRUSTED_PROXIES", s.TrustedProxies}, {"EXO_TIME_ZONE", s.TimeZone},
		{"DATABASE_URL", database}, {"DATABASE_POOL", s.DatabasePool}, {"DATABASE_POOLER", s.DatabasePooler},
	} {
		fmt.Fprintf(&b, "%s=%s\n", line[0], line[1])
	}
	return b.String()
}
