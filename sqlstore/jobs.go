package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/jobs"
)

var _ jobs.Store = (*Store)(nil)

// OnEnqueued sets what is called after each transaction that enqueued jobs, before Tx
// returns, with the instant at which the first of them is due; as with OnWritten also
// when it is not known whether the commit took place. It is set before the first
// transaction, called by the goroutine of the caller and must be quick.
func (s *Store) OnEnqueued(fn func(at time.Time)) { s.enqueued.Store(&fn) }

// Enqueue writes jobs in this transaction: they are there if it commits, and begin when
// they are due. One whose key another job of its kind has, that waits or runs, is left
// out. The error of arguments without a JSON is a mistake of the program.
func (t *Tx) Enqueue(ctx context.Context, list ...jobs.Job) error {
	rows := make([][]any, len(list))
	for i, j := range list {
		args, err := json.Marshal(j.Args)
		if err != nil {
			return fmt.Errorf("arguments of a job %s: %w", j.Kind, err)
		}
		if j.At.IsZero() {
			j.At = t.Now
		}
		if j.Tries == 0 {
			j.Tries = jobs.DefaultTries
		}
		if t.enqueued.IsZero() || j.At.Before(t.enqueued) {
			t.enqueued = j.At
		}
		rows[i] = []any{exodrive.NewID(exodrive.JobID, t.Now, jobChance.Add(1)), j.Kind, string(args), j.Key, ms(t.Now), ms(j.At), j.Tries}
	}
	return t.insertRows(ctx, sqlInsertJobs, unlessQueued, rows)
}

// EndWaitingJob ends the job of a kind that has a key, if it waits: what it was to do is
// done or needs doing no more. One that runs is left to its worker.
func (t *Tx) EndWaitingJob(ctx context.Context, kind, key string) error {
	return t.exec(ctx, sqlEndWaitingJob, kind, key, ms(t.Now))
}

const sqlEndWaitingJob = `UPDATE jobs SET ended_at = $3 WHERE kind = $1 AND unique_key = $2 AND unique_key <> '' AND ended_at = 0 AND worker = ''`

// jobChance numbers the jobs of this process from somewhere, so that no two that it makes
// in one millisecond are called the same.
var jobChance = func() *atomic.Uint32 {
	var n atomic.Uint32
	n.Store(rand.Uint32())
	return &n
}()

const sqlInsertJobs = `INSERT INTO jobs (id, kind, args, unique_key, created_at, run_at, tries) VALUES `

const unlessQueued = ` ON CONFLICT (kind, unique_key) WHERE unique_key <> '' AND ended_at = 0 DO NOTHING`

// EndJob ends a job in this transaction, with what it did. If the worker has lost the job
// meanwhile, the error makes the transaction roll back, so that nothing happens twice.
// The handler then returns what Tx did, or jobs.Ended for nil.
func (t *Tx) EndJob(ctx context.Context, c jobs.Claim) error {
	n, err := t.affected(ctx, sqlEndJob, c.ID, c.Worker, c.Begun, ms(t.Now))
	if err == nil && n == 0 {
		err = errJobLost
	}
	return err
}

var errJobLost = errors.New("another worker has this job now")

const sqlEndJob = `UPDATE jobs SET worker = '', ended_at = $4 WHERE id = $1 AND worker = $2 AND begun = $3`

// NextJob is when the first waiting job of some kinds is due.
func (s *Store) NextJob(ctx context.Context, kinds []string) (at time.Time, found bool, err error) {
	if err := s.keepTime(ctx, s.alone()); err != nil {
		return at, false, err
	}
	var q statement
	q.add(`SELECT run_at FROM jobs WHERE worker = '' AND ended_at = 0 AND kind IN (`+marks(len(kinds))+`) ORDER BY run_at, id LIMIT 1`, anys(kinds)...)
	err = s.row(ctx, q.text.String(), q.args...).scan(instant{&at})
	if errors.Is(err, errNoRow) {
		return at, false, nil
	}
	return at, err == nil, err
}

// alone runs statements that write, each as a transaction of its own: one way to the
// database instead of three.
func (s *Store) alone() queries {
	q := s.queries
	q.db = s.rw
	return q
}

// ClaimJobs gives a worker at most n jobs of some kinds that are due. Rows that another
// transaction is about to change are skipped, so claims do not wait for each other. Nor
// does a claim wait for the disk: one that a power cut takes back leaves a job that
// waits, and what its worker would write is refused by the fence. The end of a job does
// wait, and brings its claim to the disk with it.
func (s *Store) ClaimJobs(ctx context.Context, w jobs.Worker, kinds []string, n int) ([]jobs.Run, error) {
	var q statement
	now := ms(s.Now())
	q.add(`WITH due AS MATERIALIZED (SELECT id AS due_id FROM jobs WHERE worker = '' AND ended_at = 0 AND run_at <= ? AND kind IN (`+marks(len(kinds))+`)
		ORDER BY run_at, id`, append([]any{now}, anys(kinds)...)...)
	q.add(` LIMIT ?`+s.d.skipLocked+`)
		UPDATE jobs SET worker = ?, beat = ?, begun = begun + 1, started_at = ? FROM due`+s.d.mayLose+` WHERE id = due_id
		RETURNING id, kind, unique_key, args, run_at, failed, tries, begun`, n, w.Name, w.Beat, now)
	runs, err := collect(ctx, s.alone(), func(r scanner) (j jobs.Run, err error) {
		j.Worker = w.Name
		return j, r.Scan(&j.ID, &j.Kind, &j.Key, (*[]byte)(&j.Args), instant{&j.At}, &j.Failed, &j.Tries, &j.Begun)
	}, q.text.String(), q.args...)
	slices.SortFunc(runs, func(a, b jobs.Run) int { return a.At.Compare(b.At) })
	return runs, err
}

