package rental

import (
	"context"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
)

// figureReads are the families of figures, which are for staff alone.
type figureReads struct {
	figures    *cache.Family[exodrive.FiguresQuery, *exodrive.Figures]
	carFigures *cache.Family[exodrive.CarFiguresQuery, *exodrive.CarFigures]
}

// figuresTag is of figures alone, so that a booking that is agreed to takes nothing from
// the public.
const figuresTag = "figures"

func newFigureReads(c *cache.Cache, s *Service) figureReads {
	return figureReads{
		figures: cache.Register(c, cache.Family[exodrive.FiguresQuery, *exodrive.Figures]{
			Name: "figures", Key: exodrive.FiguresQuery.Key, Load: s.loadFigures,
			Absent: func(err error) bool { return exodrive.CodeOf(err) == exodrive.NotFound },
			Tags:   func(exodrive.FiguresQuery) []string { return []string{figuresTag} },
			Fresh:  time.Hour,
		}),
		carFigures: cache.Register(c, cache.Family[exodrive.CarFiguresQuery, *exodrive.CarFigures]{
			Name: "figures-of-cars", Key: exodrive.CarFiguresQuery.Key, Load: s.loadCarFigures,
			Tags:  func(exodrive.CarFiguresQuery) []string { return []string{figuresTag, carsTag} },
			Fresh: time.Hour,
		}),
	}
}

// Figures say how well a car or the fleet did in some days. They are kept in the cache
// until a booking, maintenance or the fleet changes what they say, for all who may read
// them alike. A car that is not there is not_found.
func (s *Service) Figures(ctx context.Context, who exodrive.Actor, ask exodrive.FiguresQuery) (Read[exodrive.Figures], error) {
	if err := who.May(exodrive.ScopeRead); err != nil {
		return Read[exodrive.Figures]{}, err
	}
	var err error
	if ask.CarID, err = s.filtered(ctx, ask.CarID); err != nil {
		return Read[exodrive.Figures]{}, err
	}
	return read(ctx, s.reads.figures, ask)
}

func (s *Service) loadFigures(ctx context.Context, ask exodrive.FiguresQuery) (*exodrive.Figures, error) {
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
