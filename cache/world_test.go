package cache_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/cachetest"
)

// bound is the B of every fleet: the default.
const bound = 2 * time.Second

// fleet is a database in memory with nodes in front of it.
type fleet struct {
	*cachetest.Database
	t     *testing.T
	nodes []*node
}

// node is a cache with three families over the database's keys.
type node struct {
	*cache.Cache
	words  *cache.Family[string, string] // served stale for an hour
	days   *cache.Family[string, string] // never served stale
	pairs  *cache.Family[string, string] // made of the words "a" and its key
	loads  atomic.Int64                  // of words and days
	hook   atomic.Pointer[hook]
	broken atomic.Bool // loads fail, for no reason that says anything of the database
}

// hook lets a test stand in a loader, before and after it reads.
type hook struct {
	before, after func(ctx context.Context, key string)
}

var errBroken = errors.New("the loader is broken")

var errNone = errors.New("there is no such word")

// newFleet starts nodes. setup may change the options of each; nil is none.
func newFleet(t *testing.T, nodes int, setup func(i int, o *cache.Options)) *fleet {
	t.Helper()
	f := &fleet{Database: cachetest.NewDatabase(), t: t}
	for i := range nodes {
		o := cache.Options{Journal: f.Database}
		if setup != nil {
			setup(i, &o)
		}
		f.nodes = append(f.nodes, newNode(t, f.Database, o))
	}
	// What a test does is then never at the very instant at which a node's own clocks
	// tick, where chance would decide who comes first.
	time.Sleep(time.Millisecond)
	return f
}

func newNode(t *testing.T, db *cachetest.Database, o cache.Options) *node {
	t.Helper()
	if o.Unavailable == nil {
		o.Unavailable = func(err error) bool {
			return errors.Is(err, cachetest.ErrDown) || errors.Is(err, context.DeadlineExceeded)
		}
	}
	n := &node{Cache: cache.New(o)}
	n.hook.Store(&hook{})
	read := func(ctx context.Context, k string) (string, error) {
		n.loads.Add(1)
		if before := n.hook.Load().before; before != nil {
			before(ctx, k)
		}
		v, err := db.Value(ctx, k)
		if after := n.hook.Load().after; after != nil {
			after(ctx, k)
		}
		if n.broken.Load() {
			return "", errBroken
		}
		if err == nil && v == "" {
			err = fmt.Errorf("%w: %s", errNone, k)
		}
		return v, err
	}
	word := cache.Family[string, string]{
		Name: "word", Key: func(k string) string { return "word:" + k }, Tags: func(k string) []string { return []string{"word:" + k} },
		Load: read, Absent: func(err error) bool { return errors.Is(err, errNone) },
		Fresh: time.Minute, Stale: time.Hour,
	}
	n.words = cache.Register(n.Cache, word)
	word.Name, word.Key, word.Stale = "day", func(k string) string { return "day:" + k }, 0
	n.days = cache.Register(n.Cache, word)
	n.pairs = cache.Register(n.Cache, cache.Family[string, string]{
		Name: "pair", Key: func(k string) string { return "pair:" + k }, Tags: func(k string) []string { return []string{"pair:" + k} },
		Load: func(ctx context.Context, k string) (string, error) {
			first, err := cache.Value(n.words.Read(ctx, "a"))
			if err != nil {
				return "", err
			}
			second, err := cache.Value(n.words.Read(ctx, k))
			return first + "+" + second, err
		},
		Fresh: time.Hour, Stale: time.Hour,
	})
	n.Start()
	t.Cleanup(n.Close)
	return n
}

// seen is what a reader got.
type seen struct {
	value string
	layer cache.Layer
	stale cache.Staleness
	err   error
	took  time.Duration
	cache.Served
}

func (s seen) String() string {
	return fmt.Sprintf("%q from layer %d, staleness %d, error %v, after %v", s.value, s.layer, s.stale, s.err, s.took)
}

