package exodrive

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// The length brackets: from the 7th day weekly, from the 28th monthly.
const (
	weeklyFrom  = 7
	monthlyFrom = 28
)

// Rates is what the price of a day depends on.
type Rates struct {
	Base      int64          // minor units of a day
	Overrides map[Date]int64 // minor units of single days; they win over everything
	Rules     []PriceRule    // the active rules for this car
}

// Day is the full price of a day in minor units: its override, else the base
// rate times the highest multiplier of the rules for that day, rounded half up.
// A day without a rule costs the base rate.
func (r Rates) Day(d Date) int64 {
	if amount, ok := r.Overrides[d]; ok {
		return amount
	}
	highest := Percent(-1)
	for _, rule := range r.Rules {
		if rule.Matches(d) {
			highest = max(highest, rule.Multiplier)
		}
	}
	if highest < 0 {
		return r.Base
	}
	return highest.Of(r.Base)
}

// PriceInput is everything the price of a rental depends on. All amounts are
// minor units of Currency and not negative.
type PriceInput struct {
	Currency        Currency
	Days            Days // from Trip.Days
	Rates           Rates
	WeeklyPercent   Percent
	MonthlyPercent  Percent
	Fees            []Fee    // mandatory fees of the car
	PlaceFees       []Fee    // of pick-up, return and closed hours
	OneWay          Transfer // zero for a round trip
	Extras          []ExtraChoice
	DiscountPercent Percent // the car's own
	Coupon          *Coupon // already found valid, or nil
	TaxName         string
	TaxPercent      TaxRate
	TaxIncluded     bool
	Deposit         int64
}

// CarPricing is what the price of a rental needs to know of a car.
type CarPricing struct {
	Base            int64
	WeeklyPercent   Percent
	MonthlyPercent  Percent
	DiscountPercent Percent
	Fees            []Fee
	Deposit         int64
	LocationID      string
}

// price is what NewPrice needs for a trip with this car.
func (c CarPricing) price(currency Currency, rates Rates, trip Trip, days Days, oneWay Transfer, extras []ExtraChoice, coupon *Coupon) PriceInput {
	from := trip.PickupPlace
	return PriceInput{
		Currency: currency, Days: days, Rates: rates,
		WeeklyPercent: c.WeeklyPercent, MonthlyPercent: c.MonthlyPercent,
		Fees: c.Fees, PlaceFees: trip.PlaceFees(), OneWay: oneWay, Extras: extras,
		DiscountPercent: c.DiscountPercent, Coupon: coupon,
		TaxName: from.TaxName, TaxPercent: from.TaxPercent, TaxIncluded: from.TaxIncluded, Deposit: c.Deposit,
	}
}

// DayPrice is the all-in price of some days from handover time to handover time at
// the place where the car lives, without extras or coupon: what lists show.
func (c CarPricing) DayPrice(currency Currency, rates Rates, days Days, place *Location) Price {
	return NewPrice(c.price(currency, rates, DayTrip(days, place), days, Transfer{}, nil, nil))
}

// LineKind says what a line of a price is for.
type LineKind string

// The kinds of line, in the order in which they stand.
const (
	LineRental   LineKind = "rental"
	LineLength   LineKind = "length_discount"
	LineFee      LineKind = "fee"
	LinePlace    LineKind = "location_fee"
	LineOneWay   LineKind = "one_way"
	LineDiscount LineKind = "discount"
	LineExtra    LineKind = "extra"
	LineKept     LineKind = "kept"   // up to what a change of the trip leaves to be paid
	LineAgreed   LineKind = "agreed" // up or down to what staff agreed to for a change
	LineTax      LineKind = "tax"
)

// Line is one line of a price: Quantity times Unit is Amount, exactly. Discounts
// are negative. An included tax is told, but not added: its Included is true.
type Line struct {
	Kind     LineKind `json:"kind"`
	Label    string   `json:"label" example:"Rental day"`
	Quantity int64    `json:"quantity"`
	Unit     Money    `json:"unit"`
	Amount   Money    `json:"amount"`
	Included bool     `json:"included,omitempty" doc:"Part of the lines above, not added to the total."`
}

// Price is what a rental costs. Total is the sum of the lines that are not
// included; the deposit is apart.
type Price struct {
	Days    int    `json:"days" doc:"Rental days that are paid for."`
	Lines   []Line `json:"lines" nullable:"false"`
	Total   Money  `json:"total"`
	Deposit Money  `json:"deposit"`
}

