package doctor

import (
	"context"
	"fmt"
	"time"

	"github.com/exodrive/exodrive"
)

// lookAtJobs tells whether work is done when it is due, and what failed for good.
func lookAtJobs(ctx context.Context, p *Parts) ([]Finding, error) {
	figures, err := p.Store.JobFigures(ctx)
	if err != nil {
		return nil, err
	}
	return judgeJobs(figures, p.Now(), p.Limits), nil
}

func judgeJobs(figures []exodrive.JobFigure, now time.Time, l Limits) []Finding {
	var found []Finding
	waiting, running := 0, 0
	for _, f := range figures {
		late := now.Sub(f.Oldest)
		switch f.State {
		case exodrive.JobRunning:
			running += f.Count
		case exodrive.JobWaiting:
			waiting += f.Count
			if late > l.JobLate {
				found = append(found, Finding{"jobs", Warn, fmt.Sprintf("%s has been due for %s", f.Kind, span(late)),
					"Work is not begun when it should be: no server runs, it has too much of it, or none of this release knows it.",
					"See that a server runs and what its log says; GET /api/admin/jobs?state=waiting lists what waits."})
			}
		case exodrive.JobDead:
			found = append(found, Finding{"jobs", Warn, fmt.Sprintf("%d of %s are dead", f.Count, f.Kind),
				"They failed too often and are not tried any more.",
				"GET /api/admin/jobs?state=dead says why; mend that, then POST /api/admin/jobs/{jobId}/retry."})
		}
	}
	if len(found) == 0 {
		found = []Finding{{"jobs", OK, fmt.Sprintf("%d wait, %d run", waiting, running), "What is due is done, and nothing failed for good.", ""}}
	}
	return found
}
