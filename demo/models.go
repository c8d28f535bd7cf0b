package demo

import (
	"fmt"
	"slices"

	"github.com/exodrive/exodrive"
)

// model is a car as its maker built it, and how this house rents it out. Rates
// are whole dollars, torque is in newton metres, lengths are millimetres; zero
// means that a figure is not told.
type model struct {
	make, name string
	year       int
	category   exodrive.Category
	shape      *profile
	paint      string
	place      int // index into demoPlaces

	rate, deposit   int64
	minimum         int // days
	turnaround      int // days
	weekly, monthly exodrive.Percent
	discount        exodrive.Percent
	offer           string
	miles           int // included in a day, 0 is unlimited
	age             int // of the youngest driver
	featured        bool

	engine    string
	hp        int
	zeroTo100 int // tenths of a second
	topSpeed  int // km/h
	manual    bool
	drive     string
	seats     int

	short, text string
	features    []string
	sheet       sheet
}

// sheet is the part of the data sheet that has no field of its own in a car.
type sheet struct {
	torque    int
	gearbox   string
	layout    string
	wheelbase int
	length    int
	energy    string
	builtIn   string
	more      exodrive.Spec
}

// models is the whole table, in the order of exodrive.Categories.
var models = slices.Concat(supercars, sportsCars, grandTourers, sedans, suvs, convertibles, classics, electrics)

// specs are the lines of the data sheet that are known.
func (m *model) specs() []exodrive.Spec {
	s := m.sheet
	var out []exodrive.Spec
	add := func(name, value string) {
		if value != "" {
			out = append(out, exodrive.Spec{Name: name, Value: value})
		}
	}
	add("Gearbox", s.gearbox)
	add("Layout", s.layout)
	if s.torque > 0 {
		add("Torque", fmt.Sprintf("%d Nm (%.0f lb-ft)", s.torque, float64(s.torque)*0.73756))
	}
	add("Acceleration", fmt.Sprintf("0–100 km/h in %d.%d s", m.zeroTo100/10, m.zeroTo100%10))
	if s.wheelbase > 0 {
		add("Wheelbase", millimetres(s.wheelbase))
	}
	if s.length > 0 {
		add("Length", millimetres(s.length))
	}
	add("Energy", s.energy)
	add("Built in", s.builtIn)
	add(s.more.Name, s.more.Value)
	return out
}

func millimetres(n int) string {
	return fmt.Sprintf("%d.%03d m (%.1f in)", n/1000, n%1000, float64(n)/25.4)
}
