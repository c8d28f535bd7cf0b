package jobs

import (
	"context"
	"errors"
	"time"
)

// A lease has room for some beats, of which one or two may fail, and for looks that are
// much shorter than it.
const (
	beatsPerLease = 4
	looksPerLease = 8
)

// errTakenOver is why a handler is asked to end whose job another worker has.
var errTakenOver = errors.New("another worker has taken the job over")

// sighting is a beat, and since when this node has seen no other.
type sighting struct {
	beat  int64
	since time.Time
}

// watcher is what a node knows of the workers.
type watcher struct {
	seen    map[string]sighting
	looked  time.Time
	beaten  time.Time
	has     bool           // this worker had jobs when it looked, whether it does them or not
	orphans map[Claim]bool // that this worker has but does not do, as of the last beat
}

// watch keeps this worker's jobs, and takes those of the dead, until life ends. It goes
// by the machine's clock, which is not the one that says when jobs are due.
func (r *Runner) watch(life context.Context) {
	tick := time.NewTicker(r.Lease / looksPerLease)
	defer tick.Stop()
	var w watcher
	for life.Err() == nil {
		now := time.Now()
		if (r.busy() > 0 || w.has) && now.Sub(w.beaten) >= r.Lease/beatsPerLease {
			w.beaten = now
			if err := r.keep(life, &w); err != nil {
				r.complain(life, "this node's jobs cannot be kept; another one may take them", err)
			}
		}
		if err := r.look(life, &w, now); err != nil {
			r.complain(life, "dead workers cannot be looked for; trying again", err)
		}
		select {
		case <-life.Done():
		case <-tick.C:
		}
	}
}

// keep changes the beat of what this worker has. What it does but has no more was taken
// from it. What it has but does not do is left from a claim whose commit only seemed to
// fail: seen twice, as one may be on its way, it is given back.
func (r *Runner) keep(ctx context.Context, w *watcher) error {
	r.mu.Lock()
	me := Worker{r.name, r.nextBeat()}
	doing := make(map[Claim]*active, len(r.running))
	for c, a := range r.running {
		doing[c] = a
	}
	r.mu.Unlock()
	held, err := r.Store.BeatJobs(ctx, me)
	if err != nil {
		return err
	}
	var back []End
	orphans := map[Claim]bool{}
	for _, c := range held {
		if _, ok := doing[c]; ok {
			delete(doing, c)
			continue
		}
		orphans[c] = true
		if w.orphans[c] && !r.does(c) {
			back = append(back, End{Claim: c, Outcome: Back, At: r.Now()})
		}
	}
	w.orphans = orphans
	for _, a := range doing {
		a.cancel(errTakenOver) // one that has just ended does not mind
	}
	if len(back) == 0 {
		return nil
	}
	_, err = r.Store.SettleJobs(ctx, back)
	return err
}

func (r *Runner) does(c Claim) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.running[c] != nil
}

// look takes the jobs of workers whose beat has not changed for a lease. When it could
// not look for a while, because the database or this machine stood still, nobody else
// may have beaten either, and the lease begins anew.
func (r *Runner) look(ctx context.Context, w *watcher, now time.Time) error {
	if now.Sub(w.looked) > r.Lease/2 {
		w.seen = nil
	}
	workers, err := r.Store.JobWorkers(ctx)
	if err != nil {
		return err
	}
	w.looked, w.has = now, false
	seen := make(map[string]sighting, len(workers))
	for _, other := range workers {
		if other.Name == r.name {
			w.has = true
			continue
		}
		s, known := w.seen[other.Name]
		if !known || s.beat != other.Beat {
			s = sighting{other.Beat, now}
		}
		seen[other.Name] = s
		if now.Sub(s.since) < r.Lease-r.Lease/looksPerLease/2 { // the look that is nearest to its end
			continue
		}
		taken, err := r.Store.BuryWorker(ctx, other, "the program that did it ended or stood still")
		if err != nil {
			return err
		}
		if len(taken) > 0 {
			r.Log.Warn("took over the jobs of a worker that is dead", "worker", other.Name, "jobs", len(taken))
			r.awake()
		}
	}
	w.seen = seen
	return nil
}
