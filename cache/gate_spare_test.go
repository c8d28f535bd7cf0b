package cache_test

import (
	"errors"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exodrive/exodrive/cache"
)

// Refreshes and warming begin only where a place is free, and callers get every
// place whatever else runs.
//
// Red when: trySpare does not look at the callers' places; or enter counts those of refreshes; or warming does not wait.
func TestGateLetsCallersFirst(t *testing.T) {
	in(t, func(t *testing.T) {
		f, n := gated(t, 2)
		f.expect("before", n, "1", "one", cache.Loaded)
		f.expect("before", n, "2", "one", cache.Loaded)
		time.Sleep(time.Minute) // both are aged now
		c := hold(n)
		for _, key := range []string{"1", "2"} {
			if got := ask(t.Context(), n.words, key); got.stale != cache.Refreshing {
				t.Errorf("an aged word: %v", got)
			}
		}
		synctest.Wait()
		if n.Stats().Loading != 2 {
			t.Fatalf("%d refreshes run, want 2", n.Stats().Loading)
		}
		callers := []<-chan seen{later(t.Context(), n.words, "3"), later(t.Context(), n.words, "4")}
		warmed := make(chan error, 1)
		go func() {
			_, err := n.words.Warm(t.Context(), "5")
			warmed <- err
		}()
		synctest.Wait()
		if c.running.Load() != 4 || n.Stats().Queued != 0 {
			t.Errorf("%d loads run, %d wait, want two refreshes and two of callers", c.running.Load(), n.Stats().Queued)
		}
		time.Sleep(5 * time.Second)
		if c.began.Load() != 4 {
			t.Error("warming did not wait for a free place")
		}
		c.letGo()
		for _, w := range callers {
			if got := <-w; got.err != nil || got.took != 5*time.Second {
				t.Errorf("a caller: %v", got)
			}
		}
		if err := <-warmed; err != nil {
			t.Errorf("warming: %v", err)
		}
		synctest.Wait() // a place is given back once its answer is out
		if s := n.Stats(); s.Loading+s.Queued > 0 {
			t.Errorf("%d load and %d wait for ever", s.Loading, s.Queued)
		}
	})
}

// While callers have all places nothing is refreshed, aged answers go out all the
// same, and the refresh comes later.
//
// Red when: refresh takes a place that is not free.
func TestGateHoldsRefreshesBack(t *testing.T) {
	in(t, func(t *testing.T) {
		f, n := gated(t, 1)
		f.expect("before", n, "1", "one", cache.Loaded)
		time.Sleep(time.Minute)
		c := hold(n)
		caller := later(t.Context(), n.words, "2")
		synctest.Wait()
		for range 20 {
			if got := ask(t.Context(), n.words, "1"); got.err != nil || got.stale != cache.Refreshing || got.took > 0 {
				t.Errorf("an aged word: %v", got)
			}
			time.Sleep(100 * time.Millisecond)
		}
		if c.began.Load() != 1 {
			t.Errorf("%d loads began, want the caller's alone", c.began.Load())
		}
		c.letGo()
		f.expectSeen("the caller", <-caller, "one", cache.Loaded)
		time.Sleep(time.Second)
		_ = ask(t.Context(), n.words, "1")
		synctest.Wait()
		f.expect("refreshed", n, "1", "one", cache.Memory)
		if loads := n.Stats().Families["word"].Loads; loads != 3 {
			t.Errorf("%d loads, want the refresh as the third", loads)
		}
	})
}

// What the remote cache has needs no place; and a load that gets none leaves its
// lease to others.
//
// Red when: a place is taken before the remote cache is asked; or a refused load keeps its lease.
func TestGateStandsBehindTheRemoteCache(t *testing.T) {
	in(t, func(t *testing.T) {
		f, remote, _ := withRemote(t, 2)
		small := newNode(t, f.Database, cache.Options{Journal: f.Database, Remote: remote, Loads: 1})
		for i := range 9 {
			f.aside(strconv.Itoa(i), "one")
		}
		settle()
		f.expect("on another node", f.nodes[0], "1", "one", cache.Loaded)
		synctest.Wait() // it is shared after it is here
		c := hold(small)
		held := later(t.Context(), small.words, "0")
		synctest.Wait()
		f.expect("without a place", small, "1", "one", cache.Far)
		if got := ask(t.Context(), small.words, "2"); !errors.Is(got.err, cache.ErrBusy) {
			t.Errorf("no place: %v", got)
		}
		if got := ask(t.Context(), f.nodes[1].words, "2"); got.value != "one" || got.took > 100*time.Millisecond {
			t.Errorf("on a node with places: %v", got)
		}
		c.letGo()
		f.expectSeen("the one with the place", <-held, "one", cache.Loaded)
	})
}

// While the journal does not answer, callers with marks load past the cache, and
// pass the gate all the same.
//
// Red when: unheard takes no place.
func TestGateBoundsLoadsPastTheCache(t *testing.T) {
	in(t, func(t *testing.T) {
		f, links := linked(t, 1, func(_ int, o *cache.Options) { o.Loads = 2 })
		n := f.nodes[0]
		f.aside("a", "one")
		settle()
		links[0].cut.Store(true)
		c := hold(n)
		carried := cache.WithMark(t.Context(), n.Epoch(), f.aside("b", "two").Mark())
		var waiting []<-chan seen
		for range 5 {
			waiting = append(waiting, later(carried, n.words, "a"))
		}
		time.Sleep(1500 * time.Millisecond)
		if c.most.Load() != 2 {
			t.Errorf("%d loads at once, want 2", c.most.Load())
		}
		c.letGo()
		refused := 0
		for _, w := range waiting {
			if got := <-w; errors.Is(got.err, cache.ErrBusy) {
				refused++
			} else if got.value != "one" {
				t.Errorf("%v", got)
			}
		}
		if refused != 3 {
			t.Errorf("%d refused, want 3", refused)
		}
	})
}

// A closed cache lets nobody wait.
//
// Red when: enterSpare does not end with the cache.
func TestGateEndsWithTheCache(t *testing.T) {
	in(t, func(t *testing.T) {
		_, n := gated(t, 1)
		c := hold(n)
		asked := later(t.Context(), n.words, "1")
		warmed := make(chan error, 1)
		synctest.Wait()
		go func() {
			_, err := n.words.Warm(t.Context(), "2")
			warmed <- err
		}()
		synctest.Wait()
		n.Close()
		if got := <-asked; got.err == nil && c.running.Load() > 0 {
			t.Errorf("the caller: %v", got)
		}
		if err := <-warmed; err == nil {
			t.Error("it was warmed by a closed cache")
		}
	})
}
