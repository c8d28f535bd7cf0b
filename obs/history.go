package obs

import (
	"context"
	"math"
	"slices"
	"sync"
	"time"
)

// A History remembers an hour in steps.
const (
	Step  = 5 * time.Second
	Steps = 720

	stepsOfMinute = int(time.Minute / Step)
	minutes       = Steps / stepsOfMinute
)

// History remembers the last hour of a Metrics: how many requests there were and
// how long they took, by route and kind, and other figures that it is given. Its
// memory has a bound that no traffic moves: 720 steps of each curve, and of times
// the counts of each minute, some 80 KB for a route that is always asked.
//
// It reads the counters of Metrics at each step, so requests pay nothing for it.
type History struct {
	metrics *Metrics
	now     func() time.Time
	started time.Time

	mu     sync.Mutex
	ended  [Steps]time.Time // of each step
	closed int              // steps so far
	routes map[*route]*routePast
	kinds  [kinds]timesPast
	db     timesPast
	dbLast [bucketCount]uint64
	curves []*curve
	before []func()

	life  context.Context //nolint:containedctx // ends with Close
	end   context.CancelFunc
	owned sync.WaitGroup
}

// NewHistory makes the history of m, empty.
func NewHistory(m *Metrics, now func() time.Time) *History {
	h := &History{metrics: m, now: now, started: now(), routes: map[*route]*routePast{}}
	h.life, h.end = context.WithCancel(context.Background())
	return h
}

// Start begins to remember. It is called once, after all Watch and
// Before.
func (h *History) Start() {
	h.owned.Go(func() {
		tick := time.NewTicker(Step)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				h.EndStep()
			case <-h.life.Done():
				return
			}
		}
	})
}

// Close ends that, and waits. More than once is fine.
func (h *History) Close() {
	h.end()
	h.owned.Wait()
}

// Watch adds a curve. It is called before Start. The functions of the figure are
// called at each step, one after the other, and may take a moment.
func (h *History) Watch(f Figure) {
	h.curves = append(h.curves, newCurve(f))
}

// Before adds what is done at each step before the figures are asked, such as
// reading what several of them show. It is called before Start.
func (h *History) Before(f func()) { h.before = append(h.before, f) }

// EndStep ends a step, which Start does by itself: what came since the last one is its content.
func (h *History) EndStep() {
	for _, f := range h.before { // before the lock, as they may ask Redis
		f()
	}
	for _, c := range h.curves {
		c.look()
	}
	routes := h.metrics.all()
	h.mu.Lock()
	defer h.mu.Unlock()
	at := h.closed
	h.ended[at%Steps] = h.now()
	for _, c := range h.curves {
		c.keep(at)
	}
	var ofKind [kinds]times
	for _, r := range routes {
		past := h.routes[r]
		if past == nil {
			past = &routePast{}
			h.routes[r] = past
		}
		past.keep(at, r, &ofKind)
	}
	for k := range ofKind {
		h.kinds[k].keep(at, &ofKind[k])
	}
	var statements times
	since(&h.metrics.statements, &h.dbLast, &statements)
	h.db.keep(at, &statements)
	h.closed++
}

// since adds to sum what a timing has counted since last.
func since(t *timing, last *[bucketCount]uint64, sum *times) {
	for i := range t.counts {
		n := t.counts[i].Load()
		sum[i] += uint32(n - last[i])
		last[i] = n
	}
}

// routePast is the past of a route.
type routePast struct {
	timesPast
	last         [kinds][bucketCount]uint64
	lastFailed   uint64
	lastRefused  uint64
	lastAnswered uint64

	answered, failed, refused [Steps]uint32
}

func (p *routePast) keep(at int, r *route, ofKind *[kinds]times) {
	var all times
	for k := range r.times {
		var own times
		since(&r.times[k], &p.last[k], &own)
		all.add(&own)
		ofKind[k].add(&own)
	}
	p.timesPast.keep(at, &all)
	answered, refused, failed := r.outcomes()
	i := at % Steps
	p.answered[i], p.lastAnswered = uint32(answered-p.lastAnswered), answered
	p.refused[i], p.lastRefused = uint32(refused-p.lastRefused), refused
	p.failed[i], p.lastFailed = uint32(failed-p.lastFailed), failed
}