func ask(ctx context.Context, of *cache.Family[string, string], key string) seen {
	begun := time.Now()
	a, err := of.Read(ctx, key)
	s := seen{layer: a.Layer, stale: a.Stale, err: err, took: time.Since(begun), Served: a.Served}
	if err == nil {
		s.value, s.err = a.Value()
	}
	return s
}

// later asks on a goroutine of its own.
func later(ctx context.Context, of *cache.Family[string, string], key string) <-chan seen {
	answer := make(chan seen, 1)
	go func() { answer <- ask(ctx, of, key) }()
	return answer
}

// expect reads a word and checks value and layer.
func (f *fleet) expect(what string, n *node, key, value string, layer cache.Layer) {
	f.t.Helper()
	f.expectSeen(what, ask(f.t.Context(), n.words, key), value, layer)
}

func (f *fleet) expectSeen(what string, got seen, value string, layer cache.Layer) {
	f.t.Helper()
	if got.err != nil || got.value != value || got.layer != layer {
		f.t.Errorf("%s: %v, want %q from layer %d; %v", what, got, value, layer, f.Database)
	}
}

// write writes a word through a node, as its application does.
func (f *fleet) write(n *node, key, value string) cache.Written {
	w := f.Write(key, value, "word:"+key)
	n.Raise(f.t.Context(), w)
	return w
}

// aside writes a word past every node, as SQL by hand does.
func (f *fleet) aside(key, value string) cache.Written { return f.Write(key, value, "word:"+key) }

// settle lets every node read the journal as it is now.
func settle() {
	synctest.Wait()
	time.Sleep(bound / 2)
	synctest.Wait()
}

// gate stops the first who comes, until it is opened.
type gate struct {
	taken           atomic.Bool
	arrived, opened chan struct{}
}

func newGate() *gate { return &gate{arrived: make(chan struct{}), opened: make(chan struct{})} }

func (g *gate) pass(context.Context, string) {
	if g.taken.CompareAndSwap(false, true) {
		close(g.arrived)
		<-g.opened
	}
}

func (g *gate) open() { close(g.opened) }

// in runs a test in a bubble, where time is virtual.
func in(t *testing.T, run func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, run)
}

// link is a node's way to the journal, with faults.
type link struct {
	cache.Journal
	cut  atomic.Bool                   // neither poll nor horizon
	deaf atomic.Bool                   // polls succeed, but bring no raises
	gate atomic.Pointer[gate]          // after the snapshot of a poll was taken
	told atomic.Pointer[cache.Reading] // the last one
}

var errLink = errors.New("no way to the journal")

func (l *link) Poll(ctx context.Context, since cache.Position) (cache.Reading, error) {
	if l.cut.Load() {
		return cache.Reading{}, errLink
	}
	r, err := l.Journal.Poll(ctx, since)
	if err == nil {
		l.told.Store(&r)
	}
	if g := l.gate.Load(); g != nil {
		g.pass(ctx, "")
	}
	if l.deaf.Load() {
		r.Raises = nil
	}
	return r, err
}

func (l *link) Horizon(ctx context.Context) (cache.Epoch, cache.Mark, error) {
	if l.cut.Load() {
		return 0, 0, errLink
	}
	return l.Journal.Horizon(ctx)
}

// linked starts nodes that each have a link of their own.
func linked(t *testing.T, nodes int, setup func(i int, o *cache.Options)) (*fleet, []*link) {
	t.Helper()
	db := cachetest.NewDatabase()
	f := &fleet{Database: db, t: t}
	var links []*link
	for i := range nodes {
		l := &link{Journal: db}
		o := cache.Options{Journal: l}
		if setup != nil {
			setup(i, &o)
		}
		links = append(links, l)
		f.nodes = append(f.nodes, newNode(t, db, o))
	}
	return f, links
}

// wordKey is the name of a word in a remote cache.
func wordKey(text string) cache.Key {
	return cache.Key{Shape: cache.ShapeOf[string](), Text: "word:" + text}
}
