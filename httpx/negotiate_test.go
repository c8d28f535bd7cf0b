package httpx

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Whatever a client writes into Accept-Encoding is read as the grammar says.
//
// Red when: a decimal of a weight is misread; or who asks for nothing gets gzip.
func FuzzAcceptEncoding(f *testing.F) {
	for _, seed := range []string{
		"", "gzip, deflate, br, zstd", "gzip", "br;q=1.0, gzip;q=0.8, *;q=0.1", "identity;q=0", "*;q=0", "gzip;q=0.001;q=1",
		"x-gzip ; Q=0.5", "gzip;q=1.001", ",,;q=,\t*", "gzip\nbr", "identity\n*;q=0", "gzip;q=0,gzip", "*\xff", strings.Repeat("br,", 400),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.Split(text, "\n")
		got, want := wishesOf(lines), wishesByTheBook(lines)
		if got != want {
			t.Errorf("Accept-Encoding: %q is read as %+v, by the book it is %+v", lines, got, want)
		}
		if len(text) <= longest && len(lines) == 1 {
			if gzip := Accepts(text, "gzip"); !strings.Contains(strings.ToLower(text), "x-gzip") && strings.Count(text, "*") < 2 && gzip != (want.gzip > 0) {
				t.Errorf("Accept-Encoding: %q accepts gzip: %v, but by the book it has weight %d", text, gzip, want.gzip)
			}
		}
	})
}

var qvalue = regexp.MustCompile(`^(0(\.[0-9]{0,3})?|1(\.0{0,3})?)$`)

// wishesByTheBook reads RFC 9110, 12.4.2 and 12.5.3, slowly.
func wishesByTheBook(lines []string) wishes {
	if len(strings.Join(lines, "")) > longest {
		return wishes{identity: 1000}
	}
	said := map[string]int{}
	for _, element := range strings.Split(strings.Join(lines, ","), ",") {
		parts := strings.Split(element, ";")
		name := strings.ToLower(strings.Trim(parts[0], " \t"))
		if name == "x-gzip" {
			name = "gzip"
		}
		weight := 1000
		for _, p := range parts[1:] {
			p = strings.Trim(p, " \t")
			if strings.HasPrefix(strings.ToLower(p), "q=") {
				weight = 0
				if qvalue.MatchString(p[2:]) {
					q, _ := strconv.ParseFloat(p[2:], 64)
					weight = int(math.Round(q * 1000))
				}
				break
			}
		}
		if _, again := said[name]; !again {
			said[name] = weight
		}
	}
	weightOr := func(name string, otherwise int) int {
		for _, n := range []string{name, "*"} {
			if w, ok := said[n]; ok {
				return w
			}
		}
		return otherwise
	}
	if only := strings.Join(lines, ","); only == "" || only == "identity" {
		return wishes{identity: 1000} // no wish, however strongly it is weighed
	}
	return wishes{brotli: weightOr("br", 0), gzip: weightOr("gzip", 0), identity: weightOr("identity", 1)}
}

// Whatever stands in If-None-Match matches only if the tag is really in the list.
//
// Red when: what follows a tag without a comma is not looked at.
func FuzzIfNoneMatch(f *testing.F) {
	const tag = `"Ymd7IBhTviyAH5px-gzip"`
	for _, seed := range []string{
		tag, "W/" + tag, "*", "", `"x", ` + tag, `"a,b"` + tag, `,, "" ,W/` + tag + ",", `"x` + tag, "*\n" + tag, `"x" y, ` + tag, `w/` + tag,
		"\"\x7f\", " + tag, "\"\xff\", " + tag, strings.Repeat(`"x",`, 1100) + tag,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.Split(text, "\n")
		if got, want := anyMatches(lines, tag), matchesByTheBook(lines, tag); got != want {
			t.Errorf("If-None-Match: %q matches: %v, by the book %v", lines, got, want)
		}
	})
}

var listedTag = regexp.MustCompile("^[ \t,]*(?:W/)?(\"[!#-~]*\")[ \t]*(,|$)")

// matchesByTheBook reads RFC 9110, 8.8.3 and 13.1.2, slowly, and each line by
// itself up to what is no tag.
func matchesByTheBook(lines []string, tag string) bool {
	if len(lines) == 1 && strings.Trim(lines[0], " \t") == "*" {
		return len(lines[0]) <= longestMatch
	}
	room := longestMatch
	for _, line := range lines {
		if room -= len(line); room < 0 {
			return false
		}
		line = ascii(line)
		for {
			m := listedTag.FindStringSubmatch(line)
			if m == nil {
				break
			}
			if m[1] == tag {
				return true
			}
			line = line[len(m[0]):]
		}
	}
	return false
}

// ascii makes each byte above ASCII a letter: in a tag it is as good as any.
func ascii(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 0x80 {
			b[i] = '~'
		}
	}
	return string(b)
}

// No header that a stranger may send makes work for the garbage collector.
func TestNegotiatingAllocatesNothing(t *testing.T) {
	for _, text := range []string{
		"gzip, deflate, br, zstd", "br;q=1.0, gzip;q=0.8, *;q=0.1", "GZIP ; Q=0.5,,", strings.Repeat(`"x", W/"y",`, 300), strings.Repeat("a;", 500), "*",
	} {
		lines := []string{text, text}
		if got := testing.AllocsPerRun(100, func() { wishesOf(lines); wishesOf(lines[:1]); anyMatches(lines, `"tag"`) }); got > 0 {
			t.Errorf("%.40q takes %v allocations", text, got)
		}
	}
}
