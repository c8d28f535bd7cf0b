package cache_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/cachetest"
)

// While the database is gone, what is in memory is served and marked as not
// verified; what is never to be stale is refused; when it is back, all is well
// without a restart.
//
// Red when: withoutDatabase does not look at the family's stale window; or down is never cleared.
func TestP8DatabaseIsGone(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFleet(t, 1, nil)
		n := f.nodes[0]
		f.aside("a", "one")
		settle()
		f.expect("before", n, "a", "one", cache.Loaded)
		_ = ask(t.Context(), n.days, "a")
		f.Stop()
		time.Sleep(bound)
		for range 3 {
			if got := ask(t.Context(), n.words, "a"); got.value != "one" || got.stale != cache.Unverifiable || got.Left != 0 {
				t.Errorf("a word: %v", got)
			}
			if got := ask(t.Context(), n.days, "a"); !errors.Is(got.err, cache.ErrStale) {
				t.Errorf("a day: %v, want ErrStale", got)
			}
			if got := ask(t.Context(), n.words, "never read"); !errors.Is(got.err, cache.ErrStale) {
				t.Errorf("a word that was never read: %v, want ErrStale", got)
			}
			time.Sleep(time.Second)
		}
		loads := n.loads.Load()
		_ = ask(t.Context(), n.words, "a")
		if !n.Stats().Down || n.loads.Load() != loads {
			t.Error("the database is asked for every read while it is known to be gone")
		}
		f.Start()
		f.aside("a", "two")
		time.Sleep(bound)
		f.expect("back again", n, "a", "two", cache.Loaded)
		if got := ask(t.Context(), n.days, "a"); got.value != "two" || got.stale != cache.NotStale || n.Stats().Down {
			t.Errorf("a day, back again: %v", got)
		}
	})
}

// Not even then is anything served past its hard end, nor what time alone has
// made wrong.
//
// Red when: withoutDatabase does not look at the hard end.
func TestP8HardEnd(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFleet(t, 1, nil)
		n := f.nodes[0]
		f.aside("a", "one")
		f.aside("until", "one")
		settle()
		n.hook.Store(&hook{after: func(ctx context.Context, k string) {
			if k == "until" {
				cache.Until(ctx, time.Now().Add(time.Minute))
			}
		}})
		_ = ask(t.Context(), n.words, "a")
		_ = ask(t.Context(), n.words, "until")
		f.Stop()
		time.Sleep(50 * time.Minute)
		if got := ask(t.Context(), n.words, "a"); got.stale != cache.Unverifiable {
			t.Errorf("within the hard end: %v", got)
		}
		if got := ask(t.Context(), n.words, "until"); !errors.Is(got.err, cache.ErrStale) {
			t.Errorf("what time has made wrong: %v", got)
		}
		time.Sleep(12 * time.Minute)
		if got := ask(t.Context(), n.words, "a"); !errors.Is(got.err, cache.ErrStale) {
			t.Errorf("past the hard end: %v", got)
		}
	})
}

// One slow statement, while the journal answers, is no reason to call the
// database gone.
//
// Red when: fly asks for the poll under the context of the load that has timed out.
func TestP8OneSlowLoadIsNotTheEnd(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFleet(t, 1, nil)
		n := f.nodes[0]
		f.aside("a", "one")
		f.aside("b", "one")
		settle()
		_ = ask(t.Context(), n.days, "a")
		n.hook.Store(&hook{before: func(ctx context.Context, _ string) { <-ctx.Done() }})
		if got := ask(t.Context(), n.words, "b"); !errors.Is(got.err, context.DeadlineExceeded) {
			t.Errorf("a load that hangs: %v", got)
		}
		n.hook.Store(&hook{})
		if n.Stats().Down {
			t.Error("one load that hung, and the database counts as gone")
		}
		f.write(n, "a", "two")
		if got := ask(t.Context(), n.days, "a"); got.value != "two" {
			t.Errorf("a day after that: %v", got)
		}
	})
}

// A loader's own error is no sign of anything.
//
// Red when: Unavailable is not asked.
func TestP8OtherErrorsPass(t *testing.T) {
	in(t, func(t *testing.T) {
		odd := errors.New("odd")
		f := newFleet(t, 1, func(_ int, o *cache.Options) { o.Unavailable = func(error) bool { return false } })
		n := f.nodes[0]
		family := cache.Register(n.Cache, cache.Family[string, string]{
			Name: "odd", Key: func(k string) string { return "odd:" + k }, Tags: func(string) []string { return nil },
			Load:  func(context.Context, string) (string, error) { return "", odd },
			Fresh: time.Minute, Stale: time.Hour,
		})
		settle()
		f.Stop()
		time.Sleep(bound)
		if got := ask(t.Context(), family, "a"); !errors.Is(got.err, odd) || errors.Is(got.err, cache.ErrStale) {
			t.Errorf("%v", got)
		}
		if got := ask(t.Context(), n.words, "a"); !errors.Is(got.err, cachetest.ErrDown) {
			t.Errorf("%v", got)
		}
	})
}

// A frozen monotonic clock, as on a machine that was suspended, does not keep
// answers alive: the wall clock ends the lease, one second late at most. A wall
// clock that is set back, or forward by hours, breaks nothing either.
//
// Red when: the lease does not look at the wall clock.
func TestSuspendedMachine(t *testing.T) {
	in(t, func(t *testing.T) {
		began := time.Now()
		var mu sync.Mutex
		var frozen, shift time.Duration // how long it slept; what the wall clock is set off
		var suspended time.Time
		clock := func() cache.Instant {
			mu.Lock()
			defer mu.Unlock()
			now := time.Now()
			mono := now.Sub(began) - frozen
			if !suspended.IsZero() {
				mono = suspended.Sub(began) - frozen
			}
			return cache.Instant{Mono: mono, Wall: now.Add(shift).UnixNano()}
		}
		f, links := linked(t, 1, func(_ int, o *cache.Options) { o.Clock = clock })
		n := f.nodes[0]
		f.aside("a", "one")
		settle()
		f.expect("before", n, "a", "one", cache.Loaded)

		mu.Lock()
		suspended = time.Now()
		mu.Unlock()
		links[0].cut.Store(true)
		f.aside("a", "two")
		time.Sleep(bound + time.Second)
		f.expect("awake again after bound + 1 s, and asked before the first poll", n, "a", "two", cache.Loaded)
		mu.Lock()
		frozen, suspended = time.Since(suspended), time.Time{}
		mu.Unlock()
		links[0].cut.Store(false)

		for _, off := range []time.Duration{-5 * time.Hour, 5 * time.Hour, 0} {
			mu.Lock()
			shift = off
			mu.Unlock()
			f.aside("a", off.String())
			time.Sleep(bound)
			f.expect("with the wall clock off by "+off.String(), n, "a", off.String(), cache.Loaded)
			f.expect("and again", n, "a", off.String(), cache.Memory)
		}
	})
}
