package app_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/sqlstore"
)

const (
	porsche     = "/api/cars/porsche-911-gt3"
	porschePage = "/fleet/porsche-911-gt3"
	calendar    = porsche + "/availability?startDate=2027-03-01&endDate=2027-03-31"
)

// dated is a list for days that begin in a month.
func dated() string {
	start := time.Now().UTC().AddDate(0, 1, 0)
	return "/api/cars?startDate=" + start.Format(time.DateOnly) + "&endDate=" + start.AddDate(0, 0, 3).Format(time.DateOnly)
}

// writes are what an administrator may do; each is a transaction.
func writes(t testing.TB, r *running) (all []answer) {
	t.Helper()
	_, rest, _ := strings.Cut(get(t, r.site+porsche).body, `"id":"`) // visited, so it is there without a database, too
	id, _, _ := strings.Cut(rest, `"`)
	day := time.Now().UTC().AddDate(0, 2, 0).Format(time.DateOnly)
	return []answer{
		call(t, http.MethodPut, r.site+"/api/admin/cars/"+id+"/prices", `{"startDate":"`+day+`","endDate":"`+day+`","amount":99900}`),
		call(t, http.MethodPost, r.site+"/api/admin/cars/bulk", `{"ids":["`+id+`"],"available":true}`),
		call(t, http.MethodDelete, r.site+"/api/admin/cache?tag=reviews:"+id, ""),
	}
}

// visited reads what the cache then has, and returns the list.
func visited(t *testing.T, r *running) (cars string) {
	t.Helper()
	for _, path := range []string{porschePage, porsche, calendar, dated(), dated(), "/api/cars"} {
		a := get(t, r.site+path)
		if a.status != http.StatusOK {
			t.Fatalf("GET %s: %d %s", path, a.status, a.body)
		}
		cars = a.body
	}
	return cars
}

// away checks P8: without a database, what was visited is shown as it was and
// says so, once nobody can vouch for it; whether a car is free, what nobody has
// visited, what administrators see, and every write, is honestly a 503 within the
// limit, while the program itself lives.
//
// Red when: a family with dates has a stale window; an entry past the bound is served
// without being marked; a load that fails is answered with the error of its driver.
func away(t *testing.T, r *running, cars string, limit time.Duration) {
	t.Helper()
	eventually(t, 15*time.Second, "the list is marked as stale", func() bool {
		return get(t, r.site+"/api/cars").header.Get("Cache-Control") == "no-store"
	})
	a := get(t, r.site+"/api/cars")
	if a.status != http.StatusOK || a.body != cars || a.header.Get("X-Cache") != "HIT" || a.header.Get("X-Cache-TTL") != "0" ||
		!strings.Contains(a.header.Get("Cache-Status"), "stale-unverified") || a.took > limit {
		t.Errorf("GET /api/cars, visited before: %d %v after %s: %.200s", a.status, a.header, a.took, a.body)
	}
	awayPages(t, r, limit)
	for _, path := range []string{calendar, dated(), "/api/cars?make=Audi", "/api/fleet/counts", "/api/cars/x/reviews", "/api/admin/cars"} {
		a := get(t, r.site+path, "Authorization: Bearer "+token)
		if a.status != http.StatusServiceUnavailable || a.header.Get("Content-Type") != "application/problem+json" ||
			a.header.Get("Retry-After") == "" || !strings.Contains(a.body, `"unavailable"`) {
			t.Errorf("GET %s: %d %s, Retry-After %q: %s", path, a.status, a.header.Get("Content-Type"), a.header.Get("Retry-After"), a.body)
		}
		if a.took > limit {
			t.Errorf("GET %s took %s, want less than %s", path, a.took, limit)
		}
		for _, word := range []string{"postgres", "127.0.0.1", "dial", "SQLSTATE", "conn"} {
			if strings.Contains(a.body, word) {
				t.Errorf("GET %s tells strangers %q: %s", path, word, a.body)
			}
		}
	}
	for i, a := range writes(t, r) {
		if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" || a.header.Get("X-Exo-Mark") != "" || !strings.Contains(a.body, `"unavailable"`) || a.took > limit {
			t.Errorf("write %d: %d after %s, Retry-After %q: %s", i, a.status, a.took, a.header.Get("Retry-After"), a.body)
		}
	}
	if a := get(t, r.site+"/api/admin/cars", "Authorization: Bearer exo_"+strings.Repeat("x", 43)); a.status != http.StatusServiceUnavailable {
		t.Errorf("a token that cannot be looked up: %d, want 503", a.status)
	}
	if a := get(t, r.site+"/openapi.json"); a.status != http.StatusOK {
		t.Errorf("what needs no database: %d", a.status)
	}
	if a := get(t, r.ops+"/livez"); a.status != http.StatusOK {
		t.Errorf("/livez: %d", a.status)
	}
	if a := get(t, r.ops+"/readyz"); a.status != http.StatusServiceUnavailable || a.took > 2*time.Second || strings.Count(a.body, "\n") != 1 {
		t.Errorf("/readyz: %d after %s, %s", a.status, a.took, a.body)
	}
	if a := get(t, r.ops+"/metrics"); a.status != http.StatusOK || !strings.Contains(a.body, "exodrive_db_pool_in_use") {
		t.Errorf("/metrics: %d", a.status)
	}
}

