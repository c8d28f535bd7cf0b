package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	// The engines' drivers, for statements past the store.
	_ "github.com/jackc/pgx/v5/stdlib"
	"go.uber.org/goleak"
	_ "modernc.org/sqlite"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/demo"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
	"github.com/exodrive/exodrive/sqlstore"
)

// TestMain also finds what goes on after the last test: every journal, bell and
// store was closed by then, and nothing of it may run any more.
//
// Red when: Close of a journal leaves its connection open; a bell waits on when nobody rings any more.
func TestMain(m *testing.M) {
	code := exotest.Main(m)
	if leak := goleak.Find(); leak != nil && code == 0 {
		fmt.Fprintln(os.Stderr, leak)
		code = 1
	}
	os.Exit(code)
}

// today is the day around which the rentals of these tests lie.
var today = exodrive.MustDate("2026-07-01")

// schema is the version of this release, and migrations is how many lead to it.
var schema, migrations = func() (last, number int64) {
	files, err := filepath.Glob("migrations/*.sql")
	if err != nil {
		panic(err)
	}
	seen := map[string]bool{}
	for _, file := range files {
		version, _, _ := strings.Cut(filepath.Base(file), "_")
		n, err := strconv.ParseInt(version, 10, 64)
		if err != nil {
			panic(err)
		}
		seen[version], last = true, max(last, n)
	}
	return last, int64(len(seen))
}()

// noon is when the stores of these tests believe to be.
var noon = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

