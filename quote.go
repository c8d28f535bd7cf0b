package exodrive

import (
	"slices"
	"time"
)

// TripRequest is what a renter asks for: the same for a quote and for a booking.
type TripRequest struct {
	CarID           string         `json:"carId" minLength:"1" maxLength:"120" doc:"Id or slug of the car." example:"ferrari-296-gtb"`
	StartDate       Date           `json:"startDate" doc:"Day of pick-up." example:"2027-05-01"`
	EndDate         Date           `json:"endDate" doc:"Day of return." example:"2027-05-05"`
	PickupTime      *Clock         `json:"pickupTime,omitempty" required:"false" doc:"Without it, the handover time of the place." example:"10:00"`
	ReturnTime      *Clock         `json:"returnTime,omitempty" required:"false" doc:"Without it, the handover time of the place." example:"10:00"`
	PickupLocation  string         `json:"pickupLocation,omitempty" required:"false" maxLength:"120" doc:"Id or slug; without it, where the car lives." example:"miami"`
	ReturnLocation  string         `json:"returnLocation,omitempty" required:"false" maxLength:"120" doc:"Id or slug; without it, the place of pick-up."`
	Extras          []ExtraRequest `json:"extras,omitempty" required:"false" maxItems:"20" nullable:"false"`
	Coupon          string         `json:"coupon,omitempty" required:"false" maxLength:"30" doc:"In any case." example:"SUMMER10"`
	DriverBirthDate Date           `json:"driverBirthDate,omitzero" required:"false" doc:"Checked against the least age for the car." example:"1990-02-28"`
}

// ExtraRequest is how many of an extra are wanted.
type ExtraRequest struct {
	ID       string `json:"id" maxLength:"20" example:"ext_01kas0f3m2x7h9tq"`
	Quantity int    `json:"quantity" minimum:"1" maximum:"20" example:"1"`
}

// CarTerms is what renting a car depends on.
type CarTerms struct {
	ID, Slug, Name   string
	Category         Category
	Available        bool
	Hidden           bool
	MinimumDays      int
	TurnaroundDays   int
	MinimumDriverAge int
	DistancePerDay   int
	DistancePrice    int64
	CarPricing
}

// Terms is all that a quote depends on besides the request: found, not judged.
type Terms struct {
	Car      CarTerms
	Places   []Location // of the car and of the request, as far as there are such
	Rates    func(Days) (Rates, error)
	Extras   []Extra // those with the ids of the request, where there are any
	Coupon   *Coupon // the one with the code of the request, or nil
	Currency Currency
	Limits   Limits
	Policy   Policy
	Had      []Line // of the price of the booking that changes; none for a new one
}

// Quote is what a trip costs and under which rules: a promise for some minutes. A
// booking keeps it as it was accepted.
type Quote struct {
	CarID    string `json:"carId"`
	CarName  string `json:"carName"`
	FirstDay Date   `json:"firstDay" doc:"First rental day."`
	LastDay  Date   `json:"lastDay" doc:"Last rental day, included."`
	Price
	BookingTerms

	Occupied     Days `json:"-"` // rental days, half-open
	BlockedUntil Date `json:"-"` // first day the car may be taken again
}

// Takes is what the rental has of the car's calendar.
func (q *Quote) Takes() Occupancy {
	return Occupancy{q.Occupied, q.BlockedUntil, q.Pickup.Location.ID != q.Return.Location.ID}
}

// SignedQuote is a quote with the text that stands for it in a booking.
type SignedQuote struct {
	Quote
	Text       string    `json:"quote" doc:"Send it with the booking, so that it is made at this price or not at all."`
	ValidUntil time.Time `json:"validUntil"`
}

