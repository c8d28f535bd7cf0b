package exodrive_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// spellings writes a question in one of its many ways: parameters shuffled,
// lists reordered, repeated, split and joined, case and blanks changed, numbers
// in other forms, and junk in between.
func spellings(t *rapid.T, scalars map[string]string, lists map[string][]string) string {
	blanks := rapid.SampledFrom([]string{"", " ", "  ", "\t"})
	dress := func(name, s string) string {
		switch rapid.IntRange(0, 2).Draw(t, name+" case") {
		case 1:
			s = strings.ToUpper(s)
		case 2:
			s = strings.ToLower(s)
		}
		s = strings.ReplaceAll(s, " ", " "+blanks.Draw(t, "inner blanks"))
		return blanks.Draw(t, "blanks before") + s + blanks.Draw(t, "blanks behind")
	}
	var pairs []string
	add := func(name, value string) {
		pairs = append(pairs, url.QueryEscape(name)+"="+url.QueryEscape(value))
	}
	for _, name := range []string{"search", "minPrice", "maxPrice", "startDate", "endDate", "sort", "page", "limit"} {
		if s, ok := scalars[name]; ok {
			switch name {
			case "minPrice", "maxPrice":
				s = rapid.SampledFrom([]string{"", "0"}).Draw(t, "leading zero") + s
				if !strings.Contains(s, ".") {
					s += rapid.SampledFrom([]string{"", ".", ".0", ".000"}).Draw(t, "decimals")
				}
			case "page", "limit":
				s = rapid.SampledFrom([]string{"", "0", "+"}).Draw(t, "number form") + s
			}
			add(name, dress(name, s))
		}
	}
	for _, name := range []string{"category", "make", "features", "seats", "transmission", "drivetrain", "location"} {
		values := slices.Clone(lists[name])
		if len(values) == 0 {
			continue
		}
		values = append(values, rapid.SliceOfN(rapid.SampledFrom(values), 0, 3).Draw(t, name+" repeated")...)
		values = rapid.Permutation(values).Draw(t, name+" order")
		for i, v := range values {
			values[i] = dress(name, v)
		}
		cut := rapid.IntRange(0, len(values)).Draw(t, name+" cut")
		add(name, strings.Join(values[:cut], ","))
		add(name, strings.Join(values[cut:], ",")+rapid.SampledFrom([]string{"", ",", ", ,"}).Draw(t, "loose commas"))
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "junk") {
		add(fmt.Sprintf("utm_%d", i), rapid.StringMatching(`[a-z0-9]{0,8}`).Draw(t, "junk value"))
	}
	return strings.Join(rapid.Permutation(pairs).Draw(t, "order"), "&")
}

// TestCarQuerySpellings: Two spellings of one question are one question, so
// that they share one cache entry.
func TestCarQuerySpellings(t *testing.T) {
	some := func(t *rapid.T, name string, from ...string) []string {
		return rapid.SliceOfNDistinct(rapid.SampledFrom(from), 0, 3, rapid.ID[string]).Draw(t, name)
	}
	rapid.Check(t, func(t *rapid.T) {
		scalars := map[string]string{}
		maybe := func(name string, values ...string) {
			if rapid.Bool().Draw(t, "has "+name) {
				scalars[name] = rapid.SampledFrom(values).Draw(t, name)
			}
		}
		maybe("search", "Ferrari 296", "citroën ds", "gt3")
		maybe("minPrice", "1", "499.5", "0.125")
		maybe("maxPrice", "500", "2000.75")
		maybe("sort", "featured", "-price", "newest")
		maybe("page", "1", "2", "500")
		maybe("limit", "12", "1", "50")
		if rapid.Bool().Draw(t, "has dates") {
			scalars["startDate"], scalars["endDate"] = "2026-05-01", "2026-07-30"
		}
		lists := map[string][]string{
			"category":     some(t, "category", "supercar", "grand-tourer", "electric"),
			"make":         some(t, "make", "ferrari", "aston martin", "bmw"),
			"features":     some(t, "features", "carbon-ceramic brakes", "lift", "sound system"),
			"seats":        some(t, "seats", "2", "4", "5"),
			"transmission": some(t, "transmission", "automatic", "manual"),
			"drivetrain":   some(t, "drivetrain", "rwd", "awd", "fwd"),
			"location":     some(t, "location", "miami", "loc_01kas0f3m2x7h9tq"),
		}
		one, other := spellings(t, scalars, lists), spellings(t, scalars, lists)
		q1, err1 := parseQuery(t, one)
		q2, err2 := parseQuery(t, other)
		if err1 != nil || err2 != nil {
			t.Fatalf("?%s: %v\n?%s: %v", one, err1, other, err2)
		}
		if diff := cmp.Diff(q1, q2); diff != "" {
			t.Errorf("?%s\n?%s (-first +second):\n%s", one, other, diff)
		}
		if k1, k2 := q1.Key(), q2.Key(); k1 != k2 {
			t.Errorf("?%s\n?%s have the keys\n%s\n%s", one, other, k1, k2)
		}
	})
}
