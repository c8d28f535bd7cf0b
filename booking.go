package exodrive

import (
	"strings"
	"time"
)

// BookingState is where a booking stands.
type BookingState string

// The states of a booking.
const (
	Held      BookingState = "held"      // days taken, not yet paid or confirmed
	Confirmed BookingState = "confirmed" // agreed
	Active    BookingState = "active"    // the renter has the car
	Returned  BookingState = "returned"  // the car is back, to be checked
	Completed BookingState = "completed" // checked and settled
	Expired   BookingState = "expired"   // the hold ran out
	Cancelled BookingState = "cancelled"
	NoShow    BookingState = "no_show"
)

// BookingStates is the whole vocabulary.
var BookingStates = []BookingState{Held, Confirmed, Active, Returned, Completed, Expired, Cancelled, NoShow}

// Occupies tells whether a booking in this state takes its days. The exclusion
// constraint of Postgres lists the same states; a test compares the two.
func (s BookingState) Occupies() bool {
	switch s {
	case Held, Confirmed, Active, Returned, Completed:
		return true
	default:
		return false
	}
}

// Booking is one rental of one car.
type Booking struct {
	ID           string
	CarID        string
	CustomerID   string
	State        BookingState
	Days         Days   // rental days, paid for and occupied
	BlockedUntil Date   // first day the car may be taken again
	PickupAt     string // wall clock of the place, 2026-05-01T10:00
	ReturnAt     string
	Zone         string // of the place of pick-up
	PickupPlace  string // location id
	ReturnPlace  string
	Contact      Contact // as given with this booking
	Total        Money
	Deposit      Money
	HoldUntil    time.Time // zero unless held
	HoldBy       string    // who holds, as a keyed hash of the address; empty unless held
	CouponID     string    // the coupon that was taken, or empty
	Trip         TripRequest
	Terms        BookingTerms // as they were accepted
	LinkVersion  int64        // raised to make the renter's link worthless
	Version      int64
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// Takes is what the rental has of its car's calendar, in the states that take days.
func (b *Booking) Takes() Occupancy {
	return Occupancy{b.Days, b.BlockedUntil, b.PickupPlace != b.ReturnPlace}
}

// Pickup is the instant of the agreed pick-up.
func (b *Booking) Pickup() (time.Time, error) { return wallClock(b.PickupAt, b.Zone) }

// PaidDays is how many rental days were paid for, whatever days the car was away.
func (b *Booking) PaidDays() int {
	if b.Terms.Back != nil {
		return b.Terms.Back.Days
	}
	return b.Days.Len()
}

// TermsAt are the terms that were accepted, and of a booking that was not made here and has
// none, what follows from its days, its places, which are among those given, and the policy.
func (b *Booking) TermsAt(places []Location, p Policy) (terms BookingTerms, err error) {
	if b.Terms.Pickup.Date != 0 {
		return b.Terms, nil
	}
	asked, err := b.Asked()
	if err != nil {
		return terms, err
	}
	t := Terms{Places: places}
	from, err := t.place(b.PickupPlace, "", "/pickupLocation")
	if err != nil {
		return terms, err
	}
	to, err := t.place(b.ReturnPlace, "", "/returnLocation")
	if err != nil {
		return terms, err
	}
	if terms.Pickup, err = from.handover(asked.StartDate, *asked.PickupTime, false); err != nil {
		return terms, err
	}
	if terms.Return, err = to.handover(asked.EndDate, *asked.ReturnTime, false); err != nil {
		return terms, err
	}
	terms.Cancellation = p.CancelTerms(terms.Pickup.At, Price{Days: b.Days.Len(), Total: b.Total})
	terms.Distance = Distance{Units: from.Units, Extra: Money{0, b.Total.Currency}}
	terms.Rules = []string{"This booking was not made here; what else was agreed is not known."}
	return terms, nil
}

// wallClock is the instant of a wall-clock time as text in a zone.
func wallClock(text, zone string) (time.Time, error) {
	loc, err := LoadZone(zone)
	if err == nil {
		var at time.Time
		if at, err = time.ParseInLocation("2006-01-02T15:04", text, loc); err == nil {
			return at, nil
		}
	}
	return time.Time{}, Errorf(Internal, "The times of this booking cannot be read.").Because(err)
}

// Contact is how to reach the renter of one booking.
type Contact struct {
	FirstName string `json:"firstName" minLength:"1" maxLength:"100" example:"Maria"`
	LastName  string `json:"lastName" required:"false" maxLength:"100" example:"Keller"`
	Email     string `json:"email" minLength:"3" maxLength:"254" example:"maria@example.com"`
	Phone     string `json:"phone" minLength:"5" maxLength:"30" example:"+1 305 555 0142"`
}

// Validate checks what no single field can tell, and writes the e-mail address in the
// one form by which customers are found: in lower case.
func (c *Contact) Validate() error {
	c.FirstName, c.LastName = strings.TrimSpace(c.FirstName), strings.TrimSpace(c.LastName)
	c.Email, c.Phone = strings.ToLower(strings.TrimSpace(c.Email)), strings.TrimSpace(c.Phone)
	var f faults
	f.check(isName(c.FirstName), "/customer/firstName", "A first name is needed.")
	f.check(c.LastName == "" || isName(c.LastName), "/customer/lastName", "A name is written in letters.")
	f.check(isEmail(c.Email), "/customer/email", "%q is not an e-mail address.", clip(c.Email))
	digits := strings.Count(strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return '0'
		}
		return ' '
	}, c.Phone), "0")
	f.check(digits >= 5 && strings.Trim(c.Phone, "+0123456789 ()-./") == "", "/customer/phone", "A phone number has at least 5 digits, for example +1 305 555 0142.")
	return f.err()
}

// isEmail tells whether a text can be an e-mail address. Whether it is one, only a
// letter to it can tell.
func isEmail(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	shown := func(r rune) bool { return r > ' ' && r != 0x7f && !strings.ContainsRune(`"(),:;<>@[\]`, r) }
	whole := func(part string) bool {
		return part != "" && strings.IndexFunc(part, func(r rune) bool { return !shown(r) }) < 0 &&
			!strings.HasPrefix(part, ".") && !strings.HasSuffix(part, ".") && !strings.Contains(part, "..")
	}
	return ok && len(s) <= 254 && whole(local) && whole(domain) && strings.Contains(domain, ".")
}

// Customer is a person who booked, found by the e-mail address in lower case.
type Customer struct {
	ID string
	Contact
	CreatedAt time.Time
}

// DayStatus is what a day of a car's calendar is.
type DayStatus string

// The statuses of a day. Only Held, Booked and Maintenance are stored; a day
// without a row is free, unless the whole car is not for rent.
const (
	DayAvailable   DayStatus = "available"
	DayHeld        DayStatus = "held"
	DayBooked      DayStatus = "booked"
	DayMaintenance DayStatus = "maintenance" // the workshop's, or turnaround of a booking
	DayUnavailable DayStatus = "unavailable" // the car is not for rent now
)
