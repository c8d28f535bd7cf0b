package exodrive_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/exodrive/exodrive"
)

// booked is a confirmed booking of a trip at the terms of a moment.
func booked(t interface {
	Helper()
	Fatal(...any)
}, r exodrive.TripRequest, terms exodrive.Terms, now time.Time) *exodrive.Booking {
	t.Helper()
	q, err := exodrive.NewQuote(r, terms, now)
	if err != nil {
		t.Fatal(err)
	}
	return bookingOf(r, q)
}

func bookingOf(r exodrive.TripRequest, q *exodrive.Quote) *exodrive.Booking {
	b := &exodrive.Booking{ID: "bkg_1", CarID: q.CarID, State: exodrive.Confirmed}
	(&exodrive.Change{Quote: *q, Trip: r}).Apply(b)
	return b
}

// before is an instant so many hours before the pick-up of fourDays.
func before(hours int) time.Time {
	return time.Date(2027, 5, 1, 14, 0, 0, 0, time.UTC).Add(-time.Duration(hours) * time.Hour)
}

// What a change costs: the new trip, priced as a whole, but never less than cancelling
// would cost at that moment, and never less than before if nothing falls away. What
// cancelling costs afterwards is never less than at the change, either.
func TestChange(t *testing.T) {
	day := func(s string) exodrive.Date { return exodrive.MustDate(s) }
	for name, c := range map[string]struct {
		state      exodrive.BookingState
		hours      int // before the pick-up
		change     exodrive.TripChange
		terms      func(*exodrive.Terms)
		total      int64 // 237.60 before
		cancelling []int64
		said       string
	}{
		// 5 × 50 + 40, − 10 %, + 10 %.
		"a day more": {hours: 100, change: exodrive.TripChange{EndDate: day("2027-05-06")}, total: 28_710, cancelling: []int64{0, 5742, 28_710},
			said: "The rental costs 287.10 USD instead of 237.60 USD: 49.50 USD more, to be paid."},
		"a day less, early": {hours: 100, change: exodrive.TripChange{EndDate: day("2027-05-04")}, total: 18_810, cancelling: []int64{0, 6270, 18_810},
			said: "The rental costs 188.10 USD instead of 237.60 USD: 49.50 USD less, which you get back as far as it is paid."},
		"a day less, late": {hours: 48, change: exodrive.TripChange{EndDate: day("2027-05-04")}, total: 18_810, cancelling: []int64{5940, 6270, 18_810},
			said: "From now on cancelling costs 59.40 USD at least, as it does at the time of this change."},
		"a day less, on the last day": {hours: 10, change: exodrive.TripChange{EndDate: day("2027-05-04")}, total: 23_760, cancelling: []int64{23_760},
			said: "It cannot cost less than 237.60 USD, which cancelling would cost now."},
		"a month later, late":     {hours: 48, change: exodrive.TripChange{StartDate: day("2027-06-01"), EndDate: day("2027-06-05")}, total: 23_760, cancelling: []int64{5940, 23_760}},
		"a month later, last day": {hours: 10, change: exodrive.TripChange{StartDate: day("2027-06-01"), EndDate: day("2027-06-05")}, total: 23_760, cancelling: []int64{23_760}},
		"a day more of a hold, late": {state: exodrive.Held, hours: 48, change: exodrive.TripChange{EndDate: day("2027-05-06")}, total: 28_710,
			cancelling: []int64{0, 5742, 28_710}},
		"nothing less at a lower price": {hours: 100, change: exodrive.TripChange{ReturnTime: clockAt("09:30")}, terms: func(t *exodrive.Terms) { cheaper(t, 1000) },
			total: 23_760, cancelling: []int64{0, 5940, 23_760}, said: "Nothing of the trip falls away, so it costs no less than before."},
		"a day less at a lower price": {hours: 100, change: exodrive.TripChange{EndDate: day("2027-05-04")}, terms: func(t *exodrive.Terms) { cheaper(t, 1000) },
			total: 6930, cancelling: []int64{0, 2310, 6930}},
		"much less, late": {hours: 30, change: exodrive.TripChange{EndDate: day("2027-05-03")}, terms: func(t *exodrive.Terms) { cheaper(t, 100) },
			total: 5940, cancelling: []int64{5940}, said: "It cannot cost less than 59.40 USD, which cancelling would cost now."},
		"the car is out, a day more": {state: exodrive.Active, hours: -30, change: exodrive.TripChange{EndDate: day("2027-05-06")}, total: 28_710, cancelling: []int64{}},
		"the car is out, a day less": {state: exodrive.Active, hours: -30, change: exodrive.TripChange{EndDate: day("2027-05-04")}, total: 23_760, cancelling: []int64{},
			said: "The car is out, so nothing of the price comes back."},
		"out since yesterday and overdue": {state: exodrive.Active, hours: -98, change: exodrive.TripChange{EndDate: day("2027-05-06")}, total: 28_710, cancelling: []int64{}},
		"a child seat":                    {hours: 100, change: exodrive.TripChange{Extras: []exodrive.ExtraRequest{{"ext_seat", 1}}}, total: 28_160, cancelling: []int64{0, 7040, 28_160}},
	} {
		t.Run(name, func(t *testing.T) {
			b := booked(t, fourDays, quoteTerms(), quoteNow)
			if c.state != "" {
				b.State = c.state
			}
			terms := quoteTerms()
			if c.terms != nil {
				c.terms(&terms)
			}
			ch, err := exodrive.NewChange(b, c.change, terms, nil, before(c.hours))
			if err != nil {
				t.Fatal(err)
			}
			fees := []int64{}
			for _, term := range ch.Cancellation {
				fees = append(fees, term.Fee.Amount)
			}
			if ch.Total.Amount != c.total || ch.Difference.Amount != c.total-23_760 || ch.Before.Amount != 23_760 || !slices.Equal(fees, c.cancelling) {
				t.Errorf("%v, %v different from %v, cancelling %v; want %d and %v\n%+v", ch.Total, ch.Difference, ch.Before, fees, c.total, c.cancelling, ch.Lines)
			}
			if c.said != "" && !slices.Contains(ch.Words, c.said) {
				t.Errorf("nobody says %q:\n%s", c.said, strings.Join(ch.Words, "\n"))
			}
		})
	}
}

