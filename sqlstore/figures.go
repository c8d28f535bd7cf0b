package sqlstore

import (
	"context"
	"time"

	"github.com/exodrive/exodrive"
)

// Takings are what the figures of some days are made of, of a car or of the fleet for "",
// in statements that run together. A car that is not there is not_found.
func (q queries) Takings(ctx context.Context, carID string, days exodrive.Days, currency exodrive.Currency) (*exodrive.Takings, error) {
	t := &exodrive.Takings{Currency: currency}
	rentals, since, blocked, of := sqlRentals, sqlCarsSince, sqlBlocked, []any{}
	if carID != "" {
		rentals, since, blocked, of = sqlRentalsOfCar, sqlCarSince, sqlBlockedOfCar, []any{carID}
	}
	g, gctx := q.parts(ctx)
	if carID != "" {
		g.Go(func() error {
			var id string
			return notFound(q.row(gctx, sqlCarIsThere, carID).scan(&id), "There is no such car.")
		})
	}
	g.Go(func() (err error) {
		t.Rentals, err = collect(gctx, q, func(r scanner) (s exodrive.RentalSum, err error) {
			return s, r.Scan(&s.Start, &s.End, &s.Archived, &s.Gone, &s.Number, &s.Total)
		}, rentals, append([]any{days.Start, days.End, currency}, of...)...)
		return err
	})
	g.Go(func() (err error) {
		t.Since, err = collect(gctx, q, func(r scanner) (c exodrive.CarsSince, err error) {
			var day int64
			err = r.Scan(&day, &c.Number)
			c.Day = dayOf(day * msPerDay)
			return c, err
		}, since, of...)
		return err
	})
	g.Go(func() (err error) {
		t.Blocked, err = collect(gctx, q, func(r scanner) (b exodrive.BlockedDay, err error) { return b, r.Scan(&b.Day, &b.Number) },
			blocked, append([]any{days.Start, days.End}, of...)...)
		return err
	})
	return t, g.Wait()
}

const msPerDay = 24 * 60 * 60 * 1000

// dayOf is the civil day, in UTC, of an instant as it is stored.
func dayOf(ms int64) exodrive.Date { return exodrive.DateOf(time.UnixMilli(ms).UTC()) }

// Bookings of the same days are one row: some thousand in a year, however many they are.
// Which states count is said by those that do not, so that nobody looks for them by the
// index of states, which leads to all that ever was.
const (
	sqlRentals = `SELECT ` + rentalsOf + rentalsBy

	sqlRentalsOfCar = `SELECT ` + rentalsOf + ` AND b.car_id = $4` + rentalsBy

	rentalsOf = `b.start_date, b.end_date, c.hidden, b.state IN ('cancelled', 'no_show') AS gone, COUNT(*), CAST(SUM(b.total) AS BIGINT)
		FROM bookings b JOIN cars c ON c.id = b.car_id
		WHERE b.end_date > $1 AND b.start_date < $2 AND b.currency = $3
		AND b.state NOT IN ('held', 'expired')`
	rentalsBy = ` GROUP BY b.start_date, b.end_date, c.hidden, gone ORDER BY b.start_date, b.end_date, c.hidden, gone`
)

const sqlCarIsThere = `SELECT id FROM cars WHERE id = $1`

const sqlCarsSince = `SELECT created_at / 86400000 AS day, COUNT(*) FROM cars WHERE NOT hidden GROUP BY day ORDER BY day`

const sqlCarSince = `SELECT created_at / 86400000, 1 FROM cars WHERE NOT hidden AND id = $1`

const sqlBlocked = `SELECT d.date, COUNT(*) FROM car_availability d JOIN cars c ON c.id = d.car_id
	WHERE d.date >= $1 AND d.date < $2 AND d.status = 'maintenance' AND d.booking_id IS NULL AND NOT c.hidden GROUP BY d.date ORDER BY d.date`

