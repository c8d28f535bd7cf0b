package rental_test

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
)

// neighbours are cars that live where another one does, cheapest rules first come.
func neighbours(t testing.TB, w *world, slug string, n int) (slugs []string) {
	t.Helper()
	home := car(t, slug).LocationID
	for _, c := range fleet().Cars {
		if c.LocationID == home && c.Slug != slug && c.Available && !c.Hidden && c.MinimumDays <= 2 && len(slugs) < n {
			slugs = append(slugs, c.Slug)
		}
	}
	if len(slugs) < n {
		t.Fatalf("beside %s live only %v", slug, slugs)
	}
	return slugs
}

// eventOf is the one event of a kind that happened to a booking.
func eventOf(t testing.TB, r *rental.BookingRecord, kind string) exodrive.Happened {
	t.Helper()
	i := slices.IndexFunc(r.Events, func(e exodrive.Happened) bool { return e.Event == kind })
	if i < 0 {
		t.Fatalf("no %s happened: %+v", kind, r.Events)
	}
	return r.Events[i]
}

// Staff gives a booking another car: the renter's price, terms and link stay, the old car
// is free, and the event says what was and what is. A later change still goes by the price
// of the car that was booked.
func TestSwapCar(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		trip := freeTrip(t, w, anyCar, 4)
		b := w.held(t, trip, "maria")
		other := neighbours(t, w, anyCar, 1)[0]
		asked, err := w.QuoteChange(ctx, b.Token, longer(trip, 1))
		if err != nil {
			t.Fatal(err)
		}
		wantCode(t, "the version before", recordErr(w.SwapCar(ctx, desk, b.ID, b.Version+1, rental.Swap{CarID: other, Reason: "x"})), exodrive.Stale)
		got, err := w.SwapCar(ctx, desk, b.ID, b.Version, rental.Swap{CarID: other, Reason: "A puncture."})
		if err != nil {
			t.Fatal(err)
		}
		if got.Car.Slug != other || got.Total != b.Total || !slices.Equal(got.Lines, b.Lines) || got.Token != b.Token || !slices.Equal(got.Rules, b.Rules) || got.Deposit != b.Deposit {
			t.Errorf("it became %+v", got.BookingView)
		}
		e := eventOf(t, got, string(exodrive.SwapCar))
		after, _ := json.Marshal(e)
		if e.Reason != "A puncture." || !strings.Contains(string(after), b.Car.ID) || !strings.Contains(string(after), got.Car.ID) {
			t.Errorf("the event: %s", after)
		}
		agrees(t, w)
		w.held(t, trip, "next") // the old car
		later, err := w.QuoteChange(ctx, b.Token, longer(trip, 1))
		if err != nil || later.Total != asked.Total {
			t.Errorf("a day more costs %+v, %v; before the swap it was %v", later, err, asked.Total)
		}
		wantCode(t, "back to a car that is taken", recordErr(w.SwapCar(ctx, desk, b.ID, rental.AnyVersion, rental.Swap{CarID: anyCar, Reason: "x"})), exodrive.DatesTaken)
		priced, err := w.SwapCar(ctx, desk, b.ID, rental.AnyVersion, rental.Swap{
			CarID: neighbours(t, w, anyCar, 2)[1], Reason: "The renter wants it.", Leave: exodrive.Leave{Price: exodrive.PriceByTerms, Waive: []exodrive.Waiver{exodrive.WaiveMinimum}},
		})
		if err != nil || slices.Equal(priced.Lines, b.Lines) || priced.Total.Amount < b.Total.Amount {
			t.Errorf("at the price of the new car: %+v, %v", priced, err)
		}
		agrees(t, w)
	})
}

