package httpx

import (
	"context"
	"fmt"
	"hash/maphash"
	"net/http"
	"strconv"
	"time"

	"github.com/exodrive/exodrive"
)

// The names of the policies.
const (
	LimitReads    = "reads"  // reads that load; hits are not limited
	LimitSearch   = "search" // searches that load
	LimitBookings = "bookings"
	LimitPayments = "payments"
	LimitUploads  = "uploads"
	LimitWebhooks = "webhooks"
	LimitAdmin    = "admin"
)

// Policy is a rate: at most Calls at once, and as many again spread evenly over
// every Window. With Fleet set it counts the calls of all nodes, as far as they
// share buckets; without it each node's own, which costs no message.
type Policy struct {
	Name   string
	Calls  int
	Window time.Duration
	Fleet  bool
}

// Buckets are token buckets that all nodes of a fleet share. Implementations are
// safe for concurrent use and cost a caller little when they are gone.
type Buckets interface {
	// Take takes one call, which grows back in each, from a caller's bucket that fills
	// in whole, and returns for how long it will not be full. A refused call, with ok
	// false, takes nothing.
	Take(ctx context.Context, policy, caller string, each, whole time.Duration) (untilFull time.Duration, ok bool, err error)
}

// DefaultPolicies are generous to people and tight where a call costs money or
// takes days from others.
var DefaultPolicies = []Policy{
	{LimitReads, 600, time.Minute, false},
	{LimitSearch, 120, time.Minute, false},
	{LimitBookings, 10, time.Hour, true},
	{LimitPayments, 10, time.Minute, true},
	{LimitUploads, 20, 5 * time.Minute, true},
	{LimitWebhooks, 600, time.Minute, true},
	{LimitAdmin, 300, time.Minute, true},
}

// Limiter holds a token bucket for each policy and caller. It is safe for
// concurrent use and its memory is bounded (see buckets). A nil Limiter allows
// everything.
type Limiter struct {
	policies map[string]*policy
	buckets  *buckets
	fleet    Buckets // nil: none
	seed     maphash.Seed
	now      func() time.Time
	began    time.Time
}

// policy is a Policy with what is derived from it.
type policy struct {
	Policy
	each   time.Duration // time in which one call grows back
	full   time.Duration // time in which an empty bucket fills
	header []string      // RateLimit-Policy
	per    string        // the rate in words
}

// NewLimiter returns a limiter for the policies, each with at least one call.
// now should have a monotonic reading, as time.Now has.
func NewLimiter(now func() time.Time, policies []Policy) *Limiter {
	l := &Limiter{
		policies: make(map[string]*policy, len(policies)),
		buckets:  newBuckets(maxBuckets),
		seed:     maphash.MakeSeed(),
		now:      now,
		began:    now(),
	}
	for _, p := range policies {
		each := p.Window / time.Duration(p.Calls)
		l.policies[p.Name] = &policy{
			Policy: p, each: each, full: each * time.Duration(p.Calls),
			header: []string{fmt.Sprintf("%q;q=%d;w=%d", p.Name, p.Calls, int(p.Window.Seconds()))},
			per:    fmt.Sprintf("%d in %s", p.Calls, inWords(p.Window)),
		}
	}
	return l
}

// Share makes the policies of the fleet count in shared buckets. While those do not
// answer, each node counts by itself; it has seen its own part of the calls, so
// nobody gets much more then. It is called before the first Allow.
func (l *Limiter) Share(b Buckets) { l.fleet = b }

// Decision is what a Limiter says to one call.
type Decision struct {
	OK         bool
	Limit      int           // calls of a full bucket
	Remaining  int           // calls left now
	Reset      time.Duration // until the bucket is full
	RetryAfter time.Duration // until the next call is allowed; 0 if this one is
}

type bucketKey struct{ policy, caller string }

// Allow takes one call from the caller's bucket. A refused call takes nothing, so
// insisting does not prolong the wait. A policy that the limiter does not have is
// a mistake in the program and panics.
func (l *Limiter) Allow(ctx context.Context, policy, caller string) Decision {
	if l == nil {
		return Decision{OK: true}
	}
	p, ok := l.policies[policy]
	if !ok {
		panic("httpx: no rate limit is called " + strconv.Quote(policy))
	}
	if p.Fleet && l.fleet != nil {
		if until, ok, err := l.fleet.Take(ctx, policy, caller, p.each, p.full); err == nil {
			if ok {
				l.takeOwn(p, caller)
			}
			return p.decide(until, ok)
		}
	}
	return p.decide(l.takeOwn(p, caller))
}

// takeOwn takes one call from the node's own bucket, and tells for how long that
// will not be full.
func (l *Limiter) takeOwn(p *policy, caller string) (untilFull time.Duration, ok bool) {
	now := l.now().Sub(l.began)
	// The bucket is found by a keyed hash: entries have one small size however
	// long a name is, and no address is kept. That a new caller meets another's
	// bucket has a probability below 10⁻¹⁴.
	full, ok := l.buckets.take(maphash.Comparable(l.seed, bucketKey{p.Name, caller}), now, p.each, p.full)
	return full - now, ok
}

func (p *policy) decide(untilFull time.Duration, ok bool) Decision {
	d := Decision{OK: ok, Limit: p.Calls, Reset: untilFull}
	d.Remaining = int((p.full - d.Reset) / p.each)
	if !ok {
		d.RetryAfter = d.Reset + p.each - p.full
	}
	return d
}

// Check takes one call from the caller's bucket and sets the headers RateLimit
// and RateLimit-Policy of the answer. If the bucket is empty it also sets
// Retry-After and returns a too_many error.
func (l *Limiter) Check(ctx context.Context, w http.ResponseWriter, policy, caller string) error {
	if l == nil {
		return nil
	}
	d, p := l.Allow(ctx, policy, caller), l.policies[policy]
	h := w.Header()
	h["Ratelimit-Policy"] = p.header
	h.Set("Ratelimit", fmt.Sprintf("%q;r=%d;t=%d", p.Name, d.Remaining, seconds(d.Reset)))
	if d.OK {
		return nil
	}
	wait := seconds(d.RetryAfter)
	h.Set("Retry-After", strconv.Itoa(wait))
	return exodrive.Errorf(exodrive.TooMany, "That is too often: %s are allowed. Try again in %s.",
		p.per, inWords(time.Duration(wait)*time.Second))
}

// seconds rounds up, so that a caller who waits that long is not early.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// inWords says a duration of whole seconds in its largest whole unit.
func inWords(d time.Duration) string {
	n, unit := int(d/time.Second), "second"
	switch {
	case d >= time.Hour && d%time.Hour == 0:
		n, unit = int(d/time.Hour), "hour"
	case d >= time.Minute && d%time.Minute == 0:
		n, unit = int(d/time.Minute), "minute"
	}
	if n != 1 {
		unit += "s"
	}
	return strconv.Itoa(n) + " " + unit
}
