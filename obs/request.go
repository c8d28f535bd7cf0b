// Package obs is what the program tells its operator: the record of a request,
// the log, the metrics and the operations listener. It knows nothing of cars.
//
// A Request travels in the context. Whoever answers the request creates it,
// whoever knows something of it notes it there, and it ends as one log line, a
// few response headers and a count in the metrics.
package obs

import (
	"context"
	"sync"
	"time"
)

// The cache outcomes of a request, as the header X-Cache shows them.
const (
	Hit    = "HIT"    // answered from the cache
	Miss   = "MISS"   // loaded for this request, or by the load it waited for
	Bypass = "BYPASS" // a write, a private read, or anything never cached
)

// Request is the record of one request. Its methods work on a nil Request and
// then do nothing, so code that also runs outside requests need not ask. The
// fields and their setters belong to the goroutine that serves the request; only
// DB and DBTime may be called from several at once.
type Request struct {
	ID    string
	Route string // pattern of the route, never the path; empty without a match
	Cache string // Hit, Miss or Bypass; empty counts as Bypass
	// Search tells that words were looked for to answer it.
	Search bool
	Actor  string // id of the user or token, empty for the public
	Code   string // code of the error answered, empty without one
	Err    error  // that error with its causes, for the operator

	Epoch, Mark uint64 // of the last write in the database's journal; Mark 0 without one

	db      statements
	metrics *Metrics // nil: nobody counts
	span    *Span    // nil: not traced
	self    carrier
}

type requestKey struct{}

// carrier is a context that carries a record. It is not context.WithValue, so
// that the record can hold its own carrier: one allocation less on every hit.
type carrier struct {
	context.Context //nolint:containedctx // it is a context itself
	record          *Request
}

func (c *carrier) Value(key any) any {
	if key == (requestKey{}) {
		return c.record
	}
	return c.Context.Value(key)
}

// WithRequest returns ctx with the record in it. It must not be called for one
// record from two goroutines at once.
func WithRequest(ctx context.Context, r *Request) context.Context {
	if r == nil {
		return ctx
	}
	if r.self.Context != nil { // already in use by an earlier context
		return &carrier{ctx, r}
	}
	r.self = carrier{ctx, r}
	return &r.self
}

// RequestFrom returns the record in ctx, nil without one.
func RequestFrom(ctx context.Context) *Request {
	r, _ := ctx.Value(requestKey{}).(*Request)
	return r
}

// RequestID returns the id of the request, "" for nil.
func (r *Request) RequestID() string {
	if r == nil {
		return ""
	}
	return r.ID
}

// Outcome returns Hit, Miss or Bypass.
func (r *Request) Outcome() string {
	if r == nil || r.Cache == "" {
		return Bypass
	}
	return r.Cache
}

// SetCache notes Hit, Miss or Bypass.
func (r *Request) SetCache(outcome string) {
	if r != nil {
		r.Cache = outcome
	}
}

// SetSearch notes whether words are looked for.
func (r *Request) SetSearch(search bool) {
	if r != nil {
		r.Search = search
	}
}

// SetActor notes the id of who asks.
func (r *Request) SetActor(id string) {
	if r != nil {
		r.Actor = id
	}
}

// Wrote notes the mark that a transaction has in the database's journal.
func (r *Request) Wrote(epoch, mark uint64) {
	if r != nil {
		r.Epoch, r.Mark = epoch, mark
	}
}

// Fail notes the error that is answered. The first one stays: a later one is
// its consequence.
func (r *Request) Fail(code string, err error) {
	if r != nil && r.Err == nil {
		r.Code, r.Err = code, err
	}
}

// statements measures how long at least one statement was under way.
type statements struct {
	mu    sync.Mutex
	open  int
	since time.Time // when open rose from 0
	total time.Duration
	count int
}

// DB marks one statement as begun; done marks it as ended, and may be called
// more than once. Statements that overlap share their time, so the database time
// of a request is never longer than the request.
func (r *Request) DB() (done func()) {
	if r == nil {
		return func() {}
	}
	s := &r.db
	s.mu.Lock()
	defer s.mu.Unlock()
	ended, begun := false, time.Now()
	if s.open == 0 {
		s.since = begun
	}
	s.open++
	s.count++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if ended {
			return
		}
		ended = true
		if r.metrics != nil {
			r.metrics.statements.add(time.Since(begun))
		}
		if s.open--; s.open == 0 {
			s.total += time.Since(s.since)
		}
	}
}

// DBTime returns the time in which at least one statement was under way, up to
// now, and how many were begun.
func (r *Request) DBTime() (time.Duration, int) {
	if r == nil {
		return 0, 0
	}
	s := &r.db
	s.mu.Lock()
	defer s.mu.Unlock()
	total := s.total
	if s.open > 0 {
		total += time.Since(s.since)
	}
	return total, s.count
}
