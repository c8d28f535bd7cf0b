package rental_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
)

// ofState are the demo's bookings in a state.
func ofState(t testing.TB, state exodrive.BookingState) []exodrive.Booking {
	t.Helper()
	var list []exodrive.Booking
	for _, b := range fleet().Bookings {
		if b.State == state {
			list = append(list, b)
		}
	}
	if len(list) == 0 {
		t.Fatalf("no booking of the demo is %s", state)
	}
	return list
}

// Whoever looks at the demo's bookings finds what the product asks of its own: what is
// over is paid, who has a car has paid and left a deposit, and all of it is read back.
//
// Red when: seeding leaves out the lines, moves, readings or events of bookings.
func TestDemoBookingsAreAsTheProductMakesThem(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		for i, b := range fleet().Bookings {
			want := &fleet().Records[i]
			r, err := w.BookingRecord(ctx, admin, b.ID)
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Lines) != len(want.Lines) || len(r.Charges) != len(want.Charges) || len(r.Moves) != len(want.Moves) || len(r.Readings) != len(want.Readings) || len(r.Events) != len(want.Events) {
				t.Fatalf("%s %s was stored as %+v, want %+v", b.State, b.ID, r, want)
			}
			for i, e := range r.Events {
				if !e.At.Equal(want.Events[i].At) || e.Event != want.Events[i].Event {
					t.Errorf("%s: event %d is %s at %s, want %+v", b.ID, i, e.Event, e.At, want.Events[i])
				}
			}
			switch b.State {
			case exodrive.Active:
				if r.Account.PaidUp() != nil || r.Account.DepositHeld() != nil {
					t.Errorf("%s is under way: %q", b.ID, r.Account.Words)
				}
			case exodrive.Returned, exodrive.Completed, exodrive.Cancelled, exodrive.NoShow:
				if err := r.Account.Settled(); err != nil {
					t.Errorf("%s is %s: %v", b.ID, b.State, err)
				}
			}
		}
	})
}

// The demo goes on as it began: a car that is out costs a late day when it comes back
// nine hours late, and a rental that is back is completed without a reason.
//
// Red when: the terms of coming back are not stored, or a deposit is still held.
func TestDemoGoesOn(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		out := ofState(t, exodrive.Active)[0]
		r, err := w.BookingRecord(ctx, admin, out.ID)
		if err != nil {
			t.Fatal(err)
		}
		w.clock.Set(r.Return.At.Add(9 * time.Hour))
		back, err := w.TakeBack(ctx, admin, out.ID, rental.TakeBackRequest{Odometer: r.Readings[0].Odometer + 10, Fuel: exodrive.FullTank, DryRun: true})
		if err != nil || len(back.Charges) != 1 || back.Charges[0].Kind != exodrive.ChargeLate || back.Account.Due != back.Back.LateDay {
			t.Errorf("nine hours late costs %+v, %v; want a late day of %s", back, err, r.Back.LateDay)
		}
		if done, err := w.CompleteBooking(ctx, admin, ofState(t, exodrive.Returned)[0].ID, ""); err != nil || done.State != exodrive.Completed {
			t.Errorf("a rental that is back: %v", err)
		}
	})
}

// Of several servers that begin on an empty database one fills it; the others wait for it,
// for longer than anybody waits for a lock.
//
// Red when: who finds the database busy gives up.
func TestDemoIsFilledByAnother(t *testing.T) {
	t.Parallel()
	url := exotest.PostgresFrom(t, "nothing", func(testing.TB, string) {})
	first, second := newWorld(t, url), newWorld(t, url+"&lock_timeout=20")
	var all sync.WaitGroup
	filling, on := make(chan struct{}), make(chan struct{})
	all.Go(func() {
		fill := sync.OnceFunc(func() { close(filling); <-on })
		if err := first.Seed(t.Context(), fleet(), true, func(string, int) { fill() }); err != nil {
			t.Error(err)
		}
	})
	<-filling
	found := make(chan error)
	go func() { found <- second.CheckDemo(t.Context(), true) }()
	select {
	case err := <-found:
		t.Errorf("it does not wait: %v", err)
		close(on)
	case <-time.After(300 * time.Millisecond):
		close(on)
		if err := <-found; err != nil {
			t.Error(err)
		}
	}
	all.Wait()
}
