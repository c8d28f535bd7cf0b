package exodrive_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
)

func clockAt(s string) *exodrive.Clock {
	c, err := exodrive.ParseClock(s)
	if err != nil {
		panic(err)
	}
	return &c
}

// quoteTerms are those of a car in Miami, 50.00 a day with two fees, in a fleet with
// a second place.
func quoteTerms() exodrive.Terms {
	hours := exodrive.OpeningHours{}
	for i := range hours {
		hours[i] = exodrive.Hours{Open: *clockAt("09:00"), Close: *clockAt("18:00")}
	}
	miami := exodrive.Location{ID: "loc_miami", LocationInput: exodrive.LocationInput{
		Slug: "miami", Name: "Miami", City: "Miami", Zone: "America/New_York", Handover: *clockAt("10:00"), Hours: hours,
		AfterHoursFee: 2000, TaxName: "Tax", TaxPercent: 10_000, Units: exodrive.Imperial,
		Transfers: []exodrive.Transfer{{To: "loc_la", Days: 3, Fee: 90_000}},
	}}
	la := exodrive.Location{ID: "loc_la", LocationInput: exodrive.LocationInput{
		Slug: "la", Name: "Los Angeles", City: "Los Angeles", Zone: "America/Los_Angeles", Handover: *clockAt("10:00"), Hours: hours,
	}}
	return exodrive.Terms{
		Car: exodrive.CarTerms{
			ID: "car_1", Slug: "car-one", Name: "Car One", Available: true, MinimumDays: 2, TurnaroundDays: 1, MinimumDriverAge: 25,
			DistancePerDay: 100, DistancePrice: 250,
			CarPricing: exodrive.CarPricing{
				Base: 5000, DiscountPercent: 1000, Deposit: 500_000, LocationID: "loc_miami",
				Fees: []exodrive.Fee{{Name: "Cleaning", Amount: 1500}, {Name: "Handling", Amount: 2500}},
			},
		},
		Places: []exodrive.Location{miami, la},
		Rates:  func(exodrive.Days) (exodrive.Rates, error) { return exodrive.Rates{Base: 5000}, nil },
		Extras: []exodrive.Extra{
			{ID: "ext_seat", ExtraInput: exodrive.ExtraInput{Name: "Child seat", Price: 1000, PerDay: true, MaxQuantity: 2, Active: true}},
			{ID: "ext_old", ExtraInput: exodrive.ExtraInput{Name: "Map", Price: 100, MaxQuantity: 1}},
		},
		Currency: "USD", Limits: exodrive.DefaultLimits, Policy: exodrive.DefaultPolicy,
	}
}

var (
	quoteNow  = time.Date(2027, 4, 1, 12, 0, 0, 0, time.UTC)
	fourDays  = exodrive.TripRequest{CarID: "car_1", StartDate: exodrive.MustDate("2027-05-01"), EndDate: exodrive.MustDate("2027-05-05")}
	withTerms = func(change func(*exodrive.Terms)) exodrive.Terms {
		t := quoteTerms()
		change(&t)
		return t
	}
	asking = func(change func(*exodrive.TripRequest)) exodrive.TripRequest {
		r := fourDays
		change(&r)
		return r
	}
)

