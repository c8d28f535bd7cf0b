package sqlstore_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/sqlstore"
)

// pooled opens a store through a PgBouncer in transaction mode.
func pooled(t *testing.T, direct string) *sqlstore.Store {
	t.Helper()
	return open(t, exotest.PgBouncer(t, direct), func(c *sqlstore.Config) { c.Pooler = true })
}

// A house behind a transaction pooler starts from nothing, is filled, and is read by many at once, as one with a direct connection.
func TestBehindAPooler(t *testing.T) {
	t.Parallel()
	direct := exotest.Postgres(t)
	s := pooled(t, direct)
	if from, to, err := s.Migrate(t.Context()); from != 0 || to != schema || err != nil {
		t.Fatalf("migrated from %d to %d: %v", from, to, err)
	}
	seed(t, s)
	car := prompt(t, direct).text(`SELECT id FROM cars WHERE available AND NOT hidden ORDER BY id LIMIT 1`)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if err := errors.Join(readAll(t, s, car)...); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if from, to, err := s.Migrate(t.Context()); from != schema || to != schema || err != nil {
		t.Errorf("the second start migrates from %d to %d: %v", from, to, err)
	}
}

// Behind a pooler too, each statement of a change has its limit, which no other client of the pooler inherits.
func TestTimeoutBehindAPooler(t *testing.T) {
	t.Parallel()
	direct := exotest.PostgresFrom(t, "empty", empty)
	s := pooled(t, direct)
	for range 5 {
		write(t, s, func(tx *sqlstore.Tx) error {
			for name, want := range map[string]string{"statement_timeout": "5s", "lock_timeout": "2s"} {
				if got, err := tx.ServerSetting(t.Context(), name); got != want || err != nil {
					t.Errorf("%s is %s (%v), want %s", name, got, err, want)
				}
			}
			return nil
		})
	}
	// The sessions behind the pooler are still as they were.
	for _, name := range []string{"statement_timeout", "lock_timeout"} {
		if n := must(s.ServerSetting(t.Context(), name)); n != "0" {
			t.Errorf("after the changes %s is %s for everybody, want 0", name, n)
		}
	}
}

// Behind a pooler changes are all or nothing too, and conflicts have their sentences.
func TestChangesBehindAPooler(t *testing.T) {
	t.Parallel()
	direct := exotest.PostgresFrom(t, "empty", empty)
	s := pooled(t, direct)
	oneCar(t, s)
	err := s.Tx(t.Context(), func(tx *sqlstore.Tx) error {
		c := aCar(1)
		c.Slug = aCar(0).Slug
		return errors.Join(tx.SetSetting(t.Context(), "half", "yes"), tx.InsertCar(t.Context(), &c))
	})
	if e := refused(t, err, exodrive.Conflict); e.Field != "/slug" {
		t.Errorf("the error is on %q, want /slug", e.Field)
	}
	if got := must(s.Setting(t.Context(), "half")); got != "" {
		t.Errorf("the refused change left %q", got)
	}
}

// Nodes behind one pooler that start at once all come up.
func TestManyMigrateBehindAPooler(t *testing.T) {
	t.Parallel()
	through := exotest.PgBouncer(t, exotest.Postgres(t))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			s, err := sqlstore.Open(t.Context(), sqlstore.Config{URL: through, Pooler: true, Pool: 4})
			if err != nil {
				t.Errorf("open: %v", err)
				return
			}
			defer s.Close()
			if _, to, err := s.Migrate(t.Context()); to != schema || err != nil {
				t.Errorf("migrated to %d: %v", to, err)
			}
		})
	}
	wg.Wait()
}
