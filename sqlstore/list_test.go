package sqlstore_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/demo"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/sqlstore"
)

// filters are all filters of the list but search and dates, each with a value
// that some of the demo cars pass and some do not.
var filters = []struct {
	name  string
	set   func(*exodrive.CarQuery)
	holds func(exodrive.Car) bool
}{
	{"category", func(q *exodrive.CarQuery) {
		q.Categories = []exodrive.Category{"convertible", "grand-tourer", "supercar"}
	},
		func(c exodrive.Car) bool {
			return slices.Contains([]exodrive.Category{"convertible", "grand-tourer", "supercar"}, c.Category)
		}},
	{"make", func(q *exodrive.CarQuery) { q.Makes = []string{"aston martin", "ferrari", "porsche"} },
		func(c exodrive.Car) bool {
			return slices.Contains([]string{"Aston Martin", "Ferrari", "Porsche"}, c.Make)
		}},
	{"minPrice", func(q *exodrive.CarQuery) { q.MinPrice = 300_000 }, func(c exodrive.Car) bool { return c.PricePerDay >= 300_00 }},
	{"maxPrice", func(q *exodrive.CarQuery) { q.MaxPrice = 1499_990 }, func(c exodrive.Car) bool { return c.PricePerDay <= 1499_99 }},
	{"features", func(q *exodrive.CarQuery) { q.Features = []string{"apple carplay"} },
		func(c exodrive.Car) bool {
			return slices.ContainsFunc(c.Features, func(f exodrive.Feature) bool { return strings.EqualFold(f.Name, "Apple CarPlay") })
		}},
	{"seats", func(q *exodrive.CarQuery) { q.Seats = []int{2, 4} }, func(c exodrive.Car) bool { return c.Seats == 2 || c.Seats == 4 }},
	{"transmission", func(q *exodrive.CarQuery) { q.Transmissions = []string{"automatic"} },
		func(c exodrive.Car) bool { return c.Transmission == "automatic" }},
	{"drivetrain", func(q *exodrive.CarQuery) { q.Drivetrains = []string{"awd", "rwd"} },
		func(c exodrive.Car) bool { return c.Drivetrain != "fwd" }},
	{"location", func(q *exodrive.CarQuery) { q.Locations = []string{"miami"} },
		func(c exodrive.Car) bool { return c.LocationID == miami }},
}

var (
	fleet = demo.Demo(today)
	miami = fleet.Locations[slices.IndexFunc(fleet.Locations, func(l exodrive.Location) bool { return l.Slug == "miami" })].ID
)

// subsets are the filters taken none, one, two and all at a time, as bits.
func subsets() []int {
	sets := []int{0, 1<<len(filters) - 1}
	for i := range filters {
		sets = append(sets, 1<<i)
		for j := range i {
			sets = append(sets, 1<<i|1<<j)
		}
	}
	return sets
}

// question asks for the filters of a set, with or without search and dates.
func question(set int, search, dates bool) exodrive.CarQuery {
	q := exodrive.CarQuery{Sort: exodrive.SortFeatured, Page: 1, Limit: 50}
	for i, f := range filters {
		if set&(1<<i) != 0 {
			f.set(&q)
		}
	}
	if search {
		q.Search, q.Sort = "porshe turbo", exodrive.SortRelevance
	}
	if dates {
		q.Start, q.End = today.Add(9), today.Add(13)
	}
	return q
}

// bookable tells whether nothing of the fleet is in the way of a rental: the
// business' own rule, written without SQL.
func bookable(c exodrive.Car, days exodrive.Days) bool {
	if days.Len() < c.MinimumDays {
		return false
	}
	blocked := exodrive.Days{Start: days.Start, End: days.End.Add(c.TurnaroundDays)}
	for _, b := range fleet.Bookings {
		if b.CarID != c.ID || !b.State.Occupies() {
			continue
		}
		// The turnaround of two rentals may overlap nothing but maintenance.
		if b.Days.Overlaps(blocked) || (exodrive.Days{Start: b.Days.Start, End: b.BlockedUntil}).Overlaps(days) {
			return false
		}
	}
	return !slices.ContainsFunc(fleet.Blocks, func(b demo.Block) bool { return b.CarID == c.ID && b.Days.Overlaps(days) })
}

// expected are the listed cars that pass a set of filters.
func expected(set int, dates bool) []exodrive.Car {
	var cars []exodrive.Car
	for _, c := range fleet.Cars {
		ok := c.Available && !c.Hidden
		for i, f := range filters {
			ok = ok && (set&(1<<i) == 0 || f.holds(c))
		}
		if ok && (!dates || bookable(c, exodrive.Days{Start: today.Add(9), End: today.Add(13)})) {
			cars = append(cars, c)
		}
	}
	return cars
}

