package cache_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exodrive/exodrive/cache"
)

func (f *fleet) expectPair(what string, n *node, key, value string, layer cache.Layer) seen {
	f.t.Helper()
	got := ask(f.t.Context(), n.pairs, key)
	f.expectSeen(what, got, value, layer)
	return got
}

// What is made of several answers depends on all that they depend on.
//
// Red when: include does not take over the tags; or takes a part's stamp for all that the part is known to see.
func TestComposedDependsOnItsParts(t *testing.T) {
	in(t, func(t *testing.T) {
		f, remote, _ := withRemote(t, 1)
		n := f.nodes[0]
		f.aside("a", "1")
		f.aside("b", "1")
		settle()
		f.expectPair("first", n, "b", "1+1", cache.Loaded)
		f.expectPair("again", n, "b", "1+1", cache.Memory)
		f.write(n, "b", "2")
		f.expectPair("a part was written", n, "b", "1+2", cache.Loaded)
		f.write(n, "a", "2")
		f.expectPair("the other part was written", n, "b", "2+2", cache.Loaded)
		settle()
		n.Raise(t.Context(), f.Write("x", "x", "pair:b"))
		remote.Flush()
		settle()
		_ = ask(t.Context(), n.pairs, "b")
		f.expectPair("it is kept, though one part is older than the other's write", n, "b", "2+2", cache.Memory)
		synctest.Wait() // what is shared is so after the answer
		if remote.Bytes("pair:b") == nil {
			t.Error("it was not shared")
		}
	})
}

// It is as old as the oldest part: one that an old load brought, while a write was
// under way, makes the whole unfit to keep, though the tags were not raised since
// the whole began to load.
//
// Red when: include does not take over the tags.
func TestComposedIsAsOldAsItsOldestPart(t *testing.T) {
	in(t, func(t *testing.T) {
		f, remote, _ := withRemote(t, 2)
		n := f.nodes[0]
		f.aside("a", "1")
		f.aside("b", "1")
		settle()
		// The whole has begun with what it read of "a" before the write, and ends after.
		g := newGate()
		n.hook.Store(&hook{after: func(ctx context.Context, k string) {
			if k == "b" {
				g.pass(ctx, k)
			}
		}})
		whole := later(t.Context(), n.pairs, "b")
		<-g.arrived
		f.write(n, "a", "2")
		g.open()
		f.expectSeen("who came before the write", <-whole, "1+1", cache.Loaded)
		if remote.Bytes("pair:b") != nil {
			t.Error("it was stored for the other nodes")
		}
		f.expectPair("who came after it", n, "b", "2+1", cache.Loaded)
	})
}

// A whole that was loaded with a stamp of its own, newer than a write that this
// node has not heard of, is no newer than the old part it took from memory.
//
// Red when: include does not take the least stamp.
func TestComposedIsNoNewerThanAPart(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFleet(t, 1, nil)
		n := f.nodes[0]
		f.aside("a", "1")
		f.aside("b", "1")
		settle()
		f.expectPair("before", n, "b", "1+1", cache.Loaded)
		f.aside("a", "2")
		n.Raise(t.Context(), f.Write("x", "x", "pair:b")) // so the whole asks for a new horizon
		f.expectPair("within the bound", n, "b", "1+1", cache.Loaded)
		time.Sleep(bound)
		f.expectPair("after it", n, "b", "2+1", cache.Loaded)
	})
}

// After a write of this node that its old part has nothing to do with, it is loaded once,
// and not again when a poll hears of the write too.
//
// Red when: include does not poll for the sake of the part.
func TestComposedIsLoadedOnceAfterAWrite(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFleet(t, 2, nil)
		n := f.nodes[0]
		f.aside("a", "1")
		f.aside("b", "1")
		settle()
		f.expectPair("before", n, "b", "1+1", cache.Loaded)
		for range 10 {
			time.Sleep(3*time.Second + 130*time.Millisecond) // at any time between two polls
			n.Raise(t.Context(), f.Write("x", "x", "pair:b"))
			f.expectPair("after the write", n, "b", "1+1", cache.Loaded)
			f.expectPair("at once", n, "b", "1+1", cache.Memory)
			time.Sleep(bound)
			f.expectPair("after a poll", n, "b", "1+1", cache.Memory)
		}
	})
}

