package bench

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/exodrive/exodrive/httpx"
	"github.com/exodrive/exodrive/obs"
)

// BenchmarkInstrumentation is what a hit pays for being watched: the rate with
// metrics, history and the sampled log, as a share of the rate without them. Both
// are measured in turns, so that what else the machine does meets both; the share
// is the median of the rounds. "http" is a request over a kept connection, which
// is what a caller has; "chain" is the program without the network, where a hit
// costs least, and "metrics" the same without the log.
func BenchmarkInstrumentation(b *testing.B) {
	mux, car, _ := muxOfHits(b)
	metrics := obs.NewMetrics("bench")
	history := obs.NewHistory(metrics, time.Now)
	history.Start()
	b.Cleanup(history.Close)
	with, without := observed(mux, metrics, httpx.LogSampled), observed(mux, nil, httpx.LogOff)

	r, w := hitRequest(car, ""), &dropped{h: http.Header{}}
	inside := func(h http.Handler) func() {
		return func() { clear(w.h); h.ServeHTTP(w, r) }
	}
	b.Run("metrics", func(b *testing.B) {
		compare(b, 500, inside(observed(mux, metrics, httpx.LogOff)), inside(without))
	})
	b.Run("chain", func(b *testing.B) { compare(b, 500, inside(with), inside(without)) })
	b.Run("http", func(b *testing.B) {
		call := func(h http.Handler) func() {
			server := httptest.NewServer(h)
			b.Cleanup(server.Close)
			r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, server.URL+car, nil)
			if err != nil {
				b.Fatal(err)
			}
			r.Header.Set("Accept-Encoding", "gzip")
			return func() {
				answer, err := server.Client().Do(r)
				if err != nil {
					b.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
			}
		}
		compare(b, 100, call(with), call(without))
	})
}

// compare runs b.N calls of each in turns of so many.
func compare(b *testing.B, turn int, with, without func()) {
	var took [2][]float64
	for round := 0; round*turn < b.N || round < 3; round++ {
		for i := range 2 {
			which := (i + round) % 2 // nobody is always the first
			call := [2]func(){with, without}[which]
			begin := time.Now()
			for range turn {
				call()
			}
			took[which] = append(took[which], float64(time.Since(begin).Nanoseconds())/float64(turn))
		}
	}
	median := func(list []float64) float64 { slices.Sort(list); return list[len(list)/2] }
	shares := make([]float64, len(took[0]))
	for i := range shares {
		shares[i] = took[1][i] / took[0][i]
	}
	b.ReportMetric(median(took[0]), "with-ns")
	b.ReportMetric(median(took[1]), "without-ns")
	b.ReportMetric(100*median(shares), "%-of-rate")
	b.ReportMetric(0, "ns/op")
}
