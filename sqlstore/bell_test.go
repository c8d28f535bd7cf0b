package sqlstore_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/sqlstore"
)

// patience is how long a test waits for something that takes milliseconds.
const patience = 20 * time.Second

// hear listens to a bell until the test ends, and returns what it hears.
func hear(t testing.TB, b cache.Bell) <-chan struct{} {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	rings := make(chan struct{}, 1000)
	var ended sync.WaitGroup
	ended.Go(func() { b.Hear(ctx, func(cache.News) { rings <- struct{}{} }) })
	t.Cleanup(func() { stop(); ended.Wait() })
	return rings
}

// rung waits for a ring.
func rung(t testing.TB, what string, rings <-chan struct{}) {
	t.Helper()
	select {
	case <-rings:
	case <-time.After(patience):
		t.Fatalf("%s was not heard", what)
	}
}

// A node that rings wakes all others at once, itself too.
func TestBell(t *testing.T) {
	t.Parallel()
	url := postgresEmpty(t)
	here, there := open(t, url).Bell(), open(t, url).Bell()
	own, others := hear(t, here), hear(t, there)
	rung(t, "the beginning", own)
	rung(t, "the beginning", others)
	for range 3 {
		if err := here.Ring(t.Context(), cache.News{}); err != nil {
			t.Fatal(err)
		}
		rung(t, "a ring", own)
		rung(t, "a ring", others)
	}
}

// A listener that was cut off listens again by itself and looks up what it may have missed.
//
// Red when: Hear returns with its first connection.
func TestBellConnectsAgain(t *testing.T) {
	t.Parallel()
	url := postgresEmpty(t)
	s := open(t, url)
	b := s.Bell()
	rings := hear(t, b)
	rung(t, "the beginning", rings)
	prompt(t, url).exec(`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'exodrive bell' AND datname = current_database()`)
	rung(t, "the new connection", rings)
	if err := b.Ring(t.Context(), cache.News{}); err != nil {
		t.Fatal(err)
	}
	rung(t, "a ring", rings)
}

// However many writers ring at once, each comes back after a ring that began after his call, and together they take few connections.
//
// Red when: each writer rings by himself.
func TestManyRingAtOnce(t *testing.T) {
	t.Parallel()
	url := postgresEmpty(t)
	var trace recorder
	s := open(t, url, func(c *sqlstore.Config) { c.Pool = 2; c.Trace = trace.add })
	b := s.Bell()
	rings := hear(t, b)
	rung(t, "the beginning", rings)
	trace.take()
	const writers = 200
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			if err := b.Ring(t.Context(), cache.News{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	rung(t, "a ring", rings)
	if n := len(trace.take()); n == 0 || n > writers {
		t.Errorf("%d writers rang %d times", writers, n)
	}
}

// A writer waits for the bell no longer than it wants, and leaves no broken connection behind.
//
// Red when: a ring waits for its statement.
func TestRingHasADeadline(t *testing.T) {
	t.Parallel()
	s := open(t, postgresEmpty(t), func(c *sqlstore.Config) { c.Pool = 1 })
	b := s.Bell()
	release, held := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- s.Tx(t.Context(), func(*sqlstore.Tx) error { close(held); <-release; return nil })
	}()
	<-held
	ctx, cancel := context.WithTimeout(t.Context(), 25*time.Millisecond)
	defer cancel()
	began := time.Now()
	if err := b.Ring(ctx, cache.News{}); err == nil || time.Since(began) > time.Second {
		t.Errorf("it came back after %s with %v, want an error after 25 ms", time.Since(began), err)
	}
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := b.Ring(t.Context(), cache.News{}); err != nil {
		t.Errorf("the next ring: %v", err)
	}
}

// An embedded database has no bell: nobody else listens.
func TestNoBellOnSQLite(t *testing.T) {
	eachEmpty(t, func(t *testing.T, s *sqlstore.Store, url string) {
		if b := s.Bell(); (b == nil) == onPostgres(url) {
			t.Errorf("the bell of %s is %v", s.Engine(), b)
		}
	})
}
