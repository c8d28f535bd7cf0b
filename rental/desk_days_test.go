package rental_test

import (
	"strings"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
)

// left is a booking of some days whose car was handed over at its pick-up.
func left(t testing.TB, w *world, days int) *rental.BookingRecord {
	t.Helper()
	b := confirmed(t, w, days)
	w.clock.Set(b.Pickup.At)
	r, err := w.HandOver(t.Context(), desk, b.ID, unpaid(rental.HandOverRequest{Odometer: odometer(t, w, b.Car.ID), Fuel: 8}))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A car that is back early can be had by others after its turnaround, at once and on
// every page; its renter has paid for his days and gets nothing back for them.
//
// Red when: the days are kept; the turnaround is freed too; a return at handover time
// counts the day that begins then.
func TestEarlyReturn(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		b := left(t, w, 6)
		first := b.FirstDay
		terms, err := w.store.CarTerms(t.Context(), b.Car.ID)
		if err != nil {
			t.Fatal(err)
		}
		turnaround := strings.Repeat("m", terms.TurnaroundDays)
		if got := w.statuses(t, b.Car.ID, first, 10); !strings.HasPrefix(got, "bbbbbb"+turnaround+".") {
			t.Fatalf("the days are %s", got)
		}
		w.clock.Set(b.Pickup.At.AddDate(0, 0, 2)) // at handover time: two days were begun
		r, err := w.TakeBack(t.Context(), desk, b.ID, rental.TakeBackRequest{Odometer: b.Readings[0].Odometer, Fuel: 8})
		if err != nil {
			t.Fatal(err)
		}
		if got := w.statuses(t, b.Car.ID, first, 10); !strings.HasPrefix(got, "bb"+turnaround+"....") {
			t.Errorf("after two days it is back, and the days are %s", got)
		}
		if r.LastDay != first+1 || r.Days != 6 || r.Total != b.Total || r.Account.Due != b.Total || len(r.Charges) != 0 {
			t.Errorf("it is %+v", r)
		}
		if e := r.Events[len(r.Events)-1]; !strings.Contains(string(e.Before), (first+6).String()) || !strings.Contains(string(e.After), (first+2).String()) {
			t.Errorf("the event says %s, then %s", e.Before, e.After)
		}
		next := exodrive.TripRequest{CarID: anyCar, StartDate: first.Add(2 + terms.TurnaroundDays), EndDate: first + 7}
		if next.StartDate == first+2 {
			next.StartDate++ // that day's handover is now
		}
		if _, err := w.Book(t.Context(), desk, bookingOf(next, "next"), rental.Call{}); err != nil {
			t.Errorf("the days that are free again: %v", err)
		}
		agrees(t, w)
	})
}

// Which days were used is told by when they turned as the rental was agreed to.
//
// Red when: a place that lets its days turn earlier keeps a day of who is back in time.
func TestEarlyReturnAfterDaysTurnEarlier(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "fleet", seeded, func(t *testing.T, url string) {
		w := newWorld(t, url)
		b := left(t, w, 4)
		newPrompt(t, url).exec(`UPDATE locations SET handover = '08:00'`)
		w.clock.Set(b.Pickup.At.AddDate(0, 0, 2).Add(-time.Hour)) // two days are used, and it is after eight
		r, err := w.TakeBack(t.Context(), desk, b.ID, rental.TakeBackRequest{Odometer: b.Readings[0].Odometer, Fuel: 8})
		if err != nil || r.LastDay != b.FirstDay+1 {
			t.Errorf("it was used until %s, want %s (%v)", r.LastDay, b.FirstDay+1, err)
		}
		agrees(t, w)
	})
}

