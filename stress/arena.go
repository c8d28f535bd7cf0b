package stress

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/obs"
	"github.com/exodrive/exodrive/rental"
	"github.com/exodrive/exodrive/sqlstore"
)

// holdSeconds is how long a hold lasts here: short, so that many end during a run.
const holdSeconds = 2

// Arena is a database that is thrown away afterwards, with cars to fight over.
type Arena struct {
	URL  string
	Cars []string // ids
	From exodrive.Date

	store   *sqlstore.Store
	cache   *rental.Cache
	service *rental.Service
	remove  func(context.Context) error
	ends    []func() error // of servers
}

// operator is who sets the arena up, and confirms bookings.
var operator = exodrive.Actor{ID: "stress", Name: "stress", Scopes: []exodrive.Scope{exodrive.ScopeAll}}

// NewArena makes one beside the database at an address, which it leaves alone.
func NewArena(ctx context.Context, address string, cars int) (_ *Arena, err error) {
	a := &Arena{}
	if a.URL, a.remove, err = sqlstore.Scratch(ctx, address); err != nil {
		return nil, err
	}
	defer func() { //nolint:contextcheck // what was made is removed also when ctx has ended
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	if a.store, err = sqlstore.Open(ctx, sqlstore.Config{URL: a.URL}); err != nil {
		return nil, err
	}
	if _, _, err = a.store.Migrate(ctx); err != nil {
		return nil, err
	}
	policy := exodrive.DefaultPolicy
	policy.HoldSeconds, policy.OpenHolds = holdSeconds, 1_000_000
	text, err := json.Marshal(policy)
	if err != nil {
		return nil, err
	}
	if err = a.store.Tx(ctx, func(tx *sqlstore.Tx) error { return tx.SetSetting(ctx, "policy", string(text)) }); err != nil {
		return nil, err
	}
	// What goes well is told by the outcome; thousands of lines about it would hide the rest.
	log := obs.NewLogger(os.Stderr, slog.LevelWarn)
	a.cache = rental.NewCache(a.store, func(o *cache.Options) { o.Log = log })
	if a.service, err = rental.New(ctx, rental.Options{Store: a.store, Cache: a.cache}); err != nil {
		return nil, err
	}
	return a, a.fill(ctx, cars)
}

// fill makes a place and cars in it, each with a day of turnaround.
func (a *Arena) fill(ctx context.Context, cars int) error {
	place := exodrive.LocationInput{Name: "Arena", City: "Arena", Country: "US", Zone: "UTC", Handover: 10 * 60, Units: exodrive.Metric}
	at, err := a.service.CreateLocation(ctx, operator, place)
	if err != nil {
		return err
	}
	for i := range cars {
		car, err := a.service.CreateCar(ctx, operator, exodrive.CarInput{
			Name: fmt.Sprint("Car ", i+1), Make: "Arena", Model: "One", Year: 2026, Category: "sports", Description: "Fought over.",
			LocationID: at.ID, Available: true, PricePerDay: 100_00, MinimumDays: 1, TurnaroundDays: 1,
			Transmission: "manual", Drivetrain: "rwd", Seats: 2, Images: []exodrive.Image{{URL: "/pictures/none.svg"}},
		})
		if err != nil {
			return err
		}
		a.Cars = append(a.Cars, car.ID)
	}
	a.From = exodrive.DateOf(time.Now().UTC()) + 2
	return nil
}

// Sweep begins to end holds that are over in this process, as a server does by itself.
func (a *Arena) Sweep() { a.service.Start() }

// Desk books in this process.
func (a *Arena) Desk() Desk { return inProcess{a.service} }

type inProcess struct{ *rental.Service }

func (d inProcess) Book(ctx context.Context, r rental.BookRequest, key string) (*rental.BookingView, error) {
	return d.Service.Book(ctx, exodrive.Actor{}, r, rental.Call{Key: key, Route: "stress"})
}

func (d inProcess) Cancel(ctx context.Context, token string) (*rental.BookingView, error) {
	return d.CancelBooking(ctx, token)
}

func (d inProcess) Confirm(ctx context.Context, id string) (*rental.BookingView, error) {
	return d.ConfirmBooking(ctx, operator, id)
}

func (d inProcess) Change(ctx context.Context, token string, r rental.ChangeRequest, key string) (*rental.BookingView, error) {
	return d.ChangeBooking(ctx, token, r, rental.Call{Key: key, Route: "stress"})
}

func (d inProcess) Swap(ctx context.Context, id, carID string) (*rental.BookingView, error) {
	b, err := d.SwapCar(ctx, operator, id, rental.AnyVersion, rental.Swap{CarID: carID, Reason: "stress"})
	if err != nil {
		return nil, err
	}
	return &b.BookingView, nil
}

// Check waits until every hold that is over was ended, and tells what is wrong after a
// run: what the database contradicts itself in, and what renters were told that it does
// not hold.
func (a *Arena) Check(ctx context.Context, o *Outcome) error {
	time.Sleep((holdSeconds + 2) * time.Second)
	wrong, err := a.store.Disagreements(ctx, time.Now())
	if err != nil {
		return err
	}
	return o.Judge(func(id string) (Seen, error) {
		b, err := a.store.Booking(ctx, id)
		if err != nil {
			return Seen{}, err
		}
		return Seen{b.State, b.CarID, b.Days.Start, b.Days.End - 1}, nil
	}, wrong)
}

// Close ends servers and removes the database.
func (a *Arena) Close() error {
	var errs []error
	for _, end := range a.ends {
		errs = append(errs, end())
	}
	if a.cache != nil {
		a.cache.Close()
	}
	if a.store != nil {
		errs = append(errs, a.store.Close())
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return errors.Join(append(errs, a.remove(ctx))...)
}
