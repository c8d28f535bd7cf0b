package exodrive_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/exodrive/exodrive"
)

// The keys are those of the performance guide.
func TestKeys(t *testing.T) {
	tests := []struct{ query, want string }{
		{"", "cars:list:1:12:"},
		{"page=2&limit=50&utm_source=x", "cars:list:2:50:"},
		{"sort=featured", "cars:list:1:12:"},
		{"search=Ferrari", "cars:list:1:12:search=ferrari"},
		{"search=Ferrari&sort=relevance", "cars:list:1:12:search=ferrari"},
		{"search=Ferrari&sort=featured", "cars:list:1:12:search=ferrari&sort=featured"},
		{"seats=4,2&category=supercar&minPrice=0500", "cars:list:1:12:category=supercar&minPrice=500&seats=2,4"},
		{"make=Aston+Martin&sort=-price", "cars:list:1:12:make=aston+martin&sort=-price"},
		{"startDate=2026-12-01&endDate=2026-12-05", "cars:list:1:12:dates=2026-12-01/2026-12-05"},
		{"features=" + strings.Repeat("a", 99) + "&make=" + strings.Repeat("b", 99), "cars:list:1:12:#5e7f7b07a8bf8aeddcdf63d7e90f3475"},
	}
	for _, test := range tests {
		values, _ := url.ParseQuery(test.query)
		q, err := exodrive.ParseCarQuery(values, exodrive.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		if got := q.Key(); got != test.want {
			t.Errorf("the key of ?%s is %s, want %s", test.query, got, test.want)
		}
	}
	days := exodrive.AvailabilityQuery{Start: exodrive.MustDate("2026-12-01"), End: exodrive.MustDate("2026-12-31")}
	if got, want := days.Key("car_1"), "cars:availability:car_1:2026-12-01:2026-12-31"; got != want {
		t.Errorf("the key of a calendar is %s, want %s", got, want)
	}
	if got, want := (exodrive.PageQuery{Page: 2, Limit: 10}).PlacesKey(), "fleet:locations:2:10"; got != want {
		t.Errorf("the key of places is %q, want %q", got, want)
	}
	if got, want := (exodrive.PageQuery{Page: 2, Limit: 10}).ExtrasKey(), "fleet:extras:2:10"; got != want {
		t.Errorf("the key of extras is %q, want %q", got, want)
	}
	if got, want := (exodrive.PageQuery{Page: 2, Limit: 10}).ReviewsKey("car_1"), "cars:reviews:car_1:2:10"; got != want {
		t.Errorf("the key of reviews is %s, want %s", got, want)
	}
}

// A key is read back as its question; what is none, or is written otherwise than
// keys are, is no question.
func TestParseCarKey(t *testing.T) {
	want := exodrive.CarQuery{Search: "gt v12", Makes: []string{"aston martin"}, Start: exodrive.MustDate("2026-12-01"), End: exodrive.MustDate("2026-12-05"), Sort: exodrive.SortPrice, Page: 2, Limit: 24}
	if got, ok := exodrive.ParseCarKey(want.Key(), exodrive.DefaultLimits); !ok || !cmp.Equal(got, want) {
		t.Errorf("%s is read as %+v, %v", want.Key(), got, ok)
	}
	for _, text := range []string{
		"", "cars:list", "cars:list:1:12", "cars:list:0:12:", "cars:list:01:12:", "cars:list:1:51:", "cars:list:x:12:", "cars:details:car_1", "car_1",
		"cars:list:1:12:make=B", "cars:list:1:12:make=b&make=a", "cars:list:1:12:page=3", "cars:list:1:12:dates=2026-12-01", "cars:list:1:12:startDate=2026-12-01&endDate=2026-12-05",
		"cars:list:1:12:#5e7f7b07a8bf8aeddcdf63d7e90f3475", "cars:list:1:12:%zz", "cars:list:1:12:sort=featured", "cars:list:1:12:\xff",
	} {
		if q, ok := exodrive.ParseCarKey(text, exodrive.DefaultLimits); ok {
			t.Errorf("%q is read as %+v", text, q)
		}
	}
}

// Two spellings of one question have one key, and two questions never share
// one, whatever anybody types.
//
// Red when: values are put into a key as they are; or a default is; or a key has no longest length.
func FuzzKey(f *testing.F) {
	for _, pair := range [][2]string{
		{"make=a&category=supercar", "category=supercar&make=A"},
		{"search=x&sort=featured", "search=x"}, {"make=a,b", "make=a%2Cb"}, {"make=a&make=b", "features=a,b"},
		{"make=a%26category%3Dsupercar", "make=a&category=supercar"}, {"search=%7B%7D%25", "search={}"},
		{"minPrice=1.50", "minPrice=1.5"}, {"features=" + strings.Repeat("x,", 20), "page=1"}, {"make=%23", "make=#"},
		{"make=" + strings.Repeat("a", 99) + "&features=" + strings.Repeat("b", 99), "make=" + strings.Repeat("a", 99) + "&features=" + strings.Repeat("b", 98) + "c"},
	} {
		f.Add(pair[0], pair[1])
	}
	parse := func(t *testing.T, raw string) (exodrive.CarQuery, bool) {
		values, err := url.ParseQuery(raw)
		if err != nil {
			return exodrive.CarQuery{}, false
		}
		q, err := exodrive.ParseCarQuery(values, exodrive.DefaultLimits)
		if err == nil && len(q.Key()) > 160 {
			t.Errorf("?%s has a key of %d bytes", raw, len(q.Key()))
		}
		if back, found := exodrive.ParseCarKey(q.Key(), exodrive.DefaultLimits); err == nil && found == strings.Contains(q.Key(), ":#") || found && !cmp.Equal(q, back) {
			t.Errorf("?%s has the key %s, which is read as %+v, %v", raw, q.Key(), back, found)
		}
		return q, err == nil
	}
	f.Fuzz(func(t *testing.T, one, other string) {
		q1, ok1 := parse(t, one)
		q2, ok2 := parse(t, other)
		if !ok1 || !ok2 {
			return
		}
		if same := cmp.Equal(q1, q2); same != (q1.Key() == q2.Key()) {
			t.Errorf("?%s\n?%s\nare one question: %v; their keys are\n%s\n%s", one, other, same, q1.Key(), q2.Key())
		}
	})
}
