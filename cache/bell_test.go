package cache_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/cachetest"
)

// A ring tells what was written: another node refuses the old value before it has
// read the journal. What a ring of another epoch tells is ignored.
//
// Red when: heard raises nothing; or does not compare the epochs.
func TestP2TheRingCarriesTheWrite(t *testing.T) {
	in(t, func(t *testing.T) {
		bell := cachetest.NewBell()
		f, links := linked(t, 2, func(_ int, o *cache.Options) { o.Bell = bell })
		there := f.nodes[1]
		f.aside("a", "one")
		settle()
		f.expect("before", there, "a", "one", cache.Loaded)
		links[1].cut.Store(true)
		if err := bell.Ring(t.Context(), cache.News{Epoch: 77, Written: cache.Written{{Tag: "word:a", Mark: 1 << 40}}}); err != nil {
			t.Fatal(err)
		}
		f.expect("after news of another epoch", there, "a", "one", cache.Memory)
		f.write(f.nodes[0], "a", "two")
		f.expect("after the ring, without a poll", there, "a", "two", cache.Loaded)
		f.expect("which is kept", there, "a", "two", cache.Memory)
	})
}

// A ring that tells nothing, as those of Postgres, has the journal read at once.
//
// Red when: heard does not have the journal read.
func TestP2ABareRing(t *testing.T) {
	in(t, func(t *testing.T) {
		bell := cachetest.NewBell()
		f := newFleet(t, 1, func(_ int, o *cache.Options) { o.Bell = bell })
		n := f.nodes[0]
		f.aside("a", "one")
		settle()
		f.expect("before", n, "a", "one", cache.Loaded)
		f.aside("a", "two")
		f.expect("before the ring", n, "a", "one", cache.Memory)
		if err := bell.Ring(t.Context(), cache.News{}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		f.expect("after it, long before the next poll", n, "a", "two", cache.Loaded)
	})
}

// Of two bells the second is rung when the first cannot be, in the time that the
// first left it; both are heard.
//
// Red when: the first may use up the time; or only the first is heard.
func TestBells(t *testing.T) {
	in(t, func(t *testing.T) {
		first := &cachetest.FaultyBell{Bell: cachetest.NewBell()}
		second := cachetest.NewBell()
		both := cache.Bells(first, second)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		heard := make(chan cache.Epoch, 10)
		go both.Hear(ctx, func(n cache.News) { heard <- n.Epoch })
		settle()
		<-heard
		<-heard // each bell's own, as it begins to listen
		for i, s := range []*cachetest.Switch{{}, &first.Fails, &first.Hangs} {
			s.On()
			limited, cancel := context.WithTimeout(t.Context(), 25*time.Millisecond)
			if err := both.Ring(limited, cache.News{Epoch: cache.Epoch(i + 1)}); err != nil {
				t.Errorf("ring %d: %v", i, err)
			}
			cancel()
			s.Off()
			if got := <-heard; got != cache.Epoch(i+1) {
				t.Errorf("ring %d was heard as %d", i, got)
			}
		}
		first.Fails.On()
		second.Break(errors.New("gone too"))
		if both.Ring(t.Context(), cache.News{}) == nil {
			t.Error("a ring that nobody could hear succeeds")
		}
	})
}
