package cache_test

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exodrive/exodrive/cache"
)

// Histories that look as if they could break the rule, and do not.

// A wildcard raised, and never the tag itself, refuses all of its kind and
// nothing else.
//
// Red when: slotsOf leaves the wildcards out.
func TestWildcard(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFleet(t, 2, nil)
		n := f.nodes[0]
		f.aside("a", "one")
		f.aside("b", "one")
		settle()
		f.expect("before", n, "a", "one", cache.Loaded)
		f.expect("before", f.nodes[1], "a", "one", cache.Loaded)
		n.Raise(t.Context(), f.Write("x", "x", "other:*"))
		f.expect("another kind's wildcard", n, "a", "one", cache.Memory)
		n.Raise(t.Context(), f.Write("a", "two", "word:*"))
		f.expect("the wildcard of its kind", n, "a", "two", cache.Loaded)
		f.expect("a word not read before", n, "b", "one", cache.Loaded)
		time.Sleep(bound)
		f.expect("on another node", f.nodes[1], "a", "two", cache.Loaded)
	})
}

// A million tags are raised, and nothing old is served again: the table of floors
// forgets nothing, since tags on one slot only raise each other. What that costs
// is a load.
//
// Red when: a raise on a slot that has a floor of another tag replaces it by a lower one.
func TestFloorsForgetNothing(t *testing.T) {
	in(t, func(t *testing.T) {
		f, remote, _ := withRemote(t, 1)
		n := f.nodes[0]
		const words = 200
		for i := range words {
			f.aside(strconv.Itoa(i), "old")
		}
		settle()
		for i := range words {
			f.expect("filled", n, strconv.Itoa(i), "old", cache.Loaded)
		}
		restore := remote.Snapshot()
		for i := range words {
			n.Raise(t.Context(), f.aside(strconv.Itoa(i), "new"))
		}
		for i := range 1_000_000 {
			n.Raise(t.Context(), cache.Written{{Tag: "flood:" + strconv.Itoa(i), Mark: cache.Mark(50 + i%50)}})
		}
		restore()
		for i := range words {
			f.expect("after the flood", n, strconv.Itoa(i), "new", cache.Loaded)
		}
		settle()
		kept := 0
		for i := range words {
			got := ask(t.Context(), n.words, strconv.Itoa(i))
			if got.value != "new" {
				t.Errorf("%v", got)
			}
			if got.layer == cache.Memory {
				kept++
			}
		}
		if kept < words*9/10 {
			t.Errorf("%d of %d entries are served from memory after the flood", kept, words)
		}
	})
}

// Two tags that share a slot cost each other loads, and never an old answer.
//
// Red when: a load asks for no fresh horizon, and the second rule is dropped too.
func TestOneSlotForAll(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFleet(t, 1, func(_ int, o *cache.Options) { o.Slots = 1 })
		n := f.nodes[0]
		f.aside("a", "one")
		settle()
		f.expect("before", n, "a", "one", cache.Loaded)
		f.expect("before", n, "a", "one", cache.Memory)
		f.write(n, "b", "other")
		f.expect("after a write of something else", n, "a", "one", cache.Loaded)
		f.expect("and again", n, "a", "one", cache.Memory)
	})
}

// What is loaded right after a write is shared right away, before any poll has
// shown how far a load can see.
//
// Red when: a load takes the polled horizon though it is not above the floor.
func TestSharedRightAfterAWrite(t *testing.T) {
	in(t, func(t *testing.T) {
		f, remote, _ := withRemote(t, 1)
		settle()
		f.write(f.nodes[0], "a", "one")
		f.expect("right after the write", f.nodes[0], "a", "one", cache.Loaded)
		synctest.Wait() // it is shared once the answer is out
		if remote.Bytes("word:a") == nil {
			t.Error("it was not shared")
		}
	})
}

// A node that slept for longer than the journal remembers refuses what it kept,
// since it cannot know what it missed.
//
// Red when: hear does not look at what was pruned.
func TestSleptLongerThanTheJournal(t *testing.T) {
	in(t, func(t *testing.T) {
		f, links := linked(t, 1, nil)
		n := f.nodes[0]
		f.aside("a", "one")
		f.aside("b", "one")
		settle()
		f.expect("before", n, "a", "one", cache.Loaded)
		f.expect("before", n, "b", "one", cache.Loaded)
		links[0].cut.Store(true)
		w := f.aside("a", "two")
		f.aside("c", "later")
		f.Prune(w.Mark() + 1)
		time.Sleep(3 * bound)
		links[0].cut.Store(false)
		settle()
		f.expect("what was written and pruned meanwhile", n, "a", "two", cache.Loaded)
		f.expect("what was not written, but who knows", n, "b", "one", cache.Loaded)
		f.expect("and then all is as before", n, "b", "one", cache.Memory)
		f.Prune(w.Mark() + 2) // of what was heard long ago
		settle()
		f.expect("pruning of what was heard refuses nothing", n, "b", "one", cache.Memory)
	})
}

