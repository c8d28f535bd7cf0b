package httpx_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/httpx"
	"github.com/exodrive/exodrive/obs"
)

// told are the headers that say how an answer came about.
func told(h http.Header) string {
	return fmt.Sprintf("%s %s, %s of %s ms | %s | %s | %s | %s", h.Get("X-Cache"), h.Get("X-Cache-TTL"), h.Get("X-DB-Time"), h.Get("X-Response-Time"),
		h.Get("Cache-Status"), h.Get("Server-Timing"), h.Get("Cache-Control"), h.Get("CDN-Cache-Control"))
}

const (
	asPublic = " | public, max-age=0, must-revalidate | max-age=2"
	unshared = " | no-store | no-store"
)

// Whoever looks at an answer sees where it came from, how long it holds and what
// it cost; one that nobody can vouch for is kept nowhere.
func TestAnswersTellTheirOrigin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		e := f.withBrotli(t).Entry
		for _, test := range []struct {
			served cache.Served
			want   string
		}{
			{cache.Served{Layer: cache.Memory, Left: 1743*time.Second + 999*time.Millisecond}, "HIT 1743, 0.0 of 0.0 ms | ExoDrive; hit; ttl=1743 | " + asPublic},
			{cache.Served{Layer: cache.Far, Left: time.Hour}, "HIT 3600, 0.0 of 0.0 ms | ExoDrive; hit; ttl=3600 | " + asPublic},
			{cache.Served{Layer: cache.Memory, Left: 100 * time.Hour}, "HIT 360000, 0.0 of 0.0 ms | ExoDrive; hit; ttl=360000 | " + asPublic},
			{cache.Served{Layer: cache.Memory, Left: -time.Hour}, "HIT 0, 0.0 of 0.0 ms | ExoDrive; hit; ttl=0 | " + asPublic},
			{cache.Served{Layer: cache.Memory, Stale: cache.Refreshing}, "HIT 0, 0.0 of 0.0 ms | ExoDrive; hit; detail=refreshing | " + asPublic},
			{cache.Served{Layer: cache.Memory, Stale: cache.Unverifiable}, "HIT 0, 0.0 of 0.0 ms | ExoDrive; hit; detail=stale-unverified | " + unshared},
			{cache.Served{Layer: cache.Loaded, Left: time.Minute}, "MISS 60, 0.0 of 0.0 ms | ExoDrive; fwd=miss; stored | db;dur=0.0, total;dur=0.0" + asPublic},
			{cache.Served{Layer: cache.Loaded, Stale: cache.Unverifiable}, "MISS 0, 0.0 of 0.0 ms | ExoDrive; fwd=miss; detail=stale-unverified | db;dur=0.0, total;dur=0.0" + unshared},
		} {
			test.served.Entry = e
			if got := told(answer("GET", test.served).Header()); got != test.want {
				t.Errorf("%+v tells\n     %s\nwant %s", test.served, got, test.want)
			}
		}
		f.node.Close()
	})
}

// The times of a miss are those of its load: of its own statements or, when it
// waited for the load of another call, of the part that it waited for.
func TestTheTimesOfAMiss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		synctest.Wait() // until the node has read the journal
		ask := func(before func(context.Context)) http.Header {
			rec := httptest.NewRecorder()
			httpx.Observe(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				before(r.Context())
				a, err := f.words.Read(r.Context(), "car")
				if err != nil {
					t.Error(err)
				}
				httpx.WriteEntry(w, r, a.Served)
			}), httpx.ObserveOptions{AccessLog: httpx.LogOff}).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/", nil))
			return rec.Header()
		}
		nothing := func(context.Context) {}
		first := make(chan http.Header)
		go func() { first <- ask(nothing) }()
		time.Sleep(15 * time.Millisecond)
		joined := ask(nothing)
		if got, want := joined.Get("Server-Timing"), "db;dur=25.0, total;dur=25.0"; got != want || joined.Get("X-DB-Time") != "25.0" || joined.Get("X-Cache") != "MISS" {
			t.Errorf("who waited for another's load is told %q, want %q; %v", got, want, joined)
		}
		own := <-first
		if got, want := own.Get("Server-Timing"), "db;dur=40.0, total;dur=40.0"; got != want || own.Get("X-DB-Time") != "40.0" {
			t.Errorf("who loaded is told %q, want %q", got, want)
		}
		// A hit on the car after its name was looked up in the database is a miss.
		named := ask(func(ctx context.Context) {
			obs.RequestFrom(ctx).SetCache(obs.Miss)
			defer obs.RequestFrom(ctx).DB()()
			time.Sleep(10 * time.Millisecond)
		})
		if named.Get("X-Cache") != "MISS" || named.Get("X-DB-Time") != "10.0" {
			t.Errorf("a hit that a statement led to is told as %s", told(named))
		}
		// One that came from the remote cache was noted as a miss too, but asked nothing.
		if again := ask(func(ctx context.Context) { obs.RequestFrom(ctx).SetCache(obs.Miss) }); again.Get("X-Cache") != "HIT" {
			t.Errorf("a hit without a statement is told as %s", told(again))
		}
		f.node.Close()
	})
}

// A refusal is kept by nobody, whatever was to be answered before it.
func TestProblemsAreNotStored(t *testing.T) {
	for _, err := range []error{
		exodrive.Errorf(exodrive.Unavailable, "x"), exodrive.Errorf(exodrive.TooMany, "x"), errors.New("x"), httpx.ErrMethodNotAllowed,
	} {
		rec := httptest.NewRecorder()
		h := rec.Header()
		h.Set("Cache-Control", "public, max-age=60")
		h.Set("CDN-Cache-Control", "max-age=2")
		h.Set("Cache-Status", "ExoDrive; hit")
		httpx.WriteError(rec, httptest.NewRequest(http.MethodGet, "/api/cars", nil), err)
		if h.Get("Cache-Control") != "no-store" || h.Get("CDN-Cache-Control") != "" || h.Get("Cache-Status") != "" || h.Get("Content-Type") != httpx.ProblemType {
			t.Errorf("%v is answered with %v", err, h)
		}
	}
}
