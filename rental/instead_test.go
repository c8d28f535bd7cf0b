package rental_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
)

// Who is too late for a car is offered those that stand where his trip begins, and cars
// elsewhere only where those are fewer than three, and after them.
//
// Red when: the place of the trip is not asked for; or cars elsewhere go by their price
// among the others.
func TestOtherCarsAreNear(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		filled := 0
		for i, c := range fleet().Cars {
			if !c.Available || c.Hidden || c.MinimumDays > 3 || i%3 > 0 {
				continue
			}
			trip := freeTrip(t, w, c.Slug, 3)
			w.held(t, trip, fmt.Sprint("renter", i))
			here := slugs(w.list(t, fmt.Sprintf("category=%s&location=%s&startDate=%s&endDate=%s", c.Category, c.LocationID, trip.StartDate, trip.EndDate)).Cars)
			_, err := w.Quote(t.Context(), trip)
			others := refusalOf(t, err, exodrive.DatesTaken).Alternatives.OtherCars
			near := 0
			for near < len(others) && others[near].Location.ID == c.LocationID {
				near++
			}
			for n, o := range others {
				if o.Category != c.Category || o.Price == nil || (n < near) != slices.Contains(here, o.Slug) {
					t.Errorf("instead of %s: %v, free where it stands are %v", c.Slug, slugs(others), here)
				}
			}
			if near != min(3, len(here)) {
				t.Errorf("instead of %s, %d of %v are where it stands; free there are %v", c.Slug, near, slugs(others), here)
			}
			filled += len(others) - near
		}
		if filled == 0 {
			t.Error("no car elsewhere was offered: the test shows nothing of them")
		}
	})
}

// A pick-up early in the morning takes the day before with it, and so must the cars that
// are offered instead be free on it.
//
// Red when: other cars are looked for on the days of pick-up and return.
func TestOtherCarsForAllRentalDays(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		early := exodrive.Clock(6 * 60)
		trip := freeTrip(t, w, anyCar, 3)
		w.held(t, trip, "maria")
		trip.PickupTime = &early
		offered := func() []string {
			t.Helper()
			_, err := w.Quote(t.Context(), trip)
			return slugs(refusalOf(t, err, exodrive.DatesTaken).Alternatives.OtherCars)
		}
		first := offered()[0]
		if _, err := w.BlockDays(t.Context(), admin, car(t, first).ID, rental.BlockRequest{Block: rental.Block{Start: trip.StartDate - 1, End: trip.StartDate - 1}}); err != nil {
			t.Fatal(err)
		}
		if now := offered(); slices.Contains(now, first) {
			t.Errorf("%s is in the workshop the day before, and offered among %v", first, now)
		}
	})
}

// A car that is refused is not offered instead of itself, also where only the days of
// bringing it back are in the way: lists, which know no way, show it for those days.
//
// Red when: the car itself is left among the others.
func TestNoCarIsOfferedInsteadOfItself(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		refused := 0
		for _, c := range fleet().Cars {
			ways := place(c.LocationID).Transfers
			if !c.Available || c.Hidden || c.MinimumDays > 3 || len(ways) == 0 {
				continue
			}
			trip := freeTrip(t, w, c.Slug, 3)
			back := trip.EndDate.Add(c.TurnaroundDays) // the first day that it is brought back on
			w.held(t, exodrive.TripRequest{CarID: c.Slug, StartDate: back, EndDate: back + 3}, c.Slug)
			if list := slugs(w.list(t, fmt.Sprintf("startDate=%s&endDate=%s", trip.StartDate, trip.EndDate)).Cars); !slices.Contains(list, c.Slug) {
				t.Errorf("%s is free for a trip that ends where it began, and the list is %v", c.Slug, list)
			}
			trip.ReturnLocation = ways[0].To
			_, err := w.Quote(t.Context(), trip)
			if others := slugs(refusalOf(t, err, exodrive.DatesTaken).Alternatives.OtherCars); slices.Contains(others, c.Slug) {
				t.Errorf("instead of %s are offered %v", c.Slug, others)
			}
			refused++
		}
		if refused == 0 {
			t.Error("no car was refused for its way back: the test shows nothing")
		}
	})
}

// A refusal counts nothing: of many who want the last car, each but one is told what is
// free instead. Where only a car and days are wanted, none of that is quoted to find out;
// else each car that is told, and the days all at once.
//
// Red when: a whole page of the list is made for it; each car is quoted for any trip; or the
// terms are read for each day.
func TestARefusalIsCheap(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "fleet", seeded, func(t *testing.T, url string) {
		w := newWorld(t, url)
		trip := freeTrip(t, w, anyCar, 3)
		w.held(t, trip, "maria")
		var trace statements
		s, _ := uncached(t, url, trace.add)
		trace.take()
		_, err := s.Quote(t.Context(), trip)
		if got := refusalOf(t, err, exodrive.DatesTaken); len(got.Alternatives.OtherCars) == 0 {
			t.Fatalf("nothing is offered instead: %+v", got)
		}
		for _, one := range trace.take() {
			if strings.Contains(one.text, "COUNT(*)") || strings.Contains(one.text, "car_features") {
				t.Errorf("a refusal asks %s", one.text)
			}
		}
		reads := func(trip exodrive.TripRequest) (terms int) {
			_, err := s.Quote(t.Context(), trip)
			refusalOf(t, err, exodrive.DatesTaken)
			for _, one := range trace.take() {
				if strings.Contains(one.text, "FROM cars WHERE id = $1 OR slug = $1") {
					terms++
				}
			}
			return terms
		}
		if n := reads(trip); n != 2 {
			t.Errorf("for a car and days the terms of a car are read %d times, want those of the quote and of the list", n)
		}
		trip.DriverBirthDate = exodrive.MustDate("1980-01-01")
		if n := reads(trip); n != 6 {
			t.Errorf("for a driver the terms of a car are read %d times, want once more for the days and for each of three cars", n)
		}
	})
}
