package demo

import (
	"math/rand/v2"
	"time"

	"github.com/exodrive/exodrive"
)

const (
	zone          = "America/New_York"
	currency      = exodrive.Currency("USD")
	opened        = 900 // days ago the house opened; nothing is older
	oldest        = 620 // cars and customers are older than every booking
	mostCustomers = 50_000
)

// builder fills a fleet. Every chance is taken from rng in one fixed order, so
// a fleet depends on its seed and its day alone.
type builder struct {
	fleet  *Fleet
	rng    *rand.Rand
	today  exodrive.Date
	now    time.Time // the midnight that begins today
	zone   *time.Location
	seen   map[string]bool // ids
	window exodrive.Days   // rentals lie in it
	price  func(exodrive.Booking) exodrive.Price
	future int // future rentals so far
}

// newBuilder starts a fleet with n places and what applies to all cars.
func newBuilder(seed uint64, today exodrive.Date, n int) *builder {
	loc, err := exodrive.LoadZone(zone)
	if err != nil {
		panic("demo: the zone database has no " + zone) // package exodrive embeds it
	}
	b := &builder{
		fleet: &Fleet{Currency: currency, Zone: zone},
		rng:   rand.New(rand.NewPCG(seed, uint64(today))),
		today: today, now: today.At(0, loc).UTC(), zone: loc, seen: map[string]bool{},
	}
	b.locations(n)
	b.offers()
	return b
}

// id is a new id of a thing born at an instant. Chance may repeat, an id must
// not, so a repeated one is drawn again.
func (b *builder) id(kind string, at time.Time) string {
	for {
		id := exodrive.NewID(kind, at, b.rng.Uint32())
		if !b.seen[id] {
			b.seen[id] = true
			return id
		}
	}
}

// moment is an instant of a day between two hours, to the millisecond, and
// before now.
func (b *builder) moment(d exodrive.Date, from, to int) time.Time {
	at := d.At(exodrive.Clock(from*60), b.zone).Add(time.Duration(b.rng.IntN((to-from)*3600_000)) * time.Millisecond)
	return b.past(at)
}

// past is at, or the last second of yesterday if that is later.
func (b *builder) past(at time.Time) time.Time {
	if last := b.now.Add(-time.Second); at.After(last) {
		at = last
	}
	return at.UTC()
}

// chance is true in percent of a hundred cases.
func (b *builder) chance(percent float64) bool { return b.rng.Float64()*100 < percent }

// between is a number from low to high, both included.
func (b *builder) between(low, high int) int { return low + b.rng.IntN(high-low+1) }

func pick[T any](b *builder, list []T) T { return list[b.rng.IntN(len(list))] }
