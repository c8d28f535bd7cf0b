package bench

import (
	"context"
	"io"
	"log/slog"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/demo"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
	"github.com/exodrive/exodrive/sqlstore"
)

// BenchmarkWarm warms everything of 1,000 cars, with the calendars of three months,
// into an empty cache. answers/s is how fast that goes, and alone-ratio that rate
// divided by that of the very same statements through the driver alone, from as many
// callers as warm at once at most.
func BenchmarkWarm(b *testing.B) {
	for _, engine := range exotest.Engines() {
		b.Run(engine, func(b *testing.B) {
			build := func(t testing.TB, url string) {
				seed(t, url, demo.Size{Cars: 1000, Bookings: 20_000, Reviews: 10_000, Seed: 1})
			}
			var url string
			if engine == exotest.SQLite {
				url = "sqlite:" + exotest.SQLiteFrom(b, "warm", func(t testing.TB, path string) { build(t, "sqlite:"+path) })
			} else {
				url = exotest.PostgresFrom(b, "warm", build)
			}
			benchWarm(b, url)
		})
	}
}

// warmCallers is how many answers are warmed at once at most.
const warmCallers = 4

func benchWarm(b *testing.B, url string) {
	var trace recorder
	store, err := sqlstore.Open(context.Background(), sqlstore.Config{URL: url, Trace: trace.add})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	answers, _ := warmOnce(b, store, trace.begin)
	statements := trace.end()

	run, closeAll := driverAlone(b, url)
	defer closeAll()
	var warmed, alone []float64
	for b.Loop() { // in turns, as the machine's speed varies
		n, took := warmOnce(b, store, func() {})
		warmed = append(warmed, float64(n)/took.Seconds())
		begin := time.Now()
		callers := errgroup.Group{}
		callers.SetLimit(warmCallers)
		for _, s := range statements {
			callers.Go(func() error { return run(s) })
		}
		if err := callers.Wait(); err != nil {
			b.Fatal(err)
		}
		alone = append(alone, float64(answers)/time.Since(begin).Seconds())
	}
	b.ReportMetric(median(warmed), "answers/s")
	b.ReportMetric(median(ratios(warmed, alone)), "alone-ratio")
	b.ReportMetric(float64(answers), "answers")
	b.ReportMetric(float64(len(statements))/float64(answers), "statements/answer")
	b.ReportMetric(0, "ns/op")
}

// warmOnce warms an empty cache, and tells how many answers it loaded in what time.
// ready is called when all is set up.
func warmOnce(b *testing.B, store *sqlstore.Store, ready func()) (answers int, took time.Duration) {
	c := rental.NewCache(store, func(o *cache.Options) {
		o.Bytes = 1 << 30 // all of it has room
		o.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	})
	defer c.Close()
	service, err := rental.New(context.Background(), rental.Options{Store: store, Cache: c})
	if err != nil {
		b.Fatal(err)
	}
	c.Start()
	ready()
	begin := time.Now()
	result, err := service.Warm(context.Background(), exodrive.Actor{ID: "bench", Scopes: []exodrive.Scope{exodrive.ScopeOperate}}, rental.WarmAll, nil)
	took = time.Since(begin)
	if err != nil || result.Cars.Failed+result.Availability.Failed+result.FleetCounts.Failed > 0 {
		b.Fatalf("%+v, %v", result, err)
	}
	return result.Cars.Loaded + result.Availability.Loaded + result.FleetCounts.Loaded, took
}
