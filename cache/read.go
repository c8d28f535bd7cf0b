package cache

import (
	"context"
	"errors"
	"fmt"
	"math"
)

// hit serves from memory what needs no thought: the way of nearly every read. It
// takes no lock and makes nothing.
func (f *family) hit(ctx context.Context, key string) (Served, bool) {
	c := f.cache
	e, ok := c.entries.GetIfPresent(key)
	if !ok {
		return Served{}, false
	}
	asked := callOf(ctx)
	if asked.direct || asked.mark > 0 && !c.hasHeard(asked) {
		return Served{}, false
	}
	now := c.o.Clock()
	served := Served{Entry: e, Layer: Memory, Left: e.soft - now.Mono}
	switch c.judge(e, now) {
	case fresh:
	case early:
		c.refresh(e, now)
	case aged:
		c.refresh(e, now)
		served.Left, served.Stale = 0, Refreshing
		f.counters.stale[Refreshing].Add(1)
	default:
		return Served{}, false
	}
	f.counters.hits[Memory].Add(1)
	c.audit.seen(e)
	if asked.scope != nil {
		asked.scope.include(ctx, e, served.Stale)
	}
	return served, true
}

// hasHeard tells whether this node has read the write that a caller carries. A mark
// of another epoch may be of a writer that had not heard of this one yet, so it is
// heard only if the journal was read since it was carried here first.
func (c *Cache) hasHeard(asked call) bool {
	h := c.history.Load()
	if asked.epoch != h.epoch {
		return h.settled.has(foreign{asked.epoch, asked.mark})
	}
	return h.knows(asked.mark)
}

// answer finds what read answers, or loads it.
func (f *family) answer(ctx context.Context, q *question, asked call) (Served, error) {
	c := f.cache
	// Also without an entry: a load under way may have begun before the write of
	// the mark, and what the remote cache has is judged by what this node has heard.
	if asked.mark > 0 && !c.hasHeard(asked) && !c.hear(ctx, asked) {
		return f.unheard(ctx, q, asked)
	}
	arrival := c.flights.arrival()
	if served, err, ok := f.verified(ctx, q); ok {
		return served, err
	}
	if err := asked.admitted(); err != nil {
		return Served{}, err
	}
	return f.share(ctx, q, arrival, asked.part != nil)
}

// hear reads the journal for a caller's mark. Whatever had been committed when he
// came is heard then.
func (c *Cache) hear(ctx context.Context, asked call) bool {
	if c.journal.poll(ctx) != nil {
		return false
	}
	if h := c.history.Load(); asked.epoch != h.epoch {
		h.settled.add(foreign{asked.epoch, asked.mark})
	}
	return true
}

// unheard answers a caller whose mark cannot be looked up, as the journal does not
// answer: past every cache, the parts included, or not at all but under P8.
func (f *family) unheard(ctx context.Context, q *question, asked call) (Served, error) {
	c := f.cache
	if err := asked.admitted(); err != nil {
		return Served{}, err
	}
	if !c.enter() {
		return Served{}, ErrBusy
	}
	defer c.leave()
	if c.down.Load() {
		return f.withoutDatabase(q, ErrStale)
	}
	ctx, cancel := context.WithTimeout(ctx, c.o.LoadLimit)
	defer cancel()
	leave, err := c.gate.enter(ctx, nil)
	if err != nil {
		return Served{}, err
	}
	defer leave()
	served, err := f.direct(context.WithValue(ctx, callKey{}, &call{direct: true}), q)
	if err != nil && c.o.Unavailable(err) {
		return f.withoutDatabase(q, err)
	}
	return served, err
}

// read is the rest of the way: what memory could not serve at once.
func (f *family) read(ctx context.Context, q *question) (Served, error) {
	asked := callOf(ctx)
	if asked.direct {
		return f.direct(ctx, q)
	}
	served, err := f.answer(ctx, q, asked)
	if asked.scope != nil && served.Entry != nil {
		asked.scope.include(ctx, served.Entry, served.Stale)
	}
	if served.Entry != nil && served.Entry.absent != nil {
		served.Entry = nil
	}
	return served, err
}

// direct loads past every cache, and keeps nothing.
func (f *family) direct(ctx context.Context, q *question) (Served, error) {
	begun := f.cache.o.Clock()
	value, err := q.load(ctx)
	if err != nil {
		return Served{}, err
	}
	body, err := encode(value)
	if err != nil {
		return Served{}, fmt.Errorf("cache: encode %s: %w", f.name, err)
	}
	e := &Entry{asked: q, family: f, tags: q.tags, until: never, value: func() (any, error) { return value, nil }}
	e.body.fill(body)
	return Served{Entry: e, Cost: f.cache.o.Clock().since(begun)}, nil
}

