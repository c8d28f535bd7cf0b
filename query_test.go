package exodrive_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/exodrive/exodrive"
)

func parseQuery(t interface{ Fatal(...any) }, raw string) (exodrive.CarQuery, error) {
	v, err := url.ParseQuery(raw)
	if err != nil {
		t.Fatal(err)
	}
	return exodrive.ParseCarQuery(v, exodrive.DefaultLimits)
}

// TestCarQueryDefaults: Asking for nothing is asking for the first page of
// twelve in the house's order.
func TestCarQueryDefaults(t *testing.T) {
	want := exodrive.CarQuery{Sort: exodrive.SortFeatured, Page: 1, Limit: 12}
	for _, raw := range []string{
		"", "page=1", "limit=12", "sort=featured", "page=1&limit=12&sort=FEATURED", "search=&make=,,&seats=&minPrice=0&maxPrice=0.00&startDate=&endDate=",
		"search=%21%3F", "utm_source=x&_=123&Category=sports",
	} {
		got, err := parseQuery(t, raw)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("?%s: %v (-want +got):\n%s", raw, err, diff)
		}
	}
	if want.HasDates() || want.Dates().Len() != 0 {
		t.Error("a question without dates has dates")
	}
}

// TestCarQueryReads: Every filter of the list is understood, and told back as
// it was understood.
func TestCarQueryReads(t *testing.T) {
	q, err := parseQuery(t, "search=Ferari+spyder&category=supercar,sports&make=Ferrari&make=Rolls-Royce,%20Škoda&minPrice=499.50&maxPrice=2000"+
		"&features=Carbon-ceramic+brakes&seats=4,2&transmission=Manual&drivetrain=AWD,rwd&location=miami"+
		"&startDate=2026-05-01&endDate=2026-05-04&sort=-price&page=3&limit=50")
	if err != nil {
		t.Fatal(err)
	}
	want := exodrive.CarQuery{
		Search: "ferari spyder", Categories: []exodrive.Category{"sports", "supercar"}, Makes: []string{"ferrari", "rolls-royce", "Škoda"},
		MinPrice: 499_500, MaxPrice: 2000_000, Features: []string{"carbon-ceramic brakes"}, Seats: []int{2, 4},
		Transmissions: []string{"manual"}, Drivetrains: []string{"awd", "rwd"}, Locations: []string{"miami"},
		Start: mayFirst, End: mayFirst.Add(3), Sort: exodrive.SortPriceDown, Page: 3, Limit: 50,
	}
	if diff := cmp.Diff(want, q); diff != "" {
		t.Errorf("query (-want +got):\n%s", diff)
	}
	b, err := json.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	const filters = `{"search":"ferari spyder","category":["sports","supercar"],"make":["ferrari","rolls-royce","Škoda"],` +
		`"minPrice":499.5,"maxPrice":2000,"features":["carbon-ceramic brakes"],"seats":[2,4],"transmission":["manual"],` +
		`"drivetrain":["awd","rwd"],"location":["miami"],"startDate":"2026-05-01","endDate":"2026-05-04","sort":"-price"}`
	if diff := cmp.Diff(filters, string(b)); diff != "" {
		t.Errorf("filters (-want +got):\n%s", diff)
	}
	if !q.HasDates() || q.Dates().Len() != 3 {
		t.Errorf("dates = %v", q.Dates())
	}
}

// TestCarQuerySort: A text search comes in the order of relevance unless it
// names another.
func TestCarQuerySort(t *testing.T) {
	for raw, want := range map[string]exodrive.Sort{
		"search=ferrari": exodrive.SortRelevance, "search=ferrari&sort=featured": exodrive.SortFeatured,
		"search=ferrari&sort=Name": exodrive.SortName, "sort=+newest+": exodrive.SortNewest, "search=%21": exodrive.SortFeatured,
	} {
		if q, err := parseQuery(t, raw); err != nil || q.Sort != want {
			t.Errorf("?%s: sort %q, %v; want %q", raw, q.Sort, err, want)
		}
	}
}

