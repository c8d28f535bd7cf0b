package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/sqlstore"
)

// asked is a statement that a store ran.
type asked struct {
	text string
	args []any
}

// recorder keeps the statements that a store runs.
type recorder struct {
	mu   sync.Mutex
	kept []asked
}

func (r *recorder) add(text string, args []any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept = append(r.kept, asked{text, slices.Clone(args)})
}

// take returns what was kept so far and forgets it.
func (r *recorder) take() []asked {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept := r.kept
	r.kept = nil
	return kept
}

// plan is how a database would run a statement.
func plan(db raw, url string, a asked) string {
	db.t.Helper()
	if onPostgres(url) {
		return strings.Join(db.texts(`EXPLAIN (COSTS OFF) `+a.text, a.args...), "\n")
	}
	rows, err := db.db.QueryContext(context.Background(), `EXPLAIN QUERY PLAN `+a.text, a.args...)
	if err != nil {
		db.t.Fatalf("explain %s: %v", a.text, err)
	}
	defer rows.Close()
	var lines []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			db.t.Fatal(err)
		}
		lines = append(lines, detail)
	}
	if err := rows.Err(); err != nil {
		db.t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

// throughAll finds in a plan that a table that grows with the business is read
// from end to end. Statements call car_availability a where they rename it.
var throughAll = regexp.MustCompile(`Seq Scan on (bookings|car_availability|car_reviews)\b|SCAN (bookings|car_availability|car_reviews|a)\b`)

// The guide's indexes.
const (
	byCarAndDay  = "idx_car_availability_lookup"
	byCarAndDays = "idx_bookings_conflicts"
	byCustomer   = "idx_bookings_customer"
	byReviews    = "idx_reviews_listing"
)

// publicReads are what the public asks about one car or about the fleet, and by
// which index the statements on a table find their rows.
var publicReads = []struct {
	name, table, index string
	ask                func(ctx context.Context, s *sqlstore.Store, car string) error
}{
	{"calendar", "car_availability", byCarAndDay, func(ctx context.Context, s *sqlstore.Store, car string) error {
		_, err := s.Calendar(ctx, car, exodrive.Days{Start: today, End: today.Add(31)})
		return err
	}},
	{"counts", "car_availability", byCarAndDay, func(ctx context.Context, s *sqlstore.Store, _ string) error {
		_, err := s.Counts(ctx, today)
		return err
	}},
	{"reviews", "car_reviews", byReviews, func(ctx context.Context, s *sqlstore.Store, car string) error {
		_, err := s.Reviews(ctx, car, exodrive.PageQuery{Page: 2, Limit: 5})
		return err
	}},
	{"details", "", "", func(ctx context.Context, s *sqlstore.Store, car string) error {
		_, err := s.CarDetails(ctx, car)
		return err
	}},
	{"deletion of a car", "bookings", byCarAndDays, func(ctx context.Context, s *sqlstore.Store, car string) error {
		err := s.Tx(ctx, func(tx *sqlstore.Tx) error { return tx.DeleteCar(ctx, car) })
		if exodrive.CodeOf(err) == exodrive.Conflict {
			return nil // it has bookings
		}
		return errors.Join(err, errors.New("a car with bookings was deleted"))
	}},
}

// staffLists are the lists of bookings, and by which index a page finds its rows. What
// counts them, and a search, reads as many entries as there are: of an index, or on
// Postgres of the table if that is as narrow.
var staffLists = []struct {
	name, index string
	ask         exodrive.BookingQuery
}{
	{"of all", "idx_bookings_list", exodrive.BookingQuery{}},
	{"with a common text", "idx_bookings_list", exodrive.BookingQuery{Search: "ada"}},
	{"of a car", byCarAndDays, exodrive.BookingQuery{CarID: "a car"}},
	{"of a customer", byCustomer, exodrive.BookingQuery{CustomerID: "cus_77"}},
	{"of a month", "idx_bookings_list", exodrive.BookingQuery{From: today, To: today.Add(30)}},
}

// With 10,000 cars, 200,000 bookings and 100,000 reviews no page reads through all bookings, days or reviews: each finds its rows by the index that was made for it.
func TestPlans(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "", nil, func(t *testing.T, url string) {
		large(t, url)
		var trace recorder
		s := open(t, url, func(c *sqlstore.Config) { c.Trace = trace.add })
		db := prompt(t, url)
		for table, least := range map[string]int64{"cars": 10_000, "bookings": 200_000, "car_reviews": 100_000, "car_availability": 500_000} {
			if n := db.number(`SELECT COUNT(*) FROM ` + table); n < least {
				t.Errorf("%s has %d rows, want %d or more", table, n, least)
			}
		}
		car := db.text(`SELECT id FROM cars WHERE available AND NOT hidden ORDER BY id LIMIT 1 OFFSET 5000`)
		if p := plan(db, url, asked{`SELECT COUNT(*) FROM bookings WHERE total = 1`, nil}); !throughAll.MatchString(p) {
			t.Errorf("a statement that must read all bookings is not recognised by its plan\n%s", p)
		}
		trace.take()
		for _, read := range publicReads {
			if err := read.ask(t.Context(), s, car); err != nil {
				t.Fatalf("%s: %v", read.name, err)
			}
			checkPlans(t, db, url, read.name, read.table, read.index, trace.take())
		}
		for _, set := range []int{0, 1, 1 << 4, 1<<0 | 1<<3 | 1<<6, 1<<len(filters) - 1} {
			for bits := range 4 {
				q := question(set, bits&1 != 0, bits&2 != 0)
				if _, _, _, err := s.Cars(t.Context(), q, "USD"); err != nil {
					t.Fatalf("%+v: %v", q, err)
				}
				checkPlans(t, db, url, fmt.Sprintf("list %+v", q), "", "", trace.take())
			}
		}
		for _, sort := range exodrive.Sorts {
			q := question(0, false, true)
			q.Sort, q.Page = sort, 7
			if _, _, _, err := s.Cars(t.Context(), q, "USD"); err != nil {
				t.Fatalf("%+v: %v", q, err)
			}
			checkPlans(t, db, url, fmt.Sprintf("list %+v", q), "", "", trace.take())
		}
		// The doctor, who looks at the same from inside, finds as little.
		if scans, looked, err := s.Scans(t.Context(), today, 5000); err != nil || looked < 25 || len(scans) > 0 {
			t.Errorf("the doctor finds %d of %d statements to read all of a table: %+v (%v)", len(scans), looked, scans, err)
		}
		trace.take()
		for _, list := range staffLists {
			ask := list.ask
			if list.ask.CarID != "" {
				ask.CarID = car
			}
			if _, _, err := s.Bookings(t.Context(), ask, exodrive.PageQuery{Page: 3, Limit: 20}); err != nil {
				t.Fatalf("%s: %v", list.name, err)
			}
			for _, a := range trace.take() {
				if p := plan(db, url, a); strings.HasPrefix(a.text, "SELECT b.id") && !strings.Contains(p, list.index) {
					t.Errorf("the list of bookings %s does not use %s\n%s\n%s", list.name, list.index, a.text, p)
				}
			}
		}
		for of, index := range map[string]string{"": "idx_bookings_ends", car: byCarAndDays} {
			if _, err := s.Takings(t.Context(), of, exodrive.Days{Start: today + 60, End: today + 67}, "USD"); err != nil {
				t.Fatal(err)
			}
			for _, a := range trace.take() {
				if p := plan(db, url, a); strings.Contains(a.text, "FROM bookings") && !strings.Contains(p, index) {
					t.Errorf("the figures of %q do not use %s\n%s\n%s", of, index, a.text, p)
				}
			}
		}
		// What booking, the back office and a renter's own pages will ask.
		checkPlans(t, db, url, "bookings in the way of another", "bookings", byCarAndDays, []asked{{
			`SELECT id FROM bookings WHERE car_id = $1 AND start_date < $3 AND end_date > $2`, []any{car, today.String(), today.Add(5).String()}}})
		checkPlans(t, db, url, "bookings of a customer", "bookings", byCustomer, []asked{{
			`SELECT id FROM bookings WHERE customer_id = $1 ORDER BY created_at`, []any{"cus_77"}}})
	})
}

// checkPlans checks that no statement reads through all of a large table, and that
// every one on the table finds its rows by the index.
func checkPlans(t *testing.T, db raw, url, name, table, index string, statements []asked) {
	t.Helper()
	checked := 0
	for _, a := range statements {
		p := plan(db, url, a)
		if bad := throughAll.FindString(p); bad != "" {
			t.Errorf("%s: %s\n%s\n%s", name, bad, a.text, p)
		}
		if table == "" || !strings.Contains(a.text, table) {
			continue
		}
		checked++
		if !strings.Contains(p, index) {
			t.Errorf("%s does not use %s\n%s\n%s", name, index, a.text, p)
		}
	}
	if len(statements) == 0 || table != "" && checked == 0 {
		t.Errorf("%s: of %d statements none is on %q", name, len(statements), table)
	}
}
