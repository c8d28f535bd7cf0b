package api

import (
	"context"
	"net/http"
	"net/url"

	"github.com/danielgtaylor/huma/v2"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
)

// parameters is an input that is read from the address by one of the parsers of
// package exodrive, which name every wrong parameter and what is allowed.
type parameters struct{ values url.Values }

// Resolve keeps the parameters of the address; huma calls it.
func (p *parameters) Resolve(ctx huma.Context) []error {
	u := ctx.URL()
	values, err := valuesOf(&u)
	p.values = values
	if err != nil {
		return []error{err}
	}
	return nil
}

// answer is an output with a body.
type answer[T any] struct{ Body *T }

func answerOf[T any](body *T, err error) (*answer[T], error) {
	if err != nil {
		return nil, err
	}
	return &answer[T]{body}, nil
}

func (a *api) listCars(ctx context.Context, r *http.Request) (cache.Served, error) {
	ask, err := a.askedCars.of(r, parsing(a, exodrive.ParseCarQuery))
	if err != nil {
		return cache.Served{}, err
	}
	list, err := a.Rental.Cars(ctx, ask)
	return list.Served, err
}

// parsing reads the question of an address with a parser of package exodrive.
func parsing[Q any](a *api, parse func(url.Values, exodrive.Limits) (Q, error)) func(*http.Request) (Q, error) {
	return func(r *http.Request) (none Q, err error) {
		values, err := valuesOf(r.URL)
		if err != nil {
			return none, err
		}
		return parse(values, a.Rental.Limits())
	}
}

func (a *api) readCar(ctx context.Context, r *http.Request) (cache.Served, error) {
	car, err := a.Rental.Car(ctx, r.PathValue("carId"))
	return car.Served, err
}

func (a *api) readAvailability(ctx context.Context, r *http.Request) (cache.Served, error) {
	ask, err := a.askedDays.of(r, parsing(a, exodrive.ParseAvailabilityQuery))
	if err != nil {
		return cache.Served{}, err
	}
	days, err := a.Rental.Availability(ctx, r.PathValue("carId"), ask)
	return days.Served, err
}

func (a *api) listReviews(ctx context.Context, r *http.Request) (cache.Served, error) {
	page, err := a.askedReviews.of(r, parsing(a, parseReviewsPage))
	if err != nil {
		return cache.Served{}, err
	}
	reviews, err := a.Rental.Reviews(ctx, r.PathValue("carId"), page)
	return reviews.Served, err
}

func parseReviewsPage(v url.Values, l exodrive.Limits) (exodrive.PageQuery, error) {
	return exodrive.ParsePageQuery(v, l, defaultReviews)
}

func (a *api) listLocations(ctx context.Context, r *http.Request) (cache.Served, error) {
	page, err := a.askedOffers.of(r, parsing(a, parseOffersPage))
	if err != nil {
		return cache.Served{}, err
	}
	places, err := a.Rental.PublicPlaces(ctx, page)
	return places.Served, err
}

func (a *api) listExtras(ctx context.Context, r *http.Request) (cache.Served, error) {
	page, err := a.askedOffers.of(r, parsing(a, parseOffersPage))
	if err != nil {
		return cache.Served{}, err
	}
	extras, err := a.Rental.PublicExtras(ctx, page)
	return extras.Served, err
}

func parseOffersPage(v url.Values, l exodrive.Limits) (exodrive.PageQuery, error) {
	return exodrive.ParsePageQuery(v, l, min(exodrive.DefaultOffers, l.PageSize))
}

func (a *api) countFleet(ctx context.Context, _ *http.Request) (cache.Served, error) {
	counts, err := a.Rental.FleetCounts(ctx)
	return counts.Served, err
}
