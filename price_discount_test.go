package exodrive_test

import (
	"testing"

	"github.com/exodrive/exodrive"
)

func extra(name string, price int64, perDay bool) exodrive.Extra {
	return exodrive.Extra{ExtraInput: exodrive.ExtraInput{Name: name, Price: price, PerDay: perDay, MaxQuantity: 20}}
}

// TestPriceBrackets: The weekly discount begins with the 7th day and the
// monthly one with the 28th; the days before stay as they are.
func TestPriceBrackets(t *testing.T) {
	for days, want := range map[int]int64{
		6:  6 * 100_00,
		7:  6*100_00 + 90_00,
		27: 6*100_00 + 21*90_00,
		28: 6*100_00 + 21*90_00 + 75_00,
		29: 6*100_00 + 21*90_00 + 2*75_00,
	} {
		in := rental(days, 100_00)
		in.WeeklyPercent, in.MonthlyPercent = 10_00, 25_00
		if got := exodrive.NewPrice(in).Total.Amount; got != want {
			t.Errorf("%d days cost %d, want %d", days, got, want)
		}
	}
}

// TestPriceMonthlyBelowWeekly: A car whose monthly discount was left below the
// weekly one keeps the weekly one from day 28.
func TestPriceMonthlyBelowWeekly(t *testing.T) {
	in := rental(29, 100_00)
	in.WeeklyPercent = 10_00
	wantReceipt(t, exodrive.NewPrice(in),
		"rental: Rental day, 29 × 100.00 = 2900.00",
		"length_discount: Long rental, 10 % off, 23 × -10.00 = -230.00",
		"total 2670.00 USD",
	)
}

// TestPriceLengthLabels: Each length discount is named with its own share, also
// where two shares of different days come to the same amount.
func TestPriceLengthLabels(t *testing.T) {
	in := rental(28, 200_00)
	in.Rates.Overrides = map[exodrive.Date]int64{mayFirst.Add(5): 100_00}
	in.WeeklyPercent, in.MonthlyPercent = 10_00, 20_00
	wantReceipt(t, exodrive.NewPrice(in),
		"rental: Rental day, 27 × 200.00 = 5400.00",
		"rental: Rental day, 1 × 100.00 = 100.00",
		"length_discount: Long rental, 10 % off, 21 × -20.00 = -420.00",
		"length_discount: Long rental, 20 % off, 1 × -20.00 = -20.00",
		"total 5060.00 USD",
	)
}

// TestPriceDiscountOrCoupon: A renter with a coupon for a discounted car gets
// the larger of the two, never both, on rental and fees.
func TestPriceDiscountOrCoupon(t *testing.T) {
	coupon := func(percent exodrive.Percent, amount int64) *exodrive.Coupon {
		return &exodrive.Coupon{CouponInput: exodrive.CouponInput{Code: "MAY", Percent: percent, Amount: amount}}
	}
	for _, c := range []struct {
		name   string
		car    exodrive.Percent
		coupon *exodrive.Coupon
		want   []string // of 200.00 rental and 40.00 fee
	}{
		{"neither", 0, nil, []string{"total 240.00 USD"}},
		{"only the car's", 10_00, nil, []string{"discount: Discount, 1 × -24.00 = -24.00", "total 216.00 USD"}},
		{"only a share", 0, coupon(15_00, 0), []string{"discount: Coupon MAY, 1 × -36.00 = -36.00", "total 204.00 USD"}},
		{"larger share", 10_00, coupon(15_00, 0), []string{"discount: Coupon MAY, 1 × -36.00 = -36.00", "total 204.00 USD"}},
		{"smaller share", 10_00, coupon(5_00, 0), []string{"discount: Discount, 1 × -24.00 = -24.00", "total 216.00 USD"}},
		{"larger amount", 10_00, coupon(0, 24_01), []string{"discount: Coupon MAY, 1 × -24.01 = -24.01", "total 215.99 USD"}},
		{"smaller amount", 10_00, coupon(0, 23_99), []string{"discount: Discount, 1 × -24.00 = -24.00", "total 216.00 USD"}},
		{"a tie does not use up the coupon", 10_00, coupon(0, 24_00), []string{"discount: Discount, 1 × -24.00 = -24.00", "total 216.00 USD"}},
		{"amount above the sum", 10_00, coupon(0, 9999_00), []string{"discount: Coupon MAY, 1 × -240.00 = -240.00", "total 0.00 USD"}},
		{"everything off", 100_00, coupon(0, 9999_00), []string{"discount: Discount, 1 × -240.00 = -240.00", "total 0.00 USD"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := rental(4, 50_00)
			in.Fees = []exodrive.Fee{{Name: "Cleaning", Amount: 40_00}}
			in.DiscountPercent, in.Coupon = c.car, c.coupon
			wantReceipt(t, exodrive.NewPrice(in), append([]string{
				"rental: Rental day, 4 × 50.00 = 200.00",
				"fee: Cleaning, 1 × 40.00 = 40.00",
			}, c.want...)...)
		})
	}
}

