package exodrive

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// BookingQuery is what staff asks a list of bookings for; what is empty picks nothing
// out.
type BookingQuery struct {
	State BookingState
	CarID string
	Email string // of the customer, in lower case
	From  Date   // with a rental day on this day or later
	To    Date   // with a rental day on this day or earlier
}

// ParseBookingQuery reads it from the parameters of an address. A value that is none is
// an invalid error that names its parameter.
func ParseBookingQuery(v url.Values) (BookingQuery, error) {
	p := params{values: v}
	q := BookingQuery{State: BookingState(p.get("state")), CarID: p.get("carId"), Email: strings.ToLower(p.get("email")), From: p.date("startDate"), To: p.date("endDate")}
	p.faults.check(q.State == "" || slices.Contains(BookingStates, q.State), "state", "state is one of %s.", join(BookingStates))
	p.faults.check(q.CarID == "" || IsID(CarID, q.CarID), "carId", "carId is an id such as car_01kas0f3m2x7h9tq.")
	p.faults.check(q.From == 0 || q.To == 0 || q.From <= q.To, "endDate", "endDate comes before startDate.")
	return q, p.faults.err()
}

// BookingRow is a booking in a list of staff's.
type BookingRow struct {
	ID        string       `json:"id" example:"bkg_01kas0f3m2x7h9tq"`
	State     BookingState `json:"state"`
	HoldUntil *time.Time   `json:"holdUntil,omitempty"`
	CarID     string       `json:"carId"`
	CarName   string       `json:"carName"`
	Customer  Contact      `json:"customer"`
	FirstDay  Date         `json:"firstDay"`
	LastDay   Date         `json:"lastDay" doc:"Included."`
	PickupAt  string       `json:"pickupAt" doc:"Wall clock of the place." example:"2027-05-01T10:00"`
	ReturnAt  string       `json:"returnAt" doc:"Wall clock of the place." example:"2027-05-05T10:00"`
	Total     Money        `json:"total"`
	Version   int64        `json:"version"`
	CreatedAt time.Time    `json:"createdAt"`
}
