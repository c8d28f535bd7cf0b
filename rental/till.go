package rental

import (
	"context"
	"strings"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/sqlstore"
)

// counter is the provider of money that moves over the counter: in cash, or by a card
// terminal that this program knows nothing of.
const counter = "counter"

// MoneyRequest is money that staff takes, gives or holds at the counter.
type MoneyRequest struct {
	Action    exodrive.MoneyAction `json:"action" enum:"payment,refund,deposit_hold,deposit_capture,deposit_refund,deposit_release" example:"payment"`
	Amount    int64                `json:"amount,omitempty" required:"false" minimum:"0" maximum:"10000000000" doc:"Minor units. A deposit is released whole, for which none is needed." example:"50000"`
	Reference string               `json:"reference,omitempty" required:"false" maxLength:"100" doc:"What the till or the card terminal calls it; no two are called the same." example:"receipt-2027-0412"`
	Note      string               `json:"note,omitempty" required:"false" maxLength:"500"`
}

// RecordMoney notes that money of a booking moved at the counter, once for each key. What
// cannot be is a conflict, as exodrive.Account.Move says, and so is a reference that was
// noted before. The car's row is locked, so what is due, paid and held stays so until the
// end.
//
// To take a payment is to agree: a payment confirms a booking that is held in the same
// transaction, and one whose hold ran out as ConfirmBooking does, or is refused as that
// is. So no hold runs out with money in the till.
func (s *Service) RecordMoney(ctx context.Context, who exodrive.Actor, id string, r MoneyRequest, c Call) (*BookingRecord, error) {
	return s.once(ctx, who, id, r, c, func(tx *sqlstore.Tx, b *exodrive.Booking) error {
		if r.Action == exodrive.TakePayment && (b.State == exodrive.Held || b.State == exodrive.Expired) {
			if err := s.moveLocked(ctx, tx, who, b, exodrive.ConfirmBooking, "paid at the counter", notTooLate); err != nil {
				return err
			}
		}
		money, before, err := accounts(ctx, tx, b)
		if err != nil {
			return err
		}
		m, err := before.Move(r.Action, r.Amount, b)
		if err != nil {
			return err
		}
		m.At = instantOf(tx.Now)
		if n := len(money.Moves); n > 0 && !m.At.After(money.Moves[n-1].At) {
			// Ids tell the order, also after a clock was set back.
			m.At = money.Moves[n-1].At.Add(time.Millisecond)
		}
		m.ID = exodrive.NewID(exodrive.MoveID, m.At, s.chance())
		m.Provider, m.ProviderID, m.ActorID, m.Note = counter, strings.TrimSpace(r.Reference), who.ID, r.Note
		if m.ProviderID == "" {
			m.ProviderID = m.ID
		}
		if err := tx.InsertMove(ctx, b.ID, &m); exodrive.CodeOf(err) == exodrive.Conflict {
			return exodrive.Errorf(exodrive.Conflict, "The reference %q was noted before; each is noted once.", m.ProviderID).On("/reference")
		} else if err != nil {
			return err
		}
		after, err := exodrive.NewAccount(b, money.Charges, money.Fee, append(money.Moves, m))
		if err != nil {
			return err
		}
		said := moneyOf(after)
		said["amount"], said["reference"] = m.Amount, m.ProviderID
		return s.happened(ctx, tx, who, b, string(r.Action), r.Note, moneyOf(before), said)
	})
}

// moneyOf is what an event says of the money of a booking.
func moneyOf(a *exodrive.Account) map[string]any {
	return map[string]any{"owed": a.Owed, "paid": a.Paid, "due": a.Due, "held": a.Deposit.Held, "kept": a.Deposit.Kept}
}

// ChargeRequest is a charge that staff adds after the car left.
type ChargeRequest struct {
	exodrive.ChargeInput
	Note string `json:"note,omitempty" required:"false" maxLength:"500" doc:"For the house."`
}

// AddCharge adds a charge, or a credit below zero, to a rental whose car was handed over,
// once for each key.
func (s *Service) AddCharge(ctx context.Context, who exodrive.Actor, id string, r ChargeRequest, c Call) (*BookingRecord, error) {
	return s.once(ctx, who, id, r, c, func(tx *sqlstore.Tx, b *exodrive.Booking) error {
		switch b.State {
		case exodrive.Active, exodrive.Returned, exodrive.Completed:
		default:
			return exodrive.Errorf(exodrive.Conflict, "Charges come after the car was handed over.")
		}
		money, before, err := accounts(ctx, tx, b)
		if err != nil {
			return err
		}
		charge, err := r.Charge(b.Total, instantOf(tx.Now))
		if err != nil {
			return err
		}
		added := append(money.Charges, charge)
		if err := exodrive.CheckCredits("/amount", b.Total, added); err != nil {
			return err
		}
		if err := tx.InsertCharges(ctx, b.ID, len(money.Charges), added[len(money.Charges):]); err != nil {
			return err
		}
		after, err := exodrive.NewAccount(b, added, money.Fee, money.Moves)
		if err != nil {
			return err
		}
		said := moneyOf(after)
		said["charge"] = charge
		return s.happened(ctx, tx, who, b, "charge", r.Note, moneyOf(before), said)
	})
}

// accounts is where the money of a booking stands, and what that follows from, in a
// transaction that has its car.
func accounts(ctx context.Context, tx *sqlstore.Tx, b *exodrive.Booking) (sqlstore.MoneyRows, *exodrive.Account, error) {
	money, err := tx.MoneyOf(ctx, b)
	if err != nil {
		return money, nil, err
	}
	a, err := exodrive.NewAccount(b, money.Charges, money.Fee, money.Moves)
	return money, a, err
}

// once does something to a booking that must not be done twice: a call that is sent again
// with its key finds it done, and is answered by how the booking stands. The key is
// written in the same transaction.
func (s *Service) once(ctx context.Context, who exodrive.Actor, id string, body any, c Call, do func(*sqlstore.Tx, *exodrive.Booking) error) (*BookingRecord, error) {
	if err := who.May(exodrive.ScopeBook); err != nil {
		return nil, err
	}
	if c.Key == "" {
		return nil, exodrive.Errorf(exodrive.Invalid, "Money moves once however often a call is sent: send an Idempotency-Key with it, a text that is new for each move.").On("Idempotency-Key")
	}
	key := keyOf(who.ID, struct {
		BookingID string
		Body      any
	}{id, body}, c)
	var b *exodrive.Booking
	err := s.store.Tx(ctx, func(tx *sqlstore.Tx) (err error) {
		if b, err = s.lockBooking(ctx, tx, id); err != nil {
			return err
		}
		done, err := s.madeBefore(ctx, tx, key)
		if done != nil || err != nil {
			return err
		}
		if err := do(tx, b); err != nil {
			return err
		}
		key.BookingID = b.ID
		return tx.InsertKey(ctx, *key)
	})
	if err != nil {
		return nil, err
	}
	return s.record(ctx, b)
}
