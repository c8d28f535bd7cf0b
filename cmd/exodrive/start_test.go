package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/exodrive/exodrive/exotest"
)

// demoCars is the size that the demo fleet has at least.
const demoCars = 40

// schema is the version of the schema: the number of its last migration.
var schema = func() (last int) {
	files, err := os.ReadDir("../../sqlstore/migrations")
	if err != nil {
		panic(err)
	}
	number, _, _ := strings.Cut(files[len(files)-1].Name(), "_") // they are sorted
	if last, err = strconv.Atoi(number); err != nil {
		panic(err)
	}
	return last
}()

// first asks for the cars and logs how long that took from the start of the
// process.
func (p *program) first(what string) string {
	p.t.Helper()
	body := get(p.t, p.site+"/api/cars?limit=50")
	p.t.Logf("%s: %d ms from the start of the process to the first answer", what, time.Since(p.begin).Milliseconds())
	return body
}

// Whoever starts the program in an empty folder has a site over a database in ./data, which is still there after the next start.
func TestFirstStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := serve(t, dir, anywhere)
	if body := p.first("no configuration"); !strings.Contains(body, `"total":0`) {
		t.Errorf("a new database has cars: %s", body)
	}
	if _, err := os.Stat(filepath.Join(dir, "data", "exodrive.db")); err != nil {
		t.Error(err)
	}
	p.stop()
	again := serve(t, dir, anywhere)
	again.first("a second start")
	again.stop()
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v (%v), want data alone", entries, err)
	}
}

// A demo server answers every public address, on either engine.
func TestDemoServesEverything(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "", nil, func(t *testing.T, url string) {
		env := append(slices.Clone(anywhere), "DATABASE_URL="+url)
		p := serve(t, "", env, "--demo")
		slugs := slugsOf(t, p.first("demo fleet"))
		if len(slugs) < demoCars {
			t.Fatalf("the demo fleet has %d cars, want %d or more", len(slugs), demoCars)
		}
		for path, has := range map[string]string{
			"/": "</html>", "/fleet": "</html>", "/fleet/" + slugs[0]: "</html>", "/docs": "</html>",
			"/openapi.json": `"openapi"`, "/openapi.yaml": "openapi:", "/robots.txt": "User-agent", "/favicon.svg": "<svg",
			"/api/cars": `"pagination"`, "/api/cars/" + slugs[0]: slugs[0], "/api/fleet/counts": "{",
			"/api/cars/" + slugs[0] + "/reviews": `"reviews"`, "/api/cars/" + slugs[0] + "/availability?" + nextDays(10): `"days"`,
		} {
			if body := get(t, p.site+path); !strings.Contains(body, has) {
				t.Errorf("GET %s has no %s:\n%.300s", path, has, body)
			}
		}
		for path, has := range map[string]string{
			"/livez": "ok", "/readyz": "ok", "/metrics": "exodrive_http_requests_total", "/debug/pprof/": "goroutine",
		} {
			if body := get(t, p.ops+path); !strings.Contains(body, has) {
				t.Errorf("the operator's %s has no %s:\n%.300s", path, has, body)
			}
		}
		if status, _, err := call(http.MethodGet, p.site+"/metrics", ""); err != nil || status != http.StatusNotFound {
			t.Errorf("the public address has /metrics: %d, %v", status, err)
		}
		p.stop()
		again := serve(t, "", env, "--demo")
		if got := slugsOf(t, again.first("demo fleet, second start")); !slices.Equal(got, slugs) {
			t.Errorf("after a second start the fleet is %v, want %v", got, slugs)
		}
		again.stop()
	})
}

// A demo on a new Postgres answers with the same bytes as one on a new file.
func TestDemoIsTheSameOnBothEngines(t *testing.T) {
	t.Parallel()
	postgres := exotest.Postgres(t)
	file := "sqlite:" + filepath.Join(t.TempDir(), "exodrive.db") // the reference in every run: the program has no race detector to slow it down
	a, b := serve(t, "", on(file), "--demo"), serve(t, "", on(postgres), "--demo")
	same(t, a, b)
}

