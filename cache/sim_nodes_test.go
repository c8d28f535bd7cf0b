package cache_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/cachetest"
)

// simEngine is a node of the engine.
type simEngine struct {
	w     *simWorld
	m     *simMachine
	node  *cache.Cache
	items *cache.Family[string, string]
	pages *cache.Family[string, string] // several items, read through the cache
}

func newSimEngine(w *simWorld, m *simMachine) simNode {
	var journal cache.Journal = w.db
	if w.broken != nil {
		journal = w.broken(journal)
	}
	o := cache.Options{
		Journal: simLink{journal, m}, Bell: &w.bell, Clock: m.now,
		Slots: 1024, Bytes: 1 << 20, Absences: 16,
		Unavailable: func(err error) bool { return errors.Is(err, cachetest.ErrDown) },
		Log:         slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	if w.shared != nil {
		o.Remote = simRemoteLink{w.shared, m}
	}
	e := &simEngine{w: w, m: m, node: cache.New(o)}
	e.items = cache.Register(e.node, cache.Family[string, string]{
		Name: "item", Key: func(k string) string { return "item:" + k }, Tags: func(k string) []string { return []string{"item:" + k} },
		Load: m.load, Fresh: w.fresh, Stale: 4 * w.fresh,
	})
	e.pages = cache.Register(e.node, cache.Family[string, string]{
		Name: "page", Key: func(k string) string { return "page:" + k }, Tags: func(string) []string { return nil },
		Load: e.loadPage, Fresh: w.fresh, Stale: 4 * w.fresh,
	})
	e.node.Start()
	return e
}

func (e *simEngine) read(ctx context.Context, key string) (value string, flagged bool, err error) {
	family := e.items
	if strings.Contains(key, "+") {
		family = e.pages
	}
	a, err := family.Read(ctx, key)
	if err != nil {
		return "", false, err
	}
	value, err = a.Value()
	return value, a.Stale == cache.Unverifiable, err
}

func (e *simEngine) loadPage(ctx context.Context, keys string) (string, error) {
	var parts []string
	for k := range strings.SplitSeq(keys, "+") {
		a, err := e.items.Read(ctx, k)
		if err != nil {
			return "", err
		}
		v, err := a.Value()
		if err != nil {
			return "", err
		}
		parts = append(parts, v)
	}
	e.m.trip(simTrip)
	return strings.Join(parts, "+"), nil
}

func (e *simEngine) raise(w cache.Written) { e.node.Raise(context.Background(), w) }

func (e *simEngine) close() {
	e.node.Close()
	s := e.node.Stats()
	r := &e.w.result
	r.polls += s.Polls
	r.lies += s.Inconsistent
	for _, f := range s.Families {
		r.loads += f.Loads
		r.spoil += f.Unstorable
	}
}

// simAside is a node as most caches are built: entries and floors of its own, and
// messages from the writers. It is given what the engine is not: not one message
// is lost, and those who write by hand send them too.
type simAside struct {
	w    *simWorld
	m    *simMachine
	skew time.Duration // of its clock, which this node stamps and raises by
	rule simRule

	mu     sync.Mutex
	kept   map[string]simEntry
	floors map[string]int64
}

type simEntry struct {
	value string
	stamp int64
}

// simRule is what makes an entry of a simAside old.
type simRule struct {
	name   string
	skewed time.Duration // how far the clock of a node may be off, either way
	before func(*simAside) int64
	after  func(*simAside) int64 // nil: the stamp is of before the load
	// floor is what a message raises its tag to.
	floor func(written cache.Raise, at int64) int64
	// old tells whether the floor of a tag makes an entry old.
	old func(stamp, floor int64) bool
}

func (a *simAside) now() int64 { return time.Now().Add(a.skew).UnixNano() }

// simRules are the mechanisms that the engine is measured against.
var simRules = []simRule{
	{
		name:   "delete after commit",
		before: func(*simAside) int64 { return 0 },
		floor:  func(cache.Raise, int64) int64 { return -1 }, // only the deletion counts
		old:    func(stamp, floor int64) bool { return stamp <= floor },
	},
	{
		name:   "clock at completion",
		before: (*simAside).now, after: (*simAside).now,
		floor: func(_ cache.Raise, at int64) int64 { return at },
		old:   func(stamp, floor int64) bool { return stamp <= floor },
	},
	{
		name: "clock before load, 20 ms skew", skewed: 20 * time.Millisecond,
		before: (*simAside).now,
		floor:  func(_ cache.Raise, at int64) int64 { return at },
		old:    func(stamp, floor int64) bool { return stamp <= floor },
	},
	{
		name: "highest sequence seen",
		before: func(a *simAside) int64 {
			l := &a.w.ledger
			l.mu.Lock()
			defer l.mu.Unlock()
			return int64(l.highest)
		},
		floor: func(r cache.Raise, _ int64) int64 { return int64(r.Mark) },
		old:   func(stamp, floor int64) bool { return stamp < floor },
	},
}

// asides makes the nodes of a rule.
func (r simRule) asides(w *simWorld, m *simMachine) simNode {
	a := &simAside{w: w, m: m, rule: r, kept: map[string]simEntry{}, floors: map[string]int64{}}
	if r.skewed > 0 {
		a.skew = time.Duration(m.rng.Int64N(int64(2*r.skewed))) - r.skewed
	}
	return a
}

func (a *simAside) read(ctx context.Context, key string) (value string, flagged bool, err error) {
	a.mu.Lock()
	e, ok := a.kept[key]
	ok = ok && !a.rule.old(e.stamp, max(a.floor("item:"+key), a.floor("item:*")))
	a.mu.Unlock()
	if ok {
		return e.value, false, nil
	}
	stamp := a.rule.before(a)
	v, err := a.m.load(ctx, key)
	if err != nil {
		return "", false, err
	}
	if a.rule.after != nil {
		stamp = a.rule.after(a)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if have, ok := a.kept[key]; !ok || have.stamp <= stamp {
		a.kept[key] = simEntry{v, stamp}
	}
	return v, false, nil
}

// floor is that of a tag; a.mu is held.
func (a *simAside) floor(tag string) int64 {
	if f, ok := a.floors[tag]; ok {
		return f
	}
	return -1
}

// raise tells this node at once, and every other by a message.
func (a *simAside) raise(written cache.Written) {
	at := a.now()
	a.hear(written, at)
	for _, n := range a.w.nodes {
		if other, ok := n.(*simAside); ok && other != a {
			other.m.mu.Lock()
			d := someTime(other.m.rng, 3*time.Millisecond)
			other.m.mu.Unlock()
			time.AfterFunc(d, func() { other.hear(written, at) })
		}
	}
}

func (a *simAside) hear(written cache.Written, at int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, r := range written {
		a.floors[r.Tag] = max(a.floor(r.Tag), a.rule.floor(r, at))
		for key := range a.kept {
			if r.Tag == "item:"+key || r.Tag == "item:*" {
				if a.rule.old(a.kept[key].stamp, a.floors[r.Tag]) || a.rule.name == "delete after commit" {
					delete(a.kept, key)
				}
			}
		}
	}
}

func (a *simAside) close() {}
