// Package bench measures. make bench runs it; nothing here passes or fails by a
// time, because machines differ and are shared.
package bench

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/api"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/demo"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/httpx"
	"github.com/exodrive/exodrive/rental"
	"github.com/exodrive/exodrive/sqlstore"
)

func TestMain(m *testing.M) { os.Exit(exotest.Main(m)) }

// today is the day of the large fleet: rentals lie around it, and days that are over
// cannot be asked for.
var today = exodrive.DateOf(time.Now().UTC())

// concurrency is how many callers ask at once.
const concurrency = 8

const datedList = "list with dates"

// read is one kind of question. ask makes the address of one, by chance.
type read struct {
	name   string
	target time.Duration // p99 to reach
	ask    func(*rand.Rand, []exodrive.CarCard) string
}

var reads = []read{
	{"details", 5 * time.Millisecond, func(r *rand.Rand, cars []exodrive.CarCard) string {
		return "/api/cars/" + cars[r.IntN(len(cars))].ID
	}},
	{"list with three filters", 20 * time.Millisecond, func(r *rand.Rand, cars []exodrive.CarCard) string {
		c := cars[r.IntN(len(cars))]
		return fmt.Sprintf("/api/cars?category=%s&transmission=%s&maxPrice=%d&page=%d", c.Category, c.Transmission, 400+100*r.IntN(20), 1+r.IntN(3))
	}},
	{datedList, 50 * time.Millisecond, func(r *rand.Rand, _ []exodrive.CarCard) string {
		start := today.Add(r.IntN(180))
		return fmt.Sprintf("/api/cars?startDate=%s&endDate=%s&page=%d&limit=%d", start, start.Add(2+r.IntN(6)), 1+r.IntN(3), 9+r.IntN(7))
	}},
	{"search", 50 * time.Millisecond, func(r *rand.Rand, cars []exodrive.CarCard) string {
		c := cars[r.IntN(len(cars))]
		texts := []string{c.Make, c.Model, c.Make + "+" + c.Model, "ferari", "porshe+911", "lamborgini", "convertible", "v12+manual"}
		return "/api/cars?search=" + strings.ReplaceAll(texts[r.IntN(len(texts))], " ", "+")
	}},
	{"availability of a month", 5 * time.Millisecond, func(r *rand.Rand, cars []exodrive.CarCard) string {
		start := today.Add(30 * r.IntN(12))
		return fmt.Sprintf("/api/cars/%s/availability?startDate=%s&endDate=%s", cars[r.IntN(len(cars))].ID, start, start.Add(30))
	}},
	{"reviews", 5 * time.Millisecond, func(r *rand.Rand, cars []exodrive.CarCard) string {
		return "/api/cars/" + cars[r.IntN(len(cars))].ID + "/reviews"
	}},
	{"list of the whole fleet", 250 * time.Millisecond, func(r *rand.Rand, _ []exodrive.CarCard) string {
		return fmt.Sprintf("/api/cars?page=%d", 1+r.IntN(50))
	}},
}

// BenchmarkReads asks the public reads of 10,000 cars, 200,000 bookings and
// 100,000 reviews, eight at a time over HTTP, with the whole chain in front and
// a cache without room, so that each is a miss. Lists with dates share a sketch of the
// fleet through the cache, so that has room, and each question is asked once. p50-ms and p99-ms are what a caller waits. alone-ratio is the rate
// divided by that at which the very same statements run through the driver alone,
// one after the other, for as many callers.
func BenchmarkReads(b *testing.B) {
	if url := os.Getenv("EXO_BENCH_DATABASE"); url != "" {
		benchEngine(b, url) // one that was filled before, as database does it
		return
	}
	for _, engine := range exotest.Engines() {
		b.Run(engine, func(b *testing.B) { benchEngine(b, database(b, engine)) })
	}
}

