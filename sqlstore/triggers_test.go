package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/sqlstore"
)

// listener reads a journal bit by bit.
type listener struct {
	t        testing.TB
	journal  *sqlstore.Journal
	position cache.Position
}

// listen begins to read at the present end of the journal.
func listen(t testing.TB, s *sqlstore.Store) *listener {
	t.Helper()
	j := s.Journal()
	t.Cleanup(j.Close)
	l := &listener{t: t, journal: j}
	l.poll()
	return l
}

// poll reads on.
func (l *listener) poll() cache.Reading {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	r, err := l.journal.Poll(ctx, l.position)
	if err != nil {
		l.t.Fatalf("poll: %v", err)
	}
	l.position = r.Position
	return r
}

// tags are those that were raised since the last look, in their order and each once.
func (l *listener) tags() []string {
	l.t.Helper()
	return tagsOf(l.poll().Raises)
}

func tagsOf(raises []cache.Raise) []string {
	var tags []string
	for _, r := range raises {
		tags = append(tags, r.Tag)
	}
	slices.Sort(tags)
	return slices.Compact(tags)
}

// named are short names for what the tests speak of: A and B are cars.
var named = strings.NewReplacer(id(exodrive.CarID, 0), "A", id(exodrive.CarID, 1), "B", "car-"+id(exodrive.CarID, 0)[4:], "slugA", "car-"+id(exodrive.CarID, 1)[4:], "slugB")

const whole = "availability:* car:* cars" // the whole fleet's prices and places

