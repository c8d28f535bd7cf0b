package cache_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/cachetest"
)

// crowd holds loads until it is let go, and counts how many run at once.
type crowd struct {
	running, most, began atomic.Int64
	goes                 chan struct{}
}

// hold makes every load of a node wait, but those of the words named.
func hold(n *node, but ...string) *crowd {
	c := &crowd{goes: make(chan struct{})}
	n.hook.Store(&hook{before: func(ctx context.Context, key string) {
		for _, free := range but {
			if key == free {
				return
			}
		}
		c.began.Add(1)
		now := c.running.Add(1)
		for most := c.most.Load(); now > most && !c.most.CompareAndSwap(most, now); most = c.most.Load() {
		}
		select {
		case <-c.goes:
		case <-ctx.Done():
		}
		c.running.Add(-1)
	}})
	return c
}

func (c *crowd) letGo() { close(c.goes) }

// gated is one node with places for loads, and words 0 to 99 in its database.
func gated(t *testing.T, places int) (*fleet, *node) {
	t.Helper()
	f := newFleet(t, 1, func(_ int, o *cache.Options) { o.Loads = places })
	for i := range 100 {
		f.aside(strconv.Itoa(i), "one")
	}
	f.aside("a", "1")
	settle()
	return f, f.nodes[0]
}

// Beyond the knee: no more loads run than there are places, the others are told to
// come again after a second of standing in line, and what is in memory is served as
// ever. Once the flood is over all is as before, at once.
//
// Red when: enter gives more places than there are; or lets a load stand for longer; or hits have to pass it; or a place is not given back.
func TestGateBoundsLoads(t *testing.T) {
	in(t, func(t *testing.T) {
		f, n := gated(t, 3)
		f.expect("before", n, "a", "1", cache.Loaded)
		c := hold(n)
		var waiting []<-chan seen
		for i := range 20 {
			waiting = append(waiting, later(t.Context(), n.words, strconv.Itoa(i)))
		}
		synctest.Wait()
		f.expect("a hit meanwhile", n, "a", "1", cache.Memory)
		if s := n.Stats(); s.Loading != 3 || s.Queued != 17 {
			t.Errorf("%d load and %d wait, want 3 and 17", s.Loading, s.Queued)
		}
		time.Sleep(2 * time.Second)
		c.letGo()
		refused := 0
		for _, w := range waiting {
			switch got := <-w; {
			case errors.Is(got.err, cache.ErrBusy) && got.took == time.Second:
				refused++
			case got.err != nil:
				t.Errorf("%v", got)
			}
		}
		if c.most.Load() != 3 || refused != 17 || n.Stats().Refused != 17 {
			t.Errorf("%d loads at once, %d refused after 1 s, want 3 and 17; %d are counted", c.most.Load(), refused, n.Stats().Refused)
		}
		n.hook.Store(&hook{})
		for i := 20; i < 40; i++ {
			f.expect("after it", n, strconv.Itoa(i), "one", cache.Loaded)
		}
		if s := n.Stats(); s.Loading+s.Queued > 0 {
			t.Errorf("%d load and %d wait for ever", s.Loading, s.Queued)
		}
	})
}

// Who comes to a line that has been standing for a second learns within a twentieth
// of it that he is to come again, also where it is empty for an instant; while places
// become free all the time he gets one, and a second later the line is one for a burst
// again.
//
// Red when: stand does not look at how long the line has been standing; or forgets it with an empty line; or never.
func TestGateRefusesSoonWhileTheLineStands(t *testing.T) {
	in(t, func(t *testing.T) {
		_, n := gated(t, 2)
		slow := 100 * time.Millisecond
		n.hook.Store(&hook{before: func(context.Context, string) { time.Sleep(slow) }}) // 20 loads a second
		var all sync.WaitGroup
		var mu sync.Mutex
		var served, refused int
		var longest time.Duration // until a refusal, in a standing line
		for i := range 400 {      // five times as many
			all.Go(func() {
				got := ask(t.Context(), n.words, "key"+strconv.Itoa(i))
				mu.Lock()
				defer mu.Unlock()
				switch {
				case !errors.Is(got.err, cache.ErrBusy):
					served++
				case i >= 200:
					refused++
					longest = max(longest, got.took)
				}
			})
			time.Sleep(10 * time.Millisecond)
			if i == 300 {
				time.Sleep(200 * time.Millisecond) // the line is empty
			}
		}
		all.Wait()
		if served < 75 || served > 105 {
			t.Errorf("%d served in four seconds, want about 80", served)
		}
		if refused < 150 || longest > 50*time.Millisecond {
			t.Errorf("the last %d refusals took up to %v, want 50 ms", refused, longest)
		}
		time.Sleep(time.Second)
		c := hold(n)
		var burst []<-chan seen
		for i := range 4 {
			burst = append(burst, later(t.Context(), n.words, strconv.Itoa(i)))
		}
		synctest.Wait()
		time.Sleep(900 * time.Millisecond)
		c.letGo()
		for _, w := range burst {
			if got := <-w; got.err != nil {
				t.Errorf("in a burst after it: %v", got)
			}
		}
	})
}

// Everybody who asks for one thing shares one place, and its refusal.
//
// Red when: those who wait for a load take places; or one who joined a load that is refused stands in line again.
func TestGateSharesPlaces(t *testing.T) {
	in(t, func(t *testing.T) {
		_, n := gated(t, 2)
		c := hold(n)
		ask := func(key string) (waiting []<-chan seen) {
			for range 50 {
				waiting = append(waiting, later(t.Context(), n.words, key))
				synctest.Wait()
			}
			return waiting
		}
		held, refused := append(ask("1"), ask("2")...), ask("3")
		for _, w := range refused {
			if got := <-w; !errors.Is(got.err, cache.ErrBusy) || got.took != time.Second {
				t.Errorf("without a place: %v", got)
			}
		}
		c.letGo()
		for _, w := range held {
			if got := <-w; got.value != "one" {
				t.Errorf("with a place: %v", got)
			}
		}
		if c.began.Load() != 2 {
			t.Errorf("%d loads, want 2", c.began.Load())
		}
	})
}

