package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/sqlstore"
)

// tables are those of the schema, in the order of their names.
var tables = []string{
	"api_tokens", "audit_log", "bookings", "car_availability", "car_features", "car_images", "car_prices", "car_reviews",
	"car_specs", "cars", "coupons", "customers", "extras", "job_runs", "job_ticks", "jobs", "location_transfers", "locations", "price_rules", "settings", "users",
}

// contents is everything in a database that can be compared: how many rows each
// table has, and the cars and places as they are read.
func contents(t testing.TB, s *sqlstore.Store, url string) string {
	t.Helper()
	var b strings.Builder
	db := prompt(t, url)
	for _, table := range tables {
		fmt.Fprintf(&b, "%s: %d\n", table, db.number(`SELECT COUNT(*) FROM `+table))
	}
	for _, car := range db.texts(`SELECT id FROM cars ORDER BY id`) {
		c, err := s.Car(t.Context(), car)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%+v\n", *c)
	}
	places, err := s.Places(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&b, "%+v\n", places)
	if err := db.db.Close(); err != nil { // an open one is somebody who uses the database
		t.Fatal(err)
	}
	return b.String()
}

// backup writes a backup of a store into a new file.
func backup(t testing.TB, s *sqlstore.Store) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "backup")
	if err := s.Backup(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	return file
}

// restored opens the database at a URL after a restore.
func restored(t testing.TB, url, file string, replace bool) *sqlstore.Store {
	t.Helper()
	if err := sqlstore.Restore(t.Context(), url, file, replace); err != nil {
		t.Fatalf("restore: %v", err)
	}
	return open(t, url)
}

// Who restores a backup into an empty database has the fleet again as it was, search and referees included.
func TestBackupRoundTrip(t *testing.T) {
	eachSeeded(t, func(t *testing.T, s *sqlstore.Store, url string) {
		file := backup(t, s)
		fresh := another(t, url)
		copied := restored(t, fresh, file, false)

		if got, want := contents(t, copied, fresh), contents(t, s, url); got != want {
			t.Errorf("the restored database differs: %s", firstDifference(got, want))
		}
		if from, to, err := copied.Migrate(t.Context()); from != schema || to != schema || err != nil {
			t.Errorf("it migrates from %d to %d (%v), want %d twice", from, to, err, schema)
		}
		ask := exodrive.CarQuery{Search: "ferari", Sort: exodrive.SortRelevance, Page: 1, Limit: 12}
		if _, total, _, err := copied.Cars(t.Context(), ask, "USD"); total == 0 || err != nil {
			t.Errorf("the search finds %d cars (%v), want some", total, err)
		}
		taken := prompt(t, fresh).text(`SELECT car_id || date FROM car_availability LIMIT 1`)
		err := copied.Tx(t.Context(), func(tx *sqlstore.Tx) error {
			return tx.InsertDays(t.Context(), []sqlstore.DayRow{{CarID: taken[:20], Date: exodrive.MustDate(taken[20:]), Status: exodrive.DayHeld}})
		})
		refused(t, err, exodrive.Conflict)
	})
}

// another is an empty database of the same engine.
func another(t testing.TB, url string) string {
	if onPostgres(url) {
		return exotest.Postgres(t)
	}
	return "sqlite:" + filepath.Join(t.TempDir(), "other.db")
}

func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d is\n%s\nwant\n%s", i, a[i], b[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(a), len(b))
}

// A backup of a house that has no cars yet, not even a first start, can be restored too.
func TestBackupOfAnEmptyHouse(t *testing.T) {
	eachEmpty(t, func(t *testing.T, s *sqlstore.Store, url string) {
		fresh := another(t, url)
		if have, _, err := restored(t, fresh, backup(t, s), false).SchemaVersions(t.Context()); have != schema || err != nil {
			t.Errorf("the restored schema has version %d (%v), want %d", have, err, schema)
		}
	})
}

