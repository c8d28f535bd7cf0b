package exodrive

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Sort is an order of the list.
type Sort string

// The orders of the list. SortRelevance is that of a text search that
// names no other; without a search it is SortFeatured.
const (
	SortFeatured  Sort = "featured"
	SortPrice     Sort = "price"
	SortPriceDown Sort = "-price"
	SortRating    Sort = "rating"
	SortNewest    Sort = "newest"
	SortPower     Sort = "power"
	SortName      Sort = "name"
	SortRelevance Sort = "relevance"
)

// Sorts are the orders that can be asked for.
var Sorts = []Sort{SortFeatured, SortPrice, SortPriceDown, SortRating, SortNewest, SortPower, SortName}

// DefaultPageSize of the list; three columns of four fill a desk's screen.
const DefaultPageSize = 12

// How many reviews are asked for first: by the API where the caller names no
// number, and by the page of a car.
const (
	DefaultReviews = 10
	ShownReviews   = 6
)

// DefaultOffers is how many places or extras are asked for where the caller names no
// number: whoever fills in a trip wants them all, and few fleets have more.
const DefaultOffers = 50

// Decimal is a number with at most three decimals, in thousandths: as fine as
// any currency.
type Decimal int64

// Minor is the number in minor units of a currency, rounded down.
func (d Decimal) Minor(c Currency) int64 {
	n := int64(d)
	for range 3 - c.Exponent() {
		n /= 10
	}
	return n
}

// String is the number without needless zeros.
func (d Decimal) String() string { return strconv.FormatFloat(float64(d)/1000, 'f', -1, 64) }

// MarshalJSON writes the number.
func (d Decimal) MarshalJSON() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalJSON reads what MarshalJSON wrote.
func (d *Decimal) UnmarshalJSON(b []byte) error {
	v, ok := parseDecimal(string(b))
	if !ok {
		return Errorf(Invalid, "%s is not a number with at most three decimals.", clip(string(b)))
	}
	*d = v
	return nil
}

// parseDecimal reads a number that is not negative; 48 bits keep every sum and
// float of it exact.
func parseDecimal(s string) (Decimal, bool) {
	whole, fraction, _ := strings.Cut(s, ".")
	if whole == "" && fraction == "" || len(fraction) > 3 {
		return 0, false
	}
	n, err := strconv.ParseUint(whole+(fraction + "000")[:3], 10, 48)
	if err != nil {
		return 0, false
	}
	return Decimal(n), true
}

// CarQuery is one question to the list of cars in canonical form: values
// trimmed, lower-cased where case means nothing, lists sorted and without
// repetition. Two spellings of one question give equal queries. Filters of one
// field are alternatives; features must all be there.
type CarQuery struct {
	Search        string     `json:"search,omitempty"`
	Categories    []Category `json:"category,omitempty"`
	Makes         []string   `json:"make,omitempty"`
	MinPrice      Decimal    `json:"minPrice,omitempty" doc:"Units of the currency per day."`
	MaxPrice      Decimal    `json:"maxPrice,omitempty" doc:"Units of the currency per day."`
	Features      []string   `json:"features,omitempty"`
	Seats         []int      `json:"seats,omitempty"`
	Transmissions []string   `json:"transmission,omitempty"`
	Drivetrains   []string   `json:"drivetrain,omitempty"`
	Locations     []string   `json:"location,omitempty" doc:"Ids or slugs."`
	Start         Date       `json:"startDate,omitzero" doc:"Day of pick-up."`
	End           Date       `json:"endDate,omitzero" doc:"Day of return."`
	Sort          Sort       `json:"sort"`
	Page          int        `json:"-"`
	Limit         int        `json:"-"`
}

// Dates are the rental days asked for, empty when none were.
func (q *CarQuery) Dates() Days { return Days{q.Start, q.End} }

