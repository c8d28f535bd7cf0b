package exodrive

import (
	"fmt"
	"strings"
)

// BookingEvent is what happens to a booking.
type BookingEvent string

// What happens to a booking after it was made.
const (
	ConfirmBooking  BookingEvent = "confirm"   // agreed: by staff, or because it is paid
	ChangeBooking   BookingEvent = "change"    // other days, times, places or extras
	SwapCar         BookingEvent = "swap"      // another car for the same trip
	HandOver        BookingEvent = "hand_over" // the renter drives off
	TakeBack        BookingEvent = "take_back" // the car is back
	CompleteBooking BookingEvent = "complete"  // checked and settled
	ExpireHold      BookingEvent = "expire"    // nobody confirmed it in time
	CancelBooking   BookingEvent = "cancel"
	MissPickup      BookingEvent = "no_show" // the renter never came
)

// BookingEvents is the whole vocabulary.
var BookingEvents = []BookingEvent{
	ConfirmBooking, ChangeBooking, SwapCar, HandOver, TakeBack, CompleteBooking, ExpireHold, CancelBooking, MissPickup,
}

// bookingTable is the one place that says which event leads from which state to
// which. What is not in it is refused. An expired hold can still be confirmed, by a
// payment that came late or by staff, if its days can be taken again.
var bookingTable = transitions[BookingState, BookingEvent]{
	Held:      {ConfirmBooking: Confirmed, ChangeBooking: Held, SwapCar: Held, ExpireHold: Expired, CancelBooking: Cancelled},
	Confirmed: {ChangeBooking: Confirmed, SwapCar: Confirmed, HandOver: Active, CancelBooking: Cancelled, MissPickup: NoShow},
	Active:    {ChangeBooking: Active, SwapCar: Active, TakeBack: Returned},
	Returned:  {CompleteBooking: Completed},
	Expired:   {ConfirmBooking: Confirmed},
}

// done says in words what an event would have made of a booking.
var done = map[BookingEvent]string{
	ConfirmBooking: "confirmed", ChangeBooking: "changed", SwapCar: "moved to another car", HandOver: "handed over",
	TakeBack: "taken back", CompleteBooking: "completed", ExpireHold: "expired", CancelBooking: "cancelled", MissPickup: "a no-show",
}

// called says in words where a booking stands.
var called = map[BookingState]string{
	Held: "held", Confirmed: "confirmed", Active: "under way", Returned: "back", Completed: "completed",
	Expired: "expired", Cancelled: "cancelled", NoShow: "a no-show",
}

// After is the state that follows an event, or a conflict that says why there is
// none.
func (s BookingState) After(e BookingEvent) (BookingState, error) {
	next, ok := bookingTable[s][e]
	if !ok && called[s] == done[e] {
		return s, Errorf(Conflict, "This booking is %s already; nothing was done.", called[s])
	}
	if !ok {
		return s, Errorf(Conflict, "This booking is %s, so it cannot be %s.", called[s], done[e])
	}
	return next, nil
}

// transitions is a table of states and events.
type transitions[S, E ~string] map[S]map[E]S

// MoneyEvent is what moves money, or promises to.
type MoneyEvent string

// What happens to the money of a booking. Amounts are always positive; the event
// says which way they go.
const (
	MoneyAsked     MoneyEvent = "ask"      // an order was made, nobody has approved it
	MoneyHeld      MoneyEvent = "hold"     // authorised: promised, not moved
	MoneyCaptured  MoneyEvent = "capture"  // what was held is ours, or a part of it
	MoneyReleased  MoneyEvent = "release"  // what was held is the renter's again
	MoneyCharged   MoneyEvent = "charge"   // paid at once, as over the counter
	MoneyRefunded  MoneyEvent = "refund"   // all of it went back; of a deposit, the last that was ours of it
	MoneyPartly    MoneyEvent = "part"     // a part of it went back
	MoneyRefused   MoneyEvent = "refuse"   // the provider or the bank said no
	MoneyScheduled MoneyEvent = "schedule" // a deposit that will be held later
)

// MoneyEvents is the whole vocabulary.
var MoneyEvents = []MoneyEvent{
	MoneyAsked, MoneyHeld, MoneyCaptured, MoneyReleased, MoneyCharged, MoneyRefunded, MoneyPartly, MoneyRefused, MoneyScheduled,
}

// PaymentState is where the payment of a booking stands. It is never stored: it
// follows from the moves of money.
type PaymentState string

// The states of a payment.
const (
	Unpaid            PaymentState = "none"
	PaymentCreated    PaymentState = "created"
	PaymentAuthorized PaymentState = "authorized"
	PaymentCaptured   PaymentState = "captured"
	PartiallyRefunded PaymentState = "partially_refunded"
	PaymentRefunded   PaymentState = "refunded"
	PaymentVoided     PaymentState = "voided"
	PaymentFailed     PaymentState = "failed"
)

// PaymentStates is the whole vocabulary.
var PaymentStates = []PaymentState{
	Unpaid, PaymentCreated, PaymentAuthorized, PaymentCaptured, PartiallyRefunded, PaymentRefunded, PaymentVoided, PaymentFailed,
}