// A renter sees one price with everything in it, when the deposit is held, and what
// cancelling costs until when.
func TestQuote(t *testing.T) {
	q, err := exodrive.NewQuote(fourDays, quoteTerms(), quoteNow)
	if err != nil {
		t.Fatal(err)
	}
	if q.Total.Amount != 23760 || q.Days != 4 || q.Deposit.Amount != 500_000 {
		t.Errorf("%v for %d days, deposit %v; want 237.60 for 4 and 5000.00", q.Total, q.Days, q.Deposit)
	}
	if q.FirstDay.String() != "2027-05-01" || q.LastDay.String() != "2027-05-04" || q.BlockedUntil.String() != "2027-05-06" {
		t.Errorf("days %s to %s, blocked until %s", q.FirstDay, q.LastDay, q.BlockedUntil)
	}
	if at := q.Pickup.At.Format(time.RFC3339); at != "2027-05-01T10:00:00-04:00" {
		t.Errorf("pick-up at %s", at)
	}
	if h := q.DepositHold; h == nil || h.HeldOn.String() != "2027-04-29" || h.ReleasedBy.String() != "2027-05-08" {
		t.Errorf("the deposit: %+v", h)
	}
	var terms []string
	for _, c := range q.Cancellation {
		terms = append(terms, c.Until.Format(time.RFC3339)+" "+c.Fee.Decimal())
	}
	if want := []string{"2027-04-28T10:00:00-04:00 0.00", "2027-04-30T10:00:00-04:00 59.40", "2027-05-01T10:00:00-04:00 237.60"}; !slices.Equal(terms, want) {
		t.Errorf("cancelling: %q, want %q", terms, want)
	}
	want := []string{
		"4 rental days, 1 May 2027 to 4 May 2027. A rental day runs from 10:00 to 10:00 the next day, in the time of Miami.",
		"400 miles are included; each further mile costs 2.50 USD.",
		"Drivers are at least 25 years old on the day of pick-up.",
		"A deposit of 5000.00 USD is held on 29 April 2027, not charged, and released by 8 May 2027 if the car comes back as it left.",
		"Bring the car back with as much fuel as it left with; each eighth of a tank that is missing costs 25.00 USD. " +
			"The rental is paid until 5 May 2027, 10:00 (EDT); from 30 minutes later, each further day that is begun costs 59.40 USD.",
		"Cancelling is free until 28 April 2027, 10:00 (EDT); until 30 April 2027, 10:00 (EDT) it costs 59.40 USD; until the pick-up nothing is paid back.",
		"For coming late and for cancelling, a day counts as its share of the total, with all fees in it.",
	}
	if !slices.Equal(q.Rules, want) {
		t.Errorf("in words:\n%s\nwant\n%s", strings.Join(q.Rules, "\n"), strings.Join(want, "\n"))
	}
}

// Whoever books so late that cancelling costs something reads so, and no day until which it
// was free.
//
// Red when: a term of cancelling is told that is over.
func TestCancellingThatIsNotFreeAnyMore(t *testing.T) {
	for hours, want := range map[int]string{
		73: "Cancelling is free until 28 April 2027, 10:00 (EDT); until 30 April 2027, 10:00 (EDT) it costs 59.40 USD; until the pick-up nothing is paid back.",
		71: "Cancelling is not free any more: it costs 59.40 USD until 30 April 2027, 10:00 (EDT); until the pick-up nothing is paid back.",
		23: "Cancelling is not free any more: if you cancel, nothing is paid back.",
	} {
		q, err := exodrive.NewQuote(fourDays, quoteTerms(), before(hours))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(q.Rules, want) {
			t.Errorf("%d hours before the pick-up: %q, want %q", hours, q.Rules, want)
		}
	}
}

// Times around the handover time, another place of return and extras change days,
// fees and how long the car is away, and the rules say so.
func TestQuoteOfTimesAndPlaces(t *testing.T) {
	q, err := exodrive.NewQuote(asking(func(r *exodrive.TripRequest) {
		r.PickupTime, r.ReturnTime, r.ReturnLocation = clockAt("08:30"), clockAt("10:01"), "la"
		r.Extras = []exodrive.ExtraRequest{{ID: "ext_seat", Quantity: 2}}
		r.DriverBirthDate = exodrive.MustDate("2002-05-01")
	}), quoteTerms(), quoteNow)
	if err != nil {
		t.Fatal(err)
	}
	if q.FirstDay.String() != "2027-04-30" || q.LastDay.String() != "2027-05-05" || q.BlockedUntil.String() != "2027-05-10" {
		t.Errorf("days %s to %s, blocked until %s; want 30 April to 5 May, and 4 days more", q.FirstDay, q.LastDay, q.BlockedUntil)
	}
	if !q.Pickup.AfterHours || q.Return.AfterHours {
		t.Errorf("after hours: %v and %v, want only the pick-up", q.Pickup.AfterHours, q.Return.AfterHours)
	}
	// 6 × 50 + 40 + 20 after hours + 900 one way = 1260, − 10 % = 1134, + 2 seats × 6 × 10 = 1254, + 10 % tax.
	if q.Total.Amount != 137_940 {
		t.Errorf("%v, want 1379.40\n%+v", q.Total, q.Lines)
	}
	for _, said := range []string{"Pick-up at 08:30 is before 10:00, so 30 April 2027 counts as well.", "Return at 10:01 is after 10:00, so 5 May 2027 counts as well.",
		"Miami is closed at pick-up; somebody will be there."} {
		if !slices.Contains(q.Rules, said) {
			t.Errorf("nobody says %q:\n%s", said, strings.Join(q.Rules, "\n"))
		}
	}
}

