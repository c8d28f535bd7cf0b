package web_test

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
)

// list is what the API would answer to a question.
func (v *visitor) list(question string) *exodrive.CarPage {
	v.t.Helper()
	values, err := url.ParseQuery(question)
	if err != nil {
		v.t.Fatal(err)
	}
	ask, err := exodrive.ParseCarQuery(values, v.rental.Limits())
	if err != nil {
		v.t.Fatal(err)
	}
	list, err := cache.Value(v.rental.Cars(v.t.Context(), ask))
	if err != nil {
		v.t.Fatal(err)
	}
	return list
}

func names(list *exodrive.CarPage) []string {
	out := []string{}
	for _, c := range list.Cars {
		out = append(out, c.Name)
	}
	return out
}

// TestFleetShowsTheCarsOfTheQuestion: The first page and the fleet show the same
// cars as the API, in the same order, whatever is asked.
func TestFleetShowsTheCarsOfTheQuestion(t *testing.T) {
	v := visit(t)
	for _, question := range []string{
		"", "page=2", "limit=50&sort=-price", "category=supercar&category=classic", "category=supercar,classic&sort=name",
		"search=ferari", "make=porsche&maxPrice=900", "location=miami&seats=2", "startDate=2026-05-01&endDate=2026-05-04", "junk=1",
	} {
		want := v.list(question)
		for _, path := range []string{"/?", "/fleet?"} {
			page := v.get(path + question).wantStatus(http.StatusOK)
			if diff := cmp.Diff(names(want), page.texts(".card h3")); diff != "" {
				t.Errorf("%s%s (-API +page):\n%s", path, question, diff)
			}
			page.wantText("#found", strconv.Itoa(want.Pagination.Total)+map[bool]string{true: " car", false: " cars"}[want.Pagination.Total == 1])
		}
	}
}

// TestCardTellsTheCar: A card shows the picture, what the car is and can do, what
// renters think of it, where it is and what a day costs, and leads to its page.
func TestCardTellsTheCar(t *testing.T) {
	page := visit(t).get("/fleet?search=296+gtb").wantStatus(http.StatusOK)

	page.wantText(".card .kind", "Supercar · 2023")
	page.wantText(".card .price", "$1,499 a day")
	if got, want := page.texts(".figures dd"), []string{"819 hp", "2.9 s", "2"}; !slices.Equal(got, want) {
		t.Errorf("the figures are %q, want %q", got, want)
	}
	if got := textOf(page.one(".card .where")); !strings.HasPrefix(got, "Miami · ★ 4.") {
		t.Errorf("place and rating are %q", got)
	}
	if got := attr(page.one(".card h3 a"), "href"); got != "/fleet/ferrari-296-gtb" {
		t.Errorf("the card leads to %q", got)
	}
	picture := page.one(".card img")
	if !strings.HasPrefix(attr(picture, "src"), "/pictures/") || attr(picture, "alt") == "" {
		t.Errorf("the picture is %v", picture.Attr)
	}
}

// TestDatesGiveTheAllInPrice: With dates each card shows the one price of the
// API, and of what it is made.
func TestDatesGiveTheAllInPrice(t *testing.T) {
	v := visit(t)
	const question = "startDate=2026-05-01&endDate=2026-05-04&limit=1"
	price := v.list(question).Cars[0].Price
	page := v.get("/fleet?" + question).wantStatus(http.StatusOK)

	total := "$" + grouped(price.Total.Decimal())
	page.wantText(".card .price", strings.TrimSuffix(total, ".00")+" all-in for 3 days")
	page.wantText(".lines .sum dd", total)
	if got := len(page.all(".lines div")); got != len(price.Lines)+2 { // and total and deposit
		t.Errorf("%d lines, want %d and two: %q", got, len(price.Lines), page.texts(".lines div"))
	}
	page.wantText(".found p", "Free from Fri 1 May 2026 to Mon 4 May 2026")
}

// grouped puts a comma before the last three digits of the whole number.
func grouped(decimal string) string {
	if dot := strings.IndexByte(decimal, '.'); dot > 3 {
		return decimal[:dot-3] + "," + decimal[dot-3:]
	}
	return decimal
}

