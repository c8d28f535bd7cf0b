package rental_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/rental"
)

// Renter and staff read back what was booked, as a change sends it: the ids of the extras,
// the coupon, the driver's birth date, with all changes since, and that it was the renter
// who booked. Who may only read gets no birth date.
//
// Red when: the view of a booking leaves its trip out, or has it as it was before a change
// or a swap, a read-only token gets the birth date, or nobody booked.
func TestTripIsReadBack(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		extras, coupons := fleet().Extras, fleet().Coupons
		trip := freeTrip(t, w, anyCar, 4)
		trip.Extras = []exodrive.ExtraRequest{{ID: extras[0].ID, Quantity: 1}}
		trip.DriverBirthDate = exodrive.MustDate("1980-02-28")
		if i := slices.IndexFunc(coupons, func(c exodrive.Coupon) bool { return c.CarID == "" && c.ValidUntil == 0 && c.MaxUses == 0 && c.Active }); i >= 0 {
			trip.Coupon = coupons[i].Code
		} else {
			t.Fatalf("no coupon holds for every trip: %+v", coupons)
		}
		b := w.held(t, trip, "maria")
		reads := func(what string, got exodrive.TripRequest, want exodrive.TripRequest) {
			t.Helper()
			if got.CarID != want.CarID || got.StartDate != want.StartDate || got.EndDate != want.EndDate || got.PickupTime == nil || got.ReturnTime == nil ||
				got.PickupLocation == "" || !slices.Equal(got.Extras, want.Extras) || got.Coupon != want.Coupon || got.DriverBirthDate != want.DriverBirthDate {
				t.Errorf("%s reads %+v, want %+v", what, got, want)
			}
		}
		made, err := w.BookingRecord(ctx, desk, b.ID)
		if err != nil {
			t.Fatal(err)
		}
		if first := eventOf(t, made, "book"); first.By != "renter" {
			t.Errorf("the booking was made by %q", first.By)
		}
		trip.CarID = b.Car.ID
		reads("who booked", b.Trip, trip)
		more := exodrive.TripChange{EndDate: trip.EndDate + 1, Extras: append(slices.Clone(b.Trip.Extras), exodrive.ExtraRequest{ID: extras[1].ID, Quantity: 1})}
		if _, err := w.ChangeBooking(ctx, b.Token, rental.ChangeRequest{TripChange: more}, rental.Call{}); err != nil {
			t.Fatal(err)
		}
		trip.EndDate, trip.Extras = more.EndDate, more.Extras
		swapped, err := w.SwapCar(ctx, desk, b.ID, rental.AnyVersion, rental.Swap{CarID: neighbours(t, w, anyCar, 1)[0], Reason: "A puncture."})
		if err != nil {
			t.Fatal(err)
		}
		trip.CarID = swapped.Car.ID
		reads("staff", swapped.Trip, trip)
		open, err := w.Booking(ctx, b.Token)
		if err != nil {
			t.Fatal(err)
		}
		reads("the renter", open.Trip, trip)
		record, err := w.BookingRecord(ctx, exodrive.Actor{ID: "tok", Name: "reader", Scopes: []exodrive.Scope{exodrive.ScopeRead}}, b.ID)
		if err != nil {
			t.Fatal(err)
		}
		trip.DriverBirthDate = 0
		reads("who may only read", record.Trip, trip)
	})
}

// Who is refused days that somebody has is pointed to a member that his request has, or to
// none, and is told what to do.
//
// Red when: the refusal points to startDate whatever was sent, or names the days alone.
func TestTakenDaysPointToWhatWasSent(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		trip := freeTrip(t, w, anyCar, 4)
		b := w.held(t, trip, "maria")
		w.held(t, exodrive.TripRequest{CarID: anyCar, StartDate: trip.EndDate + 2, EndDate: trip.EndDate + 6}, "next")
		other := neighbours(t, w, anyCar, 1)[0]
		w.held(t, exodrive.TripRequest{CarID: other, StartDate: trip.StartDate, EndDate: trip.EndDate}, "there")
		lost := w.held(t, exodrive.TripRequest{CarID: anyCar, StartDate: trip.EndDate + 20, EndDate: trip.EndDate + 22}, "lost")
		late, both := longer(trip, 3), exodrive.TripChange{StartDate: trip.StartDate + 1, EndDate: trip.EndDate + 3}
		_, quoted := w.Quote(ctx, trip)
		refusals := map[string]error{
			"book":       bookErr(w.Book(ctx, exodrive.Actor{}, bookingOf(trip, "otto"), rental.Call{})),
			"quote":      quoted,
			"asked":      quoteErr(w.QuoteChange(ctx, b.Token, late)),
			"renter":     bookErr(w.ChangeBooking(ctx, b.Token, rental.ChangeRequest{TripChange: late}, rental.Call{})),
			"both dates": bookErr(w.ChangeBooking(ctx, b.Token, rental.ChangeRequest{TripChange: both}, rental.Call{})),
			"staff":      recordErr(w.ChangeForRenter(ctx, desk, b.ID, rental.AnyVersion, rental.StaffChange{TripChange: late, Reason: "x"})),
			"swap":       recordErr(w.SwapCar(ctx, desk, b.ID, rental.AnyVersion, rental.Swap{CarID: other, Reason: "x"})),
		}
		w.clock.Set(*lost.HoldUntil)
		if _, err := w.SweepHolds(ctx); err != nil {
			t.Fatal(err)
		}
		if err := second(w.BlockDays(ctx, admin, lost.Car.ID, rental.BlockRequest{Block: rental.Block{Start: lost.FirstDay, End: lost.FirstDay}})); err != nil {
			t.Fatal(err)
		}
		refusals["confirm"] = bookErr(w.ConfirmBooking(ctx, desk, lost.ID))
		for what, want := range map[string][2]string{
			"book": {"/startDate", "Take other days, or another car."}, "quote": {"/startDate", "Take other days"},
			"asked": {"/endDate", "other days"}, "renter": {"/endDate", "other days"}, "both dates": {"/startDate", "other days"},
			"staff": {"/endDate", "Take other days, or another car."}, "swap": {"/carId", "another car"},
			"confirm": {"", "book its trip anew"},
		} {
			e, _ := errors.AsType[*exodrive.Error](refusals[what])
			if e == nil || e.Code != exodrive.DatesTaken || e.Field != want[0] || !strings.Contains(e.Message, want[1]) {
				t.Errorf("%s: %+v, want it on %q to say %q", what, refusals[what], want[0], want[1])
			}
		}
	})
}
