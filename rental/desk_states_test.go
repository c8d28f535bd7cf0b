package rental_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/rental"
)

// deeds make each event happen to a booking, as staff or the house does.
var deeds = map[exodrive.BookingEvent]func(ctx context.Context, w *world, b *exodrive.Booking) error{
	exodrive.ConfirmBooking: func(ctx context.Context, w *world, b *exodrive.Booking) error {
		return bookErr(w.ConfirmBooking(ctx, desk, b.ID))
	},
	exodrive.CancelBooking: func(ctx context.Context, w *world, b *exodrive.Booking) error {
		return bookErr(w.CancelForRenter(ctx, desk, b.ID, "x"))
	},
	exodrive.HandOver: func(ctx context.Context, w *world, b *exodrive.Booking) error {
		last, err := w.store.Odometer(ctx, b.CarID)
		if err != nil {
			return err
		}
		return recordErr(w.HandOver(ctx, desk, b.ID, unpaid(rental.HandOverRequest{Odometer: last, Fuel: 8})))
	},
	exodrive.TakeBack: func(ctx context.Context, w *world, b *exodrive.Booking) error {
		last, err := w.store.Odometer(ctx, b.CarID)
		if err != nil {
			return err
		}
		return recordErr(w.TakeBack(ctx, desk, b.ID, rental.TakeBackRequest{Odometer: last, Fuel: 8}))
	},
	exodrive.CompleteBooking: func(ctx context.Context, w *world, b *exodrive.Booking) error {
		return recordErr(w.CompleteBooking(ctx, desk, b.ID, "x"))
	},
	exodrive.MissPickup: func(ctx context.Context, w *world, b *exodrive.Booking) error {
		return recordErr(w.MissPickup(ctx, desk, b.ID, "x"))
	},
	exodrive.ChangeBooking: func(ctx context.Context, w *world, b *exodrive.Booking) error {
		later := exodrive.TripChange{EndDate: b.Terms.Return.Date + 1}
		return recordErr(w.ChangeForRenter(ctx, desk, b.ID, rental.AnyVersion, rental.StaffChange{TripChange: later, Reason: "x"}))
	},
	exodrive.SwapCar: func(ctx context.Context, w *world, b *exodrive.Booking) (err error) {
		for _, c := range fleet().Cars { // the first that is free
			if err = recordErr(w.SwapCar(ctx, desk, b.ID, rental.AnyVersion, rental.Swap{CarID: c.ID, Reason: "x"})); err == nil {
				return nil
			}
		}
		return err
	},
	exodrive.ExpireHold: func(ctx context.Context, w *world, _ *exodrive.Booking) error { return second(w.SweepHolds(ctx)) },
}

// roads lead a new booking to each state.
var roads = map[exodrive.BookingState][]exodrive.BookingEvent{
	exodrive.Held:      {},
	exodrive.Confirmed: {exodrive.ConfirmBooking},
	exodrive.Active:    {exodrive.ConfirmBooking, exodrive.HandOver},
	exodrive.Returned:  {exodrive.ConfirmBooking, exodrive.HandOver, exodrive.TakeBack},
	exodrive.Completed: {exodrive.ConfirmBooking, exodrive.HandOver, exodrive.TakeBack, exodrive.CompleteBooking},
	exodrive.Expired:   {exodrive.ExpireHold},
	exodrive.Cancelled: {exodrive.CancelBooking},
	exodrive.NoShow:    {exodrive.ConfirmBooking, exodrive.MissPickup},
}

// happen makes an event happen at a time at which it can.
func happen(t testing.TB, w *world, b *exodrive.Booking, e exodrive.BookingEvent) error {
	t.Helper()
	switch e {
	case exodrive.HandOver, exodrive.TakeBack, exodrive.MissPickup, exodrive.CompleteBooking:
		w.clock.Set(b.Terms.Pickup.At.Add(time.Hour))
	case exodrive.ExpireHold:
		w.clock.Set(b.CreatedAt.Add(25 * time.Hour))
	}
	return deeds[e](t.Context(), w, b)
}

// Every event, tried on a booking in every state, leads where the table says, with the
// days that the state takes and one more line of history, or is refused and leaves
// everything as it was. Nobody can expire what is not held: the house does it, and leaves
// it alone.
//
// Red when: a use-case goes past the table; the days do not follow the state.
func TestEveryStateAndEventAtTheDesk(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		n := 0
		for _, from := range exodrive.BookingStates {
			for _, e := range exodrive.BookingEvents {
				w.clock.Set(now.Add(time.Duration(n) * time.Second))
				trip := freeTrip(t, w, w.create(t, fmt.Sprint("Pagani ", n)).Slug, 3)
				n++
				view, err := w.Book(t.Context(), desk, bookingOf(trip, "maria"), rental.Call{})
				if err != nil {
					t.Fatal(err)
				}
				before := w.look(t, view.ID)
				for _, step := range roads[from] {
					if err := happen(t, w, before.b, step); err != nil {
						t.Fatalf("on the way to %s, %s: %v", from, step, err)
					}
				}
				before = w.look(t, view.ID)
				want, refused := from.After(e)
				err = happen(t, w, before.b, e)
				after := w.look(t, view.ID)
				switch {
				case e == exodrive.ExpireHold && refused != nil:
					if err != nil || after.text != before.text {
						t.Errorf("%s, swept: %v, it was %s and is %s", from, err, before.text, after.text)
					}
				case refused != nil:
					if exodrive.CodeOf(err) != exodrive.Conflict || after.text != before.text || !strings.Contains(err.Error(), refused.Error()) {
						t.Errorf("%s, %s: %v, want %v; it was %s and is %s", from, e, err, refused, before.text, after.text)
					}
				case err != nil || after.b.State != want || after.events != before.events+1 || (after.days > 0) != want.Occupies():
					t.Errorf("%s, %s: %v, leads to %s with %d days and %d events more, want %s", from, e, err, after.b.State, after.days, after.events-before.events, want)
				}
			}
		}
		w.clock.Set(now.Add(time.Duration(n) * time.Second))
		agrees(t, w)
	})
}

// look is how a booking stands.
type look struct {
	b            *exodrive.Booking
	days, events int
	text         string
}

func (w *world) look(t testing.TB, id string) look {
	t.Helper()
	b, err := w.store.Booking(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	taken, err := w.store.TakenDays(t.Context(), b.CarID, exodrive.Days{Start: b.Days.Start, End: b.BlockedUntil}, "")
	if err != nil {
		t.Fatal(err)
	}
	events, err := w.store.Events(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	words := []string{string(b.State), b.UpdatedAt.String(), b.Days.Start.String(), b.BlockedUntil.String()}
	for _, d := range taken {
		words = append(words, d.Date.String())
	}
	return look{b, len(taken), len(events), strings.Join(slices.Concat(words, make([]string, len(events))), " ")}
}