// Before the day of pick-up a car is handed over only for a reason, and only if nobody
// else has the days until then: the booking gets them, and its price stays. After its
// last day it is too late.
//
// Red when: the days before are not taken; nobody asks for the reason.
func TestEarlyHandOver(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		b := confirmed(t, w, 3)
		first := b.FirstDay
		out := unpaid(rental.HandOverRequest{Odometer: odometer(t, w, b.Car.ID), Fuel: 8})
		w.clock.Set(b.Pickup.At.AddDate(0, 0, -2))
		refusalOf(t, recordErr(w.HandOver(t.Context(), desk, b.ID, out)), exodrive.Conflict)
		block := rental.Block{Start: first - 1, End: first - 1}
		if err := second(w.BlockDays(t.Context(), admin, b.Car.ID, rental.BlockRequest{Block: block})); err != nil {
			t.Fatal(err)
		}
		out.Waive, out.Odometer = append(out.Waive, exodrive.CheckPickupDay), out.Odometer+7
		err := recordErr(w.HandOver(t.Context(), desk, b.ID, out))
		if got := refusalOf(t, err, exodrive.DatesTaken); len(got.TakenDays) != 1 || got.TakenDays[0] != first-1 || !strings.Contains(err.Error(), "Hand the car over on its day") {
			t.Errorf("over a day that is taken: %v, %+v", err, got)
		}
		if got := w.statuses(t, b.Car.ID, first-3, 4); got != "..mb" || odometer(t, w, b.Car.ID) != out.Odometer-7 {
			t.Errorf("a refusal left the days %s", got)
		}
		if err := second(w.UnblockDays(t.Context(), admin, b.Car.ID, block)); err != nil {
			t.Fatal(err)
		}
		r, err := w.HandOver(t.Context(), desk, b.ID, out)
		if err != nil || r.State != exodrive.Active || r.FirstDay != first-2 || r.Days != 3 || r.Total != b.Total {
			t.Errorf("two days early: %+v, %v", r, err)
		}
		if got := w.statuses(t, b.Car.ID, first-3, 5); got != ".bbbb" {
			t.Errorf("the days are %s", got)
		}
		// While it is away on them, extending the rental gives none of those days back.
		if r, err = w.ChangeForRenter(t.Context(), desk, b.ID, rental.AnyVersion, rental.StaffChange{TripChange: exodrive.TripChange{EndDate: b.Return.Date + 1}, Reason: "x"}); err != nil || r.FirstDay != first-2 || r.Days != 4 {
			t.Errorf("extended: %+v, %v", r, err)
		}
		if got := w.statuses(t, b.Car.ID, first-3, 6); got != ".bbbbb" {
			t.Errorf("extended, the days are %s", got)
		}
		agrees(t, w)

		b = confirmed(t, w, 3)
		w.clock.Set(b.Return.At)
		refusalOf(t, recordErr(w.HandOver(t.Context(), desk, b.ID, out)), exodrive.Conflict)
	})
}

// A car that is still out with somebody else is handed over to nobody, however long it is
// overdue, until it is back.
//
// Red when: nobody asks who has the car.
func TestHandOverOfACarThatIsOut(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		late := left(t, w, 3)
		w.clock.Set(now.Add(time.Hour))
		next := confirmed(t, w, 3)
		out := unpaid(rental.HandOverRequest{Odometer: late.Readings[0].Odometer + 50, Fuel: 8})
		w.clock.Set(next.Pickup.At)
		err := recordErr(w.HandOver(t.Context(), desk, next.ID, out))
		if refusalOf(t, err, exodrive.Conflict); !strings.Contains(err.Error(), late.ID) {
			t.Errorf("it is refused with %v", err)
		}
		if _, err := w.TakeBack(t.Context(), desk, late.ID, rental.TakeBackRequest{Odometer: out.Odometer, Fuel: 8}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.HandOver(t.Context(), desk, next.ID, out); err != nil {
			t.Errorf("once it is back: %v", err)
		}
	})
}

// A key that was dropped in at night is taken back in the morning: what counts is when
// the car came, which is between its leaving and now.
func TestTakeBackOfTheNightBefore(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		b := left(t, w, 3)
		w.clock.Set(b.Return.At.Add(20 * time.Hour))
		back := rental.TakeBackRequest{Odometer: b.Readings[0].Odometer, Fuel: 8}
		for _, wrong := range []time.Time{b.Pickup.At.Add(-time.Second), w.clock.Now().Add(time.Second)} {
			back.ReturnedAt = &wrong
			refusalOf(t, recordErr(w.TakeBack(t.Context(), desk, b.ID, back)), exodrive.Invalid)
		}
		back.ReturnedAt = &b.Return.At
		r, err := w.TakeBack(t.Context(), desk, b.ID, back)
		if err != nil || len(r.Charges) != 0 || len(r.Readings) != 2 || !r.Readings[1].At.Equal(b.Return.At) {
			t.Errorf("it is %+v, %v", r, err)
		}
	})
}

