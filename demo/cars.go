package demo

import (
	"fmt"
	"slices"
	"strings"

	"github.com/exodrive/exodrive"
)

// demoCar adds a model as the table has it.
func (b *builder) demoCar(m *model) {
	b.fleet.Cars = append(b.fleet.Cars, b.car(m, m.make+" "+m.name, m.paint, b.fleet.Locations[m.place].ID))
}

// car makes the car of a model; a variation changes what it returns.
func (b *builder) car(m *model, name, paint, place string) exodrive.Car {
	born := b.moment(b.today.Add(-b.between(oldest, opened-20)), 9, 18)
	n := len(b.fleet.Cars) + 1
	fees := []exodrive.Fee{{Name: "Preparation and detailing", Amount: 75_00 + m.rate/1000*50_00}}
	if m.category == "classic" {
		fees = append(fees, exodrive.Fee{Name: "Specialist handover", Amount: 45_00})
	}
	age := yearOf(b.today) - m.year
	return exodrive.Car{
		ID: b.id(exodrive.CarID, born), Version: 1, CreatedAt: born, UpdatedAt: born,
		CarInput: exodrive.CarInput{
			Slug: exodrive.Slug(name), Name: name, Make: m.make, Model: m.name, Year: m.year, Category: m.category,
			Description: m.text, ShortDescription: m.short, LocationID: place, Available: true, Featured: m.featured,
			PricePerDay: m.rate * 100, DiscountPercent: m.discount, OfferText: m.offer,
			WeeklyPercent: m.weekly, MonthlyPercent: max(m.weekly, m.monthly), Fees: fees, Deposit: m.deposit * 100,
			MinimumDays: m.minimum, TurnaroundDays: m.turnaround,
			DistancePerDay: m.miles, DistancePrice: 1_50 + m.rate/500*1_00, MinimumDriverAge: m.age,
			Engine: m.engine, PowerHP: m.hp, ZeroTo100: m.zeroTo100, TopSpeed: m.topSpeed,
			Transmission: m.transmission(), Drivetrain: m.drive, Seats: m.seats,
			VIN: fmt.Sprintf("EXDDEMX%010d", n), Plate: fmt.Sprintf("EXO-%05d", n), Colour: paintNamed(paint).phrase,
			Odometer: min(max(age, 1), 9)*b.between(1800, 4200) + b.rng.IntN(900),
			Images:   m.images(name, paint), Features: features(m.features), Specs: m.specs(),
		},
	}
}

func (m *model) transmission() string {
	if m.manual {
		return "manual"
	}
	return "automatic"
}

// generatedCar adds the i-th car of a generated fleet: a model with another
// number, year, rate, paint and place, and some features fewer.
func (b *builder) generatedCar(i int) {
	m := models[i%len(models)]
	if m.category != "classic" {
		m.year -= b.rng.IntN(3)
	}
	m.rate = max(99, m.rate*int64(b.between(80, 125))/100/10*10-1)
	if b.chance(25) {
		m.minimum = b.between(1, 5)
	}
	m.featured = b.chance(3)
	place := pick(b, b.fleet.Locations)
	car := b.car(&m, fmt.Sprintf("%s %s No. %d", m.make, m.name, i/len(models)+1), pick(b, gallery().looks[m.shape.name]), place.ID)
	car.Description = b.vary(car.Description, place.City)
	car.Available = !b.chance(2)
	b.rng.Shuffle(len(car.Features), func(x, y int) { car.Features[x], car.Features[y] = car.Features[y], car.Features[x] })
	car.Features = car.Features[:max(fewestFeatures, len(car.Features)-b.rng.IntN(4))]
	if b.chance(10) {
		for d := b.today.Add(b.between(1, 200)); b.chance(80); d += exodrive.Date(b.between(1, 9)) {
			b.fleet.CarPrices = append(b.fleet.CarPrices, CarPrice{car.ID, d, car.PricePerDay * int64(b.between(70, 180)) / 100})
		}
	}
	b.fleet.Cars = append(b.fleet.Cars, car)
}

const fewestFeatures = 8

// vary is a description with two sentences about this very car.
func (b *builder) vary(text, city string) string {
	first := pick(b, []string{
		"Ours lives indoors and is driven every week.", "This one came to us from its first owner.", "Serviced by the maker's own workshop before each season.",
		"Freshly detailed, with new tyres since the spring.", "One of the quieter specifications, and the better for it.", "Specified by somebody with taste and then hardly driven.",
		"A favourite of returning guests.", "It has been with us from the beginning.", "Recently back from a full inspection.",
	})
	second := pick(b, []string{
		"Pick it up in %s and be on the open road within minutes.", "Our people in %s will show you every switch.", "Delivery to your hotel in %s can be added.",
		"In %s it is best enjoyed early in the morning.", "Ask our desk in %s for a route to go with it.", "Guests from out of town can leave their own car at our garage in %s.",
	})
	return strings.Join([]string{text, first, fmt.Sprintf(second, city)}, " ")
}

// rate sets each car's rating and count from its approved reviews.
func (b *builder) rate() {
	sum, count := map[string]int{}, map[string]int{}
	for _, r := range b.fleet.Reviews {
		if r.Status == exodrive.ReviewApproved {
			sum[r.CarID] += r.Stars
			count[r.CarID]++
		}
	}
	for i := range b.fleet.Cars {
		car := &b.fleet.Cars[i]
		if n := count[car.ID]; n > 0 {
			car.ReviewCount, car.Rating = n, exodrive.Rating((200*sum[car.ID]+n)/(2*n))
		}
	}
	slices.SortStableFunc(b.fleet.Reviews, func(x, y exodrive.Review) int { return x.CreatedAt.Compare(y.CreatedAt) })
}
