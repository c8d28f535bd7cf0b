package cache_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/cachetest"
)

const (
	stressBound = 100 * time.Millisecond
	stressKeys  = 6
)

// stressLedger knows what was committed, in the order of the commits, and what
// each node was told of before its writers were answered.
type stressLedger struct {
	mu        sync.Mutex
	committed map[string][]stressVersion
	at        map[string]int   // the place of a value among those of its key
	told      []map[string]int // by node: the place that its readers must reach
	reads     int
	breaches  []string
}

type stressVersion struct {
	value string
	known time.Time // the commit had happened
}

// commit keeps the order of the ledger that of the database.
func (l *stressLedger) commit(tx *cachetest.Tx, values map[string]string) cache.Written {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := tx.Commit()
	for key, value := range values {
		l.at[value] = len(l.committed[key])
		l.committed[key] = append(l.committed[key], stressVersion{value, time.Now()})
	}
	return w
}

func (l *stressLedger) raised(node int, values map[string]string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, value := range values {
		l.told[node][key] = max(l.told[node][key], l.at[value])
	}
}

// must is the place that a read which begins now has to reach on a node.
func (l *stressLedger) must(node int, key string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.told[node][key]
}

func (l *stressLedger) enough() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.reads >= 1000
}

// check judges what a read returned.
func (l *stressLedger) check(node int, key string, begun time.Time, must int, got seen) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reads++
	at, ok := l.at[got.value]
	switch all := l.committed[key]; {
	case got.err != nil:
		l.breaches = append(l.breaches, fmt.Sprintf("node %d failed: %v", node, got.err))
	case !ok:
		l.breaches = append(l.breaches, fmt.Sprintf("node %d made up %q for %s", node, got.value, key))
	case at < must:
		l.breaches = append(l.breaches, fmt.Sprintf("node %d returned version %d of %s after a writer there was answered for %d (layer %d)", node, at, key, must, got.layer))
	case at+1 < len(all) && all[at+1].known.Before(begun.Add(-stressBound)):
		l.breaches = append(l.breaches, fmt.Sprintf("node %d returned version %d of %s, replaced %v before the read (layer %d)", node, at, key, begun.Sub(all[at+1].known), got.layer))
	}
}

// stress reads and writes on four nodes from real goroutines. plant may break
// something first.
func stress(t *testing.T, d time.Duration, plant func([]*link, *cachetest.FaultyBell)) *stressLedger {
	remote := &cachetest.Faulty{Remote: cachetest.NewRemote()}
	bell := &cachetest.FaultyBell{Bell: cachetest.NewBell()}
	f, links := linked(t, 4, func(_ int, o *cache.Options) {
		o.Bound, o.Remote, o.Bell, o.Bytes = stressBound, remote, bell, 64<<10
	})
	plant(links, bell)
	l := &stressLedger{committed: map[string][]stressVersion{}, at: map[string]int{}}
	for range f.nodes {
		l.told = append(l.told, map[string]int{})
	}
	for k := range stressKeys {
		key := strconv.Itoa(k)
		tx, values := f.Begin(), map[string]string{key: key + " first"}
		tx.Put(key, values[key], "word:"+key)
		l.commit(tx, values)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*d)
	defer cancel()
	enough := time.AfterFunc(d, func() { // on a busy machine, later
		for ctx.Err() == nil && !l.enough() {
			time.Sleep(10 * time.Millisecond)
		}
		cancel()
	})
	defer enough.Stop()
	var all sync.WaitGroup
	for i := range f.nodes {
		for range 3 {
			all.Go(func() { f.readUntil(ctx, l, i) })
		}
		all.Go(func() { f.writeUntil(ctx, l, i) })
	}
	all.Go(func() {
		for ctx.Err() == nil { // messages are lost half of the time, the remote cache fails at times
			for _, s := range []*cachetest.Switch{&bell.Fails, &remote.Fails} {
				if rand.IntN(2) == 0 {
					s.On()
				} else {
					s.Off()
				}
			}
			time.Sleep(10 * time.Millisecond)
		}
	})
	all.Wait()
	return l
}

func (f *fleet) readUntil(ctx context.Context, l *stressLedger, node int) {
	for ctx.Err() == nil {
		key := strconv.Itoa(rand.IntN(stressKeys))
		must, begun := l.must(node, key), time.Now()
		l.check(node, key, begun, must, ask(context.WithoutCancel(ctx), f.nodes[node].words, key))
	}
}

// writeUntil keeps transactions open beside those of the other nodes, and commits
// them in an order of their own.
func (f *fleet) writeUntil(ctx context.Context, l *stressLedger, node int) {
	for round := 0; ctx.Err() == nil; round++ {
		tx, values := f.Begin(), map[string]string{}
		for range 1 + rand.IntN(2) {
			key := strconv.Itoa(rand.IntN(stressKeys))
			values[key] = fmt.Sprintf("%s of node %d, round %d", key, node, round)
			tx.Put(key, values[key], "word:"+key)
		}
		time.Sleep(time.Duration(rand.IntN(5)) * time.Millisecond)
		w := l.commit(tx, values)
		if rand.IntN(8) > 0 { // the others die after their commit
			f.nodes[node].Raise(ctx, w)
			l.raised(node, values)
		}
		time.Sleep(time.Duration(rand.IntN(10)) * time.Millisecond)
	}
}

// On real threads, with messages lost, transactions that overlap and writers that
// die, no answer is older than the bound, and none on a writer's node is older
// than what he wrote.
//
// Red when: Raise does nothing; or the poller raises nothing.
func TestStress(t *testing.T) {
	l := stress(t, 2*time.Second, func([]*link, *cachetest.FaultyBell) {})
	for i, breach := range l.breaches {
		if i < 10 {
			t.Error(breach)
		}
	}
	if l.reads < 1000 {
		t.Errorf("only %d reads", l.reads)
	}
	t.Logf("%d reads, %d breaches", l.reads, len(l.breaches))
}

// The checker of TestStress finds a node that hears nothing.
func TestStressFindsAFault(t *testing.T) {
	l := stress(t, 700*time.Millisecond, func(links []*link, bell *cachetest.FaultyBell) {
		links[2].deaf.Store(true)
		bell.Hangs.On() // its news would tell the node
	})
	if len(l.breaches) == 0 {
		t.Errorf("nothing found in %d reads of a fleet with a deaf node", l.reads)
	}
}