// What the house does not take is refused with the member that is wrong.
func TestQuoteRefuses(t *testing.T) {
	coupon := func(c exodrive.Coupon) func(*exodrive.Terms) {
		c.Code = "TEN"
		return func(t *exodrive.Terms) { t.Coupon = &c }
	}
	nothing := func(*exodrive.Terms) {}
	for name, c := range map[string]struct {
		terms func(*exodrive.Terms)
		ask   func(*exodrive.TripRequest)
		code  exodrive.Code
		field string
	}{
		"hidden car":       {func(t *exodrive.Terms) { t.Car.Hidden = true }, func(*exodrive.TripRequest) {}, exodrive.NotFound, "/carId"},
		"car not for rent": {func(t *exodrive.Terms) { t.Car.Available = false }, func(*exodrive.TripRequest) {}, exodrive.Conflict, "/carId"},
		"too short":        {nothing, func(r *exodrive.TripRequest) { r.EndDate = r.StartDate + 1 }, exodrive.Invalid, "/endDate"},
		"too long":         {nothing, func(r *exodrive.TripRequest) { r.EndDate = r.StartDate + 91 }, exodrive.Invalid, "/endDate"},
		"reversed":         {nothing, func(r *exodrive.TripRequest) { r.EndDate = r.StartDate - 1 }, exodrive.Invalid, "/endDate"},
		"past":             {nothing, func(r *exodrive.TripRequest) { r.StartDate = exodrive.MustDate("2027-03-31") }, exodrive.Invalid, "/startDate"},
		"too far ahead":    {nothing, func(r *exodrive.TripRequest) { r.StartDate += 600; r.EndDate += 600 }, exodrive.Invalid, "/endDate"},
		"this morning": {nothing, func(r *exodrive.TripRequest) {
			r.StartDate = exodrive.MustDate("2027-04-01")
			r.PickupTime = clockAt("07:59")
		}, exodrive.Invalid, "/pickupTime"},
		"no such place":       {nothing, func(r *exodrive.TripRequest) { r.ReturnLocation = "paris" }, exodrive.Invalid, "/returnLocation"},
		"elsewhere":           {nothing, func(r *exodrive.TripRequest) { r.PickupLocation = "la" }, exodrive.Invalid, "/pickupLocation"},
		"one way not offered": {func(t *exodrive.Terms) { t.Places[0].Transfers = nil }, func(r *exodrive.TripRequest) { r.ReturnLocation = "la" }, exodrive.Invalid, "/returnLocation"},
		"a day too young":     {nothing, func(r *exodrive.TripRequest) { r.DriverBirthDate = exodrive.MustDate("2002-05-02") }, exodrive.Invalid, "/driverBirthDate"},
		"no such extra":       {nothing, func(r *exodrive.TripRequest) { r.Extras = []exodrive.ExtraRequest{{"ext_none", 1}} }, exodrive.Invalid, "/extras/0/id"},
		"extra not offered":   {nothing, func(r *exodrive.TripRequest) { r.Extras = []exodrive.ExtraRequest{{"ext_old", 1}} }, exodrive.Invalid, "/extras/0/id"},
		"extra twice":         {nothing, func(r *exodrive.TripRequest) { r.Extras = []exodrive.ExtraRequest{{"ext_seat", 1}, {"ext_seat", 1}} }, exodrive.Invalid, "/extras/1/id"},
		"too many":            {nothing, func(r *exodrive.TripRequest) { r.Extras = []exodrive.ExtraRequest{{"ext_seat", 3}} }, exodrive.Invalid, "/extras/0/quantity"},
		"no such coupon":      {nothing, func(r *exodrive.TripRequest) { r.Coupon = "ten" }, exodrive.Invalid, "/coupon"},
		"coupon off":          {coupon(exodrive.Coupon{}), func(r *exodrive.TripRequest) { r.Coupon = "ten" }, exodrive.Invalid, "/coupon"},
		"coupon of another":   {coupon(exodrive.Coupon{CouponInput: exodrive.CouponInput{Active: true, CarID: "car_2"}}), func(r *exodrive.TripRequest) { r.Coupon = "ten" }, exodrive.Invalid, "/coupon"},
		"coupon too early":    {coupon(exodrive.Coupon{CouponInput: exodrive.CouponInput{Active: true, ValidFrom: exodrive.MustDate("2027-05-02")}}), func(r *exodrive.TripRequest) { r.Coupon = "ten" }, exodrive.Invalid, "/coupon"},
		"coupon too late":     {coupon(exodrive.Coupon{CouponInput: exodrive.CouponInput{Active: true, ValidUntil: exodrive.MustDate("2027-04-30")}}), func(r *exodrive.TripRequest) { r.Coupon = "ten" }, exodrive.Invalid, "/coupon"},
		"coupon used up":      {coupon(exodrive.Coupon{Uses: 2, CouponInput: exodrive.CouponInput{Active: true, MaxUses: 2}}), func(r *exodrive.TripRequest) { r.Coupon = "ten" }, exodrive.Conflict, "/coupon"},
	} {
		_, err := exodrive.NewQuote(asking(c.ask), withTerms(c.terms), quoteNow)
		e, _ := errors.AsType[*exodrive.Error](err)
		if e == nil || e.Code != c.code || e.Field != c.field {
			t.Errorf("%s: %v (%+v), want %s on %s", name, err, e, c.code, c.field)
		}
	}
}