// open opens a store that ends with the test.
func open(t testing.TB, url string, change ...func(*sqlstore.Config)) *sqlstore.Store {
	t.Helper()
	c := sqlstore.Config{URL: url, Now: func() time.Time { return noon }}
	for _, f := range change {
		f(&c)
	}
	s, err := sqlstore.Open(t.Context(), c)
	if err != nil {
		t.Fatalf("open %s: %v", url, err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// empty builds a template with the schema and nothing in it.
func empty(t testing.TB, url string) {
	if _, _, err := open(t, url).Migrate(t.Context()); err != nil {
		t.Fatalf("migrate: %v", err)
	}
}

// seeded builds a template with the demo fleet.
func seeded(t testing.TB, url string) {
	empty(t, url)
	seed(t, open(t, url))
}

func seed(t testing.TB, s *sqlstore.Store) {
	t.Helper()
	c := rental.NewCache(s)
	defer c.Close()
	service, err := rental.New(t.Context(), rental.Options{Store: s, Cache: c, Now: func() time.Time { return noon }})
	if err == nil {
		err = service.Seed(t.Context(), demo.Demo(today), true, nil)
	}
	if err != nil {
		t.Fatalf("seed: %v", err)
	}
}

// eachEmpty and eachSeeded run a test once per engine, on a store of its own.
func eachEmpty(t *testing.T, run func(t *testing.T, s *sqlstore.Store, url string)) {
	t.Parallel()
	exotest.EachEngine(t, "empty", empty, func(t *testing.T, url string) { run(t, open(t, url), url) })
}

func eachSeeded(t *testing.T, run func(t *testing.T, s *sqlstore.Store, url string)) {
	t.Parallel()
	exotest.EachEngine(t, "seeded", seeded, func(t *testing.T, url string) { run(t, open(t, url), url) })
}

// eachAlone is eachEmpty on a Postgres server of the test's own: a horizon waits
// for every transaction of a server, those of other tests too.
func eachAlone(t *testing.T, run func(t *testing.T, s *sqlstore.Store, url string)) {
	t.Parallel()
	for _, engine := range exotest.Engines() {
		t.Run(engine, func(t *testing.T) {
			url := "sqlite:" + t.TempDir() + "/exodrive.db"
			if engine == exotest.PostgreSQL {
				url = exotest.OwnPostgres(t).URL("postgres")
			}
			empty(t, url)
			run(t, open(t, url), url)
		})
	}
}

// raw is the database past the store, as somebody with a SQL prompt has it.
type raw struct {
	t  testing.TB
	db *sql.DB
}

func prompt(t testing.TB, url string) raw {
	t.Helper()
	driver, source := "pgx", url
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		driver, source = "sqlite", "file:"+path+"?_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)"
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return raw{t, db}
}

func (r raw) exec(statement string, args ...any) {
	r.t.Helper()
	if _, err := r.db.ExecContext(context.Background(), statement, args...); err != nil {
		r.t.Fatalf("%s: %v", statement, err)
	}
}

// number and text are the one value that a statement gives.
func (r raw) number(statement string, args ...any) (n int64) {
	r.t.Helper()
	r.scan(&n, statement, args...)
	return n
}

func (r raw) text(statement string, args ...any) (s string) {
	r.t.Helper()
	r.scan(&s, statement, args...)
	return s
}

func (r raw) scan(into any, statement string, args ...any) {
	r.t.Helper()
	if err := r.db.QueryRowContext(context.Background(), statement, args...).Scan(into); err != nil {
		r.t.Fatalf("%s: %v", statement, err)
	}
}

// texts is the first column of all rows.
func (r raw) texts(statement string, args ...any) (all []string) {
	r.t.Helper()
	rows, err := r.db.QueryContext(context.Background(), statement, args...)
	if err != nil {
		r.t.Fatalf("%s: %v", statement, err)
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			r.t.Fatalf("%s: %v", statement, err)
		}
		all = append(all, s)
	}
	if err := rows.Err(); err != nil {
		r.t.Fatalf("%s: %v", statement, err)
	}
	return all
}

// onPostgres tells whether a URL is that of a Postgres database.
func onPostgres(url string) bool { return strings.HasPrefix(url, "postgres") }

// write runs one transaction that must succeed.
func write(t testing.TB, s *sqlstore.Store, do func(*sqlstore.Tx) error) {
	t.Helper()
	if err := s.Tx(t.Context(), do); err != nil {
		t.Fatalf("transaction: %v", err)
	}
}

// refused checks that an error is of a code and that its sentence is for people:
// a full sentence without a word of SQL or of a driver.
func refused(t testing.TB, err error, code exodrive.Code) exodrive.Error {
	t.Helper()
	e, ok := errors.AsType[*exodrive.Error](err)
	if !ok || e.Code != code {
		t.Fatalf("the error is %v, want one of code %q", err, code)
	}
	lower := strings.ToLower(e.Message)
	for _, word := range []string{"sql", "insert ", "update ", "constraint", "violates", "idx_", "_key", "pgx", "23505", "transaction"} {
		if strings.Contains(lower, word) {
			t.Errorf("the sentence %q speaks of %q, which is nothing to a reader", e.Message, word)
		}
	}
	if !strings.HasSuffix(e.Message, ".") {
		t.Errorf("%q is no full sentence", e.Message)
	}
	return *e
}

// page is the first page of a list.
var page = exodrive.PageQuery{Page: 1, Limit: 50}

// id is the n-th id of a kind.
func id(kind string, n int) string { return exodrive.NewID(kind, noon, uint32(n)) }

// aPlace is a place that stands for every other.
func aPlace(n int) exodrive.Location {
	l := exodrive.Location{ID: id(exodrive.LocationID, n), Version: 1}
	l.LocationInput = exodrive.LocationInput{
		Slug: "place-" + string(rune('a'+n)), Name: "Place " + string(rune('A'+n)), City: "Town", Country: "US",
		Zone: "America/New_York", Handover: 600, TaxName: "Tax", TaxPercent: 700, Units: exodrive.Imperial, PickupFee: 1500,
	}
	l.Hours[1] = exodrive.Hours{Open: 540, Close: 1080}
	return l
}

// aCar is a car at the first place.
func aCar(n int) exodrive.Car {
	c := exodrive.Car{ID: id(exodrive.CarID, n), Version: 1, CreatedAt: noon, UpdatedAt: noon}
	c.CarInput = exodrive.CarInput{
		Slug: "car-" + c.ID[4:], Name: "Testarossa", Make: "Ferrari", Model: "Testarossa", Year: 1987, Category: "classic",
		Description: "A wide one.", LocationID: id(exodrive.LocationID, 0), Available: true, PricePerDay: 100_00,
		MinimumDays: 1, MinimumDriverAge: 25, Transmission: "manual", Drivetrain: "rwd", Seats: 2,
	}
	return c
}

// aCustomer rents the bookings of aBooking.
func aCustomer() exodrive.Customer {
	return exodrive.Customer{ID: id(exodrive.CustomerID, 0), CreatedAt: noon,
		Contact: exodrive.Contact{FirstName: "Maria", LastName: "Keller", Email: "maria@example.com", Phone: "+1 305 555 0100"}}
}

// aBooking is a confirmed booking of the first car.
func aBooking(n int, start, end exodrive.Date) exodrive.Booking {
	place := id(exodrive.LocationID, 0)
	return exodrive.Booking{
		ID: id(exodrive.BookingID, n), CarID: id(exodrive.CarID, 0), CustomerID: aCustomer().ID, State: exodrive.Confirmed,
		Days: exodrive.Days{Start: start, End: end}, BlockedUntil: end,
		PickupAt: start.String() + "T10:00", ReturnAt: end.String() + "T10:00", Zone: "America/New_York",
		PickupPlace: place, ReturnPlace: place, Contact: aCustomer().Contact,
		Total: exodrive.Money{Amount: 300_00, Currency: "USD"}, Version: 1, CreatedAt: noon, UpdatedAt: noon,
	}
}

// oneCar stores a place, a car and a customer, which most tests need.
func oneCar(t testing.TB, s *sqlstore.Store) {
	t.Helper()
	write(t, s, func(tx *sqlstore.Tx) error {
		_, err := tx.InitSetting(t.Context(), "currency", "USD")
		return errors.Join(err,
			tx.InsertLocations(t.Context(), []exodrive.Location{aPlace(0)}),
			tx.InsertCars(t.Context(), []exodrive.Car{aCar(0)}),
			tx.InsertCustomers(t.Context(), []exodrive.Customer{aCustomer()}))
	})
}

// postgresEmpty is a Postgres database with the schema and nothing in it.
func postgresEmpty(t testing.TB) string { return exotest.PostgresFrom(t, "empty", empty) }
