package rental_test

import (
	"slices"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/rental"
)

// What is offered instead of a change can be had by the same change: not the days that the
// booking has already, and none on which its driver is too young.
//
// Red when: the days are told by what is taken alone.
func TestOtherDaysOfAChangeCanBeHad(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		trip := freeTrip(t, w, anyCar, 3)
		trip.DriverBirthDate = exodrive.DateOf((trip.StartDate-1).At(0, time.UTC).AddDate(-car(t, anyCar).MinimumDriverAge, 0, 0))
		b := w.held(t, trip, "maria")
		next := trip.EndDate.Add(car(t, anyCar).TurnaroundDays)
		w.held(t, exodrive.TripRequest{CarID: anyCar, StartDate: next, EndDate: next + 3}, "next")
		extra := []exodrive.ExtraRequest{{ID: fleet().Extras[0].ID, Quantity: 1}}
		for _, change := range []exodrive.TripChange{
			{StartDate: trip.StartDate + 2, EndDate: trip.EndDate + 2},
			{StartDate: trip.StartDate + 2, EndDate: trip.EndDate + 2, Extras: extra},
		} {
			_, err := w.QuoteChange(t.Context(), b.Token, change)
			days := refusalOf(t, err, exodrive.DatesTaken).Alternatives.OtherDays
			if len(days) == 0 {
				t.Errorf("offered are %v", days)
			}
			if own := (exodrive.TripDays{StartDate: trip.StartDate, EndDate: trip.EndDate}); slices.Contains(days, own) != (change.Extras != nil) {
				t.Errorf("offered are %v; the booking has %v", days, own)
			}
			for _, d := range days {
				other := change
				other.StartDate, other.EndDate = d.StartDate, d.EndDate
				if err := quoteErr(w.QuoteChange(t.Context(), b.Token, other)); err != nil {
					t.Errorf("from %s to %s instead: %v", d.StartDate, d.EndDate, err)
				}
			}
		}
	})
}

// A car that is late can get no further days that are over by now.
//
// Red when: the longest extension is told without a look at the clock.
func TestNoExtensionThatIsOver(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		trip := freeTrip(t, w, anyCar, 3)
		b := w.held(t, trip, "maria")
		next := trip.EndDate.Add(2 + car(t, anyCar).TurnaroundDays)
		for _, id := range []string{b.ID, w.held(t, exodrive.TripRequest{CarID: anyCar, StartDate: next, EndDate: next + 3}, "next").ID} {
			if _, err := w.ConfirmBooking(ctx, desk, id); err != nil {
				t.Fatal(err)
			}
		}
		w.clock.Set(b.Pickup.At)
		if _, err := w.HandOver(ctx, desk, b.ID, unpaid(rental.HandOverRequest{Odometer: 40_000, Fuel: 8, Waive: []exodrive.HandOverCheck{exodrive.CheckOdometer}})); err != nil {
			t.Fatal(err)
		}
		for _, late := range []struct {
			days exodrive.Date
			want int
		}{{1, 1}, {3, 0}} {
			w.clock.Set(b.Return.At.AddDate(0, 0, int(late.days)))
			days := refusalOf(t, quoteErr(w.QuoteChange(ctx, b.Token, longer(trip, 6))), exodrive.DatesTaken).Alternatives.OtherDays
			if len(days) != late.want {
				t.Errorf("%d days late, offered are %v", late.days, days)
			}
			for _, d := range days {
				if err := quoteErr(w.QuoteChange(ctx, b.Token, exodrive.TripChange{EndDate: d.EndDate})); err != nil {
					t.Errorf("%d days late, until %s: %v", late.days, d.EndDate, err)
				}
			}
		}
	})
}