// awayPages checks P8 for pages: what was visited is shown with the headers of its
// reads, is marked for the eye and kept by nobody; a car is shown without its
// calendar, and what nobody has visited is a page that says when to try again.
//
// Red when: the car's page fails with its calendar; a page says of its reads what it
// says of a fresh one.
func awayPages(t *testing.T, r *running, limit time.Duration) {
	t.Helper()
	for path, says := range map[string]string{"/fleet": "Porsche", porschePage: "The calendar cannot be shown just now"} {
		a := get(t, r.site+path)
		if a.status != http.StatusOK || a.took > limit || a.header.Get("Cache-Control") != "no-store" || a.header.Get("X-Cache") != "HIT" ||
			a.header.Get("X-Cache-TTL") != "0" || !strings.Contains(a.header.Get("Cache-Status"), "stale-unverified") {
			t.Errorf("the page %s, visited before: %d %v after %s", path, a.status, a.header, a.took)
		}
		if !strings.Contains(a.body, says) || !strings.Contains(a.body, "We cannot reach our books just now") || strings.Contains(a.body, "<table>") {
			t.Errorf("the page %s says: %s", path, a.body)
		}
	}
	a := get(t, r.site+"/fleet?make=audi")
	if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" || !strings.Contains(a.body, "We cannot reach our books just now") {
		t.Errorf("a page that nobody visited: %d, Retry-After %q: %.300s", a.status, a.header.Get("Retry-After"), a.body)
	}
}

// back checks that everything works again by itself.
func back(t *testing.T, r *running, cars string) {
	t.Helper()
	eventually(t, 15*time.Second, "the fleet is there again", func() bool {
		a := get(t, r.site+"/api/cars")
		return a.status == http.StatusOK && a.body == cars && a.header.Get("Cache-Control") != "no-store"
	})
	for range 30 { // no connection that broke is left in the pool
		if a := get(t, r.site+"/api/cars"); a.status != http.StatusOK {
			t.Errorf("after the database was back: %d %s", a.status, a.body)
		}
	}
	for i, a := range writes(t, r) {
		if a.status >= 300 {
			t.Errorf("after the database was back, write %d: %d %s", i, a.status, a.body)
		}
	}
	for _, path := range []string{calendar, dated()} {
		if a := get(t, r.site+path); a.status != http.StatusOK || a.header.Get("Cache-Control") == "no-store" {
			t.Errorf("after the database was back, GET %s: %d %s", path, a.status, a.body)
		}
	}
	if a := get(t, r.site+porschePage); a.status != http.StatusOK || a.header.Get("Cache-Control") != "no-cache" || !strings.Contains(a.body, "<table>") {
		t.Errorf("after the database was back, the page of a car: %d %v", a.status, a.header)
	}
	if a := get(t, r.ops+"/readyz"); a.status != http.StatusOK {
		t.Errorf("/readyz: %d %s", a.status, a.body)
	}
}

// P8: a Postgres that stops under a running server makes every read an honest 503 at once, and when it is back nobody has to do anything.
func TestPostgresStops(t *testing.T) {
	t.Parallel()
	relay, address := behind(t, exotest.PostgresFrom(t, "demo", demo))
	s := defaults(address)
	s.Demo = "true"
	r := start(t, s)
	cars := visited(t, r)
	for range 2 {
		relay.down()
		away(t, r, cars, 2*time.Second)
		relay.up()
		back(t, r, cars)
	}
}