// TestPriceDiscountCoversFees: The discount is on place and one-way fees too.
func TestPriceDiscountCoversFees(t *testing.T) {
	in := rental(1, 100_00)
	in.PlaceFees = []exodrive.Fee{{Name: "Airport", Amount: 60_00}}
	in.OneWay = exodrive.Transfer{Fee: 40_00}
	in.DiscountPercent = 50_00
	if got := exodrive.NewPrice(in).Total.Amount; got != 100_00 {
		t.Errorf("total = %d, want half of 200.00", got)
	}
}

// TestPriceExtras: An extra costs its price for each piece, and for each rental
// day where it says so; no discount and no coupon touches it.
func TestPriceExtras(t *testing.T) {
	in := rental(3, 100_00)
	in.DiscountPercent = 100_00
	in.Coupon = &exodrive.Coupon{CouponInput: exodrive.CouponInput{Code: "ALL", Amount: 9999_00}}
	in.Extras = []exodrive.ExtraChoice{
		{Extra: extra("Child seat", 5_00, true), Quantity: 2},
		{Extra: extra("Helmet", 12_50, false), Quantity: 2},
		{Extra: extra("Map", 0, false), Quantity: 1},
		{Extra: extra("Skis", 9_00, true), Quantity: 0},
	}
	wantReceipt(t, exodrive.NewPrice(in),
		"rental: Rental day, 3 × 100.00 = 300.00",
		"discount: Discount, 1 × -300.00 = -300.00",
		"extra: Child seat, 6 × 5.00 = 30.00",
		"extra: Helmet, 2 × 12.50 = 25.00",
		"total 55.00 USD",
	)
}

// TestCalendarOrderWouldBreak: A week with a dear last day costs more than its
// six last days alone. Brackets in calendar order would break that, which is
// why NewPrice sorts.
func TestCalendarOrderWouldBreak(t *testing.T) {
	long := rental(7, 100_00)
	long.Rates.Overrides = map[exodrive.Date]int64{mayFirst.Add(6): 1000_00}
	long.WeeklyPercent, long.MonthlyPercent = 50_00, 50_00
	short := long
	short.Days.Start++

	calendarOrder := func(in exodrive.PriceInput) (sum int64) {
		for d := range in.Days.All() {
			day := in.Rates.Day(d)
			if d >= in.Days.Start.Add(6) {
				day = (exodrive.Whole - in.WeeklyPercent).Of(day)
			}
			sum += day
		}
		return sum
	}
	if l, s := calendarOrder(long), calendarOrder(short); l != 1100_00 || s != 1500_00 {
		t.Fatalf("calendar order: 7 days %d and 6 of them %d; the example was 1100.00 < 1500.00", l, s)
	}
	if l, s := exodrive.NewPrice(long).Total.Amount, exodrive.NewPrice(short).Total.Amount; l != 1550_00 || s != 1500_00 {
		t.Errorf("sorted: 7 days %d and 6 of them %d, want 1550.00 and 1500.00", l, s)
	}
}
