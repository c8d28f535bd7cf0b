package rental

import (
	"context"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/sqlstore"
)

// correctHandOver is what happens to a booking whose first reading was mistyped.
const correctHandOver = "correct_hand_over"

// CorrectionRequest is what should have been written down when a car left.
type CorrectionRequest struct {
	Odometer int    `json:"odometer" minimum:"0" maximum:"10000000" doc:"What it really was, in the unit of distance of the booking." example:"40000"`
	Fuel     int    `json:"fuel" minimum:"0" maximum:"8" doc:"What it really was, in eighths of a full tank or battery." example:"8"`
	Reason   string `json:"reason" minLength:"1" maxLength:"500" doc:"Kept with the booking." example:"Two digits were swapped; the photograph shows it."`
}

// CorrectHandOver corrects what was written down when the car of a booking left, so that
// what a rental costs on top is worked out from what was true. The booking's history has
// both readings and the reason. The car's odometer follows, if it still shows what was
// mistyped. Once the car is back it is a conflict, because what it cost is charged by
// then, and so it is after a swap, when that reading counts for nothing.
func (s *Service) CorrectHandOver(ctx context.Context, who exodrive.Actor, id string, r CorrectionRequest) (*BookingRecord, error) {
	if err := who.May(exodrive.ScopeBook); err != nil {
		return nil, err
	}
	var b *exodrive.Booking
	err := s.store.Tx(ctx, func(tx *sqlstore.Tx) (err error) {
		if b, err = s.lockBooking(ctx, tx, id); err != nil {
			return err
		}
		list, err := tx.Readings(ctx, b.ID)
		if err != nil {
			return err
		}
		was, now, err := r.of(b, list)
		if err != nil {
			return err
		}
		now.By = who.Name
		if err := tx.CorrectReading(ctx, b.ID, &now); err != nil {
			return err
		}
		last, err := tx.Odometer(ctx, b.CarID)
		if err == nil && last == was.Odometer && last != now.Odometer {
			err = tx.SetOdometer(ctx, b.CarID, now.Odometer)
		}
		if err != nil {
			return err
		}
		return s.happened(ctx, tx, who, b, correctHandOver, r.Reason, readingSaid(&was), readingSaid(&now))
	})
	if err != nil {
		return nil, err
	}
	return s.record(ctx, b)
}

// of is what was read when the car of a booking left, and what that becomes.
func (r CorrectionRequest) of(b *exodrive.Booking, list []exodrive.Reading) (was, now exodrive.Reading, err error) {
	switch {
	case b.State != exodrive.Active:
		return was, now, exodrive.Errorf(exodrive.Conflict, "What was read when a car left is corrected while it is out; once it is back, add a charge or a credit.")
	case len(list) == 0:
		return was, now, exodrive.Errorf(exodrive.Conflict, "Nobody read the car when it left, so there is nothing to correct.")
	case list[0].CarID != b.CarID:
		return was, now, exodrive.Errorf(exodrive.Conflict, "The car was swapped since it left, so nothing is worked out from what was read then.")
	}
	was, now = list[0], list[0]
	now.Odometer, now.Fuel = r.Odometer, r.Fuel
	if now == was {
		return was, now, exodrive.Errorf(exodrive.Invalid, "That is what was written down; say what it really was.")
	}
	return was, now, now.CheckHandOver(0, true)
}
