package sqlstore_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/sqlstore"
)

// Any number of nodes that start at once on an empty database all come up, and the schema is made once.
func TestManyMigrateAtOnce(t *testing.T) {
	t.Parallel()
	for _, stores := range []int{2, 8} {
		t.Run(fmt.Sprint(stores), func(t *testing.T) {
			exotest.EachEngine(t, "", nil, func(t *testing.T, url string) {
				var wg sync.WaitGroup
				var mu sync.Mutex
				worked := 0
				begin := make(chan struct{})
				for range stores {
					wg.Go(func() {
						<-begin
						s, err := sqlstore.Open(t.Context(), sqlstore.Config{URL: url, Pool: 4})
						if err != nil {
							t.Errorf("open: %v", err)
							return
						}
						defer s.Close()
						from, to, err := s.Migrate(t.Context())
						if err != nil || to != schema || from != 0 && from != schema {
							t.Errorf("migrated from %d to %d: %v", from, to, err)
						}
						mu.Lock()
						defer mu.Unlock()
						if from == 0 {
							worked++
						}
					})
				}
				close(begin)
				wg.Wait()
				have, want, err := open(t, url).SchemaVersions(t.Context())
				if worked != 1 || have != want || want != schema || err != nil {
					t.Errorf("%d of %d migrated, the schema is at %d of %d (%v); want one, and version %d", worked, stores, have, want, err, schema)
				}
				if n := prompt(t, url).number(`SELECT COUNT(*) FROM goose_db_version WHERE version_id > 0`); n != migrations {
					t.Errorf("%d migrations are noted, want %d", n, migrations)
				}
			})
		})
	}
}

// A start waits for another one's long migration as long as it takes, whatever the limits of ordinary statements are.
func TestAStartWaitsForAMigration(t *testing.T) {
	t.Parallel()
	url := exotest.Postgres(t)
	s := open(t, url+"&lock_timeout=50&statement_timeout=5000")
	db := prompt(t, url)
	other, err := db.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.ExecContext(t.Context(), `SELECT pg_advisory_xact_lock(7311984480086832741)`); err != nil {
		t.Fatal(err)
	}
	migrated := make(chan error, 1)
	go func() {
		_, _, err := s.Migrate(t.Context())
		migrated <- err
	}()
	// Ten times the limit of a lock: it has waited far longer than a statement may.
	db.exec(`SELECT pg_sleep(0.5)`)
	select {
	case err := <-migrated:
		t.Fatalf("it did not wait: %v", err)
	default:
	}
	if err := other.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-migrated; err != nil {
		t.Errorf("after the other one was done: %v", err)
	}
}

