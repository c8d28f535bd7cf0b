package exodrive

import (
	"strings"
	"time"
)

// The kinds of id. An id is its kind, ten characters of time in milliseconds and
// six of chance, all in Crockford's base 32 without its ambiguous letters, so
// ids sort by birth: car_01kas0f3m2x7h9tq.
const (
	CarID      = "car_"
	LocationID = "loc_"
	RuleID     = "rul_"
	ExtraID    = "ext_"
	CouponID   = "cpn_"
	CustomerID = "cus_"
	BookingID  = "bkg_"
	EventID    = "evt_"
	MoveID     = "mov_"
	ReviewID   = "rev_"
	UserID     = "usr_"
	TokenID    = "tok_"
	AuditID    = "aud_"
	JobID      = "job_"
)

const (
	idAlphabet  = "0123456789abcdefghjkmnpqrstvwxyz"
	idTimeChars = 10
	idRandChars = 6
	idLength    = 4 + idTimeChars + idRandChars
)

// NewID makes an id of a kind from an instant and 30 bits of chance. Two ids of
// one kind made in the same millisecond collide with probability 2⁻³⁰; the
// primary key refuses the second.
func NewID(kind string, at time.Time, chance uint32) string {
	b := []byte(kind + "0000000000000000")
	for i, v := len(kind)+idTimeChars-1, uint64(at.UnixMilli()); i >= len(kind); i-- {
		b[i], v = idAlphabet[v&31], v>>5
	}
	for i, v := len(b)-1, chance; i >= len(kind)+idTimeChars; i-- {
		b[i], v = idAlphabet[v&31], v>>5
	}
	return string(b)
}

// IsID tells whether s has the form of an id of the kind.
func IsID(kind, s string) bool {
	if len(s) != idLength || !strings.HasPrefix(s, kind) {
		return false
	}
	for _, r := range s[len(kind):] {
		if !strings.ContainsRune(idAlphabet, r) {
			return false
		}
	}
	return true
}

// IsSlug tells whether s may be a slug: lower-case letters, digits and single
// hyphens between them, at most 120 characters. A slug never has the underscore
// that every id has.
func IsSlug(s string) bool {
	if s == "" || len(s) > 120 || s[0] == '-' || s[len(s)-1] == '-' || strings.Contains(s, "--") {
		return false
	}
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' {
			return false
		}
	}
	return true
}

// IsCarRef tells whether s may be the id of a car or its slug.
func IsCarRef(s string) bool { return IsID(CarID, s) || IsSlug(s) }

// Slug makes a slug of a text: letters and digits kept in lower case, common
// accents dropped, everything else a hyphen.
func Slug(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(Fold(text)) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	s := b.String()
	if len(s) > 120 {
		s = s[:120]
	}
	return strings.Trim(s, "-")
}
