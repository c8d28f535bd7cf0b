package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/exodrive/exodrive/bench/flow"
	"github.com/exodrive/exodrive/bench/report"
	"github.com/exodrive/exodrive/bench/stage"
)

// The ramp.
const (
	firstRate = 100.0
	growth    = 1.25
	mostSteps = 30 // 64,000 a second
	mostRate  = 20_000.0

	// breakShare of refusals, or an answer in twenty that takes longer than breakTook,
	// is where it breaks.
	breakShare = 0.02
	breakTook  = 250 * time.Millisecond
)

// The flood, and a step, is tried at most so often when others disturbed it.
const (
	mostTries   = 3
	longestWait = 30 * time.Second // for a quiet machine
)

// callers bound the calls under way: as many as come in a tenth of a second of a
// flood, and most are refused sooner.
const callers = 1000

// slow is an answer as bad as none, after the flood.
const slow = 500 * time.Millisecond

// phase is a part of the run.
type phase struct {
	name     string
	rate     float64 // of misses
	from, to time.Duration
	misses   []flow.Answer
	hits     []flow.Answer
	others   float64 // the share of the machine that others took
}

// trial is a run.
type trial struct {
	o      options
	shared string // how generator and servers share the machine
	node   *stage.Node
	fleet  *flow.Fleet

	begun  time.Time
	asked  int // misses so far, so that none is asked for twice
	knee   float64
	floods int // that were tried
	phases []*phase
	memory [][2]float64 // second, bytes

	mu sync.Mutex // of what follows
	on *phase
}

// play goes up the ramp, far beyond the knee, and back.
func (r *trial) play(ctx context.Context) error {
	for n := range 200 { // what is to be hit is there, and connections too
		if err := r.touch(ctx, r.fleet.Known(n)); err != nil {
			return err
		}
	}
	r.begun = time.Now()
	life, end := context.WithCancel(ctx)
	var aside sync.WaitGroup
	defer aside.Wait()
	defer end()
	aside.Go(func() { r.keepHitting(life) })
	aside.Go(func() { r.keepWeighing(life) })

	if err := r.ramp(ctx); err != nil {
		return err
	}
	r.flood(ctx)
	return ctx.Err()
}

// ramp goes up until it breaks. A step in which it does is tried again, and more than
// once while others are at work on the machine.
func (r *trial) ramp(ctx context.Context) error {
	rate, broken := firstRate, 0
	for range mostSteps {
		p := r.run(ctx, fmt.Sprintf("%.0f/s", rate), rate, r.o.step)
		fmt.Fprintf(os.Stderr, "%6.0f misses/s: %s refused, p95 %s\n", rate, report.Share(p.refused(), len(p.misses)), report.Ms(p.took(p.misses, 0.95)))
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case !p.breaks():
			r.knee, broken = rate, 0
			rate *= growth
		default:
			broken++
		}
		if broken > mostTries || broken > 1 && p.others < stage.Disturbed || rate > mostRate {
			break
		}
	}
	if r.knee == 0 {
		return fmt.Errorf("it breaks already at %.0f a second; others took %.0f %% of the machine", firstRate, 100*r.phases[len(r.phases)-1].others)
	}
	return nil
}

// flood goes far beyond the knee, and back. When a promise is missed while others were
// at work on the machine, nothing is known, and it is tried again.
//
// Afterwards it is asked for half of what it answered in the flood. The knee is that of
// a cache that fills; once it is full, every answer makes room for itself, and half of
// the knee may be all that the server can load.
func (r *trial) flood(ctx context.Context) {
	for r.floods < mostTries && ctx.Err() == nil {
		r.floods++
		stage.AwaitQuiet(ctx, longestWait)
		r.run(ctx, "before", r.knee/2, r.o.step)
		p := r.run(ctx, "flood", r.knee*r.o.beyond, r.o.flood)
		kept := float64(count(p.misses, good)) / r.o.flood.Seconds()
		r.run(ctx, "after", min(r.knee, kept)/2, max(10*time.Second, r.o.step))
		_, ok := r.verdicts(p)
		fmt.Fprintf(os.Stderr, "flood of %.0f misses/s: all promises kept: %v; others took %.0f %% of the machine\n", p.rate, ok, 100*p.others)
		if ok || p.others < stage.Disturbed {
			return
		}
	}
}

