package obs

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Whatever a time is, what is shown for it is at most 5 per cent off.
func TestATimeIsShownWithinItsError(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(math.Exp(rapid.Float64Range(math.Log(1e3), math.Log(6e10)).Draw(t, "log of the time")))
		shown := shownTime(bucketOf(d))
		if off := math.Abs(float64(shown-d)) / float64(d); off > PercentileError {
			t.Errorf("%v is shown as %v, %.1f%% off", d, shown, 100*off)
		}
	})
	for _, d := range []time.Duration{-1, 0, 1, 999, 1000} {
		if got := shownTime(bucketOf(d)); got != time.Microsecond {
			t.Errorf("%d ns are shown as %v", d, got)
		}
	}
	for i, end := range bucketEnds {
		if at, above := bucketOf(time.Duration(end)), bucketOf(time.Duration(end+1)); at != i || above != i+1 {
			t.Errorf("the end of bucket %d, %d ns, is in bucket %d, and the next time in %d", i, end, at, above)
		}
	}
	if got := bucketOf(time.Hour); got != bucketCount-1 {
		t.Errorf("an hour is in bucket %d", got)
	}
}

// The percentiles that an operator sees are those of what happened, whatever its
// distribution, within the stated error.
func TestPercentilesOfKnownDistributions(t *testing.T) {
	const n = 50_000
	for name, draw := range map[string]func(*rand.Rand) float64{
		"uniform":     func(r *rand.Rand) float64 { return 1 + 99*r.Float64() },
		"exponential": func(r *rand.Rand) float64 { return 0.01 + 8*r.ExpFloat64() },
		"log-normal":  func(r *rand.Rand) float64 { return math.Exp(1.5 * r.NormFloat64()) },
		"pareto":      func(r *rand.Rand) float64 { return math.Pow(1-r.Float64(), -1/1.5) },
		"two humps": func(r *rand.Rand) float64 {
			if r.IntN(10) == 0 {
				return 240 + 20*r.Float64()
			}
			return 0.02 + 0.01*r.Float64()
		},
		"one value": func(*rand.Rand) float64 { return 42 },
	} {
		r := rand.New(rand.NewPCG(1, 2))
		m := NewMetrics("test")
		h := NewHistory(m, time.Now)
		all := make([]time.Duration, n)
		for i := range all {
			all[i] = time.Duration(draw(r) * float64(time.Millisecond))
			rec := &Request{Route: "GET /x"}
			m.Begin(rec)
			m.RequestDone(rec, "GET", 200, all[i])
			if i%10_000 == 9_999 { // the percentiles of several steps are those of all together
				h.EndStep()
			}
		}
		slices.Sort(all)
		for _, q := range []struct {
			name  string
			share float64
		}{{"routeP50", .50}, {"routeP95", .95}, {"routeP99", .99}} {
			exact := milliseconds(all[int(math.Ceil(q.share*n))-1])
			got := curveOf(t, h.Last(60), q.name, "/x").Value
			if off := math.Abs(got-exact) / exact; off > PercentileError {
				t.Errorf("%s: %s is shown as %.4f ms and is %.4f ms, %.1f%% off", name, q.name, got, exact, 100*off)
			}
		}
	}
}

func curveOf(t *testing.T, w Window, name, of string) Curve {
	t.Helper()
	for _, c := range w.Curves {
		if c.Name == name && c.Of == of {
			return c
		}
	}
	t.Fatalf("there is no curve %s of %q among %d", name, of, len(w.Curves))
	return Curve{}
}

// Counting is all that a request pays, and it allocates nothing.
func TestCountingAllocatesNothing(t *testing.T) {
	m := NewMetrics("test")
	NewHistory(m, time.Now)
	rec := &Request{Route: "GET /api/cars/{carId}", Cache: Hit}
	count := func() { m.Begin(rec); m.RequestDone(rec, "GET", 200, 31*time.Microsecond) }
	count()
	if n := testing.AllocsPerRun(1000, count); n != 0 {
		t.Errorf("a request costs %v allocations", n)
	}
}

func BenchmarkCount(b *testing.B) {
	m := NewMetrics("test")
	for range 50 {
		m.RequestDone(&Request{Route: "GET /" + string(rune('a'+rand.IntN(26)))}, "GET", 200, 1)
	}
	rec := &Request{Route: "GET /api/cars/{carId}", Cache: Hit}
	for b.Loop() {
		m.Begin(rec)
		m.RequestDone(rec, "GET", 200, 31*time.Microsecond)
	}
}
