package exodrive_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/exodrive/exodrive"
)

// mayFirst is a Friday.
var mayFirst = exodrive.MustDate("2026-05-01")

// rental is the price input of n days from 1 May 2026 at one rate in dollars.
func rental(n int, rate int64) exodrive.PriceInput {
	return exodrive.PriceInput{
		Currency: "USD",
		Days:     exodrive.Days{Start: mayFirst, End: mayFirst.Add(n)},
		Rates:    exodrive.Rates{Base: rate},
		TaxName:  "Tax",
	}
}

// receipt writes a price as a person would check it, one string a line.
func receipt(p exodrive.Price) []string {
	var out []string
	for _, l := range p.Lines {
		s := fmt.Sprintf("%s: %s, %d × %s = %s", l.Kind, l.Label, l.Quantity, l.Unit.Decimal(), l.Amount.Decimal())
		if l.Included {
			s += ", included"
		}
		out = append(out, s)
	}
	return append(out, "total "+p.Total.String())
}

func wantReceipt(t *testing.T, p exodrive.Price, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, receipt(p)); diff != "" {
		t.Errorf("receipt (-want +got):\n%s", diff)
	}
}

func allDays(name string, multiplier exodrive.Percent) exodrive.PriceRule {
	return exodrive.PriceRule{PriceRuleInput: exodrive.PriceRuleInput{Name: name, Multiplier: multiplier}}
}

// TestPriceReference: Four days at 50.00 with fees of 15.00 and 25.00, 10 % off
// and 10 % tax cost 237.60, and every line of it is told.
func TestPriceReference(t *testing.T) {
	in := rental(4, 50_00)
	in.Fees = []exodrive.Fee{{Name: "Cleaning", Amount: 15_00}, {Name: "Insurance", Amount: 25_00}}
	in.DiscountPercent = 10_00
	in.TaxName, in.TaxPercent = "Sales tax", 10_000
	in.Deposit = 5000_00

	p := exodrive.NewPrice(in)
	wantReceipt(t, p,
		"rental: Rental day, 4 × 50.00 = 200.00",
		"fee: Cleaning, 1 × 15.00 = 15.00",
		"fee: Insurance, 1 × 25.00 = 25.00",
		"discount: Discount, 1 × -24.00 = -24.00",
		"tax: Sales tax 10 %, 1 × 21.60 = 21.60",
		"total 237.60 USD",
	)
	if p.Days != 4 {
		t.Errorf("Days = %d, want 4", p.Days)
	}
	if want := (exodrive.Money{Amount: 5000_00, Currency: "USD"}); p.Deposit != want {
		t.Errorf("Deposit = %v, want %v beside the total", p.Deposit, want)
	}
}

// TestPriceLineOrder: The receipt of a rental with everything reads in the
// order rental, length discount, fees, discount, extras, tax.
func TestPriceLineOrder(t *testing.T) {
	in := rental(28, 100_00)
	in.Rates.Overrides = map[exodrive.Date]int64{mayFirst.Add(3): 150_00}
	in.WeeklyPercent, in.MonthlyPercent = 10_00, 20_00
	in.Fees = []exodrive.Fee{{Name: "Cleaning", Amount: 50_00}}
	in.PlaceFees = []exodrive.Fee{{Name: "Airport", Amount: 30_00}}
	in.OneWay = exodrive.Transfer{Days: 1, Fee: 200_00}
	in.DiscountPercent = 10_00
	in.Extras = []exodrive.ExtraChoice{{Extra: extra("Child seat", 5_00, false), Quantity: 2}}
	in.TaxPercent = 10_000

	wantReceipt(t, exodrive.NewPrice(in),
		"rental: Rental day, 1 × 150.00 = 150.00",
		"rental: Rental day, 27 × 100.00 = 2700.00",
		"length_discount: Long rental, 10 % off, 21 × -10.00 = -210.00",
		"length_discount: Long rental, 20 % off, 1 × -20.00 = -20.00",
		"fee: Cleaning, 1 × 50.00 = 50.00",
		"location_fee: Airport, 1 × 30.00 = 30.00",
		"one_way: One-way fee, 1 × 200.00 = 200.00",
		"discount: Discount, 1 × -290.00 = -290.00",
		"extra: Child seat, 2 × 5.00 = 10.00",
		"tax: Tax 10 %, 1 × 262.00 = 262.00",
		"total 2882.00 USD",
	)
}

