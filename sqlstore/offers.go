package sqlstore

import (
	"context"

	"github.com/exodrive/exodrive"
)

const priceRuleColumns = `id, name, COALESCE(car_id, ''), start_date, end_date, weekdays, multiplier, active, version`

func scanPriceRule(r scanner) (v exodrive.PriceRule, err error) {
	return v, r.Scan(&v.ID, &v.Name, &v.CarID, &v.Start, &v.End, asJSON{&v.Weekdays}, &v.Multiplier, &v.Active, &v.Version)
}

// orNull stores an empty text as NULL.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// PriceRules is a page of all of them, by name, and their number.
func (q queries) PriceRules(ctx context.Context, page exodrive.PageQuery) ([]exodrive.PriceRule, int, error) {
	return paged(ctx, q, scanPriceRule, sqlCountPriceRules, sqlPriceRules, page)
}

const sqlCountPriceRules = `SELECT COUNT(*) FROM price_rules`

const sqlPriceRules = `SELECT ` + priceRuleColumns + ` FROM price_rules ORDER BY name, id LIMIT $1 OFFSET $2`

// InsertPriceRule stores a new rule.
func (t *Tx) InsertPriceRule(ctx context.Context, v *exodrive.PriceRule) error {
	return t.exec(ctx, sqlInsertPriceRule, v.ID, v.Name, orNull(v.CarID), v.Start, v.End, jsonText(orEmpty(v.Weekdays)), v.Multiplier, v.Active, v.Version, ms(t.Now))
}

const sqlInsertPriceRule = `INSERT INTO price_rules (id, name, car_id, start_date, end_date, weekdays, multiplier, active, version, created_at, updated_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)`

// UpdatePriceRule replaces a rule, as UpdateLocation does.
func (t *Tx) UpdatePriceRule(ctx context.Context, v *exodrive.PriceRule) error {
	return t.changed(ctx, sqlPriceRuleExists, sqlUpdatePriceRule, v.ID, v.Name, orNull(v.CarID), v.Start, v.End, jsonText(orEmpty(v.Weekdays)), v.Multiplier, v.Active, v.Version, ms(t.Now))
}

const sqlUpdatePriceRule = `UPDATE price_rules SET name = $2, car_id = $3, start_date = $4, end_date = $5, weekdays = $6, multiplier = $7,
	active = $8, version = $9, updated_at = $10 WHERE id = $1 AND version = $9 - 1`

const sqlPriceRuleExists = `SELECT version FROM price_rules WHERE id = $1`

// DeletePriceRule removes a rule.
func (t *Tx) DeletePriceRule(ctx context.Context, id string) error {
	return t.gone(ctx, sqlDeletePriceRule, id)
}

const sqlDeletePriceRule = `DELETE FROM price_rules WHERE id = $1`

const extraColumns = `id, name, description, price, per_day, max_quantity, active, version`

func scanExtra(r scanner) (v exodrive.Extra, err error) {
	return v, r.Scan(&v.ID, &v.Name, &v.Description, &v.Price, &v.PerDay, &v.MaxQuantity, &v.Active, &v.Version)
}

// Extras is a page of all of them, by name, and their number.
func (q queries) Extras(ctx context.Context, page exodrive.PageQuery) ([]exodrive.Extra, int, error) {
	return paged(ctx, q, scanExtra, sqlCountExtras, sqlExtras, page)
}

const sqlCountExtras = `SELECT COUNT(*) FROM extras`

const sqlExtras = `SELECT ` + extraColumns + ` FROM extras ORDER BY name, id LIMIT $1 OFFSET $2`

