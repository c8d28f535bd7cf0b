package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/exodrive/exodrive"
)

const bookingColumns = `id, car_id, customer_id, state, start_date, end_date, blocked_until, pickup_at, return_at, zone,
	pickup_location_id, return_location_id, currency, total, deposit, first_name, last_name, email, phone, hold_until, hold_by,
	coupon_id, trip, terms, link_version, version, created_at, updated_at`

func bookingValues(b *exodrive.Booking) []any {
	return []any{
		b.ID, b.CarID, b.CustomerID, b.State, b.Days.Start, b.Days.End, b.BlockedUntil, b.PickupAt, b.ReturnAt, b.Zone,
		b.PickupPlace, b.ReturnPlace, b.Total.Currency, b.Total.Amount, b.Deposit.Amount,
		b.Contact.FirstName, b.Contact.LastName, b.Contact.Email, b.Contact.Phone, msOrNull(b.HoldUntil), b.HoldBy,
		orNull(b.CouponID), jsonText(b.Trip), jsonText(b.Terms), max(1, b.LinkVersion), b.Version, ms(b.CreatedAt), ms(b.UpdatedAt),
	}
}

func scanBooking(r scanner) (b exodrive.Booking, err error) {
	var hold sql.NullInt64
	var coupon sql.NullString
	err = r.Scan(&b.ID, &b.CarID, &b.CustomerID, &b.State, &b.Days.Start, &b.Days.End, &b.BlockedUntil, &b.PickupAt, &b.ReturnAt, &b.Zone,
		&b.PickupPlace, &b.ReturnPlace, &b.Total.Currency, &b.Total.Amount, &b.Deposit.Amount,
		&b.Contact.FirstName, &b.Contact.LastName, &b.Contact.Email, &b.Contact.Phone, &hold, &b.HoldBy,
		&coupon, asJSON{&b.Trip}, asJSON{&b.Terms}, &b.LinkVersion, &b.Version, instant{&b.CreatedAt}, instant{&b.UpdatedAt})
	b.Deposit.Currency, b.CouponID = b.Total.Currency, coupon.String
	if hold.Valid {
		b.HoldUntil = time.UnixMilli(hold.Int64).UTC()
	}
	return b, err
}

// msOrNull stores no instant as NULL.
func msOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return ms(t)
}

// InsertBooking stores a booking, not its days. On Postgres a booking that
// overlaps another that occupies its days is a conflict.
func (t *Tx) InsertBooking(ctx context.Context, b *exodrive.Booking) error {
	return t.insertRows(ctx, sqlInsertBookings, "", [][]any{bookingValues(b)})
}

const sqlInsertBookings = `INSERT INTO bookings (` + bookingColumns + `) VALUES `

// InsertBookings stores many bookings, not their days.
func (t *Tx) InsertBookings(ctx context.Context, list []exodrive.Booking) error {
	return t.insertRows(ctx, sqlInsertBookings, "", rowsOf(list, bookingValues))
}

// Booking is one booking by its id.
func (q queries) Booking(ctx context.Context, id string) (*exodrive.Booking, error) {
	list, err := collect(ctx, q, scanBooking, sqlBooking, id)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, exodrive.Errorf(exodrive.NotFound, "There is no such booking.")
	}
	return &list[0], nil
}

const sqlBooking = `SELECT ` + bookingColumns + ` FROM bookings WHERE id = $1`

// SetBookingState moves a booking from one state to the next. It is a conflict if
// somebody else moved it first, which the car's lock excludes.
func (t *Tx) SetBookingState(ctx context.Context, b *exodrive.Booking, next exodrive.BookingState) error {
	n, err := t.affected(ctx, sqlSetBookingState, b.ID, next, ms(t.Now), b.Version)
	if err == nil && n == 0 {
		err = exodrive.Errorf(exodrive.Stale, "This booking was changed meanwhile; look at it again.")
	}
	b.State, b.Version, b.HoldUntil, b.HoldBy = next, b.Version+1, time.Time{}, ""
	return err
}

