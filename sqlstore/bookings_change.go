package sqlstore

import (
	"context"

	"github.com/exodrive/exodrive"
)

// ChangeBooking stores what a change made of a booking, and raises its version. Its state,
// contact and who holds it stay. It is stale if somebody else changed it first, which the
// car's lock excludes.
func (t *Tx) ChangeBooking(ctx context.Context, b *exodrive.Booking) error {
	n, err := t.affected(ctx, sqlChangeBooking, b.ID, b.CarID, b.Days.Start, b.Days.End, b.BlockedUntil, b.PickupAt, b.ReturnAt, b.Zone,
		b.PickupPlace, b.ReturnPlace, b.Total.Amount, b.Deposit.Amount, msOrNull(b.HoldUntil), jsonText(b.Trip), jsonText(b.Terms),
		max(1, b.LinkVersion), ms(t.Now), b.Version)
	if err == nil && n == 0 {
		err = exodrive.Errorf(exodrive.Stale, "This booking was changed meanwhile; look at it again.")
	}
	b.Version, b.UpdatedAt = b.Version+1, t.Now.UTC()
	return err
}

const sqlChangeBooking = `UPDATE bookings SET car_id = $2, start_date = $3, end_date = $4, blocked_until = $5, pickup_at = $6, return_at = $7, zone = $8,
	pickup_location_id = $9, return_location_id = $10, total = $11, deposit = $12, hold_until = $13, trip = $14, terms = $15,
	link_version = $16, updated_at = $17, version = version + 1 WHERE id = $1 AND version = $18`

// FreeOtherDays gives the days of a booking back that are not among some days of a car.
func (t *Tx) FreeOtherDays(ctx context.Context, bookingID, carID string, days exodrive.Days) error {
	return t.exec(ctx, sqlFreeOtherDays, bookingID, carID, days.Start, days.End)
}

const sqlFreeOtherDays = `DELETE FROM car_availability WHERE booking_id = $1 AND (car_id <> $2 OR date < $3 OR date >= $4)`

// MarkDays gives the days of a booking the status of its rental, and those from its
// end on, which are its turnaround, that of maintenance.
func (t *Tx) MarkDays(ctx context.Context, bookingID string, end exodrive.Date, status exodrive.DayStatus) error {
	if err := t.exec(ctx, sqlMarkRental, bookingID, end, status); err != nil {
		return err
	}
	return t.exec(ctx, sqlMarkTurnaround, bookingID, end)
}

const sqlMarkRental = `UPDATE car_availability SET status = $3 WHERE booking_id = $1 AND date < $2 AND status <> $3`

const sqlMarkTurnaround = `UPDATE car_availability SET status = 'maintenance' WHERE booking_id = $1 AND date >= $2 AND status <> 'maintenance'`

// DeleteLines removes the lines of a booking's price, for others in their place.
func (t *Tx) DeleteLines(ctx context.Context, bookingID string) error {
	return t.exec(ctx, sqlDeleteLines, bookingID)
}

const sqlDeleteLines = `DELETE FROM booking_lines WHERE booking_id = $1`
