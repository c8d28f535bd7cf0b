package stress_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver of the prompt

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
	"github.com/exodrive/exodrive/sqlstore"
	"github.com/exodrive/exodrive/stress"
)

// unlocked is an arena whose desks do not keep each other waiting: each locks rows of a
// copy of the cars that is its own. SQLite has one writer, so there is nothing to unlock.
func unlocked(t *testing.T, statements ...string) (*stress.Arena, *sqlstore.Store, stress.Overlap) {
	t.Helper()
	a, err := stress.NewArena(t.Context(), exotest.Postgres(t), 2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	db, err := sql.Open("pgx", a.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var desks []stress.Desk
	for i := range 8 {
		lane := fmt.Sprint("lane", i)
		statements = append(statements, "CREATE SCHEMA "+lane, "CREATE TABLE "+lane+".cars AS SELECT * FROM cars")
		desks = append(desks, nil)
	}
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	var store *sqlstore.Store
	for i := range desks {
		desks[i], store = laneOf(t, a.URL, fmt.Sprint("lane", i))
	}
	a.Sweep()
	return a, store, stress.Overlap{Desks: desks, Cars: a.Cars, From: a.From, Clients: 16, During: 2 * time.Second, Seed: 1}
}

// laneOf is a desk whose cars are those of a schema.
func laneOf(t *testing.T, url, schema string) (stress.Desk, *sqlstore.Store) {
	t.Helper()
	with := "?"
	if strings.Contains(url, "?") {
		with = "&"
	}
	store, err := sqlstore.Open(t.Context(), sqlstore.Config{URL: url + with + "search_path=" + schema + ",public", Pool: 4})
	if err != nil {
		t.Fatal(err)
	}
	cache := rental.NewCache(store)
	t.Cleanup(func() { cache.Close(); store.Close() })
	s, err := rental.New(t.Context(), rental.Options{Store: store, Cache: cache, Secrets: [][]byte{[]byte("the secret of all lanes, 32 bytes")}})
	if err != nil {
		t.Fatal(err)
	}
	return stress.DeskOf(s), store
}

// The lock of the car spares people vain work; it is not what keeps days apart. Without
// it the unique index and the exclusion constraint still refuse the second, and nothing
// is lost or left behind: whoever comes too late is told so, or to try again.
func TestOverlapWithoutTheLock(t *testing.T) {
	t.Parallel()
	a, _, overlap := unlocked(t)
	// That somebody else was first, or to try again.
	overlap.Tolerate = []exodrive.Code{exodrive.Conflict, exodrive.Stale, exodrive.Unavailable}
	o := overlap.Run(t.Context(), nil)
	t.Logf("%d tries, %d bookings, %d changed, %d swapped, %d refused by the index and the constraint", o.Tries, o.Wins, o.Changed, o.Swapped, o.Tolerated)
	if err := a.Check(t.Context(), o); err != nil {
		t.Error(err)
	}
	if o.Tolerated == 0 {
		t.Error("nobody met the index or the constraint, so the lock was there")
	}
}

// Without the lock, the index and the constraint there are overlaps, and the check finds
// them while they stand.
func TestOverlapWithoutTheIndexIsFound(t *testing.T) {
	t.Parallel()
	_, store, overlap := unlocked(t, "DROP INDEX idx_car_availability_lookup", "ALTER TABLE bookings DROP CONSTRAINT bookings_no_overlap")
	overlap.During = time.Second / 2
	for begun := time.Now(); time.Since(begun) < 30*time.Second; overlap.Seed++ {
		overlap.Run(t.Context(), nil)
		wrong, err := store.Disagreements(t.Context(), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(wrong, func(sentence string) bool { return strings.Contains(sentence, " overlap on ") }) {
			t.Logf("found after %s: %s", time.Since(begun).Round(time.Millisecond), wrong)
			return
		}
	}
	t.Error("no two bookings overlap, or the check does not see it")
}