// A birth date to come is called that, also for a car that anybody may drive.
//
// Red when: it is refused as too young, or let pass.
func TestNobodyIsBornTomorrow(t *testing.T) {
	for _, least := range []int{0, 25} {
		_, err := exodrive.NewQuote(asking(func(r *exodrive.TripRequest) { r.DriverBirthDate = exodrive.MustDate("2027-04-02") }),
			withTerms(func(t *exodrive.Terms) { t.Car.MinimumDriverAge = least }), quoteNow)
		e, _ := errors.AsType[*exodrive.Error](err)
		if e == nil || e.Code != exodrive.Invalid || e.Field != "/driverBirthDate" || !strings.Contains(e.Message, "2 April 2027, lies in the future") {
			t.Errorf("for drivers of %d years: %v", least, err)
		}
	}
}

// Who comes for a car that is there may take it today: a little later, and before
// handover time too, which takes yesterday with it.
func TestQuoteForToday(t *testing.T) {
	for now, at := range map[string]string{"2027-04-01T12:00:00Z": "08:00", "2027-04-01T20:00:00Z": "16:00"} {
		instant, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := exodrive.NewQuote(asking(func(r *exodrive.TripRequest) {
			r.StartDate, r.EndDate, r.PickupTime = exodrive.MustDate("2027-04-01"), exodrive.MustDate("2027-04-05"), clockAt(at)
		}), quoteTerms(), instant); err != nil {
			t.Errorf("at %s for %s: %v", now, at, err)
		}
	}
}

// What a cancellation costs is what the terms said, to the instant.
func TestCancelFee(t *testing.T) {
	q, err := exodrive.NewQuote(fourDays, quoteTerms(), quoteNow)
	if err != nil {
		t.Fatal(err)
	}
	for before, want := range map[time.Duration]int64{72 * time.Hour: 0, 72*time.Hour - 1: 5940, 24 * time.Hour: 5940, 24*time.Hour - 1: 23760, 0: 23760} {
		fee, err := exodrive.CancelFee(q.Cancellation, q.Pickup.At.Add(-before))
		if err != nil || fee.Amount != want {
			t.Errorf("%v before the pick-up: %v, %v, want %d", before, fee, err, want)
		}
	}
	if _, err := exodrive.CancelFee(q.Cancellation, q.Pickup.At.Add(1)); exodrive.CodeOf(err) != exodrive.Conflict {
		t.Errorf("after the pick-up: %v", err)
	}
	// 3 days for 100: a third, half up; and never more than everything.
	policy := exodrive.Policy{FreeHours: 48, FeeHours: 0, FeeDays: 1}
	if terms := policy.CancelTerms(q.Pickup.At, exodrive.Price{Days: 3, Total: exodrive.Money{Amount: 100, Currency: "USD"}}); len(terms) != 2 || terms[1].Fee.Amount != 33 {
		t.Errorf("a third of 100: %+v", terms)
	}
	policy.FeeDays = 9
	if terms := policy.CancelTerms(q.Pickup.At, exodrive.Price{Days: 3, Total: exodrive.Money{Amount: 100, Currency: "USD"}}); terms[1].Fee.Amount != 100 {
		t.Errorf("nine days of three: %+v", terms)
	}
}
