package doctor

import (
	"strings"
	"testing"
	"time"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/rediscache"
	"github.com/exodrive/exodrive/obs"
	"github.com/exodrive/exodrive/sqlstore"
)

// Each rule says ok up to its limit and something else beyond it, for figures that no test can provoke at will.
func TestRules(t *testing.T) {
	t.Parallel()
	l := DefaultLimits
	remote := func(resting bool, failures uint64) *cache.RemoteStats {
		return &cache.RemoteStats{Resting: resting, Calls: 1000, Failures: failures}
	}
	pool := func(inUse, most int, wait time.Duration) obs.PoolStats {
		return obs.PoolStats{Max: most, InUse: inUse, WaitCount: 1000, WaitDuration: 1000 * wait}
	}
	for name, c := range map[string]struct {
		got   Finding
		level Level
		word  string
	}{
		"near Redis":                  {judgeLatency(time.Millisecond, l), OK, "1.0 ms"},
		"far Redis":                   {judgeLatency(12*time.Millisecond, l), Warn, "12.0 ms"},
		"breaker closed":              {judgeBreaker(remote(false, 3)), OK, "3 failed"},
		"breaker open":                {judgeBreaker(remote(true, 5)), Warn, "five times"},
		"calls that fail":             {judgeBreaker(remote(false, 90)), Warn, "SLOWLOG"},
		"no remote cache":             {judgeBreaker(nil), OK, "not used"},
		"Redis that tells nothing":    {judgeRedisMemory(rediscache.Info{UsedMemory: -1, MaxMemory: -1}), OK, "not told"},
		"Redis that is full":          {judgeRedisMemory(rediscache.Info{UsedMemory: 95, MaxMemory: 100, Policy: "allkeys-lfu"}), OK, "full"},
		"connections refused":         {judgeClients(rediscache.Info{Clients: 3, MaxClients: -1, Rejected: 4}), Warn, "4 refused"},
		"pool with room":              {judgePool("main", pool(5, 20, time.Millisecond), l), OK, "5 of 20"},
		"pool that is full":           {judgePool("main", pool(18, 20, 0), l), Warn, "503"},
		"pool that is waited for":     {judgePool("main", pool(2, 20, 50*time.Millisecond), l), Warn, "50.0 ms"},
		"the one writer at work":      {judgePool("write", pool(1, 1, time.Millisecond), l), OK, "1 of 1"},
		"slow polls":                  {judgeLease(cache.Stats{Lease: time.Second, PollTook: time.Second}), Warn, "1000.0 ms"},
		"evicted and not asked again": {judgeRoom(cache.Stats{Evictions: 9, Families: map[string]cache.FamilyStats{"list": {Hits: 500, Causes: cache.Causes{Evicted: 1}}}}), OK, "9 evicted"},
		"a clock that is off":         {judgeClock(-3*time.Second, time.Second, l), Warn, "behind"},
		"a clock asked slowly":        {judgeClock(3*time.Second, 2500*time.Millisecond, l), OK, "ahead"},
		"few runs":                    {judgeCosts("x", []sqlstore.Cost{{Text: "y", Count: 3, Total: time.Hour}}, l)[0], OK, "none yet"},
		"many writes":                 {judgeJournal(sqlstore.JournalSize{Rows: manyRows, Oldest: time.Hour, Keeps: 26 * time.Hour}), Warn, "many writes"},
		"a log that grows":            {judgeWAL(300 << 20), Warn, "300.0 MiB"},
		"a prepared transaction":      {judgeHeld([]sqlstore.Held{{Name: "prepared x", Age: time.Hour}}, l)[0], Warn, "ROLLBACK PREPARED"},
		"misses without a lease": {judgeHitRatio("list", cache.FamilyStats{Hits: 100, Misses: 900, Causes: cache.Causes{Lapsed: 800, New: 100}}, time.Hour, nil, l),
			Warn, "journal could not be read"},
		"too few reads": {judgeHitRatio("list", cache.FamilyStats{Misses: 20}, time.Hour, nil, l), OK, "too early"},
	} {
		text := c.got.Figure + "\n" + c.got.Meaning + "\n" + c.got.Advice
		if c.got.Level != c.level || !strings.Contains(text, c.word) || (c.got.Advice == "") != (c.level == OK) {
			t.Errorf("%s: %+v, want %s with %q", name, c.got, c.level, c.word)
		}
	}
}

// Text of statements is shown in one line, and of a long one the beginning.
func TestClip(t *testing.T) {
	t.Parallel()
	if got := clip("SELECT a,\n\t\tb"); got != "SELECT a, b" {
		t.Errorf("it is %q", got)
	}
	if got := clip(strings.Repeat("é", mostText)); len(got) > mostText+5 || !strings.HasSuffix(got, "é …") {
		t.Errorf("%d bytes: %q", len(got), got)
	}
}