// cheaper sets the price of a day and takes the fees away.
func cheaper(t *exodrive.Terms, base int64) {
	t.Car.Base, t.Car.Fees = base, nil
	if base == 1000 {
		t.Car.Fees = []exodrive.Fee{{Name: "Cleaning", Amount: 4000}}
	}
	t.Rates = func(exodrive.Days) (exodrive.Rates, error) { return exodrive.Rates{Base: base}, nil }
}

// What cannot change any more, or would be against a limit, is refused with the member
// that is wrong; what was within a limit, or let past, stays so.
func TestChangeRefuses(t *testing.T) {
	nothing := func(*exodrive.Booking, *exodrive.Terms) {}
	for name, c := range map[string]struct {
		prepare func(*exodrive.Booking, *exodrive.Terms)
		hours   int
		change  exodrive.TripChange
		code    exodrive.Code
		field   string
	}{
		"nothing":        {nothing, 100, exodrive.TripChange{}, exodrive.Invalid, ""},
		"the same days":  {nothing, 100, exodrive.TripChange{StartDate: fourDays.StartDate, EndDate: fourDays.EndDate}, exodrive.Invalid, ""},
		"too short":      {nothing, 100, exodrive.TripChange{EndDate: fourDays.StartDate + 1}, exodrive.Invalid, "/endDate"},
		"too long":       {nothing, 100, exodrive.TripChange{EndDate: fourDays.StartDate + 91}, exodrive.Invalid, "/endDate"},
		"reversed":       {nothing, 100, exodrive.TripChange{EndDate: fourDays.StartDate - 1}, exodrive.Invalid, "/endDate"},
		"past":           {nothing, 100, exodrive.TripChange{StartDate: exodrive.MustDate("2027-04-01")}, exodrive.Invalid, "/startDate"},
		"too far ahead":  {nothing, 100, exodrive.TripChange{StartDate: fourDays.StartDate + 600, EndDate: fourDays.EndDate + 600}, exodrive.Invalid, "/endDate"},
		"no such place":  {nothing, 100, exodrive.TripChange{ReturnLocation: "paris"}, exodrive.Invalid, "/returnLocation"},
		"other place":    {nothing, 100, exodrive.TripChange{PickupLocation: "la"}, exodrive.Invalid, "/pickupLocation"},
		"no such extra":  {nothing, 100, exodrive.TripChange{Extras: []exodrive.ExtraRequest{{"ext_none", 1}}}, exodrive.Invalid, "/extras/0/id"},
		"too many seats": {nothing, 100, exodrive.TripChange{Extras: []exodrive.ExtraRequest{{"ext_seat", 3}}}, exodrive.Invalid, "/extras/0/quantity"},
		"too young by then": {func(b *exodrive.Booking, _ *exodrive.Terms) { b.Trip.DriverBirthDate = exodrive.MustDate("2002-05-01") }, 200,
			exodrive.TripChange{StartDate: fourDays.StartDate - 1}, exodrive.Invalid, "/driverBirthDate"},
		"pick-up over": {nothing, -1, exodrive.TripChange{EndDate: fourDays.EndDate + 1}, exodrive.Conflict, ""},
		"cancelled":    {func(b *exodrive.Booking, _ *exodrive.Terms) { b.State = exodrive.Cancelled }, 100, exodrive.TripChange{EndDate: fourDays.EndDate + 1}, exodrive.Conflict, ""},
		"archived car": {func(_ *exodrive.Booking, t *exodrive.Terms) { t.Car.Hidden = true }, 100, exodrive.TripChange{EndDate: fourDays.EndDate + 1}, exodrive.Conflict, "/endDate"},
		"car in service": {func(_ *exodrive.Booking, t *exodrive.Terms) { t.Car.Available = false }, 100,
			exodrive.TripChange{StartDate: fourDays.StartDate - 1}, exodrive.Conflict, "/endDate"},
		"out: other pick-up": {out, -30, exodrive.TripChange{StartDate: fourDays.StartDate + 1}, exodrive.Conflict, "/startDate"},
		"out: other time":    {out, -30, exodrive.TripChange{PickupTime: clockAt("11:00")}, exodrive.Conflict, "/pickupTime"},
		"out: extras":        {out, -30, exodrive.TripChange{Extras: []exodrive.ExtraRequest{{"ext_seat", 1}}}, exodrive.Conflict, "/extras"},
		"out: back by now":   {out, -60, exodrive.TripChange{EndDate: fourDays.EndDate - 2}, exodrive.Invalid, "/endDate"},

		"fewer days of an archived car": {func(_ *exodrive.Booking, t *exodrive.Terms) { t.Car.Hidden = true }, 100, exodrive.TripChange{EndDate: fourDays.EndDate - 1}, "", ""},
		"as short as it was let": {func(_ *exodrive.Booking, t *exodrive.Terms) { t.Car.MinimumDays = 9 }, 100,
			exodrive.TripChange{StartDate: fourDays.StartDate + 1, EndDate: fourDays.EndDate + 1}, "", ""},
		"its own coupon, used up and off": {withCoupon(exodrive.CouponInput{MaxUses: 1}), 100, exodrive.TripChange{EndDate: fourDays.EndDate + 1}, "", ""},
	} {
		b, terms := booked(t, fourDays, quoteTerms(), quoteNow), quoteTerms()
		c.prepare(b, &terms)
		ch, err := exodrive.NewChange(b, c.change, terms, nil, before(c.hours))
		if c.code == "" {
			if err != nil || b.Trip.Coupon != "" && !slices.ContainsFunc(ch.Lines, func(l exodrive.Line) bool { return l.Label == "Coupon TEN" }) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		e, _ := errors.AsType[*exodrive.Error](err)
		if e == nil || e.Code != c.code || e.Field != c.field {
			t.Errorf("%s: %v (%+v), want %s on %q", name, err, e, c.code, c.field)
		}
	}
}

func out(b *exodrive.Booking, _ *exodrive.Terms) { b.State = exodrive.Active }

// withCoupon gives a booking a coupon of 20 % that it took, and that has been switched
// off since.
func withCoupon(c exodrive.CouponInput) func(*exodrive.Booking, *exodrive.Terms) {
	c.Code, c.Percent = "TEN", 20_00
	return func(b *exodrive.Booking, t *exodrive.Terms) {
		b.Trip.Coupon, t.Coupon = "ten", &exodrive.Coupon{Uses: c.MaxUses, CouponInput: c}
	}
}

// A coupon that is not for the new days takes nothing off, and the renter is told.
func TestChangeOutOfACoupon(t *testing.T) {
	b, terms := booked(t, fourDays, quoteTerms(), quoteNow), quoteTerms()
	withCoupon(exodrive.CouponInput{ValidUntil: fourDays.StartDate})(b, &terms)
	ch, err := exodrive.NewChange(b, exodrive.TripChange{StartDate: fourDays.StartDate + 1, EndDate: fourDays.EndDate + 1}, terms, nil, before(100))
	if err != nil || ch.Trip.Coupon != "ten" || ch.Total.Amount != 23_760 || !strings.HasPrefix(ch.Words[len(ch.Words)-1], "The coupon ten does not hold for this trip;") {
		t.Errorf("%+v, %v", ch, err)
	}
}

// A hold that changes ends when it was to end, and with the new pick-up at the latest.
func TestChangeOfAHold(t *testing.T) {
	b := booked(t, fourDays, quoteTerms(), quoteNow)
	b.State, b.HoldUntil = exodrive.Held, before(20)
	for start, want := range map[exodrive.Date]time.Time{fourDays.StartDate + 1: before(20), fourDays.StartDate - 2: before(48)} {
		ch, err := exodrive.NewChange(b, exodrive.TripChange{StartDate: start}, quoteTerms(), nil, before(100))
		if err != nil {
			t.Fatal(err)
		}
		next := *b
		if ch.Apply(&next); !next.HoldUntil.Equal(want) {
			t.Errorf("picked up on %s it is held until %v, want %v", start, next.HoldUntil, want)
		}
	}
}

// dealings are what a renter and the house may do to a booking: at some hour before the
// pick-up of fourDays the trip shall change, at prices of that moment.
type dealing struct {
	hour   int
	change exodrive.TripChange
	terms  exodrive.Terms
}

var dealings = rapid.Custom(func(t *rapid.T) dealing {
	d := dealing{hour: rapid.IntRange(-30, 200).Draw(t, "hours before"), terms: quoteTerms()}
	start := rapid.OneOf(rapid.Just(0), rapid.IntRange(-3, 40)).Draw(t, "later by")
	d.change.StartDate = fourDays.StartDate.Add(start)
	d.change.EndDate = d.change.StartDate.Add(rapid.IntRange(2, 12).Draw(t, "days"))
	if rapid.Bool().Draw(t, "a seat") {
		d.change.Extras = []exodrive.ExtraRequest{{ID: "ext_seat", Quantity: rapid.IntRange(1, 2).Draw(t, "seats")}}
	} else if rapid.Bool().Draw(t, "no seat") {
		d.change.Extras = []exodrive.ExtraRequest{}
	}
	base := amounts.Draw(t, "base")
	d.terms.Car.Base = base
	d.terms.Rates = func(exodrive.Days) (exodrive.Rates, error) { return exodrive.Rates{Base: base}, nil }
	d.terms.Car.DiscountPercent = shares.Draw(t, "discount")
	d.terms.Places[0].TaxIncluded = rapid.Bool().Draw(t, "tax included")
	return d
})

// Nobody saves by changing a booking before he cancels it: whatever was changed, however
// often and at whatever prices, cancelling at last costs no less than cancelling would
// have in place of any of the changes. And every change adds up.
//
// Red when: settle does not raise the fees; or it does not raise the total; or either is
// raised to the fee of the new terms instead of the old ones.
func TestChangesAreNoWayRoundTheFee(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := bookedAt(t)
		list := rapid.SliceOfN(dealings, 1, 5).Draw(t, "dealings")
		slices.SortFunc(list, func(a, b dealing) int { return b.hour - a.hour })
		var least int64
		for i, d := range list {
			now := before(d.hour)
			fee, err := b.CancelFee(d.terms.Policy, now)
			if err != nil {
				return // under way
			}
			if fee.Amount < least {
				t.Fatalf("before change %d cancelling costs %v; in place of an earlier one it would have cost %d", i, fee, least)
			}
			ch, err := exodrive.NewChange(b, d.change, d.terms, nil, now)
			if err != nil {
				continue
			}
			least = fee.Amount
			addsUp(t, b, ch)
			if ch.Total.Amount < least {
				t.Fatalf("change %d makes it %v, and cancelling would have cost %d", i, ch.Total, least)
			}
			ch.Apply(b)
		}
		for _, term := range b.Terms.Cancellation {
			if term.Fee.Amount < least {
				t.Fatalf("after all changes cancelling costs %v until %v, in place of one it would have cost %d", term.Fee, term.Until, least)
			}
		}
	})
}