func benchEngine(b *testing.B, url string) {
	ctx := context.Background()
	var trace recorder
	store, err := sqlstore.Open(ctx, sqlstore.Config{URL: url, Trace: trace.add})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	service := forgetful(b, store)
	misses := serving(b, service)
	cars := sample(b, service)
	for _, read := range reads {
		b.Run(strings.ReplaceAll(read.name, " ", "-"), func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 2))
			client, asks := misses, []string{}
			for range min(b.N, 500) {
				asks = append(asks, read.ask(r, cars))
			}
			warm := asks
			if read.name == datedList {
				client = serving(b, withCache(b, store))
				warm = each(r, read, cars, 500, nil)
				asks = each(r, read, cars, b.N, warm)
				client.get(b, warm[0]) // the sketch is there
			}
			statements := make([][]statement, min(len(warm), 100))
			for i := range statements {
				trace.begin()
				client.get(b, warm[len(warm)-1-i])
				statements[i] = trace.end()
			}
			// Every connection has seen every statement before it counts.
			measure(len(warm), func(i int) { client.get(b, warm[i]) })
			b.ResetTimer()
			took, all := measure(b.N, func(i int) { client.get(b, asks[i%len(asks)]) })
			b.StopTimer()
			alone := aloneRate(b, url, statements, max(b.N/2, 200))
			rate := float64(b.N) / all.Seconds()
			b.ReportMetric(ms(percentile(took, 50)), "p50-ms")
			b.ReportMetric(ms(percentile(took, 99)), "p99-ms")
			b.ReportMetric(ms(read.target), "target-p99-ms")
			b.ReportMetric(rate, "req/s")
			b.ReportMetric(rate/alone, "alone-ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// each are n questions of a kind, none twice and none of those asked before.
func each(r *rand.Rand, read read, cars []exodrive.CarCard, n int, before []string) (asks []string) {
	seen := map[string]bool{}
	for _, ask := range before {
		seen[ask] = true
	}
	for len(asks) < n {
		if ask := read.ask(r, cars); !seen[ask] {
			seen[ask] = true
			asks = append(asks, ask)
		}
	}
	return asks
}

// serving is a caller of a service over HTTP.
func serving(b *testing.B, service *rental.Service) *caller {
	mux := http.NewServeMux()
	api.Mount(mux, api.Options{Rental: service})
	server := httptest.NewServer(httpx.Observe(httpx.Mux(mux), httpx.ObserveOptions{AccessLog: httpx.LogOff}))
	b.Cleanup(server.Close)
	return newCaller(b, server.Listener.Addr().String())
}

// forgetful is a service whose cache has no room for any entry, so that every
// read is a miss.
func forgetful(t testing.TB, store *sqlstore.Store) *rental.Service {
	return withCache(t, store, func(o *cache.Options) { o.Bytes = 1 })
}

func withCache(t testing.TB, store *sqlstore.Store, adjust ...func(*cache.Options)) *rental.Service {
	c := rental.NewCache(store, adjust...)
	t.Cleanup(c.Close)
	service, err := rental.New(context.Background(), rental.Options{Store: store, Cache: c})
	if err != nil {
		t.Fatal(err)
	}
	c.Start()
	return service
}

// measure calls do n times from eight callers at once and returns each call's
// time and that of all together.
func measure(n int, do func(i int)) (took []time.Duration, all time.Duration) {
	return measureOf(concurrency, n, do)
}

func measureOf(callers, n int, do func(i int)) (took []time.Duration, all time.Duration) {
	took = make([]time.Duration, n)
	next := make(chan int)
	var wg sync.WaitGroup
	begin := time.Now()
	for range callers {
		wg.Go(func() {
			for i := range next {
				t := time.Now()
				do(i)
				took[i] = time.Since(t)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
	return took, time.Since(begin)
}

func percentile(took []time.Duration, p int) time.Duration {
	slices.Sort(took)
	return took[min(len(took)-1, len(took)*p/100)]
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// sample are some cars of the whole fleet.
func sample(b *testing.B, service *rental.Service) (cars []exodrive.CarCard) {
	for page := 1; page <= 200; page += 10 {
		p, err := cache.Value(service.Cars(context.Background(), exodrive.CarQuery{Sort: exodrive.SortName, Page: page, Limit: 50}))
		if err != nil {
			b.Fatal(err)
		}
		cars = append(cars, p.Cars...)
	}
	return cars
}

// statement is one that the store ran.
type statement struct {
	text string
	args []any
}

// recorder keeps the statements between begin and end.
type recorder struct {
	mu   sync.Mutex
	on   bool
	kept []statement
}

func (r *recorder) add(text string, args []any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.on {
		r.kept = append(r.kept, statement{text, args})
	}
}

func (r *recorder) begin() { r.mu.Lock(); r.on, r.kept = true, nil; r.mu.Unlock() }

func (r *recorder) end() []statement {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.on = false
	return r.kept
}

// aloneRate is how many times per second the recorded statements of one read run
// through the driver alone, eight callers at once, their rows read and dropped.
func aloneRate(b *testing.B, url string, reads [][]statement, n int) float64 {
	run, closeAll := driverAlone(b, url)
	defer closeAll()
	_, all := measure(n, func(i int) {
		for _, s := range reads[i%len(reads)] {
			if err := run(s); err != nil {
				b.Errorf("%s: %v", s.text, err)
			}
		}
	})
	return float64(n) / all.Seconds()
}

func driverAlone(b *testing.B, url string) (run func(statement) error, closeAll func()) {
	ctx := context.Background()
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		db, err := sql.Open("sqlite", "file:"+path+"?_pragma=query_only(1)&_pragma=cache_size(-16000)&_pragma=mmap_size(268435456)")
		if err != nil {
			b.Fatal(err)
		}
		db.SetMaxIdleConns(concurrency)
		return func(s statement) error {
			rows, err := db.QueryContext(ctx, s.text, s.args...)
			if err != nil {
				return err
			}
			defer rows.Close()
			columns, _ := rows.Columns()
			dest := make([]any, len(columns))
			for i := range dest {
				dest[i] = new(sql.RawBytes)
			}
			for rows.Next() {
				if err := rows.Scan(dest...); err != nil {
					return err
				}
			}
			return rows.Err()
		}, func() { db.Close() }
	}
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		b.Fatal(err)
	}
	return func(s statement) error {
		rows, err := pool.Query(ctx, s.text, s.args...)
		if err != nil {
			return err
		}
		_, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) ([]any, error) { return r.Values() })
		return err
	}, pool.Close
}

// database is the large fleet on an engine, made once per run.
func database(b *testing.B, engine string) string {
	build := func(t testing.TB, url string) {
		begin := time.Now()
		seed(t, url, demo.Size{Cars: 10_000, Bookings: 200_000, Reviews: 100_000, Seed: 1})
		fmt.Fprintf(os.Stderr, "seeded %s in %s\n", engine, time.Since(begin).Round(time.Second))
	}
	if engine == exotest.SQLite {
		return "sqlite:" + exotest.SQLiteFrom(b, "large", func(t testing.TB, path string) { build(t, "sqlite:"+path) })
	}
	url := exotest.PostgresFrom(b, "large", build)
	pool, err := pgxpool.New(context.Background(), url)
	if err != nil {
		b.Fatal(err)
	}
	defer pool.Close()
	vacuum(b, pool)
	return url
}

// vacuum does what autovacuum does on a real server in time: after it, indexes answer
// alone. While anybody still looks at what was before, there is nothing it could do.
func vacuum(b *testing.B, pool *pgxpool.Pool) {
	for pages, visible := 1, 0; visible < pages; {
		if _, err := pool.Exec(context.Background(), "VACUUM ANALYZE"); err != nil {
			b.Fatal(err)
		}
		err := pool.QueryRow(context.Background(), "SELECT SUM(relpages), SUM(relallvisible) FROM pg_class WHERE relname IN ('cars', 'car_availability', 'bookings')").Scan(&pages, &visible)
		if err != nil {
			b.Fatal(err)
		}
	}
}
