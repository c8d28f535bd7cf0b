// Package demo makes fleets to look at and to measure with: Demo, some forty
// real models in three places, and Generate, as many cars as a test wants. Both
// are pure functions of a day and a seed: the same input gives the same bytes.
// The cars' pictures are drawn here too, see Pictures.
package demo

import (
	"fmt"

	"github.com/exodrive/exodrive"
)

// Fleet is everything a house has, ready to be stored. References are by id and
// all of them resolve within the fleet.
//
// Bookings of one car never overlap in [Days.Start, BlockedUntil) while their
// states occupy days, and no block touches such a booking. No instant lies
// after the midnight that begins the fleet's day in its zone, HoldUntil apart.
type Fleet struct {
	Currency  exodrive.Currency
	Zone      string
	Locations []exodrive.Location
	Cars      []exodrive.Car
	CarPrices []CarPrice
	Rules     []exodrive.PriceRule
	Extras    []exodrive.Extra
	Coupons   []exodrive.Coupon
	Customers []exodrive.Customer
	Bookings  []exodrive.Booking // by car, then by day
	Records   []Record           // of the bookings, in their order; none for a generated fleet
	Blocks    []Block
	Reviews   []exodrive.Review
}

// CarPrice is the price of one day of one car, in minor units.
type CarPrice struct {
	CarID  string
	Date   exodrive.Date
	Amount int64
}

// Block takes a car out of service.
type Block struct {
	CarID string
	Days  exodrive.Days
}

// Size says how much of everything Generate makes.
type Size struct {
	Cars, Bookings, Reviews int
	Seed                    uint64
}

// The days around today in which rentals lie.
const (
	demoBefore, demoAfter         = 120, 100
	generateBefore, generateAfter = 540, 365
)

const (
	demoSeed      = 296
	demoReviews   = 340
	demoCustomers = 170
	// cycle is how many days of the demo's calendar one rental takes on average,
	// the days between rentals included; a dear car is out less often.
	cycle, dearCycle = 12, 20
	dear             = 1500 // dollars a day
)

// Demo is the fleet that a new house shows on the day today of New York.
func Demo(today exodrive.Date) *Fleet {
	b := newBuilder(demoSeed, today, demoTowns)
	for i := range models {
		b.demoCar(&models[i])
	}
	b.demoPrices()
	b.customers(demoCustomers)
	b.window = exodrive.Days{Start: today.Add(-demoBefore), End: today.Add(demoAfter)}
	b.price = b.fleet.Pricer()
	for i := range b.fleet.Cars {
		every := cycle
		if models[i].rate > dear {
			every = dearCycle
		}
		b.rentals(i, b.window.Len()/every+b.rng.IntN(3))
	}
	b.records(demoSeed)
	b.reviews(demoReviews)
	b.rate()
	return b.fleet
}

// Generate is a fleet of a size, spread over twelve cities and over the days
// from 540 before to 365 after today. It fails with an invalid error when the
// rentals do not fit into the cars' days, or when there is no car for them.
// 10,000 cars with 200,000 bookings take a few seconds and some 150 MB. Its bookings have
// days, times, state and total, and neither terms nor records: those are many times as
// many rows, and what such a fleet measures reads none of them.
func Generate(size Size, today exodrive.Date) (*Fleet, error) {
	if size.Cars < 0 || size.Bookings < 0 || size.Reviews < 0 {
		return nil, exodrive.Errorf(exodrive.Invalid, "A size is not negative.")
	}
	if size.Cars == 0 && size.Bookings+size.Reviews > 0 {
		return nil, exodrive.Errorf(exodrive.Invalid, "Bookings and reviews need at least one car.")
	}
	b := newBuilder(size.Seed, today, len(towns))
	b.fleet.Cars = make([]exodrive.Car, 0, size.Cars)
	for i := range size.Cars {
		b.generatedCar(i)
	}
	b.customers(min(size.Bookings/4+1, mostCustomers))
	b.window = exodrive.Days{Start: today.Add(-generateBefore), End: today.Add(generateAfter)}
	counts, err := b.share(size.Bookings)
	if err != nil {
		return nil, fmt.Errorf("generate a fleet: %w", err)
	}
	b.price = b.fleet.Pricer()
	b.fleet.Bookings = make([]exodrive.Booking, 0, size.Bookings)
	for i, n := range counts {
		b.rentals(i, n)
	}
	b.reviews(size.Reviews)
	b.rate()
	return b.fleet, nil
}
