package demo

import (
	"strings"
	"time"

	"github.com/exodrive/exodrive"
)

// reviews adds n reviews: of completed rentals as far as they go, one each, and
// without a rental beyond that.
func (b *builder) reviews(n int) {
	cars := make(map[string]*exodrive.Car, len(b.fleet.Cars))
	for i := range b.fleet.Cars {
		cars[b.fleet.Cars[i].ID] = &b.fleet.Cars[i]
	}
	cities := map[string]string{}
	for _, l := range b.fleet.Locations {
		cities[l.ID] = l.City
	}
	var done []int
	for i := range b.fleet.Bookings {
		if b.fleet.Bookings[i].State == exodrive.Completed {
			done = append(done, i)
		}
	}
	b.rng.Shuffle(len(done), func(x, y int) { done[x], done[y] = done[y], done[x] })
	b.fleet.Reviews = make([]exodrive.Review, 0, n)
	for i := range n {
		r := exodrive.Review{}
		var car *exodrive.Car
		if i < len(done) {
			k := &b.fleet.Bookings[done[i]]
			car, r.BookingID, r.Author = cars[k.CarID], k.ID, author(k.Contact)
			r.CreatedAt = b.moment(min(k.Days.End.Add(b.between(0, 9)), b.today-1), 17, 23)
		} else {
			car, r.Author = &b.fleet.Cars[b.rng.IntN(len(b.fleet.Cars))], author(pick(b, b.fleet.Customers).Contact)
			r.CreatedAt = b.moment(b.today.Add(-b.between(5, opened/2)), 8, 23)
		}
		r.ID, r.CarID = b.id(exodrive.ReviewID, r.CreatedAt), car.ID
		r.Stars = b.stars()
		r.Comment = b.comment(car, cities[car.LocationID], r.Stars)
		r.Status = b.moderation(r)
		b.fleet.Reviews = append(b.fleet.Reviews, r)
	}
}

func author(c exodrive.Contact) string { return c.FirstName + " " + c.LastName[:1] + "." }

// stars follow what rental sites show: most people are happy and say so.
func (b *builder) stars() int {
	switch luck := b.rng.Float64() * 100; {
	case luck < 66:
		return 5
	case luck < 90:
		return 4
	case luck < 96:
		return 3
	case luck < 98.5:
		return 2
	default:
		return 1
	}
}

// moderation leaves some of this week's reviews to be looked at.
func (b *builder) moderation(r exodrive.Review) exodrive.ReviewStatus {
	const week = 7 * 24 * time.Hour
	switch {
	case b.now.Sub(r.CreatedAt) < week && b.chance(40):
		return exodrive.ReviewPending
	case r.Stars == 1 && b.chance(20):
		return exodrive.ReviewRefused
	default:
		return exodrive.ReviewApproved
	}
}

// comment is two to four sentences that fit the stars and the car.
func (b *builder) comment(car *exodrive.Car, city string, stars int) string {
	var parts []string
	switch stars {
	case 5:
		parts = []string{pick(b, openings), b.aboutCar(car)}
		if b.chance(60) {
			parts = append(parts, pick(b, service))
		}
		if b.chance(55) {
			parts = append(parts, pick(b, closings))
		}
	case 4:
		parts = []string{b.aboutCar(car), pick(b, service), pick(b, buts)}
	case 3:
		parts = []string{pick(b, mixed), b.aboutCar(car)}
	default:
		parts = []string{pick(b, complaints)}
		if b.chance(50) {
			parts = append(parts, pick(b, regrets))
		}
	}
	return strings.NewReplacer("{car}", car.Make+" "+car.Model, "{make}", car.Make, "{city}", city).Replace(strings.Join(parts, " "))
}

// aboutCar is a sentence that is true of cars like this one.
func (b *builder) aboutCar(car *exodrive.Car) string {
	stock := aboutCategory[car.Category]
	if car.Transmission == "manual" && b.chance(40) {
		stock = aboutManual
	}
	if car.Seats == 4 && b.chance(15) {
		stock = aboutSeats
	}
	return pick(b, stock)
}