// A node that starts takes nothing from the remote cache that a pruned row would
// have refused.
//
// Red when: startOver does not raise the floor under all tags to what was pruned.
func TestStartsAfterThePruning(t *testing.T) {
	in(t, func(t *testing.T) {
		f, remote, _ := withRemote(t, 1)
		f.aside("a", "one")
		settle()
		f.expect("before", f.nodes[0], "a", "one", cache.Loaded)
		w := f.aside("a", "two")
		f.Prune(w.Mark() + 1)
		fresh := newNode(t, f.Database, cache.Options{Journal: f.Database, Remote: remote})
		settle()
		f.expect("a node that has just started", fresh, "a", "two", cache.Loaded)
	})
}

// A write transaction stays open for ten minutes and holds the horizon back. Words
// that are written meanwhile are still kept by the nodes that load them, each for
// as long as it is not written again, and served all the time between; they are
// not shared.
//
// Red when: the second rule is dropped; or what only it allows is shared.
func TestLongTransaction(t *testing.T) {
	in(t, func(t *testing.T) {
		f, remote, _ := withRemote(t, 2)
		n := f.nodes[0]
		settle()
		long := f.Begin()
		long.Put("b", "at last", "word:b")
		begun := time.Now()
		for round := range 10 {
			value := strconv.Itoa(round)
			f.write(n, "a", value)
			settle()
			f.expect("written while the horizon is held", n, "a", value, cache.Loaded)
			f.expect("on the other node", f.nodes[1], "a", value, cache.Loaded)
			for range 50 { // less than they are fresh
				time.Sleep(time.Second)
				f.expect("served while the horizon is held", n, "a", value, cache.Memory)
				f.expect("served on the other node", f.nodes[1], "a", value, cache.Memory)
			}
			time.Sleep(10 * time.Second)
		}
		if held := time.Since(begun); held < 10*time.Minute {
			t.Errorf("the horizon was held for %v only", held)
		}
		for i, node := range f.nodes {
			if s := node.Stats(); s.HeldBack < 10*time.Minute || s.HeldBack > time.Since(begun) || s.Floors != 1 {
				t.Errorf("node %d says that the horizon is held for %v and %d floors were raised; want some ten minutes and 1", i, s.HeldBack, s.Floors)
			}
		}
		if remote.Len() > 0 {
			t.Error("what only the second rule allows was shared")
		}
		n.Raise(t.Context(), long.Commit())
		f.expect("the long one itself", n, "b", "at last", cache.Loaded)
		settle()
		if s := n.Stats(); s.HeldBack != 0 || s.Floors != 2 {
			t.Errorf("after it the horizon is held for %v and %d floors were raised; want 0 and 2", s.HeldBack, s.Floors)
		}
	})
}

// After a crash the database gives marks again that were given before. The new
// epoch keeps what was loaded under the old ones apart, here and in the remote
// cache.
//
// Red when: the epoch is left out of the wire form.
func TestCrashGivesMarksAgain(t *testing.T) {
	in(t, func(t *testing.T) {
		f, remote, _ := withRemote(t, 2)
		n := f.nodes[0]
		f.aside("a", "one")
		settle()
		for range 5 {
			f.aside("x", "x")
		}
		f.aside("a", "lost")
		settle()
		f.expect("before the crash", n, "a", "lost", cache.Loaded)
		old := remote.Bytes("word:a")
		f.Crash(3)
		if err := f.NewEpoch(t.Context()); err != nil {
			t.Fatal(err)
		}
		settle()
		for range 20 {
			f.aside("x", "x")
		}
		settle()
		f.expect("after the crash", n, "a", "one", cache.Loaded)
		if err := remote.Fill(t.Context(), wordKey("a"), "", cache.Stored{Epoch: n.Epoch(), Stamp: 1 << 40, Bytes: old, Life: time.Hour}); err != nil {
			t.Fatal(err)
		}
		f.expect("with bytes of the old epoch under the new one's name", f.nodes[1], "a", "one", cache.Loaded)
	})
}

