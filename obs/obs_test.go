package obs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exodrive/exodrive/obs"
)

// Statements that run in parallel count once: a page that asks three things at
// the same time for 100 ms waited 100 ms for the database, not 300.
func TestDBTimeIsTheUnionOfOverlappingStatements(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r obs.Request
		var all sync.WaitGroup
		for i := range 3 { // 0–100, 20–120, 40–140
			all.Go(func() {
				time.Sleep(time.Duration(i) * 20 * time.Millisecond)
				defer r.DB()()
				time.Sleep(100 * time.Millisecond)
			})
		}
		all.Wait()
		time.Sleep(time.Second) // nothing under way: not counted
		done := r.DB()
		time.Sleep(10 * time.Millisecond)

		if took, n := r.DBTime(); took != 150*time.Millisecond || n != 4 {
			t.Errorf("while the last statement runs: %v in %d statements, want 150ms in 4", took, n)
		}
		done()
		done() // twice is once
		time.Sleep(time.Second)
		if took, n := r.DBTime(); took != 150*time.Millisecond || n != 4 {
			t.Errorf("after the last statement: %v in %d statements, want 150ms in 4", took, n)
		}
	})
}

// Code that serves a job and not a request may note things all the same.
func TestWithoutARequestNothingHappens(t *testing.T) {
	r := obs.RequestFrom(t.Context())
	if r != nil {
		t.Fatalf("a bare context has the record %+v", r)
	}
	r.SetCache(obs.Hit)
	r.SetActor("usr_1")
	r.Fail("internal", errors.New("x"))
	r.DB()()
	if took, n := r.DBTime(); took != 0 || n != 0 || r.RequestID() != "" || r.Outcome() != obs.Bypass {
		t.Errorf("nil record: %v, %d statements, id %q, outcome %s", took, n, r.RequestID(), r.Outcome())
	}
	if allocs := testing.AllocsPerRun(100, func() { r.DB()() }); allocs != 0 {
		t.Errorf("a statement outside a request costs %v allocations", allocs)
	}
}

// What a deep callee notes, the outermost handler reads; a derived context keeps
// the record, its values and its end.
func TestTheRecordTravelsInTheContext(t *testing.T) {
	type key struct{}
	parent, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "kept"))
	rec := &obs.Request{ID: "req"}
	ctx := obs.WithRequest(parent, rec)
	again := obs.WithRequest(context.WithoutCancel(ctx), rec)

	obs.RequestFrom(context.WithoutCancel(ctx)).SetCache(obs.Miss)
	cancel()

	if rec.Outcome() != obs.Miss || ctx.Value(key{}) != "kept" || ctx.Err() == nil {
		t.Errorf("outcome %s, value %v, error %v", rec.Outcome(), ctx.Value(key{}), ctx.Err())
	}
	if obs.RequestFrom(again) != rec || again.Err() != nil || again.Value(key{}) != "kept" {
		t.Error("a second context with the same record lost it, or its own parent")
	}
	if obs.WithRequest(parent, nil) != parent {
		t.Error("no record made a new context")
	}
}

// The first failure is the cause; what fails after it is only noise.
func TestTheFirstErrorStays(t *testing.T) {
	var r obs.Request
	r.Fail("unavailable", errors.New("first"))
	r.Fail("internal", errors.New("second"))
	if r.Code != "unavailable" || r.Err.Error() != "first" {
		t.Errorf("noted %s, %v", r.Code, r.Err)
	}
}

// Nobody finds a renter's address or a token in the log, whatever a driver or an
// HTTP client put into its error.
func TestErrorTextHidesSecrets(t *testing.T) {
	for in, want := range map[string]string{
		`duplicate key (email)=(maria.k+x@example.com) exists`:                `duplicate key (email)=([address]) exists`,
		`Get "https://api.example/v1/x?token=abc&y=1": dial tcp: no route`:    `Get "https://api.example/v1/x?[query]": dial tcp: no route`,
		`header Authorization: Bearer eyJhbGciOi.J9-_x= was refused`:          `header Authorization: Bearer [secret] was refused`,
		`cannot parse "postgres://exo:pa55@db.example:5432/exo?sslmode=none"`: `cannot parse "postgres://[address]/exo?[query]"`,
		`what now? nothing`: `what now? nothing`,
	} {
		if got := obs.ErrorText(errors.New(in)); got != want {
			t.Errorf("logged %s\n  want %s", got, want)
		}
	}
	if got := obs.ErrorText(nil); got != "" {
		t.Errorf("no error is logged as %q", got)
	}
	if got := obs.Scrub(strings.Repeat("ä", 100_000)); len(got) > 2000 || strings.ContainsRune(got, '\uFFFD') {
		t.Errorf("a text of 200,000 bytes is logged with %d", len(got))
	}
}

