package exodrive_test

import (
	"errors"
	"net/url"
	"testing"

	"pgregory.net/rapid"

	"github.com/exodrive/exodrive"
)

// A rental of a thousand over three days, of which the last is in June, brings May two
// thirds and June the rest.
func TestFiguresOfARental(t *testing.T) {
	may, june := exodrive.MustDate("2027-05-01"), exodrive.MustDate("2027-06-01")
	takings := exodrive.Takings{
		Currency: "USD",
		Rentals: []exodrive.RentalSum{
			{Days: exodrive.Days{Start: june - 2, End: june + 1}, Number: 1, Total: 1000_00},
			{Days: exodrive.Days{Start: may, End: may + 2}, Number: 1, Total: 500_00, Archived: true},
			{Days: exodrive.Days{Start: may + 9, End: may + 12}, Number: 2, Total: 9000_00, Gone: true},
		},
		Since:   []exodrive.CarsSince{{Day: may + 10, Number: 1}},
		Blocked: []exodrive.BlockedDay{{Day: may + 11, Number: 1}},
	}
	f := takings.Figures(exodrive.FiguresQuery{Start: may, End: june + 29})
	if len(f.Months) != 2 || f.Months[0].Month != "2027-05" || f.Months[1].Month != "2027-06" {
		t.Fatalf("%+v", f)
	}
	usd := func(amount int64) exodrive.Money { return exodrive.Money{Amount: amount, Currency: "USD"} }
	// May: 21 days since the car was added, one in the workshop, and two of the archived one.
	if want := (exodrive.FigureSet{RentedDays: 4, AvailableDays: 22, Utilisation: 18_18, Revenue: usd(1166_66), DailyRate: usd(291_67), PerDay: usd(53_03), Bookings: 2, Cancellations: 2}); f.Months[0].FigureSet != want {
		t.Errorf("May: %+v, want %+v", f.Months[0].FigureSet, want)
	}
	if want := (exodrive.FigureSet{RentedDays: 1, AvailableDays: 30, Utilisation: 3_33, Revenue: usd(333_34), DailyRate: usd(333_34), PerDay: usd(11_11)}); f.Months[1].FigureSet != want {
		t.Errorf("June: %+v, want %+v", f.Months[1].FigureSet, want)
	}
}

// Months add up to the year, to the cent, and no car is rented on more days than it is
// there for.
//
// Red when: the part of a rental in a month is rounded for itself.
func TestFiguresAddUp(t *testing.T) {
	first := exodrive.MustDate("2027-01-01")
	day := rapid.Custom(func(t *rapid.T) exodrive.Date { return first.Add(rapid.IntRange(-40, 400).Draw(t, "day")) })
	rental := rapid.Custom(func(t *rapid.T) exodrive.RentalSum {
		start := day.Draw(t, "start")
		return exodrive.RentalSum{
			Days: exodrive.Days{Start: start, End: start.Add(rapid.IntRange(1, 90).Draw(t, "days"))}, Number: rapid.IntRange(1, 3).Draw(t, "number"),
			Total: rapid.Int64Range(0, exodrive.MaxAmount*300).Draw(t, "total"), Gone: rapid.Bool().Draw(t, "gone"), Archived: rapid.Bool().Draw(t, "archived"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		takings := exodrive.Takings{Currency: "USD", Rentals: rapid.SliceOfN(rental, 0, 20).Draw(t, "rentals")}
		for _, d := range rapid.SliceOfN(day, 0, 5).Draw(t, "since") {
			takings.Since = append(takings.Since, exodrive.CarsSince{Day: d, Number: 2})
			takings.Blocked = append(takings.Blocked, exodrive.BlockedDay{Day: d + 3, Number: 1})
		}
		f := takings.Figures(exodrive.FiguresQuery{Start: first, End: first + 364})
		var sum exodrive.FigureSet
		for _, m := range f.Months {
			sum.RentedDays += m.RentedDays
			sum.Revenue.Amount += m.Revenue.Amount
			sum.Bookings += m.Bookings
			sum.Cancellations += m.Cancellations
			if m.RentedDays > m.AvailableDays || m.Utilisation > exodrive.Whole || m.Revenue.Amount < 0 {
				t.Errorf("%+v", m)
			}
		}
		if len(f.Months) != 12 || sum.RentedDays != f.Total.RentedDays || sum.Revenue.Amount != f.Total.Revenue.Amount || sum.Bookings != f.Total.Bookings || sum.Cancellations != f.Total.Cancellations {
			t.Errorf("the months add up to %+v, the year is %+v", sum, f.Total)
		}
	})
}

// A wrong parameter of figures is named.
func TestFiguresQuery(t *testing.T) {
	for name, query := range map[string]string{
		"startDate": "endDate=2027-01-01", "endDate": "startDate=2027-01-01&endDate=2028-01-02", "carId": "startDate=2027-01-01&endDate=2027-12-31&carId=Ferrari",
	} {
		values, _ := url.ParseQuery(query)
		_, err := exodrive.ParseFiguresQuery(values)
		if e, _ := errors.AsType[*exodrive.Error](err); e == nil || e.Code != exodrive.Invalid || e.Field != name {
			t.Errorf("%s: %v, want %s", query, err, name)
		}
	}
}
