package e2e_test

import (
	"context"
	"database/sql"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/exodrive/exodrive/bench/flow"
	"github.com/exodrive/exodrive/bench/stage"
	"github.com/exodrive/exodrive/exotest"
)

// The flood: many times what can be loaded where each load takes some 40 ms and two
// run at once, on whatever machine.
const (
	floodRate  = 400.0
	floodTime  = 3 * time.Second
	floodHits  = 50.0
	floodLoads = "2"
	// floodSettled is when the line has stood for its second, and half of one for a
	// machine that stumbles.
	floodSettled = 1500 * time.Millisecond
)

// Beyond what the database can load, a node says so at once instead of letting
// everybody wait; what is in memory is answered as ever, memory stays bounded, and
// when the flood is over the node needs nobody's help. make stress measures the same.
func TestBeyondTheKnee(t *testing.T) {
	exotest.EachEngine(t, "", nil, func(t *testing.T, address string) {
		n := launch(t, 0, address, "DATABASE_POOL="+floodLoads, "GOMAXPROCS="+floodLoads)
		n.kill()
		slowCalendars(t, address)
		n.begin(t)
		fleet, err := flow.Look(t.Context(), n.site)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 40 { // what is to be hit is there
			if r, err := n.get(t.Context(), strings.TrimPrefix(fleet.Known(i), n.site)); err != nil || r.status != http.StatusOK {
				t.Fatalf("%+v, %v", r, err)
			}
		}
		f := &flood{node: n}
		f.play(t, fleet)
		f.judge(t)

		// Who comes now is answered, one after the other.
		asked, inARow := 1_000_000, 0
		eventually(t, recoverLimit, "the node loads again", func() bool {
			asked++
			r, err := n.get(t.Context(), strings.TrimPrefix(fleet.New(asked), n.site))
			if inARow++; err != nil || r.status != http.StatusOK {
				inARow = 0
			}
			return inARow == 10
		})
		if queued := n.metric(t, "exodrive_cache_queued"); queued != 0 {
			t.Errorf("%v loads stand in line for ever", queued)
		}
	})
}

// slowCalendars puts a view in place of the table of taken days that takes some 40 ms
// each time it is looked at.
func slowCalendars(t *testing.T, address string) {
	t.Helper()
	driver, source, pause := "pgx", address, `(SELECT 1 FROM pg_sleep(0.04)) = 1`
	if path, ok := strings.CutPrefix(address, "sqlite:"); ok {
		// SQLite cannot sleep, so it counts.
		driver, source = "sqlite", "file:"+path
		pause = `(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT count(*) FROM n) > 0`
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range []string{
		`ALTER TABLE car_availability RENAME TO car_availability_fast`,
		`CREATE VIEW car_availability AS SELECT * FROM car_availability_fast WHERE ` + pause,
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
}

// flood is what a node was asked beyond its knee, and how it answered.
type flood struct {
	node         *node
	begun        time.Time
	misses, hits []flow.Answer
	memory       int64   // the most
	inside       float64 // requests in the node, the most
}

func (f *flood) play(t *testing.T, fleet *flow.Fleet) {
	t.Helper()
	f.begun = time.Now()
	watch, end := context.WithCancel(t.Context())
	var calls, watching sync.WaitGroup
	watching.Go(func() {
		for pause(watch, 100*time.Millisecond) {
			f.inside = max(f.inside, f.node.metric(t, "exodrive_http_requests_in_flight"))
			if now, err := stage.Memory(f.node.pid); err != nil {
				t.Error(err)
			} else {
				f.memory = max(f.memory, now)
			}
		}
	})
	calls.Go(func() {
		flow.Flow{Rate: floodRate, Callers: int(floodRate * floodTime.Seconds()), Pick: fleet.New}.
			Run(t.Context(), floodTime, func(a flow.Answer) { f.misses = append(f.misses, a) })
	})
	calls.Go(func() {
		flow.Flow{Rate: floodHits, Callers: 50, Pick: fleet.Known}.
			Run(t.Context(), floodTime, func(a flow.Answer) { f.hits = append(f.hits, a) })
	})
	calls.Wait()
	end()
	watching.Wait()
}

// judge has no times that a busy machine could miss: a line without a bound keeps
// everybody for seconds, and one that is always patient nobody for less than one.
func (f *flood) judge(t *testing.T) {
	t.Helper()
	const patience, mostMemory = time.Second, 400 << 20
	answered, refused, other, late := 0, 0, 0, []time.Duration{}
	for _, a := range f.misses {
		switch {
		case a.Status == http.StatusOK:
			answered++
		case a.Status == http.StatusServiceUnavailable && a.Again == "1":
			if refused++; a.Due.Sub(f.begun) > floodSettled {
				late = append(late, a.Took)
			}
		default:
			if other++; other == 1 {
				t.Errorf("a miss in the flood: %+v", a)
			}
		}
	}
	hit, hits := 0, []time.Duration{}
	for _, a := range f.hits {
		if hits = append(hits, a.Took); a.Status == http.StatusOK && a.Hit {
			hit++
		} else if a.Status != http.StatusOK {
			t.Errorf("a hit in the flood: %+v", a)
		}
	}
	t.Logf("of %d misses %d were answered, %d refused, in the end after %v; %d of %d hits after %v; %v requests inside, %d MiB",
		len(f.misses), answered, refused, share(late, 4), hit, len(f.hits), share(hits, 2), f.inside, f.memory>>20)
	if refused < len(f.misses)/2 || answered < 10 || other > 0 {
		t.Errorf("of %d misses %d were answered, %d refused, and %d ended otherwise", len(f.misses), answered, refused, other)
	}
	if share(late, 4) >= patience {
		t.Errorf("a refusal takes %v when the line has been standing", share(late, 4))
	}
	if hit < len(f.hits)*9/10 || share(hits, 2) >= patience {
		t.Errorf("%d of %d hits were hits, and took %v", hit, len(f.hits), share(hits, 2))
	}
	// What comes while the line is patient, and half as much again.
	if most := 1.5 * floodRate * patience.Seconds(); f.inside > most || f.memory > mostMemory {
		t.Errorf("%v requests were inside at once, at most %v may be; memory grew to %d MiB", f.inside, most, f.memory>>20)
	}
}

// share is what one in so many took at most.
func share(of []time.Duration, one int) time.Duration {
	if len(of) == 0 {
		return 0
	}
	slices.Sort(of)
	return of[len(of)/one]
}
