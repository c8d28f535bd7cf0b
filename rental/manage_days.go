package rental

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/sqlstore"
)

// Block is a range of days that maintenance has of a car, inclusive.
type Block struct {
	Start exodrive.Date `json:"startDate" example:"2026-12-01"`
	End   exodrive.Date `json:"endDate" doc:"Last day, included." example:"2026-12-03"`
}

func (b Block) days() exodrive.Days { return exodrive.Days{Start: b.Start, End: b.End + 1} }

// valid refuses ranges that are not given, reversed, too long or too far ahead.
func (s *Service) valid(b Block) (exodrive.Days, error) {
	switch {
	case b.Start == 0:
		return exodrive.Days{}, exodrive.Errorf(exodrive.Invalid, "startDate is missing.").On("/startDate")
	case b.End < b.Start:
		return exodrive.Days{}, exodrive.Errorf(exodrive.Invalid, "endDate is missing or comes before startDate.").On("/endDate")
	case b.days().Len() > s.limits.AvailabilityDays:
		return exodrive.Days{}, exodrive.Errorf(exodrive.Invalid, "At most %d days can be given at once.", s.limits.AvailabilityDays).On("/endDate")
	case b.End > s.today()+exodrive.MostAhead:
		return exodrive.Days{}, exodrive.Errorf(exodrive.Invalid, "Days can be given until %s.", s.today()+exodrive.MostAhead).On("/endDate")
	}
	return b.days(), nil
}

// Blocks are the maintenance blocks of a car that reach today or later.
func (s *Service) Blocks(ctx context.Context, who exodrive.Actor, carID string) ([]Block, error) {
	if err := who.May(exodrive.ScopeRead); err != nil {
		return nil, err
	}
	if _, err := s.store.Car(ctx, carID); err != nil {
		return nil, err
	}
	ranges, err := s.store.Blocks(ctx, carID, s.today())
	blocks := make([]Block, len(ranges))
	for i, r := range ranges {
		blocks[i] = Block{r.Start, r.End - 1}
	}
	return blocks, err
}

// BlockRequest is days that maintenance wants of a car.
type BlockRequest struct {
	Block
	Reason       string `json:"reason" required:"false" maxLength:"200" doc:"For the audit log."`
	FreeDaysOnly bool   `json:"freeDaysOnly,omitempty" required:"false" doc:"Take the days that are free or turnaround, and leave the others."`
	DryRun       bool   `json:"dryRun,omitempty" required:"false" doc:"Tell what would be hit, and change nothing."`
}

// BlockResult tells what a block took, or would take, and what stands in its way.
type BlockResult struct {
	Days      int                   `json:"days" doc:"Days that were taken, or would be."`
	DryRun    bool                  `json:"dryRun"`
	TakenDays []exodrive.Date       `json:"takenDays" nullable:"false" doc:"Days that cannot be taken: rental days of bookings, days on which a car is brought back, and those of other blocks."`
	Bookings  []exodrive.BookingRow `json:"bookings" nullable:"false" doc:"Bookings that have such days; the first day first."`
}

