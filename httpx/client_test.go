package httpx_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/httpx"
)

// Nobody can choose the address that limits count him under: only what a trusted
// proxy appended is believed.
func TestClientAddr(t *testing.T) {
	for _, test := range []struct {
		name, trusted, remote string
		forwarded             []string
		want                  string
	}{
		{"no proxy is trusted", "", "203.0.113.7:50000", []string{"198.51.100.1"}, "203.0.113.7"},
		{"the connection is not the trusted proxy", "10.0.0.0/8", "203.0.113.7:50000", []string{"198.51.100.1"}, "203.0.113.7"},
		{"the trusted proxy says nothing", "10.0.0.0/8", "10.0.0.1:50000", nil, "10.0.0.1"},
		{"the trusted proxy names its caller", "10.0.0.0/8", "10.0.0.1:50000", []string{"198.51.100.1"}, "198.51.100.1"},
		{"a forged entry stands to the left", "10.0.0.0/8", "10.0.0.1:50000", []string{"1.1.1.1, 198.51.100.1"}, "198.51.100.1"},
		{"forged in a line of its own", "10.0.0.0/8", "10.0.0.1:50000", []string{"1.1.1.1", "198.51.100.1"}, "198.51.100.1"},
		{"two trusted proxies in a row", "10.0.0.0/8", "10.0.0.1:50000", []string{"1.1.1.1, 198.51.100.1,10.0.0.2"}, "198.51.100.1"},
		{"two trusted proxies in two lines", "10.0.0.0/8", "10.0.0.1:50000", []string{"198.51.100.1", "10.0.0.2"}, "198.51.100.1"},
		{"only trusted proxies", "10.0.0.0/8", "10.0.0.1:50000", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"garbage hides what is left of it", "10.0.0.0/8", "10.0.0.1:50000", []string{"1.1.1.1, unknown, 10.0.0.2"}, "10.0.0.2"},
		{"an empty entry", "10.0.0.0/8", "10.0.0.1:50000", []string{"1.1.1.1,"}, "10.0.0.1"},
		{"an entry with a port", "10.0.0.1", "10.0.0.1:50000", []string{"198.51.100.1:4711"}, "198.51.100.1"},
		{"IPv6 in brackets with a port", "loopback", "[::1]:50000", []string{"[2001:db8::7]:4711"}, "2001:db8::7"},
		{"IPv6 in brackets", "loopback", "[::1]:50000", []string{"[2001:db8::7]"}, "2001:db8::7"},
		{"an open bracket", "loopback", "[::1]:50000", []string{"[2001:db8::7"}, "::1"},
		{"IPv6 bare", "loopback", "127.3.2.1:50000", []string{"2001:db8::7"}, "2001:db8::7"},
		{"IPv6 with a zone", "fe80::/10", "[fe80::1%eth0]:50000", []string{"fe80::2%eth1, fe80::3%eth1"}, "fe80::2"},
		{"IPv4 in IPv6 form, everywhere", "::ffff:10.0.0.0/104", "[::ffff:10.0.0.1]:50000", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		{"a single IPv4 in IPv6 form", "::ffff:10.0.0.1", "10.0.0.1:50000", []string{"198.51.100.1"}, "198.51.100.1"},
	} {
		trusted, err := httpx.ParseTrustedProxies(test.trusted)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = test.remote
		r.Header["X-Forwarded-For"] = test.forwarded
		if got := trusted.ClientAddr(r); got.String() != test.want {
			t.Errorf("%s: the caller is %v, want %s", test.name, got, test.want)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = "@"
	if got := (httpx.TrustedProxies{}).ClientAddr(r); got.IsValid() {
		t.Errorf("a connection without an address comes from %v", got)
	}
}

// A typing error in the list of proxies stops the start instead of trusting less
// or more than was meant.
func TestParseTrustedProxies(t *testing.T) {
	for _, s := range []string{"10.0.0", "10.0.0.0/33", "localhost", "10.0.0.1:80", "loopback,x", "[::1]", "10.0.0.1 10.0.0.2"} {
		if got, err := httpx.ParseTrustedProxies(s); exodrive.CodeOf(err) != exodrive.Invalid {
			t.Errorf("%q means %v, %v; want a refusal", s, got, err)
		}
	}
	got, err := httpx.ParseTrustedProxies(" 10.1.2.3/8, ,loopback ")
	if err != nil || len(got) != 3 || got[0].String() != "10.0.0.0/8" {
		t.Errorf("a good list means %v, %v", got, err)
	}
}

// A household with a million IPv6 addresses is one caller, its neighbour another.
func TestCallerKey(t *testing.T) {
	key := func(s string) string { return httpx.CallerKey(netip.MustParseAddr(s)) }
	if key("2001:db8:1:2::1") != key("2001:db8:1:2:ffff::9") || key("2001:db8:1:2::1") == key("2001:db8:1:3::1") {
		t.Error("callers of one /64 are to share a key, those of two are not")
	}
	if key("203.0.113.7") == key("203.0.113.8") || httpx.CallerKey(netip.Addr{}) != "unknown" {
		t.Error("each IPv4 address is to have its key, and no address is unknown")
	}
}
