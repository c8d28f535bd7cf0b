package exodrive

import (
	"net/url"
	"strconv"
)

// figuresDays is the longest window of figures: a year, with its leap day.
const figuresDays = 366

// FiguresQuery asks for the figures of some days, both included, of a car or of the fleet.
type FiguresQuery struct {
	Start, End Date
	CarID      string // "": the fleet; or slug, until a use-case has looked it up
}

// ParseFiguresQuery reads startDate and endDate, both required, and carId. A wrong value
// is an invalid error that names its parameter.
func ParseFiguresQuery(v url.Values) (FiguresQuery, error) {
	p := params{values: v}
	q := FiguresQuery{CarID: p.get("carId")}
	q.Start, q.End = p.window(figuresDays)
	p.faults.check(q.CarID == "" || IsCarRef(q.CarID), "carId", "carId is an id or a slug, such as car_01kas0f3m2x7h9tq or ferrari-296-gtb.")
	return q, p.faults.err()
}

// Days are the days of the question, half-open.
func (q FiguresQuery) Days() Days { return Days{q.Start, q.End + 1} }

// Key is figures:{carId}:{startDate}:{endDate}, with fleet for no car.
func (q FiguresQuery) Key() string {
	of := q.CarID
	if of == "" {
		of = "fleet"
	}
	return "figures:" + of + ":" + q.Start.String() + ":" + q.End.String()
}

// CarFiguresQuery asks for the figures of each car of a page, by name.
type CarFiguresQuery struct {
	Start, End Date
	PageQuery
}

// ParseCarFiguresQuery reads startDate and endDate, both required, and page and limit.
func ParseCarFiguresQuery(v url.Values, l Limits, size int) (CarFiguresQuery, error) {
	p := params{values: v}
	q := CarFiguresQuery{PageQuery: PageQuery{p.number("page", 1, l.Page, 1), p.number("limit", 1, l.PageSize, size)}}
	q.Start, q.End = p.window(figuresDays)
	return q, p.faults.err()
}

// Days are the days of the question, half-open.
func (q CarFiguresQuery) Days() Days { return Days{q.Start, q.End + 1} }

// Key is figures:cars:{page}:{limit}:{startDate}:{endDate}.
func (q CarFiguresQuery) Key() string {
	return "figures:cars:" + strconv.Itoa(q.Page) + ":" + strconv.Itoa(q.Limit) + ":" + q.Start.String() + ":" + q.End.String()
}

// Figures say how well a car or the fleet did in some days, month by month.
type Figures struct {
	Start  Date           `json:"startDate"`
	End    Date           `json:"endDate"`
	CarID  string         `json:"carId,omitempty" doc:"None: of the fleet."`
	Total  FigureSet      `json:"total"`
	Months []MonthFigures `json:"months" nullable:"false"`
}

// MonthFigures are those of the days of a month that were asked for.
type MonthFigures struct {
	Month string `json:"month" example:"2027-05"`
	FigureSet
}

// CarFigures are the figures of each of a page of cars.
type CarFigures struct {
	Start      Date         `json:"startDate"`
	End        Date         `json:"endDate"`
	Cars       []FiguresCar `json:"cars" nullable:"false" doc:"By name, archived ones too."`
	Pagination Pagination   `json:"pagination" doc:"Of the cars."`
}

// FiguresCar is one car with its figures.
type FiguresCar struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Archived bool   `json:"archived,omitempty"`
	FigureSet
}

// FigureSet is what some days brought.
type FigureSet struct {
	RentedDays    int     `json:"rentedDays" doc:"Rental days of bookings that were agreed to."`
	AvailableDays int     `json:"availableDays" doc:"Days of cars since they were added, without maintenance that belongs to no booking. Turnaround counts, as time without a renter, unless the workshop has the day. Archived cars count on the days on which they were rented."`
	Utilisation   Percent `json:"utilisation" doc:"Per cent of the available days that were rented."`
	Revenue       Money   `json:"revenue" doc:"The totals that renters agreed to, with tax and without deposits, spread evenly on the rental days. What is charged at the return, and what cancelling costs, is not in it."`
	DailyRate     Money   `json:"dailyRate" doc:"Revenue of a rented day."`
	PerDay        Money   `json:"revenuePerAvailableDay"`
	Bookings      int     `json:"bookings" doc:"Those that were agreed to and begin in these days."`
	Cancellations int     `json:"cancellations" doc:"Bookings that were to begin in these days and were cancelled, or whose renter did not come."`
}

