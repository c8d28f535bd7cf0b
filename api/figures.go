package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/httpx"
)

func (a *api) adminReadFigures(ctx context.Context, in *parameters) (*raw, error) {
	ask, err := exodrive.ParseFiguresQuery(in.values)
	if err != nil {
		return nil, err
	}
	f, err := a.Rental.Figures(ctx, actorOf(ctx), ask)
	return keptOf(f.Served, err)
}

func (a *api) adminListFigures(ctx context.Context, in *parameters) (*raw, error) {
	ask, err := exodrive.ParseCarFiguresQuery(in.values, a.Rental.Limits(), defaultAdminPage)
	if err != nil {
		return nil, err
	}
	f, err := a.Rental.CarFigures(ctx, actorOf(ctx), ask)
	return keptOf(f.Served, err)
}

// keptOf is an answer from the cache to somebody who may see it.
func keptOf(s cache.Served, err error) (*raw, error) {
	if err != nil {
		return nil, err
	}
	return rawOf(func(w http.ResponseWriter, r *http.Request) { httpx.WritePrivateEntry(w, r, s) }), nil
}

func figuresParams() []*huma.Param {
	return append(rangeParams(), query("carId", "Of this car, by id or slug; none: of the fleet.", text(100), nil))
}