func (r *trial) touch(ctx context.Context, address string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// run is one phase.
func (r *trial) run(ctx context.Context, name string, rate float64, during time.Duration) *phase {
	p := &phase{name: name, rate: rate, from: time.Since(r.begun), to: time.Since(r.begun) + during}
	r.mu.Lock()
	r.on = p
	r.mu.Unlock()
	r.phases = append(r.phases, p)
	first := r.asked
	r.asked += int(rate * during.Seconds())
	before := stage.Now()
	flow.Flow{Rate: rate, Callers: callers, Pick: func(n int) string { return r.fleet.New(first + n) }}.
		Run(ctx, during, func(a flow.Answer) { p.misses = append(p.misses, a) })
	p.others = stage.Others(before, stage.Now())
	return p
}

// keepHitting asks for what is in memory, all the time.
func (r *trial) keepHitting(ctx context.Context) {
	for ctx.Err() == nil {
		flow.Flow{Rate: r.o.hits, Callers: 64, Pick: r.fleet.Known}.Run(ctx, time.Second, func(a flow.Answer) {
			if ctx.Err() != nil {
				return
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			if r.on != nil {
				r.on.hits = append(r.on.hits, a)
			}
		})
	}
}

// weighEvery is how often the memory of the server is looked at.
const weighEvery = 200 * time.Millisecond

func (r *trial) keepWeighing(ctx context.Context) {
	for tick := time.NewTicker(weighEvery); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
			if bytes, err := stage.Memory(r.node.PID); err == nil {
				r.memory = append(r.memory, [2]float64{time.Since(r.begun).Seconds(), float64(bytes)})
			}
		}
	}
}

func (p *phase) refused() int { return count(p.misses, refused) }

func refused(a flow.Answer) bool { return a.Status == http.StatusServiceUnavailable }
func good(a flow.Answer) bool    { return a.Status == http.StatusOK }
func unsent(a flow.Answer) bool  { return errors.Is(a.Err, flow.ErrNotSent) }
func failed(a flow.Answer) bool  { return !good(a) && !refused(a) && !unsent(a) }

func count(of []flow.Answer, what func(flow.Answer) bool) (n int) {
	for _, a := range of {
		if what(a) {
			n++
		}
	}
	return n
}

// took is a percentile in milliseconds.
func (p *phase) took(of []flow.Answer, share float64) float64 {
	values := make([]float64, len(of))
	for i, a := range of {
		values[i] = report.Millis(a.Took)
	}
	return report.Percentile(values, share)
}

// only are the answers of one kind.
func only(of []flow.Answer, what func(flow.Answer) bool) []flow.Answer {
	return slices.DeleteFunc(slices.Clone(of), func(a flow.Answer) bool { return !what(a) })
}

func (p *phase) breaks() bool {
	bad := float64(len(p.misses) - count(p.misses, good))
	return bad > breakShare*float64(len(p.misses)) || p.took(p.misses, 0.95) > report.Millis(breakTook)
}

// recovery is how long after the flood the last call came that was refused, failed or
// slow, hits included.
func (r *trial) recovery() time.Duration {
	after := r.phases[len(r.phases)-1]
	begun := r.begun.Add(after.from)
	var last time.Duration
	for _, a := range slices.Concat(after.misses, after.hits) {
		if since := a.Due.Sub(begun); since > last && (!good(a) || a.Took > slow) {
			last = since
		}
	}
	return last
}

// heaviest is the most memory within a time.
func (r *trial) heaviest(from, to time.Duration) float64 {
	most := math.NaN()
	for _, m := range r.memory {
		if m[0] >= from.Seconds() && m[0] <= to.Seconds() && !(m[1] <= most) {
			most = m[1]
		}
	}
	return most
}