// raised says which statement raises which tags. They run one after the other; $A
// and $B are the ids of the two cars.
var raised = []struct{ statement, tags string }{
	// Cars: what a list shows, filters, sorts or searches, then what only details
	// show, then what nobody sees.
	{`UPDATE cars SET name = 'Daytona' WHERE id = $A`, "car:A cars"},
	{`UPDATE cars SET name = 'Daytona' WHERE id = $A`, ""},
	{`UPDATE cars SET description = 'A long one.' WHERE id = $A`, "car:A cars"},
	{`UPDATE cars SET price_per_day = 1, weekly_percent = 2, fees = '[]' WHERE id = $B`, "car:B cars"},
	{`UPDATE cars SET turnaround_days = 3`, "car:A car:B cars"},
	{`UPDATE cars SET available = FALSE WHERE id = $B`, "car:B cars"},
	{`UPDATE cars SET hidden = TRUE WHERE id = $B`, "car:B cars figures reviews:B"},
	{`UPDATE cars SET rating = 450 WHERE id = $B`, "car:B cars reviews:B"},
	{`UPDATE cars SET created_at = 7 WHERE id = $A`, "cars figures"},
	{`UPDATE cars SET engine = 'V12', minimum_driver_age = 30 WHERE id = $A`, "car:A"},
	{`UPDATE cars SET distance_per_day = 9 WHERE id = $A`, "car:A"},
	{`UPDATE cars SET distance_price = 9 WHERE id = $A`, "car:A"},
	{`UPDATE cars SET vin = 'V', plate = 'P', colour = 'red', odometer = 5, version = 9, updated_at = 9 WHERE id = $A`, ""},
	{`UPDATE cars SET slug = 'new' WHERE id = $A`, "car:A cars slug:slugA slug:new"},
	{`UPDATE cars SET name = 'x' WHERE id = 'nobody'`, ""},
	// Its parts.
	{`INSERT INTO car_images (car_id, position, url, alt) VALUES ($A, 0, 'u', 'a')`, "car:A cars"},
	{`INSERT INTO car_images (car_id, position, url, alt) VALUES ($A, 1, 'u', 'a')`, "car:A"},
	{`UPDATE car_images SET alt = 'b' WHERE car_id = $A AND position = 0`, "car:A cars"},
	{`UPDATE car_images SET alt = 'b' WHERE car_id = $A AND position = 0`, ""},
	{`UPDATE car_images SET alt = 'b' WHERE car_id = $A AND position = 1`, "car:A"},
	{`UPDATE car_images SET position = 2 WHERE car_id = $A AND position = 0`, "car:A cars"},
	{`DELETE FROM car_images WHERE car_id = $A`, "car:A"},
	{`INSERT INTO car_features (car_id, position, name, description, highlighted) VALUES ($A, 0, 'Alcantara', 'd', TRUE)`, "car:A cars"},
	{`UPDATE car_features SET description = 'e', highlighted = FALSE, position = 3`, "car:A"},
	{`UPDATE car_features SET name = 'Leather'`, "car:A cars"},
	{`UPDATE car_features SET car_id = $B`, "car:A car:B cars"},
	{`DELETE FROM car_features`, "car:B cars"},
	{`INSERT INTO car_specs (car_id, position, name, value) VALUES ($A, 0, 'Doors', '2')`, "car:A"},
	{`UPDATE car_specs SET value = '3'`, "car:A"},
	{`UPDATE car_specs SET value = '3'`, ""},
	{`DELETE FROM car_specs`, "car:A"},
	// Its days.
	{`INSERT INTO car_prices (car_id, date, amount) VALUES ($A, '2026-07-04', 5)`, "availability availability:A"},
	{`INSERT INTO car_prices (car_id, date, amount) VALUES ($A, '2026-07-04', 6) ON CONFLICT (car_id, date) DO UPDATE SET amount = excluded.amount`, "availability availability:A"},
	{`UPDATE car_prices SET amount = 6`, ""},
	{`UPDATE car_prices SET car_id = $B`, "availability availability:A availability:B"},
	{`DELETE FROM car_prices`, "availability availability:B"},
	{`INSERT INTO car_availability (car_id, date, status) VALUES ($A, '2026-07-04', 'held'), ($A, '2026-07-05', 'held')`, "availability availability:A"},
	{`UPDATE car_availability SET status = 'booked' WHERE date = '2026-07-05'`, "availability availability:A"},
	{`UPDATE car_availability SET booking_id = $K`, ""},
	{`DELETE FROM car_availability WHERE date = '2026-07-06'`, ""},
	{`DELETE FROM car_availability`, "availability availability:A"},
	// Its reviews: what waits or was refused is nobody's.
	{`INSERT INTO car_reviews (id, car_id, author, rating, comment, is_approved, created_at) VALUES ('r1', $A, 'Ann', 5, 'c', NULL, 0)`, ""},
	{`INSERT INTO car_reviews (id, car_id, author, rating, comment, is_approved, created_at) VALUES ('r2', $B, 'Ann', 5, 'c', TRUE, 0)`, "car:B cars reviews:B"},
	{`UPDATE car_reviews SET comment = 'd' WHERE id = 'r1'`, ""},
	{`UPDATE car_reviews SET comment = 'd' WHERE id = 'r2'`, "reviews:B"},
	{`UPDATE car_reviews SET booking_id = $K WHERE id = 'r2'`, "reviews:B"},
	{`UPDATE car_reviews SET is_approved = TRUE WHERE id = 'r1'`, "car:A cars reviews:A"},
	{`UPDATE car_reviews SET is_approved = FALSE WHERE id = 'r1'`, "car:A cars reviews:A"},
	{`DELETE FROM car_reviews WHERE id = 'r1'`, ""},
	{`UPDATE car_reviews SET car_id = $A WHERE id = 'r2'`, "car:A car:B cars reviews:A reviews:B"},
	{`DELETE FROM car_reviews WHERE id = 'r2'`, "car:A cars reviews:A"},
	// What all cars depend on.
	{`INSERT INTO price_rules (id, name, weekdays, multiplier, active, version, created_at, updated_at) VALUES ('p', 'n', '[]', 1, TRUE, 1, 0, 0)`, whole},
	{`UPDATE price_rules SET multiplier = 2`, whole},
	{`DELETE FROM price_rules`, whole},
	{`DELETE FROM price_rules`, ""},
	{`INSERT INTO extras (id, name, description, price, per_day, max_quantity, active, version, created_at, updated_at) VALUES ('e', 'n', '', 1, TRUE, 1, TRUE, 1, 0, 0)`, whole},
	{`UPDATE extras SET price = 2`, whole},
	{`DELETE FROM extras`, whole},
	{`UPDATE locations SET name = 'P'`, whole},
	{`INSERT INTO locations SELECT 'l2', 'l2', name, address, city, country, zone, handover, hours, pickup_fee, return_fee, after_hours_fee, tax_name, tax_percent, tax_included, units, version, created_at, updated_at FROM locations`, whole},
	{`INSERT INTO location_transfers (from_id, to_id, days, fee) SELECT id, 'l2', 0, 0 FROM locations WHERE id <> 'l2'`, whole},
	{`UPDATE location_transfers SET fee = 1`, whole},
	{`DELETE FROM location_transfers`, whole},
	{`DELETE FROM locations WHERE id = 'l2'`, whole},
	{`UPDATE settings SET value = 'EUR' WHERE key = 'currency'`, whole},
	{`UPDATE settings SET value = 'EUR' WHERE key = 'currency'`, ""},
	{`INSERT INTO settings (key, value) VALUES ('other', 'x')`, ""},
	{`UPDATE settings SET key = 'currency2' WHERE key = 'currency'`, whole},
	{`INSERT INTO settings (key, value) VALUES ('currency', 'USD')`, whole},
	{`DELETE FROM settings WHERE key <> 'currency'`, ""},
	{`DELETE FROM settings`, whole},
	{`INSERT INTO car_words (term) VALUES ('zweiundvierzig')`, "cars"},
	{`DELETE FROM car_words WHERE term = 'zweiundvierzig'`, "cars"},
	// What nobody sees.
	{`INSERT INTO coupons (id, code, percent, amount, max_uses, active, version, created_at, updated_at) VALUES ('c', 'C', 1, 0, 1, TRUE, 1, 0, 0)`, ""},
	{`UPDATE customers SET first_name = 'M'`, ""},
	// What only figures show: bookings that were agreed to or fell through, whatever becomes
	// of them then, and maintenance that is nobody's turnaround.
	{`UPDATE bookings SET total = 5, terms = '[]'`, ""},
	{`UPDATE bookings SET state = 'expired', hold_until = NULL`, ""},
	{`UPDATE bookings SET state = 'confirmed'`, "figures"},
	{`UPDATE bookings SET state = 'active', first_name = 'M', version = 9`, ""},
	{`UPDATE bookings SET state = 'completed'`, ""},
	{`UPDATE bookings SET total = 6`, "figures"},
	{`UPDATE bookings SET end_date = '2026-07-04', blocked_until = '2026-07-04'`, "figures"},
	{`UPDATE bookings SET state = 'no_show'`, "figures"},
	{`UPDATE bookings SET state = 'cancelled'`, ""},
	{`INSERT INTO car_availability (car_id, date, status, booking_id) VALUES ($A, '2026-07-09', 'maintenance', $K)`, "availability availability:A"},
	{`UPDATE car_availability SET booking_id = NULL WHERE date = '2026-07-09'`, "figures"},
	{`UPDATE car_availability SET status = 'booked' WHERE date = '2026-07-09'`, "availability availability:A figures"},
	{`DELETE FROM car_availability`, "availability availability:A"},
	// The end of a car takes what belongs to it.
	{`INSERT INTO car_availability (car_id, date, status) VALUES ($B, '2026-07-04', 'maintenance')`, "availability availability:B figures"},
	{`DELETE FROM cars WHERE id = $B`, "availability availability:B car:B cars figures reviews:B slug:slugB"},
	{`DELETE FROM bookings`, "figures"},
	{`UPDATE cars SET id = 'other' WHERE id = $A`, "car:A car:other cars figures reviews:A reviews:other slug:new"},
	{`DELETE FROM cars`, "car:other cars figures reviews:other slug:new"},
}

