package rental

import (
	"context"

	"github.com/exodrive/exodrive"
)

// BookingRecord is a booking as staff sees it: what its renter sees, and everything that
// happened to it.
type BookingRecord struct {
	BookingView
	CustomerID string               `json:"customerId" example:"cus_01kas0f3m2x7h9tq"`
	Readings   []exodrive.Reading   `json:"readings" nullable:"false" doc:"What was read off the car when it left and when it was back."`
	Moves      []exodrive.MoneyMove `json:"moves" nullable:"false" doc:"The moves of its money, the first first."`
	Events     []exodrive.Happened  `json:"events" nullable:"false" doc:"What happened to it, the first first."`
	Change     *exodrive.Change     `json:"change,omitempty" doc:"Of a dry run: what the change would make of the booking, which is as it was."`
}

// BookingRecord is a booking by its id, for staff. Who may only read gets none of the
// links with which its renter acts, and not the birth date of its driver.
func (s *Service) BookingRecord(ctx context.Context, who exodrive.Actor, id string) (*BookingRecord, error) {
	if err := who.May(exodrive.ScopeRead); err != nil {
		return nil, err
	}
	b, err := s.store.Booking(ctx, id)
	if err != nil {
		return nil, err
	}
	r, err := s.record(ctx, b)
	if err == nil && who.May(exodrive.ScopeBook) != nil {
		r.Token, r.ReviewToken, r.Trip.DriverBirthDate = "", "", 0
	}
	return r, err
}

// record reads all that staff sees of a booking, with charges that are not stored.
func (s *Service) record(ctx context.Context, b *exodrive.Booking, planned ...exodrive.Charge) (*BookingRecord, error) {
	money, err := s.store.MoneyOf(ctx, b)
	if err != nil {
		return nil, err
	}
	money.Charges = append(money.Charges, planned...)
	view, err := s.viewWith(ctx, b, money)
	if err != nil {
		return nil, err
	}
	r := &BookingRecord{BookingView: *view, CustomerID: b.CustomerID, Moves: money.Moves}
	if r.Readings, err = s.store.Readings(ctx, b.ID); err != nil {
		return nil, err
	}
	r.Events, err = s.store.Events(ctx, b.ID)
	return r, err
}
