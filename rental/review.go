package rental

import (
	"context"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/sqlstore"
)

// ReviewView is what the link to a review opens: which rental it is about, and the review
// once it was written. It says nothing else of the booking, so the link may be mailed,
// and forwarded, where that of the booking should not be.
type ReviewView struct {
	Car      CarRef         `json:"car"`
	FirstDay exodrive.Date  `json:"firstDay" doc:"First rental day."`
	LastDay  exodrive.Date  `json:"lastDay" doc:"Last rental day, included."`
	Author   string         `json:"author" doc:"How it is signed in public." example:"Maria K."`
	Review   *WrittenReview `json:"review,omitempty" doc:"Absent until it was written."`
}

// WrittenReview is a review as its author wrote it.
type WrittenReview struct {
	exodrive.ReviewInput
	Status    exodrive.ReviewStatus `json:"status" enum:"pending,approved,refused"`
	CreatedAt time.Time             `json:"createdAt"`
}

// ToReview is what a link to a review opens. A link that is wrong or was revoked, or that
// is to the booking, is not_found; a rental that is not completed is a conflict.
func (s *Service) ToReview(ctx context.Context, link string) (*ReviewView, error) {
	b, err := s.reviewable(ctx, link)
	if err != nil {
		return nil, err
	}
	return s.reviewOf(ctx, b)
}

// WriteReview keeps what a renter says of a rental that is over, once: a second review is
// a conflict, however fast it came, by the unique index on the booking. It is public only
// after somebody of the staff approved it.
//
// The link is asked again under the lock of the car's row, as for all that is done by a
// link, so that none writes once its revocation is answered.
func (s *Service) WriteReview(ctx context.Context, link string, in exodrive.ReviewInput) (*ReviewView, error) {
	if err := in.Validate(); err != nil {
		return nil, err
	}
	b, err := s.reviewable(ctx, link)
	if err != nil {
		return nil, err
	}
	id := b.ID
	err = s.store.Tx(ctx, func(tx *sqlstore.Tx) (err error) {
		if b, err = s.lockBooking(ctx, tx, id); err != nil {
			return err
		}
		if err := firstOf(s.stillOpens(toReview, b, link), checkReviewable(b)); err != nil {
			return err
		}
		review := exodrive.Review{
			ID: s.newID(exodrive.ReviewID), CarID: b.CarID, BookingID: b.ID, Author: b.Contact.Signature(),
			Stars: in.Stars, Comment: in.Comment, Status: exodrive.ReviewPending, CreatedAt: tx.Now,
		}
		if err := tx.InsertReviews(ctx, []exodrive.Review{review}); err != nil {
			return err
		}
		return s.happened(ctx, tx, renter, b, "review", "", nil, map[string]any{"reviewId": review.ID, "stars": in.Stars})
	})
	if err != nil {
		return nil, err
	}
	return s.reviewOf(ctx, b)
}

// reviewable is the completed booking that a link to its review is about.
func (s *Service) reviewable(ctx context.Context, link string) (*exodrive.Booking, error) {
	b, err := s.opened(ctx, toReview, link)
	if err == nil {
		err = checkReviewable(b)
	}
	return b, err
}

func checkReviewable(b *exodrive.Booking) error {
	if b.State != exodrive.Completed {
		return exodrive.Errorf(exodrive.Conflict, "A rental can be reviewed once it is completed.")
	}
	return nil
}

func (s *Service) reviewOf(ctx context.Context, b *exodrive.Booking) (*ReviewView, error) {
	car, err := s.store.CarTerms(ctx, b.CarID)
	if err != nil {
		return nil, err
	}
	v := &ReviewView{Car: CarRef{car.ID, car.Slug, car.Name}, FirstDay: b.Days.Start, LastDay: b.Days.End - 1, Author: b.Contact.Signature()}
	r, err := s.store.ReviewOf(ctx, b.ID)
	if err != nil || r == nil {
		return v, err
	}
	v.Author = r.Author
	v.Review = &WrittenReview{exodrive.ReviewInput{Stars: r.Stars, Comment: r.Comment}, r.Status, r.CreatedAt}
	return v, nil
}
