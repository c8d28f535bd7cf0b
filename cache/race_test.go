package cache_test

import (
	"bytes"
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/cachetest"
)

// The races that have let other caches keep an old value, each replayed in the
// one order that hurts. R6, a remote cache that comes back with an old file, is
// TestP5NothingStaleRevives; R10, a CDN, is not part of this package.

// A reader that reads the old row, stops, and stores it after the write was made
// known, leaves nothing behind: not here, and not in the remote cache.
//
// Red when: an entry is stamped after its load; or numbered after it.
func TestR1SlowReader(t *testing.T) {
	in(t, func(t *testing.T) {
		f, remote, _ := withRemote(t, 2)
		n := f.nodes[0]
		f.aside("a", "one")
		settle()
		g := newGate()
		n.hook.Store(&hook{after: g.pass})
		slow := later(t.Context(), n.words, "a")
		<-g.arrived
		f.write(n, "a", "two")
		settle()
		g.open()
		f.expectSeen("the slow reader himself, who came before the write", <-slow, "one", cache.Loaded)
		synctest.Wait()
		if remote.Len() > 0 {
			t.Error("the slow reader filled the remote cache")
		}
		settle() // for a moment nobody waits for what he could not store
		f.expect("the next, on his node", n, "a", "two", cache.Loaded)
		f.expect("the next, on another", f.nodes[1], "a", "two", cache.Far)
	})
}

// The same with a refresh in the background in place of the reader.
//
// Red when: an entry is stamped after its load; or numbered after it.
func TestR2SlowRefresh(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFleet(t, 1, nil)
		n := f.nodes[0]
		f.aside("a", "one")
		settle()
		f.expect("before", n, "a", "one", cache.Loaded)
		time.Sleep(time.Minute)
		g := newGate()
		n.hook.Store(&hook{after: g.pass})
		if got := ask(t.Context(), n.words, "a"); got.stale != cache.Refreshing {
			t.Fatalf("an aged entry: %v", got)
		}
		<-g.arrived
		f.write(n, "a", "two")
		settle()
		g.open()
		synctest.Wait()
		f.expect("after the write and the refresh", n, "a", "two", cache.Loaded)
	})
}

// standby is the journal of a copy that lags: a real one refuses, as it cannot
// vouch for anything. One that does not is what this rule is for.
type standby struct {
	cache.Journal
	seen    *cache.Reading // how far the copy is
	answers bool
	primary atomic.Bool // promoted
}

var errStandby = errors.New("this server is a standby")

func (s *standby) Poll(ctx context.Context, since cache.Position) (cache.Reading, error) {
	switch {
	case s.primary.Load():
		return s.Journal.Poll(ctx, since)
	case !s.answers:
		return cache.Reading{}, errStandby
	}
	r := *s.seen
	if since != "" {
		r.Raises = nil
	}
	return r, nil
}

func (s *standby) Horizon(ctx context.Context) (cache.Epoch, cache.Mark, error) {
	switch {
	case s.primary.Load():
		return s.Journal.Horizon(ctx)
	case !s.answers:
		return 0, 0, errStandby
	}
	return s.seen.Epoch, s.seen.Horizon, nil
}

