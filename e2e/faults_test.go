package e2e_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/exodrive/exodrive/exotest"
)

// fault is something that goes wrong for a while. do returns when it is over; it may
// use the test's goroutine.
type fault struct {
	name string
	do   func(t *testing.T, r *rand.Rand)
}

const (
	faultLength = 4 * time.Second
	// sleepLength is longer than the bound, and than the longest request should be.
	sleepLength = 10 * time.Second
	// calmLength is for what only a quiet time shows.
	calmLength = 1500 * time.Millisecond
	// recoverLimit is generous: the point is that nobody has to help.
	recoverLimit = 15 * time.Second
)

// suffer brings one fault after the other upon the world, each at least once, until
// the time is over. EXO_FAULT leaves only those with a text in their names.
func (w *world) suffer(t *testing.T, length time.Duration, faults []fault) {
	t.Helper()
	r := w.chance(-1)
	if only := os.Getenv("EXO_FAULT"); only != "" {
		faults = slices.DeleteFunc(faults, func(f fault) bool { return !strings.Contains(f.name, only) })
	}
	if len(faults) == 0 {
		time.Sleep(length)
	}
	for round := 0; len(faults) > 0 && (round == 0 || w.now() < length); round++ {
		for _, i := range r.Perm(len(faults)) {
			if round > 0 && w.now() > length {
				return
			}
			f := faults[i]
			time.Sleep(calmLength)
			w.fault.Store(&f.name)
			f.do(t, r)
			over := w.now()
			w.recover(t)
			w.report.recovered(f.name, w.now()-over)
			w.fault.Store(&calm)
		}
	}
}

// recover waits until every node answers from the database, and then from memory.
func (w *world) recover(t *testing.T) {
	t.Helper()
	for _, n := range w.nodes {
		for _, want := range []string{"", "HIT"} {
			eventually(t, recoverLimit, fmt.Sprintf("node %d has recovered from %q", n.number, *w.fault.Load()), func() bool {
				r, err := n.get(t.Context(), "/api/fleet/counts")
				return err == nil && r.status == http.StatusOK && !strings.Contains(r.header.Get("Cache-Status"), "unverified") &&
					strings.HasPrefix(r.header.Get("X-Cache"), want)
			})
		}
	}
}

func (w *world) one(r *rand.Rand) *node { return w.nodes[r.IntN(len(w.nodes))] }

// sleeping stops a node, and asks it everything at once when it wakes: whatever it
// knew is out of date then.
func (w *world) sleeping(length time.Duration) fault {
	return fault{"a node sleeps", func(t *testing.T, r *rand.Rand) {
		n := w.one(r)
		n.stop(t)
		time.Sleep(length)
		n.wake(t)
		for _, p := range w.pages {
			w.all.Go(func() { w.read(t.Context(), n, p, nil, nil) })
		}
	}}
}

// postgresFaults are those of nodes behind relays over a server of the test's own.
func (w *world) postgresFaults(server *exotest.Cluster) []fault {
	return []fault{
		w.sleeping(sleepLength),
		{"bells are dropped", func(t *testing.T, _ *rand.Rand) { w.kill(t, "exodrive bell") }},
		{"polls are cut", func(t *testing.T, _ *rand.Rand) { w.kill(t, "exodrive journal") }},
		{"connections are cut", func(_ *testing.T, r *rand.Rand) {
			n := w.one(r)
			for range 20 {
				n.relay.Cut()
				time.Sleep(faultLength / 20)
			}
		}},
		{"connections are refused", func(_ *testing.T, r *rand.Rand) {
			n := w.one(r)
			n.relay.Refuse()
			time.Sleep(faultLength)
			n.relay.Accept()
		}},
		{"connections are mute", func(_ *testing.T, r *rand.Rand) {
			n := w.one(r)
			n.relay.Mute()
			time.Sleep(faultLength)
			if r.IntN(2) == 0 { // else what was sent arrives late
				n.relay.Cut()
			}
			n.relay.Sound()
		}},
		{"Postgres is restarted", func(t *testing.T, r *rand.Rand) {
			server.Crash()
			w.rush(t.Context(), r)
			w.lookAll(t)
		}},
		{"a long transaction", func(t *testing.T, r *rand.Rand) { w.holdBack(t, r) }},
	}
}

