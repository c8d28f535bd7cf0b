package rental

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

// forgetful is an Asked that is never there.
type forgetful struct{}

func (forgetful) Add(context.Context, map[string]float64) error { return errors.New("gone") }
func (forgetful) Top(context.Context, int) ([]string, error)    { return nil, errors.New("gone") }

// Counting a call costs nothing that a collector would have to take away, is worth
// half after a day, and nothing after some; and it is bounded, also while the counts
// cannot be shared.
//
// Red when: note makes something; counts do not decay; a map grows with what strangers ask.
func TestAskedIsBoundedAndFades(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	a := newAsked(forgetful{}, func() time.Time { return now })
	const car = "car_01kas0f3m2x7h9tq"
	for range 100 * askedSample {
		a.note(car)
	}
	if n := testing.AllocsPerRun(1000, func() { a.note(car) }); n > 0 {
		t.Errorf("noting a call makes %v things", n)
	}
	a.fold()
	first := a.counts[car]
	if first < 50*askedSample || first > 300*askedSample {
		t.Errorf("%d calls count for %v", 100*askedSample, first)
	}
	now = now.Add(24 * time.Hour)
	a.fold()
	if half := a.counts[car]; half < 0.49*first || half > 0.51*first {
		t.Errorf("after a day %v calls are worth %v", first, half)
	}
	now = now.Add(-48 * time.Hour) // a clock that is set back
	a.fold()
	if kept := a.counts[car]; kept > 0.51*first {
		t.Errorf("a clock that is set back makes %v calls worth %v", first, kept)
	}
	for round := range 3 {
		for i := range 2 * mostAsked {
			add(a.fresh, fmt.Sprint("stranger ", round, i), 1)
		}
		if err := a.share(t.Context()); err == nil {
			t.Error("a share that failed is told as done")
		}
	}
	if len(a.counts) > mostAsked || len(a.unsent) > mostAsked || len(a.fresh) > 0 {
		t.Errorf("%d names are counted, %d wait to be told, %d are new", len(a.counts), len(a.unsent), len(a.fresh))
	}
	if often := a.often(t.Context()); often.of(car) <= often.of("stranger 11") || often.of(car) != len(a.counts) {
		t.Errorf("strangers made the car forgotten: its rank is %d of %d", often.of(car), len(a.counts))
	}
	now = now.Add(30 * 24 * time.Hour)
	a.fold()
	if len(a.counts) > 0 {
		t.Errorf("after a month %d names are left", len(a.counts))
	}
}
