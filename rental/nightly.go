package rental

import (
	"context"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/sqlstore"
)

const (
	// nightlyJob is how the nightly warming is called in job_runs.
	nightlyJob = "cache-warm"
	// nightlyAt is when it begins, in the fleet's zone.
	nightlyAt exodrive.Clock = 3 * 60
	// lookEvery is the longest time without a look at the wall clock, which may be set
	// and goes on while the machine sleeps.
	lookEvery = time.Minute
)

// Start begins what the service does by the clock: every night at three it warms
// the cache, on one node of the fleet, and every minute it tells the other nodes
// what is asked most. Cache.Rest ends it. It is called once.
func (s *Service) Start() {
	s.cache.spawn(func(ctx context.Context) {
		var night nightly
		for ctx.Err() == nil {
			if err := s.asked.share(ctx); err != nil {
				s.cache.log.Debug("what is asked most could not be shared", "error", err)
			}
			if err := s.lookAtClock(ctx, &night); err != nil && ctx.Err() == nil {
				s.cache.log.Warn("nobody can be found to warm the cache tonight; trying again", "error", err)
			}
			s.pause(ctx, s.untilLook())
		}
	})
}

// nightly is what a node knows of the nightly warming.
type nightly struct {
	looked bool          // at least once
	day    exodrive.Date // the last one for which it is settled who warms
	mine   bool          // it is this node, which has not begun yet
}

// due is when the warming of a day begins.
func (s *Service) due(day exodrive.Date) time.Time { return day.At(nightlyAt, s.zone) }

func (s *Service) untilLook() time.Duration {
	now := s.now()
	if left := s.due(s.today()).Sub(now); left > 0 {
		return min(left, lookEvery)
	}
	return lookEvery
}

// lookAtClock finds out whether it is this node's turn to warm, and begins. The row
// of the day decides, whatever the clocks of the nodes do.
func (s *Service) lookAtClock(ctx context.Context, night *nightly) error {
	today := s.today()
	if !s.now().Before(s.due(today)) && night.day != today {
		won, err := s.claimNight(ctx, today, !night.looked)
		if err != nil {
			return err
		}
		night.day, night.mine = today, night.mine || won
	}
	night.looked = true
	if !night.mine {
		return nil
	}
	_, _, err := s.beginWarming(WarmAll, "nightly")
	if exodrive.CodeOf(err) == exodrive.Conflict {
		return nil // one with fewer groups runs; in a minute it may have ended
	}
	night.mine = false
	return err
}

// claimNight notes that this node warms today, unless another one does. A node that
// was started after three makes up for a night that a fleet at work has missed, and
// leaves alone a fleet that slept.
func (s *Service) claimNight(ctx context.Context, today exodrive.Date, started bool) (won bool, err error) {
	err = s.store.Tx(ctx, func(tx *sqlstore.Tx) error {
		if started {
			last, err := tx.LastRun(ctx, nightlyJob)
			if err != nil || last != today-1 {
				return err
			}
		}
		won, err = tx.ClaimRun(ctx, nightlyJob, today, s.node)
		return err
	})
	return won && err == nil, err
}
