package sqlstore

import (
	"context"

	"github.com/exodrive/exodrive"
)

// Calendar is what the availability of a car over some days is made of.
type Calendar struct {
	Rates       exodrive.Rates
	Currency    exodrive.Currency
	Available   bool // the car may be rented at all
	MinimumDays int
	Taken       map[exodrive.Date]exodrive.DayStatus // days without an entry are free
}

// Calendar reads the days of a public car, its parts in parallel. A car that is
// unknown or hidden is not_found.
func (q queries) Calendar(ctx context.Context, carID string, days exodrive.Days) (*Calendar, error) {
	var c Calendar
	g, gctx := q.parts(ctx)
	g.Go(func() error { return q.calendarDays(gctx, carID, days, &c) })
	g.Go(func() (err error) {
		c.Rates.Rules, err = q.rulesFor(gctx, carID)
		return err
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return &c, nil
}

// calendarDays reads all but the rules with one statement, because each part is so
// short that asking costs more than finding: the car is repeated on each of its
// days, or stands alone on the first.
func (q queries) calendarDays(ctx context.Context, carID string, days exodrive.Days, c *Calendar) error {
	c.Taken, c.Rates.Overrides = map[exodrive.Date]exodrive.DayStatus{}, map[exodrive.Date]int64{}
	found := false
	err := q.each(ctx, sqlCalendarDays, []any{carID, days.Start, days.End}, func(r scanner) error {
		found = true
		var day exodrive.Date
		var status exodrive.DayStatus
		var amount int64
		err := r.Scan(&c.Rates.Base, &c.Available, &c.MinimumDays, &c.Currency, &day, &status, &amount)
		if status != "" {
			c.Taken[day] = status
		}
		if amount >= 0 {
			c.Rates.Overrides[day] = amount
		}
		return err
	})
	if err == nil && !found {
		err = errNoRow
	}
	return notFound(err, "There is no such car.")
}

const sqlCalendarDays = `SELECT c.price_per_day, c.available, c.minimum_days, (SELECT value FROM settings WHERE key = 'currency'),
	COALESCE(d.date, $2), COALESCE(d.status, ''), COALESCE(d.amount, -1)
	FROM cars c LEFT JOIN (
		SELECT date, status, -1 AS amount FROM car_availability WHERE car_id = $1 AND date >= $2 AND date < $3
		UNION ALL SELECT date, '', amount FROM car_prices WHERE car_id = $1 AND date >= $2 AND date < $3
	) d ON TRUE WHERE c.id = $1 AND NOT c.hidden`

// Overrides are the prices of single days of some cars, by car.
func (q queries) Overrides(ctx context.Context, carIDs []string, days exodrive.Days) (map[string]map[exodrive.Date]int64, error) {
	out := map[string]map[exodrive.Date]int64{}
	if len(carIDs) == 0 {
		return out, nil
	}
	var s statement
	s.add("SELECT car_id, date, amount FROM car_prices WHERE car_id IN ("+marks(len(carIDs))+")", anys(carIDs)...)
	s.add(" AND date >= ? AND date < ?", days.Start, days.End)
	err := q.each(ctx, s.text.String(), s.args, func(r scanner) error {
		var id string
		var day exodrive.Date
		var amount int64
		if err := r.Scan(&id, &day, &amount); err != nil {
			return err
		}
		if out[id] == nil {
			out[id] = map[exodrive.Date]int64{}
		}
		out[id][day] = amount
		return nil
	})
	return out, err
}

func (q queries) rulesFor(ctx context.Context, carID string) ([]exodrive.PriceRule, error) {
	return collect(ctx, q, scanPriceRule, sqlRulesFor, carID)
}

const sqlRulesFor = `SELECT ` + priceRuleColumns + ` FROM price_rules WHERE active AND (car_id IS NULL OR car_id = $1) ORDER BY id`

// ActiveRules are the price rules in force, for whichever car.
func (q queries) ActiveRules(ctx context.Context) ([]exodrive.PriceRule, error) {
	return collect(ctx, q, scanPriceRule, sqlActiveRules)
}

const sqlActiveRules = `SELECT ` + priceRuleColumns + ` FROM price_rules WHERE active ORDER BY id`

// Counts tells how large the listed fleet is and how many of its cars nobody
// has on a day.
func (q queries) Counts(ctx context.Context, day exodrive.Date) (*exodrive.FleetCounts, error) {
	c := exodrive.FleetCounts{Day: day}
	g, gctx := q.parts(ctx)
	list := func(into *[]exodrive.Facet, text string) {
		g.Go(func() (err error) {
			*into, err = collect(gctx, q, scanFacet, text)
			return err
		})
	}
	var categories []exodrive.Facet
	list(&categories, sqlCountCategories)
	list(&c.Makes, sqlCountMakes)
	list(&c.Locations, sqlCountLocations)
	list(&c.Features, sqlCountFeatures)
	g.Go(func() error { return q.row(gctx, sqlCountFree, day).scan(&c.Cars, &c.FreeCars) })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for _, category := range exodrive.Categories {
		f := exodrive.Facet{Value: string(category)}
		for _, have := range categories {
			if have.Value == f.Value {
				f.Count = have.Count
			}
		}
		c.Categories = append(c.Categories, f)
	}
	return &c, nil
}

const sqlCountCategories = `SELECT c.category, COUNT(*) FROM cars c WHERE c.available AND NOT c.hidden GROUP BY c.category ORDER BY c.category`

const sqlCountMakes = `SELECT c.make, COUNT(*) FROM cars c WHERE c.available AND NOT c.hidden GROUP BY c.make ORDER BY c.make`

const sqlCountLocations = `SELECT l.slug, COUNT(*) FROM cars c JOIN locations l ON l.id = c.location_id
	WHERE c.available AND NOT c.hidden GROUP BY l.slug ORDER BY l.slug`

const sqlCountFeatures = `SELECT f.name, COUNT(*) FROM car_features f JOIN cars c ON c.id = f.car_id
	WHERE c.available AND NOT c.hidden GROUP BY f.name ORDER BY COUNT(*) DESC, f.name LIMIT 100`

const sqlCountFree = `SELECT COUNT(*), COUNT(*) FILTER (WHERE NOT EXISTS
	(SELECT 1 FROM car_availability a WHERE a.car_id = c.id AND a.date = $1)) FROM cars c WHERE c.available AND NOT c.hidden`
