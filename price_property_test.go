package exodrive_test

import (
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/exodrive/exodrive"
)

// amounts are mostly small, where rounding bites, sometimes as large as can be
// entered.
var amounts = rapid.OneOf(
	rapid.Int64Range(0, 60),
	rapid.Int64Range(0, 2_000_00),
	rapid.Int64Range(0, exodrive.MaxAmount),
)

// shares are 0 to 100 %, the round ones often.
var shares = rapid.OneOf(
	rapid.Just[exodrive.Percent](0),
	rapid.SampledFrom([]exodrive.Percent{1, 5_00, 10_00, 12_50, 33_33, 50_00, 99_99, exodrive.Whole}),
	rapid.Custom(func(t *rapid.T) exodrive.Percent {
		return exodrive.Percent(rapid.IntRange(0, int(exodrive.Whole)).Draw(t, "share"))
	}),
)

// lengths are 1 to most days, as often long as short.
func lengths(most int) *rapid.Generator[int] {
	return rapid.OneOf(
		rapid.IntRange(1, most),
		rapid.Map(rapid.IntRange(0, most-1), func(n int) int { return most - n }),
		rapid.IntRange(6, 8), rapid.IntRange(27, 29),
	)
}

// priceInputs are rentals of up to mostDays with everything that can bear on a
// price.
func priceInputs(mostDays int) *rapid.Generator[exodrive.PriceInput] {
	return rapid.Custom(func(t *rapid.T) exodrive.PriceInput {
		in := rental(lengths(mostDays).Draw(t, "days"), amounts.Draw(t, "base"))
		in.Currency = rapid.SampledFrom([]exodrive.Currency{"USD", "JPY", "KWD"}).Draw(t, "currency")
		in.Rates.Overrides = rapid.MapOfN(rapid.Custom(func(t *rapid.T) exodrive.Date {
			return mayFirst.Add(rapid.IntRange(-1, mostDays).Draw(t, "day"))
		}), amounts, 0, 12).Draw(t, "overrides")
		in.Rates.Rules = rapid.SliceOfN(priceRules(mostDays), 0, 4).Draw(t, "rules")
		in.WeeklyPercent = shares.Draw(t, "weekly")
		in.MonthlyPercent = shares.Draw(t, "monthly")
		in.Fees = rapid.SliceOfN(fees, 0, 3).Draw(t, "fees")
		in.PlaceFees = rapid.SliceOfN(fees, 0, 3).Draw(t, "place fees")
		in.OneWay.Fee = amounts.Draw(t, "one-way fee")
		in.Extras = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) exodrive.ExtraChoice {
			return exodrive.ExtraChoice{
				Extra:    extra("Extra", amounts.Draw(t, "price"), rapid.Bool().Draw(t, "per day")),
				Quantity: rapid.IntRange(0, 20).Draw(t, "pieces"),
			}
		}), 0, 3).Draw(t, "extras")
		in.DiscountPercent = shares.Draw(t, "discount")
		if rapid.Bool().Draw(t, "has coupon") {
			in.Coupon = &exodrive.Coupon{CouponInput: exodrive.CouponInput{Code: "MAY"}}
			if rapid.Bool().Draw(t, "coupon is a share") {
				in.Coupon.Percent = shares.Draw(t, "coupon share")
			} else {
				in.Coupon.Amount = amounts.Draw(t, "coupon amount")
			}
		}
		in.TaxPercent = 10 * exodrive.TaxRate(shares.Draw(t, "tax"))
		in.TaxIncluded = rapid.Bool().Draw(t, "tax included")
		in.Deposit = amounts.Draw(t, "deposit")
		return in
	})
}

var fees = rapid.Custom(func(t *rapid.T) exodrive.Fee {
	return exodrive.Fee{Name: "Fee", Amount: amounts.Draw(t, "fee")}
})

func priceRules(mostDays int) *rapid.Generator[exodrive.PriceRule] {
	return rapid.Custom(func(t *rapid.T) exodrive.PriceRule {
		r := exodrive.PriceRuleInput{
			Name:       "Rule",
			Weekdays:   rapid.SliceOfNDistinct(rapid.IntRange(0, 6), 0, 7, rapid.ID[int]).Draw(t, "weekdays"),
			Multiplier: exodrive.Percent(rapid.IntRange(1, int(10*exodrive.Whole)).Draw(t, "multiplier")),
		}
		if rapid.Bool().Draw(t, "season") {
			r.Start = mayFirst.Add(rapid.IntRange(0, mostDays).Draw(t, "first"))
			r.End = r.Start.Add(rapid.IntRange(0, mostDays).Draw(t, "length"))
		}
		return exodrive.PriceRule{PriceRuleInput: r}
	})
}

// TestLongerNeverCheaper: A renter never pays less for a longer rental than for
// any shorter one inside it, whatever the operator has entered.
func TestLongerNeverCheaper(t *testing.T) {
	const mostDays = 32 // past the monthly bracket
	rapid.Check(t, func(t *rapid.T) {
		in := priceInputs(mostDays).Draw(t, "rental")
		whole := exodrive.NewPrice(in)
		for start := in.Days.Start; start < in.Days.End; start++ {
			for end := start + 1; end <= in.Days.End; end++ {
				inside := in
				inside.Days = exodrive.Days{Start: start, End: end}
				if part := exodrive.NewPrice(inside); part.Total.Amount > whole.Total.Amount {
					t.Fatalf("%s to %s costs more than %s to %s around it:\n%q\n%q",
						start, end, in.Days.Start, in.Days.End, receipt(part), receipt(whole))
				}
			}
		}
	})
}

