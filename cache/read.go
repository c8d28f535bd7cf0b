package cache

import (
	"context"
	"errors"
	"fmt"
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
		asked.scope.include(e, served.Stale)
	}
	return served, true
}

// hasHeard tells whether this node has read the write that a caller carries.
func (c *Cache) hasHeard(asked call) bool {
	h := c.history.Load()
	return asked.epoch != h.epoch || h.knows(asked.mark)
}

// read is the rest of the way: what memory could not serve at once.
func (f *family) read(ctx context.Context, q *question) (Served, error) {
	c := f.cache
	asked := callOf(ctx)
	if asked.direct {
		return f.direct(ctx, q)
	}
	arrival := c.flights.arrival()
	served, err, ok := f.verified(ctx, q, asked)
	if !ok {
		served, err = f.share(ctx, q, arrival)
	}
	if asked.scope != nil && served.Entry != nil {
		asked.scope.include(served.Entry, served.Stale)
	}
	if served.Entry != nil && served.Entry.absent != nil {
		served.Entry = nil
	}
	return served, err
}

// direct loads past every cache, and keeps nothing.
func (f *family) direct(ctx context.Context, q *question) (Served, error) {
	value, err := q.load(ctx)
	if err != nil {
		return Served{}, err
	}
	return Served{Entry: &Entry{asked: q, family: f, value: func() (any, error) { return value, nil }}}, nil
}

// verified serves from memory after all when only the lease or a mark stood
// against it, and tells what is known to be absent. ok is false when there is
// nothing to serve.
func (f *family) verified(ctx context.Context, q *question, asked call) (_ Served, err error, ok bool) { //nolint:revive // err is the answer, ok whether there is one
	c := f.cache
	e, kept := c.entries.GetIfPresent(q.key)
	if !kept {
		e, kept = c.absences.GetIfPresent(q.key)
	}
	needed := asked.mark > 0 && !c.hasHeard(asked)
	if kept && !needed {
		needed = c.judge(e, c.o.Clock()) == lapsed
	}
	// Without an entry a poll would be of use to nobody: a load begun now sees all
	// that any caller has written.
	if !kept {
		return Served{}, nil, false
	}
	if needed {
		_ = c.journal.poll(ctx) // if it fails, the entry is judged as it was
	}
	now := c.o.Clock()
	if asked.mark > 0 && !c.hasHeard(asked) || !f.validNow(e) {
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
// only if it is valid now.
func (f *family) share(ctx context.Context, q *question, arrival uint64) (Served, error) {
	c := f.cache
	if c.down.Load() {
		return f.withoutDatabase(q, ErrStale)
	}
	for {
		fl, mine := c.flights.join(q.key)
		if mine {
			f.launch(ctx, q, fl)
		}
		served, err := c.await(ctx, fl)
		switch {
		case errors.Is(err, errElsewhere): // a refresh that had nothing to do
			continue
		case served.Entry == nil && c.down.Load() && ctx.Err() == nil:
			return f.withoutDatabase(q, err)
		case served.Entry == nil || fl.number > arrival || f.validNow(served.Entry):
			f.counters.answered(served, mine, err)
			return served, err
		}
	}
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
	c := f.cache
	now := c.o.Clock()
	e, ok := c.entries.GetIfPresent(q.key)
	if !ok || f.stale == 0 || now.Mono >= e.hard || now.Wall >= e.until {
		f.counters.errors.Add(1)
		return Served{}, unavailable(err)
	}
	f.counters.hits[Memory].Add(1)
	f.counters.stale[Unverifiable].Add(1)
	return Served{Entry: e, Layer: Memory, Stale: Unverifiable}, nil
}

func unavailable(err error) error {
	if err == ErrStale { //nolint:errorlint // not one that wraps it
		return err
	}
	return fmt.Errorf("%w: %w", ErrStale, err)
}
