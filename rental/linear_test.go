package rental_test

import (
	"strings"
	"testing"

	"github.com/exodrive/exodrive/exotest"
)

// Two cars are as if one clerk at one desk had them, who does one thing after the other:
// whatever is booked, confirmed, cancelled, moved to other days or to the other car, given
// to the workshop and back and looked at on two nodes at once, and whenever holds run out, there is an order of it all
// that explains every answer, in which nothing stands before it was asked for or after it
// was answered. On Postgres one node loses its connections now and then, and its clients
// do not hear what became of what was under way.
//
// Red when: Book or lockBooking does not lock the car and the index is not there; a
// cancellation or the end of a hold leaves days, or frees another's; in most runs also when
// a swap leaves the days of the old car taken, or takes none of the new one, and when the
// workshop gives days back that are turnaround; and see
// TestHistoriesOfCarsBite. That SwapCar locks the new car before it looks at its days only
// keeps others from being refused late: without it the index refuses them.
func TestHistoriesOfCars(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "fleet", seeded, func(t *testing.T, url string) {
		other, cut := url, func() {}
		if !strings.HasPrefix(url, "sqlite:") {
			relay := exotest.NewRelay(t, hostOf(t, url))
			other, cut = relay.Through(url), relay.Cut
		}
		h := newHistory(t, url, other)
		wrong := h.run(historySeed(t), func() {
			for n := range historyCuts {
				h.await((n + 1) * historyClients * historyDeeds / (historyCuts + 1))
				cut()
			}
		})
		if h.tell(); wrong != "" {
			t.Error(wrong)
		}
	})
}

// A desk that answers before it has booked is found out by the answers alone.
func TestHistoriesOfCarsBite(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "fleet", seeded, func(t *testing.T, url string) {
		h := newHistory(t, url, url)
		h.desks[1].hasty = true
		wrong := h.run(historySeed(t), nil)
		if h.tell(); wrong == "" {
			t.Error("a desk that answers before it has booked is not found")
		}
	})
}

// The lock of the car only keeps people from waiting in vain: when a node locks rows that
// no other locks, days are still never given twice, as the index and the constraint refuse
// the second.
func TestHistoriesOfCarsWithoutLock(t *testing.T) {
	t.Parallel()
	url := exotest.PostgresFrom(t, "fleet", seeded)
	newPrompt(t, url).exec(`CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.cars AS SELECT * FROM cars;
		UPDATE elsewhere.cars SET minimum_days = 1, turnaround_days = 1`)
	h := newHistory(t, url, url+"&search_path=elsewhere,public")
	h.loose = true // the index names one day after the other
	wrong := h.run(historySeed(t), nil)
	if h.tell(); wrong != "" {
		t.Error(wrong)
	}
}
