package rental_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
)

// eachSlowWorld is eachWorld with two days of turnaround for anyCar, and somebody to block
// days of it.
func eachSlowWorld(t *testing.T, run func(t *testing.T, w *world, block func(from exodrive.Date, days int) *rental.BlockResult, unblock func(from exodrive.Date, days int) rental.DayCount)) {
	t.Helper()
	exotest.EachEngine(t, "fleet", seeded, func(t *testing.T, url string) {
		newPrompt(t, url).exec(`UPDATE cars SET turnaround_days = 2 WHERE slug = $1`, anyCar)
		w, id := newWorld(t, url), car(t, anyCar).ID
		run(t, w, func(from exodrive.Date, days int) *rental.BlockResult {
			t.Helper()
			r, err := w.BlockDays(t.Context(), admin, id, rental.BlockRequest{Block: rental.Block{Start: from, End: from.Add(days - 1)}})
			if err != nil {
				t.Fatal(err)
			}
			return r
		}, func(from exodrive.Date, days int) rental.DayCount {
			t.Helper()
			freed, err := w.UnblockDays(t.Context(), admin, id, rental.Block{Start: from, End: from.Add(days - 1)})
			if err != nil {
				t.Fatal(err)
			}
			return freed
		})
	})
}

// days fails unless a car's days have these letters from a day on, and days and bookings
// agree.
func (w *world) days(t testing.TB, slug string, from exodrive.Date, want string) {
	t.Helper()
	if got := w.statuses(t, slug, from, len(want)); got != want {
		t.Errorf("the days are %s, want %s", got, want)
	}
	agrees(t, w)
}

// A day in the workshop counts as turnaround behind a rental, and never as a day of it,
// whichever came first. The workshop keeps its days whatever becomes of the booking; those
// that it gives back are turnaround of the booking, until that ends.
//
// Red when: a day of the workshop behind a rental is in its way, or the other way round; a
// day that is given back is free, though it is turnaround; a booking takes the workshop's
// days with it when it goes, or is named as hit for its turnaround.
func TestWorkshopCountsAsTurnaround(t *testing.T) {
	t.Parallel()
	eachSlowWorld(t, func(t *testing.T, w *world, block func(exodrive.Date, int) *rental.BlockResult, unblock func(exodrive.Date, int) rental.DayCount) {
		ctx := t.Context()
		trip := freeTrip(t, w, anyCar, 3)
		first, end := trip.StartDate, trip.EndDate
		block(end, 1)
		if list := slugs(w.list(t, fmt.Sprintf("startDate=%s&endDate=%s", first, end)).Cars); !slices.Contains(list, anyCar) {
			t.Errorf("the list is %v", list)
		}
		if _, err := w.Quote(ctx, trip); err != nil {
			t.Fatal(err)
		}
		b := w.held(t, trip, "maria")
		w.days(t, anyCar, first-1, ".hhhmm.")

		next := exodrive.TripRequest{CarID: anyCar, StartDate: end, EndDate: end + 3}
		inWay := func(want ...exodrive.Date) {
			t.Helper()
			_, err := w.Quote(ctx, next)
			if got := refusalOf(t, err, exodrive.DatesTaken).TakenDays; !slices.Equal(got, want) {
				t.Errorf("in the way are %v, want %v", got, want)
			}
		}
		inWay(end, end+1)
		if freed := unblock(end-1, 5); freed != (rental.DayCount{Turnaround: 1}) {
			t.Errorf("given back: %+v", freed)
		}
		w.days(t, anyCar, first-1, ".hhhmm.")
		inWay(end, end+1)

		if got := block(end+1, 2); got.Days != 2 || len(got.Bookings)+len(got.TakenDays) != 0 { // a day of its turnaround, and one behind
			t.Errorf("the workshop got %+v", got)
		}
		w.days(t, anyCar, first-1, ".hhhmmm.")
		_, err := w.BlockDays(ctx, admin, b.Car.ID, rental.BlockRequest{Block: rental.Block{Start: end - 1, End: end + 1}})
		if got := refusalOf(t, err, exodrive.DatesTaken); !slices.Equal(got.TakenDays, []exodrive.Date{end - 1, end + 1}) || len(got.Bookings) != 1 {
			t.Errorf("the workshop is refused %+v", got)
		}
		_, err = w.BlockDays(ctx, admin, b.Car.ID, rental.BlockRequest{Block: rental.Block{Start: end + 1, End: end + 1}})
		if got := refusalOf(t, err, exodrive.DatesTaken); len(got.Bookings) != 0 {
			t.Errorf("a day that the workshop has hits %+v", got.Bookings)
		}
		if freed := unblock(end+1, 2); freed != (rental.DayCount{Days: 1, Turnaround: 1}) {
			t.Errorf("given back: %+v, want the one behind free", freed)
		}
		w.days(t, anyCar, first-1, ".hhhmm..")

		if _, err := w.CancelBooking(ctx, b.Token); err != nil {
			t.Fatal(err)
		}
		w.days(t, anyCar, first-1, ".......")
		block(end+1, 3)
		other := w.held(t, trip, "other")
		w.days(t, anyCar, first-1, ".hhhmmmm.")
		if _, err := w.CancelBooking(ctx, other.Token); err != nil {
			t.Fatal(err)
		}
		w.days(t, anyCar, first-1, ".....mmm.")
		if freed := unblock(end, 4); freed != (rental.DayCount{Days: 3}) {
			t.Errorf("given back: %+v, want 3 free", freed)
		}
		w.days(t, anyCar, first-1, ".........")
	})
}