// What is wrong with a swap or a move by staff is said; a limit that is set aside is none.
func TestStaffSetsLimitsAside(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		strict := fleet().Cars[slices.IndexFunc(fleet().Cars, func(c exodrive.Car) bool { return c.MinimumDays > 1 && c.Available && !c.Hidden })].Slug
		trip := freeTrip(t, w, strict, 4)
		b := w.held(t, trip, "maria")
		swap := func(carID string, leave ...exodrive.Waiver) error {
			return recordErr(w.SwapCar(ctx, desk, b.ID, rental.AnyVersion, rental.Swap{CarID: carID, Reason: "x", Leave: exodrive.Leave{Waive: leave}}))
		}
		move := func(c exodrive.TripChange, leave exodrive.Leave) (*rental.BookingRecord, error) {
			return w.ChangeForRenter(ctx, desk, b.ID, rental.AnyVersion, rental.StaffChange{TripChange: c, Leave: leave, Reason: "x"})
		}
		for name, c := range map[string]struct {
			err  error
			code exodrive.Code
		}{
			"no such car":  {swap("no-such-car"), exodrive.NotFound},
			"the same car": {swap(strict), exodrive.Invalid},
			"archived":     {swap(hiddenCar), exodrive.Conflict},
			"in service":   {swap(unavailableCar, exodrive.WaivePlace), exodrive.Conflict},
			"nobody":       {recordErr(w.SwapCar(ctx, exodrive.Actor{}, b.ID, 0, rental.Swap{CarID: anyCar})), exodrive.Unauthenticated},
			"no such booking": {recordErr(w.SwapCar(ctx, desk, "bkg_0000000000000000", 0, rental.Swap{CarID: neighbours(t, w, strict, 1)[0]})),
				exodrive.NotFound},
			"too short":     {recordErr(move(exodrive.TripChange{EndDate: trip.StartDate + 1}, exodrive.Leave{})), exodrive.Invalid},
			"too far ahead": {recordErr(move(exodrive.TripChange{StartDate: trip.StartDate + 500, EndDate: trip.EndDate + 500}, exodrive.Leave{})), exodrive.Invalid},
			"too long":      {recordErr(move(longer(trip, 100), exodrive.Leave{})), exodrive.Invalid},
			"nothing":       {recordErr(move(exodrive.TripChange{}, exodrive.Leave{})), exodrive.Invalid},
		} {
			wantCode(t, name, c.err, c.code)
		}
		if got, err := move(exodrive.TripChange{EndDate: trip.StartDate + 1}, exodrive.Leave{Waive: []exodrive.Waiver{exodrive.WaiveMinimum}}); err != nil || got.Days != 1 {
			t.Errorf("one day: %+v, %v", got, err)
		}
		ahead := exodrive.TripChange{StartDate: trip.StartDate + 500, EndDate: trip.StartDate + 600}
		both := exodrive.Leave{Waive: []exodrive.Waiver{exodrive.WaiveAhead, exodrive.WaiveLongest}, Price: exodrive.PriceKept}
		total := b.Total.Amount
		got, err := move(ahead, both)
		if err != nil || got.Days != 100 || !strings.Contains(string(must(json.Marshal(got.Events))), "lookAhead") {
			t.Errorf("far and long: %+v, %v", got, err)
		}
		less := int64(1)
		if got, err = move(exodrive.TripChange{}, exodrive.Leave{Total: &less}); err != nil || got.Total.Amount != 1 || sum(got.Lines) != 1 {
			t.Errorf("for a cent instead of %d: %+v, %v", total, got, err)
		}
		agrees(t, w)
	})
}

func must(b []byte, _ error) []byte { return b }

func sum(lines []exodrive.Line) (n int64) {
	for _, l := range lines {
		if !l.Included {
			n += l.Amount.Amount
		}
	}
	return n
}