// An old release refuses to touch a database that a newer one has migrated, and says what to do.
func TestNewerSchemaIsRefused(t *testing.T) {
	eachEmpty(t, func(t *testing.T, s *sqlstore.Store, url string) {
		db := prompt(t, url)
		db.exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (999999, $1)`, true)
		from, to, err := s.Migrate(t.Context())
		if !errors.Is(err, sqlstore.ErrNewerSchema) || from != 999999 || to != 999999 {
			t.Errorf("Migrate says %d, %d, %v; want 999999 twice and ErrNewerSchema", from, to, err)
		}
		have, want, err := s.SchemaVersions(t.Context())
		if have != 999999 || want != schema || err != nil {
			t.Errorf("SchemaVersions says %d, %d, %v; want 999999 and %d", have, want, err, schema)
		}
	})
}

// A database that holds something else is refused and stays as it is, also where a refused migration of an earlier release left its table.
//
// Red when: the library's table is made before anybody looks; tables beside version 0 are overlooked.
func TestForeignDatabaseIsRefused(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "", nil, func(t *testing.T, url string) {
		s, db := open(t, url), prompt(t, url)
		look := func(what string) {
			t.Helper()
			if _, _, err := s.Migrate(t.Context()); !errors.Is(err, sqlstore.ErrForeign) {
				t.Errorf("%s: Migrate says %v, want ErrForeign", what, err)
			}
			if _, _, err := s.SchemaVersions(t.Context()); !errors.Is(err, sqlstore.ErrForeign) {
				t.Errorf("%s: SchemaVersions says %v, want ErrForeign", what, err)
			}
		}
		if have, want, err := s.SchemaVersions(t.Context()); have != 0 || want != schema || err != nil {
			t.Errorf("an empty database has version %d of %d (%v)", have, want, err)
		}
		db.exec(`CREATE TABLE cars (wheels INTEGER)`)
		look("a table of another")
		// It could not be made if one had been left.
		db.exec(`CREATE TABLE goose_db_version (id INTEGER, version_id BIGINT, is_applied BOOLEAN, tstamp TIMESTAMP)`)
		db.exec(`INSERT INTO goose_db_version VALUES (1, 0, TRUE, CURRENT_TIMESTAMP)`)
		look("beside the rest of a migration")
		db.exec(`DROP TABLE cars`)
		if _, to, err := s.Migrate(t.Context()); to != schema || err != nil {
			t.Errorf("an empty one is migrated to %d: %v", to, err)
		}
	})
}

// A second start finds nothing to do.
func TestMigrateAgain(t *testing.T) {
	eachEmpty(t, func(t *testing.T, s *sqlstore.Store, _ string) {
		if from, to, err := s.Migrate(t.Context()); from != schema || to != schema || err != nil {
			t.Errorf("migrated from %d to %d: %v; want %d twice", from, to, err, schema)
		}
	})
}

// Both engines sort and compare every text byte by byte, so lists come in the same order on either.
func TestEveryTextHasByteOrder(t *testing.T) {
	t.Parallel()
	db := prompt(t, exotest.PostgresFrom(t, "empty", empty))
	checked := db.number(`SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = 'public' AND data_type = 'text' AND collation_name = 'C'`)
	for _, wrong := range db.texts(`SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || COALESCE(collation_name, 'default')
		FROM information_schema.columns
		WHERE table_schema = 'public' AND data_type IN ('text', 'character varying', 'character') AND collation_name IS DISTINCT FROM 'C'
		ORDER BY 1`) {
		t.Errorf("%s: want text in the collation C", wrong)
	}
	if checked < 60 {
		t.Errorf("only %d columns of text were found", checked)
	}
}

// The guide's four indexes exist to the letter: its names, on its tables, with its columns in its order.
//
// Red when: an index has another name, or its columns another order.
func TestTheGuidesIndexesExist(t *testing.T) {
	eachEmpty(t, func(t *testing.T, _ *sqlstore.Store, url string) {
		list := `SELECT tbl_name || '(' || (SELECT group_concat(name, ', ') FROM pragma_index_info($1)) || ')' FROM sqlite_schema WHERE type = 'index' AND name = $1`
		if onPostgres(url) {
			list = `SELECT tablename || substring(indexdef FROM '\([^()]*\)$') FROM pg_indexes WHERE schemaname = 'public' AND indexname = $1`
		}
		for name, want := range map[string]string{
			byCarAndDay:  "car_availability(car_id, date)",
			byCarAndDays: "bookings(car_id, start_date, end_date)",
			byCustomer:   "bookings(customer_id, created_at)",
			byReviews:    "car_reviews(car_id, is_approved, created_at)",
		} {
			if found := prompt(t, url).texts(list, name); len(found) != 1 || found[0] != want {
				t.Errorf("the index %s is on %q, want %s", name, found, want)
			}
		}
	})
}

// A database that does not exist or an address that is none is refused in one sentence that does not repeat a password.
func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "mysql://u:secret@h/x", "postgres://u:secret@[::1/x", "sqlite:"} {
		s, err := sqlstore.Open(t.Context(), sqlstore.Config{URL: url})
		if err == nil {
			_ = s.Close()
			t.Errorf("%q was opened", url)
		} else if text := err.Error(); len(text) < 20 || exodrive.CodeOf(err) != exodrive.Internal || strings.Contains(text, "secret") {
			t.Errorf("%q is refused with %q", url, text)
		}
	}
}
