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
	scope *scope
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

func withScope(ctx context.Context, s *scope) context.Context {
	c := callOf(ctx)
	c.scope = s
	return context.WithValue(ctx, callKey{}, &c)
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

// include makes an entry a part of the answer.
func (s *scope) include(e *Entry, stale Staleness) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.depend(e.tags)
	s.stamp = min(s.stamp, e.stamp)
	s.own = s.own && e.own
	s.began = min(s.began, e.began)
	s.soft, s.hard = min(s.soft, e.soft), min(s.hard, e.hard)
	s.until = min(s.until, e.until)
	s.unverifiable = s.unverifiable || stale == Unverifiable
}
