package sqlstore

import (
	"context"
	"errors"
	"slices"

	"github.com/exodrive/exodrive"
)

// carColumns are the columns of a car that is written and read whole.
const carColumns = `id, slug, name, make, model, year, category, description, short_description, location_id,
	available, featured, hidden, price_per_day, discount_percent, weekly_percent, monthly_percent, offer_text, fees,
	deposit, minimum_days, turnaround_days, distance_per_day, distance_price, minimum_driver_age,
	engine, power_hp, zero_to_100, top_speed, transmission, drivetrain, seats, vin, plate, colour, odometer,
	version, created_at, updated_at`

func carValues(c *exodrive.Car) []any {
	return []any{
		c.ID, c.Slug, c.Name, c.Make, c.Model, c.Year, c.Category, c.Description, c.ShortDescription, c.LocationID,
		c.Available, c.Featured, c.Hidden, c.PricePerDay, c.DiscountPercent, c.WeeklyPercent, c.MonthlyPercent, c.OfferText, jsonText(orEmpty(c.Fees)),
		c.Deposit, c.MinimumDays, c.TurnaroundDays, c.DistancePerDay, c.DistancePrice, c.MinimumDriverAge,
		c.Engine, c.PowerHP, c.ZeroTo100, c.TopSpeed, c.Transmission, c.Drivetrain, c.Seats, c.VIN, c.Plate, c.Colour, c.Odometer,
		c.Version, ms(c.CreatedAt), ms(c.UpdatedAt),
	}
}

func scanCar(r scanner) (c exodrive.Car, err error) {
	return c, r.Scan(
		&c.ID, &c.Slug, &c.Name, &c.Make, &c.Model, &c.Year, &c.Category, &c.Description, &c.ShortDescription, &c.LocationID,
		&c.Available, &c.Featured, &c.Hidden, &c.PricePerDay, &c.DiscountPercent, &c.WeeklyPercent, &c.MonthlyPercent, &c.OfferText, asJSON{&c.Fees},
		&c.Deposit, &c.MinimumDays, &c.TurnaroundDays, &c.DistancePerDay, &c.DistancePrice, &c.MinimumDriverAge,
		&c.Engine, &c.PowerHP, &c.ZeroTo100, &c.TopSpeed, &c.Transmission, &c.Drivetrain, &c.Seats, &c.VIN, &c.Plate, &c.Colour, &c.Odometer,
		&c.Version, instant{&c.CreatedAt}, instant{&c.UpdatedAt}, &c.Rating, &c.ReviewCount,
	)
}

// orEmpty keeps a missing list from becoming null in JSON.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// Car is a car with everything of it, hidden or not.
func (q queries) Car(ctx context.Context, id string) (*exodrive.Car, error) {
	return q.wholeCar(ctx, sqlCar, id)
}

const sqlCar = `SELECT ` + carColumns + `, rating, review_count FROM cars WHERE id = $1`

// LockCar is Car, and keeps every other transaction from changing the car until
// this one ends. Whoever decides about a car's days calls it first. When two
// cars are locked, the smaller id comes first.
func (t *Tx) LockCar(ctx context.Context, id string) (*exodrive.Car, error) {
	return t.wholeCar(ctx, sqlCar+t.d.lockRow, id)
}

func (q queries) wholeCar(ctx context.Context, text, id string) (*exodrive.Car, error) {
	list, err := collect(ctx, q, scanCar, text, id)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, exodrive.Errorf(exodrive.NotFound, "There is no such car.")
	}
	c := &list[0]
	c.Images, c.Features, c.Specs, err = q.carLists(ctx, id)
	return c, err
}

// AllCars is a page of all cars, hidden ones too, by name, without images,
// features and specs, and their number.
func (q queries) AllCars(ctx context.Context, page exodrive.PageQuery) (cars []exodrive.Car, total int, err error) {
	g, gctx := q.parts(ctx)
	g.Go(func() error { return q.row(gctx, sqlCountCars).scan(&total) })
	g.Go(func() (err error) {
		cars, err = collect(gctx, q, scanCar, sqlAllCars, page.Limit, (page.Page-1)*page.Limit)
		return err
	})
	return cars, total, g.Wait()
}

const sqlCountCars = `SELECT COUNT(*) FROM cars`

const sqlAllCars = `SELECT ` + carColumns + `, rating, review_count FROM cars ORDER BY name, id LIMIT $1 OFFSET $2`

// InsertCar stores a new car with its parts.
func (t *Tx) InsertCar(ctx context.Context, c *exodrive.Car) error {
	return t.InsertCars(ctx, []exodrive.Car{*c})
}

// InsertCars stores many new cars with their parts.
func (t *Tx) InsertCars(ctx context.Context, list []exodrive.Car) error {
	if err := t.insertRows(ctx, sqlInsertCar, "", rowsOf(list, carValues)); err != nil {
		return err
	}
	return t.insertParts(ctx, list)
}

const sqlInsertCar = `INSERT INTO cars (` + carColumns + `) VALUES `

func (t *Tx) insertParts(ctx context.Context, list []exodrive.Car) error {
	var images, features, specs [][]any
	for _, c := range list {
		for i, v := range c.Images {
			images = append(images, []any{c.ID, i, v.URL, v.Alt})
		}
		for i, v := range c.Features {
			features = append(features, []any{c.ID, i, v.Name, v.Description, v.Highlighted})
		}
		for i, v := range c.Specs {
			specs = append(specs, []any{c.ID, i, v.Name, v.Value})
		}
	}
	return errors.Join(
		t.insertRows(ctx, sqlInsertImages, "", images),
		t.insertRows(ctx, sqlInsertFeatures, "", features),
		t.insertRows(ctx, sqlInsertSpecs, "", specs),
	)
}

