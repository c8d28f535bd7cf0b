package httpx

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/exodrive/exodrive"
)

// VersionTag is the entity tag of a version: `"v3"`.
func VersionTag(version int64) string { return `"v` + strconv.FormatInt(version, 10) + `"` }

// ParseIfMatch reads the version from an If-Match header. `*`, which accepts any
// version, is 0. Without a header it returns ErrPreconditionRequired, and an
// invalid error for anything but one tag that VersionTag made.
func ParseIfMatch(header string) (version int64, err error) {
	tag := strings.TrimSpace(header)
	switch tag {
	case "":
		return 0, ErrPreconditionRequired
	case "*":
		return 0, nil
	}
	// A weak tag never matches by the letter of RFC 9110. But proxies weaken tags
	// when they compress, and a version says exactly what was read either way.
	tag = strings.TrimPrefix(tag, "W/")
	digits, ok := strings.CutPrefix(tag, `"v`)
	digits, closed := strings.CutSuffix(digits, `"`)
	version, err = strconv.ParseInt(digits, 10, 64)
	if !ok || !closed || err != nil || VersionTag(version) != tag || version < 1 {
		return 0, exodrive.Errorf(exodrive.Invalid, `If-Match must be one version such as "v3", as the ETag of the last read gave it.`).On("If-Match")
	}
	return version, nil
}

// longestMatch is how many bytes of If-None-Match are read: our tags have 24 at
// most, and a cache may send those of all it has.
const longestMatch = 4 << 10

// HasTag tells whether a caller has the answer with an entity tag, so that a 304 serves.
func HasTag(r *http.Request, tag string) bool { return anyMatches(r.Header["If-None-Match"], tag) }

// anyMatches tells whether lines of If-None-Match name a tag, by the weak
// comparison (RFC 9110, 13.1.2): proxies weaken tags when they compress. What
// follows something that is no tag is not read, and a header that is too long not
// at all, which costs the caller no more than a whole answer.
func anyMatches(lines []string, tag string) bool {
	if len(lines) == 0 {
		return false
	}
	if len(lines) == 1 && (lines[0] == tag || lines[0] == "*") {
		return true
	}
	room := longestMatch
	for _, line := range lines {
		if room -= len(line); room < 0 {
			return false
		}
		for rest := line; rest != ""; {
			var next string
			if next, rest = cutTag(rest); next == tag {
				return true
			}
		}
	}
	return len(lines) == 1 && trimSpace(lines[0]) == "*" && len(lines[0]) <= longestMatch
}

// cutTag cuts the first tag off a list, without its mark of weakness. rest is ""
// when there is no further one; so is tag if what comes first is none.
func cutTag(list string) (tag, rest string) {
	list = strings.TrimLeft(list, " \t,") // elements may be empty (RFC 9110, 5.6.1.2)
	list = strings.TrimPrefix(list, "W/")
	if list == "" || list[0] != '"' {
		return "", ""
	}
	for i := 1; i < len(list); i++ {
		switch c := list[i]; {
		case c == '"':
			tag, rest = list[:i+1], strings.TrimLeft(list[i+1:], " \t")
			if rest != "" && rest[0] != ',' {
				return "", ""
			}
			return tag, rest
		case c < 0x21 || c == 0x7f: // a comma may stand in a tag, a blank may not
			return "", ""
		}
	}
	return "", ""
}
