package httpx

import (
	"strings"

	"github.com/exodrive/exodrive/cache"
)

// Accepts tells whether an Accept-Encoding header allows a content coding such
// as "gzip" or "br".
func Accepts(acceptEncoding, coding string) bool {
	wildcard := false
	for element := range strings.SplitSeq(acceptEncoding, ",") {
		name, params, _ := strings.Cut(element, ";")
		name = trimSpace(name)
		switch {
		case strings.EqualFold(name, coding):
			return weightOf(params) > 0
		case name == "*":
			wildcard = weightOf(params) > 0
		}
	}
	return wildcard
}

// variant is the body of e in the coding that a caller with these lines of
// Accept-Encoding likes best (RFC 9110, 12.5.3). Among equals that is brotli, then
// gzip; if none is acceptable it is identity, which every client can read and
// which is of more use than a 415.
func variant(e *cache.Entry, accept []string) *cache.Variant {
	want := wishesOf(accept)
	// An entry without gzip, because it is small, has no brotli either. So asking
	// for each in the order of preference misses nothing, and asks for brotli, which
	// is made for those who ask, only where it would be sent.
	if want.brotli > 0 && want.brotli >= max(want.gzip, want.identity) {
		if v := e.Variant(cache.Brotli); v != nil {
			return v
		}
	}
	if want.gzip > 0 && want.gzip >= want.identity {
		if v := e.Variant(cache.Gzip); v != nil {
			return v
		}
	}
	return e.Variant(cache.Identity)
}

// wishes are the weights that a caller gives the codings, in thousandths; 0 is
// not acceptable.
type wishes struct{ brotli, gzip, identity int }

const (
	unsaid  = -1
	fully   = 1000
	hardly  = 1       // identity of which nothing is said: acceptable, but asking for a coding is wanting it more
	longest = 1 << 10 // bytes of Accept-Encoding that are read; real ones have some 30
)

// plain is what a caller gets who says nothing, or far too much.
var plain = wishes{identity: fully}

// wishesOf reads the lines of Accept-Encoding. It allocates nothing.
func wishesOf(lines []string) wishes {
	if len(lines) == 0 {
		return plain
	}
	if len(lines) == 1 {
		switch lines[0] { // what browsers, proxies and curl send
		case "gzip, deflate, br, zstd", "gzip, deflate, br", "gzip, br", "br, gzip":
			return wishes{brotli: fully, gzip: fully, identity: hardly}
		case "gzip", "gzip, deflate":
			return wishes{gzip: fully, identity: hardly}
		case "", "identity":
			return plain
		}
	}
	return parseWishes(lines)
}

// parseWishes is wishesOf for any header. A coding that is named twice counts as
// named first.
func parseWishes(lines []string) wishes {
	w, others, room := wishes{unsaid, unsaid, unsaid}, unsaid, longest
	for _, line := range lines {
		if room -= len(line); room < 0 {
			return plain
		}
		for element := range strings.SplitSeq(line, ",") {
			name, params, _ := strings.Cut(element, ";")
			of := w.of(trimSpace(name), &others)
			if of != nil && *of == unsaid {
				*of = weightOf(params)
			}
		}
	}
	if w.identity == unsaid {
		w.identity = hardly
		if others != unsaid {
			w.identity = others
		}
	}
	others = max(others, 0)
	if w.brotli == unsaid {
		w.brotli = others
	}
	if w.gzip == unsaid {
		w.gzip = others
	}
	return w
}

// of is where the weight of a named coding is kept, nil for one we do not have.
func (w *wishes) of(name string, others *int) *int {
	switch {
	case strings.EqualFold(name, "gzip"), strings.EqualFold(name, "x-gzip"): // RFC 9110, 8.4.1.3
		return &w.gzip
	case strings.EqualFold(name, "br"):
		return &w.brotli
	case strings.EqualFold(name, "identity"):
		return &w.identity
	case name == "*":
		return others
	}
	return nil
}

// weightOf reads the weight from the parameters of a coding, in thousandths. One
// without a weight is wanted fully; one whose weight nobody can read, not at all.
func weightOf(params string) int {
	for param := range strings.SplitSeq(params, ";") {
		param = trimSpace(param)
		if len(param) >= 2 && (param[0] == 'q' || param[0] == 'Q') && param[1] == '=' {
			return thousandths(param[2:])
		}
	}
	return fully
}

// thousandths reads a qvalue: 0 to 1 with up to three decimals; 0 for anything else.
func thousandths(q string) int {
	if q == "" || len(q) > len("0.123") || q[0] != '0' && q[0] != '1' || len(q) > 1 && q[1] != '.' {
		return 0
	}
	n, place := int(q[0]-'0')*fully, fully
	for i := len("0."); i < len(q); i++ {
		if q[i] < '0' || q[i] > '9' {
			return 0
		}
		place /= 10
		n += int(q[i]-'0') * place
	}
	if n > fully {
		return 0
	}
	return n
}

// trimSpace removes what HTTP calls optional whitespace: blanks and tabs alone.
func trimSpace(s string) string { return strings.Trim(s, " \t") }
