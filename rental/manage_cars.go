package rental

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/sqlstore"
)

// AnyVersion as the expected version of an edit means whichever there is.
const AnyVersion = 0

// ManagedCars is a page of all cars, archived ones too, without images, features
// and specs, and how many there are.
func (s *Service) ManagedCars(ctx context.Context, who exodrive.Actor, page exodrive.PageQuery) ([]exodrive.Car, int, error) {
	if err := who.May(exodrive.ScopeRead); err != nil {
		return nil, 0, err
	}
	return s.store.AllCars(ctx, page)
}

// ManagedCar is one car with everything of it, private fields too.
func (s *Service) ManagedCar(ctx context.Context, who exodrive.Actor, id string) (*exodrive.Car, error) {
	if err := who.May(exodrive.ScopeRead); err != nil {
		return nil, err
	}
	return s.store.Car(ctx, id)
}

// ManagedCarID is the id of the car with a slug, archived or not.
func (s *Service) ManagedCarID(ctx context.Context, who exodrive.Actor, slug string) (string, error) {
	if err := who.May(exodrive.ScopeRead); err != nil {
		return "", err
	}
	return s.store.CarIDBySlug(ctx, slug)
}

// filtered is the id of the car that a filter names by id or slug; what is no slug stays as
// it is, and none at all too. A slug that no car has is not_found.
func (s *Service) filtered(ctx context.Context, ref string) (string, error) {
	if !exodrive.IsSlug(ref) {
		return ref, nil
	}
	return s.store.CarIDBySlug(ctx, ref)
}

// CreateCar adds a car to the fleet.
func (s *Service) CreateCar(ctx context.Context, who exodrive.Actor, in exodrive.CarInput) (*exodrive.Car, error) {
	if err := who.May(exodrive.ScopeFleet); err != nil {
		return nil, err
	}
	if err := in.Validate(); err != nil {
		return nil, err
	}
	car := &exodrive.Car{ID: s.newID(exodrive.CarID), Version: 1, CarInput: withLists(in)}
	err := s.change(ctx, who, exodrive.ScopeFleet, "car.create", func(tx *sqlstore.Tx) (string, any, error) {
		if err := tx.CheckLocation(ctx, in.LocationID); err != nil {
			return "", nil, err
		}
		car.CreatedAt, car.UpdatedAt = tx.Now.UTC(), tx.Now.UTC()
		return car.ID, changed{After: car.CarInput}, tx.InsertCar(ctx, car)
	})
	return car, err
}

// changed is the detail of an audit entry.
type changed struct {
	Before any `json:"before,omitempty"`
	After  any `json:"after,omitempty"`
}

// EditCar replaces everything that is entered of a car. version is the one the
// caller has seen, or AnyVersion; another one is stale.
func (s *Service) EditCar(ctx context.Context, who exodrive.Actor, id string, version int64, in exodrive.CarInput) (*exodrive.Car, error) {
	if err := who.May(exodrive.ScopeFleet); err != nil {
		return nil, err
	}
	if err := in.Validate(); err != nil {
		return nil, err
	}
	return s.editCar(ctx, who, "car.update", id, version, func(c *exodrive.Car) { c.CarInput = withLists(in) })
}

