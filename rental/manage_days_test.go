package rental_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/rental"
)

// statuses are a car's days from one day on, a letter each: . free, h held,
// b booked, m maintenance, u not for rent.
func (w *world) statuses(t testing.TB, ref string, from exodrive.Date, n int) string {
	t.Helper()
	a, err := cache.Value(w.Availability(context.Background(), ref, exodrive.AvailabilityQuery{Start: from, End: from.Add(n - 1)}))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, d := range a.Days {
		letter := string(d.Status)[:1]
		if d.Status == exodrive.DayAvailable {
			letter = "."
		}
		out.WriteString(letter)
	}
	return out.String()
}

// booked is a future booking of the fleet that nobody follows closely, with
// turnaround days.
func booked(t testing.TB) exodrive.Booking {
	t.Helper()
	for _, b := range fleet().Bookings {
		if b.State == exodrive.Confirmed && b.Days.Start > today+20 && b.BlockedUntil > b.Days.End {
			return b
		}
	}
	t.Fatal("the fleet has no such booking")
	return exodrive.Booking{}
}

// The workshop takes free days only: all that it asks for, or none with the
// taken ones named. What it gives back is its own, never a booking's.
func TestBlockDays(t *testing.T) {
	ctx := context.Background()
	eachWorld(t, func(t *testing.T, w *world) {
		id := w.create(t, "Pagani Utopia").ID
		if err := second(w.BlockDays(ctx, as(exodrive.ScopeFleet), id, rental.BlockRequest{Block: rental.Block{Start: today + 3, End: today + 5}, Reason: "Service"})); err != nil {
			t.Fatal(err)
		}
		if got := w.statuses(t, id, today, 8); got != "...mmm.." {
			t.Errorf("after a block the days are %s", got)
		}
		err := second(w.BlockDays(ctx, admin, id, rental.BlockRequest{Block: rental.Block{Start: today + 1, End: today + 4}}))
		wantCode(t, "days that overlap", err, exodrive.DatesTaken)
		if e, ok := errors.AsType[*exodrive.Error](err); !ok || e.Message != "Already taken: 2026-11-26, 2026-11-27. It is the workshop that has them." || e.Field != "/startDate" {
			t.Errorf("the conflict says %#v", err)
		}
		if got := w.statuses(t, id, today, 8); got != "...mmm.." {
			t.Errorf("a refused block left the days %s", got)
		}
		if err := second(w.BlockDays(ctx, admin, id, rental.BlockRequest{Block: rental.Block{Start: today + 6, End: today + 6}})); err != nil {
			t.Errorf("one day: %v", err)
		}
		if err := second(w.BlockDays(ctx, admin, id, rental.BlockRequest{Block: rental.Block{Start: today + 100, End: today + 465}})); err != nil {
			t.Errorf("366 days: %v", err)
		}
		err = second(w.BlockDays(ctx, admin, id, rental.BlockRequest{Block: rental.Block{Start: today + 90, End: today + 110}}))
		if err == nil || !strings.HasSuffix(err.Error(), " and others. It is the workshop that has them.") {
			t.Errorf("many taken days: %v", err)
		}
		blocks, err := w.Blocks(ctx, as(exodrive.ScopeRead), id)
		want := []rental.Block{{Start: today + 3, End: today + 6}, {Start: today + 100, End: today + 465}}
		if diff := gocmp.Diff(want, blocks); diff != "" || err != nil {
			t.Errorf("the blocks (%v):\n%s", err, diff)
		}
		n, err := w.UnblockDays(ctx, admin, id, rental.Block{Start: today + 5, End: today + 101})
		if err != nil || n.Days != 4 {
			t.Errorf("gave back %+v days (%v), want 4", n, err)
		}
		if got := w.statuses(t, id, today, 8); got != "...mm..." {
			t.Errorf("after giving days back they are %s", got)
		}
	})
}

