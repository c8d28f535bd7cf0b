package sqlstore

import (
	"context"
	"errors"

	"github.com/exodrive/exodrive"
)

// MoneyRows is what the money of a booking stands on, besides itself.
type MoneyRows struct {
	Charges []exodrive.Charge
	Fee     int64 // what cancelling cost, or not coming
	Moves   []exodrive.MoneyMove
}

// MoneyOf finds what belongs to the money of a booking in its state: one that was never
// handed over has no charges, and one that stands no fee.
func (q queries) MoneyOf(ctx context.Context, b *exodrive.Booking) (m MoneyRows, err error) {
	m.Charges = []exodrive.Charge{}
	if m.Moves, err = q.moneyMoves(ctx, b.ID); err != nil {
		return m, err
	}
	switch b.State {
	case exodrive.Active, exodrive.Returned, exodrive.Completed:
		m.Charges, err = q.charges(ctx, b.ID, b.Total.Currency)
	case exodrive.Cancelled, exodrive.NoShow:
		m.Fee, err = q.feeOf(ctx, b.ID)
	}
	return m, err
}

// MoneyOfAll is MoneyOf for many bookings at once, by their ids. There are as many
// statements for any number of them.
func (q queries) MoneyOfAll(ctx context.Context, list []exodrive.BookingRow) (map[string]*MoneyRows, error) {
	all, ids := make(map[string]*MoneyRows, len(list)), make([]any, len(list))
	if len(list) == 0 {
		return all, nil
	}
	for i := range list {
		all[list[i].ID], ids[i] = &MoneyRows{}, list[i].ID
	}
	currency := list[0].Total.Currency
	among := ` IN (` + marks(len(ids)) + `)`
	g, gctx := q.parts(ctx) // each fills fields of its own
	g.Go(func() error {
		s := new(statement).add(`SELECT booking_id, `+moveColumns+` FROM money_moves WHERE booking_id`+among+` ORDER BY id`, ids...)
		return q.each(gctx, s.text.String(), s.args, func(r scanner) error {
			var id string
			m, err := scanMove(r, &id)
			if err == nil {
				all[id].Moves = append(all[id].Moves, m)
			}
			return err
		})
	})
	g.Go(func() error {
		s := new(statement).add(`SELECT booking_id, `+chargeColumns+` FROM booking_charges WHERE booking_id`+among+` ORDER BY booking_id, position`, ids...)
		return q.each(gctx, s.text.String(), s.args, func(r scanner) error {
			var id string
			c, err := scanCharge(r, currency, &id)
			if err == nil {
				all[id].Charges = append(all[id].Charges, c)
			}
			return err
		})
	})
	g.Go(func() error {
		s := new(statement).add(`SELECT booking_id, after FROM booking_events WHERE booking_id`+among+` AND event IN ('cancel', 'no_show') ORDER BY id`, ids...)
		return q.each(gctx, s.text.String(), s.args, func(r scanner) error {
			var id string
			var after struct{ Fee exodrive.Money }
			err := r.Scan(&id, asJSON{&after})
			if err == nil {
				all[id].Fee = after.Fee.Amount // the last one counts
			}
			return err
		})
	})
	return all, g.Wait()
}

// moneyMoves are those of a booking, in order.
func (q queries) moneyMoves(ctx context.Context, bookingID string) ([]exodrive.MoneyMove, error) {
	return collect(ctx, q, func(r scanner) (exodrive.MoneyMove, error) { return scanMove(r) }, sqlMoneyMoves, bookingID)
}

// scanMove reads moveColumns, and what comes before them.
func scanMove(r scanner, before ...any) (m exodrive.MoneyMove, err error) {
	return m, r.Scan(append(before, &m.ID, &m.Purpose, &m.Event, &m.Amount.Amount, &m.Amount.Currency, &m.Provider, &m.ProviderID, instant{&m.At}, &m.ActorID, &m.Note)...)
}

const moveColumns = `id, purpose, event, amount, currency, provider, provider_id, at, actor_id, note`

const sqlMoneyMoves = `SELECT ` + moveColumns + ` FROM money_moves WHERE booking_id = $1 ORDER BY id`

// InsertMove adds a move of money. One that its provider calls like another is a
// conflict.
func (t *Tx) InsertMove(ctx context.Context, bookingID string, m *exodrive.MoneyMove) error {
	return t.insertRows(ctx, sqlInsertMoves, "", [][]any{moveValues(bookingID, m)})
}

func moveValues(bookingID string, m *exodrive.MoneyMove) []any {
	return []any{m.ID, bookingID, m.Purpose, m.Event, m.Amount.Amount, m.Amount.Currency, m.Provider, m.ProviderID, ms(m.At), m.ActorID, m.Note}
}

const sqlInsertMoves = `INSERT INTO money_moves (id, booking_id, purpose, event, amount, currency, provider, provider_id, at, actor_id, note) VALUES `

// charges are those of a booking, in order. The currency is the booking's.
func (q queries) charges(ctx context.Context, bookingID string, currency exodrive.Currency) ([]exodrive.Charge, error) {
	return collect(ctx, q, func(r scanner) (exodrive.Charge, error) { return scanCharge(r, currency) }, sqlCharges, bookingID)
}

// scanCharge reads chargeColumns, and what comes before them.
func scanCharge(r scanner, currency exodrive.Currency, before ...any) (c exodrive.Charge, err error) {
	c.Unit.Currency, c.Amount.Currency = currency, currency
	return c, r.Scan(append(before, instant{&c.At}, &c.Kind, &c.Label, &c.Words, &c.Quantity, &c.Unit.Amount, &c.Amount.Amount)...)
}

const chargeColumns = `at, kind, label, words, quantity, unit, amount`

const sqlCharges = `SELECT ` + chargeColumns + ` FROM booking_charges WHERE booking_id = $1 ORDER BY position`

// InsertCharges adds charges to a booking that has some before.
func (t *Tx) InsertCharges(ctx context.Context, bookingID string, before int, list []exodrive.Charge) error {
	return t.insertRows(ctx, sqlInsertCharges, "", chargeRows(bookingID, before, list))
}

func chargeRows(bookingID string, before int, list []exodrive.Charge) [][]any {
	return rowsOf(list, func(c *exodrive.Charge) []any {
		before++
		return []any{bookingID, before, ms(c.At), c.Kind, c.Label, c.Words, c.Quantity, c.Unit.Amount, c.Amount.Amount}
	})
}

const sqlInsertCharges = `INSERT INTO booking_charges (booking_id, position, at, kind, label, words, quantity, unit, amount) VALUES `

// feeOf is what is kept of a booking that was cancelled or never picked up: the event
// says it, and where it says nothing, nothing is.
func (q queries) feeOf(ctx context.Context, bookingID string) (int64, error) {
	var after struct{ Fee exodrive.Money }
	err := q.row(ctx, sqlFeeOf, bookingID).scan(asJSON{&after})
	if errors.Is(err, errNoRow) {
		err = nil
	}
	return after.Fee.Amount, err
}

const sqlFeeOf = `SELECT after FROM booking_events WHERE booking_id = $1 AND event IN ('cancel', 'no_show') ORDER BY id DESC LIMIT 1`
