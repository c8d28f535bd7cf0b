package rental

import (
	"cmp"
	"context"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/exodrive/exodrive"
)

// Asked keeps for all nodes how often things were asked, by their names. It may
// forget; it must bound itself.
type Asked interface {
	// Add adds counts to those there are.
	Add(ctx context.Context, counts map[string]float64) error
	// Top are the n names with the highest counts, the highest first.
	Top(ctx context.Context, n int) ([]string, error)
}

// asked counts how often cars and lists are asked, so that warming begins with
// those. A count loses half of itself in a day. One call in askedSample counts, for
// that many; a call never waits for another.
//
// A car is named by its id, a list by its key.
type asked struct {
	shared Asked // nil: this node counts for itself
	now    func() time.Time

	mu      sync.Mutex
	fresh   map[string]float64 // since the last fold
	counts  map[string]float64 // before that, as they were worth at the last fold
	unsent  map[string]float64 // what the other nodes have not been told
	updated time.Time          // the last fold
	top     []string           // of all nodes
	looked  time.Time          // for top
}

const (
	askedSample = 16 // a power of two
	// mostAsked names are counted. When there are more, others make room by chance:
	// what is asked often comes back at once.
	mostAsked = 10_000
	// topAsked is how many names of all nodes are looked up, topHolds how long they
	// serve: what is asked most changes slowly, and looking it up is not cheap.
	topAsked = 5000
	topHolds = 10 * time.Minute
	halfLife = 24 * time.Hour
	// askedLimit is how long the shared counts may take to answer.
	askedLimit = time.Second
)

func newAsked(shared Asked, now func() time.Time) *asked {
	return &asked{shared: shared, now: now, fresh: map[string]float64{}, counts: map[string]float64{}, unsent: map[string]float64{}, updated: now()}
}

// note counts one call.
func (a *asked) note(name string) {
	if rand.Uint32()%askedSample != 0 || !a.mu.TryLock() {
		return
	}
	defer a.mu.Unlock()
	if _, known := a.fresh[name]; !known {
		name = strings.Clone(name) // it may be a part of a whole address
	}
	add(a.fresh, name, askedSample)
}

// add adds to a count, in at most mostAsked of them.
func add(counts map[string]float64, name string, n float64) {
	if _, known := counts[name]; !known && len(counts) >= mostAsked {
		for other := range counts {
			delete(counts, other)
			break
		}
	}
	counts[name] += n
}

// fold makes old counts worth less and adds the fresh ones.
func (a *asked) fold() {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	worth := math.Exp2(-max(0, now.Sub(a.updated)).Hours() / halfLife.Hours())
	a.updated = now
	for name := range a.counts {
		if a.counts[name] *= worth; a.counts[name] < 1 {
			delete(a.counts, name)
		}
	}
	for name, n := range a.fresh {
		a.counts[name] += n
		if a.shared != nil {
			add(a.unsent, name, n)
		}
	}
	clear(a.fresh)
	if len(a.counts) > mostAsked {
		for _, name := range a.inOrder()[mostAsked:] {
			delete(a.counts, name)
		}
	}
}

// share tells the other nodes. What could not be told is kept for the next time.
func (a *asked) share(ctx context.Context) error {
	a.fold()
	a.mu.Lock()
	sent := maps.Clone(a.unsent)
	clear(a.unsent)
	a.mu.Unlock()
	if len(sent) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, askedLimit)
	defer cancel()
	err := a.shared.Add(ctx, sent)
	if err != nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		for name, n := range sent {
			add(a.unsent, name, n)
		}
	}
	return err
}

// demand is what is asked, in order.
type demand struct {
	keys  []string // of lists, most asked first
	ranks map[string]int
}

// of is higher the more often a car is asked, 0 for never.
func (d demand) of(carID string) int { return d.ranks[carID] }

// often is what all nodes are asked most, or this one if nobody knows of the others.
func (a *asked) often(ctx context.Context) demand {
	a.fold()
	names := a.ofAll(ctx)
	if len(names) == 0 {
		names = a.own()
	}
	d := demand{ranks: make(map[string]int, len(names))}
	for i, name := range names {
		if exodrive.IsID(exodrive.CarID, name) {
			d.ranks[name] = len(names) - i
		} else {
			d.keys = append(d.keys, name)
		}
	}
	return d
}

// ofAll is what all nodes are asked most, nil if nobody tells.
func (a *asked) ofAll(ctx context.Context) []string {
	if a.shared == nil {
		return nil
	}
	a.mu.Lock()
	top, age := a.top, a.now().Sub(a.looked)
	a.mu.Unlock()
	if top != nil && 0 <= age && age < topHolds {
		return top
	}
	ctx, cancel := context.WithTimeout(ctx, askedLimit)
	defer cancel()
	top, err := a.shared.Top(ctx, topAsked)
	if err != nil || len(top) == 0 {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.top, a.looked = top, a.now()
	return top
}

func (a *asked) own() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.inOrder()
}

// inOrder are the names that were counted, most asked first. The caller holds the
// lock.
func (a *asked) inOrder() []string {
	names := slices.Collect(maps.Keys(a.counts))
	slices.SortFunc(names, func(x, y string) int { return cmp.Or(cmp.Compare(a.counts[y], a.counts[x]), cmp.Compare(x, y)) })
	return names
}