// TestPriceRounding: Every amount is rounded half up where it arises, to the
// smallest coin of the currency. The sums are by hand.
func TestPriceRounding(t *testing.T) {
	currency := func(c exodrive.Currency, in exodrive.PriceInput) exodrive.PriceInput {
		in.Currency = c
		return in
	}
	rule := func(multiplier exodrive.Percent, in exodrive.PriceInput) exodrive.PriceInput {
		in.Rates.Rules = []exodrive.PriceRule{allDays("Season", multiplier)}
		return in
	}
	weekly := func(p exodrive.Percent, in exodrive.PriceInput) exodrive.PriceInput {
		in.WeeklyPercent, in.MonthlyPercent = p, p
		return in
	}
	discount := func(p exodrive.Percent, in exodrive.PriceInput) exodrive.PriceInput {
		in.DiscountPercent = p
		return in
	}
	coupon := func(p exodrive.Percent, in exodrive.PriceInput) exodrive.PriceInput {
		in.Coupon = &exodrive.Coupon{CouponInput: exodrive.CouponInput{Code: "MAY", Percent: p}}
		return in
	}
	tax := func(p exodrive.TaxRate, included bool, in exodrive.PriceInput) exodrive.PriceInput {
		in.TaxPercent, in.TaxIncluded = p, included
		return in
	}
	for _, c := range []struct {
		name  string
		in    exodrive.PriceInput
		total int64
	}{
		{"multiplier: 1.01 × 150 % = 1.515", rule(150_00, rental(1, 101)), 152},
		{"multiplier: 1.01 × 110 % = 1.111", rule(110_00, rental(1, 101)), 111},
		{"multiplier: 0.99 × 50 % = 0.495", rule(50_00, rental(1, 99)), 50},
		{"multiplier: each of three days of 1.515 alone, not 4.545", rule(150_00, rental(3, 101)), 456},
		{"multiplier: 1.00 × 115.05 % = 1.1505", rule(115_05, rental(1, 100)), 115},
		{"length: day 7 of 0.15 − 10 % = 0.135", weekly(10_00, rental(7, 15)), 6*15 + 14},
		{"length: days 7 to 9 each 0.135, not 0.405 together", weekly(10_00, rental(9, 15)), 6*15 + 3*14},
		{"length: day 7 of 0.05 − 10 % = 0.045, nothing off", weekly(10_00, rental(7, 5)), 7 * 5},
		{"length: day 7 of 0.14 − 10 % = 0.126", weekly(10_00, rental(7, 14)), 6*14 + 13},
		{"discount: 10 % of 0.25 = 0.025", discount(10_00, rental(1, 25)), 25 - 3},
		{"discount: 10 % of 0.24 = 0.024", discount(10_00, rental(1, 24)), 24 - 2},
		{"discount: 12.5 % of 0.20 = 0.025", discount(12_50, rental(1, 20)), 20 - 3},
		{"coupon: 15 % of 0.10 = 0.015", coupon(15_00, rental(1, 10)), 10 - 2},
		{"coupon: 14 % of 0.10 = 0.014", coupon(14_00, rental(1, 10)), 10 - 1},
		{"tax on top: 7 % of 1.50 = 0.105", tax(7_000, false, rental(1, 150)), 150 + 11},
		{"tax on top: 7 % of 1.49 = 0.1043", tax(7_000, false, rental(1, 149)), 149 + 10},
		{"tax of New York City: 8.875 % of 4.00 = 0.355", tax(8_875, false, rental(1, 400)), 400 + 36},
		{"tax contained changes nothing", tax(7_000, true, rental(1, 150)), 150},
		{"yen: 1000 × 115.05 % = 1150.5", currency("JPY", rule(115_05, rental(1, 1000))), 1151},
		{"yen: 10 % tax on 1155 = 115.5", currency("JPY", tax(10_000, false, rental(1, 1155))), 1155 + 116},
		{"dinar: 10.005 × 110 % = 11.0055", currency("KWD", rule(110_00, rental(1, 10_005))), 11_006},
		{"dinar: 5 % off 0.010 = 0.0005", currency("KWD", discount(5_00, rental(1, 10))), 10 - 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			if p := exodrive.NewPrice(c.in); p.Total.Amount != c.total {
				t.Errorf("total = %d, want %d:\n%v", p.Total.Amount, c.total, receipt(p))
			}
		})
	}
}

