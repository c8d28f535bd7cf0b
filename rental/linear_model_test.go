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
	kind string // book, confirm, cancel, swap, change, expire, look, open
	who  int    // number of the booking; looks have none
	car  int    // of book, swap and look
	days dayset // of book and change: the rental's days and those until the car may be taken again

	label string // nobody else's
}

// ends tells whether who does a deed first ends the holds that are over, that of the
// booking itself too: a deed that is then refused has ended none.
func (d deed) ends() bool { return d.kind == "swap" || d.kind == "change" }

type outcome struct {
	kind  string // done, taken (days are somebody's), late (the state does not allow it), same (it is so already), nothing; unknown until all is over
	taken dayset // of taken, and of look
	is    rented // of open
	ended int64  // when it was told
}

// dayset has a bit for each day that is fought over.
type dayset uint32

func dayRange(first, until int) dayset { return 1<<until - 1<<first }

// rented is what the model knows of one booking.
type rented struct {
	state exodrive.BookingState
	car   int
	days  dayset
}

// book is the model: the bookings in the order of their numbers. Which days of a car are
// whose follows from them.
type book [mostBookings]rented

// taken are the days of a car among some that are somebody's, without one booking.
func (b *book) taken(car int, among dayset, but int) (taken dayset) {
	for i, one := range b {
		if i != but && one.car == car && one.state.Occupies() {
			taken |= one.days & among
		}
	}
	return taken
}

// refuses tells whether days can have been refused with the answer that some of them are
// taken. A hold that is over counts for as much as the house likes: who wants its days
// ends it first, and takes that back when the days are refused for another's sake.
func (b *book) refuses(car int, days dayset, but int, o outcome, heldFor int64, begun []int64) bool {
	taken := b.taken(car, days, but)
	if o.taken == 0 {
		return taken != 0 // a refusal of the database, which names no days
	}
	for i, one := range b {
		if one.state == exodrive.Held && begun[i]+heldFor <= o.ended && one.car == car {
			taken &^= one.days &^ o.taken
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
			refused := func(car int, days dayset, but int) bool { return now.refuses(car, days, but, o, int64(heldFor), begun) }
			over := func(who int) bool {
				return now[who].state == exodrive.Held && begun[who]+int64(heldFor) <= o.ended
			}
			ok := now.step(d, o, refused, over)
			return ok, now
		},
		DescribeOperation: func(input, output any) string { return fmt.Sprintf("%v -> %v", input, output) },
	}
}

// step does a deed, and tells whether it can have had that outcome. over tells whether the
// hold of a booking may have been over.
func (b *book) step(d deed, o outcome, refused func(car int, days dayset, but int) bool, over func(who int) bool) bool {
	switch {
	case d.kind == "look":
		return b.taken(d.car, dayRange(0, foughtDays), -1) == o.taken
	case d.kind == "open":
		return b[d.who] == o.is
	case o.kind == "nothing":
		return true
	}
	before := b[d.who]
	after, possible := before.after(d)
	free := !after.state.Occupies() || b.taken(after.car, after.days, d.who) == 0
	switch o.kind {
	case "done":
		b[d.who] = after
		return possible && free
	case "taken":
		return possible && refused(after.car, after.days, d.who)
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
		return rented{exodrive.Held, d.car, d.days}, b.state == ""
	case "swap":
		b.car = d.car
	case "change":
		b.days = d.days
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
