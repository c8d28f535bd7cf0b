package cache_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/cachetest"
)

// simPlan is what a simulation is made of. Everything that happens in it is drawn
// from the seed, each actor from numbers of its own, so a seed brings back the
// same writes and faults. The hashes of tags and the jitter of ends stay random.
type simPlan struct {
	seed    uint64
	nodes   int
	keys    int
	readers int
	gap     time.Duration // mean time between two reads of a reader
	length  time.Duration // in virtual time
	loss    float64       // part of the rings that no node hears
	fresh   time.Duration
	// faults: nodes are cut off from the journal, wall clocks are set, the journal is
	// pruned, new epochs begin, and the database stops answering.
	faults bool
	// suspend: machines stand still, their monotonic clocks with them.
	suspend bool
	remote  bool
	// broken is put between the nodes and the journal.
	broken func(cache.Journal) cache.Journal
	// other makes the nodes of another mechanism than the engine's.
	other func(*simWorld, *simMachine) simNode
}

// simNode is one node of whatever mechanism is simulated.
type simNode interface {
	// read answers a key, or several with plus signs between; flagged says that the
	// answer was marked as one that cannot be verified.
	read(ctx context.Context, key string) (value string, flagged bool, err error)
	raise(w cache.Written)
	close()
}

// simWorld is one run: a database, nodes in front of it, those who write and read,
// and what the network does to them.
type simWorld struct {
	simPlan
	db       *cachetest.Database
	ledger   simLedger
	bell     simHub
	machines []*simMachine
	nodes    []simNode
	hot      [8]atomic.Int32 // keys that are being written
	shared   cache.Remote    // of plan.remote
	result   simResult
	actors   sync.WaitGroup
	end      time.Time
}

// runSim runs a plan in a bubble of virtual time.
func runSim(t *testing.T, p simPlan) *simResult {
	t.Helper()
	var result *simResult
	synctest.Test(t, func(*testing.T) {
		w := &simWorld{simPlan: p, db: cachetest.NewDatabase(), end: time.Now().Add(p.length)}
		w.bell.rng, w.bell.loss = w.dice(1), p.loss
		w.ledger.begin(w.db, p.keys)
		if p.remote {
			w.shared = newSimRemote(w.dice(2))
		}
		for id := range p.nodes {
			m := newSimMachine(w, id)
			w.machines = append(w.machines, m)
			if p.other != nil {
				w.nodes = append(w.nodes, p.other(w, m))
			} else {
				w.nodes = append(w.nodes, newSimEngine(w, m))
			}
		}
		w.act()
		w.actors.Wait()
		for _, n := range w.nodes {
			n.close()
		}
		w.result.commits = w.ledger.commits
		w.result.rings = w.bell.rings
		result = &w.result
	})
	return result
}

// dice are the random numbers of one actor.
func (w *simWorld) dice(actor uint64) *rand.Rand { return rand.New(rand.NewPCG(w.seed, actor)) }

// act begins every actor.
func (w *simWorld) act() {
	actor := uint64(1000)
	begin := func(times int, end time.Time, do func(*rand.Rand)) {
		for range times {
			actor++
			rng := w.dice(actor)
			w.actors.Go(func() {
				for time.Now().Before(end) {
					do(rng)
				}
			})
		}
	}
	// At last nobody writes, so that no write ends what an earlier one has left old.
	quiet := w.end.Add(-w.length / 3)
	begin(4, quiet, w.writeOnce)
	begin(6, quiet, w.writePair)
	begin(1, quiet, w.writeLong)
	if w.faults {
		begin(len(w.machines)/10+1, w.end, w.cutOff)
		begin(1, w.end, w.setClock)
		begin(1, w.end, w.prune)
		begin(1, w.end, w.clear)
		begin(1, w.end, w.stop)
	}
	if w.suspend {
		begin(len(w.machines)/10+1, w.end, w.suspendOne)
	}
	begin(w.readers, w.end, w.readOnce) // last, so that their number changes no other's dice
}

