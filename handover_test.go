package exodrive_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/exodrive/exodrive"
)

// backTerms are those of four days in Miami until Saturday 13 March 2027, the night
// before the clocks go forward.
func backTerms() exodrive.BookingTerms {
	zone, _ := time.LoadLocation("America/New_York")
	return exodrive.BookingTerms{
		Return:   exodrive.Handover{Zone: "America/New_York"},
		Distance: exodrive.Distance{Included: 400, Units: exodrive.Imperial, Extra: usd(250)},
		Back: &exodrive.ReturnTerms{
			Days: 4, PaidUntil: time.Date(2027, 3, 13, 10, 0, 0, 0, zone), GraceMinutes: 30, LateDay: usd(5940), FuelEighth: usd(2500),
		},
	}
}

// What a car that is back costs on top is what was agreed, no more, and each charge says
// how it was worked out.
func TestReturnCharges(t *testing.T) {
	paid := backTerms().Back.PaidUntil
	for name, c := range map[string]struct {
		driven   int
		out, in  int // fuel
		late     time.Duration
		terms    func(*exodrive.BookingTerms)
		another  bool // another car came back
		want     []string
		contains string
	}{
		"as it left":                      {driven: 400, out: 8, in: 8},
		"one mile beyond":                 {driven: 401, out: 8, in: 8, want: []string{"distance 1 × 2.50 = 2.50"}, contains: "Odometer 1000 to 1401: 401 miles driven, 400 included, 1 beyond at 2.50 USD each."},
		"many":                            {driven: 1234, out: 8, in: 8, want: []string{"distance 834 × 2.50 = 2085.00"}},
		"unlimited":                       {driven: 1234, out: 8, in: 8, terms: func(b *exodrive.BookingTerms) { b.Distance.Included = 0 }},
		"beyond costs nothing":            {driven: 1234, out: 8, in: 8, terms: func(b *exodrive.BookingTerms) { b.Distance.Extra.Amount = 0 }},
		"kilometres":                      {driven: 401, terms: func(b *exodrive.BookingTerms) { b.Distance.Units = exodrive.Metric }, want: []string{"distance 1 × 2.50 = 2.50"}, contains: "401 kilometres"},
		"a car that was swapped":          {driven: 1234, out: 8, in: 1, another: true},
		"less fuel":                       {out: 8, in: 5, want: []string{"fuel 3 × 25.00 = 75.00"}, contains: "It left with 8 eighths of a tank and came back with 5: 3 eighths missing at 25.00 USD each."},
		"more fuel":                       {out: 4, in: 6},
		"within the grace":                {late: 30 * time.Minute},
		"after it":                        {late: 30*time.Minute + time.Millisecond, want: []string{"late_return 1 × 59.40 = 59.40"}, contains: "Paid until 13 March 2027, 10:00 (EST) and 30 minutes more; back on 13 March 2027, 10:30 (EST): 1 further day begun at 59.40 USD each."},
		"the whole of a day of 23 hours":  {late: 23*time.Hour + 30*time.Minute, want: []string{"late_return 1 × 59.40 = 59.40"}},
		"and the next":                    {late: 23*time.Hour + 30*time.Minute + time.Millisecond, want: []string{"late_return 2 × 59.40 = 118.80"}},
		"a week":                          {late: 7 * 24 * time.Hour, want: []string{"late_return 8 × 59.40 = 475.20"}},
		"late days cost nothing":          {late: 40 * time.Hour, terms: func(b *exodrive.BookingTerms) { b.Back.LateDay.Amount = 0 }},
		"before such terms were agreed":   {driven: 401, out: 8, late: 40 * time.Hour, terms: func(b *exodrive.BookingTerms) { b.Back = nil }, want: []string{"distance 1 × 2.50 = 2.50"}},
		"a booking without any terms":     {driven: 9999, out: 8, late: 40 * time.Hour, terms: func(b *exodrive.BookingTerms) { *b = exodrive.BookingTerms{} }},
		"everything, in one order always": {driven: 500, out: 8, in: 7, late: time.Hour, want: []string{"distance 100 × 2.50 = 250.00", "fuel 1 × 25.00 = 25.00", "late_return 1 × 59.40 = 59.40"}},
	} {
		terms := backTerms()
		if c.terms != nil {
			c.terms(&terms)
		}
		out := exodrive.Reading{CarID: "car_1", Odometer: 1000, Fuel: c.out, At: paid.AddDate(0, 0, -4)}
		in := exodrive.Reading{CarID: "car_1", Odometer: 1000 + c.driven, Fuel: c.in, At: paid.Add(c.late).UTC()}
		if c.another {
			in.CarID = "car_2"
		}
		var got []string
		words := ""
		for _, l := range exodrive.ReturnCharges(terms, out, in) {
			got = append(got, fmt.Sprintf("%s %d × %s = %s", l.Kind, l.Quantity, l.Unit.Decimal(), l.Amount.Decimal()))
			words += l.Words
		}
		if !slices.Equal(got, c.want) || !strings.Contains(words, c.contains) {
			t.Errorf("%s: %q, in words %q; want %q and %q", name, got, words, c.want, c.contains)
		}
	}
}

