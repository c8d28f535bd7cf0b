package exodrive

import (
	"fmt"
	"time"
)

// MoneyPurpose says what money is for.
type MoneyPurpose string

// The purposes of money.
const (
	ForPayment MoneyPurpose = "payment"
	ForDeposit MoneyPurpose = "deposit"
)

// MoneyMove is money of a booking that moved or was promised. The event says which way
// it went; the amount is never negative.
type MoneyMove struct {
	ID         string       `json:"id" example:"mov_01kas0f3m2x7h9tq"`
	Purpose    MoneyPurpose `json:"purpose" enum:"payment,deposit"`
	Event      MoneyEvent   `json:"event"`
	Amount     Money        `json:"amount"`
	Provider   string       `json:"provider" example:"counter"`
	ProviderID string       `json:"providerId" doc:"What the provider calls it; no two are called the same."`
	At         time.Time    `json:"at"`
	ActorID    string       `json:"actorId"`
	Note       string       `json:"note,omitempty"`
}

// Account is where the money of a booking stands. It is never stored: it follows from
// the accepted price, the charges, what cancelling cost, and the moves of money.
type Account struct {
	Owed     Money        `json:"owed" doc:"The accepted price and the charges, or what is kept of a booking that was cancelled or never picked up."`
	Charges  Money        `json:"charges" doc:"Of that, what came after the price."`
	Paid     Money        `json:"paid" doc:"What was paid and not given back."`
	Due      Money        `json:"due" doc:"What is still to be paid."`
	GiveBack Money        `json:"giveBack" doc:"What is to be given back."`
	Payment  PaymentState `json:"payment" doc:"captured: money was taken, all of it or a part. While due is above 0 it is paid in part."`
	Deposit  DepositStand `json:"deposit"`
	Words    []string     `json:"words" nullable:"false" doc:"The same as sentences, and until when the car is held."`
}

// DepositStand is where a deposit stands.
type DepositStand struct {
	State  DepositState `json:"state"`
	Agreed Money        `json:"agreed"`
	Held   Money        `json:"held" doc:"Held now, neither kept nor released."`
	Kept   Money        `json:"kept" doc:"Kept for what was owed."`
}

// NewAccount works out where the money of a booking stands. fee is what is kept of one
// that was cancelled or never picked up. Moves that do not add up are an internal error.
func NewAccount(b *Booking, charges []Charge, fee int64, moves []MoneyMove) (*Account, error) {
	currency := b.Total.Currency
	zero := Money{0, currency}
	a := &Account{
		Owed: zero, Charges: zero, Paid: zero, Due: zero, GiveBack: zero, Payment: Unpaid,
		Deposit: DepositStand{NoDeposit, b.Deposit, zero, zero},
	}
	switch {
	case b.State.Occupies():
		for _, c := range charges {
			a.Charges.Amount += c.Amount.Amount
		}
		a.Owed.Amount = b.Total.Amount + a.Charges.Amount
	case b.State != Expired:
		a.Owed.Amount = fee
	}
	authorized := int64(0)
	for _, m := range moves {
		if err := a.add(m, &authorized); err != nil {
			return nil, Errorf(Internal, "The money of this booking does not add up.").Because(err)
		}
	}
	rest := a.Owed.Amount - a.Paid.Amount - a.Deposit.Kept.Amount
	a.Due.Amount, a.GiveBack.Amount = max(0, rest), max(0, -rest)
	a.Words = a.inWords(b)
	return a, nil
}

// add follows one move, or says why there can be no such.
func (a *Account) add(m MoneyMove, authorized *int64) (err error) {
	n := m.Amount.Amount
	if m.Purpose == ForDeposit {
		if a.Deposit.State, err = a.Deposit.State.After(m.Event); err != nil {
			return err
		}
		held, kept := &a.Deposit.Held.Amount, &a.Deposit.Kept.Amount
		switch m.Event {
		case MoneyHeld:
			*held += n
		case MoneyCaptured:
			*held, *kept = *held-n, *kept+n
		case MoneyPartly, MoneyRefunded:
			*kept -= n
		case MoneyReleased:
			*held -= n
		case MoneyRefused:
			*held = 0
		}
		return notBelow(min(*held, *kept), m)
	}
	if a.Payment, err = a.Payment.After(m.Event); err != nil {
		return err
	}
	paid := &a.Paid.Amount
	switch m.Event {
	case MoneyHeld:
		*authorized += n
	case MoneyCaptured:
		*authorized, *paid = *authorized-n, *paid+n
	case MoneyCharged:
		*paid += n
	case MoneyPartly, MoneyRefunded:
		*paid -= n
	case MoneyReleased, MoneyRefused:
		*authorized = 0
	}
	return notBelow(min(*paid, *authorized), m)
}

