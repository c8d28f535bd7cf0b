package rental

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/sqlstore"
)

// TakeBackRequest is what staff writes down when a car is back.
type TakeBackRequest struct {
	CarID      string                 `json:"carId,omitempty" required:"false" maxLength:"40" doc:"Id of the car that was read. If the booking has another one by now, it is a conflict." example:"car_01kas0f3m2x7h9tq"`
	Odometer   int                    `json:"odometer" minimum:"0" maximum:"10000000" doc:"In the unit of distance of the booking." example:"12460"`
	Fuel       int                    `json:"fuel" minimum:"0" maximum:"8" doc:"Eighths of a full tank or battery." example:"6"`
	ReturnedAt *time.Time             `json:"returnedAt,omitempty" required:"false" doc:"When the car came back, if that was earlier than now."`
	Charges    []exodrive.ChargeInput `json:"charges,omitempty" required:"false" maxItems:"20" nullable:"false" doc:"What else it costs."`
	Note       string                 `json:"note,omitempty" required:"false" maxLength:"500"`
	Reason     string                 `json:"reason,omitempty" required:"false" maxLength:"500" doc:"How an unlikely odometer can be true."`
	DryRun     bool                   `json:"dryRun,omitempty" required:"false" doc:"Tell what it would cost, and change nothing."`
}

// TakeBack takes a car back: it notes what was read off the car, and charges what that
// costs by the terms that were agreed, and what staff enters. The accepted price stays as
// it is. A dry run tells the charges and changes nothing.
//
// Days of the rental that were not begun are free for others at once, after the car's
// turnaround; they stay paid for, because they were kept for this renter until now. A
// late return takes no days: those after the rental may be somebody else's already.
func (s *Service) TakeBack(ctx context.Context, who exodrive.Actor, id string, r TakeBackRequest) (*BookingRecord, error) {
	r.Reason = strings.TrimSpace(r.Reason)
	var b *exodrive.Booking
	var planned []exodrive.Charge
	after, err := s.atDesk(ctx, who, id, exodrive.TakeBack, r.Reason, func(ctx context.Context, tx *sqlstore.Tx, now *exodrive.Booking) (map[string]any, error) {
		b = now
		if err := stillHas(b, r.CarID); err != nil {
			return nil, err
		}
		out, in, err := r.readings(ctx, tx, who, b)
		if err != nil {
			return nil, err
		}
		money, err := tx.MoneyOf(ctx, b)
		if err != nil {
			return nil, err
		}
		entered, err := exodrive.EnteredCharges(r.Charges, b.Total, in.At)
		if err != nil {
			return nil, err
		}
		planned = append(exodrive.ReturnCharges(b.Terms, out, in), entered...)
		if err := exodrive.CheckCredits("/charges", b.Total, money.Charges, planned); err != nil {
			return nil, err
		}
		if r.DryRun {
			return nil, errDryRun
		}
		if err := tx.InsertCharges(ctx, b.ID, len(money.Charges), planned); err != nil {
			return nil, err
		}
		detail, err := noteReading(ctx, tx, b, &in)
		if err != nil {
			return nil, err
		}
		detail["charges"] = planned
		return detail, freeUnused(ctx, tx, b, in.At)
	})
	if errors.Is(err, errDryRun) {
		return s.record(ctx, b, planned...)
	}
	return after, err
}

// readings are what was read off the car when it left, and what is read now. A car that
// was swapped in on the way, or left before readings were kept, has no first one: its
// last known odometer bounds the second, which then stands for both.
func (r TakeBackRequest) readings(ctx context.Context, tx *sqlstore.Tx, who exodrive.Actor, b *exodrive.Booking) (out, in exodrive.Reading, err error) {
	in = exodrive.Reading{Event: exodrive.TakeBack, At: instantOf(tx.Now), CarID: b.CarID, Odometer: r.Odometer, Fuel: r.Fuel, Note: r.Note, By: who.Name}
	list, err := tx.Readings(ctx, b.ID)
	if err != nil {
		return out, in, err
	}
	if len(list) > 0 {
		out = list[0]
	}
	if r.ReturnedAt != nil {
		if in.At = instantOf(*r.ReturnedAt); in.At.After(tx.Now) || in.At.Before(out.At) {
			return out, in, exodrive.Errorf(exodrive.Invalid, "A car comes back after it left, and not after now.").On("/returnedAt")
		}
	}
	if out.CarID == in.CarID {
		return out, in, in.CheckTakeBack(out, r.Reason != "")
	}
	last, err := tx.Odometer(ctx, in.CarID)
	if err != nil {
		return in, in, err
	}
	return in, in, in.CheckHandOver(last, r.Reason != "")
}

// freeUnused gives the days of a rental that were not begun to others.
func freeUnused(ctx context.Context, tx *sqlstore.Tx, b *exodrive.Booking, back time.Time) error {
	place, err := placeOf(ctx, tx, b, b.ReturnPlace)
	if err != nil {
		return err
	}
	used := exodrive.UsedDays(b.Days, place, back)
	if used == b.Days {
		return nil
	}
	b.BlockedUntil -= b.Days.End - used.End
	b.Days = used
	return tx.SetBookingDays(ctx, b)
}
