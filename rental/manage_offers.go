package rental

import (
	"context"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/sqlstore"
)

// Locations is a page of all places, by name, and their number.
func (s *Service) Locations(ctx context.Context, who exodrive.Actor, page exodrive.PageQuery) ([]exodrive.Location, int, error) {
	return readPage(ctx, who, page, s.store.LocationPage)
}

// CreateLocation adds a place.
func (s *Service) CreateLocation(ctx context.Context, who exodrive.Actor, in exodrive.LocationInput) (*exodrive.Location, error) {
	in.Transfers = orEmpty(in.Transfers)
	v := &exodrive.Location{ID: s.newID(exodrive.LocationID), Version: 1, LocationInput: in}
	err := save(ctx, s, who, "location.create", v.ID, v, v.Validate, (*sqlstore.Tx).InsertLocation)
	return v, err
}

// EditLocation replaces a place whose version the caller has seen.
func (s *Service) EditLocation(ctx context.Context, who exodrive.Actor, id string, version int64, in exodrive.LocationInput) (*exodrive.Location, error) {
	in.Transfers = orEmpty(in.Transfers)
	v := &exodrive.Location{ID: id, Version: version + 1, LocationInput: in}
	err := save(ctx, s, who, "location.update", v.ID, v, v.Validate, (*sqlstore.Tx).UpdateLocation)
	return v, err
}

// DeleteLocation removes a place that nothing refers to.
func (s *Service) DeleteLocation(ctx context.Context, who exodrive.Actor, id string) error {
	return remove(ctx, s, who, "location.delete", id, (*sqlstore.Tx).DeleteLocation)
}

// PriceRules is a page of all price rules, by name, and their number.
func (s *Service) PriceRules(ctx context.Context, who exodrive.Actor, page exodrive.PageQuery) ([]exodrive.PriceRule, int, error) {
	return readPage(ctx, who, page, s.store.PriceRules)
}

// CreatePriceRule adds a rule.
func (s *Service) CreatePriceRule(ctx context.Context, who exodrive.Actor, in exodrive.PriceRuleInput) (*exodrive.PriceRule, error) {
	in.Weekdays = orEmpty(in.Weekdays)
	v := &exodrive.PriceRule{ID: s.newID(exodrive.RuleID), Version: 1, PriceRuleInput: in}
	err := save(ctx, s, who, "price_rule.create", v.ID, v, v.Validate, (*sqlstore.Tx).InsertPriceRule)
	return v, err
}

// EditPriceRule replaces a rule whose version the caller has seen.
func (s *Service) EditPriceRule(ctx context.Context, who exodrive.Actor, id string, version int64, in exodrive.PriceRuleInput) (*exodrive.PriceRule, error) {
	in.Weekdays = orEmpty(in.Weekdays)
	v := &exodrive.PriceRule{ID: id, Version: version + 1, PriceRuleInput: in}
	err := save(ctx, s, who, "price_rule.update", v.ID, v, v.Validate, (*sqlstore.Tx).UpdatePriceRule)
	return v, err
}

// DeletePriceRule removes a rule.
func (s *Service) DeletePriceRule(ctx context.Context, who exodrive.Actor, id string) error {
	return remove(ctx, s, who, "price_rule.delete", id, (*sqlstore.Tx).DeletePriceRule)
}

// Extras is a page of all extras, by name, and their number.
func (s *Service) Extras(ctx context.Context, who exodrive.Actor, page exodrive.PageQuery) ([]exodrive.Extra, int, error) {
	return readPage(ctx, who, page, s.store.Extras)
}

// CreateExtra adds an extra.
func (s *Service) CreateExtra(ctx context.Context, who exodrive.Actor, in exodrive.ExtraInput) (*exodrive.Extra, error) {
	v := &exodrive.Extra{ID: s.newID(exodrive.ExtraID), Version: 1, ExtraInput: in}
	err := save(ctx, s, who, "extra.create", v.ID, v, v.Validate, (*sqlstore.Tx).InsertExtra)
	return v, err
}

// EditExtra replaces an extra whose version the caller has seen.
func (s *Service) EditExtra(ctx context.Context, who exodrive.Actor, id string, version int64, in exodrive.ExtraInput) (*exodrive.Extra, error) {
	v := &exodrive.Extra{ID: id, Version: version + 1, ExtraInput: in}
	err := save(ctx, s, who, "extra.update", v.ID, v, v.Validate, (*sqlstore.Tx).UpdateExtra)
	return v, err
}

// DeleteExtra removes an extra.
func (s *Service) DeleteExtra(ctx context.Context, who exodrive.Actor, id string) error {
	return remove(ctx, s, who, "extra.delete", id, (*sqlstore.Tx).DeleteExtra)
}

// Coupons is a page of all coupons, by code, and their number.
func (s *Service) Coupons(ctx context.Context, who exodrive.Actor, page exodrive.PageQuery) ([]exodrive.Coupon, int, error) {
	return readPage(ctx, who, page, s.store.Coupons)
}

// CreateCoupon adds a coupon.
func (s *Service) CreateCoupon(ctx context.Context, who exodrive.Actor, in exodrive.CouponInput) (*exodrive.Coupon, error) {
	v := &exodrive.Coupon{ID: s.newID(exodrive.CouponID), Version: 1, CouponInput: in}
	err := save(ctx, s, who, "coupon.create", v.ID, v, v.Validate, (*sqlstore.Tx).InsertCoupon)
	return v, err
}

// EditCoupon replaces a coupon whose version the caller has seen; its uses stay.
func (s *Service) EditCoupon(ctx context.Context, who exodrive.Actor, id string, version int64, in exodrive.CouponInput) (*exodrive.Coupon, error) {
	v := &exodrive.Coupon{ID: id, Version: version + 1, CouponInput: in}
	err := save(ctx, s, who, "coupon.update", v.ID, v, v.Validate, (*sqlstore.Tx).UpdateCoupon)
	return v, err
}

// DeleteCoupon removes a coupon.
func (s *Service) DeleteCoupon(ctx context.Context, who exodrive.Actor, id string) error {
	return remove(ctx, s, who, "coupon.delete", id, (*sqlstore.Tx).DeleteCoupon)
}

func readPage[T any](ctx context.Context, who exodrive.Actor, page exodrive.PageQuery, read func(context.Context, exodrive.PageQuery) ([]T, int, error)) ([]T, int, error) {
	if err := who.May(exodrive.ScopeRead); err != nil {
		return nil, 0, err
	}
	return read(ctx, page)
}

// save validates and stores one thing of the fleet with its audit entry.
func save[T any](ctx context.Context, s *Service, who exodrive.Actor, action, id string, v *T, validate func() error, store func(*sqlstore.Tx, context.Context, *T) error) error {
	if err := who.May(exodrive.ScopeFleet); err != nil {
		return err
	}
	if err := validate(); err != nil {
		return err
	}
	return s.change(ctx, who, exodrive.ScopeFleet, action, func(tx *sqlstore.Tx) (string, any, error) {
		return id, changed{After: v}, store(tx, ctx, v)
	})
}

func remove(ctx context.Context, s *Service, who exodrive.Actor, action, id string, store func(*sqlstore.Tx, context.Context, string) error) error {
	return s.change(ctx, who, exodrive.ScopeFleet, action, func(tx *sqlstore.Tx) (string, any, error) {
		return id, struct{}{}, store(tx, ctx, id)
	})
}
