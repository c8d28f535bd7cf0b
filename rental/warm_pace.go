package rental

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// pace bounds how many answers this node warms at once, over all its warmings. It
// brakes when the database gets slow: readers come first.
//
// A load is slow beside the best one of its family. When loads are slow on average,
// when the pool of connections is full and somebody waits, or when a load fails, half as many run at once,
// and one alone rests for as long as a load took. After some quick ones there is
// one more again. The zero value is to be set up.
type pace struct {
	lock    sync.Mutex
	limit   int
	running int
	changed chan struct{} // closed when a place may have become free

	best  map[string]time.Duration // by family
	slow  float64                  // how many times the best a load takes, on average
	quick int                      // loads since the last change of limit
	rest  time.Duration            // before the next one, when even one is too much
	full  func() bool              // whether callers wait for the pool, since the last call
}

const (
	// mostWarming answers are loaded at once: enough to keep a database of some cores
	// busy, and a fifth of the pool.
	mostWarming = 4
	// tooSlow times the best is what no load takes for lack of a processor alone, with
	// mostWarming at once.
	tooSlow = 6
	// leastBest keeps the noise of very short loads from counting.
	leastBest = 2 * time.Millisecond
	// slowWeight is the weight of one load in the average.
	slowWeight = 1.0 / 8
	// bestFades makes a best time longer with each load, so that a lucky one is not
	// the measure for ever.
	bestFades = 1.0 / 512
	// quickLoads must pass between two changes.
	quickLoads = 16
	// longestRest is the longest pause between two loads.
	longestRest = time.Second
)

func (p *pace) setUp(full func() bool) {
	p.limit, p.slow, p.full = mostWarming, 1, full
	p.changed, p.best = make(chan struct{}), map[string]time.Duration{}
}

// enter waits for a place, or for the end of ctx, which is the error.
func (p *pace) enter(ctx context.Context) error {
	for ctx.Err() == nil {
		ok, rest, changed := p.take()
		if ok {
			return nil
		}
		if rest > 0 {
			pause(ctx, rest)
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
	return ctx.Err()
}

// take takes a place if there is one; else it tells how long to rest, or what to
// wait for.
func (p *pace) take() (ok bool, rest time.Duration, changed chan struct{}) {
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.running >= p.limit {
		return false, 0, p.changed
	}
	if rest, p.rest = p.rest, 0; rest > 0 {
		return false, rest, nil
	}
	p.running++
	return true, 0, nil
}

// pause returns after d, or when ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// leave gives a place back and learns from how long it was held.
func (p *pace) leave(family string, took time.Duration, err error, loaded bool) {
	full := loaded && p.full()
	p.lock.Lock()
	defer p.lock.Unlock()
	p.running--
	close(p.changed)
	p.changed = make(chan struct{})
	switch {
	case err != nil:
		p.brake(took)
	case loaded:
		p.learn(family, took, full)
	}
}

func (p *pace) learn(family string, took time.Duration, full bool) {
	best, known := p.best[family]
	best += time.Duration(float64(best) * bestFades)
	if !known || took < best {
		best = took
	}
	p.best[family] = best
	p.slow += (float64(took)/float64(max(best, leastBest)) - p.slow) * slowWeight
	p.quick++
	switch {
	case p.slow > tooSlow || full && p.quick > quickLoads:
		p.brake(took)
	case p.quick > quickLoads && p.limit < mostWarming:
		p.limit++
		p.quick = 0
	}
}

func (p *pace) brake(took time.Duration) {
	if p.limit == 1 {
		p.rest = min(took, longestRest)
	}
	p.limit, p.slow, p.quick = max(1, p.limit/2), 1, 0
}

// poolIsFull returns a function that tells whether since its last call somebody
// had to wait for a connection of a pool that is full.
func (s *Service) poolIsFull() func() bool {
	var last atomic.Int64
	return func() bool {
		full, waits := false, int64(0)
		for _, pool := range s.store.PoolStats() {
			full = full || pool.Max > 0 && pool.InUse >= pool.Max
			waits += pool.WaitCount
		}
		return last.Swap(waits) < waits && full
	}
}
