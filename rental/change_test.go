package rental_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
)

// longer is a trip that ends some days later.
func longer(trip exodrive.TripRequest, days int) exodrive.TripChange {
	return exodrive.TripChange{EndDate: trip.EndDate.Add(days)}
}

func (w *world) held(t testing.TB, r exodrive.TripRequest, name string) *rental.BookingView {
	t.Helper()
	b, err := w.Book(t.Context(), exodrive.Actor{}, bookingOf(r, name), rental.Call{Address: name})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A renter asks what a longer trip would cost, and has it at that price: the days come
// with it, the link stays, and a call that is sent again changes nothing more.
func TestChangeBooking(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		trip := freeTrip(t, w, anyCar, 4)
		b := w.held(t, trip, "maria")
		ask := longer(trip, 2)
		q, err := w.QuoteChange(ctx, b.Token, ask)
		if err != nil || q.Difference.Amount <= 0 || q.Before != b.Total || len(q.Words) == 0 {
			t.Fatalf("the quote: %+v, %v", q, err)
		}
		if again, err := w.Booking(ctx, b.Token); err != nil || again.Version != b.Version || again.LastDay != b.LastDay {
			t.Errorf("asking changed it: %+v, %v", again, err)
		}
		r, c := rental.ChangeRequest{TripChange: ask, Quote: q.Text}, rental.Call{Key: "one", Route: "change"}
		changed, err := w.ChangeBooking(ctx, b.Token, r, c)
		if err != nil {
			t.Fatal(err)
		}
		statuses(t, w, b, exodrive.DayHeld)
		if changed.ID != b.ID || changed.Token != b.Token || changed.State != exodrive.Held || changed.LastDay != b.LastDay+2 || changed.Total != q.Total || !slices.Equal(changed.Lines, q.Lines) ||
			!changed.HoldUntil.Equal(*b.HoldUntil) || !slices.Equal(changed.Rules, q.Rules) {
			t.Errorf("it became %+v, the quote said %+v", changed, q)
		}
		again, err := w.ChangeBooking(ctx, b.Token, r, c)
		if err != nil || again.Version != changed.Version {
			t.Errorf("sent again: %+v, %v; want version %d", again, err, changed.Version)
		}
		r.EndDate++
		refusalOf(t, bookErr(w.ChangeBooking(ctx, b.Token, r, c)), exodrive.KeyReused)
		c.Key = ""
		refusalOf(t, bookErr(w.ChangeBooking(ctx, b.Token, r, c)), exodrive.Invalid) // the quote of another change
		r.Quote = q.Text[:len(q.Text)-2] + "AA"
		refusalOf(t, bookErr(w.ChangeBooking(ctx, b.Token, r, c)), exodrive.Invalid)
		r = rental.ChangeRequest{TripChange: exodrive.TripChange{StartDate: trip.StartDate + 1}, ExpectedTotal: &exodrive.Money{Amount: 1, Currency: "USD"}}
		if got := refusalOf(t, bookErr(w.ChangeBooking(ctx, b.Token, r, c)), exodrive.PriceChanged); got.NewChange == nil || got.NewChange.Before != changed.Total {
			t.Errorf("another price is refused with %+v", got)
		}
		old, err := w.QuoteChange(ctx, b.Token, r.TripChange)
		if err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(31 * time.Minute)
		r.ExpectedTotal, r.Quote = nil, old.Text
		now := refusalOf(t, bookErr(w.ChangeBooking(ctx, b.Token, r, c)), exodrive.QuoteExpired).NewChange
		if now == nil {
			t.Fatal("an old quote is refused without a new one")
		}
		r.Quote = now.Text
		if got, err := w.ChangeBooking(ctx, b.Token, r, c); err != nil || got.FirstDay != b.FirstDay+1 {
			t.Errorf("at the new quote: %+v, %v", got, err)
		}
		agrees(t, w)
		// The day it gave back is anybody's, the day it took is nobody's.
		short := exodrive.TripRequest{CarID: anyCar, StartDate: trip.StartDate - 3, EndDate: trip.StartDate}
		w.held(t, short, "early")
		late := exodrive.TripRequest{CarID: anyCar, StartDate: trip.EndDate + 1, EndDate: trip.EndDate + 5}
		refusalOf(t, bookErr(w.Book(ctx, exodrive.Actor{}, bookingOf(late, "late"), rental.Call{})), exodrive.DatesTaken)
		agrees(t, w)
	})
}