// A trip that changes goes by the same rule: it ends where the workshop begins, at the
// latest, and takes neither its days nor leaves its own behind.
//
// Red when: a change takes days of turnaround into the rental that are the workshop's; the
// longest extension is looked for as if the workshop could not have the turnaround.
func TestChangesBeforeTheWorkshop(t *testing.T) {
	t.Parallel()
	eachSlowWorld(t, func(t *testing.T, w *world, block func(exodrive.Date, int) *rental.BlockResult, unblock func(exodrive.Date, int) rental.DayCount) {
		ctx := t.Context()
		trip := freeTrip(t, w, anyCar, 2)
		first := trip.StartDate
		b := w.held(t, trip, "maria")
		change := func(to exodrive.TripChange) error {
			t.Helper()
			_, quoted := w.QuoteChange(ctx, b.Token, to)
			err := bookErr(w.ChangeBooking(ctx, b.Token, rental.ChangeRequest{TripChange: to}, rental.Call{}))
			if exodrive.CodeOf(quoted) != exodrive.CodeOf(err) {
				t.Errorf("the quote of %+v says %v, the change %v", to, quoted, err)
			}
			return err
		}
		block(first+5, 1)
		w.days(t, anyCar, first-1, ".hhmm.m.")
		refused := refusalOf(t, change(exodrive.TripChange{EndDate: first + 7}), exodrive.DatesTaken)
		longest := exodrive.TripDays{StartDate: first, EndDate: first + 5}
		if !slices.Equal(refused.TakenDays, []exodrive.Date{first + 5}) || refused.Alternatives.OtherDays[0] != longest {
			t.Errorf("refused with %+v, instead %+v", refused.TakenDays, refused.Alternatives.OtherDays)
		}
		if err := change(exodrive.TripChange{EndDate: longest.EndDate}); err != nil {
			t.Fatal(err)
		}
		w.days(t, anyCar, first-1, ".hhhhhmm.")
		if got := refusalOf(t, change(exodrive.TripChange{EndDate: first + 6}), exodrive.DatesTaken); !slices.Equal(got.TakenDays, []exodrive.Date{first + 5}) {
			t.Errorf("into its own turnaround, which is the workshop's: %v", got.TakenDays)
		}
		if err := change(exodrive.TripChange{EndDate: first + 4}); err != nil { // turnaround before, and then in, the workshop
			t.Fatal(err)
		}
		w.days(t, anyCar, first-1, ".hhhhmm..")
		if err := change(exodrive.TripChange{EndDate: first + 2}); err != nil {
			t.Fatal(err)
		}
		w.days(t, anyCar, first-1, ".hhmm.m.")
		if err := change(exodrive.TripChange{StartDate: first + 3, EndDate: first + 5}); err != nil {
			t.Fatal(err)
		}
		w.days(t, anyCar, first-1, "....hhmm.")
		if freed := unblock(first, 9); freed != (rental.DayCount{Turnaround: 1}) {
			t.Errorf("given back: %+v", freed)
		}
		if err := change(exodrive.TripChange{EndDate: first + 6}); err != nil { // the day is its own now
			t.Fatal(err)
		}
		w.days(t, anyCar, first-1, "....hhhmm.")
	})
}