// Two swaps that cross again and again never meet a deadlock, not even one that the store
// would have hidden by trying again: each car is given back and taken while the other swap
// does the opposite. On Postgres that is a race.
//
// Red when: lockBooking locks the cars in the order in which they are named.
func TestSwapsThatCross(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "fleet", seeded, func(t *testing.T, url string) {
		w, ctx := newWorld(t, url), t.Context()
		trip := freeTrip(t, w, anyCar, 3)
		there := neighbours(t, w, anyCar, 1)[0]
		cars := []string{anyCar, there}
		apart := trip
		apart.CarID, apart.StartDate, apart.EndDate = there, trip.StartDate+8, trip.EndDate+8
		bookings := []*rental.BookingView{w.held(t, trip, "here"), w.held(t, apart, "there")}
		var all sync.WaitGroup
		for i, b := range bookings {
			for at := range 2 { // whoever comes second finds it swapped already
				all.Go(func() {
					for n := range 15 {
						err := recordErr(w.SwapCar(ctx, desk, b.ID, rental.AnyVersion, rental.Swap{CarID: cars[(i+n+at+1)%2], Reason: "x"}))
						if code := exodrive.CodeOf(err); code != "" && code != exodrive.Invalid {
							t.Errorf("swap %d of %s: %v", n, b.ID, err)
						}
					}
				})
			}
		}
		all.Wait()
		agrees(t, w)
		if n := deadlocks(t, url, w); n > 0 {
			t.Errorf("%d deadlocks", n)
		}
	})
}

// deadlocks closes a world and tells how many deadlocks its database met. A connection
// tells the server when it ends at the latest.
func deadlocks(t testing.TB, url string, w *world) (n int) {
	t.Helper()
	if strings.HasPrefix(url, "sqlite:") {
		return 0 // there is one writer
	}
	w.cache.Close()
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	p := newPrompt(t, url)
	for others := 1; others > 0; {
		p.scan(&others, `SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`)
	}
	p.scan(&n, `SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`)
	return n
}

// A booking that was not asked for here, as those of the demo, can be moved as well: its
// trip is read off its days, and what cancelling costs off the policy.
func TestMoveABookingFromElsewhere(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		rows, _, err := w.Bookings(ctx, desk, exodrive.BookingQuery{States: []exodrive.BookingState{exodrive.Confirmed}, From: today + 10}, firstPage)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			ask := rental.StaffChange{TripChange: exodrive.TripChange{EndDate: row.LastDay + 2}, Reason: "x"}
			got, err := w.ChangeForRenter(ctx, desk, row.ID, row.Version, ask)
			if exodrive.CodeOf(err) == exodrive.DatesTaken {
				continue
			}
			if err != nil || got.LastDay != row.LastDay+1 || got.FirstDay != row.FirstDay || len(got.Cancellation) == 0 {
				t.Errorf("%+v: %+v, %v", row, got, err)
			}
			agrees(t, w)
			return
		}
		t.Error("no booking of the demo can be longer")
	})
}

// A link that was revoked opens, changes and cancels nothing; the new one does.
func TestRenewLink(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		trip := freeTrip(t, w, anyCar, 3)
		b := w.held(t, trip, "maria")
		refusalOf(t, recordErr(w.RenewLink(ctx, as(exodrive.ScopeRead), b.ID, "x")), exodrive.Forbidden)
		got, err := w.RenewLink(ctx, desk, b.ID, "The renter forwarded the mail.")
		if err != nil || got.Token == b.Token || got.State != b.State || eventOf(t, got, "renew_link").Reason != "The renter forwarded the mail." {
			t.Fatalf("%+v, %v", got, err)
		}
		change := rental.ChangeRequest{TripChange: longer(trip, 1)}
		for what, err := range map[string]error{
			"read": bookErr(w.Booking(ctx, b.Token)), "change": bookErr(w.ChangeBooking(ctx, b.Token, change, rental.Call{})),
			"quote": quoteErr(w.QuoteChange(ctx, b.Token, change.TripChange)), "cancel": bookErr(w.CancelBooking(ctx, b.Token)),
		} {
			wantCode(t, what, err, exodrive.NotFound)
		}
		if got, err := w.ChangeBooking(ctx, got.Token, change, rental.Call{}); err != nil || got.Days != 4 {
			t.Errorf("by the new link: %+v, %v", got, err)
		}
	})
}

func quoteErr(_ *exodrive.SignedChange, err error) error { return err }