// Whatever filters a renter combines, with and without dates and a search, the list shows the right cars and counts what they are.
func TestEveryCombinationOfFilters(t *testing.T) {
	eachSeeded(t, func(t *testing.T, s *sqlstore.Store, _ string) {
		matched := 0
		for _, set := range subsets() {
			for bits := range 4 {
				search, dates := bits&1 != 0, bits&2 != 0
				q := question(set, search, dates)
				name := fmt.Sprintf("%+v", q)
				cars, total, facets, err := s.Cars(t.Context(), q, "USD")
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if len(cars) != total {
					t.Errorf("%s lists %d of %d cars", name, len(cars), total)
				}
				want := expected(set, dates)
				if search {
					for _, c := range cars { // which words mean which is search_test's
						if !slices.ContainsFunc(want, func(w exodrive.Car) bool { return w.ID == c.Card.ID }) {
							t.Errorf("%s lists %s", name, c.Card.Name)
						}
					}
					continue
				}
				matched += len(want)
				same(t, name+": the cars", cardNames(cars), carNames(want))
				checkFacets(t, name, want, facets)
			}
		}
		if matched < 300 {
			t.Errorf("all questions found %d cars only, they test too little", matched)
		}
	})
}

func cardNames(cars []sqlstore.ListedCar) []string {
	out := []string{}
	for _, c := range cars {
		out = append(out, c.Card.Name)
	}
	slices.Sort(out)
	return out
}

func carNames(cars []exodrive.Car) []string {
	out := []string{}
	for _, c := range cars {
		out = append(out, c.Name)
	}
	slices.Sort(out)
	return out
}

// checkFacets compares the counts with those of the cars found.
func checkFacets(t *testing.T, name string, want []exodrive.Car, got exodrive.Facets) {
	t.Helper()
	slugs := map[string]string{}
	for _, l := range fleet.Locations {
		slugs[l.ID] = l.Slug
	}
	count := func(what string, got []exodrive.Facet, value func(exodrive.Car) string) {
		t.Helper()
		n := map[string]int{}
		for _, c := range want {
			n[value(c)]++
		}
		facets := []exodrive.Facet{}
		for _, v := range slices.Sorted(maps.Keys(n)) {
			facets = append(facets, exodrive.Facet{Value: v, Count: n[v]})
		}
		same(t, name+": "+what, got, facets)
	}
	count("categories", got.Category, func(c exodrive.Car) string { return string(c.Category) })
	count("makes", got.Make, func(c exodrive.Car) string { return c.Make })
	count("seats", got.Seats, func(c exodrive.Car) string { return fmt.Sprint(c.Seats) })
	count("transmissions", got.Transmission, func(c exodrive.Car) string { return c.Transmission })
	count("drivetrains", got.Drivetrain, func(c exodrive.Car) string { return c.Drivetrain })
	count("locations", got.Location, func(c exodrive.Car) string { return slugs[c.LocationID] })
	var least, most int64
	for i, c := range want {
		if i == 0 || c.PricePerDay < least {
			least = c.PricePerDay
		}
		most = max(most, c.PricePerDay)
	}
	if got.Price.Min.Amount != least || got.Price.Max.Amount != most {
		t.Errorf("%s: prices are from %d to %d, want %d to %d", name, got.Price.Min.Amount, got.Price.Max.Amount, least, most)
	}
}

