package app

import (
	"reflect"
	"slices"
	"strings"
)

// names are the variables of the settings, in the order in which --help lists them.
var names = func() (all []string) {
	for f := range reflect.TypeFor[Settings]().Fields() {
		all = append(all, f.Tag.Get("env"))
	}
	return all
}()

// fromFiles are those that may be in a file, whose name is in the variable NAME_FILE.
var fromFiles = []string{"EXO_SECRET", "EXO_ADMIN_TOKEN", "DATABASE_URL", "REDIS_URL"}

// inOrder sorts sentences that begin with the name of a variable as the settings stand.
func inOrder(faults []error) []error {
	place := func(err error) int {
		return slices.IndexFunc(names, func(name string) bool {
			rest, ok := strings.CutPrefix(err.Error(), name)
			return ok && (rest == "" || strings.HasPrefix(rest, "_FILE") || strings.ContainsRune(" :.", rune(rest[0])))
		})
	}
	slices.SortStableFunc(faults, func(a, b error) int { return place(a) - place(b) })
	return faults
}

// ours is how the variables begin that nobody else's program reads.
const ours = "EXO_"

// Misspelt are the variables of an environment that begin like ours and mean nothing, each
// with the nearest that there is. Those of tests and measurements are not told apart: a
// server has none.
func Misspelt(environment []string) (pairs [][2]string) {
	known := slices.Clone(names)
	for _, name := range fromFiles {
		known = append(known, name+"_FILE")
	}
	for _, one := range environment {
		name, _, _ := strings.Cut(one, "=")
		if !strings.HasPrefix(name, ours) || slices.Contains(known, name) {
			continue
		}
		nearest := slices.MinFunc(known, func(a, b string) int { return distance(name, a) - distance(name, b) })
		pairs = append(pairs, [2]string{name, nearest})
	}
	slices.SortFunc(pairs, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	return pairs
}

// distance is how many letters must be put in, left out or replaced to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := before
			if a[i] != b[j] {
				replaced++
			}
			before = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