// A hold whose pick-up moves ahead of its end ends with the pick-up, by a job of its own.
func TestChangedHoldEndsInTime(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		trip := freeTrip(t, w, anyCar, 3)
		b := w.held(t, trip, "maria")
		tomorrow, at := today+1, exodrive.Clock(6*60)
		soon := rental.StaffChange{TripChange: exodrive.TripChange{StartDate: tomorrow, EndDate: tomorrow + 3, PickupTime: &at}, Reason: "x"}
		free := neighbours(t, w, anyCar, 1)[0]
		if _, err := w.ChangeForRenter(t.Context(), desk, b.ID, b.Version, soon); exodrive.CodeOf(err) == exodrive.DatesTaken {
			t.Skipf("%s is taken tomorrow; %s", anyCar, free)
		} else if err != nil {
			t.Fatal(err)
		}
		got, err := w.Booking(t.Context(), b.Token)
		if err != nil || !got.HoldUntil.Equal(got.Pickup.At) || !got.HoldUntil.Before(*b.HoldUntil) {
			t.Fatalf("held until %v, %v; the pick-up is at %v", got.HoldUntil, err, got.Pickup.At)
		}
		w.clock.Advance(got.Pickup.At.Sub(now) + time.Millisecond)
		if _, err := w.RunJobs(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, err = w.Booking(t.Context(), b.Token); err != nil || got.State != exodrive.Expired {
			t.Errorf("at its pick-up it is %s, %v", got.State, err)
		}
		agrees(t, w)
	})
}

// A car that is out can be kept longer while the days are free, whoever handed it over
// before its day; nothing else of the trip can change.
func TestExtendWhileOut(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		trip := freeTrip(t, w, anyCar, 3)
		b := w.held(t, trip, "maria")
		if _, err := w.ConfirmBooking(ctx, desk, b.ID); err != nil {
			t.Fatal(err)
		}
		w.clock.Set(b.Pickup.At.Add(-24 * time.Hour))
		if _, err := w.HandOver(ctx, desk, b.ID, unpaid(rental.HandOverRequest{Odometer: 40_000, Fuel: 8, Waive: []exodrive.HandOverCheck{exodrive.CheckPickupDay, exodrive.CheckOdometer}, Reason: "He was here."})); err != nil {
			t.Fatal(err)
		}
		extend := rental.ChangeRequest{TripChange: longer(trip, 2)}
		got, err := w.ChangeBooking(ctx, b.Token, extend, rental.Call{})
		if err != nil || got.LastDay != b.LastDay+2 || got.FirstDay != b.FirstDay-1 || got.State != exodrive.Active || got.Days != 5 || got.Total.Amount <= b.Total.Amount {
			t.Errorf("extended: %+v, %v", got, err)
		}
		agrees(t, w)
		refusalOf(t, bookErr(w.ChangeBooking(ctx, b.Token, rental.ChangeRequest{TripChange: exodrive.TripChange{StartDate: trip.StartDate + 1}}, rental.Call{})), exodrive.Conflict)
		short, err := w.ChangeBooking(ctx, b.Token, rental.ChangeRequest{TripChange: exodrive.TripChange{EndDate: trip.EndDate}}, rental.Call{})
		if err != nil || short.LastDay != b.LastDay || short.Total != got.Total {
			t.Errorf("shortened again: %+v, %v; want the price to stay %v", short, err, got.Total)
		}
		if short.Back.LateDay.Amount > min(got.Back.LateDay.Amount, b.Back.LateDay.Amount) || !short.Back.PaidUntil.Equal(b.Back.PaidUntil) || short.Days != 5 {
			t.Errorf("shortened, a late day costs %v after %v, with %d days paid for; want %v after %v and 5", short.Back.LateDay, short.Back.PaidUntil, short.Days, got.Back.LateDay, b.Back.PaidUntil)
		}
		agrees(t, w)
		// Who gave days back and keeps the car until their end pays for them like anybody.
		w.clock.Set(got.Return.At)
		r, err := w.TakeBack(ctx, desk, b.ID, rental.TakeBackRequest{Odometer: 40_000, Fuel: 8})
		if err != nil || len(r.Charges) != 1 || r.Charges[0].Kind != exodrive.ChargeLate || r.Charges[0].Quantity != 2 {
			t.Errorf("back two days late: %+v, %v", r, err)
		}
	})
}