// A node that is pointed at a copy which lags behind serves nothing from memory:
// the copy's journal refuses, and loads come from the primary. Once the copy is
// promoted, in an epoch of its own, the node is like any other. A copy that told
// its journal would let it serve what was overwritten long ago.
//
// Red when: a poll that failed renews the lease; what is loaded without a journal is kept.
func TestR3ReplicaLag(t *testing.T) {
	in(t, func(t *testing.T) {
		for _, answers := range []bool{false, true} {
			db := cachetest.NewDatabase()
			f := &fleet{Database: db, t: t}
			f.aside("a", "one")
			seen, err := db.Poll(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			copied := &standby{Journal: db, seen: &seen, answers: answers}
			n := newNode(t, db, cache.Options{Journal: copied})
			f.nodes = []*node{n}
			settle()
			f.expect("before the write", n, "a", "one", cache.Loaded)
			f.aside("a", "two") // the copy never hears of it
			time.Sleep(2 * bound)
			if answers {
				if got := ask(t.Context(), n.words, "a"); got.value != "one" || got.layer != cache.Memory {
					t.Errorf("with a copy that answers: %v; if nothing old is served, this test proves nothing", got)
				}
				continue
			}
			for range 3 {
				f.expect("while the copy lags", n, "a", "two", cache.Loaded)
				time.Sleep(bound / 4)
			}
			if got := ask(t.Context(), n.days, "a"); got.value != "two" || got.layer != cache.Loaded || got.stale != cache.NotStale {
				t.Errorf("a day while the copy lags: %v", got)
			}
			copied.primary.Store(true)
			if err := db.NewEpoch(t.Context()); err != nil {
				t.Fatal(err)
			}
			settle()
			f.expect("after its promotion", n, "a", "two", cache.Loaded)
			f.expect("and then from memory", n, "a", "two", cache.Memory)
			f.write(n, "a", "three")
			f.expect("and a write is seen", n, "a", "three", cache.Loaded)
		}
	})
}

// A message that never arrives costs time, not truth: the next poll brings it.
//
// Red when: the poller raises nothing.
func TestR4LostMessage(t *testing.T) {
	in(t, func(t *testing.T) {
		bell := &cachetest.FaultyBell{Bell: cachetest.NewBell()}
		f := newFleet(t, 2, func(_ int, o *cache.Options) { o.Bell = bell })
		f.aside("a", "one")
		settle()
		f.expect("before", f.nodes[1], "a", "one", cache.Loaded)
		bell.Fails.On()
		f.write(f.nodes[0], "a", "two")
		synctest.Wait()
		f.expect("the message is lost", f.nodes[1], "a", "one", cache.Memory)
		time.Sleep(bound)
		f.expect("one bound later", f.nodes[1], "a", "two", cache.Loaded)
	})
}

// A node that raises before its commit is visible, or dies between the commit
// and the raise, leaves no old value behind: the journal row is part of the commit.
//
// Red when: the poller raises nothing; or a floor that was raised before is no news to the second rule.
func TestR5RaiseBesideTheCommit(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFleet(t, 2, nil)
		n := f.nodes[0]
		f.aside("a", "one")
		settle()
		tx := f.Begin()
		tx.Put("a", "two", "word:a")
		n.Raise(t.Context(), cache.Written{{Tag: "word:a", Mark: tx.Mark()}}) // too early
		f.expect("between the raise and the commit", n, "a", "one", cache.Loaded)
		tx.Commit() // and the writer dies
		time.Sleep(bound)
		f.expect("one bound after the commit", n, "a", "two", cache.Loaded)
		f.expect("on another node", f.nodes[1], "a", "two", cache.Loaded)
	})
}

// Writers that overlap commit in an order that is not that of their marks; the
// one with the lower mark commits last and must not be overlooked.
//
// Red when: an entry is stamped with the next mark instead of the horizon; or a raise that is not above the floor is dropped.
func TestR7OverlappingWriters(t *testing.T) {
	in(t, func(t *testing.T) {
		f, remote, _ := withRemote(t, 2)
		for _, reader := range f.nodes {
			f.aside("a", "one")
			settle()
			low, high := f.Begin(), f.Begin()
			low.Put("a", "low", "word:a")
			high.Put("a", "high", "word:a")
			high.Commit()
			time.Sleep(bound)
			f.expect("the high mark has committed", reader, "a", "high", cache.Loaded)
			f.expect("and its entry is served", reader, "a", "high", cache.Memory)
			low.Commit()
			time.Sleep(bound)
			f.expect("the low mark has committed", reader, "a", "low", cache.Loaded)
			remote.Flush()
		}
	})
}

