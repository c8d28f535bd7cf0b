package app

import (
	"context"
	"maps"
	"math"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/rediscache"
	"github.com/exodrive/exodrive/obs"
)

// The documents name every figure of the last hour and no other, and each of them
// shows what it tells of.
func TestDocumentedFiguresMove(t *testing.T) {
	clock := time.Unix(0, 0)
	metrics := obs.NewMetrics("test")
	h := obs.NewHistory(metrics, func() time.Time { return clock })
	stats := cache.Stats{Lease: cacheBound, Remote: &cache.RemoteStats{}, Families: map[string]cache.FamilyStats{"list": {}}}
	pool, info := obs.PoolStats{Max: 20}, rediscache.Info{}
	watchFamilies(h, &stats)
	watchNode(h, &stats)
	watchPool(h, "main", func() obs.PoolStats { return pool })
	watchRedis(h, &stats, func(context.Context) (rediscache.Info, error) { return info, nil })
	step := func() { clock = clock.Add(obs.Step); h.EndStep() }
	step()

	stats = cache.Stats{
		Lease: -time.Second, Down: true, HeldBack: time.Second, Entries: 1, Bytes: 2, Evictions: 3, Waiters: 4, Loading: 5, Queued: 6, Refused: 7,
		PollsFailed: 8, PollTook: time.Second, Raises: 9, RingsLost: 10, Audited: 11, AuditSkipped: 12, Inconsistent: 13,
		Remote:   &cache.RemoteStats{Calls: 14, Failures: 3, Took: time.Second},
		Families: map[string]cache.FamilyStats{"list": {Hits: 15, FarHits: 16, Misses: 17, Loads: 18, LoadTime: time.Minute}},
	}
	pool = obs.PoolStats{Max: 20, InUse: 21, WaitCount: 22, WaitDuration: time.Minute}
	info = rediscache.Info{UsedMemory: 23, MaxMemory: 24}
	for _, status := range []int{http.StatusOK, http.StatusNotFound, http.StatusServiceUnavailable} {
		r := &obs.Request{Route: "GET /a"}
		metrics.Begin(r)
		r.DB()()
		metrics.RequestDone(r, http.MethodGet, status, time.Second)
	}
	step()

	moved, missed := map[string]bool{}, map[string]bool{}
	for _, c := range h.Last(1).Curves {
		before, now := 0.0, c.Steps[len(c.Steps)-1]
		if len(c.Steps) > 1 {
			before = c.Steps[len(c.Steps)-2]
		}
		// Of nothing there is no share, so what was not a number before may be one now.
		moved[c.Name] = moved[c.Name] || !math.IsNaN(now) && now != before || c.Name == "redisUp" && now == 1
		missed[c.Name] = missed[c.Name] || c.Met != nil && !*c.Met
	}
	for _, name := range []string{"errors", "routeErrors", "hitRatio", "loadTime", "refused", "journalAge", "databaseDown", "inconsistent", "poolInUse", "poolWait", "redisTime"} {
		if !missed[name] {
			t.Errorf("%s has missed its target, and nobody says so", name)
		}
	}
	for name, ok := range moved {
		if !ok {
			t.Errorf("%s did not move", name)
		}
	}
	named, shown := documentedFigures(t), slices.Sorted(maps.Keys(moved))
	if !slices.Equal(named, shown) {
		t.Errorf("the documents name\n%v, there are\n%v", named, shown)
	}
}

// documentedFigures are the names in the first column of the table of figures.
func documentedFigures(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "\n| figure |")
	if !found {
		t.Fatal("there is no table of figures")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	var names []string
	for row := range strings.Lines(table) {
		if first, ok := strings.CutPrefix(row, "| "); ok {
			first, _, _ = strings.Cut(first, "|")
			for _, name := range regexp.MustCompile("`([A-Za-z0-9]+)`").FindAllStringSubmatch(first, -1) {
				names = append(names, name[1])
			}
		}
	}
	slices.Sort(names)
	return names
}
