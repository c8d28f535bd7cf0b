package app

import (
	"context"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/rediscache"
	"github.com/exodrive/exodrive/obs"
)

// Targets of the performance guide and, where it names none, of our promises.
const (
	targetHits = 0.85
	// targetRedis is after how long nobody waits for Redis any more.
	targetRedis = 20 * time.Millisecond
)

func atMost(v float64) *obs.Target  { return &obs.Target{Most: v} }
func atLeast(v float64) *obs.Target { return &obs.Target{Least: v} }

func inMs(d time.Duration) float64 { return d.Seconds() * 1000 }

// watch tells the history what there is to remember beside requests, and lets it
// begin.
func (a *App) watch() {
	h, stats := a.history, a.Cache.Stats()
	h.Before(func() { stats = a.Cache.Stats() })
	watchFamilies(h, &stats)
	watchNode(h, &stats)
	for _, name := range slices.Sorted(maps.Keys(a.Store.PoolStats())) {
		watchPool(h, name, func() obs.PoolStats { return a.Store.PoolStats()[name] })
	}
	if a.redis != nil {
		watchRedis(h, &stats, a.redis.Info)
	}
	h.Start()
}

// What a family of reads has counted.
func hits(f cache.FamilyStats) float64  { return float64(f.Hits + f.FarHits) }
func near(f cache.FamilyStats) float64  { return float64(f.Hits) }
func far(f cache.FamilyStats) float64   { return float64(f.FarHits) }
func reads(f cache.FamilyStats) float64 { return float64(f.Hits + f.FarHits + f.Misses) }

// beyond are the reads that memory had no answer to.
func beyond(f cache.FamilyStats) float64   { return float64(f.FarHits + f.Misses) }
func loads(f cache.FamilyStats) float64    { return float64(f.Loads) }
func loadTime(f cache.FamilyStats) float64 { return inMs(f.LoadTime) }

// watchFamilies adds how often the cache had the answer, and how long the rest
// took.
func watchFamilies(h *obs.History, stats *cache.Stats) {
	all := func(of func(cache.FamilyStats) float64) func() float64 {
		return func() (n float64) {
			for _, f := range stats.Families {
				n += of(f)
			}
			return n
		}
	}
	h.Watch(obs.Figure{Name: "hitRatio", Unit: obs.Share, Part: all(hits), Whole: all(reads), Target: atLeast(targetHits)})
	for _, name := range slices.Sorted(maps.Keys(stats.Families)) {
		one := func(of func(cache.FamilyStats) float64) func() float64 {
			return func() float64 { return of(stats.Families[name]) }
		}
		for _, f := range []obs.Figure{
			{Name: "hitRatio", Unit: obs.Share, Part: one(hits), Whole: one(reads), Target: atLeast(targetHits)},
			{Name: "memoryHitRatio", Unit: obs.Share, Part: one(near), Whole: one(reads)},
			{Name: "remoteHitRatio", Unit: obs.Share, Part: one(far), Whole: one(beyond)},
			{Name: "loads", Unit: obs.PerSecond, Part: one(loads)},
			{Name: "loadTime", Unit: obs.Milliseconds, Part: one(loadTime), Whole: one(loads), Target: atMost(inMs(obs.TargetDatabase))},
		} {
			f.Of = name
			h.Watch(f)
		}
	}
}

