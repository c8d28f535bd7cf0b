package obs

import (
	"fmt"
	"math"
	"net/http"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

// ask is a whole request.
func ask(m *Metrics, r *Request, status int, took time.Duration) {
	m.Begin(r)
	m.RequestDone(r, http.MethodGet, status, took)
}

// An operator sees the last hour in steps of five seconds: how much was asked,
// how it was answered and how long it took, each beside its target.
func TestTheLastHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMetrics("test")
		h := NewHistory(m, time.Now)
		var hits, reads, inUse float64
		h.Watch(Figure{Name: "hitRatio", Unit: Share, Part: func() float64 { return hits }, Whole: func() float64 { return reads }, Target: &Target{Least: .85}})
		h.Watch(Figure{Name: "poolInUse", Unit: Number, Sum: Highest, At: func() float64 { return inUse }, Target: &Target{Most: 20}})
		for range 50 { // ten a second
			ask(m, &Request{Route: "GET /a", Cache: Hit}, 200, time.Millisecond)
		}
		ask(m, &Request{Route: "GET /a", Cache: Miss}, 200, 300*time.Millisecond)
		ask(m, &Request{Route: "GET /a", Cache: Miss, Search: true}, 200, 300*time.Millisecond)
		ask(m, &Request{Route: "POST /b"}, 503, time.Second)
		ask(m, &Request{Route: "GET /b"}, 404, time.Second)
		hits, reads, inUse = 8, 10, 7
		time.Sleep(Step)
		h.EndStep()
		hits, reads, inUse = 108, 110, 3
		time.Sleep(Step)
		h.EndStep()

		w := h.Last(1)
		if got := w.To.Sub(w.From); got != 2*Step {
			t.Errorf("the window is %v long", got)
		}
		yes, no := true, false
		for _, want := range []struct {
			name, of string
			value    float64
			met      *bool
			steps    []float64
		}{
			{"requests", "", 5.4, nil, []float64{10.8, 0}},
			{"errors", "", 1. / 54, &no, []float64{1. / 54, math.NaN()}},
			{"answerP95", "cached", 1, &yes, []float64{1, math.NaN()}},
			{"answerP95", "loaded", 300, &no, []float64{300, math.NaN()}},
			{"answerP95", "search", 300, &yes, []float64{300, math.NaN()}},
			{"answerP50", "other", 1000, nil, []float64{1000, math.NaN()}},
			{"statementP95", "", math.NaN(), nil, []float64{math.NaN(), math.NaN()}},
			{"routeRequests", "/a", 5.2, nil, []float64{10.4, 0}},
			{"routeP50", "/a", 1, nil, []float64{1, math.NaN()}},
			{"routeP99", "/a", 300, nil, []float64{300, math.NaN()}},
			{"routeErrors", "/b", .5, &no, []float64{.5, math.NaN()}},
			{"routeErrors", "/a", 0, &yes, []float64{0, math.NaN()}},
			{"routeRefusals", "/b", .5, nil, []float64{.5, math.NaN()}},
			{"hitRatio", "", 108. / 110, &yes, []float64{.8, 1}},
			{"poolInUse", "", 7, &yes, []float64{7, 3}},
		} {
			got := curveOf(t, w, want.name, want.of)
			if !near(got.Value, want.value) || fmt.Sprint(deref(got.Met)) != fmt.Sprint(deref(want.met)) || len(got.Steps) != len(want.steps) {
				t.Errorf("%s of %q is %v, met %v, in %d steps; want %v, met %v, in %d", want.name, want.of, got.Value, deref(got.Met), len(got.Steps), want.value, deref(want.met), len(want.steps))
				continue
			}
			for i, v := range want.steps {
				if !near(got.Steps[i], v) {
					t.Errorf("%s of %q is %v, want %v", want.name, want.of, got.Steps, want.steps)
				}
			}
		}
	})
}

func deref(met *bool) any {
	if met == nil {
		return "not judged"
	}
	return *met
}

// near allows for the error of percentiles.
func near(got, want float64) bool {
	return math.IsNaN(got) && math.IsNaN(want) || math.Abs(got-want) <= PercentileError*math.Abs(want)
}

