package exodrive

import (
	"fmt"
	"time"
)

// ReturnTerms is what was agreed for a car that comes back late or with less fuel.
// All prices are what is paid, with everything in them.
type ReturnTerms struct {
	Days         int       `json:"days" doc:"Rental days that are paid for, those that were given back while the car was out among them."`
	PaidUntil    time.Time `json:"paidUntil" doc:"The end of the last day that the renter still has, or the return if that is later."`
	GraceMinutes int       `json:"graceMinutes" doc:"A return so much later costs nothing."`
	LateDay      Money     `json:"lateDay" doc:"Price of each further day that is begun after that: worked out from a day's share of the total, with all fees in it."`
	FuelEighth   Money     `json:"fuelEighth" doc:"Price of each eighth of a tank or battery that is missing."`
}

// returnTerms are those of a quote whose price, days and return are worked out. A late
// day costs its share of an average day of price, as a cancelled one does, rounded half up:
// of what the days cost, without what a change keeps for others that fell away. One-off fees are in that day: a price has many parts, of which some count by the
// day, some once and some on others, and one share of the total is what a renter can check.
func (t Terms) returnTerms(q *Quote, trip Trip, price int64) *ReturnTerms {
	end, err := trip.ReturnPlace.instant(q.Occupied.End, trip.ReturnPlace.Handover)
	if err != nil || end.Before(q.Return.At) {
		end = q.Return.At // a one-way trip over time zones may come back after its last day
	}
	late := mulDiv(price, int64(t.Policy.LatePercent), int64(q.Days)*100)
	return &ReturnTerms{
		Days: q.Days, PaidUntil: end, GraceMinutes: t.Policy.GraceMinutes,
		LateDay: Money{late, t.Currency}, FuelEighth: Money{t.Policy.FuelEighth, t.Currency},
	}
}

// whileOut are the terms of coming back after a change while the car is out, when nothing
// that was paid comes back: days that were paid for stay so, and no further day costs more
// than was agreed. But a day that was given back is no longer the renter's, and may be
// somebody else's by now: who keeps the car into it is as late as anybody.
func (r *ReturnTerms) whileOut(agreed *ReturnTerms, givesBack bool) *ReturnTerms {
	if r == nil || agreed == nil {
		return r
	}
	better := *r
	better.Days = max(r.Days, agreed.Days)
	if agreed.PaidUntil.After(r.PaidUntil) && !givesBack {
		better.PaidUntil = agreed.PaidUntil
	}
	better.LateDay.Amount = min(r.LateDay.Amount, agreed.LateDay.Amount)
	better.FuelEighth.Amount = min(r.FuelEighth.Amount, agreed.FuelEighth.Amount)
	return &better
}

// inWords are the terms of coming back as sentences; "" where nothing is asked.
func (r *ReturnTerms) inWords() string {
	words := ""
	if r.FuelEighth.Amount > 0 {
		words = fmt.Sprintf("Bring the car back with as much fuel as it left with; each eighth of a tank that is missing costs %s.", r.FuelEighth)
	}
	if r.LateDay.Amount > 0 {
		if words != "" {
			words += " "
		}
		words += fmt.Sprintf("The rental is paid until %s; from %s later, each further day that is begun costs %s.",
			instantWords(r.PaidUntil), count(r.GraceMinutes, "minute"), r.LateDay)
	}
	return words
}

// FullTank is how many eighths a tank has.
const FullTank = 8

// Reading is what staff reads off a car when it leaves and when it is back.
type Reading struct {
	Event    BookingEvent `json:"event" enum:"hand_over,take_back"`
	At       time.Time    `json:"at" doc:"When the car left or came back."`
	CarID    string       `json:"carId"`
	Odometer int          `json:"odometer" doc:"In the unit of distance of the booking."`
	Fuel     int          `json:"fuel" doc:"Eighths of a full tank or battery."`
	Note     string       `json:"note,omitempty"`
	By       string       `json:"by" doc:"Who wrote it down."`
}

// Bounds of what can be true of a car. Beyond them somebody has mistyped, or says why
// not.
const (
	mostOdometer = 10_000_000
	mostPerDay   = 2_500 // of distance, on a day that was begun
	mostUnseen   = 5_000 // of distance, between two rentals
)

// HandOverCheck is a check at hand-over that staff can set aside, each by its name, with
// the reason why.
type HandOverCheck string

// The checks at hand-over.
const (
	CheckPickupDay HandOverCheck = "pickupDay" // the car does not leave before its day
	CheckOdometer  HandOverCheck = "odometer"  // it was not driven far since it was last read
	CheckPayment   HandOverCheck = "payment"   // nothing is due
	CheckDeposit   HandOverCheck = "deposit"   // what was agreed is held
)

// CheckHandOver refuses what cannot be read off a car whose last odometer is known.
// sure says that an unlikely distance was looked at.
func (r Reading) CheckHandOver(last int, sure bool) error {
	var f faults
	r.check(&f)
	switch {
	case r.Odometer < last:
		f.add("/odometer", "The car had %d on the odometer already; look again, or correct the car.", last)
	case r.Odometer > last+mostUnseen && !sure:
		f.add("/odometer", "The car had %d on the odometer; if it is really %d now, set this check aside and say why.", last, r.Odometer)
	}
	return f.err()
}

// CheckTakeBack refuses what cannot be read off a car that left with another reading.
func (r Reading) CheckTakeBack(out Reading, sure bool) error {
	var f faults
	r.check(&f)
	days := 1 + max(0, int(r.At.Sub(out.At).Hours())/24)
	switch driven := r.Odometer - out.Odometer; {
	case driven < 0:
		f.add("/odometer", "The car left with %d on the odometer; look again, or correct what was read when it left.", out.Odometer)
	case driven > days*mostPerDay && !sure:
		f.add("/odometer", "%d in %s is more than anybody drives; if it is true, say so as the reason.", driven, count(days, "day"))
	}
	return f.err()
}

func (r Reading) check(f *faults) {
	f.check(r.Odometer >= 0 && r.Odometer <= mostOdometer, "/odometer", "An odometer shows 0 to %d.", mostOdometer)
	f.check(r.Fuel >= 0 && r.Fuel <= FullTank, "/fuel", "Fuel is counted in eighths of a tank, 0 to %d.", FullTank)
}

// DayOf is the rental day at the place that an instant lies in: they run from handover
// time to handover time.
func (l *Location) DayOf(at time.Time) Date {
	zone, err := LoadZone(l.Zone)
	if err != nil {
		zone = time.UTC
	}
	at = at.In(zone)
	if hour, minute, _ := at.Clock(); Clock(hour*60+minute) < l.Handover {
		return DateOf(at) - 1
	}
	return DateOf(at)
}

// UsedDays are those days of a rental that are over when the car is back at a place, at
// least one. The others are of no use to its renter any more.
func UsedDays(days Days, place *Location, back time.Time) Days {
	last := place.DayOf(back.Add(-1)) // back at handover time ends the day before
	days.End = min(days.End, max(last, days.Start)+1)
	return days
}
