package sqlstore_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/sqlstore"
)

// aReview is a review of the first car with some stars.
func aReview(n, stars int, status exodrive.ReviewStatus) exodrive.Review {
	return exodrive.Review{ID: id(exodrive.ReviewID, n), CarID: id(exodrive.CarID, 0), Author: "Maria K.", Stars: stars,
		Comment: "Loud.", Status: status, CreatedAt: noon}
}

// rated checks what two cars show.
func rated(t *testing.T, s *sqlstore.Store, after string, want ...string) {
	t.Helper()
	for n, want := range want {
		c, err := s.Car(t.Context(), id(exodrive.CarID, n))
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%s of %d", c.Rating, c.ReviewCount); got != want {
			t.Errorf("after %s, car %d shows %s, want %s", after, n, got, want)
		}
	}
}

// twoCars stores what oneCar does and a second car.
func twoCars(t testing.TB, s *sqlstore.Store) {
	t.Helper()
	oneCar(t, s)
	second := aCar(1)
	write(t, s, func(tx *sqlstore.Tx) error { return tx.InsertCar(t.Context(), &second) })
}

// A car shows the exact mean of its approved reviews, half up to hundredths, whatever happens to them.
func TestRatingsFollowReviews(t *testing.T) {
	eachEmpty(t, func(t *testing.T, s *sqlstore.Store, _ string) {
		twoCars(t, s)
		rated(t, s, "nothing", "0.00 of 0", "0.00 of 0")
		write(t, s, func(tx *sqlstore.Tx) error {
			return tx.InsertReviews(t.Context(), []exodrive.Review{
				aReview(0, 5, exodrive.ReviewApproved), aReview(1, 4, exodrive.ReviewApproved),
				aReview(2, 1, exodrive.ReviewPending), aReview(3, 1, exodrive.ReviewRefused),
			})
		})
		rated(t, s, "two approved of four", "4.50 of 2", "0.00 of 0")
		judge := func(n int, approved bool) {
			write(t, s, func(tx *sqlstore.Tx) error {
				return tx.SetReviewApproved(t.Context(), id(exodrive.ReviewID, n), approved)
			})
		}
		judge(2, true)
		rated(t, s, "an approval", "3.33 of 3", "0.00 of 0")
		judge(2, true)
		rated(t, s, "the same approval again", "3.33 of 3", "0.00 of 0")
		judge(1, false)
		rated(t, s, "a refusal", "3.00 of 2", "0.00 of 0")
		judge(3, true)
		judge(1, true)
		rated(t, s, "all approved", "2.75 of 4", "0.00 of 0")
		err := s.Tx(t.Context(), func(tx *sqlstore.Tx) error { return tx.SetReviewApproved(t.Context(), "rev_none", true) })
		refused(t, err, exodrive.NotFound)
	})
}

// Somebody with a SQL prompt who moves, deletes or corrects reviews leaves the ratings right.
func TestRatingsFollowPlainSQL(t *testing.T) {
	eachEmpty(t, func(t *testing.T, s *sqlstore.Store, url string) {
		twoCars(t, s)
		db := prompt(t, url)
		for n, stars := range []int{5, 5, 4, 4, 4, 4, 4, 5} { // 35 / 8 = 4.375
			db.exec(`INSERT INTO car_reviews (id, car_id, author, rating, comment, is_approved, created_at) VALUES ($1, $2, 'A', $3, '', TRUE, 0)`,
				id(exodrive.ReviewID, n), id(exodrive.CarID, 0), stars)
		}
		rated(t, s, "eight inserts", "4.38 of 8", "0.00 of 0")
		db.exec(`UPDATE car_reviews SET car_id = $1 WHERE rating = 5`, id(exodrive.CarID, 1))
		rated(t, s, "a move of three", "4.00 of 5", "5.00 of 3")
		db.exec(`UPDATE car_reviews SET rating = 1 WHERE id = $1`, id(exodrive.ReviewID, 2))
		rated(t, s, "a correction", "3.40 of 5", "5.00 of 3")
		db.exec(`UPDATE car_reviews SET comment = 'x', author = 'B'`)
		rated(t, s, "new words", "3.40 of 5", "5.00 of 3")
		db.exec(`UPDATE car_reviews SET is_approved = NULL WHERE rating = 1`)
		rated(t, s, "a withdrawal", "4.00 of 4", "5.00 of 3")
		db.exec(`DELETE FROM car_reviews WHERE car_id = $1`, id(exodrive.CarID, 1))
		rated(t, s, "a deletion", "4.00 of 4", "0.00 of 0")
		db.exec(`UPDATE car_reviews SET car_id = $1, is_approved = FALSE`, id(exodrive.CarID, 1))
		rated(t, s, "a move of refused ones", "0.00 of 0", "0.00 of 0")
	})
}