// The steps come by themselves until the program stops, and what they look at is
// read once for all.
func TestStepsComeByThemselves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHistory(NewMetrics("test"), time.Now)
		read, shown := 0, 0
		h.Before(func() { read++ })
		h.Watch(Figure{Name: "n", Sum: Latest, At: func() float64 { shown = read; return float64(read) }})
		h.Start()
		time.Sleep(3*Step + time.Millisecond)
		h.Close()
		h.Close()
		if got := curveOf(t, h.Last(1), "n", "").Value; read != 3 || shown != 3 || got != 3 {
			t.Errorf("in three steps it was read %d times, and %v is shown", read, got)
		}
	})
	var none *History
	if w := none.Last(1); len(w.Curves) != 0 {
		t.Errorf("no history tells of %v", w)
	}
}

// What is older than an hour is forgotten, whole minutes at a time, and a busy
// second of then is no part of any figure.
func TestAnHourIsForgotten(t *testing.T) {
	m := NewMetrics("test")
	clock := time.Unix(0, 0)
	h := NewHistory(m, func() time.Time { return clock })
	step := func() { clock = clock.Add(Step); h.EndStep() }
	if w := h.Last(60); len(curveOf(t, w, "requests", "").Steps) != 0 || !w.From.Equal(w.To) {
		t.Errorf("before the first step there is something: %+v", w)
	}
	ask(m, &Request{Route: "GET /a", Cache: Hit}, 200, 40*time.Second)
	for at := 1; at <= 3*Steps; at++ {
		step()
		if at%7 != 0 {
			continue
		}
		w := h.Last(60)
		c := curveOf(t, w, "answerP99", "cached")
		inside := at <= Steps
		if got := !math.IsNaN(c.Value); got != inside || len(c.Steps) > Steps || len(c.Steps) < min(at, Steps-stepsOfMinute+1) {
			t.Fatalf("after %d steps: value %v in %d steps", at, c.Value, len(c.Steps))
		}
		if got, want := w.To.Sub(w.From), time.Duration(len(c.Steps))*Step; got != want {
			t.Fatalf("after %d steps: %v for %d steps", at, got, len(c.Steps))
		}
		if short := h.Last(2); len(curveOf(t, short, "requests", "").Steps) > 2*stepsOfMinute {
			t.Fatalf("two minutes have %d steps", len(curveOf(t, short, "requests", "").Steps))
		}
	}
}

// Nobody can make the program remember more by what he asks: neither more series
// for Prometheus nor more memory for the hour.
func TestHostileRequestsMakeNothingGrow(t *testing.T) {
	m := NewMetrics("test")
	h := NewHistory(m, time.Now)
	before := heap()
	for i := range 20_000 {
		r := &Request{Route: fmt.Sprintf("GET /invented/%d", i), Cache: fmt.Sprintf("cache%d", i)}
		m.Begin(r)
		m.RequestDone(r, fmt.Sprintf("METHOD%d", i), i-10_000, time.Duration(i)*time.Hour)
		if i%200 == 0 {
			h.EndStep()
		}
	}
	if n := len(m.all()); n > mostRoutes+1 {
		t.Errorf("%d routes are told apart, at most %d may be", n, mostRoutes+1)
	}
	families, err := m.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		// Of all statuses there are 501 at one route; callers cannot choose them, the
		// program does.
		if n := len(f.GetMetric()); n > 1000 {
			t.Errorf("%s has %d series", f.GetName(), n)
		}
	}
	if grown := heap() - before; grown > 20<<20 {
		t.Errorf("the memory has grown by %d MB", grown>>20)
	}
	runtime.KeepAlive(h)
}

func heap() int {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int(s.HeapAlloc)
}

// Statements of requests are timed, one by one.
func TestStatementsAreTimed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMetrics("test")
		h := NewHistory(m, time.Now)
		r := &Request{Route: "GET /a"}
		m.Begin(r)
		for range 3 {
			done := r.DB()
			time.Sleep(400 * time.Millisecond)
			done()
		}
		m.RequestDone(r, http.MethodGet, 200, 1200*time.Millisecond)
		h.EndStep()
		c := curveOf(t, h.Last(1), "statementP95", "")
		if !near(c.Value, 400) || c.Met == nil || *c.Met {
			t.Errorf("statements of 400 ms have p95 %v, met %v", c.Value, deref(c.Met))
		}
	})
}