// A swap and a late confirmation go by the same rule.
//
// Red when: either takes turnaround in another way than Book does.
func TestSwapAndRevivalBeforeTheWorkshop(t *testing.T) {
	t.Parallel()
	eachSlowWorld(t, func(t *testing.T, w *world, block func(exodrive.Date, int) *rental.BlockResult, unblock func(exodrive.Date, int) rental.DayCount) {
		ctx := t.Context()
		trip := freeTrip(t, w, anyCar, 3)
		block(trip.EndDate, 1)
		there := trip
		there.CarID = historyCar
		b := w.held(t, there, "maria")
		if _, err := w.SwapCar(ctx, desk, b.ID, rental.AnyVersion, rental.Swap{CarID: anyCar, Leave: anyPlace, Reason: "a puncture"}); err != nil {
			t.Fatal(err)
		}
		w.days(t, anyCar, trip.StartDate-1, ".hhhmm.")
		w.clock.Set(b.HoldUntil.Add(1))
		if _, err := w.SweepHolds(ctx); err != nil {
			t.Fatal(err)
		}
		w.days(t, anyCar, trip.StartDate-1, "....m..")
		if _, err := w.ConfirmBooking(ctx, desk, b.ID); err != nil {
			t.Fatal(err)
		}
		w.days(t, anyCar, trip.StartDate-1, ".bbbmm.")
		if freed := unblock(trip.EndDate, 1); freed != (rental.DayCount{Turnaround: 1}) {
			t.Errorf("given back: %+v", freed)
		}
		w.days(t, anyCar, trip.StartDate-1, ".bbbmm.")
	})
}

// The workshop cannot have a car that is brought back from elsewhere, whichever came first.
//
// Red when: days of bringing a car back count as any turnaround.
func TestWorkshopHasNoCarThatIsAway(t *testing.T) {
	t.Parallel()
	eachSlowWorld(t, func(t *testing.T, w *world, block func(exodrive.Date, int) *rental.BlockResult, unblock func(exodrive.Date, int) rental.DayCount) {
		ctx := t.Context()
		trip := freeTrip(t, w, anyCar, 3)
		trip.ReturnLocation = place(car(t, anyCar).LocationID).Transfers[0].To
		block(trip.EndDate+1, 1)
		_, err := w.Quote(ctx, trip)
		if got := refusalOf(t, err, exodrive.DatesTaken); !slices.Equal(got.TakenDays, []exodrive.Date{trip.EndDate + 1}) {
			t.Errorf("in the way are %v", got.TakenDays)
		}
		refusalOf(t, bookErr(w.Book(ctx, exodrive.Actor{}, bookingOf(trip, "maria"), rental.Call{})), exodrive.DatesTaken)
		round := trip
		round.ReturnLocation = ""
		b := w.held(t, round, "maria")
		change := rental.ChangeRequest{TripChange: exodrive.TripChange{ReturnLocation: trip.ReturnLocation}}
		refusalOf(t, bookErr(w.ChangeBooking(ctx, b.Token, change, rental.Call{})), exodrive.DatesTaken)
		w.days(t, anyCar, trip.StartDate, "hhhmm.")
		unblock(trip.EndDate+1, 1)
		if _, err := w.ChangeBooking(ctx, b.Token, change, rental.Call{}); err != nil {
			t.Fatal(err)
		}
		agrees(t, w)
		_, err = w.BlockDays(ctx, admin, b.Car.ID, rental.BlockRequest{Block: rental.Block{Start: trip.EndDate + 1, End: trip.EndDate + 1}})
		if got := refusalOf(t, err, exodrive.DatesTaken); len(got.Bookings) != 1 || got.Bookings[0].ID != b.ID {
			t.Errorf("the workshop is refused %+v", got)
		}
		agrees(t, w)
	})
}

