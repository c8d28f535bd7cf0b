package cache

import (
	"sync"
	"sync/atomic"
	"time"
)

// lease is until when a node may serve without reading the journal again. Both
// ends only ever come from the start of a poll that succeeded. A reader may see
// one end of an older poll and one of a newer: the older one is the earlier, so
// that errs to the safe side.
//
// Readers look without a lock. Those who change it take one, as a write of this node
// may drop it while a poll ends: were the ends stored first and the drop looked for
// afterwards, the lease would hold in between, for an entry that lacks the write. So
// either renew sees the drop and stores nothing, or the drop comes after it and ends
// what it stored.
type lease struct {
	mono, wall atomic.Int64

	mu sync.Mutex // held while it changes
	// after is when it was dropped last: a poll that began before renews nothing.
	after time.Duration
}

// wallSlack is what the wall clock may be set forward without a lapse. It adds
// nothing to the bound while the monotonic clock runs.
const wallSlack = time.Second

func (l *lease) renew(begun Instant, bound time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if begun.Mono < l.after {
		return
	}
	l.wall.Store(begun.Wall + int64(bound+wallSlack))
	l.mono.Store(int64(begun.Mono + bound))
}

func (l *lease) holds(now Instant) bool {
	return int64(now.Mono) < l.mono.Load() && now.Wall < l.wall.Load()
}

// drop ends the lease until a poll that begins from now on has succeeded.
func (l *lease) drop(now Instant) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.after = now.Mono
	l.mono.Store(0)
}
