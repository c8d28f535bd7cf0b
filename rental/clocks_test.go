package rental_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
	"github.com/exodrive/exodrive/sqlstore"
)

// wrongClock is a machine's clock that is off.
type wrongClock struct{ off atomic.Int64 }

func (c *wrongClock) now() time.Time { return time.Now().Add(time.Duration(c.off.Load())) }

// newWrongNode is a node of a fleet on one server whose machine's clock is off, with holds
// of a quarter of an hour.
func newWrongNode(t *testing.T, url string, off time.Duration) (*node, *wrongClock) {
	t.Helper()
	c := &wrongClock{}
	c.off.Store(int64(off))
	store, err := sqlstore.Open(t.Context(), sqlstore.Config{URL: url, Now: c.now, ServerTime: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	policy := exodrive.DefaultPolicy
	policy.HoldSeconds = 15 * 60
	s, err := rental.New(t.Context(), rental.Options{Store: store, Cache: newCache(t, store), Now: store.Now, Zone: zone, Policy: policy})
	if err != nil {
		t.Fatal(err)
	}
	return &node{Service: s, store: store}, c
}

// A hold lasts as long as the renter was told, whichever node he asked and whichever looks
// after it: one whose clock is 20 minutes fast does not end it, by its sweep, by its jobs
// or for somebody who wants the days, and one that is 20 minutes slow neither promises
// what is over already nor keeps what is. The same after a clock was set while its node
// ran.
//
// Red when: the store goes by the machine's clock; or looks at the server's only once.
func TestClocksThatAreWrong(t *testing.T) {
	t.Parallel()
	url := exotest.PostgresFrom(t, "fleet", seeded)
	db, from := newPrompt(t, url), exodrive.DateOf(time.Now().UTC())+300
	db.exec(`DELETE FROM car_availability WHERE date >= $1`, from.String())
	db.exec(`DELETE FROM bookings WHERE blocked_until > $1`, from.String())
	const off = 20 * time.Minute
	fast, _ := newWrongNode(t, url, off)
	slow, _ := newWrongNode(t, url, -off)
	set, clock := newWrongNode(t, url, 0)
	book := func(n *node, days int, who string) (*rental.BookingView, error) {
		start := from.Add(days)
		return n.Book(t.Context(), exodrive.Actor{}, bookingOf(exodrive.TripRequest{CarID: car(t, anyCar).ID, StartDate: start, EndDate: start.Add(3)}, who), rental.Call{})
	}
	nodes := map[string]*node{"fast": fast, "slow": slow, "set": set}
	held := map[string]string{}
	for i, name := range []string{"fast", "slow", "set"} {
		before := time.Now()
		b, err := book(nodes[name], 20*i, name)
		if err != nil {
			t.Fatal(err)
		}
		const slack = 5 * time.Second // of a busy machine
		if lasts := b.HoldUntil.Sub(before); lasts < 15*time.Minute-slack || time.Until(*b.HoldUntil) > 15*time.Minute+slack {
			t.Errorf("the node that is %s holds the days for %s", name, lasts)
		}
		held[name] = b.ID
	}
	clock.off.Store(int64(off))
	for name, n := range nodes {
		if _, err := n.SweepHolds(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := n.RunJobs(t.Context()); err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			if _, err := book(n, 20*i, "other"); exodrive.CodeOf(err) != exodrive.DatesTaken {
				t.Errorf("the node that is %s lets another renter book days that are held: %v", name, err)
			}
		}
	}
	state := func(want exodrive.BookingState) {
		t.Helper()
		for name, id := range held {
			if b, err := fast.store.Booking(t.Context(), id); err != nil || b.State != want {
				t.Errorf("what the node that is %s held is %s, want %s (%v)", name, b.State, want, err)
			}
		}
	}
	state(exodrive.Held)
	over := func() {
		for _, id := range held {
			db.exec(`UPDATE bookings SET state = 'held', hold_until = $2 WHERE id = $1`, id, time.Now().Add(-time.Second).UnixMilli())
		}
	}
	over()
	if _, err := slow.SweepHolds(t.Context()); err != nil {
		t.Fatal(err)
	}
	state(exodrive.Expired)
	over()
	clock.off.Store(-int64(off))
	for i := range 3 {
		if _, err := book(set, 20*i, "other"); err != nil {
			t.Errorf("days whose hold is over: %v", err)
		}
	}
	state(exodrive.Expired)
}

// Events are told in the order in which they happened, also where the clock was set back in
// between.
//
// Red when: an id is made of the clock alone.
func TestEventsAfterTheClockWasSetBack(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		b := w.held(t, freeTrip(t, w, anyCar, 3), "maria")
		w.clock.Advance(-time.Hour)
		if _, err := w.ConfirmBooking(t.Context(), desk, b.ID); err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(2 * time.Hour)
		if _, err := w.CancelForRenter(t.Context(), desk, b.ID, "changed plans"); err != nil {
			t.Fatal(err)
		}
		events, err := w.store.Events(t.Context(), b.ID)
		if err != nil || len(events) != 3 || events[0].Event != "book" || events[1].Event != "confirm" || events[2].Event != "cancel" {
			t.Errorf("the events are %+v, %v", events, err)
		}
	})
}