// withLists makes the lists that were left out empty, so that the answer to an
// edit has [] where a later read has it.
func withLists(in exodrive.CarInput) exodrive.CarInput {
	in.Fees, in.Features, in.Specs = orEmpty(in.Fees), orEmpty(in.Features), orEmpty(in.Specs)
	return in
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// ArchiveCar hides a car from the public, or shows it again. Its bookings stay.
func (s *Service) ArchiveCar(ctx context.Context, who exodrive.Actor, id string, version int64, hidden bool) (*exodrive.Car, error) {
	action := map[bool]string{true: "car.archive", false: "car.restore"}[hidden]
	return s.editCar(ctx, who, action, id, version, func(c *exodrive.Car) { c.Hidden = hidden })
}

func (s *Service) editCar(ctx context.Context, who exodrive.Actor, action, id string, version int64, edit func(*exodrive.Car)) (after *exodrive.Car, err error) {
	err = s.change(ctx, who, exodrive.ScopeFleet, action, func(tx *sqlstore.Tx) (string, any, error) {
		before, err := tx.LockCar(ctx, id)
		if err != nil {
			return "", nil, err
		}
		if version != AnyVersion && version != before.Version {
			return "", nil, exodrive.Errorf(exodrive.Stale, "This car was changed since you read it; its version is now %d.", before.Version)
		}
		c := *before
		edit(&c)
		if err := tx.CheckLocation(ctx, c.LocationID); err != nil {
			return "", nil, err
		}
		c.Version, c.UpdatedAt = before.Version+1, tx.Now.UTC()
		after = &c
		detail := changed{before.CarInput, c.CarInput}
		if before.Hidden != c.Hidden {
			detail = changed{hiddenDetail{before.Hidden}, hiddenDetail{c.Hidden}}
		}
		return id, detail, tx.UpdateCar(ctx, before, after)
	})
	return after, err
}

type hiddenDetail struct {
	Hidden bool `json:"hidden"`
}

// DeleteCar removes a car that was never booked.
func (s *Service) DeleteCar(ctx context.Context, who exodrive.Actor, id string, version int64) error {
	return s.change(ctx, who, exodrive.ScopeFleet, "car.delete", func(tx *sqlstore.Tx) (string, any, error) {
		car, err := tx.LockCar(ctx, id)
		if err != nil {
			return "", nil, err
		}
		if version != AnyVersion && version != car.Version {
			return "", nil, exodrive.Errorf(exodrive.Stale, "This car was changed since you read it; its version is now %d.", car.Version)
		}
		return id, changed{Before: car.CarInput}, tx.DeleteCar(ctx, id)
	})
}

// BulkFilter picks the cars of a bulk update by what they have in common.
type BulkFilter = sqlstore.BulkFilter

// BulkUpdate changes many cars at once.
type BulkUpdate struct {
	IDs          []string         // these cars, or
	Filter       BulkFilter       // those it finds
	PricePercent exodrive.Percent // added to the daily rate; −10 % is -1000
	Available    *bool            // nil leaves it
	DryRun       bool             // tells what would change and changes nothing
}

// BulkResult tells what a bulk update did, or would do.
type BulkResult struct {
	Matched int          `json:"matched" doc:"Cars that were meant."`
	Changed int          `json:"changed" doc:"Cars that have other values now."`
	DryRun  bool         `json:"dryRun"`
	Cars    []BulkChange `json:"cars" nullable:"false" doc:"The cars that change, at most 100 of them."`
}

// BulkChange is one car of a bulk update.
type BulkChange struct {
	ID              string `json:"id"`
	Name            string `json:"name"`
	PriceBefore     int64  `json:"priceBefore" doc:"Minor units."`
	PriceAfter      int64  `json:"priceAfter" doc:"Minor units."`
	AvailableBefore bool   `json:"availableBefore"`
	AvailableAfter  bool   `json:"availableAfter"`
}

// Bounds of a bulk update: its ids fit a statement, its answer a screen, its
// change leaves a price.
const (
	maxBulkIDs     = 1000
	maxBulkChanges = 100
	leastPercent   = -90 * 100
	mostPercent    = 900 * 100
)

// BulkUpdate changes price and availability of the meant cars in one
// transaction, all or none. The new rate is rounded half up to minor units and
// is at least one.
func (s *Service) BulkUpdate(ctx context.Context, who exodrive.Actor, u BulkUpdate) (*BulkResult, error) {
	if err := who.May(exodrive.ScopeFleet); err != nil {
		return nil, err
	}
	if err := u.validate(); err != nil {
		return nil, err
	}
	var (
		result  *BulkResult
		changes []BulkChange
	)
	err := s.change(ctx, who, exodrive.ScopeFleet, "car.bulk", func(tx *sqlstore.Tx) (string, any, error) {
		cars, err := tx.LockCarsForBulk(ctx, u.IDs, u.Filter)
		if err != nil {
			return "", nil, err
		}
		if len(u.IDs) > 0 && len(cars) != len(u.IDs) {
			return "", nil, missing(u.IDs, cars)
		}
		result = &BulkResult{Matched: len(cars), DryRun: u.DryRun, Cars: []BulkChange{}}
		edits := []sqlstore.BulkCar{}
		changes = []BulkChange{}
		for _, c := range cars {
			change := u.apply(c)
			if change.PriceAfter > exodrive.MaxAmount {
				return "", nil, exodrive.Errorf(exodrive.Invalid, "%s would cost more than the highest price there can be; nothing was changed.", c.Name).On("/priceChangePercent")
			}
			if change.PriceBefore == change.PriceAfter && change.AvailableBefore == change.AvailableAfter {
				continue
			}
			changes = append(changes, change)
			c.PricePerDay, c.Available = change.PriceAfter, change.AvailableAfter
			edits = append(edits, c)
		}
		result.Changed = len(changes)
		result.Cars = append(result.Cars, changes[:min(len(changes), maxBulkChanges)]...)
		if u.DryRun {
			return "", nil, errDryRun
		}
		return "", bulkDetail{u.PricePercent, u.Available, changes}, tx.SetPricesAndAvailability(ctx, edits)
	})
	if err != nil && !errors.Is(err, errDryRun) {
		return nil, err
	}
	if !u.DryRun {
		s.warmTouched(changes)
	}
	return result, nil
}

// mostMissing is how many ids a refusal names.
const mostMissing = 5

// missing names the cars that were meant and are not there.
func missing(ids []string, cars []sqlstore.BulkCar) error {
	gone := slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		return slices.ContainsFunc(cars, func(c sqlstore.BulkCar) bool { return c.ID == id })
	})
	more := ""
	if len(gone) > mostMissing {
		more, gone = fmt.Sprintf(" and %d more", len(gone)-mostMissing), gone[:mostMissing]
	}
	return exodrive.Errorf(exodrive.NotFound, "There is no car %s%s; nothing was changed.", strings.Join(gone, ", "), more).On("/ids")
}

