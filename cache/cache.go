package cache

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
)

// Options are the parts and limits of a Cache. Only Journal has no default.
type Options struct {
	Journal Journal
	Bell    Bell   // nil: the other nodes hear at their next poll
	Remote  Remote // nil: no second level

	// Bound is B: for how long after a successful poll answers are served. The
	// default is 2 s.
	Bound time.Duration
	// PollEvery is how often the journal is read, at most a quarter of Bound, which
	// is the default.
	PollEvery time.Duration
	// Bytes bounds the weight of the entries in memory; the default is 64 MiB.
	Bytes int64
	// Absences bounds how many answers "there is no such thing" are kept; the
	// default is 10,000.
	Absences int
	// LoadLimit is the deadline of one load; the default is 10 s.
	LoadLimit time.Duration
	// Loads bounds how many loads run at once: about as many as the database can work
	// on. Those beyond stand in line, and what nobody waits for begins only where a
	// place is free; the default is 64.
	Loads int
	// Queue is how long a load stands in line before its callers get ErrBusy. In a line
	// that has not been empty for so long it is a twentieth of that; the default is 1 s.
	Queue time.Duration
	// Waiters bounds how many callers wait for loads at once, beyond which they get
	// ErrBusy; the default is 10,000.
	Waiters int
	// Background bounds how many refreshes and encodings run at once beside what
	// callers wait for; the default is 4.
	Background int
	// Slots is the size of the table of floors; the default of 262,144 takes 4 MiB.
	// With a thousand different tags raised during the life of an entry, one entry
	// in 260 is then loaded once more than needed.
	Slots int

	// Unavailable tells whether a loader's error means that the database does not
	// answer, so that an old entry is better than none. nil: never.
	Unavailable func(error) bool
	// Detach makes the context of a load out of that of the caller it is begun for.
	// The load outlives the caller, so nothing of the caller's may be written to
	// through it. nil is context.WithoutCancel.
	Detach func(context.Context) context.Context
	// Loaded is told of every load that ended. It must not block. nil: nobody.
	Loaded func(family string, took time.Duration, err error)
	// Called is told of every call of the remote cache that ended: take, fill,
	// release or ping. It must not block. nil: nobody.
	Called func(name string, took time.Duration, err error)
	Log    *slog.Logger   // nil is slog.Default()
	Clock  func() Instant // nil is the machine's
}

const (
	defaultBound      = 2 * time.Second
	defaultBytes      = 64 << 20
	defaultAbsences   = 10_000
	defaultLoadLimit  = 10 * time.Second
	defaultLoads      = 64
	defaultQueue      = time.Second
	defaultWaiters    = 10_000
	defaultBackground = 4
	defaultSlots      = 1 << 18
	pollsPerBound     = 4
)

