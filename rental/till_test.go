package rental_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
)

// keys of calls, each new.
func keyed(n int) rental.Call {
	return rental.Call{Key: fmt.Sprint("key ", n), Route: "POST /api/admin/bookings/money"}
}

// Money at the counter: what is paid, given back, held and kept stands in the booking for
// staff and renter alike, each move once for its key and its reference, and none beyond
// what is due, paid or held.
func TestMoneyAtTheCounter(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		b := left(t, w, 3)
		n := 0
		do := func(r rental.MoneyRequest) (*rental.BookingRecord, error) {
			n++
			return w.RecordMoney(t.Context(), desk, b.ID, r, keyed(n))
		}
		must := func(r rental.MoneyRequest) *exodrive.Account {
			t.Helper()
			got, err := do(r)
			if err != nil {
				t.Fatalf("%+v: %v", r, err)
			}
			return got.Account
		}
		refused := func(r rental.MoneyRequest, code exodrive.Code) {
			t.Helper()
			refusalOf(t, recordErr(do(r)), code)
		}
		total := b.Total.Amount
		refused(rental.MoneyRequest{Action: exodrive.TakePayment, Amount: total + 1}, exodrive.Conflict)
		refused(rental.MoneyRequest{Action: exodrive.TakePayment}, exodrive.Invalid)
		refused(rental.MoneyRequest{Action: "gift", Amount: 1}, exodrive.Invalid)
		refused(rental.MoneyRequest{Action: exodrive.GiveRefund, Amount: 1}, exodrive.Conflict)
		if a := must(rental.MoneyRequest{Action: exodrive.TakePayment, Amount: total, Reference: " receipt 1 "}); a.Due.Amount != 0 || a.Payment != exodrive.PaymentCaptured {
			t.Errorf("paid: %+v", a)
		}
		refused(rental.MoneyRequest{Action: exodrive.TakePayment, Amount: 1}, exodrive.Conflict)
		refused(rental.MoneyRequest{Action: exodrive.GiveRefund, Amount: 100, Reference: "receipt 1"}, exodrive.Conflict)
		refused(rental.MoneyRequest{Action: exodrive.HoldDeposit, Amount: b.Deposit.Amount + 1}, exodrive.Conflict)
		must(rental.MoneyRequest{Action: exodrive.HoldDeposit, Amount: b.Deposit.Amount - 10_00})
		must(rental.MoneyRequest{Action: exodrive.HoldDeposit, Amount: 10_00})
		refused(rental.MoneyRequest{Action: exodrive.KeepDeposit, Amount: 100}, exodrive.Conflict) // nothing is due

		n++
		if err := recordErr(w.AddCharge(t.Context(), desk, b.ID, rental.ChargeRequest{ChargeInput: exodrive.ChargeInput{Label: "A wheel", Amount: 900_00}}, keyed(n))); err != nil {
			t.Fatal(err)
		}
		refused(rental.MoneyRequest{Action: exodrive.KeepDeposit, Amount: 900_01}, exodrive.Conflict)
		must(rental.MoneyRequest{Action: exodrive.KeepDeposit, Amount: 900_00})
		n++
		credit := rental.ChargeRequest{ChargeInput: exodrive.ChargeInput{Label: "It was the tyre alone", Amount: -300_00}}
		r, err := w.AddCharge(t.Context(), desk, b.ID, credit, keyed(n))
		if err != nil || r.Account.GiveBack.Amount != 300_00 {
			t.Fatalf("a credit: %+v, %v", r, err)
		}
		credit.Amount = -total - 600_01
		n++
		err = recordErr(w.AddCharge(t.Context(), desk, b.ID, credit, keyed(n)))
		if e, ok := errors.AsType[*exodrive.Error](err); !ok || e.Code != exodrive.Conflict || e.Field != "/amount" {
			t.Errorf("a credit of too much: %+v, want a conflict on what was sent, /amount", err)
		}
		if a := must(rental.MoneyRequest{Action: exodrive.GiveRefund, Amount: 300_00}); a.GiveBack.Amount != 0 || a.Due.Amount != 0 || a.Payment != exodrive.PartiallyRefunded {
			t.Errorf("given back: %+v", a)
		}
		n++
		if err := recordErr(w.AddCharge(t.Context(), desk, b.ID, rental.ChargeRequest{ChargeInput: exodrive.ChargeInput{Label: "A fine", Amount: 70_00}}, keyed(n))); err != nil {
			t.Fatal(err)
		}
		must(rental.MoneyRequest{Action: exodrive.KeepDeposit, Amount: 70_00}) // once more
		refused(rental.MoneyRequest{Action: exodrive.RefundDeposit, Amount: 970_01}, exodrive.Conflict)
		if a := must(rental.MoneyRequest{Action: exodrive.RefundDeposit, Amount: 70_00}); a.Deposit.Kept.Amount != 900_00 || a.Due.Amount != 70_00 {
			t.Errorf("a kept deposit is given back: %+v", a)
		}
		refused(rental.MoneyRequest{Action: exodrive.ReleaseDeposit, Amount: 1}, exodrive.Conflict)
		a := must(rental.MoneyRequest{Action: exodrive.ReleaseDeposit})
		if a.Deposit.State != exodrive.DepositReleased || a.Deposit.Held.Amount != 0 || a.Deposit.Kept.Amount != 900_00 {
			t.Errorf("released: %+v", a.Deposit)
		}
		refused(rental.MoneyRequest{Action: exodrive.ReleaseDeposit}, exodrive.Conflict)
		mine, err := w.Booking(t.Context(), b.Token)
		if err != nil || !slices.Equal(mine.Account.Words, a.Words) || mine.Payment != exodrive.PartiallyRefunded {
			t.Errorf("the renter is told %+v, %v", mine, err)
		}
		refusalOf(t, recordErr(w.RecordMoney(t.Context(), desk, b.ID, rental.MoneyRequest{Action: exodrive.TakePayment, Amount: 1}, rental.Call{})), exodrive.Invalid)
		refusalOf(t, recordErr(w.RecordMoney(t.Context(), as(exodrive.ScopeFleet), b.ID, rental.MoneyRequest{}, keyed(0))), exodrive.Forbidden)
	})
}

