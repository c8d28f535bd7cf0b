package cache_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/exodrive/exodrive/cache"
)

// simMachine is what a node runs on: its clocks, and its way to the database.
type simMachine struct {
	w     *simWorld
	id    int
	start time.Time

	mu     sync.Mutex
	rng    *rand.Rand
	skew   time.Duration // of the wall clock
	lost   time.Duration // by the monotonic clock, in sleep
	since  time.Time     // asleep since
	resume chan struct{} // nil while awake
	cut    bool          // the journal cannot be reached
}

// Machines disagree about the time of day by up to an hour.
const simSkew = time.Hour

func newSimMachine(w *simWorld, id int) *simMachine {
	m := &simMachine{w: w, id: id, start: time.Now().Add(-time.Hour), rng: w.dice(uint64(10 + id))}
	m.skew = time.Duration(m.rng.Int64N(int64(2*simSkew))) - simSkew
	return m
}

func (m *simMachine) now() cache.Instant {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	wall := now.Add(m.skew).UnixNano()
	if m.resume != nil {
		now = m.since
	}
	return cache.Instant{Mono: now.Sub(m.start) - m.lost, Wall: wall}
}

// awake blocks while the machine is asleep: whatever it was about to do, it does
// when it wakes.
func (m *simMachine) awake() {
	for {
		m.mu.Lock()
		resume := m.resume
		m.mu.Unlock()
		if resume == nil {
			return
		}
		<-resume
	}
}

func (m *simMachine) sleep(d time.Duration) {
	m.mu.Lock()
	if m.resume != nil {
		m.mu.Unlock()
		time.Sleep(d)
		return
	}
	m.resume, m.since = make(chan struct{}), time.Now()
	m.mu.Unlock()
	time.Sleep(d)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lost += time.Since(m.since)
	close(m.resume)
	m.resume = nil
}

// trip is one way over the network.
func (m *simMachine) trip(mean time.Duration) {
	m.mu.Lock()
	d := someTime(m.rng, mean)
	m.mu.Unlock()
	time.Sleep(d)
	m.awake()
}

const (
	simTrip = 500 * time.Microsecond
	// One load in ten reads long before it returns: the reader that overtakes every
	// invalidation.
	simSlow = 200 * time.Millisecond
)

// load reads a row of the primary.
func (m *simMachine) load(ctx context.Context, key string) (string, error) {
	m.trip(simTrip)
	v, err := m.w.db.Value(ctx, key)
	m.mu.Lock()
	slow := m.rng.IntN(10) == 0
	m.mu.Unlock()
	if slow {
		m.trip(simSlow)
	} else {
		m.trip(simTrip)
	}
	return v, err
}

// simLink is the journal as a machine reaches it.
type simLink struct {
	cache.Journal
	m *simMachine
}

var errCut = errors.New("no way to the journal")

func (l simLink) Poll(ctx context.Context, since cache.Position) (cache.Reading, error) {
	if err := l.there(ctx); err != nil {
		return cache.Reading{}, err
	}
	r, err := l.Journal.Poll(ctx, since)
	l.m.trip(simTrip)
	return r, err
}

func (l simLink) Horizon(ctx context.Context) (cache.Epoch, cache.Mark, error) {
	if err := l.there(ctx); err != nil {
		return 0, 0, err
	}
	epoch, mark, err := l.Journal.Horizon(ctx)
	l.m.trip(simTrip)
	return epoch, mark, err
}

// there goes to the journal; a way that is cut swallows the question.
func (l simLink) there(ctx context.Context) error {
	l.m.trip(simTrip)
	l.m.mu.Lock()
	cut := l.m.cut
	l.m.mu.Unlock()
	if cut {
		<-ctx.Done()
		l.m.awake()
		return errCut
	}
	return nil
}

// simHub carries rings, and loses some.
type simHub struct {
	mu    sync.Mutex
	rng   *rand.Rand
	loss  float64
	heard []chan cache.News
	rings int
}

// Ring implements cache.Bell.
func (b *simHub) Ring(_ context.Context, n cache.News) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rings++
	for _, ears := range b.heard {
		if b.rng.Float64() < b.loss {
			continue
		}
		time.AfterFunc(someTime(b.rng, 3*time.Millisecond), func() {
			select {
			case ears <- n:
			default:
			}
		})
	}
	return nil
}

// Hear implements cache.Bell.
func (b *simHub) Hear(ctx context.Context, heard func(cache.News)) {
	ears := make(chan cache.News, 1)
	b.mu.Lock()
	b.heard = append(b.heard, ears)
	b.mu.Unlock()
	for {
		select {
		case n := <-ears:
			heard(n)
		case <-ctx.Done():
			return
		}
	}
}

func (w *simWorld) someone(rng *rand.Rand) *simMachine { return w.machines[rng.IntN(len(w.machines))] }

// cutOff keeps a node from the journal, for less or more than the bound.
func (w *simWorld) cutOff(rng *rand.Rand) {
	time.Sleep(someTime(rng, time.Second))
	m := w.someone(rng)
	set := func(cut bool) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.cut = cut
	}
	set(true)
	time.Sleep(someTime(rng, 3*time.Second))
	set(false)
}

// setClock sets a machine's wall clock, to any time within the hour.
func (w *simWorld) setClock(rng *rand.Rand) {
	time.Sleep(someTime(rng, 200*time.Millisecond))
	m := w.someone(rng)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.skew = time.Duration(rng.Int64N(int64(2*simSkew))) - simSkew
}

// prune shortens the journal to what some nodes have not read yet.
func (w *simWorld) prune(rng *rand.Rand) {
	time.Sleep(someTime(rng, 3*time.Second))
	_, horizon, err := w.db.Horizon(context.Background())
	if err == nil {
		w.db.Prune(horizon)
	}
}

// clear begins a new epoch.
func (w *simWorld) clear(rng *rand.Rand) {
	time.Sleep(someTime(rng, 4*time.Second))
	w.ledger.mu.Lock()
	defer w.ledger.mu.Unlock()
	if w.db.NewEpoch(context.Background()) == nil {
		w.ledger.epoch++
	}
}

// stop keeps the database from answering anybody. Writes go on, as from a place
// on the other side of a broken line.
func (w *simWorld) stop(rng *rand.Rand) {
	time.Sleep(someTime(rng, 5*time.Second))
	w.db.Stop()
	stopped := time.Now()
	time.Sleep(someTime(rng, 2*time.Second))
	w.db.Start()
	w.result.mu.Lock()
	defer w.result.mu.Unlock()
	w.result.down += time.Since(stopped)
}

// suspendOne puts a machine to sleep.
func (w *simWorld) suspendOne(rng *rand.Rand) {
	time.Sleep(someTime(rng, time.Second))
	w.someone(rng).sleep(someTime(rng, 2*time.Second))
}
