package rental

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/sqlstore"
)

// atDesk is move for staff, which sees the whole booking afterwards.
func (s *Service) atDesk(ctx context.Context, who exodrive.Actor, id string, e exodrive.BookingEvent, reason string, also happening) (*BookingRecord, error) {
	if err := who.May(exodrive.ScopeBook); err != nil {
		return nil, err
	}
	b, err := s.moved(ctx, who, id, e, reason, also)
	if err != nil {
		return nil, err
	}
	return s.record(ctx, b)
}

// HandOverRequest is what staff writes down when a renter drives off.
type HandOverRequest struct {
	CarID    string                   `json:"carId,omitempty" required:"false" maxLength:"40" doc:"Id of the car that was read. If the booking has another one by now, it is a conflict." example:"car_01kas0f3m2x7h9tq"`
	Odometer int                      `json:"odometer" minimum:"0" maximum:"10000000" doc:"In the unit of distance of the booking." example:"12040"`
	Fuel     int                      `json:"fuel" minimum:"0" maximum:"8" doc:"Eighths of a full tank or battery." example:"8"`
	Note     string                   `json:"note,omitempty" required:"false" maxLength:"500" example:"A scratch on the left door, shown to the renter."`
	Waive    []exodrive.HandOverCheck `json:"waive,omitempty" required:"false" maxItems:"4" nullable:"false" enum:"pickupDay,odometer,payment,deposit" doc:"Checks that are set aside, for the reason."`
	Reason   string                   `json:"reason,omitempty" required:"false" maxLength:"500" doc:"Why checks are set aside; without it none is."`
}

// checks are those of one hand-over: what was set aside of them is told by its event.
type checks struct {
	waive  []exodrive.HandOverCheck
	waived []exodrive.HandOverCheck
}

// pass lets an error go that staff sets aside.
func (c *checks) pass(check exodrive.HandOverCheck, err error) error {
	if err == nil || !slices.Contains(c.waive, check) {
		return err
	}
	c.waived = append(c.waived, check)
	return nil
}

// HandOver lets the renter drive off, and notes what was read off the car. A car that is
// not paid for, or whose deposit is not held, stays. Before the day of pick-up the booking
// needs the days until then, which it gets without another price: dates_taken if somebody
// has them. Each of these checks, and that of an unlikely odometer, is set aside by its
// name and for a reason; the event tells which were. After the last rental day it is a
// conflict, and so it is while the car is out with another booking, or if the booking has
// another car than the one that was read.
func (s *Service) HandOver(ctx context.Context, who exodrive.Actor, id string, r HandOverRequest) (*BookingRecord, error) {
	if r.Reason = strings.TrimSpace(r.Reason); r.Reason == "" && len(r.Waive) > 0 {
		return nil, exodrive.Errorf(exodrive.Invalid, "Say why these checks are set aside.").On("/reason")
	}
	return s.atDesk(ctx, who, id, exodrive.HandOver, r.Reason, func(ctx context.Context, tx *sqlstore.Tx, b *exodrive.Booking) (map[string]any, error) {
		if err := stillHas(b, r.CarID); err != nil {
			return nil, err
		}
		if other, err := tx.OutWith(ctx, b.CarID); err != nil || other != "" {
			return nil, firstOf(err, exodrive.Errorf(exodrive.Conflict, "This car is out with %s; take it back first, or give this booking another car.", other))
		}
		c := &checks{waive: r.Waive, waived: []exodrive.HandOverCheck{}}
		reading := exodrive.Reading{Event: exodrive.HandOver, At: instantOf(tx.Now), CarID: b.CarID, Odometer: r.Odometer, Fuel: r.Fuel, Note: r.Note, By: who.Name}
		if err := c.reading(ctx, tx, &reading); err != nil {
			return nil, err
		}
		if err := s.takeDaysBefore(ctx, tx, b, c); err != nil {
			return nil, err
		}
		if err := c.money(ctx, tx, b); err != nil {
			return nil, err
		}
		said, err := noteReading(ctx, tx, b, &reading)
		if err == nil {
			said["waived"] = c.waived
		}
		return said, err
	})
}

// stillHas refuses what was read off a car, if it is named, that the booking has no more:
// somebody else may have swapped it while this one stood beside it.
func stillHas(b *exodrive.Booking, carID string) error {
	if carID == "" || carID == b.CarID {
		return nil
	}
	return exodrive.Errorf(exodrive.Conflict, "This booking has another car by now; look at it again.").On("/carId")
}

// reading checks what was read against what the car's odometer was last known to show.
func (c *checks) reading(ctx context.Context, tx *sqlstore.Tx, r *exodrive.Reading) error {
	last, err := tx.Odometer(ctx, r.CarID)
	if err != nil {
		return err
	}
	if err := r.CheckHandOver(last, true); err != nil {
		return err // what cannot be, whatever staff says
	}
	return c.pass(exodrive.CheckOdometer, r.CheckHandOver(last, false))
}

