package exodrive_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/exodrive/exodrive"
)

var idKinds = []string{
	exodrive.CarID, exodrive.LocationID, exodrive.RuleID, exodrive.ExtraID, exodrive.CouponID, exodrive.CustomerID,
	exodrive.BookingID, exodrive.ReviewID, exodrive.UserID, exodrive.TokenID, exodrive.AuditID,
}

// TestNewID: Ids are of their kind and no other, sort by the time of their
// making, differ by chance within it, and can never be taken for a slug.
func TestNewID(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(idKinds).Draw(t, "kind")
		instants := rapid.Map(rapid.Int64Range(0, 1<<42), time.UnixMilli)
		t1, t2 := instants.Draw(t, "instant"), instants.Draw(t, "other instant")
		chance := rapid.Uint32Range(0, 1<<30-1)
		c1, c2 := chance.Draw(t, "chance"), chance.Draw(t, "other chance")
		id, other := exodrive.NewID(kind, t1, c1), exodrive.NewID(kind, t2, c2)

		want := t1.Compare(t2)
		if want == 0 {
			want = int(int64(c1)-int64(c2)) / max(1, int(max(c1, c2)-min(c1, c2)))
		}
		if got := strings.Compare(id, other); got != want {
			t.Errorf("%s of %v and %s of %v compare as %d, want %d", id, t1, other, t2, got, want)
		}
		for _, k := range idKinds {
			if exodrive.IsID(k, id) != (k == kind) {
				t.Errorf("IsID(%s, %s) = %v", k, id, exodrive.IsID(k, id))
			}
		}
		if exodrive.IsSlug(id) {
			t.Errorf("%s passes as a slug", id)
		}
	})
}

// TestNewIDForm: An id is its kind, ten characters of milliseconds and six of
// chance; the one in the papers has that form.
func TestNewIDForm(t *testing.T) {
	for _, c := range []struct {
		milliseconds int64
		chance       uint32
		want         string
	}{
		{0, 0, "car_0000000000000000"}, {0, 31, "car_000000000000000z"}, {32, 0, "car_0000000010000000"},
		{1<<50 - 1, 1<<30 - 1, "car_zzzzzzzzzzzzzzzz"},
	} {
		if got := exodrive.NewID(exodrive.CarID, time.UnixMilli(c.milliseconds), c.chance); got != c.want {
			t.Errorf("NewID(%d ms, %d) = %s, want %s", c.milliseconds, c.chance, got, c.want)
		}
	}
	if !exodrive.IsID(exodrive.CarID, "car_01kas0f3m2x7h9tq") {
		t.Error("the example of the papers is not an id")
	}
}

// TestIsIDRefuses: Only the exact form passes as an id.
func TestIsIDRefuses(t *testing.T) {
	for _, s := range []string{
		"", "car_", "car_01kas0f3m2x7h9t", "car_01kas0f3m2x7h9tqq", "CAR_01kas0f3m2x7h9tq", "car_01KAS0F3M2X7H9TQ",
		"car-01kas0f3m2x7h9tq", "car_01kas0f3m2x7h9ti", "car_01kas0f3m2x7h9tl", "car_01kas0f3m2x7h9to", "car_01kas0f3m2x7h9tu",
		"car_01kas0f3m2x7h9 q", "car_01kas0f3m2x7h9é", "loc_01kas0f3m2x7h9tq", "car_01kas0f3m2x7h9t'",
	} {
		if exodrive.IsID(exodrive.CarID, s) {
			t.Errorf("%q passes as the id of a car", s)
		}
	}
}

// TestSlug: A car's name becomes the address a person would have chosen.
func TestSlug(t *testing.T) {
	for text, want := range map[string]string{
		"Ferrari 296 GTB":             "ferrari-296-gtb",
		"  Citroën  DS ":              "citroen-ds",
		"Škoda 110 R":                 "skoda-110-r",
		"Rolls-Royce (Black) – Ghost": "rolls-royce-black-ghost",
		"McLaren 720S_Spider":         "mclaren-720s-spider",
		"AMG GT 63 S E-Performance +": "amg-gt-63-s-e-performance",
		"日産":                          "",
		"---":                         "",
		"":                            "",
	} {
		if got := exodrive.Slug(text); got != want {
			t.Errorf("Slug(%q) = %q, want %q", text, got, want)
		}
	}
}

// TestSlugLaws: Whatever the text, its slug is empty or valid, and the slug of a
// slug is itself.
func TestSlugLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(
			rapid.String(),
			rapid.StringMatching(`[A-Za-z0-9ÀéÖ _\-./]{0,200}`),
		).Draw(t, "text")
		slug := exodrive.Slug(text)
		if slug != "" && !exodrive.IsSlug(slug) {
			t.Errorf("Slug(%q) = %q, which is no slug", text, slug)
		}
		if again := exodrive.Slug(slug); again != slug {
			t.Errorf("Slug(%q) = %q, and again %q", text, slug, again)
		}
	})
}

// TestIsSlugRefuses: What is no slug is not taken for one.
func TestIsSlugRefuses(t *testing.T) {
	for _, s := range []string{"", "-a", "a-", "a--b", "A", "a_b", "a b", "é", "a/b", "a.b", strings.Repeat("a", 121)} {
		if exodrive.IsSlug(s) {
			t.Errorf("%q passes as a slug", s)
		}
	}
	for _, s := range []string{"a", "7", "a-b", "911-gt3-rs", strings.Repeat("a", 120)} {
		if !exodrive.IsSlug(s) {
			t.Errorf("%q does not pass as a slug", s)
		}
	}
}
