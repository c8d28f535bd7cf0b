package cache

import (
	"context"
	"sync"
)

// flights are the loads under way, one per key.
type flights struct {
	mu    sync.Mutex
	byKey map[string]*flight
	// begun numbers the loads, so that a caller can tell whether one began after he
	// came.
	begun uint64
}

type flight struct {
	number uint64
	done   chan struct{}
	// urgent ends when the load needs no place at the gate.
	urgent chan struct{}
	hurry  func() // ends it
	// free is run once the load has ended; nil: nothing.
	free func()
	// Set before done is closed.
	served Served
	err    error
}

// arrival is the number of the last load that began before a caller came.
func (f *flights) arrival() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.begun
}

// join returns the load of a key, with started true if the caller must run it,
// and nil if that would be one more than most: callers may give up while what they
// have begun goes on.
func (f *flights) join(key string, most int) (fl *flight, started bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fl := f.byKey[key]; fl != nil {
		return fl, false
	}
	if len(f.byKey) >= most {
		return nil, false
	}
	f.begun++
	fl = &flight{number: f.begun, done: make(chan struct{}), urgent: make(chan struct{})}
	fl.hurry = sync.OnceFunc(func() { close(fl.urgent) })
	if f.byKey == nil {
		f.byKey = map[string]*flight{}
	}
	f.byKey[key] = fl
	return fl, true
}

// spare makes a load one that nobody waits for, with a place that it gives back.
func (fl *flight) spare(c *Cache) {
	fl.free = c.gate.leaveSpare
	fl.hurry()
}

// land ends a load. Whoever comes from now on begins another.
func (f *flights) land(key string, fl *flight, served Served, err error) {
	f.mu.Lock()
	delete(f.byKey, key)
	f.mu.Unlock()
	fl.served, fl.err = served, err
	close(fl.done)
	if fl.free != nil {
		fl.free()
	}
}

// enter takes a place among those who wait for loads, if there is one.
func (c *Cache) enter() bool {
	if c.waiters.Add(1) > int64(c.o.Waiters) {
		c.leave()
		return false
	}
	return true
}

func (c *Cache) leave() { c.waiters.Add(-1) }

// await waits for a flight to land.
func (fl *flight) await(ctx context.Context) (Served, error) {
	select {
	case <-fl.done:
		return fl.served, fl.err
	case <-ctx.Done():
		return Served{}, ctx.Err()
	}
}