// settled are the values of one end in SettleJobs.
const settled = 6

// SettleJobs writes what became of claims.
func (s *Store) SettleJobs(ctx context.Context, ends []jobs.End) (kept []string, err error) {
	most := max(1, s.d.batchValues/settled)
	if len(ends) <= most {
		return s.alone().settleJobs(ctx, s.Now(), ends)
	}
	err = s.Tx(ctx, func(tx *Tx) error {
		kept = nil
		for part := range slices.Chunk(ends, most) {
			ids, err := tx.settleJobs(ctx, tx.Now, part)
			if err != nil {
				return err
			}
			kept = append(kept, ids...)
		}
		return nil
	})
	return kept, err
}

func (q queries) settleJobs(ctx context.Context, now time.Time, ends []jobs.End) ([]string, error) {
	if len(ends) == 0 {
		return nil, nil
	}
	var s statement
	s.add(`UPDATE jobs SET worker = '',
		failed = CASE column4 WHEN 'failed' THEN failed + 1 WHEN 'dead' THEN CASE WHEN failed + 1 > tries THEN failed + 1 ELSE tries END ELSE failed END,
		ended_at = CASE WHEN column4 IN ('done', 'dead') THEN CAST(? AS BIGINT) ELSE 0 END,
		run_at = CASE WHEN column4 IN ('done', 'dead') THEN run_at ELSE column5 END,
		last_error = CASE column6 WHEN '' THEN last_error ELSE column6 END
		FROM (VALUES `, ms(now))
	for i, e := range ends {
		if i > 0 {
			s.add(", ")
		}
		at := int64(0)
		if !e.At.IsZero() {
			at = ms(e.At)
		}
		s.add(`(?, ?, CAST(? AS BIGINT), ?, CAST(? AS BIGINT), ?)`, e.ID, e.Worker, e.Begun, string(e.Outcome), at, e.Error)
	}
	s.add(`) AS ends WHERE id = column1 AND worker = column2 AND begun = column3 RETURNING id`)
	return collect(ctx, q, scanID, s.text.String(), s.args...)
}

// BeatJobs changes the beat of what a worker has. Rows that are just being ended are left
// out of it, so beats wait for nobody.
func (s *Store) BeatJobs(ctx context.Context, w jobs.Worker) (held []jobs.Claim, err error) {
	err = s.Tx(ctx, func(tx *Tx) error {
		if err := tx.exec(ctx, `UPDATE jobs SET beat = $2 WHERE id IN (SELECT id FROM jobs WHERE worker = $1`+s.d.skipLocked+`)`, w.Name, w.Beat); err != nil {
			return err
		}
		held, err = collect(ctx, tx.queries, scanClaim, sqlHeldJobs, w.Name)
		return err
	})
	return held, err
}

const sqlHeldJobs = `SELECT id, worker, begun FROM jobs WHERE worker = $1 ORDER BY id`

func scanClaim(r scanner) (c jobs.Claim, err error) { return c, r.Scan(&c.ID, &c.Worker, &c.Begun) }

// JobWorkers are all that have jobs, with their latest beat.
func (s *Store) JobWorkers(ctx context.Context) ([]jobs.Worker, error) {
	return collect(ctx, s.queries, func(r scanner) (w jobs.Worker, err error) { return w, r.Scan(&w.Name, &w.Beat) }, sqlJobWorkers)
}

const sqlJobWorkers = `SELECT worker, MAX(beat) FROM jobs WHERE worker <> '' GROUP BY worker ORDER BY worker`

// BuryWorker takes all jobs from a worker whose beat has not changed. Each had that beat
// or an earlier one, which is looked at again under its lock, so one that has beaten
// meanwhile keeps what it has.
func (s *Store) BuryWorker(ctx context.Context, w jobs.Worker, reason string) (taken []jobs.Claim, err error) {
	err = s.Tx(ctx, func(tx *Tx) error {
		taken, err = collect(ctx, tx.queries, scanClaim, `UPDATE jobs SET worker = '', failed = failed + 1, last_error = $3,
			run_at = CASE WHEN run_at > $4 THEN run_at ELSE $4 END, ended_at = CASE WHEN failed + 1 >= tries THEN $4 ELSE 0 END
			WHERE id IN (SELECT id FROM jobs WHERE worker = $1 AND beat <= $2`+s.d.skipLocked+`) RETURNING id, worker, begun`, w.Name, w.Beat, reason, ms(tx.Now))
		return err
	})
	return taken, err
}

// LastTick is the latest instant of a name that was seen to, not after at.
func (s *Store) LastTick(ctx context.Context, name string, at time.Time) (last time.Time, found bool, err error) {
	err = s.row(ctx, sqlLastTick, name, ms(at)).scan(instant{&last})
	if errors.Is(err, errNoRow) {
		return last, false, nil
	}
	return last, err == nil, err
}

const sqlLastTick = `SELECT due FROM job_ticks WHERE name = $1 AND due <= $2 ORDER BY due DESC LIMIT 1`

// PlantTick notes an instant of a name with its job. The primary key decides between
// nodes that do it at once.
func (s *Store) PlantTick(ctx context.Context, name string, at time.Time, j *jobs.Job) (planted bool, err error) {
	err = s.Tx(ctx, func(tx *Tx) error {
		n, err := tx.affected(ctx, sqlPlantTick, name, ms(at))
		planted = n == 1
		if err != nil || !planted || j == nil {
			return err
		}
		return tx.Enqueue(ctx, *j)
	})
	return planted && err == nil, err
}

const sqlPlantTick = `INSERT INTO job_ticks (name, due) VALUES ($1, $2) ON CONFLICT (name, due) DO NOTHING`
