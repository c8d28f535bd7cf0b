package cache_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// simBound is the bound of every simulated node: the default of Options.Bound.
const simBound = 2 * time.Second

// simUnderRace is whether the race detector is on.
var simUnderRace bool

// simBase is the plan that the others vary. EXO_SIM_SEED brings a run back;
// EXO_SIM_LONG=1 simulates two minutes of a hundred nodes
// instead of ten seconds of thirty.
func simBase(t *testing.T) simPlan {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if given := os.Getenv("EXO_SIM_SEED"); given != "" {
		var err error
		if seed, err = strconv.ParseUint(given, 10, 64); err != nil {
			t.Fatalf("EXO_SIM_SEED: %v", err)
		}
	}
	t.Logf("EXO_SIM_SEED=%d", seed)
	p := simPlan{seed: seed, nodes: 30, keys: 24, readers: 100, gap: 20 * time.Millisecond, length: 10 * time.Second, fresh: 5 * time.Second}
	if simUnderRace {
		p.nodes, p.length = 10, 3*time.Second
	}
	if os.Getenv("EXO_SIM_LONG") != "" {
		p.length, p.nodes = 2*time.Minute, 100
	}
	return p
}

// However many bells are lost, and whatever else breaks, no node answers with
// what has been overwritten for longer than the bound, and nobody misses a write
// that he knows of.
//
// Red when: the lease is never checked; or an entry is stamped after its load. Other
// faults are kept as tests of their own: TestSimFindsAJournalThatLies.
func TestSimEngineKeepsTheBound(t *testing.T) {
	t.Parallel()
	base := simBase(t)
	var table simTable
	for _, c := range []struct {
		name  string
		vary  func(*simPlan)
		bound time.Duration
	}{
		{"engine, no bell lost", func(*simPlan) {}, simBound},
		{"engine, half the bells lost", func(p *simPlan) { p.loss = 0.5 }, simBound},
		{"engine, all bells lost", func(p *simPlan) { p.loss = 1 }, simBound},
		{"engine, all bells lost, 100 nodes", func(p *simPlan) { p.loss, p.nodes = 1, 10*p.nodes/3 }, simBound},
		{"engine, all lost, parts fail", func(p *simPlan) { p.loss, p.faults, p.readers = 1, true, 400 }, simBound},
		{"engine, half lost, parts fail, remote cache", func(p *simPlan) { p.loss, p.faults, p.remote, p.readers = 0.5, true, true, 400 }, simBound},
		// The wall clock, which may be set forward by a second without a lapse, is all
		// that notices a machine's sleep.
		{"engine, all lost, machines sleep", func(p *simPlan) { p.loss, p.suspend, p.readers = 1, true, 400 }, simBound + time.Second},
	} {
		plan := base
		c.vary(&plan)
		r := runSim(t, plan)
		table.add(c.name, plan, r)
		if all := r.breaches(c.bound); len(all) > 0 {
			t.Errorf("%s:\n%s", c.name, strings.Join(all, "\n"))
		}
		if r.lies > 0 {
			t.Errorf("%s: the auditors count %d inconsistent answers", c.name, r.lies)
		}
		// While the database is gone, reads that fail at once are up to twice as many.
		if share := float64(r.down) / float64(plan.length); float64(r.errors) > float64(r.reads)*(0.1+2*share) {
			t.Errorf("%s: %d of %d reads failed, with the database gone for %v", c.name, r.errors, r.reads, r.down)
		}
	}
	t.Log(table.String())
}

// simTable is the figures of some runs, for the reader of the test.
type simTable struct{ strings.Builder }

func (s *simTable) add(name string, p simPlan, r *simResult) {
	if s.Len() == 0 {
		fmt.Fprintf(s, "\n%-45s %8s %7s %7s %7s %9s %9s %8s\n", "mechanism", "reads", "writes", "loads", "polls", "worst", "> bound", "flagged")
	}
	fmt.Fprintf(s, "%-45s %8d %7d %7d %7d %9v %8.2f%% %8d\n", name, r.reads, r.commits, r.loads, r.polls, r.worst.Round(time.Millisecond), 100*r.broke(simBound), r.flagged)
}
