package rental

import (
	"context"
	"reflect"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/sqlstore"
)

// A dayCheck tells whether a trip can be had on other days, that the car is free then
// aside. A nil one lets all pass.
type dayCheck func(context.Context, exodrive.TripDays) bool

func (c dayCheck) passed(ctx context.Context, days exodrive.TripDays) bool {
	return c == nil || c(ctx, days)
}

// A carCheck tells whether a trip can be had with another car, and may write the price of
// that on its card. A nil one lets all pass.
type carCheck func(context.Context, *exodrive.CarCard) bool

// passing are the first of some cars that pass, until they are enough. No more than most
// are looked at.
func (c carCheck) passing(ctx context.Context, cars []sqlstore.ListedCar, enough, most int) []sqlstore.ListedCar {
	if c == nil {
		return cars
	}
	var found []sqlstore.ListedCar
	for _, car := range cars[:min(len(cars), most)] {
		if len(found) < enough && c(ctx, &car.Card) {
			found = append(found, car)
		}
	}
	return found
}

// checksOf are the checks of what is offered instead of a trip: by its quote, on those days
// or with that car. For a trip that is only a car and days there are none: the days that
// are taken and the list know all that its quote would, at the cost of one.
func (s *Service) checksOf(r exodrive.TripRequest, q *exodrive.Quote) (dayCheck, carCheck) {
	if !wantsMore(r) {
		return nil, nil
	}
	now := s.now()
	onDays := s.onDays(func(ctx context.Context) (terms exodrive.Terms, err error) {
		car, err := s.store.CarTerms(ctx, q.CarID)
		if err != nil {
			return terms, err
		}
		return s.store.Terms(ctx, car, r)
	}, q, func(days exodrive.TripDays, terms exodrive.Terms) error {
		other := r
		other.StartDate, other.EndDate = days.StartDate, days.EndDate
		_, err := s.quote(other, terms, now)
		return err
	})
	withCar := func(ctx context.Context, c *exodrive.CarCard) bool {
		if r.PickupLocation != "" && c.Location.ID != q.Pickup.Location.ID {
			return false // a car is picked up where it lives: no quote need be asked
		}
		other := r
		other.CarID = c.ID
		quote, taken, err := s.quoteNow(ctx, other, now)
		if err != nil || len(taken) > 0 {
			return false
		}
		c.Price = &quote.Price
		return true
	}
	return onDays, withCar
}

// checkOfChange is the check of days for a change of a booking: what NewChange says of the
// same change on those days. Its days now, which count as free, are no change.
func (s *Service) checkOfChange(b *exodrive.Booking, ch *exodrive.Change) dayCheck {
	now := s.now()
	same := exodrive.TripChange{
		PickupTime: ch.Trip.PickupTime, ReturnTime: ch.Trip.ReturnTime, PickupLocation: ch.Trip.PickupLocation, ReturnLocation: ch.Trip.ReturnLocation,
		Extras: append([]exodrive.ExtraRequest{}, ch.Trip.Extras...), // nil would leave those of the booking
	}
	return s.onDays(func(ctx context.Context) (exodrive.Terms, error) { return s.termsToChange(ctx, s.store, b, ch.Trip) }, &ch.Quote,
		func(days exodrive.TripDays, terms exodrive.Terms) error {
			other := same
			other.StartDate, other.EndDate = days.StartDate, days.EndDate
			_, err := exodrive.NewChange(b, other, terms, ch.Leave, now)
			return err
		})
}

// wantsMore tells whether a trip asks for anything besides a car and days.
func wantsMore(r exodrive.TripRequest) bool {
	plain := exodrive.TripRequest{CarID: r.CarID, StartDate: r.StartDate, EndDate: r.EndDate, Extras: r.Extras}
	return len(r.Extras) > 0 || !reflect.DeepEqual(r, plain)
}

// onDays is the check of days by what judge says of them, a pure function of the terms of
// a trip, which are read once, for all days around its quote. If they cannot be read, no
// day passes.
func (s *Service) onDays(read func(context.Context) (exodrive.Terms, error), q *exodrive.Quote, judge func(exodrive.TripDays, exodrive.Terms) error) dayCheck {
	var terms *exodrive.Terms
	var failed error
	return func(ctx context.Context, days exodrive.TripDays) bool {
		if terms == nil && failed == nil {
			terms, failed = s.termsAround(ctx, read, q)
		}
		return failed == nil && judge(days, *terms) == nil
	}
}

func (s *Service) termsAround(ctx context.Context, read func(context.Context) (exodrive.Terms, error), q *exodrive.Quote) (*exodrive.Terms, error) {
	terms, err := read(ctx)
	if err != nil {
		return nil, err
	}
	rates, err := terms.Rates(exodrive.Days{Start: q.Occupied.Start - nearDays, End: q.Occupied.End + nearDays})
	terms.Rates = func(exodrive.Days) (exodrive.Rates, error) { return rates, nil }
	return &terms, err
}
