package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/exodrive/exodrive"
)

// Bookings is a page of the bookings that staff asks for, by the day of pick-up, the
// latest first, and their number.
func (q queries) Bookings(ctx context.Context, ask exodrive.BookingQuery, page exodrive.PageQuery) ([]exodrive.BookingRow, int, error) {
	total := 0
	count := bookingsWhere(`SELECT COUNT(*) FROM bookings b WHERE TRUE`, ask)
	if err := q.row(ctx, count.text.String(), count.args...).scan(&total); err != nil {
		return nil, 0, err
	}
	s := bookingsWhere(`SELECT `+bookingRowColumns+` FROM `+bookingRowTables+` WHERE TRUE`, ask)
	s.add(` ORDER BY b.start_date DESC, b.id DESC LIMIT ? OFFSET ?`, page.Limit, (page.Page-1)*page.Limit)
	rows, err := collect(ctx, q, scanBookingRow, s.text.String(), s.args...)
	return rows, total, err
}

const bookingRowColumns = `b.id, b.state, b.hold_until, b.car_id, c.name, b.customer_id, b.first_name, b.last_name, b.email, b.phone,
	b.start_date, b.end_date, b.pickup_at, b.return_at, b.total, b.currency, b.version, b.created_at,
	p.id, p.slug, p.name, p.city, r.id, r.slug, r.name, r.city,
	CASE WHEN b.state IN ('active', 'returned', 'completed') THEN b.terms ELSE '{}' END`

// The terms are long, and read only where the days that were paid for may be others than
// those of the booking, see exodrive.Booking.PaidDays.
const bookingRowTables = `bookings b JOIN cars c ON c.id = b.car_id
	JOIN locations p ON p.id = b.pickup_location_id JOIN locations r ON r.id = b.return_location_id`

// BookingsAfter are at most so many of the bookings that staff asks for, in the order of
// Bookings, that follow one; nil: the first.
func (q queries) BookingsAfter(ctx context.Context, ask exodrive.BookingQuery, last *exodrive.BookingRow, most int) ([]exodrive.BookingRow, error) {
	s := bookingsWhere(`SELECT `+bookingRowColumns+` FROM `+bookingRowTables+` WHERE TRUE`, ask)
	if last != nil {
		s.add(` AND (b.start_date, b.id) < (?, ?)`, last.FirstDay, last.ID)
	}
	s.add(` ORDER BY b.start_date DESC, b.id DESC LIMIT ?`, most)
	return collect(ctx, q, scanBookingRow, s.text.String(), s.args...)
}

func scanBookingRow(r scanner) (b exodrive.BookingRow, err error) {
	var hold sql.NullInt64
	var of exodrive.Booking
	err = r.Scan(&b.ID, &b.State, &hold, &b.CarID, &b.CarName, &b.CustomerID, &b.Customer.FirstName, &b.Customer.LastName, &b.Customer.Email, &b.Customer.Phone,
		&b.FirstDay, &b.LastDay, &b.PickupAt, &b.ReturnAt, &b.Total.Amount, &b.Total.Currency, &b.Version, instant{&b.CreatedAt},
		&b.Pickup.ID, &b.Pickup.Slug, &b.Pickup.Name, &b.Pickup.City, &b.Return.ID, &b.Return.Slug, &b.Return.Name, &b.Return.City, asJSON{&of.Terms})
	of.Days = exodrive.Days{Start: b.FirstDay, End: b.LastDay}
	b.Days = of.PaidDays()
	b.LastDay-- // stored half-open
	if hold.Valid {
		until := time.UnixMilli(hold.Int64).UTC()
		b.HoldUntil = &until
	}
	return b, err
}

// BookingsOn are the bookings that have days of a car which the workshop cannot have, of some
// days, the first day first.
func (q queries) BookingsOn(ctx context.Context, carID string, days exodrive.Days) ([]exodrive.BookingRow, error) {
	return collect(ctx, q, scanBookingRow, sqlBookingsOn, carID, days.Start, days.End)
}

const sqlBookingsOn = `SELECT ` + bookingRowColumns + ` FROM ` + bookingRowTables + `
	WHERE b.id IN (SELECT t.id FROM car_availability d JOIN bookings t ON t.id = d.booking_id WHERE d.car_id = $1 AND d.date >= $2 AND d.date < $3
		AND (d.date < t.end_date OR t.return_location_id <> t.pickup_location_id)) ORDER BY b.start_date, b.id`

// bookingsWhere adds what a question picks out to a statement about bookings b.
func bookingsWhere(text string, ask exodrive.BookingQuery) *statement {
	s := new(statement).add(text)
	if len(ask.States) > 0 {
		s.add(` AND b.state IN (`+marks(len(ask.States))+`)`, anys(ask.States)...)
	}
	if ask.CarID != "" {
		s.add(` AND b.car_id = ?`, ask.CarID)
	}
	if ask.CustomerID != "" {
		s.add(` AND b.customer_id = ?`, ask.CustomerID)
	}
	if ask.Email != "" {
		s.add(` AND b.email = ?`, ask.Email)
	}
	if ask.From != 0 {
		s.add(` AND b.end_date > ?`, ask.From)
	}
	if ask.To != 0 {
		s.add(` AND b.start_date <= ?`, ask.To)
	}
	if ask.Search != "" {
		e := personFound("b", ask.Search)
		s.add(` AND `+e.text, e.args...)
	}
	return s
}
