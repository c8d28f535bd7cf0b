package cache

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"
)

// Remote is a second level that nodes share: a store of bytes with a lease to
// load. It holds no truth: whatever it loses, keeps too long or brings back, no
// node serves a stale answer because of it. Implementations are safe for
// concurrent use and return within the deadline of ctx.
type Remote interface {
	// Take asks for what is kept under a key, or for the lease to load it.
	Take(ctx context.Context, want Wanted) (Taken, error)
	// Fill stores bytes, unless there are some of the same epoch with a higher stamp,
	// and gives up the lease of the token if it is still held.
	Fill(ctx context.Context, key, token string, data Stored) error
	// Release gives up the lease of a token without storing anything. For a moment
	// nobody else waits for the key: what cannot be stored would be waited for in
	// vain.
	Release(ctx context.Context, key, token string) error
}

// Wanted is what a node asks a Remote for.
type Wanted struct {
	Key   string
	Epoch Epoch
	Above Mark          // only a stamp above it is of use
	Token string        // whose lease it would be
	Lease time.Duration // and for how long
}

// Taken is what a Remote answers.
type Taken struct {
	Outcome Outcome
	Bytes   []byte        // of Found; the caller's
	Left    time.Duration // of Found: until its hard end
}

// Outcome of asking a Remote.
type Outcome uint8

// The outcomes.
const (
	Found  Outcome = iota
	Leased         // the caller must load, then Fill or Release
	Wait           // somebody else loads
	Alone          // load, nobody waits and nothing will be stored
)

// Stored is an entry on its way to a Remote.
type Stored struct {
	Epoch Epoch
	Stamp Mark
	Bytes []byte
	Life  time.Duration // until its hard end
}

const (
	// remoteLimit is what a call of the remote cache may cost a caller.
	remoteLimit = 20 * time.Millisecond
	// leaseFor is how long the others wait for a holder that died. A load that takes
	// longer may be run twice.
	leaseFor = 3 * time.Second
	// remoteLargest is the largest entry that is stored remotely.
	remoteLargest = 512 << 10
	// The breaker opens after some failures on end, and then lets one call through
	// from time to time.
	breakerFailures = 5
	breakerPause    = time.Second
)

// obtainFar answers from the remote cache or, once for all nodes, by a load. wait
// is false for a refresh, which leaves the load to whoever has the lease.
func (f *family) obtainFar(ctx context.Context, q *question, wait bool) (Served, error) {
	c := f.cache
	h := c.history.Load()
	slots := h.floors.slotsOf(q.tags)
	want := Wanted{Key: q.key, Epoch: h.epoch, Above: h.floors.highest(slots), Token: newToken(), Lease: leaseFor}
	var held *Entry // what a refresh is to replace
	if !wait {
		held, _ = c.entries.GetIfPresent(q.key)
	}
	started := c.o.Clock()
	for misses := 0; misses < 2; {
		taken, err := c.remote.take(ctx, want)
		if err != nil {
			return f.load(ctx, q)
		}
		switch taken.Outcome {
		case Found:
			if served, ok := f.arrived(ctx, q, h, taken, held); ok {
				return served, nil
			}
			misses++
			want.Above = max(want.Above, stampOf(taken.Bytes))
		case Leased:
			return f.loadForAll(ctx, q, want)
		case Alone:
			return f.load(ctx, q)
		case Wait:
			if !wait {
				return Served{}, errElsewhere
			}
			// Longer than a lease: when its holder has died, one of those who wait gets
			// the next, and the others wait for him.
			if c.o.Clock().since(started) >= c.o.LoadLimit/2 || !pause(ctx) {
				return f.load(ctx, q)
			}
		}
	}
	return f.load(ctx, q)
}

// errElsewhere ends a refresh that another node is already at.
var errElsewhere = errors.New("cache: loaded elsewhere")

