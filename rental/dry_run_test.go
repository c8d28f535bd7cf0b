package rental_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/rental"
)

// Staff sees beforehand what a change or a swap would make of a booking, or why it cannot
// be, and nothing happens; done then, it is what was told.
//
// Red when: a dry run writes; or it does not look at the days.
func TestStaffTriesAChange(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		trip := freeTrip(t, w, anyCar, 4)
		b := w.held(t, trip, "maria")
		other := neighbours(t, w, anyCar, 1)[0]
		stored := func() string {
			r, err := w.BookingRecord(ctx, desk, b.ID)
			if err != nil {
				t.Fatal(err)
			}
			return string(must(json.Marshal(r)))
		}
		before := stored()
		change := rental.StaffChange{TripChange: longer(trip, 2), Reason: "x", DryRun: true}
		swap := rental.Swap{CarID: other, Reason: "x", DryRun: true}
		type told struct {
			what string
			do   func(dry bool) (*rental.BookingRecord, error)
		}
		for _, c := range []told{
			{"two days more", func(dry bool) (*rental.BookingRecord, error) {
				change.DryRun = dry
				return w.ChangeForRenter(ctx, desk, b.ID, rental.AnyVersion, change)
			}},
			{"another car", func(dry bool) (*rental.BookingRecord, error) {
				swap.DryRun = dry
				return w.SwapCar(ctx, desk, b.ID, rental.AnyVersion, swap)
			}},
		} {
			planned, err := c.do(true)
			if err != nil || planned.Change == nil || len(planned.Change.Lines) == 0 || planned.Change.Before != planned.Total {
				t.Fatalf("%s would be %+v, %v", c.what, planned, err)
			}
			if now := stored(); now != before {
				t.Errorf("%s was only tried, and the booking is %s, before %s", c.what, now, before)
			}
			made, err := c.do(false)
			if err != nil || made.Change != nil || made.Total != planned.Change.Total || made.Car.ID != planned.Change.CarID || made.LastDay != planned.Change.LastDay || !slices.Equal(made.Lines, planned.Change.Lines) {
				t.Errorf("%s is %+v, %v; told was %+v", c.what, made, err, planned.Change)
			}
			before = stored()
		}
		w.held(t, exodrive.TripRequest{CarID: other, StartDate: trip.EndDate + 6, EndDate: trip.EndDate + 9}, "next")
		change.DryRun, change.TripChange = true, longer(trip, 6)
		_, err := w.ChangeForRenter(ctx, desk, b.ID, rental.AnyVersion, change)
		if got := refusalOf(t, err, exodrive.DatesTaken); len(got.Alternatives.OtherDays) == 0 {
			t.Errorf("days that are taken are tried: %+v", got)
		}
		wantCode(t, "the version before", recordErr(w.ChangeForRenter(ctx, desk, b.ID, b.Version, change)), exodrive.Stale)
		wantCode(t, "a reader", recordErr(w.ChangeForRenter(ctx, as(exodrive.ScopeRead), b.ID, rental.AnyVersion, change)), exodrive.Forbidden)
		agrees(t, w)
	})
}

// A rental that is under way gets no car that somebody else had since it began, because a
// booking has one car for all its days; staff is told so, and which cars it can have.
//
// Red when: staff is told the days alone, which are over.
func TestSwapUnderWay(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		trip := freeTrip(t, w, anyCar, 6)
		b := w.held(t, trip, "maria")
		other := neighbour(t)
		if _, err := w.ConfirmBooking(ctx, desk, b.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := w.BlockDays(ctx, admin, other.ID, rental.BlockRequest{Block: rental.Block{Start: trip.StartDate, End: trip.StartDate}}); err != nil {
			t.Fatal(err)
		}
		w.clock.Set(b.Pickup.At)
		if _, err := w.HandOver(ctx, desk, b.ID, unpaid(rental.HandOverRequest{Odometer: 40_000, Fuel: 8, Waive: []exodrive.HandOverCheck{exodrive.CheckOdometer}, Reason: "It was lent to another house."})); err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(48 * time.Hour)
		for _, dry := range []bool{true, false} {
			_, err := w.SwapCar(ctx, desk, b.ID, rental.AnyVersion, rental.Swap{CarID: other.ID, Reason: "A puncture.", DryRun: dry})
			got := refusalOf(t, err, exodrive.DatesTaken)
			if !strings.Contains(err.Error(), "one car for all its days") || !slices.Equal(got.TakenDays, []exodrive.Date{trip.StartDate}) || len(got.Alternatives.OtherCars) == 0 {
				t.Fatalf("refused with %v, %+v", err, got)
			}
			for _, c := range got.Alternatives.OtherCars {
				if c.ID == other.ID || c.ID == b.Car.ID {
					t.Errorf("%s is offered instead", c.Slug)
				}
			}
		}
		agrees(t, w)
	})
}
