package httpx

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/exodrive/exodrive"
)

// TrustedProxies are the addresses whose X-Forwarded-For and
// X-Forwarded-Proto are believed.
type TrustedProxies []netip.Prefix

// ipv6Site is the part of an IPv6 address that names one customer: providers
// hand out at least a /64, and whoever has one may use any address in it.
const ipv6Site = 64

// mappedBits is where the IPv4 part of an IPv4-mapped address begins.
const mappedBits = 96

// ParseTrustedProxies reads a comma-separated list of addresses, CIDR ranges and
// the word "loopback". An empty text trusts nobody.
func ParseTrustedProxies(s string) (TrustedProxies, error) {
	var out TrustedProxies
	for part := range strings.SplitSeq(s, ",") {
		part = strings.TrimSpace(part)
		switch part {
		case "":
			continue
		case "loopback":
			out = append(out, netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"))
			continue
		}
		prefix, err := parsePrefix(part)
		if err != nil {
			return nil, exodrive.Errorf(exodrive.Invalid,
				"%q is not a proxy; write addresses such as 10.0.0.7, ranges such as 10.0.0.0/8, or loopback.", part).Because(err)
		}
		out = append(out, prefix)
	}
	return out, nil
}

func parsePrefix(s string) (netip.Prefix, error) {
	if !strings.Contains(s, "/") {
		addr, err := netip.ParseAddr(s)
		if err != nil {
			return netip.Prefix{}, err
		}
		addr = plainAddr(addr)
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, err
	}
	if addr := prefix.Addr(); addr.Is4In6() && prefix.Bits() >= mappedBits {
		prefix = netip.PrefixFrom(addr.Unmap(), prefix.Bits()-mappedBits)
	}
	return prefix.Masked(), nil
}

// ClientAddr is the address of the caller: that of the connection or, while that
// is a trusted proxy, the one that the proxy says it serves. An entry that is no
// address ends the search at the proxy that passed it on. The result is plain
// (no zone, no IPv4-mapped form), and invalid only for a connection without an
// IP address.
func (t TrustedProxies) ClientAddr(r *http.Request) netip.Addr {
	addr, ok := parseAddr(r.RemoteAddr)
	if !ok || !t.trusts(addr) {
		return addr
	}
	// Each proxy appends the address it was called from, so only the right end
	// is known to be true; whatever stands further left, the caller may have made up.
	for _, line := range slices.Backward(r.Header.Values("X-Forwarded-For")) {
		for more := true; more; {
			var entry string
			line, entry, more = cutLast(line)
			next, ok := parseAddr(entry)
			if !ok {
				return addr
			}
			if addr = next; !t.trusts(addr) {
				return addr
			}
		}
	}
	return addr
}

// encrypted tells whether the caller is known to call by https: this connection
// is, or a trusted proxy says that its own is.
func (t TrustedProxies) encrypted(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	addr, ok := parseAddr(r.RemoteAddr)
	return ok && t.trusts(addr) && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}

// cutLast splits off the entry after the last comma; more tells whether there is
// one to the left of it.
func cutLast(line string) (rest, entry string, more bool) {
	i := strings.LastIndexByte(line, ',')
	if i < 0 {
		return "", line, false
	}
	return line[:i], line[i+1:], true
}

func (t TrustedProxies) trusts(addr netip.Addr) bool {
	for _, p := range t {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// parseAddr reads an address with or without brackets and port.
func parseAddr(s string) (netip.Addr, bool) {
	s = strings.TrimSpace(s)
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return plainAddr(ap.Addr()), true
	}
	if inner, ok := strings.CutPrefix(s, "["); ok {
		if s, ok = strings.CutSuffix(inner, "]"); !ok {
			return netip.Addr{}, false
		}
	}
	addr, err := netip.ParseAddr(s)
	return plainAddr(addr), err == nil
}

// plainAddr gives an address its one form, so that equal hosts are equal keys.
func plainAddr(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// CallerKey is the key of an address for the Limiter: the address, or for IPv6
// its /64.
func CallerKey(addr netip.Addr) string {
	switch {
	case !addr.IsValid():
		return "unknown"
	case addr.Is6():
		return netip.PrefixFrom(addr, ipv6Site).Masked().String()
	default:
		return addr.String()
	}
}
