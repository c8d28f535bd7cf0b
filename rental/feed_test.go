package rental_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
)

// A calendar that is full leaves out what is far ahead, and holds that ran out take no
// place in it.
//
// Red when: the feed begins with what is over, or has expired holds.
func TestCalendarKeepsWhatIsNear(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "fleet", seeded, func(t *testing.T, url string) {
		w := newWorld(t, url)
		ctx := t.Context()
		before, err := w.store.FeedOf(ctx, "", today-400, today-14, 10_000)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			r := bookingOf(freeTrip(t, w, anyCar, 3), "maria"+strconv.Itoa(i))
			if _, err := w.Book(ctx, exodrive.Actor{}, r, rental.Call{}); err != nil {
				t.Fatal(err)
			}
		}
		held, err := w.store.FeedOf(ctx, "", today-400, today-14, 10_000)
		if err != nil || len(held) != len(before)+3 {
			t.Fatalf("%d entries, then %d with three holds (%v)", len(before), len(held), err)
		}
		before = slices.DeleteFunc(before, func(e exodrive.FeedEntry) bool { return e.State == exodrive.Held }) // they run out, too
		w.clock.Advance(25 * time.Hour)
		if _, err := w.RunJobs(ctx); err != nil {
			t.Fatal(err)
		}
		after, err := w.store.FeedOf(ctx, "", today-400, today-14, len(before)/2)
		if err != nil || len(after) != len(before)/2 {
			t.Fatalf("%d entries (%v)", len(after), err)
		}
		for i, e := range after {
			if e.BookingID != before[i].BookingID {
				t.Fatalf("entry %d of a full calendar is %s, want %s", i, e.BookingID, before[i].BookingID)
			}
			if e.Return.Before(today.At(0, time.UTC).AddDate(0, 0, -15)) {
				t.Errorf("it shows what ended on %s", e.Return)
			}
		}
	})
}

// A trip ends when the renter and the house agreed, also in a calendar, whatever zone its
// places are said to be in later.
//
// Red when: the feed takes the zone of a place and not the booking's.
func TestCalendarKeepsTheZonesOfATrip(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "fleet", seeded, func(t *testing.T, url string) {
		w := newWorld(t, url)
		ctx := t.Context()
		want := map[string]time.Time{}
		for i, oneWay := range []bool{false, true} {
			trip := freeTripAfter(t, w, anyCar, 3, today.Add(200+60*i))
			if oneWay {
				trip.ReturnLocation = fleet().Locations[slices.IndexFunc(fleet().Locations, func(l exodrive.Location) bool { return l.ID == car(t, anyCar).LocationID })].Transfers[0].To
			}
			b, err := w.Book(ctx, exodrive.Actor{}, bookingOf(trip, "maria"), rental.Call{})
			if err != nil {
				t.Fatal(err)
			}
			want[b.ID] = b.Return.At.UTC()
		}
		newPrompt(t, url).exec(`UPDATE locations SET zone = 'Asia/Tokyo'`)
		entries, err := w.store.FeedOf(ctx, "", today-400, today-14, 10_000)
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, e := range entries {
			if at, ok := want[e.BookingID]; ok {
				found++
				if !e.Return.Equal(at) || e.Return.Before(e.Pickup) {
					t.Errorf("%s ends at %s, want %s", e.BookingID, e.Return.UTC(), at)
				}
			}
		}
		if found != len(want) {
			t.Errorf("%d of %d trips are there", found, len(want))
		}
	})
}

// The days of a rental and its money are the same wherever staff looks: in the booking,
// in the list, in an export and in a calendar, also when it began and ended earlier than
// agreed. What was paid for stays paid for.
//
// Red when: an export counts the days that the booking has now; a calendar shows what was
// agreed; an export forgets a charge or a payment.
func TestDaysAndMoneyAreTheSameEverywhere(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		b := confirmed(t, w, 6)
		w.clock.Set(b.Pickup.At.AddDate(0, 0, -2))
		out, err := w.HandOver(ctx, desk, b.ID, unpaid(rental.HandOverRequest{Odometer: odometer(t, w, b.Car.ID), Fuel: 8, Waive: []exodrive.HandOverCheck{exodrive.CheckPickupDay}, Reason: "He is early."}))
		if err != nil {
			t.Fatal(err)
		}
		w.clock.Set(b.Pickup.At.AddDate(0, 0, 3))
		if _, err := w.RecordMoney(ctx, desk, b.ID, rental.MoneyRequest{Action: exodrive.TakePayment, Amount: 700}, rental.Call{Key: "a payment"}); err != nil {
			t.Fatal(err)
		}
		back := rental.TakeBackRequest{Odometer: out.Readings[0].Odometer, Fuel: 8, Charges: []exodrive.ChargeInput{{Label: "A fine", Amount: 900}}}
		r, err := w.TakeBack(ctx, desk, b.ID, back)
		if err != nil {
			t.Fatal(err)
		}
		if r.FirstDay != b.FirstDay-2 || r.LastDay != b.FirstDay+2 || r.Days != 6 || r.Account.Paid.Amount != 700 || r.Account.Charges.Amount != 900 {
			t.Fatalf("%+v", r)
		}
		ask := exodrive.BookingQuery{States: []exodrive.BookingState{exodrive.Returned}, Email: r.Customer.Email}
		rows, _, err := w.Bookings(ctx, desk, ask, firstPage)
		if err != nil || len(rows) != 1 || rows[0].FirstDay != r.FirstDay || rows[0].LastDay != r.LastDay || rows[0].Days != r.Days || rows[0].Pickup != r.Pickup.Location || rows[0].Return != r.Return.Location {
			t.Errorf("the list has %+v (%v)", rows, err)
		}
		export, err := w.ExportBookings(ctx, desk, ask, nil)
		if err != nil || len(export) != 1 || export[0].BookingRow != rows[0] {
			t.Fatalf("the export has %+v (%v)", export, err)
		}
		if got := export[0].Account; got.Owed != r.Account.Owed || got.Paid != r.Account.Paid || got.Due != r.Account.Due || got.Charges != r.Account.Charges || got.GiveBack != r.Account.GiveBack {
			t.Errorf("the export has the account %+v, want %+v", got, r.Account)
		}
		entries, err := w.store.FeedOf(ctx, "", today-400, today-14, 10_000)
		i := slices.IndexFunc(entries, func(e exodrive.FeedEntry) bool { return e.BookingID == b.ID })
		if err != nil || i < 0 || !entries[i].Pickup.Equal(r.Readings[0].At) || !entries[i].Return.Equal(r.Readings[1].At) {
			t.Errorf("the calendar has %+v (%v), want %+v", entries[max(i, 0)], err, r.Readings)
		}
	})
}
