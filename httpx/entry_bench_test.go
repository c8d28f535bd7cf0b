package httpx_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/httpx"
)

// gzips is a common header that does not ask for brotli, which comes into being
// while the test runs.
const gzips = "gzip, deflate"

// handlers are WriteEntry and the least that can answer the same.
func handlers(t testing.TB) (entry, bare http.HandlerFunc, tag string) {
	f := newFleet(t)
	s := f.read(t, "car")
	s.Layer, s.Left = cache.Memory, 29*time.Minute
	v := s.Entry.Variant(cache.Gzip)
	json, vary, public := []string{"application/json"}, []string{"Accept-Encoding"}, []string{"public, max-age=0, must-revalidate"}
	moment, ttl, status := []string{"max-age=2"}, []string{"1740"}, []string{"ExoDrive; hit; ttl=1740"}
	entry = func(w http.ResponseWriter, r *http.Request) { httpx.WriteEntry(w, r, s) }
	bare = func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["Etag"], h["Vary"], h["Cache-Control"], h["Cdn-Cache-Control"] = v.ETag, vary, public, moment
		h["X-Cache-Ttl"], h["Cache-Status"] = ttl, status
		h["Content-Type"], h["Content-Length"], h["Content-Encoding"] = json, v.ContentLength, v.ContentEncoding
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write(v.Body)
	}
	return entry, bare, v.Tag
}

func asked(accept, match string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/api/cars/1", nil)
	r.Header.Set("Accept-Encoding", accept)
	if match != "" {
		r.Header.Set("If-None-Match", match)
	}
	return r
}

// A hit costs no more allocations than a handler that does nothing but answer.
func TestAHitAllocatesNothing(t *testing.T) {
	entry, _, tag := handlers(t)
	for name, r := range map[string]*http.Request{
		"200": asked(gzips, ""), "304": asked(gzips, tag), "304 of a list": asked("gzip;q=0.9, *;q=0.1", `"x", W/`+tag),
	} {
		w := &nullWriter{h: http.Header{}}
		if got := testing.AllocsPerRun(1000, func() { entry(w, r) }); got > 0 {
			t.Errorf("%s: %v allocations", name, got)
		}
		if _, whole := w.h["Content-Length"]; whole != (name == "200") {
			t.Errorf("%s: the answer has %v", name, w.h)
		}
		observed := httpx.Observe(entry, httpx.ObserveOptions{AccessLog: httpx.LogOff, Marks: marks})
		if got := testing.AllocsPerRun(1000, func() { observed.ServeHTTP(w, r) }); got > 3 {
			t.Errorf("%s: %v allocations when observed, want at most 3", name, got)
		}
	}
}

func BenchmarkWriteEntry(b *testing.B) {
	entry, bare, tag := handlers(b)
	options := httpx.ObserveOptions{AccessLog: httpx.LogOff, Marks: marks}
	for _, test := range []struct {
		name string
		h    http.Handler
		r    *http.Request
	}{
		{"bare", bare, asked(gzips, "")},
		{"entry", entry, asked(gzips, "")},
		{"entry/parsed", entry, asked("br;q=0.8, gzip;q=0.9, *;q=0.1", "")},
		{"entry/304", entry, asked(gzips, tag)},
		{"observed/bare", httpx.Observe(bare, options), asked(gzips, "")},
		{"observed/entry", httpx.Observe(entry, options), asked(gzips, "")},
		{"observed/304", httpx.Observe(entry, options), asked(gzips, tag)},
	} {
		b.Run(test.name, func(b *testing.B) {
			w := &nullWriter{h: http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				clear(w.h)
				test.h.ServeHTTP(w, test.r)
			}
		})
	}
}
