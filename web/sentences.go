package web

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/exodrive/exodrive"
)

// sentences says the faults of a question in the words of the form. The API's name
// the parameter and how it is written, which a visitor with a calendar to pick from
// has never seen. typed is what he typed, ask what could be read of it.
func sentences(faults map[string]string, typed url.Values, ask exodrive.CarQuery, l exodrive.Limits) map[string]string {
	said := map[string]string{}
	for name, fault := range faults {
		switch name {
		case "startDate", "endDate":
			said[name] = dayFault(name, typed.Get(name), ask, l)
		case "minPrice", "maxPrice":
			said[name] = "Write an amount a day, for example 500."
			if name == "maxPrice" && ask.MaxPrice > 0 {
				said[name] = "This is less than the lowest price."
			}
		default:
			said[name] = relabelled(name, fault)
		}
	}
	return said
}

// dayFault says what is wrong with a day. A question whose days could be read and
// follow each other was refused by the calendar: over, or too far ahead.
func dayFault(name, typed string, ask exodrive.CarQuery, l exodrive.Limits) string {
	pickup := name == "startDate"
	switch {
	case typed == "" && pickup:
		return "Choose the day of pick-up, too."
	case typed == "":
		return "Choose the day of return, too."
	case pickup && ask.Start == 0, !pickup && ask.End == 0:
		return "This is not a day of the calendar."
	case pickup:
		return "This day is over."
	case ask.End <= ask.Start:
		return "The return must come after the pick-up."
	case ask.Dates().Len() > l.RentalDays:
		return fmt.Sprintf("A rental is at most %d days.", l.RentalDays)
	}
	return fmt.Sprintf("Cars can be had up to %d days ahead.", l.LookAheadDays)
}

// labels are the names of what a link may ask for and the form has no field for, or
// one of its own.
var labels = func() map[string]string {
	names := map[string]string{"search": "Search", "category": "Kind of car", "sort": "Order", "page": "Page", "limit": "Cars of a page"}
	for _, f := range keptFilters {
		names[f.name] = f.label
	}
	return names
}()

// relabelled is a sentence of the API with the label in place of the parameter's name.
func relabelled(name, fault string) string {
	rest, ok := strings.CutPrefix(fault, name)
	if label := labels[name]; ok && label != "" {
		return label + rest
	}
	return fault
}
