package exodrive

import (
	"slices"
	"strings"
	"time"
)

// TripChange is what shall be otherwise about the trip of a booking. What is left out
// stays as it is.
type TripChange struct {
	StartDate      Date           `json:"startDate,omitzero" required:"false" doc:"Day of pick-up." example:"2027-05-02"`
	EndDate        Date           `json:"endDate,omitzero" required:"false" doc:"Day of return." example:"2027-05-07"`
	PickupTime     *Clock         `json:"pickupTime,omitempty" required:"false" example:"10:00"`
	ReturnTime     *Clock         `json:"returnTime,omitempty" required:"false" example:"10:00"`
	PickupLocation string         `json:"pickupLocation,omitempty" required:"false" maxLength:"120" doc:"Id or slug."`
	ReturnLocation string         `json:"returnLocation,omitempty" required:"false" maxLength:"120" doc:"Id or slug."`
	Extras         []ExtraRequest `json:"extras,omitzero" required:"false" maxItems:"20" nullable:"false" doc:"All that are wanted; an empty list is none."`
}

// Of is a trip with the change.
func (c TripChange) Of(r TripRequest) TripRequest {
	if c.StartDate != 0 {
		r.StartDate = c.StartDate
	}
	if c.EndDate != 0 {
		r.EndDate = c.EndDate
	}
	if c.PickupTime != nil {
		r.PickupTime = c.PickupTime
	}
	if c.ReturnTime != nil {
		r.ReturnTime = c.ReturnTime
	}
	if c.PickupLocation != "" {
		r.PickupLocation = c.PickupLocation
	}
	if c.ReturnLocation != "" {
		r.ReturnLocation = c.ReturnLocation
	}
	if c.Extras != nil {
		r.Extras = c.Extras
	}
	return r
}

// Change is what a change makes of a booking: the quote of the trip that it becomes, and
// what that costs more or less.
type Change struct {
	Quote
	Before     Money    `json:"before" doc:"What the booking costs so far."`
	Difference Money    `json:"difference" doc:"The new total less the one before: above 0 it is to be paid, below 0 it comes back."`
	Words      []string `json:"words" nullable:"false" doc:"What the change means for the price and for cancelling, in words."`

	Trip  TripRequest `json:"-"` // as it shall be
	Leave *Leave      `json:"-"` // what staff set aside for it, if anything
}

// SignedChange is a change with the text that stands for its price.
type SignedChange struct {
	Change
	Text       string    `json:"quote" doc:"Send it with the change, so that it is made at this price or not at all."`
	ValidUntil time.Time `json:"validUntil"`
}

// NewChange works out what a change makes of a booking, or says why the house does not
// take it, as NewQuote does. t holds the terms of the car that the booking has, with the
// places, extras and coupon of the trip that comes out, and the lines of the price so far.
// Whether the days are free it does not know.
//
// The trip that comes out is priced as a whole, as if it were booked now, with what
// stands of the booking: a coupon that was taken stays even if it has been used up or
// switched off since, and limits that it was within or let past are not held against it.
// While the car is out, only its return can change.
//
// A change is no way round the fee for cancelling. Let F be what cancelling costs at the
// instant of the change, under the terms so far. Then
//
//   - the new total is F at least (a line "kept" fills it up), and
//   - cancelling costs F at least from now on, however far the pick-up has moved: the
//     terms of the new pick-up hold, with every fee raised to F.
//
// So cancelling after a change never costs less than cancelling in its stead, and by
// induction that holds for any number of changes: each raises the least to what
// cancelling would have cost at its own instant, and none lowers it. While cancelling is
// free, so is changing: F is 0, and a renter could as well cancel and book anew.
//
// And whoever takes nothing away pays no less: if no day, place or extra falls away, the
// new total is the old one at least, so that an extension never costs less than the
// rental inside it, even where prices have sunk since. That also holds for all that
// happens while the car is out, when nothing can be cancelled any more.
//
// A total that staff agreed to is that of the trip as it was: a change that sets none and
// does not keep it is priced as any other, and its words say so.
//
// leave is nil for the renter. With it staff sets limits and the price aside; how much
// cancelling costs at least it does not, but never more than the new total.
func NewChange(b *Booking, c TripChange, t Terms, leave *Leave, now time.Time) (*Change, error) {
	if _, err := b.State.After(ChangeBooking); err != nil {
		return nil, err
	}
	if err := leave.check(); err != nil {
		return nil, err
	}
	asked, err := b.Asked()
	if err != nil {
		return nil, err
	}
	c.PickupLocation, c.ReturnLocation = t.idOf(c.PickupLocation), t.idOf(c.ReturnLocation)
	if c.Of(asked).isLike(asked) && (leave == nil || leave.Total == nil) {
		return nil, Errorf(Invalid, "Nothing would be different; say what shall change.")
	}
	if err := b.mayBecome(c, asked); err != nil {
		return nil, err
	}
	return newChange(b, c.Of(asked), t, leave, now)
}

