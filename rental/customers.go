package rental

import (
	"context"

	"github.com/exodrive/exodrive"
)

// Customers is a page of the customers that staff asks for, the newest first, and their
// number.
func (s *Service) Customers(ctx context.Context, who exodrive.Actor, ask exodrive.CustomerQuery, page exodrive.PageQuery) ([]exodrive.CustomerRow, int, error) {
	if err := who.May(exodrive.ScopeRead); err != nil {
		return nil, 0, err
	}
	return s.store.Customers(ctx, ask, page)
}

// CustomerView is a customer with a page of the customer's bookings.
type CustomerView struct {
	exodrive.CustomerRow
	History    []exodrive.BookingRow `json:"history" nullable:"false" doc:"The latest pick-up first."`
	Pagination exodrive.Pagination   `json:"pagination" doc:"Of the history."`
}

// Customer is one customer with a page of the bookings, the latest pick-up first.
func (s *Service) Customer(ctx context.Context, who exodrive.Actor, id string, page exodrive.PageQuery) (*CustomerView, error) {
	if err := who.May(exodrive.ScopeRead); err != nil {
		return nil, err
	}
	c, err := s.store.Customer(ctx, id)
	if err != nil {
		return nil, err
	}
	rows, total, err := s.store.Bookings(ctx, exodrive.BookingQuery{CustomerID: id}, page)
	return &CustomerView{*c, rows, exodrive.NewPagination(page.Page, page.Limit, total)}, err
}
