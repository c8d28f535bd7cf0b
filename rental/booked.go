package rental

import (
	"context"
	"slices"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/sqlstore"
)

// BookingView is a booking as its renter sees it.
type BookingView struct {
	ID        string                `json:"id" example:"bkg_01kas0f3m2x7h9tq"`
	Token     string                `json:"token" doc:"Opens the booking: GET /api/bookings/{token}. Keep it secret."`
	State     exodrive.BookingState `json:"state"`
	HoldUntil *time.Time            `json:"holdUntil,omitempty" doc:"Until then the days are held."`
	Payment   exodrive.PaymentState `json:"payment" doc:"As in account, whose due tells whether something is missing."`
	Account   *exodrive.Account     `json:"account" doc:"Where payment and deposit stand."`
	Charges   []exodrive.Charge     `json:"charges" nullable:"false" doc:"What came after the price, which stays as it was accepted."`
	Car       CarRef                `json:"car"`
	Trip      exodrive.TripRequest  `json:"trip" doc:"What was asked for, as it stands after all changes: the ids of the extras with it, which a change sends again for all that are still wanted."`
	Customer  exodrive.Contact      `json:"customer"`
	FirstDay  exodrive.Date         `json:"firstDay" doc:"First rental day: the day it was handed over, if that was earlier than agreed."`
	LastDay   exodrive.Date         `json:"lastDay" doc:"Last rental day, included: the day it came back, if that was earlier than agreed."`
	exodrive.Price
	exodrive.BookingTerms
	ReviewToken string    `json:"reviewToken,omitempty" doc:"Opens the review of a completed rental and nothing else: /api/reviews/{reviewToken}."`
	Version     int64     `json:"version"`
	CreatedAt   time.Time `json:"createdAt"`
}

// CarRef names a car.
type CarRef struct {
	ID   string `json:"id"`
	Slug string `json:"slug"`
	Name string `json:"name"`
}

// view reads what a booking shows besides itself.
func (s *Service) view(ctx context.Context, b *exodrive.Booking) (*BookingView, error) {
	money, err := s.store.MoneyOf(ctx, b)
	if err != nil {
		return nil, err
	}
	return s.viewWith(ctx, b, money)
}

func (s *Service) viewWith(ctx context.Context, b *exodrive.Booking, money sqlstore.MoneyRows) (*BookingView, error) {
	car, err := s.store.CarTerms(ctx, b.CarID)
	if err != nil {
		return nil, err
	}
	lines, err := s.store.BookingLines(ctx, b.ID, b.Total.Currency)
	if err != nil {
		return nil, err
	}
	terms := b.Terms
	if terms.Pickup.Date == 0 {
		places, err := s.store.Places(ctx)
		if err != nil {
			return nil, err
		}
		if terms, err = b.TermsAt(places, s.policy); err != nil {
			return nil, err
		}
		lines = append(lines, exodrive.Line{Kind: exodrive.LineAgreed, Label: "As agreed", Quantity: 1, Unit: b.Total, Amount: b.Total})
	}
	return s.viewOf(b, car, terms, lines, money)
}

// viewOf is view of what was read, or was just written.
func (s *Service) viewOf(b *exodrive.Booking, car exodrive.CarTerms, terms exodrive.BookingTerms, lines []exodrive.Line, money sqlstore.MoneyRows) (*BookingView, error) {
	account, err := exodrive.NewAccount(b, money.Charges, money.Fee, money.Moves)
	if err != nil {
		return nil, err
	}
	trip, err := b.Asked()
	if err != nil {
		return nil, err
	}
	trip.CarID = b.CarID // Asked names the car whose prices hold, which a swap may leave
	v := &BookingView{
		ID: b.ID, Token: s.signs.link(toBooking, b), State: b.State, Payment: account.Payment, Account: account, Charges: orEmpty(money.Charges),
		Car: CarRef{car.ID, car.Slug, car.Name}, Trip: trip, Customer: b.Contact, FirstDay: b.Days.Start, LastDay: b.Days.End - 1,
		Price: exodrive.Price{Days: b.PaidDays(), Lines: lines, Total: b.Total, Deposit: b.Deposit}, BookingTerms: terms,
		Version: b.Version, CreatedAt: b.CreatedAt,
	}
	if b.State == exodrive.Held {
		v.HoldUntil = &b.HoldUntil
	}
	if b.State == exodrive.Completed {
		v.ReviewToken = s.signs.link(toReview, b)
	}
	return v, nil
}

// Booking is the booking that a link opens. A link that is wrong or was revoked is
// not_found, like a booking that never was.
func (s *Service) Booking(ctx context.Context, link string) (*BookingView, error) {
	b, err := s.opened(ctx, toBooking, link)
	if err != nil {
		return nil, err
	}
	return s.view(ctx, b)
}

