package main_test

import (
	"strings"
	"testing"

	"github.com/exodrive/exodrive/exotest"
)

// Whoever doubts that days can collide tries it himself, over as many servers as he
// likes, and nothing of it stays in his database.
func TestStressOverlap(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "", nil, func(t *testing.T, url string) {
		r := must(t, "", on(url), "stress", "overlap", "--clients=8", "--cars=2", "--seconds=2", "--servers=2")
		for _, said := range []string{"8 renters fight over 2 cars for 2 s, seed ", " bookings, ", "tries/s, p50 ", "No two bookings share a day, none was lost, no hold is stuck, days and bookings agree."} {
			if !strings.Contains(r.out, said) {
				t.Errorf("it does not say %q:\n%s%s", said, r.out, r.errs)
			}
		}
		alone := must(t, "", on(url), "stress", "overlap", "--clients=4", "--cars=1", "--seconds=3") // holds end in this very process
		if strings.Contains(r.errs+alone.errs, "INFO") {
			t.Errorf("what goes well hides what does not: %.500s", r.errs+alone.errs)
		}
		refused(t, run(t, "", on(url), "stress", "overlap", "--cars=0"), "at least one client, one car")
	})
}
