package cache_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/cachetest"
)

// Who has saved a change sees it at once where he saved it, and everybody else
// there too.
//
// Red when: Raise does nothing.
func TestP1SameNode(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFleet(t, 1, nil)
		n := f.nodes[0]
		f.aside("a", "one")
		settle()
		f.expect("the first read", n, "a", "one", cache.Loaded)
		f.expect("the second", n, "a", "one", cache.Memory)
		for _, value := range []string{"two", "three", "four"} {
			f.write(n, "a", value)
			f.expect("right after the write", n, "a", value, cache.Loaded)
			f.expect("and again", n, "a", value, cache.Memory)
		}
	})
}

// Who has saved a change sees it also when he meets somebody's read that has been
// under way since before.
//
// Red when: a caller takes the result of any flight; or of an older one that ended in an error.
func TestP1JoinsAnOldLoad(t *testing.T) {
	for _, old := range []string{"one", ""} { // "": there was no such word
		in(t, func(t *testing.T) {
			f := newFleet(t, 1, nil)
			n := f.nodes[0]
			f.aside("a", old)
			settle()
			g := newGate()
			n.hook.Store(&hook{after: g.pass})
			slow := later(t.Context(), n.words, "a")
			<-g.arrived
			f.write(n, "a", "two")
			writer := later(t.Context(), n.words, "a")
			synctest.Wait()
			g.open()
			if got := <-slow; got.value != old {
				t.Errorf("who came before the write: %v", got)
			}
			if got := <-writer; got.value != "two" || got.err != nil {
				t.Errorf("the writer, who met an old load of %q: %v", old, got)
			}
			f.expect("the next", n, "a", "two", cache.Memory)
		})
	}
}

// A load that failed before somebody came tells him nothing: he gets one of his
// own.
//
// Red when: a caller takes the error of an older flight.
func TestP1JoinsAnOldFailure(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFleet(t, 1, nil)
		n := f.nodes[0]
		f.aside("a", "one")
		settle()
		g := newGate()
		n.hook.Store(&hook{before: g.pass, after: func(context.Context, string) { f.Start() }})
		slow := later(t.Context(), n.words, "a")
		<-g.arrived
		f.Stop()
		joined := later(t.Context(), n.words, "a")
		synctest.Wait()
		g.open() // the load under way fails, and then the database is back
		if got := <-slow; got.err == nil {
			t.Errorf("a load without a database: %v", got)
		}
		f.expectSeen("who came during the load that failed", <-joined, "one", cache.Loaded)
	})
}

// A change is seen on every node one message later, long before the next poll.
//
// Red when: Raise does not ring; or Start does not listen.
func TestP2OneMessageLater(t *testing.T) {
	in(t, func(t *testing.T) {
		bell := cachetest.NewBell()
		f := newFleet(t, 3, func(_ int, o *cache.Options) { o.Bell = bell })
		f.aside("a", "one")
		settle()
		for _, n := range f.nodes {
			f.expect("before", n, "a", "one", cache.Loaded)
		}
		began := time.Now()
		f.write(f.nodes[0], "a", "two")
		synctest.Wait()
		for _, n := range f.nodes {
			f.expect("one message later", n, "a", "two", cache.Loaded)
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("it took %v of virtual time", took)
		}
	})
}

// A write is not held up by a bell that does not answer, nor failed by a broken
// one.
//
// Red when: the ring has no deadline of its own.
func TestP2BellIsBestEffort(t *testing.T) {
	in(t, func(t *testing.T) {
		bell := &cachetest.FaultyBell{Bell: cachetest.NewBell()}
		f := newFleet(t, 2, func(_ int, o *cache.Options) { o.Bell = bell })
		settle()
		for name, fault := range map[string]*cachetest.Switch{"fails": &bell.Fails, "hangs": &bell.Hangs} {
			fault.On()
			began := time.Now()
			f.write(f.nodes[0], "a", name)
			if took := time.Since(began); took > 25*time.Millisecond {
				t.Errorf("a bell that %s held the writer up for %v", name, took)
			}
			time.Sleep(bound)
			f.expect("one bound later, without a bell", f.nodes[1], "a", name, cache.Loaded)
			fault.Off()
		}
		if lost := f.nodes[0].Stats().RingsLost; lost != 2 {
			t.Errorf("%d rings counted as lost, want 2", lost)
		}
	})
}