func newChange(b *Booking, r TripRequest, t Terms, leave *Leave, now time.Time) (*Change, error) {
	fee, err := b.changeFee(t.Policy, leave, now)
	if err != nil {
		return nil, err
	}
	ch := &Change{Before: b.Total, Words: []string{}, Trip: r, Leave: leave}
	forRent := t.Car.Available && !t.Car.Hidden || leave.waives(WaiveForRent)
	priced, words := t.forChange(b, r, leave, now)
	q, err := priced.quote(ch.tripToQuote(priced), now, b, func(q *Quote, from *Location) { ch.settle(b, q, from, &fee, leave, t.Policy) })
	if err != nil {
		return nil, err
	}
	more := q.Occupied.Start < b.Days.Start || q.Occupied.End > b.Days.End || t.Car.ID != b.CarID
	switch {
	case more && !forRent && t.Car.ID != b.CarID:
		return nil, Errorf(Conflict, "This car is not for rent at the moment.").On("/carId")
	case more && !forRent:
		return nil, Errorf(Conflict, "This car is not for rent any more, so it can have no further days.").On("/endDate")
	case q.Return.At.Before(now):
		return nil, Errorf(Invalid, "The return, %s, is over; take a later time or day.", instantWords(q.Return.At)).On("/endDate")
	}
	ch.Quote = *q
	ch.Difference = Money{q.Total.Amount - b.Total.Amount, b.Total.Currency}
	ch.Words = append(ch.inWords(b, fee), words...)
	if _, set := leave.total(b); !set && agreedWithUs(b, t.Had) {
		ch.Words = append(ch.Words, "The price that was agreed with us, "+b.Total.String()+", was for the trip as it was and ends with this change: the whole trip is priced anew.")
	}
	return ch, nil
}

// Asked is the trip of a booking as a request that says everything: what was left out when
// it was booked, such as a time, stays what it meant then. Of a booking that was not asked
// for here all of it is read off its days and times.
func (b *Booking) Asked() (r TripRequest, err error) {
	r = b.Trip
	if r.CarID == "" {
		r.CarID = b.CarID
	}
	var pickup, ret Clock
	if r.StartDate, pickup, err = parseWall(b.PickupAt); err != nil {
		return r, err
	}
	r.EndDate, ret, err = parseWall(b.ReturnAt)
	r.PickupTime, r.ReturnTime = &pickup, &ret
	r.PickupLocation, r.ReturnLocation = b.PickupPlace, b.ReturnPlace
	return r, err
}

// parseWall reads a wall-clock time such as 2026-05-01T10:00.
func parseWall(s string) (Date, Clock, error) {
	day, clock, _ := strings.Cut(s, "T")
	d, err := ParseDate(day)
	if err != nil {
		return 0, 0, err
	}
	c, err := ParseClock(clock)
	return d, c, err
}

// mayBecome refuses a change of what cannot change any more: while the car is out,
// everything but its return.
func (b *Booking) mayBecome(c TripChange, asked TripRequest) error {
	if b.State != Active {
		return nil
	}
	var field string
	switch {
	case c.StartDate != 0 && c.StartDate != asked.StartDate:
		field = "/startDate"
	case c.PickupTime != nil && *c.PickupTime != *asked.PickupTime:
		field = "/pickupTime"
	case c.PickupLocation != "" && c.PickupLocation != asked.PickupLocation:
		field = "/pickupLocation"
	case c.Extras != nil && !slices.Equal(c.Extras, asked.Extras):
		field = "/extras"
	default:
		return nil
	}
	return Errorf(Conflict, "The car is out, so only its return can change.").On(field)
}

