package obs

import (
	"math"
	"time"
)

// Targets of the performance guide. Those of time are for 95 of a hundred: the
// guide speaks of most calls.
const (
	TargetCached    = 50 * time.Millisecond
	TargetDatabase  = 250 * time.Millisecond
	TargetSearch    = 500 * time.Millisecond
	targetPerSecond = 1000
	// targetErrors is the share of answers that may fail. The guide names none; one in
	// a hundred is what load tests commonly allow.
	targetErrors = 0.01
)

// Window is what a History tells of some minutes.
type Window struct {
	From, To time.Time // of the steps
	Curves   []Curve
}

// Curve is one figure over a window.
type Curve struct {
	Name, Of string
	Unit     Unit
	Value    float64 // of the whole window; NaN: not known
	Target   *Target
	Met      *bool     // nil: without a target, or nothing to judge
	Steps    []float64 // oldest first; NaN: not known, or nothing happened
}

// Last is what happened in the last minutes, at most 60: the one under way, as far
// as it has come, and those before it. The curves of requests come first, then
// those that were added by Watch, in that order. A nil History knows nothing.
func (h *History) Last(minutes int) Window {
	if h == nil {
		return Window{}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	w := h.lastMinutes(minutes)
	out := Window{From: h.started, To: h.started}
	if w.to > w.from {
		out.To = h.ended[(w.to-1)%Steps]
		out.From = h.ended[w.from%Steps].Add(-time.Duration(h.seconds(w.from) * float64(time.Second)))
	}
	routes := h.sorted(w)
	out.Curves = append(out.Curves, h.rate(w), h.errors(w))
	for k, target := range []*Target{
		{Most: milliseconds(TargetCached)}, {Most: milliseconds(TargetDatabase)}, {Most: milliseconds(TargetSearch)}, nil,
	} {
		out.Curves = append(out.Curves, h.kinds[k].curves("answer", kindNames[k], w, target)...)
	}
	out.Curves = append(out.Curves, h.db.curves("statement", "", w, &Target{Most: milliseconds(TargetDatabase)})...)
	for _, r := range routes {
		out.Curves = append(out.Curves, h.ofRoute(r, w)...)
	}
	for _, c := range h.curves {
		v := c.over(h, w)
		curve := Curve{Name: c.Name, Of: c.Of, Unit: c.Unit, Value: v, Target: c.Target, Met: c.Target.met(v)}
		for at := w.from; at < w.to; at++ {
			curve.Steps = append(curve.Steps, c.value(h, at))
		}
		out.Curves = append(out.Curves, curve)
	}
	return out
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1000 }

// percentileNames are those of percentiles, as part of a curve's name.
var percentileNames = [len(percentiles)]string{"P50", "P95", "P99"}

// curves are the percentiles of some times; the target is that of the 95th.
func (p *timesPast) curves(name, of string, w window, target *Target) []Curve {
	var list []Curve
	whole := p.over(w)
	for q := range percentiles {
		c := Curve{Name: name + percentileNames[q], Of: of, Unit: Milliseconds, Value: math.NaN(), Steps: p.series(w, q)}
		if whole != nil {
			c.Value = whole[q] * 1000
		}
		for i := range c.Steps {
			c.Steps[i] *= 1000
		}
		if percentiles[q] == 0.95 {
			c.Target, c.Met = target, target.met(c.Value)
		}
		list = append(list, c)
	}
	return list
}

// ofRoute are the curves of one route.
func (h *History) ofRoute(r *route, w window) []Curve {
	past := h.routes[r]
	share := func(name string, of *[Steps]uint32, target *Target) Curve {
		c := Curve{Name: name, Of: r.label, Unit: Share, Target: target, Value: w.sum(of) / w.sum(&past.answered)}
		c.Met = target.met(c.Value)
		c.Steps = w.each(func(i int) float64 { return float64(of[i]) / float64(past.answered[i]) }) // 0/0 is NaN
		return c
	}
	list := []Curve{h.perSecond("routeRequests", r.label, w, func(i int) float64 { return float64(past.answered[i]) })}
	list = append(list, past.curves("route", r.label, w, nil)...)
	return append(list, share("routeErrors", &past.failed, &Target{Most: targetErrors}), share("routeRefusals", &past.refused, nil))
}

// perSecond is a curve of what is counted in each step.
func (h *History) perSecond(name, of string, w window, count func(i int) float64) Curve {
	c := Curve{Name: name, Of: of, Unit: PerSecond}
	var n, seconds float64
	for at := w.from; at < w.to; at++ {
		took := h.seconds(at)
		n, seconds = n+count(at%Steps), seconds+took
		c.Steps = append(c.Steps, count(at%Steps)/took)
	}
	c.Value = n / seconds
	return c
}

// answers counts over all routes.
func (h *History) answers(i int) (all, failed float64) {
	for _, past := range h.routes {
		all += float64(past.answered[i])
		failed += float64(past.failed[i])
	}
	return all, failed
}

// rate is that of all requests; the busiest step is what shows the capacity.
func (h *History) rate(w window) Curve {
	c := h.perSecond("requests", "", w, func(i int) float64 { all, _ := h.answers(i); return all })
	most := math.NaN()
	for _, v := range c.Steps {
		most = higher(most, v)
	}
	c.Target = &Target{Least: targetPerSecond, Capacity: true}
	c.Met = c.Target.met(most)
	return c
}

// errors is the share of all answers that failed.
func (h *History) errors(w window) Curve {
	var all, failed float64
	c := Curve{Name: "errors", Unit: Share, Target: &Target{Most: targetErrors}}
	c.Steps = w.each(func(i int) float64 {
		n, bad := h.answers(i)
		all, failed = all+n, failed+bad
		return bad / n
	})
	c.Value = failed / all
	c.Met = c.Target.met(c.Value)
	return c
}
