package cache

import (
	"hash/maphash"
	"strings"
	"sync/atomic"
)

// floors remembers, for every tag, the highest mark this node has heard for it,
// and when it last heard of the tag at all.
//
// It is a table of fixed size that tags share by hash, not a map: two tags on
// one slot can only make an entry look older than it is, which costs a load and
// never an answer that is too old. So memory is bounded without an order of
// eviction, a raise and a look take no lock, and nothing that was raised can be
// forgotten. The seed is the process's own, so nobody outside can choose tags
// that share a slot.
//
// A table belongs to one epoch: it is replaced, never emptied.
type floors struct {
	slots []floor
	// all is the floor under every tag.
	all floor
	// heard is the number of the latest raise. A raise is written to its slot before
	// it is counted: whoever reads a number finds every raise up to it in its slot,
	// also in an entry that he takes from memory as part of another. Raises at the
	// same time may share a number.
	heard atomic.Uint64
	// used is how many slots have been raised at least once.
	used atomic.Int64
}

type floor struct {
	mark  atomic.Uint64 // highest mark raised
	heard atomic.Uint64 // number of the latest raise
}

func newFloors(slots int) *floors { return &floors{slots: make([]floor, slots)} }

var tagSeed = maphash.MakeSeed()

func (f *floors) slotOf(tag string) uint32 {
	return uint32(maphash.String(tagSeed, tag) % uint64(len(f.slots)))
}

// wildcardOf is the tag that stands for all of a tag's kind: "car:*" for
// "car:7". A tag without a kind has none.
func wildcardOf(tag string) (string, bool) {
	kind, _, ok := strings.Cut(tag, ":")
	return kind + ":*", ok
}

// slotsOf are the places to look at for some tags: theirs and their wildcards'.
func (f *floors) slotsOf(tags []string) []uint32 {
	slots := make([]uint32, 0, 2*len(tags))
	add := func(tag string) {
		slot := f.slotOf(tag)
		for _, have := range slots {
			if have == slot {
				return
			}
		}
		slots = append(slots, slot)
	}
	for _, tag := range tags {
		add(tag)
		if wildcard, ok := wildcardOf(tag); ok {
			add(wildcard)
		}
	}
	return slots
}

// raise lifts the floor of a tag. A mark that is not above the floor is still
// news: on Postgres a transaction with a lower mark may commit later.
func (f *floors) raise(tag string, m Mark) {
	if f.lift(&f.slots[f.slotOf(tag)], m) {
		f.used.Add(1)
	}
}

// raiseAll lifts the floor under every tag.
func (f *floors) raiseAll(m Mark) { f.lift(&f.all, m) }

// lift tells whether it was the first raise of the slot.
func (f *floors) lift(at *floor, m Mark) (first bool) {
	atomicMax(&at.mark, uint64(m))
	number := f.heard.Load() + 1
	first = at.heard.CompareAndSwap(0, number)
	atomicMax(&at.heard, number)
	atomicMax(&f.heard, number)
	return first
}

func atomicMax(a *atomic.Uint64, v uint64) {
	for {
		have := a.Load()
		if have >= v || a.CompareAndSwap(have, v) {
			return
		}
	}
}

// below tells whether a stamp is above the floor of every slot: the rule.
func (f *floors) below(stamp Mark, slots []uint32) bool {
	if uint64(stamp) <= f.all.mark.Load() {
		return false
	}
	for _, slot := range slots {
		if uint64(stamp) <= f.slots[slot].mark.Load() {
			return false
		}
	}
	return true
}

// silent tells whether no slot has been raised since the raise of a number: the
// second rule.
func (f *floors) silent(since uint64, slots []uint32) bool {
	if f.all.heard.Load() > since {
		return false
	}
	for _, slot := range slots {
		if f.slots[slot].heard.Load() > since {
			return false
		}
	}
	return true
}

// highest is the highest floor of the slots, for asking a remote cache for
// something above it.
func (f *floors) highest(slots []uint32) Mark {
	most := f.all.mark.Load()
	for _, slot := range slots {
		most = max(most, f.slots[slot].mark.Load())
	}
	return Mark(most)
}
