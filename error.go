package exodrive

import (
	"errors"
	"fmt"
	"unicode"
)

// Code says what kind of failure an Error is. Programs branch on it; it is the
// member "code" of a problem document.
type Code string

// The codes. Busy, Unavailable and TooMany may be retried, the others must not.
const (
	Invalid         Code = "invalid"         // the input is wrong as it stands
	Unauthenticated Code = "unauthenticated" // who is asking?
	Forbidden       Code = "forbidden"       // known, but not allowed
	NotFound        Code = "not_found"       // no such thing, or not public
	Conflict        Code = "conflict"        // right in itself, but not with what is stored
	DatesTaken      Code = "dates_taken"     // a conflict: somebody has days of the trip
	PriceChanged    Code = "price_changed"   // a conflict: the price is not the one that was agreed to
	QuoteExpired    Code = "quote_expired"   // a conflict: the quote is too old
	Busy            Code = "busy"            // a conflict: somebody else is changing the same thing for too long; try again
	KeyReused       Code = "key_reused"      // the idempotency key came with another body before
	Stale           Code = "stale"           // the thing was changed since it was read
	TooMany         Code = "too_many"        // a rate or a count is used up
	Unavailable     Code = "unavailable"     // a part we need is away or full; try again
	Internal        Code = "internal"        // our fault
)

// Codes is the whole vocabulary.
var Codes = []Code{
	Invalid, Unauthenticated, Forbidden, NotFound, Conflict, DatesTaken, PriceChanged, QuoteExpired, Busy, KeyReused,
	Stale, TooMany, Unavailable, Internal,
}

// Error is a failure that a person may read. Message is one or two full
// sentences: what happened and what to do. Field names the wrong input as a
// JSON pointer ("/startDate") or a parameter name, or is empty. The cause is for
// operators only and never reaches a caller.
type Error struct {
	Code    Code
	Message string
	Field   string
	Faults  []Fault // every wrong field of a checked input; empty for other errors
	Refusal *Refusal
	cause   error
}

// Refusal is what else a caller is told whose trip cannot be had as asked: the days
// that are gone and what is free instead, or the quote that holds now.
type Refusal struct {
	TakenDays    []Date        `json:"takenDays,omitempty" nullable:"false" doc:"Days of the trip that somebody has, and of its turnaround those of bookings: a day in the workshop counts as turnaround, unless the car is brought back from elsewhere."`
	Alternatives *Alternatives `json:"alternatives,omitempty"`
	NewQuote     *SignedQuote  `json:"newQuote,omitempty" doc:"What holds now."`
	Bookings     []BookingRow  `json:"bookings,omitempty" nullable:"false" doc:"For staff that blocks days: the bookings that have some of them."`
	NewChange    *SignedChange `json:"newChange,omitempty" doc:"What holds now, for a change."`
}

// Alternatives are the nearest to a trip that cannot be had, each of which can be had as
// that was asked for when the answer was made.
type Alternatives struct {
	OtherDays []TripDays `json:"otherDays" nullable:"false" doc:"The same car for as long on other days, the nearest first: those for which the rest of the trip holds."`
	OtherCars []CarCard  `json:"otherCars" nullable:"false" doc:"Cars of the same category that the same trip can be had with, at the price on their card: those where the trip begins before others. For a swap, those free on its days, at their price."`
}

// TripDays are the days of pick-up and return.
type TripDays struct {
	StartDate Date `json:"startDate"`
	EndDate   Date `json:"endDate"`
}

// Fault is one wrong field of an input.
type Fault struct {
	Field   string // JSON pointer or parameter name
	Message string // one sentence
}

// Errorf makes an Error whose message is for people.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// On returns the error with the name of the field it is about.
func (e *Error) On(field string) *Error {
	c := *e
	c.Field = field
	return &c
}

// Instead returns the error with what can be had instead.
func (e *Error) Instead(r Refusal) *Error {
	c := *e
	c.Refusal = &r
	return &c
}

// Because returns the error with the operator's chain behind it.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

func (e *Error) Error() string {
	if e.cause != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Message, e.cause)
	}
	return fmt.Sprintf("%s: %s", e.Code, e.Message)
}

// Unwrap returns the operator's chain.
func (e *Error) Unwrap() error { return e.cause }

// CodeOf is the code of the first Error in err's chain, Internal for any other
// error and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Internal
}

// faults collects the wrong fields of one input, so that a caller learns all of
// them at once.
type faults []Fault

func (f *faults) add(field, format string, args ...any) {
	*f = append(*f, Fault{field, fmt.Sprintf(format, args...)})
}

func (f *faults) check(ok bool, field, format string, args ...any) {
	if !ok {
		f.add(field, format, args...)
	}
}

// err is nil without faults, else an invalid Error that carries them all.
func (f faults) err() error {
	switch len(f) {
	case 0:
		return nil
	case 1:
		return &Error{Code: Invalid, Message: f[0].Message, Field: f[0].Field, Faults: f}
	default:
		return &Error{Code: Invalid, Message: fmt.Sprintf("%d values are wrong; errors lists each of them.", len(f)), Faults: f}
	}
}

// isName tells whether a text can name something: it shows at least one letter,
// digit or sign, and holds no control or direction character.
func isName(s string) bool {
	shows := false
	for _, r := range s {
		if unicode.Is(unicode.C, r) {
			return false
		}
		shows = shows || unicode.IsGraphic(r) && !unicode.IsSpace(r)
	}
	return shows
}
