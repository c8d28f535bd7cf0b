package jobs

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Kind is how a sort of job is done.
type Kind struct {
	Name    string
	Do      Handler
	Timeout time.Duration // for one try; 0 is DefaultTimeout
	// Backoff is the pause after a number of failures; nil is the function Backoff.
	Backoff func(failed int) time.Duration
}

// The defaults.
const (
	DefaultTimeout = time.Minute
	// DefaultSlots leaves most of a pool of 20 connections to others.
	DefaultSlots = 8
	// DefaultLease is how long nothing is heard of a worker until it is taken for dead:
	// longer than a database or a node is busy with one thing, and soon enough for
	// somebody who waits.
	DefaultLease = 8 * time.Second
	// DefaultPoll is the longest time without a look for jobs that are due. One that this
	// node enqueues is begun at once.
	DefaultPoll = 500 * time.Millisecond
	// DefaultGrace is how long a handler may go on after it should have ended, twice: by
	// itself when the program stops, and then with a context that has ended.
	DefaultGrace = time.Second
)

// Options is what a Runner is made of.
type Options struct {
	Store Store
	Kinds []Kind
	Crons []Cron
	Slots int              // jobs at once; 0 is DefaultSlots
	Lease time.Duration    // 0 is DefaultLease
	Poll  time.Duration    // 0 is DefaultPoll
	Grace time.Duration    // 0 is DefaultGrace
	Now   func() time.Time // nil is time.Now
	Log   *slog.Logger     // nil is slog.Default
	// Settled, if not nil, is told of every try that has ended, from many goroutines.
	Settled func(Tried)
}

// Tried is one try that has ended.
type Tried struct {
	Kind    string
	Outcome Outcome
	Waited  time.Duration // from when it was due to its begin
	Took    time.Duration
}

// Runner does the jobs of one node.
type Runner struct {
	Options
	name  string // of this worker, among all that ever were
	kinds map[string]Kind
	names []string
	since time.Time // when it began, for crons that never ran
	seen  map[string]time.Time

	more bool // the last claim found as many as it could take, so there may be more

	wake     chan struct{}
	ends     chan ended
	stopping atomic.Bool

	mu      sync.Mutex
	running map[Claim]*active
	beat    int64
}

// active is a job that this node does.
type active struct {
	run    Run
	begun  time.Time
	cancel context.CancelCauseFunc
}

// ended is a try that waits to be written.
type ended struct {
	end     End
	active  *active
	written bool // by the handler
}

// New makes a Runner. The error is a mistake in the options.
func New(o Options) (*Runner, error) {
	o.Slots = cmp.Or(o.Slots, DefaultSlots)
	o.Lease, o.Poll, o.Grace = cmp.Or(o.Lease, DefaultLease), cmp.Or(o.Poll, DefaultPoll), cmp.Or(o.Grace, DefaultGrace)
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Log = cmp.Or(o.Log, slog.Default())
	r := &Runner{
		Options: o, name: rand.Text(), kinds: map[string]Kind{}, seen: map[string]time.Time{},
		wake: make(chan struct{}, 1), ends: make(chan ended, o.Slots), running: map[Claim]*active{},
	}
	for _, k := range o.Kinds {
		if _, twice := r.kinds[k.Name]; twice || k.Name == "" || k.Do == nil {
			return nil, fmt.Errorf("jobs: the kind %q has no name or handler, or is there twice", k.Name)
		}
		k.Timeout = cmp.Or(k.Timeout, DefaultTimeout)
		if k.Backoff == nil {
			k.Backoff = Backoff
		}
		r.kinds[k.Name] = k
	}
	r.names = slices.Sorted(maps.Keys(r.kinds))
	for i := range r.Crons {
		if err := r.Crons[i].parse(); err != nil {
			return nil, err
		}
		if _, known := r.kinds[r.Crons[i].Job.Kind]; !known {
			return nil, fmt.Errorf("jobs: the cron job %q is of the kind %q, which nobody does", r.Crons[i].Name, r.Crons[i].Job.Kind)
		}
	}
	return r, nil
}

// Poke tells that a job was enqueued that is due at an instant. It never blocks, and is
// called after the commit. What is not due before the next look anyway wakes nobody.
func (r *Runner) Poke(at time.Time) {
	if at.Sub(r.Now()) < r.Poll {
		r.awake()
	}
}