// defaultSort is the order of a question that names none.
func (q *CarQuery) defaultSort() Sort {
	if q.Search != "" {
		return SortRelevance
	}
	return SortFeatured
}

// HasDates tells whether the question is about certain days.
func (q *CarQuery) HasDates() bool { return q.Start != 0 }

// maxSearchRunes and maxListValues bound one parameter.
const (
	maxSearchRunes = 100
	maxListValues  = 20
	maxValueRunes  = 100
)

// ParseCarQuery reads the list's parameters. Unknown ones are ignored; a wrong
// value is an invalid Error that names each wrong parameter and what is allowed.
func ParseCarQuery(v url.Values, l Limits) (CarQuery, error) {
	p := params{values: v}
	q := CarQuery{
		Search:        p.text("search"),
		Categories:    list(&p, "category", oneOf(Categories)),
		Makes:         list(&p, "make", lowerASCII),
		MinPrice:      p.decimal("minPrice"),
		MaxPrice:      p.decimal("maxPrice"),
		Features:      list(&p, "features", lowerASCII),
		Seats:         list(&p, "seats", seatCount),
		Transmissions: list(&p, "transmission", oneOf(Transmissions)),
		Drivetrains:   list(&p, "drivetrain", oneOf(Drivetrains)),
		Locations:     list(&p, "location", lowerASCII),
		Start:         p.date("startDate"),
		End:           p.date("endDate"),
		Page:          p.number("page", 1, l.Page, 1),
		Limit:         p.number("limit", 1, l.PageSize, DefaultPageSize),
	}
	q.Sort = p.sort(q.defaultSort())
	if q.MinPrice > 0 && q.MaxPrice > 0 && q.MinPrice > q.MaxPrice {
		p.faults.add("maxPrice", "maxPrice is below minPrice.")
	}
	p.rentalDays(q.Start, q.End, l)
	return q, p.faults.err()
}

// AvailabilityQuery asks for the calendar of a car: inclusive days.
type AvailabilityQuery struct{ Start, End Date }

// ParseAvailabilityQuery reads startDate and endDate, both required, the second
// not before the first, and at most the limit of days.
func ParseAvailabilityQuery(v url.Values, l Limits) (AvailabilityQuery, error) {
	p := params{values: v}
	q := AvailabilityQuery{p.date("startDate"), p.date("endDate")}
	for _, name := range []string{"startDate", "endDate"} {
		p.faults.check(p.get(name) != "", name, "%s is missing; write it as YYYY-MM-DD.", name)
	}
	if len(p.faults) == 0 {
		p.faults.check(q.Start <= q.End, "endDate", "endDate %s comes before startDate %s.", q.End, q.Start)
		p.faults.check(int(q.End-q.Start) < l.AvailabilityDays, "endDate", "At most %d days can be asked for at once.", l.AvailabilityDays)
	}
	return q, p.faults.err()
}

// PageQuery asks for one page of a list.
type PageQuery struct{ Page, Limit int }

// ParsePageQuery reads page and limit.
func ParsePageQuery(v url.Values, l Limits, size int) (PageQuery, error) {
	p := params{values: v}
	q := PageQuery{p.number("page", 1, l.Page, 1), p.number("limit", 1, l.PageSize, size)}
	return q, p.faults.err()
}

// params reads query parameters and gathers their faults.
type params struct {
	values url.Values
	faults faults
}

func (p *params) get(name string) string { return strings.TrimSpace(p.values.Get(name)) }

func (p *params) text(name string) string {
	s := strings.Join(strings.Fields(p.get(name)), " ")
	p.faults.check(len([]rune(s)) <= maxSearchRunes, name, "%s has at most %d characters.", name, maxSearchRunes)
	words := SearchWords(s)
	slices.Sort(words) // every word must be found, so their order means nothing
	return strings.Join(words, " ")
}