// outcomes counts the answers of a route: all, those that refused (4xx) and those
// that failed (5xx).
func (r *route) outcomes() (all, refused, failed uint64) {
	for method := range r.answers {
		counts := r.answers[method].Load()
		if counts == nil {
			continue
		}
		for status := range counts {
			n := counts[status].Load()
			all += n
			switch status / 100 {
			case 4:
				refused += n
			case 5:
				failed += n
			}
		}
	}
	return all, refused, failed
}

// percentiles are those that are remembered.
var percentiles = [...]float64{0.50, 0.95, 0.99}

// timesPast is how long things took: the percentiles of each step, and the counts
// of each minute, so that those of several minutes are exact too.
type timesPast struct {
	shares  [Steps][len(percentiles)]uint8 // buckets
	counts  [Steps]uint32
	minutes [minutes]*times // nil until there is something in it
}

func (p *timesPast) keep(at int, t *times) {
	i, minute := at%Steps, &p.minutes[at/stepsOfMinute%minutes]
	if at%stepsOfMinute == 0 && *minute != nil {
		**minute = times{}
	}
	p.counts[i] = uint32(t.total())
	if p.counts[i] == 0 {
		return
	}
	for q, share := range percentiles {
		p.shares[i][q] = uint8(t.bucketAt(share))
	}
	if *minute == nil {
		*minute = &times{}
	}
	(*minute).add(t)
}

// window says which steps are looked at, oldest first.
type window struct{ from, to int }

// lastMinutes are the steps of the last n minutes, the one under way included, as
// far as there are any.
func (h *History) lastMinutes(n int) window {
	begin := (h.closed - 1) / stepsOfMinute * stepsOfMinute // of the minute under way
	return window{max(0, begin-(min(max(n, 1), minutes)-1)*stepsOfMinute), h.closed}
}

// over are the percentiles of a window in seconds, nil when nothing happened in it.
func (p *timesPast) over(w window) []float64 {
	var sum times
	for at := w.from; at < w.to; at += stepsOfMinute {
		if minute := p.minutes[at/stepsOfMinute%minutes]; minute != nil {
			sum.add(minute)
		}
	}
	if sum.total() == 0 {
		return nil
	}
	var out []float64
	for _, q := range percentiles {
		out = append(out, shownTime(sum.bucketAt(q)).Seconds())
	}
	return out
}

// series is one percentile of each step in seconds, NaN where nothing happened.
func (p *timesPast) series(w window, q int) []float64 {
	return w.each(func(i int) float64 {
		if p.counts[i] == 0 {
			return math.NaN()
		}
		return shownTime(int(p.shares[i][q])).Seconds()
	})
}

// each is a value for each step of the window.
func (w window) each(value func(i int) float64) []float64 {
	out := make([]float64, 0, w.to-w.from)
	for at := w.from; at < w.to; at++ {
		out = append(out, value(at%Steps))
	}
	return out
}

// sum adds what was counted in the window.
func (w window) sum(counts *[Steps]uint32) (n float64) {
	for at := w.from; at < w.to; at++ {
		n += float64(counts[at%Steps])
	}
	return n
}

// seconds is how long a step took: longer than Step after the machine slept.
func (h *History) seconds(at int) float64 {
	before := h.started
	if at > 0 && at > h.closed-Steps {
		before = h.ended[(at-1)%Steps]
	} else if at > 0 {
		before = h.ended[at%Steps].Add(-Step) // the one before is forgotten
	}
	return max(h.ended[at%Steps].Sub(before).Seconds(), 1e-3)
}

// sorted are the routes that were asked in the window, by label.
func (h *History) sorted(w window) []*route {
	var list []*route
	for r, past := range h.routes {
		if w.sum(&past.answered) > 0 {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b *route) int {
		if a.label < b.label {
			return -1
		}
		return 1
	})
	return list
}
