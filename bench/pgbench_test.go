package bench

import (
	"context"
	"database/sql/driver"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/exodrive/exodrive/demo"
	"github.com/exodrive/exodrive/exotest"
)

// bookingsAlone is how many bookings each side makes.
const bookingsAlone = 4000

// BenchmarkBookingsAlone books different cars over HTTP, eight callers at once, and runs
// the very same statements with the same values in pgbench, prepared and with eight
// clients, on the same server: its settings of commits are those of both. Each of the two
// has a fresh copy of one fleet, to which a third copy's recording fits. pgbench has one
// statement more, which fetches the values.
func BenchmarkBookingsAlone(b *testing.B) {
	program := pgbench(b)
	alone := runPgbench(b, program, recordBookings(b, bookingsAlone))
	f := newBookedOn(b, alike(b), nil)
	whole := f.send(b, concurrency, bookingsAlone, "/api/bookings", http.StatusCreated, http.StatusConflict, f.another)
	b.ReportMetric(alone, "pgbench-tx/s")
	b.ReportMetric(whole/alone, "ratio")
}

// pgbench is the newest of the installed ones.
func pgbench(b *testing.B) string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pgbench")
	if program, err := exec.LookPath("pgbench"); err == nil {
		found = append(found, program)
	}
	if len(found) == 0 {
		b.Skip("pgbench is not installed")
	}
	return slices.Max(found)
}

// alike is a fleet whose cars are alike in all that tells how many rows a booking has, so
// that each is made by the same texts: in an empty database on the server of
// EXO_BENCH_SERVER, an address that ends with a slash, or on that of the tests, which
// never syncs.
func alike(b *testing.B) string {
	build := func(t testing.TB, url string) {
		seed(t, url, demo.Size{Cars: 1000, Bookings: 10, Reviews: 10, Seed: 1})
		on(t, url, func(ctx context.Context, c *pgx.Conn) error {
			_, err := c.Exec(ctx, `UPDATE cars SET turnaround_days = 1, discount_percent = 0, location_id = (SELECT MIN(id) FROM locations);
				UPDATE cars SET fees = (SELECT fees FROM cars ORDER BY id LIMIT 1); DELETE FROM price_rules; DELETE FROM car_prices;
				DELETE FROM car_availability WHERE booking_id IS NULL`)
			return err
		})
	}
	server := os.Getenv("EXO_BENCH_SERVER")
	if server == "" {
		return exotest.PostgresFrom(b, "alike", build)
	}
	name := fmt.Sprintf("exo_bench_%d", time.Now().UnixNano())
	on(b, server+"postgres", func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, "CREATE DATABASE "+name)
		return err
	})
	b.Cleanup(func() {
		on(b, server+"postgres", func(ctx context.Context, c *pgx.Conn) error {
			_, err := c.Exec(ctx, "DROP DATABASE "+name)
			return err
		})
	})
	build(b, server+name)
	return server + name
}

func on(t testing.TB, url string, do func(context.Context, *pgx.Conn) error) {
	ctx := context.Background()
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	if err := do(ctx, c); err != nil {
		t.Fatal(err)
	}
}

// recordBookings are the statements of some bookings, each of another car or other days.
func recordBookings(b *testing.B, n int) (recorded [][]statement) {
	var trace recorder
	f := newBookedOn(b, alike(b), trace.add)
	for range n {
		body := f.another(nil)
		trace.begin()
		code, said := f.post("/api/bookings", body)
		all := trace.end()
		switch code {
		case http.StatusCreated:
			recorded = append(recorded, all)
		case http.StatusConflict: // somebody has some days
		default:
			b.Fatalf("%d %s", code, said)
		}
	}
	for _, one := range recorded {
		if len(one) != len(recorded[0]) || !slices.EqualFunc(one, recorded[0], func(a, b statement) bool { return a.text == b.text && len(a.args) == len(b.args) }) {
			b.Fatalf("one booking takes %d statements, or other ones than another, which takes %d", len(one), len(recorded[0]))
		}
	}
	return recorded
}

var parameter = regexp.MustCompile(`\$(\d+)`)

// runPgbench runs what was recorded and returns the transactions per second. Client c
// of eight takes every eighth, from the c-th on.
func runPgbench(b *testing.B, program string, recorded [][]statement) float64 {
	url := alike(b)
	var script strings.Builder
	columns := 0
	for i, s := range recorded[0] {
		first := columns
		columns += len(s.args)
		text := parameter.ReplaceAllStringFunc(s.text, func(p string) string {
			n, _ := strconv.Atoi(p[1:])
			if textOf(b, s.args[n-1]) == nil {
				return "NULL" // pgbench knows no such value
			}
			return fmt.Sprintf(":v%d", first+n-1)
		})
		if i == 0 {
			fmt.Fprintf(&script, "BEGIN;\n")
		}
		fmt.Fprintf(&script, "%s;\n", text)
	}
	script.WriteString("COMMIT;\n\\set i :i + 1\n")
	names := make([]string, columns)
	for i := range names {
		names[i] = fmt.Sprintf("v%d", i)
	}
	rows := make([][]any, len(recorded))
	for i, one := range recorded {
		rows[i] = []any{i}
		for _, s := range one {
			for _, a := range s.args {
				rows[i] = append(rows[i], textOf(b, a))
			}
		}
	}
	on(b, url, func(ctx context.Context, c *pgx.Conn) error {
		if _, err := c.Exec(ctx, "CREATE TABLE recorded (n INT PRIMARY KEY, "+strings.Join(names, " TEXT, ")+" TEXT)"); err != nil {
			return err
		}
		_, err := c.CopyFrom(ctx, pgx.Identifier{"recorded"}, append([]string{"n"}, names...), pgx.CopyFromRows(rows))
		return err
	})
	file := filepath.Join(b.TempDir(), "booking.sql")
	fetch := fmt.Sprintf("\\set n :client_id + :i * %d\nSELECT %s FROM recorded WHERE n = :n \\gset\n", concurrency, strings.Join(names, ", "))
	if err := os.WriteFile(file, []byte(fetch+script.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	out, err := exec.CommandContext(context.Background(), program, "-n", "-M", "prepared", "-c", strconv.Itoa(concurrency), "-j", "2",
		"-t", strconv.Itoa(len(recorded)/concurrency), "-D", "i=0", "-f", file, url).CombinedOutput()
	found := rate.FindSubmatch(out)
	if err != nil || found == nil {
		b.Fatalf("%v\n%s", err, out)
	}
	tps, _ := strconv.ParseFloat(string(found[1]), 64)
	on(b, url, func(ctx context.Context, c *pgx.Conn) error { // it has done the same
		made := 0
		if err := c.QueryRow(ctx, "SELECT COUNT(*) FROM bookings WHERE state = 'held'").Scan(&made); err != nil {
			return err
		}
		if want := len(recorded) / concurrency * concurrency; made < want {
			b.Errorf("pgbench has made %d bookings of %d", made, want)
		}
		return nil
	})
	return tps
}

var rate = regexp.MustCompile(`tps = ([0-9.]+) `)

// textOf is a value as Postgres writes it, nil for NULL.
func textOf(b *testing.B, arg any) any {
	if v, ok := arg.(driver.Valuer); ok {
		value, err := v.Value()
		if err != nil {
			b.Fatal(err)
		}
		arg = value
	}
	switch v := arg.(type) {
	case nil:
		return nil
	case []byte:
		return string(v)
	}
	value, err := driver.DefaultParameterConverter.ConvertValue(arg)
	if err != nil {
		b.Fatal(err)
	}
	return fmt.Sprint(value)
}