// bulkDetail is the audit entry of a bulk update: every car that it changed.
type bulkDetail struct {
	PricePercent exodrive.Percent `json:"priceChangePercent"`
	Available    *bool            `json:"available,omitempty"`
	Cars         []BulkChange     `json:"cars"`
}

// errDryRun rolls what was tried back: what it told is exactly what it would do.
var errDryRun = exodrive.Errorf(exodrive.Internal, "dry run")

func (u *BulkUpdate) validate() error {
	switch {
	case u.PricePercent == 0 && u.Available == nil:
		return exodrive.Errorf(exodrive.Invalid, "Say what to change: priceChangePercent, available, or both.").On("/priceChangePercent")
	case u.PricePercent < leastPercent || u.PricePercent > mostPercent:
		return exodrive.Errorf(exodrive.Invalid, "A price change is from %d to %d per cent.", leastPercent/100, mostPercent/100).On("/priceChangePercent")
	case len(u.IDs) == 0 && u.Filter == (BulkFilter{}):
		return exodrive.Errorf(exodrive.Invalid, "Say which cars: ids, or a filter with category, make or locationId.").On("/ids")
	case len(u.IDs) > 0 && u.Filter != (BulkFilter{}):
		return exodrive.Errorf(exodrive.Invalid, "Name either ids or a filter, not both.").On("/filter")
	case u.Filter.Category != "" && !slices.Contains(exodrive.Categories, u.Filter.Category):
		return exodrive.Errorf(exodrive.Invalid, "There is no category of this name.").On("/filter/category")
	case len(u.IDs) > maxBulkIDs:
		return exodrive.Errorf(exodrive.Invalid, "At most %d cars can be named at once; use a filter.", maxBulkIDs).On("/ids")
	}
	seen := map[string]bool{}
	for i, id := range u.IDs {
		if seen[id] {
			return exodrive.Errorf(exodrive.Invalid, "The car %s is named twice.", id).On(fmt.Sprintf("/ids/%d", i))
		}
		seen[id] = true
	}
	return nil
}

func (u *BulkUpdate) apply(c sqlstore.BulkCar) BulkChange {
	change := BulkChange{
		ID: c.ID, Name: c.Name, PriceBefore: c.PricePerDay, AvailableBefore: c.Available,
		PriceAfter: max(1, (exodrive.Whole + u.PricePercent).Of(c.PricePerDay)), AvailableAfter: c.Available,
	}
	if u.Available != nil {
		change.AvailableAfter = *u.Available
	}
	return change
}