var paymentTable = transitions[PaymentState, MoneyEvent]{
	Unpaid:            {MoneyAsked: PaymentCreated, MoneyCharged: PaymentCaptured},
	PaymentCreated:    {MoneyAsked: PaymentCreated, MoneyHeld: PaymentAuthorized, MoneyCharged: PaymentCaptured, MoneyRefused: PaymentFailed, MoneyReleased: PaymentVoided},
	PaymentAuthorized: {MoneyCaptured: PaymentCaptured, MoneyReleased: PaymentVoided, MoneyRefused: PaymentFailed},
	PaymentCaptured:   {MoneyCharged: PaymentCaptured, MoneyPartly: PartiallyRefunded, MoneyRefunded: PaymentRefunded},
	PartiallyRefunded: {MoneyCharged: PartiallyRefunded, MoneyPartly: PartiallyRefunded, MoneyRefunded: PaymentRefunded},
	PaymentRefunded:   {MoneyCharged: PaymentCaptured},
	PaymentVoided:     {MoneyAsked: PaymentCreated, MoneyCharged: PaymentCaptured},
	PaymentFailed:     {MoneyAsked: PaymentCreated, MoneyCharged: PaymentCaptured},
}

// After is the state that follows a move of money, or a conflict.
func (s PaymentState) After(e MoneyEvent) (PaymentState, error) {
	return paymentTable.after("payment", s, e)
}

// DepositState is where the deposit of a booking stands; it follows from the moves
// of its money.
type DepositState string

// The states of a deposit.
const (
	NoDeposit         DepositState = "none"
	DepositScheduled  DepositState = "scheduled"
	DepositAuthorized DepositState = "authorized"
	DepositPartlyKept DepositState = "partly_captured"
	DepositReleased   DepositState = "released"
	DepositFailed     DepositState = "failed"
)

// DepositStates is the whole vocabulary.
var DepositStates = []DepositState{NoDeposit, DepositScheduled, DepositAuthorized, DepositPartlyKept, DepositReleased, DepositFailed}

// A deposit can be held in several goes, as when a change made it higher: each is an
// authorisation of its own. What is held can be kept in parts, as long as something is
// left: providers capture an authorisation more than once, unless one capture is said to
// be the last. What was kept can go back, also after the rest was released.
var depositTable = transitions[DepositState, MoneyEvent]{
	NoDeposit:         {MoneyScheduled: DepositScheduled, MoneyHeld: DepositAuthorized},
	DepositScheduled:  {MoneyAsked: DepositScheduled, MoneyHeld: DepositAuthorized, MoneyRefused: DepositFailed, MoneyReleased: DepositReleased},
	DepositAuthorized: {MoneyHeld: DepositAuthorized, MoneyCaptured: DepositPartlyKept, MoneyReleased: DepositReleased, MoneyRefused: DepositFailed},
	DepositPartlyKept: {MoneyHeld: DepositPartlyKept, MoneyCaptured: DepositPartlyKept, MoneyReleased: DepositReleased, MoneyRefunded: DepositReleased, MoneyPartly: DepositPartlyKept},
	DepositReleased:   {MoneyHeld: DepositAuthorized, MoneyRefunded: DepositReleased, MoneyPartly: DepositReleased},
	DepositFailed:     {MoneyScheduled: DepositScheduled, MoneyHeld: DepositAuthorized},
}

// After is the state that follows a move of money, or a conflict.
func (s DepositState) After(e MoneyEvent) (DepositState, error) {
	return depositTable.after("deposit", s, e)
}

func (t transitions[S, E]) after(what string, s S, e E) (S, error) {
	next, ok := t[s][e]
	if !ok {
		return s, Errorf(Conflict, "The %s of this booking is %s; %q is not possible now.", what, s, e)
	}
	return next, nil
}

// StateTables prints the tables: a line for each state, with what every event makes
// of it. It is kept as a golden file, so that a change of the rules is seen.
func StateTables() string {
	return printTable("booking", BookingStates, BookingEvents, bookingTable, func(s BookingState) string {
		if s.Occupies() {
			return "takes its days"
		}
		return ""
	}) + "\n" +
		printTable("payment", PaymentStates, MoneyEvents, paymentTable, nil) + "\n" +
		printTable("deposit", DepositStates, MoneyEvents, depositTable, nil)
}

func printTable[S, E ~string](name string, states []S, events []E, table transitions[S, E], note func(S) string) string {
	text := fmt.Sprintf("%-18s", name)
	for _, e := range events {
		text += fmt.Sprintf(" | %-18s", e)
	}
	text = strings.TrimRight(text, " ") + "\n"
	for _, s := range states {
		text += fmt.Sprintf("%-18s", s)
		for _, e := range events {
			text += fmt.Sprintf(" | %-18s", table[s][e])
		}
		if note != nil && note(s) != "" {
			text += " | " + note(s)
		}
		text = strings.TrimRight(text, " ") + "\n"
	}
	return text
}