// A block that hits bookings is refused with each of them and how to reach its renter;
// that can be seen beforehand, and the free days around them can be blocked. A hold that
// ran out is in nobody's way.
//
// Red when: what is hit is not asked for; a dry run keeps what it did; the days of a hold
// that is over are taken for somebody's.
func TestBlockHitsBookings(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		b := confirmed(t, w, 3)
		before := b.FirstDay - 2
		ask := rental.BlockRequest{Block: rental.Block{Start: before, End: b.FirstDay + 1}, DryRun: true}
		none := w.statuses(t, b.Car.ID, before, 4)
		entries := w.entries(t)
		seen, err := w.BlockDays(ctx, as(exodrive.ScopeFleet), b.Car.ID, ask)
		if err != nil || seen.Days != 0 || len(seen.TakenDays) != 2 || len(seen.Bookings) != 1 || seen.Bookings[0].Customer != b.Customer || seen.Bookings[0].State != exodrive.Confirmed {
			t.Errorf("beforehand: %+v, %v", seen, err)
		}
		ask.DryRun = false
		_, err = w.BlockDays(ctx, as(exodrive.ScopeFleet), b.Car.ID, ask)
		refusal := refusalOf(t, err, exodrive.DatesTaken)
		if len(refusal.TakenDays) != 2 || len(refusal.Bookings) != 1 || refusal.Bookings[0].ID != b.ID || !strings.Contains(err.Error(), "Bookings that are hit: 1;") {
			t.Errorf("the refusal: %v, %+v", err, refusal)
		}
		if got := w.statuses(t, b.Car.ID, before, 4); got != none || none != "..bb" || w.entries(t) != entries {
			t.Errorf("the days were %s and are %s after a dry run and a refusal; %d entries more", none, got, w.entries(t)-entries)
		}
		ask.FreeDaysOnly = true
		if got, err := w.BlockDays(ctx, as(exodrive.ScopeFleet), b.Car.ID, ask); err != nil || got.Days != 2 || len(got.Bookings) != 1 || w.statuses(t, b.Car.ID, before, 4) != "mmbb" {
			t.Errorf("free days only: %+v, %v: %s", got, err, w.statuses(t, b.Car.ID, before, 4))
		}

		r := bookingOf(exodrive.TripRequest{CarID: anyCar, StartDate: b.FirstDay + 10, EndDate: b.FirstDay + 13}, "slow")
		if _, err := w.Book(ctx, exodrive.Actor{}, r, rental.Call{}); err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(25 * time.Hour)
		over := rental.BlockRequest{Block: rental.Block{Start: r.StartDate, End: r.StartDate}}
		if got, err := w.BlockDays(ctx, as(exodrive.ScopeFleet), b.Car.ID, over); err != nil || len(got.Bookings) != 0 {
			t.Errorf("over the days of a hold that ran out: %+v, %v", got, err)
		}
		agrees(t, w)
	})
}

// Giving days back never frees those of a booking, nor its turnaround.
func TestUnblockKeepsBookings(t *testing.T) {
	ctx := context.Background()
	eachWorld(t, func(t *testing.T, w *world) {
		b := booked(t)
		n := int(b.BlockedUntil - b.Days.Start)
		before := w.statuses(t, b.CarID, b.Days.Start, n)
		whole := rental.Block{Start: b.Days.Start, End: b.BlockedUntil - 1}
		if freed, err := w.UnblockDays(ctx, admin, b.CarID, whole); err != nil || freed != (rental.DayCount{}) {
			t.Errorf("freed %+v days of a booking (%v)", freed, err)
		}
		err := second(w.BlockDays(ctx, admin, b.CarID, rental.BlockRequest{Block: whole}))
		wantCode(t, "a booking's days", err, exodrive.DatesTaken)
		if got := w.statuses(t, b.CarID, b.Days.Start, n); got != before || strings.Contains(got, ".") {
			t.Errorf("the booking's days were %s and are %s", before, got)
		}
	})
}