// TestCarQueryRefuses: A wrong value is refused with a sentence that names the
// parameter and says what is allowed.
func TestCarQueryRefuses(t *testing.T) {
	for raw, words := range map[string][]string{
		"startDate=2025-02-30&endDate=2025-03-04": {"startDate", "2025-02-30", "YYYY-MM-DD"},
		"startDate=2026-05-01&endDate=soon":       {"endDate", "soon", "YYYY-MM-DD"},
		"startDate=2026-05-04&endDate=2026-05-01": {"endDate", "2026-05-01", "after startDate", "2026-05-04"},
		"startDate=2026-05-01&endDate=2026-05-01": {"endDate", "after startDate"},
		"startDate=2026-05-01&endDate=2026-07-31": {"endDate", "at most 90 days"}, // 91
		"startDate=2026-05-01":                    {"endDate", "startDate needs an endDate"},
		"endDate=2026-05-01":                      {"startDate", "endDate needs a startDate"},
		"page=0":                                  {"page", `"0"`, "1 to 500"},
		"page=501":                                {"page", `"501"`, "1 to 500"},
		"page=-1":                                 {"page", "1 to 500"},
		"page=1.5":                                {"page", "1 to 500"},
		"page=99999999999999999999":               {"page", "1 to 500"},
		"limit=51":                                {"limit", `"51"`, "1 to 50"},
		"limit=0":                                 {"limit", "1 to 50"},
		"minPrice=abc":                            {"minPrice", `"abc"`, "499.50"},
		"minPrice=.":                              {"minPrice", "499.50"},
		"minPrice=-5":                             {"minPrice", "499.50"},
		"minPrice=1e3":                            {"minPrice", "499.50"},
		"minPrice=0.0001":                         {"minPrice", "499.50"},
		"minPrice=1,000":                          {"minPrice", "499.50"},
		"maxPrice=1.2.3":                          {"maxPrice", "499.50"},
		"maxPrice=5.%C3%A9":                       {"maxPrice", "499.50"},
		"maxPrice=99999999999999999999":           {"maxPrice", "499.50"},
		"minPrice=500&maxPrice=499.999":           {"maxPrice", "below minPrice"},
		"sort=cheapest":                           {"sort", `"cheapest"`, "featured, price, -price, rating, newest, power, name"},
		"category=spaceship":                      {"category", `"spaceship"`, "supercar", "electric"},
		"category=sports,spaceship":               {"category", `"spaceship"`, "supercar"},
		"transmission=cvt":                        {"transmission", `"cvt"`, "automatic, manual"},
		"drivetrain=4x4":                          {"drivetrain", `"4x4"`, "rwd, awd, fwd"},
		"seats=two":                               {"seats", `"two"`, "1 to 9"},
		"seats=0":                                 {"seats", "1 to 9"},
		"seats=10":                                {"seats", "1 to 9"},
		"search=" + strings.Repeat("a", 101):      {"search", "at most 100"},
		"make=" + strings.Repeat("a", 101):        {"make", "at most 20 values of 100"},
		"make=" + strings.Join(strings.Split("abcdefghijklmnopqrstu", ""), ","): {"make", "at most 20 values"},
	} {
		_, err := parseQuery(t, raw)
		e, ok := errors.AsType[*exodrive.Error](err)
		if !ok || e.Code != exodrive.Invalid || len(e.Faults) != 1 || e.Field != words[0] || e.Faults[0] != (exodrive.Fault{Field: e.Field, Message: e.Message}) {
			t.Errorf("?%.60s: error = %#v, want one fault on %s", raw, err, words[0])
			continue
		}
		for _, w := range words {
			if !strings.Contains(e.Message, w) {
				t.Errorf("?%.60s: %q does not say %q", raw, e.Message, w)
			}
		}
	}
}

// TestCarQueryAtLimits: The values at the edge of what is allowed are allowed.
func TestCarQueryAtLimits(t *testing.T) {
	for _, raw := range []string{
		"page=500", "limit=50", "limit=1", "startDate=2026-05-01&endDate=2026-07-30", "startDate=2026-05-01&endDate=2026-05-02",
		"minPrice=500&maxPrice=500", "minPrice=.5", "seats=1,9", "search=" + strings.Repeat("a", 100), "make=" + strings.Repeat("a", 100),
	} {
		if _, err := parseQuery(t, raw); err != nil {
			t.Errorf("?%.60s: %v", raw, err)
		}
	}
}

// TestCarQueryTellsEveryFault: Whoever got several parameters wrong learns of
// all of them at once.
func TestCarQueryTellsEveryFault(t *testing.T) {
	_, err := parseQuery(t, "category=ufo&minPrice=x&seats=0&startDate=2025-02-30&endDate=never&page=0&limit=51&sort=no&make=ferrari")
	e, ok := errors.AsType[*exodrive.Error](err)
	if !ok {
		t.Fatalf("error = %v", err)
	}
	var fields []string
	for _, f := range e.Faults {
		fields = append(fields, f.Field)
	}
	slices.Sort(fields)
	want := []string{"category", "endDate", "limit", "minPrice", "page", "seats", "sort", "startDate"}
	if diff := cmp.Diff(want, fields); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	if e.Field != "" || e.Message != "8 values are wrong; errors lists each of them." {
		t.Errorf("error = %q on %q", e.Message, e.Field)
	}
}