// With every message lost, nobody sees the old value later than one bound after
// the commit, whether the write came from an application or from SQL by hand; and
// a node that cannot read the journal stops to answer from memory by then.
//
// Red when: the lease is never checked.
func TestP3NeverOlderThanTheBound(t *testing.T) {
	in(t, func(t *testing.T) {
		f, links := linked(t, 2, nil)
		f.aside("a", "one")
		settle()
		f.expect("before", f.nodes[0], "a", "one", cache.Loaded)
		f.expect("before", f.nodes[1], "a", "one", cache.Loaded)
		links[1].cut.Store(true)
		for step := range 200 {
			value := time.Duration(step).String()
			f.aside("a", value)
			for range 2 {
				time.Sleep(bound / 2)
			}
			for i, n := range f.nodes {
				if got := ask(t.Context(), n.words, "a"); got.value != value {
					t.Fatalf("node %d, %v after the commit: %v, want %s", i, bound, got, value)
				}
			}
		}
	})
}

// The bound is kept by a journal that answers slowly, too: what counts is when
// the poll began, for its snapshot may be as old as that.
//
// Red when: the lease is renewed from the end of a poll.
func TestP3SlowPolls(t *testing.T) {
	in(t, func(t *testing.T) {
		f, links := linked(t, 1, nil)
		n := f.nodes[0]
		f.aside("a", "one")
		settle()
		f.expect("before", n, "a", "one", cache.Loaded)
		g := newGate()
		links[0].gate.Store(g)
		<-g.arrived // a poll has taken its snapshot
		f.aside("a", "two")
		time.Sleep(bound/2 - time.Millisecond)
		links[0].cut.Store(true)
		g.open()
		synctest.Wait()
		time.Sleep(bound/2 + time.Millisecond)
		f.expect("one bound after the commit", n, "a", "two", cache.Loaded)
	})
}

// A client that carries the mark of its write sees the write on every node at
// once, also one that has no entry, or is just loading one from before.
//
// Red when: hit and verified do not look at the mark; or a poll for it is left out where
// there is no entry.
func TestP4TheMarkIsSeenEverywhere(t *testing.T) {
	in(t, func(t *testing.T) {
		remote := cachetest.NewRemote()
		f := newFleet(t, 3, func(_ int, o *cache.Options) { o.Remote = remote })
		writer, other, empty := f.nodes[0], f.nodes[1], f.nodes[2]
		f.aside("a", "one")
		f.aside("b", "one")
		settle()
		f.expect("before", other, "a", "one", cache.Loaded)
		w := f.write(writer, "a", "two")
		f.expect("without the mark", other, "a", "one", cache.Memory)
		carried := cache.WithMark(t.Context(), writer.Epoch(), w.Mark())
		f.expectSeen("with no entry in memory, and an old one in the remote cache", ask(carried, empty.words, "a"), "two", cache.Loaded)
		f.expectSeen("with the mark", ask(carried, other.words, "a"), "two", cache.Far)
		polls := other.Stats().Polls
		f.expectSeen("and again", ask(carried, other.words, "a"), "two", cache.Memory)
		if more := other.Stats().Polls - polls; more != 0 {
			t.Errorf("%d polls for a mark that was known", more)
		}
	})
}

// It sees the write also where it meets a load that began before.
//
// Red when: a marked caller joins an old flight whose entry this node takes for valid.
func TestP4JoinsAnOldLoad(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFleet(t, 2, nil)
		writer, other := f.nodes[0], f.nodes[1]
		f.aside("a", "one")
		settle()
		g := newGate()
		other.hook.Store(&hook{after: g.pass})
		slow := later(t.Context(), other.words, "a")
		<-g.arrived
		w := f.write(writer, "a", "two")
		marked := later(cache.WithMark(t.Context(), writer.Epoch(), w.Mark()), other.words, "a")
		synctest.Wait()
		g.open()
		<-slow
		if got := <-marked; got.value != "two" {
			t.Errorf("the writer, on a node that was loading: %v", got)
		}
	})
}

