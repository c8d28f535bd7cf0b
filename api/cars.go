package api

import (
	"context"
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/exodrive/exodrive"
)

// parameters is an input that is read from the address by one of the parsers of
// package exodrive, which name every wrong parameter and what is allowed.
type parameters struct{ values url.Values }

// Resolve keeps the parameters of the address; huma calls it. Junk is ignored,
// but a parameter whose value cannot be read is refused: a filter that was lost on
// the way would widen the answer.
func (p *parameters) Resolve(ctx huma.Context) []error {
	u := ctx.URL()
	values, err := url.ParseQuery(u.RawQuery)
	p.values = values
	if err == nil {
		return nil
	}
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		name, value, _ := strings.Cut(pair, "=")
		_, malformed := url.QueryUnescape(value)
		if name, err := url.QueryUnescape(name); err == nil && name != "" && !strings.Contains(name, ";") && (malformed != nil || strings.Contains(value, ";")) {
			return []error{exodrive.Errorf(exodrive.Invalid, "The value is not written as an address writes it: %%25 is a per cent sign, %%3B a semicolon.").On(name)}
		}
	}
	return nil
}

// carRef is an input that names a car.
type carRef struct {
	parameters
	CarID string `path:"carId" doc:"Id or slug of the car." example:"ferrari-296-gtb"`
}

// answer is an output with a body.
type answer[T any] struct{ Body *T }

func answerOf[T any](body *T, err error) (*answer[T], error) {
	if err != nil {
		return nil, err
	}
	return &answer[T]{body}, nil
}

func (a *api) listCars(ctx context.Context, in *parameters) (*answer[exodrive.CarPage], error) {
	ask, err := exodrive.ParseCarQuery(in.values, a.Rental.Limits())
	if err != nil {
		return nil, err
	}
	return answerOf(a.Rental.Cars(ctx, ask))
}

func (a *api) readCar(ctx context.Context, in *carRef) (*answer[exodrive.CarDetails], error) {
	return answerOf(a.Rental.Car(ctx, in.CarID))
}

func (a *api) readAvailability(ctx context.Context, in *carRef) (*answer[exodrive.Availability], error) {
	ask, err := exodrive.ParseAvailabilityQuery(in.values, a.Rental.Limits())
	if err != nil {
		return nil, err
	}
	return answerOf(a.Rental.Availability(ctx, in.CarID, ask))
}

func (a *api) listReviews(ctx context.Context, in *carRef) (*answer[exodrive.ReviewPage], error) {
	page, err := exodrive.ParsePageQuery(in.values, a.Rental.Limits(), defaultReviews)
	if err != nil {
		return nil, err
	}
	return answerOf(a.Rental.Reviews(ctx, in.CarID, page))
}

func (a *api) countFleet(ctx context.Context, _ *struct{}) (*answer[exodrive.FleetCounts], error) {
	return answerOf(a.Rental.FleetCounts(ctx))
}