// Whoever changes the fleet at a SQL prompt raises exactly the tags of what the public sees of it, on either engine.
func TestTriggersRaiseWhatIsShown(t *testing.T) {
	eachEmpty(t, func(t *testing.T, s *sqlstore.Store, url string) {
		l := listen(t, s)
		twoCars(t, s)
		if got, want := named.Replace(strings.Join(l.tags(), " ")), "availability:* car:* car:A car:B cars figures reviews:A reviews:B slug:slugA slug:slugB"; got != want {
			t.Errorf("a new fleet raises %q, want %q", got, want)
		}
		write(t, s, func(tx *sqlstore.Tx) error {
			b := aBooking(0, today, today.Add(2))
			b.State, b.HoldUntil = exodrive.Held, noon
			return tx.InsertBooking(t.Context(), &b)
		})
		if got := l.tags(); len(got) > 0 {
			t.Errorf("a hold without its days raises %q, want nothing", got)
		}
		db := prompt(t, url)
		ids := strings.NewReplacer("$A", "'"+id(exodrive.CarID, 0)+"'", "$B", "'"+id(exodrive.CarID, 1)+"'", "$K", "'"+id(exodrive.BookingID, 0)+"'")
		for _, c := range raised {
			db.exec(ids.Replace(c.statement))
			if got := named.Replace(strings.Join(l.tags(), " ")); got != c.tags {
				t.Errorf("%s\nraises %q, want %q", c.statement, got, c.tags)
			}
		}
	})
}

// many stores cars with a part of each kind.
func many(t testing.TB, s *sqlstore.Store, n int) {
	t.Helper()
	write(t, s, func(tx *sqlstore.Tx) error {
		_, err := tx.InitSetting(t.Context(), "currency", "USD")
		errs := []error{err, tx.InsertLocations(t.Context(), []exodrive.Location{aPlace(0)})}
		for i := range n {
			c := aCar(i)
			c.Images = []exodrive.Image{{URL: "u", Alt: "a"}}
			c.Features = []exodrive.Feature{{Name: "f"}}
			c.Specs = []exodrive.Spec{{Name: "s", Value: "v"}}
			review := aReview(i, 5, exodrive.ReviewApproved)
			review.CarID = c.ID
			errs = append(errs, tx.InsertCar(t.Context(), &c), tx.InsertReviews(t.Context(), []exodrive.Review{review}),
				tx.InsertDays(t.Context(), []sqlstore.DayRow{{CarID: c.ID, Date: today, Status: exodrive.DayHeld}}),
				tx.SetOverrides(t.Context(), c.ID, exodrive.Days{Start: today, End: today.Add(1)}, 5))
		}
		return errors.Join(errs...)
	})
}

