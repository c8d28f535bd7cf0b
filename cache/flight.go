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

// join returns the load of a key, with started true if the caller must run it.
func (f *flights) join(key string) (fl *flight, started bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fl := f.byKey[key]; fl != nil {
		return fl, false
	}
	f.begun++
	fl = &flight{number: f.begun, done: make(chan struct{})}
	if f.byKey == nil {
		f.byKey = map[string]*flight{}
	}
	f.byKey[key] = fl
	return fl, true
}

// land ends a load. Whoever comes from now on begins another.
func (f *flights) land(key string, fl *flight, served Served, err error) {
	f.mu.Lock()
	delete(f.byKey, key)
	f.mu.Unlock()
	fl.served, fl.err = served, err
	close(fl.done)
}

// await waits for a flight to land.
func (c *Cache) await(ctx context.Context, fl *flight) (Served, error) {
	if c.waiters.Add(1) > int64(c.o.Waiters) {
		c.waiters.Add(-1)
		return Served{}, ErrBusy
	}
	defer c.waiters.Add(-1)
	select {
	case <-fl.done:
		return fl.served, fl.err
	case <-ctx.Done():
		return Served{}, ctx.Err()
	}
}