// Whoever takes nothing away pays no less, and whoever has the car gets nothing back.
func TestAnExtensionIsNeverCheaper(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := bookedAt(t)
		d := dealings.Draw(t, "dealing")
		d.change.StartDate, d.change.Extras = 0, b.Trip.Extras
		if b.State = rapid.SampledFrom([]exodrive.BookingState{exodrive.Held, exodrive.Confirmed, exodrive.Active}).Draw(t, "state"); b.State != exodrive.Active {
			d.change.EndDate = max(d.change.EndDate, b.Trip.EndDate+1)
		}
		ch, err := exodrive.NewChange(b, d.change, d.terms, nil, before(d.hour))
		if err != nil {
			return
		}
		addsUp(t, b, ch)
		if ch.Difference.Amount < 0 {
			t.Fatalf("%v becomes %v: %+v", b.Total, ch.Total, ch.Lines)
		}
	})
}

// bookedAt is a confirmed booking of four days or more at any price.
func bookedAt(t *rapid.T) *exodrive.Booking {
	first := dealings.Draw(t, "booked")
	r := first.change
	q, err := exodrive.NewQuote(exodrive.TripRequest{CarID: "car_1", StartDate: fourDays.StartDate, EndDate: max(r.EndDate, fourDays.EndDate), Extras: r.Extras}, first.terms, quoteNow)
	if err != nil {
		t.Fatal(err)
	}
	return bookingOf(exodrive.TripRequest{CarID: "car_1", StartDate: fourDays.StartDate, EndDate: max(r.EndDate, fourDays.EndDate), Extras: r.Extras}, q)
}