// sqliteFaults are those of nodes that share a file.
func (w *world) sqliteFaults() []fault {
	return []fault{
		w.sleeping(sleepLength),
		{"the file is locked by a long writer", func(t *testing.T, _ *rand.Rand) {
			tx, err := w.db.BeginTx(t.Context(), nil) // immediate: it has the file from here on
			if err == nil {
				_, err = tx.ExecContext(t.Context(), `UPDATE locations SET name = name || ''`)
			}
			if err != nil {
				t.Errorf("lock the file: %v", err)
				return
			}
			w.hits(t, w.of(dayPrice)[0])
			time.Sleep(faultLength)
			if err := tx.Rollback(); err != nil {
				t.Errorf("give the file back: %v", err)
			}
		}},
		{"a node is killed and started again", func(t *testing.T, r *rand.Rand) {
			n := w.one(r)
			n.kill()
			time.Sleep(faultLength / 2)
			n.begin(t)
			w.lookAll(t)
		}},
	}
}

// hits waits until every node answers from memory what shows a thing.
func (w *world) hits(t *testing.T, th *thing) {
	t.Helper()
	for _, n := range w.nodes {
		for _, p := range w.showing(th) {
			eventually(t, recoverLimit, fmt.Sprintf("node %d has %s in memory under %q", n.number, p.path, *w.fault.Load()), func() bool {
				r, err := n.get(t.Context(), p.path)
				return err == nil && r.header.Get("X-Cache") == "HIT" && !strings.Contains(r.header.Get("Cache-Status"), "stale")
			})
		}
	}
}

// rush writes through every node at once, while some know of the new run of the
// server and others do not. Each thing has a client of its own: one who writes two
// things at once cannot tell which of the marks is the later.
func (w *world) rush(ctx context.Context, r *rand.Rand) {
	var all sync.WaitGroup
	defer all.Wait()
	for i, th := range w.things {
		seed := r.Uint64()
		all.Go(func() {
			own := rand.New(rand.NewPCG(seed, 0))
			for range 5 {
				time.Sleep(time.Duration(own.Int64N(int64(200 * time.Millisecond))))
				th.writing.Lock()
				if w.mayByAPI(th) {
					w.writeByAPI(ctx, own, writers+i, th)
				} else {
					w.writeBySQL(ctx, own, th)
				}
				th.writing.Unlock()
			}
		})
	}
}

// kill ends the connections of a name, again and again.
func (w *world) kill(t *testing.T, name string) {
	t.Helper()
	for over := w.now() + faultLength; w.now() < over; time.Sleep(100 * time.Millisecond) {
		_, err := w.db.ExecContext(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1`, name)
		if err != nil {
			t.Errorf("end the connections %q: %v", name, err)
		}
	}
}

// holdBack keeps a transaction open that has a number and has written a tag, which
// holds back the number below which all have ended. What is written meanwhile is
// served from memory all the same, before that ends.
func (w *world) holdBack(t *testing.T, r *rand.Rand) {
	t.Helper()
	tx, err := w.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Errorf("begin a long transaction: %v", err)
		return
	}
	if _, err := tx.ExecContext(t.Context(), `UPDATE locations SET name = name`); err != nil {
		t.Errorf("a long transaction: %v", err)
	}
	over := w.now() + faultLength
	for _, th := range []*thing{w.of(carText)[0], w.of(dayPrice)[0], w.of(reviewText)[0]} {
		th.writing.Lock()
		w.writeBySQL(t.Context(), r, th)
		th.writing.Unlock()
		w.hits(t, th)
	}
	time.Sleep(over - w.now())
	if err := tx.Rollback(); err != nil {
		t.Errorf("end a long transaction: %v", err)
	}
}
