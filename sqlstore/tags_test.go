package sqlstore_test

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/sqlstore"
)

// cachedRead is something the cache keeps, with the tags it is kept under.
type cachedRead struct {
	name string
	tags []string
	load func() (any, error)
}

// cachedReads are all of them that concern a car. What a list with dates shows is
// computed from the statements here by package rental.
func cachedReads(ctx context.Context, s *sqlstore.Store, car, slug string, sort exodrive.Sort) []cachedRead {
	days := exodrive.Days{Start: today, End: today.Add(31)}
	list := func(change func(*exodrive.CarQuery)) func() (any, error) {
		ask := exodrive.CarQuery{Sort: sort, Page: 1, Limit: 12}
		change(&ask)
		return func() (any, error) {
			cars, total, facets, err := s.Cars(ctx, ask, "USD")
			if err != nil || !ask.HasDates() {
				cards := make([]exodrive.CarCard, len(cars))
				for i := range cars {
					cards[i] = cars[i].Card
				}
				return []any{cards, total, facets}, err
			}
			ids := make([]string, len(cars))
			for i := range cars {
				ids[i] = cars[i].Card.ID
			}
			overrides, err1 := s.Overrides(ctx, ids, ask.Dates())
			rules, err2 := s.ActiveRules(ctx)
			places, err3 := s.Places(ctx)
			return []any{cars, total, facets, overrides, rules, places}, errors.Join(err1, err2, err3)
		}
	}
	return []cachedRead{
		{"list", []string{"cars"}, list(func(*exodrive.CarQuery) {})},
		{"search", []string{"cars"}, list(func(q *exodrive.CarQuery) { q.Search, q.Sort = "ferari", exodrive.SortRelevance })},
		{"list by feature", []string{"cars"}, list(func(q *exodrive.CarQuery) { q.Features = []string{"carbon-ceramic brakes"} })},
		{"list of a place", []string{"cars"}, list(func(q *exodrive.CarQuery) { q.Locations = []string{"miami"} })},
		{"list with dates", []string{"cars", "availability"}, list(func(q *exodrive.CarQuery) { q.Start, q.End = today, today.Add(3) })},
		{"details", []string{"car:" + car}, func() (any, error) { return s.CarDetails(ctx, car) }},
		{"slug", []string{"slug:" + slug}, func() (any, error) { return s.CarIDBySlug(ctx, slug) }},
		{"availability", []string{"availability:" + car, "car:" + car}, func() (any, error) { return s.Calendar(ctx, car, days) }},
		{"reviews", []string{"reviews:" + car}, func() (any, error) { return s.Reviews(ctx, car, page) }},
		{"counts", []string{"cars", "availability"}, func() (any, error) { return s.Counts(ctx, today) }},
	}
}

// raisedBy tells whether one of a read's tags, or its wildcard, is among those raised.
func (r cachedRead) raisedBy(raised []string) bool {
	return slices.ContainsFunc(r.tags, func(tag string) bool {
		kind, _, ok := strings.Cut(tag, ":")
		return slices.Contains(raised, tag) || ok && slices.Contains(raised, kind+":*")
	})
}

// bytes are what a read shows; a car that is not there shows a sentence. The read
// fails on a value that nobody can read.
func (r cachedRead) bytes() (string, error) {
	v, err := r.load()
	switch exodrive.CodeOf(err) {
	case "":
		return string(must(json.Marshal(v))), nil
	case exodrive.NotFound:
		return err.Error(), nil
	}
	return err.Error(), err
}

var relationName = regexp.MustCompile(`"Relation Name": "(\w+)"`)

// tablesOf are the tables that a statement reads.
func tablesOf(db raw, url string, a asked) []string {
	db.t.Helper()
	var tables []string
	if onPostgres(url) {
		for _, m := range relationName.FindAllStringSubmatch(db.text(`EXPLAIN (FORMAT JSON) `+a.text, a.args...), -1) {
			tables = append(tables, m[1])
		}
		return tables
	}
	rows, err := db.db.QueryContext(context.Background(), `EXPLAIN `+a.text, a.args...)
	if err != nil {
		db.t.Fatalf("explain %s: %v", a.text, err)
	}
	defer rows.Close()
	var roots []int64
	for rows.Next() {
		var address, p1, p2, p3, p5 int64
		var opcode string
		var p4, comment any
		if err := rows.Scan(&address, &opcode, &p1, &p2, &p3, &p4, &p5, &comment); err != nil {
			db.t.Fatal(err)
		}
		if opcode == "OpenRead" && p3 == 0 {
			roots = append(roots, p2)
		}
	}
	if err := rows.Err(); err != nil {
		db.t.Fatal(err)
	}
	for _, root := range roots {
		tables = append(tables, db.texts(`SELECT tbl_name FROM sqlite_schema WHERE rootpage = $1`, root)...)
	}
	return tables
}

// unwatched are the kinds of change of a table that no trigger of the cache sees.
func unwatched(db raw, url, table string) []string {
	kinds := []string{"INSERT", "UPDATE", "DELETE"}
	list := `SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND name LIKE 'cache%' AND tbl_name = $1`
	if onPostgres(url) {
		kinds = append(kinds, "TRUNCATE")
		list = `SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname LIKE 'cache%' AND tgenabled = 'O' AND tgrelid = CAST($1 AS regclass)`
	}
	triggers := strings.Join(db.texts(list, table), "\n")
	return slices.DeleteFunc(kinds, func(kind string) bool { return strings.Contains(triggers, "AFTER "+kind) })
}

// readTables are the tables that any cached read reads, and have a row of.
func readTables(t testing.TB, url string) []string {
	t.Helper()
	var trace recorder
	s := open(t, url, func(c *sqlstore.Config) { c.Trace = trace.add })
	db := prompt(t, url)
	car, slug, _ := strings.Cut(db.text(`SELECT id || ' ' || slug FROM cars WHERE available AND NOT hidden ORDER BY id LIMIT 1`), " ")
	trace.take()
	var all []string
	for _, r := range cachedReads(t.Context(), s, car, slug, exodrive.SortFeatured) {
		if _, err := r.bytes(); err != nil {
			t.Fatalf("%s: %v", r.name, err)
		}
		kept := trace.take()
		if len(kept) == 0 {
			t.Errorf("%s: no statement was seen", r.name)
		}
		for _, a := range kept {
			all = append(all, tablesOf(db, url, a)...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Nothing that the public sees can change unnoticed: every table that a cached read reads writes to the cache's journal.
func TestEveryCachedTableIsWatched(t *testing.T) {
	eachSeeded(t, func(t *testing.T, _ *sqlstore.Store, url string) {
		db, tables := prompt(t, url), readTables(t, url)
		for _, table := range tables {
			if missing := unwatched(db, url, table); len(missing) > 0 {
				t.Errorf("no trigger of the cache sees %v on %s", missing, table)
			}
		}
		want := []string{"car_availability", "car_features", "car_images", "car_prices", "car_reviews", "car_specs", "car_words", "cars", "locations", "price_rules", "settings"}
		same(t, "the tables that are read", tables, want)
		if len(unwatched(db, url, "coupons")) == 0 {
			t.Error("a table without triggers passes, so this test sees nothing")
		}
	})
}
