// Package stress tries to break what the house promises, on a database of its own that
// it throws away afterwards, and says what it found.
package stress

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/rental"
)

// Desk is where bookings are made: a service in this process, or a server.
type Desk interface {
	Book(ctx context.Context, r rental.BookRequest, key string) (*rental.BookingView, error)
	Cancel(ctx context.Context, token string) (*rental.BookingView, error)
	Confirm(ctx context.Context, id string) (*rental.BookingView, error)
	Change(ctx context.Context, token string, r rental.ChangeRequest, key string) (*rental.BookingView, error)
	Swap(ctx context.Context, id, carID string) (*rental.BookingView, error)
}

// Overlap is how many renters fight over how many cars, and for how long.
type Overlap struct {
	Desks   []Desk // each renter uses one of them
	Cars    []string
	From    exodrive.Date // first day that is fought over
	Clients int
	During  time.Duration
	Seed    uint64
	// Tolerate are codes of refusals that are no fault here; a whole house gives none.
	Tolerate []exodrive.Code
}

// Days that are fought over, and the longest rental.
const (
	window  = 30
	longest = 7
)

// Outcome is what became of it.
type Outcome struct {
	Tries, Wins, Refusals int
	Confirmed, Cancelled  int
	Changed, Swapped      int
	Tolerated             int
	Again                 int             // a call sent again with its key was answered by the same booking
	Faults                []string        // anything that is neither a booking nor a refusal
	Took                  []time.Duration // of each try to book, in order of length
	Lasted                time.Duration
	Last                  map[string]Seen // what each client was told last, by the id of the booking
}

// Seen is what a client was told of a booking.
type Seen struct {
	State       exodrive.BookingState
	CarID       string
	First, Last exodrive.Date
}

func (o *Outcome) saw(b *rental.BookingView) {
	o.Last[b.ID] = Seen{b.State, b.Car.ID, b.FirstDay, b.LastDay}
}

// P is a percentile of how long a try took.
func (o *Outcome) P(share float64) time.Duration {
	if len(o.Took) == 0 {
		return 0
	}
	return o.Took[min(len(o.Took)-1, int(share*float64(len(o.Took))))]
}

// Run lets all renters try until the time is over, and returns when all have ended.
// told is called now and then with the number of tries so far.
func (o Overlap) Run(ctx context.Context, told func(tries int)) *Outcome {
	out := &Outcome{Last: map[string]Seen{}}
	var mu sync.Mutex
	note := func(f func()) { mu.Lock(); defer mu.Unlock(); f() }
	begun := time.Now()
	ctx, stop := context.WithTimeout(ctx, o.During)
	defer stop()
	var all sync.WaitGroup
	for i := range o.Clients {
		all.Go(func() {
			r := &renter{o: o, desk: o.Desks[i%len(o.Desks)], name: fmt.Sprint("renter", i), out: out, note: note,
				chance: rand.New(rand.NewPCG(o.Seed, uint64(i)))} //nolint:gosec // not a secret
			for ctx.Err() == nil {
				r.act(context.WithoutCancel(ctx))
			}
		})
	}
	if told != nil {
		all.Go(func() {
			for tick := time.NewTicker(time.Second); ; {
				select {
				case <-ctx.Done():
					tick.Stop()
					return
				case <-tick.C:
					note(func() { told(out.Tries) })
				}
			}
		})
	}
	all.Wait()
	out.Lasted = time.Since(begun)
	slices.Sort(out.Took)
	return out
}

// renter tries one thing after the other.
type renter struct {
	o      Overlap
	desk   Desk
	name   string
	chance *rand.Rand
	out    *Outcome
	note   func(func())
	mine   []*rental.BookingView
	calls  int
}

// act books, mostly, and confirms, changes, swaps or cancels what it has.
func (r *renter) act(ctx context.Context) {
	n := r.chance.IntN(12)
	if len(r.mine) == 0 || n >= 6 {
		r.book(ctx)
		return
	}
	at := r.chance.IntN(len(r.mine))
	b := r.mine[at]
	switch {
	case n < 2:
		r.mine = slices.Delete(r.mine, at, at+1)
		got, err := r.desk.Cancel(ctx, b.Token)
		r.moved(got, err, &r.out.Cancelled)
	case n < 3:
		got, err := r.desk.Confirm(ctx, b.ID)
		r.moved(got, err, &r.out.Confirmed)
	case n < 5:
		r.change(ctx, at)
	default:
		r.swap(ctx, at)
	}
}

