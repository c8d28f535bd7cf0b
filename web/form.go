package web

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/exodrive/exodrive"
)

// form is the question about the fleet as the visitor typed it, right or wrong,
// with what can be chosen.
type form struct {
	Search, Start, End, Least, Most field

	Categories []choice
	Sorts      []choice
	Kept       []kept   // filters that have no control of their own
	Limit      string   // how many cars of a page a link asked for, or empty
	Faults     []string // sentences about values that have no control
}

// field is a control to type into.
type field struct {
	Name, Label string
	Value       string // as it was typed
	Hint        string
	Fault       string // the sentence, or empty
}

// choice is one value that can be chosen.
type choice struct {
	Value, Name string
	Count       int // cars it would give
	Counted     bool
	Chosen      bool
}

// kept is a filter that a link brought along. It stays until it is taken off.
type kept struct {
	Name, Label string
	Value       string // as it was typed
	Shown       string // with blanks between several values
	Without     string // address of the list without it
}

// keptFilters are the filters of the list without a control.
var keptFilters = []struct{ name, label string }{
	{"make", "Make"}, {"location", "Place"}, {"features", "Features"}, {"seats", "Seats"},
	{"transmission", "Transmission"}, {"drivetrain", "Drivetrain"},
}

// sortNames are the orders to choose from, the usual one first. That one is an
// empty value, because it is the best match for a search and the house's choice
// otherwise.
var sortNames = []struct {
	sort exodrive.Sort
	name string
}{
	{"", "Recommended"}, {exodrive.SortPrice, "Price, low to high"}, {exodrive.SortPriceDown, "Price, high to low"},
	{exodrive.SortRating, "Best rated"}, {exodrive.SortNewest, "Newest here"}, {exodrive.SortPower, "Most power"}, {exodrive.SortName, "Name"},
}

// typedIn are the known parameters of an address that are not empty, as they
// were typed, but for the page: the list's links are made of them.
func typedIn(values url.Values) url.Values {
	typed := url.Values{}
	keep := func(name, value string) {
		if value != "" {
			typed.Set(name, value)
		}
	}
	for _, name := range []string{"search", "startDate", "endDate", "minPrice", "maxPrice", "sort", "limit"} {
		keep(name, strings.TrimSpace(values.Get(name)))
	}
	keep("category", strings.Join(values["category"], ","))
	for _, f := range keptFilters {
		keep(f.name, strings.Join(values[f.name], ","))
	}
	return typed
}

// newForm fills the form. Facets without categories leave the choices uncounted,
// as for a question that was not asked.
func newForm(typed url.Values, ask exodrive.CarQuery, facets exodrive.Facets, faults map[string]string) form {
	rest := maps.Clone(faults)
	input := func(name, label, hint string) field {
		fault := rest[name]
		delete(rest, name)
		return field{name, label, typed.Get(name), hint, fault}
	}
	f := form{
		Search: input("search", "Search", "Make or model"),
		Start:  input("startDate", "Pick-up", ""),
		End:    input("endDate", "Return", ""),
		Least:  input("minPrice", "Price a day, from", ""),
		Most:   input("maxPrice", "Price a day, to", ""),
		Limit:  typed.Get("limit"),
	}
	if facets.Price.Max.Amount > 0 {
		f.Least.Hint, f.Most.Hint = plain(facets.Price.Min), plain(facets.Price.Max)
	}
	counts := map[string]int{}
	for _, c := range facets.Category {
		counts[c.Value] = c.Count
	}
	for _, c := range exodrive.Categories {
		chosen := slices.Contains(ask.Categories, c)
		f.Categories = append(f.Categories, choice{
			Value: string(c), Name: categoryName(c), Count: counts[string(c)], Chosen: chosen,
			// Facets count what was found, so they say nothing of the kinds that
			// the question leaves out.
			Counted: facets.Category != nil && (chosen || len(ask.Categories) == 0),
		})
	}
	for _, s := range sortNames {
		f.Sorts = append(f.Sorts, choice{Value: string(s.sort), Name: s.name, Chosen: s.sort == ask.Sort})
	}
	for _, k := range keptFilters {
		if v := typed.Get(k.name); v != "" {
			f.Kept = append(f.Kept, kept{k.name, k.label, v, strings.ReplaceAll(v, ",", ", "), fleetAddress(typed, k.name, 1)})
		}
	}
	f.Faults = slices.Sorted(maps.Values(rest))
	return f
}

// plain is an amount in whole units, as it may be typed into the form.
func plain(m exodrive.Money) string {
	whole, _, _ := strings.Cut(m.Decimal(), ".")
	return whole
}
