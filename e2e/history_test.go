package e2e_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/exodrive/exodrive/exotest"
)

// Whatever breaks between three nodes and their Postgres, no visitor of any node is
// shown what was overwritten more than two seconds before he asked, and nobody misses
// what he wrote himself.
//
// Red when: one of the faults of TestHistoryBites is planted.
func TestHistoryOnPostgres(t *testing.T) {
	if !slices.Contains(exotest.Engines(), exotest.PostgreSQL) {
		t.Skip("this run covers another engine")
	}
	server := exotest.OwnPostgres(t)
	address := server.URL("postgres")
	var nodes []*node
	for i := range 3 {
		relay := exotest.NewRelay(t, hostOf(t, address))
		settings := []string{"DATABASE_POOL=10"}
		if i == 2 { // it neither rings nor hears, and depends on its polls alone
			settings = append(settings, "DATABASE_POOLER=transaction")
		}
		n := launch(t, i, relay.Through(address), settings...)
		n.relay = relay
		nodes = append(nodes, n)
	}
	w := newWorld(t, address, nodes...)
	w.run(t, time.Minute, w.postgresFaults(server))
}

// The same holds for two processes on one SQLite file, while somebody else writes
// the file, too.
//
// Red when: one of the faults of TestHistoryBites is planted.
func TestHistoryOnSQLite(t *testing.T) {
	if !slices.Contains(exotest.Engines(), exotest.SQLite) {
		t.Skip("this run covers another engine")
	}
	address := "sqlite:" + t.TempDir() + "/exodrive.db"
	w := newWorld(t, address, launch(t, 0, address), launch(t, 1, address))
	w.run(t, time.Minute, w.sqliteFaults())
}

// run is a whole history: faults among reads and writes, then a quiet end at which
// all nodes agree with the database.
func (w *world) run(t *testing.T, length time.Duration, faults []fault) {
	t.Helper()
	if given := os.Getenv("EXO_SOAK"); given != "" {
		var err error
		if length, err = time.ParseDuration(given); err != nil {
			t.Fatalf("EXO_SOAK: %v", err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer w.all.Wait()
	defer cancel()
	w.start(ctx)
	w.suffer(t, length, faults)
	cancel()
	w.all.Wait()

	time.Sleep(bound) // the last writes must be everywhere after it
	w.lookAll(t)
	for _, n := range w.nodes {
		for _, p := range w.pages {
			w.read(t.Context(), n, p, nil, nil)
		}
		if lies := n.metric(t, "exodrive_cache_inconsistent_total"); lies != 0 {
			t.Errorf("node %d counts %v inconsistent answers", n.number, lies)
		}
	}
	for _, coding := range []string{"gzip", "br"} {
		if !w.report.saw(coding) {
			t.Errorf("no answer came in %s", coding)
		}
	}
	t.Logf("seed %d, %v%s", w.seed, w.now().Round(time.Second), w.report.table())
	if w.report.broken > 0 {
		t.Errorf("EXO_SEED=%d: %d breaches:\n%s", w.seed, w.report.broken, strings.Join(w.report.breaches, "\n"))
		for _, n := range w.nodes {
			t.Logf("the log of node %d ends with:\n%s", n.number, n.tail(20))
		}
	}
}
