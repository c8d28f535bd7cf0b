package httpx

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
)

// testClock is a clock that moves by hand.
type testClock struct{ ns atomic.Int64 }

func (c *testClock) now() time.Time       { return time.Unix(1_700_000_000, c.ns.Load()) }
func (c *testClock) pass(d time.Duration) { c.ns.Add(int64(d)) }

// ask calls n times and returns how many calls were allowed.
func ask(l *Limiter, policy, caller string, n int) (allowed int) {
	for range n {
		if l.Allow(context.Background(), policy, caller).OK {
			allowed++
		}
	}
	return allowed
}

// A caller gets exactly what the policy promises, not one call less or more.
func TestExactlyTheLimitIsAllowed(t *testing.T) {
	for _, p := range append(DefaultPolicies, Policy{"odd", 7, time.Second, false}, Policy{"one", 1, time.Minute, false}) {
		var clock testClock
		l := NewLimiter(clock.now, append(DefaultPolicies, p))
		for i := range p.Calls {
			if d := l.Allow(t.Context(), p.Name, "a"); !d.OK || d.Remaining != p.Calls-1-i || d.Limit != p.Calls || d.RetryAfter != 0 {
				t.Fatalf("%s: call %d is decided %+v", p.Name, i+1, d)
			}
		}
		if d := l.Allow(t.Context(), p.Name, "a"); d.OK || d.Remaining != 0 || d.RetryAfter <= 0 || d.RetryAfter > p.Window {
			t.Errorf("%s: call %d is decided %+v", p.Name, p.Calls+1, d)
		}
	}
}

// Whoever waits as long as he is told gets the next call, also if he kept
// knocking; after a whole window everything is there again.
func TestARefusedCallDoesNotExtendThePenalty(t *testing.T) {
	var clock testClock
	l := NewLimiter(clock.now, DefaultPolicies)
	if got := ask(l, LimitBookings, "a", 15); got != 10 {
		t.Fatalf("15 bookings: %d allowed, want 10", got)
	}
	wait := l.Allow(t.Context(), LimitBookings, "a").RetryAfter
	if wait != 6*time.Minute {
		t.Errorf("told to wait %v, want 6m", wait)
	}
	for range 10 {
		clock.pass(wait/10 - time.Nanosecond)
		if l.Allow(t.Context(), LimitBookings, "a").OK {
			t.Fatal("allowed too early")
		}
	}
	clock.pass(10 * time.Nanosecond)
	if got := ask(l, LimitBookings, "a", 2); got != 1 {
		t.Errorf("after the wait %d calls are allowed, want 1", got)
	}
	clock.pass(time.Hour)
	if got := ask(l, LimitBookings, "a", 15); got != 10 {
		t.Errorf("after an hour %d calls are allowed, want 10", got)
	}
}

// One caller's zeal costs no other caller, and reading costs no booking.
func TestCallersAndPoliciesAreIndependent(t *testing.T) {
	var clock testClock
	l := NewLimiter(clock.now, DefaultPolicies)
	for _, caller := range []string{"203.0.113.7", "2001:db8::/64", "tok_1", "", "a b\n:\x00\"ä", strings.Repeat("x", 1<<16)} {
		if got := ask(l, LimitSearch, caller, 130); got != 120 {
			t.Errorf("caller %.20q: %d of 130 searches allowed, want 120", caller, got)
		}
		if got := ask(l, LimitPayments, caller, 11); got != 10 {
			t.Errorf("caller %.20q: %d of 11 payments allowed, want 10", caller, got)
		}
	}
}

// A hundred calls at the same instant do not slip through together.
func TestConcurrentCallsAreNotOverAdmitted(t *testing.T) {
	var clock testClock
	l := NewLimiter(clock.now, []Policy{{"p", 60, time.Minute, false}})
	var allowed [10]atomic.Int64
	var all sync.WaitGroup
	for caller := range allowed {
		for range 5 {
			all.Go(func() { allowed[caller].Add(int64(ask(l, "p", fmt.Sprint(caller), 20))) })
		}
	}
	all.Wait()
	for caller := range allowed {
		if got := allowed[caller].Load(); got != 60 {
			t.Errorf("caller %d: %d of 100 allowed, want 60", caller, got)
		}
	}
}

// Calls from a million addresses neither fill the memory nor make the limiter
// forget the one who has used up his calls.
func TestMemoryIsBoundedAndTheGreedyAreRemembered(t *testing.T) {
	var clock testClock
	l := NewLimiter(clock.now, []Policy{{"p", 100, time.Minute, false}})
	l.buckets = newBuckets(1000)
	if got := ask(l, "p", "greedy", 100); got != 100 {
		t.Fatalf("%d allowed, want 100", got)
	}
	for i := range 50_000 {
		l.Allow(t.Context(), "p", fmt.Sprint("other", i))
	}
	total := 0
	for i := range l.buckets.shards {
		total += len(l.buckets.shards[i].full)
	}
	if total > 1000 {
		t.Errorf("%d buckets are kept, want at most 1000", total)
	}
	if l.Allow(t.Context(), "p", "greedy").OK {
		t.Error("the greedy caller was forgotten")
	}
}

