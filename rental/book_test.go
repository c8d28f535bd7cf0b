package rental_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/rental"
	"github.com/exodrive/exodrive/sqlstore"
)

// freeTrip are days far ahead on which a car of the demo fleet is free.
func freeTrip(t testing.TB, w *world, slug string, days int) exodrive.TripRequest {
	t.Helper()
	return freeTripAfter(t, w, slug, days, today.Add(200))
}

// freeTripAfter is freeTrip from a day on.
func freeTripAfter(t testing.TB, w *world, slug string, days int, first exodrive.Date) exodrive.TripRequest {
	t.Helper()
	car, err := w.store.CarTerms(t.Context(), slug)
	if err != nil {
		t.Fatal(err)
	}
	for from := first; from < first.Add(200); from++ {
		taken, err := w.store.TakenDays(t.Context(), car.ID, exodrive.Days{Start: from - 10, End: from.Add(days + 40)}, "")
		if err != nil {
			t.Fatal(err)
		}
		if len(taken) == 0 {
			return exodrive.TripRequest{CarID: slug, StartDate: from, EndDate: from.Add(days)}
		}
	}
	t.Fatalf("%s is never free", slug)
	return exodrive.TripRequest{}
}

const anyCar = "ferrari-296-gtb"

func bookingOf(r exodrive.TripRequest, name string) rental.BookRequest {
	return rental.BookRequest{TripRequest: r, Customer: exodrive.Contact{
		FirstName: strings.ToUpper(name[:1]) + name[1:], LastName: "Keller", Email: name + "@example.com", Phone: "+1 305 555 0142",
	}}
}

func refusalOf(t testing.TB, err error, code exodrive.Code) exodrive.Refusal {
	t.Helper()
	e, _ := errors.AsType[*exodrive.Error](err)
	if e == nil || e.Code != code {
		t.Fatalf("%v, want %s", err, code)
	}
	if e.Refusal == nil {
		return exodrive.Refusal{}
	}
	return *e.Refusal
}

// From the quote to the booking: the price that was promised is the price of the
// booking, its days are gone for everybody else, and its link opens it.
func TestBook(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		trip := freeTrip(t, w, anyCar, 4)
		q, err := w.Quote(t.Context(), trip)
		if err != nil {
			t.Fatal(err)
		}
		r := bookingOf(trip, "Maria")
		r.Customer.Email, r.Quote = " Maria@Example.com ", q.Text
		b, err := w.Book(t.Context(), exodrive.Actor{}, r, rental.Call{Address: "203.0.113.7"})
		if err != nil {
			t.Fatal(err)
		}
		if b.State != exodrive.Held || b.Total != q.Total || b.HoldUntil == nil || !b.HoldUntil.Equal(now.Add(24*time.Hour)) || b.Customer.Email != "maria@example.com" {
			t.Errorf("the booking: %+v", b)
		}
		if !slices.Equal(b.Lines, q.Lines) || b.FirstDay != q.FirstDay || !slices.Equal(b.Rules, q.Rules) {
			t.Errorf("the booking says %+v, the quote %+v", b, q)
		}
		again, err := w.Booking(t.Context(), b.Token)
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(b, again); diff != "" {
			t.Errorf("its link opens another booking than was answered (-answered +opened):\n%s", diff)
		}
		if b.Payment != exodrive.Unpaid {
			t.Errorf("nobody paid, and the payment is %s", b.Payment)
		}
		for _, wrong := range []string{"", b.ID, b.ID + ".", b.Token + "A", b.Token[:len(b.Token)-1], "bkg_0000000000000000." + strings.Split(b.Token, ".")[1]} {
			if _, err := w.Booking(t.Context(), wrong); exodrive.CodeOf(err) != exodrive.NotFound {
				t.Errorf("%q: %v", wrong, err)
			}
		}

		// The day of return and the turnaround after it are nobody's, the day before is free.
		late := bookingOf(exodrive.TripRequest{CarID: anyCar, StartDate: trip.EndDate - 1, EndDate: trip.EndDate + 3}, "Late")
		refusal := refusalOf(t, bookErr(w.Book(t.Context(), exodrive.Actor{}, late, rental.Call{})), exodrive.DatesTaken)
		if !slices.Contains(refusal.TakenDays, trip.EndDate-1) || len(refusal.Alternatives.OtherDays) != 3 || len(refusal.Alternatives.OtherCars) == 0 {
			t.Errorf("the refusal: %+v", refusal)
		}
		for _, d := range refusal.Alternatives.OtherDays {
			if _, err := w.Quote(t.Context(), exodrive.TripRequest{CarID: anyCar, StartDate: d.StartDate, EndDate: d.EndDate}); err != nil {
				t.Errorf("the alternative %v is refused: %v", d, err)
			}
		}
		for _, c := range refusal.Alternatives.OtherCars {
			if c.Price == nil || c.Slug == anyCar {
				t.Errorf("the alternative %+v", c)
			}
		}
	})
}

