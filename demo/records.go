package demo

import (
	"encoding/json"
	"math/rand/v2"
	"time"

	"github.com/exodrive/exodrive"
)

// Record is what belongs to a booking besides itself: the lines of its price, and all
// that happened to it, in order.
type Record struct {
	BookingID string
	Lines     []exodrive.Line
	Charges   []exodrive.Charge
	Moves     []exodrive.MoneyMove
	Readings  []exodrive.Reading
	Events    []exodrive.Happened // By is the name and the id of who did it
}

// Who does things in the demo.
const (
	byRenter = "renter"
	bySystem = "system"
	byDesk   = "desk"
)

// counter is the provider of money that moves at the desk.
const counter = "counter"

// How often something is so, in percent, and how soon something follows.
const (
	paysLater   = 8 // of those whose deposit is not due yet
	lowOnFuel   = 8
	drivesOn    = 8 // beyond what is included
	heldOnly    = 30 * time.Minute
	soonPaid    = 20 * time.Minute
	counterHold = 24 * time.Hour
)

// records lets every booking of the fleet go through its life by the rules of the house:
// it is quoted, and each event follows from the one before, by the state table and the
// account. Where a booking stood before is where it ends, and its cars' odometers show
// what was read last. Chance is its own, so none of it alters which bookings there are.
func (b *builder) records(seed uint64) {
	own := *b
	own.rng = rand.New(rand.NewPCG(seed, ^uint64(b.today)))
	quote, cars := b.fleet.quoter(), map[string]*exodrive.Car{}
	for i := range b.fleet.Cars {
		cars[b.fleet.Cars[i].ID] = &b.fleet.Cars[i]
	}
	b.fleet.Records = make([]Record, len(b.fleet.Bookings))
	for i := range b.fleet.Bookings {
		k := &b.fleet.Bookings[i]
		car := cars[k.CarID]
		trip, q := quote(k, car)
		k.Trip, k.Terms, k.Total, k.Deposit, k.LinkVersion = trip, q.BookingTerms, q.Total, q.Deposit, 1
		b.fleet.Records[i] = Record{BookingID: k.ID, Lines: q.Lines}
		l := life{builder: &own, k: k, r: &b.fleet.Records[i], car: car, last: k.CreatedAt.Add(-time.Millisecond)}
		l.live()
	}
}

// life is the life of one booking so far.
type life struct {
	*builder
	k    *exodrive.Booking
	r    *Record
	car  *exodrive.Car
	fee  int64     // what is kept of it
	last time.Time // when something last happened to it
}

// live takes the booking from its making to the state that it has.
func (l *life) live() {
	k := l.k
	state, until := k.State, k.UpdatedAt
	k.State, k.UpdatedAt = exodrive.Held, k.CreatedAt
	l.says("book", byRenter, "", k.CreatedAt, nil, l.stands())
	hold := k.CreatedAt.Add(counterHold)
	if k.Terms.Pickup.At.Before(hold) {
		hold = k.Terms.Pickup.At.UTC()
	}
	switch state {
	case exodrive.Held:
		k.HoldUntil = hold
	case exodrive.Expired:
		l.happens(exodrive.ExpireHold, bySystem, "", hold, nil)
	case exodrive.Cancelled:
		l.cancel(until)
	case exodrive.NoShow:
		l.agree(true)
		l.holdDeposit(l.now)
		fee := must(k.MissFee(exodrive.DefaultPolicy))
		l.fee = fee.Amount
		l.happens(exodrive.MissPickup, byDesk, "", k.Days.Start.At(18*60, l.pickupZone()).Add(l.upTo(time.Hour)), map[string]any{"fee": fee})
		l.settle(exodrive.TakePayment)
	case exodrive.Confirmed:
		// Who pays later does so before the deposit is held, when all is looked at.
		l.agree(k.Terms.DepositHold.HeldOn < l.today || !l.chance(paysLater))
		l.holdDeposit(l.now)
	default:
		l.drive(state, until)
	}
}

// cancel has the renter cancel at an instant, at what the terms say: nothing while the
// days are only held.
func (l *life) cancel(at time.Time) {
	if at.Sub(l.k.CreatedAt) > heldOnly {
		l.agree(true)
		l.holdDeposit(at)
	}
	fee := must(l.k.CancelFee(exodrive.DefaultPolicy, at))
	l.fee = fee.Amount
	l.happens(exodrive.CancelBooking, byRenter, "by the renter", at, map[string]any{"fee": fee})
	l.settle(exodrive.TakePayment)
}

// agree confirms the booking: as a rule because it is paid.
func (l *life) agree(paid bool) {
	at := l.k.CreatedAt.Add(2*time.Minute + l.upTo(soonPaid))
	if !paid {
		l.happens(exodrive.ConfirmBooking, byDesk, "will be paid at the pick-up", at, nil)
		return
	}
	l.happens(exodrive.ConfirmBooking, byDesk, "paid at the counter", at, nil)
	l.money(exodrive.TakePayment, l.account().Due.Amount, at)
}

// holdDeposit holds the deposit on its day, if that comes before an instant.
func (l *life) holdDeposit(before time.Time) {
	at := l.k.Terms.DepositHold.HeldOn.At(9*60, l.pickupZone()).Add(l.upTo(7 * time.Hour))
	if latest := l.k.Terms.Pickup.At.Add(-5 * time.Minute); at.After(latest) {
		at = latest
	}
	if at.Before(before) && l.last.Before(before.Add(-time.Second)) {
		l.money(exodrive.HoldDeposit, l.k.Deposit.Amount, at)
	}
}

