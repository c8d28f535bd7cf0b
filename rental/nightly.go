package rental

import (
	"context"
	"errors"
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
	// nightHeld is how long the others leave the warming to a node of which they hear
	// nothing more, or that failed: some looks of that node, and the difference of two
	// clocks. When they are wrong, two nodes warm.
	nightHeld = 5 * time.Minute
	// settleLimit is for the note of how a warming ended. A node that stops waits.
	settleLimit = 2 * time.Second
)

// Start begins what the service does by the clock: every night at three it warms
// the cache, on one node of the fleet, every minute it tells the other nodes what is
// asked most, and twice a second it ends holds that are over. Cache.Rest ends it. It is
// called once.
func (s *Service) Start() {
	s.cache.spawn(s.jobs.Run)
	s.cache.spawn(func(ctx context.Context) {
		var night nightly
		for ctx.Err() == nil {
			if err := s.asked.share(ctx); err != nil {
				s.cache.log.Debug("what is asked most could not be shared", "error", err)
			}
			if err := s.lookAtClock(ctx, &night); err != nil && ctx.Err() == nil {
				s.cache.log.Warn("the nightly warming of the cache could not be looked after; trying again", "error", err)
			}
			s.pause(ctx, s.untilLook())
		}
		if night.claimed != 0 && night.run == nil {
			s.settleNight(night.claimed, errResting) //nolint:contextcheck // that has ended
		}
	})
}

// nightly is what a node knows of the nightly warming.
type nightly struct {
	looked  bool          // at least once
	settled exodrive.Date // the last day that needs nobody any more
	claimed exodrive.Date // the day for which this node warms, 0 for none
	run     *warmRun      // its warming; nil before it has begun
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
// of the day decides, whatever the clocks of the nodes do. As long as it is another
// node's, this one looks again, as that one may die.
func (s *Service) lookAtClock(ctx context.Context, night *nightly) error {
	today := s.today()
	if night.run != nil && !night.run.running() {
		night.claimed, night.run = 0, nil // if it failed, somebody claims it again
	}
	if night.claimed == 0 && night.settled != today && !s.now().Before(s.due(today)) {
		claim, err := s.claimNight(ctx, today, !night.looked)
		switch {
		case err != nil:
			return err
		case claim == sqlstore.Won:
			night.claimed = today
		case claim == sqlstore.Ended:
			night.settled = today
		}
	}
	night.looked = true
	if night.claimed == 0 {
		return nil
	}
	if night.run == nil {
		if err := s.beginNight(night); err != nil { //nolint:contextcheck // its end is noted also when ctx has ended
			return err
		}
	}
	return s.store.Tx(ctx, func(tx *sqlstore.Tx) error {
		return tx.KeepRun(ctx, runOf(night.claimed), s.node, s.now().Add(nightHeld))
	})
}

// beginNight begins the warming that this node has claimed. While another one runs
// it waits: in a minute that may have ended, and has left less to do.
func (s *Service) beginNight(night *nightly) error {
	day := night.claimed
	run, joined, err := s.beginWarming(WarmAll, "nightly", func(err error) { s.settleNight(day, err) })
	if joined || exodrive.CodeOf(err) == exodrive.Conflict {
		return nil
	}
	night.run = run
	return err
}

// claimNight asks for the warming of a day. A node that was started after three
// makes up for a night that a fleet at work has missed, and leaves alone a fleet that
// slept.
func (s *Service) claimNight(ctx context.Context, today exodrive.Date, started bool) (claim sqlstore.Claim, err error) {
	err = s.store.Tx(ctx, func(tx *sqlstore.Tx) error {
		if started {
			last, err := tx.LastRun(ctx, nightlyJob)
			if claim = sqlstore.Ended; err != nil || last < today-1 {
				return err
			}
		}
		claim, err = tx.ClaimRun(ctx, runOf(today), s.node, s.now().Add(nightHeld))
		return err
	})
	return claim, err
}

// settleNight notes how the warming of a day has ended. What failed is tried again
// after a while; what a node that stops leaves, another one takes at once. A note
// that is lost costs the fleet a second warming.
func (s *Service) settleNight(day exodrive.Date, failed error) {
	ctx, cancel := context.WithTimeout(context.Background(), settleLimit)
	defer cancel()
	err := s.store.Tx(ctx, func(tx *sqlstore.Tx) error {
		switch {
		case failed == nil:
			return tx.EndRun(ctx, runOf(day), s.node)
		case errors.Is(failed, errResting):
			return tx.GiveUpRun(ctx, runOf(day), s.node, s.now())
		}
		return tx.GiveUpRun(ctx, runOf(day), s.node, s.now().Add(nightHeld))
	})
	if err != nil {
		s.cache.log.Warn("the end of the nightly warming could not be noted; another node will warm as well", "error", err)
	}
}

func runOf(night exodrive.Date) sqlstore.Run { return sqlstore.Run{Job: nightlyJob, Day: night} }
