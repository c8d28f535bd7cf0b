package rental_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/rental"
)

// A coupon is taken as often as it may be, however many want it at once, and a booking
// that is cancelled gives it back.
//
// Red when: the coupon is not locked while it is counted; or a cancelled booking counts.
func TestBookTakesACoupon(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		if _, err := w.CreateCoupon(ctx, admin, exodrive.CouponInput{Code: "ONCE", Percent: 10_00, MaxUses: 1, Active: true}); err != nil {
			t.Fatal(err)
		}
		cars := make([]string, 4)
		page, err := w.Cars(ctx, ask(t, "limit=12"))
		if err != nil {
			t.Fatal(err)
		}
		list, err := page.Value()
		if err != nil {
			t.Fatal(err)
		}
		for i := range cars {
			cars[i] = list.Cars[i].Slug
		}
		requests := make([]rental.BookRequest, len(cars))
		for i, car := range cars {
			requests[i] = bookingOf(freeTrip(t, w, car, 6), fmt.Sprint("renter", i))
			requests[i].Coupon = "once"
		}
		var winner *rental.BookingView
		won, refused := 0, 0
		var mu sync.Mutex
		var all sync.WaitGroup
		for _, r := range requests {
			all.Go(func() {
				b, err := w.Book(ctx, exodrive.Actor{}, r, rental.Call{Address: r.Customer.Email})
				mu.Lock()
				defer mu.Unlock()
				switch exodrive.CodeOf(err) {
				case "":
					won, winner = won+1, b
				case exodrive.Conflict:
					refused++
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if won != 1 || refused != len(cars)-1 {
			t.Fatalf("%d took the coupon and %d were refused, want one and the rest", won, refused)
		}
		if !slices.ContainsFunc(winner.Lines, func(l exodrive.Line) bool { return l.Kind == exodrive.LineDiscount && l.Label == "Coupon ONCE" }) {
			t.Errorf("the price says nothing of the coupon: %+v", winner.Lines)
		}
		if _, err := w.CancelBooking(ctx, winner.Token); err != nil {
			t.Fatal(err)
		}
		if err := bookErr(w.Book(ctx, exodrive.Actor{}, requests[0], rental.Call{})); err != nil {
			t.Errorf("after it was given back: %v", err)
		}
	})
}

// A hold that runs out gives its coupon back, and whoever takes it then has it: staff that
// confirms the hold late takes it again or is refused, however many try at once.
//
// Red when: the days of a hold that ran out are taken again without its coupon; or the
// coupon is not locked while it is counted.
func TestLateConfirmationTakesTheCouponAgain(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		if _, err := w.CreateCoupon(ctx, admin, exodrive.CouponInput{Code: "ONCE", Percent: 10_00, MaxUses: 1, Active: true}); err != nil {
			t.Fatal(err)
		}
		cars := append([]string{anyCar}, neighbours(t, w, anyCar, 3)...)
		var late []*rental.BookingView
		var trip exodrive.TripRequest
		for i, car := range cars {
			trip = freeTrip(t, w, car, 6)
			trip.Coupon = "once"
			if i == len(cars)-1 {
				break // of this car it is booked below
			}
			b := w.held(t, trip, fmt.Sprint("renter", i))
			w.clock.Set(*b.HoldUntil)
			if _, err := w.SweepHolds(ctx); err != nil {
				t.Fatal(err)
			}
			late = append(late, b)
		}
		won := 0
		var winner string
		for i, err := range at(len(cars), func(i int) error {
			if i < len(late) {
				return bookErr(w.ConfirmBooking(ctx, desk, late[i].ID))
			}
			return bookErr(w.Book(ctx, exodrive.Actor{}, bookingOf(trip, "new"), rental.Call{}))
		}) {
			switch exodrive.CodeOf(err) {
			case "":
				won++
				if i < len(late) {
					winner = late[i].ID
				}
			case exodrive.Conflict:
			default:
				t.Error(err)
			}
		}
		coupons, _, err := w.Coupons(ctx, admin, firstPage)
		if i := slices.IndexFunc(coupons, func(c exodrive.Coupon) bool { return c.Code == "ONCE" }); err != nil || won != 1 || coupons[i].Uses != 1 {
			t.Errorf("%d have the coupon, it was taken %d times (%v), want one", won, coupons[i].Uses, err)
		}
		for _, b := range late {
			want := exodrive.Expired
			if b.ID == winner {
				want = exodrive.Confirmed
			}
			if got, err := w.Booking(ctx, b.Token); err != nil || got.State != want {
				t.Errorf("%s is %s, %v, want %s", b.ID, got.State, err, want)
			}
		}
		agrees(t, w)
	})
}

