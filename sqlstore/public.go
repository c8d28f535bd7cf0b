package sqlstore

import "context"

// PublicCar is a car that has a page, as far as finding that page needs.
type PublicCar struct {
	ID, Slug string
	Zone     string // of the place where it lives
	Listed   bool   // may be rented
}

// PublicCars are all cars that are not hidden, in the order of the list; those
// that are not for rent come last.
func (q queries) PublicCars(ctx context.Context) ([]PublicCar, error) {
	return collect(ctx, q, func(r scanner) (c PublicCar, err error) {
		return c, r.Scan(&c.ID, &c.Slug, &c.Zone, &c.Listed)
	}, sqlPublicCars)
}

const sqlPublicCars = `SELECT c.id, c.slug, l.zone, c.available FROM cars c JOIN locations l ON l.id = c.location_id
	WHERE NOT c.hidden ORDER BY c.available DESC, c.featured DESC, c.rating DESC, c.name, c.id`
