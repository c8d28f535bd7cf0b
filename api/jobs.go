package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/rental"
)

func (a *api) adminListJobs(ctx context.Context, in *parameters) (*answer[list[exodrive.JobRecord]], error) {
	ask, err := exodrive.ParseJobQuery(in.values, rental.JobKinds)
	if err != nil {
		return nil, err
	}
	return readPage(a, in, func(p exodrive.PageQuery) ([]exodrive.JobRecord, int, error) {
		return a.Rental.Jobs(ctx, actorOf(ctx), ask, p)
	})
}

type jobID struct {
	JobID string `path:"jobId" doc:"Id of the job." example:"job_01kas0f3m2x7h9tq"`
}

func (a *api) adminRetryJob(ctx context.Context, in *jobID) (*answer[exodrive.JobRecord], error) {
	return answerOf(a.Rental.RetryJob(ctx, actorOf(ctx), in.JobID))
}

// jobParams describe what a list of jobs may be asked for.
func jobParams() []*huma.Param {
	return append([]*huma.Param{
		several("state", "Only jobs in one of these states", words(exodrive.JobStates), "waiting", "dead"),
		query("kind", "Only jobs of this kind.", words(rental.JobKinds), "hold.end"),
	}, pageParams(defaultAdminPage)...)
}
