package rental

import (
	"context"
	"errors"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/jobs"
	"github.com/exodrive/exodrive/sqlstore"
)

// endHoldLater enqueues the end of holds in the transaction that makes them, so that none
// is there without it. Nothing prolongs a hold; rewrite gives one that a change shortens
// another job. By its key moveLocked ends it with the hold.
func endHoldLater(ctx context.Context, tx *sqlstore.Tx, bookings ...exodrive.Booking) error {
	var ends []jobs.Job
	for i := range bookings {
		if b := &bookings[i]; b.State == exodrive.Held {
			ends = append(ends, jobs.Job{Kind: jobEndHold, Args: b.ID, Key: b.ID, At: b.HoldUntil})
		}
	}
	return tx.Enqueue(ctx, ends...)
}

// endHold ends the hold of a booking when it is over, and with it any other of that car.
// The row decides, not the job: a booking that was confirmed meanwhile stays so.
func (s *Service) endHold(ctx context.Context, run *jobs.Run) error {
	var id string
	if err := run.Into(&id); err != nil {
		return jobs.Never(err)
	}
	outcome := jobs.Ended
	err := s.store.Tx(ctx, func(tx *sqlstore.Tx) error {
		outcome = jobs.Ended
		b, err := s.lockBooking(ctx, tx, id)
		if exodrive.CodeOf(err) == exodrive.NotFound {
			return tx.EndJob(ctx, run.Claim)
		}
		if err != nil {
			return err
		}
		if b.State == exodrive.Held && b.HoldUntil.After(tx.Now) {
			outcome = jobs.Later(b.HoldUntil)
			return nil
		}
		if err := s.expireHolds(ctx, tx, b.CarID); err != nil {
			return err
		}
		return tx.EndJob(ctx, run.Claim)
	})
	if err != nil {
		return err
	}
	return outcome
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

// sweepHolds ends holds that have no job: those of a node of the release before, which
// still runs during an upgrade, and those that came by SQL.
func (s *Service) sweepHolds(ctx context.Context, _ *jobs.Run) error {
	_, err := s.SweepHolds(ctx)
	return err
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