// drive lets the renter have the car, and bring it back if the state says so.
func (l *life) drive(state exodrive.BookingState, until time.Time) {
	k, terms := l.k, l.k.Terms
	l.agree(true)
	l.holdDeposit(l.now)
	out := exodrive.Reading{Event: exodrive.HandOver, At: l.next(terms.Pickup.At.Add(l.upTo(20 * time.Minute))), Fuel: exodrive.FullTank}
	l.read(&out, l.between(0, 12))
	l.happens(exodrive.HandOver, byDesk, "", out.At, said(out, "waived", []exodrive.HandOverCheck{}))
	if state == exodrive.Active {
		return
	}
	in := exodrive.Reading{Event: exodrive.TakeBack, At: l.next(terms.Return.At.Add(l.upTo(30*time.Minute) - 10*time.Minute)), Fuel: exodrive.FullTank}
	driven := k.Days.Len() * l.between(25, 160)
	if terms.Distance.Included > 0 {
		driven = terms.Distance.Included * l.between(30, 98) / 100
	}
	if state == exodrive.Completed && l.chance(drivesOn) {
		driven += terms.Distance.Included
	}
	if state == exodrive.Completed && l.chance(lowOnFuel) {
		in.Fuel -= l.between(1, 2)
	}
	l.read(&in, driven)
	l.r.Charges = exodrive.ReturnCharges(terms, out, in)
	l.happens(exodrive.TakeBack, byDesk, "", in.At, said(in, "charges", l.r.Charges))
	l.settle(pick(l.builder, []exodrive.MoneyAction{exodrive.TakePayment, exodrive.KeepDeposit}))
	if state == exodrive.Completed {
		a := l.account()
		must(0, a.Settled())
		detail := moneySaid(a)
		detail["giveBack"] = a.GiveBack
		l.happens(exodrive.CompleteBooking, byDesk, "", until, detail)
	}
}

// read notes what was read off the car after some distance, and what it shows since.
func (l *life) read(r *exodrive.Reading, driven int) {
	r.CarID, r.Odometer, r.By = l.car.ID, l.car.Odometer+driven, byDesk
	if r.Event == exodrive.HandOver {
		must(0, r.CheckHandOver(l.car.Odometer, false))
	} else {
		must(0, r.CheckTakeBack(l.r.Readings[0], false))
	}
	l.car.Odometer = r.Odometer
	l.r.Readings = append(l.r.Readings, *r)
}

// settle lets what is due be paid or kept, gives back what is too much, and releases the
// deposit.
func (l *life) settle(by exodrive.MoneyAction) {
	then := func() time.Time { return l.last.Add(time.Minute + l.upTo(10*time.Minute)) }
	if due := l.account().Due.Amount; due > 0 {
		l.money(by, due, then())
	}
	if much := l.account().GiveBack.Amount; much > 0 {
		l.money(exodrive.GiveRefund, much, then())
	}
	if held := l.account().Deposit.Held.Amount; held > 0 {
		l.money(exodrive.ReleaseDeposit, held, then())
	}
}

// happens lets an event happen at about an instant, as the state table says.
func (l *life) happens(e exodrive.BookingEvent, by, reason string, at time.Time, detail map[string]any) {
	before := l.stands()
	l.k.State = must(l.k.State.After(e))
	l.k.Version++
	after := l.stands()
	for name, value := range detail {
		after[name] = value
	}
	l.k.UpdatedAt = l.says(string(e), by, reason, at, before, after)
}

// money moves an amount at about an instant, as the account says.
func (l *life) money(do exodrive.MoneyAction, amount int64, at time.Time) {
	before := l.account()
	m := must(before.Move(do, amount, l.k))
	m.At = l.next(at)
	m.ID = l.id(exodrive.MoveID, m.At)
	m.Provider, m.ProviderID, m.ActorID = counter, m.ID, byDesk
	l.r.Moves = append(l.r.Moves, m)
	detail := moneySaid(l.account())
	detail["amount"], detail["reference"] = m.Amount, m.ProviderID
	l.says(string(do), byDesk, "", m.At, moneySaid(before), detail)
}

func (l *life) account() *exodrive.Account {
	return must(exodrive.NewAccount(l.k, l.r.Charges, l.fee, l.r.Moves))
}

// says writes an event at about an instant, which it returns.
func (l *life) says(event, by, reason string, at time.Time, before, after map[string]any) time.Time {
	at = l.next(at)
	l.last = at
	l.r.Events = append(l.r.Events, exodrive.Happened{
		ID: l.id(exodrive.EventID, at), At: at, Event: event, By: by, Reason: reason, Before: must(json.Marshal(before)), After: must(json.Marshal(after)),
	})
	return at
}

// next is an instant, moved between what happened last and now.
func (l *life) next(at time.Time) time.Time {
	at = l.past(at).Truncate(time.Millisecond)
	if !at.After(l.last) {
		at = l.last.Add(time.Millisecond)
	}
	return at
}

func (l *life) upTo(d time.Duration) time.Duration { return time.Duration(l.rng.Int64N(int64(d))) }

func (l *life) pickupZone() *time.Location { return must(exodrive.LoadZone(l.k.Zone)) }

// stands is what an event says of the booking.
func (l *life) stands() map[string]any {
	return map[string]any{"state": l.k.State, "carId": l.k.CarID, "startDate": l.k.Days.Start, "endDate": l.k.Days.End, "total": l.k.Total}
}

// said is what an event says of a reading, and one thing more.
func said(r exodrive.Reading, name string, value any) map[string]any {
	return map[string]any{"odometer": r.Odometer, "fuel": r.Fuel, "at": r.At, name: value}
}

// moneySaid is what an event says of an account.
func moneySaid(a *exodrive.Account) map[string]any {
	return map[string]any{"owed": a.Owed, "paid": a.Paid, "due": a.Due, "held": a.Deposit.Held, "kept": a.Deposit.Kept}
}
