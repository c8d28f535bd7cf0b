package web_test

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/rental"
)

const ferrari = "ferrari-296-gtb"

var staff = exodrive.Actor{ID: "test", Name: "test", Scopes: []exodrive.Scope{exodrive.ScopeAll}}

// TestCarPage: The page of a car shows its pictures, figures, features, prices,
// place and reviews.
func TestCarPage(t *testing.T) {
	v := visit(t)
	car, err := cache.Value(v.rental.Car(t.Context(), ferrari))
	if err != nil {
		t.Fatal(err)
	}
	page := v.get("/fleet/" + ferrari).wantStatus(http.StatusOK)

	page.wantText("h1", car.Name)
	page.wantText("title", car.Name+" · ExoDrive")
	if got := len(page.all(".gallery img")); got != len(car.Images) {
		t.Errorf("%d pictures, want %d", got, len(car.Images))
	}
	if got := len(page.all(".features li")); got != len(car.Features) {
		t.Errorf("%d features, want %d", got, len(car.Features))
	}
	page.wantSays(".figures dd", "330 km/h")
	page.wantText(".panel .price", "$1,499 a day")
	page.wantText("#place", car.Location.Name)
	for _, line := range []string{"Sales tax 7% added", "From the 7th day 10% off", "Deposit, held and given back $10,000", "Engine " + car.Engine, "Mon–Sat 09:00–19:00"} {
		page.wantSays(".lines div", line)
	}
	if got := len(page.all(".reviews blockquote")); got == 0 || got > 6 {
		t.Errorf("%d reviews, want one to six", got)
	}
}

// TestCalendarOfTheCar: The calendar begins today at the car's place, and each of
// its days is free or taken as the API says.
func TestCalendarOfTheCar(t *testing.T) {
	v := visit(t)
	blocked := exodrive.MustDate("2026-04-21")
	car, err := cache.Value(v.rental.Car(t.Context(), ferrari))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.rental.BlockDays(t.Context(), staff, car.ID, rental.BlockRequest{Block: rental.Block{Start: blocked, End: blocked}, Reason: "a scratch from a zebra"}); err != nil {
		t.Fatal(err)
	}
	free, err := cache.Value(v.rental.Availability(t.Context(), ferrari, exodrive.AvailabilityQuery{Start: exodrive.MustDate("2026-04-20"), End: exodrive.MustDate("2026-06-30")}))
	if err != nil {
		t.Fatal(err)
	}
	page := v.get("/fleet/" + ferrari).wantStatus(http.StatusOK)

	if got := len(page.all(".past")); got != 19 {
		t.Errorf("%d days are past, want those before the 20th", got)
	}
	states := map[string]string{}
	for _, field := range page.all("td[class]") {
		states[attr(field.FirstChild, "datetime")] = attr(field, "class")
	}
	for _, d := range free.Days {
		want := map[bool]string{true: "free", false: "taken"}[d.Available]
		if got := states[d.Date.String()]; got != want {
			t.Errorf("%s is %q, want %q", d.Date, got, want)
		}
	}
	if states[blocked.String()] != "taken" || strings.Contains(page.text, "zebra") {
		t.Errorf("the blocked day is %q; its reason must not show", states[blocked.String()])
	}
}

