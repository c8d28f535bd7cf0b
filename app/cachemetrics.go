package app

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/exodrive/exodrive/cache"
)

// cacheMetrics are what the operator sees of the cache, read from its figures at
// every scrape, and a histogram of its loads. It is a prometheus.Collector. It
// stands here because neither cache nor obs may know of the other.
type cacheMetrics struct {
	stats func() cache.Stats
	bound time.Duration
	loads *prometheus.HistogramVec
	calls *prometheus.HistogramVec
}

// loadBuckets reach from one statement on a warm database to the deadline of a
// load.
var loadBuckets = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// callBuckets reach from a round trip on one machine to beyond the limit of a call.
var callBuckets = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .02, .05}

// newCacheMetrics shows the cache that stats reads, whose Options have this Bound.
// stats must be safe for concurrent use; it is not called before the first scrape.
func newCacheMetrics(bound time.Duration, stats func() cache.Stats) *cacheMetrics {
	return &cacheMetrics{stats: stats, bound: bound, loads: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "exodrive_cache_load_seconds",
		Help:    "Time that loads from the database took, failed ones too, by family.",
		Buckets: loadBuckets,
	}, []string{"family"}), calls: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "exodrive_cache_remote_seconds",
		Help:    "Time that calls of the remote cache took, by call and outcome (ok, failed). Who waits gives up after 20 ms.",
		Buckets: callBuckets,
	}, []string{"call", "outcome"})}
}

// loaded counts a load; it is the cache's Options.Loaded.
func (m *cacheMetrics) loaded(family string, took time.Duration, _ error) {
	m.loads.WithLabelValues(family).Observe(took.Seconds())
}

// called counts a call of the remote cache; it is the cache's Options.Called.
func (m *cacheMetrics) called(call string, took time.Duration, err error) {
	outcome := "ok"
	if err != nil {
		outcome = "failed"
	}
	m.calls.WithLabelValues(call, outcome).Observe(took.Seconds())
}

// Describe implements prometheus.Collector.
func (m *cacheMetrics) Describe(to chan<- *prometheus.Desc) {
	m.loads.Describe(to)
	m.calls.Describe(to)
	to <- cacheLeaseAge
	to <- cacheHitRatio
	to <- cacheLayerRatio
	for _, f := range nodeFigures {
		to <- f.desc
	}
	for _, f := range familyFigures {
		to <- f.desc
	}
}

// Collect implements prometheus.Collector.
func (m *cacheMetrics) Collect(to chan<- prometheus.Metric) {
	m.loads.Collect(to)
	m.calls.Collect(to)
	s := m.stats()
	to <- prometheus.MustNewConstMetric(cacheLeaseAge, prometheus.GaugeValue, (m.bound - s.Lease).Seconds())
	for _, f := range nodeFigures {
		to <- prometheus.MustNewConstMetric(f.desc, f.kind, f.value(s))
	}
	for name, family := range s.Families {
		for _, f := range familyFigures {
			to <- prometheus.MustNewConstMetric(f.desc, prometheus.CounterValue, float64(f.value(family)), append([]string{name}, f.labels...)...)
		}
		share := func(desc *prometheus.Desc, of, all float64, labels ...string) {
			if all > 0 { // of nothing there is no share, and 0 would raise an alarm
				to <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, of/all, append([]string{name}, labels...)...)
			}
		}
		share(cacheHitRatio, hits(family), reads(family))
		share(cacheLayerRatio, near(family), reads(family), "memory")
		share(cacheLayerRatio, far(family), beyond(family), "remote")
	}
}

func cacheDesc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("exodrive_cache_"+name, help, labels, nil)
}

var (
	cacheHitRatio   = cacheDesc("hit_ratio", "Share of the reads that needed no load since the start: hits / (hits + misses).", "family")
	cacheLayerRatio = cacheDesc("layer_hit_ratio",
		"Share of the reads that came as far as a layer (memory, remote) and were answered there, since the start.", "family", "layer")
	cacheLeaseAge = cacheDesc("lease_age_seconds", "Time since the last successful poll of the journal began.")

	cacheRequests = cacheDesc("requests_total", "Reads, by the layer that answered (memory, remote, database) and outcome (hit, miss, error).", "family", "layer", "outcome")
	cacheStale    = cacheDesc("stale_total", "Hits past their time, by reason: refreshing, while loaded anew; unverified, while the database was gone.", "family", "reason")
)

// familyFigure is a counter of each family. The labels are those beside its name.
type familyFigure struct {
	desc   *prometheus.Desc
	labels []string
	value  func(cache.FamilyStats) uint64
}

var familyFigures = []familyFigure{
	{cacheRequests, []string{"memory", "hit"}, func(f cache.FamilyStats) uint64 { return f.Hits }},
	{cacheRequests, []string{"remote", "hit"}, func(f cache.FamilyStats) uint64 { return f.FarHits }},
	{cacheRequests, []string{"database", "miss"}, func(f cache.FamilyStats) uint64 { return f.Misses }},
	{cacheRequests, []string{"database", "error"}, func(f cache.FamilyStats) uint64 { return f.Errors }},
	{cacheStale, []string{"refreshing"}, func(f cache.FamilyStats) uint64 { return f.Aged }},
	{cacheStale, []string{"unverified"}, func(f cache.FamilyStats) uint64 { return f.Unverified }},
	{cacheDesc("joined_total", "Misses that were answered by a load another read had begun.", "family"), nil,
		func(f cache.FamilyStats) uint64 { return f.Joined }},
	{cacheDesc("load_errors_total", "Loads that failed or found that there is no such thing.", "family"), nil,
		func(f cache.FamilyStats) uint64 { return f.LoadErrors }},
	{cacheDesc("unstorable_total", "Loads whose answer could not be kept: a write came meanwhile, or nobody could tell.", "family"), nil,
		func(f cache.FamilyStats) uint64 { return f.Unstorable }},
	{cacheDesc("corrupt_total", "Entries of the remote cache that could not be read and counted as missing.", "family"), nil,
		func(f cache.FamilyStats) uint64 { return f.Corrupt }},
}

