package exodrive_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/exodrive/exodrive"
)

func usd(n int64) exodrive.Money { return exodrive.Money{Amount: n, Currency: "USD"} }

func move(purpose exodrive.MoneyPurpose, e exodrive.MoneyEvent, n int64) exodrive.MoneyMove {
	return exodrive.MoneyMove{Purpose: purpose, Event: e, Amount: usd(n)}
}

// Where a payment stands follows from what happened to its money, and what cannot have
// happened is a fault of the rows.
func TestPaymentFollowsItsMoves(t *testing.T) {
	paid := func(events ...exodrive.MoneyEvent) (moves []exodrive.MoneyMove) {
		for _, e := range events {
			moves = append(moves, move(exodrive.ForPayment, e, map[exodrive.MoneyEvent]int64{exodrive.MoneyPartly: 40, exodrive.MoneyRefunded: 60}[e]))
			if n := len(moves) - 1; moves[n].Amount.Amount == 0 {
				moves[n].Amount.Amount = 100
			}
		}
		return moves
	}
	b := &exodrive.Booking{State: exodrive.Confirmed, Total: usd(100), Deposit: usd(0)}
	for _, c := range []struct {
		name  string
		moves []exodrive.MoneyMove
		want  exodrive.PaymentState
		paid  int64
	}{
		{"nothing", nil, exodrive.Unpaid, 0},
		{"over the counter", paid(exodrive.MoneyCharged), exodrive.PaymentCaptured, 100},
		{"ordered, approved, captured", paid(exodrive.MoneyAsked, exodrive.MoneyHeld, exodrive.MoneyCaptured), exodrive.PaymentCaptured, 100},
		{"approved, not yet captured", paid(exodrive.MoneyAsked, exodrive.MoneyHeld), exodrive.PaymentAuthorized, 0},
		{"approved too late", paid(exodrive.MoneyAsked, exodrive.MoneyHeld, exodrive.MoneyReleased), exodrive.PaymentVoided, 0},
		{"paid, a part back, all back", paid(exodrive.MoneyCharged, exodrive.MoneyPartly, exodrive.MoneyRefunded), exodrive.PaymentRefunded, 0},
		{"refused, paid otherwise", paid(exodrive.MoneyAsked, exodrive.MoneyRefused, exodrive.MoneyCharged), exodrive.PaymentCaptured, 100},
	} {
		if a, err := exodrive.NewAccount(b, nil, 0, c.moves); err != nil || a.Payment != c.want || a.Paid != usd(c.paid) || a.Due != usd(100-c.paid) {
			t.Errorf("%s: %+v, %v, want %s", c.name, a, err, c.want)
		}
	}
	for name, moves := range map[string][]exodrive.MoneyMove{
		"a refund of nothing":              {move(exodrive.ForPayment, exodrive.MoneyRefunded, 1)},
		"a refund of more than was paid":   {move(exodrive.ForPayment, exodrive.MoneyCharged, 1), move(exodrive.ForPayment, exodrive.MoneyRefunded, 2)},
		"more captured than was approved":  append(paid(exodrive.MoneyAsked, exodrive.MoneyHeld), move(exodrive.ForPayment, exodrive.MoneyCaptured, 101)),
		"more kept of a deposit than held": {move(exodrive.ForDeposit, exodrive.MoneyHeld, 5), move(exodrive.ForDeposit, exodrive.MoneyCaptured, 6)},
		"a deposit kept after its release": {move(exodrive.ForDeposit, exodrive.MoneyHeld, 5), move(exodrive.ForDeposit, exodrive.MoneyReleased, 5), move(exodrive.ForDeposit, exodrive.MoneyCaptured, 5)},
		"more of a deposit back than kept": {move(exodrive.ForDeposit, exodrive.MoneyHeld, 5), move(exodrive.ForDeposit, exodrive.MoneyCaptured, 4), move(exodrive.ForDeposit, exodrive.MoneyPartly, 5)},
	} {
		if _, err := exodrive.NewAccount(b, nil, 0, moves); exodrive.CodeOf(err) != exodrive.Internal {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is owed is the price and what came on top while a booking stands, what cancelling
// cost when it does not, and nothing when its hold ran out; the words say it.
func TestAccountOfEveryState(t *testing.T) {
	charges := []exodrive.Charge{{Amount: usd(30)}, {Amount: usd(-10)}}
	for _, c := range []struct {
		state exodrive.BookingState
		fee   int64
		moves []exodrive.MoneyMove
		owed  int64
		words []string
	}{
		{exodrive.Held, 0, nil, 120, []string{"The price is 1.00 USD, and with the charges 1.20 USD.", "1.20 USD is still to be paid."}},
		{exodrive.Returned, 0, []exodrive.MoneyMove{move(exodrive.ForDeposit, exodrive.MoneyHeld, 50), move(exodrive.ForDeposit, exodrive.MoneyCaptured, 20), move(exodrive.ForPayment, exodrive.MoneyCharged, 100)}, 120,
			[]string{"The price is 1.00 USD, and with the charges 1.20 USD.", "1.00 USD is paid.", "Nothing more is to be paid.", "Of the deposit 0.20 USD was kept; 0.30 USD is still held."}},
		{exodrive.Expired, 7, nil, 0, []string{"The hold ran out, so nothing is owed."}},
		{exodrive.Cancelled, 0, []exodrive.MoneyMove{move(exodrive.ForPayment, exodrive.MoneyCharged, 100)}, 0,
			[]string{"This booking is cancelled, which costs nothing.", "1.00 USD is paid.", "1.00 USD will be given back."}},
		{exodrive.NoShow, 100, nil, 100, []string{"This booking is a no-show, for which 1.00 USD is kept.", "1.00 USD is still to be paid."}},
	} {
		b := &exodrive.Booking{State: c.state, Total: usd(100), Deposit: usd(50)}
		a, err := exodrive.NewAccount(b, charges, c.fee, c.moves)
		if err != nil || a.Owed != usd(c.owed) || !slices.Equal(a.Words, c.words) {
			t.Errorf("%s: %v, %+v", c.state, err, a)
		}
	}
}

// Whoever holds a car reads when the hold ends, by the clock where he picks it up; once it
// is agreed he reads nothing of that.
//
// Red when: the words of a held booking leave its end out, or tell it by another clock.
func TestHoldSaysWhenItEnds(t *testing.T) {
	b := &exodrive.Booking{State: exodrive.Held, Zone: "America/New_York", HoldUntil: time.Date(2026, 11, 30, 23, 44, 31, 0, time.UTC), Total: usd(100), Deposit: usd(0)}
	const want = "The car is held until 30 November 2026, 18:44 (America/New_York); then the hold ends, unless you have paid or we have confirmed it."
	for state, first := range map[exodrive.BookingState]string{exodrive.Held: want, exodrive.Confirmed: "The price is 1.00 USD."} {
		b.State = state
		if a, err := exodrive.NewAccount(b, nil, 0, nil); err != nil || a.Words[0] != first {
			t.Errorf("%s: %v, %+v, want %q first", state, err, a, first)
		}
	}
}

// Whatever staff does at the counter, in any order and of any amount: never is more given
// back than was paid, or more kept and released than was held; nobody is asked for more
// than is owed; every move that is let pass adds up with those before it, and leads where
// the tables say.
func TestCounterNeverOverdraws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		some := rapid.OneOf(rapid.Int64Range(0, 50), rapid.Int64Range(0, 1000))
		b := &exodrive.Booking{Total: usd(some.Draw(t, "total")), Deposit: usd(some.Draw(t, "deposit"))}
		fee := rapid.Int64Range(0, b.Total.Amount).Draw(t, "fee")
		var charges []exodrive.Charge
		var moves []exodrive.MoneyMove
		payment, deposit := exodrive.Unpaid, exodrive.NoDeposit
		for range rapid.IntRange(1, 20).Draw(t, "moves") {
			b.State = rapid.SampledFrom(exodrive.BookingStates).Draw(t, "state")
			if b.State == exodrive.Active && rapid.Bool().Draw(t, "charged") {
				charges = append(charges, exodrive.Charge{Amount: usd(some.Draw(t, "charge"))})
			}
			a, err := exodrive.NewAccount(b, charges, fee, moves)
			if err != nil {
				t.Fatal(err)
			}
			if a.Paid.Amount < 0 || a.Deposit.Held.Amount < 0 || a.Deposit.Kept.Amount < 0 || a.Deposit.Held.Amount+a.Deposit.Kept.Amount > b.Deposit.Amount || a.Due.Amount < 0 || a.GiveBack.Amount < 0 || a.Due.Amount > 0 && a.GiveBack.Amount > 0 ||
				a.Owed.Amount-a.Paid.Amount-a.Deposit.Kept.Amount != a.Due.Amount-a.GiveBack.Amount {
				t.Fatalf("the account %+v", a)
			}
			if a.Payment != payment || a.Deposit.State != deposit {
				t.Fatalf("payment and deposit are %s and %s, want %s and %s", a.Payment, a.Deposit.State, payment, deposit)
			}
			do := rapid.SampledFrom(exodrive.MoneyActions).Draw(t, "action")
			amount := some.Draw(t, "amount")
			if do == exodrive.ReleaseDeposit && rapid.Bool().Draw(t, "whole") {
				amount = 0
			}
			m, err := a.Move(do, amount, b)
			if err != nil {
				if code := exodrive.CodeOf(err); code != exodrive.Conflict && code != exodrive.Invalid {
					t.Fatalf("%s of %d is refused with %v", do, amount, err)
				}
				continue
			}
			switch {
			case do == exodrive.TakePayment && amount > a.Due.Amount, do == exodrive.GiveRefund && amount > a.Paid.Amount,
				do == exodrive.HoldDeposit && amount > b.Deposit.Amount-a.Deposit.Held.Amount-a.Deposit.Kept.Amount, do == exodrive.RefundDeposit && amount > a.Deposit.Kept.Amount, do == exodrive.KeepDeposit && amount > min(a.Deposit.Held.Amount, a.Due.Amount),
				do == exodrive.ReleaseDeposit && m.Amount != a.Deposit.Held:
				t.Fatalf("%s of %v is let pass: %+v", do, m.Amount, a)
			}
			if m.Purpose == exodrive.ForPayment {
				payment, err = payment.After(m.Event)
			} else {
				deposit, err = deposit.After(m.Event)
			}
			if err != nil {
				t.Fatalf("%s is no move that the table knows: %v", do, err)
			}
			moves = append(moves, m)
		}
	})
}

