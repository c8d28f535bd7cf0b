package cache_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/cachetest"
)

// loadsOf counts the loads of words, but for the auditors'.
func loadsOf(f *fleet) (n uint64) {
	for _, node := range f.nodes {
		n += node.Stats().Families["word"].Loads
	}
	return n
}

// withRemote are nodes that share a remote cache with faults.
func withRemote(t *testing.T, nodes int) (*fleet, *cachetest.Remote, *cachetest.Faulty) {
	remote := cachetest.NewRemote()
	faulty := &cachetest.Faulty{Remote: remote, Delay: time.Hour}
	return newFleet(t, nodes, func(_ int, o *cache.Options) { o.Remote = faulty }), remote, faulty
}

// everybody reads the same word on every node, callers at once on each.
func everybody(t *testing.T, f *fleet, callers int, key, want string) {
	t.Helper()
	var all sync.WaitGroup
	for _, n := range f.nodes {
		for range callers {
			all.Go(func() {
				if got := ask(t.Context(), n.words, key); got.value != want || got.err != nil {
					t.Errorf("%v, want %q", got, want)
				}
			})
		}
	}
	all.Wait()
}

// slowly makes every load of every node take a while.
func slowly(f *fleet, d time.Duration) {
	for _, n := range f.nodes {
		n.hook.Store(&hook{before: func(ctx context.Context, _ string) {
			select {
			case <-time.After(d):
			case <-ctx.Done():
			}
		}})
	}
}

// Whatever happens to the remote cache, nothing stale comes back: emptied,
// restarted from an old file, or with an older load written last (R8).
//
// Red when: arrived does not judge; or judges what others stored by the second rule.
func TestP5NothingStaleRevives(t *testing.T) {
	in(t, func(t *testing.T) {
		f, remote, faulty := withRemote(t, 2)
		f.aside("a", "one")
		settle()
		f.expect("before", f.nodes[0], "a", "one", cache.Loaded)
		restore := remote.Snapshot()
		old := remote.Bytes("word:a")
		f.write(f.nodes[0], "a", "two")
		f.expect("after the write", f.nodes[0], "a", "two", cache.Loaded)
		settle()

		restore()
		f.expect("with the old file", f.nodes[1], "a", "two", cache.Loaded)
		remote.Flush()
		f.expect("emptied", f.nodes[1], "a", "two", cache.Memory)
		f.write(f.nodes[0], "a", "three")
		settle()
		if err := remote.Fill(t.Context(), wordKey("a"), "", cache.Stored{Epoch: 1, Stamp: 1 << 40, Bytes: old, Life: time.Hour}); err != nil {
			t.Fatal(err)
		}
		f.expect("with an old entry under a forged stamp", f.nodes[1], "a", "three", cache.Loaded)

		faulty.Fails.On()
		f.write(f.nodes[0], "a", "four")
		settle()
		faulty.Fails.Off()
		restore()
		time.Sleep(bound)
		f.expect("written while it was down", f.nodes[1], "a", "four", cache.Loaded)
	})
}

// A key that half the world asks for at once is loaded once in the whole fleet;
// without the remote cache, once per node.
//
// Red when: a miss does not ask the remote cache for a lease; or does not share a flight.
func TestP6OneLoadInTheFleet(t *testing.T) {
	in(t, func(t *testing.T) {
		f, _, faulty := withRemote(t, 8)
		f.aside("a", "one")
		f.aside("b", "one")
		settle()
		slowly(f, 100*time.Millisecond)
		everybody(t, f, 25, "a", "one")
		if n := loadsOf(f); n != 1 {
			t.Errorf("%d loads with a remote cache, want 1", n)
		}
		faulty.Fails.On()
		everybody(t, f, 25, "b", "one")
		if n := loadsOf(f) - 1; n != 8 {
			t.Errorf("%d loads without a remote cache, want one per node", n)
		}
	})
}

