package sqlstore

import (
	"context"

	"github.com/exodrive/exodrive"
)

// CarTerms is what renting a car depends on, hidden or not, by its id or slug.
func (q queries) CarTerms(ctx context.Context, ref string) (exodrive.CarTerms, error) {
	return q.carTerms(ctx, sqlCarTerms, ref)
}

// LockCarTerms is CarTerms, and locks the car as LockCar does.
func (t *Tx) LockCarTerms(ctx context.Context, ref string) (exodrive.CarTerms, error) {
	return t.carTerms(ctx, sqlCarTerms+t.d.lockRow, ref)
}

func (q queries) carTerms(ctx context.Context, text, ref string) (c exodrive.CarTerms, err error) {
	err = q.row(ctx, text, ref).scan(&c.ID, &c.Slug, &c.Name, &c.Category, &c.Available, &c.Hidden, &c.MinimumDays, &c.TurnaroundDays, &c.MinimumDriverAge,
		&c.DistancePerDay, &c.DistancePrice, &c.Base, &c.WeeklyPercent, &c.MonthlyPercent, &c.DiscountPercent, asJSON{&c.Fees}, &c.Deposit, &c.LocationID)
	return c, notFound(err, "There is no such car.")
}

const sqlCarTerms = `SELECT id, slug, name, category, available, hidden, minimum_days, turnaround_days, minimum_driver_age,
	distance_per_day, distance_price, price_per_day, weekly_percent, monthly_percent, discount_percent, fees, deposit, location_id
	FROM cars WHERE id = $1 OR slug = $1`

// Terms finds all that a quote of a trip depends on, and the places that it names, for a
// car whose terms were read or locked before. Its parts are read at once on a pool, one after the other in a
// transaction.
func (q queries) Terms(ctx context.Context, car exodrive.CarTerms, r exodrive.TripRequest) (t exodrive.Terms, err error) {
	t.Car = car
	g, gctx := q.parts(ctx)
	rules := []exodrive.PriceRule{}
	g.Go(func() (err error) { rules, err = q.rulesFor(gctx, car.ID); return err })
	g.Go(func() (err error) {
		t.Places, err = q.placesOf(gctx, car.LocationID, r.PickupLocation, r.ReturnLocation)
		return err
	})
	if len(r.Extras) > 0 {
		g.Go(func() (err error) { t.Extras, err = q.extrasOf(gctx, r.Extras); return err })
	}
	if r.Coupon != "" {
		g.Go(func() (err error) { t.Coupon, err = q.couponByCode(gctx, r.Coupon); return err })
	}
	t.Rates = func(days exodrive.Days) (exodrive.Rates, error) {
		overrides, err := q.Overrides(ctx, []string{car.ID}, days)
		return exodrive.Rates{Base: car.Base, Overrides: overrides[car.ID], Rules: rules}, err
	}
	return t, g.Wait()
}

// extrasOf are the extras with some ids, as far as there are such.
func (q queries) extrasOf(ctx context.Context, wanted []exodrive.ExtraRequest) ([]exodrive.Extra, error) {
	var s statement
	ids := make([]any, len(wanted))
	for i, w := range wanted {
		ids[i] = w.ID
	}
	s.add(`SELECT `+extraColumns+` FROM extras WHERE id IN (`+marks(len(ids))+`)`, ids...)
	return collect(ctx, q, scanExtra, s.text.String(), s.args...)
}

// couponByCode is the coupon with a code in any case, or nil.
func (q queries) couponByCode(ctx context.Context, code string) (*exodrive.Coupon, error) {
	list, err := collect(ctx, q, scanCoupon, sqlCouponByCode, code)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

const sqlCouponByCode = `SELECT ` + couponColumns + `, ` + couponUses + ` FROM coupons WHERE code = upper(CAST($1 AS TEXT))`

// LockCoupon keeps every other transaction from taking a coupon until this one ends,
// and returns the coupon with how often it is taken: by every booking that was neither
// expired nor cancelled, so that those give it back by themselves.
func (t *Tx) LockCoupon(ctx context.Context, id string) (*exodrive.Coupon, error) {
	c := exodrive.Coupon{ID: id}
	if err := t.row(ctx, sqlLockCoupon+t.d.lockRow, id).scan(&c.Code, &c.MaxUses); err != nil {
		return nil, notFound(err, "There is no such coupon.")
	}
	// Counted by a statement of its own, which sees what the lock has waited for.
	return &c, t.row(ctx, sqlCouponUses, id).scan(&c.Uses)
}

const sqlLockCoupon = `SELECT code, max_uses FROM coupons WHERE id = $1`

const sqlCouponUses = `SELECT COUNT(*) FROM bookings WHERE coupon_id = $1 AND state NOT IN ('expired', 'cancelled')`

// couponUses is that number for a row of coupons.
const couponUses = `(SELECT COUNT(*) FROM bookings b WHERE b.coupon_id = coupons.id AND b.state NOT IN ('expired', 'cancelled'))`

// LockName keeps every other transaction that locks the same name waiting until this
// one ends. On SQLite there is one writer anyway.
func (t *Tx) LockName(ctx context.Context, name string) error {
	if t.d.lockName == "" {
		return nil
	}
	return t.each(ctx, t.d.lockName, []any{name}, func(scanner) error { return nil })
}
