package rental

import (
	"testing"

	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/jobs"
	"github.com/exodrive/exodrive/sqlstore"
)

// However few connections a node has, jobs leave most of them to who waits for an answer,
// and are done; however many, a node does no more at once than it would by default.
//
// Red when: jobSlots does not ask how many connections there are, or may be 0.
func TestJobsLeaveConnectionsToOthers(t *testing.T) {
	url := exotest.Postgres(t)
	for pool, want := range map[int]int{1: 1, 2: 1, 3: 1, 6: 2, 20: 6, 24: 8, 100: jobs.DefaultSlots} {
		store, err := sqlstore.Open(t.Context(), sqlstore.Config{URL: url, Pool: pool})
		if err != nil {
			t.Fatal(err)
		}
		if got := (&Service{store: store}).jobSlots(); got != want {
			t.Errorf("with %d connections a node does %d jobs at once, want %d", pool, got, want)
		}
		store.Close()
	}
}