// Every mean of up to six reviews is rounded half up, the same on both engines.
func TestRatingsRoundHalfUp(t *testing.T) {
	eachEmpty(t, func(t *testing.T, s *sqlstore.Store, url string) {
		twoCars(t, s)
		db := prompt(t, url)
		sum := 0
		for n, stars := range []int{5, 4, 4, 1, 3, 5} {
			sum += stars
			write(t, s, func(tx *sqlstore.Tx) error {
				return tx.InsertReviews(t.Context(), []exodrive.Review{aReview(n, stars, exodrive.ReviewApproved)})
			})
			count := n + 1
			want := (sum*200 + count) / (2 * count)
			if got := db.number(`SELECT rating FROM cars WHERE id = $1`, id(exodrive.CarID, 0)); got != int64(want) {
				t.Errorf("%d stars in %d reviews are stored as %d, want %d", sum, count, got, want)
			}
		}
	})
}

// Two moderators who approve reviews of one car at the same moment both see their review counted.
//
// The trigger first locks the car's row and then counts. Without that lock each
// would count in a snapshot in which the other's review is not approved yet, and
// the later one would write its count of one over the earlier one's.
func TestTwoApprovalsAtOnceBothCount(t *testing.T) {
	t.Parallel()
	url := exotest.PostgresFrom(t, "empty", empty)
	first, second := open(t, url), open(t, url)
	twoCars(t, first)
	const rounds = 25
	write(t, first, func(tx *sqlstore.Tx) error {
		var list []exodrive.Review
		for n := range 2 * rounds {
			list = append(list, aReview(n, 4, exodrive.ReviewPending))
		}
		return tx.InsertReviews(t.Context(), list)
	})
	for round := range rounds {
		var wg sync.WaitGroup
		var meet sync.WaitGroup // both have begun before either approves
		meet.Add(2)
		for i, s := range []*sqlstore.Store{first, second} {
			wg.Go(func() {
				met := false
				err := s.Tx(t.Context(), func(tx *sqlstore.Tx) error {
					if !met {
						met = true
						meet.Done()
						meet.Wait()
					}
					return tx.SetReviewApproved(t.Context(), id(exodrive.ReviewID, 2*round+i), true)
				})
				if err != nil {
					t.Errorf("round %d: %v", round, err)
				}
			})
		}
		wg.Wait()
		rated(t, first, fmt.Sprintf("round %d", round), fmt.Sprintf("4.00 of %d", 2*round+2))
	}
}

// A review has one to five stars and belongs to a car that exists; a rental has one review.
func TestReviewsAreRefused(t *testing.T) {
	eachEmpty(t, func(t *testing.T, s *sqlstore.Store, _ string) {
		oneCar(t, s)
		write(t, s, func(tx *sqlstore.Tx) error {
			b := aBooking(0, today, today.Add(2))
			return tx.InsertBooking(t.Context(), &b)
		})
		of := func(change func(*exodrive.Review)) error {
			r := aReview(0, 5, exodrive.ReviewPending)
			change(&r)
			return s.Tx(t.Context(), func(tx *sqlstore.Tx) error { return tx.InsertReviews(t.Context(), []exodrive.Review{r}) })
		}
		refused(t, of(func(r *exodrive.Review) { r.Stars = 6 }), exodrive.Invalid)
		refused(t, of(func(r *exodrive.Review) { r.Stars = 0 }), exodrive.Invalid)
		refused(t, of(func(r *exodrive.Review) { r.CarID = "car_none" }), exodrive.Conflict)
		if err := of(func(r *exodrive.Review) { r.BookingID = id(exodrive.BookingID, 0) }); err != nil {
			t.Fatal(err)
		}
		e := refused(t, of(func(r *exodrive.Review) { r.ID, r.BookingID = id(exodrive.ReviewID, 1), id(exodrive.BookingID, 0) }), exodrive.Conflict)
		if want := "This rental already has a review."; e.Message != want {
			t.Errorf("the sentence is %q, want %q", e.Message, want)
		}
	})
}
