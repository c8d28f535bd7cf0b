package exodrive

import "time"

// Trip is when and where a renter takes and returns a car.
type Trip struct {
	PickupDate, ReturnDate   Date
	PickupTime, ReturnTime   Clock // wall clock of the place in question
	PickupPlace, ReturnPlace *Location
}

// DayTrip is the trip the list and the calendar ask about: from handover time
// on the first day to handover time on the last, at one place.
func DayTrip(days Days, place *Location) Trip {
	return Trip{days.Start, days.End, place.Handover, place.Handover, place, place}
}

// Days are the rental days of the trip, which it pays for and occupies.
//
// A place has one handover time H. A rental takes every H-to-H day it touches:
// at H exactly, the days are [PickupDate, ReturnDate); a return after H adds the
// day it falls on, a pick-up before H the day before. Days are counted on the
// calendar, so a night of 23 or 25 hours is one day like any other.
//
//	H = 10:00, 1 May 10:00 – 4 May 10:00: 1, 2, 3 May
//	H = 10:00, 1 May 09:00 – 4 May 10:01: 30 April and 1, 2, 3, 4 May
//
// A return that is not after the pick-up is an invalid error on "/endDate".
func (t Trip) Days() (Days, error) {
	forward, err := t.forward()
	if err != nil {
		return Days{}, err
	}
	if !forward {
		return Days{}, Errorf(Invalid, "The return must come after the pick-up.").On("/endDate")
	}
	days := Days{t.PickupDate, t.ReturnDate}
	if t.PickupTime < t.PickupPlace.Handover {
		days.Start--
	}
	if t.ReturnTime > t.ReturnPlace.Handover {
		days.End++
	}
	// A one-way trip over time zones can end, on the calendar, where it began.
	days.End = max(days.End, days.Start+1)
	return days, nil
}

// forward tells whether the return comes after the pick-up. In one zone the wall
// clock decides, so that no change of the clocks can turn a trip around.
func (t Trip) forward() (bool, error) {
	if t.PickupPlace.Zone == t.ReturnPlace.Zone {
		return t.ReturnDate > t.PickupDate || t.ReturnDate == t.PickupDate && t.ReturnTime > t.PickupTime, nil
	}
	pickup, err := t.PickupPlace.instant(t.PickupDate, t.PickupTime)
	if err != nil {
		return false, err
	}
	ret, err := t.ReturnPlace.instant(t.ReturnDate, t.ReturnTime)
	return ret.After(pickup), err
}

// AfterHours tells for each of the trip's two handovers whether its place is
// closed at that time.
func (t Trip) AfterHours() (pickup, ret bool) {
	return !t.PickupPlace.Hours.Open(t.PickupDate.Weekday(), t.PickupTime),
		!t.ReturnPlace.Hours.Open(t.ReturnDate.Weekday(), t.ReturnTime)
}

// PlaceFees are what the trip's places ask for: pick-up, return, and each
// handover while the place is closed.
func (t Trip) PlaceFees() []Fee {
	closedAtPickup, closedAtReturn := t.AfterHours()
	var fees []Fee
	add := func(asked bool, name string, amount int64) {
		if asked && amount > 0 {
			fees = append(fees, Fee{name, amount})
		}
	}
	from, to := t.PickupPlace, t.ReturnPlace
	add(true, "Pick-up in "+from.Name, from.PickupFee)
	add(true, "Return in "+to.Name, to.ReturnFee)
	add(closedAtPickup, "Pick-up after hours", from.AfterHoursFee)
	add(closedAtReturn, "Return after hours", to.AfterHoursFee)
	return fees
}

// BlockedUntil is the first day after a rental on which the car may be taken
// again: turnaround and, one way, the days of bringing it back.
func BlockedUntil(days Days, turnaround int, transfer Transfer) Date {
	return days.End.Add(turnaround + transfer.Days)
}

// TakenDay is a day of a car that somebody has.
type TakenDay struct {
	Date     Date
	Workshop bool // has it; else a booking
}

// Occupancy is what a rental has of a car's calendar.
type Occupancy struct {
	Days         Days // of the rental
	BlockedUntil Date // the first day after its turnaround
	Away         bool // it ends elsewhere, and the car is brought back in its turnaround
}

// All is all of it.
func (o Occupancy) All() Days { return Days{o.Days.Start, o.BlockedUntil} }

// Behind is its turnaround.
func (o Occupancy) Behind() Days { return Days{o.Days.End, o.BlockedUntil} }

// Later is the same, so many days later.
func (o Occupancy) Later(by Date) Occupancy {
	return Occupancy{Days{o.Days.Start + by, o.Days.End + by}, o.BlockedUntil + by, o.Away}
}

// InTheWay are those of the days that are taken for whose sake a rental cannot be. A day in
// the workshop counts as turnaround, unless the car is away then.
//
// Lists, which ask for no way back, say so of all maintenance behind a rental, whosever it
// is. It is the same: turnaround of another booking follows on its rental days, so it can
// only lie behind this rental if that booking has days of this rental as well.
func (o Occupancy) InTheWay(taken []TakenDay) []Date {
	var found []Date
	for _, t := range taken {
		if o.All().Contains(t.Date) && (t.Date < o.Days.End || !t.Workshop || o.Away) {
			found = append(found, t.Date)
		}
	}
	return found
}

// CheckDays refuses rentals that the house does not take: shorter than the
// car's minimum, longer than the limit, in the past or too far ahead. today is
// the day at the place of pick-up. The field of the error is "/endDate" or
// "/startDate".
func (l Limits) CheckDays(days Days, minimum int, today Date) error {
	switch n := days.Len(); {
	case n < minimum:
		return Errorf(Invalid, "This car is rented for at least %d days; you asked for %d.", minimum, n).On("/endDate")
	case n > l.RentalDays:
		return Errorf(Invalid, "A rental is at most %d days; you asked for %d.", l.RentalDays, n).On("/endDate")
	case days.Start < today:
		return Errorf(Invalid, "The first day, %s, is in the past; it can be %s at the earliest.", days.Start, today).On("/startDate")
	case days.End > today.Add(l.LookAheadDays):
		return Errorf(Invalid, "Rentals can be asked for up to %d days ahead, until %s.", l.LookAheadDays, today.Add(l.LookAheadDays)).On("/endDate")
	}
	return nil
}

// instant is a wall-clock time at the place.
func (l *Location) instant(d Date, c Clock) (time.Time, error) {
	zone, err := LoadZone(l.Zone)
	if err != nil {
		return time.Time{}, Errorf(Internal, "The time zone of %s is not known.", l.Name).Because(err)
	}
	return d.At(c, zone), nil
}

// Today is the civil day at the place at an instant.
func (l *Location) Today(now time.Time) Date {
	zone, err := LoadZone(l.Zone)
	if err != nil {
		zone = time.UTC
	}
	return DateOf(now.In(zone))
}