// isLike tells whether two requests that say everything ask for the same.
func (r TripRequest) isLike(o TripRequest) bool {
	return r.StartDate == o.StartDate && r.EndDate == o.EndDate && *r.PickupTime == *o.PickupTime && *r.ReturnTime == *o.ReturnTime &&
		r.PickupLocation == o.PickupLocation && r.ReturnLocation == o.ReturnLocation && slices.Equal(r.Extras, o.Extras)
}

// changeFee is what stays to be paid whatever the booking becomes: the fee of cancelling
// it now, and all of it while the car is out, or once the pick-up is over, when only staff
// can still change it.
func (b *Booking) changeFee(p Policy, leave *Leave, now time.Time) (Money, error) {
	if b.State == Active {
		return b.Total, nil
	}
	fee, err := b.CancelFee(p, now)
	switch {
	case err == nil:
		return fee, nil
	case leave != nil && CodeOf(err) == Conflict:
		return b.Total, nil
	}
	return fee, Errorf(Conflict, "The pick-up is over, so this rental can only be changed by us.").Because(err)
}

// forChange are the terms for the trip that a booking becomes, without what does not
// judge it, and what is to be said of that. t is a copy.
func (t Terms) forChange(b *Booking, r TripRequest, leave *Leave, now time.Time) (Terms, []string) {
	var words []string
	sameCar := t.Car.ID == b.CarID
	t.Car.Available, t.Car.Hidden = true, false // newChange looks at that
	if sameCar {
		t.Car.MinimumDays = min(t.Car.MinimumDays, b.Days.Len())
	}
	t.Limits.RentalDays = max(t.Limits.RentalDays, b.Days.Len())
	t.Limits.LookAheadDays = max(t.Limits.LookAheadDays, int(b.Days.End-DateOf(now))+1)
	leave.setAside(&t)
	// It begins where it was to begin, wherever the car lives by now, and its days turn when
	// they did, so that no end of a trip that stands gets another day.
	t.Places = slices.Clone(t.Places)
	for i := range t.Places {
		p := &t.Places[i]
		b.Terms.KeepDayTurns(p)
		asBooked := p.ID == b.PickupPlace && (r.PickupLocation == p.ID || r.PickupLocation == p.Slug)
		if asBooked && (sameCar || leave.waives(WaivePlace)) {
			t.Car.LocationID = p.ID
		}
	}
	t.Extras = slices.Clone(t.Extras)
	for i := range t.Extras {
		x := &t.Extras[i]
		for _, had := range b.Trip.Extras {
			if had.ID == x.ID && !x.Active {
				x.Active, x.MaxQuantity = true, had.Quantity
			}
		}
	}
	if r.Coupon != "" {
		words = t.keepCoupon(r)
	}
	return t, words
}

// keepCoupon leaves the coupon of a booking where it holds for the new trip. That this
// booking took it may have used it up.
func (t *Terms) keepCoupon(r TripRequest) []string {
	if c := t.Coupon; c != nil {
		own := *c
		own.Active, own.MaxUses = true, 0
		if own.CarID == r.CarID {
			own.CarID = "" // the car was swapped, the price is still that of the one that was booked
		}
		t.Coupon = &own
	}
	if err := t.checkCoupon(r.Coupon, r.StartDate); err != nil {
		t.Coupon = nil
		return []string{"The coupon " + clip(r.Coupon) + " does not hold for this trip; it stays with the booking and holds again when the trip changes back."}
	}
	return nil
}

// tripToQuote is the trip to be priced: without a coupon that does not hold.
func (c *Change) tripToQuote(t Terms) TripRequest {
	r := c.Trip
	if t.Coupon == nil {
		r.Coupon = ""
	}
	return r
}

