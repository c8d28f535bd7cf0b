package sqlstore

import (
	"context"

	"github.com/exodrive/exodrive"
)

// CarIDBySlug is the id of the car with a slug, hidden or not.
func (q queries) CarIDBySlug(ctx context.Context, slug string) (id string, err error) {
	err = q.row(ctx, sqlCarIDBySlug, slug).scan(&id)
	return id, notFound(err, "There is no such car.")
}

const sqlCarIDBySlug = `SELECT id FROM cars WHERE slug = $1`

// CarRefs are the ids and the slugs of all cars, hidden or not, in no order.
func (q queries) CarRefs(ctx context.Context) ([]string, error) {
	refs := []string{}
	err := q.each(ctx, sqlCarRefs, nil, func(r scanner) error {
		var id, slug string
		err := r.Scan(&id, &slug)
		refs = append(refs, id, slug)
		return err
	})
	return refs, err
}

const sqlCarRefs = `SELECT id, slug FROM cars`

// CarDetails is a public car with all its parts, read in parallel. A car that is
// unknown or hidden is not_found.
func (q queries) CarDetails(ctx context.Context, id string) (*exodrive.CarDetails, error) {
	var d exodrive.CarDetails
	g, gctx := q.parts(ctx)
	g.Go(func() error { return q.carRow(gctx, id, &d) })
	g.Go(func() (err error) { d.Images, d.Features, d.Specs, err = q.carLists(gctx, id); return err })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return &d, nil
}

func (q queries) carRow(ctx context.Context, id string, d *exodrive.CarDetails) error {
	var car ListedCar
	var units exodrive.Units
	p := &d.Place
	fields, finish := cardFields(&car)
	err := q.row(ctx, sqlCarDetails, id).scan(append(fields,
		&d.Available, &d.Description, &d.Engine, &d.TurnaroundDays, &d.DistancePerDay, &d.DistancePrice.Amount, &d.MinimumDriverAge,
		&p.Address, &p.Country, &p.Zone, &p.Handover, asJSON{&p.Hours}, &p.TaxName, &p.TaxPercent, &p.TaxIncluded, &units)...)
	if err != nil {
		return notFound(err, "There is no such car.")
	}
	finish()
	d.CarCard = car.Card
	d.WeeklyPercent, d.MonthlyPercent = car.Pricing.WeeklyPercent, car.Pricing.MonthlyPercent
	currency := d.PricePerDay.Currency
	d.DistancePrice.Currency = currency
	d.Fees = make([]exodrive.MoneyOf, len(car.Pricing.Fees))
	for i, fee := range car.Pricing.Fees {
		d.Fees[i] = exodrive.MoneyOf{Name: fee.Name, Amount: exodrive.Money{Amount: fee.Amount, Currency: currency}}
	}
	d.DistanceUnit = "mi"
	if units == exodrive.Metric {
		d.DistanceUnit = "km"
	}
	return nil
}

const sqlCarDetails = `SELECT ` + cardColumns + `,
	c.available, c.description, c.engine, c.turnaround_days, c.distance_per_day, c.distance_price, c.minimum_driver_age,
	l.address, l.country, l.zone, l.handover, l.hours, l.tax_name, l.tax_percent, l.tax_included, l.units
	FROM ` + cardTables + ` WHERE c.id = $1 AND NOT c.hidden`

// carLists are the images, features and specs of a car, none of them nil. One
// statement reads them all: each is so short that asking costs more than finding.
func (q queries) carLists(ctx context.Context, carID string) (images []exodrive.Image, features []exodrive.Feature, specs []exodrive.Spec, err error) {
	images, features, specs = []exodrive.Image{}, []exodrive.Feature{}, []exodrive.Spec{}
	err = q.each(ctx, sqlCarLists, []any{carID}, func(r scanner) error {
		var list, position int
		var name, text string
		var highlighted bool
		if err := r.Scan(&list, &position, &name, &text, &highlighted); err != nil {
			return err
		}
		switch list {
		case listImages:
			images = append(images, exodrive.Image{URL: name, Alt: text})
		case listFeatures:
			features = append(features, exodrive.Feature{Name: name, Description: text, Highlighted: highlighted})
		default:
			specs = append(specs, exodrive.Spec{Name: name, Value: text})
		}
		return nil
	})
	return images, features, specs, err
}

// The first column of sqlCarLists; what is neither is a spec.
const (
	listImages   = 1
	listFeatures = 2
)

const sqlCarLists = `SELECT 1 AS list, position, url AS name, alt AS text, FALSE AS highlighted FROM car_images WHERE car_id = $1
	UNION ALL SELECT 2, position, name, description, highlighted FROM car_features WHERE car_id = $1
	UNION ALL SELECT 3, position, name, value, FALSE FROM car_specs WHERE car_id = $1
	ORDER BY list, position, name`
