package rental

import (
	"context"
	"errors"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/sqlstore"
)

// Read is a read model as the cache has it: its bytes for the API, its value for
// pages. See cache.Value.
type Read[T any] = cache.Answer[*T]

// Cars is one page of the cars that a question finds. With dates these are only
// cars that can be booked for them, each with its all-in price from handover
// time to handover time at the place where it lives. Days that are over, or
// further ahead than the house plans, are an invalid error.
func (s *Service) Cars(ctx context.Context, ask exodrive.CarQuery) (Read[exodrive.CarPage], error) {
	family := s.reads.list
	if ask.HasDates() {
		if err := s.rentable(ask.Dates()); err != nil {
			return Read[exodrive.CarPage]{}, err
		}
		family = s.reads.listOnDates
	}
	page, err := read(ctx, family, ask)
	if err == nil {
		s.asked.note(page.Entry.Key())
	}
	return page, err
}

// loadCars asks the database alone, as it must for whatever decides.
func (s *Service) loadCars(ctx context.Context, ask exodrive.CarQuery) (*exodrive.CarPage, error) {
	cars, total, facets, err := s.store.Cars(ctx, ask, s.currency)
	if err != nil {
		return nil, err
	}
	return s.carPage(ctx, ask, cars, total, facets)
}

// loadCarsOnDates has the cars counted by the cached sketch of the fleet where that
// knows enough. The page itself, which shows what is free, is the database's.
func (s *Service) loadCarsOnDates(ctx context.Context, ask exodrive.CarQuery) (*exodrive.CarPage, error) {
	var sketch *exodrive.FleetSketch
	if !sketch.Knows(ask) {
		return s.loadCars(ctx, ask)
	}
	sketch, err := cache.Value(read(ctx, s.reads.sketch, struct{}{}))
	if err != nil {
		return nil, err
	}
	longest, taken := sketch.LongestTurnaround(), sketch.Taken()
	var cars []sqlstore.ListedCar
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { cars, err = s.store.CarsOfPage(gctx, ask, s.currency, longest); return err })
	g.Go(func() error { return s.store.EachTaken(gctx, ask.Dates(), longest, taken.Add) })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	count := sketch.Count(ask, s.currency, taken)
	return s.carPage(ctx, ask, cars, count.Total, count.Facets(sketch.Places, s.currency))
}

func (s *Service) carPage(ctx context.Context, ask exodrive.CarQuery, cars []sqlstore.ListedCar, total int, facets exodrive.Facets) (*exodrive.CarPage, error) {
	page := exodrive.CarPage{
		Cars:       make([]exodrive.CarCard, len(cars)),
		Pagination: exodrive.NewPagination(ask.Page, ask.Limit, total),
		Facets:     facets,
		Filters:    ask,
	}
	for i := range cars {
		page.Cars[i] = cars[i].Card
	}
	if ask.HasDates() && len(cars) > 0 {
		if err := s.priceCards(ctx, cars, page.Cars, ask.Dates()); err != nil {
			return nil, err
		}
	}
	return &page, nil
}

// lastZone is how far the last place on Earth is behind UTC.
const lastZone = -12 * time.Hour

// rentable refuses days that no car can be booked for. The error names the
// parameter. A day counts as past when it is past everywhere: which places are
// asked about is not known yet, and a booking looks at its own.
func (s *Service) rentable(days exodrive.Days) error {
	err := s.limits.CheckDays(days, 1, exodrive.DateOf(s.now().UTC().Add(lastZone)))
	if e, ok := errors.AsType[*exodrive.Error](err); ok {
		return e.On(strings.TrimPrefix(e.Field, "/"))
	}
	return err
}

// today is the fleet's civil day.
func (s *Service) today() exodrive.Date { return exodrive.DateOf(s.now().In(s.zone)) }

// priceCards gives every card the price of the days, with one statement for each
// thing that prices depend on.
func (s *Service) priceCards(ctx context.Context, cars []sqlstore.ListedCar, cards []exodrive.CarCard, days exodrive.Days) error {
	ids := make([]string, len(cars))
	for i := range cars {
		ids[i] = cars[i].Card.ID
	}
	var (
		overrides map[string]map[exodrive.Date]int64
		rules     []exodrive.PriceRule
		places    []exodrive.Location
	)
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { overrides, err = s.store.Overrides(gctx, ids, days); return err })
	g.Go(func() (err error) { rules, err = s.store.ActiveRules(gctx); return err })
	g.Go(func() (err error) { places, err = s.store.Places(gctx); return err })
	if err := g.Wait(); err != nil {
		return err
	}
	at := map[string]*exodrive.Location{}
	for i := range places {
		at[places[i].ID] = &places[i]
	}
	for i := range cars {
		id, pricing := cars[i].Card.ID, cars[i].Pricing
		place := at[pricing.LocationID]
		if place == nil { // made after the places were read
			return exodrive.Errorf(exodrive.Unavailable, "The places of the fleet are changing just now; try again in a moment.")
		}
		rates := exodrive.Rates{Base: pricing.Base, Overrides: overrides[id], Rules: rulesOf(id, rules)}
		price := pricing.DayPrice(s.currency, rates, days, place)
		cards[i].Price = &price
	}
	return nil
}