func (s *Service) opened(ctx context.Context, purpose, link string) (*exodrive.Booking, error) {
	id, signature, ok := s.signs.opens(link)
	if ok {
		b, err := s.store.Booking(ctx, id)
		if err == nil && s.signs.openedBy(purpose, b, signature) {
			return b, nil
		}
		if err != nil && exodrive.CodeOf(err) != exodrive.NotFound {
			return nil, err
		}
	}
	return nil, noLink(purpose)
}

func noLink(purpose string) error {
	return exodrive.Errorf(exodrive.NotFound, "This link opens no %s. Use the newest one that you were sent, or ask us.", purpose)
}

// stillOpens refuses a link that was revoked since it opened a booking. It is asked again
// under the lock, so that nothing happens by a link once its revocation is answered.
func (s *Service) stillOpens(purpose string, b *exodrive.Booking, link string) error {
	if _, signature, ok := s.signs.opens(link); !ok || !s.signs.openedBy(purpose, b, signature) {
		return noLink(purpose)
	}
	return nil
}

// CancelBooking cancels the booking that a link opens, at what the terms say. It is a
// conflict once the car was handed over or the pick-up is over.
func (s *Service) CancelBooking(ctx context.Context, link string) (*BookingView, error) {
	b, err := s.opened(ctx, toBooking, link)
	if err != nil {
		return nil, err
	}
	return s.move(ctx, renter, b.ID, exodrive.CancelBooking, "by the renter", func(ctx context.Context, tx *sqlstore.Tx, b *exodrive.Booking) (map[string]any, error) {
		if err := s.stillOpens(toBooking, b, link); err != nil {
			return nil, err
		}
		return s.feeOfCancelling(ctx, tx, b)
	})
}

// feeOfCancelling is what a renter who cancels now pays.
func (s *Service) feeOfCancelling(_ context.Context, tx *sqlstore.Tx, b *exodrive.Booking) (map[string]any, error) {
	fee, err := b.CancelFee(s.policy, tx.Now)
	return map[string]any{"fee": fee}, err
}

// renter and house are who does what nobody of the staff does.
var (
	renter = exodrive.Actor{ID: "renter", Name: "renter"}
	house  = exodrive.Actor{ID: "system", Name: "system"}
)

// ConfirmBooking agrees to a booking that is held, or whose hold ran out, if its days and
// its coupon can be taken again and its pick-up is still to come.
func (s *Service) ConfirmBooking(ctx context.Context, who exodrive.Actor, id string) (*BookingView, error) {
	if err := who.May(exodrive.ScopeBook); err != nil {
		return nil, err
	}
	return s.move(ctx, who, id, exodrive.ConfirmBooking, "", notTooLate)
}

// notTooLate refuses to agree to a hold that ran out once its pick-up is over.
func notTooLate(_ context.Context, tx *sqlstore.Tx, b *exodrive.Booking) (map[string]any, error) {
	pickup, err := b.Pickup()
	if err == nil && b.State == exodrive.Expired && tx.Now.After(pickup) {
		err = exodrive.Errorf(exodrive.Conflict, "This hold ran out and its pick-up is over; make a new booking.")
	}
	return nil, err
}

// Bookings is a page of the bookings that staff asks for, the latest pick-up first, and
// their number.
func (s *Service) Bookings(ctx context.Context, who exodrive.Actor, ask exodrive.BookingQuery, page exodrive.PageQuery) ([]exodrive.BookingRow, int, error) {
	if err := who.May(exodrive.ScopeRead); err != nil {
		return nil, 0, err
	}
	var err error
	if ask.CarID, err = s.filtered(ctx, ask.CarID); err != nil {
		return nil, 0, err
	}
	return s.store.Bookings(ctx, ask, page)
}

// CancelForRenter cancels a booking by staff, who says why, at no cost to the renter.
func (s *Service) CancelForRenter(ctx context.Context, who exodrive.Actor, id, reason string) (*BookingView, error) {
	if err := who.May(exodrive.ScopeBook); err != nil {
		return nil, err
	}
	return s.move(ctx, who, id, exodrive.CancelBooking, reason, nil)
}

// CancelAtTerms is CancelForRenter at what the terms say, as if the renter did it.
func (s *Service) CancelAtTerms(ctx context.Context, who exodrive.Actor, id, reason string) (*BookingView, error) {
	if err := who.May(exodrive.ScopeBook); err != nil {
		return nil, err
	}
	return s.move(ctx, who, id, exodrive.CancelBooking, reason, s.feeOfCancelling)
}

