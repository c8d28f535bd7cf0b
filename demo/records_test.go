package demo

import (
	"encoding/json"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
)

// days are days on which a demo is looked at: of any season, and of the change of clocks.
var days = []exodrive.Date{today, today.Add(5), exodrive.MustDate("2026-11-23"), exodrive.MustDate("2027-01-02"), exodrive.MustDate("2028-02-29")}

var demos = sync.OnceValue(func() map[exodrive.Date]*Fleet {
	all := map[exodrive.Date]*Fleet{}
	for _, day := range days {
		all[day] = Demo(day)
	}
	return all
})

// eachRecord calls look for every booking of the demos of some days, with its record.
func eachRecord(t *testing.T, look func(t *testing.T, day exodrive.Date, k *exodrive.Booking, r *Record)) {
	t.Helper()
	for _, day := range days {
		f := demos()[day]
		if len(f.Records) != len(f.Bookings) {
			t.Fatalf("%s: %d bookings have %d records", day, len(f.Bookings), len(f.Records))
		}
		for i := range f.Bookings {
			if f.Records[i].BookingID != f.Bookings[i].ID {
				t.Fatalf("%s: record %d is of another booking", day, i)
			}
			look(t, day, &f.Bookings[i], &f.Records[i])
		}
	}
}

// account is where the money of a booking stands, by what is stored of it.
func account(t *testing.T, k *exodrive.Booking, r *Record) *exodrive.Account {
	t.Helper()
	var after struct{ Fee exodrive.Money }
	for _, e := range r.Events {
		if e.Event == string(exodrive.CancelBooking) || e.Event == string(exodrive.MissPickup) {
			if err := json.Unmarshal(e.After, &after); err != nil {
				t.Fatal(err)
			}
		}
	}
	a, err := exodrive.NewAccount(k, r.Charges, after.Fee.Amount, r.Moves)
	if err != nil {
		t.Fatalf("%s %s: %v", k.State, k.ID, err)
	}
	return a
}

// What was agreed stands with each booking: how far it may go, what coming late and
// cancelling cost, and a price whose lines add up.
//
// Red when: a booking is stored without its quote.
func TestEveryDemoBookingHasItsTerms(t *testing.T) {
	eachRecord(t, func(t *testing.T, day exodrive.Date, k *exodrive.Booking, r *Record) {
		back := k.Terms.Back
		if back == nil || back.LateDay.Amount <= 0 || back.FuelEighth.Amount <= 0 || back.Days != k.Days.Len() || len(k.Terms.Cancellation) == 0 || len(k.Terms.Rules) == 0 || k.Terms.DepositHold == nil {
			t.Errorf("%s: %s %s has the terms %+v", day, k.State, k.ID, k.Terms)
			return
		}
		if k.Terms.Pickup.Wall() != k.PickupAt || k.Terms.Return.Wall() != k.ReturnAt || k.Trip.CarID != k.CarID {
			t.Errorf("%s: %s is from %s to %s by its terms", day, k.ID, k.Terms.Pickup.Wall(), k.Terms.Return.Wall())
		}
		sum := int64(0)
		for _, line := range r.Lines {
			if !line.Included {
				sum += line.Amount.Amount
			}
		}
		if sum != k.Total.Amount {
			t.Errorf("%s: the lines of %s make %d, and it costs %s", day, k.ID, sum, k.Total)
		}
	})
}

// Each booking stands where its events lead by the state table, in order and not after now.
//
// Red when: an event is left out, or comes before the one that it follows.
func TestEveryDemoBookingIsWhereItsEventsLead(t *testing.T) {
	eachRecord(t, func(t *testing.T, day exodrive.Date, k *exodrive.Booking, r *Record) {
		state, version, moved, now := exodrive.Held, int64(1), k.CreatedAt, day.At(0, must(exodrive.LoadZone(zone)))
		last := k.CreatedAt.Add(-1)
		for _, e := range r.Events {
			if !e.At.After(last) || e.At.After(now) || e.By == "" {
				t.Errorf("%s: %s: %s by %q at %s, after %s", day, k.ID, e.Event, e.By, e.At, last)
			}
			last = e.At
			if !slices.Contains(exodrive.BookingEvents, exodrive.BookingEvent(e.Event)) {
				continue
			}
			next, err := state.After(exodrive.BookingEvent(e.Event))
			if err != nil {
				t.Errorf("%s: %s: %v", day, k.ID, err)
			}
			state, version, moved = next, version+1, e.At
		}
		if state != k.State || version != k.Version || !moved.Equal(k.UpdatedAt) {
			t.Errorf("%s: %s is %s in version %d since %s, and its events lead to %s, %d, %s", day, k.ID, k.State, k.Version, k.UpdatedAt, state, version, moved)
		}
		if !slices.IsSortedFunc(r.Moves, func(a, b exodrive.MoneyMove) int { return a.At.Compare(b.At) }) {
			t.Errorf("%s: the money of %s moved in the order %v", day, k.ID, r.Moves)
		}
	})
}

