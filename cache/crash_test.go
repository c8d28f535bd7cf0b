package cache_test

import (
	"testing"

	"github.com/exodrive/exodrive/cache"
)

// A write right after a crash is seen on its node, also where entries have stamps
// from beyond the last poll.
//
// Red when: Raise compares the mark with the horizon of the last poll only.
func TestP1WriteAfterACrashBelowAStamp(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFleet(t, 1, nil)
		n := f.nodes[0]
		f.aside("a", "one")
		settle()
		f.write(n, "a", "two")
		for range 5 {
			f.Begin().Rollback()
		}
		f.expect("before the crash", n, "a", "two", cache.Loaded)
		f.Crash(5)
		if err := f.NewEpoch(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.write(n, "a", "three")
		f.expect("after the write", n, "a", "three", cache.Loaded)
	})
}
