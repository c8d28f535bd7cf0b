package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/exodrive/exodrive"
)

const (
	// runsKept is how many days it is remembered that a job ran.
	runsKept = 30
	// mostTries to do a job of one day are made.
	mostTries = 6
)

// Run names a daily job and its day.
type Run struct {
	Job string
	Day exodrive.Date
}

// Claim tells whose a run is.
type Claim int

// The claims.
const (
	Won   Claim = iota // it is the node's that asked
	Taken              // it is another node's, or waits for its next try
	Ended              // it was done, or failed too often
)

// ClaimRun takes a run for a node until then, by this node's clock, unless it was
// done or is another's. One whose time is over is taken from its node, which must
// have died: a living one keeps it by KeepRun. It forgets runs older than 30 days.
func (t *Tx) ClaimRun(ctx context.Context, run Run, node string, until time.Time) (Claim, error) {
	n, err := t.affected(ctx, sqlClaimRun, run.Job, run.Day, ms(t.Now), node, ms(until), mostTries)
	if err != nil {
		return Taken, err
	}
	if n == 1 {
		return Won, t.exec(ctx, sqlForgetRuns, run.Day-runsKept)
	}
	var held, tries int64
	if err := t.row(ctx, sqlRunsOn, run.Job, run.Day).scan(&held, &tries); err != nil {
		return Taken, err
	}
	if held == 0 || tries >= mostTries && held <= ms(t.Now) {
		return Ended, nil
	}
	return Taken, nil
}

// A node whose commit only seemed to fail takes what it has again.
const sqlClaimRun = `INSERT INTO job_runs (job, day, started_at, node, held_until, tries) VALUES ($1, $2, $3, $4, $5, 1)
	ON CONFLICT (job, day) DO UPDATE SET started_at = excluded.started_at, node = excluded.node, held_until = excluded.held_until, tries = job_runs.tries + 1
	WHERE job_runs.held_until > 0 AND job_runs.tries < $6 AND (job_runs.held_until <= excluded.started_at OR job_runs.node = excluded.node)`

const sqlRunsOn = `SELECT held_until, tries FROM job_runs WHERE job = $1 AND day = $2`

const sqlForgetRuns = `DELETE FROM job_runs WHERE day < $1`

// KeepRun lengthens a node's claim, unless it has lost it.
func (t *Tx) KeepRun(ctx context.Context, run Run, node string, until time.Time) error {
	return t.exec(ctx, sqlKeepRun, run.Job, run.Day, node, ms(until))
}

const sqlKeepRun = `UPDATE job_runs SET held_until = $4 WHERE job = $1 AND day = $2 AND node = $3 AND held_until > 0`

// EndRun notes that a node has done its run.
func (t *Tx) EndRun(ctx context.Context, run Run, node string) error {
	return t.exec(ctx, sqlEndRun, run.Job, run.Day, node)
}

const sqlEndRun = `UPDATE job_runs SET held_until = 0 WHERE job = $1 AND day = $2 AND node = $3`

// GiveUpRun gives a node's run back, for anybody to take from then on.
func (t *Tx) GiveUpRun(ctx context.Context, run Run, node string, from time.Time) error {
	return t.exec(ctx, sqlGiveUpRun, run.Job, run.Day, node, ms(from))
}

const sqlGiveUpRun = `UPDATE job_runs SET held_until = $4, node = '' WHERE job = $1 AND day = $2 AND node = $3 AND held_until > 0`

// LastRun is the last day on which a job ran, the zero Date for never.
func (q queries) LastRun(ctx context.Context, job string) (day exodrive.Date, err error) {
	err = q.row(ctx, sqlLastRun, job).scan(&day)
	if errors.Is(err, errNoRow) {
		return 0, nil
	}
	return day, err
}

const sqlLastRun = `SELECT day FROM job_runs WHERE job = $1 ORDER BY day DESC LIMIT 1`
