package httpx_test

import (
	"errors"
	"testing"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/httpx"
)

// An operator's edit is only taken with the version it was made from.
func TestIfMatch(t *testing.T) {
	for header, want := range map[string]int64{
		`"v1"`: 1, `"v9223372036854775807"`: 9223372036854775807, ` "v3" `: 3, `W/"v3"`: 3, `*`: 0,
	} {
		if got, err := httpx.ParseIfMatch(header); got != want || err != nil {
			t.Errorf("If-Match: %s is version %d, %v; want %d", header, got, err, want)
		}
	}
	for _, header := range []string{
		`v3`, `"3"`, `"v3`, `v3"`, `"v"`, `"v0"`, `"v-1"`, `"v+1"`, `"v03"`, `"v3", "v4"`, `"V3"`, `"v9223372036854775808"`, `w/"v3"`, `"`,
	} {
		if got, err := httpx.ParseIfMatch(header); exodrive.CodeOf(err) != exodrive.Invalid || got != 0 && err == nil {
			t.Errorf("If-Match: %s is version %d, %v; want a refusal", header, got, err)
		}
	}
	if _, err := httpx.ParseIfMatch(""); !errors.Is(err, httpx.ErrPreconditionRequired) {
		t.Errorf("without If-Match: %v", err)
	}
	if got := httpx.VersionTag(3); got != `"v3"` {
		t.Errorf("the tag of version 3 is %s", got)
	}
}

// Nobody gets an encoding that he did not ask for.
func TestAccepts(t *testing.T) {
	for header, want := range map[string]bool{
		"": false, "gzip": true, "GZip": true, "br, gzip": true, "br,gzip;q=0.1": true, "*": true, "identity": false,
		"gzip;q=0": false, "gzip; q=0.000, *": false, "*;q=0": false, "*, gzip;q=0": false, "xgzip": false, "gzip;q=x": false, "br": false,
	} {
		if got := httpx.Accepts(header, "gzip"); got != want {
			t.Errorf("Accept-Encoding: %s allows gzip: %v, want %v", header, got, want)
		}
	}
}
