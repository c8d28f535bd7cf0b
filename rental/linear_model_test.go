package rental_test

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/exodrive/exodrive"
)

// Cars and days that are fought over, and most bookings of one history.
const (
	foughtCars   = 2
	foughtDays   = 12
	mostBookings = 200
)

// deed is what somebody wants done, and outcome what became of it as he was told.
type deed struct {
	kind   string // book, confirm, cancel, swap, change, expire, block, unblock, look, open
	who    int    // number of the booking; looks and the workshop have none
	car    int    // of book, swap, block, unblock and look
	days   dayset // of book, change, block and unblock
	behind dayset // of book and change: those until the car may be taken again

	label string // nobody else's
}

// ends tells whether who does a deed first ends the holds that are over, that of the
// booking itself too: a deed that is then refused has ended none.
func (d deed) ends() bool { return d.kind == "swap" || d.kind == "change" }

type outcome struct {
	kind  string // done, taken (days are somebody's), late (the state does not allow it), same (it is so already), nothing; unknown until all is over
	taken dayset // of taken, and of look
	is    rented // of open
	freed int    // of unblock: how many days are free; -1 if nobody heard of it
	ended int64  // when it was told
}

// dayset has a bit for each day that is fought over.
type dayset uint32

func dayRange(first, until int) dayset { return 1<<until - 1<<first }

// rented is what the model knows of one booking.
type rented struct {
	state        exodrive.BookingState
	car          int
	days, behind dayset // behind are turnaround
}

// book is the model: the bookings in the order of their numbers, and the days that the
// workshop has of each car. Which days of a car are whose follows from them.
type book struct {
	of   [mostBookings]rented
	shop [foughtCars]dayset
}

// rentedOut are the days of a car that bookings have, without one: rental days, and those
// behind.
func (b *book) rentedOut(car, but int) (days, behind dayset) {
	for i, one := range b.of {
		if i != but && one.car == car && one.state.Occupies() {
			days, behind = days|one.days, behind|one.behind
		}
	}
	return days, behind
}

// taken are the days of a car, of those of a rental and those behind it, that are in its
// way: what a booking has, and of the rental's own what the workshop has. What both have is
// turnaround, and the workshop's.
func (b *book) taken(car int, days, behind dayset, but int) dayset {
	rented, turnaround := b.rentedOut(car, but)
	return (rented|turnaround&^b.shop[car])&(days|behind) | b.shop[car]&days
}

// hit are the days of a car that the workshop cannot have.
func (b *book) hit(car int, days dayset) dayset {
	rented, _ := b.rentedOut(car, -1)
	return (rented | b.shop[car]) & days
}

// refuses tells whether a deed can have been refused with the answer that some days of a
// car are taken; days are those that it does not share with the workshop. A hold that is over
// counts for as much as the house likes: who wants its days ends it first, and takes that
// back when the days are refused for another's sake.
func (b *book) refuses(taken dayset, car int, days dayset, o outcome, heldFor int64, begun []int64) bool {
	if o.taken == 0 {
		return taken != 0 // a refusal of the database, which names no days
	}
	for i, one := range b.of {
		if one.state == exodrive.Held && begun[i]+heldFor <= o.ended && one.car == car {
			taken &^= (one.days | one.behind) &^ o.taken &^ (b.shop[car] & days)
		}
	}
	return taken == o.taken
}

// bookingModel says what one desk with one clerk would answer: everything is done at one
// instant between question and answer, one thing after the other. begun is when each
// booking was asked for, and heldFor how long a hold lasts.
//
// A deed whose answer was lost and that was done has no end. Ending a hold is a deed of the
// house, known from the events of the booking.
func bookingModel(begun []int64, heldFor time.Duration) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return book{} },
		Step: func(state, input, output any) (bool, any) {
			now, d, o := state.(book), input.(deed), output.(outcome)
			refused := func(taken dayset, car int, days dayset) bool {
				return now.refuses(taken, car, days, o, int64(heldFor), begun)
			}
			over := func(who int) bool {
				return now.of[who].state == exodrive.Held && begun[who]+int64(heldFor) <= o.ended
			}
			ok := now.step(d, o, refused, over)
			return ok, now
		},
		DescribeOperation: func(input, output any) string { return fmt.Sprintf("%v -> %v", input, output) },
	}
}

