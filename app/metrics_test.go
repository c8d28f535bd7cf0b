package app_test

import (
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/exodrive/exodrive/exotest"
)

// elsewhere are metrics of the documents that a healthy program never moves, with
// the test that does.
var elsewhere = map[string]string{
	"exodrive_cache_inconsistent_total": "TestEveryFigureOfTheCacheIsShown",
	"exodrive_cache_evictions_total":    "TestEveryFigureOfTheCacheIsShown",
	"exodrive_db_pool_max":              "TestMetricsAreBounded", // it is the configuration's
}

// Whoever sets an alarm by the documents finds every metric that they name, and
// sees it move when what it tells of happens.
func TestDocumentedMetricsMove(t *testing.T) {
	redis := exotest.NewRedis(t)
	database := exotest.PostgresFrom(t, "demo", demo)
	line, address := behind(t, database)
	s := defaults(address)
	s.Demo, s.DatabasePool, s.RedisURL = "true", "2", redis.URL()
	r := start(t, s)
	metrics := func() map[string]string { return valuesByName(get(t, r.ops+"/metrics").body) }
	eventually(t, 10*time.Second, "Redis is there", func() bool { return strings.Contains(metrics()["exodrive_redis_up"], " 1\n") })

	first, seen, moved := metrics(), map[string]bool{}, map[string]bool{}
	look := func() {
		for name, values := range metrics() {
			seen[name] = true
			moved[name] = moved[name] || values != first[name]
		}
	}
	for _, path := range []string{"/api/cars", "/api/cars", "/api/cars?search=porsche", porsche, "/nowhere"} {
		get(t, r.site+path)
	}
	call(t, http.MethodPut, r.site+"/api/admin/cars/none", "{}")
	work(t, database)
	fillThePool(t, r, database, look)
	writes(t, r)
	eventually(t, 10*time.Second, "an answer is audited", func() bool {
		get(t, r.site+"/api/cars")
		return metrics()["exodrive_cache_audited_total"] != first["exodrive_cache_audited_total"]
	})
	look()
	line.down()
	eventually(t, 15*time.Second, "the database is seen to be down", func() bool {
		get(t, r.site+"/api/cars?make=Audi")
		return strings.Contains(metrics()["exodrive_cache_database_down"], " 1\n")
	})
	look()
	line.up()
	redis.Kill()
	eventually(t, 15*time.Second, "Redis is given a rest", func() bool {
		get(t, r.site+"/api/cars?search="+time.Now().Format("150405.000"))
		return strings.Contains(metrics()["exodrive_cache_remote_breaker_open"], " 1\n")
	})
	look()

	named := documented(t)
	if len(named) < 20 {
		t.Errorf("the documents name %d metrics: %v", len(named), named)
	}
	for _, name := range named {
		if !seen[name] {
			t.Errorf("%s is in no scrape", name)
		} else if !moved[name] && elsewhere[name] == "" {
			t.Errorf("%s did not move:\n%s", name, first[name])
		}
	}
}

// Whatever callers invent, the collector is given no more series: not for paths,
// methods, parameters, hosts or ids of requests.
func TestCallersMakeNoSeries(t *testing.T) {
	s := defaults("sqlite:" + filepath.Join(t.TempDir(), "fleet.db"))
	s.Demo = "true"
	r := start(t, s)
	hostile := func(n int) {
		for i := range n {
			unique := strconv.Itoa(n*1000 + i)
			for _, path := range []string{"/" + unique, "/api/" + unique, "/api/cars/" + unique, "/api/cars?" + unique + "=1", "/api/cars?search=" + unique, "/api/admin/" + unique} {
				ask(t, "M"+unique, r.site+path, "")
				get(t, r.site+path, "X-Request-Id: request-"+unique, "User-Agent: "+unique, "Traceparent: "+unique)
			}
		}
	}
	series := func() int {
		return len(regexp.MustCompile(`(?m)^exodrive_`).FindAllString(get(t, r.ops+"/metrics").body, -1))
	}
	hostile(1) // what there is of each kind
	before := series()
	hostile(30)
	if after := series(); after != before {
		t.Errorf("%d series became %d", before, after)
	}
}

// work enqueues a job that the program does, and one that it does not know.
func work(t *testing.T, database string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), `INSERT INTO jobs (id, kind, args, unique_key, created_at, run_at, tries) VALUES
		('job_a', 'hold.sweep', 'null', '', 1, 1, 9), ('job_b', 'letter.send', 'null', '', 1, 1, 9)`); err != nil {
		t.Fatal(err)
	}
	done := 0
	eventually(t, 10*time.Second, "the job is done", func() bool {
		err := conn.QueryRow(t.Context(), `SELECT COUNT(*) FROM jobs WHERE id = 'job_a' AND ended_at > 0`).Scan(&done)
		return err == nil && done == 1
	})
}

// fillThePool takes both connections for a moment, so that others wait; look is
// called meanwhile.
func fillThePool(t *testing.T, r *running, database string, look func()) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "LOCK TABLE cars IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for _, name := range []string{"Audi", "BMW", "Ferrari", "Lotus"} {
		all.Go(func() { get(t, r.site+"/api/cars?make="+url.QueryEscape(name)) })
	}
	eventually(t, 10*time.Second, "both connections are in use", func() bool {
		return strings.Contains(get(t, r.ops+"/metrics").body, `exodrive_db_pool_in_use{pool="main"} 2`)
	})
	look()
	eventually(t, 10*time.Second, "those who stand in line are told to come again", func() bool {
		return !strings.Contains(get(t, r.ops+"/metrics").body, "exodrive_cache_refused_total 0\n")
	})
	if err := tx.Rollback(t.Context()); err != nil {
		t.Error(err)
	}
	all.Wait()
	look()
}

// valuesByName are the lines of each metric, the parts of a histogram together.
func valuesByName(scrape string) map[string]string {
	lines := map[string]string{}
	for line := range strings.Lines(scrape) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		name := metricName.FindString(line)
		lines[name] += line
		for _, part := range []string{"_bucket", "_sum", "_count"} {
			if whole, ok := strings.CutSuffix(name, part); ok {
				lines[whole] += line
			}
		}
	}
	return lines
}

var metricName = regexp.MustCompile(`\b(exodrive|go|process)_[a-z0-9_]*[a-z0-9]`)

// documented are the metrics that the documents name.
func documented(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../docs/*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no documents: %v", err)
	}
	names := map[string]bool{}
	for _, file := range append(files, "../README.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range metricName.FindAllString(string(text), -1) {
			if strings.HasPrefix(name, "exodrive_") && name != "exodrive_cache" { // "exodrive_cache_…" is all of them
				names[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}
