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

const cardTables = `cars c ` + cardJoins

const cardJoins = `JOIN locations l ON l.id = c.location_id LEFT JOIN car_images i ON i.car_id = c.id AND i.position = 0`

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

// Cars is one page of the listed cars that a question finds, and the facets of
// all it finds. Currency is the fleet's, in which the question's prices are.
func (q queries) Cars(ctx context.Context, ask exodrive.CarQuery, currency exodrive.Currency) (cars []ListedCar, total int, facets exodrive.Facets, err error) {
	f, err := q.carFilter(ctx, ask, currency)
	if err != nil {
		return nil, 0, facets, err
	}
	if f.empty {
		return nil, 0, noFacets(currency), nil
	}
	g, gctx := q.parts(ctx)
	g.Go(func() (err error) {
		cars, err = q.carPage(gctx, f, ask)
		return err
	})
	g.Go(func() (err error) {
		total, facets, err = q.facets(gctx, f, currency)
		return err
	})
	return cars, total, facets, g.Wait()
}

// carPage picks the ids of the page first, so that only they are joined, and only
// their relevance is worked out once.
func (q queries) carPage(ctx context.Context, f *filter, ask exodrive.CarQuery) ([]ListedCar, error) {
	order, picked, found := orders[ask.Sort], "", ""
	var s statement
	s.add("SELECT " + cardColumns + " FROM (SELECT c.id AS picked")
	if ask.Sort == exodrive.SortRelevance {
		order, picked, found = orders[exodrive.SortFeatured], "relevance DESC, ", "p.relevance DESC, "
		f.relevance(s.add(", ")).add(" AS relevance")
	}
	f.where(s.add(" FROM cars c"), false).add(" ORDER BY "+picked+order+" LIMIT ? OFFSET ?) p", ask.Limit, (ask.Page-1)*ask.Limit)
	s.add(" JOIN cars c ON c.id = p.picked " + cardJoins + " ORDER BY " + found + order)
	return collect(ctx, q, scanListedCar, s.text.String(), s.args...)
}

// facets counts what the question finds: the cars of each combination of values,
// from which every facet and the total are summed.
func (q queries) facets(ctx context.Context, f *filter, currency exodrive.Currency) (total int, out exodrive.Facets, err error) {
	out = noFacets(currency)
	slugs := map[string]string{}
	// In the order of cars.facets.
	var counts [6]map[string]int
	for i := range counts {
		counts[i] = map[string]int{}
	}
	g, gctx := q.parts(ctx)
	g.Go(func() error { return q.locationSlugs(gctx, slugs) })
	g.Go(func() error {
		var s statement
		s.add("SELECT c.facets, COUNT(*), MIN(c.price_per_day), MAX(c.price_per_day) FROM cars c")
		f.where(&s, true).add(" GROUP BY c.facets")
		return q.each(gctx, s.text.String(), s.args, func(r scanner) error {
			var values string
			var n int
			var least, most int64
			if err := r.Scan(&values, &n, &least, &most); err != nil {
				return err
			}
			total += n
			for i, v := range strings.SplitN(values, "|", len(counts)) {
				counts[i][v] += n
			}
			widen(&out.Price, least, most)
			return nil
		})
	})
	if err := g.Wait(); err != nil {
		return 0, out, err
	}
	out.Category, out.Seats, out.Transmission = sorted(counts[0], nil), sorted(counts[1], nil), sorted(counts[2], nil)
	out.Drivetrain, out.Location, out.Make = sorted(counts[3], nil), sorted(counts[4], slugs), sorted(counts[5], nil)
	return total, out, nil
}

func (q queries) locationSlugs(ctx context.Context, slugs map[string]string) error {
	return q.each(ctx, sqlLocationSlugs, nil, func(r scanner) error {
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

// sorted lists counts by value, renamed where names are given.
func sorted(counts map[string]int, names map[string]string) []exodrive.Facet {
	out := make([]exodrive.Facet, 0, len(counts))
	for v, n := range counts {
		if names != nil {
			v = names[v]
		}
		out = append(out, exodrive.Facet{Value: v, Count: n})
	}
	slices.SortFunc(out, func(a, b exodrive.Facet) int { return cmp.Compare(a.Value, b.Value) })
	return out
}

func widen(r *exodrive.PriceRange, least, most int64) {
	if r.Max.Amount == 0 || least < r.Min.Amount {
		r.Min.Amount = least
	}
	r.Max.Amount = max(r.Max.Amount, most)
}

func noFacets(currency exodrive.Currency) exodrive.Facets {
	none := []exodrive.Facet{}
	zero := exodrive.Money{Currency: currency}
	return exodrive.Facets{
		Category: none, Make: none, Seats: none, Transmission: none, Drivetrain: none, Location: none,
		Price: exodrive.PriceRange{Min: zero, Max: zero},
	}
}

// sortWords puts short words first; of equal length the alphabet decides.
func sortWords(words []string) {
	slices.SortFunc(words, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
}