// An older load that ends last does not overwrite what a newer one has stored: a
// node that was cut off fills the remote cache with what it read before the write,
// long after another has filled it with the write, and changes nothing for anybody.
//
// Red when: the remote cache takes every fill.
func TestR8OlderLoadWritesLast(t *testing.T) {
	in(t, func(t *testing.T) {
		remote := cachetest.NewRemote()
		f, links := linked(t, 3, func(_ int, o *cache.Options) { o.Remote = remote })
		slowNode, writer, third := f.nodes[0], f.nodes[1], f.nodes[2]
		f.aside("a", "one")
		settle()
		g := newGate()
		slowNode.hook.Store(&hook{after: g.pass})
		slow := later(t.Context(), slowNode.words, "a")
		<-g.arrived // it has read "one"
		links[0].cut.Store(true)
		f.write(writer, "a", "two")
		if got := ask(t.Context(), writer.words, "a"); got.value != "two" || got.layer != cache.Loaded {
			t.Errorf("who wrote: %v", got)
		}
		settle()
		newer := remote.Bytes("word:a")
		if newer == nil {
			t.Fatal("the newer load was not shared")
		}
		tried := remote.Calls()
		g.open()
		f.expectSeen("who came before the write", <-slow, "one", cache.Loaded)
		synctest.Wait()
		if remote.Calls() == tried {
			t.Error("the older load was not even offered, so this test proves nothing")
		}
		if !bytes.Equal(remote.Bytes("word:a"), newer) {
			t.Error("the older load has overwritten the newer one")
		}
		f.expect("a node that reads it now", third, "a", "two", cache.Far)
		links[0].cut.Store(false)
		time.Sleep(bound)
		f.expect("the node that was slow, once it hears again", slowNode, "a", "two", cache.Far)
	})
}

// The clocks of the nodes differ by hours, and nothing changes: no entry is
// served longer for it, and none is refused.
//
// Red when: the life of what the remote cache has is told by the wall clock of who stored it.
func TestR9ClockSkew(t *testing.T) {
	in(t, func(t *testing.T) {
		remote := cachetest.NewRemote()
		began := time.Now()
		f := newFleet(t, 3, func(i int, o *cache.Options) {
			o.Remote = remote
			o.Clock = func() cache.Instant {
				now := time.Now()
				return cache.Instant{Mono: now.Sub(began) + time.Duration(i)*time.Hour, Wall: now.Add(time.Duration(i-1) * 7 * time.Hour).UnixNano()}
			}
		})
		f.aside("a", "one")
		settle()
		f.expect("loaded", f.nodes[0], "a", "one", cache.Loaded)
		for _, n := range f.nodes[1:] {
			got := ask(t.Context(), n.words, "a")
			f.expectSeen("from the remote cache", got, "one", cache.Far)
			if got.Left < 50*time.Second || got.Left > time.Minute {
				t.Errorf("%v left of a minute", got.Left)
			}
		}
		for i, n := range f.nodes {
			value := string(rune('A' + i))
			f.write(n, "a", value)
			time.Sleep(bound)
			for _, reader := range f.nodes {
				if got := ask(t.Context(), reader.words, "a"); got.value != value {
					t.Errorf("written by node %d: %v", i, got)
				}
			}
		}
	})
}

// SQL by hand counts as much as a write of the application.
//
// Red when: the poller raises nothing.
func TestR11WriteOutsideTheApplication(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFleet(t, 2, nil)
		f.aside("a", "one")
		settle()
		for _, n := range f.nodes {
			f.expect("before", n, "a", "one", cache.Loaded)
		}
		f.aside("a", "by hand")
		time.Sleep(bound)
		for _, n := range f.nodes {
			f.expect("one bound after it", n, "a", "by hand", cache.Loaded)
		}
	})
}

// What is deleted and made again under the same name is another thing: neither
// the old one nor its absence is served once the writer was answered.
//
// Red when: verified does not judge an absence.
func TestR12DeletedAndMadeAgain(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFleet(t, 1, nil)
		n := f.nodes[0]
		f.aside("a", "first")
		settle()
		f.expect("the first", n, "a", "first", cache.Loaded)
		g := newGate()
		f.write(n, "a", "")
		n.hook.Store(&hook{after: g.pass})
		slow := later(t.Context(), n.words, "a") // finds it deleted
		<-g.arrived
		f.write(n, "a", "second")
		g.open()
		if got := <-slow; !errors.Is(got.err, errNone) {
			t.Errorf("who read while it was deleted: %v", got)
		}
		f.expect("made again", n, "a", "second", cache.Loaded)
		f.write(n, "a", "")
		if got := ask(t.Context(), n.words, "a"); !errors.Is(got.err, errNone) {
			t.Errorf("deleted again: %v", got)
		}
		f.write(n, "a", "first")
		f.expect("with the value of the first", n, "a", "first", cache.Loaded)
	})
}