// BookingTerms is what is agreed besides days and price.
type BookingTerms struct {
	Pickup       Handover     `json:"pickup"`
	Return       Handover     `json:"return"`
	DepositHold  *DepositHold `json:"depositHold,omitempty" doc:"When the deposit is held and released, if there is one."`
	Cancellation []CancelTerm `json:"cancellation" nullable:"false" doc:"What cancelling costs, and until when."`
	Distance     Distance     `json:"distance"`
	Back         *ReturnTerms `json:"back,omitempty" doc:"What it costs if the car comes back late or with less fuel."`
	Rules        []string     `json:"rules" nullable:"false" doc:"The days and the rules in words."`
}

// KeepDayTurns lets the days of a place turn when they did as these terms were agreed, if
// the trip begins or ends there.
func (t BookingTerms) KeepDayTurns(l *Location) {
	for _, end := range []Handover{t.Pickup, t.Return} {
		if end.Location.ID == l.ID {
			l.Handover = end.DayTurns
		}
	}
}

// Handover is one end of a trip.
type Handover struct {
	Date       Date      `json:"date"`
	Time       Clock     `json:"time" doc:"Wall clock of the place."`
	At         time.Time `json:"at" doc:"The same as an instant, with the place's distance from UTC."`
	Zone       string    `json:"zone" example:"America/New_York"`
	Location   PlaceRef  `json:"location"`
	AfterHours bool      `json:"afterHours" doc:"The place is closed then; that costs its fee."`
	DayTurns   Clock     `json:"dayTurns" doc:"A rental day runs from this time to the same time next day, also if the place changes it later." example:"10:00"`
}

// Wall is the wall-clock time as text, such as 2026-05-01T10:00.
func (h Handover) Wall() string { return wall(h.Date, h.Time) }

func wall(d Date, c Clock) string { return d.String() + "T" + c.String() }

// DepositHold is when a deposit is held and when it is released at the latest.
type DepositHold struct {
	HeldOn     Date `json:"heldOn"`
	ReleasedBy Date `json:"releasedBy"`
}

// Distance is how far a rental may go for its price.
type Distance struct {
	Included int   `json:"included" doc:"0 is unlimited."`
	Units    Units `json:"units" enum:"imperial,metric" doc:"imperial counts miles, metric kilometres."`
	Extra    Money `json:"extra" doc:"Price of one unit beyond."`
}

// NewQuote works out the quote of a trip at an instant, or says why the house does
// not take it: an invalid error on the member that is wrong, not_found for a car that
// is not public, a conflict for one that is not for rent. Whether the days are free
// it does not know.
func NewQuote(r TripRequest, t Terms, now time.Time) (*Quote, error) {
	return t.quote(r, now, nil, nil)
}

// quote is NewQuote for the trip that a booking shall become, where there is one: what
// stands of the booking is not judged again. settle, if there is one, has the last word
// on the price and what cancelling costs.
func (t Terms) quote(r TripRequest, now time.Time, of *Booking, settle func(q *Quote, from *Location)) (*Quote, error) {
	if t.Car.Hidden {
		return nil, Errorf(NotFound, "There is no such car.").On("/carId")
	}
	if !t.Car.Available {
		return nil, Errorf(Conflict, "This car is not for rent at the moment.").On("/carId")
	}
	trip, transfer, err := t.trip(r)
	if err != nil {
		return nil, err
	}
	days, err := t.days(trip, now, of)
	if err != nil {
		return nil, err
	}
	if err := t.checkDriver(r.DriverBirthDate, trip.PickupDate, trip.PickupPlace.Today(now)); err != nil {
		return nil, err
	}
	extras, err := t.extras(r.Extras)
	if err != nil {
		return nil, err
	}
	if err := t.checkCoupon(r.Coupon, trip.PickupDate); err != nil {
		return nil, err
	}
	rates, err := t.Rates(days)
	if err != nil {
		return nil, err
	}
	q := &Quote{
		CarID: t.Car.ID, CarName: t.Car.Name, FirstDay: days.Start, LastDay: days.End - 1, Occupied: days,
		BlockedUntil: BlockedUntil(days, t.Car.TurnaroundDays, transfer),
		Price:        NewPrice(t.Car.price(t.Currency, rates, trip, days, transfer, extras, t.Coupon)),
	}
	q.Distance = Distance{t.Car.DistancePerDay * days.Len(), trip.PickupPlace.Units, Money{t.Car.DistancePrice, t.Currency}}
	if q.Pickup, q.Return, err = trip.handovers(); err != nil {
		return nil, err
	}
	if q.Deposit.Amount > 0 {
		held := q.Pickup.At.Add(-time.Duration(t.Policy.DepositHours) * time.Hour)
		q.DepositHold = &DepositHold{HeldOn: max(DateOf(held), trip.PickupPlace.Today(now)), ReleasedBy: trip.ReturnDate.Add(t.Policy.DepositDays)}
	}
	q.Cancellation = t.Policy.CancelTerms(q.Pickup.At, q.Price)
	priced := q.Total
	if settle != nil {
		settle(q, trip.PickupPlace)
	}
	q.Back = t.returnTerms(q, trip, min(priced.Amount, q.Total.Amount))
	if of != nil && of.State == Active {
		q.Back = q.Back.whileOut(of.Terms.Back, q.Occupied.End < of.Days.End)
	}
	q.Rules = q.inWords(t.Car, trip, now)
	if words := q.dayInWords(); of == nil && words != "" {
		q.Rules = append(q.Rules, words) // a change has what was agreed before in its figures
	}
	return q, nil
}