// Ranges that make no sense are refused with the member that is wrong.
func TestWrongBlocks(t *testing.T) {
	ctx := context.Background()
	eachWorld(t, func(t *testing.T, w *world) {
		roma := car(t, "ferrari-roma").ID
		for name, test := range map[string]struct {
			block rental.Block
			field string
		}{
			"no start": {rental.Block{End: today}, "/startDate"}, "no end": {rental.Block{Start: today}, "/endDate"},
			"reversed": {rental.Block{Start: today, End: today - 1}, "/endDate"}, "367 days": {rental.Block{Start: today, End: today + 366}, "/endDate"},
			"the end of days": {rental.Block{Start: exodrive.MustDate("9999-12-30"), End: exodrive.MustDate("9999-12-31")}, "/endDate"},
		} {
			for what, err := range map[string]error{
				"block": second(w.BlockDays(ctx, admin, roma, rental.BlockRequest{Block: test.block})), "prices": w.SetPrices(ctx, admin, roma, test.block, 1),
				"unblock": second(w.UnblockDays(ctx, admin, roma, test.block)), "clear": second(w.ClearPrices(ctx, admin, roma, test.block)),
			} {
				wantCode(t, name+" "+what, err, exodrive.Invalid)
				if e, ok := errors.AsType[*exodrive.Error](err); ok && e.Field != test.field {
					t.Errorf("%s, %s: the field is %s", name, what, e.Field)
				}
			}
		}
		one, nobody := rental.Block{Start: today, End: today}, "car_01kas0f3m2x7h9tq"
		for what, err := range map[string]error{
			"block": second(w.BlockDays(ctx, admin, nobody, rental.BlockRequest{Block: one})), "prices": w.SetPrices(ctx, admin, nobody, one, 1), "blocks": second(w.Blocks(ctx, admin, nobody)),
			"unblock": second(w.UnblockDays(ctx, admin, nobody, one)), "clear": second(w.ClearPrices(ctx, admin, nobody, one)),
		} {
			wantCode(t, "a car that is not there, "+what, err, exodrive.NotFound)
		}
		wantCode(t, "a negative price", w.SetPrices(ctx, admin, roma, one, -1), exodrive.Invalid)
		wantCode(t, "a price without end", w.SetPrices(ctx, admin, roma, one, exodrive.MaxAmount+1), exodrive.Invalid)
	})
}

func second[T any](_ T, err error) error { return err }

// A price of a day's own wins in the calendar and in the list until it is taken
// away; then the day costs what it did.
func TestOwnPrices(t *testing.T) {
	ctx := context.Background()
	eachWorld(t, func(t *testing.T, w *world) {
		made := w.create(t, "Pagani Utopia")
		rates := func() (out []int64) {
			a, err := cache.Value(w.Availability(ctx, made.ID, exodrive.AvailabilityQuery{Start: today + 8, End: today + 12}))
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range a.Days {
				out = append(out, d.Price.Amount)
			}
			return out
		}
		total := func() int64 {
			page := w.list(t, "search=utopia&startDate=2026-12-01&endDate=2026-12-05")
			return page.Cars[0].Price.Total.Amount
		}
		before, price := rates(), total()
		if err := w.SetPrices(ctx, admin, made.ID, rental.Block{Start: today + 9, End: today + 10}, 1000_00); err != nil {
			t.Fatal(err)
		}
		if err := w.SetPrices(ctx, admin, made.ID, rental.Block{Start: today + 10, End: today + 10}, 0); err != nil {
			t.Fatal(err)
		}
		want := []int64{before[0], 1000_00, 0, before[3], before[4]}
		if diff := gocmp.Diff(want, rates()); diff != "" {
			t.Errorf("the rates (-want +got):\n%s", diff)
		}
		// 2 and 3 December are the 9th and 10th day: 7 % tax, half up, on what is less.
		if less := before[1] - 1000_00 + before[2]; price-total() < less*107/100-1 || price-total() > less*107/100+1 {
			t.Errorf("the list's price fell from %d to %d, want %d and its tax less", price, total(), less)
		}
		if n, err := w.ClearPrices(ctx, admin, made.ID, rental.Block{Start: today, End: today + 30}); err != nil || n.Days != 2 {
			t.Errorf("cleared %+v prices (%v), want 2", n, err)
		}
		if diff := gocmp.Diff(before, rates()); diff != "" || total() != price {
			t.Errorf("after clearing, the total is %d of %d:\n%s", total(), price, diff)
		}
	})
}
