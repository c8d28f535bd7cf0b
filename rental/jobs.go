package rental

import (
	"context"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/jobs"
	"github.com/exodrive/exodrive/sqlstore"
)

// The kinds of jobs.
const (
	jobEndHold    = "hold.end" // its argument is the id of the booking
	jobSweepHolds = "hold.sweep"
	jobWarm       = "cache.warm"
	jobPrune      = "prune"
)

// JobKinds are all that a node does.
var JobKinds = []string{jobEndHold, jobSweepHolds, jobWarm, jobPrune}

// sweepAt is every five minutes: for the few holds that have no job, see sweepHolds.
const sweepAt = "*/5 * * * *"

// setUpJobs says what this node does of the jobs, and what the clock enqueues.
func (s *Service) setUpJobs(settled func(jobs.Tried)) (err error) {
	warm, nightly := s.nightlyWarming()
	s.jobs, err = jobs.New(jobs.Options{
		Store: s.store, Now: s.now, Log: s.cache.log, Settled: settled, Slots: s.jobSlots(),
		Kinds: []jobs.Kind{
			{Name: jobEndHold, Do: s.endHold},
			// The clock is what tries it again.
			{Name: jobSweepHolds, Do: s.sweepHolds, Backoff: func(int) time.Duration { return time.Minute }},
			{Name: jobPrune, Do: s.prune},
			warm,
		},
		Crons: []jobs.Cron{
			{Name: jobSweepHolds, Spec: sweepAt, Job: jobs.Job{Kind: jobSweepHolds, Key: jobSweepHolds}},
			{Name: jobPrune, Spec: pruneAt, Job: jobs.Job{Kind: jobPrune, Key: jobPrune}},
			nightly,
		},
	})
	if err == nil {
		s.store.OnEnqueued(s.jobs.Poke)
	}
	return err
}

// jobSlots is how many jobs a node does at once: so many that most of its connections
// are left to those who wait for an answer.
func (s *Service) jobSlots() int {
	slots := jobs.DefaultSlots
	for _, pool := range s.store.PoolStats() {
		if pool.Max > 0 {
			slots = min(slots, max(1, pool.Max/3))
		}
	}
	return slots
}

// RunJobs does what is due now and waits for its end; it tells how many jobs there were.
// It is for tests, and for services that were not started.
func (s *Service) RunJobs(ctx context.Context) (int, error) { return s.jobs.RunDue(ctx) }

// Jobs is a page of the fleet's jobs, those that ended last first, then the others in the
// order in which they are due; and their number.
func (s *Service) Jobs(ctx context.Context, who exodrive.Actor, ask exodrive.JobQuery, page exodrive.PageQuery) ([]exodrive.JobRecord, int, error) {
	if err := who.May(exodrive.ScopeRead); err != nil {
		return nil, 0, err
	}
	return s.store.Jobs(ctx, ask, page)
}

// RetryJob gives a dead job all its tries back and begins it at once. It is a conflict
// for a job that is not dead.
func (s *Service) RetryJob(ctx context.Context, who exodrive.Actor, id string) (*exodrive.JobRecord, error) {
	var retried *exodrive.JobRecord
	err := s.change(ctx, who, exodrive.ScopeOperate, "job.retry", func(tx *sqlstore.Tx) (string, any, error) {
		if err := tx.RetryJob(ctx, id); err != nil {
			return "", nil, err
		}
		j, err := tx.Job(ctx, id)
		if err != nil {
			return "", nil, err
		}
		retried = j
		return id, map[string]any{"kind": j.Kind, "lastError": j.LastError}, nil
	})
	return retried, err
}
