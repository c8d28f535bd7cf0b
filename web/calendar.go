package web

import (
	"time"

	"github.com/exodrive/exodrive"
)

// month is one month of a car's calendar, in weeks from Monday to Sunday.
type month struct {
	Name  string // May 2026
	Weeks [][7]calendarDay
}

// calendarDay is one field of a month.
type calendarDay struct {
	Date   exodrive.Date // zero: the field is empty
	Number int           // day of the month
	State  string        // free, taken, or past
	Chosen bool          // one of the days that the visitor has in mind
}

// monthsOf lays a calendar out in months. Days of the first month before the
// calendar begins are past, those of chosen are the visitor's. Why a day is taken is
// nobody's business.
func monthsOf(a *exodrive.Availability, chosen exodrive.Days) []month {
	var months []month
	first := midnight(a.Start)
	begin := exodrive.NewDate(first.Year(), first.Month(), 1)
	for d := begin; d <= a.End; d++ {
		at := midnight(d)
		if at.Day() == 1 {
			months = append(months, month{Name: at.Format("January 2006"), Weeks: make([][7]calendarDay, 1)})
		}
		field := calendarDay{Date: d, Number: at.Day(), State: "past", Chosen: chosen.Contains(d)}
		switch {
		case d < a.Start:
		case a.Days[d-a.Start].Available:
			field.State = "free"
		default:
			field.State = "taken"
		}
		months[len(months)-1].put(at.Weekday(), field)
	}
	return months
}

// put sets a day into its week; Monday begins a new one.
func (m *month) put(weekday time.Weekday, day calendarDay) {
	column := (int(weekday) + 6) % 7
	if column == 0 && day.Number > 1 {
		m.Weeks = append(m.Weeks, [7]calendarDay{})
	}
	m.Weeks[len(m.Weeks)-1][column] = day
}
