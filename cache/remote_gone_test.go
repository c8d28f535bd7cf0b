package cache_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/cachetest"
)

// A remote cache that hangs, or fails, costs no caller an error, and at most 20 ms
// until the breaker opens; then nothing. When it is back, it is used again.
//
// Red when: the calls have no deadline of their own; or the breaker never opens; or never closes; or a caller waits for the probe.
func TestP7RemoteIsGone(t *testing.T) {
	in(t, func(t *testing.T) {
		f, _, faulty := withRemote(t, 1)
		n := f.nodes[0]
		for _, fault := range []*cachetest.Switch{&faulty.Hangs, &faulty.Fails} {
			fault.On()
			free := 0
			for i := range 40 {
				key := string(rune('A'+i)) + "x"
				f.aside(key, "one")
				got := ask(t.Context(), n.words, key)
				if got.err != nil || got.took > 20*time.Millisecond {
					t.Errorf("read %d: %v", i, got)
				}
				if got.took == 0 {
					free++
				}
			}
			if free < 35 || !n.Stats().Remote.Resting {
				t.Errorf("%d of 40 reads cost nothing, want all but those that open the breaker", free)
			}
			tried := faulty.Tried.Load()
			for range 10 {
				if got := ask(t.Context(), n.words, "missing"+time.Now().String()); got.took > 0 {
					t.Errorf("beside an open breaker: %v", got)
				}
				time.Sleep(500 * time.Millisecond)
			}
			if more := faulty.Tried.Load() - tried; more < 3 || more > 6 {
				t.Errorf("%d calls in 5 s beside an open breaker, want about one a second", more)
			}
			fault.Off()
			time.Sleep(2 * time.Second)
			_ = ask(t.Context(), n.words, "probe"+time.Now().String())
			synctest.Wait()
			if n.Stats().Remote.Resting {
				t.Error("the breaker stays open")
			}
		}
	})
}

// Who gives up while the remote cache is slow is gone in 20 ms, and those who wait with
// him have what it answers, or else a load.
//
// Red when: glance asks under the caller's context; or leaves the flight to nobody when it has no answer.
func TestP7CallerGivesUp(t *testing.T) {
	for name, c := range map[string]struct {
		delay time.Duration
		layer cache.Layer
	}{"late": {10 * time.Millisecond, cache.Far}, "never": {time.Hour, cache.Loaded}} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T) {
				f, _, faulty := withRemote(t, 2)
				f.aside("a", "one")
				settle()
				f.expect("filled", f.nodes[0], "a", "one", cache.Loaded)
				n := f.nodes[1]
				faulty.Delay = c.delay
				faulty.Hangs.On()
				ctx, giveUp := context.WithTimeout(t.Context(), 5*time.Millisecond)
				defer giveUp()
				first := later(ctx, n.words, "a")
				synctest.Wait()
				second := later(t.Context(), n.words, "a")
				if got := <-first; got.took > 20*time.Millisecond || got.err == nil && c.layer == cache.Loaded {
					t.Errorf("who gave up: %v", got)
				}
				f.expectSeen("who waited with him", <-second, "one", c.layer)
			})
		})
	}
}

// A remote cache whose client panics is an error of the reads it breaks, and of
// nothing else.
//
// Red when: glance lets a panic through to the caller, or leaves his flight in the air.
func TestP11ClientPanics(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFleet(t, 1, func(_ int, o *cache.Options) { o.Remote = panicking{cachetest.NewRemote()} })
		f.aside("a", "one")
		settle()
		for range 2 {
			if got := ask(t.Context(), f.nodes[0].words, "a"); got.err == nil || got.took > 0 {
				t.Errorf("a read beside a broken client: %v", got)
			}
		}
	})
}

type panicking struct{ cache.Remote }

func (panicking) Take(context.Context, cache.Wanted) (cache.Taken, error) {
	panic("a bug in a client")
}