// The clock is set back between two moves of money, and they stand in their order.
func TestMoneyKeepsItsOrder(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		b := left(t, w, 3)
		for n, r := range []rental.MoneyRequest{
			{Action: exodrive.TakePayment, Amount: 500}, {Action: exodrive.GiveRefund, Amount: 200}, {Action: exodrive.GiveRefund, Amount: 300}, {Action: exodrive.TakePayment, Amount: 100},
		} {
			got, err := w.RecordMoney(t.Context(), desk, b.ID, r, keyed(n))
			if err != nil || len(got.Moves) != n+1 || got.Moves[n].Amount.Amount != r.Amount {
				t.Fatalf("move %d: %+v, %v", n, got, err)
			}
			w.clock.Advance(-time.Hour)
		}
	})
}

// However many take money for one booking at once, it is paid once: with keys of their
// own all but one are told that nothing is due, and with one key all are told of the one
// payment. The same holds for giving it back.
//
// Red when: the booking is not locked while its money is looked at; the key is looked for
// before the lock, or not kept.
func TestMoneyMovesOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, exotest.PostgresFrom(t, "fleet", seeded))
	b := left(t, w, 3)
	total := b.Total.Amount
	move := func(action exodrive.MoneyAction, call func(i int) rental.Call) (won int) {
		for _, err := range at(8, func(i int) error {
			return recordErr(w.RecordMoney(t.Context(), desk, b.ID, rental.MoneyRequest{Action: action, Amount: total}, call(i)))
		}) {
			if err == nil {
				won++
			} else {
				wantCode(t, string(action), err, exodrive.Conflict)
			}
		}
		return won
	}
	own := func(from int) func(int) rental.Call { return func(i int) rental.Call { return keyed(from + i) } }
	one := func(n int) func(int) rental.Call { return func(int) rental.Call { return keyed(n) } }
	if paid, back := move(exodrive.TakePayment, own(0)), move(exodrive.GiveRefund, own(10)); paid != 1 || back != 1 {
		t.Errorf("it was paid %d times and given back %d times", paid, back)
	}
	if paid, back := move(exodrive.TakePayment, one(20)), move(exodrive.GiveRefund, one(21)); paid != 8 || back != 8 {
		t.Errorf("%d and %d of 8 calls with one key were answered", paid, back)
	}
	r, err := w.BookingRecord(t.Context(), desk, b.ID)
	if err != nil || len(r.Moves) != 4 || r.Account.Paid.Amount != 0 || r.Payment != exodrive.PaymentRefunded {
		t.Errorf("the moves: %+v, %v", r, err)
	}
	refusalOf(t, recordErr(w.RecordMoney(t.Context(), desk, b.ID, rental.MoneyRequest{Action: exodrive.TakePayment, Amount: 1}, keyed(20))), exodrive.KeyReused)
}