// A log line is one JSON object, and the level holds.
func TestLogger(t *testing.T) {
	var out bytes.Buffer
	log := obs.NewLogger(&out, slog.LevelInfo)
	log.Debug("hidden")
	log.Info("shown", "n", 1)
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil || line["msg"] != "shown" || line["n"] != 1.0 {
		t.Errorf("the log is %s (%v)", out.String(), err)
	}
}

// The operator sees requests by route, and no caller can make the metrics grow by
// inventing paths, methods or statuses.
func TestMetricsAreBounded(t *testing.T) {
	m := obs.NewMetrics("v1.2.3")
	m.Pool("writer", func() obs.PoolStats {
		return obs.PoolStats{Max: 20, Open: 3, InUse: 2, Idle: 1, WaitCount: 7, WaitDuration: 1500 * time.Millisecond}
	})
	m.Pool("reader", func() obs.PoolStats { return obs.PoolStats{Max: 9} })
	for i := range 100 {
		done(m, &obs.Request{}, fmt.Sprintf("M%d", i), 1000+i, time.Millisecond)
	}
	done(m, &obs.Request{Route: "GET /api/cars/{carId}"}, "GET", 200, 3*time.Millisecond)
	done(m, &obs.Request{Route: "GET /live"}, "GET", 101, time.Hour)
	m.Begin(&obs.Request{})

	text := scrape(t, m)
	for _, want := range []string{
		`exodrive_http_requests_total{method="other",route="other",status="other"} 100`,
		`exodrive_http_requests_total{method="GET",route="/api/cars/{carId}",status="200"} 1`,
		`exodrive_http_requests_total{method="GET",route="/live",status="101"} 1`,
		`exodrive_http_request_seconds_bucket{route="/api/cars/{carId}",le="0.005"} 1`,
		`exodrive_http_requests_in_flight 1`,
		`exodrive_db_pool_in_use{pool="writer"} 2`,
		`exodrive_db_pool_wait_seconds_total{pool="writer"} 1.5`,
		`exodrive_db_pool_max{pool="reader"} 9`,
		`version="v1.2.3"`,
		`go_goroutines`,
		`process_start_time_seconds`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	if n := strings.Count(text, "\nexodrive_http_requests_total{"); n != 3 {
		t.Errorf("102 requests made %d series, want 3", n)
	}
	if !strings.Contains(text, `exodrive_http_request_seconds_count{route="/live"} 0`) {
		t.Error("a WebSocket's hour is in the histogram of answers")
	}

	var none *obs.Metrics
	done(none, &obs.Request{Route: "GET /"}, "GET", 200, 0)
}

// done is a whole request.
func done(m *obs.Metrics, r *obs.Request, method string, status int, took time.Duration) {
	m.Begin(r)
	m.RequestDone(r, method, status, took)
}

func scrape(t *testing.T, m *obs.Metrics) string {
	t.Helper()
	rec := httptest.NewRecorder()
	obs.OpsHandler(m.Registry, nil).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return rec.Body.String()
}

// A balancer learns when to send traffic, the operator why not; neither hears of
// credentials.
func TestOperationsListener(t *testing.T) {
	var fault error
	h := obs.OpsHandler(obs.NewMetrics("test").Registry, func(ctx context.Context) error {
		if _, bounded := ctx.Deadline(); !bounded {
			t.Error("the readiness check has no deadline")
		}
		return fault
	})
	ask := func(path string) (int, string) {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
		return rec.Code, rec.Body.String()
	}
	for path, want := range map[string]int{
		"/livez": 200, "/readyz": 200, "/metrics": 200, "/debug/pprof/": 200, "/debug/pprof/heap": 200,
		"/debug/pprof/symbol": 200, "/": 404, "/debug/pprof/cmdline": 404, "/api/cars": 404,
	} {
		if got, _ := ask(path); got != want {
			t.Errorf("%s answers %d, want %d", path, got, want)
		}
	}
	fault = errors.New("dial postgres://exo:pa55@db.example/exo: refused")
	if code, body := ask("/readyz"); code != 503 || body != "Not ready: dial postgres://[address]/exo: refused\n" {
		t.Errorf("/readyz without a database answers %d %q", code, body)
	}
	if code, body := ask("/livez"); code != 200 || body != "ok\n" {
		t.Errorf("/livez without a database answers %d %q", code, body)
	}
}
