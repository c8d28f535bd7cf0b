package rental

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/demo"
	"github.com/exodrive/exodrive/sqlstore"
)

// The setting that says whether a database holds a demo fleet.
const (
	demoSetting = "demo"
	demoYes     = "yes"
	demoNo      = "no"
)

// IsDemo tells whether a database holds a demo fleet.
func IsDemo(ctx context.Context, store *sqlstore.Store) (bool, error) {
	is, err := store.Setting(ctx, demoSetting)
	return is == demoYes, err
}

// CheckDemo makes sure that a demo server serves a demo database and a real one
// a real one. A database that was never used becomes what is wanted of it; while another
// process makes it so, it blocks. It is called once at the start; the error is one sentence.
func (s *Service) CheckDemo(ctx context.Context, wanted bool) error {
	_, cars, err := s.store.AllCars(ctx, exodrive.PageQuery{Page: 1, Limit: 1})
	if err != nil {
		return err
	}
	is, err := s.store.Setting(ctx, demoSetting)
	if err != nil {
		return err
	}
	switch {
	case wanted && is != demoYes && cars > 0:
		return exodrive.Errorf(exodrive.Conflict, "This database holds a real fleet; serve it without --demo, or name another one.")
	case !wanted && is == demoYes:
		return exodrive.Errorf(exodrive.Conflict, "This database holds the demo fleet; serve it with --demo, or name another one.")
	case wanted && cars == 0:
		err := s.Seed(ctx, demo.Demo(s.today()), true, nil)
		busy := exodrive.CodeOf(err) == exodrive.Busy && ctx.Err() == nil // another process is at it, for longer than we wait for a lock
		if busy || errors.Is(err, errHasCars) {
			return s.CheckDemo(ctx, wanted) // what has it stored?
		}
		return err
	}
	return nil
}

// errHasCars is the cause of Seed's refusal.
var errHasCars = errors.New("the database has cars")

// Seed stores a generated fleet into a database without cars, all of it or
// nothing. Progress, if not nil, is told what was stored so far.
func (s *Service) Seed(ctx context.Context, f *demo.Fleet, isDemo bool, progress func(what string, n int)) error {
	if progress == nil {
		progress = func(string, int) {}
	}
	return s.store.LongTx(ctx, func(tx *sqlstore.Tx) error {
		// The setting comes first, because its row is the lock: of several processes
		// that seed at once, all but one wait here and then find cars.
		flag := map[bool]string{true: demoYes, false: demoNo}[isDemo]
		if err := tx.SetSetting(ctx, demoSetting, flag); err != nil {
			return err
		}
		if _, cars, err := tx.AllCars(ctx, exodrive.PageQuery{Page: 1, Limit: 1}); err != nil || cars > 0 {
			return firstOf(err, exodrive.Errorf(exodrive.Conflict, "This database has cars already; seed an empty one.").Because(errHasCars))
		}
		steps := []struct {
			what string
			n    int
			do   func() error
		}{
			{"places", len(f.Locations), func() error { return tx.InsertLocations(ctx, f.Locations) }},
			{"cars", len(f.Cars), func() error { return tx.InsertCars(ctx, f.Cars) }},
			{"prices", len(f.CarPrices), func() error { return tx.InsertPrices(ctx, seedPrices(f)) }},
			{"offers", len(f.Rules) + len(f.Extras) + len(f.Coupons), func() error { return seedOffers(ctx, tx, f) }},
			{"customers", len(f.Customers), func() error { return tx.InsertCustomers(ctx, f.Customers) }},
			{"bookings", len(f.Bookings), func() error { return tx.InsertBookings(ctx, f.Bookings) }},
			{"records", len(f.Records), func() error { return tx.InsertRecords(ctx, seedRecords(f.Records)) }},
			{"holds", len(f.Bookings), func() error { return endHoldLater(ctx, tx, f.Bookings...) }},
			{"days", len(f.Bookings), func() error { return tx.InsertDays(ctx, seedDays(f)) }},
			{"reviews", len(f.Reviews), func() error { return tx.InsertReviews(ctx, byCar(f.Reviews)) }},
		}
		for _, step := range steps {
			if err := step.do(); err != nil {
				return err
			}
			progress(step.what, step.n)
		}
		return nil
	})
}

func firstOf(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

func seedOffers(ctx context.Context, tx *sqlstore.Tx, f *demo.Fleet) error {
	for i := range f.Rules {
		if err := tx.InsertPriceRule(ctx, &f.Rules[i]); err != nil {
			return err
		}
	}
	for i := range f.Extras {
		if err := tx.InsertExtra(ctx, &f.Extras[i]); err != nil {
			return err
		}
	}
	for i := range f.Coupons {
		if err := tx.InsertCoupon(ctx, &f.Coupons[i]); err != nil {
			return err
		}
	}
	return nil
}

// seedRecords are what belongs to the bookings of a fleet. An actor's id is its name there.
func seedRecords(list []demo.Record) []sqlstore.RecordRows {
	out := make([]sqlstore.RecordRows, len(list))
	for i, r := range list {
		events := make([]sqlstore.PastEvent, len(r.Events))
		for i, e := range r.Events {
			events[i] = sqlstore.PastEvent{At: e.At, EventRow: sqlstore.EventRow{
				ID: e.ID, BookingID: r.BookingID, Event: e.Event, ActorID: e.By, ActorName: e.By, Reason: e.Reason, Before: e.Before, After: e.After,
			}}
		}
		out[i] = sqlstore.RecordRows{BookingID: r.BookingID, Lines: r.Lines, Charges: r.Charges, Moves: r.Moves, Readings: r.Readings, Events: events}
	}
	return out
}

func seedPrices(f *demo.Fleet) []sqlstore.DayPrice {
	out := make([]sqlstore.DayPrice, len(f.CarPrices))
	for i, p := range f.CarPrices {
		out[i] = sqlstore.DayPrice(p)
	}
	return out
}

// byCar sorts reviews by car: each statement then rates few cars, and each car once
// or twice. In the order of time every car would be written a hundred times, and on
// Postgres every time elsewhere.
func byCar(reviews []exodrive.Review) []exodrive.Review {
	return slices.SortedStableFunc(slices.Values(reviews), func(a, b exodrive.Review) int { return strings.Compare(a.CarID, b.CarID) })
}

// seedDays are the days that the fleet's bookings and blocks take.
func seedDays(f *demo.Fleet) []sqlstore.DayRow {
	var out []sqlstore.DayRow
	add := func(carID string, days exodrive.Days, status exodrive.DayStatus, bookingID string) {
		for d := range days.All() {
			out = append(out, sqlstore.DayRow{CarID: carID, Date: d, Status: status, BookingID: bookingID})
		}
	}
	for _, b := range f.Bookings {
		if !b.State.Occupies() {
			continue
		}
		status := exodrive.DayBooked
		if b.State == exodrive.Held {
			status = exodrive.DayHeld
		}
		add(b.CarID, b.Days, status, b.ID)
		add(b.CarID, exodrive.Days{Start: b.Days.End, End: b.BlockedUntil}, exodrive.DayMaintenance, b.ID)
	}
	for _, b := range f.Blocks {
		add(b.CarID, b.Days, exodrive.DayMaintenance, "")
	}
	return out
}