// Whatever a change is agreed to cost, its tax comes last, and is the tax of that price.
//
// Red when: a line comes after the tax, or leaves it that of another price.
func TestAnAgreedPriceHasItsTax(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, d := bookedAt(t), dealings.Draw(t, "dealing")
		total := rapid.OneOf(rapid.Int64Range(0, 100), amounts).Draw(t, "agreed")
		ch, err := exodrive.NewChange(b, d.change, d.terms, &exodrive.Leave{Total: &total}, before(d.hour))
		if err != nil {
			return
		}
		if addsUp(t, b, ch); ch.Total.Amount != total {
			t.Fatalf("%d was agreed, and it costs %v", total, ch.Total)
		}
	})
}

// addsUp checks the sums of a change, and that a tax of 10 % comes last.
func addsUp(t *rapid.T, b *exodrive.Booking, ch *exodrive.Change) {
	var sum, tax int64
	for i, l := range ch.Lines {
		if l.Kind == exodrive.LineTax {
			if tax = l.Amount.Amount; i != len(ch.Lines)-1 {
				t.Fatalf("%+v comes after the tax", ch.Lines[i+1:])
			}
		}
		if l.Quantity*l.Unit.Amount != l.Amount.Amount {
			t.Fatalf("%+v does not multiply", l)
		}
		if !l.Included {
			sum += l.Amount.Amount
		}
	}
	if of := exodrive.TaxRate(10_000).In(ch.Total.Amount); tax < of-1 || tax > of+1 {
		t.Fatalf("a tax of %d is told of %v, want %d", tax, ch.Total, of)
	}
	if sum != ch.Total.Amount || ch.Before != b.Total || ch.Difference.Amount != ch.Total.Amount-b.Total.Amount {
		t.Fatalf("the lines come to %d, the total is %v, before it was %v, the difference %v", sum, ch.Total, b.Total, ch.Difference)
	}
	for i, term := range ch.Cancellation {
		if term.Fee.Amount > ch.Total.Amount || i > 0 && (term.Fee.Amount <= ch.Cancellation[i-1].Fee.Amount || !term.Until.After(ch.Cancellation[i-1].Until)) {
			t.Fatalf("the terms of cancelling: %+v of %v", ch.Cancellation, ch.Total)
		}
	}
}

