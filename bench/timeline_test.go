package bench

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/api"
	"github.com/exodrive/exodrive/demo"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/httpx"
	"github.com/exodrive/exodrive/rental"
	"github.com/exodrive/exodrive/sqlstore"
)

const (
	timelineCars   = 500
	timelineDays   = 60
	timelineTarget = 50 * time.Millisecond // p99
)

// BenchmarkTimeline asks for 60 days of 500 cars with full calendars over HTTP, with the
// whole chain in front: one caller after the other, and eight at once. p50-ms and p99-ms
// are what a caller waits, spans and KB what he gets. The fleet has either just these cars and as many bookings as
// fit, or is the one of 10,000 cars and 200,000 bookings (EXO_BENCH_DATABASE is such a
// one, filled before).
func BenchmarkTimeline(b *testing.B) {
	if url := os.Getenv("EXO_BENCH_DATABASE"); url != "" {
		benchTimeline(b, url)
		return
	}
	for _, engine := range exotest.Engines() {
		b.Run(engine+"/500-cars", func(b *testing.B) { benchTimeline(b, fullCalendars(b, engine)) })
		b.Run(engine+"/10000-cars", func(b *testing.B) { benchTimeline(b, database(b, engine)) })
	}
}

// fullCalendars is a fleet whose cars are out on nearly every day around today.
func fullCalendars(b *testing.B, engine string) string {
	build := func(t testing.TB, url string) {
		seed(t, url, demo.Size{Cars: timelineCars, Bookings: timelineCars * 80, Reviews: 1000, Seed: 1})
	}
	if engine == exotest.SQLite {
		return "sqlite:" + exotest.SQLiteFrom(b, "full", func(t testing.TB, path string) { build(t, "sqlite:"+path) })
	}
	return exotest.PostgresFrom(b, "full", build)
}

func benchTimeline(b *testing.B, url string) {
	store, err := sqlstore.Open(context.Background(), sqlstore.Config{URL: url})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	const token = "a token of the configuration, 0123456789"
	service := forgetful(b, store)
	mux := http.NewServeMux()
	api.Mount(mux, api.Options{Rental: service, AdminToken: token})
	server := httptest.NewServer(httpx.Observe(httpx.Mux(mux), httpx.ObserveOptions{AccessLog: httpx.LogOff}))
	defer server.Close()
	client := newCaller(b, server.Listener.Addr().String())
	client.head = "Authorization: Bearer " + token + "\r\n"
	address := fmt.Sprintf("/api/admin/timeline?startDate=%s&endDate=%s", today, today.Add(timelineDays-1))
	spans, size := ofTimeline(b, service)
	for _, callers := range []int{1, concurrency} {
		b.Run(fmt.Sprintf("%d-at-once", callers), func(b *testing.B) {
			measure(50, func(int) { client.get(b, address) })
			b.ResetTimer()
			took, all := measureOf(callers, b.N, func(int) { client.get(b, address) })
			b.StopTimer()
			b.ReportMetric(ms(percentile(took, 50)), "p50-ms")
			b.ReportMetric(ms(percentile(took, 99)), "p99-ms")
			b.ReportMetric(ms(timelineTarget), "target-p99-ms")
			b.ReportMetric(float64(b.N)/all.Seconds(), "req/s")
			b.ReportMetric(float64(spans), "spans")
			b.ReportMetric(float64(size)/1000, "KB")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// ofTimeline is how many spans an answer has, and how large it is.
func ofTimeline(b *testing.B, s *rental.Service) (spans, size int) {
	who := exodrive.Actor{ID: "bench", Scopes: []exodrive.Scope{exodrive.ScopeRead}}
	t, err := s.Timeline(context.Background(), who, exodrive.TimelineQuery{Start: today, End: today.Add(timelineDays - 1), PageQuery: exodrive.PageQuery{Page: 1, Limit: timelineCars}})
	if err != nil {
		b.Fatal(err)
	}
	body := string(t.AppendJSON(nil))
	return strings.Count(body, `"firstDay"`), len(body)
}
