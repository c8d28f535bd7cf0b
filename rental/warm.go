package rental

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/exodrive/exodrive"
)

// WarmRequest names the groups of answers to warm.
type WarmRequest struct {
	Cars         bool // the lists asked first; address, details and first reviews of every public car
	Availability bool // calendars of the cars asked most: this month and the next two
	FleetCounts  bool
}

// WarmAll is everything.
var WarmAll = WarmRequest{Cars: true, Availability: true, FleetCounts: true}

// ByGroup has a T for each group that is warmed, and nil for the others.
type ByGroup[T any] struct {
	Cars         *T `json:"cars,omitempty" doc:"Lists, and address, details and reviews of cars."`
	Availability *T `json:"availability,omitempty" doc:"Calendars of the cars that are asked most."`
	FleetCounts  *T `json:"fleetCounts,omitempty"`
}

// WarmCounts tell what became of the answers of a group. One whose car is gone
// meanwhile is in none of them.
type WarmCounts struct {
	Loaded int `json:"loaded" doc:"Answers that were loaded."`
	Fresh  int `json:"fresh" doc:"Answers that were there already, or came from another node or caller."`
	Failed int `json:"failed" doc:"Answers that could not be loaded."`
}

// WarmResult tells what a warming did.
type WarmResult struct {
	ByGroup[WarmCounts]
	Milliseconds int64 `json:"milliseconds"`
	Joined       bool  `json:"joined" doc:"It was under way already, and this call waited for it."`
}

// WarmStep is how far a group has come.
type WarmStep struct {
	Done  int `json:"done"`
	Total int `json:"total" doc:"0 while it is being found out."`
}

// WarmProgress is how far a warming has come.
type WarmProgress = ByGroup[WarmStep]

// warmTold is how often a caller learns of the progress.
const warmTold = 200 * time.Millisecond

// Warm loads what is asked first into the cache of this node, most asked first, so
// that readers find it there. What is there already and fresh is left alone, and
// nothing is loaded twice, whoever else warms or reads. It loads a few answers at a
// time, and fewer while the database is slow.
//
// One warming runs at a time. A call whose groups it covers joins it; any other is
// a conflict. A warming belongs to the node: the caller who ends ctx does not end
// it, Cache.Rest does. progress, unless nil, is called at once, then now and then,
// by the calling goroutine.
func (s *Service) Warm(ctx context.Context, who exodrive.Actor, ask WarmRequest, progress func(WarmProgress)) (*WarmResult, error) {
	if err := who.May(exodrive.ScopeOperate); err != nil {
		return nil, err
	}
	if ask == (WarmRequest{}) {
		return nil, exodrive.Errorf(exodrive.Invalid, "Say what to warm: cars, availability or fleetCounts. An empty body warms all three.")
	}
	run, joined, err := s.beginWarming(ask, "asked by "+who.ID)
	if err != nil {
		return nil, err
	}
	tick := time.NewTicker(warmTold)
	defer tick.Stop()
	for {
		if progress != nil {
			progress(run.progress())
		}
		select {
		case <-run.done:
			if progress != nil {
				progress(run.progress())
			}
			return run.result(joined), run.err
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
	}
}

// WarmAtStart begins to warm everything and returns at once; the channel is closed
// when that has ended. It begins when first is closed, or soon, so that what other
// nodes have stored is found; nil is no reason to wait.
func (s *Service) WarmAtStart(first <-chan struct{}) <-chan struct{} {
	ended := make(chan struct{})
	begun := s.cache.spawn(func(ctx context.Context) {
		defer close(ended)
		if first != nil {
			ctx, cancel := context.WithTimeout(ctx, firstWait)
			defer cancel()
			select {
			case <-first:
			case <-ctx.Done():
			}
		}
		if run, _, err := s.beginWarming(WarmAll, "start"); err == nil {
			<-run.done
		}
	})
	if !begun {
		close(ended)
	}
	return ended
}

// firstWait is how long the warming of the start waits for what it would like to
// have. Readiness waits for it, so it is a part of what that may take.
const firstWait = 3 * time.Second

// warming is what a Service knows of its warmings.
type warming struct {
	mu  sync.Mutex
	run *warmRun // the last one
	pace
	touched touched
}

// beginWarming returns the warming that runs if it covers the groups, or begins one.
func (s *Service) beginWarming(ask WarmRequest, why string) (run *warmRun, joined bool, err error) {
	s.warming.mu.Lock()
	defer s.warming.mu.Unlock()
	if run := s.warming.run; run.running() {
		if run.ask.covers(ask) {
			return run, true, nil
		}
		return nil, false, exodrive.Errorf(exodrive.Conflict, "The cache is being warmed already: %s. Ask again when that has ended.", run.told())
	}
	run = &warmRun{ask: ask, done: make(chan struct{})}
	begun := s.cache.spawn(func(ctx context.Context) {
		defer close(run.done)
		begin := s.now()
		run.err = s.warmGroups(ctx, run)
		run.took = s.now().Sub(begin)
		s.logWarmed(why, run, run.err)
	})
	if !begun {
		return nil, false, errResting
	}
	s.warming.run = run
	return run, false, nil
}

var errResting = exodrive.Errorf(exodrive.Unavailable, "The server is stopping.")

// warmGroup numbers the groups.
type warmGroup int

const (
	carsGroup warmGroup = iota
	availabilityGroup
	countsGroup
	warmGroups
)

func (r WarmRequest) has(g warmGroup) bool {
	return [warmGroups]bool{r.Cars, r.Availability, r.FleetCounts}[g]
}

func (r WarmRequest) covers(other WarmRequest) bool {
	for g := range warmGroups {
		if other.has(g) && !r.has(g) {
			return false
		}
	}
	return true
}

// warmRun is one warming. Its counts grow while it runs; err and took are set when
// done is closed.
type warmRun struct {
	ask    WarmRequest
	counts [warmGroups]struct{ total, done, loaded, fresh, failed atomic.Int64 }
	done   chan struct{}
	err    error
	took   time.Duration
}

// running tells whether there is a run that has not ended; r may be nil.
func (r *warmRun) running() bool {
	if r == nil {
		return false
	}
	select {
	case <-r.done:
		return false
	default:
		return true
	}
}

// byGroup makes a value for each group of a run.
func byGroup[T any](r *warmRun, of func(warmGroup) T) (all ByGroup[T]) {
	for g, to := range [warmGroups]**T{&all.Cars, &all.Availability, &all.FleetCounts} {
		if group := warmGroup(g); r.ask.has(group) {
			v := of(group)
			*to = &v
		}
	}
	return all
}

func (r *warmRun) progress() WarmProgress {
	return byGroup(r, func(g warmGroup) WarmStep {
		return WarmStep{int(r.counts[g].done.Load()), int(r.counts[g].total.Load())}
	})
}

func (r *warmRun) result(joined bool) *WarmResult {
	return &WarmResult{byGroup(r, func(g warmGroup) WarmCounts {
		n := &r.counts[g]
		return WarmCounts{int(n.loaded.Load()), int(n.fresh.Load()), int(n.failed.Load())}
	}), r.took.Milliseconds(), joined}
}

// told is what runs and how far it has come, for people.
func (r *warmRun) told() string {
	var parts []string
	for g, name := range [warmGroups]string{"cars", "availability", "fleetCounts"} {
		if n := &r.counts[g]; r.ask.has(warmGroup(g)) {
			parts = append(parts, fmt.Sprintf("%s (%d of %d)", name, n.done.Load(), n.total.Load()))
		}
	}
	return strings.Join(parts, ", ")
}