// TestReceiptAddsUp: Whoever checks a receipt finds that quantity times unit is
// the amount of each line, that the lines which are not included are the total,
// and that nobody is paid for renting a car.
func TestReceiptAddsUp(t *testing.T) {
	order := []exodrive.LineKind{
		exodrive.LineRental, exodrive.LineLength, exodrive.LineFee, exodrive.LinePlace,
		exodrive.LineOneWay, exodrive.LineDiscount, exodrive.LineExtra, exodrive.LineTax,
	}
	rapid.Check(t, func(t *rapid.T) {
		in := priceInputs(90).Draw(t, "rental")
		p := exodrive.NewPrice(in)
		var sum, days int64
		last := 0
		for _, l := range p.Lines {
			if l.Quantity*l.Unit.Amount != l.Amount.Amount {
				t.Errorf("%s: %d × %d is not %d", l.Kind, l.Quantity, l.Unit.Amount, l.Amount.Amount)
			}
			if l.Unit.Currency != in.Currency || l.Amount.Currency != in.Currency {
				t.Errorf("%s: currency %s and %s, want %s", l.Kind, l.Unit.Currency, l.Amount.Currency, in.Currency)
			}
			deduction := l.Kind == exodrive.LineLength || l.Kind == exodrive.LineDiscount
			if l.Quantity <= 0 || deduction != (l.Amount.Amount < 0) {
				t.Errorf("%s: %d × %d has the wrong sign or no amount", l.Kind, l.Quantity, l.Unit.Amount)
			}
			if l.Included != (l.Kind == exodrive.LineTax && in.TaxIncluded) {
				t.Errorf("%s: included is %v, with tax included %v", l.Kind, l.Included, in.TaxIncluded)
			}
			if l.Kind == exodrive.LineRental {
				days += l.Quantity
			}
			if place := slices.Index(order, l.Kind); place < last {
				t.Errorf("%s stands after %s", l.Kind, order[last])
			} else {
				last = place
			}
			if !l.Included {
				sum += l.Amount.Amount
			}
		}
		if sum != p.Total.Amount || p.Total.Amount < 0 {
			t.Errorf("total = %d, the lines come to %d", p.Total.Amount, sum)
		}
		if p.Days != in.Days.Len() || days > int64(p.Days) {
			t.Errorf("%d days on the receipt, %d in the lines, %d rented", p.Days, days, in.Days.Len())
		}
		if t.Failed() {
			t.Logf("%q", receipt(p))
		}
	})
}

// TestPriceIgnoresRuleOrder: The order in which rules come from the database
// does not change a price.
func TestPriceIgnoresRuleOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := priceInputs(32).Draw(t, "rental")
		before := exodrive.NewPrice(in).Total
		in.Rates.Rules = rapid.Permutation(in.Rates.Rules).Draw(t, "other order")
		if after := exodrive.NewPrice(in).Total; after != before {
			t.Errorf("total = %v, in another order %v", before, after)
		}
	})
}

// TestPriceAtTheBounds: A rental with every amount at its upper bound is summed
// exactly, without leaving 64 bits.
func TestPriceAtTheBounds(t *testing.T) {
	in := rental(exodrive.DefaultLimits.RentalDays, exodrive.MaxAmount)
	in.Rates.Rules = []exodrive.PriceRule{allDays("Rule", 10*exodrive.Whole)}
	in.TaxPercent = exodrive.WholeTax - 1
	for range 100 {
		in.Extras = append(in.Extras, exodrive.ExtraChoice{Extra: extra("Extra", exodrive.MaxAmount, true), Quantity: 20})
	}
	// 90 days × (10 + 100 × 20) × the bound, and 99.999 % tax on it.
	want := new(big.Int).Mul(big.NewInt(90*(10+100*20)), big.NewInt(exodrive.MaxAmount))
	want.Add(want, new(big.Int).Div(new(big.Int).Mul(want, big.NewInt(99_999)), big.NewInt(100_000)))
	if got := exodrive.NewPrice(in).Total.Amount; want.Cmp(big.NewInt(got)) != 0 {
		t.Errorf("total = %d, want %d", got, want)
	}
}

// TestPercentOf: A share of an amount is the nearest whole minor unit, the
// upper one of two that are equally near.
func TestPercentOf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := rapid.Int64Range(0, 1_000_000_000_000_000).Draw(t, "amount")
		p := rapid.IntRange(0, 1000_00).Draw(t, "per cent in hundredths")
		exact := new(big.Int).Mul(big.NewInt(amount), big.NewInt(int64(p)))
		want := exact.Add(exact, big.NewInt(50_00)).Div(exact, big.NewInt(100_00))
		if got := exodrive.Percent(p).Of(amount); want.Cmp(big.NewInt(got)) != 0 {
			t.Errorf("%s %% of %d = %d, want %d", exodrive.Percent(p), amount, got, want)
		}
	})
}
