package rental_test

import (
	"context"
	"sync"
	"testing"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
)

// at runs do n times at once and returns what each returned.
func at(n int, do func(i int) error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = do(i) })
	}
	wg.Wait()
	return errs
}

// Of twenty edits of the same version one wins, and the others learn that they
// are late. SQLite has one writer and would prove nothing.
func TestOneEditOfAVersionWins(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, exotest.PostgresFrom(t, "fleet", seeded))
	made := w.create(t, "Pagani Utopia")
	rule, err := w.CreatePriceRule(ctx, admin, exodrive.PriceRuleInput{Name: "Fair", Multiplier: 110_00})
	if err != nil {
		t.Fatal(err)
	}
	for what, edit := range map[string]func(i int) error{
		"car": func(i int) error {
			in := made.CarInput
			in.Odometer = i + 1
			return second(w.EditCar(ctx, admin, made.ID, 1, in))
		},
		"price rule": func(i int) error {
			in := rule.PriceRuleInput
			in.Multiplier = exodrive.Percent(100_00 + i)
			return second(w.EditPriceRule(ctx, admin, rule.ID, 1, in))
		},
	} {
		won := 0
		for _, err := range at(20, edit) {
			if err == nil {
				won++
			} else {
				wantCode(t, what, err, exodrive.Stale)
			}
		}
		if won != 1 {
			t.Errorf("%d edits of one version of a %s won", won, what)
		}
	}
	if got, err := w.ManagedCar(ctx, admin, made.ID); err != nil || got.Version != 2 || got.Odometer == 0 {
		t.Errorf("the car is version %d with odometer %d (%v)", got.Version, got.Odometer, err)
	}
	if n := len(w.audit(t)); n != 4 {
		t.Errorf("two creations and two edits left %d entries", n)
	}
}

// Bulk updates and edits of the same cars at once: each is there in the end, none
// lost in another.
func TestBulkUpdatesAndEditsAtOnce(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, exotest.PostgresFrom(t, "fleet", seeded))
	const doublings, drives = 4, 12
	var cars []string
	for _, name := range []string{"Pagani One", "Pagani Two", "Pagani Three"} {
		in := newCar(name)
		in.PricePerDay = 100
		c, err := w.CreateCar(ctx, admin, in)
		if err != nil {
			t.Fatal(err)
		}
		cars = append(cars, c.ID)
	}
	errs := at(doublings+drives*len(cars), func(i int) error {
		if i < doublings {
			return second(w.BulkUpdate(ctx, admin, rental.BulkUpdate{Filter: rental.BulkFilter{Make: "Pagani"}, PricePercent: 100_00}))
		}
		for {
			c, err := w.ManagedCar(ctx, admin, cars[i%len(cars)])
			if err != nil {
				return err
			}
			c.Odometer++
			if _, err = w.EditCar(ctx, admin, c.ID, c.Version, c.CarInput); exodrive.CodeOf(err) != exodrive.Stale {
				return err
			}
		}
	})
	for _, err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	for _, id := range cars {
		c, err := w.ManagedCar(ctx, admin, id)
		if err != nil || c.PricePerDay != 100<<doublings || c.Odometer != drives || c.Version != 1+doublings+drives {
			t.Errorf("the car costs %d, was driven %d times and is version %d (%v); want %d, %d, %d",
				c.PricePerDay, c.Odometer, c.Version, err, 100<<doublings, drives, 1+doublings+drives)
		}
	}
}

// Of blocks that overlap, made at once, each has all of its days or none.
func TestBlocksAtOnce(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, exotest.PostgresFrom(t, "fleet", seeded))
	id := w.create(t, "Pagani Utopia").ID
	won := 0
	for _, err := range at(16, func(i int) error {
		return second(w.BlockDays(ctx, admin, id, rental.BlockRequest{Block: rental.Block{Start: today.Add(i), End: today.Add(i + 3)}}))
	}) {
		if err == nil {
			won++
		} else {
			wantCode(t, "a block", err, exodrive.DatesTaken)
		}
	}
	blocks, err := w.Blocks(ctx, admin, id)
	days := 0
	for _, b := range blocks {
		days += int(b.End-b.Start) + 1
	}
	if err != nil || won == 0 || days != 4*won {
		t.Errorf("%d blocks of 4 days won, and %d days are taken: %v (%v)", won, days, blocks, err)
	}
}
