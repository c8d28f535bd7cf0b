package obs

import (
	"math"
	"math/bits"
	"slices"
	"sync/atomic"
	"time"
)

// PercentileError is the most that a percentile differs from the true one, as a
// share of it, for times from a microsecond to a minute. Shorter ones are shown as
// one microsecond, longer ones as 67 seconds.
const PercentileError = 0.05

// Times are counted in buckets whose ends grow by an eighth of an octave, 9 per
// cent: who is shown the harmonic mean of the ends is wrong by less than 5 per
// cent. The ends of requestBuckets are among them, so that a Prometheus histogram
// of the same counts is exact.
const (
	shortestTime = time.Microsecond
	octaves      = 26
	perOctave    = 8
	bucketCount  = octaves*perOctave + 1 + requestBucketCount + 1 // the last is for what is longer
)

// bucketEnds are the ends of all buckets but the last, included, in nanoseconds.
var bucketEnds = func() [bucketCount - 1]uint64 {
	var ends []uint64
	for i := range octaves*perOctave + 1 {
		ends = append(ends, uint64(math.Round(float64(shortestTime)*math.Pow(2, float64(i)/perOctave))))
	}
	for _, seconds := range requestBuckets {
		ends = append(ends, uint64(math.Round(seconds*float64(time.Second))))
	}
	slices.Sort(ends)
	return [bucketCount - 1]uint64(ends)
}()

// bucketStarts tell, for the highest bit of a time and the five below it, the
// bucket of the shortest time that has them.
var bucketStarts = func() (starts [64][1 << cellBits]uint8) {
	for high := cellBits; high < len(starts); high++ {
		for low := range starts[high] {
			shortest := uint64(1<<cellBits+low) << (high - cellBits)
			at, _ := slices.BinarySearch(bucketEnds[:], shortest)
			starts[high][low] = uint8(at)
		}
	}
	return starts
}()

const cellBits = 5

// bucketOf is the bucket of a time.
func bucketOf(d time.Duration) int {
	ns := uint64(max(d, 0))
	if ns <= bucketEnds[0] {
		return 0
	}
	high := bits.Len64(ns) - 1
	at := int(bucketStarts[high][ns>>(high-cellBits)&(1<<cellBits-1)])
	for at < len(bucketEnds) && ns > bucketEnds[at] {
		at++
	}
	return at
}

// shownTime is the time that is least wrong for all in a bucket.
func shownTime(bucket int) time.Duration {
	switch {
	case bucket == 0:
		return time.Duration(bucketEnds[0])
	case bucket >= len(bucketEnds):
		return time.Duration(bucketEnds[len(bucketEnds)-1])
	}
	from, to := float64(bucketEnds[bucket-1]), float64(bucketEnds[bucket])
	return time.Duration(2 * from * to / (from + to))
}

// timing counts times. Counting takes no lock.
type timing struct {
	counts [bucketCount]atomic.Uint64
	nanos  atomic.Int64 // of all together
}

func (t *timing) add(d time.Duration) {
	t.counts[bucketOf(d)].Add(1)
	t.nanos.Add(int64(d))
}

// times are how many there were in each bucket.
type times [bucketCount]uint32

// total is how many there are.
func (t *times) total() (n uint64) {
	for _, c := range t {
		n += uint64(c)
	}
	return n
}

func (t *times) add(other *times) {
	for i, n := range other {
		t[i] += n
	}
}

// bucketAt is the bucket in which the share q of all times ends; there must be
// some.
func (t *times) bucketAt(q float64) int {
	rank := max(1, uint64(math.Ceil(q*float64(t.total()))))
	var passed uint64
	for i, n := range t {
		if passed += uint64(n); passed >= rank {
			return i
		}
	}
	return len(t) - 1
}
