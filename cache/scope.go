package cache

import (
	"context"
	"slices"
	"sync"
	"time"
)

// scope gathers what an answer depends on while it is loaded: the tags of its
// question, what the loader adds, and the entries it reads through the cache. An
// answer composed of others is as old as the oldest of them, depends on all that
// they depend on, and ends with the first. A loader may read its parts in
// parallel.
type scope struct {
	mu           sync.Mutex
	tags         []string
	stamp        Mark
	own          bool
	began        uint64
	soft, hard   time.Duration
	until        int64
	unverifiable bool // a part was served without the database
}

// call is what travels in a context: the mark that a caller carries, and the
// scope of the load that a read is part of.
type call struct {
	epoch Epoch
	mark  Mark
	admit Admitter
	scope *scope
	// part is the load that a read is part of, nil if it is of none.
	part *flight
	// direct reads past every cache, for the auditor: parts included.
	direct bool
}

type callKey struct{}

func callOf(ctx context.Context) call {
	c, _ := ctx.Value(callKey{}).(*call)
	if c == nil {
		return call{}
	}
	return *c
}

// WithMark makes the reads under the context see the write of a mark, on every
// node: one that has not heard of it reads the journal first. The caller
// vouches for the mark: one that a stranger may choose would make every read a
// poll. A mark of another epoch is of no meaning and ignored.
func WithMark(ctx context.Context, epoch Epoch, mark Mark) context.Context {
	c := callOf(ctx)
	c.epoch, c.mark = epoch, mark
	return context.WithValue(ctx, callKey{}, &c)
}

// Admitter decides whether a read may load.
type Admitter interface {
	// Admit is called by the goroutine that reads. Its error ends the read.
	Admit() error
}

// Admission is a context under which a read asks once before it loads anything or
// waits for a load, so that a limit can spare what memory answers. Reads of a
// loader are not asked about. It is a type, and no function as WithMark is, so that
// whoever answers a request can hold it in what every request has anyway: a hit
// then pays nothing for it. It is ready after Under.
type Admission struct {
	context.Context //nolint:containedctx // it is a context itself
	call            call
}

// Under makes a a context of ctx, and returns it. It is called once.
func (a *Admission) Under(ctx context.Context, ask Admitter) context.Context {
	a.Context, a.call = ctx, callOf(ctx)
	a.call.admit = ask
	return a
}

// Value implements context.Context.
func (a *Admission) Value(key any) any {
	if key == (callKey{}) {
		return &a.call
	}
	return a.Context.Value(key)
}

// admitted asks whether a read may load.
func (c call) admitted() error {
	if c.admit == nil {
		return nil
	}
	return c.admit.Admit()
}

func withScope(ctx context.Context, s *scope) context.Context {
	c := callOf(ctx)
	c.scope = s
	return context.WithValue(ctx, callKey{}, &c)
}

// Apart is a context for what a loader reads without making it a part of its answer:
// the answer does not depend on it. It ends with nothing and has no values. A read
// under any other context counts as a caller's, who has to wait for a place while the
// loader holds one.
func Apart(ctx context.Context) context.Context {
	return context.WithValue(context.Background(), callKey{}, &call{part: callOf(ctx).part})
}

// Depend adds tags that the answer being loaded depends on. A loader calls it
// before it reads what the tags stand for. Outside a load it does nothing.
func Depend(ctx context.Context, tags ...string) {
	if s := callOf(ctx).scope; s != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.depend(tags)
	}
}

// Until says that the answer being loaded is wrong from an instant on, whatever
// is written. Outside a load it does nothing.
func Until(ctx context.Context, t time.Time) {
	if s := callOf(ctx).scope; s != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.until = min(s.until, t.UnixNano())
	}
}

func (s *scope) depend(tags []string) {
	for _, tag := range tags {
		if !slices.Contains(s.tags, tag) {
			s.tags = append(s.tags, tag)
		}
	}
}

// include makes an entry a part of the answer, after a poll where that lets the answer be
// kept. Whether and when this node loaded
// the part is of no matter to the second rule: it was valid when it was included,
// so it has all that had been raised here when the scope began.
func (s *scope) include(ctx context.Context, e *Entry, stale Staleness) {
	s.catchUp(ctx, e)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.depend(e.tags)
	s.stamp = min(s.stamp, e.seesTo())
	s.soft, s.hard = min(s.soft, e.soft), min(s.hard, e.hard)
	s.until = min(s.until, e.until)
	s.unverifiable = s.unverifiable || stale == Unverifiable
}

// catchUp polls if the answer is above the floors of its tags, and would not be for what an
// old part is known to see: a write that this node raised itself, which no poll has heard
// yet. The next poll would raise it once more, and refuse what only stood because nothing
// had been raised since, so that after each such write the answer would be loaded twice.
func (s *scope) catchUp(ctx context.Context, e *Entry) {
	c := e.family.cache
	h := c.history.Load()
	s.mu.Lock()
	slots, stamp := h.floors.slotsOf(s.tags), s.stamp
	s.mu.Unlock()
	if c.journal.failing.Load() || !h.floors.below(stamp, slots) || h.floors.below(e.seesTo(), slots) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, c.o.Bound/4) // the load keeps its time, as in stamp
	defer cancel()
	_ = c.journal.poll(ctx) // if it fails, the answer may be loaded again
}

// seesTo is how far a part sees now, which may be further than its load could: an
// entry that stands though every mark below the horizon has been heard misses no
// write below it. Without this an old part would keep the whole below the floors
// of the others, and so unfit to keep, for as long as the part lives.
func (e *Entry) seesTo() Mark {
	h := e.family.cache.history.Load()
	horizon := Mark(h.horizon.Load()) // before the floors: they are raised first
	if e.history != h || !e.stands(h) {
		return e.stamp
	}
	return max(e.stamp, horizon)
}