// A write right after such a crash, by a node that has not heard of it and under a
// number that was given before, is seen on its node at once all the same; also when
// the journal cannot be read, and with its mark elsewhere.
//
// Red when: Raise does not poll for a mark below the horizon; or keeps the lease if that poll fails.
func TestP1WriteRightAfterACrash(t *testing.T) {
	for _, cut := range []bool{false, true} {
		in(t, func(t *testing.T) {
			f, links := linked(t, 2, nil)
			n, other := f.nodes[0], f.nodes[1]
			f.aside("a", "one")
			f.aside("x", "x")
			settle()
			for range 5 {
				f.aside("x", "x")
			}
			settle()
			f.expect("before the crash", n, "a", "one", cache.Loaded)
			f.expect("before the crash", other, "a", "one", cache.Loaded)
			links[0].cut.Store(cut)
			f.Crash(5)
			if err := f.NewEpoch(t.Context()); err != nil {
				t.Fatal(err)
			}
			w := f.Write("a", "two", "word:a")
			epoch := n.Raise(t.Context(), w)
			f.expect("after the write", n, "a", "two", cache.Loaded)
			carried := cache.WithMark(t.Context(), epoch, w.Mark())
			f.expectSeen("elsewhere with its mark", ask(carried, other.words, "a"), "two", cache.Loaded)
			links[0].cut.Store(false)
		})
	}
}

// The same for a load that began before the crash and ends after it: it serves
// those who came before, and nobody else.
//
// Red when: an entry of another history is judged by the floors of this one.
func TestCrashDuringALoad(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFleet(t, 1, nil)
		n := f.nodes[0]
		f.aside("a", "one")
		for range 5 {
			f.aside("x", "x")
		}
		f.aside("a", "lost")
		settle()
		g := newGate()
		n.hook.Store(&hook{after: g.pass})
		before := later(t.Context(), n.words, "a")
		<-g.arrived
		f.Crash(3)
		if err := f.NewEpoch(t.Context()); err != nil {
			t.Fatal(err)
		}
		settle()
		after := later(t.Context(), n.words, "a")
		synctest.Wait()
		g.open()
		<-before
		f.expectSeen("who came after the crash", <-after, "one", cache.Loaded)
		f.expect("and the next", n, "a", "one", cache.Memory)
	})
}

// A database that is found to have gone back in time begins a new epoch for the
// whole fleet, and nothing from the lost time is served a bound later.
//
// Red when: hear does not compare the horizons.
func TestHorizonGoesBack(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFleet(t, 3, nil)
		f.aside("a", "one")
		for range 10 {
			f.aside("x", "x")
		}
		f.aside("a", "lost")
		settle()
		for _, n := range f.nodes {
			f.expect("before", n, "a", "lost", cache.Loaded)
		}
		before := f.nodes[0].Epoch()
		f.Crash(5)
		time.Sleep(bound)
		for _, n := range f.nodes {
			f.expect("one bound later", n, "a", "one", cache.Loaded)
			if n.Epoch() == before || n.Epoch() != f.nodes[0].Epoch() {
				t.Errorf("epoch %d after epoch %d", n.Epoch(), before)
			}
		}
	})
}

// A write that is raised while a poll holds the snapshot of a new epoch from
// before its commit is not forgotten with the old floors: no lease is taken on
// that snapshot.
//
// Red when: hear does not poll again after a new epoch.
func TestRaiseWhileTheEpochChanges(t *testing.T) {
	in(t, func(t *testing.T) {
		f, links := linked(t, 2, nil)
		slow, n := f.nodes[0], f.nodes[1]
		f.aside("a", "one")
		settle()
		if err := f.NewEpoch(t.Context()); err != nil {
			t.Fatal(err)
		}
		g := newGate()
		links[0].gate.Store(g)
		<-g.arrived
		w := f.write(n, "a", "two")
		slow.Raise(t.Context(), w)
		g.open()
		synctest.Wait()
		if told := links[0].told.Load(); told == nil || told.Horizon <= w.Mark() {
			t.Errorf("the lease was renewed by a snapshot from before the write %d: %+v", w.Mark(), told)
		}
		f.expect("after the change", slow, "a", "two", cache.Loaded)
	})
}

// Clear makes everything worthless on every node, with one statement.
//
// Red when: Clear does not begin a new epoch.
func TestClear(t *testing.T) {
	in(t, func(t *testing.T) {
		f, _, _ := withRemote(t, 2)
		f.aside("a", "one")
		settle()
		f.expect("before", f.nodes[0], "a", "one", cache.Loaded)
		f.expect("before", f.nodes[1], "a", "one", cache.Far)
		if err := f.nodes[0].Clear(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.expect("after it", f.nodes[0], "a", "one", cache.Loaded)
		time.Sleep(bound)
		f.expect("on the other node", f.nodes[1], "a", "one", cache.Far)
		if f.nodes[1].Epoch() != f.nodes[0].Epoch() || f.nodes[1].Epoch() == 1 {
			t.Errorf("epochs %d and %d", f.nodes[0].Epoch(), f.nodes[1].Epoch())
		}
	})
}