// nodeFigure is a figure of the whole node.
type nodeFigure struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(cache.Stats) float64
}

func nodeGauge(name, help string, value func(cache.Stats) float64) nodeFigure {
	return nodeFigure{cacheDesc(name, help), prometheus.GaugeValue, value}
}

func nodeCounter(name, help string, value func(cache.Stats) uint64) nodeFigure {
	return nodeFigure{cacheDesc(name, help), prometheus.CounterValue, func(s cache.Stats) float64 { return float64(value(s)) }}
}

// remoteCounter is 0 without a remote cache.
func remoteCounter(name, help string, value func(cache.RemoteStats) uint64) nodeFigure {
	return nodeCounter(name, help, func(s cache.Stats) uint64 {
		if s.Remote == nil {
			return 0
		}
		return value(*s.Remote)
	})
}

func zeroOrOne(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

var nodeFigures = []nodeFigure{
	nodeGauge("entries", "Answers in memory.", func(s cache.Stats) float64 { return float64(s.Entries) }),
	nodeGauge("absences", "Answers in memory that say there is no such thing.", func(s cache.Stats) float64 { return float64(s.Absences) }),
	nodeGauge("bytes", "Memory that the answers take.", func(s cache.Stats) float64 { return float64(s.Bytes) }),
	nodeCounter("evictions_total", "Answers that left memory to make room.", func(s cache.Stats) uint64 { return s.Evictions }),
	nodeGauge("loading", "Loads that run now.", func(s cache.Stats) float64 { return float64(s.Loading) }),
	nodeGauge("queued", "Loads that stand in line for a place now.", func(s cache.Stats) float64 { return float64(s.Queued) }),
	nodeCounter("refused_total", "Loads that got no place in time; their callers were told to come again.",
		func(s cache.Stats) uint64 { return s.Refused }),
	nodeGauge("waiters", "Reads that wait for a load now.", func(s cache.Stats) float64 { return float64(s.Waiters) }),

	nodeGauge("lease_seconds", "For how long this node may serve without reading the journal again; below 0 it may not.",
		func(s cache.Stats) float64 { return s.Lease.Seconds() }),
	nodeGauge("database_down", "1 while neither the journal nor loads succeed.", func(s cache.Stats) float64 { return zeroOrOne(s.Down) }),
	nodeCounter("polls_total", "Polls of the journal that succeeded.", func(s cache.Stats) uint64 { return s.Polls }),
	nodeCounter("poll_failures_total", "Polls of the journal that failed.", func(s cache.Stats) uint64 { return s.PollsFailed }),
	nodeGauge("poll_seconds", "Time that the last poll took.", func(s cache.Stats) float64 { return s.PollTook.Seconds() }),
	nodeCounter("raises_total", "Rows of the journal that this node has read.", func(s cache.Stats) uint64 { return s.Raises }),
	nodeGauge("horizon", "Mark up to which this node has read the journal without a gap.", func(s cache.Stats) float64 { return float64(s.Horizon) }),
	nodeGauge("journal_lag_seconds", "For how long that mark has not moved although higher ones have been read: a transaction that changes cached tables, or any other that writes on that server, has been open for longer. Loads meanwhile are not shared through the remote cache.",
		func(s cache.Stats) float64 { return s.HeldBack.Seconds() }),
	nodeGauge("floors", "Places of the table of floors that have been raised since the node began or the epoch changed; the table has 262144, so this is bounded.",
		func(s cache.Stats) float64 { return float64(s.Floors) }),
	nodeCounter("rings_lost_total", "Writes whose bell did not ring; other nodes heard of them by their next poll.",
		func(s cache.Stats) uint64 { return s.RingsLost }),
	nodeGauge("remote_breaker_open", "1 while the remote cache is not asked, because it failed or was slow.",
		func(s cache.Stats) float64 { return zeroOrOne(s.Remote != nil && s.Remote.Resting) }),
	remoteCounter("remote_calls_total", "Calls of the remote cache.", func(r cache.RemoteStats) uint64 { return r.Calls }),
	remoteCounter("remote_failures_total", "Calls of the remote cache that failed or took too long.", func(r cache.RemoteStats) uint64 { return r.Failures }),
	remoteCounter("remote_refused_total", "Calls that were not made because the remote cache was given a rest.", func(r cache.RemoteStats) uint64 { return r.Refused }),
	remoteCounter("remote_waits_total", "Times that a read had to wait for another node's load.", func(r cache.RemoteStats) uint64 { return r.Waits }),

	nodeCounter("audited_total", "Answers that were compared with the database.", func(s cache.Stats) uint64 { return s.Audited }),
	nodeCounter("audit_skipped_total", "Answers that were to be compared but could not be.", func(s cache.Stats) uint64 { return s.AuditSkipped }),
	nodeCounter("inconsistent_total", "Answers that were served although older than the bound allows. It must stay 0.",
		func(s cache.Stats) uint64 { return s.Inconsistent }),
}
