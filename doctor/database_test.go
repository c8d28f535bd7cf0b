package doctor_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/exodrive/exodrive/doctor"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/sqlstore"
)

// Of an installation that works the doctor has nothing bad to say, and looks at everything.
func TestHealthy(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "fleet", fleet, func(t *testing.T, url string) {
		p := newPatient(t, url)
		p.connect(exotest.NewRedis(t, "--maxmemory", "50mb", "--maxmemory-policy", "allkeys-lfu").URL())
		p.visit(p.cars()[:5]...)
		p.fine()
		seen := map[string]bool{}
		for _, f := range p.examine() {
			seen[f.Check] = true
		}
		for _, check := range []string{"database", "lease", "auditor", "memory of the cache", "hit ratio of list", "redis latency", "redis memory",
			"redis connections", "redis breaker", "indexes", "plans", "statements of this node", "open transactions", "journal", "jobs", "clock",
			"EXO_DEMO", "EXO_BASE_URL", "EXO_RATE_LIMITS", "EXO_TRUSTED_PROXIES", "EXO_SECRET", "backup"} {
			if !seen[check] {
				t.Errorf("the doctor did not look at %q", check)
			}
		}
	})
}

// An index that somebody dropped is named with the statement that makes it again, and so is the read that suffers.
//
// Red when: wantedIndexes reads no migration; a table's size is not looked at; a plan's children are not.
func TestDroppedIndex(t *testing.T) {
	eachPatient(t, func(t *testing.T, p *patient) {
		db := prompt(t, p.url)
		exec(t, db, `DROP INDEX idx_reviews_listing`)
		found := p.examine()
		create := "CREATE INDEX idx_reviews_listing ON car_reviews (car_id, is_approved, created_at);"
		p.among(found, doctor.Fail, "indexes", "idx_reviews_listing", create)
		p.among(found, doctor.Warn, "plans", "reviews reads all of car_reviews")
		exec(t, db, create)
		p.fine("indexes", "plans")

		// A small table is read from end to end because that is quickest.
		exec(t, db, `DROP INDEX idx_reviews_listing`)
		p.Limits.BigTable = 1_000_000
		p.fine("plans")
	})
}

// An index that Postgres gave up building is as good as none.
func TestInvalidIndex(t *testing.T) {
	t.Parallel()
	p := newPatient(t, exotest.PostgresFrom(t, "fleet", fleet))
	exec(t, prompt(t, p.url), `UPDATE pg_index SET indisvalid = FALSE WHERE indexrelid = CAST('idx_car_availability_day' AS regclass)`)
	p.says(doctor.Fail, "indexes", "idx_car_availability_day")
}

// A transaction that somebody left open is named with what ends it.
func TestHeldTransaction(t *testing.T) {
	t.Parallel()
	p := newPatient(t, exotest.PostgresFrom(t, "fleet", fleet))
	db := prompt(t, p.url)
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var pid int
	if err := tx.QueryRow(`SELECT pg_backend_pid() FROM (SELECT pg_current_xact_id()) x`).Scan(&pid); err != nil {
		t.Fatal(err)
	}
	p.fine("open transactions") // it is young
	p.Limits.Held = 30 * time.Millisecond
	end := fmt.Sprintf("pg_terminate_backend(%d)", pid)
	p.eventually("it is found", func() bool { return strings.Contains(lines(p.examine()), end) })
	p.says(doctor.Warn, "open transactions", "idle in transaction", end)
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if text := lines(p.examine()); strings.Contains(text, end) {
		t.Errorf("after its end the doctor still says\n%s", text)
	}
}

// With every connection taken the doctor says so, and in time.
//
// Red when: a check waits without a limit, or one that could not be made is not told.
func TestSaturatedPool(t *testing.T) {
	t.Parallel()
	p := newPatient(t, exotest.PostgresFrom(t, "fleet", fleet))
	p.fine("connections, main")
	p.open(sqlstore.Config{Pool: 2})
	var holding, held sync.WaitGroup
	release := make(chan struct{})
	for range 2 {
		holding.Add(1)
		held.Go(func() {
			err := p.Store.Tx(context.Background(), func(*sqlstore.Tx) error { holding.Done(); <-release; return errors.New("nothing") })
			if err == nil {
				t.Error("the transaction was committed")
			}
		})
	}
	holding.Wait()
	found := p.examine()
	close(release)
	held.Wait()
	p.among(found, doctor.Warn, "connections, main", "2 of 2 in use", "DATABASE_POOL")
	p.among(found, doctor.Warn, "plans", "all connections to it are taken")
	p.fine("connections, main", "plans")
}