func notBelow(left int64, m MoneyMove) error {
	if left < 0 {
		return fmt.Errorf("%s of %s: %s is more than there was", m.Event, m.Purpose, m.Amount)
	}
	return nil
}

// Settled refuses to call a booking settled while money is to move.
func (a *Account) Settled() error {
	switch {
	case a.Due.Amount > 0:
		return Errorf(Conflict, "%s is still to be paid; settle it, or say why not as the reason.", a.Due).On("/reason")
	case a.GiveBack.Amount > 0:
		return Errorf(Conflict, "%s is to be given back; settle it, or say why not as the reason.", a.GiveBack).On("/reason")
	case a.Deposit.Held.Amount > 0:
		return Errorf(Conflict, "Of the deposit %s is still held; release it, or say why not as the reason.", a.Deposit.Held).On("/reason")
	}
	return nil
}

// PaidUp refuses to let a car go that is not paid for. What is promised, but not ours yet,
// is not paid.
func (a *Account) PaidUp() error {
	if a.Due.Amount > 0 {
		return Errorf(Conflict, "%s is still to be paid before the car leaves; take it, or waive %q and say why.", a.Due, CheckPayment).On("/waive")
	}
	return nil
}

// DepositHeld refuses to let a car go whose deposit is not held.
func (a *Account) DepositHeld() error {
	if a.Deposit.Held.Amount < a.Deposit.Agreed.Amount {
		return Errorf(Conflict, "A deposit of %s was agreed, and %s is held; hold it before the car leaves, or waive %q and say why.", a.Deposit.Agreed, a.Deposit.Held, CheckDeposit).On("/waive")
	}
	return nil
}

// MoneyAction is what staff does with money at the counter.
type MoneyAction string

// The actions at the counter.
const (
	TakePayment    MoneyAction = "payment"
	GiveRefund     MoneyAction = "refund"
	HoldDeposit    MoneyAction = "deposit_hold"
	KeepDeposit    MoneyAction = "deposit_capture"
	RefundDeposit  MoneyAction = "deposit_refund" // of what was kept
	ReleaseDeposit MoneyAction = "deposit_release"
)

// MoneyActions is the whole vocabulary.
var MoneyActions = []MoneyAction{TakePayment, GiveRefund, HoldDeposit, KeepDeposit, RefundDeposit, ReleaseDeposit}

// Move is the move of money that an action makes of an amount, or says why it cannot be:
// invalid for an amount that is none, a conflict with where the money stands. Nobody
// pays more than is due, gets back more than was paid, has more held than was agreed and
// is neither held nor kept yet, more kept than is held and due, or more of that given back
// than was kept; a deposit is released whole, for which no amount is given.
func (a *Account) Move(do MoneyAction, amount int64, b *Booking) (MoneyMove, error) {
	m := MoneyMove{Purpose: ForDeposit, Amount: Money{amount, b.Total.Currency}}
	if do == ReleaseDeposit && amount == 0 {
		m.Amount = a.Deposit.Held
	} else if amount < 1 || amount > MaxAmount {
		return m, Errorf(Invalid, "An amount is above 0 and at most %d, in minor units.", int64(MaxAmount)).On("/amount")
	}
	var err error
	switch do {
	case TakePayment:
		m.Purpose, m.Event = ForPayment, MoneyCharged
		err = atMost(m.Amount, a.Due, "%s is due; %s is more than that.", a.Due, m.Amount)
	case GiveRefund:
		m.Purpose, m.Event = ForPayment, MoneyPartly
		if amount == a.Paid.Amount {
			m.Event = MoneyRefunded
		}
		err = atMost(m.Amount, a.Paid, "%s was paid; %s is more than that.", a.Paid, m.Amount)
	case HoldDeposit:
		m.Event = MoneyHeld
		if b.State != Confirmed && b.State != Active {
			return m, Errorf(Conflict, "This booking is %s; a deposit is held for what is confirmed or under way.", called[b.State])
		}
		left := Money{max(0, b.Deposit.Amount-a.Deposit.Held.Amount-a.Deposit.Kept.Amount), b.Deposit.Currency}
		if left == b.Deposit {
			err = atMost(m.Amount, left, "A deposit of %s was agreed; %s is more than that.", b.Deposit, m.Amount)
		} else {
			err = atMost(m.Amount, left, "A deposit of %s was agreed, of which %s is neither held nor kept; %s is more than that.", b.Deposit, left, m.Amount)
		}
	case KeepDeposit:
		m.Event = MoneyCaptured
		if err = atMost(m.Amount, a.Deposit.Held, "%s is held; %s is more than that.", a.Deposit.Held, m.Amount); err == nil {
			err = atMost(m.Amount, a.Due, "%s is due; %s is more than that. Add the charge that it is for first.", a.Due, m.Amount)
		}
	case RefundDeposit:
		m.Event = MoneyPartly
		if m.Amount == a.Deposit.Kept && a.Deposit.Held.Amount == 0 {
			m.Event = MoneyRefunded
		}
		err = atMost(m.Amount, a.Deposit.Kept, "%s was kept of the deposit; %s is more than that.", a.Deposit.Kept, m.Amount)
	case ReleaseDeposit:
		m.Event = MoneyReleased
		if m.Amount != a.Deposit.Held || m.Amount.Amount == 0 {
			err = Errorf(Conflict, "%s is held, and a deposit is released whole.", a.Deposit.Held).On("/amount")
		}
	default:
		return m, Errorf(Invalid, "Money at the counter is one of %s.", join(MoneyActions)).On("/action")
	}
	if err != nil {
		return m, err
	}
	next, authorized := *a, int64(0)
	return m, next.add(m, &authorized)
}

