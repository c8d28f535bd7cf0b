package exotest

import (
	"os"
	"path/filepath"
	"testing"
)

// sqliteTemplates are the bytes of finished database files. Memory instead of a
// folder, because a killed process would leave the folder behind.
var sqliteTemplates templates[[]byte]

// SQLiteFrom returns the path of a database file of the test's own, a copy of the
// template of that name. build makes the template, once per process: it creates
// the file at path. What it opens is closed before it returns or by its t's
// Cleanup, which runs when build returns; a write-ahead log that is left then
// fails the test, since a copy of the file alone would miss what is in the log.
func SQLiteFrom(t testing.TB, template string, build func(t testing.TB, path string)) string {
	t.Helper()
	covered(t, SQLite)
	content := sqliteTemplates.value(t, template, func(t testing.TB) []byte {
		path := sqlitePath(t)
		building(t, func(t testing.TB) { build(t, path) })
		if log, err := os.Stat(path + "-wal"); err == nil && log.Size() > 0 {
			t.Fatalf("the template %q still has its write-ahead log: its build must close the database", template)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatalf("the build of the template %q made no database: %v", template, err)
		}
		return content
	})
	path := sqlitePath(t)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatalf("copy the template %q: %v", template, err)
	}
	return path
}

// sqlitePath is where the test may put a database file; there is none yet.
func sqlitePath(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "exodrive.db")
}
