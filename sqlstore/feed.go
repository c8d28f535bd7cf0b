package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/exodrive/exodrive"
)

// CalendarVersion is the version of the link to the calendar of a car, by its id, or of
// the fleet: 1 until it is renewed.
func (q queries) CalendarVersion(ctx context.Context, of string) (version int64, err error) {
	err = q.row(ctx, sqlCalendarVersion, of).scan(&version)
	if errors.Is(err, errNoRow) {
		return 1, nil
	}
	return version, err
}

const sqlCalendarVersion = `SELECT version FROM calendar_links WHERE subject = $1`

// RenewCalendar raises that version.
func (t *Tx) RenewCalendar(ctx context.Context, of string) (version int64, err error) {
	err = t.row(ctx, sqlRenewCalendar, of).scan(&version)
	return version, err
}

const sqlRenewCalendar = `INSERT INTO calendar_links (subject, version) VALUES ($1, 2)
	ON CONFLICT (subject) DO UPDATE SET version = calendar_links.version + 1 RETURNING version`

// FeedOf are the bookings of a car, or of the fleet for "", that began after a day and end
// after another, in their order, and at most so many. Holds that ran out are left out.
func (q queries) FeedOf(ctx context.Context, carID string, begun, ends exodrive.Date, most int) ([]exodrive.FeedEntry, error) {
	text, args := sqlFeedOfFleet, []any{begun, ends, most}
	if carID != "" {
		text, args = sqlFeedOfCar, append(args, carID)
	}
	return collect(ctx, q, scanFeedEntry, text, args...)
}

const (
	// Where a trip ends at the place where it began, the booking's own zone is that of both
	// ends; the accepted terms are long, and read only where they say more.
	sqlFeed = `SELECT b.id, b.state, c.name, b.first_name, b.last_name, b.pickup_at, b.zone, p.name, b.return_at, r.zone, r.name,
		CASE WHEN b.return_location_id = b.pickup_location_id THEN '{}' ELSE b.terms END, b.return_location_id = b.pickup_location_id,
		COALESCE((SELECT at FROM booking_readings WHERE booking_id = b.id AND event = 'hand_over'), 0),
		COALESCE((SELECT at FROM booking_readings WHERE booking_id = b.id AND event = 'take_back'), 0),
		b.version, b.created_at, b.updated_at
		FROM bookings b JOIN cars c ON c.id = b.car_id JOIN locations p ON p.id = b.pickup_location_id JOIN locations r ON r.id = b.return_location_id
		WHERE b.start_date > $1 AND b.end_date > $2 AND b.state <> 'expired'`
	feedOrder = ` ORDER BY b.start_date, b.id LIMIT $3`

	sqlFeedOfFleet = sqlFeed + feedOrder
	sqlFeedOfCar   = sqlFeed + ` AND b.car_id = $4` + feedOrder
)

func scanFeedEntry(r scanner) (e exodrive.FeedEntry, err error) {
	var renter exodrive.Contact
	var pickup, pickupZone, back, backZone string
	var terms struct{ Return struct{ Zone string } }
	var round bool
	var left, returned int64
	err = r.Scan(&e.BookingID, &e.State, &e.Car, &renter.FirstName, &renter.LastName, &pickup, &pickupZone, &e.PickupPlace, &back, &backZone, &e.ReturnPlace,
		asJSON{&terms}, &round, &left, &returned, &e.Sequence, instant{&e.Created}, instant{&e.Updated})
	if err != nil {
		return e, err
	}
	// The zone that was agreed, whatever zone the place has by now.
	if round {
		backZone = pickupZone
	} else if terms.Return.Zone != "" {
		backZone = terms.Return.Zone
	}
	e.Renter, e.Sequence = renter.Signature(), e.Sequence-1
	if e.Pickup, err = wallClock(pickup, pickupZone); err == nil {
		e.Return, err = wallClock(back, backZone)
	}
	// What happened earlier than agreed, as the days of the booking have it, too.
	if at := instantOrNil(left); at != nil && at.Before(e.Pickup) {
		e.Pickup = *at
	}
	if at := instantOrNil(returned); at != nil && at.Before(e.Return) {
		e.Return = *at
	}
	return e, err
}

// wallClock is the instant of a wall-clock time as bookings have it.
func wallClock(text, zone string) (time.Time, error) {
	loc, err := exodrive.LoadZone(zone)
	if err != nil {
		return time.Time{}, fmt.Errorf("zone of a place: %w", err)
	}
	t, err := time.ParseInLocation("2006-01-02T15:04", text, loc)
	if err != nil {
		return t, fmt.Errorf("time of a booking: %w", err)
	}
	return t, nil
}