const (
	sqlInsertImages   = `INSERT INTO car_images (car_id, position, url, alt) VALUES `
	sqlInsertFeatures = `INSERT INTO car_features (car_id, position, name, description, highlighted) VALUES `
	sqlInsertSpecs    = `INSERT INTO car_specs (car_id, position, name, value) VALUES `
)

// UpdateCar replaces everything that is entered of a car whose row the
// transaction has locked. Parts are written only where they differ.
func (t *Tx) UpdateCar(ctx context.Context, before, after *exodrive.Car) error {
	// The columns of sqlUpdateCar are those of carColumns but created_at, in
	// order, so the values are the same ones.
	values := carValues(after)
	last := len(values) - 1
	values = append(values[:last-1:last-1], values[last])
	if err := t.exec(ctx, sqlUpdateCar, values...); err != nil {
		return err
	}
	// What is left in parts is what differs, and is written anew.
	parts := *after
	if jsonText(before.Images) == jsonText(after.Images) {
		parts.Images = nil
	} else if err := t.exec(ctx, sqlDeleteImages, after.ID); err != nil {
		return err
	}
	if jsonText(before.Features) == jsonText(after.Features) {
		parts.Features = nil
	} else if err := t.exec(ctx, sqlDeleteFeatures, after.ID); err != nil {
		return err
	}
	if jsonText(before.Specs) == jsonText(after.Specs) {
		parts.Specs = nil
	} else if err := t.exec(ctx, sqlDeleteSpecs, after.ID); err != nil {
		return err
	}
	return t.insertParts(ctx, []exodrive.Car{parts})
}

const sqlUpdateCar = `UPDATE cars SET slug = $2, name = $3, make = $4, model = $5, year = $6, category = $7, description = $8,
	short_description = $9, location_id = $10, available = $11, featured = $12, hidden = $13, price_per_day = $14,
	discount_percent = $15, weekly_percent = $16, monthly_percent = $17, offer_text = $18, fees = $19, deposit = $20,
	minimum_days = $21, turnaround_days = $22, distance_per_day = $23, distance_price = $24, minimum_driver_age = $25,
	engine = $26, power_hp = $27, zero_to_100 = $28, top_speed = $29, transmission = $30, drivetrain = $31, seats = $32,
	vin = $33, plate = $34, colour = $35, odometer = $36, version = $37, updated_at = $38
	WHERE id = $1`

const (
	sqlDeleteImages   = `DELETE FROM car_images WHERE car_id = $1`
	sqlDeleteFeatures = `DELETE FROM car_features WHERE car_id = $1`
	sqlDeleteSpecs    = `DELETE FROM car_specs WHERE car_id = $1`
)

// DeleteCar removes a car that was never booked; a booked one is a conflict.
func (t *Tx) DeleteCar(ctx context.Context, id string) error {
	booked := 0
	if err := t.row(ctx, sqlEverBooked, id).scan(&booked); err != nil {
		return err
	}
	if booked > 0 {
		return exodrive.Errorf(exodrive.Conflict, "This car has bookings; archive it instead.")
	}
	return t.exec(ctx, sqlDeleteCar, id)
}

const sqlEverBooked = `SELECT COUNT(*) FROM (SELECT 1 FROM bookings WHERE car_id = $1 LIMIT 1) b`

const sqlDeleteCar = `DELETE FROM cars WHERE id = $1`

// BulkCar is a car as a bulk update sees it.
type BulkCar struct {
	ID, Name    string
	PricePerDay int64
	Available   bool
}

// LockCarsForBulk are the cars with the ids, or that a filter finds among all
// that are not hidden, locked in the order of their ids.
func (t *Tx) LockCarsForBulk(ctx context.Context, ids []string, ask BulkFilter) ([]BulkCar, error) {
	var s statement
	s.add("SELECT id, name, price_per_day, available FROM cars WHERE NOT hidden")
	if len(ids) > 0 {
		s.add(" AND id IN ("+marks(len(ids))+")", anys(ids)...)
	}
	if ask.Category != "" {
		s.add(" AND category = ?", ask.Category)
	}
	if ask.Make != "" {
		s.add(" AND lower(make) = lower(?)", ask.Make)
	}
	if ask.LocationID != "" {
		s.add(" AND location_id = ?", ask.LocationID)
	}
	s.add(" ORDER BY id" + t.d.lockRow)
	return collect(ctx, t.queries, func(r scanner) (c BulkCar, err error) {
		return c, r.Scan(&c.ID, &c.Name, &c.PricePerDay, &c.Available)
	}, s.text.String(), s.args...)
}

// BulkFilter picks cars by what they have in common; empty fields do not pick.
type BulkFilter struct {
	Category   exodrive.Category
	Make       string
	LocationID string
}

// SetPricesAndAvailability gives cars the values of the list, many with one
// statement.
func (t *Tx) SetPricesAndAvailability(ctx context.Context, list []BulkCar) error {
	const values = 3
	for batch := range slices.Chunk(list, t.d.batchValues/values) {
		var s statement
		s.add("WITH v (id, price, available) AS (VALUES ")
		for i, c := range batch {
			if i > 0 {
				s.add(", ")
			}
			s.add("(CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS BOOLEAN))", c.ID, c.PricePerDay, c.Available)
		}
		s.add(") UPDATE cars SET price_per_day = v.price, available = v.available, version = cars.version + 1, updated_at = ?", ms(t.Now))
		s.add(" FROM v WHERE cars.id = v.id")
		if err := t.exec(ctx, s.text.String(), s.args...); err != nil {
			return err
		}
	}
	return nil
}
