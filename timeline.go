package exodrive

import (
	"encoding/json"
	"net/url"
	"strconv"
	"unicode/utf8"
)

// How much of a timeline is one answer: two months of 500 cars. A day of a car has at
// most one span, so an answer has at most 31,000 of them, each some 150 bytes.
const (
	TimelineDays = 62
	TimelineCars = 500
)

// TimelineQuery asks for the days that are taken of all cars, by name and a page at a
// time. Both days are included.
type TimelineQuery struct {
	Start, End Date
	PageQuery
}

// ParseTimelineQuery reads startDate and endDate, both required, and page and limit. A
// wrong value is an invalid error that names its parameter.
func ParseTimelineQuery(v url.Values, l Limits) (TimelineQuery, error) {
	p := params{values: v}
	q := TimelineQuery{PageQuery: PageQuery{p.number("page", 1, l.Page, 1), p.number("limit", 1, TimelineCars, TimelineCars)}}
	q.Start, q.End = p.window(TimelineDays)
	return q, p.faults.err()
}

// window reads startDate and endDate, which must both be there, both included, at most
// some days.
func (p *params) window(most int) (start, end Date) {
	start, end = p.date("startDate"), p.date("endDate")
	for _, name := range []string{"startDate", "endDate"} {
		p.faults.check(p.get(name) != "", name, "%s is missing; write it as YYYY-MM-DD.", name)
	}
	if start != 0 && end != 0 {
		p.faults.check(start <= end, "endDate", "endDate %s comes before startDate %s.", end, start)
		p.faults.check(int(end-start) < most, "endDate", "At most %d days can be asked for at once.", most)
	}
	return start, end
}

// Timeline is what is taken of the calendars of many cars.
type Timeline struct {
	Start      Date          `json:"startDate"`
	End        Date          `json:"endDate"`
	Cars       []TimelineCar `json:"cars" nullable:"false" doc:"All of them by name, archived ones too."`
	Pagination Pagination    `json:"pagination" doc:"Of the cars."`
}

// TimelineCar is one car of a timeline.
type TimelineCar struct {
	ID       string         `json:"id"`
	Name     string         `json:"name"`
	Archived bool           `json:"archived,omitempty"`
	Spans    []TimelineSpan `json:"spans" nullable:"false" doc:"In the order of their days; no two share one."`
}

// TimelineSpan is days of a car that somebody has. A booking is there as a whole, also
// what of it lies outside of the days asked for; maintenance is cut to them.
type TimelineSpan struct {
	BookingID      string `json:"bookingId,omitempty" doc:"None for maintenance."`
	State          string `json:"state" enum:"held,confirmed,active,returned,completed,maintenance"`
	Renter         string `json:"renter,omitempty"`
	FirstDay       Date   `json:"firstDay"`
	LastDay        Date   `json:"lastDay" doc:"Included; the last rental day."`
	TurnaroundDays int    `json:"turnaroundDays,omitempty" doc:"Days after lastDay that the booking blocks too; the workshop may have some of them."`
}

// AppendJSON adds what MarshalJSON of the type would be to some bytes. Thousands of
// spans take a tenth of the time that they take by reflection.
func (t *Timeline) AppendJSON(b []byte) []byte {
	b = t.Start.append(append(b, `{"startDate":"`...))
	b = t.End.append(append(b, `","endDate":"`...))
	b = append(b, `","cars":[`...)
	for i := range t.Cars {
		if i > 0 {
			b = append(b, ',')
		}
		b = t.Cars[i].appendJSON(b)
	}
	pages, err := json.Marshal(t.Pagination)
	if err != nil {
		panic(err) // numbers only
	}
	b = append(append(b, `],"pagination":`...), pages...)
	return append(b, '}')
}

func (c *TimelineCar) appendJSON(b []byte) []byte {
	b = appendText(append(b, `{"id":`...), c.ID)
	b = appendText(append(b, `,"name":`...), c.Name)
	if c.Archived {
		b = append(b, `,"archived":true`...)
	}
	b = append(b, `,"spans":[`...)
	for i := range c.Spans {
		if i > 0 {
			b = append(b, ',')
		}
		b = c.Spans[i].appendJSON(b)
	}
	return append(b, "]}"...)
}

func (s *TimelineSpan) appendJSON(b []byte) []byte {
	b = append(b, '{')
	if s.BookingID != "" {
		b = append(appendText(append(b, `"bookingId":`...), s.BookingID), ',')
	}
	b = appendText(append(b, `"state":`...), s.State)
	if s.Renter != "" {
		b = appendText(append(b, `,"renter":`...), s.Renter)
	}
	b = s.FirstDay.append(append(b, `,"firstDay":"`...))
	b = s.LastDay.append(append(b, `","lastDay":"`...))
	b = append(b, '"')
	if s.TurnaroundDays != 0 {
		b = strconv.AppendInt(append(b, `,"turnaroundDays":`...), int64(s.TurnaroundDays), 10)
	}
	return append(b, '}')
}

// appendText adds a text as JSON: as it is, if nothing in it needs another spelling.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' || c >= utf8.RuneSelf {
			quoted, err := json.Marshal(s)
			if err != nil {
				panic(err) // a text always has one
			}
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