// watchNode adds how the cache of this node does, its journal and its auditor.
func watchNode(h *obs.History, stats *cache.Stats) {
	for _, f := range []obs.Figure{
		{Name: "cacheEntries", Unit: obs.Number, Sum: obs.Latest, At: func() float64 { return float64(stats.Entries) }},
		{Name: "cacheBytes", Unit: obs.Bytes, Sum: obs.Latest, At: func() float64 { return float64(stats.Bytes) }},
		{Name: "cacheEvictions", Unit: obs.PerSecond, Part: func() float64 { return float64(stats.Evictions) }},
		{Name: "cacheWaiters", Unit: obs.Number, Sum: obs.Highest, At: func() float64 { return float64(stats.Waiters) }},
		{Name: "loading", Unit: obs.Number, Sum: obs.Highest, At: func() float64 { return float64(stats.Loading) }},
		{Name: "queued", Unit: obs.Number, Sum: obs.Highest, At: func() float64 { return float64(stats.Queued) }},
		{Name: "refused", Unit: obs.PerSecond, Part: func() float64 { return float64(stats.Refused) }, Target: atMost(0)},
		{
			// Older than the bound, the node stops answering from memory.
			Name: "journalAge", Unit: obs.Milliseconds, Sum: obs.Highest, Target: atMost(inMs(cacheBound)),
			At: func() float64 { return inMs(cacheBound - stats.Lease) },
		},
		{Name: "journalPoll", Unit: obs.Milliseconds, Sum: obs.Highest, At: func() float64 { return inMs(stats.PollTook) }},
		{Name: "journalFailures", Unit: obs.Number, Sum: obs.Rise, Part: func() float64 { return float64(stats.PollsFailed) }},
		{Name: "journalLag", Unit: obs.Milliseconds, Sum: obs.Highest, At: func() float64 { return inMs(stats.HeldBack) }},
		{Name: "journalRows", Unit: obs.PerSecond, Part: func() float64 { return float64(stats.Raises) }},
		{Name: "ringsLost", Unit: obs.Number, Sum: obs.Rise, Part: func() float64 { return float64(stats.RingsLost) }},
		{Name: "databaseDown", Unit: obs.Number, Sum: obs.Highest, At: func() float64 { return zeroOrOne(stats.Down) }, Target: atMost(0)},
		{Name: "audited", Unit: obs.Number, Sum: obs.Rise, Part: func() float64 { return float64(stats.Audited) }},
		{Name: "auditSkipped", Unit: obs.Number, Sum: obs.Rise, Part: func() float64 { return float64(stats.AuditSkipped) }},
		{Name: "inconsistent", Unit: obs.Number, Sum: obs.Rise, Part: func() float64 { return float64(stats.Inconsistent) }, Target: atMost(0)},
	} {
		h.Watch(f)
	}
}

// watchPool adds how a pool of connections is used. A pool in which nobody waits
// is large enough.
func watchPool(h *obs.History, name string, stats func() obs.PoolStats) {
	largest := func() *obs.Target { return atMost(float64(stats().Max)) }
	for _, f := range []obs.Figure{
		{Name: "poolInUse", Unit: obs.Number, Sum: obs.Highest, At: func() float64 { return float64(stats().InUse) }, Target: largest()},
		{Name: "poolWaits", Unit: obs.PerSecond, Part: func() float64 { return float64(stats().WaitCount) }},
		{
			Name: "poolWait", Unit: obs.Milliseconds, Part: func() float64 { return inMs(stats().WaitDuration) },
			Whole: func() float64 { return float64(stats().WaitCount) }, Target: atMost(inMs(targetPoolWait)),
		},
	} {
		f.Of = name
		h.Watch(f)
	}
}

// targetPoolWait is how long who waits for a connection should wait: what is left
// of the 250 ms of a database query when its statements take most of them.
const targetPoolWait = 50 * time.Millisecond

// watchRedis adds what Redis tells of itself and how quick its calls are.
func watchRedis(h *obs.History, stats *cache.Stats, ask func(context.Context) (rediscache.Info, error)) {
	up, memory, most := 0.0, math.NaN(), math.NaN()
	h.Before(func() {
		ctx, cancel := context.WithTimeout(context.Background(), infoLimit)
		defer cancel()
		info, err := ask(ctx)
		up, memory, most = zeroOrOne(err == nil), math.NaN(), math.NaN()
		if err == nil && info.UsedMemory >= 0 {
			memory = float64(info.UsedMemory)
		}
		if err == nil && info.MaxMemory > 0 {
			most = float64(info.MaxMemory)
		}
	})
	remote := func(of func(cache.RemoteStats) float64) func() float64 {
		return func() float64 { return of(*stats.Remote) }
	}
	calls := remote(func(r cache.RemoteStats) float64 { return float64(r.Calls) })
	for _, f := range []obs.Figure{
		{Name: "redisUp", Unit: obs.Number, Sum: obs.Lowest, At: func() float64 { return up }, Target: atLeast(1)},
		{Name: "redisMemory", Unit: obs.Bytes, Sum: obs.Latest, At: func() float64 { return memory }},
		{Name: "redisMaxMemory", Unit: obs.Bytes, Sum: obs.Latest, At: func() float64 { return most }},
		{Name: "redisCalls", Unit: obs.PerSecond, Part: calls},
		{
			Name: "redisTime", Unit: obs.Milliseconds, Whole: calls, Target: atMost(inMs(targetRedis)),
			Part: remote(func(r cache.RemoteStats) float64 { return inMs(r.Took) }),
		},
		{
			Name: "redisFailures", Unit: obs.Share, Whole: calls,
			Part: remote(func(r cache.RemoteStats) float64 { return float64(r.Failures) }),
		},
	} {
		h.Watch(f)
	}
}