// pause waits a moment for another node's load.
func pause(ctx context.Context) bool {
	t := time.NewTimer(3*time.Millisecond + rand.N(17*time.Millisecond))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func newToken() string { return strconv.FormatUint(rand.Uint64(), 36) }

// arrived judges what the remote cache had, and keeps it if it is valid. For a
// refresh, only what was loaded well after the entry held is news; stamps do not
// tell, as while nothing is written all loads have the same.
func (f *family) arrived(ctx context.Context, q *question, h *history, taken Taken, held *Entry) (Served, bool) {
	c := f.cache
	e, err := f.unpack(q, h, taken)
	if err != nil {
		f.counters.corrupt.Add(1)
		return Served{}, false
	}
	if held != nil && e.soft-held.soft < f.fresh/2 {
		return Served{}, false
	}
	// It may know of writes that this node has not heard of, and so of floors that
	// would refuse it.
	if uint64(e.stamp) > h.horizon.Load() && c.journal.poll(ctx) != nil {
		return Served{}, false
	}
	now := c.o.Clock()
	verdict := c.judge(e, now)
	if verdict == lapsed && c.journal.poll(ctx) == nil {
		now = c.o.Clock()
		verdict = c.judge(e, now)
	}
	if verdict != fresh && verdict != early && verdict != aged {
		return Served{}, false
	}
	c.keep(e, false)
	served := Served{Entry: e, Layer: Far, Left: max(0, e.soft-now.Mono)}
	if served.Left == 0 {
		served.Stale = Refreshing
		c.refresh(e, now)
	}
	return served, true
}

// loadForAll loads under a lease, and hands the entry to the other nodes or tells
// them not to wait for it.
func (f *family) loadForAll(ctx context.Context, q *question, want Wanted) (Served, error) {
	c := f.cache
	stored := false
	defer func() {
		if !stored { // also after a panic
			_ = c.remote.release(context.WithoutCancel(ctx), want.Key, want.Token)
		}
	}()
	served, err := f.load(ctx, q)
	e := served.Entry
	if err != nil || served.Stale != NotStale || !e.shareable(c.history.Load()) {
		return served, err
	}
	now := c.o.Clock()
	bytes := e.pack()
	if life := e.hard - now.Mono; len(bytes) <= remoteLargest && life > 0 {
		err := c.remote.fill(context.WithoutCancel(ctx), want.Key, want.Token, Stored{Epoch: e.history.epoch, Stamp: e.stamp, Bytes: bytes, Life: life})
		stored = err == nil
	}
	return served, nil
}

// shareable tells whether other nodes may judge the entry: by the rule alone.
func (e *Entry) shareable(h *history) bool {
	return e.history == h && h.floors.below(e.stamp, e.slots)
}

// guarded is a Remote that can cost no caller more than remoteLimit a call, and
// nothing while it is known to be gone.
type guarded struct {
	Remote
	clock func() Instant

	mu      sync.Mutex
	failed  int           // on end
	closed  time.Duration // no call before
	refused uint64
}

func guard(r Remote, clock func() Instant) *guarded { return &guarded{Remote: r, clock: clock} }

var errBreaker = errors.New("cache: the remote cache is given a rest")

func (g *guarded) take(ctx context.Context, want Wanted) (t Taken, err error) {
	err = g.call(ctx, func(ctx context.Context) error { t, err = g.Take(ctx, want); return err })
	return t, err
}

func (g *guarded) fill(ctx context.Context, key, token string, data Stored) error {
	return g.call(ctx, func(ctx context.Context) error { return g.Fill(ctx, key, token, data) })
}

func (g *guarded) release(ctx context.Context, key, token string) error {
	return g.call(ctx, func(ctx context.Context) error { return g.Release(ctx, key, token) })
}

func (g *guarded) call(ctx context.Context, do func(context.Context) error) error {
	if !g.admit() {
		return errBreaker
	}
	ctx, cancel := context.WithTimeout(ctx, remoteLimit)
	defer cancel()
	err := do(ctx)
	g.note(err)
	return err
}

// admit lets every call through while the remote cache works, and one a pause
// when it does not.
func (g *guarded) admit() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.clock().Mono
	if g.failed < breakerFailures {
		return true
	}
	if now < g.closed {
		g.refused++
		return false
	}
	g.closed = now + breakerPause
	return true
}

func (g *guarded) note(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err == nil {
		g.failed = 0
		return
	}
	g.failed++
	if g.failed == breakerFailures {
		g.closed = g.clock().Mono + breakerPause
	}
}

// open tells whether calls are being refused.
func (g *guarded) open() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.failed >= breakerFailures
}