// Takings are what figures are made of, of one car or of many.
type Takings struct {
	Currency Currency
	Rentals  []RentalSum
	Since    []CarsSince // the cars that are not archived
	Blocked  []BlockedDay
}

// RentalSum is how many bookings of the same days there are, and their totals.
type RentalSum struct {
	Days
	Archived bool // of cars that are
	Gone     bool // cancelled, or nobody came
	Number   int
	Total    int64
}

// CarsSince is how many cars were added on a day.
type CarsSince struct {
	Day    Date
	Number int
}

// BlockedDay is on how many cars that are not archived was worked on a day.
type BlockedDay struct {
	Day    Date
	Number int
}

// Of are the figures of some days. Those of adjacent days add up to those of all of them:
// what a rental brings until a day is rounded down, and a part of it is the difference of
// two such sums, so nothing is lost or counted twice.
func (t *Takings) Of(days Days) FigureSet {
	f := FigureSet{Revenue: Money{Currency: t.Currency}, DailyRate: Money{Currency: t.Currency}, PerDay: Money{Currency: t.Currency}}
	archived := 0
	for i := range t.Rentals {
		r := &t.Rentals[i]
		switch begins := days.Contains(r.Start); {
		case begins && r.Gone:
			f.Cancellations += r.Number
		case begins:
			f.Bookings += r.Number
		}
		if r.Gone {
			continue
		}
		rented := r.Number * Days{max(r.Start, days.Start), min(r.End, days.End)}.Len()
		f.RentedDays += rented
		if r.Archived {
			archived += rented
		}
		f.Revenue.Amount += r.until(days.End) - r.until(days.Start)
	}
	open := 0
	for _, c := range t.Since {
		open += c.Number * Days{max(c.Day, days.Start), days.End}.Len()
	}
	for _, b := range t.Blocked {
		if days.Contains(b.Day) {
			open -= b.Number
		}
	}
	// A car may have been rented before it was noted here.
	f.AvailableDays = max(open, f.RentedDays-archived) + archived
	if f.AvailableDays > 0 {
		f.Utilisation = Percent(mulDiv(int64(f.RentedDays), int64(Whole), int64(f.AvailableDays))) //nolint:gosec // at most Whole
		f.PerDay.Amount = mulDiv(f.Revenue.Amount, 1, int64(f.AvailableDays))
	}
	if f.RentedDays > 0 {
		f.DailyRate.Amount = mulDiv(f.Revenue.Amount, 1, int64(f.RentedDays))
	}
	return f
}

// until is what the rentals have brought before a day.
func (r *RentalSum) until(d Date) int64 {
	all := int64(r.Len())
	past := min(max(int64(d-r.Start), 0), all)
	return r.Total/all*past + r.Total%all*past/all
}

// Figures are those of the days of a question, and of each of its months.
func (t *Takings) Figures(q FiguresQuery) *Figures {
	out := &Figures{Start: q.Start, End: q.End, CarID: q.CarID, Total: t.Of(q.Days()), Months: []MonthFigures{}}
	for days := range q.Days().months() {
		out.Months = append(out.Months, MonthFigures{days.Start.String()[:len("2027-05")], t.Of(days)})
	}
	return out
}

// months are the parts of a range of days that lie in one month each.
func (r Days) months() func(yield func(Days) bool) {
	return func(yield func(Days) bool) {
		for start := r.Start; start < r.End; {
			y, m, _ := start.utc().Date()
			next := NewDate(y, m+1, 1)
			if !yield(Days{start, min(next, r.End)}) {
				return
			}
			start = next
		}
	}
}