// Callers are told their limit with every answer, and when to come back.
func TestCheckSetsTheHeaders(t *testing.T) {
	var clock testClock
	l := NewLimiter(clock.now, DefaultPolicies)
	rec := httptest.NewRecorder()
	if err := l.Check(t.Context(), rec, LimitReads, "a"); err != nil {
		t.Fatal(err)
	}
	h := rec.Header()
	if got := h.Get("RateLimit-Policy") + " " + h.Get("RateLimit"); got != `"reads";q=600;w=60 "reads";r=599;t=1` {
		t.Errorf("headers are %s", got)
	}
	if h.Get("Retry-After") != "" {
		t.Errorf("an allowed call is to be retried after %s", h.Get("Retry-After"))
	}

	ask(l, LimitBookings, "a", 10)
	clock.pass(500 * time.Millisecond)
	rec = httptest.NewRecorder()
	err := l.Check(t.Context(), rec, LimitBookings, "a")
	h = rec.Header()
	if got := h.Get("RateLimit") + " " + h.Get("Retry-After"); got != `"bookings";r=0;t=3600 360` {
		t.Errorf("refused with %s", got)
	}
	want := "too_many: That is too often: 10 in 1 hour are allowed. Try again in 6 minutes."
	if exodrive.CodeOf(err) != exodrive.TooMany || err.Error() != want {
		t.Errorf("refused with %v\n       want %s", err, want)
	}
}

// EXO_RATE_LIMITS=off is a nil Limiter.
func TestNoLimiterAllowsEverything(t *testing.T) {
	var l *Limiter
	rec := httptest.NewRecorder()
	for range 10_000 {
		if err := l.Check(t.Context(), rec, LimitBookings, "a"); err != nil || !l.Allow(t.Context(), LimitBookings, "a").OK {
			t.Fatal(err)
		}
	}
	if len(rec.Header()) != 0 {
		t.Errorf("headers %v tell of a limit that is off", rec.Header())
	}
}

// A call that names no policy is a mistake that the first test run shows.
func TestAnUnknownPolicyPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("an unknown policy is allowed")
		}
	}()
	NewLimiter(time.Now, DefaultPolicies).Allow(t.Context(), "readz", "a")
}

func BenchmarkAllow(b *testing.B) {
	l := NewLimiter(time.Now, DefaultPolicies)
	b.ReportAllocs()
	for b.Loop() {
		l.Allow(b.Context(), LimitReads, "203.0.113.7")
	}
}

// fleetBuckets are shared by the limiters of a fleet, and may be gone.
type fleetBuckets struct {
	own   *buckets
	clock *testClock
	seed  maphash.Seed
	gone  bool
	asked int
}

func (f *fleetBuckets) Take(_ context.Context, policy, caller string, each, whole time.Duration) (time.Duration, bool, error) {
	f.asked++
	if f.gone {
		return 0, false, errors.New("gone")
	}
	now := time.Duration(f.clock.ns.Load())
	full, ok := f.own.take(maphash.Comparable(f.seed, bucketKey{policy, caller}), now, each, whole)
	return full - now, ok, nil
}

// What costs money or days is counted for the whole fleet; when the shared buckets
// are gone each node goes on by itself with the calls it has seen, and none is
// refused for that. Reads are each node's own.
//
// Red when: Allow asks the node's own bucket only; or fails with the shared ones; or does not
// take from its own beside them; or a refused call takes something.
func TestNodesShareTheLimitsOfTheFleet(t *testing.T) {
	clock := &testClock{}
	fleet := &fleetBuckets{own: newBuckets(100), clock: clock, seed: maphash.MakeSeed()}
	a, b := NewLimiter(clock.now, DefaultPolicies), NewLimiter(clock.now, DefaultPolicies)
	a.Share(fleet)
	b.Share(fleet)

	if got := ask(a, LimitBookings, "x", 6) + ask(b, LimitBookings, "x", 20); got != 10 {
		t.Errorf("%d bookings on two nodes, want 10", got)
	}
	if d := b.Allow(t.Context(), LimitBookings, "x"); d.OK || d.RetryAfter != 6*time.Minute {
		t.Errorf("the next: %+v, want one in 6 minutes", d)
	}
	fleet.gone = true
	if got := ask(a, LimitBookings, "x", 20) + ask(b, LimitBookings, "x", 20); got != 10 {
		t.Errorf("%d bookings once the nodes are alone, want the 10 that neither has seen", got)
	}
	if got := ask(a, LimitBookings, "y", 1); got != 1 {
		t.Error("a new caller is refused when the shared buckets are gone")
	}
	asked := fleet.asked
	if ask(a, LimitReads, "x", 5); fleet.asked != asked {
		t.Error("a read asks the shared buckets")
	}
}
