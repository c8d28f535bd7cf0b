package rental

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/sqlstore"
)

// ChangeRequest is what a renter sends who wants another trip than he booked.
type ChangeRequest struct {
	exodrive.TripChange
	Quote         string          `json:"quote,omitempty" required:"false" maxLength:"200" doc:"The text of a quote for this change: it is made at that price or refused."`
	ExpectedTotal *exodrive.Money `json:"expectedTotal,omitempty" required:"false" doc:"What the renter expects the whole rental to cost then; another total is refused."`
}

// QuoteChange tells what a change of the booking that a link opens would cost, and
// promises it for some minutes. It changes nothing, and reads the database, never the
// cache. Its refusals are those of ChangeBooking.
func (s *Service) QuoteChange(ctx context.Context, link string, r exodrive.TripChange) (*exodrive.SignedChange, error) {
	b, err := s.opened(ctx, toBooking, link)
	if err != nil {
		return nil, err
	}
	now := s.now()
	if overdue(b, now) {
		b.State = exodrive.Expired // as it will be within a moment
	}
	ch, err := s.changeOf(ctx, s.store, b, r, nil, now)
	if err != nil {
		return nil, err
	}
	taken, err := takenOf(ctx, s.store, b.CarID, ch.Takes(), b.ID)
	if err != nil {
		return nil, err
	}
	if len(taken) > 0 {
		return nil, s.insteadOfChange(ctx, b, ch, memberOfDays(r), daysTaken(taken, otherDaysOrCar))
	}
	return s.signedChange(b, ch, now), nil
}

// ChangeBooking changes the trip of the booking that a link opens, at what NewChange says
// it costs, or refuses it: dates_taken with what is free instead, price_changed or
// quote_expired with the quote that holds now, key_reused, a conflict where the booking
// cannot change any more, and what NewChange refuses.
//
// Like Book it is one transaction that has the car's row first. Only the days that differ
// are freed or taken; those that are kept stay rows of this booking throughout, so that
// nobody can come between. A call that is repeated with its key finds the key beside the
// change or neither, and is answered by the booking as it is by then. Keys are the
// booking's own: who has the link is who calls.
func (s *Service) ChangeBooking(ctx context.Context, link string, r ChangeRequest, c Call) (*BookingView, error) {
	b, err := s.opened(ctx, toBooking, link)
	if err != nil {
		return nil, err
	}
	id, key := b.ID, keyOf(b.ID, r, c)
	var ch *exodrive.Change
	err = s.store.Tx(ctx, func(tx *sqlstore.Tx) (err error) {
		if b, err = s.lockBooking(ctx, tx, id); err != nil {
			return err
		}
		if err := s.stillOpens(toBooking, b, link); err != nil {
			return err
		}
		if again, err := s.madeBefore(ctx, tx, key); again != nil || err != nil {
			return err
		}
		if b, err = s.endHolds(ctx, tx, b, b.CarID); err != nil {
			return err
		}
		if ch, err = s.changeOf(ctx, tx, b, r.TripChange, nil, tx.Now); err != nil {
			return err
		}
		agreed := func() error {
			return s.asAgreed(r.Quote, r.ExpectedTotal, ofChange(b, ch), tx.Now, func() exodrive.Refusal {
				return exodrive.Refusal{NewChange: s.signedChange(b, ch, tx.Now)}
			})
		}
		if err := s.makeChange(ctx, tx, renter, b, ch, agreed, exodrive.ChangeBooking, "by the renter"); err != nil || key == nil {
			return err
		}
		key.BookingID = b.ID
		return tx.InsertKey(ctx, *key)
	})
	if err != nil {
		return nil, s.insteadOfChange(ctx, b, ch, memberOfDays(r.TripChange), err)
	}
	return s.view(ctx, b)
}

// overdue tells whether the hold of a booking is over.
func overdue(b *exodrive.Booking, now time.Time) bool {
	return b.State == exodrive.Held && !b.HoldUntil.After(now)
}

// endHolds ends the holds of cars that are over, which may be that of the booking itself.
// The caller has the cars' rows.
func (s *Service) endHolds(ctx context.Context, tx *sqlstore.Tx, b *exodrive.Booking, cars ...string) (*exodrive.Booking, error) {
	for _, car := range cars {
		if err := s.expireHolds(ctx, tx, car); err != nil {
			return b, err
		}
	}
	if !overdue(b, tx.Now) {
		return b, nil
	}
	return tx.Booking(ctx, b.ID)
}

// reader is what a trip is worked out from: the database, or a transaction.
type reader interface {
	CarTerms(ctx context.Context, ref string) (exodrive.CarTerms, error)
	Terms(ctx context.Context, car exodrive.CarTerms, r exodrive.TripRequest) (exodrive.Terms, error)
	BookingLines(ctx context.Context, bookingID string, currency exodrive.Currency) ([]exodrive.Line, error)
	TakenDays(ctx context.Context, carID string, days exodrive.Days, but string) ([]exodrive.TakenDay, error)
}

// changeOf works out a change of the trip, for the car that the booking has.
func (s *Service) changeOf(ctx context.Context, from reader, b *exodrive.Booking, r exodrive.TripChange, leave *exodrive.Leave, now time.Time) (*exodrive.Change, error) {
	asked, err := b.Asked()
	if err != nil {
		return nil, err
	}
	terms, err := s.termsToChange(ctx, from, b, r.Of(asked))
	if err != nil {
		return nil, err
	}
	return exodrive.NewChange(b, r, terms, leave, now)
}