func (o Options) withDefaults() Options {
	setDefault(&o.Bound, defaultBound)
	setDefault(&o.PollEvery, o.Bound/pollsPerBound)
	o.PollEvery = min(o.PollEvery, o.Bound/pollsPerBound)
	setDefault(&o.Bytes, defaultBytes)
	setDefault(&o.Absences, defaultAbsences)
	setDefault(&o.LoadLimit, defaultLoadLimit)
	setDefault(&o.Loads, defaultLoads)
	setDefault(&o.Queue, defaultQueue)
	setDefault(&o.Waiters, defaultWaiters)
	setDefault(&o.Background, defaultBackground)
	setDefault(&o.Slots, defaultSlots)
	if o.Unavailable == nil {
		o.Unavailable = func(error) bool { return false }
	}
	if o.Detach == nil {
		o.Detach = context.WithoutCancel
	}
	if o.Loaded == nil {
		o.Loaded = func(string, time.Duration, error) {}
	}
	if o.Called == nil {
		o.Called = func(string, time.Duration, error) {}
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Clock == nil {
		o.Clock = clock()
	}
	return o
}

func setDefault[T comparable](to *T, value T) {
	var zero T
	if *to == zero {
		*to = value
	}
}

// Errors that reading through a cache may end with, beside those of the loaders.
var (
	// ErrBusy: more is asked for than can be loaded. The load of the answer did not get
	// a place within Options.Queue, or more callers wait than Options.Waiters allows.
	// It is worth trying again in a second.
	ErrBusy = errors.New("cache: more is asked for than can be loaded")
	// ErrStale: neither the journal nor the loader answers, and there is no entry
	// that may be served without them. It wraps the loader's error.
	ErrStale = errors.New("cache: the database does not answer")
)

// Cache is one node: the entries in this process's memory, and what it has heard
// of the journal. It is safe for concurrent use.
type Cache struct {
	o        Options
	entries  *otter.Cache[string, *Entry]
	absences *otter.Cache[string, *Entry]
	remote   *guarded // nil without one

	history atomic.Pointer[history]
	lease   lease
	journal reader
	// down is set while neither poll nor load succeed, and is cleared by the next
	// poll that does.
	down atomic.Bool

	flights  flights
	gate     gate
	waiters  atomic.Int64
	spare    chan struct{} // a place for each background task
	audit    auditor
	counters counters
	evicted  evicted

	mu       sync.RWMutex
	families map[string]*family

	life   context.Context //nolint:containedctx // ends with Close
	end    context.CancelFunc
	owned  sync.WaitGroup // every goroutine of the cache
	closed sync.Mutex     // held while owned may grow
}

// history is what a node knows of one epoch. A new epoch is a new history; an
// entry belongs to the one it was loaded under.
type history struct {
	epoch  Epoch
	floors *floors
	// horizon is that of the last poll.
	horizon atomic.Uint64
	// furthest is the highest horizon that any entry here may be stamped with.
	furthest atomic.Uint64
	// heard are the marks at or above the horizon whose rows have been read.
	heard markSet[Mark]
	// held is since when, on the monotonic clock, the horizon has not moved although
	// marks above it have been read; 0 while there are none.
	held atomic.Int64
	// settled are marks of other epochs that callers carried before a poll began: it
	// has read what they wrote, under whatever number.
	settled markSet[foreign]
}

// foreign is a mark with the epoch that its node was in.
type foreign struct {
	epoch Epoch
	mark  Mark
}

func newHistory(epoch Epoch, slots int) *history {
	return &history{epoch: epoch, floors: newFloors(slots)}
}

// New makes a node. It serves nothing from memory before the first poll, which
// Start begins; reads before that poll by themselves.
func New(o Options) *Cache {
	o = o.withDefaults()
	c := &Cache{o: o, families: map[string]*family{}, spare: make(chan struct{}, o.Background)}
	c.life, c.end = context.WithCancel(context.Background())
	c.history.Store(newHistory(0, 1))
	c.entries = otter.Must(&otter.Options[string, *Entry]{
		MaximumWeight: uint64(o.Bytes),
		OnDeletion: func(d otter.DeletionEvent[string, *Entry]) {
			if d.WasEvicted() {
				c.counters.evicted.Add(1)
				c.evicted.add(d.Key)
			}
		},
		Weigher: func(_ string, e *Entry) uint32 { return uint32(e.weight()) },
	})
	c.absences = otter.Must(&otter.Options[string, *Entry]{MaximumSize: o.Absences})
	if o.Remote != nil {
		c.remote = c.guard(o.Remote)
	}
	c.gate.init(o)
	c.journal.c = c
	c.audit.init(c)
	return c
}

// Start begins to read the journal, to listen to the bell and to audit. It does
// not wait for the first poll.
func (c *Cache) Start() {
	c.spawn(c.pollForever)
	c.spawn(c.audit.run)
	if c.o.Bell != nil {
		c.spawn(func() { c.o.Bell.Hear(c.life, c.heard) })
	}
}

// Close ends every goroutine of the cache and waits for them. Callers that wait
// for a load get its error.
func (c *Cache) Close() {
	c.closed.Lock()
	c.end()
	c.closed.Unlock()
	c.owned.Wait()
	c.entries.StopAllGoroutines()
	c.absences.StopAllGoroutines()
}

// spawn runs a task that Close waits for; not once the cache is closed.
func (c *Cache) spawn(task func()) bool {
	c.closed.Lock()
	defer c.closed.Unlock()
	if c.life.Err() != nil {
		return false
	}
	c.owned.Go(task)
	return true
}

// background runs a task that nobody waits for, unless too many run already.
func (c *Cache) background(task func()) bool {
	select {
	case c.spare <- struct{}{}:
	default:
		return false
	}
	started := c.spawn(func() {
		defer func() { <-c.spare }()
		task()
	})
	if !started {
		<-c.spare
	}
	return started
}

// Raise tells the cache what a transaction of this process wrote. It is called
// after the commit and before the writer is answered, or when the outcome of the
// commit is unknown; from then on no read of this node begins with an entry that
// lacks the write. It also rings the bell, for at most ringLimit.
//
// It returns the epoch to carry the mark with; 0, which is no epoch, tells the
// other nodes to look for themselves.
func (c *Cache) Raise(ctx context.Context, w Written) Epoch {
	if len(w) == 0 {
		return c.Epoch()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ringLimit)
	defer cancel()
	h, known := c.raiseOwn(w), true
	// A mark below a stamp that was given out: a poll or a load came between commit and here, or the server
	// crashed and gives numbers again, which this node has not heard yet. Then old
	// entries have stamps above the mark. One poll tells; without it nothing is served.
	if uint64(w.Mark()) < max(h.horizon.Load(), h.furthest.Load()) {
		if known = c.journal.poll(ctx) == nil; !known {
			c.lease.drop(c.o.Clock())
		}
		h = c.history.Load()
	}
	if c.o.Bell != nil {
		if err := c.o.Bell.Ring(ctx, News{h.epoch, w}); err != nil {
			c.counters.ringsLost.Add(1)
			c.o.Log.Debug("cache bell not rung", "error", err)
		}
	}
	if !known {
		return 0
	}
	return h.epoch
}

// raiseOwn raises the floors of the history that is the node's when it returns.
func (c *Cache) raiseOwn(w Written) *history {
	h := c.history.Load()
	for {
		for _, r := range w {
			h.floors.raise(r.Tag, r.Mark)
		}
		// A history that begins meanwhile must know as well; one that begins later
		// polls again before it serves anything.
		now := c.history.Load()
		if now == h {
			return h
		}
		h = now
	}
}

// ringLimit is the longest that a writer waits for its bell, and for a poll.
const ringLimit = 25 * time.Millisecond

// Clear makes every entry of every node worthless, by beginning a new epoch.
func (c *Cache) Clear(ctx context.Context) error {
	if err := c.o.Journal.NewEpoch(ctx); err != nil {
		return err
	}
	if c.o.Bell != nil {
		ring, cancel := context.WithTimeout(ctx, ringLimit)
		defer cancel()
		_ = c.o.Bell.Ring(ring, News{}) // the others hear at their next poll
	}
	return c.journal.poll(ctx)
}

// Epoch is the history this node is in, 0 before its first poll.
func (c *Cache) Epoch() Epoch { return c.history.Load().epoch }
