package sqlstore

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/exodrive/exodrive"
)

// ListedCar is a card with what its price for certain days needs.
type ListedCar struct {
	Card    exodrive.CarCard
	Pricing exodrive.CarPricing
}

// cardColumns are those of scanCard, from cars c, locations l and car_images i.
const cardColumns = `c.id, c.slug, c.name, c.make, c.model, c.year, c.category, c.short_description,
	c.price_per_day, c.deposit, c.minimum_days, c.discount_percent, c.offer_text, c.featured, c.power_hp,
	c.zero_to_100, c.top_speed, c.transmission, c.drivetrain, c.seats, c.rating, c.review_count,
	COALESCE(i.url, ''), COALESCE(i.alt, ''), l.id, l.slug, l.name, l.city,
	c.weekly_percent, c.monthly_percent, c.fees,
	(SELECT value FROM settings WHERE key = 'currency')`

const cardTables = `cars c JOIN locations l ON l.id = c.location_id LEFT JOIN car_images i ON i.car_id = c.id AND i.position = 0`

// cardFields are the targets of cardColumns; finish completes the card.
func cardFields(car *ListedCar) (fields []any, finish func()) {
	c, p := &car.Card, &car.Pricing
	var currency exodrive.Currency
	fields = []any{
		&c.ID, &c.Slug, &c.Name, &c.Make, &c.Model, &c.Year, &c.Category, &c.ShortDescription,
		&c.PricePerDay.Amount, &c.Deposit.Amount, &c.MinimumDays, &c.DiscountPercent, &c.OfferText, &c.Featured, &c.PowerHP,
		&c.ZeroTo100, &c.TopSpeed, &c.Transmission, &c.Drivetrain, &c.Seats, &c.Rating, &c.ReviewCount,
		&c.Image.URL, &c.Image.Alt, &c.Location.ID, &c.Location.Slug, &c.Location.Name, &c.Location.City,
		&p.WeeklyPercent, &p.MonthlyPercent, asJSON{&p.Fees},
		&currency,
	}
	return fields, func() {
		c.PricePerDay.Currency, c.Deposit.Currency = currency, currency
		p.Base, p.Deposit, p.DiscountPercent, p.LocationID = c.PricePerDay.Amount, c.Deposit.Amount, c.DiscountPercent, c.Location.ID
	}
}

func scanListedCar(r scanner) (ListedCar, error) {
	var car ListedCar
	fields, finish := cardFields(&car)
	err := r.Scan(fields...)
	finish()
	return car, err
}

var orders = map[exodrive.Sort]string{
	exodrive.SortFeatured:  "c.featured DESC, c.rating DESC, c.name, c.id",
	exodrive.SortPrice:     "c.price_per_day, c.id",
	exodrive.SortPriceDown: "c.price_per_day DESC, c.id DESC",
	exodrive.SortRating:    "c.rating DESC, c.review_count DESC, c.id",
	exodrive.SortNewest:    "c.created_at DESC, c.id",
	exodrive.SortPower:     "c.power_hp DESC, c.id",
	exodrive.SortName:      "c.name, c.id",
}

// Cars is one page of the listed cars that a question finds, and the number and the
// facets of all it finds. Currency is the fleet's, in which the question's prices are.
func (q queries) Cars(ctx context.Context, ask exodrive.CarQuery, currency exodrive.Currency) (cars []ListedCar, total int, facets exodrive.Facets, err error) {
	count, places, longest := &exodrive.FacetCount{}, map[string]string{}, 0
	if ask.HasDates() {
		if longest, err = q.LongestTurnaround(ctx); err != nil {
			return nil, 0, facets, err
		}
	}
	f, err := q.carFilter(ctx, ask, currency, longest)
	if err == nil && !f.empty {
		g, gctx := q.parts(ctx)
		g.Go(func() (err error) { cars, err = q.carPage(gctx, f, ask); return err })
		g.Go(func() (err error) { count, err = q.facets(gctx, f); return err })
		g.Go(func() (err error) { places, err = q.locationSlugs(gctx); return err })
		err = g.Wait()
	}
	return cars, count.Total, count.Facets(places, currency), err
}

// CarsOfPage is the page of Cars alone, for a question with days. No car's turnaround is
// longer than longest days.
func (q queries) CarsOfPage(ctx context.Context, ask exodrive.CarQuery, currency exodrive.Currency, longest int) ([]ListedCar, error) {
	f, err := q.carFilter(ctx, ask, currency, longest)
	if err != nil || f.empty {
		return nil, err
	}
	return q.carPage(ctx, f, ask)
}

