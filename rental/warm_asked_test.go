package rental_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
)

// steps drive the clockwork of a service: each lets it look at the clock once.
type steps struct {
	looked chan struct{} // it waits for the next step
	next   chan struct{}
}

// stepped is the option that hands a service's pauses to the test.
func stepped(s *steps) func(*rental.Options) {
	*s = steps{make(chan struct{}), make(chan struct{})}
	return func(o *rental.Options) {
		o.Pause = func(ctx context.Context, _ time.Duration) {
			for _, c := range []chan struct{}{s.looked, s.next} {
				select {
				case c <- struct{}{}:
				case <-ctx.Done():
				}
			}
		}
	}
}

// step lets the service look once more and waits until it has.
func (s *steps) step() {
	<-s.next
	<-s.looked
}

// tally is an Asked in memory, as a remote one is: it may be gone.
type tally struct {
	mu     sync.Mutex
	counts map[string]float64
	gone   bool
}

func (t *tally) Add(_ context.Context, counts map[string]float64) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.gone {
		return errors.New("gone")
	}
	for name, n := range counts {
		t.counts[name] += n
	}
	return nil
}

func (t *tally) Top(_ context.Context, n int) ([]string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.gone {
		return nil, errors.New("gone")
	}
	names := slices.SortedFunc(maps.Keys(t.counts), func(a, b string) int { return int(t.counts[b] - t.counts[a]) })
	return names[:min(n, len(names))], nil
}

func (t *tally) set(gone bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.gone = gone
}

// often asks often enough that it is surely counted.
const often = 1000

// firstCars are the first two cars whose details a node loads when it warms. Several are
// loaded at once, and which of these comes first is chance.
func firstCars(t testing.TB, n *node) (first []string) {
	t.Helper()
	before := len(n.args())
	n.warm(t, rental.WarmRequest{Cars: true})
	for _, arg := range n.args()[before:] {
		for _, c := range public() {
			if arg == fmt.Sprint([]any{c.ID}) && !slices.Contains(first, c.Slug) { // a list's cards are asked for together
				first = append(first, c.Slug)
			}
		}
	}
	return first[:min(2, len(first))]
}

// What is asked most is warmed first, cars and lists. What one node was asked the
// others know if they share it; a node that knows of nothing begins in the order of
// the list.
//
// Red when: reads are not counted; the order of the plan ignores the counts; nothing is shared, or what could not be shared is lost.
func TestMostAskedIsWarmedFirst(t *testing.T) {
	eachFleet(t, func(t *testing.T, url string) {
		clock, shared := exotest.Clock(now), &tally{counts: map[string]float64{}}
		unlisted := car(t, unavailableCar) // the last in every order
		var work steps
		busy := newNode(t, url, clock, stepped(&work), func(o *rental.Options) { o.Asked = shared })
		shared.set(true)
		busy.Start()
		<-work.looked
		const list = "make=porsche&sort=price&limit=24"
		for range often {
			if _, err := busy.Car(t.Context(), unlisted.Slug); err != nil {
				t.Fatal(err)
			}
			if _, err := busy.Cars(t.Context(), ask(t, list)); err != nil {
				t.Fatal(err)
			}
		}
		work.step() // it cannot tell
		shared.set(false)
		work.step()
		told := maps.Clone(shared.counts)
		if n := told[unlisted.ID]; n < often/2 || n > often*2 || told[ask(t, list).Key()] < often/2 || len(told) != 2 {
			t.Errorf("a node that was asked %d times for a car and a list tells of %v", often, told)
		}
		work.step()
		if !maps.Equal(told, shared.counts) {
			t.Errorf("it tells again: %v", shared.counts)
		}

		for name, test := range map[string]struct {
			asked rental.Asked
			car   string
			layer cache.Layer
		}{"a node that shares": {shared, unlisted.Slug, cache.Memory}, "a node by itself": {nil, firstListed(t, busy), cache.Loaded}} {
			n := newNode(t, url, clock, func(o *rental.Options) { o.Asked = test.asked })
			if got := firstCars(t, n); !slices.Contains(got, test.car) {
				t.Errorf("%s warms %q first, want %s", name, got, test.car)
			}
			page, err := n.Cars(t.Context(), ask(t, list))
			if err != nil || page.Layer != test.layer {
				t.Errorf("%s has the list that is asked often in layer %d (%v), want %d", name, page.Layer, err, test.layer)
			}
		}
		shared.set(true) // what it has counted itself serves as well
		if err := busy.ClearCache(t.Context(), admin, ""); err != nil {
			t.Fatal(err)
		}
		if got := firstCars(t, busy); !slices.Contains(got, unlisted.Slug) {
			t.Errorf("the node that was asked warms %q first, want %s", got, unlisted.Slug)
		}
		clock.Advance(40 * 24 * time.Hour)
		last := newNode(t, url, clock, func(o *rental.Options) { o.Asked = shared })
		if got := firstCars(t, last); !slices.Contains(got, firstListed(t, busy)) {
			t.Errorf("a node that cannot learn what is asked warms %q first, want %s", got, firstListed(t, busy))
		}
	})
}

// firstListed is the first car of the list.
func firstListed(t testing.TB, n *node) string {
	t.Helper()
	page, err := cache.Value(n.Cars(t.Context(), ask(t, "")))
	if err != nil {
		t.Fatal(err)
	}
	return page.Cars[0].Slug
}

// A list for days that are over is not warmed, however often it was asked for.
//
// Red when: the plan takes every list that was counted.
func TestListsOfThePastAreNotWarmed(t *testing.T) {
	eachFleet(t, func(t *testing.T, url string) {
		clock := exotest.Clock(now)
		question := ask(t, "startDate=2026-11-25&endDate=2026-11-27")
		shared := &tally{counts: map[string]float64{question.Key(): 9, "cars:list:1:12:#0011": 8, "junk": 7, "cars:list:1:99:": 6}}
		for want, at := range map[int]time.Time{1: now, 0: now.Add(5 * 24 * time.Hour)} {
			clock.Set(at)
			n := newNode(t, url, clock, func(o *rental.Options) { o.Asked = shared })
			n.warm(t, rental.WarmRequest{Cars: true})
			if got := n.loads()["list-on-dates"]; got != want {
				t.Errorf("on %s %d lists with days from %s on were warmed, want %d", at.Format(time.DateOnly), got, question.Start, want)
			}
		}
	})
}