// TestChosenDaysStay: Days chosen in the list are still chosen on the page of a car,
// with the price that its card had, and on the way back.
//
// Red when: a card's link or a redirect loses them; the page's price is another than
// the list's.
func TestChosenDaysStay(t *testing.T) {
	v := visit(t)
	const days = "startDate=2026-05-01&endDate=2026-05-04"
	fleet := v.get("/fleet?limit=3&" + days).wantStatus(http.StatusOK)
	for i, car := range v.list("limit=3&" + days).Cars {
		path := attr(fleet.all(".card h3 a")[i], "href")
		page := v.get(path).wantStatus(http.StatusOK)
		page.wantText("h1", car.Name)
		if got, want := page.texts("#stay .price"), fleet.texts(".card .price")[i:i+1]; !slices.Equal(got, want) {
			t.Errorf("%s: the price is %q, on the card %q", path, got, want)
		}
		page.wantSays("#stay .sum", "Total $"+grouped(car.Price.Total.Decimal()))
		for name, want := range map[string]string{"startDate": "2026-05-01", "endDate": "2026-05-04"} {
			if got := attr(page.one("input[name="+name+"]"), "value"); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		if got := page.texts("td.chosen time"); !slices.Equal(got, []string{"1", "2", "3"}) {
			t.Errorf("%s: the calendar marks %q", path, got)
		}
		if back := attr(page.one(".trail a"), "href"); !strings.Contains(back, "startDate=2026-05-01") || len(v.get(back).texts(".card")) == 0 {
			t.Errorf("%s: the way back leads to %s", path, back)
		}
		if got := v.get("/fleet/" + car.ID + "?" + days).header.Get("Location"); got != "/fleet/"+car.Slug+"?endDate=2026-05-04&startDate=2026-05-01" {
			t.Errorf("the id leads to %q", got)
		}
	}
}

// TestDaysThatCannotBe: A car that is not free on all of the days says so, and so does
// one that is rented for longer.
func TestDaysThatCannotBe(t *testing.T) {
	v := visit(t)
	car, err := cache.Value(v.rental.Car(t.Context(), ferrari))
	if err != nil {
		t.Fatal(err)
	}
	blocked := exodrive.MustDate("2026-06-10")
	if _, err := v.rental.BlockDays(t.Context(), staff, car.ID, rental.BlockRequest{Block: rental.Block{Start: blocked, End: blocked}}); err != nil {
		t.Fatal(err)
	}
	page := v.get("/fleet/" + ferrari + "?startDate=2026-06-08&endDate=2026-06-12").wantStatus(http.StatusOK)
	page.wantSays("#stay p", "The car is not free on all of these days. The calendar below shows when it is.")

	long := slices.IndexFunc(v.list("limit=50").Cars, func(c exodrive.CarCard) bool { return c.MinimumDays > 1 })
	if long < 0 {
		t.Fatal("every car is rented for a day")
	}
	short := v.list("limit=50").Cars[long]
	v.get("/fleet/"+short.Slug+"?startDate=2026-06-08&endDate=2026-06-09").wantStatus(http.StatusBadRequest).
		wantText("#endDate-fault", "This car is rented for at least "+strconv.Itoa(short.MinimumDays)+" days.")
}

// TestPageTellsWhereItIsFrom: A page says of the cache what its reads say: loaded
// for the first visitor, from memory for the next.
//
// Red when: a page says nothing of its reads, or what the best of them says.
func TestPageTellsWhereItIsFrom(t *testing.T) {
	v := visit(t)
	for _, path := range []string{"/fleet?make=bmw", "/fleet/" + ferrari} {
		for _, want := range []string{"MISS", "HIT"} {
			h := v.get(path).wantStatus(http.StatusOK).header
			if h.Get("X-Cache") != want || h.Get("X-Cache-TTL") == "" || h.Get("Cache-Status") == "" || h.Get("Cache-Control") != "no-cache" {
				t.Errorf("%s, want a %s: %v", path, want, h)
			}
		}
	}
	days := exodrive.FirstCalendar(exodrive.MustDate("2026-04-20"))
	if _, err := v.rental.Availability(t.Context(), "porsche-911-gt3", days); err != nil {
		t.Fatal(err)
	}
	if got := v.get("/fleet/porsche-911-gt3").wantStatus(http.StatusOK).header.Get("X-Cache"); got != "MISS" {
		t.Errorf("of a page whose calendar alone was in memory X-Cache is %s, want MISS", got)
	}
}

// TestCarHasOneAddress: The id of a car leads to the address with its name.
func TestCarHasOneAddress(t *testing.T) {
	v := visit(t)
	car, err := cache.Value(v.rental.Car(t.Context(), ferrari))
	if err != nil {
		t.Fatal(err)
	}
	page := v.get("/fleet/" + car.ID).wantStatus(http.StatusFound)
	if got := page.header.Get("Location"); got != "/fleet/"+ferrari {
		t.Errorf("it leads to %q", got)
	}
}

// TestUnknownCar: A car that never was or is no longer shown is answered by a
// friendly page with a way back.
func TestUnknownCar(t *testing.T) {
	v := visit(t)
	car, err := cache.Value(v.rental.Car(t.Context(), ferrari))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.rental.ArchiveCar(t.Context(), staff, car.ID, rental.AnyVersion, true); err != nil {
		t.Fatal(err)
	}
	for _, ref := range []string{ferrari, car.ID, "no-such-car", "car_0000000000000000", "%3Cscript%3E", "a%2Fb"} {
		page := v.get("/fleet/" + ref).wantStatus(http.StatusNotFound)
		page.wantText("h1", "This car is not here")
		if got := attr(page.one(".notice a"), "href"); got != "/fleet" {
			t.Errorf("%s: the way back leads to %q", ref, got)
		}
	}
}
