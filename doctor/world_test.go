package doctor_test

import (
	"context"
	"database/sql"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	// The engines' drivers, for statements past the store.
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/rediscache"
	"github.com/exodrive/exodrive/demo"
	"github.com/exodrive/exodrive/doctor"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
	"github.com/exodrive/exodrive/sqlstore"
)

func TestMain(m *testing.M) { os.Exit(exotest.Main(m)) }

var (
	today = exodrive.DateOf(time.Now().UTC())
	quiet = slog.New(slog.NewTextHandler(io.Discard, nil))
	admin = exodrive.Actor{ID: "tok_1", Name: "Ann", Scopes: []exodrive.Scope{exodrive.ScopeAll}}
	// sound are settings that nobody could object to.
	sound = doctor.Settings{BaseURL: true, Secret: true, RateLimits: true}
)

// patient is an installation of the test's own: a server's parts, as the program
// puts them together.
type patient struct {
	doctor.Parts
	t       testing.TB
	url     string
	service *rental.Service
}

// newPatient opens a healthy one; adjust may change what its cache is made of.
func newPatient(t testing.TB, url string, adjust ...func(*cache.Options)) *patient {
	t.Helper()
	p := bare(t)
	p.url = url
	p.open(sqlstore.Config{})
	p.serve(adjust...)
	if err := p.Store.NoteBackup(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p
}

// bare is a patient without any part.
func bare(t testing.TB) *patient {
	p := &patient{t: t, Parts: doctor.Parts{Settings: sound, Limits: doctor.DefaultLimits}}
	p.Limits.BigTable = 1000 // so that a small fleet will do
	// What a busy machine makes slow is no finding of these tests.
	p.Limits.Slow, p.Limits.PoolWait, p.Limits.RedisCall = time.Minute, time.Minute, time.Minute
	return p
}

// open makes the store.
func (p *patient) open(c sqlstore.Config) {
	p.t.Helper()
	c.URL = p.url
	store, err := sqlstore.Open(p.t.Context(), c)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { store.Close() })
	p.Store = store
}

// serve starts a cache over the store.
func (p *patient) serve(adjust ...func(*cache.Options)) *rental.Cache {
	p.t.Helper()
	c := rental.NewCache(p.Store, func(o *cache.Options) {
		o.Log = quiet
		for _, f := range adjust {
			f(o)
		}
	})
	p.t.Cleanup(c.Close)
	service, err := rental.New(p.t.Context(), rental.Options{Store: p.Store, Cache: c})
	if err != nil {
		p.t.Fatal(err)
	}
	c.Start()
	p.Cache, p.Families, p.service = c.Stats, c.Families(), service
	p.eventually("the journal was read", func() bool { return c.Stats().Polls > 0 })
	return c
}

// connect gives the patient a Redis.
func (p *patient) connect(url string) {
	p.t.Helper()
	redis, err := rediscache.Open(rediscache.Options{URL: url, Install: "patient", Log: quiet})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(redis.Close)
	p.Redis = redis
}

func (p *patient) eventually(what string, so func() bool) {
	p.t.Helper()
	for end := time.Now().Add(20 * time.Second); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			p.t.Fatalf("it is still not so that %s", what)
		}
	}
}

// examine returns what the doctor says, who must be quick about it.
func (p *patient) examine() []doctor.Finding {
	p.t.Helper()
	begun := time.Now()
	found, err := doctor.New(p.Parts).Examine(context.Background(), admin)
	if err != nil {
		p.t.Fatal(err)
	}
	if took := time.Since(begun); took > 5*time.Second {
		p.t.Errorf("the doctor took %s, want less than 5 s", took)
	}
	return found
}

// says examines, and checks that of a check there is a finding of a level whose text
// has all the words.
func (p *patient) says(level doctor.Level, check string, words ...string) {
	p.t.Helper()
	p.among(p.examine(), level, check, words...)
}

func (p *patient) among(found []doctor.Finding, level doctor.Level, check string, words ...string) {
	p.t.Helper()
	var of []doctor.Finding
	for _, f := range found {
		if f.Check != check {
			continue
		}
		of = append(of, f)
		text := f.Figure + "\n" + f.Meaning + "\n" + f.Advice
		if f.Level == level && !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) }) {
			if f.Figure == "" || f.Meaning == "" || (f.Advice == "") != (level == doctor.OK) {
				p.t.Errorf("%s has no figure, no meaning or no advice: %+v", check, f)
			}
			return
		}
	}
	if of == nil {
		of = found
	}
	p.t.Errorf("%s is not %s with %q, but\n%s", check, level, words, lines(of))
}

// fine checks that the doctor finds nothing to say of certain checks; without any, of
// all.
func (p *patient) fine(checks ...string) {
	p.t.Helper()
	for _, f := range p.examine() {
		if f.Level != doctor.OK && (len(checks) == 0 || slices.Contains(checks, f.Check)) {
			p.t.Errorf("of a healthy installation the doctor says\n%s", lines([]doctor.Finding{f}))
		}
	}
}

func lines(found []doctor.Finding) string {
	var b strings.Builder
	for _, f := range found {
		b.WriteString(string(f.Level) + " | " + f.Check + " | " + f.Figure + " | " + f.Meaning + " | " + f.Advice + "\n")
	}
	return b.String()
}

// fleet is a template with enough reviews for a database to want its indexes.
func fleet(t testing.TB, url string) {
	ctx := context.Background()
	store, err := sqlstore.Open(ctx, sqlstore.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if _, _, err := store.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	c := rental.NewCache(store)
	defer c.Close()
	service, err := rental.New(ctx, rental.Options{Store: store, Cache: c})
	if err != nil {
		t.Fatal(err)
	}
	f, err := demo.Generate(demo.Size{Cars: 60, Bookings: 300, Reviews: 2000, Seed: 1}, today)
	if err != nil {
		t.Fatal(err)
	}
	if err := service.Seed(ctx, f, false, nil); err != nil {
		t.Fatal(err)
	}
	exec(t, prompt(t, url), `ANALYZE`)
}

// eachPatient runs a test on every engine of this run.
func eachPatient(t *testing.T, run func(t *testing.T, p *patient)) {
	t.Parallel()
	exotest.EachEngine(t, "fleet", fleet, func(t *testing.T, url string) { run(t, newPatient(t, url)) })
}

// anyDatabase is one for a test to which the engine makes no difference.
func anyDatabase(t testing.TB) string {
	t.Helper()
	if exotest.Engines()[0] == exotest.PostgreSQL {
		return exotest.PostgresFrom(t, "fleet", fleet)
	}
	return "sqlite:" + exotest.SQLiteFrom(t, "fleet", func(t testing.TB, path string) { fleet(t, "sqlite:"+path) })
}

func prompt(t testing.TB, url string) *sql.DB {
	t.Helper()
	driver, source := "pgx", url
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		driver, source = "sqlite", "file:"+path+"?_pragma=busy_timeout(5000)"
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func exec(t testing.TB, db *sql.DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(context.Background(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// cars are the ids of the fleet.
func (p *patient) cars() []string {
	p.t.Helper()
	refs, err := p.Store.PublicCars(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	ids := make([]string, len(refs))
	for i, c := range refs {
		ids[i] = c.ID
	}
	return ids
}

// visit reads the pages of cars.
func (p *patient) visit(ids ...string) {
	p.t.Helper()
	for _, id := range ids {
		if _, err := p.service.Car(p.t.Context(), id); err != nil {
			p.t.Fatalf("%s: %v", id, err)
		}
	}
}