// Charges are never below zero, each is its quantity times its unit, all of them together
// are what the account says, and whoever drives further, brings less fuel or comes later
// never pays less.
func TestReturnChargesGrow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms := backTerms()
		terms.Distance.Included = rapid.IntRange(0, 1000).Draw(t, "included")
		terms.Distance.Extra = usd(amounts.Draw(t, "per mile"))
		terms.Back.FuelEighth, terms.Back.LateDay = usd(amounts.Draw(t, "per eighth")), usd(amounts.Draw(t, "per day"))
		terms.Back.GraceMinutes = rapid.IntRange(0, 120).Draw(t, "grace")
		out := exodrive.Reading{Odometer: rapid.IntRange(0, 10_000_000).Draw(t, "odometer"), Fuel: rapid.IntRange(0, 8).Draw(t, "fuel")}
		in := out
		in.Odometer = rapid.IntRange(out.Odometer, 10_000_000).Draw(t, "odometer then")
		in.Fuel = rapid.IntRange(0, 8).Draw(t, "fuel then")
		in.At = terms.Back.PaidUntil.Add(time.Duration(rapid.Int64Range(-100, 3000).Draw(t, "hours")) * time.Hour)
		sum := func(in exodrive.Reading) int64 {
			b := &exodrive.Booking{State: exodrive.Returned, Total: usd(0), Deposit: usd(0), Terms: terms}
			charges := exodrive.ReturnCharges(terms, out, in)
			total := int64(0)
			for _, c := range charges {
				if c.Amount.Amount <= 0 || c.Quantity*c.Unit.Amount != c.Amount.Amount || c.Words == "" {
					t.Fatalf("the charge %+v", c)
				}
				total += c.Amount.Amount
			}
			if a, err := exodrive.NewAccount(b, charges, 0, nil); err != nil || a.Charges.Amount != total || a.Due.Amount != total {
				t.Fatalf("the account %+v, %v; want %d", a, err, total)
			}
			return total
		}
		before := sum(in)
		worse := in
		worse.Odometer += rapid.IntRange(0, 500).Draw(t, "further")
		worse.Fuel = rapid.IntRange(0, in.Fuel).Draw(t, "less")
		worse.At = in.At.Add(time.Duration(rapid.Int64Range(0, 100).Draw(t, "later")) * time.Hour)
		if after := sum(worse); after < before {
			t.Fatalf("%+v costs %d, and %+v %d", in, before, worse, after)
		}
	})
}

// What cannot be read off a car is refused, and what hardly can needs a reason.
func TestReadings(t *testing.T) {
	left := exodrive.Reading{Odometer: 1000, Fuel: 8, At: time.Date(2027, 3, 1, 10, 0, 0, 0, time.UTC)}
	for name, c := range map[string]struct {
		odometer, fuel int
		sure           bool
		handOver, back bool // may be
	}{
		"as it was":          {1000, 8, false, true, true},
		"less":               {999, 8, true, false, false},
		"a little more":      {1900, 0, false, true, true},
		"too far for a day":  {4000, 4, false, true, false},
		"too far unseen":     {6001, 4, false, false, false},
		"too far, with why":  {6001, 4, true, true, true},
		"no fuel like that":  {1000, 9, true, false, false},
		"fuel below nothing": {1000, -1, true, false, false},
		"no such odometer":   {10_000_001, 4, true, false, false},
	} {
		r := exodrive.Reading{Odometer: c.odometer, Fuel: c.fuel, At: left.At.Add(20 * time.Hour)}
		if err := r.CheckHandOver(1000, c.sure); (err == nil) != c.handOver || err != nil && exodrive.CodeOf(err) != exodrive.Invalid {
			t.Errorf("%s, handed over: %v", name, err)
		}
		if err := r.CheckTakeBack(left, c.sure); (err == nil) != c.back || err != nil && exodrive.CodeOf(err) != exodrive.Invalid {
			t.Errorf("%s, taken back: %v", name, err)
		}
	}
}

