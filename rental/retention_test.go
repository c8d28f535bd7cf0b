package rental_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
)

// What nobody needs for ever goes after its time: a call can be repeated for a week, one
// that moved money for good, what was done is known for some days, and a booking stays.
//
// Red when: nothing enqueues the pruning; or it deletes what is young, or keys of the till.
func TestRetention(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "fleet", seeded, func(t *testing.T, url string) {
		w := newWorld(t, url)
		keys := func() (n int) {
			newPrompt(t, url).scan(&n, `SELECT COUNT(*) FROM idempotency_keys`)
			return n
		}
		jobs := func(state exodrive.JobState) int {
			_, n, err := w.store.Jobs(t.Context(), exodrive.JobQuery{States: []exodrive.JobState{state}}, firstPage)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		booked := ""
		for i := range 3 {
			r := bookingOf(freeTrip(t, w, anyCar, 3), "maria"+strconv.Itoa(i))
			b, err := w.Book(t.Context(), exodrive.Actor{}, r, rental.Call{Key: strconv.Itoa(i), Route: "POST /api/bookings"})
			if err != nil {
				t.Fatal(err)
			}
			booked = b.ID
		}
		// As if staff had noted money with a key.
		newPrompt(t, url).exec(`INSERT INTO idempotency_keys (caller, route, key_hash, fingerprint, booking_id, created_at)
			SELECT caller, 'POST /api/admin/bookings/money', key_hash, fingerprint, booking_id, created_at FROM idempotency_keys WHERE booking_id = $1`, booked)
		pass := func(d time.Duration) {
			t.Helper()
			w.clock.Advance(d)
			if _, err := w.RunJobs(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		pass(0) // the clock of the jobs begins
		pass(25 * time.Hour)
		if keys() != 4 || jobs(exodrive.JobDone) < 3 {
			t.Errorf("after a day there are %d keys and %d jobs that were done", keys(), jobs(exodrive.JobDone))
		}
		pass(6 * 24 * time.Hour)
		if keys() != 1 || jobs(exodrive.JobDone) > 3 || jobs(exodrive.JobDead) > 0 {
			t.Errorf("after a week there are %d keys, and jobs of long ago: %d, %d dead", keys(), jobs(exodrive.JobDone), jobs(exodrive.JobDead))
		}
		if again, err := w.Book(t.Context(), exodrive.Actor{}, bookingOf(freeTrip(t, w, anyCar, 3), "maria0"), rental.Call{Key: "0", Route: "POST /api/bookings"}); err != nil || again.State != exodrive.Held {
			t.Errorf("a key of long ago: %+v, %v", again, err)
		}
	})
}
