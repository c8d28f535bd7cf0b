package rental

import (
	"context"
	"errors"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/sqlstore"
)

// StaffChange is what staff makes of the trip of a booking.
type StaffChange struct {
	exodrive.TripChange
	exodrive.Leave
	Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"Kept with the booking." example:"The flight of the renter is late."`
	DryRun bool   `json:"dryRun,omitempty" required:"false" doc:"Tell what would become of the booking, and change nothing."`
}

// ChangeForRenter changes a booking for its renter, who does not have to agree: its trip,
// at the price that the renter would pay unless staff says otherwise, and with limits set
// aside if need be. version is the one that staff has seen, or AnyVersion; another one is
// stale. The refusals are those of ChangeBooking. A dry run has the same, tells the change
// and makes none.
func (s *Service) ChangeForRenter(ctx context.Context, who exodrive.Actor, id string, version int64, r StaffChange) (*BookingRecord, error) {
	return s.changeByStaff(ctx, who, id, version, exodrive.ChangeBooking, r.Reason, r.DryRun, memberOfDays(r.TripChange), nil, func(tx *sqlstore.Tx, b *exodrive.Booking) (*exodrive.Change, error) {
		return s.changeOf(ctx, tx, b, r.TripChange, &r.Leave, tx.Now)
	})
}

// Swap is another car for a booking.
type Swap struct {
	CarID string `json:"carId" minLength:"1" maxLength:"120" doc:"Id or slug of the car that the booking gets." example:"ferrari-portofino-m"`
	exodrive.Leave
	Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"Kept with the booking." example:"The other car has a puncture."`
	DryRun bool   `json:"dryRun,omitempty" required:"false" doc:"Tell what would become of the booking, and change nothing."`
}

// SwapCar gives a booking another car for the same trip, at the price and the terms that
// were agreed unless staff says otherwise. version and a dry run are as for
// ChangeForRenter. Days that somebody has of that car are dates_taken, with other cars that
// can be had.
//
// Both cars are locked, in the order of their ids like all cars that anybody locks
// together (lockBooking, LockCarsForBulk), and everything else that a transaction about
// bookings locks comes after its cars. So two swaps that cross wait for each other in one
// direction only, and neither meets a deadlock: were each to lock its own car first and
// then the other's, both could wait for good. The days of the old car are freed and those
// of the new one taken under both locks, which is why nobody sees the booking with none or
// with both.
func (s *Service) SwapCar(ctx context.Context, who exodrive.Actor, id string, version int64, r Swap) (*BookingRecord, error) {
	if err := who.May(exodrive.ScopeBook); err != nil {
		return nil, err
	}
	car, err := s.store.CarTerms(ctx, r.CarID)
	if err != nil {
		return nil, onCar(err)
	}
	return s.changeByStaff(ctx, who, id, version, exodrive.SwapCar, r.Reason, r.DryRun, "/carId", []string{car.ID}, func(tx *sqlstore.Tx, b *exodrive.Booking) (*exodrive.Change, error) {
		asked, err := b.Asked()
		if err != nil {
			return nil, err
		}
		car, err := tx.CarTerms(ctx, car.ID)
		if err != nil {
			return nil, onCar(err)
		}
		if b.State == exodrive.Active { // its renter waits for the car now
			if other, err := tx.OutWith(ctx, car.ID); err != nil || other != "" {
				return nil, firstOf(err, exodrive.Errorf(exodrive.Conflict, "That car is out with %s; take it back first, or give another one.", other).On("/carId"))
			}
		}
		terms, err := s.termsOf(ctx, tx, b, car, car, asked)
		if err != nil {
			return nil, err
		}
		return exodrive.NewSwap(b, terms, r.Leave, tx.Now)
	})
}

// changeByStaff makes what plan says of a booking, for whose days member asks. cars are
// locked with its own.
func (s *Service) changeByStaff(ctx context.Context, who exodrive.Actor, id string, version int64, e exodrive.BookingEvent, reason string, dryRun bool, member string, cars []string, plan func(*sqlstore.Tx, *exodrive.Booking) (*exodrive.Change, error)) (*BookingRecord, error) {
	if err := who.May(exodrive.ScopeBook); err != nil {
		return nil, err
	}
	var b *exodrive.Booking
	var ch *exodrive.Change
	err := s.store.Tx(ctx, func(tx *sqlstore.Tx) (err error) {
		if b, err = s.lockBooking(ctx, tx, id, cars...); err != nil {
			return err
		}
		if err := seen(b, version); err != nil {
			return err
		}
		if b, err = s.endHolds(ctx, tx, b, append(cars, b.CarID)...); err != nil {
			return err
		}
		if ch, err = plan(tx, b); err != nil {
			return err
		}
		return s.makeChange(ctx, tx, who, b, ch, only(dryRun), e, reason)
	})
	if errors.Is(err, errDryRun) {
		return s.planned(ctx, b, ch)
	}
	if err != nil {
		return nil, s.insteadOfChange(ctx, b, ch, member, err)
	}
	return s.record(ctx, b)
}

// only ends a dry run when all but the writing is done.
func only(dryRun bool) (agreed func() error) {
	if dryRun {
		return func() error { return errDryRun }
	}
	return nil
}

// planned is the record of a booking with a change that was not made.
func (s *Service) planned(ctx context.Context, b *exodrive.Booking, ch *exodrive.Change) (*BookingRecord, error) {
	r, err := s.record(ctx, b)
	if err != nil {
		return nil, err
	}
	if r.Change = ch; ch.Lines == nil { // a swap that keeps price and terms
		ch.Lines, ch.BookingTerms = r.Lines, r.BookingTerms
	}
	return r, nil
}

// seen refuses a change of a booking that staff has not seen as it is.
func seen(b *exodrive.Booking, version int64) error {
	if version != AnyVersion && version != b.Version {
		return exodrive.Errorf(exodrive.Stale, "This booking was changed since you read it; its version is now %d.", b.Version)
	}
	return nil
}

// renewLink is what happens to a booking whose link is renewed.
const renewLink = "renew_link"

// RenewLink makes every link to a booking worthless that anybody has, and answers with
// the new one.
func (s *Service) RenewLink(ctx context.Context, who exodrive.Actor, id, reason string) (*BookingRecord, error) {
	if err := who.May(exodrive.ScopeBook); err != nil {
		return nil, err
	}
	var b *exodrive.Booking
	err := s.store.Tx(ctx, func(tx *sqlstore.Tx) (err error) {
		if b, err = s.lockBooking(ctx, tx, id); err != nil {
			return err
		}
		before := map[string]any{"linkVersion": b.LinkVersion}
		b.LinkVersion++
		if err := tx.ChangeBooking(ctx, b); err != nil {
			return err
		}
		return s.happened(ctx, tx, who, b, renewLink, reason, before, map[string]any{"linkVersion": b.LinkVersion})
	})
	if err != nil {
		return nil, err
	}
	return s.record(ctx, b)
}
