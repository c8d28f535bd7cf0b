package stress_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
	"github.com/exodrive/exodrive/stress"
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(exotest.Main(m))
}

// Many renters fight over a few cars for the same days, confirm, change, swap, cancel,
// send calls again and let holds run out: no two get the same day, and nothing is lost.
func TestOverlap(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "", nil, func(t *testing.T, url string) {
		a, err := stress.NewArena(t.Context(), url, 2)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := a.Close(); err != nil {
				t.Error(err)
			}
		})
		a.Sweep()
		o := stress.Overlap{Desks: []stress.Desk{a.Desk()}, Cars: a.Cars, From: a.From, Clients: 16, During: 3 * time.Second, Seed: 1}.Run(t.Context(), nil)
		t.Logf("%d tries, %d bookings, %d changed, %d swapped, %d sent again", o.Tries, o.Wins, o.Changed, o.Swapped, o.Again)
		if err := a.Check(t.Context(), o); err != nil {
			t.Error(err)
		}
		if o.Wins == 0 || o.Refusals == 0 || o.Changed == 0 {
			t.Errorf("%d won, %d were refused and %d changed, so nobody fought", o.Wins, o.Refusals, o.Changed)
		}

		// The check bites: a booking that a renter was told of and nobody has, and one that
		// came to be something that it cannot have become.
		o.Last["bkg_none"] = stress.Seen{State: exodrive.Confirmed}
		for id := range o.Last {
			o.Last[id] = stress.Seen{State: exodrive.NoShow}
			break
		}
		if err := a.Check(t.Context(), o); err == nil || !strings.Contains(err.Error(), "is lost") || !strings.Contains(err.Error(), "was no_show") {
			t.Errorf("planted faults: %v", err)
		}
	})
}

// broken is a desk that forgets keys, and fails now and then.
type broken struct{ n int }

func (d *broken) Book(context.Context, rental.BookRequest, string) (*rental.BookingView, error) {
	if d.n++; d.n%7 == 0 {
		return nil, errors.New("deadlock detected")
	}
	return &rental.BookingView{ID: exodrive.NewID(exodrive.BookingID, time.Now(), uint32(d.n)), State: exodrive.Held}, nil //nolint:gosec // small
}

func (d *broken) Cancel(ctx context.Context, _ string) (*rental.BookingView, error) {
	return d.Book(ctx, rental.BookRequest{}, "")
}

func (d *broken) Change(ctx context.Context, _ string, _ rental.ChangeRequest, _ string) (*rental.BookingView, error) {
	return d.Book(ctx, rental.BookRequest{}, "")
}

func (d *broken) Swap(ctx context.Context, _, _ string) (*rental.BookingView, error) {
	return d.Book(ctx, rental.BookRequest{}, "")
}

func (d *broken) Confirm(context.Context, string) (*rental.BookingView, error) {
	return nil, exodrive.Errorf(exodrive.Conflict, "It is over.")
}

// A desk that books twice for one key, or answers with a fault, is found.
func TestOverlapFindsABrokenDesk(t *testing.T) {
	o := stress.Overlap{Desks: []stress.Desk{&broken{}}, Cars: []string{"car_1"}, From: 1, Clients: 1, During: 50 * time.Millisecond, Seed: 1}.Run(t.Context(), nil)
	err := o.Judge(func(id string) (stress.Seen, error) { return o.Last[id], nil }, nil)
	if err == nil || !strings.Contains(err.Error(), "with one key") || !strings.Contains(err.Error(), "deadlock") {
		t.Errorf("it is judged %v", err)
	}
}
