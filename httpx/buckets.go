package httpx

import (
	"sync"
	"time"
)

const (
	// maxBuckets is how many callers a limiter remembers: about 4 MB.
	maxBuckets = 100_000
	// bucketShards keep callers from waiting for each other's lock.
	bucketShards = 64
	// evictSample is how many buckets are looked at to find one to forget.
	evictSample = 8
)

// buckets are token buckets in the form of the generic cell rate algorithm: all
// there is to know of a bucket is the time at which it will be full again. A
// bucket that is full is worth the same as none, so nothing needs to expire: a
// shard without room forgets one that is full, or else, of a few, the one that
// will be soonest. Its caller gains the least by that; one who has used up a
// bucket cannot have it forgotten by calling from many addresses.
type buckets struct {
	shards [bucketShards]bucketShard
	room   int // of one shard
}

type bucketShard struct {
	mu   sync.Mutex
	full map[uint64]time.Duration // when the bucket is full again, since the limiter began
}

func newBuckets(limit int) *buckets {
	b := &buckets{room: max(limit/bucketShards, 1)}
	for i := range b.shards {
		b.shards[i].full = map[uint64]time.Duration{}
	}
	return b
}

// take takes one call, which grows back in each, from a bucket that fills in
// whole. It returns when the bucket will be full and whether there was a call.
func (b *buckets) take(key uint64, now, each, whole time.Duration) (full time.Duration, ok bool) {
	s := &b.shards[key%bucketShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	full, known := s.full[key]
	full = max(full, now)
	if full+each > now+whole {
		return full, false
	}
	if !known && len(s.full) >= b.room {
		s.forget(now)
	}
	full += each
	s.full[key] = full
	return full, true
}

// forget drops one bucket.
func (s *bucketShard) forget(now time.Duration) {
	var victim uint64
	best, seen := time.Duration(1<<63-1), 0
	for key, full := range s.full { // Go begins anywhere, which makes this a sample
		if full < best {
			victim, best = key, full
		}
		if seen++; best <= now || seen == evictSample {
			break
		}
	}
	delete(s.full, victim)
}
