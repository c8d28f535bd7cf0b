package rental_test

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
	"github.com/exodrive/exodrive/sqlstore"
)

// node is a Service with a cache that runs, over a database that others may use too.
// A test may hold its statements.
type node struct {
	*rental.Service
	cache *rental.Cache
	store *sqlstore.Store
	clock *exotest.ManualClock

	mu       sync.Mutex
	asked    []string      // arguments of the statements, in their order
	gate     chan struct{} // nil: open; statements wait until it is closed
	gateText string        // only those that have this text
	log      strings.Builder
}

// Write takes the lines of the log.
func (n *node) Write(line []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.log.Write(line)
}

// awaitBulk waits until some more bulk updates have been seen to.
func (n *node) awaitBulk(t testing.TB, more int) {
	t.Helper()
	for late := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		n.mu.Lock()
		seen := strings.Count(n.log.String(), `why="bulk update"`)
		n.mu.Unlock()
		if seen >= more {
			return
		}
		if time.Now().After(late) {
			t.Fatalf("%d bulk updates were seen to, want %d", seen, more)
		}
	}
}

func newNode(t testing.TB, databaseURL string, clock *exotest.ManualClock, adjust ...func(*rental.Options)) *node {
	t.Helper()
	return newNodeWith(t, databaseURL, clock, nil, adjust...)
}

// newNodeWith is a node whose cache has more.
func newNodeWith(t testing.TB, databaseURL string, clock *exotest.ManualClock, more func(*cache.Options), adjust ...func(*rental.Options)) *node {
	t.Helper()
	n := &node{clock: clock}
	var err error
	if n.store, err = sqlstore.Open(t.Context(), sqlstore.Config{URL: databaseURL, Now: clock.Now, Trace: n.trace}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.store.Close() })
	begin := time.Now()
	n.cache = rental.NewCache(n.store, func(o *cache.Options) {
		o.Log = slog.New(slog.NewTextHandler(n, nil))
		o.Clock = func() cache.Instant { return cache.Instant{Mono: time.Since(begin), Wall: clock.Now().UnixNano()} }
		if more != nil {
			more(o)
		}
	})
	t.Cleanup(n.cache.Close)
	o := rental.Options{Store: n.store, Cache: n.cache, Now: clock.Now, Zone: zone}
	for _, f := range adjust {
		f(&o)
	}
	if n.Service, err = rental.New(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	n.cache.Start()
	t.Cleanup(n.open)
	return n
}

func (n *node) trace(text string, args []any) {
	n.mu.Lock()
	gate := n.gate
	if !strings.Contains(text, n.gateText) {
		gate = nil
	}
	n.asked = append(n.asked, fmt.Sprint(args))
	n.mu.Unlock()
	if gate != nil {
		<-gate
	}
}

// hold makes statements with a text wait, until open.
func (n *node) hold(text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.gate, n.gateText = make(chan struct{}), text
}

func (n *node) open() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.gate != nil {
		close(n.gate)
		n.gate = nil
	}
}

// loads are those of each family so far.
func (n *node) loads() map[string]int {
	loads := map[string]int{}
	for name, f := range n.cache.Stats().Families {
		if f.Loads > 0 && name != "known" && name != "sketch" { // nobody asks which cars there are, or for all of them
			loads[name] = int(f.Loads)
		}
	}
	return loads
}

func (n *node) loaded() (sum int) {
	for _, loads := range n.loads() {
		sum += loads
	}
	return sum
}

func (n *node) args() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.asked
}