// It ends with the first of its parts.
//
// Red when: include does not take the earliest ends.
func TestComposedEndsWithItsFirstPart(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFleet(t, 1, nil)
		n := f.nodes[0]
		f.aside("a", "1")
		f.aside("b", "1")
		f.aside("c", "1")
		settle()
		f.expect("a part", n, "a", "1", cache.Loaded)
		time.Sleep(30 * time.Second)
		if got := f.expectPair("the whole", n, "b", "1+1", cache.Loaded); got.Left > 30*time.Second {
			t.Errorf("%v left, more than the part read 30 s ago has of its minute", got.Left)
		}
		n.hook.Store(&hook{after: func(ctx context.Context, k string) {
			if k == "c" {
				cache.Until(ctx, time.Now().Add(5*time.Second))
			}
		}})
		if got := f.expectPair("with a part that time makes wrong", n, "c", "1+1", cache.Loaded); got.Left > 5*time.Second {
			t.Errorf("%v left, want 5 s", got.Left)
		}
		f.expectPair("until then", n, "c", "1+1", cache.Memory)
		time.Sleep(5 * time.Second)
		f.expectPair("and from then on", n, "c", "1+1", cache.Loaded)
	})
}

// What was made of a part that nobody could verify is not kept, and says so.
//
// Red when: include does not note that a part is not verified.
func TestComposedOfUnverified(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFleet(t, 1, nil)
		n := f.nodes[0]
		f.aside("a", "1")
		f.aside("b", "1")
		settle()
		f.expect("a part", n, "a", "1", cache.Loaded)
		f.expect("a part", n, "b", "1", cache.Loaded)
		f.Stop()
		time.Sleep(bound)
		if got := ask(t.Context(), n.pairs, "b"); got.value != "1+1" || got.stale != cache.Unverifiable || got.Left != 0 {
			t.Errorf("made of what nobody can verify: %v", got)
		}
		if got := ask(t.Context(), n.pairs, "b"); got.err == nil {
			t.Errorf("it was kept: %v", got)
		}
		f.Start()
		settle()
		f.write(n, "a", "2")
		f.expectPair("back again", n, "b", "2+1", cache.Loaded)
	})
}

// A loader that finds out while it loads what its answer depends on says so, and
// the tag counts from the beginning of the load.
//
// Red when: Depend does nothing.
func TestDepend(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFleet(t, 1, nil)
		n := f.nodes[0]
		f.aside("a", "one")
		settle()
		n.hook.Store(&hook{before: func(ctx context.Context, _ string) { cache.Depend(ctx, "owner:7", "word:a", "owner:7") }})
		got := ask(t.Context(), n.words, "a")
		if tags := got.Entry.Tags(); len(tags) != 2 {
			t.Errorf("tags %q", tags)
		}
		n.Raise(t.Context(), f.Write("x", "x", "owner:8"))
		f.expect("another owner", n, "a", "one", cache.Memory)
		n.Raise(t.Context(), f.Write("x", "x", "owner:7"))
		f.expect("its owner", n, "a", "one", cache.Loaded)
		n.Raise(t.Context(), f.Write("x", "x", "owner:*"))
		f.expect("all owners", n, "a", "one", cache.Loaded)
	})
}

