package main_test

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/exodrive/exodrive/exotest"
)

// password is in addresses of these tests and must be in no output.
const password = "sekrit-9aZ"

// talk is what only people who know the source understand.
var talk = []string{
	"goroutine ", "panic", "dial ", "SQLSTATE", "pgconn", " sql:", "context ", "%!", " unavailable:", " invalid:", " conflict:", " not_found:",
	"bind:", "listen tcp", "failed to connect to", password,
}

// refused checks that a command ended with one sentence that has these parts.
func refused(t testing.TB, r result, parts ...string) {
	t.Helper()
	if r.code != 1 || r.out != "" || strings.Count(r.errs, "\n") != 1 || !strings.HasPrefix(r.errs, "exodrive: ") {
		t.Errorf("exit code %d, want 1 and one line:\n%s%s", r.code, r.out, r.errs)
	}
	for _, part := range parts {
		if !strings.Contains(r.errs, part) {
			t.Errorf("%q does not say %q", r.errs, part)
		}
	}
	for _, word := range talk {
		if strings.Contains(r.errs, word) {
			t.Errorf("%q has %q in it", r.errs, word)
		}
	}
}

// A database file that cannot be used is named in one sentence, and nothing is written.
func TestDatabaseFileIsRefused(t *testing.T) {
	t.Parallel()
	garbage := filepath.Join(t.TempDir(), "garbage.db")
	const poem = "The car is red.\nThe road is long, and so is this poem, which is no database.\n"
	if err := os.WriteFile(garbage, []byte(poem), 0o600); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for _, c := range []struct {
		name, setting string
		says          []string
	}{
		{"a file that is no database", "DATABASE_URL=sqlite:" + garbage, []string{garbage, "file is not a database"}},
		{"a folder", "DATABASE_URL=sqlite:" + folder, []string{folder, "is a directory"}},
		{"a folder below a file", "EXO_DATA_DIR=" + garbage + "/data", []string{garbage, "not a directory"}},
		{"a folder that nobody can make", "EXO_DATA_DIR=/proc/1/exodrive", []string{"/proc/1/exodrive", "no such file", "see EXO_DATA_DIR"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, flags := range [][]string{{"serve"}, {"serve", "--demo"}, {"migrate"}} {
				refused(t, run(t, "", append([]string{c.setting}, anywhere...), flags...), c.says...)
			}
		})
	}
	fresh := filepath.Join(t.TempDir(), "fresh.db")
	refused(t, run(t, "", append([]string{"DATABASE_URL=sqlite:" + fresh}, anywhere...), "restore", garbage), garbage, "is not a backup")
	if _, err := os.Stat(fresh); err == nil {
		t.Error("a refused restore made a database")
	}
	if content, err := os.ReadFile(garbage); err != nil || string(content) != poem {
		t.Errorf("the file that is no database was changed to %q, %v", content, err)
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) > 0 {
		t.Errorf("the folder has now %v, %v", entries, err)
	}
}

