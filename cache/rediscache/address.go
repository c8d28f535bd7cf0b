package rediscache

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/redis/rueidis"
)

// CheckURL tells in one sentence what is wrong with the address of a Redis, nil
// for nothing. It never repeats a password. The forms are
//
//	redis://[user:password@]host[:port][/number]
//	redis-sentinel://[user:password@]host[:port],…/master[?db=number]
//	redis-cluster://[user:password@]host[:port],…
//
// and the same with rediss for TLS, where ?ca=/path names a file of certificates to
// trust instead of the system's. ?sentinel_user= and ?sentinel_password= are for
// sentinels that have their own.
func CheckURL(address string) error {
	_, err := parseURL(address)
	return err
}

const (
	redisPort    = "6379"
	sentinelPort = "26379"
	mostDatabase = 1<<16 - 1 // far above what any server has
)

// parseURL makes options of an address. It does not use url.Parse, which refuses
// several hosts, and whose errors repeat the address with its password.
func parseURL(address string) (rueidis.ClientOption, error) {
	o := rueidis.ClientOption{}
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return o, errors.New("the address of Redis must begin with redis://, rediss://, redis-sentinel:// or redis-cluster://")
	}
	secure, kind := false, strings.TrimPrefix(scheme, "redis")
	if after, found := strings.CutPrefix(scheme, "rediss"); found {
		secure, kind = true, after
	}
	rest, question, _ := strings.Cut(rest, "?")
	rest, path, hasPath := strings.Cut(rest, "/")
	query, err := url.ParseQuery(question)
	if err != nil {
		return o, errors.New("the part behind ? in the address of Redis is not well-formed")
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		if o.Username, o.Password, err = parseUser(rest[:at]); err != nil {
			return o, err
		}
		rest = rest[at+1:]
	}
	known := map[string]bool{}
	switch kind {
	case "":
		o.ForceSingleClient = true
		o.InitAddress, err = parseHosts(rest, redisPort, 1)
		if err == nil && hasPath && path != "" {
			o.SelectDB, err = parseDatabase(path)
		}
	case "-sentinel":
		known["db"], known["sentinel_user"], known["sentinel_password"] = true, true, true
		o.InitAddress, err = parseHosts(rest, sentinelPort, 0)
		o.Sentinel = rueidis.SentinelOption{MasterSet: path, Username: query.Get("sentinel_user"), Password: query.Get("sentinel_password")}
		if err == nil && (path == "" || strings.Contains(path, "/")) {
			err = errors.New("the address of Redis behind Sentinel must end with the name of the master, as in redis-sentinel://host:26379/mymaster")
		}
		if err == nil && query.Has("db") {
			o.SelectDB, err = parseDatabase(query.Get("db"))
		}
	case "-cluster":
		o.InitAddress, err = parseHosts(rest, redisPort, 0)
		if err == nil && path != "" {
			err = errors.New("the address of a Redis Cluster has no path: a cluster has one database only")
		}
	default:
		err = fmt.Errorf("the address of Redis begins with %q, which is none of redis://, rediss://, redis-sentinel:// and redis-cluster://", scheme+"://")
	}
	if err == nil {
		err = parseTLS(&o, secure, query, known)
	}
	return o, err
}

// parseTLS reads ?ca= and refuses what else nobody knows.
func parseTLS(o *rueidis.ClientOption, secure bool, query url.Values, known map[string]bool) error {
	for name := range query {
		if !known[name] && (name != "ca" || !secure) {
			return fmt.Errorf("the address of Redis has a setting %q, which this form does not know", name)
		}
	}
	if !secure {
		return nil
	}
	// Without a name the client checks the certificate against the host it dials.
	o.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	if path := query.Get("ca"); path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("the certificates that the address of Redis names cannot be read: %w", err)
		}
		o.TLSConfig.RootCAs = x509.NewCertPool()
		if !o.TLSConfig.RootCAs.AppendCertsFromPEM(text) {
			return fmt.Errorf("the file %s, which the address of Redis names, has no certificates in PEM form", path)
		}
	}
	o.Sentinel.TLSConfig = o.TLSConfig
	return nil
}

func parseUser(text string) (user, password string, err error) {
	user, password, _ = strings.Cut(text, ":")
	user, userErr := url.PathUnescape(user)
	password, passwordErr := url.PathUnescape(password)
	if userErr != nil || passwordErr != nil { // their texts repeat what they could not read
		return "", "", errors.New("the user or password in the address of Redis is not well-formed: write % as %25, @ as %40 and / as %2F")
	}
	return user, password, nil
}

// parseHosts reads hosts with or without a port; most is how many there may be, 0
// for any number.
func parseHosts(text, port string, most int) ([]string, error) {
	hosts := strings.Split(text, ",")
	if most > 0 && len(hosts) > most {
		return nil, errors.New("the address of a single Redis has one host; several are for redis-sentinel:// and redis-cluster://")
	}
	for i, host := range hosts {
		name, number, err := net.SplitHostPort(host)
		if err != nil {
			name, number = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"), port
			if strings.Contains(name, ":") && net.ParseIP(name) == nil {
				return nil, errors.New("the host in the address of Redis is not well-formed")
			}
		}
		if n, err := strconv.ParseUint(number, 10, 16); err != nil || n == 0 {
			return nil, errors.New("the port in the address of Redis must be a number from 1 to 65535")
		}
		if name == "" || strings.ContainsAny(name, " @/[]") {
			return nil, errors.New("the address of Redis has no host, or one that is not well-formed")
		}
		hosts[i] = net.JoinHostPort(name, number)
	}
	return hosts, nil
}

func parseDatabase(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > mostDatabase {
		return 0, errors.New("the database in the address of Redis must be a number, as in redis://host:6379/2")
	}
	return n, nil
}
