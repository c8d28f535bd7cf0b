package exotest

import (
	"sync"
	"time"
)

// ManualClock is a clock that moves only when a test moves it. It is safe for
// concurrent use.
type ManualClock struct {
	mu  sync.Mutex
	now time.Time
}

// Clock returns a clock that stands at start. Its method Now fits wherever a
// func() time.Time is wanted.
func Clock(start time.Time) *ManualClock { return &ManualClock{now: start} }

// Now is the instant the clock stands at.
func (c *ManualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock by d and returns its new instant. A negative d moves
// it back, as a corrected system clock does.
func (c *ManualClock) Advance(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return c.now
}

// Set moves the clock to an instant.
func (c *ManualClock) Set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}
