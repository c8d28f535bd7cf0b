package sqlstore_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/sqlstore"
)

// Opened to look, a database answers and takes no write; an embedded one has nothing new beside it afterwards.
//
// Red when: ReadOnly is ignored; or a reader of a file that nobody has open leaves its own files behind.
func TestReadOnly(t *testing.T) {
	eachSeeded(t, func(t *testing.T, s *sqlstore.Store, url string) {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		path, embedded := strings.CutPrefix(url, "sqlite:")
		files := func() string {
			names, _ := filepath.Glob(path + "*")
			return strings.Join(names, " ")
		}
		before := files()
		look := open(t, url, func(c *sqlstore.Config) { c.ReadOnly = true })
		if _, _, err := look.AllCars(t.Context(), exodrive.PageQuery{Page: 1, Limit: 5}); err != nil {
			t.Error(err)
		}
		if lost, err := look.LostIndexes(t.Context()); err != nil || len(lost) > 0 {
			t.Errorf("lost indexes: %v, %v", lost, err)
		}
		if err := look.NoteBackup(t.Context()); err == nil {
			t.Error("a write was taken")
		}
		if err := look.Close(); err != nil {
			t.Error(err)
		}
		if after := files(); embedded && after != before {
			t.Errorf("there was %s, and is %s", before, after)
		}
		if embedded {
			if _, err := os.Stat(path); err != nil {
				t.Error(err)
			}
		}
	})
}
