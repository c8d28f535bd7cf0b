package demo

import (
	"time"

	"github.com/exodrive/exodrive"
)

// seasons are the next summer and year-end holidays that have not ended; their
// End is the last day.
func (b *builder) seasons() (summer, holidays exodrive.Days) {
	year := yearOf(b.today)
	summer = exodrive.Days{Start: exodrive.NewDate(year, time.June, 1), End: exodrive.NewDate(year, time.August, 31)}
	if summer.End < b.today {
		summer = exodrive.Days{Start: exodrive.NewDate(year+1, time.June, 1), End: exodrive.NewDate(year+1, time.August, 31)}
	}
	if b.today <= exodrive.NewDate(year, time.January, 3) {
		year--
	}
	return summer, exodrive.Days{Start: exodrive.NewDate(year, time.December, 20), End: exodrive.NewDate(year+1, time.January, 3)}
}

func yearOf(d exodrive.Date) int { return d.At(12*60, time.UTC).Year() }

// offers adds rules, extras and coupons. A rule's last day is included.
func (b *builder) offers() {
	born := b.moment(b.today.Add(-opened), 12, 14)
	summer, holidays := b.seasons()
	for _, in := range []exodrive.PriceRuleInput{
		{Name: "Weekend", Weekdays: []int{5, 6}, Multiplier: 115_00, Active: true},
		{Name: "Summer season", Start: summer.Start, End: summer.End, Weekdays: []int{}, Multiplier: 120_00, Active: true},
		{Name: "Summer weekends", Start: summer.Start, End: summer.End, Weekdays: []int{5, 6}, Multiplier: 130_00, Active: true},
		{Name: "Year-end holidays", Start: holidays.Start, End: holidays.End, Weekdays: []int{}, Multiplier: 140_00, Active: true},
		{Name: "Winter special (ended)", Start: summer.Start.Add(-140), End: summer.Start.Add(-95), Weekdays: []int{1, 2, 3}, Multiplier: 90_00, Active: false},
	} {
		b.fleet.Rules = append(b.fleet.Rules, exodrive.PriceRule{ID: b.id(exodrive.RuleID, born), Version: 1, PriceRuleInput: in})
	}
	for _, in := range extras {
		b.fleet.Extras = append(b.fleet.Extras, exodrive.Extra{ID: b.id(exodrive.ExtraID, born), Version: 1, ExtraInput: in})
	}
	for _, in := range []exodrive.CouponInput{
		{Code: "WELCOME10", Percent: 10_00, Active: true},
		{Code: "SUMMER15", Percent: 15_00, ValidFrom: summer.Start, ValidUntil: summer.End, MaxUses: 200, Active: true},
		{Code: "TAKE150", Amount: 150_00, ValidFrom: b.today.Add(-30), ValidUntil: b.today.Add(120), Active: true},
		{Code: "OPENING20", Percent: 20_00, ValidUntil: b.today.Add(-300), MaxUses: 50, Active: false},
	} {
		b.fleet.Coupons = append(b.fleet.Coupons, exodrive.Coupon{ID: b.id(exodrive.CouponID, born), Version: 1, CouponInput: in})
	}
}

// extras are charges and nothing else: none speaks of what the terms of a booking settle.
var extras = []exodrive.ExtraInput{
	{Name: "Child seat", Description: "For 9 to 40 lb, fitted before you arrive.", Price: 15_00, PerDay: true, MaxQuantity: 3, Active: true},
	{Name: "Booster seat", Description: "For 40 to 100 lb.", Price: 10_00, PerDay: true, MaxQuantity: 3, Active: true},
	{Name: "Additional driver", Description: "Same age and licence as the first.", Price: 40_00, PerDay: true, MaxQuantity: 3, Active: true},
	{Name: "Damage waiver", Description: "Lowers the excess to 2,500 dollars.", Price: 120_00, PerDay: true, MaxQuantity: 1, Active: true},
	{Name: "Delivery and collection", Description: "To a home or hotel within 20 miles, in a closed trailer.", Price: 195_00, MaxQuantity: 1, Active: true},
	{Name: "Airport meet and greet", Description: "We wait at arrivals with the car and the papers.", Price: 145_00, MaxQuantity: 1, Active: true},
	{Name: "Chauffeur", Description: "Eight hours a day, in a dark suit.", Price: 650_00, PerDay: true, MaxQuantity: 2, Active: true},
	{Name: "Driving coach", Description: "Two hours with an instructor beside you, from our door.", Price: 250_00, MaxQuantity: 2, Active: true},
	{Name: "Picnic hamper", Description: "Lunch for two, packed on the morning you leave.", Price: 140_00, MaxQuantity: 2, Active: true},
	{Name: "Action camera", Description: "Two mounts and a memory card that you keep.", Price: 25_00, PerDay: true, MaxQuantity: 2, Active: true},
}

// demoPrices sets the price of single days: New Year's Eve for the featured
// cars, and three quiet days in about five weeks for a few others.
func (b *builder) demoPrices() {
	_, holidays := b.seasons()
	eve := exodrive.NewDate(yearOf(holidays.Start), time.December, 31)
	quiet := b.today.Add(35)
	for quiet.Weekday() != time.Tuesday {
		quiet++
	}
	for i, car := range b.fleet.Cars {
		if car.Featured {
			b.fleet.CarPrices = append(b.fleet.CarPrices, CarPrice{car.ID, eve, car.PricePerDay * 8 / 5})
		}
		if i%9 == 4 {
			for d := quiet; d < quiet+3; d++ {
				if car.Featured && d == eve {
					continue // it has its price
				}
				b.fleet.CarPrices = append(b.fleet.CarPrices, CarPrice{car.ID, d, car.PricePerDay * 4 / 5})
			}
		}
	}
}
