package sqlstore

import (
	"context"
	"time"
)

// What is older than the longest life of a cached answer, which is 25 hours,
// nobody needs from the journal.
const (
	journalRetention = 26 * time.Hour
	pruneBatch       = 2000
)

// Prune deletes the rows that are older than 26 hours, by the clock of the
// database, and tells how many. Each batch is a transaction of its own that also
// notes the highest mark it deleted, so that no reader misses a row without
// learning of it. Rows that an unfinished transaction may still accompany stay.
// Any number of nodes may prune at once.
func (j *Journal) Prune(ctx context.Context) (deleted int64, err error) {
	for {
		var n int64
		err := j.store.Tx(ctx, func(tx *Tx) (err error) {
			n, err = tx.pruneJournal(ctx)
			return err
		})
		deleted += n
		if err != nil || n < pruneBatch {
			return deleted, err
		}
	}
}

func (t *Tx) pruneJournal(ctx context.Context) (int64, error) {
	var last int64
	if err := t.row(ctx, t.d.prunable, journalRetention.Milliseconds(), pruneBatch).scan(&last); err != nil || last == 0 {
		return 0, err
	}
	// The row of cache_meta is also the lock: a second pruner waits here.
	if err := t.exec(ctx, sqlNotePruned, last); err != nil {
		return 0, err
	}
	return t.affected(ctx, sqlPruneJournal, last)
}

const sqlNotePruned = `UPDATE cache_meta SET pruned = $1 WHERE pruned < $1`

const sqlPruneJournal = `DELETE FROM cache_journal WHERE mark <= $1`
