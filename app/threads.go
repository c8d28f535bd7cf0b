package app

import (
	"context"
	"os"
	"runtime"
	"sync"
	"time"
)

// threads lets the operating system divide the processors while an embedded database is
// asked for more than it can load.
//
// A statement of an embedded database runs from its beginning to its end on a thread
// of Go's, of which there are as many as processors. In a flood all of them load, and
// hits and refusals wait for one in a line that knows no priorities: at 2.5 times the
// knee, on one processor, a hit had a p99 of 0.8 s and a refusal one of 1.3 s. With a
// thread more than there are loads the system gives each its share, and they take 0.05
// and 0.13 s (make stress). More threads cost hits a tenth of their rate where nothing
// loads, so there are more only while loads stand in line.
type threads struct {
	pressure func() (queued int, refused uint64)
	set      func(n int) // 0: as many as Go thinks right
	more     int         // how many there are in a flood

	refused uint64 // at the last look
	calm    int    // looks since somebody stood in line
	raised  bool
}

const (
	threadsLook = 200 * time.Millisecond
	// calmLooks without a line in a row end a flood: five seconds.
	calmLooks = 25
)

// look is one look at the line in front of loads.
func (t *threads) look() {
	queued, refused := t.pressure()
	crowded := queued > 0 || refused > t.refused
	t.refused = refused
	if t.calm++; crowded {
		t.calm = 0
	}
	switch {
	case crowded && !t.raised:
		t.set(t.more)
		t.raised = true
	case t.raised && t.calm >= calmLooks:
		t.set(0)
		t.raised = false
	}
}

// shareProcessors looks after the threads of a node with an embedded database until the
// function that it returns is called. A GOMAXPROCS that the operator has set stays.
func (a *App) shareProcessors() (end func()) {
	if !a.Store.Embedded() || os.Getenv("GOMAXPROCS") != "" {
		return func() {}
	}
	t := &threads{pressure: a.Cache.Pressure, more: runtime.GOMAXPROCS(0) + loadsOf(a.Store) + 1, set: func(n int) {
		if n == 0 {
			runtime.SetDefaultGOMAXPROCS()
			return
		}
		runtime.GOMAXPROCS(n)
	}}
	life, stop := context.WithCancel(context.Background())
	var looking sync.WaitGroup
	looking.Go(func() {
		tick := time.NewTicker(threadsLook)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				t.look()
			case <-life.Done():
				if t.raised {
					t.set(0)
				}
				return
			}
		}
	})
	return func() { stop(); looking.Wait() }
}
