// Package exotest gives tests real parts: a private Postgres server, a database
// of its own for each test, SQLite files, a PgBouncer, a clock that stands still.
// Only tests import it.
//
// The programs are the installed ones, the servers never: each test process
// starts its own on loopback, as an unprivileged user and in a temporary folder,
// at the first call that needs it. They end with the process, also when it is
// killed. A missing program fails the test and names the command that installs it.
//
// EXO_TEST_ENGINES ("sqlite", "postgres" or both with a comma; unset: both) says
// which engines this run covers. A test that asks for another engine is skipped,
// because the run was told so and another run covers it. -race makes SQLite 33
// times slower, so race runs say "postgres".
package exotest

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// The names of the engines in EXO_TEST_ENGINES and in the names of subtests.
const (
	SQLite     = "sqlite"
	PostgreSQL = "postgres"
)

const enginesVariable = "EXO_TEST_ENGINES"

// install is the command that a missing program's failure names.
const install = "scripts/setup"

// Main runs a package's tests and waits until the servers they started are gone,
// folders included. Use it as
//
//	func TestMain(m *testing.M) { os.Exit(exotest.Main(m)) }
//
// Without it the servers end too, but some moments after the process.
func Main(m *testing.M) int {
	code := m.Run()
	if server := shared.Load(); server != nil {
		server.stop()
	}
	return code
}

// Engines lists the engines this run covers, in the order of EXO_TEST_ENGINES.
// It panics when the variable names an engine that does not exist: a typing error
// must not turn into a run that tests nothing.
func Engines() []string {
	value := os.Getenv(enginesVariable)
	if strings.TrimSpace(value) == "" {
		return []string{SQLite, PostgreSQL}
	}
	var engines []string
	for name := range strings.SplitSeq(value, ",") {
		name = strings.TrimSpace(name)
		if name != SQLite && name != PostgreSQL {
			panic(fmt.Sprintf("%s=%q: %q is no engine, write %s, %s or both with a comma", enginesVariable, value, name, SQLite, PostgreSQL))
		}
		if !slices.Contains(engines, name) {
			engines = append(engines, name)
		}
	}
	return engines
}

// EachEngine runs one parallel subtest per engine of this run, each with a
// database of its own. databaseURL has the form of DATABASE_URL: sqlite:PATH or
// postgres://…. build fills the template, once per process, name and engine (see
// PostgresFrom and SQLiteFrom); when it is nil the database is empty and template
// is not used.
func EachEngine(t *testing.T, template string, build func(t testing.TB, databaseURL string), run func(t *testing.T, databaseURL string)) {
	t.Helper()
	for _, engine := range Engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			run(t, database(t, engine, template, build))
		})
	}
}

func database(t testing.TB, engine, template string, build func(t testing.TB, databaseURL string)) string {
	t.Helper()
	switch {
	case engine == PostgreSQL && build == nil:
		return Postgres(t)
	case engine == PostgreSQL:
		return PostgresFrom(t, template, build)
	case build == nil:
		return "sqlite:" + sqlitePath(t)
	default:
		return "sqlite:" + SQLiteFrom(t, template, func(t testing.TB, path string) { build(t, "sqlite:"+path) })
	}
}

// covered skips the test when this run leaves its engine out.
func covered(t testing.TB, engine string) {
	t.Helper()
	if !slices.Contains(Engines(), engine) {
		t.Skipf("%s=%s leaves %s to another run", enginesVariable, os.Getenv(enginesVariable), engine)
	}
}
