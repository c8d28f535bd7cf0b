package rental

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/sqlstore"
)

// BookRequest is what a renter sends.
type BookRequest struct {
	exodrive.TripRequest
	Customer      exodrive.Contact `json:"customer"`
	Quote         string           `json:"quote,omitempty" required:"false" maxLength:"200" doc:"The text of a quote: the booking is made at its price or refused."`
	ExpectedTotal *exodrive.Money  `json:"expectedTotal,omitempty" required:"false" doc:"What the renter expects to pay; another total is refused."`
	Payment       string           `json:"payment,omitempty" required:"false" enum:"counter" doc:"How it will be paid; without it, at the counter."`
}

// Call is what a use-case that must not run twice needs to know of its call.
type Call struct {
	Key     string // Idempotency-Key, or empty
	Route   string
	Address string // who calls from where, as rate limits count it; empty for nobody in particular
}

// Book takes the days of a trip for a customer, or refuses it: dates_taken with what is
// free instead, price_changed or quote_expired with the quote that holds now, key_reused,
// too_many open holds, busy, and what Quote refuses.
//
// One transaction does it, and its first statement takes the car's row, so everything
// about the days of one car happens one after the other, on every node: what is found
// free stays free until the end. A booking that came about past that lock (SQL by hand)
// is refused by the unique index on car and day, and on Postgres by the exclusion
// constraint. The price is worked out anew inside; the browser's word is only compared
// with it.
//
// The key of the call is written with the booking, so that a call that is repeated finds
// either both or neither, and a refusal uses no key up. Once staff has renewed the link,
// the call is a conflict for who is not staff. Calls with one key for one car
// meet at the car's row; for two cars, which are two bodies, the primary key of the keys
// refuses the later one, whose transaction is then run again and finds the earlier. Who
// waits for the row longer than the store allows is told busy, whether its twin has it or
// somebody else.
//
// Days are held until the policy's time is over, at the latest until the pick-up.
func (s *Service) Book(ctx context.Context, who exodrive.Actor, r BookRequest, c Call) (*BookingView, error) {
	if err := r.Customer.Validate(); err != nil {
		return nil, err
	}
	key := keyOf(who.ID, r, c)
	var b *exodrive.Booking
	var car exodrive.CarTerms
	var made *exodrive.Quote // that the booking was made by; nil for one that was there
	var refused func() error // after the transaction, which it ends
	err := s.store.Tx(ctx, func(tx *sqlstore.Tx) (err error) {
		b, made, refused = nil, nil, nil
		if car, err = tx.LockCarTerms(ctx, r.CarID); err != nil {
			return onCar(err)
		}
		if b, err = s.madeBefore(ctx, tx, key); b != nil || err != nil {
			return firstOf(err, mayRepeat(who, b))
		}
		if err := s.expireHolds(ctx, tx, car.ID); err != nil {
			return err
		}
		terms, err := tx.Terms(ctx, car, r.TripRequest)
		if err != nil {
			return err
		}
		q, err := s.quote(r.TripRequest, terms, tx.Now)
		if err != nil {
			return err
		}
		taken, err := takenOf(ctx, tx, car.ID, q.Takes(), "")
		if err == nil && len(taken) > 0 {
			refused = func() error { return s.instead(ctx, r.TripRequest, q, taken) }
			err = tripTaken(taken)
		}
		if err != nil {
			return err
		}
		if err := s.agreed(r, q, tx.Now); err != nil {
			return err
		}
		b, made = s.newBooking(r, q, terms.Coupon, tx.Now), q
		return s.keep(ctx, tx, who, b, q, terms.Coupon, key, c)
	})
	if refused != nil && exodrive.CodeOf(err) == exodrive.DatesTaken {
		err = refused()
	}
	switch {
	case err != nil:
		return nil, err
	case made != nil:
		return s.viewOf(b, car, b.Terms, made.Lines, sqlstore.MoneyRows{})
	}
	return s.view(ctx, b)
}

// agreed refuses a price that is not the one the renter saw.
func (s *Service) agreed(r BookRequest, q *exodrive.Quote, now time.Time) error {
	return s.asAgreed(r.Quote, r.ExpectedTotal, ofQuote(r.TripRequest, q), now, func() exodrive.Refusal {
		return exodrive.Refusal{NewQuote: s.signed(r.TripRequest, q, now)}
	})
}

