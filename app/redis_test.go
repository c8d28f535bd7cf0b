package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/exodrive/exodrive/api"
	"github.com/exodrive/exodrive/app"
	"github.com/exodrive/exodrive/exotest"
)

// nodesWith are two programs on one database with a demo fleet and one Redis.
func nodesWith(t *testing.T, redis string, change func(*app.Settings)) (a, b *running) {
	t.Helper()
	s := defaults(exotest.PostgresFrom(t, "demo", demo))
	s.Demo, s.RedisURL = "true", redis
	if change != nil {
		change(&s)
	}
	return start(t, s), start(t, s)
}

// origin is where a node has an answer from, for an operator who reads its metrics.
func origin(t *testing.T, r *running, family, layer string) string {
	t.Helper()
	name := `exodrive_cache_requests_total{family="` + family + `",layer="` + layer + `",outcome="`
	for line := range strings.Lines(get(t, r.ops+"/metrics").body) {
		if after, ok := strings.CutPrefix(line, name); ok && !strings.Contains(after, "error") {
			return strings.TrimSpace(after[strings.LastIndex(after, " ")+1:])
		}
	}
	t.Fatalf("there is no metric %s", name)
	return ""
}

// What one node has loaded the other takes from Redis; a Redis that is gone costs
// nobody an answer, and one that comes back is used again.
//
// Red when: the program does not give its cache the Redis; or an error of it reaches a caller.
func TestNodesShareWhatTheyLoad(t *testing.T) {
	redis := exotest.NewRedis(t)
	a, b := nodesWith(t, redis.URL(), nil)
	eventually(t, 10*time.Second, "both nodes use Redis", func() bool {
		return strings.Contains(get(t, a.ops+"/metrics").body, "exodrive_redis_up 1") && strings.Contains(get(t, b.ops+"/metrics").body, "exodrive_redis_up 1")
	})
	// Not the first: on a busy machine a call of Redis may take longer than anybody waits.
	eventually(t, 15*time.Second, "the second node takes what the first has loaded", func() bool {
		path := "/api/cars?search=porsche+" + time.Now().Format("150405.000")
		first, second := get(t, a.site+path), get(t, b.site+path)
		if first.status != http.StatusOK || first.header.Get("X-Cache") != "MISS" || second.status != http.StatusOK || first.body != second.body {
			t.Fatalf("%d %s, %d", first.status, first.header.Get("X-Cache"), second.status)
		}
		return second.header.Get("X-Cache") == "HIT"
	})
	if origin(t, b, "list", "remote") == "0" {
		t.Error("it took nothing from Redis")
	}
	figures := func() (f api.CacheFigures) {
		body := get(t, b.site+"/api/admin/cache", "Authorization: Bearer "+token).body
		if err := json.Unmarshal([]byte(body), &f); err != nil || f.Remote == nil {
			t.Fatalf("%v: %s", err, body)
		}
		return f
	}
	if f := figures(); !f.Remote.Up || f.Remote.MemoryBytes == nil || f.Remote.Calls == 0 || f.Families["list"].RemoteHits == 0 {
		t.Errorf("the figures of the second node: %+v", *f.Remote)
	}
	redis.Kill()
	for _, path := range []string{"/api/cars?make=Audi", "/api/cars?make=Ferrari", "/api/fleet/counts", porsche, calendar, "/api/cars?make=Lotus", "/api/cars?make=Porsche"} {
		for _, n := range []*running{a, b} {
			if got := get(t, n.site+path); got.status != http.StatusOK {
				t.Errorf("GET %s without Redis: %d %s", path, got.status, got.body)
			}
		}
	}
	if f := figures(); f.Remote.Up || f.Remote.MemoryBytes != nil || f.Remote.Failures == 0 {
		t.Errorf("the figures without Redis: %+v", *f.Remote)
	}
	redis.Start()
	eventually(t, 15*time.Second, "what one node loads the other takes from Redis again", func() bool {
		path := "/api/cars?search=" + time.Now().Format("150405.000")
		get(t, a.site+path)
		return get(t, b.site+path).header.Get("X-Cache") == "HIT"
	})
}

// A Redis that is not there yet is a warning, and is taken up when it appears.
func TestRedisAppearsLater(t *testing.T) {
	redis := exotest.NewRedis(t)
	redis.Kill()
	a, b := nodesWith(t, redis.URL(), nil)
	if got := get(t, a.site+porsche); got.status != http.StatusOK {
		t.Fatalf("without Redis: %d %s", got.status, got.body)
	}
	if body := get(t, a.ops+"/metrics").body; !strings.Contains(body, "exodrive_redis_up 0") {
		t.Error("the metrics do not say that Redis is down")
	}
	redis.Start()
	eventually(t, 15*time.Second, "the nodes share what they load", func() bool {
		path := "/api/cars?search=" + time.Now().Format("150405.000")
		get(t, a.site+path)
		return get(t, b.site+path).header.Get("X-Cache") == "HIT"
	})
}

// Calls that are limited for the whole fleet are counted together, and by each node
// alone when Redis is gone.
//
// Red when: the limiter does not get the shared buckets.
func TestNodesShareTheirLimits(t *testing.T) {
	redis := exotest.NewRedis(t)
	a, b := nodesWith(t, redis.URL(), func(s *app.Settings) { s.RateLimits = "on" })
	ask := func(r *running) answer { return get(t, r.site+"/api/admin/cache", "Authorization: Bearer "+token) }
	eventually(t, 10*time.Second, "Redis is there", func() bool {
		return strings.Contains(get(t, a.ops+"/metrics").body, "exodrive_redis_up 1") && strings.Contains(get(t, b.ops+"/metrics").body, "exodrive_redis_up 1")
	})
	allowed := 0
	var last answer
	for i := range 400 {
		if last = ask([]*running{a, b}[i%2]); last.status == http.StatusOK {
			allowed++
		}
	}
	// 300 in a minute, and five more each second that passes.
	if last.status != http.StatusTooManyRequests || last.header.Get("Retry-After") == "" || allowed < 300 || allowed > 399 {
		t.Errorf("%d of 400 calls are allowed on two nodes; the last: %d", allowed, last.status)
	}
	redis.Kill()
	if got := ask(a); got.status != http.StatusOK {
		t.Errorf("without Redis, when this node alone has seen half of the calls: %d %s", got.status, got.body)
	}
}

// With an embedded database Redis is not used, and the log says so.
func TestRedisBesideSQLite(t *testing.T) {
	s := defaults("sqlite:" + t.TempDir() + "/exodrive.db")
	s.RedisURL = "redis://127.0.0.1:1"
	config, err := s.Config()
	if err != nil {
		t.Fatal(err)
	}
	var log lines
	a, err := app.New(t.Context(), config, "test", slog.New(slog.NewTextHandler(&log, nil)), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.Serve(ctx); err != nil {
		t.Error(err)
	}
	if !strings.Contains(log.text(), "REDIS_URL is not used") {
		t.Errorf("the log says\n%s", log.text())
	}
}

// A wrong address of Redis is one sentence that does not repeat its password.
func TestWrongRedisAddress(t *testing.T) {
	for _, address := range []string{"localhost:6379", "http://x:hunter2@y", "redis://", "redis://:hunter2@x:port", "redis-sentinel://x:1"} {
		s := defaults("sqlite:x.db")
		s.RedisURL = address
		_, err := s.Config()
		if err == nil || !strings.HasPrefix(err.Error(), "REDIS_URL: ") || strings.Count(err.Error(), "\n") > 0 || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// lines is a log to look into.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