// PublicExtras is a page of the extras that are offered, by name, its parts in
// parallel.
func (q queries) PublicExtras(ctx context.Context, page exodrive.PageQuery, currency exodrive.Currency) (*exodrive.ExtraPage, error) {
	out := exodrive.ExtraPage{}
	total := 0
	g, gctx := q.parts(ctx)
	g.Go(func() error { return q.row(gctx, sqlCountPublicExtras).scan(&total) })
	g.Go(func() (err error) {
		out.Extras, err = collect(gctx, q, func(r scanner) (exodrive.PublicExtra, error) {
			x, err := scanExtra(r)
			return x.Public(currency), err
		}, sqlPublicExtras, page.Limit, (page.Page-1)*page.Limit)
		return err
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	out.Pagination = exodrive.NewPagination(page.Page, page.Limit, total)
	return &out, nil
}

const sqlCountPublicExtras = `SELECT COUNT(*) FROM extras WHERE active`

const sqlPublicExtras = `SELECT ` + extraColumns + ` FROM extras WHERE active ORDER BY name, id LIMIT $1 OFFSET $2`

// InsertExtra stores a new extra.
func (t *Tx) InsertExtra(ctx context.Context, v *exodrive.Extra) error {
	return t.exec(ctx, sqlInsertExtra, v.ID, v.Name, v.Description, v.Price, v.PerDay, v.MaxQuantity, v.Active, v.Version, ms(t.Now))
}

const sqlInsertExtra = `INSERT INTO extras (` + extraColumns + `, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)`

// UpdateExtra replaces an extra, as UpdateLocation does.
func (t *Tx) UpdateExtra(ctx context.Context, v *exodrive.Extra) error {
	return t.changed(ctx, sqlExtraExists, sqlUpdateExtra, v.ID, v.Name, v.Description, v.Price, v.PerDay, v.MaxQuantity, v.Active, v.Version, ms(t.Now))
}

const sqlUpdateExtra = `UPDATE extras SET name = $2, description = $3, price = $4, per_day = $5, max_quantity = $6, active = $7, version = $8, updated_at = $9
	WHERE id = $1 AND version = $8 - 1`

const sqlExtraExists = `SELECT version FROM extras WHERE id = $1`

// DeleteExtra removes an extra.
func (t *Tx) DeleteExtra(ctx context.Context, id string) error {
	return t.gone(ctx, sqlDeleteExtra, id)
}

const sqlDeleteExtra = `DELETE FROM extras WHERE id = $1`

const couponColumns = `id, code, percent, amount, valid_from, valid_until, COALESCE(car_id, ''), max_uses, active, version`

func scanCoupon(r scanner) (v exodrive.Coupon, err error) {
	return v, r.Scan(&v.ID, &v.Code, &v.Percent, &v.Amount, &v.ValidFrom, &v.ValidUntil, &v.CarID, &v.MaxUses, &v.Active, &v.Version, &v.Uses)
}

// Coupons is a page of all of them, by code, and their number.
func (q queries) Coupons(ctx context.Context, page exodrive.PageQuery) ([]exodrive.Coupon, int, error) {
	return paged(ctx, q, scanCoupon, sqlCountCoupons, sqlCoupons, page)
}

const sqlCountCoupons = `SELECT COUNT(*) FROM coupons`

const sqlCoupons = `SELECT ` + couponColumns + `, ` + couponUses + ` FROM coupons ORDER BY code LIMIT $1 OFFSET $2`

// InsertCoupon stores a new coupon.
func (t *Tx) InsertCoupon(ctx context.Context, v *exodrive.Coupon) error {
	return t.exec(ctx, sqlInsertCoupon, v.ID, v.Code, v.Percent, v.Amount, v.ValidFrom, v.ValidUntil, orNull(v.CarID), v.MaxUses, v.Active, v.Version, ms(t.Now))
}

const sqlInsertCoupon = `INSERT INTO coupons (id, code, percent, amount, valid_from, valid_until, car_id, max_uses, active, version, created_at, updated_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)`

// UpdateCoupon replaces a coupon, as UpdateLocation does; its uses stay.
func (t *Tx) UpdateCoupon(ctx context.Context, v *exodrive.Coupon) error {
	return t.changed(ctx, sqlCouponExists, sqlUpdateCoupon, v.ID, v.Code, v.Percent, v.Amount, v.ValidFrom, v.ValidUntil, orNull(v.CarID), v.MaxUses, v.Active, v.Version, ms(t.Now))
}

const sqlUpdateCoupon = `UPDATE coupons SET code = $2, percent = $3, amount = $4, valid_from = $5, valid_until = $6, car_id = $7, max_uses = $8,
	active = $9, version = $10, updated_at = $11 WHERE id = $1 AND version = $10 - 1`

const sqlCouponExists = `SELECT version FROM coupons WHERE id = $1`

// DeleteCoupon removes a coupon.
func (t *Tx) DeleteCoupon(ctx context.Context, id string) error {
	return t.gone(ctx, sqlDeleteCoupon, id)
}

const sqlDeleteCoupon = `DELETE FROM coupons WHERE id = $1`

// SetOverrides gives days of a car a price of their own; those that have one get
// the new one.
func (t *Tx) SetOverrides(ctx context.Context, carID string, days exodrive.Days, amount int64) error {
	var rows [][]any
	for d := range days.All() {
		rows = append(rows, []any{carID, d, amount})
	}
	return t.insertRows(ctx, sqlInsertPrices, " ON CONFLICT (car_id, date) DO UPDATE SET amount = excluded.amount", rows)
}

// InsertPrices gives many days of many cars a price of their own.
func (t *Tx) InsertPrices(ctx context.Context, list []DayPrice) error {
	return t.insertRows(ctx, sqlInsertPrices, "", rowsOf(list, func(p *DayPrice) []any {
		return []any{p.CarID, p.Date, p.Amount}
	}))
}

// DayPrice is the own price of a day of a car, minor units.
type DayPrice struct {
	CarID  string
	Date   exodrive.Date
	Amount int64
}

const sqlInsertPrices = `INSERT INTO car_prices (car_id, date, amount) VALUES `

// DeleteOverrides takes the days' own prices away and tells how many there were.
func (t *Tx) DeleteOverrides(ctx context.Context, carID string, days exodrive.Days) (int64, error) {
	return t.affected(ctx, sqlDeleteOverrides, carID, days.Start, days.End)
}

const sqlDeleteOverrides = `DELETE FROM car_prices WHERE car_id = $1 AND date >= $2 AND date < $3`
