package sqlstore_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/exodrive/exodrive/sqlstore"
)

// The size of the large fleet.
const (
	largeCars       = 10_000
	bookingsPerCar  = 20
	reviewsPerCar   = 10
	largeCustomers  = 40_000
	windowBefore    = 540 // days of the past in which rentals lie
	windowDays      = 900
	daysPerRental   = windowDays / bookingsPerCar // one rental in each such span
	longestOfLarge  = 7
	firstCreatedAt  = 1_700_000_000_000
	cancelledOfEach = 12 // one booking in so many is cancelled
)

// large builds a fleet of 10,000 cars, 200,000 bookings and 100,000 reviews out of
// the demo fleet, by statements that the database runs alone: a program that is
// watched for races would take minutes to send so many rows.
func large(t testing.TB, url string) {
	seeded(t, url)
	db := prompt(t, url)
	db.db.SetMaxOpenConns(1) // what is set of the session holds for all that follows
	if onPostgres(url) {
		// The rows refer to what is there, and ratings and words of copies do not
		// matter for plans.
		db.exec(`SET session_replication_role = replica`)
		db.exec(`SET synchronous_commit = off`)
		db.exec(`SET maintenance_work_mem = '256MB'`)
	} else {
		for _, pragma := range []string{"synchronous = OFF", "foreign_keys = OFF", "cache_size = -200000", "temp_store = MEMORY"} {
			db.exec(`PRAGMA ` + pragma)
		}
	}
	statements := largeStatements(db)
	if onPostgres(url) {
		// An index is built in a fraction of the time in which it grows row by row.
		statements = slices.Concat(statements, withoutIndexes(db), []string{`VACUUM ANALYZE`})
	}
	// SQLite gets no ANALYZE, because the program never runs one.
	for _, statement := range statements {
		db.exec(statement)
	}
}

// withoutIndexes drops the indexes of the large tables and returns the statements
// that make them again. The exclusion constraint stays away: it takes longer than
// all the rest, and no statement can find bookings by its index, which holds those
// of some states only.
func withoutIndexes(db raw) (again []string) {
	db.exec(`ALTER TABLE bookings DROP CONSTRAINT bookings_no_overlap`)
	const ours = ` FROM pg_indexes WHERE indexname LIKE 'idx_%' AND tablename IN ('bookings', 'car_availability', 'car_reviews', 'cars') ORDER BY indexname`
	again = db.texts(`SELECT indexdef` + ours)
	for _, name := range db.texts(`SELECT indexname` + ours) {
		db.exec(`DROP INDEX ` + name)
	}
	return again
}

