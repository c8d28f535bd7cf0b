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

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exodrive/exodrive/cache/rediscache"
	"github.com/exodrive/exodrive/httpx"
)

// Settings are the configuration as it is written: environment variables, each
// also a flag. Config is what they mean.
type Settings struct {
	Addr           string `name:"addr" env:"EXO_ADDR" default:":8080" help:"Address of the site and its API."`
	OpsAddr        string `env:"EXO_OPS_ADDR" default:"127.0.0.1:9090" help:"Address for operators: health, metrics, profiles. Empty turns it off."`
	BaseURL        string `env:"EXO_BASE_URL" help:"Address under which the site is reached from outside."`
	DataDir        string `env:"EXO_DATA_DIR" default:"./data" help:"Folder of the embedded database."`
	Demo           Switch `env:"EXO_DEMO" help:"Serve a demo fleet."`
	Secret         string `env:"EXO_SECRET" help:"Signs what callers carry; at least 32 characters. To change it, write the new one, a comma, and the old one. Empty: made once and kept in the database. Or EXO_SECRET_FILE."`
	AdminToken     string `env:"EXO_ADMIN_TOKEN" help:"For serve: a bearer token of your own that may do everything; at least 32 characters. For cache and doctor: the token to send. Or EXO_ADMIN_TOKEN_FILE."`
	RateLimits     string `env:"EXO_RATE_LIMITS" default:"on" help:"on or off."`
	OTLPURL        string `name:"otlp-url" env:"EXO_OTLP_URL" help:"Collector of traces, as http://collector:4318 (OTLP over HTTP); empty makes none."`
	AccessLog      string `env:"EXO_ACCESS_LOG" default:"sampled" help:"all, sampled (1 in 100) or off; failures are always logged."`
	WarmOnStart    Switch `env:"EXO_WARM_ON_START" help:"Load what is asked first into the cache when the server starts; /readyz waits for it, at most 10 s."`
	TrustedProxies string `env:"EXO_TRUSTED_PROXIES" help:"Addresses or networks whose X-Forwarded-For is believed, with commas."`
	TimeZone       string `env:"EXO_TIME_ZONE" default:"UTC" help:"Zone of the fleet's day."`
	DatabaseURL    string `env:"DATABASE_URL" help:"sqlite:PATH or postgres://…; empty is exodrive.db in the data folder. Or DATABASE_URL_FILE."`
	DatabasePool   string `env:"DATABASE_POOL" default:"20" help:"Connections to Postgres."`
	DatabasePooler string `env:"DATABASE_POOLER" default:"none" help:"none, or transaction behind PgBouncer and the like."`
	RedisURL       string `env:"REDIS_URL" help:"What nodes on Postgres share beside it: redis:// or rediss://, redis-sentinel:// or redis-cluster://; empty is doing without. Or REDIS_URL_FILE."`
}

// Switch is a setting that is on or off, as it is written: true or false, 1 or 0,
// yes or no; empty is off. Checking it is Config's, with all other settings.
type Switch string

// Config is the checked configuration.
type Config struct {
	Addr, OpsAddr string
	BaseURL       string
	Demo          bool
	AdminToken    string
	Secrets       []string // the first one signs; empty: the database's own
	RateLimits    bool
	OTLPURL       string // empty: no traces
	AccessLog     httpx.AccessLog
	WarmOnStart   bool
	Proxies       httpx.TrustedProxies
	Zone          *time.Location
	DatabaseURL   string
	Pool          int
	Pooler        bool
	RedisURL      string
}

// leastToken is how long a configured token or secret must be: 128 bits even when it is
// written in hexadecimal digits.
const leastToken = 32

// maxPool is more connections than one node can use.
const maxPool = 1000

