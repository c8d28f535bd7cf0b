package rental

import (
	"context"

	"github.com/exodrive/exodrive/jobs"
)

// The kinds of jobs.
const (
	jobEndHold    = "hold.end"   // its argument is the id of the booking
	jobSweepHolds = "hold.sweep" // no argument
)

// setUpJobs says what this node does of the jobs, and what the clock enqueues.
func (s *Service) setUpJobs() (err error) {
	s.jobs, err = jobs.New(jobs.Options{
		Store: s.store, Now: s.now, Log: s.cache.log,
		Kinds: []jobs.Kind{
			{Name: jobEndHold, Do: s.endHold},
			{Name: jobSweepHolds, Do: s.sweepHolds},
		},
		Crons: []jobs.Cron{
			{Name: jobSweepHolds, Spec: "*/5 * * * *", Job: jobs.Job{Kind: jobSweepHolds, Key: jobSweepHolds}},
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