// largeStatements multiply the demo fleet; n, f and day are tables of theirs.
func largeStatements(db raw) []string {
	originals := db.number(`SELECT COUNT(*) FROM cars`)
	copies := int(largeCars/originals) + 1
	surplus := fmt.Sprintf(`DELETE FROM cars WHERE id IN (SELECT id FROM cars ORDER BY id LIMIT %d)`, int(originals)*(copies+1)-largeCars)
	var days []string
	for i := range windowDays + 2*longestOfLarge {
		days = append(days, fmt.Sprintf("(%d, '%s')", i, today.Add(i-windowBefore)))
	}
	values := "c." + strings.Join(strings.Fields(sqlstore.CarColumns), " c.")
	for column, other := range map[string]string{
		"id": `id || '-' || n.i`, "slug": `slug || '-' || n.i`, "price_per_day": `price_per_day + n.i * 100`,
		"created_at": `created_at + n.i`, "power_hp": `power_hp + n.i % 50`,
	} {
		values = strings.Replace(values, "c."+column+",", "c."+other+",", 1)
	}
	values = strings.Replace(values, "c.vin,", "'',", 1)
	start := fmt.Sprintf(`b.i * %d + (f.no * 7 + b.i) %% %d`, daysPerRental, daysPerRental-2*longestOfLarge)
	length := fmt.Sprintf(`1 + (f.no + b.i) %% %d`, longestOfLarge)
	return []string{
		`DELETE FROM car_reviews`, `DELETE FROM car_availability`, `DELETE FROM bookings`,
		`CREATE TABLE n (i BIGINT PRIMARY KEY)`,
		fmt.Sprintf(`INSERT INTO n WITH RECURSIVE m (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM m WHERE i < %d) SELECT i FROM m`, max(largeCustomers, copies)),
		`CREATE TABLE day (i BIGINT PRIMARY KEY, day TEXT NOT NULL UNIQUE)`,
		`INSERT INTO day VALUES ` + strings.Join(days, ", "),
		fmt.Sprintf(`INSERT INTO cars (%s) SELECT %s FROM cars c, n WHERE n.i <= %d`, sqlstore.CarColumns, values, copies),
		fmt.Sprintf(`INSERT INTO car_images SELECT car_id || '-' || n.i, position, url, alt FROM car_images, n WHERE n.i <= %d AND position < 2`, copies),
		fmt.Sprintf(`INSERT INTO car_features SELECT car_id || '-' || n.i, position, name, description, highlighted FROM car_features, n WHERE n.i <= %d`, copies),
		surplus,
		`DELETE FROM car_features WHERE car_id NOT IN (SELECT id FROM cars)`,
		`DELETE FROM car_images WHERE car_id NOT IN (SELECT id FROM cars)`,
		`DELETE FROM car_prices WHERE car_id NOT IN (SELECT id FROM cars)`,
		`INSERT INTO customers (id, email, first_name, last_name, phone, created_at)
			SELECT 'cus_' || n.i, 'c' || n.i || '@example.com', 'Ada', 'B', '', 0 FROM n`,
		`CREATE TABLE f AS SELECT id, location_id, turnaround_days, ROW_NUMBER() OVER (ORDER BY id) AS no FROM cars`,
		fmt.Sprintf(`INSERT INTO bookings (id, car_id, customer_id, state, start_date, end_date, blocked_until, pickup_at, return_at, zone,
			pickup_location_id, return_location_id, currency, total, deposit, first_name, last_name, email, phone, version, created_at, updated_at)
			SELECT 'bkg_' || f.no || '_' || b.i, f.id, 'cus_' || (1 + (f.no * %d + b.i) %% %d),
				CASE WHEN (f.no + b.i) %% %d = 0 THEN 'cancelled' WHEN e.day < '%s' THEN 'completed' ELSE 'confirmed' END,
				s.day, e.day, e.day, s.day || 'T10:00', e.day || 'T10:00', 'America/New_York', f.location_id, f.location_id, 'USD', 100, 0,
				'Ada', 'B', 'a@example.com', '', 1, %d + f.no * 1000 + b.i, 0
			FROM f CROSS JOIN (SELECT i - 1 AS i FROM n WHERE i <= %d) b
			JOIN day s ON s.i = %s JOIN day e ON e.i = %s + %s`,
			bookingsPerCar, largeCustomers, cancelledOfEach, today, firstCreatedAt, bookingsPerCar, start, start, length),
		`INSERT INTO car_availability (car_id, date, status, booking_id)
			SELECT b.car_id, d.day, 'booked', b.id FROM bookings b JOIN day d ON d.day >= b.start_date AND d.day < b.end_date WHERE b.state <> 'cancelled'`,
		fmt.Sprintf(`INSERT INTO car_reviews (id, car_id, author, rating, comment, is_approved, created_at)
			SELECT 'rev_' || f.no || '_' || n.i, f.id, 'Ada B.', 1 + (f.no + n.i) %% 5, 'A comment of the usual length about a car.',
				CASE WHEN (f.no + n.i) %% 20 = 0 THEN NULL ELSE (f.no + n.i) %% 19 <> 0 END, %d + n.i * 100000 + f.no
			FROM f CROSS JOIN n WHERE n.i <= %d`, firstCreatedAt, reviewsPerCar),
		`DROP TABLE f`, `DROP TABLE n`, `DROP TABLE day`,
	}
}