// happening does what else belongs to an event, after the state table has let it pass,
// and says what the event says of it. The booking is as it is under its car's lock.
type happening func(ctx context.Context, tx *sqlstore.Tx, b *exodrive.Booking) (detail map[string]any, err error)

// move lets something happen to a booking: its state follows the table, its days follow
// the state, and the event is written, all in one transaction that has the car's row
// first.
func (s *Service) move(ctx context.Context, who exodrive.Actor, id string, e exodrive.BookingEvent, reason string, also happening) (*BookingView, error) {
	b, err := s.moved(ctx, who, id, e, reason, also)
	if err != nil {
		return nil, err
	}
	return s.view(ctx, b)
}

func (s *Service) moved(ctx context.Context, who exodrive.Actor, id string, e exodrive.BookingEvent, reason string, also happening) (b *exodrive.Booking, err error) {
	err = s.store.Tx(ctx, func(tx *sqlstore.Tx) (err error) {
		if b, err = s.lockBooking(ctx, tx, id); err != nil {
			return err
		}
		return s.moveLocked(ctx, tx, who, b, e, reason, also)
	})
	return b, err
}

// lockBooking locks the car of a booking and then reads the booking, which only who has
// the car may change. More cars can be locked with it. All are locked in the order of
// their ids, so that of any two transactions that lock several, none waits for the other
// while that waits for it.
//
// Which car it is can change until it is locked: whoever then holds the wrong one lets go
// of everything and begins again with both, because to lock the right one now could be out
// of order.
func (s *Service) lockBooking(ctx context.Context, tx *sqlstore.Tx, id string, more ...string) (*exodrive.Booking, error) {
	b, err := tx.Booking(ctx, id)
	if err != nil {
		return nil, err
	}
	cars := slices.Concat(more, tx.Wanted, []string{b.CarID})
	slices.Sort(cars)
	cars = slices.Compact(cars)
	for _, car := range cars {
		if _, err := tx.LockCarTerms(ctx, car); err != nil {
			return nil, err
		}
	}
	now, err := tx.Booking(ctx, id)
	if err == nil && !slices.Contains(cars, now.CarID) {
		moved := exodrive.Errorf(exodrive.Unavailable, "This booking was moved to another car just now; try again.")
		return nil, sqlstore.Again(moved, b.CarID, now.CarID)
	}
	return now, err
}

func (s *Service) moveLocked(ctx context.Context, tx *sqlstore.Tx, who exodrive.Actor, b *exodrive.Booking, e exodrive.BookingEvent, reason string, also happening) error {
	before := stateOf(b)
	had := b.State
	next, err := had.After(e)
	if err != nil {
		return err
	}
	var detail map[string]any
	if also != nil {
		if detail, err = also(ctx, tx, b); err != nil {
			return err
		}
	}
	if !had.Occupies() && next.Occupies() {
		if err := takeCouponAgain(ctx, tx, b); err != nil {
			return err
		}
		// First the days: the constraint on bookings would refuse without naming them.
		if err := s.expireHolds(ctx, tx, b.CarID); err != nil {
			return err
		}
		if err := s.takeDays(ctx, tx, b, next); err != nil {
			return err
		}
	}
	if err := tx.SetBookingState(ctx, b, next); err != nil {
		return err
	}
	switch {
	case had.Occupies() && !next.Occupies():
		_, err = tx.FreeDays(ctx, b.ID)
	case had == exodrive.Held && next != exodrive.Held:
		err = tx.MarkDaysBooked(ctx, b.ID)
	}
	if err == nil && had == exodrive.Held {
		err = tx.EndWaitingJob(ctx, jobEndHold, b.ID)
	}
	if err != nil {
		return err
	}
	after := stateOf(b)
	for name, value := range detail {
		after[name] = value
	}
	return s.happened(ctx, tx, who, b, string(e), reason, before, after)
}

// happened writes what happened to a booking.
func (s *Service) happened(ctx context.Context, tx *sqlstore.Tx, who exodrive.Actor, b *exodrive.Booking, event, reason string, before, after map[string]any) error {
	return tx.InsertEvent(ctx, sqlstore.EventRow{
		ID: s.newID(exodrive.EventID), BookingID: b.ID, Event: event, ActorID: who.ID, ActorName: who.Name, RequestID: who.RequestID,
		Reason: reason, Before: before, After: after,
	})
}

// stateOf is what an event says of a booking.
func stateOf(b *exodrive.Booking) map[string]any {
	return map[string]any{"state": b.State, "carId": b.CarID, "startDate": b.Days.Start, "endDate": b.Days.End, "total": b.Total}
}