// A renter who cancels late owes what the terms say, and what he paid beyond comes back;
// staff cancels for nothing, or at the terms.
func TestWhatCancellingOwes(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		for name, c := range map[string]struct {
			cancel func(b *rental.BookingView) error
			owed   func(b *rental.BookingView) int64
		}{
			"by the renter": {
				func(b *rental.BookingView) error { return bookErr(w.CancelBooking(t.Context(), b.Token)) },
				func(b *rental.BookingView) int64 { return b.Cancellation[1].Fee.Amount },
			},
			"at the terms": {
				func(b *rental.BookingView) error {
					return bookErr(w.CancelAtTerms(t.Context(), desk, b.ID, "He called."))
				},
				func(b *rental.BookingView) int64 { return b.Cancellation[1].Fee.Amount },
			},
			"by the house": {
				func(b *rental.BookingView) error {
					return bookErr(w.CancelForRenter(t.Context(), desk, b.ID, "Broken."))
				},
				func(*rental.BookingView) int64 { return 0 },
			},
		} {
			w.clock.Set(now)
			b := confirmed(t, w, 3)
			if err := recordErr(w.RecordMoney(t.Context(), desk, b.ID, rental.MoneyRequest{Action: exodrive.TakePayment, Amount: b.Total.Amount}, rental.Call{Key: b.ID})); err != nil {
				t.Fatal(err)
			}
			w.clock.Set(b.Cancellation[1].Until)
			if err := c.cancel(b); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			got, err := w.Booking(t.Context(), b.Token)
			if owed := c.owed(b); err != nil || got.Account.Owed.Amount != owed || got.Account.GiveBack.Amount != b.Total.Amount-owed || got.Account.Due.Amount != 0 {
				t.Errorf("%s: %+v, %v; want %d owed", name, got.Account, err, owed)
			}
		}
	})
}

// A payment for a hold agrees to it, in one transaction and in this order, so that no hold
// runs out with money in the till. One that ran out is agreed to if its days can be taken
// again and its pick-up is to come; else nothing is taken.
//
// Red when: a payment leaves a booking held; one that is refused leaves it confirmed; the
// two events are told in another order.
func TestAPaymentConfirmsAHold(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		held := func(car, name string) *rental.BookingView {
			b, err := w.Book(t.Context(), desk, bookingOf(freeTrip(t, w, car, 3), name), rental.Call{})
			if err != nil {
				t.Fatal(err)
			}
			w.clock.Advance(time.Millisecond)
			return b
		}
		n := 0
		pay := func(b *rental.BookingView, amount int64) (*rental.BookingRecord, error) {
			n++
			return w.RecordMoney(t.Context(), desk, b.ID, rental.MoneyRequest{Action: exodrive.TakePayment, Amount: amount}, keyed(n))
		}
		stays := func(b *rental.BookingView, state exodrive.BookingState) {
			t.Helper()
			if r, err := w.BookingRecord(t.Context(), desk, b.ID); err != nil || r.State != state || len(r.Moves) != 0 {
				t.Errorf("a payment that was refused left %+v, %v", r, err)
			}
		}
		b := held(anyCar, "maria")
		refusalOf(t, recordErr(pay(b, b.Total.Amount+1)), exodrive.Conflict)
		stays(b, exodrive.Held)
		r, err := pay(b, 500)
		if err != nil || r.State != exodrive.Confirmed || r.HoldUntil != nil || r.Account.Paid.Amount != 500 {
			t.Fatalf("a hold is paid for in part: %+v, %v", r, err)
		}
		if got := []string{r.Events[0].Event, r.Events[1].Event, r.Events[2].Event}; !slices.Equal(got, []string{"book", "confirm", "payment"}) {
			t.Errorf("what happened: %q", got)
		}
		w.clock.Advance(48 * time.Hour)
		if _, err := w.SweepHolds(t.Context()); err != nil {
			t.Fatal(err)
		}
		if r, err := w.BookingRecord(t.Context(), desk, b.ID); err != nil || r.State != exodrive.Confirmed {
			t.Errorf("after the end of the hold: %+v, %v", r, err)
		}

		w.clock.Set(now)
		late, lost := held("ferrari-roma", "otto"), held("porsche-911-turbo-s", "nora")
		w.clock.Set(*lost.HoldUntil)
		if _, err := w.SweepHolds(t.Context()); err != nil {
			t.Fatal(err)
		}
		if r, err := pay(late, 500); err != nil || r.State != exodrive.Confirmed {
			t.Errorf("a hold that ran out, and nobody has its days: %+v, %v", r, err)
		}
		block := rental.Block{Start: lost.FirstDay, End: lost.FirstDay}
		if err := second(w.BlockDays(t.Context(), admin, lost.Car.ID, rental.BlockRequest{Block: block})); err != nil {
			t.Fatal(err)
		}
		refusalOf(t, recordErr(pay(lost, 500)), exodrive.DatesTaken)
		stays(lost, exodrive.Expired)
		w.clock.Set(lost.Pickup.At.Add(time.Minute))
		refusalOf(t, recordErr(pay(lost, 500)), exodrive.Conflict)
		stays(lost, exodrive.Expired)
		agrees(t, w)
	})
}
