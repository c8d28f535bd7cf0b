package bench

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
	"github.com/exodrive/exodrive/sqlstore"
)

// BenchmarkWrites is what the journal costs those who write: the transactions of
// an administrator who edits a car, and of one who takes three days of its
// calendar and frees them again, in a database with the journal and in one without,
// in turn. The cost is that of the triggers and of asking, at the end of a
// transaction, what they wrote. The databases are those of the tests: Postgres with
// fsync off.
func BenchmarkWrites(b *testing.B) {
	for _, engine := range exotest.Engines() {
		with, without := writer(b, engine, true), writer(b, engine, false)
		for _, write := range []struct {
			name string
			do   func(*fleetWriter, context.Context, int) error
		}{{"edit", (*fleetWriter).edit}, {"days", (*fleetWriter).days}} {
			b.Run(engine+"-"+write.name, func(b *testing.B) {
				var took [2][]time.Duration
				for i := range b.N {
					for k, w := range []*fleetWriter{with, without} {
						begin := time.Now()
						if err := write.do(w, b.Context(), i); err != nil {
							b.Fatal(err)
						}
						took[k] = append(took[k], time.Since(begin))
					}
				}
				for k, name := range []string{"journal", "none"} {
					b.ReportMetric(ms(percentile(took[k], 50)), "p50-ms-"+name)
					b.ReportMetric(ms(percentile(took[k], 99)), "p99-ms-"+name)
				}
				b.ReportMetric(float64(percentile(took[0], 50))/float64(percentile(took[1], 50)), "ratio-p50")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// fleetWriter writes to a small fleet.
type fleetWriter struct {
	store *sqlstore.Store
	cars  []string
}

func writer(b *testing.B, engine string, journal bool) *fleetWriter {
	ctx := b.Context()
	url := smallFleetOn(b, engine)
	if !journal {
		dropTriggers(b, url)
	}
	store, err := sqlstore.Open(ctx, sqlstore.Config{URL: url})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { store.Close() })
	w := &fleetWriter{store: store}
	if journal {
		c := rental.NewCache(store)
		b.Cleanup(c.Close)
		store.OnWritten(func(ctx context.Context, written cache.Written) { c.Raise(ctx, written) })
	}
	cars, _, err := store.AllCars(ctx, exodrive.PageQuery{Page: 1, Limit: 20})
	if err != nil {
		b.Fatal(err)
	}
	for _, car := range cars {
		w.cars = append(w.cars, car.ID)
	}
	return w
}

// edit changes the price of a day, which details and lists show.
func (w *fleetWriter) edit(ctx context.Context, i int) error {
	return w.store.Tx(ctx, func(tx *sqlstore.Tx) error {
		before, err := tx.LockCar(ctx, w.cars[i%len(w.cars)])
		if err != nil {
			return err
		}
		after := *before
		after.PricePerDay++
		after.Version++
		return tx.UpdateCar(ctx, before, &after)
	})
}

// days takes three days as a booking does, and gives them back.
func (w *fleetWriter) days(ctx context.Context, i int) error {
	const farAhead = 700 // where the fleet has no bookings
	id := w.cars[i%len(w.cars)]
	days := exodrive.Days{Start: today.Add(farAhead), End: today.Add(farAhead + 3)}
	err := w.store.Tx(ctx, func(tx *sqlstore.Tx) error {
		if _, err := tx.LockCar(ctx, id); err != nil {
			return err
		}
		taken, err := tx.TakeMaintenance(ctx, id, days)
		if len(taken) > 0 {
			return fmt.Errorf("days are taken: %v", taken)
		}
		return err
	})
	if err != nil {
		return err
	}
	return w.store.Tx(ctx, func(tx *sqlstore.Tx) error {
		if _, err := tx.LockCar(ctx, id); err != nil {
			return err
		}
		_, _, err := tx.FreeMaintenance(ctx, id, days)
		return err
	})
}

func smallFleetOn(t testing.TB, engine string) string {
	if engine == exotest.SQLite {
		return smallFleet(t)
	}
	return exotest.PostgresFrom(t, "small", func(t testing.TB, url string) { seed(t, url, smallSize) })
}

// dropTriggers takes the journal's triggers out of a database, and no others.
func dropTriggers(b *testing.B, url string) {
	ctx := b.Context()
	driver, address := "pgx", url
	find := `SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal AND tgname LIKE 'cache\_%'`
	drop := "DROP TRIGGER %s ON %s"
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		driver, address = "sqlite", path
		find, drop = `SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'cache\_%' ESCAPE '\'`, "DROP TRIGGER %s -- of %s"
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, find)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	var drops []string
	for rows.Next() {
		var name, table string
		if err := rows.Scan(&name, &table); err != nil {
			b.Fatal(err)
		}
		drops = append(drops, fmt.Sprintf(drop, pgx.Identifier{name}.Sanitize(), table))
	}
	if err := rows.Err(); err != nil || len(drops) == 0 {
		b.Fatalf("%d triggers, %v", len(drops), err)
	}
	for _, statement := range drops {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			b.Fatalf("%s: %v", statement, err)
		}
	}
}