// A node that dies while it loads is replaced by one other when its lease ends.
//
// Red when: the others give up waiting as soon as the first lease ends, and all load.
func TestP6DeadHolder(t *testing.T) {
	in(t, func(t *testing.T) {
		f, remote, _ := withRemote(t, 8)
		f.aside("a", "one")
		settle()
		slowly(f, 100*time.Millisecond)
		if _, err := remote.Take(t.Context(), cache.Wanted{Key: wordKey("a"), Epoch: 1, Token: "dead", Lease: 3 * time.Second}); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		everybody(t, f, 5, "a", "one")
		if n := loadsOf(f); n != 1 {
			t.Errorf("%d loads after the holder's death, want 1", n)
		}
		if took := time.Since(began); took > 4*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// A holder that cannot store what it loads does not keep the others waiting: a
// write transaction open elsewhere holds the horizon back, or the loader fails.
//
// Red when: loadForAll does not release the lease.
func TestP6HolderCannotStore(t *testing.T) {
	in(t, func(t *testing.T) {
		f, _, _ := withRemote(t, 4)
		tx := f.Begin()
		defer tx.Rollback()
		f.write(f.nodes[0], "a", "one")
		settle()
		slowly(f, 100*time.Millisecond)
		began := time.Now()
		everybody(t, f, 5, "a", "one")
		if took := time.Since(began); took > 300*time.Millisecond {
			t.Errorf("the others waited %v for what could not be stored", took)
		}
		if n := loadsOf(f); n > 4 {
			t.Errorf("%d loads on 4 nodes", n)
		}
		began = time.Now()
		_ = ask(t.Context(), f.nodes[0].words, "nothing there")
		_ = ask(t.Context(), f.nodes[1].words, "nothing there")
		if took := time.Since(began); took > 300*time.Millisecond {
			t.Errorf("the absence of a word took %v", took)
		}
	})
}

// A caller that gives up neither stops the load nor fails those who wait with him.
//
// Red when: a load runs under the context of its first caller.
func TestP6CallerGivesUp(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFleet(t, 1, nil)
		n := f.nodes[0]
		f.aside("a", "one")
		settle()
		slowly(f, time.Second)
		ctx, giveUp := context.WithCancel(t.Context())
		first := later(ctx, n.words, "a")
		synctest.Wait()
		second := later(t.Context(), n.words, "a")
		synctest.Wait()
		giveUp()
		if got := <-first; !errors.Is(got.err, context.Canceled) || got.took > 0 {
			t.Errorf("who gave up: %v", got)
		}
		f.expectSeen("who waited with him", <-second, "one", cache.Loaded)
		f.expect("and the load was kept", n, "a", "one", cache.Memory)
		if n.loads.Load() != 1 {
			t.Errorf("%d loads", n.loads.Load())
		}
	})
}

// A load for the whole fleet has its deadline too, after which its callers have an
// error and the next load begins; and it ends with the cache.
//
// Red when: a load under a lease runs past LoadLimit; or past Close.
func TestP6HolderHangs(t *testing.T) {
	in(t, func(t *testing.T) {
		f, _, _ := withRemote(t, 1)
		n := f.nodes[0]
		f.aside("a", "one")
		settle()
		n.hook.Store(&hook{before: func(ctx context.Context, _ string) { <-ctx.Done() }})
		if got := ask(t.Context(), n.words, "a"); got.err == nil || got.took > 11*time.Second {
			t.Errorf("the caller of a load that hangs: %v", got)
		}
		hanging := later(t.Context(), n.words, "a")
		synctest.Wait()
		began := time.Now()
		n.Close()
		if took := time.Since(began); took > time.Second || (<-hanging).err == nil {
			t.Errorf("the cache closed after %v", took)
		}
	})
}

// A loader that panics fails its callers and nothing else: the next load runs, on
// this node and on the others.
//
// Red when: fly does not recover; or the lease is not released after a panic.
func TestP6LoaderPanics(t *testing.T) {
	in(t, func(t *testing.T) {
		f, _, _ := withRemote(t, 2)
		f.aside("a", "one")
		settle()
		var once atomic.Bool
		f.nodes[0].hook.Store(&hook{before: func(context.Context, string) {
			if once.CompareAndSwap(false, true) {
				panic("a bug in a loader")
			}
		}})
		if got := ask(t.Context(), f.nodes[0].words, "a"); got.err == nil {
			t.Errorf("the caller of a load that panicked: %v", got)
		}
		began := time.Now()
		f.expect("on the other node", f.nodes[1], "a", "one", cache.Loaded)
		f.expect("on the same", f.nodes[0], "a", "one", cache.Loaded) // nobody waits for a while
		if took := time.Since(began); took > 0 {
			t.Errorf("they waited %v for a holder that had panicked", took)
		}
	})
}

// What is loaded anew as it ages is loaded once in the whole fleet, also while
// nothing is written and all loads have the same stamp.
//
// Red when: a refresh takes from the remote cache only what has a higher stamp; or, one run in some
// twenty, refreshes an entry that was replaced already.
func TestP6OneRefreshInTheFleet(t *testing.T) {
	in(t, func(t *testing.T) {
		f, _, _ := withRemote(t, 6)
		f.aside("a", "one")
		settle()
		slowly(f, 100*time.Millisecond)
		everybody(t, f, 1, "a", "one")
		for round := uint64(2); round < 5; round++ {
			time.Sleep(time.Minute) // all entries are aged now
			for range 4 {
				everybody(t, f, 3, "a", "one")
				time.Sleep(2 * time.Second) // the others look again after one
			}
			if n := loadsOf(f); n != round {
				t.Errorf("%d loads after %d minutes, want %d", n, round-1, round)
			}
		}
	})
}

// Broken bytes are a miss: no panic, no answer, and no answer to another question.
//
// Red when: the sum is not checked; or the key is left out of it.
func TestP11BrokenBytes(t *testing.T) {
	in(t, func(t *testing.T) {
		f, remote, faulty := withRemote(t, 2)
		for _, key := range []string{"a", "b"} {
			f.aside(key, "one of "+key)
		}
		settle()
		f.expect("filled", f.nodes[0], "b", "one of b", cache.Loaded)
		other := remote.Bytes("word:b")
		for name, corrupt := range map[string]func([]byte) []byte{
			"nothing":           func([]byte) []byte { return nil },
			"half":              func(b []byte) []byte { return b[:len(b)/2] },
			"a bit of the body": func(b []byte) []byte { b[len(b)-4] ^= 4; return b },
			"a bit of the head": func(b []byte) []byte { b[15] ^= 1; return b },
			"another version":   func(b []byte) []byte { b[0]++; return b },
			"another key's":     func([]byte) []byte { return other },
			"more":              func(b []byte) []byte { return append(b, 0) },
		} {
			f.write(f.nodes[0], "a", name)
			f.expect(name, f.nodes[0], "a", name, cache.Loaded)
			settle()
			faulty.Corrupt = corrupt
			faulty.Corrupts.On()
			f.expect("broken: "+name, f.nodes[1], "a", name, cache.Loaded)
			faulty.Corrupts.Off()
		}
		if n := f.nodes[1].Stats().Families["word"].Corrupt; n < 7 {
			t.Errorf("%d entries counted as corrupt, want 7", n)
		}
	})
}

// An answer is the same byte for byte, with the same entity tags, whether it was
// loaded by a request, came from the remote cache, or was loaded by a refresh.
//
// Red when: pack leaves out the gzip variant.
func TestP12TheSameBytes(t *testing.T) {
	in(t, func(t *testing.T) {
		f, _, _ := withRemote(t, 2)
		text := ""
		for range 100 {
			text += "<a long & compressible word> "
		}
		f.aside("a", text)
		settle()
		loaded := ask(t.Context(), f.nodes[0].words, "a")
		far := ask(t.Context(), f.nodes[1].words, "a")
		time.Sleep(time.Minute)
		aged := ask(t.Context(), f.nodes[0].words, "a")
		time.Sleep(time.Second)
		refreshed := ask(t.Context(), f.nodes[0].words, "a")
		if far.layer != cache.Far || aged.stale != cache.Refreshing || refreshed.stale != cache.NotStale || refreshed.Entry == loaded.Entry {
			t.Fatalf("the four reads are not what they should be: %v, %v, %v", far.layer, aged.stale, refreshed.stale)
		}
		for name, other := range map[string]seen{"remote": far, "refreshed": refreshed} {
			for _, coding := range []cache.Coding{cache.Identity, cache.Gzip} {
				a, b := loaded.Entry.Variant(coding), other.Entry.Variant(coding)
				if a == nil || b == nil || string(a.Body) != string(b.Body) || a.Tag != b.Tag || a.ContentLength[0] != b.ContentLength[0] {
					t.Errorf("%s in %v is not what a request loads", name, coding)
				}
			}
			if other.value != loaded.value {
				t.Errorf("%s has another value", name)
			}
		}
	})
}