// A Postgres that is away or says no is named in one sentence, within ten seconds or so and without the password.
func TestPostgresIsRefused(t *testing.T) {
	t.Parallel()
	strict := strictPostgres(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes calls and never answers
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	at := func(host, more string) string {
		return "DATABASE_URL=postgres://exo:" + password + "@" + host + "/fleet" + more
	}
	for _, c := range []struct {
		name, setting string
		says          []string
	}{
		{"nobody listens", at("127.0.0.1:1", ""), []string{"127.0.0.1:1 ", "connection refused; see DATABASE_URL"}},
		{"no such host", at("nowhere.invalid", ""), []string{"nowhere.invalid:5432", "there is no host"}},
		{"nobody answers", at(silent.Addr().String(), "?sslmode=disable"), []string{silent.Addr().String(), "did not answer in time"}},
		{"wrong password", at(strict, "?sslmode=disable"), []string{strict, `password authentication failed for user "exo"`}},
		{"wrong password as a parameter", "DATABASE_URL=postgres://" + strict + "/fleet?user=exo&sslmode=disable&password=" + password, []string{strict, "password authentication failed"}},
		{"not an address", "DATABASE_URL=postgres://exo:" + password + "%zz@:x", []string{"DATABASE_URL is not a Postgres address"}},
		{"another database", "DATABASE_URL=mysql://exo:" + password + "@host/fleet", []string{"DATABASE_URL must begin with"}},
		{"garbage", "DATABASE_URL=" + password, []string{"DATABASE_URL must begin with"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			begin := time.Now()
			refused(t, run(t, "", append([]string{c.setting}, anywhere...), "serve"), c.says...)
			if took := time.Since(begin); took > 15*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// strictPostgres is the address of a server that finds every password wrong; the
// Postgres of the tests asks for none.
func strictPostgres(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	refuse := func(conn net.Conn) {
		defer conn.Close()
		b := pgproto3.NewBackend(conn, conn)
		if _, err := b.ReceiveStartupMessage(); err != nil {
			return
		}
		b.Send(&pgproto3.AuthenticationCleartextPassword{})
		if b.Flush() != nil || b.SetAuthType(pgproto3.AuthTypeCleartextPassword) != nil {
			return
		}
		if _, err := b.Receive(); err != nil {
			return
		}
		b.Send(&pgproto3.ErrorResponse{Severity: "FATAL", Code: "28P01", Message: `password authentication failed for user "exo"`})
		_ = b.Flush() // the caller may have gone
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // closed at the end of the test
			}
			go refuse(conn)
		}
	}()
	return l.Addr().String()
}

// A missing database, a user without rights and a wish for the wrong kind of fleet are one sentence each.
func TestPostgresContentIsRefused(t *testing.T) {
	t.Parallel()
	address := exotest.Postgres(t)
	missing, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	missing.Path = "/exo_nowhere"
	refused(t, run(t, "", on(missing.String()), "serve"), `database "exo_nowhere" does not exist`)

	db := prompt(t, address)
	const guest = "exo_guest"
	exec1(t, db, "CREATE ROLE "+guest+" LOGIN")
	t.Cleanup(func() { _, _ = db.Exec("DROP ROLE " + guest) }) // the server goes too
	asGuest, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	asGuest.User = url.User(guest)
	refused(t, run(t, "", on(asGuest.String()), "serve"), "cannot be migrated", "permission denied for schema public")
	if n := count(t, db, `SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'`); n != 0 {
		t.Errorf("%d tables were made", n)
	}
}

// A demo never serves a real fleet, and a real server never a demo.
func TestDemoDoesNotFit(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "", nil, func(t *testing.T, url string) {
		must(t, "", on(url), "seed", "--cars=3", "--bookings=3", "--reviews=3")
		refused(t, run(t, "", on(url), "serve", "--demo"), "holds a real fleet")
		if n := count(t, prompt(t, url), `SELECT COUNT(*) FROM cars`); n != 3 {
			t.Errorf("the real fleet has %d cars now, want 3", n)
		}
	})
	exotest.EachEngine(t, "", nil, func(t *testing.T, url string) {
		serve(t, "", on(url), "--demo").stop()
		refused(t, run(t, "", on(url), "serve"), "holds the demo fleet")
	})
}

// A database of a newer release is refused; one that an older release has filled waits on Postgres for the operator's migrate.
func TestOtherReleases(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "", nil, func(t *testing.T, url string) {
		must(t, "", on(url), "migrate")
		exec1(t, prompt(t, url), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (999999, TRUE)`)
		for _, command := range [][]string{{"serve"}, {"migrate"}, {"seed"}, {"admin", "create", "ann@example.com", "--name=Ann"}} {
			refused(t, run(t, "", on(url), command...), "newer release")
		}
	})
	t.Run("older", func(t *testing.T) {
		url := exotest.Postgres(t)
		must(t, "", on(url), "seed", "--cars=3", "--bookings=3", "--reviews=3")
		db := prompt(t, url)
		exec1(t, db, fmt.Sprintf(`UPDATE goose_db_version SET version_id = -version_id WHERE version_id = %d`, schema))
		for _, command := range [][]string{{"serve"}, {"admin", "create", "ann@example.com", "--name=Ann"}} {
			refused(t, run(t, "", on(url), command...), "run: exodrive migrate")
		}
		exec1(t, db, fmt.Sprintf(`UPDATE goose_db_version SET version_id = -version_id WHERE version_id = -%d`, schema))
		serve(t, "", on(url)).stop()
	})
}

// A port that somebody else uses is named with its variable, before the database is touched.
func TestPortInUse(t *testing.T) {
	t.Parallel()
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	taken := other.Addr().String()
	refused(t, run(t, "", []string{"EXO_ADDR=127.0.0.1:99999"}, "serve"), "EXO_ADDR", "has no port from 1 to 65535")
	refused(t, run(t, "", append([]string{"DATABASE_URL=sqlite:x.db", "DATABASE_URL_FILE=/etc/hostname"}, anywhere...), "serve"), "DATABASE_URL and DATABASE_URL_FILE are both set")
	for _, name := range []string{"EXO_ADDR", "EXO_OPS_ADDR"} {
		dir := t.TempDir()
		refused(t, run(t, dir, append(anywhere[:2:2], name+"="+taken), "serve", "--demo"), name+" "+taken, "address already in use", "or set "+name+" to another address")
		if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
			t.Errorf("with %s in use the folder has %v, %v", name, entries, err)
		}
	}
}