// Whoever shortens a rental while he has the car is late from its new end on, as somebody
// is who booked so; whoever does not shorten it is never late before what he had paid for.
// A further day never costs more than was agreed, and nothing that was paid comes back.
//
// Red when: days that were given back still count as paid for when the car comes back.
func TestDaysGivenBackAreLate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := bookedAt(t)
		b.State = exodrive.Active
		agreed, had := *b.Terms.Back, b.Days
		d := dealings.Draw(t, "dealing")
		end := b.Trip.EndDate.Add(rapid.IntRange(-5, 5).Draw(t, "end"))
		ch, err := exodrive.NewChange(b, exodrive.TripChange{EndDate: end}, d.terms, nil, before(-2))
		if err != nil {
			return
		}
		ch.Apply(b)
		back := exodrive.Reading{CarID: b.CarID, At: before(-2).Add(time.Duration(rapid.IntRange(0, 400).Draw(t, "hours")) * time.Hour)}
		var late int64
		for _, c := range exodrive.ReturnCharges(b.Terms, back, back) {
			if c.Kind == exodrive.ChargeLate {
				late = c.Quantity
			}
		}
		anybody := booked(t, exodrive.TripRequest{CarID: "car_1", StartDate: fourDays.StartDate, EndDate: end}, quoteTerms(), quoteNow)
		var want int64
		for _, c := range exodrive.ReturnCharges(anybody.Terms, back, back) {
			if c.Kind == exodrive.ChargeLate {
				want = c.Quantity
			}
		}
		if b.Terms.Back.LateDay.Amount > 0 && late != want {
			t.Fatalf("%v became %v and came back at %v: %d days late, want %d", had, b.Days, back.At, late, want)
		}
		if b.Terms.Back.LateDay.Amount > agreed.LateDay.Amount || b.Terms.Back.Days < agreed.Days || ch.Difference.Amount < 0 {
			t.Fatalf("%+v became %+v, at %v more", agreed, *b.Terms.Back, ch.Difference)
		}
	})
}