// asAgreed compares what something costs now with the quote or the total that a renter
// agreed to, where he gave one; instead is what he is told if it differs.
func (s *Service) asAgreed(quote string, total *exodrive.Money, p promise, now time.Time, instead func() exodrive.Refusal) error {
	var err error
	if quote != "" {
		err = s.signs.checkQuote(quote, p, now, s.promisedUntil(now))
	}
	if total != nil && *total != p.total && err == nil {
		err = priceChanged(p.total).On("/expectedTotal")
	}
	switch e, _ := err.(*exodrive.Error); exodrive.CodeOf(err) { //nolint:errorlint // made right here
	case exodrive.PriceChanged, exodrive.QuoteExpired:
		return e.Instead(instead())
	}
	return err
}

// firstLink is the version of the link that a booking begins with.
const firstLink = 1

// newBooking is what will be stored of a quote that was accepted.
func (s *Service) newBooking(r BookRequest, q *exodrive.Quote, coupon *exodrive.Coupon, now time.Time) *exodrive.Booking {
	now = now.UTC().Truncate(time.Millisecond) // as it is stored
	hold := now.Add(time.Duration(s.policy.HoldSeconds) * time.Second)
	if q.Pickup.At.Before(hold) {
		hold = q.Pickup.At
	}
	r.CarID = q.CarID // a slug may be given to another car
	b := &exodrive.Booking{
		ID: s.newID(exodrive.BookingID), CarID: q.CarID, State: exodrive.Held,
		Days: q.Occupied, BlockedUntil: q.BlockedUntil,
		PickupAt: q.Pickup.Wall(), ReturnAt: q.Return.Wall(), Zone: q.Pickup.Zone,
		PickupPlace: q.Pickup.Location.ID, ReturnPlace: q.Return.Location.ID,
		Contact: r.Customer, Total: q.Total, Deposit: q.Deposit,
		HoldUntil: hold, Trip: r.TripRequest, Terms: q.BookingTerms,
		LinkVersion: firstLink, Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	if coupon != nil {
		b.CouponID = coupon.ID
	}
	return b
}

// keep writes a new booking with everything of it. What is locked on the way comes in
// one order for all: the car, the customer, who holds, the coupon.
func (s *Service) keep(ctx context.Context, tx *sqlstore.Tx, who exodrive.Actor, b *exodrive.Booking, q *exodrive.Quote, coupon *exodrive.Coupon, key *sqlstore.KeyRow, c Call) (err error) {
	if b.CustomerID, err = tx.CustomerFor(ctx, s.newID(exodrive.CustomerID), b.Contact); err != nil {
		return err
	}
	if err := s.checkHolds(ctx, tx, who, b, c); err != nil {
		return err
	}
	if coupon != nil {
		if err := takeCoupon(ctx, tx, coupon.ID); err != nil {
			return err
		}
	}
	if err := tx.InsertBooking(ctx, b); err != nil {
		return err
	}
	if err := endHoldLater(ctx, tx, *b); err != nil {
		return err
	}
	if err := s.takeDays(ctx, tx, b, b.State); err != nil {
		return err
	}
	if err := tx.InsertLines(ctx, b.ID, q.Lines); err != nil {
		return err
	}
	if who.ID == "" {
		who.ID, who.Name = renter.ID, renter.Name
	}
	if err := s.happened(ctx, tx, who, b, "book", "", nil, stateOf(b)); err != nil {
		return err
	}
	if key == nil {
		return nil
	}
	key.BookingID = b.ID
	return tx.InsertKey(ctx, *key)
}

// checkHolds refuses more open holds than the house allows, of one address and of one
// e-mail address. The customer's row and the holder's name are locked, so that two
// bookings at once are counted one after the other. Staff may hold what it wants.
func (s *Service) checkHolds(ctx context.Context, tx *sqlstore.Tx, who exodrive.Actor, b *exodrive.Booking, c Call) error {
	if who.May(exodrive.ScopeBook) == nil || c.Address == "" {
		return nil
	}
	b.HoldBy = s.signs.holder(c.Address)
	if err := tx.LockName(ctx, b.HoldBy); err != nil {
		return err
	}
	ofEmail, ofHolder, err := tx.OpenHolds(ctx, b.Contact.Email, b.HoldBy, tx.Now)
	if err == nil && max(ofEmail, ofHolder) >= s.policy.OpenHolds {
		err = exodrive.Errorf(exodrive.TooMany, "You hold %d cars already that are not confirmed yet; cancel one, or wait until a hold ends.", max(ofEmail, ofHolder))
	}
	return err
}

// takeCoupon counts how often a coupon is taken while nobody else can take it.
func takeCoupon(ctx context.Context, tx *sqlstore.Tx, id string) error {
	c, err := tx.LockCoupon(ctx, id)
	if err == nil && c.MaxUses > 0 && c.Uses >= c.MaxUses {
		err = exodrive.Errorf(exodrive.Conflict, "The coupon %s is used up.", c.Code).On("/coupon")
	}
	return err
}

// takeCouponAgain takes the coupon of a booking that gave it back when its hold ran out:
// the price that was accepted stands on it.
func takeCouponAgain(ctx context.Context, tx *sqlstore.Tx, b *exodrive.Booking) error {
	if b.CouponID == "" {
		return nil
	}
	err := takeCoupon(ctx, tx, b.CouponID)
	if exodrive.CodeOf(err) == exodrive.Conflict {
		return exodrive.Errorf(exodrive.Conflict, "The hold ran out, and its coupon is used up by now. Let the coupon be used once more, or book the trip anew without it.")
	}
	return err
}

// takenOf are the days for whose sake a booking cannot have what a rental takes of a car;
// those that it has already are not among them.
func takenOf(ctx context.Context, from reader, carID string, takes exodrive.Occupancy, bookingID string) ([]exodrive.Date, error) {
	taken, err := from.TakenDays(ctx, carID, takes.All(), bookingID)
	return takes.InTheWay(taken), err
}

// takeDays gives a booking the days of a state: the rental's own, and as maintenance those
// behind it that the workshop has not.
func (s *Service) takeDays(ctx context.Context, tx *sqlstore.Tx, b *exodrive.Booking, state exodrive.BookingState) error {
	return takeMore(ctx, tx, b, exodrive.Days{}, state)
}

// takeMore is takeDays without those of the days that the booking has already.
func takeMore(ctx context.Context, tx *sqlstore.Tx, b *exodrive.Booking, had exodrive.Days, state exodrive.BookingState) error {
	takes := b.Takes()
	var taken []exodrive.Date
	for _, days := range takes.Days.Without(had) {
		others, err := tx.TakeDays(ctx, b.CarID, days, dayStatus(state), b.ID)
		if err != nil {
			return err
		}
		taken = append(taken, others...)
	}
	for _, days := range takes.Behind().Without(had) {
		others, err := tx.TakeTurnaround(ctx, b.CarID, days, b.ID)
		if err != nil {
			return err
		}
		taken = append(taken, takes.InTheWay(others)...)
	}
	if len(taken) > 0 {
		if b.State == exodrive.Expired {
			return daysTaken(taken, "The hold of this booking ran out, and its days went to others: book its trip anew, on other days or with another car.")
		}
		return tripTaken(taken)
	}
	return nil
}

// dayStatus is that of the rental days of a booking in a state.
func dayStatus(state exodrive.BookingState) exodrive.DayStatus {
	if state == exodrive.Held {
		return exodrive.DayHeld
	}
	return exodrive.DayBooked
}

// keyOf is what is remembered of a call with an idempotency key; nil without one. Only
// hashes are kept.
func keyOf(caller string, r any, c Call) *sqlstore.KeyRow {
	if c.Key == "" {
		return nil
	}
	body, err := json.Marshal(r)
	if err != nil {
		panic(err) // of a type that has a JSON
	}
	return &sqlstore.KeyRow{Caller: caller, Route: c.Route, KeyHash: hash([]byte(c.Key)), Fingerprint: hash(body)}
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// mayRepeat refuses to answer a repeated call whose booking has a newer link than the call
// was answered with: whoever knows the call may be the one that the old link was taken from.
// Staff that may book sees every link.
func mayRepeat(who exodrive.Actor, b *exodrive.Booking) error {
	if b == nil || b.LinkVersion <= firstLink || who.May(exodrive.ScopeBook) == nil {
		return nil
	}
	return exodrive.Errorf(exodrive.Conflict, "This call made a booking whose link was renewed since. Use the newest link that you were sent, or ask us; a new booking needs a new Idempotency-Key.")
}

// madeBefore is the booking that a call with the same key made, or nil.
func (s *Service) madeBefore(ctx context.Context, tx *sqlstore.Tx, key *sqlstore.KeyRow) (*exodrive.Booking, error) {
	if key == nil {
		return nil, nil
	}
	before := *key
	found, err := tx.KeyOf(ctx, &before)
	switch {
	case err != nil || !found:
		return nil, err
	case before.Fingerprint != key.Fingerprint:
		return nil, exodrive.Errorf(exodrive.KeyReused, "This Idempotency-Key came with another body before; use a new key for something new.")
	}
	return tx.Booking(ctx, before.BookingID)
}