// A car that is back early is made ready at once, on days of its own; the workshop keeps what
// it has of the days behind.
//
// Red when: an early return leaves days that are nobody's, or somebody's who has no right.
func TestEarlyReturnBeforeTheWorkshop(t *testing.T) {
	t.Parallel()
	eachSlowWorld(t, func(t *testing.T, w *world, block func(exodrive.Date, int) *rental.BlockResult, unblock func(exodrive.Date, int) rental.DayCount) {
		b := left(t, w, 3)
		first, end := b.FirstDay, b.LastDay+1
		block(end, 1)
		w.days(t, anyCar, first, "bbbmm.")
		w.clock.Set(b.Pickup.At.AddDate(0, 0, 2)) // two days were begun
		if _, err := w.TakeBack(t.Context(), desk, b.ID, rental.TakeBackRequest{Odometer: b.Readings[0].Odometer, Fuel: 8}); err != nil {
			t.Fatal(err)
		}
		w.days(t, anyCar, first, "bbmm..") // the second day of turnaround is the workshop's
		if freed := unblock(end, 1); freed != (rental.DayCount{Turnaround: 1}) {
			t.Errorf("given back: %+v", freed)
		}
		w.days(t, anyCar, first, "bbmm..")
	})
}

// Days are given back under the lock of the car: a booking that is under way and has found
// them the workshop's has them afterwards.
//
// Red when: UnblockDays does not lock the car, on Postgres.
func TestUnblockWaitsForABooking(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "fleet", seeded, func(t *testing.T, url string) {
		w, id := newWorld(t, url), car(t, anyCar).ID
		trip := freeTrip(t, w, anyCar, 3)
		block := rental.Block{Start: trip.EndDate, End: trip.EndDate}
		if _, err := w.BlockDays(t.Context(), admin, id, rental.BlockRequest{Block: block}); err != nil {
			t.Fatal(err)
		}
		under, over := make(chan struct{}), make(chan struct{})
		var once sync.Once
		slow, _ := uncached(t, url, func(text string, _ []any) {
			if strings.HasPrefix(text, "INSERT INTO booking_lines") { // its days are taken
				once.Do(func() {
					close(under)
					select {
					case <-over:
					case <-time.After(300 * time.Millisecond): // it waits, as it should
					}
				})
			}
		})
		var booking sync.WaitGroup
		booking.Go(func() {
			if _, err := slow.Book(t.Context(), exodrive.Actor{}, bookingOf(trip, "maria"), rental.Call{}); err != nil {
				t.Error(err)
			}
		})
		<-under
		if freed, err := w.UnblockDays(t.Context(), admin, id, block); err != nil || freed != (rental.DayCount{Turnaround: 1}) {
			t.Errorf("given back: %+v, %v", freed, err)
		}
		close(over)
		booking.Wait()
		w.days(t, anyCar, trip.StartDate, "hhhm.")
	})
}