// TestAvailabilityQuery: A calendar of up to 366 days, both ends included, can
// be asked for; anything else is refused with the reason.
func TestAvailabilityQuery(t *testing.T) {
	for raw, want := range map[string]string{
		"startDate=2026-05-01&endDate=2026-05-01":   "",
		"startDate=2026-01-01&endDate=2027-01-01":   "", // 366 days
		"startDate=+2026-05-01+&endDate=2026-05-31": "",
		"startDate=2026-01-01&endDate=2027-01-02":   "endDate: At most 366 days can be asked for at once.",
		"startDate=2026-05-02&endDate=2026-05-01":   "endDate: endDate 2026-05-01 comes before startDate 2026-05-02.",
		"endDate=2026-05-01":                        "startDate: startDate is missing; write it as YYYY-MM-DD.",
		"startDate=2026-05-01&endDate=+":            "endDate: endDate is missing; write it as YYYY-MM-DD.",
		"startDate=2025-02-30&endDate=2026-05-01":   `startDate: startDate: "2025-02-30" is not a day; write it as YYYY-MM-DD, for example 2026-05-01.`,
		"": "startDate: startDate is missing; write it as YYYY-MM-DD. endDate: endDate is missing; write it as YYYY-MM-DD.",
	} {
		v, err := url.ParseQuery(raw)
		if err != nil {
			t.Fatal(err)
		}
		_, err = exodrive.ParseAvailabilityQuery(v, exodrive.DefaultLimits)
		if got := told(err); got != want {
			t.Errorf("?%s: %q, want %q", raw, got, want)
		}
	}
}

// told is every fault of an error with its field, or "" for none.
func told(err error) string {
	e, ok := errors.AsType[*exodrive.Error](err)
	if !ok {
		return ""
	}
	var s []string
	for _, f := range e.Faults {
		s = append(s, f.Field+": "+f.Message)
	}
	return strings.Join(s, " ")
}

// TestPageQuery: A page is asked for by number and size, and has the list's own
// size when none is named.
func TestPageQuery(t *testing.T) {
	q, err := exodrive.ParsePageQuery(url.Values{"page": {" 7 "}}, exodrive.DefaultLimits, 20)
	if want := (exodrive.PageQuery{Page: 7, Limit: 20}); err != nil || q != want {
		t.Errorf("query = %+v, %v; want %+v", q, err, want)
	}
	_, err = exodrive.ParsePageQuery(url.Values{"page": {"501"}, "limit": {"51"}}, exodrive.DefaultLimits, 20)
	if want := `page: page: "501" is not allowed; it is a whole number from 1 to 500. limit: limit: "51" is not allowed; it is a whole number from 1 to 50.`; told(err) != want {
		t.Errorf("error = %s, want %s", told(err), want)
	}
}

// TestPagination: A list tells how many pages it has and whether there is one
// before and after this.
func TestPagination(t *testing.T) {
	for _, c := range []struct {
		page, limit, total, pages int
		next, prev                bool
	}{
		{1, 12, 0, 0, false, false}, {1, 12, 1, 1, false, false}, {1, 12, 12, 1, false, false}, {1, 12, 13, 2, true, false},
		{2, 12, 13, 2, false, true}, {2, 12, 36, 3, true, true}, {9, 12, 13, 2, false, true}, {9, 12, 0, 0, false, false},
	} {
		want := exodrive.Pagination{Page: c.page, Limit: c.limit, Total: c.total, TotalPages: c.pages, HasNext: c.next, HasPrev: c.prev}
		if got := exodrive.NewPagination(c.page, c.limit, c.total); got != want {
			t.Errorf("NewPagination = %+v, want %+v", got, want)
		}
	}
}

// Whoever names an order that there is none is told all of them, that of a search too.
func TestWrongSortListsEveryOrder(t *testing.T) {
	_, err := exodrive.ParseCarQuery(url.Values{"sort": {"sideways"}}, exodrive.DefaultLimits)
	for _, s := range append([]exodrive.Sort{exodrive.SortRelevance}, exodrive.Sorts...) {
		if err == nil || !strings.Contains(err.Error(), string(s)) {
			t.Errorf("the refusal does not name %s: %v", s, err)
		}
	}
}
