package bench

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/demo"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/jobs"
	"github.com/exodrive/exodrive/rental"
	"github.com/exodrive/exodrive/sqlstore"
)

// BenchmarkJobs is what durable work costs on both engines: how soon a job begins after
// its commit, how many that do nothing are done in a second, what enqueueing takes, what
// a node that has nothing to do costs, how long the jobs of a worker that is gone stand
// still, as kill -9 leaves them, and how late holds end of which many end in one instant.
// Postgres writes to the disk as in production (fsync on).
//
//	go test ./bench -run='^$' -bench=Jobs -benchtime=2000x -timeout=10m
func BenchmarkJobs(b *testing.B) {
	for _, engine := range exotest.Engines() {
		url := "sqlite:" + b.TempDir() + "/jobs.db"
		if engine == exotest.PostgreSQL {
			url = exotest.OwnPostgres(b, "fsync=on", "full_page_writes=on").URL("postgres")
		}
		w := newWorkshop(b, url)
		b.Run(engine+"-latency", w.latency)
		b.Run(engine+"-slots20", func(b *testing.B) { w.work(b, 20) })
		b.Run(engine+"-slots100", func(b *testing.B) { w.work(b, 100) })
		b.Run(engine+"-enqueue", func(b *testing.B) { w.enqueue(b, 1) })
		b.Run(engine+"-enqueue1000", func(b *testing.B) { w.enqueue(b, 1000) })
		b.Run(engine+"-idle", w.idle)
		b.Run(engine+"-gone", w.gone)
		b.Run(engine+"-holds", w.holds)
	}
}

// workshop is a database whose jobs do nothing.
type workshop struct {
	url       string
	store     *sqlstore.Store
	committed atomic.Int64 // when the last enqueueing was, in Unix nanoseconds
	seeded    int          // how often it had holds
}

func newWorkshop(b *testing.B, url string) *workshop {
	store, err := sqlstore.Open(b.Context(), sqlstore.Config{URL: url})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { store.Close() })
	if _, _, err := store.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	return &workshop{url: url, store: store}
}

// run begins a runner whose jobs do no more than do; stop ends it.
func (w *workshop) run(b *testing.B, slots int, do func(*jobs.Run)) (stop func()) {
	r, err := jobs.New(jobs.Options{
		Store: w.store, Slots: slots, Log: slog.New(slog.DiscardHandler),
		Kinds: []jobs.Kind{{Name: "nothing", Do: func(_ context.Context, run *jobs.Run) error {
			do(run)
			return nil
		}}},
	})
	if err != nil {
		b.Fatal(err)
	}
	w.store.OnEnqueued(func(at time.Time) {
		w.committed.Store(time.Now().UnixNano())
		r.Poke(at)
	})
	ctx, cancel := context.WithCancel(b.Context())
	var running sync.WaitGroup
	running.Go(func() { r.Run(ctx) })
	return func() {
		cancel()
		running.Wait()
	}
}

// add enqueues n jobs in one transaction.
func (w *workshop) add(b *testing.B, n int) {
	list := make([]jobs.Job, n)
	for i := range list {
		list[i] = jobs.Job{Kind: "nothing", Args: "bkg_01kas0f3m2x7h9tq"}
	}
	if err := w.store.Tx(b.Context(), func(tx *sqlstore.Tx) error { return tx.Enqueue(b.Context(), list...) }); err != nil {
		b.Fatal(err)
	}
}

// latency is from the commit that enqueues a job to its begin, one after the other.
func (w *workshop) latency(b *testing.B) {
	begun := make(chan time.Duration)
	stop := w.run(b, jobs.DefaultSlots, func(*jobs.Run) { begun <- time.Since(time.Unix(0, w.committed.Load())) })
	defer stop()
	took := make([]time.Duration, 0, b.N)
	for range b.N {
		w.add(b, 1)
		took = append(took, <-begun)
	}
	b.ReportMetric(ms(percentile(took, 50)), "p50-ms")
	b.ReportMetric(ms(percentile(took, 99)), "p99-ms")
	b.ReportMetric(0, "ns/op")
}

// work does b.N jobs that were enqueued before.
func (w *workshop) work(b *testing.B, slots int) {
	for left := b.N; left > 0; left -= 1000 {
		w.add(b, min(left, 1000))
	}
	var left atomic.Int64
	left.Store(int64(b.N))
	done := make(chan struct{})
	b.ResetTimer()
	stop := w.run(b, slots, func(*jobs.Run) {
		if left.Add(-1) == 0 {
			close(done)
		}
	})
	<-done
	stop() // the last ones are noted, too
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
	b.ReportMetric(0, "ns/op")
}

