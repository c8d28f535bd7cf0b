package app_test

import (
	"database/sql"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // statements past the program

	"github.com/exodrive/exodrive/exotest"
)

// A balancer sends visitors only when the cache is warm, if the operator wants that,
// and whoever they are they wait for nothing.
//
// Red when: /readyz does not wait; or the pages ask something else first than what is warmed.
func TestWarmOnStart(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "demo", demo, func(t *testing.T, url string) {
		s := defaults(url)
		s.Demo, s.WarmOnStart = "true", "true"
		r := start(t, s)
		eventually(t, 20*time.Second, "it is ready", func() bool { return get(t, r.ops+"/readyz").status == http.StatusOK })
		loads := func() (n uint64) {
			for _, f := range r.Cache.Stats().Families {
				n += f.Loads
			}
			return n
		}
		was := loads()
		if was < 300 {
			t.Errorf("it is ready after %d loads", was)
		}
		paths := []string{"/", "/fleet", "/fleet?page=2", "/fleet?sort=price", "/fleet?category=supercar", "/api/cars", "/api/cars?category=classic", "/api/fleet/counts"}
		today := time.Now().UTC()
		first, end := today.AddDate(0, 0, 1-today.Day()), today.AddDate(0, 1, -today.Day())
		for _, link := range regexp.MustCompile(`href="/fleet/([a-z0-9-]+)"`).FindAllStringSubmatch(get(t, r.site+"/fleet").body, -1) {
			car := "/api/cars/" + link[1]
			paths = append(paths, "/fleet/"+link[1], car, car+"/reviews", car+"/availability?startDate="+first.Format(time.DateOnly)+"&endDate="+end.Format(time.DateOnly))
		}
		for _, path := range paths {
			answer := get(t, r.site+path)
			if answer.status != http.StatusOK || strings.HasPrefix(path, "/api/") && answer.header.Get("X-Cache") != "HIT" {
				t.Errorf("GET %s: %d %s", path, answer.status, answer.header.Get("X-Cache"))
			}
			if now := loads(); now != was {
				t.Errorf("GET %s took %d loads", path, now-was)
				was = now
			}
		}
		if len(paths) < 8+4*12 {
			t.Errorf("only %d addresses were asked", len(paths))
		}
	})
}

// A node that starts takes what the others have loaded from Redis, also where that is
// reached a little later than the database.
//
// Red when: the warming of the start does not wait for Redis; or warming does not look there.
func TestWarmOnStartFindsWhatOthersStored(t *testing.T) {
	t.Parallel()
	redis := exotest.NewRedis(t)
	s := defaults(exotest.PostgresFrom(t, "demo", demo))
	s.Demo, s.WarmOnStart, s.RedisURL = "true", "true", redis.URL()
	begin := func() (loads uint64) {
		relay := exotest.NewRelay(t, redis.Addr())
		s.RedisURL = relay.Through(redis.URL())
		relay.Refuse()
		r := start(t, s)
		relay.Accept()
		eventually(t, 20*time.Second, "it is ready", func() bool { return get(t, r.ops+"/readyz").status == http.StatusOK })
		for _, f := range r.Cache.Stats().Families {
			loads += f.Loads
		}
		if err := r.stop(); err != nil {
			t.Error(err)
		}
		return loads
	}
	all := begin()
	if all < 300 {
		t.Fatalf("the first node loads %d answers", all)
	}
	// Not at once: on a busy machine calls of Redis may take longer than anybody waits.
	eventually(t, 60*time.Second, "another node finds nearly all of them in Redis", func() bool {
		loads := begin()
		t.Logf("a node that starts loads %d of %d answers", loads, all)
		return loads < all/10
	})
}

// A warming that takes too long does not keep a node from serving, for more than ten
// seconds, and does not keep it from stopping.
//
// Red when: readiness waits for the end of the warming; or a stop does.
func TestWarmOnStartWaitsNotForEver(t *testing.T) {
	t.Parallel()
	url := exotest.PostgresFrom(t, "demo", demo)
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	lock, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Rollback() }() // it ends with the test
	if _, err := lock.ExecContext(t.Context(), "LOCK TABLE car_reviews IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	s := defaults(url)
	s.Demo, s.WarmOnStart = "true", "true"
	begin := time.Now()
	r := start(t, s)
	if a := get(t, r.ops+"/readyz"); a.status != http.StatusServiceUnavailable || a.body != "Not ready: warming\n" {
		t.Errorf("at the start /readyz is %d %s", a.status, a.body)
	}
	if a := get(t, r.site+"/api/cars"); a.status != http.StatusOK {
		t.Errorf("while it warms /api/cars is %d", a.status)
	}
	eventually(t, 20*time.Second, "it is ready", func() bool { return get(t, r.ops+"/readyz").status == http.StatusOK })
	if took := time.Since(begin); took < 9*time.Second || took > 14*time.Second {
		t.Errorf("it was ready after %s, want 10 s", took)
	}
	begin = time.Now()
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	if took := time.Since(begin); took > 7*time.Second { // half a second, and a statement's limit
		t.Errorf("the stop took %s", took)
	}
}