// trip is the request with its places and times filled in.
func (t Terms) trip(r TripRequest) (Trip, Transfer, error) {
	from, err := t.place(r.PickupLocation, t.Car.LocationID, "/pickupLocation")
	if err != nil {
		return Trip{}, Transfer{}, err
	}
	if from.ID != t.Car.LocationID {
		return Trip{}, Transfer{}, Errorf(Invalid, "This car is picked up where it lives, not in %s.", from.Name).On("/pickupLocation")
	}
	to, err := t.place(r.ReturnLocation, from.ID, "/returnLocation")
	if err != nil {
		return Trip{}, Transfer{}, err
	}
	transfer, err := from.transfer(to)
	if err != nil {
		return Trip{}, Transfer{}, err
	}
	trip := DayTrip(Days{r.StartDate, r.EndDate}, from)
	trip.ReturnPlace, trip.ReturnTime = to, to.Handover
	if r.PickupTime != nil {
		trip.PickupTime = *r.PickupTime
	}
	if r.ReturnTime != nil {
		trip.ReturnTime = *r.ReturnTime
	}
	return trip, transfer, nil
}

// place finds a place by id or slug.
func (t Terms) place(ref, otherwise, field string) (*Location, error) {
	if ref == "" {
		ref = otherwise
	}
	for i := range t.Places {
		if p := &t.Places[i]; p.ID == ref || p.Slug == ref {
			return p, nil
		}
	}
	return nil, Errorf(Invalid, "There is no place %q.", clip(ref)).On(field)
}

// idOf is the id of a place that is named by its slug, and any other text as it is.
func (t Terms) idOf(ref string) string {
	if p, err := t.place(ref, ref, ""); err == nil {
		return p.ID
	}
	return ref
}

// days are the rental days of a trip that the house takes. A pick-up that stands may be
// over.
func (t Terms) days(trip Trip, now time.Time, of *Booking) (Days, error) {
	days, err := trip.Days()
	if err != nil {
		return days, err
	}
	today := trip.PickupPlace.Today(now)
	stands := of != nil && of.PickupPlace == trip.PickupPlace.ID && of.PickupAt == wall(trip.PickupDate, trip.PickupTime)
	// A pick-up before handover time takes the day before with it, which may be
	// yesterday.
	if trip.PickupDate == today || stands {
		today = min(today, days.Start)
	}
	if err := t.Limits.CheckDays(days, t.Car.MinimumDays, today); err != nil {
		return days, err
	}
	at, err := trip.PickupPlace.instant(trip.PickupDate, trip.PickupTime)
	if err == nil && at.Before(now) && !stands {
		err = Errorf(Invalid, "%s today is over in %s; take a later time or day.", trip.PickupTime, trip.PickupPlace.Name).On("/pickupTime")
	}
	return days, err
}

