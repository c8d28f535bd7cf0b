package e2e_test

import (
	"context"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/exodrive/exodrive/exotest"
)

func hostOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

// biteLimit ends a run that finds nothing.
const biteLimit = 30 * time.Second

// Real faults of a real installation turn the history red: the check is not blind.
func TestHistoryBites(t *testing.T) {
	for name, c := range map[string]struct {
		engine    string
		settings  []string // of the second node
		statement string
		finds     []string
	}{
		"a table without its trigger": {
			engine: exotest.PostgreSQL, statement: `ALTER TABLE cars DISABLE TRIGGER cache_update`,
			finds: []string{"is older than the bound", "though the same node had answered", "gave no mark"},
		},
		"a table without its triggers": {
			engine: exotest.SQLite, statement: `DROP TRIGGER cache_cars_update`,
			finds: []string{"is older than the bound", "though the same node had answered", "gave no mark"},
		},
		"a node with another secret": {
			engine: exotest.PostgreSQL, settings: []string{"EXO_SECRET=another-secret-than-that-of-the-database"},
			finds: []string{"though the request carried the mark"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if !slices.Contains(exotest.Engines(), c.engine) {
				t.Skip("this run covers another engine")
			}
			address := "sqlite:" + t.TempDir() + "/exodrive.db"
			if c.engine == exotest.PostgreSQL {
				address = exotest.Postgres(t)
			}
			// Without bells nobody hears of a write before his next poll.
			first := launch(t, 0, address, "DATABASE_POOLER=transaction")
			w := newWorld(t, address, first, launch(t, 1, address, append(c.settings, "DATABASE_POOLER=transaction")...))
			w.report.most = 10_000
			if c.statement != "" {
				if _, err := w.db.ExecContext(t.Context(), c.statement); err != nil {
					t.Fatal(err)
				}
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer w.all.Wait()
			defer cancel()
			w.start(ctx)
			for _, text := range c.finds {
				eventually(t, biteLimit, "the history has found: "+text, func() bool { return w.report.broke(text) })
			}
		})
	}
}