// A renter cancels a hold, and what is confirmed until the pick-up, but not after it:
// the terms have no price for that.
func TestCancelUntilThePickup(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		staff := exodrive.Actor{ID: "usr_1", Name: "staff", Scopes: []exodrive.Scope{exodrive.ScopeBook}}
		trip := freeTrip(t, w, anyCar, 3)
		book := func() *rental.BookingView {
			t.Helper()
			b, err := w.Book(t.Context(), staff, bookingOf(trip, "maria"), rental.Call{})
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		if _, err := w.CancelBooking(t.Context(), book().Token); err != nil {
			t.Errorf("a hold: %v", err)
		}
		b := book()
		if _, err := w.ConfirmBooking(t.Context(), staff, b.ID); err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(b.Pickup.At.Sub(w.clock.Now()) + time.Minute)
		refusalOf(t, bookErr(w.CancelBooking(t.Context(), b.Token)), exodrive.Conflict)
		if got, err := w.Booking(t.Context(), b.Token); err != nil || got.State != exodrive.Confirmed {
			t.Errorf("after a refusal: %+v, %v", got, err)
		}
		w.clock.Set(b.Pickup.At)
		if got, err := w.CancelBooking(t.Context(), b.Token); err != nil || got.State != exodrive.Cancelled {
			t.Errorf("at the pick-up: %+v, %v", got, err)
		}
	})
}

// Nobody holds more than three cars at once, by address or by e-mail address, however
// fast he is. Only staff that may book holds what it wants.
func TestBookCounts(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		trip := freeTrip(t, w, anyCar, 2)
		var all sync.WaitGroup
		var mu sync.Mutex
		held, refused := 0, 0
		for i := range 12 {
			all.Go(func() {
				r := trip
				r.StartDate += exodrive.Date(4 * i % 40)
				r.EndDate = r.StartDate + 2
				reader := exodrive.Actor{ID: "tok_1", Scopes: []exodrive.Scope{exodrive.ScopeRead}}
				_, err := w.Book(t.Context(), reader, bookingOf(r, "greedy"), rental.Call{Address: fmt.Sprint(i % 2)})
				mu.Lock()
				defer mu.Unlock()
				switch exodrive.CodeOf(err) {
				case "":
					held++
				case exodrive.TooMany:
					refused++
				case exodrive.DatesTaken:
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if held != 3 || refused == 0 {
			t.Errorf("%d held and %d refused, want 3 and the rest", held, refused)
		}
	})
}

// Staff finds bookings by state, customer, car and days, page by page, and cancels one
// with a reason; nobody else does.
func TestBookingsOfStaff(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		staff := exodrive.Actor{ID: "usr_1", Name: "staff", Scopes: []exodrive.Scope{exodrive.ScopeBook}}
		trip := freeTrip(t, w, anyCar, 3)
		b, err := w.Book(t.Context(), staff, bookingOf(trip, "maria"), rental.Call{})
		if err != nil {
			t.Fatal(err)
		}
		first := exodrive.PageQuery{Page: 1, Limit: 20}
		find := func(ask exodrive.BookingQuery) []exodrive.BookingRow {
			t.Helper()
			rows, total, err := w.Bookings(t.Context(), staff, ask, first)
			if err != nil || total < len(rows) {
				t.Fatalf("%d of %d, %v", len(rows), total, err)
			}
			return rows
		}
		for name, ask := range map[string]exodrive.BookingQuery{
			"by customer": {Email: "maria@example.com"}, "by state": {States: []exodrive.BookingState{exodrive.Held}, Email: "maria@example.com"},
			"by car and first day": {CarID: b.Car.ID, From: b.FirstDay, To: b.FirstDay}, "by last day": {CarID: b.Car.ID, From: b.LastDay, To: b.LastDay},
		} {
			if rows := find(ask); len(rows) != 1 || rows[0].ID != b.ID || rows[0].LastDay != b.LastDay || rows[0].CarName != b.Car.Name || rows[0].HoldUntil == nil {
				t.Errorf("%s: %+v", name, rows)
			}
		}
		for name, ask := range map[string]exodrive.BookingQuery{
			"another state": {States: []exodrive.BookingState{exodrive.Confirmed}, Email: "maria@example.com"}, "the day after": {CarID: b.Car.ID, From: b.LastDay + 1, To: b.LastDay + 1},
			"the day before": {CarID: b.Car.ID, From: b.FirstDay - 1, To: b.FirstDay - 1}, "nobody": {Email: "nobody@example.com"},
		} {
			if rows := find(ask); len(rows) != 0 {
				t.Errorf("%s: %+v", name, rows)
			}
		}
		_, all, err := w.Bookings(t.Context(), staff, exodrive.BookingQuery{}, first)
		if rows, _, err2 := w.Bookings(t.Context(), staff, exodrive.BookingQuery{}, exodrive.PageQuery{Page: 2, Limit: 20}); err != nil || err2 != nil || len(rows) != 20 || all < 40 {
			t.Errorf("the second page of %d: %d, %v, %v", all, len(rows), err, err2)
		}
		_, _, err = w.Bookings(t.Context(), exodrive.Actor{}, exodrive.BookingQuery{}, first)
		wantCode(t, "a stranger", err, exodrive.Unauthenticated)
		refusalOf(t, bookErr(w.CancelForRenter(t.Context(), exodrive.Actor{ID: "x", Scopes: []exodrive.Scope{exodrive.ScopeFleet}}, b.ID, "x")), exodrive.Forbidden)
		if got, err := w.CancelForRenter(t.Context(), staff, b.ID, "The car is in the workshop."); err != nil || got.State != exodrive.Cancelled {
			t.Errorf("cancelled: %+v, %v", got, err)
		}
		if _, err := w.Quote(t.Context(), trip); err != nil {
			t.Errorf("its days: %v", err)
		}
	})
}

