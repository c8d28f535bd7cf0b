package rental

import (
	"context"
	"errors"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/jobs"
)

// The nightly warming.
const (
	// nightlyAt is when it begins, in the fleet's zone: at three.
	nightlyAt = "0 3 * * *"
	// nightlyPause is for the next try of one that failed, and nightlyTries are all: what
	// fails for half an hour at night is the morning's affair.
	nightlyPause = 5 * time.Minute
	nightlyTries = 6
	// nightlyLimit is beyond the warming of any fleet that a night is long enough for.
	nightlyLimit = 2 * time.Hour
	// otherWarming is when one is looked for again that found another at work.
	otherWarming = time.Minute
)

// shareEvery is how often a node tells the others what it is asked most.
const shareEvery = time.Minute

// Start begins what the service does of its own accord: jobs, among them those of the
// clock, and telling the other nodes what is asked most. Cache.Rest ends it, and the jobs
// of this node then go to others at once. It is called once.
func (s *Service) Start() {
	s.cache.spawn(s.jobs.Run)
	s.cache.spawn(func(ctx context.Context) {
		for ctx.Err() == nil {
			if err := s.asked.share(ctx); err != nil {
				s.cache.log.Debug("what is asked most could not be shared", "error", err)
			}
			s.pause(ctx, shareEvery)
		}
	})
}

// nightlyWarming warms this node's cache, and through Redis everybody's. A node whose
// cache is warmed whole just now shares that; one that warms less does so first. A fleet
// that missed one night makes up for it, one that slept for longer is not in a hurry.
func (s *Service) nightlyWarming() (jobs.Kind, jobs.Cron) {
	again := func(int) time.Duration { return nightlyPause }
	return jobs.Kind{Name: jobWarm, Do: s.warmNight, Timeout: nightlyLimit, Backoff: again},
		jobs.Cron{Name: jobWarm, Spec: nightlyAt, Zone: s.zone, MostMissed: 1, Job: jobs.Job{Kind: jobWarm, Key: jobWarm, Tries: nightlyTries}}
}

func (s *Service) warmNight(ctx context.Context, _ *jobs.Run) error {
	run, _, err := s.beginWarming(WarmAll, "nightly")
	if exodrive.CodeOf(err) == exodrive.Conflict {
		return jobs.Later(s.now().Add(otherWarming))
	}
	if err == nil {
		select {
		case <-run.done:
			err = run.err
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	if errors.Is(err, errResting) {
		return jobs.Later(s.now()) // for another node, and no failure
	}
	return err
}