func bookErr(_ *rental.BookingView, err error) error { return err }

// Nobody pays another price than he saw: what has changed since is refused, with the
// quote that holds now; what is forged or for another trip is no quote.
func TestBookAtTheQuotedPrice(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		trip := freeTrip(t, w, anyCar, 4)
		q, err := w.Quote(t.Context(), trip)
		if err != nil {
			t.Fatal(err)
		}
		book := func(change func(*rental.BookRequest)) error {
			r := bookingOf(trip, "maria")
			r.Quote = q.Text
			change(&r)
			return bookErr(w.Book(t.Context(), exodrive.Actor{}, r, rental.Call{}))
		}
		refusalOf(t, book(func(r *rental.BookRequest) { r.EndDate++ }), exodrive.Invalid)
		refusalOf(t, book(func(r *rental.BookRequest) { r.Quote = r.Quote[:len(r.Quote)-2] + "AA" }), exodrive.Invalid)
		less := exodrive.Money{Amount: q.Total.Amount - 1, Currency: q.Total.Currency}
		if got := refusalOf(t, book(func(r *rental.BookRequest) { r.Quote, r.ExpectedTotal = "", &less }), exodrive.PriceChanged); got.NewQuote == nil || got.NewQuote.Total != q.Total {
			t.Errorf("a price that the browser made up: %+v", got)
		}
		car, err := w.store.CarTerms(t.Context(), anyCar)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.store.Tx(t.Context(), func(tx *sqlstore.Tx) error {
			return tx.SetOverrides(t.Context(), car.ID, exodrive.Days{Start: trip.StartDate, End: trip.StartDate + 1}, 12345_00)
		}); err != nil {
			t.Fatal(err)
		}
		changed := refusalOf(t, book(func(*rental.BookRequest) {}), exodrive.PriceChanged)
		if changed.NewQuote == nil || changed.NewQuote.Total.Amount <= q.Total.Amount {
			t.Fatalf("the new quote: %+v", changed.NewQuote)
		}
		w.clock.Advance(31 * time.Minute)
		if got := refusalOf(t, book(func(*rental.BookRequest) {}), exodrive.QuoteExpired); got.NewQuote == nil {
			t.Error("an old quote is refused without a new one")
		}
		if err := book(func(r *rental.BookRequest) {
			r.Quote = refusalOf(t, book(func(*rental.BookRequest) {}), exodrive.QuoteExpired).NewQuote.Text
		}); err != nil {
			t.Errorf("at the new quote: %v", err)
		}
	})
}

