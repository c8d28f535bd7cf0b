package rediscache_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/exodrive/exodrive/cache/rediscache"
)

// Who writes a wrong address is told in a sentence what is wrong with it, and his
// password is not in it, as the sentence ends up in logs.
//
// Red when: an error of net/url is passed on; or an unknown setting is ignored.
func TestWrongAddresses(t *testing.T) {
	t.Parallel()
	noCertificates := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(noCertificates, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for address, says := range map[string]string{
		"":                                     "must begin with",
		"localhost:6379":                       "must begin with",
		"http://user:s3cret@h":                 `"http://"`,
		"redis-ring://user:s3cret@h":           `"redis-ring://"`,
		"redis://":                             "no host",
		"redis://user:s3cret@":                 "no host",
		"redis://user:s3cret@h:0":              "port",
		"redis://user:s3cret@h:70000":          "port",
		"redis://user:s3cret@h:x":              "port",
		"redis://user:s3cret@a,b":              "one host",
		"redis://user:s3cret@a:1:2":            "host",
		"redis://user:s3cret%zz@h":             "%25",
		"redis://user:s3cret@h/x":              "database",
		"redis://user:s3cret@h/-1":             "database",
		"redis://user:s3cret@h/1/2":            "database",
		"redis://user:s3cret@h?db=%zz":         "behind ?",
		"redis://user:s3cret@h?timeout=1":      `"timeout"`,
		"redis://user:s3cret@h?ca=/x":          `"ca"`,
		"rediss://user:s3cret@h?ca=/nowhere":   "/nowhere",
		"rediss://h?ca=" + noCertificates:      "PEM",
		"redis-sentinel://user:s3cret@a,b":     "name of the master",
		"redis-sentinel://user:s3cret@a,b/m/x": "name of the master",
		"redis-sentinel://a,b/m?db=x":          "database",
		"redis-cluster://user:s3cret@a,b/1":    "one database",
		"redis-cluster://a,,b":                 "host",
		"redis-cluster://a?db=1":               `"db"`,
	} {
		err := rediscache.CheckURL(address)
		if err == nil {
			t.Errorf("%q is taken for an address", address)
			continue
		}
		if text := err.Error(); !strings.Contains(text, says) || strings.Contains(text, "s3cret") || strings.ContainsAny(text, "\n") {
			t.Errorf("%q: %q, want something about %q and no password", address, text, says)
		}
		if _, err := rediscache.Open(rediscache.Options{URL: address, Install: "i"}); err == nil {
			t.Errorf("%q can be opened", address)
		}
	}
}

// Every form of address in the documentation is one.
func TestRightAddresses(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"redis://h", "redis://h:6380/3", "redis://:pa%40ss@h/", "redis://user:p%2F%3A@h:1/0", "redis://[::1]:6379", "redis://[::1]",
		"rediss://user:pw@h", "redis-sentinel://user:pw@a:26379,b,c/main?db=2", "redis-sentinel://a/m?sentinel_user=u&sentinel_password=p",
		"rediss-sentinel://a,b/m", "redis-cluster://a:1,b:2", "redis-cluster://user:pw@[::1]:7000,[::1]:7001", "rediss-cluster://a",
	} {
		if err := rediscache.CheckURL(address); err != nil {
			t.Errorf("%q: %v", address, err)
		}
	}
	for _, install := range []string{"", "a b", "{x}", "a:b", strings.Repeat("x", 65)} {
		if _, err := rediscache.Open(rediscache.Options{URL: "redis://h", Install: install}); err == nil {
			t.Errorf("%q is taken for the name of an installation", install)
		}
	}
}
