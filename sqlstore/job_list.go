package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/exodrive/exodrive"
)

// jobState derives the state of a job: only what cannot be derived is stored.
const jobState = `CASE WHEN worker <> '' THEN 'running' WHEN ended_at = 0 THEN 'waiting' WHEN failed >= tries THEN 'dead' ELSE 'done' END`

// jobIs are the conditions of the states, as the indexes have them.
var jobIs = map[exodrive.JobState]string{
	exodrive.JobWaiting: `worker = '' AND ended_at = 0`,
	exodrive.JobRunning: `worker <> ''`,
	exodrive.JobDone:    `ended_at > 0 AND failed < tries`,
	exodrive.JobDead:    `ended_at > 0 AND failed >= tries`,
}

// Jobs is a page of the jobs that somebody asks for, and their number: those that ended
// last first, the others in the order in which they are due.
func (q queries) Jobs(ctx context.Context, ask exodrive.JobQuery, page exodrive.PageQuery) ([]exodrive.JobRecord, int, error) {
	var where, list statement
	where.add(` FROM jobs WHERE `)
	if is, ok := jobIs[ask.State]; ok {
		where.add(is)
	} else {
		where.add(`ended_at >= 0`)
	}
	if ask.Kind != "" {
		where.add(` AND kind = ?`, ask.Kind)
	}
	total := 0
	if err := q.row(ctx, `SELECT COUNT(*)`+where.text.String(), where.args...).scan(&total); err != nil {
		return nil, 0, err
	}
	list.args = where.args
	list.add(`SELECT id, kind, `+jobState+`, args, created_at, run_at, started_at, ended_at, failed, tries, last_error`+where.text.String()+
		` ORDER BY ended_at DESC, run_at, id LIMIT ?`, page.Limit)
	list.add(` OFFSET ?`, (page.Page-1)*page.Limit)
	jobs, err := collect(ctx, q, scanJob, list.text.String(), list.args...)
	return jobs, total, err
}

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

const sqlJobFigures = `SELECT kind, ` + jobState + `, COUNT(*), MIN(run_at) FROM jobs
	WHERE ended_at = 0 OR ended_at > 0 AND failed >= tries GROUP BY 1, 2 ORDER BY 1, 2`

// RetryJob gives a dead job all its tries back, beginning now. It is a conflict for any
// other job, and for one like which another waits or runs.
func (t *Tx) RetryJob(ctx context.Context, id string) error {
	n, err := t.affected(ctx, sqlRetryJob, id, ms(t.Now))
	if err != nil || n == 1 {
		if t.enqueued.IsZero() || t.Now.Before(t.enqueued) {
			t.enqueued = t.Now
		}
		return err
	}
	var state exodrive.JobState
	if err := t.row(ctx, sqlJobState, id).scan(&state); err != nil {
		if errors.Is(err, errNoRow) {
			err = exodrive.Errorf(exodrive.NotFound, "There is no such job.")
		}
		return err
	}
	return exodrive.Errorf(exodrive.Conflict, "This job is %s; only one that is dead can be retried.", state)
}

const sqlRetryJob = `UPDATE jobs SET ended_at = 0, failed = 0, run_at = $2 WHERE id = $1 AND ended_at > 0 AND failed >= tries`

const sqlJobState = `SELECT ` + jobState + ` FROM jobs WHERE id = $1`
