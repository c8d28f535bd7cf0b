package sqlstore

import (
	"context"
	"time"
)

// Old says which rows are too old to be kept: those from before.
type Old struct {
	Keys  time.Time // idempotency keys, but those of staff
	Done  time.Time // jobs that were done
	Dead  time.Time // jobs that died
	Ticks time.Time // of cron jobs; the last of each name stays
}

// Prune deletes old rows, at most so many of each sort, and tells how many they were.
func (t *Tx) Prune(ctx context.Context, old Old, most int) (n int64, err error) {
	for _, sort := range []struct {
		text   string
		before time.Time
	}{{sqlPruneKeys, old.Keys}, {sqlPruneDone, old.Done}, {sqlPruneDead, old.Dead}, {sqlPruneTicks, old.Ticks}} {
		some, err := t.affected(ctx, sort.text, ms(sort.before), most)
		if err != nil {
			return n, err
		}
		n += some
	}
	return n, nil
}

// Keys of the till stay for good: without one, the same call would move money again.
const sqlPruneKeys = `DELETE FROM idempotency_keys WHERE (caller, route, key_hash) IN
	(SELECT caller, route, key_hash FROM idempotency_keys WHERE created_at < $1 AND route NOT LIKE 'POST /api/admin/%' ORDER BY created_at LIMIT $2)`

const sqlPruneDone = `DELETE FROM jobs WHERE id IN
	(SELECT id FROM jobs WHERE ended_at > 0 AND ended_at < $1 AND failed < tries ORDER BY ended_at, id LIMIT $2)`

const sqlPruneDead = `DELETE FROM jobs WHERE id IN
	(SELECT id FROM jobs WHERE ended_at > 0 AND ended_at < $1 AND failed >= tries ORDER BY ended_at, id LIMIT $2)`

const sqlPruneTicks = `DELETE FROM job_ticks WHERE (name, due) IN (SELECT name, due FROM job_ticks WHERE due < $1
	AND EXISTS (SELECT 1 FROM job_ticks later WHERE later.name = job_ticks.name AND later.due > job_ticks.due AND later.due < $1) ORDER BY name, due LIMIT $2)`
