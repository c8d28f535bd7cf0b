package rental

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/sqlstore"
)

// Quote tells what a trip costs and under which rules, and promises it for some
// minutes. Days that somebody has are a dates_taken error with what is free instead.
// It reads the database and never the cache.
func (s *Service) Quote(ctx context.Context, r exodrive.TripRequest) (*exodrive.SignedQuote, error) {
	now := s.now()
	car, err := s.store.CarTerms(ctx, r.CarID)
	if err != nil {
		return nil, onCar(err)
	}
	terms, err := s.store.Terms(ctx, car, r)
	if err != nil {
		return nil, err
	}
	q, err := s.quote(r, terms, now)
	if err != nil {
		return nil, err
	}
	taken, err := takenOf(ctx, s.store, car.ID, q.Takes(), "")
	if err != nil {
		return nil, err
	}
	if len(taken) > 0 {
		return nil, s.instead(ctx, r, q, taken)
	}
	return s.signed(r, q, now), nil
}

func (s *Service) quote(r exodrive.TripRequest, terms exodrive.Terms, now time.Time) (*exodrive.Quote, error) {
	terms.Currency, terms.Limits, terms.Policy = s.currency, s.limits, s.policy
	return exodrive.NewQuote(r, terms, now)
}

func (s *Service) signed(r exodrive.TripRequest, q *exodrive.Quote, now time.Time) *exodrive.SignedQuote {
	until := s.promisedUntil(now)
	return &exodrive.SignedQuote{Quote: *q, Text: s.signs.quoted(ofQuote(r, q), until), ValidUntil: until}
}

func (s *Service) promisedUntil(now time.Time) time.Time {
	return now.Add(time.Duration(s.policy.QuoteMinutes) * time.Minute).UTC().Truncate(time.Second)
}

// onCar names the member of a request whose car is not there.
func onCar(err error) error {
	if exodrive.CodeOf(err) == exodrive.NotFound {
		return exodrive.Errorf(exodrive.NotFound, "There is no such car.").On("/carId")
	}
	return err
}

// How far around a trip other days are looked for, and how many are told.
const (
	nearDays   = 60
	mostOthers = 3
)

// instead is the refusal of a trip whose days somebody has, with the nearest that can
// be had. What cannot be found out is left out: the refusal itself is right.
func (s *Service) instead(ctx context.Context, r exodrive.TripRequest, q *exodrive.Quote, taken []exodrive.Date) error {
	refusal := exodrive.Refusal{TakenDays: taken, Alternatives: &exodrive.Alternatives{OtherDays: []exodrive.TripDays{}, OtherCars: []exodrive.CarCard{}}}
	if days, err := s.otherDays(ctx, r, q, ""); err == nil {
		refusal.Alternatives.OtherDays = days
	}
	if cars, err := s.otherCars(ctx, q); err == nil {
		refusal.Alternatives.OtherCars = cars
	}
	return daysTaken(taken).Instead(refusal)
}

// otherDays are the nearest days on which the same car is free for as long, those of one
// booking counted as free.
func (s *Service) otherDays(ctx context.Context, r exodrive.TripRequest, q *exodrive.Quote, bookingID string) ([]exodrive.TripDays, error) {
	around := exodrive.Days{Start: q.Occupied.Start - nearDays, End: q.BlockedUntil + nearDays}
	taken, err := s.store.TakenDays(ctx, q.CarID, around, bookingID)
	if err != nil {
		return nil, err
	}
	tomorrow := s.today() + 1
	last := s.today().Add(s.limits.LookAheadDays)
	found := []exodrive.TripDays{}
	for off := exodrive.Date(1); off <= nearDays && len(found) < mostOthers; off++ {
		for _, by := range []exodrive.Date{-off, off} {
			takes := q.Takes().Later(by)
			free := len(takes.InTheWay(taken)) == 0
			if free && takes.Days.Start >= tomorrow && takes.Days.End <= last && len(found) < mostOthers {
				found = append(found, exodrive.TripDays{StartDate: r.StartDate + by, EndDate: r.EndDate + by})
			}
		}
	}
	return found, nil
}

// otherCars are the cars of the same category that the list of the same rental days shows
// first: those where the trip begins, and only if they are too few others after them; of
// each the nearest in price first. It counts nothing, unlike a page of the list: who was
// too late is often one of many.
func (s *Service) otherCars(ctx context.Context, q *exodrive.Quote) ([]exodrive.CarCard, error) {
	car, err := s.store.CarTerms(ctx, q.CarID)
	if err != nil {
		return nil, err
	}
	longest, err := s.store.LongestTurnaround(ctx)
	if err != nil {
		return nil, err
	}
	ask := exodrive.CarQuery{
		Categories: []exodrive.Category{car.Category}, Locations: []string{q.Pickup.Location.ID}, Start: q.Occupied.Start, End: q.Occupied.End,
		Sort: exodrive.SortFeatured, Page: 1, Limit: mostOthers + 1, // the car itself may be among them
	}
	itself := func(c sqlstore.ListedCar) bool { return c.Card.ID == q.CarID }
	here, err := s.store.CarsOfPage(ctx, ask, s.currency, longest)
	if err != nil {
		return nil, err
	}
	here = slices.DeleteFunc(here, itself)
	var away []sqlstore.ListedCar
	if len(here) < mostOthers {
		ask.Locations, ask.Limit = nil, mostOthers+len(here)+1 // which may be among them, and the car itself
		if away, err = s.store.CarsOfPage(ctx, ask, s.currency, longest); err != nil {
			return nil, err
		}
		away = slices.DeleteFunc(away, func(c sqlstore.ListedCar) bool { return itself(c) || c.Card.Location.ID == q.Pickup.Location.ID })
	}
	cards := make([]exodrive.CarCard, 0, len(here)+len(away))
	for _, c := range slices.Concat(here, away) {
		cards = append(cards, c.Card)
	}
	if len(cards) == 0 {
		return cards, nil
	}
	if err := s.priceCards(ctx, slices.Concat(here, away), cards, ask.Dates()); err != nil {
		return nil, err
	}
	nearest := func(a, b exodrive.CarCard) int { return cmp.Compare(apart(a, q), apart(b, q)) }
	slices.SortStableFunc(cards[:len(here)], nearest)
	slices.SortStableFunc(cards[len(here):], nearest)
	return cards[:min(len(cards), mostOthers)], nil
}

// apart is how far the price of a car is from that of a quote.
func apart(c exodrive.CarCard, q *exodrive.Quote) int64 {
	if c.Price == nil {
		return exodrive.MaxAmount
	}
	return max(c.Price.Total.Amount-q.Total.Amount, q.Total.Amount-c.Price.Total.Amount)
}
