package rental

import (
	"context"

	"github.com/exodrive/exodrive"
)

// Figures say how well a car or the fleet did in some days. They are kept in the cache
// until a booking, maintenance or the fleet changes what they say, for all who may read
// them alike. A car that is not there is not_found.
func (s *Service) Figures(ctx context.Context, who exodrive.Actor, ask exodrive.FiguresQuery) (Read[exodrive.Figures], error) {
	if err := who.May(exodrive.ScopeRead); err != nil {
		return Read[exodrive.Figures]{}, err
	}
	return read(ctx, s.reads.figures, ask)
}

func (s *Service) loadFigures(ctx context.Context, ask exodrive.FiguresQuery) (*exodrive.Figures, error) {
	if ask.CarID != "" {
		if _, err := s.store.CarTerms(ctx, ask.CarID); err != nil {
			return nil, err
		}
	}
	t, err := s.store.Takings(ctx, ask.CarID, ask.Days(), s.currency)
	if err != nil {
		return nil, err
	}
	return t.Figures(ask), nil
}

// CarFigures are the figures of each of a page of cars, kept like those of Figures.
func (s *Service) CarFigures(ctx context.Context, who exodrive.Actor, ask exodrive.CarFiguresQuery) (Read[exodrive.CarFigures], error) {
	if err := who.May(exodrive.ScopeRead); err != nil {
		return Read[exodrive.CarFigures]{}, err
	}
	return read(ctx, s.reads.carFigures, ask)
}

func (s *Service) loadCarFigures(ctx context.Context, ask exodrive.CarFiguresQuery) (*exodrive.CarFigures, error) {
	cars, takings, total, err := s.store.TakingsOfCars(ctx, ask.Days(), ask.PageQuery, s.currency)
	if err != nil {
		return nil, err
	}
	for i := range cars {
		cars[i].FigureSet = takings[cars[i].ID].Of(ask.Days())
	}
	return &exodrive.CarFigures{Start: ask.Start, End: ask.End, Cars: cars, Pagination: exodrive.NewPagination(ask.Page, ask.Limit, total)}, nil
}