// statuses fails unless the days of a booking have a status, and those of its turnaround
// that of maintenance.
func statuses(t testing.TB, w *world, b *rental.BookingView, rental exodrive.DayStatus) {
	t.Helper()
	stored, err := w.store.Booking(t.Context(), b.ID)
	if err != nil {
		t.Fatal(err)
	}
	calendar, err := w.store.Calendar(t.Context(), stored.CarID, exodrive.Days{Start: stored.Days.Start, End: stored.BlockedUntil})
	if err != nil {
		t.Fatal(err)
	}
	for d := stored.Days.Start; d < stored.BlockedUntil; d++ {
		want := rental
		if d >= stored.Days.End {
			want = exodrive.DayMaintenance
		}
		if got := calendar.Taken[d]; got != want {
			t.Errorf("%s is %q, want %q", d, got, want)
		}
	}
}

// A change into days that somebody has is refused with the longest trip that can be had,
// and nothing of the booking moves.
func TestChangeIntoTakenDays(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		trip := freeTrip(t, w, anyCar, 3)
		b := w.held(t, trip, "maria")
		other := w.held(t, exodrive.TripRequest{CarID: anyCar, StartDate: trip.EndDate + 4, EndDate: trip.EndDate + 7}, "other")
		r := rental.ChangeRequest{TripChange: longer(trip, 6)}
		refusal := refusalOf(t, bookErr(w.ChangeBooking(ctx, b.Token, r, rental.Call{})), exodrive.DatesTaken)
		if refusal.TakenDays[0] != other.FirstDay || len(refusal.Alternatives.OtherDays) == 0 {
			t.Fatalf("the refusal: %+v", refusal)
		}
		_, err := w.QuoteChange(ctx, b.Token, r.TripChange)
		refusalOf(t, err, exodrive.DatesTaken)
		for _, d := range refusal.Alternatives.OtherDays {
			if _, err := w.QuoteChange(ctx, b.Token, exodrive.TripChange{StartDate: d.StartDate, EndDate: d.EndDate}); err != nil {
				t.Errorf("the alternative %v is refused: %v", d, err)
			}
		}
		longest := refusal.Alternatives.OtherDays[0]
		if longest.StartDate != trip.StartDate || longest.EndDate <= trip.EndDate {
			t.Errorf("the first alternative is %v, want the same pick-up and a later return than %s", longest, trip.EndDate)
		}
		if got, err := w.Booking(ctx, b.Token); err != nil || got.Version != b.Version {
			t.Errorf("after a refusal: %+v, %v", got, err)
		}
		agrees(t, w)
	})
}

// Of a renter who extends and another who books the next days at the same moment, one has
// them, and the other is told which are gone.
//
// Red when: lockBooking does not lock the car (then the constraint still refuses the
// second, without naming the days).
func TestExtensionAgainstABooking(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		trip := freeTrip(t, w, anyCar, 3)
		b := w.held(t, trip, "maria")
		next := exodrive.TripRequest{CarID: anyCar, StartDate: trip.EndDate + 2, EndDate: trip.EndDate + 5}
		for range 4 {
			var extended, booked error
			var other *rental.BookingView
			var both sync.WaitGroup
			both.Go(func() {
				_, extended = w.ChangeBooking(ctx, b.Token, rental.ChangeRequest{TripChange: longer(trip, 3)}, rental.Call{})
			})
			both.Go(func() { other, booked = w.Book(ctx, exodrive.Actor{}, bookingOf(next, "other"), rental.Call{}) })
			both.Wait()
			switch {
			case extended == nil:
				refusalOf(t, booked, exodrive.DatesTaken)
				_, err := w.ChangeBooking(ctx, b.Token, rental.ChangeRequest{TripChange: exodrive.TripChange{EndDate: trip.EndDate}}, rental.Call{})
				if err != nil {
					t.Fatal(err)
				}
			case booked == nil:
				refusalOf(t, extended, exodrive.DatesTaken)
				if _, err := w.CancelBooking(ctx, other.Token); err != nil {
					t.Fatal(err)
				}
			default:
				t.Fatalf("neither has the days: %v; %v", extended, booked)
			}
			agrees(t, w)
		}
	})
}

