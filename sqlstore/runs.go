package sqlstore

import (
	"context"
	"errors"

	"github.com/exodrive/exodrive"
)

// runsKept is how many days it is remembered that a job ran.
const runsKept = 30

// ClaimRun notes that a node does a daily job on a day, unless another node does,
// and tells whether it is the node. It forgets runs older than 30 days.
func (t *Tx) ClaimRun(ctx context.Context, job string, day exodrive.Date, node string) (bool, error) {
	n, err := t.affected(ctx, sqlClaimRun, job, day, ms(t.Now), node)
	if err != nil {
		return false, err
	}
	if n == 0 {
		// It may be the node itself, whose commit seemed to fail.
		var other string
		err := t.row(ctx, sqlRunsOn, job, day).scan(&other)
		return other == node, err
	}
	return true, t.exec(ctx, sqlForgetRuns, day-runsKept)
}

const sqlClaimRun = `INSERT INTO job_runs (job, day, started_at, node) VALUES ($1, $2, $3, $4) ON CONFLICT (job, day) DO NOTHING`

const sqlRunsOn = `SELECT node FROM job_runs WHERE job = $1 AND day = $2`

const sqlForgetRuns = `DELETE FROM job_runs WHERE day < $1`

// LastRun is the last day on which a job ran, the zero Date for never.
func (q queries) LastRun(ctx context.Context, job string) (day exodrive.Date, err error) {
	err = q.row(ctx, sqlLastRun, job).scan(&day)
	if errors.Is(err, errNoRow) {
		return 0, nil
	}
	return day, err
}

const sqlLastRun = `SELECT day FROM job_runs WHERE job = $1 ORDER BY day DESC LIMIT 1`
