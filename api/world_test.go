package api_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/api"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/demo"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/httpx"
	"github.com/exodrive/exodrive/rental"
	"github.com/exodrive/exodrive/sqlstore"
)

func TestMain(m *testing.M) { os.Exit(exotest.Main(m)) }

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

const (
	adminToken = "the-token-of-the-configuration-0123456789"
	hiddenCar  = "rimac-nevera"
)

// server is the API as a program meets it: behind everything that stands before
// it, over a database of the test's own that holds the demo fleet.
type server struct {
	http.Handler
	mux    *http.ServeMux // its routes
	url    string         // of the database
	rental *rental.Service
	store  *sqlstore.Store
	cache  *rental.Cache
	clock  *exotest.ManualClock
	calls  int                           // of limited
	gate   atomic.Pointer[chan struct{}] // nil: open; statements wait until it is closed
	watch  atomic.Pointer[func(string)]  // nil: nobody; is told every statement before it runs
}

func newServer(t testing.TB, databaseURL string, limited bool) *server {
	t.Helper()
	ctx := context.Background()
	s := &server{clock: exotest.Clock(now), url: databaseURL, mux: http.NewServeMux()}
	var err error
	if s.store, err = sqlstore.Open(ctx, sqlstore.Config{URL: databaseURL, Now: s.clock.Now, Trace: s.wait}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.store.Close() })
	if _, _, err := s.store.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	s.cache = rental.NewCache(s.store, func(o *cache.Options) {
		o.Clock = func() cache.Instant { return cache.Instant{Mono: time.Since(start), Wall: s.clock.Now().UnixNano()} }
	})
	t.Cleanup(s.cache.Close)
	if s.rental, err = rental.New(ctx, rental.Options{Store: s.store, Cache: s.cache, Now: s.clock.Now}); err != nil {
		t.Fatal(err)
	}
	proxies, err := httpx.ParseTrustedProxies("10.0.0.0/8")
	if err != nil {
		t.Fatal(err)
	}
	o := api.Options{Rental: s.rental, Proxies: proxies, AdminToken: adminToken}
	if limited {
		o.Limiter = httpx.NewLimiter(s.clock.Now, httpx.DefaultPolicies)
	}
	api.Mount(s.mux, o)
	s.Handler = httpx.Observe(httpx.Mux(s.mux), httpx.ObserveOptions{
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Marks: httpx.NewMarks([]byte("a secret of these tests")),
	})
	return s
}

// hold makes every statement wait until the function it returns is called.
func (s *server) hold(t testing.TB) (open func()) {
	gate := make(chan struct{})
	s.gate.Store(&gate)
	open = sync.OnceFunc(func() { s.gate.Store(nil); close(gate) })
	t.Cleanup(open)
	return open
}

func (s *server) wait(text string, _ []any) {
	if watch := s.watch.Load(); watch != nil {
		(*watch)(text)
	}
	if gate := s.gate.Load(); gate != nil {
		<-*gate
	}
}

func seeded(t testing.TB, databaseURL string) {
	f := demo.Demo(exodrive.DateOf(now))
	for i := range f.Cars {
		f.Cars[i].Hidden = f.Cars[i].Slug == hiddenCar
	}
	if err := newServer(t, databaseURL, false).rental.Seed(context.Background(), f, true, nil); err != nil {
		t.Fatal(err)
	}
}

// eachServer runs a test on every engine of this run.
func eachServer(t *testing.T, run func(*testing.T, *server)) {
	t.Helper()
	exotest.EachEngine(t, "fleet", seeded, func(t *testing.T, databaseURL string) { run(t, newServer(t, databaseURL, false)) })
}

// anyServer runs a test once, where the engine makes no difference.
func anyServer(t *testing.T, limited bool) *server {
	t.Helper()
	if exotest.Engines()[0] == exotest.PostgreSQL {
		return newServer(t, exotest.PostgresFrom(t, "fleet", seeded), limited)
	}
	return newServer(t, "sqlite:"+exotest.SQLiteFrom(t, "fleet", func(t testing.TB, path string) { seeded(t, "sqlite:"+path) }), limited)
}

// call is one request. Headers are lines "Name: value"; a body is JSON unless a
// header says otherwise.
type call struct {
	method, path string
	body         string
	headers      []string
	as           string // bearer token
}

func (s *server) do(c call) *httptest.ResponseRecorder {
	var body io.Reader
	if c.body != "" {
		body = strings.NewReader(c.body)
	}
	r := httptest.NewRequest(c.method, c.path, body)
	if c.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.as != "" {
		r.Header.Set("Authorization", "Bearer "+c.as)
	}
	for _, line := range c.headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, r)
	return rec
}

