package obs

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// PoolStats is the state of a pool of database connections at one moment.
type PoolStats struct {
	Max, Open, InUse, Idle int           // connections; Max 0 is without limit
	WaitCount              int64         // how often somebody waited for a connection
	WaitDuration           time.Duration // and how long, in all
}

// Pool adds the metrics of a database pool, read from stats at every scrape.
// stats must be safe for concurrent use. Each pool needs a name of its own; the
// same name twice panics.
func (m *Metrics) Pool(name string, stats func() PoolStats) {
	own := prometheus.Labels{"pool": name}
	gauge := func(what, help string, value func(PoolStats) int) prometheus.Collector {
		opts := prometheus.GaugeOpts{Name: "exodrive_db_pool_" + what, Help: help, ConstLabels: own}
		return prometheus.NewGaugeFunc(opts, func() float64 { return float64(value(stats())) })
	}
	counter := func(what, help string, value func(PoolStats) float64) prometheus.Collector {
		opts := prometheus.CounterOpts{Name: "exodrive_db_pool_" + what, Help: help, ConstLabels: own}
		return prometheus.NewCounterFunc(opts, func() float64 { return value(stats()) })
	}
	m.Registry.MustRegister(
		gauge("max", "Most connections the pool may open.", func(s PoolStats) int { return s.Max }),
		gauge("open", "Connections that are open.", func(s PoolStats) int { return s.Open }),
		gauge("in_use", "Connections that work for somebody.", func(s PoolStats) int { return s.InUse }),
		gauge("idle", "Connections that are open and free.", func(s PoolStats) int { return s.Idle }),
		counter("waits_total", "Times somebody had to wait for a connection.",
			func(s PoolStats) float64 { return float64(s.WaitCount) }),
		counter("wait_seconds_total", "Time spent waiting for a connection.",
			func(s PoolStats) float64 { return s.WaitDuration.Seconds() }),
	)
}
