package sqlstore

import (
	"context"
	"errors"

	"github.com/exodrive/exodrive"
)

// InsertReading keeps what was read off the car of a booking; each event has one.
func (t *Tx) InsertReading(ctx context.Context, bookingID string, r *exodrive.Reading) error {
	return t.insertRows(ctx, sqlInsertReadings, "", [][]any{readingValues(bookingID, r)})
}

func readingValues(bookingID string, r *exodrive.Reading) []any {
	return []any{bookingID, r.Event, ms(r.At), r.CarID, r.Odometer, r.Fuel, r.Note, r.By}
}

const sqlInsertReadings = `INSERT INTO booking_readings (booking_id, event, at, car_id, odometer, fuel, note, actor) VALUES `

// CorrectReading alters what was read off the car of a booking at an event, and who says so.
func (t *Tx) CorrectReading(ctx context.Context, bookingID string, r *exodrive.Reading) error {
	return t.exec(ctx, sqlCorrectReading, bookingID, r.Event, r.Odometer, r.Fuel, r.By)
}

const sqlCorrectReading = `UPDATE booking_readings SET odometer = $3, fuel = $4, actor = $5 WHERE booking_id = $1 AND event = $2`

// Readings are those of a booking, the first before the second.
func (q queries) Readings(ctx context.Context, bookingID string) ([]exodrive.Reading, error) {
	return collect(ctx, q, func(r scanner) (x exodrive.Reading, err error) {
		return x, r.Scan(&x.Event, instant{&x.At}, &x.CarID, &x.Odometer, &x.Fuel, &x.Note, &x.By)
	}, sqlReadings, bookingID)
}

const sqlReadings = `SELECT event, at, car_id, odometer, fuel, note, actor FROM booking_readings WHERE booking_id = $1 ORDER BY event`

// OutWith is the booking that a car is out with, or empty.
func (q queries) OutWith(ctx context.Context, carID string) (id string, err error) {
	err = q.row(ctx, sqlOutWith, carID).scan(&id)
	if errors.Is(err, errNoRow) {
		err = nil
	}
	return id, err
}

const sqlOutWith = `SELECT id FROM bookings WHERE car_id = $1 AND state = 'active' ORDER BY id LIMIT 1`

// Odometer is what a car's odometer was last known to show.
func (q queries) Odometer(ctx context.Context, carID string) (n int, err error) {
	return n, q.row(ctx, sqlOdometer, carID).scan(&n)
}

const sqlOdometer = `SELECT odometer FROM cars WHERE id = $1`

// SetOdometer notes what a car's odometer shows. The car counts it as an edit, so that
// whoever edits what he read before cannot turn it back unawares.
func (t *Tx) SetOdometer(ctx context.Context, carID string, odometer int) error {
	return t.exec(ctx, sqlSetOdometer, carID, odometer, ms(t.Now))
}

const sqlSetOdometer = `UPDATE cars SET odometer = $2, version = version + 1, updated_at = $3 WHERE id = $1`

// SetBookingDays gives a booking other days, and the day rows that it has beyond them
// back: those from its end on are maintenance, as turnaround is. Days that it gets more
// are taken before, by TakeDays.
func (t *Tx) SetBookingDays(ctx context.Context, b *exodrive.Booking) error {
	if err := t.exec(ctx, sqlSetBookingDays, b.ID, b.Days.Start, b.Days.End, b.BlockedUntil); err != nil {
		return err
	}
	if err := t.exec(ctx, sqlFreeDaysBeyond, b.ID, b.Days.Start, b.BlockedUntil); err != nil {
		return err
	}
	return t.exec(ctx, sqlDaysAfter, b.ID, b.Days.End)
}

const sqlSetBookingDays = `UPDATE bookings SET start_date = $2, end_date = $3, blocked_until = $4 WHERE id = $1`

const sqlFreeDaysBeyond = `DELETE FROM car_availability WHERE booking_id = $1 AND (date < $2 OR date >= $3)`

const sqlDaysAfter = `UPDATE car_availability SET status = 'maintenance' WHERE booking_id = $1 AND date >= $2 AND status <> 'maintenance'`
