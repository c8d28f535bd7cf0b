package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/jobs"
	"github.com/exodrive/exodrive/sqlstore"
)

// TestMain also finds what goes on after the last test. With victimVariable set the
// process is the victim of TestKilled.
func TestMain(m *testing.M) {
	if url := os.Getenv(victimVariable); url != "" {
		victim(url)
		return
	}
	code := exotest.Main(m)
	if leak := goleak.Find(); leak != nil && code == 0 {
		fmt.Fprintln(os.Stderr, leak)
		code = 1
	}
	os.Exit(code)
}

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// node is a runner over a store of its own.
type node struct {
	*jobs.Runner
	store *sqlstore.Store
	clock *exotest.ManualClock
	mu    sync.Mutex
	tried []jobs.Tried
}

// newNode makes a node; the kinds are those that it does.
func newNode(t testing.TB, url string, clock *exotest.ManualClock, kinds []jobs.Kind, adjust ...func(*jobs.Options)) *node {
	t.Helper()
	n := &node{clock: clock, store: openStore(t, url, clock)}
	o := jobs.Options{Store: n.store, Kinds: kinds, Now: clock.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Settled: n.settled}
	for _, f := range adjust {
		f(&o)
	}
	var err error
	if n.Runner, err = jobs.New(o); err != nil {
		t.Fatal(err)
	}
	n.store.OnEnqueued(n.Poke)
	return n
}

func openStore(t testing.TB, url string, clock *exotest.ManualClock) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.Open(t.Context(), sqlstore.Config{URL: url, Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func (n *node) settled(tried jobs.Tried) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.tried = append(n.tried, tried)
}

// outcomes are those of all tries so far.
func (n *node) outcomes() (all []jobs.Outcome) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, tried := range n.tried {
		all = append(all, tried.Outcome)
	}
	return all
}

// runs begins to run until the test, or the function that it returns, ends it.
func (n *node) runs(t testing.TB) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { n.Run(ctx) })
	stop = func() {
		cancel()
		running.Wait()
	}
	t.Cleanup(stop)
	return stop
}

// due runs what is due and tells how many jobs that were.
func (n *node) due(t testing.TB) int {
	t.Helper()
	ran, err := n.RunDue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return ran
}

func enqueue(t testing.TB, s *sqlstore.Store, list ...jobs.Job) {
	t.Helper()
	if err := s.Tx(t.Context(), func(tx *sqlstore.Tx) error { return tx.Enqueue(t.Context(), list...) }); err != nil {
		t.Fatal(err)
	}
}

// all are the jobs of the database, the latest first.
func all(t testing.TB, s *sqlstore.Store, ask exodrive.JobQuery) []exodrive.JobRecord {
	t.Helper()
	list, _, err := s.Jobs(t.Context(), ask, exodrive.PageQuery{Page: 1, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// only is the one job of the database.
func only(t testing.TB, s *sqlstore.Store) exodrive.JobRecord {
	t.Helper()
	list := all(t, s, exodrive.JobQuery{})
	if len(list) != 1 {
		t.Fatalf("there are %d jobs, want one: %+v", len(list), list)
	}
	return list[0]
}

// await waits for a fact.
func await(t testing.TB, what string, fact func() bool) {
	t.Helper()
	for late := time.Now().Add(30 * time.Second); !fact(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(late) {
			t.Fatalf("never: %s", what)
		}
	}
}

func empty(t testing.TB, url string) {
	s := openStore(t, url, exotest.Clock(noon))
	if _, _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// each runs a test on every engine.
func each(t *testing.T, run func(t *testing.T, url string, clock *exotest.ManualClock)) {
	t.Parallel()
	exotest.EachEngine(t, "empty", empty, func(t *testing.T, url string) { run(t, url, exotest.Clock(noon)) })
}

// log collects what handlers did.
type log struct {
	mu   sync.Mutex
	runs []jobs.Run
}

func (l *log) note(_ context.Context, r *jobs.Run) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.runs = append(l.runs, *r)
	return nil
}

func (l *log) len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.runs)
}

// does is a list of one kind.
func does(name string, do jobs.Handler) []jobs.Kind { return []jobs.Kind{{Name: name, Do: do}} }

var errMail = errors.New("the mail server is away")
