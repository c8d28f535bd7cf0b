package sqlstore

import (
	"context"

	"github.com/exodrive/exodrive"
)

// Reviews is a page of the approved reviews of a public car, newest first, with
// the distribution of stars over all of them. A car that is unknown or hidden is
// not_found.
func (q queries) Reviews(ctx context.Context, carID string, page exodrive.PageQuery) (*exodrive.ReviewPage, error) {
	p := exodrive.ReviewPage{CarID: carID}
	g, gctx := q.parts(ctx)
	g.Go(func() error {
		return notFound(q.row(gctx, sqlCarRating, carID).scan(&p.Rating), "There is no such car.")
	})
	g.Go(func() (err error) {
		p.Reviews, err = collect(gctx, q, func(r scanner) (v exodrive.PublicReview, err error) {
			return v, r.Scan(&v.ID, &v.Author, &v.Stars, &v.Comment, &v.Verified, instant{&v.CreatedAt})
		}, sqlReviewPage, carID, page.Limit, (page.Page-1)*page.Limit)
		return err
	})
	g.Go(func() error {
		return q.each(gctx, sqlReviewStars, []any{carID}, func(r scanner) error {
			var stars, n int
			err := r.Scan(&stars, &n)
			if err == nil {
				p.Stars[stars-1] = n
			}
			return err
		})
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	total := 0
	for _, n := range p.Stars {
		total += n
	}
	p.Pagination = exodrive.NewPagination(page.Page, page.Limit, total)
	return &p, nil
}

const sqlCarRating = `SELECT rating FROM cars WHERE id = $1 AND NOT hidden`

const sqlReviewPage = `SELECT id, author, rating, comment, booking_id IS NOT NULL, created_at FROM car_reviews
	WHERE car_id = $1 AND is_approved = TRUE ORDER BY created_at DESC, id LIMIT $2 OFFSET $3`

const sqlReviewStars = `SELECT rating, COUNT(*) FROM car_reviews WHERE car_id = $1 AND is_approved = TRUE GROUP BY rating`

// AllReviews is a page of the reviews in a status ("" is all), oldest first,
// for moderation, and their number.
func (q queries) AllReviews(ctx context.Context, status exodrive.ReviewStatus, page exodrive.PageQuery) ([]exodrive.Review, int, error) {
	count, list, args := sqlCountReviews, sqlAllReviews, []any{}
	switch status {
	case exodrive.ReviewPending:
		count, list = sqlCountPendingReviews, sqlPendingReviews
	case exodrive.ReviewApproved, exodrive.ReviewRefused:
		count, list, args = sqlCountJudgedReviews, sqlJudgedReviews, []any{status == exodrive.ReviewApproved}
	}
	total := 0
	if err := q.row(ctx, count, args...).scan(&total); err != nil {
		return nil, 0, err
	}
	reviews, err := collect(ctx, q, scanReview, list, append([]any{page.Limit, (page.Page - 1) * page.Limit}, args...)...)
	return reviews, total, err
}

// reviewStatus is the status of a row as text.
const reviewStatus = `CASE WHEN is_approved IS NULL THEN 'pending' WHEN is_approved THEN 'approved' ELSE 'refused' END`

const (
	sqlCountReviews        = `SELECT COUNT(*) FROM car_reviews`
	sqlCountPendingReviews = `SELECT COUNT(*) FROM car_reviews WHERE is_approved IS NULL`
	sqlCountJudgedReviews  = `SELECT COUNT(*) FROM car_reviews WHERE is_approved = $1`

	sqlAllReviews     = `SELECT ` + reviewColumns + ` FROM car_reviews ORDER BY created_at, id LIMIT $1 OFFSET $2`
	sqlPendingReviews = `SELECT ` + reviewColumns + ` FROM car_reviews WHERE is_approved IS NULL ORDER BY created_at, id LIMIT $1 OFFSET $2`
	sqlJudgedReviews  = `SELECT ` + reviewColumns + ` FROM car_reviews WHERE is_approved = $3 ORDER BY created_at, id LIMIT $1 OFFSET $2`
)

const reviewColumns = `id, car_id, COALESCE(booking_id, ''), author, rating, comment, ` + reviewStatus + `, created_at`

func scanReview(r scanner) (v exodrive.Review, err error) {
	return v, r.Scan(&v.ID, &v.CarID, &v.BookingID, &v.Author, &v.Stars, &v.Comment, &v.Status, instant{&v.CreatedAt})
}

// Review is one review, whatever its status.
func (q queries) Review(ctx context.Context, id string) (*exodrive.Review, error) {
	list, err := collect(ctx, q, scanReview, sqlReview, id)
	if err == nil && len(list) == 0 {
		return nil, exodrive.Errorf(exodrive.NotFound, "There is no such review.")
	}
	if err != nil {
		return nil, err
	}
	return &list[0], nil
}

const sqlReview = `SELECT ` + reviewColumns + ` FROM car_reviews WHERE id = $1`

// ReviewOf is the review of a booking, or nil.
func (q queries) ReviewOf(ctx context.Context, bookingID string) (*exodrive.Review, error) {
	list, err := collect(ctx, q, scanReview, sqlReviewOf, bookingID)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

const sqlReviewOf = `SELECT ` + reviewColumns + ` FROM car_reviews WHERE booking_id = $1`

// SetReviewApproved approves or refuses a review; the car's rating follows by
// trigger.
func (t *Tx) SetReviewApproved(ctx context.Context, id string, approved bool) error {
	n, err := t.affected(ctx, sqlSetReviewApproved, id, approved)
	if err == nil && n == 0 {
		return exodrive.Errorf(exodrive.NotFound, "There is no such review.")
	}
	return err
}

const sqlSetReviewApproved = `UPDATE car_reviews SET is_approved = $2 WHERE id = $1`

// InsertReviews stores new reviews; the cars' ratings follow by trigger.
func (t *Tx) InsertReviews(ctx context.Context, list []exodrive.Review) error {
	judged := map[exodrive.ReviewStatus]any{exodrive.ReviewApproved: true, exodrive.ReviewRefused: false}
	return t.insertRows(ctx, sqlInsertReviews, "", rowsOf(list, func(v *exodrive.Review) []any {
		return []any{v.ID, v.CarID, orNull(v.BookingID), v.Author, v.Stars, v.Comment, judged[v.Status], ms(v.CreatedAt)}
	}))
}

const sqlInsertReviews = `INSERT INTO car_reviews (id, car_id, booking_id, author, rating, comment, is_approved, created_at) VALUES `