// prompt is the database as somebody at a SQL prompt has it.
func (s *server) prompt(t testing.TB) *sql.DB {
	t.Helper()
	driver, source := "pgx", s.url
	if path, ok := strings.CutPrefix(s.url, "sqlite:"); ok {
		driver, source = "sqlite", "file:"+path+"?_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)"
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// token makes an API token with scopes.
func (s *server) token(t testing.TB, scopes ...exodrive.Scope) string {
	t.Helper()
	ctx := context.Background()
	email := strings.NewReplacer("/", ".", "sqlite", "lite").Replace(strings.ToLower(t.Name())) + string(scopes[0]) + "@example.com"
	if _, err := s.rental.CreateAdministrator(ctx, email, "Ann"); err != nil && exodrive.CodeOf(err) != exodrive.Conflict {
		t.Fatal(err)
	}
	token, err := s.rental.CreateToken(ctx, email, "test "+string(scopes[0]), scopes)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

var (
	// inside are words that would show what the program is made of.
	inside       = regexp.MustCompile(`(?i)sql|pgx|constraint|goroutine|panic|\.go\b|huma|unmarshal|SELECT `)
	sentenceForm = regexp.MustCompile(`(?s)^[^a-z].*[.…]$`)
	tenths       = regexp.MustCompile(`^[0-9]+\.[0-9]$`)
)

// problem checks that an answer is a problem document as every failure is, and
// returns it.
func problem(t testing.TB, what string, rec *httptest.ResponseRecorder, status int, code string) httpx.Problem {
	t.Helper()
	var p httpx.Problem
	if err := json.Unmarshal(rec.Body.Bytes(), &p); err != nil {
		t.Errorf("%s is answered %d %q: %v", what, rec.Code, rec.Body, err)
		return p
	}
	h := rec.Header()
	if rec.Code != status || p.Status != status || p.Code != code {
		t.Errorf("%s is answered %d %s, want %d %s: %s", what, rec.Code, p.Code, status, code, rec.Body)
	}
	if h.Get("Content-Type") != httpx.ProblemType || h.Get("Cache-Control") != "no-store" {
		t.Errorf("%s: the headers are %v", what, h)
	}
	if p.RequestID == "" || p.RequestID != h.Get("X-Request-Id") || p.Type != "urn:exodrive:problem:"+code || p.Title != http.StatusText(status) {
		t.Errorf("%s: the problem is %+v of request %s", what, p, h.Get("X-Request-Id"))
	}
	texts := []string{p.Detail}
	for _, e := range p.Errors {
		texts = append(texts, e.Message)
	}
	for _, text := range texts {
		if !sentenceForm.MatchString(text) && !strings.HasPrefix(text, "the ") && !parameterFirst.MatchString(text) || inside.MatchString(text) {
			t.Errorf("%s: %q is no sentence for people", what, text)
		}
	}
	observed(t, what, rec)
	return p
}

// parameterFirst is a sentence that begins with the name of what is wrong.
var parameterFirst = regexp.MustCompile(`(?s)^[a-z][A-Za-z0-9/]*[: ].*\.$`)

// observed checks the headers that every answer has.
func observed(t testing.TB, what string, rec *httptest.ResponseRecorder) {
	t.Helper()
	h := rec.Header()
	whole, db := h.Get("X-Response-Time"), h.Get("X-Db-Time")
	if !slices.Contains([]string{"HIT", "MISS", "BYPASS"}, h.Get("X-Cache")) || h.Get("X-Request-Id") == "" || !tenths.MatchString(whole) || !tenths.MatchString(db) || number(db) > number(whole) {
		t.Errorf("%s has the headers X-Cache %q, X-Request-Id %q, X-Response-Time %q, X-DB-Time %q",
			what, h.Get("X-Cache"), h.Get("X-Request-Id"), whole, db)
	}
}

func number(s string) (f float64) {
	_ = json.Unmarshal([]byte(s), &f) // 0 for what is none, which tenths has found
	return f
}

// deadJob makes a job that failed too often.
func (s *server) deadJob(t testing.TB) string {
	t.Helper()
	id := exodrive.NewID(exodrive.JobID, s.clock.Now(), 1)
	if _, err := s.prompt(t).ExecContext(t.Context(), `INSERT INTO jobs (id, kind, args, unique_key, created_at, run_at, tries, failed, ended_at, last_error)
		VALUES ($1, 'letter.send', '{"to":"cus_01kas0f3m2x7h9tq"}', '', 1, 1, 3, 3, 2, 'the mail server is away')`, id); err != nil {
		t.Fatal(err)
	}
	return id
}