// pick is a key to write. From now on half of the readers ask for it.
func (w *simWorld) pick(rng *rand.Rand) string {
	k := rng.IntN(w.keys)
	w.hot[rng.IntN(len(w.hot))].Store(int32(k))
	return strconv.Itoa(k)
}

// someTime is exponential, so that nothing falls into step, and capped.
func someTime(rng *rand.Rand, mean time.Duration) time.Duration {
	return min(time.Duration(rng.ExpFloat64()*float64(mean)), 10*mean) + 1
}

// readOnce reads at any node, after a while, as a client without a home does.
// One read in ten carries the mark of the latest write of what it asks for.
func (w *simWorld) readOnce(rng *rand.Rand) {
	time.Sleep(someTime(rng, w.gap))
	id := rng.IntN(len(w.machines))
	k := rng.IntN(w.keys)
	if rng.IntN(2) == 0 {
		k = int(w.hot[rng.IntN(len(w.hot))].Load())
	}
	asked := strconv.Itoa(k)
	if w.other == nil && rng.IntN(4) == 0 { // a page, composed of three
		first := min(k, w.keys-3)
		asked = fmt.Sprintf("%d+%d+%d", first, first+1, first+2)
	}
	carries := w.other == nil && w.faults && rng.IntN(10) == 0
	w.machines[id].awake()

	sight := w.ledger.expect(id, asked, carries)
	ctx := context.Background()
	if carries {
		ctx = cache.WithMark(ctx, sight.epoch, sight.mark)
	}
	value, flagged, err := w.nodes[id].read(ctx, asked)
	w.result.note(&w.ledger, sight, value, flagged, err)
}

// writeOnce is a short transaction, one in twenty of them under the wildcard of
// all keys, one in twenty rolled back.
func (w *simWorld) writeOnce(rng *rand.Rand) {
	time.Sleep(someTime(rng, time.Second))
	tx := w.ledger.open()
	kind := rng.IntN(20)
	keys := []string{w.pick(rng)}
	tag := "item:" + keys[0]
	if kind == 0 {
		keys = append(keys, w.pick(rng))
		tag = "item:*"
	}
	time.Sleep(someTime(rng, 10*time.Millisecond))
	if kind == 1 {
		tx.Rollback()
		return
	}
	w.commit(rng, tx, tag, slices.Compact(keys)...)
}

// writePair is two transactions under one tag whose marks are in the opposite
// order of their commits: what a sequence number takes for the order of commits.
func (w *simWorld) writePair(rng *rand.Rand) {
	time.Sleep(someTime(rng, 2*time.Second))
	k := w.pick(rng)
	first, second := w.ledger.open(), w.ledger.open()
	time.Sleep(someTime(rng, 30*time.Millisecond))
	w.commit(rng, second, "item:"+k) // another row of the same tag
	time.Sleep(someTime(rng, 20*time.Millisecond))
	w.commit(rng, first, "item:"+k, k)
}

// writeLong holds the horizon back for seconds.
func (w *simWorld) writeLong(rng *rand.Rand) {
	time.Sleep(someTime(rng, 2*time.Second))
	tx := w.ledger.open()
	time.Sleep(someTime(rng, 4*time.Second))
	k := w.pick(rng)
	w.commit(rng, tx, "item:"+k, k)
}

// commit ends a transaction, either by hand, of which nobody is told, or by a
// node, which then raises what was written.
func (w *simWorld) commit(rng *rand.Rand, tx *cachetest.Tx, tag string, keys ...string) {
	written := w.ledger.commit(tx, tag, keys)
	id := rng.IntN(len(w.machines))
	if rng.IntN(2) == 0 && w.other == nil {
		return
	}
	time.Sleep(someTime(rng, time.Millisecond)) // the commit's answer is on its way
	w.machines[id].awake()
	w.nodes[id].raise(written)
	w.ledger.raised(id, tx.Mark(), keys)
}
