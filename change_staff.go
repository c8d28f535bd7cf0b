package exodrive

import (
	"math"
	"slices"
	"time"
)

// Waiver is a limit that staff sets aside for one booking.
type Waiver string

// The limits that can be set aside.
const (
	WaiveMinimum Waiver = "minimumDays"
	WaiveLongest Waiver = "longestRental"
	WaiveAhead   Waiver = "lookAhead"
	WaiveAge     Waiver = "driverAge"
	WaiveForRent Waiver = "forRent" // the car is archived or in service
	WaivePlace   Waiver = "place"   // the car lives elsewhere and will be brought
)

// ChangePrice is what a change by staff costs.
type ChangePrice string

// The ways to price a change by staff.
const (
	PriceByTerms ChangePrice = "terms" // as if the renter did it
	PriceKept    ChangePrice = "keep"  // as before
)

// Leave is what staff can do with a change that its renter cannot. A nil one leaves
// everything as it is for a renter.
type Leave struct {
	Waive []Waiver    `json:"waive,omitempty" required:"false" maxItems:"6" nullable:"false" enum:"minimumDays,longestRental,lookAhead,driverAge,forRent,place" doc:"Limits that are set aside."`
	Price ChangePrice `json:"price,omitempty" required:"false" enum:"terms,keep" doc:"terms: what it would cost the renter. keep: what it costs so far. Without it and without a total, a change is by the terms and a swap keeps the price."`
	Total *int64      `json:"total,omitempty" required:"false" minimum:"0" maximum:"10000000000" doc:"What the rental shall cost, in minor units, instead of a price."`
}

// check refuses two prices at once.
func (l *Leave) check() error {
	if l != nil && l.Total != nil && l.Price != "" {
		return Errorf(Invalid, "Give either a price, %q or %q, or a total, not both.", PriceByTerms, PriceKept).On("/total")
	}
	return nil
}

func (l *Leave) waives(w Waiver) bool { return l != nil && slices.Contains(l.Waive, w) }

// setAside takes limits out of terms.
func (l *Leave) setAside(t *Terms) {
	if l.waives(WaiveMinimum) {
		t.Car.MinimumDays = 0
	}
	if l.waives(WaiveLongest) {
		t.Limits.RentalDays = math.MaxInt
	}
	if l.waives(WaiveAhead) {
		t.Limits.LookAheadDays = MostAhead
	}
	if l.waives(WaiveAge) {
		t.Car.MinimumDriverAge = 0
	}
}

// MostAhead is how many days ahead even staff cannot look, so that days stay days: ten years.
const MostAhead = 3652

// total is what staff wants a booking to cost; set is false where the terms say it.
func (l *Leave) total(b *Booking) (total int64, set bool) {
	switch {
	case l == nil:
		return 0, false
	case l.Total != nil:
		return *l.Total, true
	default:
		return b.Total.Amount, l.Price == PriceKept
	}
}

// NewSwap works out what becomes of a booking that gets the car of t for the same trip, or
// says why the house does not take it: the limits of the new car hold, unless staff sets
// them aside, and it lives where the trip begins. t holds the extras and the coupon of
// Asked, and the lines of the price so far. Whether the days are free it does not know.
//
// Unless staff says otherwise, price and terms stay as they were agreed, for changes to
// come as well, and only the turnaround is that of the new car. Else the trip is priced
// as a change to the new car.
func NewSwap(b *Booking, t Terms, leave Leave, now time.Time) (*Change, error) {
	if _, err := b.State.After(SwapCar); err != nil {
		return nil, err
	}
	if err := leave.check(); err != nil {
		return nil, err
	}
	asked, err := b.Asked()
	if err != nil {
		return nil, err
	}
	if t.Car.ID == b.CarID {
		return nil, Errorf(Invalid, "The booking has this car already.").On("/carId")
	}
	keeps := leave.Total == nil && leave.Price != PriceByTerms
	if keeps {
		leave.Price = PriceKept
	} else {
		asked.CarID = t.Car.ID
	}
	ch, err := newChange(b, asked, t, &leave, now)
	if err != nil {
		return nil, asCarFault(err)
	}
	if keeps {
		ch.BookingTerms, ch.Lines, ch.Deposit = b.Terms, nil, b.Deposit
	}
	return ch, nil
}

// asCarFault says of what is wrong with a trip that the car is wrong for it.
func asCarFault(err error) error {
	if e, ok := err.(*Error); ok && e.Code == Invalid { //nolint:errorlint // made right here
		return e.On("/carId")
	}
	return err
}