// same compares all public reads of two servers.
func same(t testing.TB, a, b *program) {
	t.Helper()
	slugs := slugsOf(t, get(t, a.site+"/api/cars?limit=50"))
	paths := []string{
		"/api/cars?limit=50", "/api/cars?limit=50&page=2", "/api/cars?sort=price", "/api/cars?sort=-price&category=supercar,sports", "/api/cars?sort=rating&" + nextDays(5),
		"/api/cars?seats=2&maxPrice=900&transmission=automatic", "/api/fleet/counts", "/", "/fleet?sort=name", "/openapi.json",
	}
	for _, slug := range slugs {
		car := "/api/cars/" + slug
		paths = append(paths, car, car+"/availability?"+nextDays(200), car+"/reviews?limit=50")
	}
	for _, path := range paths {
		if x, y := get(t, a.site+path), get(t, b.site+path); x != y {
			t.Errorf("GET %s differs:\n%.600s\n%.600s", path, x, y)
		}
	}
}

func slugsOf(t testing.TB, list string) (slugs []string) {
	t.Helper()
	var page struct{ Cars []struct{ Slug string } }
	if err := json.Unmarshal([]byte(list), &page); err != nil {
		t.Fatalf("%v in %.300s", err, list)
	}
	for _, car := range page.Cars {
		slugs = append(slugs, car.Slug)
	}
	return slugs
}

// nextDays are the parameters of a range that begins the day after tomorrow.
func nextDays(n int) string {
	day := func(d int) string { return time.Now().UTC().AddDate(0, 0, d).Format(time.DateOnly) }
	return "startDate=" + day(2) + "&endDate=" + day(2+n)
}

// However many nodes start at once on an empty database, all serve the same fleet, made once.
func TestManyStartAtOnce(t *testing.T) {
	t.Parallel()
	for _, nodes := range []int{2, 4} {
		t.Run(fmt.Sprint(nodes), func(t *testing.T) {
			exotest.EachEngine(t, "", nil, func(t *testing.T, url string) {
				all := make([]*program, nodes)
				for i := range all {
					all[i] = launch(t, "", on(url), "--demo")
				}
				bodies := map[string]int{}
				for i, p := range all {
					bodies[p.await().first(fmt.Sprintf("node %d of %d", i+1, nodes))]++
				}
				if len(bodies) != 1 {
					t.Errorf("the nodes give %d different answers", len(bodies))
				}
				db := prompt(t, url)
				if n := count(t, db, `SELECT COUNT(*) FROM goose_db_version WHERE version_id > 0`); n != schema {
					t.Errorf("%d migrations are noted, want %d", n, schema)
				}
				cars, slugs := count(t, db, `SELECT COUNT(*) FROM cars`), count(t, db, `SELECT COUNT(DISTINCT slug) FROM cars`)
				if cars < demoCars || cars != slugs {
					t.Errorf("there are %d cars with %d slugs, want one fleet", cars, slugs)
				}
				for _, p := range all {
					p.stop()
				}
			})
		})
	}
}

// A first start that is killed at any moment leaves nothing that keeps the next one from serving the whole fleet.
func TestStartIsKilled(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "", nil, func(t *testing.T, url string) {
		for _, after := range []int{20, 60, 120, 180, 250} {
			p := launch(t, "", on(url), "--demo")
			time.Sleep(time.Duration(after) * time.Millisecond) // the moment is what is tested
			p.signal(syscall.SIGKILL)
			p.wait(startLimit)
		}
		p := serve(t, "", on(url), "--demo")
		if slugs := slugsOf(t, p.first("after five kills")); len(slugs) < demoCars {
			t.Errorf("the fleet has %d cars, want %d or more", len(slugs), demoCars)
		}
		p.stop()
	})
}