// verified serves from memory after all when only the lease or a mark stood
// against it, and tells what is known to be absent. ok is false when there is
// nothing to serve.
func (f *family) verified(ctx context.Context, q *question) (_ Served, err error, ok bool) { //nolint:revive // err is the answer, ok whether there is one
	c := f.cache
	e, kept := c.entries.GetIfPresent(q.key)
	if !kept {
		e, kept = c.absences.GetIfPresent(q.key)
	}
	// Without an entry a poll would be of use to nobody: a load begun now sees all
	// that any caller has written.
	if !kept {
		if c.evicted.take(q.key) {
			f.counters.evicted.Add(1)
		} else {
			f.counters.unasked.Add(1)
		}
		return Served{}, nil, false
	}
	// Where polls fail already, nobody waits for one more: the next that succeeds is
	// as soon, and until then a load tells the truth.
	if c.judge(e, c.o.Clock()) == lapsed && !c.journal.failing.Load() {
		_ = c.journal.poll(ctx) // if it fails, the entry is judged as it was
	}
	now := c.o.Clock()
	if v := c.judge(e, now); v > aged {
		f.counters.unserved[v].Add(1)
		return Served{}, nil, false
	}
	served := Served{Entry: e, Layer: Memory, Left: max(0, e.soft-now.Mono)}
	f.counters.hits[Memory].Add(1)
	if e.absent != nil {
		return served, e.absent, true
	}
	if served.Left == 0 {
		c.refresh(e, now)
		served.Stale = Refreshing
		f.counters.stale[Refreshing].Add(1)
	}
	return served, nil, true
}

// share answers by a load that others may wait for too.
//
// A load that began after this caller came has seen everything he may know of,
// so it answers him whatever has been raised since. One that was under way when
// he came may have read before a write that he knows of; its result serves him
// only if it is valid now, and an error never; but that there was no place for it,
// which knows of no write, may be told to anybody.
//
// A read that is part of a load has that load's place: it is not refused and does not
// stand in line, nor does what it waits for.
func (f *family) share(ctx context.Context, q *question, arrival uint64, part bool) (Served, error) {
	c := f.cache
	if c.down.Load() {
		return f.withoutDatabase(q, ErrStale)
	}
	most := math.MaxInt
	if !part {
		// Before the load begins: a caller who is refused must not leave one behind.
		if !c.enter() {
			return Served{}, ErrBusy
		}
		defer c.leave()
		most = c.o.Waiters
	}
	for {
		fl, mine := c.flights.join(q.key, most)
		if fl == nil {
			return Served{}, ErrBusy
		}
		if part {
			fl.hurry()
		}
		if mine {
			if in, landed := f.glance(ctx, q, fl); !landed {
				f.launch(ctx, q, fl, in)
			}
		}
		served, err := f.await(ctx, q, fl)
		switch {
		case ctx.Err() != nil && served.Entry == nil:
			f.counters.errors.Add(1)
			return Served{}, err
		case errors.Is(err, errElsewhere): // a refresh that had nothing to do
			continue
		case served.Entry == nil && (c.down.Load() || errors.Is(err, errSlow)):
			return f.withoutDatabase(q, err)
		case fl.number > arrival || errors.Is(err, ErrBusy) && !part || served.Entry != nil && f.validNow(served.Entry):
			f.counters.answered(served, mine, err)
			return served, err
		}
	}
}

// errSlow ends the wait for a load while the journal cannot be read either.
var errSlow = errors.New("cache: neither journal nor load answers")

// await waits for a flight to land. While the journal cannot be read, and there is
// an old entry that may be served without it, that is no longer than half the
// bound: a load that hangs is as good as one that fails.
func (f *family) await(ctx context.Context, q *question, fl *flight) (Served, error) {
	c := f.cache
	if _, ok := f.old(q); !ok || !c.journal.failing.Load() {
		return fl.await(ctx)
	}
	short, cancel := context.WithTimeout(ctx, c.o.Bound/2)
	defer cancel()
	served, err := fl.await(short)
	if short.Err() != nil && ctx.Err() == nil && served.Entry == nil {
		return Served{}, errSlow
	}
	return served, err
}

func (f *family) validNow(e *Entry) bool {
	switch f.cache.judge(e, f.cache.o.Clock()) {
	case fresh, early, aged:
		return true
	default:
		return false
	}
}

// withoutDatabase answers while neither journal nor loader do: with what is
// within its hard end, however old, for families that allow it.
func (f *family) withoutDatabase(q *question, err error) (Served, error) {
	e, ok := f.old(q)
	if !ok {
		f.counters.errors.Add(1)
		return Served{}, unavailable(err)
	}
	f.counters.hits[Memory].Add(1)
	f.counters.stale[Unverifiable].Add(1)
	return Served{Entry: e, Layer: Memory, Stale: Unverifiable}, nil
}

// old is what the node has of a question within its hard end, however often it
// was raised, if the family allows such answers.
func (f *family) old(q *question) (*Entry, bool) {
	now := f.cache.o.Clock()
	e, ok := f.cache.entries.GetIfPresent(q.key)
	return e, ok && f.stale > 0 && now.Mono < e.hard && now.Wall < e.until
}

func unavailable(err error) error {
	if err == ErrStale { //nolint:errorlint // not one that wraps it
		return err
	}
	return fmt.Errorf("%w: %w", ErrStale, err)
}
