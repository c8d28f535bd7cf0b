package rental_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
)

// pagedRead asks for a page of a list and tells how many rows it has.
type pagedRead func(ctx context.Context, t testing.TB, s *rental.Service, page exodrive.PageQuery) (rows int, err error)

func listOf(query string) pagedRead {
	return func(ctx context.Context, t testing.TB, s *rental.Service, page exodrive.PageQuery) (int, error) {
		q := ask(t, query)
		q.Page, q.Limit = page.Page, page.Limit
		found, err := cache.Value(s.Cars(ctx, q))
		if err != nil {
			return 0, err
		}
		return len(found.Cars), nil
	}
}

func managed[T any](read func(*rental.Service, context.Context, exodrive.Actor, exodrive.PageQuery) ([]T, int, error)) pagedRead {
	return func(ctx context.Context, _ testing.TB, s *rental.Service, page exodrive.PageQuery) (int, error) {
		rows, _, err := read(s, ctx, admin, page)
		return len(rows), err
	}
}

// pagedReads are the lists of the program.
var pagedReads = []struct {
	name string
	ask  pagedRead
}{
	{"list", listOf("")},
	{"list with dates", listOf("startDate=2026-12-01&endDate=2026-12-05")},
	{"search", listOf("search=porsche")},
	{"reviews", func(ctx context.Context, t testing.TB, s *rental.Service, page exodrive.PageQuery) (int, error) {
		found, err := cache.Value(s.Reviews(ctx, car(t, "ferrari-roma").ID, page))
		if err != nil {
			return 0, err
		}
		return len(found.Reviews), nil
	}},
	{"all cars", managed((*rental.Service).ManagedCars)},
	{"places", managed((*rental.Service).Locations)},
	{"price rules", managed((*rental.Service).PriceRules)},
	{"extras", managed((*rental.Service).Extras)},
	{"coupons", managed((*rental.Service).Coupons)},
	{"reviews to judge", managed(func(s *rental.Service, ctx context.Context, who exodrive.Actor, page exodrive.PageQuery) ([]exodrive.Review, int, error) {
		return s.AllReviews(ctx, who, "", page)
	})},
	{"bookings", managed(func(s *rental.Service, ctx context.Context, who exodrive.Actor, page exodrive.PageQuery) ([]exodrive.BookingRow, int, error) {
		return s.Bookings(ctx, who, exodrive.BookingQuery{}, page)
	})},
	{"customers", managed(func(s *rental.Service, ctx context.Context, who exodrive.Actor, page exodrive.PageQuery) ([]exodrive.CustomerRow, int, error) {
		return s.Customers(ctx, who, exodrive.CustomerQuery{}, page)
	})},
}

// A page of fifty takes as many statements as a page of one, and the database
// counts out the rows of the page: no list asks for each of its rows, or for more
// rows than it shows.
//
// Red when: the price of a card is read for each card; a list is cut to its page by the program.
func TestListsTakeFewStatements(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "fleet", seeded, func(t *testing.T, databaseURL string) {
		var trace statements
		s, _ := uncached(t, databaseURL, trace.add)
		for _, read := range pagedReads {
			var rows, ran [2]int
			_, _ = read.ask(t.Context(), t, s, firstPage) // the list of known cars is kept from here on
			for i, limit := range []int{1, 50} {
				trace.take()
				var err error
				if rows[i], err = read.ask(t.Context(), t, s, exodrive.PageQuery{Page: 1, Limit: limit}); err != nil {
					t.Fatalf("%s: %v", read.name, err)
				}
				all := trace.take()
				ran[i] = len(all)
				if !slices.ContainsFunc(all, func(one statement) bool {
					return strings.Contains(one.text, "LIMIT $") && slices.Contains(one.args, any(limit))
				}) {
					t.Errorf("%s: none of %d statements is told that the page has %d rows", read.name, len(all), limit)
				}
			}
			if rows[0] != 1 || rows[1] < 2 || ran[0] != ran[1] || ran[1] > 8 {
				t.Errorf("%s: %d rows take %d statements, and %d rows %d; want as many for any page, and 8 at most", read.name, rows[0], ran[0], rows[1], ran[1])
			}
		}
	})
}

// What does not depend on each other is asked at once: the statements of a read
// wait for one another where they need not go one by one.
//
// Red when: the parts of a read are read in turn.
func TestIndependentPartsRunTogether(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "fleet", seeded, func(t *testing.T, databaseURL string) {
		var now gathering
		s, _ := uncached(t, databaseURL, now.wait)
		id := car(t, "ferrari-roma").ID
		reads := publicReads(t, id, "ferrari-roma", exodrive.SortFeatured)
		for name, parts := range map[string][]string{
			"list sort=featured": {"c.facets, COUNT(*)", "SELECT c.id FROM cars c", "SELECT id, slug FROM locations"},
			"list startDate=" + (today + 1).String() + "&endDate=" + (today + 4).String() + "&limit=50": {"FROM car_prices", "FROM price_rules", "after_hours_fee"},
			"details of " + id:  {"FROM car_images", "c.short_description"},
			"calendar of " + id: {"FROM price_rules", "FROM car_availability"},
			"reviews of " + id:  {"GROUP BY rating", "SELECT rating FROM cars", "booking_id IS NOT NULL"},
			"places":            {"COUNT(*) FROM locations", "FROM locations ORDER BY", "FROM location_transfers"},
			"extras":            {"COUNT(*) FROM extras", "FROM extras WHERE active ORDER BY"},
			"counts":            {"c.category, COUNT(*)", "f.name, COUNT(*)", "c.make, COUNT(*)", "l.slug, COUNT(*)", "NOT EXISTS"},
		} {
			i := slices.IndexFunc(reads, func(r publicRead) bool { return r.name == name })
			now.begin(parts)
			if got := reads[i].of(t, s); got.err != nil {
				t.Errorf("%s: %v", name, got.err)
			}
			if late := now.end(); len(late) > 0 {
				t.Errorf("%s: %q did not wait together with the others of %q", name, late, parts)
			}
		}
	})
}

// gathering lets statements with certain parts run once all of them are there.
type gathering struct {
	mu      sync.Mutex
	missing []string
	all     chan struct{} // closed when none is
}

func (g *gathering) begin(parts []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.missing, g.all = slices.Clone(parts), make(chan struct{})
}

// end returns the parts that never came together.
func (g *gathering) end() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.all = nil
	return g.missing
}

// wait is the trace of a store.
func (g *gathering) wait(text string, _ []any) {
	g.mu.Lock()
	i := slices.IndexFunc(g.missing, func(part string) bool { return strings.Contains(text, part) })
	all := g.all
	if i >= 0 && all != nil {
		if g.missing = slices.Delete(g.missing, i, i+1); len(g.missing) == 0 {
			close(all)
		}
	}
	g.mu.Unlock()
	if i < 0 || all == nil {
		return
	}
	select {
	case <-all:
	case <-time.After(patience / 4): // below the limit of a load
		g.mu.Lock()
		defer g.mu.Unlock()
		g.missing = append(g.missing, text)
	}
}