// A statement over more than a hundred cars raises one tag for all of them, one over a hundred each of them, on Postgres.
func TestLargeStatementsRaiseAWildcard(t *testing.T) {
	t.Parallel()
	url := postgresEmpty(t)
	s := open(t, url)
	many(t, s, 101)
	db, l := prompt(t, url), listen(t, s)
	for statement, want := range map[string]string{
		`UPDATE cars SET name = name || 'x'`:                                             "car:* cars",
		`UPDATE cars SET hidden = NOT hidden`:                                            "car:* cars figures reviews:*",
		`UPDATE cars SET slug = slug || 'x'`:                                             "car:* cars slug:*",
		`UPDATE car_images SET alt = alt || 'x'`:                                         "car:* cars",
		`UPDATE car_features SET position = position + 1`:                                "car:*",
		`UPDATE car_specs SET value = value || 'x'`:                                      "car:*",
		`UPDATE car_prices SET amount = amount + 1`:                                      "availability availability:*",
		`UPDATE car_availability SET status = 'booked'`:                                  "availability availability:*",
		`UPDATE car_reviews SET comment = comment || 'x'`:                                "reviews:*",
		`UPDATE cars SET engine = 'V' WHERE id IN (SELECT id FROM cars LIMIT 101)`:       "car:*",
		`INSERT INTO car_specs SELECT car_id, position + 10, name, value FROM car_specs`: "car:*",
	} {
		db.exec(statement)
		if got := strings.Join(l.tags(), " "); got != want {
			t.Errorf("%s\nraises %q, want %q", statement, got, want)
		}
	}
	db.exec(`UPDATE cars SET engine = 'W' WHERE id IN (SELECT id FROM cars LIMIT 100)`)
	if got := l.tags(); len(got) != 100 {
		t.Errorf("an update of 100 cars raises %d tags, want 100", len(got))
	}
	// A year of one car is one car.
	db.exec(`INSERT INTO car_availability (car_id, date, status) SELECT $1, CAST(CAST('2027-01-01' AS DATE) + i AS TEXT), 'maintenance' FROM generate_series(0, 364) i`, id(exodrive.CarID, 0))
	if got, want := named.Replace(strings.Join(l.tags(), " ")), "availability availability:A figures"; got != want {
		t.Errorf("a year of one car raises %q, want %q", got, want)
	}
}

// TRUNCATE, which touches no row, raises everything that the table had, on Postgres.
func TestTruncateRaisesEverything(t *testing.T) {
	t.Parallel()
	url := postgresEmpty(t)
	s := open(t, url)
	many(t, s, 2)
	db, l := prompt(t, url), listen(t, s)
	for table, want := range map[string]string{
		"car_images": "car:* cars", "car_features": "car:* cars", "car_specs": "car:*", "car_prices": "availability availability:*",
		"car_availability": "availability availability:* figures", "car_reviews": "reviews:*", "price_rules": whole, "extras": whole,
		"location_transfers": whole, "settings": whole, "car_words": "cars",
		"cars, car_images, car_features, car_specs, car_prices, car_availability, car_reviews, price_rules, coupons, bookings, booking_lines, booking_events, booking_readings, booking_charges, money_moves, idempotency_keys": "availability availability:* car:* cars figures reviews:* slug:*",
	} {
		db.exec(`TRUNCATE ` + table)
		if got := strings.Join(l.tags(), " "); got != want {
			t.Errorf("TRUNCATE %s raises %q, want %q", table, got, want)
		}
	}
}

// A writer whose session looks for tables elsewhere reaches the journal all the same.
func TestTriggersFindTheJournal(t *testing.T) {
	t.Parallel()
	url := postgresEmpty(t)
	s := open(t, url)
	oneCar(t, s)
	db, l := prompt(t, url), listen(t, s)
	db.db.SetMaxOpenConns(1)
	db.exec(`SET search_path = pg_catalog`)
	db.exec(`UPDATE public.locations SET name = 'x'`)
	db.exec(`INSERT INTO public.car_prices (car_id, date, amount) VALUES ($1, '2026-07-04', 5)`, id(exodrive.CarID, 0))
	if got, want := named.Replace(fmt.Sprint(l.tags())), "[availability availability:* availability:A car:* cars]"; got != want {
		t.Errorf("it raised %s, want %s", got, want)
	}
}
