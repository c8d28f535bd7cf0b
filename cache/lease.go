package cache

import (
	"sync/atomic"
	"time"
)

// lease is until when a node may serve without reading the journal again. Both
// ends only ever come from the start of a poll that succeeded. A reader may see
// one end of an older poll and one of a newer: the older one is the earlier, so
// that errs to the safe side.
type lease struct {
	mono, wall atomic.Int64
	// after is when it was dropped last: a poll that began before renews nothing.
	after atomic.Int64
}

// wallSlack is what the wall clock may be set forward without a lapse. It adds
// nothing to the bound while the monotonic clock runs.
const wallSlack = time.Second

func (l *lease) renew(begun Instant, bound time.Duration) {
	l.wall.Store(begun.Wall + int64(bound+wallSlack))
	l.mono.Store(int64(begun.Mono + bound))
	if int64(begun.Mono) < l.after.Load() { // last, as it may be dropped meanwhile
		l.mono.Store(0)
	}
}

func (l *lease) holds(now Instant) bool {
	return int64(now.Mono) < l.mono.Load() && now.Wall < l.wall.Load()
}

// drop ends the lease until a poll that begins from now on has succeeded.
func (l *lease) drop(now Instant) {
	l.after.Store(int64(now.Mono))
	l.mono.Store(0)
}