// An absence is remembered for half a minute, and over at once when the thing is
// made. It is remembered also where the thing itself was in memory before.
//
// Red when: absences are not kept; or not judged; or an entry that is refused hides them; or counted as failures.
func TestAbsence(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFleet(t, 1, nil)
		n := f.nodes[0]
		f.aside("gone", "one")
		settle()
		f.expect("before", n, "gone", "one", cache.Loaded)
		f.write(n, "gone", "")
		for _, key := range []string{"never", "gone"} {
			before := n.loads.Load()
			for range 5 {
				if got := ask(t.Context(), n.words, key); !errors.Is(got.err, errNone) || got.Entry != nil {
					t.Errorf("%s: %v", key, got)
				}
				time.Sleep(5 * time.Second)
			}
			if loads := n.loads.Load() - before; loads > 1 {
				t.Errorf("%s was looked for %d times in 25 s", key, loads)
			}
			time.Sleep(6 * time.Second)
			_ = ask(t.Context(), n.words, key)
			if loads := n.loads.Load() - before; loads != 2 {
				t.Errorf("%s was looked for %d times in 31 s, want 2", key, loads)
			}
			f.write(n, key, "made")
			f.expect("once it is made", n, key, "made", cache.Loaded)
		}
		if s := n.Stats().Families["word"]; s.LoadErrors != 0 || s.Loads == 0 {
			t.Errorf("of %d loads %d are said to have failed; an absence is an answer", s.Loads, s.LoadErrors)
		}
	})
}

// An aged entry is loaded anew by one reader, in the background, while everybody
// gets the old one at once. When that fails it is tried again after 1, 2, 4 …
// seconds and at last every 30, also after hours.
//
// Red when: refresh does not look at the pause; or does not double it; or doubles it beyond what a number holds.
func TestRefreshIsThrottled(t *testing.T) {
	in(t, func(t *testing.T) {
		var tries []time.Time
		f := newFleet(t, 1, func(_ int, o *cache.Options) {
			o.Loaded = func(_ string, _ time.Duration, err error) {
				if err != nil {
					tries = append(tries, time.Now())
				}
			}
		})
		n := f.nodes[0]
		f.aside("a", "one")
		settle()
		f.expect("before", n, "a", "one", cache.Loaded)
		n.broken.Store(true)
		time.Sleep(time.Minute)
		for range 50 * 60 * 4 {
			if got := ask(t.Context(), n.words, "a"); got.err != nil || got.stale != cache.Refreshing || got.took > 0 {
				t.Fatalf("an aged entry: %v", got)
			}
			synctest.Wait()
			time.Sleep(250 * time.Millisecond)
		}
		var pauses []string
		for i, at := range tries {
			if i > 0 {
				pauses = append(pauses, strconv.Itoa(int(at.Sub(tries[i-1]).Round(time.Second)/time.Second)))
			}
		}
		want := []string{"1", "2", "4", "8", "16", "30", "30"}
		for i, pause := range pauses {
			if i < len(want) && pause != want[i] || i >= len(want) && pause != "30" {
				t.Fatalf("pause %d is of %s s, want %v and 30 from then on", i, pause, want)
			}
		}
		if len(pauses) < 90 {
			t.Errorf("%d tries in 50 minutes", len(pauses))
		}
	})
}

// Before its soft end an entry is loaded anew by about one of all its readers,
// never earlier than sixteen times what its load takes, and nobody waits for it.
//
// Red when: refreshEarly is always true; or never.
func TestEarlyRefresh(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFleet(t, 1, nil)
		n := f.nodes[0]
		loads := func() uint64 { return n.Stats().Families["word"].Loads }
		const cost, words = 100 * time.Millisecond, 30
		slowly(f, cost)
		var early uint64
		var before time.Duration // the soft ends, all together
		for i := range words {
			key := strconv.Itoa(i)
			f.aside(key, "one")
			settle()
			first := ask(t.Context(), n.words, key)
			begun := loads()
			time.Sleep(first.Left - 16*cost)
			if loads() != begun {
				t.Fatal("loaded again before anybody asked")
			}
			refreshed := false
			for left := 16 * cost; left > 0; left -= cost / 10 {
				if got := ask(t.Context(), n.words, key); got.took > 0 || got.stale != cache.NotStale {
					t.Fatalf("within the soft end: %v", got)
				}
				time.Sleep(cost / 10)
				if now := loads() - begun; now > 0 && !refreshed {
					refreshed, before = true, before+left
				}
			}
			early += loads() - begun
		}
		if early < words*8/10 || early > words*12/10 {
			t.Errorf("%d early refreshes of %d entries, want about one each", early, words)
		}
		if mean := before / words; mean < cost || mean > 6*cost {
			t.Errorf("refreshed %v before the soft end on average, want some 3 times the cost of %v", mean, cost)
		}
	})
}
