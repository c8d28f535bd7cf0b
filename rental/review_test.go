package rental_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
)

// driven is a booking of a car that went out, came back and was settled.
func driven(t testing.TB, w *world) *rental.BookingView {
	t.Helper()
	b := confirmed(t, w, 3)
	began, last := w.clock.Now(), odometer(t, w, b.Car.ID)
	w.clock.Set(b.Pickup.At)
	if _, err := w.HandOver(t.Context(), desk, b.ID, unpaid(rental.HandOverRequest{Odometer: last, Fuel: 8})); err != nil {
		t.Fatal(err)
	}
	w.clock.Set(b.Return.At)
	if _, err := w.TakeBack(t.Context(), desk, b.ID, rental.TakeBackRequest{Odometer: last + 9, Fuel: 8}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.CompleteBooking(t.Context(), desk, b.ID, "Paid by bank transfer."); err != nil {
		t.Fatal(err)
	}
	w.clock.Set(began)
	b, err := w.Booking(t.Context(), b.Token)
	if err != nil || b.ReviewToken == "" {
		t.Fatalf("a completed rental has no link to its review: %+v, %v", b, err)
	}
	return b
}

func reviewErr(_ *rental.ReviewView, err error) error { return err }

var fine = exodrive.ReviewInput{Stars: 5, Comment: "Better than it looks."}

// Who has had the car may say what it was like, once, by a link that opens nothing else
// of his booking. It is public when somebody of the staff approved it, signed by his first
// name and an initial and marked as that of a renter; and as it was written, whatever it
// would mean to a browser or a database.
//
// Red when: a link to a booking opens its review, or the other way round; a rental that is
// not completed can be reviewed; a review is public before it is approved.
func TestReview(t *testing.T) {
	t.Parallel()
	eachFleet(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		b := driven(t, w)
		open, err := w.Book(t.Context(), admin, bookingOf(freeTrip(t, w, anyCar, 3), "nora"), rental.Call{})
		if err != nil || open.ReviewToken != "" {
			t.Fatalf("a booking that is held has the link %q to its review (%v)", open.ReviewToken, err)
		}
		_, signature, _ := strings.Cut(b.ReviewToken, ".")
		for _, link := range []string{"", b.ID, b.Token, b.ReviewToken + "A", open.ID + "." + signature, open.Token} {
			wantCode(t, "reading by "+link, reviewErr(w.ToReview(t.Context(), link)), exodrive.NotFound)
			wantCode(t, "reviewing by "+link, reviewErr(w.WriteReview(t.Context(), link, fine)), exodrive.NotFound)
		}
		if _, err := w.Booking(t.Context(), b.ReviewToken); exodrive.CodeOf(err) != exodrive.NotFound {
			t.Errorf("the link to a review opens the booking: %v", err)
		}
		if _, err := w.CancelBooking(t.Context(), b.ReviewToken); exodrive.CodeOf(err) != exodrive.NotFound {
			t.Errorf("the link to a review cancels the booking: %v", err)
		}
		v, err := w.ToReview(t.Context(), b.ReviewToken)
		if err != nil || v.Review != nil || v.Author != "Maria K." || v.Car != b.Car || v.FirstDay != b.FirstDay || v.LastDay != b.LastDay {
			t.Errorf("before it is written: %+v, %v", v, err)
		}
		wantCode(t, "without a comment", reviewErr(w.WriteReview(t.Context(), b.ReviewToken, exodrive.ReviewInput{Stars: 5})), exodrive.Invalid)

		in := exodrive.ReviewInput{Stars: 4, Comment: ` <script>alert("x")</script> '); DROP TABLE car_reviews; -- {{.}} ` + "\r\n" + `Ünïcode 🚗 & "quotes" `}
		text := strings.TrimSpace(strings.ReplaceAll(in.Comment, "\r", ""))
		v, err = w.WriteReview(t.Context(), b.ReviewToken, in)
		if err != nil || v.Review == nil || v.Review.Stars != 4 || v.Review.Comment != text || v.Review.Status != exodrive.ReviewPending {
			t.Fatalf("written: %+v, %v", v, err)
		}
		wantCode(t, "a second review", reviewErr(w.WriteReview(t.Context(), b.ReviewToken, fine)), exodrive.Conflict)
		id := func(r exodrive.PublicReview) bool { return r.Comment == text }
		before := w.reviews(t, anyCar)
		if slices.ContainsFunc(before.Reviews, id) {
			t.Error("it is public before anybody approved it")
		}
		waiting, _, err := w.AllReviews(t.Context(), admin, exodrive.ReviewPending, firstPage)
		i := slices.IndexFunc(waiting, func(r exodrive.Review) bool { return r.BookingID == b.ID })
		if err != nil || i < 0 || waiting[i].Comment != text || waiting[i].Author != "Maria K." || waiting[i].CarID != b.Car.ID {
			t.Fatalf("it does not wait for approval: %+v, %v", waiting, err)
		}
		if _, err := w.JudgeReview(t.Context(), as(exodrive.ScopeReviews), waiting[i].ID, true); err != nil {
			t.Fatal(err)
		}
		after := w.reviews(t, anyCar)
		if i := slices.IndexFunc(after.Reviews, id); i < 0 || !after.Reviews[i].Verified || after.Reviews[i].Author != "Maria K." || after.Reviews[i].Stars != 4 {
			t.Errorf("approved, it is %+v", after.Reviews)
		}
		if after.Stars[3] != before.Stars[3]+1 {
			t.Errorf("it does not count: %+v, before %+v", after, before)
		}
		if v, err := w.ToReview(t.Context(), b.ReviewToken); err != nil || v.Review.Status != exodrive.ReviewApproved {
			t.Errorf("its author sees %+v, %v", v, err)
		}
		p := newPrompt(t, url)
		if n := p.text(`SELECT COUNT(*) FROM booking_events WHERE booking_id = $1 AND event = 'review' AND actor_id = 'renter'`, b.ID); n != "1" {
			t.Errorf("%s events tell of it, want one", n)
		}
		renewed, err := w.RenewLink(t.Context(), desk, b.ID, "It was forwarded.")
		if err != nil {
			t.Fatal(err)
		}
		wantCode(t, "a revoked link", reviewErr(w.ToReview(t.Context(), b.ReviewToken)), exodrive.NotFound)
		if v, err := w.ToReview(t.Context(), renewed.ReviewToken); err != nil || v.Review == nil {
			t.Errorf("the new link: %+v, %v", v, err)
		}
	})
}

