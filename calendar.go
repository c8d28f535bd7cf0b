package exodrive

import "time"

// CalendarMonths is how many months a car's calendar shows at first: this one and
// the next two.
const CalendarMonths = 3

// FirstCalendar is what the page of a car asks for when it is opened on a day of
// the car's place: from today to the end of the last month it shows.
func FirstCalendar(today Date) AvailabilityQuery {
	return AvailabilityQuery{today, today.Month(CalendarMonths - 1).End}
}

// Month is the whole month that lies n months after that of d, first and last day.
func (d Date) Month(n int) AvailabilityQuery {
	y, m, _ := d.utc().Date()
	first := NewDate(y, m+time.Month(n), 1)
	return AvailabilityQuery{first, NewDate(y, m+time.Month(n)+1, 1) - 1}
}