// A load that reads others needs one place for all: it never waits for a place
// while it holds one, whether a part is not asked for yet or already stands in line.
//
// Red when: a part needs a place; or a part that stands in line is not hurried.
func TestGateTakesOnePlaceForComposedAnswers(t *testing.T) {
	in(t, func(t *testing.T) {
		f, n := gated(t, 1)
		begun := time.Now()
		f.expectPair("none of its parts is there", n, "1", "1+one", cache.Loaded)

		// Its first part stops it; meanwhile somebody else asks for its second.
		g := newGate()
		f.write(n, "a", "2")
		n.hook.Store(&hook{before: func(ctx context.Context, key string) {
			if key == "a" {
				g.pass(ctx, key)
			}
		}})
		whole := later(t.Context(), n.pairs, "2")
		<-g.arrived
		other := later(t.Context(), n.words, "2")
		synctest.Wait()
		if n.Stats().Queued != 1 {
			t.Errorf("%d stand in line, want the part", n.Stats().Queued)
		}
		g.open()
		f.expectSeen("the whole", <-whole, "2+one", cache.Loaded)
		f.expectSeen("the part", <-other, "one", cache.Loaded)
		if took := time.Since(begun); took > bound/2 {
			t.Errorf("it took %v", took)
		}
	})
}

// What a loader reads apart, so that its answer does not depend on it, needs no
// place either.
//
// Red when: Apart forgets the load; or takes its scope along.
func TestGateApart(t *testing.T) {
	in(t, func(t *testing.T) {
		f, n := gated(t, 1)
		n.hook.Store(&hook{before: func(ctx context.Context, key string) {
			if key == "1" {
				if v, err := cache.Value(n.words.Read(cache.Apart(ctx), "2")); v != "one" || err != nil {
					t.Errorf("read apart: %q, %v", v, err)
				}
			}
		}})
		f.expect("with a part", n, "1", "one", cache.Loaded)
		f.write(n, "2", "two")
		f.expect("it does not depend on it", n, "1", "one", cache.Memory)
	})
}

// However a load ends, its place is free again.
//
// Red when: load does not give the place back in a defer.
func TestGateGetsPlacesBack(t *testing.T) {
	in(t, func(t *testing.T) {
		f, n := gated(t, 1)
		n.hook.Store(&hook{before: func(ctx context.Context, key string) {
			switch key {
			case "1":
				panic("in a loader")
			case "2":
				<-ctx.Done()
			}
		}})
		_ = ask(t.Context(), n.words, "1")
		if got := ask(t.Context(), n.words, "none"); !errors.Is(got.err, errNone) {
			t.Errorf("after a panic: %v", got)
		}
		impatient, giveUp := context.WithTimeout(t.Context(), time.Millisecond)
		defer giveUp()
		_ = ask(impatient, n.words, "2")
		if got := ask(t.Context(), n.words, "3"); !errors.Is(got.err, cache.ErrBusy) {
			t.Errorf("its caller has gone, the load has not: %v", got)
		}
		time.Sleep(10 * time.Second)
		f.expect("after its deadline", n, "3", "one", cache.Loaded)
	})
}

// Who has the lease to load for the whole fleet and is refused by the gate of its own
// node, or closes, hands the lease on: one of those who wait on other nodes loads, not
// all of them.
//
// Red when: a load that never ran is released like one that cannot be stored; or its lease is left to end by itself.
func TestP6HolderIsRefused(t *testing.T) {
	for name, closes := range map[string]bool{"refused": false, "closed": true} {
		in(t, func(t *testing.T) {
			remote := cachetest.NewRemote()
			f := newFleet(t, 4, func(i int, o *cache.Options) {
				o.Remote = remote
				if i == 0 {
					o.Loads = 1
				}
			})
			f.aside("other", "1")
			f.aside("a", "one")
			settle()
			slowly(f, 50*time.Millisecond)
			busy := f.nodes[0]
			c := hold(busy)
			other := later(t.Context(), busy.words, "other")
			synctest.Wait()
			holder := later(t.Context(), busy.words, "a") // it has the lease, and stands in line
			synctest.Wait()
			began := time.Now()
			var waiting []<-chan seen
			for _, n := range f.nodes[1:] {
				waiting = append(waiting, later(t.Context(), n.words, "a"))
			}
			synctest.Wait()
			if closes {
				busy.Close()
			}
			if got := <-holder; got.err == nil || !closes && !errors.Is(got.err, cache.ErrBusy) {
				t.Errorf("%s: the caller of the holder: %v", name, got)
			}
			before := time.Since(began)
			for _, w := range waiting {
				if got := <-w; got.value != "one" || got.err != nil {
					t.Errorf("%s: who waited elsewhere: %v", name, got)
				}
			}
			if took := time.Since(began) - before; took > 100*time.Millisecond {
				t.Errorf("%s: they waited for %v after the holder had given up", name, took)
			}
			var loads int64
			for _, n := range f.nodes[1:] {
				loads += n.loads.Load()
			}
			if loads != 1 {
				t.Errorf("%s: %d loads by those who waited, want 1", name, loads)
			}
			c.letGo()
			<-other
		})
	}
}
