package sqlstore

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

// Cost is what a statement has cost since the process began, or since it was noted
// first. Of one that is put together, such as a list's, each text counts by itself.
type Cost struct {
	Text  string
	Count int64
	Total time.Duration
	Max   time.Duration
}

// Mean is what it costs on average.
func (c Cost) Mean() time.Duration { return c.Total / time.Duration(max(1, c.Count)) }

// Costs are the statements of this process, those that take longest on average first.
// The wait for a connection counts.
func (s *Store) Costs() []Cost { return s.costs.all() }

// mostCosts bounds the statements that are noted. The fixed ones are some hundred;
// the texts of lists have no end.
const mostCosts = 300

// costs notes what statements cost, for at most mostCosts texts. When it is full, a
// new text takes the place of the cheapest, if it took longer.
type costs struct {
	mu     sync.Mutex
	byText map[string]*Cost
	// floor is at most what the cheapest took at its worst, so that most new texts need
	// no look at all.
	floor time.Duration
}

func newCosts() *costs { return &costs{byText: make(map[string]*Cost, mostCosts)} }

// noteSince counts a run that ends now.
func (c *costs) noteSince(begun time.Time, text string) { c.note(text, time.Since(begun)) }

func (c *costs) note(text string, took time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := c.byText[text]
	if at == nil {
		if !c.room(took) {
			return
		}
		at = &Cost{Text: text}
		c.byText[text] = at
	}
	at.Count++
	at.Total += took
	at.Max = max(at.Max, took)
}

// room makes a place for a new text, if it deserves one.
func (c *costs) room(took time.Duration) bool {
	if len(c.byText) < mostCosts {
		return true
	}
	if took <= c.floor {
		return false
	}
	var least *Cost
	for _, one := range c.byText {
		if least == nil || one.Max < least.Max {
			least = one
		}
	}
	c.floor = least.Max
	if took <= least.Max {
		return false
	}
	delete(c.byText, least.Text)
	return true
}

func (c *costs) all() []Cost {
	c.mu.Lock()
	all := make([]Cost, 0, len(c.byText))
	for _, one := range c.byText {
		all = append(all, *one)
	}
	c.mu.Unlock()
	slices.SortFunc(all, func(a, b Cost) int { return cmp.Or(cmp.Compare(b.Mean(), a.Mean()), cmp.Compare(a.Text, b.Text)) })
	return all
}

// ServerCosts are what the database itself says of this program's statements that were
// run at least so many times: at most ten, those that take longest on average first.
// ok is false where it does not keep such a record, or does not show it.
func (s *Store) ServerCosts(ctx context.Context, runs int) (list []Cost, ok bool, err error) {
	if s.d.serverCosts == "" {
		return nil, false, nil
	}
	list, err = collect(ctx, s.queries, func(r scanner) (c Cost, err error) {
		var total, most float64
		err = r.Scan(&c.Text, &c.Count, &total, &most)
		c.Total, c.Max = time.Duration(total*float64(time.Millisecond)), time.Duration(most*float64(time.Millisecond))
		return c, err
	}, s.d.serverCosts, runs)
	if s.d.notKept(err) {
		return nil, false, nil
	}
	return list, err == nil, err
}
