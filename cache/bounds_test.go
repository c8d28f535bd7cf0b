package cache_test

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/cachetest"
)

// A write costs the same whether a hundred entries depend on its tag or ten
// thousand: nothing is searched for, and the remote cache is not spoken to.
//
// Red when: Raise removes entries.
func TestP9InvalidationIsOneStep(t *testing.T) {
	in(t, func(t *testing.T) {
		remote := &cachetest.Faulty{Remote: cachetest.NewRemote()}
		f := newFleet(t, 1, func(_ int, o *cache.Options) { o.Remote = remote })
		n := f.nodes[0]
		n.hook.Store(&hook{before: func(ctx context.Context, _ string) { cache.Depend(ctx, "all") }})
		settle()
		var allocated []float64
		for _, entries := range []int{100, 10_000} {
			for i := range entries {
				key := strconv.Itoa(i)
				f.aside(key, "one")
				_ = ask(t.Context(), n.words, key)
			}
			before := n.Stats().Entries
			if before < entries {
				t.Fatalf("%d entries", before)
			}
			synctest.Wait() // the last entry is shared after its reader was answered
			calls := remote.Tried.Load()
			w := f.Write("x", "x", "all")
			allocated = append(allocated, testing.AllocsPerRun(10, func() { n.Raise(t.Context(), w) }))
			if after := n.Stats().Entries; after != before {
				t.Errorf("a raise took %d of %d entries away", before-after, before)
			}
			if more := remote.Tried.Load() - calls; more > 0 {
				t.Errorf("a raise called the remote cache %d times", more)
			}
			f.expect("after the raise", n, "1", "one", cache.Loaded)
		}
		if allocated[0] != allocated[1] {
			t.Errorf("a raise allocates %v times for few entries and %v for many", allocated[0], allocated[1])
		}
	})
}

// However much is read, memory holds what it was given room for.
//
// Red when: an entry has no weight; or absences are kept without a limit.
func TestP10MemoryIsBounded(t *testing.T) {
	in(t, func(t *testing.T) {
		const room = 1 << 20
		f := newFleet(t, 1, func(_ int, o *cache.Options) { o.Bytes, o.Absences = room, 100 })
		n := f.nodes[0]
		settle()
		for i := range 5000 {
			key := strconv.Itoa(i)
			f.aside(key, "a word of some length, so that it weighs something")
			_ = ask(t.Context(), n.words, key)
			_ = ask(t.Context(), n.words, "missing"+key)
		}
		synctest.Wait()
		s := n.Stats()
		if s.Bytes > room || s.Bytes < room/2 || s.Entries > room/500 || s.Evictions == 0 {
			t.Errorf("%d bytes in %d entries, %d evictions, in room for %d", s.Bytes, s.Entries, s.Evictions, room)
		}
		if s.Absences > 110 {
			t.Errorf("%d absences, want at most 100", s.Absences)
		}
	})
}

// Callers beyond the limit are told so at once, and leave no load behind; nor do
// callers who give up begin more loads than may wait.
//
// Red when: a caller is refused after his load has begun; or flights are not bounded.
func TestP10WaitersAreBounded(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFleet(t, 1, func(_ int, o *cache.Options) { o.Waiters = 10 })
		n := f.nodes[0]
		settle()
		var running, most atomic.Int64
		n.hook.Store(&hook{before: func(ctx context.Context, _ string) {
			if now := running.Add(1); now > most.Load() {
				most.Store(now)
			}
			<-ctx.Done()
			running.Add(-1)
		}})
		var waiting []<-chan seen
		for i := range 10 {
			waiting = append(waiting, later(t.Context(), n.words, strconv.Itoa(i)))
		}
		synctest.Wait()
		for i := range 50 {
			if got := ask(t.Context(), n.words, "more"+strconv.Itoa(i)); !errors.Is(got.err, cache.ErrBusy) || got.took > 0 {
				t.Errorf("beyond the limit: %v", got)
			}
		}
		if n.Stats().Waiters != 10 {
			t.Errorf("%d wait", n.Stats().Waiters)
		}
		for _, w := range waiting {
			<-w
		}
		impatient, giveUp := context.WithCancel(t.Context())
		giveUp()
		for i := range 200 {
			_ = ask(impatient, n.words, "impatient"+strconv.Itoa(i))
		}
		synctest.Wait()
		if most.Load() > 10 {
			t.Errorf("%d loads ran at once, want at most 10", most.Load())
		}
		time.Sleep(time.Minute)
		n.hook.Store(&hook{})
		f.aside("a", "one")
		settle()
		f.expect("when the flood is over", n, "a", "one", cache.Loaded)
	})
}

// Refreshes and encodings in the background are bounded too, and what found no
// place is done later.
//
// Red when: background starts whatever it is given; or brotli is not asked for again.
func TestP10BackgroundIsBounded(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFleet(t, 1, func(_ int, o *cache.Options) { o.Background = 3 })
		n := f.nodes[0]
		text := ""
		for i := range 200 {
			text += "word " + strconv.Itoa(i%7)
		}
		for i := range 30 {
			f.aside(strconv.Itoa(i), text)
		}
		settle()
		for i := range 30 {
			_ = ask(t.Context(), n.words, strconv.Itoa(i))
		}
		var running, most atomic.Int64
		n.hook.Store(&hook{before: func(ctx context.Context, _ string) {
			if now := running.Add(1); now > most.Load() {
				most.Store(now)
			}
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
			}
			running.Add(-1)
		}})
		time.Sleep(59 * time.Second)
		var entry *cache.Entry
		for i := range 30 {
			got := ask(t.Context(), n.words, strconv.Itoa(i))
			if got.err != nil || got.took > 0 {
				t.Errorf("an aged word: %v", got)
			}
			entry = got.Entry
		}
		synctest.Wait()
		for range 10 {
			if entry.Variant(cache.Brotli) != nil {
				t.Error("brotli was made though there was no place")
			}
		}
		if most.Load() > 4 { // with the auditor's
			t.Errorf("%d refreshes ran at once, want at most 3", most.Load())
		}
		time.Sleep(2 * time.Second)
		for range 5 {
			_ = entry.Variant(cache.Brotli)
		}
		synctest.Wait()
		if entry.Variant(cache.Brotli) == nil {
			t.Error("brotli was never made")
		}
	})
}

// What is open for long costs no memory without end: the marks that are read
// above a horizon that does not move are bounded, and a mark not remembered is
// read for again.
//
// Red when: after a poll a mark that is not remembered counts as not heard.
func TestP10MarksAreBounded(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFleet(t, 2, nil)
		f.aside("a", "one")
		tx := f.Begin()
		defer tx.Rollback()
		settle()
		var w cache.Written
		for range 12_000 {
			w = f.aside("a", "one")
		}
		settle()
		f.expect("before", f.nodes[1], "a", "one", cache.Loaded)
		w = append(w, f.write(f.nodes[0], "a", "two")...)
		carried := cache.WithMark(t.Context(), f.nodes[0].Epoch(), w.Mark())
		f.expectSeen("with a mark beyond those remembered", ask(carried, f.nodes[1].words, "a"), "two", cache.Loaded)
		f.expectSeen("and again", ask(carried, f.nodes[1].words, "a"), "two", cache.Memory)
	})
}
