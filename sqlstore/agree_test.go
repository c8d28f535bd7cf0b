package sqlstore_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/sqlstore"
)

// Whatever bookings and days contradict each other in is found and told, and a database
// in order has nothing of it.
//
// Red when: one of the statements finds nothing.
func TestDisagreements(t *testing.T) {
	eachEmpty(t, func(t *testing.T, s *sqlstore.Store, url string) {
		oneCar(t, s)
		elsewhere := aPlace(1)
		write(t, s, func(tx *sqlstore.Tx) error { return tx.InsertLocations(t.Context(), []exodrive.Location{elsewhere}) })
		db := prompt(t, url)
		if s.Engine() == "postgres" {
			db.exec(`ALTER TABLE bookings DROP CONSTRAINT bookings_no_overlap`)
		}
		for n, state := range []exodrive.BookingState{exodrive.Confirmed, exodrive.Cancelled, exodrive.Held} {
			if err := insertOverlapping(t, s, n, 10*n, 10*n+3, 10*n+4, state); err != nil {
				t.Fatal(err)
			}
		}
		found := func() []string {
			t.Helper()
			list, err := s.Disagreements(t.Context(), time.Now())
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		says := func(what string) {
			t.Helper()
			if list := found(); !slices.ContainsFunc(list, func(s string) bool { return strings.Contains(s, what) }) {
				t.Errorf("nobody says %q: %q", what, list)
			}
		}
		says("takes the 4 days") // insertOverlapping takes none
		db.exec(`INSERT INTO car_availability (car_id, date, status, booking_id) SELECT car_id, start_date, 'booked', id FROM bookings WHERE state = 'cancelled'`)
		says("is cancelled and has 1 days")
		db.exec(`UPDATE bookings SET hold_until = 1 WHERE state = 'held'`)
		says("is held, and was to end at 1970")
		if err := insertOverlapping(t, s, 3, 1, 2, 2, exodrive.Confirmed); err != nil {
			t.Fatal(err)
		}
		says("overlap on")
		db.exec(`DELETE FROM car_availability`)
		db.exec(`DELETE FROM bookings WHERE state <> 'confirmed' OR start_date <> $1`, today.String())
		take := func(days int, status, booking string) {
			db.exec(`INSERT INTO car_availability (car_id, date, status, booking_id) SELECT car_id, $1, $2, `+booking+` FROM bookings`, today.Add(days).String(), status)
		}
		for n := range 3 {
			take(n, "booked", "id")
		}
		says("takes the 4 days")
		take(3, "maintenance", "NULL") // counts as its turnaround
		if list := found(); len(list) > 0 {
			t.Errorf("with the workshop behind the rental: %q", list)
		}
		db.exec(`UPDATE bookings SET return_location_id = $1`, elsewhere.ID)
		says("takes the 4 days") // the workshop has no car that is away
		db.exec(`UPDATE bookings SET return_location_id = pickup_location_id`)
		db.exec(`UPDATE car_availability SET status = 'maintenance' WHERE date = $1`, today.Add(2).String())
		says("takes the 4 days") // one of the rental looks like turnaround
		db.exec(`UPDATE car_availability SET booking_id = NULL WHERE date = $1`, today.Add(2).String())
		says("takes the 4 days") // of which the workshop has one of the rental
		db.exec(`DELETE FROM car_availability`)
		db.exec(`DELETE FROM bookings`)
		if list := found(); len(list) > 0 {
			t.Errorf("an empty database: %q", list)
		}
	})
}