// TestPriceIncludedTax: Where prices contain the tax, the receipt tells how
// much of the total it is, rounded half up, and adds nothing.
func TestPriceIncludedTax(t *testing.T) {
	for _, c := range []struct {
		rate    int64
		percent exodrive.TaxRate
		want    []string
	}{
		{1_19, 19_000, []string{"tax: Tax 19 % included, 1 × 0.19 = 0.19, included"}},
		{1_00, 7_000, []string{"tax: Tax 7 % included, 1 × 0.07 = 0.07, included"}},  // 0.0654
		{3, 100_000, []string{"tax: Tax 100 % included, 1 × 0.02 = 0.02, included"}}, // 0.015
		{1_00, 0, nil},
	} {
		in := rental(1, c.rate)
		in.TaxPercent, in.TaxIncluded = c.percent, true
		day := exodrive.Money{Amount: c.rate, Currency: "USD"}
		want := append([]string{fmt.Sprintf("rental: Rental day, 1 × %[1]s = %[1]s", day.Decimal())}, c.want...)
		wantReceipt(t, exodrive.NewPrice(in), append(want, "total "+day.String())...)
	}
}

// TestRatesDay: A day costs its override, else the base rate times the highest
// multiplier of that very day; a dear Saturday does not make Friday dearer.
func TestRatesDay(t *testing.T) {
	rule := func(multiplier exodrive.Percent, start, end string, weekdays ...int) exodrive.PriceRule {
		r := exodrive.PriceRuleInput{Name: "rule", Multiplier: multiplier, Weekdays: weekdays}
		if start != "" {
			r.Start = exodrive.MustDate(start)
		}
		if end != "" {
			r.End = exodrive.MustDate(end)
		}
		return exodrive.PriceRule{PriceRuleInput: r}
	}
	rates := exodrive.Rates{
		Base:      100_00,
		Overrides: map[exodrive.Date]int64{exodrive.MustDate("2026-07-04"): 77_00, exodrive.MustDate("2026-07-11"): 0},
		Rules: []exodrive.PriceRule{
			rule(150_00, "", "", 6),                       // Saturdays
			rule(120_00, "2026-07-01", "2026-07-31"),      // July, both ends in it
			rule(300_00, "2026-07-18", "2026-07-19", 0),   // one Sunday
			rule(80_00, "2026-11-01", ""),                 // from November on
			rule(90_00, "", "2026-01-31"),                 // until January
			rule(60_00, "2026-11-02", "2026-11-30", 1, 2), // lower than the other
		},
	}
	for _, c := range []struct {
		day  string
		want int64
		why  string
	}{
		{"2026-06-30", 100_00, "no rule"},
		{"2026-07-01", 120_00, "first day of July"},
		{"2026-07-31", 120_00, "last day of July is included"},
		{"2026-08-03", 100_00, "after July"},
		{"2026-07-25", 150_00, "Saturday in July: the higher of two, not both"},
		{"2026-07-24", 120_00, "Friday before it: only its own"},
		{"2026-08-01", 150_00, "Saturday"},
		{"2026-07-18", 150_00, "in the range of the Sunday rule, but a Saturday"},
		{"2026-07-19", 300_00, "the Sunday"},
		{"2026-07-04", 77_00, "override beats Saturday and July"},
		{"2026-07-11", 0, "an override may make a day free"},
		{"2026-11-02", 80_00, "Monday: the higher of two below 100 %"},
		{"2030-01-02", 80_00, "open end"},
		{"2020-01-02", 90_00, "open beginning"},
	} {
		if got := rates.Day(exodrive.MustDate(c.day)); got != c.want {
			t.Errorf("Day(%s) = %d, want %d: %s", c.day, got, c.want, c.why)
		}
	}
}

// TestPriceEmptyReceipt: A rental that costs nothing has an empty list of
// lines in JSON, not null, because the contract says so.
func TestPriceEmptyReceipt(t *testing.T) {
	b, err := json.Marshal(exodrive.NewPrice(rental(1, 0)))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"days":1,"lines":[],"total":{"amount":0,"currency":"USD"},"deposit":{"amount":0,"currency":"USD"}}`
	if string(b) != want {
		t.Errorf("JSON = %s, want %s", b, want)
	}
}
