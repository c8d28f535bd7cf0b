package rental_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
)

// window is how far ahead the tests look; the fleet's rentals end within it.
const window = 180

// calendars are the days of every public car, by its slug, as the calendar shows
// them one by one.
func (w *world) calendars(t testing.TB) map[string]map[exodrive.Date]exodrive.DayAvailability {
	t.Helper()
	out := map[string]map[exodrive.Date]exodrive.DayAvailability{}
	for _, c := range fleet().Cars {
		if c.Hidden {
			continue
		}
		a, err := cache.Value(w.Availability(context.Background(), c.Slug, exodrive.AvailabilityQuery{Start: today, End: today + window}))
		if err != nil {
			t.Fatal(err)
		}
		days := map[exodrive.Date]exodrive.DayAvailability{}
		for _, d := range a.Days {
			days[d.Date] = d
		}
		out[c.Slug] = days
	}
	return out
}

// bookable tells by its calendar whether a car can be booked: its minimum is
// kept, every day is free, and nobody has the turnaround days behind; the
// workshop may.
func bookable(c exodrive.Car, calendar map[exodrive.Date]exodrive.DayAvailability, days exodrive.Days) bool {
	if days.Len() < c.MinimumDays || !c.Available {
		return false
	}
	for d := range days.All() {
		if !calendar[d].Available {
			return false
		}
	}
	for d := days.End; d < days.End.Add(c.TurnaroundDays); d++ {
		if status := calendar[d].Status; status == exodrive.DayHeld || status == exodrive.DayBooked {
			return false
		}
	}
	return true
}

// allIn is the price of days put together from what the operator entered.
func allIn(c exodrive.Car, days exodrive.Days) exodrive.Price {
	f, l := fleet(), place(c.LocationID)
	rates := exodrive.Rates{Base: c.PricePerDay, Overrides: map[exodrive.Date]int64{}}
	for _, p := range f.CarPrices {
		if p.CarID == c.ID {
			rates.Overrides[p.Date] = p.Amount
		}
	}
	for _, r := range f.Rules {
		if r.Active && (r.CarID == "" || r.CarID == c.ID) {
			rates.Rules = append(rates.Rules, r)
		}
	}
	var fees []exodrive.Fee
	fee := func(name string, amount int64) {
		if amount > 0 {
			fees = append(fees, exodrive.Fee{Name: name, Amount: amount})
		}
	}
	fee("Pick-up in "+l.Name, l.PickupFee)
	fee("Return in "+l.Name, l.ReturnFee)
	if h := l.Hours[days.Start.Weekday()]; l.Handover < h.Open || l.Handover > h.Close || h.Open == h.Close {
		fee("Pick-up after hours", l.AfterHoursFee)
	}
	if h := l.Hours[days.End.Weekday()]; l.Handover < h.Open || l.Handover > h.Close || h.Open == h.Close {
		fee("Return after hours", l.AfterHoursFee)
	}
	return exodrive.NewPrice(exodrive.PriceInput{
		Currency: "USD", Days: days, Rates: rates, WeeklyPercent: c.WeeklyPercent, MonthlyPercent: c.MonthlyPercent,
		Fees: c.Fees, PlaceFees: fees, DiscountPercent: c.DiscountPercent,
		TaxName: l.TaxName, TaxPercent: l.TaxPercent, TaxIncluded: l.TaxIncluded, Deposit: c.Deposit,
	})
}

