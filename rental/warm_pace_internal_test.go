package rental

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// paced is a pace whose pool is full when full says so.
func paced(full *bool) *pace {
	p := &pace{}
	p.setUp(func() bool { return *full })
	return p
}

// does is n loads that take some time each, one after the other.
func (p *pace) does(t *testing.T, n int, took time.Duration, err error) {
	t.Helper()
	for range n {
		if err := p.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.leave("details", took, err, err == nil)
	}
}

// Warming gives way when the database gets slow, when callers wait for connections
// and when loads fail: half as many loads at once, and one alone with rests. When
// all is well again it slowly goes faster.
//
// Red when: no load is too slow; a full pool counts for nothing; the limit never grows back, or at once.
func TestPace(t *testing.T) {
	for name, trouble := range map[string]struct {
		took time.Duration
		full bool
		err  error
	}{
		"slow loads":  {took: 80 * time.Millisecond},
		"a full pool": {took: 3 * time.Millisecond, full: true},
		"failures":    {took: 3 * time.Millisecond, err: errors.New("gone")},
	} {
		synctest.Test(t, func(t *testing.T) {
			full := false
			p := paced(&full)
			p.does(t, 100, 3*time.Millisecond, nil)
			if p.limit != mostWarming || p.rest != 0 {
				t.Fatalf("%s: at its best it has the limit %d and rests %s", name, p.limit, p.rest)
			}
			full = trouble.full
			p.does(t, 100, trouble.took, trouble.err)
			if p.limit != 1 {
				t.Errorf("%s: the limit is %d, want 1", name, p.limit)
			}
			begin := time.Now()
			p.does(t, 100, trouble.took, trouble.err)
			if rested := time.Since(begin); rested < trouble.took || rested > 100*longestRest {
				t.Errorf("%s: it rested %s in a hundred loads", name, rested)
			}
			full = false
			p.does(t, quickLoads, 3*time.Millisecond, nil)
			if p.limit == mostWarming {
				t.Errorf("%s: after %d quick loads the limit is %d already", name, quickLoads, p.limit)
			}
			p.does(t, 20*quickLoads, 3*time.Millisecond, nil)
			if p.limit != mostWarming {
				t.Errorf("%s: after many quick loads the limit is %d, want %d", name, p.limit, mostWarming)
			}
		})
	}
}

// No more load at once than the limit says, a place that becomes free is taken, and
// whoever waits can be ended.
//
// Red when: enter does not count; leave wakes nobody; enter ignores its context.
func TestPaceHasPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := false
		p := paced(&full)
		ctx, cancel := context.WithCancel(t.Context())
		entered, refused := 0, 0
		for range mostWarming + 2 {
			go func() {
				if p.enter(ctx) == nil {
					entered++
				} else {
					refused++
				}
			}()
			synctest.Wait()
		}
		if entered != mostWarming {
			t.Errorf("%d load at once, want %d", entered, mostWarming)
		}
		p.leave("list", time.Millisecond, nil, true)
		synctest.Wait()
		if entered != mostWarming+1 {
			t.Errorf("after one has left %d have entered, want %d", entered, mostWarming+1)
		}
		cancel()
		synctest.Wait()
		if refused != 1 {
			t.Errorf("%d were refused at the end, want 1", refused)
		}
	})
}
