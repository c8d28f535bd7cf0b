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
	q, taken, err := s.quoteNow(ctx, r, now)
	if err != nil {
		return nil, err
	}
	if len(taken) > 0 {
		return nil, s.instead(ctx, r, q, taken)
	}
	return s.signed(r, q, now), nil
}

// quoteNow is the quote of a trip, and the days for whose sake it cannot be had.
func (s *Service) quoteNow(ctx context.Context, r exodrive.TripRequest, now time.Time) (*exodrive.Quote, []exodrive.Date, error) {
	car, err := s.store.CarTerms(ctx, r.CarID)
	if err != nil {
		return nil, nil, onCar(err)
	}
	terms, err := s.store.Terms(ctx, car, r)
	if err != nil {
		return nil, nil, err
	}
	q, err := s.quote(r, terms, now)
	if err != nil {
		return nil, nil, err
	}
	taken, err := takenOf(ctx, s.store, car.ID, q.Takes(), "")
	return q, taken, err
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

// How far around a trip other days are looked for, how many are told, and how many cars
// are looked at where each must be asked about.
const (
	nearDays   = 60
	mostOthers = 3
	mostLooked = 3 * mostOthers
)

// instead is the refusal of a trip whose days somebody has, with the nearest that can
// be had. What cannot be found out is left out: the refusal itself is right.
func (s *Service) instead(ctx context.Context, r exodrive.TripRequest, q *exodrive.Quote, taken []exodrive.Date) error {
	refusal := exodrive.Refusal{TakenDays: taken, Alternatives: &exodrive.Alternatives{OtherDays: []exodrive.TripDays{}, OtherCars: []exodrive.CarCard{}}}
	onDays, withCar := s.checksOf(r, q)
	if days, err := s.otherDays(ctx, r, q, "", onDays); err == nil {
		refusal.Alternatives.OtherDays = days
	}
	if cars, err := s.otherCars(ctx, q, withCar); err == nil {
		refusal.Alternatives.OtherCars = cars
	}
	return tripTaken(taken).Instead(refusal)
}

// otherDays are the nearest days on which the same car is free for as long, those of one
// booking counted as free, and which pass a check.
func (s *Service) otherDays(ctx context.Context, r exodrive.TripRequest, q *exodrive.Quote, bookingID string, check dayCheck) ([]exodrive.TripDays, error) {
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
			trip := exodrive.TripDays{StartDate: r.StartDate + by, EndDate: r.EndDate + by}
			if free && takes.Days.Start >= tomorrow && takes.Days.End <= last && len(found) < mostOthers && check.passed(ctx, trip) {
				found = append(found, trip)
			}
		}
	}
	return found, nil
}

// otherCars are the cars of the same category that the list of the same rental days shows
// first, of those that pass a check: those where the trip begins, and only if they are too
// few others after them; of each the nearest in price first. It counts nothing, unlike a
// page of the list: who was too late is often one of many.
func (s *Service) otherCars(ctx context.Context, q *exodrive.Quote, check carCheck) ([]exodrive.CarCard, error) {
	car, err := s.store.CarTerms(ctx, q.CarID)
	if err != nil {
		return nil, err
	}
	longest, err := s.store.LongestTurnaround(ctx)
	if err != nil {
		return nil, err
	}
	look := mostOthers
	if check != nil {
		look = mostLooked
	}
	ask := exodrive.CarQuery{
		Categories: []exodrive.Category{car.Category}, Locations: []string{q.Pickup.Location.ID}, Start: q.Occupied.Start, End: q.Occupied.End,
		Sort: exodrive.SortFeatured, Page: 1, Limit: look + 1, // the car itself may be among them
	}
	itself := func(c sqlstore.ListedCar) bool { return c.Card.ID == q.CarID }
	listed, err := s.store.CarsOfPage(ctx, ask, s.currency, longest)
	if err != nil {
		return nil, err
	}
	listed = slices.DeleteFunc(listed, itself)
	here := check.passing(ctx, listed, mostOthers, look)
	var away []sqlstore.ListedCar
	if left := look - len(listed); len(here) < mostOthers && left > 0 {
		ask.Locations, ask.Limit = nil, look+len(listed)+1 // which may be among them, and the car itself
		if away, err = s.store.CarsOfPage(ctx, ask, s.currency, longest); err != nil {
			return nil, err
		}
		away = slices.DeleteFunc(away, func(c sqlstore.ListedCar) bool { return itself(c) || c.Card.Location.ID == q.Pickup.Location.ID })
		away = check.passing(ctx, away, mostOthers-len(here), left)
	}
	return s.nearest(ctx, q, here, away)
}

// nearest are the cards of cars, as many as are told: those that are here before those
// that are away, of each the nearest in price first. Which have no price yet are given
// that of their days.
func (s *Service) nearest(ctx context.Context, q *exodrive.Quote, here, away []sqlstore.ListedCar) ([]exodrive.CarCard, error) {
	cars := slices.Concat(here, away)
	cards := make([]exodrive.CarCard, len(cars))
	for i := range cars {
		cards[i] = cars[i].Card
	}
	if len(cards) > 0 && cards[0].Price == nil {
		if err := s.priceCards(ctx, cars, cards, q.Occupied); err != nil {
			return nil, err
		}
	}
	byPrice := func(a, b exodrive.CarCard) int { return cmp.Compare(apart(a, q), apart(b, q)) }
	slices.SortStableFunc(cards[:len(here)], byPrice)
	slices.SortStableFunc(cards[len(here):], byPrice)
	return cards[:min(len(cards), mostOthers)], nil
}

// apart is how far the price of a car is from that of a quote.
func apart(c exodrive.CarCard, q *exodrive.Quote) int64 {
	if c.Price == nil {
		return exodrive.MaxAmount
	}
	return max(c.Price.Total.Amount-q.Total.Amount, q.Total.Amount-c.Price.Total.Amount)
}