func atMost(amount, most Money, format string, args ...any) error {
	if amount.Amount > most.Amount {
		return Errorf(Conflict, format, args...).On("/amount")
	}
	return nil
}

// inWords tells where the money stands.
func (a *Account) inWords(b *Booking) []string {
	words := []string{}
	say := func(format string, args ...any) { words = append(words, fmt.Sprintf(format, args...)) }
	if b.State == Held && !b.HoldUntil.IsZero() {
		say("The car is held until %s; then the hold ends, unless you have paid or we have confirmed it.", b.holdWords())
	}
	switch {
	case b.State == Expired:
		say("The hold ran out, so nothing is owed.")
	case !b.State.Occupies() && a.Owed.Amount == 0:
		say("This booking is %s, which costs nothing.", called[b.State])
	case !b.State.Occupies():
		say("This booking is %s, for which %s is kept.", called[b.State], a.Owed)
	case a.Charges.Amount != 0:
		say("The price is %s, and with the charges %s.", b.Total, a.Owed)
	default:
		say("The price is %s.", a.Owed)
	}
	switch {
	case a.Paid.Amount > 0 && a.Due.Amount > 0:
		say("It is paid in part: %s.", a.Paid)
	case a.Paid.Amount > 0:
		say("%s is paid.", a.Paid)
	}
	switch {
	case a.Due.Amount > 0:
		say("%s is still to be paid.", a.Due)
	case a.GiveBack.Amount > 0:
		say("%s will be given back.", a.GiveBack)
	case a.Owed.Amount > 0:
		say("Nothing more is to be paid.")
	}
	return append(words, a.Deposit.inWords(b)...)
}

// holdWords is when a hold ends, by the clock of the place of pick-up and with the name of
// its zone, which says more to a stranger than its letters.
func (b *Booking) holdWords() string {
	zone, err := LoadZone(b.Zone)
	if err != nil || b.Zone == "" {
		zone = time.UTC
	}
	return fmt.Sprintf("%s (%s)", b.HoldUntil.In(zone).Format("2 January 2006, 15:04"), zone)
}

func (d DepositStand) inWords(b *Booking) []string {
	one := func(format string, args ...any) []string { return []string{fmt.Sprintf(format, args...)} }
	switch {
	case d.Held.Amount > 0 && d.Kept.Amount > 0:
		return one("Of the deposit %s was kept; %s is still held.", d.Kept, d.Held)
	case d.Held.Amount > 0 && d.Held.Amount < d.Agreed.Amount && (b.State == Confirmed || b.State == Active):
		return one("Of the deposit of %s that was agreed %s is held, not charged.", d.Agreed, d.Held)
	case d.Held.Amount > 0:
		return one("A deposit of %s is held, not charged.", d.Held)
	case d.Kept.Amount > 0 && d.State == DepositReleased:
		return one("Of the deposit %s was kept; the rest is released.", d.Kept)
	case d.Kept.Amount > 0:
		return one("The deposit of %s was kept.", d.Kept)
	case d.State == DepositReleased:
		return one("The deposit is released.")
	case d.State == DepositFailed:
		return one("The deposit could not be held.")
	}
	if h := b.Terms.DepositHold; h != nil && (b.State == Held || b.State == Confirmed) {
		return one("A deposit of %s will be held on %s.", d.Agreed, dayWords(h.HeldOn))
	}
	return nil
}