// Whoever comes first has the days: of many overlapping bookings at once, on the same
// and on other cars, those that were accepted never share a day, and every refusal says
// which days are gone. On Postgres that is a race.
//
// Red when: Book does not lock the car (then the index still refuses, with an error that
// is no refusal) and neither index nor constraint is there (then days are shared).
func TestBookRaces(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		trip := freeTrip(t, w, anyCar, 12)
		var all sync.WaitGroup
		var mu sync.Mutex
		taken := map[exodrive.Date]string{}
		for i := range 40 {
			all.Go(func() {
				r := trip
				r.StartDate = trip.StartDate.Add(i % 9)
				r.EndDate = r.StartDate.Add(2 + i%3)
				b, err := w.Book(t.Context(), exodrive.Actor{}, bookingOf(r, fmt.Sprint("renter", i)), rental.Call{Address: fmt.Sprint(i)})
				mu.Lock()
				defer mu.Unlock()
				if exodrive.CodeOf(err) == exodrive.Busy {
					return // on a machine that has much else to do
				}
				if err != nil {
					if got := refusalOf(t, err, exodrive.DatesTaken); len(got.TakenDays) == 0 {
						t.Errorf("a refusal without days: %v", err)
					}
					return
				}
				for d := b.FirstDay; d <= b.LastDay; d++ {
					if other := taken[d]; other != "" {
						t.Errorf("%s is of %s and of %s", d, other, b.ID)
					}
					taken[d] = b.ID
				}
			})
		}
		all.Wait()
		if len(taken) == 0 {
			t.Error("nobody got a day")
		}
	})
}

// A hold that ran out takes no days from anybody, whether it was swept or not; staff
// may still confirm it while its days are free, and not after.
func TestHoldsEnd(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		staff := exodrive.Actor{ID: "usr_1", Name: "staff", Scopes: []exodrive.Scope{exodrive.ScopeBook}}
		trip := freeTrip(t, w, anyCar, 3)
		book := func(name string) *rental.BookingView {
			t.Helper()
			b, err := w.Book(t.Context(), exodrive.Actor{}, bookingOf(trip, name), rental.Call{Address: name})
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		first := book("first")
		w.clock.Advance(24*time.Hour - time.Millisecond)
		refusalOf(t, bookErr(w.Book(t.Context(), exodrive.Actor{}, bookingOf(trip, "early"), rental.Call{})), exodrive.DatesTaken)
		w.clock.Advance(time.Millisecond)
		second := book("second") // nobody swept
		if got, err := w.Booking(t.Context(), first.Token); err != nil || got.State != exodrive.Expired || got.HoldUntil != nil {
			t.Errorf("the hold that ran out: %+v, %v", got, err)
		}
		refusalOf(t, bookErr(w.ConfirmBooking(t.Context(), staff, first.ID)), exodrive.DatesTaken)
		w.clock.Advance(24 * time.Hour)
		if n, err := w.RunJobs(t.Context()); n < 3 || err != nil {
			t.Errorf("%d jobs ran, %v; want those of these two holds and of the demo's", n, err)
		}
		if got, err := w.Booking(t.Context(), second.Token); err != nil || got.State != exodrive.Expired {
			t.Errorf("the hold that ended: %+v, %v", got, err)
		}
		if n, err := w.SweepHolds(t.Context()); n != 0 || err != nil {
			t.Errorf("%d cars have holds that should be over, %v", n, err)
		}
		if got, err := w.ConfirmBooking(t.Context(), staff, first.ID); err != nil || got.State != exodrive.Confirmed {
			t.Errorf("a late confirmation: %+v, %v", got, err)
		}
		refusalOf(t, bookErr(w.ConfirmBooking(t.Context(), staff, first.ID)), exodrive.Conflict)
		refusalOf(t, bookErr(w.ConfirmBooking(t.Context(), staff, second.ID)), exodrive.DatesTaken)
		refusalOf(t, bookErr(w.ConfirmBooking(t.Context(), exodrive.Actor{}, second.ID)), exodrive.Unauthenticated)
		if got, err := w.CancelBooking(t.Context(), first.Token); err != nil || got.State != exodrive.Cancelled {
			t.Errorf("cancelled: %+v, %v", got, err)
		}
		refusalOf(t, bookErr(w.CancelBooking(t.Context(), first.Token)), exodrive.Conflict)
		book("third")
	})
}
