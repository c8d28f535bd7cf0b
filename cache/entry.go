package cache

import (
	"math"
	"math/rand/v2"
	"time"
)

// Entry is one cached answer. It never changes once published, but for two
// things that are derived from it when first asked for: its brotli encoding and,
// for one that came from a remote cache, its decoded value. It is safe for
// concurrent use; nobody may change the bytes it hands out.
type Entry struct {
	asked   *question
	family  *family
	history *history
	stamp   Mark     // 0: not by the rule
	own     bool     // loaded by this node from the primary: the second rule applies
	began   uint64   // number of the last raise heard before its load began
	tags    []string // for the wire and for composed entries
	slots   []uint32 // the floors to look at

	soft, hard time.Duration // monotonic: when it is aged, when it is over
	early      time.Duration // before this nobody thinks of refreshing it
	until      int64         // wall clock: when time alone makes it wrong
	cost       time.Duration // of its load

	absent error // what it answers instead of a value
	body   bodies
	value  func() (any, error)
	size   int64 // of the value

	refresh refresh
}

// never is an end that does not come.
const never = math.MaxInt64

// verdict is what judging an entry finds.
type verdict int

const (
	fresh   verdict = iota
	early           // fresh, and this reader should refresh it
	aged            // valid but past its soft end
	lapsed          // nobody can say: the node has not read the journal for too long
	refused         // a write has been heard that it may not contain
	over            // past its hard end
)

// judge is the rule. An entry may be served iff its history is the node's, its
// stamp is above every floor it depends on (or, for the node's own load, nothing
// it depends on was raised since the load began), the lease holds, and it is
// within its time. See the package comment for why.
func (c *Cache) judge(e *Entry, now Instant) verdict {
	h := c.history.Load()
	switch {
	case e.history != h || !e.stands(h):
		return refused
	case now.Mono >= e.hard || now.Wall >= e.until:
		return over
	case !c.lease.holds(now):
		return lapsed
	case now.Mono >= e.soft:
		return aged
	case now.Mono >= e.early && e.refreshEarly(now.Mono):
		return early
	}
	return fresh
}

// stands tells whether the entry is above the floors of its history.
func (e *Entry) stands(h *history) bool {
	return h.floors.below(e.stamp, e.slots) || e.own && h.floors.silent(e.began, e.slots)
}

// refreshEarly lets about one reader per life refresh an entry before its soft
// end, the earlier the longer its load takes, so that readers do not all find it
// aged at once (XFetch: Vattani, Chierichetti and Lowenstein, VLDB 2015).
func (e *Entry) refreshEarly(now time.Duration) bool {
	return now+time.Duration(float64(e.cost)*rand.ExpFloat64()) >= e.soft
}

// earliest bounds how many costs before the soft end an early refresh may begin.
// An exponential draw above 16 comes once in nine million.
const earliest = 16

// Key is what the entry answers, with its family in front.
func (e *Entry) Key() string { return e.asked.key }

// Tags are those the entry depends on. The slice is the entry's own.
func (e *Entry) Tags() []string { return e.tags }

// weight is what the entry takes of the memory, in bytes.
func (e *Entry) weight() int64 {
	n := int64(entryOverhead + len(e.asked.key) + 4*len(e.slots))
	for _, tag := range e.tags {
		n += int64(len(tag)) + 16
	}
	return n + e.size + e.body.weight()
}

// entryOverhead is the entry itself, its variants and headers, and its place in
// the map, as measured by the benchmark of memory.
const entryOverhead = 700
