package demo

import (
	"github.com/exodrive/exodrive"
)

// rates returns what the days of a car cost in the fleet as it is now, by its id.
func (f *Fleet) rates() func(car *exodrive.Car) exodrive.Rates {
	overrides := map[string]map[exodrive.Date]int64{}
	for _, p := range f.CarPrices {
		if overrides[p.CarID] == nil {
			overrides[p.CarID] = map[exodrive.Date]int64{}
		}
		overrides[p.CarID][p.Date] = p.Amount
	}
	var fleetRules []exodrive.PriceRule
	carRules := map[string][]exodrive.PriceRule{}
	for _, r := range f.Rules {
		switch {
		case !r.Active:
		case r.CarID == "":
			fleetRules = append(fleetRules, r)
		default:
			carRules[r.CarID] = append(carRules[r.CarID], r)
		}
	}
	return func(car *exodrive.Car) exodrive.Rates {
		rules := fleetRules
		if own := carRules[car.ID]; own != nil {
			rules = append(own[:len(own):len(own)], fleetRules...)
		}
		return exodrive.Rates{Base: car.PricePerDay, Overrides: overrides[car.ID], Rules: rules}
	}
}

// Pricer returns the price function of the fleet as it is now: the price of a
// booking without extras and coupon, which is what the totals of the fleet's
// bookings are. Cars and places of the bookings must be the fleet's.
func (f *Fleet) Pricer() func(exodrive.Booking) exodrive.Price {
	cars, places, rates := make(map[string]*exodrive.Car, len(f.Cars)), map[string]*exodrive.Location{}, f.rates()
	for i := range f.Cars {
		cars[f.Cars[i].ID] = &f.Cars[i]
	}
	for i := range f.Locations {
		places[f.Locations[i].ID] = &f.Locations[i]
	}
	return func(k exodrive.Booking) exodrive.Price {
		car, from, to := cars[k.CarID], places[k.PickupPlace], places[k.ReturnPlace]
		oneWay, _ := from.TransferTo(to.ID)
		// Rentals here begin and end in opening hours: no fee for a closed place.
		fees := []exodrive.Fee{{Name: "Pick-up fee", Amount: from.PickupFee}, {Name: "Return fee", Amount: to.ReturnFee}}
		return exodrive.NewPrice(exodrive.PriceInput{
			Currency: f.Currency, Days: k.Days, Rates: rates(car),
			WeeklyPercent: car.WeeklyPercent, MonthlyPercent: car.MonthlyPercent, DiscountPercent: car.DiscountPercent,
			Fees: car.Fees, PlaceFees: fees, OneWay: oneWay,
			TaxName: from.TaxName, TaxPercent: from.TaxPercent, TaxIncluded: from.TaxIncluded, Deposit: car.Deposit,
		})
	}
}

// quoter returns what the house quotes for the trip of a booking at the instant at which
// it was made. It panics for one that the house would refuse: the demo has none.
func (f *Fleet) quoter() func(*exodrive.Booking, *exodrive.Car) (exodrive.TripRequest, *exodrive.Quote) {
	rates := f.rates()
	return func(k *exodrive.Booking, car *exodrive.Car) (exodrive.TripRequest, *exodrive.Quote) {
		trip := must(k.Asked())
		return trip, must(exodrive.NewQuote(trip, exodrive.Terms{
			Car: exodrive.CarTerms{
				ID: car.ID, Slug: car.Slug, Name: car.Name, Category: car.Category, Available: true,
				MinimumDays: car.MinimumDays, TurnaroundDays: car.TurnaroundDays, MinimumDriverAge: car.MinimumDriverAge,
				DistancePerDay: car.DistancePerDay, DistancePrice: car.DistancePrice,
				CarPricing: exodrive.CarPricing{
					Base: car.PricePerDay, WeeklyPercent: car.WeeklyPercent, MonthlyPercent: car.MonthlyPercent, DiscountPercent: car.DiscountPercent,
					Fees: car.Fees, Deposit: car.Deposit, LocationID: car.LocationID,
				},
			},
			Places: f.Locations, Currency: f.Currency, Limits: exodrive.DefaultLimits, Policy: exodrive.DefaultPolicy,
			Rates: func(exodrive.Days) (exodrive.Rates, error) { return rates(car), nil },
		}, k.CreatedAt))
	}
}

// must is v, where the rules of the house refuse nothing that is made up here.
func must[T any](v T, err error) T {
	if err != nil {
		panic("demo: " + err.Error())
	}
	return v
}
