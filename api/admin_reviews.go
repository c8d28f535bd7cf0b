package api

import (
	"context"

	"github.com/exodrive/exodrive"
)

func (a *api) adminListReviews(ctx context.Context, in *parameters) (*answer[list[exodrive.Review]], error) {
	return readPage(a, in, func(p exodrive.PageQuery) ([]exodrive.Review, int, error) {
		return a.Rental.AllReviews(ctx, actorOf(ctx), exodrive.ReviewStatus(in.values.Get("status")), p)
	})
}

type reviewID struct {
	ReviewID string `path:"reviewId" doc:"Id of the review." example:"rev_01kas0f3m2x7h9tq"`
}

func (a *api) adminApproveReview(ctx context.Context, in *reviewID) (*answer[exodrive.Review], error) {
	return answerOf(a.Rental.JudgeReview(ctx, actorOf(ctx), in.ReviewID, true))
}

func (a *api) adminRefuseReview(ctx context.Context, in *reviewID) (*answer[exodrive.Review], error) {
	return answerOf(a.Rental.JudgeReview(ctx, actorOf(ctx), in.ReviewID, false))
}

func (a *api) adminListAudit(ctx context.Context, in *parameters) (*answer[list[exodrive.AuditRecord]], error) {
	return readPage(a, in, func(p exodrive.PageQuery) ([]exodrive.AuditRecord, int, error) {
		return a.Rental.AuditLog(ctx, actorOf(ctx), in.values.Get("subject"), p)
	})
}