// With dates the list has exactly the cars that can be booked for them, each
// with the price that its parts add up to, and the facets count those cars.
func TestDatesMeanBookable(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		calendars := w.calendars(t)
		chance := rand.New(rand.NewPCG(1, 2))
		filters := []string{"", "", "", "&category=supercar,convertible", "&seats=4,5&sort=price", "&location=miami&maxPrice=900", "&make=PORSCHE,ferrari&minPrice=500", "&transmission=automatic&drivetrain=rwd,awd"}
		refused := 0
		for i := range 150 {
			start := today.Add(chance.IntN(130))
			days := exodrive.Days{Start: start, End: start.Add(1 + chance.IntN(7) + i%2*chance.IntN(25))}
			query := fmt.Sprintf("startDate=%s&endDate=%s%s", days.Start, days.End, filters[chance.IntN(len(filters))])
			got := w.list(t, query)
			want, found := []string{}, []exodrive.Car{}
			for _, c := range fleet().Cars {
				if !fits(c, ask(t, query)) {
					continue
				}
				if bookable(c, calendars[c.Slug], days) {
					want, found = append(want, c.Slug), append(found, c)
				} else {
					refused++
				}
			}
			slices.Sort(want)
			if diff := gocmp.Diff(want, inOrder(slugs(got.Cars))); diff != "" {
				t.Fatalf("%s finds other cars than their calendars say (-want +got):\n%s", query, diff)
			}
			if diff := gocmp.Diff(recount(found), got.Facets); diff != "" {
				t.Errorf("%s has other facets (-want +got):\n%s", query, diff)
			}
			for _, card := range got.Cars {
				if diff := gocmp.Diff(allIn(car(t, card.Slug), days), *card.Price); diff != "" {
					t.Fatalf("%s: the price of %s (-by hand +listed):\n%s", query, card.Slug, diff)
				}
			}
		}
		if refused < 1000 {
			t.Errorf("only %d cars were not bookable; the test proves little", refused)
		}
	})
}

// Days that are over, too far ahead or too many are refused with the bound, and
// so is a list without one of the two.
func TestDaysThatNobodyCanRent(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		for _, test := range []struct {
			start, end exodrive.Date
			field, say string
		}{
			{today - 1, today + 3, "startDate", "is in the past"},
			{today + 530, today + 541, "endDate", "540 days ahead"},
			{today, today + 3, "", ""},
			{today + 530, today + 540, "", ""},
		} {
			q := ask(t, "")
			q.Start, q.End = test.start, test.end
			_, err := cache.Value(w.Cars(context.Background(), q))
			if test.field == "" {
				if err != nil {
					t.Errorf("%s to %s: %v", test.start, test.end, err)
				}
				continue
			}
			wantCode(t, test.field, err, exodrive.Invalid)
			if e, ok := errors.AsType[*exodrive.Error](err); !ok || e.Field != test.field || !strings.Contains(e.Message, test.say) {
				t.Errorf("%s to %s is refused with %#v, want %s on %s", test.start, test.end, err, test.say, test.field)
			}
		}
	})
}

// A calendar shows each day's status and rate as bookings, blocks, own prices
// and rules make them.
func TestAvailabilityPerDay(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		f := fleet()
		for _, c := range f.Cars {
			if c.Hidden || !c.Available {
				continue
			}
			want := map[exodrive.Date]exodrive.DayStatus{}
			for _, b := range f.Bookings {
				if b.CarID != c.ID || !b.State.Occupies() {
					continue
				}
				for d := b.Days.Start; d < b.BlockedUntil; d++ {
					switch {
					case d >= b.Days.End:
						want[d] = exodrive.DayMaintenance
					case b.State == exodrive.Held:
						want[d] = exodrive.DayHeld
					default:
						want[d] = exodrive.DayBooked
					}
				}
			}
			for _, b := range f.Blocks {
				for d := range b.Days.All() {
					if b.CarID == c.ID {
						want[d] = exodrive.DayMaintenance
					}
				}
			}
			ask := exodrive.AvailabilityQuery{Start: today - 60, End: today + 120}
			got, err := cache.Value(w.Availability(context.Background(), c.ID, ask))
			if err != nil || len(got.Days) != 181 || got.Start != ask.Start || got.End != ask.End || got.CarID != c.ID {
				t.Fatalf("%s: %d days (%v)", c.Slug, len(got.Days), err)
			}
			free := 0
			for i, day := range got.Days {
				status := want[day.Date]
				if status == "" {
					status = exodrive.DayAvailable
					free++
				}
				rate := allIn(c, exodrive.Days{Start: day.Date, End: day.Date + 1}).Lines[0].Unit
				if day.Date != ask.Start.Add(i) || day.Status != status || day.Available != (status == exodrive.DayAvailable) || day.Price != rate {
					t.Errorf("%s: %+v, want %s for %s", c.Slug, day, status, rate)
				}
			}
			if s := got.Summary; s.TotalDays != 181 || s.AvailableDays != free || s.UnavailableDays != 181-free || s.MinimumDays != c.MinimumDays {
				t.Errorf("%s: the summary is %+v with %d free days", c.Slug, s, free)
			}
		}
	})
}
