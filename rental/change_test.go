package rental_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/rental"
)

// longer is a trip that ends some days later.
func longer(trip exodrive.TripRequest, days int) exodrive.TripChange {
	return exodrive.TripChange{EndDate: trip.EndDate.Add(days)}
}

func (w *world) held(t testing.TB, r exodrive.TripRequest, name string) *rental.BookingView {
	t.Helper()
	b, err := w.Book(t.Context(), exodrive.Actor{}, bookingOf(r, name), rental.Call{Address: name})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A renter asks what a longer trip would cost, and has it at that price: the days come
// with it, the link stays, and a call that is sent again changes nothing more.
func TestChangeBooking(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		trip := freeTrip(t, w, anyCar, 4)
		b := w.held(t, trip, "maria")
		ask := longer(trip, 2)
		q, err := w.QuoteChange(ctx, b.Token, ask)
		if err != nil || q.Difference.Amount <= 0 || q.Before != b.Total || len(q.Words) == 0 {
			t.Fatalf("the quote: %+v, %v", q, err)
		}
		if again, err := w.Booking(ctx, b.Token); err != nil || again.Version != b.Version || again.LastDay != b.LastDay {
			t.Errorf("asking changed it: %+v, %v", again, err)
		}
		r, c := rental.ChangeRequest{TripChange: ask, Quote: q.Text}, rental.Call{Key: "one", Route: "change"}
		changed, err := w.ChangeBooking(ctx, b.Token, r, c)
		if err != nil {
			t.Fatal(err)
		}
		if changed.ID != b.ID || changed.Token != b.Token || changed.State != exodrive.Held || changed.LastDay != b.LastDay+2 || changed.Total != q.Total || !slices.Equal(changed.Lines, q.Lines) ||
			!changed.HoldUntil.Equal(*b.HoldUntil) || !slices.Equal(changed.Rules, q.Rules) {
			t.Errorf("it became %+v, the quote said %+v", changed, q)
		}
		again, err := w.ChangeBooking(ctx, b.Token, r, c)
		if err != nil || again.Version != changed.Version {
			t.Errorf("sent again: %+v, %v; want version %d", again, err, changed.Version)
		}
		r.EndDate++
		refusalOf(t, bookErr(w.ChangeBooking(ctx, b.Token, r, c)), exodrive.KeyReused)
		c.Key = ""
		refusalOf(t, bookErr(w.ChangeBooking(ctx, b.Token, r, c)), exodrive.Invalid) // the quote of another change
		r = rental.ChangeRequest{TripChange: exodrive.TripChange{StartDate: trip.StartDate + 1}, ExpectedTotal: &exodrive.Money{Amount: 1, Currency: "USD"}}
		if got := refusalOf(t, bookErr(w.ChangeBooking(ctx, b.Token, r, c)), exodrive.PriceChanged); got.NewChange == nil || got.NewChange.Before != changed.Total {
			t.Errorf("another price is refused with %+v", got)
		}
		old, err := w.QuoteChange(ctx, b.Token, r.TripChange)
		if err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(31 * time.Minute)
		r.ExpectedTotal, r.Quote = nil, old.Text
		now := refusalOf(t, bookErr(w.ChangeBooking(ctx, b.Token, r, c)), exodrive.QuoteExpired).NewChange
		if now == nil {
			t.Fatal("an old quote is refused without a new one")
		}
		r.Quote = now.Text
		if got, err := w.ChangeBooking(ctx, b.Token, r, c); err != nil || got.FirstDay != b.FirstDay+1 {
			t.Errorf("at the new quote: %+v, %v", got, err)
		}
		agrees(t, w)
		// The day it gave back is anybody's, the day it took is nobody's.
		short := exodrive.TripRequest{CarID: anyCar, StartDate: trip.StartDate - 3, EndDate: trip.StartDate}
		w.held(t, short, "early")
		late := exodrive.TripRequest{CarID: anyCar, StartDate: trip.EndDate + 1, EndDate: trip.EndDate + 5}
		refusalOf(t, bookErr(w.Book(ctx, exodrive.Actor{}, bookingOf(late, "late"), rental.Call{})), exodrive.DatesTaken)
		agrees(t, w)
	})
}

// A change into days that somebody has is refused with the longest trip that can be had,
// and nothing of the booking moves.
func TestChangeIntoTakenDays(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		trip := freeTrip(t, w, anyCar, 3)
		b := w.held(t, trip, "maria")
		other := w.held(t, exodrive.TripRequest{CarID: anyCar, StartDate: trip.EndDate + 4, EndDate: trip.EndDate + 7}, "other")
		r := rental.ChangeRequest{TripChange: longer(trip, 6)}
		refusal := refusalOf(t, bookErr(w.ChangeBooking(ctx, b.Token, r, rental.Call{})), exodrive.DatesTaken)
		if refusal.TakenDays[0] != other.FirstDay || len(refusal.Alternatives.OtherDays) == 0 {
			t.Fatalf("the refusal: %+v", refusal)
		}
		_, err := w.QuoteChange(ctx, b.Token, r.TripChange)
		refusalOf(t, err, exodrive.DatesTaken)
		for _, d := range refusal.Alternatives.OtherDays {
			if _, err := w.QuoteChange(ctx, b.Token, exodrive.TripChange{StartDate: d.StartDate, EndDate: d.EndDate}); err != nil {
				t.Errorf("the alternative %v is refused: %v", d, err)
			}
		}
		longest := refusal.Alternatives.OtherDays[0]
		if longest.StartDate != trip.StartDate || longest.EndDate <= trip.EndDate {
			t.Errorf("the first alternative is %v, want the same pick-up and a later return than %s", longest, trip.EndDate)
		}
		if got, err := w.Booking(ctx, b.Token); err != nil || got.Version != b.Version {
			t.Errorf("after a refusal: %+v, %v", got, err)
		}
		agrees(t, w)
	})
}

// Of a renter who extends and another who books the next days at the same moment, one has
// them, and the other is told which are gone.
func TestExtensionAgainstABooking(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		trip := freeTrip(t, w, anyCar, 3)
		b := w.held(t, trip, "maria")
		next := exodrive.TripRequest{CarID: anyCar, StartDate: trip.EndDate + 2, EndDate: trip.EndDate + 5}
		for range 4 {
			var extended, booked error
			var other *rental.BookingView
			var both sync.WaitGroup
			both.Go(func() {
				_, extended = w.ChangeBooking(ctx, b.Token, rental.ChangeRequest{TripChange: longer(trip, 3)}, rental.Call{})
			})
			both.Go(func() { other, booked = w.Book(ctx, exodrive.Actor{}, bookingOf(next, "other"), rental.Call{}) })
			both.Wait()
			switch {
			case extended == nil:
				refusalOf(t, booked, exodrive.DatesTaken)
				_, err := w.ChangeBooking(ctx, b.Token, rental.ChangeRequest{TripChange: exodrive.TripChange{EndDate: trip.EndDate}}, rental.Call{})
				if err != nil {
					t.Fatal(err)
				}
			case booked == nil:
				refusalOf(t, extended, exodrive.DatesTaken)
				if _, err := w.CancelBooking(ctx, other.Token); err != nil {
					t.Fatal(err)
				}
			default:
				t.Fatalf("neither has the days: %v; %v", extended, booked)
			}
			agrees(t, w)
		}
	})
}