// BlockDays takes days of a car for maintenance, also those that are turnaround of a
// booking, unless that ends elsewhere and the car is away then. If one of the others is
// taken already, the conflict dates_taken names the days and the bookings that have them,
// and none is taken; who takes what can be taken, or asks for a dry run, is told instead. As in Book, the car's row
// is locked and its holds that are over are ended first, and the unique index has the
// last word.
func (s *Service) BlockDays(ctx context.Context, who exodrive.Actor, carID string, r BlockRequest) (*BlockResult, error) {
	if err := who.May(exodrive.ScopeFleet); err != nil {
		return nil, err
	}
	days, err := s.valid(r.Block)
	if err == nil && days.End <= s.today() {
		err = exodrive.Errorf(exodrive.Invalid, "These days are over; take days from today on.").On("/endDate")
	}
	if err != nil {
		return nil, err
	}
	var result *BlockResult
	err = s.change(ctx, who, exodrive.ScopeFleet, "car.block", func(tx *sqlstore.Tx) (string, any, error) {
		if _, err := tx.LockCar(ctx, carID); err != nil {
			return "", nil, err
		}
		if err := s.expireHolds(ctx, tx, carID); err != nil {
			return "", nil, err
		}
		hit, err := tx.BookingsOn(ctx, carID, days)
		if err != nil {
			return "", nil, err
		}
		taken, err := tx.TakeMaintenance(ctx, carID, days)
		if err != nil {
			return "", nil, err
		}
		result = &BlockResult{Days: days.Len() - len(taken), DryRun: r.DryRun, TakenDays: orEmpty(taken), Bookings: hit}
		refused := len(taken) > 0 && !r.FreeDaysOnly
		switch {
		case r.DryRun && refused:
			result.Days = 0
			return "", nil, errDryRun
		case r.DryRun:
			return "", nil, errDryRun
		case refused:
			return "", nil, blockRefused(taken, hit)
		}
		return carID, blockDetail{r.Block, r.Reason, taken}, nil
	})
	if errors.Is(err, errDryRun) {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	return result, nil
}

type blockDetail struct {
	Block
	Reason string          `json:"reason"`
	Left   []exodrive.Date `json:"left,omitempty"` // days of others, which were not taken
}

// blockRefused is daysTaken with the bookings that are hit.
func blockRefused(taken []exodrive.Date, hit []exodrive.BookingRow) error {
	e := daysTaken(taken).On("/startDate")
	if len(hit) == 0 {
		e.Message += " It is the workshop that has them."
		return e
	}
	e.Message += fmt.Sprintf(" Bookings that are hit: %d; each is named with this answer.", len(hit))
	return e.Instead(exodrive.Refusal{TakenDays: taken, Bookings: hit})
}

// daysTaken is the conflict of days that somebody else has, with what to do, if anything. It
// is on no member: only who knows the request can tell which.
func daysTaken(taken []exodrive.Date, do ...string) *exodrive.Error {
	const shown = 5
	list := ""
	for i, d := range taken[:min(len(taken), shown)] {
		if i > 0 {
			list += ", "
		}
		list += d.String()
	}
	if len(taken) > shown {
		list += " and others"
	}
	message := strings.Join(append([]string{"Already taken: " + list + "."}, do...), " ")
	return exodrive.Errorf(exodrive.DatesTaken, "%s", message).Instead(exodrive.Refusal{TakenDays: taken})
}

// tripTaken is daysTaken for a trip that somebody wants to book.
func tripTaken(taken []exodrive.Date) *exodrive.Error {
	return daysTaken(taken, otherDaysOrCar).On("/startDate")
}

// DayCount tells how many days were given back.
type DayCount struct {
	Days       int64 `json:"days"`
	Turnaround int64 `json:"turnaroundDays,omitempty" doc:"Days that the workshop gave back and that are not free, as they are turnaround of a booking."`
}

// UnblockDays gives maintenance days back. Days that are free or belong to a booking stay
// as they are, and one that is turnaround of a booking is the booking's from now on.
func (s *Service) UnblockDays(ctx context.Context, who exodrive.Actor, carID string, b Block) (DayCount, error) {
	return s.clearDays(ctx, who, "car.unblock", carID, b, func(tx *sqlstore.Tx, days exodrive.Days) (n DayCount, err error) {
		n.Days, n.Turnaround, err = tx.FreeMaintenance(ctx, carID, days)
		return n, err
	})
}

// SetPrices gives days of a car a price of their own.
func (s *Service) SetPrices(ctx context.Context, who exodrive.Actor, carID string, b Block, amount int64) error {
	if err := who.May(exodrive.ScopeFleet); err != nil {
		return err
	}
	days, err := s.valid(b)
	if err != nil {
		return err
	}
	if amount < 0 || amount > exodrive.MaxAmount {
		return exodrive.Errorf(exodrive.Invalid, "A price is not negative and at most %d.", int64(exodrive.MaxAmount)).On("/amount")
	}
	return s.change(ctx, who, exodrive.ScopeFleet, "car.prices", func(tx *sqlstore.Tx) (string, any, error) {
		if _, err := tx.LockCar(ctx, carID); err != nil {
			return "", nil, err
		}
		return carID, priceDetail{b, amount}, tx.SetOverrides(ctx, carID, days, amount)
	})
}

type priceDetail struct {
	Block
	Amount int64 `json:"amount"`
}

// ClearPrices takes the days' own prices away, and counts them.
func (s *Service) ClearPrices(ctx context.Context, who exodrive.Actor, carID string, b Block) (DayCount, error) {
	return s.clearDays(ctx, who, "car.prices_clear", carID, b, func(tx *sqlstore.Tx, days exodrive.Days) (n DayCount, err error) {
		n.Days, err = tx.DeleteOverrides(ctx, carID, days)
		return n, err
	})
}

func (s *Service) clearDays(ctx context.Context, who exodrive.Actor, action, carID string, b Block, empty func(*sqlstore.Tx, exodrive.Days) (DayCount, error)) (n DayCount, err error) {
	if err := who.May(exodrive.ScopeFleet); err != nil {
		return n, err
	}
	days, err := s.valid(b)
	if err != nil {
		return n, err
	}
	err = s.change(ctx, who, exodrive.ScopeFleet, action, func(tx *sqlstore.Tx) (string, any, error) {
		if _, err := tx.LockCar(ctx, carID); err != nil {
			return "", nil, err
		}
		n, err = empty(tx, days)
		return carID, b, err
	})
	return n, err
}
