package rental

import (
	"context"

	"github.com/exodrive/exodrive"
)

// exportBatch is how many bookings of an export are in memory at once.
const exportBatch = 500

// ExportBookings are the next of the bookings that staff asks for, in the order of
// Bookings, after the last one that was given, and none after the last of all. One that
// is moved to other days between two calls may be missed or come twice.
func (s *Service) ExportBookings(ctx context.Context, who exodrive.Actor, ask exodrive.BookingQuery, last *exodrive.BookingRow) ([]exodrive.BookingRow, error) {
	if err := who.May(exodrive.ScopeRead); err != nil {
		return nil, err
	}
	return s.store.BookingsAfter(ctx, ask, last, exportBatch)
}
