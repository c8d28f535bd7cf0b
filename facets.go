package exodrive

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// FacetCount sums what the facets of a list show. The zero FacetCount has counted
// nothing.
type FacetCount struct {
	Total int
	by    [kindParts]map[string]int
	least int64
	most  int64
}

// What facets count of a car is one text, its kind: category, seats, transmission,
// drivetrain, id of the place and make, which may contain anything.
const (
	kindCategory = iota
	kindSeats
	kindTransmission
	kindDrivetrain
	kindPlace
	kindMake
	kindParts
)

func kindOf(kind string) []string { return strings.SplitN(kind, "|", kindParts) }

// Add counts n cars of a kind whose daily rates are from least to most.
func (f *FacetCount) Add(kind string, n int, least, most int64) {
	f.add(kindOf(kind), n, least, most)
}

func (f *FacetCount) add(kind []string, n int, least, most int64) {
	if f.Total == 0 || least < f.least {
		f.least = least
	}
	f.most = max(f.most, most)
	f.Total += n
	for i, value := range kind {
		if f.by[i] == nil {
			f.by[i] = map[string]int{}
		}
		f.by[i][value] += n
	}
}

// Facets are the counts by value, in order. places are the slugs of places by id.
func (f *FacetCount) Facets(places map[string]string, currency Currency) Facets {
	list := func(part int, names map[string]string) []Facet {
		out := make([]Facet, 0, len(f.by[part]))
		for value, n := range f.by[part] {
			if names != nil {
				value = names[value]
			}
			out = append(out, Facet{value, n})
		}
		slices.SortFunc(out, func(a, b Facet) int { return cmp.Compare(a.Value, b.Value) })
		return out
	}
	return Facets{
		Category: list(kindCategory, nil), Seats: list(kindSeats, nil), Transmission: list(kindTransmission, nil),
		Drivetrain: list(kindDrivetrain, nil), Location: list(kindPlace, places), Make: list(kindMake, nil),
		Price: PriceRange{Money{f.least, currency}, Money{f.most, currency}},
	}
}

// FleetSketch is as much of all public cars as tells whether a list for certain days
// finds them, and what its facets count: a hundredth of a fleet, which stays in memory,
// so that no statement has to look at every car. The slices from IDs on have one element
// for each car. It does not change once it is made, and is safe for concurrent use then.
type FleetSketch struct {
	Places      map[string]string `json:"places"` // slugs by id
	Kinds       []string          `json:"kinds"`  // each once
	IDs         []string          `json:"ids"`
	Kind        []int             `json:"kind"` // index of Kinds
	Price       []int64           `json:"price"`
	MinimumDays []int             `json:"minimumDays"`
	Turnaround  []int             `json:"turnaround"`

	once  sync.Once
	at    map[string]int // of IDs
	parts [][]string     // of Kinds
}

// Add adds a car.
func (f *FleetSketch) Add(id, kind string, price int64, minimumDays, turnaround int) {
	if n := len(f.Kinds); n == 0 || f.Kinds[n-1] != kind { // they come in order
		f.Kinds = append(f.Kinds, kind)
	}
	f.IDs, f.Kind, f.Price = append(f.IDs, id), append(f.Kind, len(f.Kinds)-1), append(f.Price, price)
	f.MinimumDays, f.Turnaround = append(f.MinimumDays, minimumDays), append(f.Turnaround, turnaround)
}

// LongestTurnaround is that of all cars, in days.
func (f *FleetSketch) LongestTurnaround() int {
	if len(f.Turnaround) == 0 {
		return 0
	}
	return slices.Max(f.Turnaround)
}

// Knows tells whether Count can answer a question: one for certain days that asks for
// nothing a sketch has not.
func (f *FleetSketch) Knows(ask CarQuery) bool {
	return ask.HasDates() && ask.Search == "" && len(ask.Features) == 0
}

// TakenCars are the cars of a sketch that somebody has.
type TakenCars struct {
	at   map[string]int
	from []Date // by index; the zero Date for nobody
}

// Taken has no cars yet.
func (f *FleetSketch) Taken() *TakenCars {
	f.prepare()
	return &TakenCars{f.at, make([]Date, len(f.IDs))}
}

// Add notes that somebody has a car on a day. Days come in order.
func (t *TakenCars) Add(id string, day Date) {
	if i, ok := t.at[id]; ok && t.from[i] == 0 { // hidden ones are in no sketch
		t.from[i] = day
	}
}

// Count counts the cars that a question finds. taken are those of this sketch that
// somebody has from the first day on; maintenance behind the rental days does not count as
// somebody. The statements of the list say the same in SQL.
func (f *FleetSketch) Count(ask CarQuery, currency Currency, taken *TakenCars) *FacetCount {
	wanted := f.kindsFor(ask)
	days := ask.Dates().Len()
	least, most := ask.MinPrice.Minor(currency), int64(MaxAmount)
	if ask.MaxPrice > 0 {
		most = ask.MaxPrice.Minor(currency)
	}
	type count struct {
		n           int
		least, most int64
	}
	counts := make([]count, len(f.Kinds))
	for i := range f.IDs {
		price := f.Price[i]
		if !wanted[f.Kind[i]] || f.MinimumDays[i] > days || price < least || price > most {
			continue
		}
		if from := taken.from[i]; from != 0 && from < ask.End.Add(f.Turnaround[i]) {
			continue
		}
		c := &counts[f.Kind[i]]
		if c.n == 0 || price < c.least {
			c.least = price
		}
		c.n, c.most = c.n+1, max(c.most, price)
	}
	sum := &FacetCount{}
	for kind, c := range counts {
		if c.n > 0 {
			sum.add(f.parts[kind], c.n, c.least, c.most)
		}
	}
	return sum
}

// prepare makes what is looked up of what is kept.
func (f *FleetSketch) prepare() {
	f.once.Do(func() {
		f.at = make(map[string]int, len(f.IDs))
		for i, id := range f.IDs {
			f.at[id] = i
		}
		f.parts = make([][]string, len(f.Kinds))
		for i, kind := range f.Kinds {
			f.parts[i] = kindOf(kind)
		}
	})
}

// kindsFor tells of each kind whether a question asks for it.
func (f *FleetSketch) kindsFor(ask CarQuery) []bool {
	wanted := make([]bool, len(f.Kinds))
	for i, of := range f.parts {
		carMake, _ := lowerASCII(of[kindMake])
		seats, _ := strconv.Atoi(of[kindSeats])
		place := of[kindPlace]
		wanted[i] = askedFor(ask.Categories, Category(of[kindCategory])) && askedFor(ask.Makes, carMake) && askedFor(ask.Seats, seats) &&
			askedFor(ask.Transmissions, of[kindTransmission]) && askedFor(ask.Drivetrains, of[kindDrivetrain]) &&
			(askedFor(ask.Locations, place) || slices.Contains(ask.Locations, f.Places[place]))
	}
	return wanted
}

// askedFor tells whether a value is one of those asked for, or none is.
func askedFor[T comparable](asked []T, value T) bool {
	return len(asked) == 0 || slices.Contains(asked, value)
}
