package sqlstore

import (
	"context"

	"github.com/exodrive/exodrive"
)

// CarIDBySlug is the id of the car with a slug, hidden or not.
func (q queries) CarIDBySlug(ctx context.Context, slug string) (id string, err error) {
	err = q.row(ctx, sqlCarIDBySlug, slug).scan(&id)
	return id, notFound(err, "There is no car %q.", slug)
}

const sqlCarIDBySlug = `SELECT id FROM cars WHERE slug = $1`

// CarDetails is a public car with all its parts, read in parallel. A car that is
// unknown or hidden is not_found.
func (q queries) CarDetails(ctx context.Context, id string) (*exodrive.CarDetails, error) {
	var d exodrive.CarDetails
	g, gctx := q.parts(ctx)
	g.Go(func() error { return q.carRow(gctx, id, &d) })
	g.Go(func() (err error) { d.Images, err = q.images(gctx, id); return err })
	g.Go(func() (err error) { d.Features, err = q.features(gctx, id); return err })
	g.Go(func() (err error) { d.Specs, err = q.specs(gctx, id); return err })
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

func (q queries) images(ctx context.Context, carID string) ([]exodrive.Image, error) {
	return collect(ctx, q, func(r scanner) (v exodrive.Image, err error) {
		return v, r.Scan(&v.URL, &v.Alt)
	}, sqlCarImages, carID)
}

const sqlCarImages = `SELECT url, alt FROM car_images WHERE car_id = $1 ORDER BY position`

func (q queries) features(ctx context.Context, carID string) ([]exodrive.Feature, error) {
	return collect(ctx, q, func(r scanner) (v exodrive.Feature, err error) {
		return v, r.Scan(&v.Name, &v.Description, &v.Highlighted)
	}, sqlCarFeatures, carID)
}

const sqlCarFeatures = `SELECT name, description, highlighted FROM car_features WHERE car_id = $1 ORDER BY position, name`

func (q queries) specs(ctx context.Context, carID string) ([]exodrive.Spec, error) {
	return collect(ctx, q, func(r scanner) (v exodrive.Spec, err error) {
		return v, r.Scan(&v.Name, &v.Value)
	}, sqlCarSpecs, carID)
}

const sqlCarSpecs = `SELECT name, value FROM car_specs WHERE car_id = $1 ORDER BY position`