// step does a deed, and tells whether it can have had that outcome. over tells whether the
// hold of a booking may have been over.
func (b *book) step(d deed, o outcome, refused func(taken dayset, car int, days dayset) bool, over func(who int) bool) bool {
	switch {
	case d.kind == "look":
		return b.taken(d.car, dayRange(0, foughtDays), 0, -1) == o.taken
	case d.kind == "open":
		return b.of[d.who] == o.is
	case o.kind == "nothing":
		return true
	case d.kind == "block" && o.kind == "taken":
		return refused(b.hit(d.car, d.days), d.car, d.days)
	case d.kind == "block" && o.kind == "done":
		free := b.hit(d.car, d.days) == 0
		b.shop[d.car] |= d.days
		return free
	case d.kind == "unblock" && o.kind == "done": // what is turnaround of a booking is not free
		_, turnaround := b.rentedOut(d.car, -1)
		freed := b.shop[d.car] & d.days &^ turnaround
		b.shop[d.car] &^= d.days
		return o.freed < 0 || o.freed == bits.OnesCount32(uint32(freed))
	case d.kind == "block" || d.kind == "unblock":
		return false
	}
	before := b.of[d.who]
	after, possible := before.after(d)
	taken := b.taken(after.car, after.days, after.behind, d.who)
	switch o.kind {
	case "done":
		b.of[d.who] = after
		return possible && (taken == 0 || !after.state.Occupies())
	case "taken":
		return possible && refused(taken, after.car, after.days)
	case "late":
		return !possible || d.ends() && over(d.who)
	case "same":
		return possible && after == before
	}
	return false
}

// after is what a deed makes of a booking if it is possible and the days are free.
func (b rented) after(d deed) (rented, bool) {
	switch d.kind {
	case "book":
		return rented{exodrive.Held, d.car, d.days, d.behind}, b.state == ""
	case "swap":
		b.car = d.car
	case "change":
		b.days, b.behind = d.days, d.behind
	}
	next, ok := modelTable[b.state][d.kind]
	if !ok {
		return b, false
	}
	b.state = next
	return b, true
}

// modelTable is written out here once more, so that a mistake in the product's own table
// is not its own measure.
var modelTable = map[exodrive.BookingState]map[string]exodrive.BookingState{
	exodrive.Held: {"confirm": exodrive.Confirmed, "cancel": exodrive.Cancelled, "expire": exodrive.Expired,
		"swap": exodrive.Held, "change": exodrive.Held},
	exodrive.Confirmed: {"cancel": exodrive.Cancelled, "swap": exodrive.Confirmed, "change": exodrive.Confirmed},
	exodrive.Expired:   {"confirm": exodrive.Confirmed},
}

func (d dayset) String() string {
	if d == 0 {
		return "no days"
	}
	return fmt.Sprintf("days %d to %d (%d)", bits.TrailingZeros32(uint32(d)), 31-bits.LeadingZeros32(uint32(d)), bits.OnesCount32(uint32(d)))
}

// told writes a history as a story, in the order of the questions.
func told(history []porcupine.Operation) string {
	var text strings.Builder
	for _, o := range slices.SortedFunc(slices.Values(history), func(a, b porcupine.Operation) int { return cmp.Compare(a.Call, b.Call) }) {
		fmt.Fprintf(&text, "%9.3f to %9.3f ms: client %d: %+v: %+v\n", float64(o.Call)/1e6, float64(o.Return)/1e6, o.ClientId, o.Input, o.Output)
	}
	return text.String()
}
