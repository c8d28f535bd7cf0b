package rental_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
)

// everything are all rows of all tables, as text, in an order.
func (p prompt) everything() (all []string) {
	p.t.Helper()
	list := `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'cars_search%'`
	if p.on == exotest.PostgreSQL {
		list = `SELECT tablename FROM pg_tables WHERE schemaname = current_schema()`
	}
	for _, table := range p.texts(list) {
		for _, row := range p.rows(`SELECT * FROM ` + table) {
			all = append(all, fmt.Sprint(table, row))
		}
	}
	slices.Sort(all)
	return all
}

// refuseEvents makes the database take no event of a booking, until allow is called.
func (p prompt) refuseEvents() (allow func()) {
	p.t.Helper()
	if p.on == exotest.PostgreSQL {
		p.exec(`CREATE OR REPLACE FUNCTION refuse_events() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no event can be written'; END $$`)
		p.exec(`CREATE TRIGGER refuse_events BEFORE INSERT ON booking_events FOR EACH ROW EXECUTE FUNCTION refuse_events()`)
		return func() { p.exec(`DROP TRIGGER refuse_events ON booking_events`) }
	}
	p.exec(`CREATE TRIGGER refuse_events BEFORE INSERT ON booking_events BEGIN SELECT RAISE(ABORT, 'no event can be written'); END`)
	return func() { p.exec(`DROP TRIGGER refuse_events`) }
}

// step is one thing that happens to a booking, and the event that tells of it.
type step struct {
	event string
	do    func() error
}

// lives are the steps of some bookings, in order, that together have everything happen
// that can.
func lives(t testing.TB, w *world) []step {
	t.Helper()
	ctx := t.Context()
	var b, lost, late, missed *rental.BookingView
	book := func(into **rental.BookingView, car, name string) step {
		return step{"book", func() (err error) {
			trip := freeTripAfter(t, w, car, 4, exodrive.DateOf(w.clock.Now()).Add(20))
			*into, err = w.Book(ctx, desk, bookingOf(trip, name), rental.Call{Key: name, Route: bookRoute})
			return err
		}}
	}
	money := func(action exodrive.MoneyAction, amount int64) step {
		return step{string(action), func() error {
			_, err := w.RecordMoney(ctx, desk, b.ID, rental.MoneyRequest{Action: action, Amount: amount}, rental.Call{Key: string(action), Route: "money"})
			return err
		}}
	}
	last := 0
	return []step{
		book(&b, anyCar, "maria"),
		{"change", func() error {
			_, err := w.ChangeBooking(ctx, b.Token, rental.ChangeRequest{TripChange: exodrive.TripChange{EndDate: b.LastDay + 2}}, rental.Call{})
			return err
		}},
		{"swap", func() error {
			_, err := w.SwapCar(ctx, desk, b.ID, rental.AnyVersion, rental.Swap{CarID: "ferrari-portofino-m", Reason: "A puncture."})
			return err
		}},
		{"confirm", func() error { return bookErr(w.ConfirmBooking(ctx, desk, b.ID)) }},
		{"renew_link", func() error { return recordErr(w.RenewLink(ctx, desk, b.ID, "It was forwarded.")) }},
		money(exodrive.HoldDeposit, 100_00),
		money(exodrive.TakePayment, 50_00),
		money(exodrive.GiveRefund, 20_00),
		{"hand_over", func() error {
			w.clock.Set(b.Pickup.At)
			r, err := w.BookingRecord(ctx, desk, b.ID)
			if err != nil {
				return err
			}
			last = odometer(t, w, r.Car.ID)
			return recordErr(w.HandOver(ctx, desk, b.ID, unpaid(rental.HandOverRequest{Odometer: last, Fuel: 8})))
		}},
		{"correct_hand_over", func() error {
			return recordErr(w.CorrectHandOver(ctx, desk, b.ID, rental.CorrectionRequest{Odometer: last - 1, Fuel: 8, Reason: "Mistyped."}))
		}},
		{"charge", func() error {
			_, err := w.AddCharge(ctx, desk, b.ID, rental.ChargeRequest{ChargeInput: exodrive.ChargeInput{Label: "Cleaning", Amount: 90_00}}, rental.Call{Key: "charge", Route: "charges"})
			return err
		}},
		{"take_back", func() error {
			w.clock.Set(b.Pickup.At.Add(48 * time.Hour))
			return recordErr(w.TakeBack(ctx, desk, b.ID, rental.TakeBackRequest{Odometer: last + 50, Fuel: 7}))
		}},
		money(exodrive.KeepDeposit, 60_00),
		money(exodrive.RefundDeposit, 10_00),
		money(exodrive.ReleaseDeposit, 0),
		{"complete", func() error {
			return recordErr(w.CompleteBooking(ctx, desk, b.ID, "The rest is paid by bank transfer."))
		}},
		{"review", func() error {
			r, err := w.BookingRecord(ctx, desk, b.ID)
			if err != nil {
				return err
			}
			return reviewErr(w.WriteReview(ctx, r.ReviewToken, fine))
		}},
		book(&lost, "ferrari-roma", "nora"),
		{"cancel", func() error { return bookErr(w.CancelBooking(ctx, lost.Token)) }},
		book(&late, "ferrari-roma", "otto"),
		{"expire", func() error {
			w.clock.Set(*late.HoldUntil)
			_, err := w.SweepHolds(ctx)
			return err
		}},
		book(&missed, "ferrari-roma", "paul"),
		{"confirm", func() error { return bookErr(w.ConfirmBooking(ctx, desk, missed.ID)) }},
		{"no_show", func() error {
			w.clock.Set(missed.Pickup.At.Add(time.Hour))
			return recordErr(w.MissPickup(ctx, desk, missed.ID, ""))
		}},
	}
}