// TestFormShowsWhatWasAsked: The form keeps the question, tells how many cars
// each kind would give, and keeps filters it has no control for until they are
// taken off.
func TestFormShowsWhatWasAsked(t *testing.T) {
	v := visit(t)
	const question = "search=v8&startDate=2026-05-01&endDate=2026-05-04&minPrice=400&category=classic&category=convertible&sort=power&seats=2,4&limit=6"
	page := v.get("/fleet?" + question).wantStatus(http.StatusOK)

	for name, want := range map[string]string{
		"search": "v8", "startDate": "2026-05-01", "endDate": "2026-05-04", "minPrice": "400", "maxPrice": "", "seats": "2,4", "limit": "6",
	} {
		if got := attr(page.one("input[name="+name+"]"), "value"); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	page.wantText("select option[selected]", "Most power")
	if got, want := len(page.all(".chips input[checked]")), 2; got != want {
		t.Errorf("%d kinds are chosen, want %d", got, want)
	}
	counts := map[exodrive.Category]string{"classic": "Classic", "convertible": "Convertible"}
	for _, f := range v.list(question).Facets.Category {
		if name := counts[exodrive.Category(f.Value)]; name != "" {
			page.wantSays(".chips label", name+" "+strconv.Itoa(f.Count))
		}
	}
	without, err := url.Parse(attr(page.one(".kept a"), "href"))
	if err != nil || without.Query().Has("seats") || without.Query().Get("search") != "v8" || without.Query().Get("category") != "classic,convertible" {
		t.Errorf("taking the seats off leads to %v, %v", without, err)
	}
}

// TestPagesFollowEachOther: Links lead through the whole list and keep the
// question; behind the last page one leads back.
func TestPagesFollowEachOther(t *testing.T) {
	v := visit(t)
	var found []string
	path := "/fleet?maxPrice=2000&sort=price&junk=1"
	for pages := 0; path != ""; pages++ {
		if pages > 10 {
			t.Fatalf("more than %d pages, now at %s", pages, path)
		}
		page := v.get(path).wantStatus(http.StatusOK)
		found = append(found, page.texts(".card h3")...)
		path = ""
		if next := page.all("a[rel=next]"); len(next) == 1 {
			path = attr(next[0], "href")
		}
	}
	if diff := cmp.Diff(names(v.list("maxPrice=2000&sort=price&limit=50")), found); diff != "" {
		t.Errorf("all pages (-API +pages):\n%s", diff)
	}

	beyond := v.get("/fleet?page=99&maxPrice=2000").wantStatus(http.StatusOK)
	if back := v.get(attr(beyond.one(".notice a"), "href")); len(back.all(".card")) == 0 {
		t.Errorf("the link from behind the list leads to a page without cars: %s", back.text)
	}
}

// TestWrongValueIsToldBesideTheForm: A value that cannot be is answered by the
// form, with all that was typed and a sentence at the field.
func TestWrongValueIsToldBesideTheForm(t *testing.T) {
	page := visit(t).get("/?search=red+car&startDate=2026-05-04&endDate=2026-02-30&maxPrice=abc&category=boat&category=classic").wantStatus(http.StatusBadRequest)

	for name, want := range map[string]string{"search": "red car", "startDate": "2026-05-04", "endDate": "2026-02-30", "maxPrice": "abc"} {
		if got := attr(page.one("input[name="+name+"]"), "value"); got != want {
			t.Errorf("%s is %q, want what was typed, %q", name, got, want)
		}
	}
	wrong := page.one("input[name=endDate]")
	if attr(wrong, "aria-invalid") != "true" {
		t.Error("the wrong day is not marked")
	}
	page.wantText("#"+attr(wrong, "aria-describedby"), "This is not a day of the calendar.")
	page.wantText("#maxPrice-fault", "Write an amount a day, for example 500.")
	if got := textOf(page.one(".faults li")); !strings.HasPrefix(got, `Kind of car: "boat" is not allowed`) {
		t.Errorf("above the form it says %q", got)
	}
	if cars := page.all(".card"); len(cars) > 0 {
		t.Errorf("%d cars are shown", len(cars))
	}
}

// TestFaultsSpeakOfTheForm: What is wrong with days and prices is said in the words of
// the form, on the list and on the page of a car.
//
// Red when: a sentence names a parameter of the API; days that are over are a fault of ours.
func TestFaultsSpeakOfTheForm(t *testing.T) {
	v := visit(t)
	for _, c := range []struct{ question, field, says string }{
		{"startDate=2026-05-04&endDate=2026-05-04", "endDate", "The return must come after the pick-up."},
		{"startDate=2026-05-04", "endDate", "Choose the day of return, too."},
		{"endDate=2026-05-04", "startDate", "Choose the day of pick-up, too."},
		{"startDate=4.5.2026&endDate=2026-05-06", "startDate", "This is not a day of the calendar."},
		{"startDate=2026-05-01&endDate=2026-09-01", "endDate", "A rental is at most 90 days."},
		{"startDate=2020-05-01&endDate=2020-05-04", "startDate", "This day is over."},
		{"startDate=2029-05-01&endDate=2029-05-04", "endDate", "Cars can be had up to 540 days ahead."},
		{"minPrice=900&maxPrice=500", "maxPrice", "This is less than the lowest price."},
		{"minPrice=cheap", "minPrice", "Write an amount a day, for example 500."},
	} {
		paths := []string{"/fleet?", "/fleet/" + ferrari + "?"}
		if strings.Contains(c.field, "Price") {
			paths = paths[:1] // a car's page asks for no prices
		}
		for _, path := range paths {
			page := v.get(path + c.question).wantStatus(http.StatusBadRequest)
			page.wantText("#"+c.field+"-fault", c.says)
			if got := len(page.all(".fault")); got != 1 {
				t.Errorf("%s%s: %d faults, want one: %q", path, c.question, got, page.texts(".fault"))
			}
		}
	}
	page := v.get("/fleet?page=x&sort=up&seats=many").wantStatus(http.StatusBadRequest)
	for _, fault := range page.texts(".faults li") {
		if !strings.HasPrefix(fault, "Page: ") && !strings.HasPrefix(fault, "Order: ") && !strings.HasPrefix(fault, "Seats: ") {
			t.Errorf("above the form it says %q", fault)
		}
	}
}

// TestPriceBeforeDiscount: A rate that an offer makes cheaper says that it is the one
// before it.
func TestPriceBeforeDiscount(t *testing.T) {
	v := visit(t)
	list := v.list("limit=50")
	at := slices.IndexFunc(list.Cars, func(c exodrive.CarCard) bool { return c.DiscountPercent > 0 })
	if at < 0 {
		t.Fatal("no car has an offer")
	}
	page := v.get("/fleet/" + list.Cars[at].Slug).wantStatus(http.StatusOK)
	if got := textOf(page.one(".panel .price")); !strings.Contains(got, "a day before discount") {
		t.Errorf("beside an offer stands %q", got)
	}
	if got := v.get("/fleet?limit=50").texts(".card .price"); !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, "a day before discount") }) {
		t.Errorf("no card says before discount: %q", got)
	}
}