// change moves a booking to other days, and sometimes asks twice.
func (r *renter) change(ctx context.Context, at int) {
	b := r.mine[at]
	start, days := r.o.From.Add(r.chance.IntN(window)), 1+r.chance.IntN(longest)
	if r.chance.IntN(2) == 0 {
		start = b.FirstDay // only longer or shorter, so that days are kept
	}
	end := start.Add(days)
	if start == b.FirstDay && end == b.LastDay+1 {
		end++
	}
	r.calls++
	request, key := rental.ChangeRequest{TripChange: exodrive.TripChange{StartDate: start, EndDate: end}}, fmt.Sprint(r.name, "-", r.calls)
	got, err := r.desk.Change(ctx, b.Token, request, key)
	if !r.moved(got, err, &r.out.Changed) {
		return
	}
	r.mine[at] = got
	if r.chance.IntN(4) == 0 {
		again, err := r.desk.Change(ctx, b.Token, request, key)
		r.note(func() {
			switch {
			case exodrive.CodeOf(err) == exodrive.Busy:
			case err != nil:
				r.refused("change again", err)
			case again.State == exodrive.Held && again.Version != got.Version:
				r.fault("change again", fmt.Errorf("%s has the versions %d and %d with one key", b.ID, got.Version, again.Version))
			default:
				r.out.saw(again)
				r.out.Again++
			}
		})
	}
}

// swap gives a booking another car.
func (r *renter) swap(ctx context.Context, at int) {
	b := r.mine[at]
	car := r.o.Cars[r.chance.IntN(len(r.o.Cars))]
	if car == b.Car.ID {
		return
	}
	got, err := r.desk.Swap(ctx, b.ID, car)
	if r.moved(got, err, &r.out.Swapped) {
		r.mine[at] = got
	}
}

func (r *renter) book(ctx context.Context) {
	r.calls++
	start := r.o.From.Add(r.chance.IntN(window))
	request := rental.BookRequest{
		TripRequest: exodrive.TripRequest{CarID: r.o.Cars[r.chance.IntN(len(r.o.Cars))], StartDate: start, EndDate: start.Add(1 + r.chance.IntN(longest))},
		Customer:    exodrive.Contact{FirstName: r.name, Email: r.name + "@example.com", Phone: "+1 305 555 0142"},
	}
	key := fmt.Sprint(r.name, "-", r.calls)
	begun := time.Now()
	b, err := r.desk.Book(ctx, request, key)
	took := time.Since(begun)
	r.note(func() {
		r.out.Tries++
		r.out.Took = append(r.out.Took, took)
		switch {
		case err == nil:
			r.out.Wins++
			r.out.saw(b)
		case exodrive.CodeOf(err) == exodrive.DatesTaken, exodrive.CodeOf(err) == exodrive.Busy:
			r.out.Refusals++
		default:
			r.refused("book", err)
		}
	})
	if err != nil {
		return
	}
	r.mine = append(r.mine, b)
	if r.chance.IntN(4) == 0 { // as if the answer had been lost
		again, err := r.desk.Book(ctx, request, key)
		r.note(func() {
			switch {
			case exodrive.CodeOf(err) == exodrive.Busy:
			case err != nil:
				r.refused("book again", err)
			case again.ID != b.ID:
				r.fault("book again", fmt.Errorf("%s and %s with one key", b.ID, again.ID))
			default:
				r.out.Again++
			}
		})
	}
}

// moved notes what a booking has become, and counts it. That its hold has run out
// meanwhile, or that somebody has days that it wants, is no fault.
func (r *renter) moved(b *rental.BookingView, err error, count *int) bool {
	code := exodrive.CodeOf(err)
	r.note(func() {
		switch {
		case err == nil:
			r.out.saw(b)
			*count++
		case code != exodrive.Conflict && code != exodrive.DatesTaken && code != exodrive.Busy:
			r.refused("move", err)
		}
	})
	return err == nil
}

// refused notes an error that is a fault unless it is tolerated. It is called under the
// lock, like fault.
func (r *renter) refused(what string, err error) {
	if slices.Contains(r.o.Tolerate, exodrive.CodeOf(err)) {
		r.out.Tolerated++
		return
	}
	r.fault(what, err)
}

// mostFaults are kept; one is enough to fail.
const mostFaults = 20

func (r *renter) fault(what string, err error) {
	if len(r.out.Faults) < mostFaults {
		r.out.Faults = append(r.out.Faults, what+": "+err.Error())
	}
}

// errFound is the end of a run that found something.
var errFound = errors.New("the promise is broken; see above")

// Judge compares what the renters were told with what the database holds: every booking
// they made is there, with the car and the days they heard of last, in a state that can
// follow the last one.
func (o *Outcome) Judge(now func(id string) (Seen, error), disagreements []string) error {
	faults := append(slices.Clone(o.Faults), disagreements...)
	for id, told := range o.Last {
		is, err := now(id)
		if err != nil {
			faults = append(faults, fmt.Sprintf("%s, which was %s, is lost: %v", id, told.State, err))
			continue
		}
		if is.State == exodrive.Expired && told.State == exodrive.Held {
			told.State = exodrive.Expired
		}
		if is != told {
			faults = append(faults, fmt.Sprintf("%s was %s and is %s", id, told, is))
		}
	}
	if o.Wins == 0 {
		faults = append(faults, "nobody got a car")
	}
	if len(faults) == 0 {
		return nil
	}
	return errors.Join(errFound, errors.New(fmt.Sprint(faults)))
}

func (s Seen) String() string {
	return fmt.Sprintf("%s on %s from %s to %s", s.State, s.CarID, s.First, s.Last)
}