// Whatever happens to a booking is told by an event in the transaction that does it, so
// that who is told of it later, by mail, by a webhook or live, is told of everything and
// of nothing else: while no event can be written, nothing happens at all, in any table,
// the journal of the cache among them; afterwards the same call does it and leaves one.
//
// Red when: an event is written in a transaction of its own, before or after; a use-case
// writes none.
func TestWhatHappensLeavesItsEvent(t *testing.T) {
	t.Parallel()
	eachFleet(t, func(t *testing.T, url string) {
		w, p := newWorld(t, url), newPrompt(t, url)
		// The demo's own holds are nobody's here.
		if _, err := w.SweepHolds(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.exec(`UPDATE bookings SET state = 'confirmed', hold_until = NULL WHERE state = 'held'`)
		p.exec(`DELETE FROM cache_journal`) // of the seeding: most of all rows
		told := map[string]bool{}
		for i, s := range lives(t, w) {
			w.clock.Advance(time.Second)
			before := p.everything()
			allow := p.refuseEvents()
			if err := s.do(); err == nil || !strings.Contains(err.Error(), "no event can be written") {
				t.Fatalf("step %d, %s, without its event: %v", i, s.event, err)
			}
			allow()
			if after := p.everything(); !slices.Equal(before, after) {
				t.Fatalf("step %d, %s: it was refused, and left (-before +after):\n%s", i, s.event, gocmp.Diff(before, after))
			}
			events := `SELECT COUNT(*) FROM booking_events`
			n := p.text(events)
			if err := s.do(); err != nil {
				t.Fatalf("step %d, %s: %v", i, s.event, err)
			}
			if now := p.texts(`SELECT event FROM booking_events ORDER BY id`); fmt.Sprint(len(now)-1) != n || now[len(now)-1] != s.event {
				t.Fatalf("step %d, %s: there were %s events, and are %d with %s as the last", i, s.event, n, len(now), now[len(now)-1])
			}
			told[s.event] = true
		}
		for _, e := range kindsOfEvents(t) {
			if !told[e] {
				t.Errorf("an event %q can happen, and no step of lives has it; add one, so that it is known to be written with what it tells of", e)
			}
		}
	})
}

// kindsOfEvents are all that the use-cases write, by the vocabularies and by their source.
func kindsOfEvents(t testing.TB) (kinds []string) {
	t.Helper()
	for _, e := range exodrive.BookingEvents {
		kinds = append(kinds, string(e))
	}
	for _, a := range exodrive.MoneyActions {
		kinds = append(kinds, string(a))
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	source := ""
	for _, name := range files {
		if !strings.HasSuffix(name, "_test.go") {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			source += string(text)
		}
	}
	calls := regexp.MustCompile(`s\.happened\(ctx, tx, \w+, b, ("?)(\w+)`).FindAllStringSubmatch(source, -1)
	if len(calls) < 6 || len(calls) != strings.Count(source, "s.happened(") {
		t.Fatalf("%d of %d calls of happened are understood; mend the expression", len(calls), strings.Count(source, "s.happened("))
	}
	for _, call := range calls {
		kind := call[2]
		if call[1] == "" && kind != "string" { // a constant; string(…) is of a vocabulary
			value := regexp.MustCompile(`\b` + kind + `\s+= "(\w+)"`).FindStringSubmatch(source)
			if value == nil {
				t.Fatalf("happened is called with %s, which is no constant of this package", kind)
			}
			kind = value[1]
		}
		if kind != "string" {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}
