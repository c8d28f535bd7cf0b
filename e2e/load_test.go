package e2e_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// load asks nodes for the pages of some cars, so many times a second whatever the
// answers take.
type load struct {
	stop func() // and waits for what is under way

	mu   sync.Mutex
	this lap
}

// loadWorkers bound what is under way; a request that finds none free is late.
const loadWorkers = 64

func newLoad(t *testing.T, nodes []*node, rate int) *load {
	t.Helper()
	var listed struct{ Cars []struct{ ID string } }
	decodeFrom(t, nodes[0], "/api/cars?limit=40", &listed)
	paths := []string{"/api/cars", "/api/fleet/counts", "/api/cars?category=supercar", "/api/cars?sort=price"}
	for _, c := range listed.Cars {
		paths = append(paths, "/api/cars/"+c.ID, "/api/cars/"+c.ID+"/reviews")
	}
	for _, n := range nodes { // what is asked for was asked for before
		for _, path := range paths {
			_, _ = n.get(t.Context(), path)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	l := &load{stop: sync.OnceFunc(func() { cancel(); all.Wait() })}
	t.Cleanup(l.stop)
	asked := make(chan int)
	for i := range loadWorkers {
		all.Go(func() {
			dice := rand.New(rand.NewPCG(1, uint64(i)))
			for n := range asked {
				node, sent := nodes[n%len(nodes)], time.Now()
				r, err := node.get(context.WithoutCancel(ctx), paths[dice.IntN(len(paths))])
				took := time.Since(sent)
				l.mu.Lock()
				l.this.note(node, r, err, took)
				l.mu.Unlock()
			}
		})
	}
	all.Go(func() {
		defer close(asked)
		begun := time.Now()
		for n := 0; ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Until(begun.Add(time.Duration(n) * time.Second / time.Duration(rate)))):
				asked <- n
			}
		}
	})
	return l
}

// lap is what was answered since the last lap.
func (l *load) lap() lap {
	l.mu.Lock()
	defer l.mu.Unlock()
	this := l.this
	l.this = lap{}
	return this
}

// lap is what a load was answered in a part of its time.
type lap struct {
	reads, failed, misses, unmarked int
	first                           string // of what failed
	took                            map[*node][]time.Duration
}

// percentile is what so many per cent of the answers of a node took at most.
func (l lap) percentile(n *node, p int) time.Duration {
	took := slices.Sorted(slices.Values(l.took[n]))
	if len(took) == 0 {
		return 0
	}
	return took[min(len(took)-1, len(took)*p/100)]
}

// String implements fmt.Stringer.
func (l lap) String() string {
	return fmt.Sprintf("%d reads, %d failed, %d loads", l.reads, l.failed, l.misses)
}

func (l *lap) note(n *node, r *reply, err error, took time.Duration) {
	l.reads++
	if l.took == nil {
		l.took = map[*node][]time.Duration{}
	}
	l.took[n] = append(l.took[n], took)
	switch {
	case err != nil || r.status != http.StatusOK:
		if l.failed++; l.first == "" {
			l.first = fmt.Sprint(r, err)
		}
	case r.header.Get("X-Cache") == "MISS":
		l.misses++
	case r.header.Get("X-Cache") != "HIT":
		l.unmarked++
	}
}