// A change or a swap shows at once in the calendars of the cars that it is about, and no
// other answer is worth less for it.
func TestChangesShowInTheirCalendars(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "fleet", seeded, func(t *testing.T, url string) {
		ctx := t.Context()
		n := newNode(t, url, exotest.Clock(now))
		w := &world{n.Service, n.store, n.cache, n.clock}
		trip := freeTrip(t, w, anyCar, 4)
		others := neighbours(t, w, anyCar, 2)
		b := w.held(t, trip, "maria")
		cars := append([]string{anyCar}, others...)
		ask := exodrive.AvailabilityQuery{Start: trip.StartDate, End: trip.EndDate + 3}
		// read tells how many days of each car are taken, and which cars were read anew.
		read := func() (taken []int, anew []string) {
			for _, slug := range cars {
				calendar, err := n.Availability(ctx, slug, ask)
				if err != nil {
					t.Fatal(err)
				}
				a, err := calendar.Value()
				if err != nil {
					t.Fatal(err)
				}
				days := 0
				for _, d := range a.Days {
					if d.Status != exodrive.DayAvailable {
						days++
					}
				}
				details, err := n.Car(ctx, slug)
				if err != nil {
					t.Fatal(err)
				}
				if taken = append(taken, days); calendar.Layer != cache.Memory || details.Layer != cache.Memory {
					anew = append(anew, slug)
				}
			}
			return taken, anew
		}
		// What is loaded while somebody else writes is loaded once more.
		settled := func() []int {
			for range 1000 {
				if taken, anew := read(); len(anew) == 0 {
					return taken
				}
			}
			t.Fatal("the answers do not settle")
			return nil
		}
		shows := func(what string, want []int, concerned ...string) {
			t.Helper()
			if got, anew := read(); !slices.Equal(got, want) || !slices.Equal(anew, concerned) {
				t.Errorf("%s: %v days are taken of %v, want %v; read anew are %v, want %v", what, got, cars, want, anew, concerned)
			}
			settled()
		}
		blank := settled()
		away := func(slug string) int { return 5 + car(t, slug).TurnaroundDays }
		if _, err := w.ChangeBooking(ctx, b.Token, rental.ChangeRequest{TripChange: longer(trip, 1)}, rental.Call{}); err != nil {
			t.Fatal(err)
		}
		shows("a day more", []int{away(anyCar), blank[1], blank[2]}, anyCar)
		if _, err := w.SwapCar(ctx, desk, b.ID, rental.AnyVersion, rental.Swap{CarID: others[0], Reason: "x"}); err != nil {
			t.Fatal(err)
		}
		shows("another car", []int{0, away(others[0]), blank[2]}, anyCar, others[0])
	})
}

// A coupon is taken once however often the trip changes, also when it is used up; nobody
// else has it meanwhile.
func TestChangeKeepsTheCoupon(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		if _, err := w.CreateCoupon(ctx, admin, exodrive.CouponInput{Code: "ONCE", Percent: 20_00, MaxUses: 1, Active: true}); err != nil {
			t.Fatal(err)
		}
		trip := freeTrip(t, w, anyCar, 4)
		trip.Coupon = "once"
		b := w.held(t, trip, "maria")
		for n := range 2 {
			got, err := w.ChangeBooking(ctx, b.Token, rental.ChangeRequest{TripChange: longer(trip, n+1)}, rental.Call{})
			if err != nil || !slices.ContainsFunc(got.Lines, func(l exodrive.Line) bool { return l.Label == "Coupon ONCE" }) {
				t.Fatalf("change %d: %+v, %v", n, got, err)
			}
		}
		other := freeTrip(t, w, "ferrari-roma", 4)
		other.Coupon = "once"
		refusalOf(t, bookErr(w.Book(ctx, exodrive.Actor{}, bookingOf(other, "other"), rental.Call{})), exodrive.Conflict)
		if _, err := w.CancelBooking(ctx, b.Token); err != nil {
			t.Fatal(err)
		}
		w.held(t, other, "other")
	})
}