// A restore over a house that is in use is refused until it is asked for by name, and then replaces everything.
func TestRestoreReplacesOnlyWhenTold(t *testing.T) {
	eachSeeded(t, func(t *testing.T, s *sqlstore.Store, url string) {
		file, before := backup(t, s), contents(t, s, url)
		write(t, s, func(tx *sqlstore.Tx) error {
			car := aCar(1)
			car.LocationID = must(s.Places(t.Context()))[0].ID
			return tx.InsertCar(t.Context(), &car)
		})
		changed := contents(t, s, url)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := sqlstore.Restore(t.Context(), url, file, false); err == nil || !strings.Contains(err.Error(), "not empty") {
			t.Errorf("a restore over a fleet says %v, want that the database is not empty", err)
		}
		again := open(t, url)
		if got := contents(t, again, url); got != changed {
			t.Errorf("the refused restore changed something: %s", firstDifference(got, changed))
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
		if got := contents(t, restored(t, url, file, true), url); got != before {
			t.Errorf("the restore did not bring back what was there: %s", firstDifference(got, before))
		}
	})
}

// A restore over an embedded database that somebody has open is refused, because what he writes afterwards would be lost; what he wrote is kept.
//
// Red when: the lock is not tried, or the log is removed first.
func TestRestoreRefusesADatabaseInUse(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "fleet.db")
	url := "sqlite:" + file
	s := open(t, url)
	if _, _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	copied := backup(t, s)
	write(t, s, func(tx *sqlstore.Tx) error { return tx.SetSetting(t.Context(), "later", "kept") })
	if err := sqlstore.Restore(t.Context(), url, copied, true); !errors.Is(err, sqlstore.ErrInUse) {
		t.Fatalf("a restore beside a server says %v, want ErrInUse", err)
	}
	write(t, s, func(tx *sqlstore.Tx) error { return tx.SetSetting(t.Context(), "after", "kept") })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, url)
	if later, after := must(s.Setting(t.Context(), "later")), must(s.Setting(t.Context(), "after")); later != "kept" || after != "kept" {
		t.Errorf("after a refused restore the settings are %q and %q, want both kept", later, after)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if later := must(restored(t, url, copied, true).Setting(t.Context(), "later")); later != "" {
		t.Errorf("after the restore there is still %q", later)
	}
	if left := must(filepath.Glob(file + ".restoring*")); len(left) > 0 {
		t.Errorf("files are left: %v", left)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// A file that is no backup, or half of one, is refused and everything stays as it was.
func TestRestoreRefusesWhatIsNoBackup(t *testing.T) {
	eachSeeded(t, func(t *testing.T, s *sqlstore.Store, url string) {
		folder, before := t.TempDir(), contents(t, s, url)
		good := must(os.ReadFile(backup(t, s)))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		files := map[string][]byte{
			"text": []byte("not a backup at all"), "nothing": nil, "half": good[:len(good)/2],
		}
		for name, content := range files {
			file := filepath.Join(folder, name)
			if err := os.WriteFile(file, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range []string{"text", "nothing", "half", "missing", "."} {
			err := sqlstore.Restore(t.Context(), url, filepath.Join(folder, name), true)
			if err == nil {
				t.Errorf("%s: restored", name)
			}
			if got := contents(t, open(t, url), url); got != before {
				t.Fatalf("%s (%v): the database changed: %s", name, err, firstDifference(got, before))
			}
		}
		if left := must(filepath.Glob(strings.TrimPrefix(url, "sqlite:") + ".restoring*")); len(left) > 0 {
			t.Errorf("files are left: %v", left)
		}
	})
}

// A backup taken while people change things is of one moment: two rows that always change together agree in it.
func TestBackupDuringWrites(t *testing.T) {
	eachEmpty(t, func(t *testing.T, s *sqlstore.Store, url string) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		pair := func(n int) {
			if err := s.Tx(t.Context(), func(tx *sqlstore.Tx) error {
				return errors.Join(tx.SetSetting(t.Context(), "left", fmt.Sprint(n)), tx.SetSetting(t.Context(), "right", fmt.Sprint(n)))
			}); err != nil {
				t.Errorf("write %d: %v", n, err)
			}
		}
		pair(0)
		running, done := make(chan struct{}), make(chan int)
		go func() {
			n := 1
			for ; ctx.Err() == nil; n++ {
				pair(n)
				if n == 1 {
					close(running)
				}
			}
			done <- n
		}()
		<-running
		var files []string
		for range 3 {
			files = append(files, backup(t, s))
		}
		stop()
		if n := <-done; n < 3 {
			t.Errorf("only %d writes happened during the backups", n)
		}
		var seen []string
		for _, file := range files {
			fresh := another(t, url)
			copied := restored(t, fresh, file, false)
			left, right := must(copied.Setting(t.Context(), "left")), must(copied.Setting(t.Context(), "right"))
			if left != right {
				t.Errorf("the backup has %s and %s, which were never there at one time", left, right)
			}
			seen = append(seen, left)
		}
		if slices.Max(seen) == "0" {
			t.Errorf("the backups saw %v, want writes", seen)
		}
	})
}
