package cache

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
)

// launch runs a flight on a goroutine of the cache's, so that the caller it was
// begun for may give up without ending it. in is what he was told by the remote cache.
func (f *family) launch(ctx context.Context, q *question, fl *flight, in *inquiry) {
	c := f.cache
	ctx = c.o.Detach(ctx)
	if !c.spawn(func() { f.fly(ctx, q, fl, in, true) }) {
		if in != nil && in.err == nil && in.taken.Outcome == Leased {
			_ = c.remote.release(ctx, in.want.Key, in.want.Token, Leased) // it ends anyway
		}
		c.flights.land(q.key, fl, Served{}, errClosed)
	}
}

// fly obtains an answer and lands the flight, also when the loader panics.
func (f *family) fly(ctx context.Context, q *question, fl *flight, in *inquiry, wait bool) {
	c := f.cache
	ctx, cancel := context.WithTimeout(ctx, c.o.LoadLimit)
	defer cancel()
	stop := context.AfterFunc(c.life, cancel) //nolint:contextcheck // a load ends with the cache too
	defer stop()
	// The mark was heard before, and a scope belongs to the caller's own load.
	ctx = context.WithValue(ctx, callKey{}, &call{part: fl})
	var (
		served Served
		share  func()
		err    error
	)
	defer func() {
		if thrown := recover(); thrown != nil {
			err = fmt.Errorf("cache: loading %s panicked: %v\n%s", f.name, thrown, debug.Stack())
		}
		c.flights.land(q.key, fl, served, err)
		if share != nil {
			share()
		}
	}()
	served, share, err = f.obtain(ctx, q, in, wait)
	if err != nil && served.Entry == nil && c.o.Unavailable(err) && c.journal.poll(c.life) != nil { //nolint:contextcheck // that of the load may have timed out
		// Neither answers. Until a poll succeeds nobody else needs to find out.
		c.down.Store(true)
	}
}

// obtain answers from the remote cache or by a load. share, if there is one, is run
// once the answer is out.
func (f *family) obtain(ctx context.Context, q *question, in *inquiry, wait bool) (served Served, share func(), err error) {
	if f.cache.remote != nil {
		return f.obtainFar(ctx, q, in, wait)
	}
	served, err = f.load(ctx, q)
	return served, nil, err
}

// load answers from the primary and keeps the answer in memory if it may be
// served again. An answer that a write has overtaken meanwhile is returned all
// the same: it is right for whoever came before the load began.
func (f *family) load(ctx context.Context, q *question) (Served, error) {
	c := f.cache
	// First of all: what the load sees is of the time when it begins.
	leave, err := c.gate.enter(ctx, callOf(ctx).part.urgent)
	if err != nil {
		return Served{}, err
	}
	defer leave()
	h := c.now(ctx)
	begun := c.o.Clock()
	// In this order: what is raised after the number is read counts against the
	// entry, and what was raised before it the load will see.
	s := &scope{tags: q.tags[:len(q.tags):len(q.tags)], own: true, began: h.floors.heard.Load(), soft: never, hard: never, until: never}
	s.stamp = c.stamp(ctx, h, h.floors.slotsOf(q.tags))
	value, err := q.load(withScope(ctx, s))
	took := c.o.Clock().since(begun)
	c.o.Loaded(f.name, took, err)
	absent := err != nil && q.absent(err)
	f.counters.loaded(took, err != nil && !absent)
	if err != nil && !absent {
		return Served{}, err
	}
	e := &Entry{
		asked: q, family: f, history: h, stamp: s.stamp, own: s.own, began: s.began,
		tags: s.tags, slots: h.floors.slotsOf(s.tags), until: s.until, cost: took,
	}
	if absent {
		e.absent = err
		e.live(begun, absentFor, 0, s)
	} else {
		body, encodeErr := encode(value)
		if encodeErr != nil {
			return Served{}, fmt.Errorf("cache: encode %s: %w", f.name, encodeErr)
		}
		e.body.fill(body)
		e.value, e.size = func() (any, error) { return value, nil }, sizeOf(value)
		e.live(begun, f.fresh-time.Duration(rand.Int64N(int64(f.fresh)/10+1)), f.stale, s)
	}
	served := Served{Entry: e, Layer: Loaded, Left: max(0, e.soft-c.o.Clock().Mono), Cost: took}
	if s.unverifiable {
		served.Left, served.Stale = 0, Unverifiable
	}
	c.keep(e, s.unverifiable)
	return served, err
}

// now is the history that what begins now belongs to. Before the first poll there is
// none: what is loaded would be of no use, and nothing would be found in the remote
// cache.
func (c *Cache) now(ctx context.Context) *history {
	if h := c.history.Load(); h.epoch != 0 {
		return h
	}
	_ = c.journal.poll(ctx)
	return c.history.Load()
}

// encode makes an entry's body: JSON in one line, with < and & as they are, since
// it is no part of a page.
func encode(value any) ([]byte, error) {
	var to bytes.Buffer
	e := json.NewEncoder(&to)
	e.SetEscapeHTML(false)
	err := e.Encode(value)
	return bytes.Clone(to.Bytes()), err // without the buffer's spare room
}

