package exotest

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
)

// postgresTemplates are the names of the template databases of this process.
var postgresTemplates templates[string]

// Postgres returns the URL of an empty database of the test's own. It is dropped
// at the test's end, with whatever is still connected to it.
func Postgres(t testing.TB) string {
	t.Helper()
	covered(t, PostgreSQL)
	return clone(t, postgres(t), "template1")
}

// PostgresFrom returns the URL of a database of the test's own, a copy of the
// template of that name. build makes the template, once per process, in the empty
// database at url. What it opens is closed before it returns or by its t's
// Cleanup, which runs when build returns.
func PostgresFrom(t testing.TB, template string, build func(t testing.TB, url string)) string {
	t.Helper()
	covered(t, PostgreSQL)
	s := postgres(t)
	source := postgresTemplates.value(t, template, func(t testing.TB) string {
		source := databaseName()
		create(t, s, source, "template1")
		building(t, func(t testing.TB) { build(t, s.url(source)) })
		// Nobody may connect any more, because a database in use cannot be copied. What
		// the build left open ends here and not as a puzzling failure of a later test.
		closeTo := fmt.Sprintf(`ALTER DATABASE %s ALLOW_CONNECTIONS false`, source)
		end := fmt.Sprintf(`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '%s'`, source)
		for _, statement := range []string{closeTo, end} {
			if err := s.admin(statement); err != nil {
				t.Fatalf("finish the template %q: %v", template, err)
			}
		}
		return source
	})
	return clone(t, s, source)
}

func clone(t testing.TB, s *server, source string) string {
	t.Helper()
	name := databaseName()
	create(t, s, name, source)
	t.Cleanup(func() {
		if err := s.admin("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
	})
	return s.url(name)
}

func create(t testing.TB, s *server, name, source string) {
	t.Helper()
	if err := s.admin("CREATE DATABASE " + name + " TEMPLATE " + source); err != nil {
		t.Fatalf("create a database for the test: %v", err)
	}
}

// databaseName is a new name that needs no quotes. It is unique over all servers
// of the machine, which lets PgBouncer be told from a stranger's.
func databaseName() string { return "exo_" + strings.ToLower(rand.Text()) }
