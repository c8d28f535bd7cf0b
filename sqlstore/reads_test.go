package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/sqlstore"
)

// Everything that can be read can also be read inside a transaction, where it sees the transaction's own writes.
func TestReadsInsideATransaction(t *testing.T) {
	eachSeeded(t, func(t *testing.T, s *sqlstore.Store, url string) {
		car := prompt(t, url).text(`SELECT id FROM cars WHERE available AND NOT hidden ORDER BY id LIMIT 1`)
		for range 20 { // parts read at the same time only sometimes meet on the one connection
			write(t, s, func(tx *sqlstore.Tx) error {
				if err := tx.SetSetting(t.Context(), "currency", "EUR"); err != nil {
					return err
				}
				if d, err := tx.CarDetails(t.Context(), car); err == nil && d.PricePerDay.Currency != "EUR" {
					t.Errorf("the transaction reads %s, which it has changed", d.PricePerDay.Currency)
				}
				return errors.Join(readAll(t, tx, car)...)
			})
		}
	})
}

// reader is what a store and a transaction can both read.
type reader interface {
	Cars(ctx context.Context, ask exodrive.CarQuery, currency exodrive.Currency) ([]sqlstore.ListedCar, int, exodrive.Facets, error)
	CarDetails(ctx context.Context, id string) (*exodrive.CarDetails, error)
	Car(ctx context.Context, id string) (*exodrive.Car, error)
	AllCars(ctx context.Context, page exodrive.PageQuery) ([]exodrive.Car, int, error)
	Calendar(ctx context.Context, carID string, days exodrive.Days) (*sqlstore.Calendar, error)
	Counts(ctx context.Context, day exodrive.Date) (*exodrive.FleetCounts, error)
	Reviews(ctx context.Context, carID string, page exodrive.PageQuery) (*exodrive.ReviewPage, error)
	AllReviews(ctx context.Context, status exodrive.ReviewStatus, page exodrive.PageQuery) ([]exodrive.Review, int, error)
	Places(ctx context.Context) ([]exodrive.Location, error)
	Terms(ctx context.Context, car exodrive.CarTerms, r exodrive.TripRequest) (exodrive.Terms, error)
	LocationPage(ctx context.Context, page exodrive.PageQuery) ([]exodrive.Location, int, error)
	ActiveRules(ctx context.Context) ([]exodrive.PriceRule, error)
	PriceRules(ctx context.Context, page exodrive.PageQuery) ([]exodrive.PriceRule, int, error)
	Extras(ctx context.Context, page exodrive.PageQuery) ([]exodrive.Extra, int, error)
	Coupons(ctx context.Context, page exodrive.PageQuery) ([]exodrive.Coupon, int, error)
	Blocks(ctx context.Context, carID string, from exodrive.Date) ([]exodrive.Days, error)
	AuditLog(ctx context.Context, subject string, page exodrive.PageQuery) ([]exodrive.AuditRecord, int, error)
}

// readAll reads everything once and returns an error per read.
func readAll(t testing.TB, r reader, car string) []error {
	c, month := t.Context(), exodrive.Days{Start: today, End: today.Add(31)}
	var errs []error
	add := func(what string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", what, err))
		}
	}
	ask := exodrive.CarQuery{Search: "ferari", Categories: exodrive.Categories, Start: today, End: today.Add(3), Sort: exodrive.SortRelevance, Page: 1, Limit: 12}
	_, _, _, err := r.Cars(c, ask, "USD")
	add("Cars", err)
	_, err = r.CarDetails(c, car)
	add("CarDetails", err)
	_, err = r.Car(c, car)
	add("Car", err)
	_, _, err = r.AllCars(c, page)
	add("AllCars", err)
	_, err = r.Calendar(c, car, month)
	add("Calendar", err)
	_, err = r.Counts(c, today)
	add("Counts", err)
	_, err = r.Reviews(c, car, page)
	add("Reviews", err)
	_, _, err = r.AllReviews(c, exodrive.ReviewPending, page)
	add("AllReviews", err)
	_, err = r.Places(c)
	add("Places", err)
	_, err = r.Terms(c, exodrive.CarTerms{ID: car}, exodrive.TripRequest{PickupLocation: "miami", ReturnLocation: "los-angeles"})
	add("Terms", err)
	_, _, err = r.LocationPage(c, page)
	add("LocationPage", err)
	_, err = r.ActiveRules(c)
	add("ActiveRules", err)
	_, _, err = r.PriceRules(c, page)
	add("PriceRules", err)
	_, _, err = r.Extras(c, page)
	add("Extras", err)
	_, _, err = r.Coupons(c, page)
	add("Coupons", err)
	_, err = r.Blocks(c, car, today)
	add("Blocks", err)
	_, _, err = r.AuditLog(c, "", page)
	add("AuditLog", err)
	return errs
}
