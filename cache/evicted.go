package cache

import (
	"hash/maphash"
	"sync/atomic"
)

// evicted remembers of keys that they left memory to make room, so that a miss can
// be told from one for something new. It is a table of fixed size: a key whose place
// another has taken counts as new, and one in four thousand million new ones as
// evicted.
type evicted struct {
	marks [evictedSlots]atomic.Uint32
}

// evictedSlots are 64 KiB.
const evictedSlots = 1 << 14

func (e *evicted) add(key string) {
	at, mark := e.place(key)
	at.Store(mark)
}

// take tells whether a key was evicted, and forgets it.
func (e *evicted) take(key string) bool {
	at, mark := e.place(key)
	return at.Load() == mark && at.CompareAndSwap(mark, 0)
}

func (e *evicted) place(key string) (*atomic.Uint32, uint32) {
	sum := maphash.String(tagSeed, key)
	return &e.marks[sum%evictedSlots], uint32(sum>>32) | 1 // 0 is nobody's
}
