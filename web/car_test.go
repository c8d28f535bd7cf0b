package web_test

import (
	"net/http"
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
	if err := v.rental.BlockDays(t.Context(), staff, car.ID, rental.Block{Start: blocked, End: blocked}, "a scratch from a zebra"); err != nil {
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
