package rental

import (
	"context"
	"slices"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/sqlstore"
)

// AllReviews is a page of the reviews in a status ("" is all), oldest first, and
// their number.
func (s *Service) AllReviews(ctx context.Context, who exodrive.Actor, status exodrive.ReviewStatus, page exodrive.PageQuery) ([]exodrive.Review, int, error) {
	if err := who.May(exodrive.ScopeRead); err != nil {
		return nil, 0, err
	}
	known := []exodrive.ReviewStatus{"", exodrive.ReviewPending, exodrive.ReviewApproved, exodrive.ReviewRefused}
	if !slices.Contains(known, status) {
		return nil, 0, exodrive.Errorf(exodrive.Invalid, "status: it is pending, approved or refused.").On("status")
	}
	return s.store.AllReviews(ctx, status, page)
}

// JudgeReview approves or refuses a review. Only approved ones are public and
// count in the car's rating.
func (s *Service) JudgeReview(ctx context.Context, who exodrive.Actor, id string, approved bool) (review *exodrive.Review, err error) {
	action := map[bool]string{true: "review.approve", false: "review.refuse"}[approved]
	err = s.change(ctx, who, exodrive.ScopeReviews, action, func(tx *sqlstore.Tx) (string, any, error) {
		if err := tx.SetReviewApproved(ctx, id, approved); err != nil {
			return "", nil, err
		}
		review, err = tx.Review(ctx, id)
		return id, struct{}{}, err
	})
	return review, err
}