// A deposit at the counter: held in parts up to what was agreed, kept for one charge after
// the other while something is left, and what was kept by mistake given back, also after
// the release; the words say it each time.
func TestDepositInParts(t *testing.T) {
	b := &exodrive.Booking{State: exodrive.Active, Total: usd(0), Deposit: usd(100)}
	var charges []exodrive.Charge
	var moves []exodrive.MoneyMove
	for i, step := range []struct {
		do     exodrive.MoneyAction
		amount int64
		charge int64
		state  exodrive.DepositState // "" is refused
		words  string
	}{
		{do: exodrive.HoldDeposit, amount: 60, state: exodrive.DepositAuthorized, words: "Of the deposit of 1.00 USD that was agreed 0.60 USD is held, not charged."},
		{do: exodrive.HoldDeposit, amount: 41},
		{do: exodrive.HoldDeposit, amount: 40, state: exodrive.DepositAuthorized, words: "A deposit of 1.00 USD is held, not charged."},
		{do: exodrive.KeepDeposit, charge: 20, amount: 20, state: exodrive.DepositPartlyKept, words: "Of the deposit 0.20 USD was kept; 0.80 USD is still held."},
		{do: exodrive.HoldDeposit, amount: 1},
		{do: exodrive.KeepDeposit, amount: 1}, // nothing is due
		{do: exodrive.KeepDeposit, charge: 30, amount: 30, state: exodrive.DepositPartlyKept, words: "Of the deposit 0.50 USD was kept; 0.50 USD is still held."},
		{do: exodrive.RefundDeposit, amount: 51},
		{do: exodrive.RefundDeposit, charge: -30, amount: 30, state: exodrive.DepositPartlyKept, words: "Of the deposit 0.20 USD was kept; 0.50 USD is still held."},
		{do: exodrive.ReleaseDeposit, state: exodrive.DepositReleased, words: "Of the deposit 0.20 USD was kept; the rest is released."},
		{do: exodrive.RefundDeposit, charge: -20, amount: 5, state: exodrive.DepositReleased, words: "Of the deposit 0.15 USD was kept; the rest is released."},
		{do: exodrive.RefundDeposit, amount: 15, state: exodrive.DepositReleased, words: "The deposit is released."},
		{do: exodrive.HoldDeposit, amount: 100, state: exodrive.DepositAuthorized, words: "A deposit of 1.00 USD is held, not charged."},
	} {
		if step.charge != 0 {
			charges = append(charges, exodrive.Charge{Amount: usd(step.charge)})
		}
		a, err := exodrive.NewAccount(b, charges, 0, moves)
		if err != nil {
			t.Fatal(err)
		}
		m, err := a.Move(step.do, step.amount, b)
		if step.state == "" {
			if exodrive.CodeOf(err) != exodrive.Conflict {
				t.Errorf("step %d, %s of %d: %v", i, step.do, step.amount, err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("step %d, %s of %d: %v", i, step.do, step.amount, err)
		}
		moves = append(moves, m)
		if a, err = exodrive.NewAccount(b, charges, 0, moves); err != nil || a.Deposit.State != step.state || !slices.Contains(a.Words, step.words) {
			t.Errorf("step %d, %s: %v, %+v; want %s and %q", i, step.do, err, a, step.state, step.words)
		}
	}
}