// phrase is a text that is looked for as it is, blanks made one.
func (p *params) phrase(name string) string {
	s := strings.Join(strings.Fields(p.get(name)), " ")
	p.faults.check(s == "" || utf8.ValidString(s) && isName(s), name, "%s is no text that could be found.", name)
	p.faults.check(utf8.RuneCountInString(s) <= maxSearchRunes, name, "%s has at most %d characters.", name, maxSearchRunes)
	return s
}

func (p *params) date(name string) Date {
	s := p.get(name)
	if s == "" {
		return 0
	}
	d, err := ParseDate(s)
	if err != nil {
		p.faults.add(name, "%s: %q is not a day; write it as YYYY-MM-DD, for example 2026-05-01.", name, clip(s))
	}
	return d
}

func (p *params) number(name string, least, most, otherwise int) int {
	s := p.get(name)
	if s == "" {
		return otherwise
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < least || n > most {
		p.faults.add(name, "%s: %q is not allowed; it is a whole number from %d to %d.", name, clip(s), least, most)
		return otherwise
	}
	return n
}

func (p *params) decimal(name string) Decimal {
	s := p.get(name)
	if s == "" {
		return 0
	}
	d, ok := parseDecimal(s)
	if !ok {
		p.faults.add(name, "%s: %q is not a price; write units of the currency per day, for example 500 or 499.50.", name, clip(s))
	}
	return d
}

func (p *params) sort(otherwise Sort) Sort {
	s := Sort(strings.ToLower(p.get("sort")))
	switch {
	case s == "" || s == SortRelevance:
		return otherwise
	case !slices.Contains(Sorts, s):
		p.faults.add("sort", "sort: %q is not allowed; it is one of %s, or %s with a search.", clip(string(s)), join(Sorts), SortRelevance)
	}
	return s
}

func (p *params) rentalDays(start, end Date, l Limits) {
	switch {
	case start == 0 && end == 0:
	case start == 0 && p.get("startDate") == "":
		p.faults.add("startDate", "endDate needs a startDate.")
	case end == 0 && p.get("endDate") == "":
		p.faults.add("endDate", "startDate needs an endDate.")
	case start == 0 || end == 0: // told already
	case end <= start:
		p.faults.add("endDate", "endDate %s must come after startDate %s.", end, start)
	case int(end-start) > l.RentalDays:
		p.faults.add("endDate", "endDate is %d days after startDate; a rental is at most %d days.", int(end-start), l.RentalDays)
	}
}

// list reads a comma-separated parameter, given once or several times, sorted
// and without repetition.
func list[T cmp.Ordered](p *params, name string, parse func(string) (T, string)) []T {
	var out []T
	for _, s := range strings.Split(strings.Join(p.values[name], ","), ",") {
		if s = strings.Join(strings.Fields(s), " "); s == "" {
			continue
		}
		if len(out) == maxListValues || len([]rune(s)) > maxValueRunes {
			p.faults.add(name, "%s takes at most %d values of %d characters.", name, maxListValues, maxValueRunes)
			break
		}
		v, allowed := parse(s)
		if allowed != "" {
			p.faults.add(name, "%s: %q is not allowed; it is %s.", name, clip(s), allowed)
			break
		}
		out = append(out, v)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func oneOf[T ~string](vocabulary []T) func(string) (T, string) {
	return func(s string) (T, string) {
		v := T(strings.ToLower(s))
		if !slices.Contains(vocabulary, v) {
			return "", "one of " + join(vocabulary)
		}
		return v, ""
	}
}

// lowerASCII is how both databases compare makes, features and places: the
// letters A to Z without case, all others as they are.
func lowerASCII(s string) (string, string) {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s), ""
}

func seatCount(s string) (int, string) {
	const most = 9
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > most {
		return 0, fmt.Sprintf("a whole number from 1 to %d", most)
	}
	return n, ""
}

func join[T ~string](v []T) string {
	s := make([]string, len(v))
	for i, x := range v {
		s[i] = string(x)
	}
	return strings.Join(s, ", ")
}