func rulesOf(carID string, rules []exodrive.PriceRule) []exodrive.PriceRule {
	var own []exodrive.PriceRule
	for _, r := range rules {
		if r.CarID == "" || r.CarID == carID {
			own = append(own, r)
		}
	}
	return own
}

// Car is a public car by its id or slug; one that is unknown or hidden is
// not_found.
func (s *Service) Car(ctx context.Context, ref string) (Read[exodrive.CarDetails], error) {
	id, err := s.carID(ctx, ref)
	if err != nil {
		return Read[exodrive.CarDetails]{}, err
	}
	return readOfCar(ctx, s, s.reads.details, id, id)
}

// readOfCar is read, and counts that the car was asked for.
func readOfCar[K, V any](ctx context.Context, s *Service, f *cache.Family[K, V], id string, k K) (cache.Answer[V], error) {
	a, err := read(ctx, f, k)
	if err == nil {
		s.asked.note(id)
	}
	return a, err
}

// carID is the id that an id or slug means. What can be neither never reaches
// the cache.
func (s *Service) carID(ctx context.Context, ref string) (string, error) {
	switch {
	case exodrive.IsID(exodrive.CarID, ref):
		return ref, nil
	case exodrive.IsSlug(ref):
		return cache.Value(read(ctx, s.reads.slug, ref))
	}
	return "", exodrive.Errorf(exodrive.NotFound, "There is no such car.")
}

// Availability is the calendar of a public car over inclusive days, with the
// price of each.
func (s *Service) Availability(ctx context.Context, ref string, ask exodrive.AvailabilityQuery) (Read[exodrive.Availability], error) {
	id, err := s.carID(ctx, ref)
	if err != nil {
		return Read[exodrive.Availability]{}, err
	}
	return readOfCar(ctx, s, s.reads.availability, id, calendarOf{id, ask})
}

func (s *Service) loadAvailability(ctx context.Context, of calendarOf) (*exodrive.Availability, error) {
	id, ask := of.carID, of.ask
	days := exodrive.Days{Start: ask.Start, End: ask.End + 1}
	c, err := s.store.Calendar(ctx, id, days)
	if err != nil {
		return nil, err
	}
	out := exodrive.Availability{
		CarID: id, Start: ask.Start, End: ask.End,
		Days:    make([]exodrive.DayAvailability, 0, days.Len()),
		Summary: exodrive.AvailabilitySummary{TotalDays: days.Len(), MinimumDays: c.MinimumDays},
	}
	for d := range days.All() {
		status, taken := c.Taken[d]
		switch {
		case taken:
		case c.Available:
			status = exodrive.DayAvailable
			out.Summary.AvailableDays++
		default:
			status = exodrive.DayUnavailable
		}
		out.Days = append(out.Days, exodrive.DayAvailability{
			Date: d, Status: status, Available: status == exodrive.DayAvailable,
			Price: exodrive.Money{Amount: c.Rates.Day(d), Currency: c.Currency},
		})
	}
	out.Summary.UnavailableDays = out.Summary.TotalDays - out.Summary.AvailableDays
	return &out, nil
}

// Reviews is a page of the approved reviews of a public car.
func (s *Service) Reviews(ctx context.Context, ref string, page exodrive.PageQuery) (Read[exodrive.ReviewPage], error) {
	id, err := s.carID(ctx, ref)
	if err != nil {
		return Read[exodrive.ReviewPage]{}, err
	}
	return readOfCar(ctx, s, s.reads.reviews, id, reviewsOf{id, page})
}

// FleetCounts tells how large the fleet is, and how many cars nobody has today.
func (s *Service) FleetCounts(ctx context.Context) (Read[exodrive.FleetCounts], error) {
	return read(ctx, s.reads.counts, struct{}{})
}

func (s *Service) loadFleetCounts(ctx context.Context) (*exodrive.FleetCounts, error) {
	today := s.today()
	cache.Until(ctx, (today+1).At(0, s.zone))
	return s.store.Counts(ctx, today)
}

// PublicPlaces is a page of the places where a trip may begin or end, with what that
// costs.
func (s *Service) PublicPlaces(ctx context.Context, page exodrive.PageQuery) (Read[exodrive.PlacePage], error) {
	return read(ctx, s.reads.places, page)
}

// PublicExtras is a page of the extras that may be taken with a trip.
func (s *Service) PublicExtras(ctx context.Context, page exodrive.PageQuery) (Read[exodrive.ExtraPage], error) {
	return read(ctx, s.reads.extras, page)
}