// Whatever bookings and the workshop have of a car, lists show it for exactly the days that
// a quote promises.
//
// Red when: a list and a quote differ in what they count as turnaround.
func TestListsShowWhatQuotesPromise(t *testing.T) {
	t.Parallel()
	eachSlowWorld(t, func(t *testing.T, w *world, _ func(exodrive.Date, int) *rental.BlockResult, _ func(exodrive.Date, int) rental.DayCount) {
		ctx, chance := t.Context(), rand.New(rand.NewPCG(3, 4))
		from, id := freeTrip(t, w, anyCar, 1).StartDate, car(t, anyCar).ID
		var made []string
		days := func(most int) exodrive.TripDays {
			start := from.Add(chance.IntN(20))
			return exodrive.TripDays{StartDate: start, EndDate: start.Add(1 + chance.IntN(most))}
		}
		both, neither := 0, 0
		for n := range 60 {
			some := days(3)
			block := rental.Block{Start: some.StartDate, End: some.EndDate - 1}
			switch n % 4 {
			case 0:
				b, err := w.Book(ctx, desk, bookingOf(exodrive.TripRequest{CarID: anyCar, StartDate: some.StartDate, EndDate: some.EndDate}, fmt.Sprint("renter", n)), rental.Call{})
				if err == nil {
					made = append(made, b.Token)
				}
			case 1:
				_, _ = w.BlockDays(ctx, admin, id, rental.BlockRequest{Block: block, FreeDaysOnly: true})
			case 2:
				_, _ = w.UnblockDays(ctx, admin, id, block)
			default:
				if len(made) > 2 {
					_, _ = w.CancelBooking(ctx, made[chance.IntN(len(made))])
				}
			}
			agrees(t, w)
			some = days(4)
			_, err := w.Quote(ctx, exodrive.TripRequest{CarID: anyCar, StartDate: some.StartDate, EndDate: some.EndDate})
			listed := slices.Contains(slugs(w.list(t, fmt.Sprintf("startDate=%s&endDate=%s", some.StartDate, some.EndDate)).Cars), anyCar)
			switch {
			case listed != (err == nil):
				t.Errorf("from %s to %s it is listed: %v, and the quote says %v; the days are %s", some.StartDate, some.EndDate, listed, err, w.statuses(t, anyCar, from, 30))
			case listed:
				both++
			default:
				neither++
				for _, other := range refusalOf(t, err, exodrive.DatesTaken).Alternatives.OtherDays {
					if _, err := w.Quote(ctx, exodrive.TripRequest{CarID: anyCar, StartDate: other.StartDate, EndDate: other.EndDate}); err != nil {
						t.Errorf("instead %+v is offered, which is refused: %v; the days are %s", other, err, w.statuses(t, anyCar, from, 30))
					}
				}
			}
		}
		if min(both, neither) < 10 {
			t.Errorf("%d times it was free and %d times not: the test shows little", both, neither)
		}
	})
}

// Whatever day a timeline begins with, it shows every day that somebody has.
//
// Red when: a booking that began before is only found where the first day is its own.
func TestTimelineBesideTheWorkshop(t *testing.T) {
	t.Parallel()
	eachSlowWorld(t, func(t *testing.T, w *world, block func(exodrive.Date, int) *rental.BlockResult, _ func(exodrive.Date, int) rental.DayCount) {
		trip := freeTrip(t, w, anyCar, 3)
		b := w.held(t, trip, "maria")
		block(trip.EndDate, 1)
		for first := trip.StartDate - 1; first < trip.EndDate+3; first++ {
			got, err := w.Timeline(t.Context(), admin, exodrive.TimelineQuery{Start: first, End: first + 10, PageQuery: exodrive.PageQuery{Page: 1, Limit: exodrive.TimelineCars}})
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(got.Cars, func(c exodrive.TimelineCar) bool { return c.ID == b.Car.ID })
			var shown, want []string
			for _, s := range got.Cars[i].Spans {
				shown = append(shown, fmt.Sprint(s.State, s.FirstDay, s.LastDay, s.TurnaroundDays))
			}
			if first < trip.EndDate+2 {
				want = append(want, fmt.Sprint(exodrive.Held, b.FirstDay, b.LastDay, 2))
			}
			if first <= trip.EndDate {
				want = append(want, fmt.Sprint(exodrive.DayMaintenance, trip.EndDate, trip.EndDate, 0))
			}
			if !slices.Equal(shown, want) {
				t.Errorf("from %s on it shows %q, want %q", first, shown, want)
			}
		}
	})
}
