package cache

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
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
	Fill(ctx context.Context, key Key, token string, data Stored) error
	// Release gives up the lease of a token without storing anything. With Leased, who
	// asks next gets one. With Alone nobody waits for the key for a moment: what cannot
	// be stored would be waited for in vain.
	Release(ctx context.Context, key Key, token string, next Outcome) error
	// Ping tells whether calls are answered at all.
	Ping(ctx context.Context) error
}

// Key is the name of an entry in a Remote. Entries of one text and another shape
// are strangers to each other: they are of different releases.
type Key struct {
	Shape string // see ShapeOf
	Text  string // the family's Key
}

// Wanted is what a node asks a Remote for.
type Wanted struct {
	Key   Key
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
	// leaseFor is how long the others wait for a holder that died. A load that takes
	// longer may be run twice.
	leaseFor = 3 * time.Second
	// remoteLargest is the largest entry that is stored remotely.
	remoteLargest = 512 << 10
)

// inquiry is what a flight asks of the remote cache, and what it was answered last.
type inquiry struct {
	history *history
	want    Wanted
	started Instant
	taken   Taken
	err     error
}

// inquire asks for the first time.
func (f *family) inquire(ctx context.Context, q *question) *inquiry {
	c := f.cache
	h := c.now(ctx)
	in := &inquiry{history: h, started: c.o.Clock()}
	in.want = Wanted{Key: Key{f.shape, q.key}, Epoch: h.epoch, Above: h.floors.highest(h.floors.slotsOf(q.tags)), Token: newToken(), Lease: leaseFor}
	in.ask(ctx, c)
	return in
}

func (in *inquiry) ask(ctx context.Context, c *Cache) { in.taken, in.err = c.remote.take(ctx, in.want) }

// glance asks the remote cache on the goroutine of the caller who has begun a flight,
// and lands it if the answer is there and needs no more than a look: to hand a small
// answer from one goroutine to another takes longer than to make it. So he may come
// back remoteLimit after his context has ended. What else he was told is for the flight
// to go on with; nil if nothing was asked.
func (f *family) glance(ctx context.Context, q *question, fl *flight) (in *inquiry, landed bool) {
	c := f.cache
	if c.remote == nil || c.history.Load().epoch == 0 {
		return nil, false
	}
	defer func() {
		if recover() != nil { // as it will again, where it is told
			in, landed = nil, false
		}
	}()
	free := c.o.Detach(ctx)
	in = f.inquire(free, q)
	if in.err != nil || in.taken.Outcome != Found {
		return in, false
	}
	served, ok := f.arrived(free, q, in, nil, false)
	if ok {
		c.flights.land(q.key, fl, served, nil)
	}
	return in, ok
}

// obtainFar answers from the remote cache or, once for all nodes, by a load. in is what
// the caller was told already, if he has asked. wait is false for a refresh, which
// leaves the load to whoever has the lease. share, if there is one, is run once the
// answer is out.
func (f *family) obtainFar(ctx context.Context, q *question, in *inquiry, wait bool) (served Served, share func(), err error) {
	c := f.cache
	var held *Entry // what a refresh is to replace
	if !wait {
		held, _ = c.entries.GetIfPresent(q.key)
	}
	if in == nil {
		in = f.inquire(ctx, q)
	}
asking:
	for misses := 0; misses < 2 && in.err == nil; in.ask(ctx, c) {
		switch in.taken.Outcome {
		case Found:
			if served, ok := f.arrived(ctx, q, in, held, true); ok {
				return served, nil, nil
			}
			misses++
			in.want.Above = max(in.want.Above, stampOf(in.taken.Bytes))
		case Leased:
			return f.loadForAll(ctx, q, in.want)
		case Alone:
			break asking
		case Wait:
			if !wait {
				return Served{}, nil, errElsewhere
			}
			// Longer than a lease: when its holder has died, one of those who wait gets
			// the next, and the others wait for him.
			if c.o.Clock().since(in.started) >= c.o.LoadLimit/2 || !pause(ctx) {
				break asking
			}
		}
	}
	served, err = f.load(ctx, q)
	return served, nil, err
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
// tell, as while nothing is written all loads have the same. Only the last look may
// read the journal for it, and counts what is broken.
func (f *family) arrived(ctx context.Context, q *question, in *inquiry, held *Entry, last bool) (Served, bool) {
	c, h := f.cache, in.history
	e, err := f.unpack(q, h, in.taken)
	if err != nil {
		if last {
			f.counters.corrupt.Add(1)
		}
		return Served{}, false
	}
	if held != nil && e.soft-held.soft < f.fresh/2 {
		return Served{}, false
	}
	// It may know of writes that this node has not heard of, and so of floors that
	// would refuse it.
	if uint64(e.stamp) > h.horizon.Load() && (!last || c.journal.poll(ctx) != nil) {
		return Served{}, false
	}
	now := c.o.Clock()
	verdict := c.judge(e, now)
	if verdict == lapsed && last && c.journal.poll(ctx) == nil {
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

// loadForAll loads under a lease. share hands the entry to the other nodes, or
// tells them not to wait for it; it is for after those who wait here have their
// answer. A load that never ran, as the gate refused it or the cache closes, says
// nothing of what another node can do: one of those who wait has the lease next.
func (f *family) loadForAll(ctx context.Context, q *question, want Wanted) (_ Served, share func(), err error) {
	c := f.cache
	free := context.WithoutCancel(ctx) // for what comes after the load
	next := Alone
	release := func() { _ = c.remote.release(free, want.Key, want.Token, next) } // its lease ends anyway
	landed := false
	defer func() {
		if !landed { // the loader has panicked
			release()
		}
	}()
	served, err := f.load(ctx, q)
	landed = true
	if errors.Is(err, ErrBusy) || c.life.Err() != nil {
		next = Leased
	}
	e := served.Entry
	if err != nil || served.Stale != NotStale || !e.shareable(c.history.Load()) {
		return served, release, err
	}
	return served, func() {
		bytes, life := e.pack(), e.hard-c.o.Clock().Mono
		if len(bytes) > remoteLargest || life <= 0 ||
			c.remote.fill(free, want.Key, want.Token, Stored{Epoch: e.history.epoch, Stamp: e.stamp, Bytes: bytes, Life: life}) != nil {
			release()
		}
	}, nil
}

// shareable tells whether other nodes may judge the entry: by the rule alone.
func (e *Entry) shareable(h *history) bool {
	return e.history == h && h.floors.below(e.stamp, e.slots)
}
