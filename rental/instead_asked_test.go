package rental_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/rental"
)

// What is offered instead of a trip can be had as the trip was asked for, with its places,
// times, extras, coupon and driver, and a car costs what its card says.
//
// Red when: other days or other cars are told by the days alone; or a car has the price of
// its days.
func TestAlternativesCanBeHadAsAsked(t *testing.T) {
	t.Parallel()
	asked := []struct {
		name string
		of   func(t *testing.T, w *world, c exodrive.Car, r *exodrive.TripRequest)
	}{
		{"a car and days", func(*testing.T, *world, exodrive.Car, *exodrive.TripRequest) {}},
		{"one way", func(_ *testing.T, _ *world, c exodrive.Car, r *exodrive.TripRequest) {
			r.ReturnLocation = place(c.LocationID).Transfers[0].To
		}},
		{"from a place", func(_ *testing.T, _ *world, c exodrive.Car, r *exodrive.TripRequest) {
			r.PickupLocation = place(c.LocationID).Slug
		}},
		{"early and late", func(_ *testing.T, _ *world, _ exodrive.Car, r *exodrive.TripRequest) {
			early, late := exodrive.Clock(6*60), exodrive.Clock(21*60)
			r.PickupTime, r.ReturnTime = &early, &late
		}},
		{"who is just old enough", func(_ *testing.T, _ *world, c exodrive.Car, r *exodrive.TripRequest) {
			r.DriverBirthDate = exodrive.DateOf(r.StartDate.At(0, time.UTC).AddDate(-c.MinimumDriverAge, 0, 0))
		}},
		{"extras", func(t *testing.T, _ *world, _ exodrive.Car, r *exodrive.TripRequest) {
			r.Extras = []exodrive.ExtraRequest{{ID: fleet().Extras[0].ID, Quantity: 1}}
		}},
		{"a coupon for few days", func(t *testing.T, w *world, c exodrive.Car, r *exodrive.TripRequest) {
			r.Coupon = couponFor(t, w, exodrive.CouponInput{Code: "DAYS-" + c.ID[4:], ValidFrom: r.StartDate - 2, ValidUntil: r.StartDate + 20})
		}},
		{"a coupon for one car", func(t *testing.T, w *world, c exodrive.Car, r *exodrive.TripRequest) {
			r.Coupon = couponFor(t, w, exodrive.CouponInput{Code: "CAR-" + c.ID[4:], CarID: c.ID})
		}},
	}
	eachWorld(t, func(t *testing.T, w *world) {
		days, cars := map[string]int{}, map[string]int{}
		for i, c := range fleet().Cars {
			if !c.Available || c.Hidden || c.MinimumDays > 3 || i%4 > 0 {
				continue
			}
			trip := freeTrip(t, w, c.Slug, 3)
			w.held(t, trip, fmt.Sprint("renter", i))
			for _, a := range asked {
				if a.name == "one way" && len(place(c.LocationID).Transfers) == 0 {
					continue
				}
				r := trip
				a.of(t, w, c, &r)
				_, err := w.Quote(t.Context(), r)
				others := refusalOf(t, err, exodrive.DatesTaken).Alternatives
				w.canHave(t, a.name, r, others)
				days[a.name] += len(others.OtherDays)
				cars[a.name] += len(others.OtherCars)
			}
		}
		for _, a := range asked {
			if days[a.name] == 0 || cars[a.name] == 0 && a.name != "a coupon for one car" {
				t.Errorf("%s: %d days and %d cars are offered: the test shows nothing", a.name, days[a.name], cars[a.name])
			}
		}
	})
}

// couponFor makes a coupon and is its code.
func couponFor(t *testing.T, w *world, in exodrive.CouponInput) string {
	t.Helper()
	in.Percent, in.Active = 10_00, true
	c, err := w.CreateCoupon(t.Context(), admin, in)
	if err != nil {
		t.Fatal(err)
	}
	return c.Code
}

// Who brings a car to another place is offered none that somebody has while it would be
// brought back; lists, which know no way, show it.
//
// Red when: the days that are taken of another car are looked at as for a list.
func TestOtherCarsForTheWayBack(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		tried := 0
		for i, c := range fleet().Cars {
			ways := place(c.LocationID).Transfers
			if !c.Available || c.Hidden || c.MinimumDays > 3 || len(ways) == 0 || i%4 > 0 {
				continue
			}
			trip := freeTrip(t, w, c.Slug, 3)
			w.held(t, trip, fmt.Sprint("renter", i))
			trip.ReturnLocation = ways[0].To
			offered := func() []exodrive.CarCard {
				_, err := w.Quote(t.Context(), trip)
				others := refusalOf(t, err, exodrive.DatesTaken).Alternatives
				w.canHave(t, "one way", trip, others)
				return others.OtherCars
			}
			for _, o := range offered() {
				back := trip.EndDate.Add(car(t, o.Slug).TurnaroundDays)
				next := bookingOf(exodrive.TripRequest{CarID: o.ID, StartDate: back, EndDate: back.Add(max(1, o.MinimumDays))}, "next")
				if _, err := w.Book(t.Context(), exodrive.Actor{}, next, rental.Call{}); err == nil {
					tried++
				}
			}
			offered()
		}
		if tried == 0 {
			t.Error("no car that was offered is taken behind the trip: the test shows nothing")
		}
	})
}

// canHave asks for a quote of all that is offered instead of a trip.
func (w *world) canHave(t *testing.T, what string, r exodrive.TripRequest, others *exodrive.Alternatives) {
	t.Helper()
	for _, d := range others.OtherDays {
		other := r
		other.StartDate, other.EndDate = d.StartDate, d.EndDate
		if _, err := w.Quote(t.Context(), other); err != nil {
			t.Errorf("%s, %s from %s to %s instead: %v", what, r.CarID, d.StartDate, d.EndDate, err)
		}
	}
	for _, c := range others.OtherCars {
		other := r
		other.CarID = c.ID
		q, err := w.Quote(t.Context(), other)
		if err != nil || c.Price == nil || c.Price.Total != q.Total {
			t.Errorf("%s, %s instead of %s: %v; the card says %+v, the quote %+v", what, c.Slug, r.CarID, err, c.Price, q)
		}
	}
}