// settle raises the price of the new trip, and then the fees of cancelling it, to what a
// change leaves to be paid.
func (c *Change) settle(b *Booking, q *Quote, from *Location, fee *Money, leave *Leave, p Policy) {
	if total, set := leave.total(b); set {
		q.addUpTo(total, LineAgreed, "Agreed with us", from)
		fee.Amount = min(fee.Amount, total)
	} else {
		least := fee.Amount
		if c.takesNothingFrom(b, q) {
			least = max(least, b.Total.Amount)
		}
		q.addUpTo(max(least, q.Total.Amount), LineKept, "Kept of the price before", from)
	}
	if b.State == Active {
		q.Cancellation = []CancelTerm{} // nothing can be cancelled any more
		q.Deposit = b.Deposit           // and this is held already
		if q.DepositHold != nil && b.Terms.DepositHold != nil {
			q.DepositHold.HeldOn = b.Terms.DepositHold.HeldOn
		}
		return
	}
	var terms []CancelTerm
	for _, t := range p.CancelTerms(q.Pickup.At, q.Price) {
		t.Fee.Amount = max(t.Fee.Amount, fee.Amount)
		if n := len(terms); n > 0 && terms[n-1].Fee == t.Fee {
			terms = terms[:n-1] // the later one says it for both
		}
		terms = append(terms, t)
	}
	q.Cancellation = terms
}

// agreedWithUs tells whether the price of a booking is one that somebody agreed to, and not
// that of the list: set by staff, or from where the booking came.
func agreedWithUs(b *Booking, lines []Line) bool {
	return b.Terms.Pickup.Date == 0 || slices.ContainsFunc(lines, func(l Line) bool { return l.Kind == LineAgreed })
}

// takesNothingFrom tells whether no day, place or extra of a booking falls away.
func (c *Change) takesNothingFrom(b *Booking, q *Quote) bool {
	for _, had := range b.Trip.Extras {
		if !slices.ContainsFunc(c.Trip.Extras, func(x ExtraRequest) bool { return x.ID == had.ID && x.Quantity >= had.Quantity }) {
			return false
		}
	}
	return q.Occupied.Start <= b.Days.Start && b.Days.End <= q.Occupied.End &&
		q.Pickup.Location.ID == b.PickupPlace && q.Return.Location.ID == b.ReturnPlace &&
		(q.Pickup.AfterHours || !b.Terms.Pickup.AfterHours) && (q.Return.AfterHours || !b.Terms.Return.AfterHours)
}

// inWords tells what a change means for the price and for cancelling.
func (c *Change) inWords(b *Booking, fee Money) []string {
	var words []string
	add := func(s string) { words = append(words, s) }
	switch d := c.Difference; {
	case d.Amount > 0:
		add("The rental costs " + c.Total.String() + " instead of " + b.Total.String() + ": " + d.String() + " more, to be paid.")
	case d.Amount < 0:
		d.Amount = -d.Amount
		add("The rental costs " + c.Total.String() + " instead of " + b.Total.String() + ": " + d.String() + " less, which you get back as far as it is paid.")
	default:
		add("The price stays " + c.Total.String() + ".")
	}
	if slices.ContainsFunc(c.Lines, func(l Line) bool { return l.Kind == LineKept }) {
		switch {
		case b.State == Active:
			add("The car is out, so nothing of the price comes back.")
		case c.Total == fee:
			add("It cannot cost less than " + fee.String() + ", which cancelling would cost now.")
		default:
			add("Nothing of the trip falls away, so it costs no less than before.")
		}
	}
	if b.State == Active && c.Occupied.End < b.Days.End && c.Back != nil {
		add("The days that you give back are free for others at once. A return after " + instantWords(c.Back.PaidUntil) + " is late.")
	}
	if fee.Amount > 0 && len(c.Cancellation) > 0 {
		add("From now on cancelling costs " + fee.String() + " at least, as it does at the time of this change.")
	}
	return words
}

// Apply makes a booking what a change says. A hold does not last longer for it, and ends
// with the new pick-up at the latest.
func (c *Change) Apply(b *Booking) {
	b.CarID, b.Trip, b.Terms = c.CarID, c.Trip, c.BookingTerms
	if b.State == Active {
		c.Occupied.Start = b.Days.Start // it may have left before its day
	}
	b.Days, b.BlockedUntil = c.Occupied, c.BlockedUntil
	b.PickupAt, b.ReturnAt, b.Zone = c.Pickup.Wall(), c.Return.Wall(), c.Pickup.Zone
	b.PickupPlace, b.ReturnPlace = c.Pickup.Location.ID, c.Return.Location.ID
	b.Total, b.Deposit = c.Total, c.Deposit
	if b.State == Held && c.Pickup.At.Before(b.HoldUntil) {
		b.HoldUntil = c.Pickup.At.UTC()
	}
}
