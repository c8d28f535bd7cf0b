package rental

import (
	"context"
	"time"

	"github.com/exodrive/exodrive/jobs"
	"github.com/exodrive/exodrive/sqlstore"
)

// How long rows are kept that nobody needs for ever.
const (
	// keysKept is how long a call may be repeated with its Idempotency-Key: longer than a
	// phone is off, or a script stands still over a long weekend. After it, a second
	// booking is refused by its days, and a second change changes nothing; keys of money
	// are kept for good.
	keysKept = 7 * 24 * time.Hour
	// doneKept is for who asks on Monday what was done on Friday.
	doneKept = 4 * 24 * time.Hour
	// deadKept is how long somebody may take to retry what failed; the doctor tells of it
	// all the while.
	deadKept = 90 * 24 * time.Hour
	// ticksKept is how far a clock may be set back without what it did being done again.
	ticksKept = 7 * 24 * time.Hour
)

const (
	// pruneAt is every hour, so that there is little to do each time, at a minute when
	// nothing else begins.
	pruneAt = "17 * * * *"
	// pruneBatch are the rows of one transaction: on SQLite nobody else writes meanwhile.
	pruneBatch = 1000
)

// prune deletes what is older than it is kept, a batch after the other.
func (s *Service) prune(ctx context.Context, _ *jobs.Run) error {
	now := s.now()
	old := sqlstore.Old{Keys: now.Add(-keysKept), Done: now.Add(-doneKept), Dead: now.Add(-deadKept), Ticks: now.Add(-ticksKept)}
	for ctx.Err() == nil {
		var n int64
		err := s.store.Tx(ctx, func(tx *sqlstore.Tx) (err error) {
			n, err = tx.Prune(ctx, old, pruneBatch)
			return err
		})
		if err != nil || n == 0 {
			return err
		}
	}
	return ctx.Err()
}
