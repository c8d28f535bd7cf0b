package rental_test

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	// The engines' drivers, for statements past the store.
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
	"github.com/exodrive/exodrive/sqlstore"
)

// statement is one that a store ran.
type statement struct {
	text string
	args []any
}

// statements keeps those of a store.
type statements struct {
	mu   sync.Mutex
	kept []statement
}

func (s *statements) add(text string, args []any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = append(s.kept, statement{text, slices.Clone(args)})
}

// take returns what was kept so far and forgets it.
func (s *statements) take() []statement {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := s.kept
	s.kept = nil
	return kept
}

// errNoJournal keeps a cache from ever vouching for an answer.
var errNoJournal = errors.New("this journal is never read")

type noJournal struct{}

func (noJournal) Poll(context.Context, cache.Position) (cache.Reading, error) {
	return cache.Reading{}, errNoJournal
}
func (noJournal) Horizon(context.Context) (cache.Epoch, cache.Mark, error) {
	return 0, 0, errNoJournal
}
func (noJournal) NewEpoch(context.Context) error { return errNoJournal }

// uncached is a Service whose every read loads: what is true. trace may be nil.
func uncached(t testing.TB, databaseURL string, trace func(string, []any)) (*rental.Service, *rental.Cache) {
	t.Helper()
	clock := exotest.Clock(now)
	store, err := sqlstore.Open(t.Context(), sqlstore.Config{URL: databaseURL, Now: clock.Now, Trace: trace})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	c := rental.NewCache(store, func(o *cache.Options) { o.Journal = noJournal{} })
	t.Cleanup(c.Close)
	s, err := rental.New(t.Context(), rental.Options{Store: store, Cache: c, Now: clock.Now, Zone: zone})
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

// publicRead is one question that the cache answers: anybody's, or one of staff's.
type publicRead struct {
	name string
	ask  func(context.Context, *rental.Service) (cache.Served, error)
}

// publicReads ask every public read about a car and about the fleet.
func publicReads(t testing.TB, id, slug string, sort exodrive.Sort) []publicRead {
	t.Helper()
	dates := "startDate=" + (today + 1).String() + "&endDate=" + (today + 4).String()
	month := exodrive.AvailabilityQuery{Start: today, End: today + 30}
	var reads []publicRead
	for _, query := range []string{
		"sort=" + string(sort), "sort=" + string(sort) + "&limit=3&page=2", "search=ferari", "features=carbon-ceramic+brakes", "location=miami&maxPrice=900",
		dates + "&limit=50", dates + "&sort=" + string(sort) + "&location=miami",
	} {
		q := ask(t, query)
		reads = append(reads, publicRead{"list " + query, func(ctx context.Context, s *rental.Service) (cache.Served, error) {
			a, err := s.Cars(ctx, q)
			return a.Served, err
		}})
	}
	// The car by its id, by its slug, and by one that a change may give it.
	for _, ref := range []string{id, slug, slug + "x"} {
		reads = append(reads,
			publicRead{"details of " + ref, func(ctx context.Context, s *rental.Service) (cache.Served, error) {
				a, err := s.Car(ctx, ref)
				return a.Served, err
			}},
			publicRead{"calendar of " + ref, func(ctx context.Context, s *rental.Service) (cache.Served, error) {
				a, err := s.Availability(ctx, ref, month)
				return a.Served, err
			}},
			publicRead{"reviews of " + ref, func(ctx context.Context, s *rental.Service) (cache.Served, error) {
				a, err := s.Reviews(ctx, ref, firstPage)
				return a.Served, err
			}})
	}
	for _, of := range []string{"", id} {
		q := exodrive.FiguresQuery{Start: today - 40, End: today + 40, CarID: of}
		reads = append(reads, publicRead{"figures of " + of, func(ctx context.Context, s *rental.Service) (cache.Served, error) {
			a, err := s.Figures(ctx, admin, q)
			return a.Served, err
		}})
	}
	reads = append(reads, publicRead{"figures of cars", func(ctx context.Context, s *rental.Service) (cache.Served, error) {
		a, err := s.CarFigures(ctx, admin, exodrive.CarFiguresQuery{Start: today - 40, End: today + 40, PageQuery: firstPage})
		return a.Served, err
	}})
	reads = append(reads,
		publicRead{"places", func(ctx context.Context, s *rental.Service) (cache.Served, error) {
			a, err := s.PublicPlaces(ctx, firstPage)
			return a.Served, err
		}},
		publicRead{"extras", func(ctx context.Context, s *rental.Service) (cache.Served, error) {
			a, err := s.PublicExtras(ctx, firstPage)
			return a.Served, err
		}})
	return append(reads, publicRead{"counts", func(ctx context.Context, s *rental.Service) (cache.Served, error) {
		a, err := s.FleetCounts(ctx)
		return a.Served, err
	}})
}

// shown is what a visitor gets of a read.
type shown struct {
	text  string // the bytes, or the sentence of a car that is not there
	found bool   // not that sentence
	layer cache.Layer
	err   error // any other error
}

func (r publicRead) of(t testing.TB, s *rental.Service) shown {
	served, err := r.ask(t.Context(), s)
	switch exodrive.CodeOf(err) {
	case "":
		return shown{text: string(served.Entry.Variant(cache.Identity).Body), found: true, layer: served.Layer}
	case exodrive.NotFound:
		return shown{text: err.Error(), layer: served.Layer}
	}
	return shown{text: err.Error(), err: err}
}

// prompt is the database past the store, as somebody with a SQL prompt has it.
type prompt struct {
	t  testing.TB
	db *sql.DB
	on string // the engine
}

func newPrompt(t testing.TB, databaseURL string) prompt {
	t.Helper()
	on, driver, source := exotest.PostgreSQL, "pgx", databaseURL
	if path, ok := strings.CutPrefix(databaseURL, "sqlite:"); ok {
		on, driver, source = exotest.SQLite, "sqlite", "file:"+path+"?_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)"
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return prompt{t, db, on}
}

func (p prompt) exec(statement string, args ...any) {
	p.t.Helper()
	if _, err := p.db.ExecContext(context.Background(), statement, args...); err != nil {
		p.t.Fatalf("%s: %v", statement, err)
	}
}

// scan reads the one value that a statement gives.
func (p prompt) scan(into any, statement string, args ...any) {
	p.t.Helper()
	if err := p.db.QueryRowContext(context.Background(), statement, args...).Scan(into); err != nil {
		p.t.Fatalf("%s: %v", statement, err)
	}
}

func (p prompt) text(statement string, args ...any) (s string) {
	p.t.Helper()
	p.scan(&s, statement, args...)
	return s
}

// rows are all rows of a statement.
func (p prompt) rows(statement string, args ...any) (all [][]any) {
	p.t.Helper()
	rows, err := p.db.QueryContext(context.Background(), statement, args...)
	if err != nil {
		p.t.Fatalf("%s: %v", statement, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	for rows.Next() && err == nil {
		row, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		err = rows.Scan(into...)
		all = append(all, row)
	}
	if err := cmp.Or(err, rows.Err()); err != nil {
		p.t.Fatalf("%s: %v", statement, err)
	}
	return all
}

// texts is the first column of all rows.
func (p prompt) texts(statement string, args ...any) (all []string) {
	p.t.Helper()
	for _, row := range p.rows(statement, args...) {
		s, ok := row[0].(string)
		if !ok {
			p.t.Fatalf("%s: %v is no text", statement, row[0])
		}
		all = append(all, s)
	}
	return all
}

var relationName = regexp.MustCompile(`"Relation Name": "(\w+)"`)

// tablesOf are the tables that a statement reads.
func (p prompt) tablesOf(s statement) (tables []string) {
	p.t.Helper()
	if p.on == exotest.PostgreSQL {
		for _, m := range relationName.FindAllStringSubmatch(p.text(`EXPLAIN (FORMAT JSON) `+s.text, s.args...), -1) {
			tables = append(tables, m[1])
		}
		return tables
	}
	for _, row := range p.rows(`EXPLAIN `+s.text, s.args...) { // addr, opcode, p1, p2, p3, …
		if row[1] == "OpenRead" && row[4] == int64(0) {
			tables = append(tables, p.texts(`SELECT tbl_name FROM sqlite_schema WHERE rootpage = $1`, row[3])...)
		}
	}
	return tables
}

// unwatched are the kinds of change of a table that no trigger of the cache sees.
func (p prompt) unwatched(table string) []string {
	kinds := []string{"INSERT", "UPDATE", "DELETE"}
	list := `SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND name LIKE 'cache%' AND tbl_name = $1`
	if p.on == exotest.PostgreSQL {
		kinds = append(kinds, "TRUNCATE")
		list = `SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname LIKE 'cache%' AND tgenabled = 'O' AND tgrelid = CAST($1 AS regclass)`
	}
	triggers := strings.Join(p.texts(list, table), "\n")
	return slices.DeleteFunc(kinds, func(kind string) bool { return strings.Contains(triggers, "AFTER "+kind) })
}

// readTables are the tables of all statements that the public reads run, each of
// which loads. A family that none of them loads fails the test.
func readTables(t testing.TB, databaseURL string) []string {
	t.Helper()
	var trace statements
	p := newPrompt(t, databaseURL)
	s, c := uncached(t, databaseURL, trace.add)
	trace.take()
	roma := car(t, "ferrari-roma")
	var all []string
	for _, r := range publicReads(t, roma.ID, roma.Slug, exodrive.SortFeatured) {
		if got := r.of(t, s); got.err != nil {
			t.Fatalf("%s: %v", r.name, got.err)
		}
		kept := trace.take()
		if len(kept) == 0 {
			t.Errorf("%s: no statement was seen", r.name)
		}
		for _, one := range kept {
			all = append(all, p.tablesOf(one)...)
		}
	}
	for name, family := range c.Stats().Families {
		if family.Loads == 0 {
			t.Errorf("no read of publicReads loads the family %s: add one", name)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Nothing that the public sees can change unnoticed: every table that any statement of a public read reads writes to the cache's journal, whatever changes it.
//
// Red when: a table loses the trigger of one kind of change; a statement of a read takes something from a table without triggers; a family is registered that publicReads does not ask.
func TestEveryCachedTableIsWatched(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "fleet", seeded, func(t *testing.T, databaseURL string) {
		p, tables := newPrompt(t, databaseURL), readTables(t, databaseURL)
		for _, table := range tables {
			if missing := p.unwatched(table); len(missing) > 0 {
				t.Errorf("no trigger of the cache sees %v on %s", missing, table)
			}
		}
		want := []string{"bookings", "car_availability", "car_features", "car_images", "car_prices", "car_reviews", "car_specs", "car_words", "cars", "extras", "location_transfers", "locations", "price_rules", "settings"}
		if !slices.Equal(tables, want) {
			t.Errorf("the tables that are read are %q, want %q", tables, want)
		}
		if len(p.unwatched("coupons")) == 0 {
			t.Error("a table without triggers passes, so this test sees nothing")
		}
	})
}

// A server that runs keeps its journal short: what nobody needs any more is gone soon after the start.
//
// Red when: Start does not prune.
func TestTheJournalIsKeptShort(t *testing.T) {
	t.Parallel()
	for _, engine := range exotest.Engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			databaseURL := "sqlite:" + t.TempDir() + "/exodrive.db"
			if engine == exotest.PostgreSQL {
				databaseURL = exotest.OwnPostgres(t).URL("postgres") // elsewhere another test's transaction may keep rows
			}
			seeded(t, databaseURL)
			p := newPrompt(t, databaseURL)
			p.exec(`UPDATE cache_journal SET at = 0`)
			if p.text(`SELECT CAST(COUNT(*) AS TEXT) FROM cache_journal`) == "0" {
				t.Fatal("the fleet has left no rows")
			}
			polling(t, databaseURL, nil)
			for late := time.Now().Add(patience); p.text(`SELECT CAST(COUNT(*) AS TEXT) FROM cache_journal`) != "0"; time.Sleep(10 * time.Millisecond) { // there is no signal for it
				if time.Now().After(late) {
					t.Fatal("what is older than a day is still in the journal")
				}
			}
			if p.text(`SELECT CAST(pruned AS TEXT) FROM cache_meta`) == "0" {
				t.Error("nobody is told that something was deleted")
			}
		})
	}
}

// patience is how long a test waits for something that takes milliseconds.
const patience = 20 * time.Second