// Config checks the settings. The error has one line, a sentence, for each
// fault, in the order in which --help lists the settings.
func (s Settings) Config() (Config, error) {
	var faults []error
	fail := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	secret := func(name, value string) string {
		v, err := secretOf(name, value)
		if err != nil {
			fail("%w.", err)
		}
		return v
	}
	c := Config{Addr: s.Addr, OpsAddr: s.OpsAddr, BaseURL: strings.TrimSuffix(s.BaseURL, "/"), OTLPURL: collectorURL(fail, s.OTLPURL)}
	c.AdminToken = secret("EXO_ADMIN_TOKEN", s.AdminToken)
	if secrets := secret("EXO_SECRET", s.Secret); secrets != "" {
		c.Secrets = strings.Split(secrets, ",")
		for _, one := range c.Secrets {
			if len(one) < leastToken {
				fail("EXO_SECRET has %d characters; it needs at least %d.", len(one), leastToken)
			}
		}
	}
	c.DatabaseURL = s.database(secret("DATABASE_URL", s.DatabaseURL))
	if err := checkAddr(s.Addr); err != nil {
		fail("EXO_ADDR %w.", err)
	}
	if err := checkAddr(s.OpsAddr); err != nil && s.OpsAddr != "" {
		fail("EXO_OPS_ADDR %w.", err)
	}
	if u, err := url.Parse(c.BaseURL); c.BaseURL != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		fail("EXO_BASE_URL %q is not an address; write it as https://cars.example.com.", s.BaseURL)
	}
	if c.AdminToken != "" && len(c.AdminToken) < leastToken {
		fail("EXO_ADMIN_TOKEN has %d characters; it needs at least %d.", len(c.AdminToken), leastToken)
	}
	var err error
	if c.AccessLog, err = httpx.ParseAccessLog(s.AccessLog); err != nil {
		fail("EXO_ACCESS_LOG: %s.", Reason(err))
	}
	if c.Proxies, err = httpx.ParseTrustedProxies(s.TrustedProxies); err != nil {
		fail("EXO_TRUSTED_PROXIES: %s.", Reason(err))
	}
	if c.Zone, err = time.LoadLocation(s.TimeZone); err != nil || s.TimeZone == "Local" {
		fail("EXO_TIME_ZONE %q is not a time zone; use an IANA name such as Europe/Berlin.", s.TimeZone)
	}
	if err := checkDatabaseURL(c.DatabaseURL); err != nil {
		fail("%w.", err)
	}
	if c.RedisURL = secret("REDIS_URL", s.RedisURL); c.RedisURL != "" {
		if err := rediscache.CheckURL(c.RedisURL); err != nil {
			fail("REDIS_URL: %w.", err)
		}
	}
	if c.Pool, err = strconv.Atoi(s.DatabasePool); err != nil || c.Pool < 2 || c.Pool > maxPool {
		fail("DATABASE_POOL %q is not a number of connections from 2 to %d.", s.DatabasePool, maxPool)
	}
	c.Demo = s.Demo.on(fail, "EXO_DEMO")
	c.WarmOnStart = s.WarmOnStart.on(fail, "EXO_WARM_ON_START")
	c.RateLimits = choice(fail, "EXO_RATE_LIMITS", s.RateLimits, "off", "on")
	c.Pooler = choice(fail, "DATABASE_POOLER", s.DatabasePooler, "none", "transaction")
	return c, errors.Join(inOrder(faults)...)
}

// on reads a switch.
func (s Switch) on(fail func(string, ...any), name string) bool {
	switch strings.ToLower(string(s)) {
	case "true", "1", "yes":
		return true
	case "", "false", "0", "no":
	default:
		fail("%s %q is neither true nor false.", name, string(s))
	}
	return false
}

// choice reads a setting of two words and tells whether it is the second.
func choice(fail func(string, ...any), name, value, no, yes string) bool {
	if value != no && value != yes {
		fail("%s %q is neither %s nor %s.", name, value, yes, no)
	}
	return value == yes
}

func checkAddr(addr string) error {
	if _, port, err := net.SplitHostPort(addr); err != nil || port == "" {
		return fmt.Errorf("%q is not an address; write host:port or :port", addr)
	} else if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("%q has no port from 1 to 65535", addr)
	}
	return nil
}

// collectorURL reads the address of the traces' collector, which may be empty.
func collectorURL(fail func(string, ...any), address string) string {
	if u, err := url.Parse(address); address != "" && (err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https") {
		fail("EXO_OTLP_URL is not the address of a collector; write it as http://collector:4318, without a password.")
	}
	return address
}

// checkDatabaseURL never repeats the address, which may hold a password.
func checkDatabaseURL(address string) error {
	scheme, rest, _ := strings.Cut(address, ":")
	switch scheme {
	case "sqlite":
		if strings.Trim(rest, "/") == "" {
			return errors.New("DATABASE_URL names no file; write sqlite:data/exodrive.db")
		}
	case "postgres", "postgresql":
		if _, err := pgconn.ParseConfig(address); err != nil {
			return errors.New("DATABASE_URL is not a Postgres address; write postgres://user:password@host:5432/name")
		}
	default:
		return errors.New("DATABASE_URL must begin with sqlite:, postgres:// or postgresql://")
	}
	return nil
}

// database is the address of the database: the one that is set, or the file in
// the data folder.
func (s Settings) database(set string) string {
	if set != "" {
		return set
	}
	return "sqlite:" + filepath.Join(s.DataDir, "exodrive.db")
}

// secretOf is a secret from its variable or flag, or else from the file that
// NAME_FILE names.
func secretOf(name, value string) (string, error) {
	file := os.Getenv(name + "_FILE")
	if value != "" && file != "" {
		return "", fmt.Errorf("%s and %[1]s_FILE are both set; unset one of them", name)
	}
	if value != "" || file == "" {
		return value, nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("%s_FILE cannot be read: %s", name, Reason(err))
	}
	if value = strings.TrimSpace(string(b)); value == "" {
		// Going on without would, for a database, be another database.
		return "", fmt.Errorf("%s_FILE names an empty file: %s", name, file)
	}
	return value, nil
}
