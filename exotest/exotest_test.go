package exotest_test

import (
	"context"
	"crypto/rand"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/exodrive/exodrive/exotest"
)

func TestMain(m *testing.M) { os.Exit(exotest.Main(m)) }

func connect(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatalf("connect to %s: %v", url, err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func do(t testing.TB, conn *pgx.Conn, statement string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func count(t testing.TB, conn *pgx.Conn, statement string, args ...any) int {
	t.Helper()
	var n int
	if err := conn.QueryRow(t.Context(), statement, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return n
}

// A test gets an empty Postgres of a supported release that has the extensions we use.
func TestPostgresIsEmptyAndComplete(t *testing.T) {
	t.Parallel()
	conn := connect(t, exotest.Postgres(t))

	do(t, conn, "CREATE EXTENSION pg_trgm")
	do(t, conn, "CREATE EXTENSION btree_gist")

	if n := count(t, conn, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"); n != 0 {
		t.Errorf("the new database has %d tables, want none", n)
	}
	if v := count(t, conn, "SELECT current_setting('server_version_num')::int"); v < 150000 {
		t.Errorf("server_version_num is %d, want 150000 or more", v)
	}
}

// Two tests that use one template never see each other's rows, and the template is built once.
func TestPostgresClonesAreIndependent(t *testing.T) {
	t.Parallel()
	var builds atomic.Int32
	build := func(t testing.TB, url string) {
		builds.Add(1)
		conn := connect(t, url) // left open until the build's Cleanup
		do(t, conn, "CREATE TABLE cars (id text PRIMARY KEY)")
		do(t, conn, "INSERT INTO cars VALUES ('car_1')")
	}
	name := rand.Text() // a repeated run (-count) starts without the template
	first := connect(t, exotest.PostgresFrom(t, name, build))
	second := connect(t, exotest.PostgresFrom(t, name, build))

	do(t, first, "INSERT INTO cars VALUES ('car_2')")

	if a, b := count(t, first, "SELECT count(*) FROM cars"), count(t, second, "SELECT count(*) FROM cars"); a != 2 || b != 1 {
		t.Errorf("the clones have %d and %d cars, want 2 and 1", a, b)
	}
	if n := builds.Load(); n != 1 {
		t.Errorf("the template was built %d times, want once", n)
	}
}

// A template whose build leaves a connection open is still usable by every test.
func TestPostgresTemplateWithALeak(t *testing.T) {
	t.Parallel()
	url := exotest.PostgresFrom(t, "leak", func(t testing.TB, url string) {
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		do(t, conn, "CREATE TABLE cars (id text)")
	})
	if n := count(t, connect(t, url), "SELECT count(*) FROM cars"); n != 0 {
		t.Errorf("the clone has %d cars, want 0", n)
	}
}

// A database is gone when its test is over, also when the test left connections open.
func TestPostgresIsDroppedAfterTheTest(t *testing.T) {
	t.Parallel()
	var url string
	ok := t.Run("test that leaks", func(t *testing.T) {
		url = exotest.Postgres(t)
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		do(t, conn, "SELECT 1")
	})
	if !ok {
		return
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err == nil {
		_ = conn.Close(t.Context())
		t.Errorf("%s still answers after its test", url)
	}
}

// Behind the pooler a transaction works, a plain query works, and two transactions may meet two different server sessions.
func TestPgBouncer(t *testing.T) {
	t.Parallel()
	direct := exotest.Postgres(t)
	config, err := pgx.ParseConfig(exotest.PgBouncer(t, direct))
	if err != nil {
		t.Fatal(err)
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })

	if n := count(t, conn, "SELECT 1"); n != 1 {
		t.Errorf("SELECT 1 through the pooler is %d", n)
	}
	do(t, connect(t, direct), "CREATE TABLE cars (id text)")
	if n := count(t, conn, "SELECT count(*) FROM cars"); n != 0 {
		t.Errorf("the pooled database has %d cars, want the 0 of the direct one", n)
	}

	config.RuntimeParams["statement_timeout"] = "1000"
	refused, err := pgx.ConnectConfig(t.Context(), config)
	if err == nil {
		_ = refused.Close(t.Context())
		t.Error("the pooler let the startup parameter statement_timeout through; the strict default refuses it")
	} else if !strings.Contains(err.Error(), "statement_timeout") {
		t.Errorf("the pooler refused for another reason: %v", err)
	}
}

// A copied file is the test's own; writing to it changes no other test's copy.
func TestSQLiteFromCopies(t *testing.T) {
	t.Parallel()
	builds := 0
	build := func(t testing.TB, path string) {
		builds++
		t.Cleanup(func() { write(t, path, "closed") })
		write(t, path, "open")
	}
	name := rand.Text()
	first, second := exotest.SQLiteFrom(t, name, build), exotest.SQLiteFrom(t, name, build)
	write(t, first, "changed")

	content, err := os.ReadFile(second)
	if err != nil || string(content) != "closed" {
		t.Errorf("the second copy holds %q (%v), want what the template held after its clean-ups", content, err)
	}
	if builds != 1 {
		t.Errorf("the template was built %d times, want once", builds)
	}
}

func write(t testing.TB, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Every engine of the run gets its turn, with a database URL that says which one it is.
func TestEachEngine(t *testing.T) {
	want := strings.Join(exotest.Engines(), ",")
	var seen [2]atomic.Bool
	t.Run("engines", func(t *testing.T) {
		exotest.EachEngine(t, "", nil, func(t *testing.T, url string) {
			scheme, _, _ := strings.Cut(url, ":")
			for i, engine := range exotest.Engines() {
				if engine == scheme {
					seen[i].Store(true)
				}
			}
		})
	})
	for i, engine := range exotest.Engines() {
		if !seen[i].Load() {
			t.Errorf("of the engines %s, %s had no turn", want, engine)
		}
	}
}

// A typing error in EXO_TEST_ENGINES stops the run instead of testing nothing.
func TestEnginesRefusesUnknownNames(t *testing.T) {
	t.Setenv("EXO_TEST_ENGINES", "postgres,mysql")
	defer func() {
		if recover() == nil {
			t.Error("Engines accepted mysql")
		}
	}()
	exotest.Engines()
}

// The clock moves only when the test moves it.
func TestClock(t *testing.T) {
	start := time.Date(2026, 7, 1, 10, 0, 0, 0, time.UTC)
	clock := exotest.Clock(start)
	if got := clock.Now(); !got.Equal(start) {
		t.Errorf("a new clock says %v, want %v", got, start)
	}
	clock.Advance(15 * time.Minute)
	if got, want := clock.Now(), start.Add(15*time.Minute); !got.Equal(want) {
		t.Errorf("after 15 minutes it says %v, want %v", got, want)
	}
	clock.Set(start)
	if got := clock.Now(); !got.Equal(start) {
		t.Errorf("set back it says %v, want %v", got, start)
	}
}