const sqlSetBookingState = `UPDATE bookings SET state = $2, hold_until = NULL, hold_by = '', version = version + 1, updated_at = $3
	WHERE id = $1 AND version = $4`

// OverdueHolds are the bookings of a car whose hold is over at an instant.
func (q queries) OverdueHolds(ctx context.Context, carID string, now time.Time) ([]exodrive.Booking, error) {
	return collect(ctx, q, scanBooking, sqlOverdueHolds, carID, ms(now))
}

const sqlOverdueHolds = `SELECT ` + bookingColumns + ` FROM bookings WHERE car_id = $1 AND state = 'held' AND hold_until <= $2 ORDER BY id`

// CarsWithOverdueHolds are the cars that have a hold which is over at an instant, in
// order.
func (q queries) CarsWithOverdueHolds(ctx context.Context, now time.Time) ([]string, error) {
	return collect(ctx, q, scanID, sqlCarsWithOverdueHolds, ms(now))
}

const sqlCarsWithOverdueHolds = `SELECT DISTINCT car_id FROM bookings WHERE state = 'held' AND hold_until <= $1 ORDER BY car_id`

// FreeDays gives the days of a booking back and tells how many they were.
func (t *Tx) FreeDays(ctx context.Context, bookingID string) (int64, error) {
	return t.affected(ctx, sqlFreeDays, bookingID)
}

const sqlFreeDays = `DELETE FROM car_availability WHERE booking_id = $1`

// MarkDaysBooked turns the held days of a booking into booked ones.
func (t *Tx) MarkDaysBooked(ctx context.Context, bookingID string) error {
	return t.exec(ctx, sqlMarkDaysBooked, bookingID)
}

const sqlMarkDaysBooked = `UPDATE car_availability SET status = 'booked' WHERE booking_id = $1 AND status = 'held'`

// OpenHolds is how many holds are open of an e-mail address, and of who holds.
func (q queries) OpenHolds(ctx context.Context, email, holdBy string, now time.Time) (ofEmail, ofHolder int, err error) {
	err = q.row(ctx, sqlOpenHolds, email, holdBy, ms(now)).scan(&ofEmail, &ofHolder)
	return ofEmail, ofHolder, err
}

const sqlOpenHolds = `SELECT COUNT(*) FILTER (WHERE email = $1), COUNT(*) FILTER (WHERE hold_by = $2) FROM bookings
	WHERE state = 'held' AND hold_until > $3 AND (email = $1 OR hold_by = $2)`

// CustomerFor is the id of the customer with a contact's e-mail address, which is in
// lower case: a new one with the id, or the one who is there, whose row stays as it
// is and locked until the transaction ends.
func (t *Tx) CustomerFor(ctx context.Context, id string, c exodrive.Contact) (string, error) {
	if err := t.exec(ctx, sqlNewCustomer, id, c.Email, c.FirstName, c.LastName, c.Phone, ms(t.Now)); err != nil {
		return "", err
	}
	return id, t.row(ctx, sqlCustomerByEmail+t.d.lockRow, c.Email).scan(&id)
}

const sqlNewCustomer = `INSERT INTO customers (id, email, first_name, last_name, phone, created_at) VALUES ($1, $2, $3, $4, $5, $6)
	ON CONFLICT (email) DO NOTHING`

const sqlCustomerByEmail = `SELECT id FROM customers WHERE email = $1`

// InsertCustomers stores new customers, whose addresses must be in lower case.
func (t *Tx) InsertCustomers(ctx context.Context, list []exodrive.Customer) error {
	return t.insertRows(ctx, sqlInsertCustomers, "", rowsOf(list, func(c *exodrive.Customer) []any {
		return []any{c.ID, c.Email, c.FirstName, c.LastName, c.Phone, ms(c.CreatedAt)}
	}))
}

const sqlInsertCustomers = `INSERT INTO customers (id, email, first_name, last_name, phone, created_at) VALUES `

