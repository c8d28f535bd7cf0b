package app

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/jobs"
)

// jobMetrics are what the operator sees of the jobs: those of the fleet, asked from the
// database at every scrape, and the tries of this node. What the database does not tell
// in time is left out. It is a prometheus.Collector.
type jobMetrics struct {
	figures func(context.Context) ([]exodrive.JobFigure, error)
	now     func() time.Time
	kinds   []string
	tries   *prometheus.CounterVec
	took    *prometheus.HistogramVec
	waited  *prometheus.HistogramVec
}

var (
	jobCount = prometheus.NewDesc("exodrive_jobs", "Jobs of the fleet, by kind and state (waiting, running, dead).", []string{"kind", "state"}, nil)
	jobLate  = prometheus.NewDesc("exodrive_jobs_late_seconds", "How long the job has been due that waits longest, by kind.", []string{"kind"}, nil)
)

// jobBuckets reach from one statement to the longest try, waitBuckets from a call of this
// node to a queue that does not move.
var (
	jobBuckets  = []float64{.001, .005, .025, .1, .5, 2.5, 10, 60, 300, 1800}
	waitBuckets = []float64{.001, .005, .025, .1, .25, .5, 1, 2.5, 10, 60, 600, 3600}
)

// jobFiguresLimit is for one scrape, which tells more than this and must not wait for a
// pool that is full.
const jobFiguresLimit = 100 * time.Millisecond

// newJobMetrics shows in a registry jobs of some kinds, which are there from the beginning with zeros,
// and of any other kind that somebody enqueued.
func newJobMetrics(registry *prometheus.Registry, now func() time.Time, kinds []string, figures func(context.Context) ([]exodrive.JobFigure, error)) *jobMetrics {
	m := &jobMetrics{
		figures: figures, now: now, kinds: kinds,
		tries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "exodrive_job_tries_total",
			Help: "Tries of this node at jobs, by kind and outcome (done, failed, dead, back, lost).",
		}, []string{"kind", "outcome"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "exodrive_job_seconds", Help: "Time that tries of this node took, by kind.", Buckets: jobBuckets,
		}, []string{"kind"}),
		waited: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "exodrive_job_wait_seconds", Help: "Time from when a job was due until this node began it, by kind.", Buckets: waitBuckets,
		}, []string{"kind"}),
	}
	for _, kind := range kinds {
		m.took.WithLabelValues(kind)
		m.waited.WithLabelValues(kind)
		for _, outcome := range jobs.Outcomes {
			m.tries.WithLabelValues(kind, string(outcome))
		}
	}
	registry.MustRegister(m)
	return m
}

// settled counts a try; it is the service's Options.JobSettled.
func (m *jobMetrics) settled(t jobs.Tried) {
	m.tries.WithLabelValues(t.Kind, string(t.Outcome)).Inc()
	m.took.WithLabelValues(t.Kind).Observe(t.Took.Seconds())
	m.waited.WithLabelValues(t.Kind).Observe(t.Waited.Seconds())
}

// Describe implements prometheus.Collector.
func (m *jobMetrics) Describe(to chan<- *prometheus.Desc) {
	for _, c := range []prometheus.Collector{m.tries, m.took, m.waited} {
		c.Describe(to)
	}
	to <- jobCount
	to <- jobLate
}

// Collect implements prometheus.Collector.
func (m *jobMetrics) Collect(to chan<- prometheus.Metric) {
	for _, c := range []prometheus.Collector{m.tries, m.took, m.waited} {
		c.Collect(to)
	}
	ctx, cancel := context.WithTimeout(context.Background(), jobFiguresLimit)
	defer cancel()
	figures, err := m.figures(ctx)
	if err != nil {
		return
	}
	counts, late := map[[2]string]int{}, map[string]time.Duration{}
	for _, kind := range m.kinds {
		late[kind] = 0
		for _, state := range []exodrive.JobState{exodrive.JobWaiting, exodrive.JobRunning, exodrive.JobDead} {
			counts[[2]string{kind, string(state)}] = 0
		}
	}
	for _, f := range figures {
		counts[[2]string{f.Kind, string(f.State)}] = f.Count
		if f.State == exodrive.JobWaiting {
			late[f.Kind] = max(0, m.now().Sub(f.Oldest))
		}
	}
	for of, n := range counts {
		to <- prometheus.MustNewConstMetric(jobCount, prometheus.GaugeValue, float64(n), of[0], of[1])
	}
	for kind, d := range late {
		to <- prometheus.MustNewConstMetric(jobLate, prometheus.GaugeValue, d.Seconds(), kind)
	}
}
