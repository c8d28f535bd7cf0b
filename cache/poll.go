package cache

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// reader keeps the lease: it polls the journal and raises what it hears. One poll
// runs at a time; whoever asks for one gets the next that begins after he asked.
type reader struct {
	c *Cache

	mu      sync.Mutex
	running *pollRun // nil when idle
	next    *pollRun // asked for while one runs

	// Only the running poll uses these.
	position Position
	// failing is set while polls fail.
	failing atomic.Bool
}

type pollRun struct {
	done chan struct{}
	err  error
}

// errClosed is the end of a poll that a closing cache did not begin.
var errClosed = errors.New("cache: closed")

// poll waits for a poll that begins after the call. The poll itself does not end
// with ctx, as others wait for it.
func (r *reader) poll(ctx context.Context) error {
	run := r.ask() //nolint:contextcheck // the poll is for all who wait, and ends with the cache
	select {
	case <-run.done:
		return run.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// wake asks for a poll and does not wait for it.
func (r *reader) wake() { r.ask() }

// ask returns the first run that begins after the call.
func (r *reader) ask() *pollRun {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.next != nil {
		return r.next
	}
	run := &pollRun{done: make(chan struct{})}
	if r.running != nil {
		r.next = run
	} else {
		r.begin(run)
	}
	return run
}

// begin starts a run; r.mu is held.
func (r *reader) begin(run *pollRun) {
	r.running = run
	if r.c.spawn(func() { r.end(run, r.once()) }) {
		return
	}
	run.err = errClosed
	close(run.done)
	r.running = nil
}

func (r *reader) end(run *pollRun, err error) {
	run.err = err
	close(run.done)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running = nil
	if next := r.next; next != nil {
		r.next = nil
		r.begin(next)
	}
}

// once is one poll. It fails without having changed anything but what it is
// always safe to change.
func (r *reader) once() error {
	c := r.c
	ctx, cancel := context.WithTimeout(c.life, c.o.Bound/2)
	defer cancel()
	var begun Instant
	for again := true; again; {
		begun = c.o.Clock()
		reading, err := c.o.Journal.Poll(ctx, r.position)
		if err == nil {
			again, err = r.hear(ctx, reading)
		}
		if err != nil {
			return r.failed(err)
		}
	}
	// Last, so that whoever sees the lease sees the floors.
	c.lease.renew(begun, c.o.Bound)
	c.down.Store(false)
	if r.failing.Load() {
		c.o.Log.Info("cache reads the journal again")
		r.failing.Store(false)
	}
	c.counters.polls.Add(1)
	c.counters.pollTook.Store(int64(c.o.Clock().since(begun)))
	return nil
}

// failed notes a poll that failed, and says so once until one succeeds.
func (r *reader) failed(err error) error {
	r.c.counters.pollsFailed.Add(1)
	if !r.failing.Swap(true) && r.c.life.Err() == nil {
		r.c.o.Log.Warn("cache cannot read the journal, and serves from memory for no longer than the bound", "error", err, "bound", r.c.o.Bound.String())
	}
	return err
}

// hear raises the floors by what was read; again asks for another poll before
// the lease may be renewed.
func (r *reader) hear(ctx context.Context, reading Reading) (again bool, err error) {
	h := r.c.history.Load()
	switch {
	case reading.Epoch != h.epoch:
		r.startOver(reading)
		// A write of this node may have raised the old floors between this snapshot
		// and the change of histories; the next snapshot has it.
		again = true
	case reading.Horizon < Mark(h.horizon.Load()):
		// Time went back: marks may come twice. Nobody can tell from which on, so all
		// nodes begin anew.
		err := r.c.o.Journal.NewEpoch(ctx)
		return false, fmt.Errorf("the horizon went back from %d to %d, so a new epoch begins: %w", h.horizon.Load(), reading.Horizon, errors.Join(errRewound, err))
	default:
		if reading.Pruned > 0 && uint64(reading.Pruned) >= h.horizon.Load() {
			// This node slept for longer than the journal remembers.
			h.floors.raiseAll(reading.Pruned)
		}
		r.raise(h, reading)
		r.c.counters.raises.add(reading.Raises)
	}
	r.position = reading.Position
	return again, nil
}

// errRewound ends a poll whose database has lost transactions.
var errRewound = errors.New("the database went back in time")

// startOver enters a new epoch. Nothing is served until the lease is renewed.
func (r *reader) startOver(reading Reading) {
	c := r.c
	h := newHistory(reading.Epoch, c.o.Slots)
	// A reader that begins may have missed what is no longer in the journal.
	h.floors.raiseAll(reading.Pruned)
	r.raise(h, reading)
	c.lease.drop(c.o.Clock())
	c.history.Store(h)
	// The old entries are refused already; now they make room.
	c.entries.InvalidateAll()
	c.absences.InvalidateAll()
}

func (r *reader) raise(h *history, reading Reading) {
	for _, raise := range reading.Raises {
		h.floors.raise(raise.Tag, raise.Mark)
	}
	h.note(reading)
	h.hold(reading.Horizon, r.c.o.Clock().Mono)
	h.horizon.Store(uint64(reading.Horizon))
	r.c.counters.heard.Add(uint64(len(reading.Raises)))
}

// pollForever polls until the cache is closed.
func (c *Cache) pollForever() {
	tick := time.NewTicker(c.o.PollEvery)
	defer tick.Stop()
	for {
		_ = c.journal.poll(c.life) // noted by the poll itself
		select {
		case <-c.life.Done():
			return
		case <-tick.C:
		}
	}
}

// markSet is a bounded set of marks. It is safe for concurrent use.
type markSet[M comparable] struct {
	mu    sync.Mutex
	marks map[M]struct{}
}

// mostMarks bounds one: a transaction that stays open holds the horizon back for as
// long. A mark that is not remembered costs its carrier a poll.
const mostMarks = 10_000

func (s *markSet[M]) add(mark M) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.marks == nil {
		s.marks = map[M]struct{}{}
	}
	if len(s.marks) < mostMarks {
		s.marks[mark] = struct{}{}
	}
}

func (s *markSet[M]) has(mark M) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.marks[mark]
	return ok
}

func (s *markSet[M]) empty() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.marks) == 0
}

func (s *markSet[M]) drop(old func(M) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for mark := range s.marks {
		if old(mark) {
			delete(s.marks, mark)
		}
	}
}

// note remembers the marks of a reading that lie at or above its horizon. Below it
// every mark has been read.
func (h *history) note(reading Reading) {
	h.heard.drop(func(m Mark) bool { return m < reading.Horizon })
	for _, raise := range reading.Raises {
		if raise.Mark >= reading.Horizon {
			h.heard.add(raise.Mark)
		}
	}
}

// knows tells whether the writes of a mark have been read from the journal.
func (h *history) knows(mark Mark) bool {
	return uint64(mark) < h.horizon.Load() || h.heard.has(mark)
}

// hold notes since when the horizon waits for a transaction that others have
// overtaken. It is called before the horizon moves.
func (h *history) hold(horizon Mark, now time.Duration) {
	switch {
	case h.heard.empty():
		h.held.Store(0)
	case uint64(horizon) != h.horizon.Load() || h.held.Load() == 0:
		h.held.Store(max(int64(now), 1))
	}
}