// A car that was swapped in on the way has been read by nobody: it tells no distance and
// no fuel, but its odometer does not run backwards either.
func TestTakeBackOfAnotherCar(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		b := left(t, w, 3)
		var swapped *rental.BookingRecord
		for _, c := range fleet().Cars {
			var err error
			if swapped, err = w.SwapCar(t.Context(), desk, b.ID, rental.AnyVersion, rental.Swap{CarID: c.ID, Reason: "A puncture."}); err == nil {
				break
			}
		}
		if swapped == nil {
			t.Fatal("no car can be swapped in")
		}
		w.clock.Set(b.Return.At)
		last := odometer(t, w, swapped.Car.ID)
		refusalOf(t, recordErr(w.TakeBack(t.Context(), desk, b.ID, rental.TakeBackRequest{Odometer: last - 1, Fuel: 1})), exodrive.Invalid)
		r, err := w.TakeBack(t.Context(), desk, b.ID, rental.TakeBackRequest{Odometer: last + 3000, Fuel: 1})
		if err != nil || len(r.Charges) != 0 || r.Readings[1].CarID != swapped.Car.ID || odometer(t, w, swapped.Car.ID) != last+3000 {
			t.Errorf("it is %+v, %v", r, err)
		}
	})
}

// Who does not come pays what cancelling at the last moment would have cost, and his days
// are anybody's from the moment staff says so, which is not before the pick-up.
func TestNoShow(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		b := confirmed(t, w, 3)
		w.clock.Set(b.Pickup.At)
		refusalOf(t, recordErr(w.MissPickup(t.Context(), desk, b.ID, "")), exodrive.Conflict)
		w.clock.Set(b.Pickup.At.Add(time.Minute))
		r, err := w.MissPickup(t.Context(), desk, b.ID, "The phone is off.")
		if err != nil || r.State != exodrive.NoShow || r.Account.Owed != b.Total || r.Account.Due != b.Total {
			t.Errorf("a no-show: %+v, %v", r, err)
		}
		if got := w.statuses(t, b.Car.ID, b.FirstDay, 3); got != "..." {
			t.Errorf("its days are %s", got)
		}
		agrees(t, w)
	})
}

// What happens at the desk makes cached answers worthless only where it moves days, which
// an early return does and nothing else.
//
// Red when: a trigger takes the odometer for something that a page shows.
func TestDeskTouchesNoPage(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "fleet", seeded, func(t *testing.T, databaseURL string) {
		w, p := newWorld(t, databaseURL), newPrompt(t, databaseURL)
		raises := func() string { return p.text(`SELECT CAST(COUNT(*) AS TEXT) FROM cache_journal`) }
		for _, early := range []bool{false, true} {
			b := confirmed(t, w, 4)
			w.clock.Set(b.Pickup.At)
			before := raises()
			r, err := w.HandOver(t.Context(), desk, b.ID, unpaid(rental.HandOverRequest{Odometer: odometer(t, w, b.Car.ID) + 1, Fuel: 8}))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.RecordMoney(t.Context(), desk, b.ID, rental.MoneyRequest{Action: exodrive.TakePayment, Amount: b.Total.Amount}, rental.Call{Key: b.ID}); err != nil {
				t.Fatal(err)
			}
			if w.clock.Set(b.Return.At); early {
				w.clock.Set(b.Pickup.At.Add(time.Hour))
			}
			if _, err := w.TakeBack(t.Context(), desk, b.ID, rental.TakeBackRequest{Odometer: r.Readings[0].Odometer + 1, Fuel: 8}); err != nil {
				t.Fatal(err)
			}
			if _, err := w.CompleteBooking(t.Context(), desk, b.ID, ""); err != nil {
				t.Fatal(err)
			}
			if after := raises(); (after != before) != early {
				t.Errorf("early is %v, and the journal had %s rows and has %s", early, before, after)
			}
		}
	})
}