// TestTypedTextIsNeverMarkup: Whatever somebody types comes back as text.
func TestTypedTextIsNeverMarkup(t *testing.T) {
	v := visit(t)
	const evil = `"><script>alert(1)</script>`
	for _, question := range []url.Values{
		{"search": {evil}}, {"minPrice": {evil}}, {"make": {evil}}, {"sort": {evil}}, {"page": {evil}}, {"limit": {evil}}, {evil: {evil}},
	} {
		page := v.get("/fleet?" + question.Encode())
		if len(page.all("script")) > 0 || strings.Contains(page.text, "<script") {
			t.Errorf("%v makes a script: %s", question, page.text)
		}
	}
	page := v.get("/fleet?search=" + url.QueryEscape(evil)).wantStatus(http.StatusOK)
	if got := attr(page.one("input[name=search]"), "value"); got != evil {
		t.Errorf("the form keeps %q, want %q", got, evil)
	}
}

// TestNothingFound: Whoever asks too much gets a kind word and a way out; an
// empty house says so.
func TestNothingFound(t *testing.T) {
	page := visit(t).get("/fleet?search=zeppelin").wantStatus(http.StatusOK)
	page.wantText("#found", "0 cars")
	if got := attr(page.one(".notice a"), "href"); got != "/fleet" {
		t.Errorf("the way out leads to %q", got)
	}

	empty := serve(t, "sqlite:"+t.TempDir()+"/empty.db").get("/?sort=price").wantStatus(http.StatusOK)
	empty.wantText(".notice p", "The garage is empty for now. Please come back soon.")
}