// A car is not reviewed by who has not had it yet, or never had it.
func TestReviewOnlyWhatIsOver(t *testing.T) {
	t.Parallel()
	eachFleet(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		b, p := driven(t, w), newPrompt(t, url)
		for _, state := range exodrive.BookingStates {
			if state == exodrive.Completed {
				continue
			}
			p.exec(`UPDATE bookings SET state = $2, hold_until = CASE WHEN $3 THEN created_at + 1 END WHERE id = $1`, b.ID, string(state), state == exodrive.Held)
			wantCode(t, string(state), reviewErr(w.WriteReview(t.Context(), b.ReviewToken, fine)), exodrive.Conflict)
			wantCode(t, string(state), reviewErr(w.ToReview(t.Context(), b.ReviewToken)), exodrive.Conflict)
		}
	})
}

// A link that is revoked between the look at it and the writing writes no review. On SQLite
// nobody revokes while somebody else writes.
//
// Red when: the link is looked at only before the transaction.
func TestNoReviewByALinkRevokedMeanwhile(t *testing.T) {
	t.Parallel()
	url := exotest.PostgresFrom(t, "fleet", seeded)
	w := newWorld(t, url)
	b := driven(t, w)
	looks := 10 // not yet
	s, _ := uncached(t, url, func(text string, args []any) {
		if !strings.Contains(text, "FROM bookings WHERE id = $1") || !slices.Contains(args, any(b.ID)) {
			return
		}
		if looks++; looks == 2 { // the first of the transaction
			if _, err := w.RenewLink(t.Context(), desk, b.ID, "It was forwarded."); err != nil {
				t.Error(err)
			}
		}
	})
	own, err := s.BookingRecord(t.Context(), desk, b.ID) // its links are signed by a secret of its own
	if err != nil {
		t.Fatal(err)
	}
	looks = 0
	wantCode(t, "a link revoked meanwhile", reviewErr(s.WriteReview(t.Context(), own.ReviewToken, fine)), exodrive.NotFound)
	if n := newPrompt(t, url).text(`SELECT COUNT(*) FROM car_reviews WHERE booking_id = $1`, b.ID); looks < 2 || n != "0" {
		t.Errorf("after %d looks there are %s reviews", looks, n)
	}
}

