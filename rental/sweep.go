package rental

import (
	"context"
	"errors"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/sqlstore"
)

// sweepEvery is how often holds that are over are looked for: their days are free again
// within a second. The look is one statement over an index of open holds alone.
const sweepEvery = 500 * time.Millisecond

// keepSweeping ends holds that are over until ctx ends. All nodes do it; the car's row
// decides who ends which.
func (s *Service) keepSweeping(ctx context.Context) {
	failing := false
	for ctx.Err() == nil {
		_, err := s.SweepHolds(ctx)
		if err != nil && ctx.Err() == nil && !failing {
			s.cache.log.Warn("holds that are over could not be ended; trying again", "error", err)
		}
		failing = err != nil
		pause(ctx, sweepEvery)
	}
}

// expireHolds ends the holds of a car that are over. The caller has the car's row.
func (s *Service) expireHolds(ctx context.Context, tx *sqlstore.Tx, carID string) error {
	overdue, err := tx.OverdueHolds(ctx, carID, tx.Now)
	if err != nil {
		return err
	}
	for i := range overdue {
		if err := s.moveLocked(ctx, tx, house, &overdue[i], exodrive.ExpireHold, "nobody confirmed it in time", nil); err != nil {
			return err
		}
	}
	return nil
}

// SweepHolds ends all holds that are over, one car after the other, and tells how many
// cars had any. A car that fails keeps no other waiting. Whoever wants the days does not
// wait for it: he ends them himself.
func (s *Service) SweepHolds(ctx context.Context) (cars int, err error) {
	ids, err := s.store.CarsWithOverdueHolds(ctx, s.now())
	faults := []error{err}
	for _, id := range ids {
		err := s.store.Tx(ctx, func(tx *sqlstore.Tx) error {
			if _, err := tx.LockCarTerms(ctx, id); err != nil {
				return err
			}
			return s.expireHolds(ctx, tx, id)
		})
		if err == nil {
			cars++
		}
		faults = append(faults, err)
	}
	return cars, errors.Join(faults...)
}
