package cache

import (
	"fmt"
	"testing"
)

// What was evicted is known once, and only it, as long as no other has taken its place.
//
// Red when: a mark is not forgotten when it is taken; or keys are told apart by their places alone.
func TestEvictedIsRemembered(t *testing.T) {
	t.Parallel()
	var e evicted
	const keys = 1000
	for i := range keys {
		e.add(fmt.Sprint(i))
	}
	known, again, others := 0, 0, 0
	for i := range keys {
		if e.take(fmt.Sprint(i)) {
			known++
		}
		if e.take(fmt.Sprint(i)) {
			again++
		}
	}
	for i := range 100 * keys {
		if e.take(fmt.Sprint("other", i)) {
			others++
		}
	}
	// A thousand of 16,384 places: some thirty are taken by a second key.
	if known < keys*9/10 || again > 0 || others > 1 {
		t.Errorf("%d of %d are known, %d a second time, %d others", known, keys, again, others)
	}
}

// Raises are counted by kind of tag, a wildcard by itself, and never more kinds than there is room for.
//
// Red when: the bound is gone; or a tag counts as its own kind.
func TestRaisesByKind(t *testing.T) {
	t.Parallel()
	var r raisesOf
	r.add([]Raise{{Tag: "car:1"}, {Tag: "car:2"}, {Tag: "car:*"}, {Tag: "cars"}})
	for i := range 10 * mostKinds {
		r.add([]Raise{{Tag: fmt.Sprintf("kind%d:1", i)}})
	}
	all := r.all()
	if all["car"] != 2 || all["car:*"] != 1 || all["cars"] != 1 || len(all) != mostKinds+1 || all[otherKinds] != 10*mostKinds-(mostKinds-3) {
		t.Errorf("%d kinds: %v", len(all), all)
	}
}
