package web

import (
	"context"
	"net/url"
	"strconv"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/rental"
)

// stay is the days that a visitor has in mind for a car, and what they cost.
type stay struct {
	Start, End field
	Days       exodrive.Days   // empty: none, or none that can be
	Price      *exodrive.Price // nil: the car cannot be had for them, or it is not known
	Taken      bool            // it cannot be had for them
	Away       bool            // the price cannot be told just now
}

// stayParams are the parameters of an address that say days.
var stayParams = []string{"startDate", "endDate"}

// askedStay reads the days of a car's address.
func askedStay(values url.Values, l exodrive.Limits) stay {
	asked := url.Values{}
	for _, name := range stayParams {
		if value := values.Get(name); value != "" {
			asked.Set(name, value)
		}
	}
	typed := typedIn(asked)
	ask, err := exodrive.ParseCarQuery(typed, l)
	faults := sentences(faultsOf(err), typed, ask, l)
	s := stay{
		Start: field{Name: "startDate", Label: "Pick-up", Value: typed.Get("startDate"), Fault: faults["startDate"]},
		End:   field{Name: "endDate", Label: "Return", Value: typed.Get("endDate"), Fault: faults["endDate"]},
	}
	if err == nil {
		s.Days = ask.Dates()
	}
	return s
}

// refused takes the days back if err says that no car can be had for them; any other
// error it returns.
func (s *stay) refused(err error, l exodrive.Limits) error {
	if exodrive.CodeOf(err) != exodrive.Invalid {
		return err
	}
	typed := url.Values{"startDate": {s.Start.Value}, "endDate": {s.End.Value}}
	faults := sentences(faultsOf(err), typed, exodrive.CarQuery{Start: s.Days.Start, End: s.Days.End}, l)
	s.Start.Fault, s.End.Fault, s.Days = faults["startDate"], faults["endDate"], exodrive.Days{}
	return nil
}

// Wrong tells whether the days are none.
func (s *stay) Wrong() bool { return s.Start.Fault != "" || s.End.Fault != "" }

// query are the days as an address has them.
func (s *stay) query() string {
	if s.Start.Value == "" && s.End.Value == "" {
		return ""
	}
	return "?" + url.Values{"startDate": {s.Start.Value}, "endDate": {s.End.Value}}.Encode()
}

// priceOf reads what the days cost for a car, as the list tells it: the question
// finds the cars that are like this one in all that the list filters by, which is
// this one and seldom another.
func (s *site) priceOf(ctx context.Context, car *exodrive.CarDetails, days exodrive.Days) (rental.Read[exodrive.CarPage], error) {
	rate := car.PricePerDay.Decimal()
	ask, err := exodrive.ParseCarQuery(url.Values{
		"category": {string(car.Category)}, "seats": {strconv.Itoa(car.Seats)}, "transmission": {car.Transmission},
		"drivetrain": {car.Drivetrain}, "location": {car.Location.ID}, "minPrice": {rate}, "maxPrice": {rate},
		"startDate": {days.Start.String()}, "endDate": {days.End.String()}, "limit": {strconv.Itoa(s.Rental.Limits().PageSize)},
	}, s.Rental.Limits())
	if err != nil {
		return rental.Read[exodrive.CarPage]{}, err
	}
	return s.Rental.Cars(ctx, ask)
}

// fill takes the price of a car from the list. A car that is not on the list cannot
// be had; on a list that goes on behind this page nobody knows.
func (s *stay) fill(car *exodrive.CarDetails, list *exodrive.CarPage) {
	switch {
	case s.Days.Len() == 0 || !car.Available:
		return
	case s.Days.Len() < car.MinimumDays:
		s.End.Fault = "This car is rented for at least " + strconv.Itoa(car.MinimumDays) + " days."
		return
	case list == nil:
		s.Away = true
		return
	}
	for i := range list.Cars {
		if list.Cars[i].ID == car.ID {
			s.Price = list.Cars[i].Price
			return
		}
	}
	s.Taken, s.Away = !list.Pagination.HasNext, list.Pagination.HasNext
}
