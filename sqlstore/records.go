package sqlstore

import (
	"context"
	"time"

	"github.com/exodrive/exodrive"
)

// RecordRows is what belongs to a booking besides itself and its days.
type RecordRows struct {
	BookingID string
	Lines     []exodrive.Line
	Charges   []exodrive.Charge
	Moves     []exodrive.MoneyMove
	Readings  []exodrive.Reading
	Events    []PastEvent
}

// PastEvent is an event that did not happen in this transaction.
type PastEvent struct {
	EventRow
	At time.Time
}

// InsertRecords stores what belongs to bookings that have nothing of it yet. There are
// few statements for many bookings.
func (t *Tx) InsertRecords(ctx context.Context, list []RecordRows) error {
	var lines, charges, moves, readings, events [][]any
	for i := range list {
		r := &list[i]
		lines = append(lines, lineRows(r.BookingID, r.Lines)...)
		charges = append(charges, chargeRows(r.BookingID, 0, r.Charges)...)
		for i := range r.Moves {
			moves = append(moves, moveValues(r.BookingID, &r.Moves[i]))
		}
		for i := range r.Readings {
			readings = append(readings, readingValues(r.BookingID, &r.Readings[i]))
		}
		for i := range r.Events {
			events = append(events, r.Events[i].values(r.Events[i].At))
		}
	}
	for _, part := range []struct {
		into string
		rows [][]any
	}{{sqlInsertLines, lines}, {sqlInsertCharges, charges}, {sqlInsertMoves, moves}, {sqlInsertReadings, readings}, {sqlInsertEvents, events}} {
		if err := t.insertRows(ctx, part.into, "", part.rows); err != nil {
			return err
		}
	}
	return nil
}