// live sets the ends of an entry; none is after those of its parts.
func (e *Entry) live(begun Instant, fresh, stale time.Duration, s *scope) {
	e.soft = begun.Mono + fresh
	e.hard = e.soft + stale
	if s.until != never {
		left := time.Duration(s.until - begun.Wall)
		e.soft, e.hard = min(e.soft, begun.Mono+left), min(e.hard, begun.Mono+left)
	}
	e.soft, e.hard = min(e.soft, s.soft), min(e.hard, s.hard)
	e.early = e.soft - earliest*e.cost
}

// keep puts an entry into memory, if it stands.
func (c *Cache) keep(e *Entry, unverifiable bool) {
	h := c.history.Load()
	if unverifiable || e.history != h || !e.stands(h) {
		e.family.counters.unstorable.Add(1)
		return
	}
	if e.absent != nil {
		c.absences.Set(e.asked.key, e)
		c.entries.Invalidate(e.asked.key) // or it would be found first, and refused
		return
	}
	if old, ok := c.entries.GetIfPresent(e.asked.key); ok && !old.stands(h) {
		c.audit.replaced(e)
	}
	c.absences.Invalidate(e.asked.key)
	e.body.outgrown = func() { c.weighAgain(e) }
	c.entries.Set(e.asked.key, e)
}

// weighAgain accounts for an entry in memory that has grown.
func (c *Cache) weighAgain(e *Entry) {
	c.entries.ComputeIfPresent(e.asked.key, func(kept *Entry) (*Entry, otter.ComputeOp) {
		if kept != e {
			return kept, otter.CancelOp
		}
		return e, otter.WriteOp
	})
}

// stamp is how far a load that begins now can see: the horizon of the last poll,
// which costs nothing, or a new one if that is not above the floors of the tags.
// 0, which is above no floor, stands for not knowing.
func (c *Cache) stamp(ctx context.Context, h *history, slots []uint32) Mark {
	polled := Mark(h.horizon.Load())
	if h.floors.below(polled, slots) {
		return polled
	}
	// A journal that hangs must leave the load its time: without a stamp the entry
	// still stands by the second rule.
	ctx, cancel := context.WithTimeout(ctx, c.o.Bound/4)
	defer cancel()
	epoch, now, err := c.o.Journal.Horizon(ctx)
	if err != nil || epoch != h.epoch {
		c.journal.wake() //nolint:contextcheck // nobody waits for it
		return 0
	}
	atomicMax(&h.furthest, uint64(now))
	return now
}

// warm is Family.Warm.
func (f *family) warm(ctx context.Context, q *question) (loaded bool, err error) {
	c := f.cache
	if e, ok := c.entries.GetIfPresent(q.key); ok {
		switch c.judge(e, c.o.Clock()) {
		case fresh, early:
			return false, nil
		default:
		}
	}
	if err := c.gate.enterSpare(ctx, c.life); err != nil {
		return false, err
	}
	fl, mine := c.flights.join(q.key, c.o.Waiters)
	if mine {
		fl.spare(c)
		f.launch(ctx, q, fl, nil)
	} else {
		c.gate.leaveSpare()
	}
	if fl == nil {
		return false, ErrBusy
	}
	served, err := fl.await(ctx)
	if errors.Is(err, errElsewhere) { // a refresh of what is aged, which another node is at
		return false, nil
	}
	return mine && served.Layer == Loaded, err
}

// refresh loads an entry anew in the background, once at a time, and after a
// failure not again for a while.
func (c *Cache) refresh(e *Entry, now Instant) {
	r := &e.refresh
	if int64(now.Mono) < r.after.Load() || !r.running.CompareAndSwap(false, true) {
		return
	}
	started := c.background(func() {
		defer r.running.Store(false)
		if !c.gate.trySpare() {
			r.after.Store(int64(c.o.Clock().Mono + refreshPause))
			return
		}
		fl, mine := c.flights.join(e.asked.key, c.o.Waiters)
		if !mine {
			c.gate.leaveSpare()
			return
		}
		fl.spare(c)
		// A reader may have found the entry just before another refresh replaced it. Now
		// that this flight is the key's only one, nobody replaces it.
		if kept, ok := c.entries.GetIfPresent(e.asked.key); !ok || kept != e {
			c.flights.land(e.asked.key, fl, Served{}, errElsewhere)
			return
		}
		e.family.fly(c.life, e.asked, fl, nil, false)
		if fl.err != nil {
			doubled := min(r.failed.Add(1)-1, mostDoublings) // more would overflow
			pause := min(refreshPause<<doubled, longestRefreshPause)
			r.after.Store(int64(c.o.Clock().Mono + pause))
		}
	})
	if !started {
		r.running.Store(false)
	}
}

// refresh is what an entry knows of attempts to load it anew.
type refresh struct {
	running atomic.Bool
	after   atomic.Int64 // not before
	failed  atomic.Int32
}

// Pauses after refreshes that failed; each is twice the one before.
const (
	refreshPause        = time.Second
	longestRefreshPause = 30 * time.Second
	mostDoublings       = 5
)
