package cache

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Once a lease was dropped, no poll that began before makes it hold again, not even
// for an instant: in that instant a reader would be served what the drop was about.
//
// Red when: renew stores an end before it knows of the drop.
func TestDroppedLeaseStaysDropped(t *testing.T) {
	t.Parallel()
	var (
		l     lease
		polls sync.WaitGroup
		end   atomic.Bool
	)
	now := Instant{Mono: 3}
	l.renew(Instant{Mono: 1}, time.Hour)
	if !l.holds(now) {
		t.Fatal("a poll does not renew the lease")
	}
	l.drop(Instant{Mono: 2})
	held := 0
	polls.Go(func() {
		for !end.Load() {
			if l.holds(now) {
				held++
			}
		}
	})
	for range 200_000 { // more than ever would be under way
		l.renew(Instant{Mono: 1}, time.Hour)
	}
	end.Store(true)
	polls.Wait()
	if held > 0 {
		t.Errorf("after the drop the lease was seen to hold %d times", held)
	}
	if l.renew(now, time.Hour); !l.holds(now) {
		t.Error("a poll that began after the drop does not renew the lease")
	}
}
