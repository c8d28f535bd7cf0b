package exodrive

import (
	"encoding/json"
	"net/url"
	"strings"
	"time"
)

// BookingQuery is what staff asks a list of bookings for; what is empty picks nothing
// out.
type BookingQuery struct {
	States     []BookingState
	CarID      string // or slug, until a use-case has looked it up
	CustomerID string
	Email      string // of the customer, in lower case
	From       Date   // with a rental day on this day or later
	To         Date   // with a rental day on this day or earlier
	Search     string // a part of id, name, e-mail address or phone number, in any case
}

// ParseBookingQuery reads it from the parameters of an address. A value that is none is
// an invalid error that names its parameter.
func ParseBookingQuery(v url.Values) (BookingQuery, error) {
	p := params{values: v}
	q := BookingQuery{
		States: list(&p, "state", oneOf(BookingStates)), CarID: p.get("carId"), CustomerID: p.get("customerId"), Email: strings.ToLower(p.get("email")),
		From: p.date("startDate"), To: p.date("endDate"), Search: p.phrase("search"),
	}
	p.faults.check(q.CarID == "" || IsCarRef(q.CarID), "carId", "carId is an id or a slug, such as car_01kas0f3m2x7h9tq or ferrari-296-gtb.")
	p.faults.check(q.CustomerID == "" || IsID(CustomerID, q.CustomerID), "customerId", "customerId is an id such as cus_01kas0f3m2x7h9tq.")
	p.faults.check(q.Email == "" || isEmail(q.Email), "email", "email is an address such as maria@example.com; search finds parts of one.")
	p.faults.check(q.From == 0 || q.To == 0 || q.From <= q.To, "endDate", "endDate comes before startDate.")
	return q, p.faults.err()
}

// CustomerQuery is what staff asks a list of customers for.
type CustomerQuery struct {
	Search string // a part of id, name, e-mail address or phone number, in any case
}

// ParseCustomerQuery reads it from the parameters of an address. A value that is none
// is an invalid error that names its parameter.
func ParseCustomerQuery(v url.Values) (CustomerQuery, error) {
	p := params{values: v}
	q := CustomerQuery{p.phrase("search")}
	return q, p.faults.err()
}

// CustomerRow is a customer in a list of staff's: as the first booking gave the name
// and number, for a booking changes no customer who is there, but keeps its own.
type CustomerRow struct {
	ID string `json:"id" example:"cus_01kas0f3m2x7h9tq"`
	Contact
	CreatedAt  time.Time  `json:"createdAt"`
	Bookings   int        `json:"bookings" doc:"In whatever state."`
	LastBooked *time.Time `json:"lastBooked,omitempty" doc:"When the last of them was made."`
}

// BookingRow is a booking in a list of staff's.
type BookingRow struct {
	ID         string       `json:"id" example:"bkg_01kas0f3m2x7h9tq"`
	State      BookingState `json:"state"`
	HoldUntil  *time.Time   `json:"holdUntil,omitempty"`
	CarID      string       `json:"carId"`
	CarName    string       `json:"carName"`
	CustomerID string       `json:"customerId"`
	Customer   Contact      `json:"customer" doc:"As given with this booking."`
	FirstDay   Date         `json:"firstDay" doc:"First rental day: the day it was handed over, if that was earlier than agreed."`
	LastDay    Date         `json:"lastDay" doc:"Last rental day, included: the day it came back, if that was earlier than agreed."`
	Days       int          `json:"days" doc:"Rental days that are paid for."`
	PickupAt   string       `json:"pickupAt" doc:"As agreed, wall clock of the place." example:"2027-05-01T10:00"`
	ReturnAt   string       `json:"returnAt" doc:"As agreed, wall clock of the place." example:"2027-05-05T10:00"`
	Pickup     PlaceRef     `json:"pickupLocation"`
	Return     PlaceRef     `json:"returnLocation"`
	Total      Money        `json:"total"`
	Version    int64        `json:"version"`
	CreatedAt  time.Time    `json:"createdAt"`
}

// ExportedBooking is a booking in an export, with where its money stands.
type ExportedBooking struct {
	BookingRow
	Account *Account
}

// Happened is something that happened to a booking, as staff sees it.
type Happened struct {
	ID        string          `json:"id" example:"evt_01kas0f3m2x7h9tq"`
	At        time.Time       `json:"at"`
	Event     string          `json:"event" example:"confirm"`
	By        string          `json:"by"`
	Reason    string          `json:"reason,omitempty"`
	RequestID string          `json:"requestId,omitempty"`
	Before    json.RawMessage `json:"before"`
	After     json.RawMessage `json:"after"`
}
