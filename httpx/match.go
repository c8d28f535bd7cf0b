package httpx

import (
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

// Accepts tells whether an Accept-Encoding header allows a content coding such
// as "gzip" or "br".
func Accepts(acceptEncoding, coding string) bool {
	wildcard := false
	for part := range strings.SplitSeq(acceptEncoding, ",") {
		name, params, _ := strings.Cut(part, ";")
		name = strings.TrimSpace(name)
		switch {
		case strings.EqualFold(name, coding):
			return !refused(params)
		case name == "*":
			wildcard = !refused(params)
		}
	}
	return wildcard
}

// refused tells whether the parameters of an encoding give it weight zero.
func refused(params string) bool {
	for p := range strings.SplitSeq(params, ";") {
		if q, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(p)), "q="); ok {
			weight, err := strconv.ParseFloat(strings.TrimSpace(q), 64)
			return err != nil || weight <= 0
		}
	}
	return false
}
