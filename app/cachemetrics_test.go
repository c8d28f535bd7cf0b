package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/cachetest"
	"github.com/exodrive/exodrive/obs"
)

// scrape is what the operator's collector reads of the cache, but the histogram's
// buckets.
func scrape(t *testing.T, c prometheus.Collector) (values, help []string) {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(c)
	rec := httptest.NewRecorder()
	ready := func(context.Context) error { return nil }
	obs.OpsHandler(registry, ready).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	text, err := io.ReadAll(rec.Body)
	if err != nil || rec.Code != http.StatusOK {
		t.Fatalf("the metrics are answered %d, %v: %s", rec.Code, err, text)
	}
	for line := range bytes.Lines(text) {
		switch s := strings.TrimSpace(string(line)); {
		case strings.HasPrefix(s, "# HELP"):
			help = append(help, s)
		case !strings.HasPrefix(s, "#") && !strings.Contains(s, "_bucket{"):
			values = append(values, s)
		}
	}
	return values, help
}

// The operator sees whether the cache works, and what keeps it from working.
func TestCacheMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const bound = 2 * time.Second
		database := cachetest.NewDatabase()
		database.Write("a", "one", "a")
		var node *cache.Cache
		m := newCacheMetrics(bound, func() cache.Stats { return node.Stats() })
		node = cache.New(cache.Options{Journal: database, Bound: bound, Loaded: m.loaded})
		words := cache.Register(node, cache.Family[string, string]{
			Name: "word", Key: func(k string) string { return k }, Tags: func(k string) []string { return []string{k} },
			Load: func(ctx context.Context, k string) (string, error) {
				time.Sleep(30 * time.Millisecond)
				if k == "bad" {
					return "", errors.New("no")
				}
				return database.Value(ctx, k)
			},
			Fresh: time.Hour, Stale: time.Hour,
		})
		cache.Register(node, cache.Family[string, string]{Name: "unread"})
		node.Start()
		synctest.Wait()
		time.Sleep(190 * time.Millisecond) // a part of the lease
		for _, key := range []string{"a", "a", "a", "a", "bad"} {
			_, _ = words.Read(t.Context(), key)
		}
		values, help := scrape(t, m)
		for _, want := range []string{
			`exodrive_cache_requests_total{family="word",layer="memory",outcome="hit"} 3`,
			`exodrive_cache_requests_total{family="word",layer="database",outcome="miss"} 1`,
			`exodrive_cache_requests_total{family="word",layer="database",outcome="error"} 1`,
			`exodrive_cache_requests_total{family="unread",layer="remote",outcome="hit"} 0`,
			`exodrive_cache_hit_ratio{family="word"} 0.75`,
			`exodrive_cache_layer_hit_ratio{family="word",layer="memory"} 0.75`, `exodrive_cache_layer_hit_ratio{family="word",layer="remote"} 0`,
			`exodrive_cache_load_seconds_count{family="word"} 2`, `exodrive_cache_load_seconds_sum{family="word"} 0.06`,
			`exodrive_cache_load_errors_total{family="word"} 1`, `exodrive_cache_stale_total{family="word",reason="unverified"} 0`,
			`exodrive_cache_entries 1`, `exodrive_cache_waiters 0`, `exodrive_cache_horizon 101`, `exodrive_cache_journal_lag_seconds 0`, `exodrive_cache_floors 1`, `exodrive_cache_database_down 0`,
			`exodrive_cache_lease_seconds 1.75`, `exodrive_cache_lease_age_seconds 0.25`, `exodrive_cache_polls_total 1`, `exodrive_cache_poll_failures_total 0`,
			`exodrive_cache_raises_total 1`, `exodrive_cache_remote_breaker_open 0`, `exodrive_cache_inconsistent_total 0`,
		} {
			if !slices.Contains(values, want) {
				t.Errorf("the scrape lacks %s", want)
			}
		}
		if all := strings.Join(values, "\n"); strings.Contains(all, `hit_ratio{family="unread"}`) {
			t.Errorf("a family that nobody read has a ratio:\n%s", all)
		} else if t.Failed() {
			t.Log(all)
		}
		for _, line := range help {
			if !regexp.MustCompile(`^# HELP exodrive_cache_[a-z_]+ [A-Z01][^\n]{10,}[.)]$`).MatchString(line) {
				t.Errorf("%q is no help", line)
			}
		}
		node.Close()
	})
}

// Every figure that the cache keeps reaches the operator: one that is set shows
// up, under a name of its own.
func TestEveryFigureOfTheCacheIsShown(t *testing.T) {
	s := cache.Stats{
		Horizon: 1001, Lease: -3 * time.Second, Down: true, Entries: 1002, Bytes: 1003, Absences: 1004, Waiters: 1005, Loading: 1029, Queued: 1030, Refused: 1031,
		Polls: 1006, PollsFailed: 1007, PollTook: 1008 * time.Second, Raises: 1009, Evictions: 1010, RingsLost: 1011, Remote: &cache.RemoteStats{Resting: true, Calls: 1025, Failures: 1026, Refused: 1027, Waits: 1028},
		Audited: 1012, AuditSkipped: 1013, Inconsistent: 1014, HeldBack: 1032 * time.Second, Floors: 1033,
		Families: map[string]cache.FamilyStats{"f": {
			Hits: 1015, FarHits: 1016, Misses: 1017, Joined: 1018, Aged: 1019, Unverified: 1020, LoadErrors: 1021, Unstorable: 1022, Corrupt: 1023, Errors: 1024,
		}},
	}
	values, _ := scrape(t, newCacheMetrics(2*time.Second, func() cache.Stats { return s }))
	all := strings.Join(values, "\n") + "\n"
	for n := 1001; n <= 1033; n++ {
		if got := strings.Count(all, fmt.Sprintf(" %d\n", n)); got != 1 {
			t.Errorf("the figure %d is shown %d times", n, got)
		}
	}
	for _, want := range []string{"exodrive_cache_lease_seconds -3", "exodrive_cache_lease_age_seconds 5", "exodrive_cache_database_down 1", "exodrive_cache_remote_breaker_open 1"} {
		if !strings.Contains(all, want+"\n") {
			t.Errorf("the scrape lacks %s", want)
		}
	}
	if t.Failed() {
		t.Log(all)
	}
}