// checkDriver refuses a driver who is not born yet, or too young on the day of pick-up.
func (t Terms) checkDriver(born, pickup, today Date) error {
	if born > today {
		return Errorf(Invalid, "The driver's birth date, %s, lies in the future; look at its year.", dayWords(born)).On("/driverBirthDate")
	}
	if born == 0 || t.Car.MinimumDriverAge <= 0 {
		return nil
	}
	y, m, d := born.utc().Date()
	if NewDate(y+t.Car.MinimumDriverAge, m, d) > pickup {
		return Errorf(Invalid, "Drivers of this car are at least %d years old on the day of pick-up.", t.Car.MinimumDriverAge).On("/driverBirthDate")
	}
	return nil
}

func (t Terms) extras(wanted []ExtraRequest) ([]ExtraChoice, error) {
	var f faults
	var out []ExtraChoice
	for i, w := range wanted {
		field := "/extras/" + itoa(i)
		at := slices.IndexFunc(t.Extras, func(x Extra) bool { return x.ID == w.ID && x.Active })
		twice := slices.ContainsFunc(out, func(c ExtraChoice) bool { return c.Extra.ID == w.ID })
		switch {
		case at < 0:
			f.add(field+"/id", "There is no extra %q.", clip(w.ID))
		case twice:
			f.add(field+"/id", "%s stands twice; give a quantity instead.", t.Extras[at].Name)
		case w.Quantity < 1 || w.Quantity > t.Extras[at].MaxQuantity:
			f.add(field+"/quantity", "Of %s there are 1 to %d.", t.Extras[at].Name, t.Extras[at].MaxQuantity)
		default:
			out = append(out, ExtraChoice{t.Extras[at], w.Quantity})
		}
	}
	return out, f.err()
}

// checkCoupon refuses a coupon that does not hold for this car and day. How often it
// may still be taken is counted when it is taken.
func (t Terms) checkCoupon(code string, pickup Date) error {
	if code == "" {
		return nil
	}
	c := t.Coupon
	switch {
	case c == nil || !c.Active:
		return Errorf(Invalid, "There is no coupon %q.", clip(code)).On("/coupon")
	case c.CarID != "" && c.CarID != t.Car.ID:
		return Errorf(Invalid, "The coupon %s is for another car.", c.Code).On("/coupon")
	case c.ValidFrom != 0 && pickup < c.ValidFrom:
		return Errorf(Invalid, "The coupon %s is for pick-ups from %s on.", c.Code, c.ValidFrom).On("/coupon")
	case c.ValidUntil != 0 && pickup > c.ValidUntil:
		return Errorf(Invalid, "The coupon %s was for pick-ups until %s.", c.Code, c.ValidUntil).On("/coupon")
	case c.MaxUses > 0 && c.Uses >= c.MaxUses:
		return Errorf(Conflict, "The coupon %s is used up.", c.Code).On("/coupon")
	}
	return nil
}

// handovers are the two ends of a trip, as instants too.
func (t Trip) handovers() (pickup, ret Handover, err error) {
	closedAtPickup, closedAtReturn := t.AfterHours()
	if pickup, err = t.PickupPlace.handover(t.PickupDate, t.PickupTime, closedAtPickup); err != nil {
		return pickup, ret, err
	}
	ret, err = t.ReturnPlace.handover(t.ReturnDate, t.ReturnTime, closedAtReturn)
	return pickup, ret, err
}

func (l *Location) handover(d Date, c Clock, closed bool) (Handover, error) {
	at, err := l.instant(d, c)
	return Handover{Date: d, Time: c, At: at, Zone: l.Zone, Location: l.ref(), AfterHours: closed, DayTurns: l.Handover}, err
}

func (l *Location) ref() PlaceRef { return PlaceRef{l.ID, l.Slug, l.Name, l.City} }