// enqueue writes b.N jobs, some in one transaction, and nobody does them.
func (w *workshop) enqueue(b *testing.B, together int) {
	w.store.OnEnqueued(func(time.Time) {})
	for left := b.N; left > 0; left -= together {
		w.add(b, min(left, together))
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
	b.ReportMetric(0, "ns/op")
	b.StopTimer()
	var gone sync.WaitGroup // so that the next one finds none
	gone.Add(b.N)
	stop := w.run(b, 100, func(*jobs.Run) { gone.Done() })
	gone.Wait()
	stop()
}

// idle is the share of a core that a node takes which has nothing to do; that of a
// database server is its own.
func (w *workshop) idle(b *testing.B) {
	const watched = 5 * time.Second
	defer w.run(b, jobs.DefaultSlots, func(*jobs.Run) {})()
	was := processorTime(b)
	time.Sleep(watched)
	b.ReportMetric(100*float64(processorTime(b)-was)/float64(watched), "%core")
	b.ReportMetric(0, "ns/op")
}

func processorTime(b *testing.B) time.Duration {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		b.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

// gone is how long a job stands still whose worker is gone.
func (w *workshop) gone(b *testing.B) {
	w.store.OnEnqueued(func(time.Time) {})
	w.add(b, 1)
	if runs, err := w.store.ClaimJobs(b.Context(), jobs.Worker{Name: fmt.Sprintf("gone %d", b.N), Beat: 1}, []string{"nothing"}, 1); len(runs) != 1 || err != nil {
		b.Fatal(runs, err)
	}
	begin, done := time.Now(), make(chan struct{})
	defer w.run(b, jobs.DefaultSlots, func(*jobs.Run) { close(done) })()
	<-done
	b.ReportMetric(time.Since(begin).Seconds(), "s-until-taken-over")
	b.ReportMetric(0, "ns/op")
}

// holdsAtOnce end in one instant in holds.
const holdsAtOnce = 300

// holds is how late holds end, each of another car, that end in the same instant.
func (w *workshop) holds(b *testing.B) {
	if w.seeded++; w.seeded == 1 {
		seed(b, w.url, demo.Size{Cars: holdsAtOnce, Bookings: 100, Reviews: 100, Seed: 1})
	}
	// The clock stands still until all holds are made, so that they end together.
	start, released := time.Now(), atomic.Pointer[time.Time]{}
	now := func() time.Time {
		if since := released.Load(); since != nil {
			return start.Add(time.Since(*since))
		}
		return start
	}
	store, err := sqlstore.Open(b.Context(), sqlstore.Config{URL: w.url, Now: now})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	quiet := func(o *cache.Options) { o.Log = slog.New(slog.DiscardHandler) }
	c := rental.NewCache(store, quiet)
	defer c.Close()
	policy := exodrive.DefaultPolicy
	policy.HoldSeconds = int(holdsLast / time.Second)
	s, err := rental.New(b.Context(), rental.Options{Store: store, Cache: c, Now: now, Policy: policy})
	if err != nil {
		b.Fatal(err)
	}
	made := w.hold(b, store, s)
	c.Start()
	s.Start()
	going := time.Now()
	released.Store(&going)
	time.Sleep(holdsLast)
	for over := false; !over; time.Sleep(time.Millisecond) {
		overdue, err := store.CarsWithOverdueHolds(b.Context(), now())
		if err != nil {
			b.Fatal(err)
		}
		over = len(overdue) == 0
	}
	b.ReportMetric(float64(made), "holds")
	b.ReportMetric(ms(time.Since(going)-holdsLast), "ms-until-all-ended")
	b.ReportMetric(0, "ns/op")
}

// holdsLast is long enough for the service to start.
const holdsLast = 2 * time.Second

// hold takes days of every car that can be had, and tells how many.
func (w *workshop) hold(b *testing.B, store *sqlstore.Store, s *rental.Service) (made int) {
	cars, _, err := store.AllCars(b.Context(), exodrive.PageQuery{Page: 1, Limit: holdsAtOnce})
	if err != nil {
		b.Fatal(err)
	}
	staff := exodrive.Actor{ID: "usr_1", Name: "staff", Scopes: []exodrive.Scope{exodrive.ScopeAll}}
	for _, car := range cars {
		_, err := s.Book(b.Context(), staff, rental.BookRequest{
			TripRequest: exodrive.TripRequest{CarID: car.ID, StartDate: today.Add(350 + 20*w.seeded), EndDate: today.Add(360 + 20*w.seeded)},
			Customer:    exodrive.Contact{FirstName: "Ann", LastName: "Keller", Email: "ann@example.com", Phone: "+1 305 555 0142"},
		}, rental.Call{})
		if err == nil {
			made++
		}
	}
	return made
}
