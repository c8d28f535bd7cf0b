package rental

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
)

// warmTask is one answer to warm.
type warmTask struct {
	group  warmGroup
	family string // what its load is like, for the pace
	warm   func(context.Context) (loaded bool, err error)
}

// task is the question k of a family.
func task[K, V any](g warmGroup, f *cache.Family[K, V], k K) warmTask {
	return warmTask{g, f.Name, func(ctx context.Context) (bool, error) { return f.Warm(ctx, k) }}
}

// mostFailures in a row mean that the database does not answer.
const mostFailures = 20

var errGivenUp = exodrive.Errorf(exodrive.Unavailable, "The database does not answer; warming was given up.")

// warmGroups does a whole run.
func (s *Service) warmGroups(ctx context.Context, run *warmRun) error {
	tasks, err := s.plan(ctx, run.ask)
	if err != nil {
		return ended(ctx, err)
	}
	for _, t := range tasks {
		run.counts[t.group].total.Add(1)
	}
	return s.warmTasks(ctx, tasks, run)
}

// warmTasks warms in the order of the list, a few at a time. It returns when all
// that began have ended.
func (s *Service) warmTasks(ctx context.Context, tasks []warmTask, run *warmRun) error {
	var (
		under    sync.WaitGroup
		failures atomic.Int64 // in a row
	)
	defer under.Wait()
	for _, t := range tasks {
		if err := s.warming.enter(ctx); err != nil {
			return ended(ctx, err)
		}
		if failures.Load() >= mostFailures {
			s.warming.leave(t.family, 0, nil, false)
			return errGivenUp
		}
		under.Go(func() {
			begin := time.Now()
			loaded, err := t.warm(ctx)
			if exodrive.CodeOf(err) == exodrive.NotFound {
				loaded, err = false, nil // its car is gone or hidden
			} else {
				run.count(ctx, t.group, loaded, err)
			}
			s.warming.leave(t.family, time.Since(begin), err, loaded)
			run.counts[t.group].done.Add(1)
			if err == nil {
				failures.Store(0)
			} else {
				failures.Add(1)
			}
		})
	}
	under.Wait()
	return ended(ctx, nil)
}

// count notes what became of an answer.
func (r *warmRun) count(ctx context.Context, g warmGroup, loaded bool, err error) {
	n := &r.counts[g]
	switch {
	case err == nil && loaded:
		n.loaded.Add(1)
	case err == nil:
		n.fresh.Add(1)
	case ctx.Err() == nil:
		n.failed.Add(1)
	}
}

// logWarmed tells the operator of a run that has ended.
func (s *Service) logWarmed(why string, run *warmRun, err error) {
	var loaded, fresh, failed int64
	for g := range run.counts {
		loaded, fresh, failed = loaded+run.counts[g].loaded.Load(), fresh+run.counts[g].fresh.Load(), failed+run.counts[g].failed.Load()
	}
	if errors.Is(err, errResting) {
		return // it is about to say that it stops
	}
	line := []any{"why", why, "loaded", loaded, "fresh", fresh, "failed", failed, "ms", run.took.Milliseconds()}
	if err != nil {
		s.cache.log.Warn("warming the cache ended early", append(line, "error", err)...)
		return
	}
	s.cache.log.Info("cache warmed", line...)
}

// ended is the error of a run: that of the run itself, or that it was told to end.
func ended(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return errResting
	case err == nil || exodrive.CodeOf(err) == exodrive.Unavailable:
		return err
	case errors.Is(err, context.DeadlineExceeded):
		return errGivenUp.Because(err)
	}
	return err
}