// A database that is gone is a fault, told within five seconds.
func TestDatabaseGone(t *testing.T) {
	t.Parallel()
	direct := exotest.PostgresFrom(t, "fleet", fleet)
	at, err := url.Parse(direct)
	if err != nil {
		t.Fatal(err)
	}
	for name, away := range map[string]func(*exotest.Relay){"refuses": (*exotest.Relay).Refuse, "is mute": (*exotest.Relay).Mute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			relay := exotest.NewRelay(t, at.Host)
			p := newPatient(t, relay.Through(direct))
			p.fine("database")
			away(relay)
			p.eventually("the lease has lapsed", func() bool { return p.Cache().Lease < 0 })
			found := p.examine()
			relay.Sound()
			p.among(found, doctor.Fail, "database", "no answer", "does not answer")
			p.among(found, doctor.Warn, "clock", "could not be looked at")
			p.among(found, doctor.Fail, "lease", "lapsed")
			if doctor.Worst(found) != doctor.Fail {
				t.Errorf("the worst is %s", doctor.Worst(found))
			}
		})
	}
}

// A schema of another release is a fault with the way out of it.
func TestSchemaVersion(t *testing.T) {
	eachPatient(t, func(t *testing.T, p *patient) {
		db := prompt(t, p.url)
		exec(t, db, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (999999, TRUE)`)
		p.says(doctor.Fail, "database", "later release")
		exec(t, db, `DELETE FROM goose_db_version WHERE version_id > 3`)
		p.says(doctor.Fail, "database", "exodrive migrate")
	})
}

// A journal that nobody prunes is told by its oldest row.
func TestJournal(t *testing.T) {
	eachPatient(t, func(t *testing.T, p *patient) {
		p.fine("journal")
		old := time.Now().Add(-29 * time.Hour).UnixMilli()
		exec(t, prompt(t, p.url), `UPDATE cache_journal SET at = $1 WHERE mark = (SELECT MIN(mark) FROM cache_journal)`, old)
		p.says(doctor.Warn, "journal", "29 hours ago", "26 hours", "not pruned")
	})
}

// Clocks that differ are told, in either direction.
func TestClock(t *testing.T) {
	eachPatient(t, func(t *testing.T, p *patient) {
		p.fine("clock")
		for shift, word := range map[time.Duration]string{-10 * time.Second: "ahead", 10 * time.Second: "behind"} {
			p.open(sqlstore.Config{Now: func() time.Time { return time.Now().Add(shift) }})
			p.says(doctor.Warn, "clock", word, "chrony")
		}
	})
}

// What takes long is named by its text, from this process's own record.
//
// Red when: each or affected notes nothing; or the mean is not compared.
func TestSlowStatements(t *testing.T) {
	eachPatient(t, func(t *testing.T, p *patient) {
		p.fine("statements of this node")
		for range 12 {
			if _, err := p.Store.PublicCars(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		p.Limits.Slow = time.Nanosecond
		p.says(doctor.Warn, "statements of this node", "on average", "SELECT ")
	})
}

// Where Postgres keeps its own record, that is read too.
func TestServersOwnRecord(t *testing.T) {
	t.Parallel()
	server := exotest.OwnPostgres(t)
	url := server.URL("postgres")
	exec(t, prompt(t, url), `ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'`)
	server.Crash()
	fleet(t, url)
	p := newPatient(t, url)
	const check = "statements, by pg_stat_statements"
	if text := lines(p.examine()); strings.Contains(text, check) {
		t.Errorf("without the extension the doctor says\n%s", text)
	}
	exec(t, prompt(t, url), `CREATE EXTENSION pg_stat_statements`)
	p.fine(check)
	for range 12 {
		if _, err := p.Store.PublicCars(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	p.says(doctor.OK, check, "the slowest takes")
	p.Limits.Slow = time.Nanosecond
	p.says(doctor.Warn, check, "on average")
}

// A disk that fills is told before it is full.
func TestDisk(t *testing.T) {
	t.Parallel()
	p := newPatient(t, "sqlite:"+exotest.SQLiteFrom(t, "fleet", func(t testing.TB, path string) { fleet(t, "sqlite:"+path) }))
	p.fine("disk", "write-ahead log")
	p.Limits.FreeBytes = 1 << 62
	p.says(doctor.Fail, "disk", "EXO_DATA_DIR")
	free := uint64(0)
	for _, f := range p.examine() {
		if f.Check == "disk" {
			var size float64
			if _, err := fmt.Sscanf(f.Figure, "%f GiB", &size); err != nil {
				t.Fatal(err)
			}
			free = uint64(size * (1 << 30))
		}
	}
	p.Limits.FreeBytes = 2 * free
	p.says(doctor.Warn, "disk", "scarce")
}
