package rental

import (
	"context"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/sqlstore"
)

// makeChange makes a change of a booking: dates_taken if somebody else has one of its
// days, and then what agreed says of its price. The caller has the rows of the car that
// the booking has and of the one that it gets, and has ended their holds.
func (s *Service) makeChange(ctx context.Context, tx *sqlstore.Tx, who exodrive.Actor, b *exodrive.Booking, ch *exodrive.Change, agreed func() error, e exodrive.BookingEvent, reason string) error {
	next := *b
	ch.Apply(&next)
	taken, err := takenOf(ctx, tx, next.CarID, next.Takes(), b.ID)
	if err == nil && len(taken) > 0 {
		err = daysTaken(taken, otherDaysOrCar)
	}
	if err == nil && agreed != nil {
		err = agreed()
	}
	if err != nil {
		return err
	}
	return s.rewrite(ctx, tx, who, b, &next, ch, e, reason)
}

// rewrite stores what a change made of a booking, whose state stays: the booking, its
// days, the lines of its price where they are new, and the event. b is afterwards what is
// stored.
func (s *Service) rewrite(ctx context.Context, tx *sqlstore.Tx, who exodrive.Actor, b, next *exodrive.Booking, ch *exodrive.Change, e exodrive.BookingEvent, reason string) error {
	had, err := tx.BookingLines(ctx, b.ID, b.Total.Currency)
	if err != nil {
		return err
	}
	lines := ch.Lines
	if lines == nil {
		lines = had
	}
	before, after := agreedOf(b, had), agreedOf(next, lines)
	if ch.Leave != nil {
		after["leave"] = ch.Leave
	}
	if err := tx.ChangeBooking(ctx, next); err != nil {
		return err
	}
	if next.HoldUntil.Before(b.HoldUntil) {
		// The job that was to end it comes too late now. One that runs looks again in time.
		if err := tx.EndWaitingJob(ctx, jobEndHold, next.ID); err != nil {
			return err
		}
		if err := endHoldLater(ctx, tx, *next); err != nil {
			return err
		}
	}
	if err := s.retakeDays(ctx, tx, b, next); err != nil {
		return err
	}
	if err := tx.DeleteLines(ctx, b.ID); err != nil {
		return err
	}
	if err := tx.InsertLines(ctx, b.ID, lines); err != nil {
		return err
	}
	*b = *next
	return s.happened(ctx, tx, who, b, string(e), reason, before, after)
}

// retakeDays moves the days of a booking to where it is next. Only the difference moves:
// what it keeps is neither freed nor taken, and no day of its next rental is the
// workshop's, as makeChange has seen under the lock. Of a new day that somebody took past
// the lock the unique index knows, and it is refused.
func (s *Service) retakeDays(ctx context.Context, tx *sqlstore.Tx, b, next *exodrive.Booking) error {
	if err := tx.FreeOtherDays(ctx, b.ID, next.CarID, next.Takes().All()); err != nil {
		return err
	}
	var had exodrive.Days // of the car that it gets
	if b.CarID == next.CarID {
		had = b.Takes().All()
	}
	if err := takeMore(ctx, tx, next, had, next.State); err != nil {
		return err
	}
	return tx.MarkDays(ctx, b.ID, next.Days.End, dayStatus(next.State))
}

// agreedOf is what an event says of a booking whose trip, car or price changes.
func agreedOf(b *exodrive.Booking, lines []exodrive.Line) map[string]any {
	said := stateOf(b)
	said["pickupAt"], said["returnAt"], said["blockedUntil"] = b.PickupAt, b.ReturnAt, b.BlockedUntil
	said["pickupLocation"], said["returnLocation"] = b.PickupPlace, b.ReturnPlace
	said["extras"], said["deposit"], said["lines"] = b.Trip.Extras, b.Deposit, lines
	if !b.HoldUntil.IsZero() {
		said["holdUntil"] = b.HoldUntil
	}
	return said
}