// What is wrong with a customer is said member by member.
func TestBookCustomer(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		r := bookingOf(freeTrip(t, w, anyCar, 2), "x")
		r.Customer = exodrive.Contact{FirstName: " ", Email: "nobody", Phone: "12 34"}
		_, err := w.Book(t.Context(), exodrive.Actor{}, r, rental.Call{})
		e, _ := errors.AsType[*exodrive.Error](err)
		if e == nil || e.Code != exodrive.Invalid || len(e.Faults) != 3 {
			t.Errorf("%v: %+v", err, e)
		}
		r.CarID = "no-such-car"
		r.Customer = bookingOf(r.TripRequest, "maria").Customer
		r.Customer.LastName = ""
		if err := bookErr(w.Book(t.Context(), exodrive.Actor{}, r, rental.Call{})); exodrive.CodeOf(err) != exodrive.NotFound {
			t.Errorf("no such car: %v", err)
		}
	})
}

// Who may only read a booking cannot act as its renter, and a hold that ran out is no
// booking any more once its pick-up is over.
//
// Red when: a record has its links for everybody; or only the state is asked.
func TestWhatReadersAndLateStaffCannot(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		b := w.held(t, freeTrip(t, w, anyCar, 3), "maria")
		if r, err := w.BookingRecord(t.Context(), as(exodrive.ScopeOperate), b.ID); err != nil || r.ID != b.ID || r.Token != "" || r.ReviewToken != "" {
			t.Errorf("a reader gets %+v, %v", r, err)
		}
		if r, err := w.BookingRecord(t.Context(), as(exodrive.ScopeBook), b.ID); err != nil || r.Token != b.Token {
			t.Errorf("who may book gets %+v, %v", r, err)
		}
		w.clock.Set(b.Pickup.At.Add(time.Minute))
		if _, err := w.RunJobs(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := w.ConfirmBooking(t.Context(), as(exodrive.ScopeBook), b.ID); exodrive.CodeOf(err) != exodrive.Conflict {
			t.Errorf("confirmed after its pick-up: %v", err)
		}
	})
}