// money checks that a booking is paid for and its deposit held.
func (c *checks) money(ctx context.Context, tx *sqlstore.Tx, b *exodrive.Booking) error {
	_, a, err := accounts(ctx, tx, b)
	if err == nil {
		err = c.pass(exodrive.CheckPayment, a.PaidUp())
	}
	if err == nil {
		err = c.pass(exodrive.CheckDeposit, a.DepositHeld())
	}
	return err
}

// takeDaysBefore gives a booking whose car leaves now the days until its first one.
func (s *Service) takeDaysBefore(ctx context.Context, tx *sqlstore.Tx, b *exodrive.Booking, c *checks) error {
	place, err := placeOf(ctx, tx, b, b.PickupPlace)
	if err != nil {
		return err
	}
	pickup, err := b.Pickup()
	if err != nil {
		return err
	}
	today, agreed := place.Today(tx.Now), place.Today(pickup)
	switch {
	case place.DayOf(tx.Now) >= b.Days.End:
		return exodrive.Errorf(exodrive.Conflict, "The last day of this rental was %s; give it other days first.", b.Days.End-1)
	case today >= agreed:
		return nil
	}
	early := exodrive.Errorf(exodrive.Conflict, "The pick-up is on %s; to hand the car over before that day, waive %q and say why.", agreed, exodrive.CheckPickupDay).On("/waive")
	if err := c.pass(exodrive.CheckPickupDay, early); err != nil {
		return err
	}
	first := min(b.Days.Start, place.DayOf(tx.Now))
	if err := s.expireHolds(ctx, tx, b.CarID); err != nil {
		return err
	}
	taken, err := tx.TakeDays(ctx, b.CarID, exodrive.Days{Start: first, End: b.Days.Start}, exodrive.DayBooked, b.ID)
	if err == nil && len(taken) > 0 {
		err = daysTaken(taken, "Hand the car over on its day, or give the booking another car or other days first.")
	}
	if err != nil {
		return err
	}
	b.Days.Start = first
	return tx.SetBookingDays(ctx, b)
}

// placeOf is a place of a booking by its id, whose days turn as they were agreed to.
func placeOf(ctx context.Context, tx *sqlstore.Tx, b *exodrive.Booking, id string) (*exodrive.Location, error) {
	places, err := tx.Places(ctx)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(places, func(l exodrive.Location) bool { return l.ID == id }); i >= 0 {
		b.Terms.KeepDayTurns(&places[i])
		return &places[i], nil
	}
	return nil, exodrive.Errorf(exodrive.Internal, "The place of this booking is gone.")
}

// noteReading keeps what was read off a car, with the booking and with the car, and
// returns what the event says of it.
func noteReading(ctx context.Context, tx *sqlstore.Tx, b *exodrive.Booking, r *exodrive.Reading) (map[string]any, error) {
	if err := tx.InsertReading(ctx, b.ID, r); err != nil {
		return nil, err
	}
	return readingSaid(r), tx.SetOdometer(ctx, r.CarID, r.Odometer)
}

// readingSaid is what an event says of a reading.
func readingSaid(r *exodrive.Reading) map[string]any {
	return map[string]any{"odometer": r.Odometer, "fuel": r.Fuel, "at": r.At}
}

// instantOf is an instant as it is stored.
func instantOf(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// CompleteBooking ends a rental that is checked and settled. While something is to be
// paid, given back or held, it is a conflict, unless staff says why; the event tells what.
func (s *Service) CompleteBooking(ctx context.Context, who exodrive.Actor, id, reason string) (*BookingRecord, error) {
	reason = strings.TrimSpace(reason)
	return s.atDesk(ctx, who, id, exodrive.CompleteBooking, reason, func(ctx context.Context, tx *sqlstore.Tx, b *exodrive.Booking) (map[string]any, error) {
		_, a, err := accounts(ctx, tx, b)
		if err == nil && reason == "" {
			err = a.Settled()
		}
		if err != nil {
			return nil, err
		}
		said := moneyOf(a) // what the reason let pass
		said["giveBack"] = a.GiveBack
		return said, nil
	})
}

// MissPickup notes that a renter did not come. Until the pick-up it is a conflict. What
// is kept is what cancelling at the last moment would have cost.
func (s *Service) MissPickup(ctx context.Context, who exodrive.Actor, id, reason string) (*BookingRecord, error) {
	return s.atDesk(ctx, who, id, exodrive.MissPickup, reason, func(_ context.Context, tx *sqlstore.Tx, b *exodrive.Booking) (map[string]any, error) {
		pickup, err := b.Pickup()
		if err == nil && !tx.Now.After(pickup) {
			err = exodrive.Errorf(exodrive.Conflict, "The pick-up is at %s; until then nobody has missed it.", pickup.Format("2 January 2006, 15:04 (MST)"))
		}
		if err != nil {
			return nil, err
		}
		fee, err := b.MissFee(s.policy)
		return map[string]any{"fee": fee}, err
	})
}