// FleetSketch is that of all public cars.
func (q queries) FleetSketch(ctx context.Context) (*exodrive.FleetSketch, error) {
	sketch := &exodrive.FleetSketch{}
	g, gctx := q.parts(ctx)
	g.Go(func() (err error) { sketch.Places, err = q.locationSlugs(gctx); return err })
	g.Go(func() error {
		return q.each(gctx, sqlFleetSketch, nil, func(r scanner) error {
			var id, kind string
			var price int64
			var minimum, turnaround int
			err := r.Scan(&id, &kind, &price, &minimum, &turnaround)
			sketch.Add(id, kind, price, minimum, turnaround)
			return err
		})
	})
	return sketch, g.Wait()
}

// In the order of its index.
const sqlFleetSketch = `SELECT id, facets, price_per_day, minimum_days, turnaround_days FROM cars WHERE available AND NOT hidden
	ORDER BY facets, price_per_day, minimum_days, turnaround_days, id`

// EachTaken calls taken with the cars that somebody has on each of some days, and of the
// behind days after them, when the workshop does not count; day by day.
func (q queries) EachTaken(ctx context.Context, days exodrive.Days, behind int, taken func(id string, day exodrive.Date)) error {
	return q.each(ctx, sqlTaken, []any{days.Start, days.End, days.End.Add(behind)}, func(r scanner) error {
		var date exodrive.Date
		var ids string
		err := r.Scan(&date, &ids)
		for id := range strings.SplitSeq(ids, " ") {
			taken(id, date)
		}
		return err
	})
}

// One row a day: to hand thousands of rows over costs more than to find them.
const sqlTaken = `SELECT date, string_agg(car_id, ' ') FROM car_availability
	WHERE date >= $1 AND date < $3 AND (date < $2 OR status <> 'maintenance') GROUP BY date ORDER BY date`

// carPage finds the ids of the page first, so that only those cars are joined, and so
// that a planner, which has to look at the values of every question anew, has one table
// to think about. A car that goes in between is left out.
func (q queries) carPage(ctx context.Context, f *filter, ask exodrive.CarQuery) ([]ListedCar, error) {
	var s statement
	s.add("SELECT c.id FROM cars c")
	f.where(&s, false).add(" ORDER BY ")
	order := orders[ask.Sort]
	if ask.Sort == exodrive.SortRelevance {
		order = orders[exodrive.SortFeatured]
		f.relevance(&s)
	}
	s.add(order+" LIMIT ? OFFSET ?", ask.Limit, (ask.Page-1)*ask.Limit)
	ids, err := collect(ctx, q, scanID, s.text.String(), s.args...)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	return q.cardsOf(ctx, ids)
}

// cardsOf are the cards of cars, in the order of their ids.
func (q queries) cardsOf(ctx context.Context, ids []string) ([]ListedCar, error) {
	var s statement
	s.add("SELECT "+cardColumns+" FROM "+cardTables+" WHERE c.id IN ("+marks(len(ids))+")", anys(ids)...)
	cars, err := collect(ctx, q, scanListedCar, s.text.String(), s.args...)
	at := make(map[string]int, len(ids))
	for i, id := range ids {
		at[id] = i
	}
	slices.SortFunc(cars, func(a, b ListedCar) int { return cmp.Compare(at[a.Card.ID], at[b.Card.ID]) })
	return cars, err
}

// LongestTurnaround is that of the cars that are listed, in days.
func (q queries) LongestTurnaround(ctx context.Context) (days int, err error) {
	return days, q.row(ctx, sqlLongestTurnaround).scan(&days)
}

const sqlLongestTurnaround = `SELECT COALESCE(MAX(turnaround_days), 0) FROM cars WHERE available AND NOT hidden`

// facets counts what the question finds: the cars of each kind, from which every facet
// and the total are summed.
func (q queries) facets(ctx context.Context, f *filter) (*exodrive.FacetCount, error) {
	var s statement
	s.add("SELECT c.facets, COUNT(*), MIN(c.price_per_day), MAX(c.price_per_day) FROM cars c")
	f.where(&s, true).add(" GROUP BY c.facets")
	count := &exodrive.FacetCount{}
	return count, q.each(ctx, s.text.String(), s.args, func(r scanner) error {
		var kind string
		var n int
		var least, most int64
		err := r.Scan(&kind, &n, &least, &most)
		if err == nil {
			count.Add(kind, n, least, most)
		}
		return err
	})
}

func (q queries) locationSlugs(ctx context.Context) (map[string]string, error) {
	slugs := map[string]string{}
	return slugs, q.each(ctx, sqlLocationSlugs, nil, func(r scanner) error {
		var id, slug string
		err := r.Scan(&id, &slug)
		slugs[id] = slug
		return err
	})
}

const sqlLocationSlugs = `SELECT id, slug FROM locations`

func scanFacet(r scanner) (f exodrive.Facet, err error) {
	return f, r.Scan(&f.Value, &f.Count)
}

// sortWords puts short words first; of equal length the alphabet decides.
func sortWords(words []string) {
	slices.SortFunc(words, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
}