// awake makes the loop go round once more. One wake that waits stands for all: the loop
// takes it before it looks.
func (r *Runner) awake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// errStopping is why handlers are asked to end when the program stops.
var errStopping = errors.New("the program stops")

// Run does jobs until ctx ends, and returns when all that this node had are ended or
// given back, within a moment. It is called once.
func (r *Runner) Run(ctx context.Context) {
	finish := r.begin() //nolint:contextcheck // what has begun is written after ctx has ended
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		timer.Reset(r.round(ctx))
		select {
		case <-ctx.Done():
		case <-r.wake:
		case <-timer.C:
		}
	}
	r.stop()
	finish()
}

// RunDue does what is due now, and what that brings forth, waits for its end and tells
// how many jobs there were. It is for tests and command lines, and not called beside Run
// or itself; a handler that puts its job off to now keeps it from returning.
func (r *Runner) RunDue(ctx context.Context) (n int, err error) {
	defer r.begin()() //nolint:contextcheck // what has begun is written after ctx has ended
	for ctx.Err() == nil {
		r.plant(ctx)
		runs, err := r.claim(ctx)
		if err != nil {
			return n, err
		}
		n += len(runs)
		for r.busy() > 0 {
			select {
			case <-r.wake:
			case <-ctx.Done():
				r.stop()
				return n, ctx.Err()
			}
		}
		if len(runs) == 0 {
			break
		}
	}
	return n, ctx.Err()
}

// begin starts what goes on beside the loop; finish ends it, when no job runs.
func (r *Runner) begin() (finish func()) {
	if r.since.IsZero() {
		r.since = r.Now()
	}
	life, end := context.WithCancel(context.Background())
	var beside sync.WaitGroup
	beside.Go(func() { r.settle(life) })
	beside.Go(func() { r.watch(life) })
	return func() {
		end()
		beside.Wait()
	}
}

// round looks once for what is due, and returns how long to wait for the next look.
func (r *Runner) round(ctx context.Context) (pause time.Duration) {
	r.plant(ctx)
	for ctx.Err() == nil {
		if r.busy() >= r.Slots {
			return r.Poll // the next slot wakes
		}
		if !r.more {
			at, found, err := r.Store.NextJob(ctx, r.names)
			if err != nil {
				r.complain(ctx, "jobs cannot be looked for; trying again", err)
				return r.Poll
			}
			if !found {
				return r.Poll
			}
			if left := at.Sub(r.Now()); left > 0 {
				return min(left, r.Poll)
			}
		}
		runs, err := r.claim(ctx)
		if err != nil {
			r.complain(ctx, "jobs cannot be claimed; trying again", err)
			return r.Poll
		}
		if len(runs) == 0 && !r.more {
			return r.Poll / 10 // another node is just taking it
		}
	}
	return 0
}

// claim takes what is due for the free slots, and begins it.
func (r *Runner) claim(ctx context.Context) ([]Run, error) {
	r.mu.Lock()
	w := Worker{r.name, r.nextBeat()}
	free := r.Slots - len(r.running)
	r.mu.Unlock()
	// It does not end with the loop: it may have been committed, and what nobody knows of
	// would wait for a lease.
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	runs, err := r.Store.ClaimJobs(limited, w, r.names, free)
	r.more = len(runs) == free
	for i := range runs {
		r.start(runs[i]) //nolint:contextcheck // a job does not end with the loop, see stop
	}
	return runs, err
}

// nextBeat is a beat that this worker never had: the time, for people, or the next
// number. The caller has the lock.
func (r *Runner) nextBeat() int64 {
	r.beat = max(r.beat+1, r.Now().UnixMilli())
	return r.beat
}

func (r *Runner) busy() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.running)
}

// stop lets handlers end by themselves, then asks them to, then gives back what they
// still have. It returns when nothing runs any more that anybody waits for.
func (r *Runner) stop() {
	r.stopping.Store(true)
	idle := func() bool {
		late := time.After(r.Grace)
		for r.busy() > 0 {
			select {
			case <-r.wake:
			case <-late:
				return false
			}
		}
		return true
	}
	if idle() {
		return
	}
	r.mu.Lock()
	for _, a := range r.running {
		a.cancel(errStopping)
	}
	r.mu.Unlock()
	for !idle() { // each gives up on its handler after a while
		r.Log.Warn("waiting for jobs that do not end", "jobs", r.busy())
	}
}

func (r *Runner) complain(ctx context.Context, what string, err error) {
	if ctx.Err() == nil {
		r.Log.Warn(what, "error", err)
	}
}
