package rental

import (
	"context"

	"github.com/exodrive/exodrive/jobs"
)

// The kinds of jobs.
const (
	jobEndHold    = "hold.end" // its argument is the id of the booking
	jobSweepHolds = "hold.sweep"
	jobWarm       = "cache.warm"
	jobPrune      = "prune"
)

// sweepAt is every five minutes: for the few holds that have no job, see sweepHolds.
const sweepAt = "*/5 * * * *"

// setUpJobs says what this node does of the jobs, and what the clock enqueues.
func (s *Service) setUpJobs() (err error) {
	warm, nightly := s.nightlyWarming()
	s.jobs, err = jobs.New(jobs.Options{
		Store: s.store, Now: s.now, Log: s.cache.log,
		Kinds: []jobs.Kind{
			{Name: jobEndHold, Do: s.endHold},
			{Name: jobSweepHolds, Do: s.sweepHolds},
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

// RunJobs does what is due now and waits for its end; it tells how many jobs there were.
// It is for tests, and for services that were not started.
func (s *Service) RunJobs(ctx context.Context) (int, error) { return s.jobs.RunDue(ctx) }
