package bench

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/api"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/demo"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/httpx"
	"github.com/exodrive/exodrive/obs"
	"github.com/exodrive/exodrive/rental"
	"github.com/exodrive/exodrive/sqlstore"
)

// moreThanBare is how many allocations a hit may make beyond those of a handler
// that does nothing but answer.
const moreThanBare = 3

// A hit allocates at most three times more than a handler that does nothing but
// answer, in the whole chain as the program has it.
func TestHitAllocatesLittle(t *testing.T) {
	chain, car, list := chainOfHits(t)
	month := car + "/availability?startDate=2027-05-01&endDate=2027-05-31"
	for name, r := range map[string]*http.Request{
		"200": hitRequest(car, ""), "304": hitRequest(car, tagOf(t, chain, car)),
		"list": hitRequest(list, ""), "calendar": hitRequest(month, ""),
	} {
		least := bareHit(t, chain, r.RequestURI)
		w := &dropped{h: http.Header{}}
		allocations := func(h http.Handler) float64 {
			return testing.AllocsPerRun(2000, func() { clear(w.h); h.ServeHTTP(w, r) })
		}
		if got, bare := allocations(chain), allocations(least); got > bare+moreThanBare {
			t.Errorf("%s: %v allocations, and %v of the bare handler", name, got, bare)
		}
		if got := w.h.Get("X-Cache"); got != "HIT" && name != "304" {
			t.Errorf("%s: X-Cache is %q", name, got)
		}
	}
}

// BenchmarkHit is what a hit costs without the network, in the whole chain as the
// program has it, beside a handler that sends the same headers and bytes.
func BenchmarkHit(b *testing.B) {
	chain, car, list := chainOfHits(b)
	for _, test := range []struct {
		name string
		h    http.Handler
		r    *http.Request
	}{
		{"details/bare", bareHit(b, chain, car), hitRequest(car, "")},
		{"details/chain", chain, hitRequest(car, "")},
		{"details/304", chain, hitRequest(car, tagOf(b, chain, car))},
		{"list/bare", bareHit(b, chain, list), hitRequest(list, "")},
		{"list/chain", chain, hitRequest(list, "")},
	} {
		b.Run(test.name, func(b *testing.B) {
			w := &dropped{h: http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				clear(w.h)
				test.h.ServeHTTP(w, test.r)
			}
		})
	}
}

// chainOfHits is the API over a small fleet, with everything in front of it that
// the program has by default, and two addresses that it has answered before.
func chainOfHits(t testing.TB) (chain http.Handler, car, list string) {
	mux, car, list := muxOfHits(t)
	return observed(mux, obs.NewMetrics("bench"), httpx.LogSampled), car, list
}

// observed is what stands before the routes. A nil Metrics counts nothing.
func observed(mux http.Handler, metrics *obs.Metrics, log httpx.AccessLog) http.Handler {
	return httpx.Observe(mux, httpx.ObserveOptions{
		Log: obs.NewLogger(io.Discard, slog.LevelInfo), AccessLog: log,
		Metrics: metrics, Marks: httpx.NewMarks([]byte("a secret of the benchmark")),
	})
}

// muxOfHits is the same without what stands before the routes.
func muxOfHits(t testing.TB) (mux http.Handler, car, list string) {
	ctx := context.Background()
	store, err := sqlstore.Open(ctx, sqlstore.Config{URL: smallFleet(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	c := rental.NewCache(store)
	t.Cleanup(c.Close)
	service, err := rental.New(ctx, rental.Options{Store: store, Cache: c})
	if err != nil {
		t.Fatal(err)
	}
	c.Start()
	routes := http.NewServeMux()
	api.Mount(routes, api.Options{Rental: service, Limiter: httpx.NewLimiter(time.Now, httpx.DefaultPolicies)})
	mux = httpx.Mux(routes)
	chain := observed(mux, nil, httpx.LogOff)
	page, err := cache.Value(service.Cars(ctx, exodrive.CarQuery{Sort: exodrive.SortName, Page: 1, Limit: 1}))
	if err != nil {
		t.Fatal(err)
	}
	car, list = "/api/cars/"+page.Cars[0].ID, "/api/cars?category=supercar&sort=price&page=1&limit=12"
	for _, address := range []string{car, list, car + "/availability?startDate=2027-05-01&endDate=2027-05-31"} {
		// A busy machine may take longer for the journal than an answer is vouched for.
		for hit := false; !hit; {
			sent := httptest.NewRecorder()
			chain.ServeHTTP(sent, hitRequest(address, ""))
			if sent.Code != http.StatusOK {
				t.Fatalf("%s: %d %s", address, sent.Code, sent.Body)
			}
			hit = sent.Header().Get("X-Cache") == "HIT"
		}
	}
	return mux, car, list
}

// bareHit answers what chain answers, and does nothing else.
func bareHit(t testing.TB, chain http.Handler, address string) http.Handler {
	sent := httptest.NewRecorder()
	chain.ServeHTTP(sent, hitRequest(address, ""))
	if sent.Code != http.StatusOK || sent.Header().Get("X-Cache") != "HIT" {
		t.Fatalf("%s: %d %v %s", address, sent.Code, sent.Header(), sent.Body)
	}
	type line struct {
		name   string
		values []string
	}
	var lines []line
	for name, values := range sent.Header() {
		lines = append(lines, line{name, values})
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		for _, l := range lines {
			h[l.name] = l.values
		}
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write(sent.Body.Bytes())
	})
}

func tagOf(t testing.TB, chain http.Handler, address string) string {
	sent := httptest.NewRecorder()
	chain.ServeHTTP(sent, hitRequest(address, ""))
	tag := sent.Header().Get("Etag")
	again := httptest.NewRecorder()
	chain.ServeHTTP(again, hitRequest(address, tag))
	if again.Code != http.StatusNotModified {
		t.Fatalf("%s with the tag %s: %d", address, tag, again.Code)
	}
	return tag
}

// hitRequest accepts gzip alone, because brotli comes into being while one
// measures.
func hitRequest(address, tag string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, address, nil)
	r.Header.Set("Accept-Encoding", "gzip")
	if tag != "" {
		r.Header.Set("If-None-Match", tag)
	}
	return r
}

// dropped is a caller who reads nothing.
type dropped struct{ h http.Header }

func (w *dropped) Header() http.Header         { return w.h }
func (w *dropped) Write(b []byte) (int, error) { return len(b), nil }
func (w *dropped) WriteHeader(int)             {}

// smallFleet is a database of 60 cars.
func smallFleet(t testing.TB) string {
	return "sqlite:" + exotest.SQLiteFrom(t, "small", func(t testing.TB, path string) { seed(t, "sqlite:"+path, smallSize) })
}

var smallSize = demo.Size{Cars: 60, Bookings: 400, Reviews: 200, Seed: 1}

// seed fills an empty database with a fleet.
func seed(t testing.TB, url string, size demo.Size) {
	ctx := context.Background()
	store, err := sqlstore.Open(ctx, sqlstore.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if _, _, err := store.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	fleet, err := demo.Generate(size, today)
	if err != nil {
		t.Fatal(err)
	}
	if err := forgetful(t, store).Seed(ctx, fleet, false, nil); err != nil {
		t.Fatal(err)
	}
}
