package rental_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/jobs"
	"github.com/exodrive/exodrive/rental"
	"github.com/exodrive/exodrive/sqlstore"
)

// Holds that end in the same instant are all over at once, each with its event, while two
// nodes do it together: whoever looks finds no day that a hold which is over still has.
//
// Red when: a hold is made without its job; or one of many that fail is forgotten.
func TestManyHoldsEndTogether(t *testing.T) {
	eachFleet(t, func(t *testing.T, url string) {
		clock := exotest.Clock(now)
		a, b := newNode(t, url, clock), newNode(t, url, clock)
		staff := as(exodrive.ScopeBook)
		ends := func() (n int) {
			_, n, err := a.store.Jobs(t.Context(), exodrive.JobQuery{Kind: "hold.end"}, firstPage)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		made, others := 0, ends()
		for i, c := range fleet().Cars {
			if c.Hidden || !c.Available {
				continue
			}
			for from := today.Add(300); from < today.Add(400); from += 50 {
				trip := exodrive.TripRequest{CarID: c.ID, StartDate: from, EndDate: from.Add(max(3, c.MinimumDays))}
				if _, err := a.Book(t.Context(), staff, bookingOf(trip, fmt.Sprintf("renter%d", i)), rental.Call{}); err != nil {
					t.Fatal(err)
				}
				made++
			}
		}
		if got := ends() - others; got != made {
			t.Fatalf("%d jobs end %d holds", got, made)
		}
		a.Start()
		b.Start()
		clock.Advance(24 * time.Hour)
		begin := time.Now()
		held := func() (n int) {
			_, n, err := a.store.Bookings(t.Context(), exodrive.BookingQuery{States: []exodrive.BookingState{exodrive.Held}}, exodrive.PageQuery{Page: 1, Limit: 1})
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		for late := time.Now().Add(30 * time.Second); held() > 0; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(late) {
				t.Fatalf("%d of %d holds have not ended", held(), made)
			}
		}
		t.Logf("%d holds ended in %s", made, time.Since(begin))
		if wrong, err := a.store.Disagreements(t.Context(), clock.Now()); len(wrong) > 0 || err != nil {
			t.Errorf("the database says %q (%v)", wrong, err)
		}
		ended := 0
		newPrompt(t, url).scan(&ended, `SELECT COUNT(*) FROM booking_events WHERE event = 'expire'`)
		if ended < made {
			t.Errorf("%d events for %d holds", ended, made)
		}
	})
}

// A hold that was prolonged ends when it says, by the job that it had; one that was
// confirmed stays; one that came by SQL ends within minutes.
//
// Red when: the job decides instead of the row; nothing looks for holds without a job.
func TestTheRowDecidesWhenAHoldEnds(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "fleet", seeded, func(t *testing.T, url string) {
		w := newWorld(t, url)
		var ids []string
		for i := range 3 {
			b, err := w.Book(t.Context(), as(exodrive.ScopeBook), bookingOf(freeTrip(t, w, anyCar, 3), fmt.Sprintf("renter%d", i)), rental.Call{})
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, b.ID)
		}
		prolonged, confirmed, bare := ids[0], ids[1], ids[2]
		db := newPrompt(t, url)
		db.exec(`UPDATE bookings SET hold_until = hold_until + 3600000 WHERE id = '` + prolonged + `'`)
		db.exec(`DELETE FROM jobs WHERE args = '"` + bare + `"'`)
		if _, err := w.ConfirmBooking(t.Context(), admin, confirmed); err != nil {
			t.Fatal(err)
		}
		want := func(what string, states ...exodrive.BookingState) {
			t.Helper()
			for i, id := range ids {
				if b, err := w.store.Booking(t.Context(), id); err != nil || b.State != states[i] {
					t.Errorf("%s, booking %d is %s, want %s (%v)", what, i, b.State, states[i], err)
				}
			}
		}
		look := func() {
			t.Helper()
			if _, err := w.RunJobs(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		look()
		w.clock.Advance(24*time.Hour + time.Minute)
		if err := w.store.Tx(t.Context(), func(tx *sqlstore.Tx) error {
			return tx.Enqueue(t.Context(), jobs.Job{Kind: "hold.end", Args: "bkg_0000000000000000"}) // one that is gone
		}); err != nil {
			t.Fatal(err)
		}
		look()
		want("after a day", exodrive.Held, exodrive.Confirmed, exodrive.Expired)
		waiting, _, err := w.store.Jobs(t.Context(), exodrive.JobQuery{Kind: "hold.end", States: []exodrive.JobState{exodrive.JobWaiting}}, firstPage)
		if err != nil || len(waiting) != 1 || string(waiting[0].Args) != `"`+prolonged+`"` || !waiting[0].DueAt.Equal(now.Add(25*time.Hour)) || waiting[0].Failed != 0 {
			t.Errorf("what waits for the end of the hold that was prolonged: %+v (%v)", waiting, err)
		}
		w.clock.Advance(time.Hour)
		look()
		want("after an hour more", exodrive.Expired, exodrive.Confirmed, exodrive.Expired)
		if dead, n, err := w.store.Jobs(t.Context(), exodrive.JobQuery{States: []exodrive.JobState{exodrive.JobDead}}, firstPage); n > 0 || err != nil {
			t.Errorf("dead jobs: %+v (%v)", dead, err)
		}
	})
}

// Work that is not to be done any more does not wait: once a hold is confirmed, cancelled
// or moved, staff sees no job for its end, or the one for its new end.
//
// Red when: the job of a hold is not ended with it; a moved hold has two, or none.
func TestNoJobWaitsForAHoldThatIsNone(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		waiting := func(id string) (due []time.Time) {
			t.Helper()
			list, _, err := w.store.Jobs(ctx, exodrive.JobQuery{Kind: "hold.end", States: []exodrive.JobState{exodrive.JobWaiting}}, exodrive.PageQuery{Page: 1, Limit: 500})
			if err != nil {
				t.Fatal(err)
			}
			for _, j := range list {
				if string(j.Args) == `"`+id+`"` {
					due = append(due, j.DueAt)
				}
			}
			return due
		}
		for i, end := range []func(*rental.BookingView) error{
			func(b *rental.BookingView) error { _, err := w.ConfirmBooking(ctx, desk, b.ID); return err },
			func(b *rental.BookingView) error { _, err := w.CancelBooking(ctx, b.Token); return err },
		} {
			b, err := w.Book(ctx, exodrive.Actor{}, bookingOf(freeTrip(t, w, anyCar, 3), fmt.Sprint("maria", i)), rental.Call{})
			if err != nil {
				t.Fatal(err)
			}
			if due := waiting(b.ID); len(due) != 1 || !due[0].Equal(*b.HoldUntil) {
				t.Fatalf("the hold until %s is ended at %v", b.HoldUntil, due)
			}
			if err := end(b); err != nil {
				t.Fatal(err)
			}
			if due := waiting(b.ID); len(due) != 0 {
				t.Errorf("case %d: its end still waits for %v", i, due)
			}
		}
	})
}
