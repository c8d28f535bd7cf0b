package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/exodrive/exodrive"
)

// Customers is a page of the customers that staff asks for, the newest first, and
// their number.
func (q queries) Customers(ctx context.Context, ask exodrive.CustomerQuery, page exodrive.PageQuery) ([]exodrive.CustomerRow, int, error) {
	total := 0
	count := customersWhere(`SELECT COUNT(*) FROM customers c WHERE TRUE`, ask)
	if err := q.row(ctx, count.text.String(), count.args...).scan(&total); err != nil {
		return nil, 0, err
	}
	s := customersWhere(`SELECT `+customerColumns+` FROM customers c WHERE TRUE`, ask)
	s.add(` ORDER BY c.created_at DESC, c.id DESC LIMIT ? OFFSET ?`, page.Limit, (page.Page-1)*page.Limit)
	rows, err := collect(ctx, q, scanCustomerRow, s.text.String(), s.args...)
	return rows, total, err
}

func customersWhere(text string, ask exodrive.CustomerQuery) *statement {
	s := new(statement).add(text)
	if ask.Search != "" {
		e := personFound("c", ask.Search)
		s.add(` AND `+e.text, e.args...)
	}
	return s
}

const customerColumns = `c.id, c.first_name, c.last_name, c.email, c.phone, c.created_at,
	(SELECT COUNT(*) FROM bookings b WHERE b.customer_id = c.id), (SELECT MAX(b.created_at) FROM bookings b WHERE b.customer_id = c.id)`

func scanCustomerRow(r scanner) (c exodrive.CustomerRow, err error) {
	var last sql.NullInt64
	err = r.Scan(&c.ID, &c.FirstName, &c.LastName, &c.Email, &c.Phone, instant{&c.CreatedAt}, &c.Bookings, &last)
	if last.Valid {
		at := time.UnixMilli(last.Int64).UTC()
		c.LastBooked = &at
	}
	return c, err
}

// Customer is one customer.
func (q queries) Customer(ctx context.Context, id string) (*exodrive.CustomerRow, error) {
	list, err := collect(ctx, q, scanCustomerRow, sqlCustomer, id)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, exodrive.Errorf(exodrive.NotFound, "There is no such customer.")
	}
	return &list[0], nil
}

const sqlCustomer = `SELECT ` + customerColumns + ` FROM customers c WHERE c.id = $1`