// Who keeps a car that left before its day, and cannot have it as long as he asks, is told
// how long he can.
//
// Red when: the days since it left are taken for other days than those of the trip.
func TestShorterExtensionWhileOut(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		trip := freeTrip(t, w, anyCar, 3)
		b := w.held(t, trip, "maria")
		other := w.held(t, exodrive.TripRequest{CarID: anyCar, StartDate: trip.EndDate + 5, EndDate: trip.EndDate + 8}, "other")
		if _, err := w.ConfirmBooking(ctx, desk, b.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := w.ConfirmBooking(ctx, desk, other.ID); err != nil {
			t.Fatal(err)
		}
		w.clock.Set(b.Pickup.At.Add(-24 * time.Hour))
		if _, err := w.HandOver(ctx, desk, b.ID, unpaid(rental.HandOverRequest{Odometer: 40_000, Fuel: 8, Waive: []exodrive.HandOverCheck{exodrive.CheckPickupDay, exodrive.CheckOdometer}, Reason: "He was here."})); err != nil {
			t.Fatal(err)
		}
		_, quoted := w.QuoteChange(ctx, b.Token, longer(trip, 6))
		_, made := w.ChangeBooking(ctx, b.Token, rental.ChangeRequest{TripChange: longer(trip, 6)}, rental.Call{})
		for what, err := range map[string]error{"quoted": quoted, "made": made} {
			days := refusalOf(t, err, exodrive.DatesTaken).Alternatives.OtherDays
			if len(days) != 1 || days[0].StartDate != trip.StartDate || days[0].EndDate <= trip.EndDate {
				t.Fatalf("%s: instead are offered %v", what, days)
			}
			if _, err := w.QuoteChange(ctx, b.Token, exodrive.TripChange{EndDate: days[0].EndDate}); err != nil {
				t.Errorf("%s: until %s, %v", what, days[0].EndDate, err)
			}
			if err := quoteErr(w.QuoteChange(ctx, b.Token, exodrive.TripChange{EndDate: days[0].EndDate + 1})); exodrive.CodeOf(err) != exodrive.DatesTaken {
				t.Errorf("%s: a day longer than %s, %v", what, days[0].EndDate, err)
			}
		}
	})
}

// A car that is still out, overdue, cannot be given to a renter who waits for one, though
// its days are free.
//
// Red when: SwapCar asks for the days alone.
func TestSwapToACarThatIsOut(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		first := freeTrip(t, w, anyCar, 3)
		late := w.held(t, first, "late")
		other := neighbour(t)
		next := first
		next.CarID, next.StartDate, next.EndDate = other.ID, first.EndDate+4, first.EndDate+7
		b, err := w.Book(ctx, exodrive.Actor{}, bookingOf(next, "maria"), rental.Call{})
		if err != nil {
			t.Fatal(err)
		}
		for _, of := range []*rental.BookingView{late, b} {
			if _, err := w.ConfirmBooking(ctx, desk, of.ID); err != nil {
				t.Fatal(err)
			}
		}
		for _, of := range []*rental.BookingView{late, b} {
			w.clock.Set(of.Pickup.At)
			if _, err := w.HandOver(ctx, desk, of.ID, unpaid(rental.HandOverRequest{Odometer: 40_000, Fuel: 8, Waive: []exodrive.HandOverCheck{exodrive.CheckOdometer}, Reason: "It was lent to another house."})); err != nil {
				t.Fatal(err)
			}
		}
		_, err = w.SwapCar(ctx, desk, b.ID, rental.AnyVersion, rental.Swap{CarID: late.Car.ID, Reason: "A puncture."})
		if exodrive.CodeOf(err) != exodrive.Conflict || !strings.Contains(err.Error(), late.ID) {
			t.Errorf("refused with %v", err)
		}
	})
}