// A rental that ends early has used the days that were begun, by the handover time of the
// place, one at least; a late return takes none.
func TestUsedDays(t *testing.T) {
	miami := quoteTerms().Places[0]
	zone, _ := time.LoadLocation(miami.Zone)
	days := exodrive.Days{Start: exodrive.MustDate("2027-05-01"), End: exodrive.MustDate("2027-05-05")}
	for back, want := range map[string]string{
		"2027-05-05T10:00": "2027-05-05", "2027-05-09T18:00": "2027-05-05", "2027-05-04T10:01": "2027-05-05", "2027-05-04T10:00": "2027-05-04",
		"2027-05-03T23:59": "2027-05-04", "2027-05-02T00:10": "2027-05-02", "2027-05-01T11:00": "2027-05-02", "2027-04-29T11:00": "2027-05-02",
	} {
		at, err := time.ParseInLocation("2006-01-02T15:04", back, zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := exodrive.UsedDays(days, &miami, at.UTC()); got.Start != days.Start || got.End.String() != want {
			t.Errorf("back on %s: used until %s, want %s", back, got.End, want)
		}
	}
}

// Staff enters what a thing is for and an amount that is none of nothing; a credit takes
// off no more than there is.
func TestEnteredCharges(t *testing.T) {
	_, err := exodrive.EnteredCharges([]exodrive.ChargeInput{{Label: " ", Amount: 1}, {Label: "x", Amount: 0}, {Label: "x", Amount: exodrive.MaxAmount + 1}, {Label: "x", Amount: -5}}, usd(1), time.Time{})
	var fields []string
	if e, ok := err.(*exodrive.Error); ok { //nolint:errorlint // made right there
		for _, f := range e.Faults {
			fields = append(fields, f.Field)
		}
	}
	if want := []string{"/charges/0/label", "/charges/1/amount", "/charges/2/amount"}; !slices.Equal(fields, want) {
		t.Errorf("%v names %q, want %q", err, fields, want)
	}
	credit, err := exodrive.ChargeInput{Label: "Goodwill", Amount: -150}.Charge(usd(100), time.Time{})
	if err != nil || credit.Kind != exodrive.ChargeCredit {
		t.Errorf("%+v, %v", credit, err)
	}
	for _, c := range []struct {
		charges int64
		code    exodrive.Code
	}{{49, exodrive.Conflict}, {50, ""}} {
		if err := exodrive.CheckCredits("/charges", usd(100), []exodrive.Charge{{Amount: usd(c.charges)}}, []exodrive.Charge{credit}); exodrive.CodeOf(err) != c.code {
			t.Errorf("a credit of 1.50 after 1.00 and %d: %v", c.charges, err)
		}
	}
}

// A day that is begun too late costs its share of an average day, rounded half up, and a
// house that asks nothing says nothing of it.
func TestLateDays(t *testing.T) {
	for _, c := range []struct {
		base    int64
		percent int
		want    int64
	}{{101, 50, 51}, {101, 49, 49}, {100, 100, 100}, {100, 1000, 1000}, {101, 0, 0}} {
		q, err := exodrive.NewQuote(fourDays, withTerms(func(t *exodrive.Terms) {
			t.Car.Fees, t.Car.DiscountPercent, t.Places[0].TaxPercent = nil, 0, 0
			t.Rates = func(exodrive.Days) (exodrive.Rates, error) { return exodrive.Rates{Base: c.base}, nil }
			t.Policy.LatePercent, t.Policy.FuelEighth = c.percent, 0
		}), quoteNow)
		if err != nil || q.Back.LateDay != usd(c.want) {
			t.Errorf("%d %% of %d: %v, %v", c.percent, c.base, q.Back, err)
		}
		if said := slices.ContainsFunc(q.Rules, func(s string) bool { return strings.Contains(s, "further day") || strings.Contains(s, "fuel") }); said != (c.want > 0) {
			t.Errorf("at %d %% the rules say %q", c.percent, q.Rules)
		}
	}
	for _, p := range []func(*exodrive.Policy){
		func(p *exodrive.Policy) { p.LatePercent = -1 }, func(p *exodrive.Policy) { p.LatePercent = 1001 },
		func(p *exodrive.Policy) { p.FuelEighth = -1 }, func(p *exodrive.Policy) { p.GraceMinutes = -1 },
	} {
		policy := exodrive.DefaultPolicy
		p(&policy)
		if err := policy.Validate(); exodrive.CodeOf(err) != exodrive.Invalid {
			t.Errorf("%+v is valid: %v", policy, err)
		}
	}
}
