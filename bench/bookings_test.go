package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/api"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/demo"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/httpx"
	"github.com/exodrive/exodrive/rental"
	"github.com/exodrive/exodrive/sqlstore"
)

const (
	// rivals fight over one car.
	rivals = 32
	// A rental takes tripDays, and its turnaround fits into a slot, so that those of a car
	// in different slots do not meet.
	tripDays, slotDays, slots = 3, 6, 80
)

// BenchmarkBookings asks for quotes and books over HTTP, with the whole chain in front, in
// a fleet of 1,000 cars. quote is one caller, and eight at once; cars is eight at once,
// each booking other days of other cars; car is 32 callers who want the same car, most of whom are refused with
// what is free instead, while one more reads other cars: hit-% is how many of his reads
// came from memory, before and meanwhile. The databases are those of the tests: Postgres
// with fsync off.
func BenchmarkBookings(b *testing.B) {
	for _, engine := range exotest.Engines() {
		f := newBooked(b, engine)
		for _, callers := range []int{1, concurrency} {
			b.Run(fmt.Sprintf("%s/quote/%d-at-once", engine, callers), func(b *testing.B) {
				// Every connection has seen every statement before it counts.
				measure(200, func(i int) { _, _ = f.post("/api/quotes", f.tripOnly(i%len(f.cars), i%slots)) })
				f.bench(b, callers, "/api/quotes", http.StatusOK, http.StatusConflict, func(r *rand.Rand) string { return f.tripOnly(r.IntN(len(f.cars)), r.IntN(slots)) })
			})
		}
		b.Run(engine+"/cars", func(b *testing.B) {
			f.bench(b, concurrency, "/api/bookings", http.StatusCreated, http.StatusConflict, f.another) // few are refused: the workshop has some days
		})
		b.Run(engine+"/car", func(b *testing.B) {
			before := f.reads(500, nil)
			stop, seen := make(chan struct{}), make(chan float64)
			go func() { seen <- f.reads(0, stop) }()
			f.bench(b, rivals, "/api/bookings", http.StatusCreated, http.StatusConflict, func(r *rand.Rand) string { return f.trip(0, r.IntN(slots)) })
			close(stop)
			b.ReportMetric(before, "hit-%-before")
			b.ReportMetric(<-seen, "hit-%-meanwhile")
		})
	}
}

// booked is a fleet that can be booked over HTTP.
type booked struct {
	b             *testing.B
	caller        *caller
	cars          []string
	next, renters atomic.Int64
}

func newBooked(b *testing.B, engine string) *booked {
	size := demo.Size{Cars: 1000, Bookings: 10, Reviews: 10, Seed: 1}
	var url string
	if engine == exotest.SQLite {
		url = "sqlite:" + exotest.SQLiteFrom(b, "bookable", func(t testing.TB, path string) { seed(t, "sqlite:"+path, size) })
	} else {
		url = exotest.PostgresFrom(b, "bookable", func(t testing.TB, url string) { seed(t, url, size) })
	}
	return newBookedOn(b, url, nil)
}

func newBookedOn(b *testing.B, url string, trace func(string, []any)) *booked {
	ctx := context.Background()
	store, err := sqlstore.Open(ctx, sqlstore.Config{URL: url, Trace: trace})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { store.Close() })
	service := withCache(b, store)
	mux := http.NewServeMux()
	api.Mount(mux, api.Options{Rental: service})
	server := httptest.NewServer(httpx.Observe(httpx.Mux(mux), httpx.ObserveOptions{AccessLog: httpx.LogOff}))
	b.Cleanup(server.Close)
	f := &booked{b: b, caller: newCallers(b, server.Listener.Addr().String(), rivals+1)}
	for page := 1; len(f.cars) < 500; page++ {
		p, err := cache.Value(service.Cars(ctx, exodrive.CarQuery{Sort: exodrive.SortName, Page: page, Limit: 50}))
		if err != nil || len(p.Cars) == 0 {
			b.Fatal(len(f.cars), err)
		}
		for _, c := range p.Cars {
			if c.MinimumDays <= tripDays {
				f.cars = append(f.cars, c.ID)
			}
		}
	}
	return f
}

// tripOnly is the body that asks for a quote, trip that of a booking.
func (f *booked) tripOnly(car, slot int) string { return f.body(f.days(car, slot)) }

func (f *booked) trip(car, slot int) string {
	return f.body(rental.BookRequest{TripRequest: f.days(car, slot), Customer: exodrive.Contact{
		FirstName: "Maria", LastName: "Keller", Email: fmt.Sprintf("maria%d@example.com", f.renters.Add(1)), Phone: "+1 305 555 0142",
	}})
}

// another is the body of a booking that no other meets: never the same days of a car, and
// never the first car.
func (f *booked) another(*rand.Rand) string {
	n := int(f.next.Add(1))
	return f.trip(1+n%(len(f.cars)-1), n/(len(f.cars)-1))
}

func (f *booked) days(car, slot int) exodrive.TripRequest {
	start := today.Add(40 + slotDays*slot)
	return exodrive.TripRequest{CarID: f.cars[car], StartDate: start, EndDate: start.Add(tripDays)}
}

func (f *booked) body(of any) string {
	body, err := json.Marshal(of)
	if err != nil {
		f.b.Fatal(err)
	}
	return string(body)
}

// bench sends b.N requests of so many callers at once; any answer but the two is a fault.
func (f *booked) bench(b *testing.B, callers int, path string, good, refused int, body func(*rand.Rand) string) {
	f.send(b, callers, b.N, path, good, refused, body)
}

// send does it n times, and returns how many it did in a second.
func (f *booked) send(b *testing.B, callers, n int, path string, good, refused int, body func(*rand.Rand) string) (perSecond float64) {
	took := make([]time.Duration, n)
	var next, won atomic.Int64
	var all sync.WaitGroup
	begin := time.Now()
	for caller := range callers {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(caller), uint64(n)))
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				text := body(r)
				t := time.Now()
				code, said := f.post(path, text)
				took[i] = time.Since(t)
				switch code {
				case good:
					won.Add(1)
				case refused:
				default:
					b.Errorf("%s: %d %s", text, code, said)
					return
				}
			}
		})
	}
	all.Wait()
	perSecond = float64(n) / time.Since(begin).Seconds()
	b.ReportMetric(perSecond, "req/s")
	b.ReportMetric(ms(percentile(took, 50)), "p50-ms")
	b.ReportMetric(ms(percentile(took, 99)), "p99-ms")
	b.ReportMetric(float64(won.Load()), "made")
	b.ReportMetric(0, "ns/op")
	return perSecond
}

func (f *booked) post(path, body string) (code int, said string) {
	code, _, said, err := f.caller.do(http.MethodPost, path, body)
	if err != nil {
		return 0, err.Error()
	}
	return code, said
}

// reads asks for details of all cars but the first, and again n times or until stop, and
// tells which part of the latter came from memory, in per cent.
func (f *booked) reads(n int, stop <-chan struct{}) (hits float64) {
	reads := 0
	for i := 1; ; i++ {
		_, head, _, err := f.caller.do(http.MethodGet, "/api/cars/"+f.cars[1+i%50], "")
		if err != nil {
			return 0
		}
		if i <= 50 {
			continue // they are in memory now
		}
		reads++
		if head.Get("X-Cache") == "HIT" {
			hits++
		}
		select {
		case <-stop:
			return 100 * hits / float64(reads)
		default:
		}
		if stop == nil && reads == n {
			return 100 * hits / float64(reads)
		}
	}
}
