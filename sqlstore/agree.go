package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/exodrive/exodrive"
)

// overdueGrace is how long after its end a hold may still stand: until its job was done.
const overdueGrace = 2 * time.Second

// Disagreements are sentences about bookings and days that contradict each other: two
// bookings that share a day, a booking without its days or with days of another car,
// days of a booking that takes none, and holds that should be over. None is what a
// database always holds. It reads all bookings.
func (q queries) Disagreements(ctx context.Context, now time.Time) ([]string, error) {
	var found []string
	say := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	err := q.each(ctx, sqlOverlapping, nil, func(r scanner) error {
		var a, b, car string
		err := r.Scan(&a, &b, &car)
		say("%s and %s overlap on %s.", a, b, car)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = q.each(ctx, sqlDaysOfBookings, nil, func(r scanner) error {
		var id string
		var state exodrive.BookingState
		var whole exodrive.Days
		var rows, mine, shop int
		err := r.Scan(&id, &state, &whole.Start, &whole.End, &rows, &mine, &shop)
		switch {
		case state.Occupies() && (mine+shop != whole.Len() || mine != rows):
			say("%s, %s, takes the %d days from %s, and has %d, of which %d are right; %d of turnaround are the workshop's.", id, state, whole.Len(), whole.Start, rows, mine, shop)
		case !state.Occupies() && rows > 0:
			say("%s is %s and has %d days.", id, state, rows)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, q.each(ctx, sqlStuckHolds, []any{ms(now.Add(-overdueGrace))}, func(r scanner) error {
		var id string
		var until time.Time
		err := r.Scan(&id, instant{&until})
		say("%s is held, and was to end at %s.", id, until.Format(time.RFC3339))
		return err
	})
}

const sqlOverlapping = `SELECT a.id, b.id, a.car_id FROM bookings a JOIN bookings b ON a.car_id = b.car_id AND a.id < b.id
	AND a.start_date < b.blocked_until AND b.start_date < a.blocked_until
	WHERE a.state IN ('held', 'confirmed', 'active', 'returned', 'completed') AND b.state IN ('held', 'confirmed', 'active', 'returned', 'completed')`

const sqlDaysOfBookings = `SELECT b.id, b.state, b.start_date, b.blocked_until, COUNT(d.date),
	COUNT(*) FILTER (WHERE d.car_id = b.car_id AND d.date >= b.start_date AND d.date < b.blocked_until
		AND (d.status = 'maintenance') = (d.date >= b.end_date)),
	(SELECT COUNT(*) FROM car_availability w WHERE w.car_id = b.car_id AND w.date >= b.end_date AND w.date < b.blocked_until
		AND w.status = 'maintenance' AND w.booking_id IS NULL AND b.return_location_id = b.pickup_location_id)
	FROM bookings b LEFT JOIN car_availability d ON d.booking_id = b.id GROUP BY b.id, b.state, b.start_date, b.blocked_until ORDER BY b.id`

const sqlStuckHolds = `SELECT id, hold_until FROM bookings WHERE state = 'held' AND hold_until < $1 ORDER BY id`
