package sqlstore

import (
	"context"
	"slices"

	"github.com/exodrive/exodrive"
)

// TakeDays gives days of a car to a booking and returns those that are somebody's already,
// in order. If there are any, the caller must give up its transaction: the other days were
// taken.
//
// Right on both engines and without a lock: each day is one row under a unique
// index, so of two transactions that want a day, the second waits for the first
// and then finds its row missing from what was inserted. Rows go in by date, so
// two such transactions never wait for each other.
func (t *Tx) TakeDays(ctx context.Context, carID string, days exodrive.Days, status exodrive.DayStatus, bookingID string) (taken []exodrive.Date, err error) {
	return t.takeDays(ctx, carID, days, status, bookingID, leaveTaken)
}

const leaveTaken = ` ON CONFLICT DO NOTHING RETURNING date`

func (t *Tx) takeDays(ctx context.Context, carID string, days exodrive.Days, status exodrive.DayStatus, bookingID, onConflict string) (taken []exodrive.Date, err error) {
	var s statement
	s.add(sqlInsertDays)
	comma := ""
	for d := range days.All() {
		s.add(comma+"(?, ?, ?, ?)", carID, d, status, orNull(bookingID))
		comma = ", "
	}
	if comma == "" {
		return nil, nil
	}
	s.add(onConflict)
	got, err := collect(ctx, t.queries, func(r scanner) (d exodrive.Date, err error) {
		return d, r.Scan(&d)
	}, s.text.String(), s.args...)
	if err != nil {
		return nil, err
	}
	for d := range days.All() {
		if !slices.Contains(got, d) {
			taken = append(taken, d)
		}
	}
	return taken, nil
}

// TakeTurnaround gives a booking those of the days behind its rental that are free, and
// returns the others, in order, with who has them. The workshop may keep its own:
// FreeMaintenance hands them to the booking. The caller has the car's row, so nobody gives a
// day back meanwhile; one that was counts as a booking's.
func (t *Tx) TakeTurnaround(ctx context.Context, carID string, days exodrive.Days, bookingID string) ([]exodrive.TakenDay, error) {
	left, err := t.TakeDays(ctx, carID, days, exodrive.DayMaintenance, bookingID)
	if err != nil || len(left) == 0 {
		return nil, err
	}
	taken, err := t.TakenDays(ctx, carID, days, bookingID)
	others := make([]exodrive.TakenDay, len(left))
	for i, day := range left {
		others[i] = exodrive.TakenDay{Date: day, Workshop: slices.Contains(taken, exodrive.TakenDay{Date: day, Workshop: true})}
	}
	return others, err
}

// TakenDays are those of some days of a car that somebody has who is not a booking, in
// order.
func (q queries) TakenDays(ctx context.Context, carID string, days exodrive.Days, but string) ([]exodrive.TakenDay, error) {
	return collect(ctx, q, func(r scanner) (d exodrive.TakenDay, err error) {
		return d, r.Scan(&d.Date, &d.Workshop)
	}, sqlTakenDays, carID, days.Start, days.End, but)
}

const sqlTakenDays = `SELECT date, status = 'maintenance' AND booking_id IS NULL FROM car_availability
	WHERE car_id = $1 AND date >= $2 AND date < $3 AND (booking_id IS NULL OR booking_id <> $4) ORDER BY date`

// TakeMaintenance gives days of a car to the workshop, those that are free and those that
// are turnaround of a booking whose car is back where it left, and returns the others as
// TakeDays does.
func (t *Tx) TakeMaintenance(ctx context.Context, carID string, days exodrive.Days) ([]exodrive.Date, error) {
	return t.takeDays(ctx, carID, days, exodrive.DayMaintenance, "", orTurnaround)
}

const orTurnaround = ` ON CONFLICT (car_id, date) DO UPDATE SET booking_id = NULL
	WHERE EXISTS (SELECT 1 FROM bookings b WHERE b.id = car_availability.booking_id AND b.end_date <= car_availability.date
		AND b.return_location_id = b.pickup_location_id) RETURNING date`

// FreeMaintenance takes days of a car from the workshop, and tells how many of them are
// free then, and how many are turnaround of a booking, which has them from now on. The
// caller has the car's row, so no booking comes in between.
func (t *Tx) FreeMaintenance(ctx context.Context, carID string, days exodrive.Days) (freed, turnaround int64, err error) {
	if turnaround, err = t.affected(ctx, sqlHandTurnaround, carID, days.Start, days.End); err != nil {
		return 0, 0, err
	}
	freed, err = t.affected(ctx, sqlFreeMaintenance, carID, days.Start, days.End)
	return freed, turnaround, err
}

// No two bookings that take days have a day of turnaround in common.
const sqlHandTurnaround = `UPDATE car_availability SET booking_id = b.id FROM bookings b
	WHERE car_availability.car_id = $1 AND date >= $2 AND date < $3 AND status = 'maintenance' AND booking_id IS NULL
	AND b.car_id = $1 AND b.end_date <= date AND b.blocked_until > date AND b.state IN ('held', 'confirmed', 'active', 'returned', 'completed')`

const sqlFreeMaintenance = `DELETE FROM car_availability
	WHERE car_id = $1 AND date >= $2 AND date < $3 AND status = 'maintenance' AND booking_id IS NULL`

// Blocks are the days from one on that maintenance has of a car, belonging to no
// booking, as ranges, at most 1,000 days of them.
func (q queries) Blocks(ctx context.Context, carID string, from exodrive.Date) ([]exodrive.Days, error) {
	blocks := []exodrive.Days{}
	err := q.each(ctx, sqlBlocks, []any{carID, from}, func(r scanner) error {
		var d exodrive.Date
		if err := r.Scan(&d); err != nil {
			return err
		}
		if n := len(blocks); n > 0 && blocks[n-1].End == d {
			blocks[n-1].End++
		} else {
			blocks = append(blocks, exodrive.Days{Start: d, End: d + 1})
		}
		return nil
	})
	return blocks, err
}

const sqlBlocks = `SELECT date FROM car_availability
	WHERE car_id = $1 AND date >= $2 AND status = 'maintenance' AND booking_id IS NULL ORDER BY date LIMIT 1000`

// DayRow is a day of a car that is not free.
type DayRow struct {
	CarID     string
	Date      exodrive.Date
	Status    exodrive.DayStatus
	BookingID string
}

// InsertDays stores days; one that is taken already is a conflict.
func (t *Tx) InsertDays(ctx context.Context, list []DayRow) error {
	return t.insertRows(ctx, sqlInsertDays, "", rowsOf(list, func(d *DayRow) []any {
		return []any{d.CarID, d.Date, d.Status, orNull(d.BookingID)}
	}))
}

const sqlInsertDays = `INSERT INTO car_availability (car_id, date, status, booking_id) VALUES `
