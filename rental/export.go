package rental

import (
	"context"
	"fmt"

	"github.com/exodrive/exodrive"
)

// exportBatch is how many bookings of an export are in memory at once.
const exportBatch = 500

// ExportBookings are the next of the bookings that staff asks for, in the order of
// Bookings, after the last one that was given, and none after the last of all. One that
// is moved to other days between two calls may be missed or come twice.
func (s *Service) ExportBookings(ctx context.Context, who exodrive.Actor, ask exodrive.BookingQuery, last *exodrive.BookingRow) ([]exodrive.ExportedBooking, error) {
	if err := who.May(exodrive.ScopeRead); err != nil {
		return nil, err
	}
	var err error
	if ask.CarID, err = s.filtered(ctx, ask.CarID); err != nil {
		return nil, err
	}
	rows, err := s.store.BookingsAfter(ctx, ask, last, exportBatch)
	if err != nil {
		return nil, err
	}
	money, err := s.store.MoneyOfAll(ctx, rows)
	if err != nil {
		return nil, err
	}
	out := make([]exodrive.ExportedBooking, len(rows))
	for i, row := range rows {
		m := money[row.ID]
		account, err := exodrive.NewAccount(&exodrive.Booking{ID: row.ID, State: row.State, Total: row.Total}, m.Charges, m.Fee, m.Moves)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", row.ID, err)
		}
		out[i] = exodrive.ExportedBooking{BookingRow: row, Account: account}
	}
	return out, nil
}