// Whoever changes on the last day and then cancels pays what cancelling would have cost,
// although the new pick-up is far away.
func TestChangeAndCancelCostsTheFee(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		b := confirmed(t, w, 4)
		w.clock.Set(b.Pickup.At.Add(-10 * time.Hour))
		later := exodrive.TripChange{StartDate: b.Pickup.Date + 30, EndDate: b.Return.Date + 30}
		for i := 0; ; i++ {
			got, err := w.ChangeBooking(ctx, b.Token, rental.ChangeRequest{TripChange: later}, rental.Call{})
			if exodrive.CodeOf(err) == exodrive.DatesTaken && i < 40 {
				later.StartDate, later.EndDate = later.StartDate+1, later.EndDate+1
				continue
			}
			if err != nil || got.Total.Amount < b.Total.Amount || len(got.Cancellation) == 0 || got.Cancellation[0].Fee.Amount < b.Total.Amount {
				t.Fatalf("moved: %+v, %v", got, err)
			}
			break
		}
		got, err := w.CancelBooking(ctx, b.Token)
		if err != nil || got.Account.Owed.Amount < b.Total.Amount {
			t.Errorf("cancelled: %+v, %v; want %v to be owed", got.Account, err, b.Total)
		}
		agrees(t, w)
	})
}

// A place is the same by its id and by its slug: a rental can be brought back elsewhere,
// and while the car is out nothing is wrong with naming the pick-up that was booked.
//
// Red when: only the places of the booking are read for its change; or a slug is compared
// with an id.
func TestChangeNamesPlacesEitherWay(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		trip := freeTrip(t, w, anyCar, 3)
		b := w.held(t, trip, "maria")
		home := place(car(t, anyCar).LocationID)
		away := place(home.Transfers[0].To)
		at := func(pickup, back string) exodrive.TripChange {
			return exodrive.TripChange{PickupLocation: pickup, ReturnLocation: back}
		}
		for _, ref := range []string{away.Slug, away.ID} {
			if q, err := w.QuoteChange(ctx, b.Token, at("", ref)); err != nil || q.Return.Location.ID != away.ID || q.Difference.Amount <= 0 {
				t.Errorf("back in %s: %+v, %v", ref, q, err)
			}
		}
		for _, ref := range []string{home.Slug, home.ID} {
			wantCode(t, "all as it is, at "+ref, quoteErr(w.QuoteChange(ctx, b.Token, at(ref, ref))), exodrive.Invalid)
		}
		if _, err := w.ConfirmBooking(ctx, desk, b.ID); err != nil {
			t.Fatal(err)
		}
		w.clock.Set(b.Pickup.At)
		if _, err := w.HandOver(ctx, desk, b.ID, unpaid(rental.HandOverRequest{Odometer: 40_000, Fuel: 8, Waive: []exodrive.HandOverCheck{exodrive.CheckOdometer}, Reason: "It was lent to another house."})); err != nil {
			t.Fatal(err)
		}
		wantCode(t, "another pick-up while the car is out", quoteErr(w.QuoteChange(ctx, b.Token, at(away.Slug, away.Slug))), exodrive.Conflict)
		got, err := w.ChangeBooking(ctx, b.Token, rental.ChangeRequest{TripChange: at(home.Slug, away.Slug)}, rental.Call{})
		if err != nil || got.Pickup.Location.ID != home.ID || got.Return.Location.ID != away.ID {
			t.Errorf("back in %s, while the car is out: %+v, %v", away.Slug, got, err)
		}
		agrees(t, w)
	})
}

// A price and a total at once are refused, not guessed which of them was meant.
func TestOnePriceOfAChange(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		trip := freeTrip(t, w, anyCar, 4)
		b := w.held(t, trip, "maria")
		total := int64(100_00)
		for _, price := range []exodrive.ChangePrice{exodrive.PriceByTerms, exodrive.PriceKept} {
			both := exodrive.Leave{Price: price, Total: &total}
			for what, err := range map[string]error{
				"a change": recordErr(w.ChangeForRenter(t.Context(), desk, b.ID, rental.AnyVersion, rental.StaffChange{TripChange: longer(trip, 1), Leave: both, Reason: "x"})),
				"a swap":   recordErr(w.SwapCar(t.Context(), desk, b.ID, rental.AnyVersion, rental.Swap{CarID: neighbours(t, w, anyCar, 1)[0], Leave: both, Reason: "x"})),
			} {
				if wantCode(t, what, err, exodrive.Invalid); err != nil && !strings.Contains(err.Error(), "not both") {
					t.Errorf("%s at %s and a total is refused with %v", what, price, err)
				}
			}
		}
	})
}