// In every order of the list a car stands where it belongs, and page after page shows each car once.
func TestEveryOrder(t *testing.T) {
	orders := map[exodrive.Sort]func(a, b exodrive.CarCard) int{
		exodrive.SortFeatured: func(a, b exodrive.CarCard) int {
			return cmp.Or(cmp.Compare(rank(b.Featured), rank(a.Featured)), cmp.Compare(b.Rating, a.Rating), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
		},
		exodrive.SortPrice: func(a, b exodrive.CarCard) int {
			return cmp.Or(cmp.Compare(a.PricePerDay.Amount, b.PricePerDay.Amount), cmp.Compare(a.ID, b.ID))
		},
		exodrive.SortPriceDown: func(a, b exodrive.CarCard) int {
			return cmp.Or(cmp.Compare(b.PricePerDay.Amount, a.PricePerDay.Amount), cmp.Compare(b.ID, a.ID))
		},
		exodrive.SortRating: func(a, b exodrive.CarCard) int {
			return cmp.Or(cmp.Compare(b.Rating, a.Rating), cmp.Compare(b.ReviewCount, a.ReviewCount), cmp.Compare(a.ID, b.ID))
		},
		exodrive.SortNewest: func(a, b exodrive.CarCard) int {
			return cmp.Or(born(b.ID).Compare(born(a.ID)), cmp.Compare(a.ID, b.ID))
		},
		exodrive.SortPower: func(a, b exodrive.CarCard) int {
			return cmp.Or(cmp.Compare(b.PowerHP, a.PowerHP), cmp.Compare(a.ID, b.ID))
		},
		exodrive.SortName: func(a, b exodrive.CarCard) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) },
	}
	t.Parallel()
	exotest.EachEngine(t, "seeded", seeded, func(t *testing.T, url string) {
		s := open(t, url)
		for _, sort := range append([]exodrive.Sort{exodrive.SortRelevance}, exodrive.Sorts...) {
			for bits := range 4 {
				q := question(0, bits&1 != 0, bits&2 != 0)
				q.Sort, q.Limit = sort, 7
				var all []exodrive.CarCard
				for total := 1; (q.Page-1)*q.Limit < total; q.Page++ {
					cars, n, _, err := s.Cars(t.Context(), q, "USD")
					if err != nil {
						t.Fatalf("%+v: %v", q, err)
					}
					total = n
					for _, c := range cars {
						all = append(all, c.Card)
					}
				}
				if order := orders[sort]; order != nil && !slices.IsSortedFunc(all, order) {
					t.Errorf("%+v is not in order: %+v", q, all)
				}
				ids := map[string]bool{}
				for _, c := range all {
					ids[c.ID] = true
				}
				want := len(expected(0, bits&2 != 0))
				if len(ids) != len(all) || bits&1 == 0 && len(all) != want {
					t.Errorf("the pages of %+v show %d cars, %d of them different; want %d", q, len(all), len(ids), want)
				}
			}
		}
	})
}

// rank orders no before yes.
func rank(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// born is when a demo car came to the fleet.
func born(car string) time.Time {
	return fleet.Cars[slices.IndexFunc(fleet.Cars, func(c exodrive.Car) bool { return c.ID == car })].CreatedAt
}

// A list value that no database can hold finds nothing or is refused as wrong, but is never a failure of ours.
func TestListWithStrangeValues(t *testing.T) {
	eachSeeded(t, func(t *testing.T, s *sqlstore.Store, _ string) {
		for _, value := range []string{"\x00", "a\x00b", "\uFFFD", "'; DROP TABLE cars; --", "%", "$1", "?", "\\"} {
			for _, set := range []func(*exodrive.CarQuery){
				func(q *exodrive.CarQuery) { q.Makes = []string{value} },
				func(q *exodrive.CarQuery) { q.Features = []string{value} },
				func(q *exodrive.CarQuery) { q.Locations = []string{value, value} },
				func(q *exodrive.CarQuery) { q.Makes = []string{value, "ferrari", value} },
			} {
				q := question(0, false, false)
				set(&q)
				if _, _, _, err := s.Cars(t.Context(), q, "USD"); err != nil {
					refused(t, err, exodrive.Invalid)
				}
			}
		}
	})
}

// The fleet's counts say how many listed cars there are of each kind, and every category even without a car.
func TestCounts(t *testing.T) {
	eachSeeded(t, func(t *testing.T, s *sqlstore.Store, _ string) {
		cars := expected(0, false)
		got := must(s.Counts(t.Context(), today))
		free := 0
		for _, c := range cars {
			taken := slices.ContainsFunc(fleet.Blocks, func(b demo.Block) bool { return b.CarID == c.ID && b.Days.Contains(today) }) ||
				slices.ContainsFunc(fleet.Bookings, func(b exodrive.Booking) bool {
					return b.CarID == c.ID && b.State.Occupies() && exodrive.Days{Start: b.Days.Start, End: b.BlockedUntil}.Contains(today)
				})
			free += 1 - rank(taken)
		}
		if got.Cars != len(cars) || got.FreeCars != free || got.Day != today || free == 0 || free == len(cars) {
			t.Errorf("%d cars of which %d are free on %s, want %d and %d", got.Cars, got.FreeCars, got.Day, len(cars), free)
		}
		var categories []exodrive.Category
		sum := 0
		for _, f := range got.Categories {
			categories = append(categories, exodrive.Category(f.Value))
			sum += f.Count
		}
		same(t, "the categories", categories, exodrive.Categories)
		if sum != len(cars) {
			t.Errorf("the categories count %d cars, want %d", sum, len(cars))
		}
		features := map[string]int{}
		for _, c := range cars {
			for _, f := range c.Features {
				features[f.Name]++
			}
		}
		if len(got.Features) != min(len(features), 100) {
			t.Errorf("%d features are counted, want %d", len(got.Features), len(features))
		}
		for _, f := range got.Features {
			if features[f.Value] != f.Count {
				t.Errorf("%d cars have %q, want %d", f.Count, f.Value, features[f.Value])
			}
		}
	})
}