// A Postgres that lets nobody in, as during its own start or a move, is the same to visitors.
func TestPostgresLetsNobodyIn(t *testing.T) {
	t.Parallel()
	address := exotest.PostgresFrom(t, "demo", demo)
	s := defaults(address)
	s.Demo = "true"
	r := start(t, s)
	cars := visited(t, r)

	config, err := pgx.ParseConfig(address)
	if err != nil {
		t.Fatal(err)
	}
	name := config.Database
	config.Database = "postgres"
	admin, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(t.Context())
	for _, statement := range []string{
		"ALTER DATABASE " + name + " ALLOW_CONNECTIONS false",
		"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '" + name + "'",
	} {
		if _, err := admin.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	away(t, r, cars, 2*time.Second)
	if _, err := admin.Exec(t.Context(), "ALTER DATABASE "+name+" ALLOW_CONNECTIONS true"); err != nil {
		t.Fatal(err)
	}
	back(t, r, cars)
}

// A Postgres from which nothing comes any more, as behind a broken line, costs a visitor some seconds and no more.
func TestPostgresIsSilent(t *testing.T) {
	t.Parallel()
	relay, address := behind(t, exotest.PostgresFrom(t, "demo", demo))
	s := defaults(address)
	s.Demo = "true"
	r := start(t, s)
	cars := get(t, r.site+"/api/cars").body
	relay.silence()
	var wg sync.WaitGroup
	for range 8 { // what was visited is shown all the time
		wg.Go(func() {
			for begin := time.Now(); time.Since(begin) < 6*time.Second; {
				if a := get(t, r.site+"/api/cars"); a.status != http.StatusOK || a.took > 5*time.Second {
					t.Errorf("GET /api/cars: %d after %s", a.status, a.took)
				}
			}
		})
	}
	for range 8 {
		wg.Go(func() {
			if a := get(t, r.site+"/api/cars?make=Audi"); a.status != http.StatusServiceUnavailable || a.took > 10*time.Second {
				t.Errorf("GET /api/cars?make=Audi: %d after %s", a.status, a.took)
			}
		})
	}
	if a := get(t, r.ops+"/readyz"); a.status != http.StatusServiceUnavailable || a.took > 2*time.Second {
		t.Errorf("/readyz: %d after %s", a.status, a.took)
	}
	if a := get(t, r.ops+"/livez"); a.status != http.StatusOK {
		t.Errorf("/livez: %d", a.status)
	}
	wg.Wait()
	relay.sound()
	back(t, r, cars)
}

// When all connections of the pool are taken for ten seconds, what is cached is answered all the time and vouched for as ever; everybody else gets a 503 after three seconds, and the fleet as soon as a connection is free.
//
// Red when: the journal is read over the pool; nobody ends the wait for a connection.
func TestPoolIsTaken(t *testing.T) {
	t.Parallel()
	s := defaults(exotest.PostgresFrom(t, "demo", demo))
	s.Demo = "true"
	r := start(t, s)
	cars := visited(t, r)
	release := make(chan struct{})
	var taken, done sync.WaitGroup
	for range r.Store.PoolStats()["main"].Max {
		taken.Add(1)
		done.Go(func() {
			if err := r.Store.LongTx(t.Context(), func(*sqlstore.Tx) error { taken.Done(); <-release; return nil }); err != nil {
				t.Error(err)
			}
		})
	}
	taken.Wait()
	if stats := r.Store.PoolStats()["main"]; stats.Max != 20 || stats.InUse != 20 {
		t.Errorf("the pool says %+v, want 20 of 20 in use", stats)
	}
	var wg sync.WaitGroup
	for _, path := range []string{"/api/cars?make=Audi", "/fleet?make=bmw", "/api/fleet/counts"} {
		wg.Go(func() {
			a := get(t, r.site+path)
			if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" || a.took > 5*time.Second {
				t.Errorf("GET %s: %d after %s: %.200s", path, a.status, a.took, a.body)
			}
		})
	}
	wg.Go(func() {
		for i, a := range writes(t, r) {
			if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" || a.took > 5*time.Second {
				t.Errorf("write %d: %d after %s: %.200s", i, a.status, a.took, a.body)
			}
		}
	})
	hits := 0
	for begin := time.Now(); time.Since(begin) < 10*time.Second; time.Sleep(50 * time.Millisecond) {
		for _, path := range []string{"/api/cars", porsche, calendar, dated()} {
			hits++
			if a := get(t, r.site+path); a.status != http.StatusOK || a.header.Get("X-Cache") != "HIT" || a.header.Get("Cache-Control") == "no-store" || a.took > 2*time.Second {
				t.Errorf("after %s, GET %s: %d after %s %v", time.Since(begin), path, a.status, a.took, a.header)
			}
		}
	}
	if a := get(t, r.ops+"/readyz"); a.status != http.StatusServiceUnavailable {
		t.Errorf("/readyz: %d", a.status)
	}
	if a := get(t, r.ops+"/livez"); a.status != http.StatusOK {
		t.Errorf("/livez: %d", a.status)
	}
	wg.Wait()
	t.Logf("%d hits without a connection", hits)
	close(release)
	done.Wait()
	back(t, r, cars)
}
