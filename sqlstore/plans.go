package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/exodrive/exodrive"
)

// Scan is a statement of a read that goes through a large table from end to end.
type Scan struct {
	Read  string // which read
	Table string
	Text  string // of the statement
}

// plannedReads are the program's reads whose plans are looked at, each with the
// tables that it may go through because it is about all of their rows.
var plannedReads = []struct {
	name    string
	through []string
	ask     func(ctx context.Context, q queries, car PublicCar, day exodrive.Date) error
}{
	{"details", nil, func(ctx context.Context, q queries, car PublicCar, _ exodrive.Date) error {
		_, err := q.CarDetails(ctx, car.ID)
		return err
	}},
	{"slug", nil, func(ctx context.Context, q queries, car PublicCar, _ exodrive.Date) error {
		_, err := q.CarIDBySlug(ctx, car.Slug)
		return err
	}},
	{"availability", nil, func(ctx context.Context, q queries, car PublicCar, day exodrive.Date) error {
		_, err := q.Calendar(ctx, car.ID, exodrive.Days{Start: day, End: day.Add(31)})
		return err
	}},
	{"reviews", nil, func(ctx context.Context, q queries, car PublicCar, _ exodrive.Date) error {
		_, err := q.Reviews(ctx, car.ID, exodrive.PageQuery{Page: 1, Limit: exodrive.DefaultReviews})
		return err
	}},
	{"counts", []string{"cars", "car_features"}, func(ctx context.Context, q queries, _ PublicCar, day exodrive.Date) error {
		_, err := q.Counts(ctx, day)
		return err
	}},
	{"places", nil, func(ctx context.Context, q queries, _ PublicCar, _ exodrive.Date) error {
		_, err := q.PublicPlaces(ctx, exodrive.PageQuery{Page: 1, Limit: exodrive.DefaultOffers}, "USD")
		return err
	}},
	{"extras", nil, func(ctx context.Context, q queries, _ PublicCar, _ exodrive.Date) error {
		_, err := q.PublicExtras(ctx, exodrive.PageQuery{Page: 1, Limit: exodrive.DefaultOffers}, "USD")
		return err
	}},
	{"list", []string{"cars"}, list(exodrive.CarQuery{Sort: exodrive.SortFeatured})},
	{"list by category and price", []string{"cars"}, list(exodrive.CarQuery{Sort: exodrive.SortPrice, Categories: exodrive.Categories[:1]})},
	{"list on dates", []string{"cars"}, func(ctx context.Context, q queries, car PublicCar, day exodrive.Date) error {
		return list(exodrive.CarQuery{Sort: exodrive.SortFeatured, Start: day.Add(7), End: day.Add(10)})(ctx, q, car, day)
	}},
	{"search", []string{"cars", "car_words"}, list(exodrive.CarQuery{Sort: exodrive.SortRelevance, Search: "ferari"})},
	{"prices of cars", nil, func(ctx context.Context, q queries, car PublicCar, day exodrive.Date) error {
		_, err := q.Overrides(ctx, []string{car.ID}, exodrive.Days{Start: day, End: day.Add(7)})
		return err
	}},
	{"maintenance of a car", nil, func(ctx context.Context, q queries, car PublicCar, day exodrive.Date) error {
		_, err := q.Blocks(ctx, car.ID, day)
		return err
	}},
	// SQLite counts those that wait by any index, as long as it has no statistics.
	{"reviews to moderate", []string{"car_reviews"}, func(ctx context.Context, q queries, _ PublicCar, _ exodrive.Date) error {
		_, _, err := q.AllReviews(ctx, exodrive.ReviewPending, exodrive.PageQuery{Page: 1, Limit: 20})
		return err
	}},
	{"audit log of a car", nil, func(ctx context.Context, q queries, car PublicCar, _ exodrive.Date) error {
		_, _, err := q.AuditLog(ctx, car.ID, exodrive.PageQuery{Page: 1, Limit: 20})
		return err
	}},
}

// growing are the tables that grow with the business.
var growing = []string{
	"cars", "car_images", "car_features", "car_specs", "car_prices", "car_words", "car_reviews", "car_availability",
	"bookings", "customers", "audit_log", "api_tokens", "cache_journal",
}

func list(ask exodrive.CarQuery) func(context.Context, queries, PublicCar, exodrive.Date) error {
	ask.Page, ask.Limit = 1, exodrive.DefaultPageSize
	return func(ctx context.Context, q queries, _ PublicCar, _ exodrive.Date) error {
		_, _, _, err := q.Cars(ctx, ask, "USD")
		return err
	}
}

// Scans asks the database how it runs the statements of the program's reads, and
// returns those that go through a table of at least so many rows where an index
// should lead to the few they need. looked is how many statements were looked at: 0
// without a car to ask about. Each read runs once, to know its statements.
func (s *Store) Scans(ctx context.Context, day exodrive.Date, rows int) (scans []Scan, looked int, err error) {
	var car PublicCar
	err = s.row(ctx, sqlAnyCar).scan(&car.ID, &car.Slug)
	if err != nil {
		return nil, 0, notFound(err, "There is no car to ask about.")
	}
	large := map[string]bool{}
	for _, read := range plannedReads {
		var asked statements
		q := s.queries
		q.trace = asked.add
		if err := read.ask(ctx, q, car, day); err != nil {
			return scans, looked, fmt.Errorf("%s: %w", read.name, err)
		}
		for _, statement := range asked.kept {
			looked++
			tables, err := s.d.scanned(ctx, s.engine, statement.text, statement.args)
			if err != nil {
				return scans, looked, fmt.Errorf("explain %s: %w", read.name, s.d.public(err))
			}
			for _, table := range tables {
				if slices.Contains(read.through, table) || !slices.Contains(growing, table) {
					continue
				}
				if _, known := large[table]; !known {
					if large[table], err = s.hasRows(ctx, table, rows); err != nil {
						return scans, looked, err
					}
				}
				if large[table] {
					scans = append(scans, Scan{read.name, table, blanks.ReplaceAllString(statement.text, " ")})
				}
			}
		}
	}
	return scans, looked, nil
}

const sqlAnyCar = `SELECT id, slug FROM cars WHERE available AND NOT hidden ORDER BY featured DESC, rating DESC, name, id LIMIT 1`

// hasRows tells whether a table has so many rows.
func (s *Store) hasRows(ctx context.Context, table string, least int) (bool, error) {
	var n int
	// The name comes from a plan of our own statement.
	err := s.row(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM "`+strings.ReplaceAll(table, `"`, "")+`" LIMIT $1) t`, least).scan(&n)
	return n >= least, err
}

// statements keeps what a read asks.
type statements struct {
	mu   sync.Mutex
	kept []statementRun
}

type statementRun struct {
	text string
	args []any
}

func (s *statements) add(text string, args []any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = append(s.kept, statementRun{text, slices.Clone(args)})
}