// Money is where the state asks for it: no car is out without its price and its deposit,
// and nothing is left to do about a rental that is over.
//
// Red when: any kind of move is left out of the records.
func TestEveryDemoAccountIsAsItsStateDemands(t *testing.T) {
	paid, unpaid, charged := 0, 0, 0
	eachRecord(t, func(t *testing.T, day exodrive.Date, k *exodrive.Booking, r *Record) {
		a := account(t, k, r)
		wrong := func(err error) {
			if err != nil {
				t.Errorf("%s: %s %s: %v", day, k.State, k.ID, err)
			}
		}
		switch k.State {
		case exodrive.Held, exodrive.Expired:
			if len(r.Moves) > 0 {
				t.Errorf("%s: %s %s has moves of money", day, k.State, k.ID)
			}
		case exodrive.Confirmed:
			due := k.Terms.DepositHold.HeldOn < day
			paid++
			if a.Due.Amount > 0 {
				paid, unpaid = paid-1, unpaid+1
				says := r.Events[len(r.Events)-1]
				if due || says.Event != string(exodrive.ConfirmBooking) || says.Reason != "will be paid at the pick-up" {
					t.Errorf("%s: %s is unpaid, and %s says %q", day, k.ID, says.Event, says.Reason)
				}
			}
			if held := a.DepositHeld() == nil; held != due {
				t.Errorf("%s: the deposit of %s is to be held on %s: %v", day, k.ID, k.Terms.DepositHold.HeldOn, held)
			}
		case exodrive.Active:
			wrong(a.PaidUp())
			wrong(a.DepositHeld())
		default:
			wrong(a.Settled())
			if a.Charges.Amount > 0 {
				charged++
			}
		}
	})
	if unpaid == 0 || paid < 5*unpaid || charged == 0 {
		t.Errorf("%d confirmed bookings are paid and %d not; %d rentals were charged for distance or fuel", paid, unpaid, charged)
	}
}

// What is kept of a booking that was cancelled or missed is what its terms say.
//
// Red when: such a booking keeps its whole price, or nothing, whatever its terms say.
func TestEveryDemoFeeIsByTheTerms(t *testing.T) {
	kept := 0
	eachRecord(t, func(t *testing.T, day exodrive.Date, k *exodrive.Booking, r *Record) {
		want := int64(0)
		switch agreed := slices.ContainsFunc(r.Events, func(e exodrive.Happened) bool { return e.Event == string(exodrive.ConfirmBooking) }); {
		case k.State == exodrive.Cancelled && agreed:
			want = must(exodrive.CancelFee(k.Terms.Cancellation, k.UpdatedAt)).Amount
		case k.State == exodrive.NoShow:
			want = k.Total.Amount
			if !k.UpdatedAt.After(k.Terms.Pickup.At) {
				t.Errorf("%s: %s was missed at %s, before its pick-up", day, k.ID, k.UpdatedAt)
			}
		case k.State != exodrive.Cancelled:
			return
		}
		if want > 0 {
			kept++
		}
		if a := account(t, k, r); a.Owed.Amount != want || a.Paid.Amount != want {
			t.Errorf("%s: of %s, %s, %s are kept and %s paid, want %d", day, k.ID, k.State, a.Owed, a.Paid, want)
		}
	})
	if kept == 0 {
		t.Error("no fee is ever kept")
	}
}

// Every car that left was read, and again when it was back; no odometer runs backwards,
// and what was read makes the charges that the terms ask for.
//
// Red when: a reading is left out, or a car shows less than was read last.
func TestEveryDemoReadingFollowsTheLast(t *testing.T) {
	shows := map[string]int{}
	eachRecord(t, func(t *testing.T, day exodrive.Date, k *exodrive.Booking, r *Record) {
		want := map[exodrive.BookingState]int{exodrive.Active: 1, exodrive.Returned: 2, exodrive.Completed: 2}[k.State]
		if len(r.Readings) != want {
			t.Errorf("%s: %s %s has %d readings, want %d", day, k.State, k.ID, len(r.Readings), want)
			return
		}
		for i, reading := range r.Readings {
			key := day.String() + k.CarID
			if reading.Event != []exodrive.BookingEvent{exodrive.HandOver, exodrive.TakeBack}[i] || reading.CarID != k.CarID || reading.Odometer < shows[key] {
				t.Errorf("%s: %s: the reading %+v follows %d", day, k.ID, reading, shows[key])
			}
			shows[key] = reading.Odometer
		}
		if want == 2 {
			out, in := r.Readings[0], r.Readings[1]
			if err := in.CheckTakeBack(out, false); err != nil || !in.At.After(out.At) {
				t.Errorf("%s: %s: %v %v", day, k.ID, err, r.Readings)
			}
			charges := exodrive.ReturnCharges(k.Terms, out, in)
			if string(asJSON(t, charges)) != string(asJSON(t, r.Charges)) {
				t.Errorf("%s: %s is charged %v, want %v", day, k.ID, r.Charges, charges)
			}
		}
	})
	for _, day := range days {
		for _, car := range demos()[day].Cars {
			if last := shows[day.String()+car.ID]; car.Odometer < last {
				t.Errorf("%s: %s shows %d and was read at %d", day, car.Name, car.Odometer, last)
			}
		}
	}
}

// A car that comes back nine hours late costs a late day.
//
// Red when: the terms of coming back are not stored with a booking.
func TestDemoCarThatIsLateCosts(t *testing.T) {
	eachRecord(t, func(t *testing.T, day exodrive.Date, k *exodrive.Booking, r *Record) {
		if k.State != exodrive.Active || len(r.Readings) == 0 {
			return
		}
		in := r.Readings[0]
		in.At = k.Terms.Return.At.Add(9 * time.Hour)
		charges := exodrive.ReturnCharges(k.Terms, r.Readings[0], in)
		if len(charges) != 1 || charges[0].Kind != exodrive.ChargeLate || charges[0].Amount.Amount != k.Terms.Back.LateDay.Amount {
			t.Errorf("%s: %s nine hours late costs %v", day, k.ID, charges)
		}
	})
}