// However fast a renter presses the button, there is one review of his rental.
//
// Red when: the unique index on the booking is not there.
func TestReviewOnce(t *testing.T) {
	t.Parallel()
	eachFleet(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		b, won := driven(t, w), 0
		for _, err := range at(8, func(int) error { return reviewErr(w.WriteReview(t.Context(), b.ReviewToken, fine)) }) {
			e, _ := errors.AsType[*exodrive.Error](err)
			switch {
			case err == nil:
				won++
			case e == nil || e.Code != exodrive.Conflict || e.Message != "This rental already has a review.":
				t.Errorf("refused: %v", err)
			}
		}
		p := newPrompt(t, url)
		reviews, events := p.text(`SELECT COUNT(*) FROM car_reviews WHERE booking_id = $1`, b.ID), p.text(`SELECT COUNT(*) FROM booking_events WHERE booking_id = $1 AND event = 'review'`, b.ID)
		if won != 1 || reviews != "1" || events != "1" {
			t.Errorf("%d were accepted; there are %s reviews and %s events", won, reviews, events)
		}
	})
}

func (w *world) reviews(t testing.TB, slug string) *exodrive.ReviewPage {
	t.Helper()
	page, err := cache.Value(w.Reviews(t.Context(), slug, firstPage))
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// Approved, a review is shown at once by the node that approved it, and by every other at
// the latest two seconds later (P1 and P3); refused again, it is gone as fast. The pages
// and calendars of other cars stay where they were.
//
// Red when: the trigger on car_reviews raises no reviews:{car}; or raises every car's.
func TestApprovalShowsEverywhere(t *testing.T) {
	t.Parallel()
	eachFleet(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		const otherCar = "ferrari-roma"
		b := driven(t, w)
		if err := reviewErr(w.WriteReview(t.Context(), b.ReviewToken, fine)); err != nil {
			t.Fatal(err)
		}
		here, there := newNode(t, url, exotest.Clock(now)), newNode(t, url, exotest.Clock(now))
		id := newPrompt(t, url).text(`SELECT id FROM car_reviews WHERE booking_id = $1`, b.ID)
		shown := func(n *node) bool {
			t.Helper()
			page, err := cache.Value(n.Reviews(t.Context(), anyCar, firstPage))
			if err != nil {
				t.Fatal(err)
			}
			details, err := cache.Value(n.Car(t.Context(), anyCar))
			if err != nil {
				t.Fatal(err)
			}
			if details.Rating != page.Rating {
				return false // one of the two is of before
			}
			return slices.ContainsFunc(page.Reviews, func(r exodrive.PublicReview) bool { return r.ID == id })
		}
		days := exodrive.AvailabilityQuery{Start: today, End: today + 30}
		others := func(n *node) {
			t.Helper()
			for _, slug := range []string{anyCar, otherCar} {
				if _, err := n.Availability(t.Context(), slug, days); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := n.Reviews(t.Context(), otherCar, firstPage); err != nil {
				t.Fatal(err)
			}
			if _, err := n.Car(t.Context(), otherCar); err != nil {
				t.Fatal(err)
			}
		}
		for _, n := range []*node{here, there} {
			others(n)
			if shown(n) {
				t.Fatal("it is public before anybody approved it")
			}
		}
		for _, approved := range []bool{true, false, true} {
			before := []map[string]int{here.loads(), there.loads()}
			if _, err := here.JudgeReview(t.Context(), admin, id, approved); err != nil {
				t.Fatal(err)
			}
			promised := time.Now().Add(2 * time.Second)
			if shown(here) != approved {
				t.Errorf("approved %v, the node that did it says otherwise", approved)
			}
			for {
				asked := time.Now()
				if shown(there) == approved {
					break
				}
				if asked.After(promised) {
					t.Fatalf("approved %v, another node says otherwise two seconds later", approved)
				}
				time.Sleep(5 * time.Millisecond) // there is no signal of what a node has not heard yet
			}
			for i, n := range []*node{here, there} {
				others(n)
				for family, loads := range n.loads() { // those of the car itself, which shows its rating
					if more := loads - before[i][family]; more > map[string]int{"reviews": 1, "details": 1, "availability": 1}[family] {
						t.Errorf("approved %v: %d of %s were loaded again", approved, more, family)
					}
				}
			}
		}
	})
}
