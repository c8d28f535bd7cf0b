package rental

import (
	"context"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/sqlstore"
)

// Block is a range of days that maintenance has of a car, inclusive.
type Block struct {
	Start exodrive.Date `json:"startDate" example:"2026-12-01"`
	End   exodrive.Date `json:"endDate" doc:"Last day, included." example:"2026-12-03"`
}

func (b Block) days() exodrive.Days { return exodrive.Days{Start: b.Start, End: b.End + 1} }

// valid refuses ranges that are not given, reversed or too long.
func (s *Service) valid(b Block) (exodrive.Days, error) {
	switch {
	case b.Start == 0:
		return exodrive.Days{}, exodrive.Errorf(exodrive.Invalid, "startDate is missing.").On("/startDate")
	case b.End < b.Start:
		return exodrive.Days{}, exodrive.Errorf(exodrive.Invalid, "endDate is missing or comes before startDate.").On("/endDate")
	case b.days().Len() > s.limits.AvailabilityDays:
		return exodrive.Days{}, exodrive.Errorf(exodrive.Invalid, "At most %d days can be given at once.", s.limits.AvailabilityDays).On("/endDate")
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

// BlockDays takes days of a car for maintenance. If one of them is taken
// already, the conflict names the days and none is taken.
func (s *Service) BlockDays(ctx context.Context, who exodrive.Actor, carID string, b Block, reason string) error {
	if err := who.May(exodrive.ScopeFleet); err != nil {
		return err
	}
	days, err := s.valid(b)
	if err != nil {
		return err
	}
	return s.change(ctx, who, exodrive.ScopeFleet, "car.block", func(tx *sqlstore.Tx) (string, any, error) {
		if _, err := tx.LockCar(ctx, carID); err != nil {
			return "", nil, err
		}
		taken, err := tx.TakeDays(ctx, carID, days, exodrive.DayMaintenance, "")
		if err == nil && len(taken) > 0 {
			err = daysTaken(taken)
		}
		return carID, blockDetail{b, reason}, err
	})
}

type blockDetail struct {
	Block
	Reason string `json:"reason"`
}

// daysTaken is the conflict of days that somebody else has.
func daysTaken(taken []exodrive.Date) *exodrive.Error {
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
	return exodrive.Errorf(exodrive.DatesTaken, "Already taken: %s.", list).On("/startDate").Instead(exodrive.Refusal{TakenDays: taken})
}

// UnblockDays gives maintenance days back. Days that are free or belong to a
// booking stay as they are; freed tells how many changed.
func (s *Service) UnblockDays(ctx context.Context, who exodrive.Actor, carID string, b Block) (freed int64, err error) {
	return s.clearDays(ctx, who, "car.unblock", carID, b, (*sqlstore.Tx).FreeMaintenance)
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

// ClearPrices takes the days' own prices away; cleared tells how many there were.
func (s *Service) ClearPrices(ctx context.Context, who exodrive.Actor, carID string, b Block) (cleared int64, err error) {
	return s.clearDays(ctx, who, "car.prices_clear", carID, b, (*sqlstore.Tx).DeleteOverrides)
}

func (s *Service) clearDays(ctx context.Context, who exodrive.Actor, action, carID string, b Block, empty func(*sqlstore.Tx, context.Context, string, exodrive.Days) (int64, error)) (n int64, err error) {
	if err := who.May(exodrive.ScopeFleet); err != nil {
		return 0, err
	}
	days, err := s.valid(b)
	if err != nil {
		return 0, err
	}
	err = s.change(ctx, who, exodrive.ScopeFleet, action, func(tx *sqlstore.Tx) (string, any, error) {
		if _, err := tx.LockCar(ctx, carID); err != nil {
			return "", nil, err
		}
		n, err = empty(tx, ctx, carID, days)
		return carID, b, err
	})
	return n, err
}
