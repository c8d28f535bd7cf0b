package e2e_test

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/sqlstore"
)

// judge holds the database against what the clients know, after the server has had time
// to end the last holds.
func (k *killed) judge(t *testing.T, url string) {
	t.Helper()
	for _, c := range k.claims { // also those that were refused: their days may be free now
		if c.asked == "answered" {
			k.book(t.Context(), c)
		}
	}
	db := openDatabase(t, url)
	eventually(t, recoverLimit, "every hold that is over was ended", func() bool {
		held := -1
		err := db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM bookings WHERE state = 'held' AND email LIKE $1`, "%"+killedDomain).Scan(&held)
		return err == nil && held == 0
	})
	store, err := sqlstore.Open(t.Context(), sqlstore.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	wrong, err := store.Disagreements(t.Context(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	wrong = append(wrong, k.faults...)
	wrong = append(wrong, k.judgeJobs(t, db)...)
	for _, c := range k.claims {
		wrong = append(wrong, c.judge(t, db)...)
	}
	if len(wrong) > 0 {
		t.Errorf("%d things are wrong:\n%s", len(wrong), strings.Join(wrong[:min(len(wrong), 20)], "\n"))
		t.Logf("the log of the server ends with:\n%s", k.tail(20))
	}
}

// kept is a booking as the database has it.
type kept struct {
	id string
	standing
	blocked exodrive.Date
}

// standing is what an event says of a booking before and after.
type standing struct {
	State     exodrive.BookingState
	CarID     string
	StartDate exodrive.Date
	EndDate   exodrive.Date
}

// judge tells what is wrong with the bookings of one call.
func (c *claim) judge(t *testing.T, db *sql.DB) (wrong []string) {
	t.Helper()
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	all := rowsOf(t, db, func(r *sql.Rows) (k kept, err error) {
		return k, r.Scan(&k.id, &k.State, &k.CarID, &k.StartDate, &k.EndDate, &k.blocked)
	}, `SELECT id, state, car_id, start_date, end_date, blocked_until FROM bookings WHERE email = $1`, c.key+killedDomain)
	switch most := map[string]int{"answered": 1, "unknown": 1}[c.asked]; {
	case len(all) > most:
		say("the call %s, %s, made %d bookings", c.key, c.asked, len(all))
	case len(all) == 0 && c.asked == "answered":
		say("the booking %s, which may be %v, is lost", c.id, c.may)
	}
	for _, k := range all {
		if c.id != "" && (k.id != c.id || !c.may[k.State]) {
			say("the booking %s, which may be %v, is %s in state %s", c.id, c.may, k.id, k.State)
		}
		if err := k.explained(t, db); err != nil {
			say("%s: %v", k.id, err)
		}
		if err := k.ownDays(t, db); err != nil {
			say("%s: %v", k.id, err)
		}
	}
	return wrong
}

// happening is one event of a booking.
type happening struct {
	event         exodrive.BookingEvent
	before, after standing
}

// explained follows the events of a booking from nothing to what is stored, and each
// through the table of states. Of two events the one that saw what the other left is the
// later; their times are those at which they began to wait for the car.
func (k *kept) explained(t *testing.T, db *sql.DB) error {
	t.Helper()
	events := rowsOf(t, db, func(r *sql.Rows) (h happening, err error) {
		var before, after string
		if err = r.Scan(&h.event, &before, &after); err == nil {
			err = errors.Join(json.Unmarshal([]byte(before), &h.before), json.Unmarshal([]byte(after), &h.after))
		}
		return h, err
	}, `SELECT event, before, after FROM booking_events WHERE booking_id = $1 ORDER BY at, id`, k.id)
	var now standing
	for n := len(events); n > 0; n-- {
		i := slices.IndexFunc(events, func(h happening) bool { return h.before == now })
		if i < 0 {
			return fmt.Errorf("%d events follow none that was before: %+v, after %+v", n, events, now)
		}
		e := events[i]
		if now != (standing{}) {
			if next, err := now.State.After(e.event); err != nil || next != e.after.State {
				return fmt.Errorf("the event %+v: %s, %w", e, next, err)
			}
		}
		now, events = e.after, slices.Delete(events, i, i+1)
	}
	if now != k.standing {
		return fmt.Errorf("its events lead to %+v, and it is %+v", now, k.standing)
	}
	return nil
}

// ownDays compares the days of a booking with those of its state.
func (k *kept) ownDays(t *testing.T, db *sql.DB) error {
	t.Helper()
	var want []string
	for d := k.StartDate; d < k.blocked && k.State.Occupies(); d++ {
		status := exodrive.DayBooked
		switch {
		case d >= k.EndDate:
			status = exodrive.DayMaintenance
		case k.State == exodrive.Held:
			status = exodrive.DayHeld
		}
		want = append(want, fmt.Sprint(k.CarID, d, status))
	}
	got := rowsOf(t, db, func(r *sql.Rows) (day string, err error) {
		var car, date, status string
		err = r.Scan(&car, &date, &status)
		return fmt.Sprint(car, exodrive.MustDate(date), exodrive.DayStatus(status)), err
	}, `SELECT car_id, date, status FROM car_availability WHERE booking_id = $1 ORDER BY date`, k.id)
	if !slices.Equal(got, want) {
		return fmt.Errorf("it is %s from %s to %s and has the days %q", k.State, k.StartDate, k.EndDate, got)
	}
	return nil
}

// rowsOf is all rows of a statement.
func rowsOf[T any](t *testing.T, db *sql.DB, scan func(*sql.Rows) (T, error), text string, args ...any) (all []T) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), text, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		all = append(all, one)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
