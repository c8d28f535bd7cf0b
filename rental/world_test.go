package rental_test

import (
	"context"
	"flag"
	"net/url"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/demo"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
	"github.com/exodrive/exodrive/sqlstore"
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(exotest.Main(m))
}

var update = flag.Bool("update", false, "write the golden files anew")

// The fleet of all tests is the demo's of this day, at seven in the morning of
// its zone, with one car archived and one not for rent.
var (
	now     = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	today   = exodrive.MustDate("2026-11-23")
	zone, _ = time.LoadLocation("America/New_York")
)

const (
	hiddenCar      = "rimac-nevera"
	unavailableCar = "lexus-lc-500"
)

var fleet = sync.OnceValue(func() *demo.Fleet {
	f := demo.Demo(today)
	for i := range f.Cars {
		f.Cars[i].Hidden = f.Cars[i].Slug == hiddenCar
		f.Cars[i].Available = f.Cars[i].Slug != unavailableCar
	}
	return f
})

// world is a Service over a database of the test's own that holds the fleet.
type world struct {
	*rental.Service
	store *sqlstore.Store
	cache *rental.Cache
	clock *exotest.ManualClock
}

// newWorld opens a database; adjust may change the service's options.
func newWorld(t testing.TB, databaseURL string, adjust ...func(*rental.Options)) *world {
	t.Helper()
	ctx := context.Background()
	clock := exotest.Clock(now)
	store, err := sqlstore.Open(ctx, sqlstore.Config{URL: databaseURL, Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	if _, _, err := store.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	c := newCache(t, store)
	o := rental.Options{Store: store, Cache: c, Now: clock.Now, Zone: zone}
	for _, f := range adjust {
		f(&o)
	}
	s, err := rental.New(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	return &world{s, store, c, clock}
}

// newCache is a cache that polls when it is asked, and not of its own accord.
func newCache(t testing.TB, store *sqlstore.Store) *rental.Cache {
	c := rental.NewCache(store)
	t.Cleanup(c.Close)
	return c
}

// seeded builds the template of eachWorld.
func seeded(t testing.TB, databaseURL string) {
	if err := newWorld(t, databaseURL).Seed(context.Background(), fleet(), true, nil); err != nil {
		t.Fatal(err)
	}
}

// eachWorld runs a test on every engine of this run, each with the fleet.
func eachWorld(t *testing.T, run func(*testing.T, *world)) {
	t.Helper()
	exotest.EachEngine(t, "fleet", seeded, func(t *testing.T, databaseURL string) { run(t, newWorld(t, databaseURL)) })
}

// ask parses the query string of a list.
func ask(t testing.TB, query string) exodrive.CarQuery {
	t.Helper()
	v, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	q, err := exodrive.ParseCarQuery(v, exodrive.DefaultLimits)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return q
}

// list asks for all cars that a query finds; there are fewer than a page holds.
func (w *world) list(t testing.TB, query string) *exodrive.CarPage {
	t.Helper()
	q := ask(t, query)
	q.Limit = exodrive.DefaultLimits.PageSize
	page, err := cache.Value(w.Cars(context.Background(), q))
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return page
}

func slugs(cars []exodrive.CarCard) []string {
	out := []string{}
	for _, c := range cars {
		out = append(out, c.Slug)
	}
	return out
}

// inOrder sorts a list in place.
func inOrder(list []string) []string {
	slices.Sort(list)
	return list
}

// car is the fleet's car with a slug.
func car(t testing.TB, slug string) exodrive.Car {
	t.Helper()
	i := slices.IndexFunc(fleet().Cars, func(c exodrive.Car) bool { return c.Slug == slug })
	if i < 0 {
		t.Fatalf("the demo fleet has no %s", slug)
	}
	return fleet().Cars[i]
}

// place is the fleet's place with an id.
func place(id string) *exodrive.Location {
	for i := range fleet().Locations {
		if l := &fleet().Locations[i]; l.ID == id {
			return l
		}
	}
	return nil
}

// as is an actor with scopes.
func as(scopes ...exodrive.Scope) exodrive.Actor {
	return exodrive.Actor{ID: "tok_01kas0f3m2x7h9tq", Name: "Ann", Scopes: scopes, RequestID: "request-1"}
}

var admin = as(exodrive.ScopeAll)

var firstPage = exodrive.PageQuery{Page: 1, Limit: 50}

// audit is the whole log, newest first.
func (w *world) audit(t testing.TB) []exodrive.AuditRecord {
	t.Helper()
	list, total, err := w.AuditLog(context.Background(), admin, "", firstPage)
	if err != nil || total != len(list) {
		t.Fatalf("the audit log has %d of %d entries (%v)", len(list), total, err)
	}
	return list
}

// entries is how many entries the log has.
func (w *world) entries(t testing.TB) int {
	t.Helper()
	_, total, err := w.AuditLog(context.Background(), admin, "", exodrive.PageQuery{Page: 1, Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	return total
}

func wantCode(t testing.TB, what string, err error, want exodrive.Code) {
	t.Helper()
	if got := exodrive.CodeOf(err); got != want {
		t.Errorf("%s: the error is %v, want the code %q", what, err, want)
	}
}