// Also a node that cannot read the journal, but can load, shows a client its own
// write.
//
// Red when: an unheard mark is forgotten after a failed poll.
func TestP4WithoutTheJournal(t *testing.T) {
	in(t, func(t *testing.T) {
		remote := cachetest.NewRemote()
		f, links := linked(t, 2, func(_ int, o *cache.Options) { o.Remote = remote })
		writer, other := f.nodes[0], f.nodes[1]
		f.aside("a", "one")
		f.aside("b", "b")
		settle()
		f.expect("before", writer, "a", "one", cache.Loaded)
		if got := ask(t.Context(), other.pairs, "b"); got.value != "one+b" {
			t.Fatalf("before: %v", got)
		}
		links[1].cut.Store(true)
		w := f.write(writer, "a", "two")
		carried := cache.WithMark(t.Context(), writer.Epoch(), w.Mark())
		if got := ask(carried, other.words, "a"); got.value != "two" {
			t.Errorf("a word: %v", got)
		}
		if got := ask(carried, other.pairs, "b"); got.value != "two+b" {
			t.Errorf("what is made of it: %v", got)
		}
		if got := ask(carried, other.pairs, "b"); got.Entry == nil || got.Entry.Variant(cache.Identity) == nil {
			t.Errorf("an answer without a body: %v", got)
		}
	})
}

// A node that has not heard of a new epoch yet still shows a client the write
// that it made there.
//
// Red when: a mark of an epoch that is not the node's is ignored without a poll.
func TestP4MarkOfTheNextEpoch(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFleet(t, 2, nil)
		ahead, behind := f.nodes[0], f.nodes[1]
		f.aside("a", "one")
		settle()
		f.expect("before", behind, "a", "one", cache.Loaded)
		if err := ahead.Clear(t.Context()); err != nil {
			t.Fatal(err)
		}
		w := f.write(ahead, "a", "two")
		carried := cache.WithMark(t.Context(), ahead.Epoch(), w.Mark())
		f.expectSeen("with the mark of an epoch not heard of", ask(carried, behind.words, "a"), "two", cache.Loaded)
	})
}

// A node that has not heard of a new epoch yet gives its writer a mark of the old
// one; a node that has is not misled by that.
//
// Red when: a mark of the epoch before counts as heard.
func TestP4MarkOfTheEpochBefore(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFleet(t, 2, nil)
		ahead, behind := f.nodes[0], f.nodes[1]
		f.aside("a", "one")
		settle()
		old := behind.Epoch()
		if err := ahead.Clear(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.expect("in the new epoch", ahead, "a", "one", cache.Loaded)
		w := f.Write("a", "two", "word:a")
		epoch := behind.Raise(t.Context(), w)
		if epoch != old {
			t.Fatalf("the node behind is in epoch %d", epoch)
		}
		carried := cache.WithMark(t.Context(), epoch, w.Mark())
		f.expectSeen("with a mark of the epoch before", ask(carried, ahead.words, "a"), "two", cache.Loaded)
		f.expectSeen("and again", ask(carried, ahead.words, "a"), "two", cache.Memory)
	})
}

// A mark of an epoch that has ended, and one that nobody was given, show no old
// value, and no node answers them with an error. That of an old epoch costs no
// poll for every read.
//
// Red when: what is not heard after a poll is loaded every time; or marks of other epochs poll every time.
func TestP4MarksThatMeanNothing(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFleet(t, 1, nil)
		n := f.nodes[0]
		f.aside("a", "one")
		settle()
		old := cache.WithMark(t.Context(), n.Epoch(), 1<<40)
		f.expect("before", n, "a", "one", cache.Loaded)
		for range 3 {
			f.expectSeen("with a mark that was never given", ask(old, n.words, "a"), "one", cache.Memory)
		}
		if err := n.Clear(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.expect("in the new epoch", n, "a", "one", cache.Loaded)
		polls := n.Stats().Polls
		stranger := cache.WithMark(t.Context(), 12345, 100)
		for range 10 {
			f.expectSeen("with a mark of the epoch before", ask(old, n.words, "a"), "one", cache.Memory)
		}
		if more := n.Stats().Polls - polls; more > 1 {
			t.Errorf("%d polls for 10 marks of the epoch before", more)
		}
		for range 10 {
			f.expectSeen("with a mark of an unknown epoch", ask(stranger, n.words, "a"), "one", cache.Memory)
		}
		if more := n.Stats().Polls - polls; more > 2 {
			t.Errorf("%d polls for 10 marks each of two other epochs", more)
		}
	})
}