// InsertLines stores the lines of a booking's price.
func (t *Tx) InsertLines(ctx context.Context, bookingID string, lines []exodrive.Line) error {
	return t.insertRows(ctx, sqlInsertLines, "", lineRows(bookingID, lines))
}

func lineRows(bookingID string, lines []exodrive.Line) [][]any {
	rows := make([][]any, len(lines))
	for i, l := range lines {
		rows[i] = []any{bookingID, i, l.Kind, l.Label, l.Quantity, l.Unit.Amount, l.Amount.Amount, l.Included}
	}
	return rows
}

const sqlInsertLines = `INSERT INTO booking_lines (booking_id, position, kind, label, quantity, unit, amount, included) VALUES `

// BookingLines are the lines of a booking's price as they were accepted.
func (q queries) BookingLines(ctx context.Context, bookingID string, currency exodrive.Currency) ([]exodrive.Line, error) {
	return collect(ctx, q, func(r scanner) (l exodrive.Line, err error) {
		l.Unit.Currency, l.Amount.Currency = currency, currency
		return l, r.Scan(&l.Kind, &l.Label, &l.Quantity, &l.Unit.Amount, &l.Amount.Amount, &l.Included)
	}, sqlBookingLines, bookingID)
}

const sqlBookingLines = `SELECT kind, label, quantity, unit, amount, included FROM booking_lines WHERE booking_id = $1 ORDER BY position`

// EventRow is something that happened to a booking.
type EventRow struct {
	ID, BookingID, Event       string
	ActorID, ActorName, Reason string
	RequestID                  string
	Before, After              any // what changed; stored as JSON
}

// InsertEvent writes an event in the transaction of what happened.
func (t *Tx) InsertEvent(ctx context.Context, e EventRow) error {
	return t.insertRows(ctx, sqlInsertEvents, "", [][]any{e.values(t.Now)})
}

func (e *EventRow) values(at time.Time) []any {
	return []any{e.ID, e.BookingID, ms(at), e.Event, e.ActorID, e.ActorName, e.RequestID, e.Reason, jsonText(e.Before), jsonText(e.After)}
}

const sqlInsertEvents = `INSERT INTO booking_events (id, booking_id, at, event, actor_id, actor_name, request_id, reason, before, after) VALUES `

// Events are what happened to a booking, the first first.
func (q queries) Events(ctx context.Context, bookingID string) ([]exodrive.Happened, error) {
	return collect(ctx, q, func(r scanner) (h exodrive.Happened, err error) {
		return h, r.Scan(&h.ID, instant{&h.At}, &h.Event, &h.By, &h.RequestID, &h.Reason, asJSON{&h.Before}, asJSON{&h.After})
	}, sqlEvents, bookingID)
}

const sqlEvents = `SELECT id, at, event, actor_name, request_id, reason, before, after FROM booking_events WHERE booking_id = $1 ORDER BY id`

// KeyRow is a call with an Idempotency-Key that made a booking.
type KeyRow struct {
	Caller, Route, KeyHash string
	Fingerprint            string // of the body
	BookingID              string
}

// KeyOf fills in what a call with the same key made before; found is false for a new
// key.
func (q queries) KeyOf(ctx context.Context, k *KeyRow) (found bool, err error) {
	err = q.row(ctx, sqlKeyOf, k.Caller, k.Route, k.KeyHash).scan(&k.Fingerprint, &k.BookingID)
	if errors.Is(err, errNoRow) {
		return false, nil
	}
	return err == nil, err
}

const sqlKeyOf = `SELECT fingerprint, booking_id FROM idempotency_keys WHERE caller = $1 AND route = $2 AND key_hash = $3`

// InsertKey remembers a key; one that is there already is a conflict.
func (t *Tx) InsertKey(ctx context.Context, k KeyRow) error {
	return t.exec(ctx, sqlInsertKey, k.Caller, k.Route, k.KeyHash, k.Fingerprint, k.BookingID, ms(t.Now))
}

const sqlInsertKey = `INSERT INTO idempotency_keys (caller, route, key_hash, fingerprint, booking_id, created_at) VALUES ($1, $2, $3, $4, $5, $6)`