// termsToChange are the terms of the car that a booking has, for another trip.
func (s *Service) termsToChange(ctx context.Context, from reader, b *exodrive.Booking, r exodrive.TripRequest) (exodrive.Terms, error) {
	car, err := from.CarTerms(ctx, b.CarID)
	if err != nil {
		return exodrive.Terms{}, err
	}
	priced, err := from.CarTerms(ctx, r.CarID)
	if exodrive.CodeOf(err) == exodrive.NotFound {
		priced, err = car, nil
	}
	if err != nil {
		return exodrive.Terms{}, err
	}
	return s.termsOf(ctx, from, b, car, priced, r)
}

// termsOf are the terms of a car for a booking, at the prices of the one that was booked.
// They differ after staff swapped it, which is not to cost the renter anything, at once or
// at his next change.
func (s *Service) termsOf(ctx context.Context, from reader, b *exodrive.Booking, car, priced exodrive.CarTerms, r exodrive.TripRequest) (exodrive.Terms, error) {
	terms, err := from.Terms(ctx, priced, r)
	if err == nil {
		terms.Had, err = from.BookingLines(ctx, b.ID, b.Total.Currency)
	}
	priced.LocationID = car.LocationID
	terms.Car, terms.Car.CarPricing = car, priced.CarPricing
	terms.Currency, terms.Limits, terms.Policy = s.currency, s.limits, s.policy
	return terms, err
}

func (s *Service) signedChange(b *exodrive.Booking, ch *exodrive.Change, now time.Time) *exodrive.SignedChange {
	until := s.promisedUntil(now)
	return &exodrive.SignedChange{Change: *ch, Text: s.signs.quoted(ofChange(b, ch), until), ValidUntil: until}
}

// insteadOfChange adds to the refusal of a change whose days somebody has the nearest that
// can be had: a shorter extension and, unless the car is out already, the same car on other
// days for as long; for a swap other cars. It is on the member of the request that wants
// the days. Any other error stays as it is.
func (s *Service) insteadOfChange(ctx context.Context, b *exodrive.Booking, ch *exodrive.Change, member string, err error) error {
	e, ok := errors.AsType[*exodrive.Error](err)
	if !ok || e.Code != exodrive.DatesTaken || e.Refusal == nil || ch == nil {
		return err
	}
	taken := e.Refusal.TakenDays
	e = e.On(member)
	others := &exodrive.Alternatives{OtherDays: []exodrive.TripDays{}, OtherCars: []exodrive.CarCard{}}
	// What cannot be found out is left out: the refusal itself is right.
	if ch.CarID != b.CarID {
		if cars, err := s.otherCars(ctx, &ch.Quote, nil); err == nil {
			others.OtherCars = slices.DeleteFunc(cars, func(c exodrive.CarCard) bool { return c.ID == b.CarID })
		}
		if b.State == exodrive.Active && taken[0] < s.today() {
			e = exodrive.Errorf(exodrive.DatesTaken, "That car was not free on %s, when this rental had begun, and a booking has one car for all its days. "+
				"Give a car that was free since, or take this one back and book the other for the days that are left.", taken[0]).On(member)
		}
		return e.Instead(exodrive.Refusal{TakenDays: taken, Alternatives: others})
	}
	check := s.checkOfChange(b, ch)
	// A car that is out may have left before its day.
	if ch.Occupied.Start == b.Days.Start || b.State == exodrive.Active {
		if days, err := s.shorter(ctx, b, ch); err == nil {
			others.OtherDays = slices.DeleteFunc(days, func(d exodrive.TripDays) bool { return !check(ctx, d) })
		}
	}
	if b.State != exodrive.Active {
		if days, err := s.otherDays(ctx, ch.Trip, &ch.Quote, b.ID, check); err == nil {
			others.OtherDays = append(others.OtherDays, days[:min(len(days), mostOthers-len(others.OtherDays))]...)
		}
	}
	return e.Instead(exodrive.Refusal{TakenDays: taken, Alternatives: others})
}

// otherDaysOrCar is what to do about days that a trip cannot have.
const otherDaysOrCar = "Take other days, or another car."

// memberOfDays is the member of a change for whose sake it takes days; "" if it has none
// that does.
func memberOfDays(c exodrive.TripChange) string {
	switch {
	case c.StartDate != 0:
		return "/startDate"
	case c.EndDate != 0:
		return "/endDate"
	case c.PickupTime != nil:
		return "/pickupTime"
	case c.ReturnTime != nil:
		return "/returnTime"
	case c.ReturnLocation != "":
		return "/returnLocation"
	}
	return ""
}

// shorter is the longest extension of a booking that its car is free for, of those shorter
// than a change asks for; none if there is no such.
func (s *Service) shorter(ctx context.Context, b *exodrive.Booking, ch *exodrive.Change) ([]exodrive.TripDays, error) {
	takes := ch.Takes()
	taken, err := s.store.TakenDays(ctx, b.CarID, takes.All(), b.ID)
	if err != nil {
		return nil, err
	}
	for end := ch.Trip.EndDate - 1; takes.Days.End-1 > b.Days.End; end-- {
		takes.Days.End, takes.BlockedUntil = takes.Days.End-1, takes.BlockedUntil-1
		if len(takes.InTheWay(taken)) == 0 {
			return []exodrive.TripDays{{StartDate: ch.Trip.StartDate, EndDate: end}}, nil
		}
	}
	return []exodrive.TripDays{}, nil
}
