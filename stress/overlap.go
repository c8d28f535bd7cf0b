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
}

// Overlap is how many renters fight over how many cars, and for how long.
type Overlap struct {
	Desks   []Desk // each renter uses one of them
	Cars    []string
	From    exodrive.Date // first day that is fought over
	Clients int
	During  time.Duration
	Seed    uint64
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
	Again                 int             // a call sent again with its key was answered by the same booking
	Faults                []string        // anything that is neither a booking nor a refusal
	Took                  []time.Duration // of each try to book, in order of length
	Lasted                time.Duration
	States                map[string]exodrive.BookingState // the last state each client was told, by id
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
	out := &Outcome{States: map[string]exodrive.BookingState{}}
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

// act books, mostly, and confirms or cancels what it has.
func (r *renter) act(ctx context.Context) {
	switch n := r.chance.IntN(10); {
	case n < 2 && len(r.mine) > 0:
		b := r.take()
		if got, err := r.desk.Cancel(ctx, b.Token); r.moved(got, err) {
			r.note(func() { r.out.Cancelled++ })
		}
	case n < 3 && len(r.mine) > 0:
		b := r.mine[r.chance.IntN(len(r.mine))]
		if got, err := r.desk.Confirm(ctx, b.ID); r.moved(got, err) {
			r.note(func() { r.out.Confirmed++ })
		}
	default:
		r.book(ctx)
	}
}

func (r *renter) take() *rental.BookingView {
	i := r.chance.IntN(len(r.mine))
	b := r.mine[i]
	r.mine = slices.Delete(r.mine, i, i+1)
	return b
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
			r.out.States[b.ID] = b.State
		case exodrive.CodeOf(err) == exodrive.DatesTaken, exodrive.CodeOf(err) == exodrive.Busy:
			r.out.Refusals++
		default:
			r.fault("book", err)
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
				r.fault("book again", err)
			case again.ID != b.ID:
				r.fault("book again", fmt.Errorf("%s and %s with one key", b.ID, again.ID))
			default:
				r.out.Again++
			}
		})
	}
}

// moved notes what a booking has become. That its hold has run out meanwhile, or that
// somebody took its days since, is no fault.
func (r *renter) moved(b *rental.BookingView, err error) bool {
	code := exodrive.CodeOf(err)
	r.note(func() {
		switch {
		case err == nil:
			r.out.States[b.ID] = b.State
		case code != exodrive.Conflict && code != exodrive.DatesTaken && code != exodrive.Busy:
			r.fault("move", err)
		}
	})
	return err == nil
}

// mostFaults are kept; one is enough to fail.
const mostFaults = 20

// fault is called under the lock.
func (r *renter) fault(what string, err error) {
	if len(r.out.Faults) < mostFaults {
		r.out.Faults = append(r.out.Faults, what+": "+err.Error())
	}
}

// errFound is the end of a run that found something.
var errFound = errors.New("the promise is broken; see above")

// Judge compares what the renters were told with what the database holds: every booking
// they made is there, in a state that can follow the last one they heard of.
func (o *Outcome) Judge(state func(id string) (exodrive.BookingState, error), disagreements []string) error {
	faults := append(slices.Clone(o.Faults), disagreements...)
	for id, told := range o.States {
		now, err := state(id)
		switch {
		case err != nil:
			faults = append(faults, fmt.Sprintf("%s, which was %s, is lost: %v", id, told, err))
		case now != told && (told != exodrive.Held || now != exodrive.Expired):
			faults = append(faults, fmt.Sprintf("%s was %s and is %s", id, told, now))
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