const sqlBlockedOfCar = `SELECT d.date, COUNT(*) FROM car_availability d JOIN cars c ON c.id = d.car_id
	WHERE d.date >= $1 AND d.date < $2 AND d.status = 'maintenance' AND d.booking_id IS NULL AND NOT c.hidden AND d.car_id = $3 GROUP BY d.date ORDER BY d.date`

// TakingsOfCars are a page of the cars by name, archived ones too, the takings of each,
// and the number of all cars.
func (q queries) TakingsOfCars(ctx context.Context, days exodrive.Days, page exodrive.PageQuery, currency exodrive.Currency) (cars []exodrive.FiguresCar, of map[string]*exodrive.Takings, total int, err error) {
	limit, offset := page.Limit, (page.Page-1)*page.Limit
	if err := q.row(ctx, sqlCountCars).scan(&total); err != nil {
		return nil, nil, 0, err
	}
	of = map[string]*exodrive.Takings{}
	cars, err = collect(ctx, q, func(r scanner) (c exodrive.FiguresCar, err error) {
		var created int64
		err = r.Scan(&c.ID, &c.Name, &c.Archived, &created)
		t := &exodrive.Takings{Currency: currency}
		if !c.Archived {
			t.Since = []exodrive.CarsSince{{Day: dayOf(created), Number: 1}}
		}
		of[c.ID] = t
		return c, err
	}, sqlFiguresCars, limit, offset)
	if err != nil {
		return nil, nil, 0, err
	}
	// What belongs to a car that came to this page meanwhile is left out: the answer is not
	// kept then.
	note := func(id string, add func(*exodrive.Takings)) {
		if t := of[id]; t != nil {
			add(t)
		}
	}
	err = q.each(ctx, sqlRentalsOfCars, []any{limit, offset, days.Start, days.End, currency}, func(r scanner) error {
		var id string
		var s exodrive.RentalSum
		err := r.Scan(&id, &s.Start, &s.End, &s.Archived, &s.Gone, &s.Number, &s.Total)
		note(id, func(t *exodrive.Takings) { t.Rentals = append(t.Rentals, s) })
		return err
	})
	if err != nil {
		return nil, nil, 0, err
	}
	err = q.each(ctx, sqlBlockedOfCars, []any{limit, offset, days.Start, days.End}, func(r scanner) error {
		var id string
		b := exodrive.BlockedDay{Number: 1}
		err := r.Scan(&id, &b.Day)
		note(id, func(t *exodrive.Takings) { t.Blocked = append(t.Blocked, b) })
		return err
	})
	return cars, of, total, err
}

const sqlFiguresCars = `SELECT id, name, hidden, created_at FROM cars ORDER BY name, id LIMIT $1 OFFSET $2`

const sqlRentalsOfCars = `WITH shown AS (SELECT id, hidden FROM cars ORDER BY name, id LIMIT $1 OFFSET $2)
	SELECT b.car_id, b.start_date, b.end_date, c.hidden, b.state IN ('cancelled', 'no_show') AS gone, COUNT(*), CAST(SUM(b.total) AS BIGINT)
	FROM bookings b JOIN shown c ON c.id = b.car_id
	WHERE b.end_date > $3 AND b.start_date < $4 AND b.currency = $5
	AND b.state NOT IN ('held', 'expired')
	GROUP BY b.car_id, b.start_date, b.end_date, c.hidden, gone ORDER BY b.car_id, b.start_date, b.end_date, gone`

const sqlBlockedOfCars = `WITH shown AS (SELECT id FROM cars WHERE NOT hidden AND id IN (SELECT id FROM cars ORDER BY name, id LIMIT $1 OFFSET $2))
	SELECT d.car_id, d.date FROM car_availability d JOIN shown c ON c.id = d.car_id
	WHERE d.date >= $3 AND d.date < $4 AND d.status = 'maintenance' AND d.booking_id IS NULL ORDER BY d.car_id, d.date`
