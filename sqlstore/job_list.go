package sqlstore

import (
	"context"
	"time"

	"github.com/exodrive/exodrive"
)

// jobState derives the state of a job: only what cannot be derived is stored.
const jobState = `CASE WHEN worker <> '' THEN 'running' WHEN ended_at = 0 THEN 'waiting' WHEN failed >= tries THEN 'dead' ELSE 'done' END`

// Jobs is a page of the jobs that somebody asks for, and their number: those that ended
// last first, then the others in the order in which they are due.
func (q queries) Jobs(ctx context.Context, ask exodrive.JobQuery, page exodrive.PageQuery) ([]exodrive.JobRecord, int, error) {
	var where, page1 statement
	where.add(` FROM jobs WHERE ended_at >= 0`)
	if len(ask.States) > 0 {
		where.add(` AND `+jobState+` IN (`+marks(len(ask.States))+`)`, anys(ask.States)...)
	}
	if ask.Kind != "" {
		where.add(` AND kind = ?`, ask.Kind)
	}
	total := 0
	if err := q.row(ctx, `SELECT COUNT(*)`+where.text.String(), where.args...).scan(&total); err != nil {
		return nil, 0, err
	}
	page1.args = where.args
	page1.add(`SELECT ` + jobColumns + where.text.String() + ` ORDER BY ended_at DESC, run_at, id`)
	page1.add(` LIMIT ? OFFSET ?`, page.Limit, (page.Page-1)*page.Limit)
	list, err := collect(ctx, q, scanJob, page1.text.String(), page1.args...)
	return list, total, err
}

const jobColumns = `id, kind, ` + jobState + `, args, created_at, run_at, started_at, ended_at, failed, tries, last_error`

// Job is one job by its id.
func (q queries) Job(ctx context.Context, id string) (*exodrive.JobRecord, error) {
	list, err := collect(ctx, q, scanJob, sqlJob, id)
	if err == nil && len(list) == 0 {
		err = exodrive.Errorf(exodrive.NotFound, "There is no such job.")
	}
	if err != nil {
		return nil, err
	}
	return &list[0], nil
}

const sqlJob = `SELECT ` + jobColumns + ` FROM jobs WHERE id = $1`

func scanJob(r scanner) (j exodrive.JobRecord, err error) {
	var started, ended int64
	err = r.Scan(&j.ID, &j.Kind, &j.State, asJSON{&j.Args}, instant{&j.CreatedAt}, instant{&j.DueAt}, &started, &ended, &j.Failed, &j.Tries, &j.LastError)
	j.StartedAt, j.EndedAt = instantOrNil(started), instantOrNil(ended)
	return j, err
}

// instantOrNil reads an instant stored as 0 for none.
func instantOrNil(n int64) *time.Time {
	if n == 0 {
		return nil
	}
	at := time.UnixMilli(n).UTC()
	return &at
}

// JobFigures counts the jobs that have not ended well, by kind and state.
func (q queries) JobFigures(ctx context.Context) ([]exodrive.JobFigure, error) {
	return collect(ctx, q, func(r scanner) (f exodrive.JobFigure, err error) {
		return f, r.Scan(&f.Kind, &f.State, &f.Count, instant{&f.Oldest})
	}, sqlJobFigures)
}

// Each part has an index of its own; those that ended well, which are the most, are in
// none of them.
const sqlJobFigures = `SELECT kind, state, COUNT(*), MIN(run_at) FROM (
	SELECT kind, 'waiting' AS state, run_at FROM jobs WHERE worker = '' AND ended_at = 0
	UNION ALL SELECT kind, 'running', run_at FROM jobs WHERE worker <> ''
	UNION ALL SELECT kind, 'dead', run_at FROM jobs WHERE ended_at > 0 AND failed >= tries) j GROUP BY kind, state ORDER BY kind, state`

// RetryJob gives a dead job all its tries back, beginning now. It is a conflict for any
// other job, and for one like which another waits or runs.
func (t *Tx) RetryJob(ctx context.Context, id string) error {
	n, err := t.affected(ctx, sqlRetryJob, id, ms(t.Now))
	if err != nil {
		return err
	}
	if n == 0 {
		j, err := t.Job(ctx, id)
		if err != nil {
			return err
		}
		return exodrive.Errorf(exodrive.Conflict, "This job is %s; only one that is dead can be retried.", j.State)
	}
	t.enqueued = t.Now
	return nil
}

const sqlRetryJob = `UPDATE jobs SET ended_at = 0, failed = 0, run_at = $2 WHERE id = $1 AND ended_at > 0 AND failed >= tries`
