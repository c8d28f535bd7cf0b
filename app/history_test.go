package app

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// An operator sees at a glance whether the site meets its targets: what he asks
// the API for is what was asked of this server, beside what the guide wants.
func TestTheHistoryOfAServer(t *testing.T) {
	const token = "a-token-of-the-configuration-0123456789"
	config, err := Settings{
		Addr: "127.0.0.1:0", RateLimits: "on", AccessLog: "off", TimeZone: "UTC", AdminToken: token, Demo: "true",
		DatabaseURL: "sqlite:" + filepath.Join(t.TempDir(), "fleet.db"), DatabasePool: "20", DatabasePooler: "none",
	}.Config()
	if err != nil {
		t.Fatal(err)
	}
	a, err := New(t.Context(), config, "test", slog.New(slog.NewTextHandler(io.Discard, nil)), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.close)
	a.history.Close() // from here on a step ends when the test says so
	ask := func(path string, headers ...string) *httptest.ResponseRecorder {
		t.Helper()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		for _, h := range headers {
			name, value, _ := strings.Cut(h, ": ")
			r.Header.Set(name, value)
		}
		rec := httptest.NewRecorder()
		a.site.Handler.ServeHTTP(rec, r)
		return rec
	}
	for _, path := range []string{"/api/cars", "/api/cars", "/api/cars", "/api/cars?search=porsche", "/api/cars/none", "/nowhere"} {
		ask(path)
	}
	a.history.EndStep()
	rec := ask("/api/admin/metrics?minutes=60", "Authorization: Bearer "+token)
	if rec.Code != http.StatusOK {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	var got struct {
		StepSeconds     int
		PercentileError float64
		Figures         []struct {
			Name, Of, Unit string
			Value          *float64
			Target         *struct{ AtMost, AtLeast *float64 }
			Met            *bool
			Steps          []*float64
		}
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil || got.StepSeconds != 5 || got.PercentileError != 0.05 {
		t.Fatalf("%v: %.300s", err, rec.Body)
	}
	// What is 0 here only has to be there.
	want := map[string]float64{
		"requests": 0, "errors": 0, "answerP95 cached": 0, "answerP50 loaded": 0, "answerP95 search": 0, "statementP95": 0,
		"routeRequests /api/cars": 0, "routeP50 /api/cars": 0, "routeP95 /api/cars": 0, "routeP99 /api/cars": 0, "routeErrors /api/cars": 0,
		"routeRefusals /api/cars/{carId}": 1, "hitRatio": 0, "hitRatio list": 0.5, "memoryHitRatio list": 0.5, "loadTime list": 0,
		"cacheEntries": 0, "journalAge": 0, "journalPoll": 0, "inconsistent": 0, "audited": 0, "poolInUse read": 0, "poolWait write": 0,
	}
	for _, f := range got.Figures {
		key := strings.TrimSpace(f.Name + " " + f.Of)
		value, wanted := want[key]
		delete(want, key)
		if len(f.Steps) == 0 { // a slow start has some of its own
			t.Errorf("%s has no step", key)
		}
		if value != 0 && (f.Value == nil || *f.Value != value) {
			t.Errorf("%s is %v, want %v", key, f.Value, value)
		}
		if wanted && strings.Contains(key, "P95") && !strings.HasPrefix(key, "route") && (f.Value == nil || f.Target == nil || f.Met == nil || f.Unit != "ms") {
			t.Errorf("%s has target %v, met %v, in %s", key, f.Target, f.Met, f.Unit)
		}
	}
	for key := range want {
		t.Errorf("there is no %s", key)
	}
	if rec := ask("/api/admin/metrics"); rec.Code != http.StatusUnauthorized {
		t.Errorf("without a token: %d", rec.Code)
	}
	if rec := ask("/api/admin/metrics?minutes=61", "Authorization: Bearer "+token); rec.Code != http.StatusBadRequest {
		t.Errorf("61 minutes: %d", rec.Code)
	}
}
