package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/rental"
)

func (a *api) adminListCustomers(ctx context.Context, in *parameters) (*answer[list[exodrive.CustomerRow]], error) {
	ask, err := exodrive.ParseCustomerQuery(in.values)
	if err != nil {
		return nil, err
	}
	return readPage(a, in, func(p exodrive.PageQuery) ([]exodrive.CustomerRow, int, error) {
		return a.Rental.Customers(ctx, actorOf(ctx), ask, p)
	})
}

type customerID struct {
	ID string `path:"customerId" doc:"Id of the customer." example:"cus_01kas0f3m2x7h9tq"`
	parameters
}

func (a *api) adminReadCustomer(ctx context.Context, in *customerID) (*answer[rental.CustomerView], error) {
	page, err := exodrive.ParsePageQuery(in.values, a.Rental.Limits(), defaultAdminPage)
	if err != nil {
		return nil, err
	}
	return answerOf(a.Rental.Customer(ctx, actorOf(ctx), in.ID, page))
}

// personSearch describes the search for a person.
func personSearch(what string) *huma.Param {
	return query("search", "Only "+what+" with this in the id, the name, the e-mail address or the phone number, in any case.", text(100), "keller")
}