// NewPrice is the one price function: list card, car page, quote, booking and
// receipt all come from it.
//
// The rental days cost what Rates.Day says. Length discounts come off the
// cheapest days: of the days sorted from dear to cheap, the first 6 are full, up
// to the 27th WeeklyPercent is off, then MonthlyPercent. A day's discounted
// price is rounded half up. Then mandatory, place and one-way fees are added,
// the larger of car discount and coupon is taken off all that, extras are added,
// and tax is added or, where prices contain it, told.
//
// Why sorted: in calendar order a cheap day put in front would move a dear day
// into a cheaper bracket, and the longer rental could cost less. Sorted, adding
// a day leaves every place in the order at least as dear as before and adds one
// that is not negative; rounding, discount and tax keep the order. So a rental
// never costs less than one inside it.
//
//	50.00 × 4 days + fees 15.00 + 25.00 = 240.00; − 10 % = 216.00; + 10 % tax = 237.60
func NewPrice(in PriceInput) Price {
	p := pricing{currency: in.Currency, lines: []Line{}}
	p.rental(in)
	for _, fee := range in.Fees {
		p.add(LineFee, fee.Name, 1, fee.Amount)
	}
	for _, fee := range in.PlaceFees {
		p.add(LinePlace, fee.Name, 1, fee.Amount)
	}
	if in.OneWay.Fee > 0 {
		p.add(LineOneWay, "One-way fee", 1, in.OneWay.Fee)
	}
	label, discount := "Discount", in.DiscountPercent.Of(p.total)
	if c := in.Coupon; c != nil {
		if off := min(c.Off(p.total), p.total); off > discount {
			label, discount = "Coupon "+c.Code, off
		}
	}
	if discount > 0 {
		p.add(LineDiscount, label, 1, -discount)
	}
	for _, x := range in.Extras {
		p.add(LineExtra, x.Extra.Name, x.count(in.Days.Len()), x.Extra.Price)
	}
	p.tax(in)
	return Price{
		Days: in.Days.Len(), Lines: p.lines,
		Total: Money{p.total, in.Currency}, Deposit: Money{in.Deposit, in.Currency},
	}
}

type pricing struct {
	currency Currency
	lines    []Line
	total    int64
}

func (p *pricing) add(kind LineKind, label string, quantity, unit int64) {
	if quantity == 0 || unit == 0 {
		return
	}
	p.lines = append(p.lines, Line{
		Kind: kind, Label: label, Quantity: quantity,
		Unit: Money{unit, p.currency}, Amount: Money{quantity * unit, p.currency},
	})
	p.total += quantity * unit
}

// rental adds one line per price of a day, dearest first, and one per
// different share and amount taken off.
func (p *pricing) rental(in PriceInput) {
	prices := make([]int64, 0, in.Days.Len())
	for d := range in.Days.All() {
		prices = append(prices, in.Rates.Day(d))
	}
	slices.SortFunc(prices, func(a, b int64) int { return cmp.Compare(b, a) })
	for from, to := range runs(prices) {
		p.add(LineRental, "Rental day", to-from, prices[from])
	}
	type deduction struct {
		percent Percent
		off     int64
	}
	deductions := make([]deduction, len(prices))
	for i, full := range prices {
		percent := lengthPercent(i+1, in)
		deductions[i] = deduction{percent, full - (Whole - percent).Of(full)}
	}
	for from, to := range runs(deductions) {
		d := deductions[from]
		p.add(LineLength, fmt.Sprintf("Long rental, %s %% off", d.percent), to-from, -d.off)
	}
}

// lengthPercent is what comes off the n-th day, counted from 1 and from the
// dearest. The monthly bracket is never below the weekly one.
func lengthPercent(n int, in PriceInput) Percent {
	switch {
	case n >= monthlyFrom:
		return max(in.WeeklyPercent, in.MonthlyPercent)
	case n >= weeklyFrom:
		return in.WeeklyPercent
	default:
		return 0
	}
}

// runs yields the half-open index ranges of equal neighbours.
func runs[T comparable](v []T) func(yield func(from, to int64) bool) {
	return func(yield func(from, to int64) bool) {
		for from := 0; from < len(v); {
			to := from + 1
			for to < len(v) && v[to] == v[from] {
				to++
			}
			if !yield(int64(from), int64(to)) {
				return
			}
			from = to
		}
	}
}

func (p *pricing) tax(in PriceInput) {
	tax := in.TaxPercent.On(p.total)
	if in.TaxIncluded {
		tax = in.TaxPercent.In(p.total)
	} else {
		p.total += tax
	}
	p.lines = append(p.lines, taxLines(in.TaxName, in.TaxPercent, in.TaxIncluded, Money{tax, in.Currency})...)
}

// taxLines are the line of a tax, or none where there is no tax.
func taxLines(name string, rate TaxRate, included bool, tax Money) []Line {
	if tax.Amount == 0 {
		return nil
	}
	label := strings.TrimSpace(fmt.Sprintf("%s %s %%", name, rate))
	if included {
		label += " included"
	}
	return []Line{{Kind: LineTax, Label: label, Quantity: 1, Unit: tax, Amount: tax, Included: included}}
}

// addUpTo adds a line that makes a total of the price of a rental from a place. It stands
// before the tax, which is then the share of the new total that is tax at the place's
// rate, rounded half up.
func (p *Price) addUpTo(total int64, kind LineKind, label string, place *Location) {
	if total == p.Total.Amount {
		return
	}
	lines := slices.DeleteFunc(slices.Clone(p.Lines), func(l Line) bool { return l.Kind == LineTax })
	tax := place.TaxPercent.In(total)
	rest := total
	if !place.TaxIncluded {
		rest -= tax
	}
	for _, l := range lines {
		rest -= l.Amount.Amount
	}
	m := Money{rest, p.Total.Currency}
	if rest != 0 {
		lines = append(lines, Line{Kind: kind, Label: label, Quantity: 1, Unit: m, Amount: m})
	}
	p.Lines = append(lines, taxLines(place.TaxName, place.TaxPercent, place.TaxIncluded, Money{tax, m.Currency})...)
	p.Total.Amount = total
}
