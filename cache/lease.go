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
}

// wallSlack is what the wall clock may be set forward without a lapse. It adds
// nothing to the bound while the monotonic clock runs.
const wallSlack = time.Second

func (l *lease) renew(begun Instant, bound time.Duration) {
	l.wall.Store(begun.Wall + int64(bound+wallSlack))
	l.mono.Store(int64(begun.Mono + bound))
}

func (l *lease) holds(now Instant) bool {
	return int64(now.Mono) < l.mono.Load() && now.Wall < l.wall.Load()
}

func (l *lease) drop() { l.mono.Store(0) }
