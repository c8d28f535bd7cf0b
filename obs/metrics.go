package obs

import (
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// other is the label of everything outside a bounded set: paths without a route,
// invented methods, impossible statuses.
const other = "other"

// requestBuckets reach from a hit, which takes tens of microseconds, to the
// slowest answer a client still waits for.
var requestBuckets = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// Metrics are the program's metrics. Packages with metrics of their own register
// them in Registry. A nil Metrics counts nothing.
type Metrics struct {
	Registry *prometheus.Registry

	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	inFlight prometheus.Gauge

	mu    sync.RWMutex
	known map[seriesKey]series
}

// series are the metrics of one kind of request, found once: the library's own
// search takes longer than the rest of what a hit pays for being observed.
type series struct {
	requests prometheus.Counter
	seconds  prometheus.Observer
}

// seriesKey has three bounded parts, so series are bounded too.
type seriesKey struct{ pattern, method, status string }

// NewMetrics returns metrics in a registry of their own, with those of the Go
// runtime, the process and the build.
func NewMetrics(version string) *Metrics {
	m := &Metrics{
		Registry: prometheus.NewRegistry(),
		known:    map[seriesKey]series{},
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "exodrive_http_requests_total",
			Help: "Requests answered, by route pattern, method and status.",
		}, []string{"route", "method", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "exodrive_http_request_seconds",
			Help:    "Time from the arrival of a request to the end of its answer, by route pattern.",
			Buckets: requestBuckets,
		}, []string{"route"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "exodrive_http_requests_in_flight",
			Help: "Requests being answered now.",
		}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name:        "exodrive_build_info",
		Help:        "Always 1; the labels tell the version.",
		ConstLabels: prometheus.Labels{"version": version, "go": runtime.Version()},
	})
	build.Set(1)
	m.Registry.MustRegister(m.requests, m.seconds, m.inFlight, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Begin counts a request as being answered, until RequestDone.
func (m *Metrics) Begin() {
	if m != nil {
		m.inFlight.Inc()
	}
}

// RequestDone counts a request that is answered. The route must be a pattern of
// the program, of which there are only so many, or "". A hijacked connection
// (status 101) is counted but not timed: it lives as long as its user.
func (m *Metrics) RequestDone(route, method string, status int, took time.Duration) {
	if m == nil {
		return
	}
	m.inFlight.Dec()
	s := m.series(seriesKey{route, MethodLabel(method), statusLabel(status)})
	s.requests.Inc()
	if status != http.StatusSwitchingProtocols {
		s.seconds.Observe(took.Seconds())
	}
}

func (m *Metrics) series(key seriesKey) series {
	m.mu.RLock()
	s, ok := m.known[key]
	m.mu.RUnlock()
	if ok {
		return s
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	route := RouteLabel(key.pattern)
	s = series{m.requests.WithLabelValues(route, key.method, key.status), m.seconds.WithLabelValues(route)}
	m.known[key] = s
	return s
}

// RouteLabel is how logs and metrics call a route: its pattern without the
// method, or "other".
func RouteLabel(pattern string) string {
	if method, path, ok := strings.Cut(pattern, " "); ok && method != "" {
		pattern = strings.TrimLeft(path, " \t")
	}
	if pattern == "" {
		return other
	}
	return pattern
}

// MethodLabel is how logs and metrics call a method: by its name, or "other" for
// one that callers invented.
func MethodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	default:
		return other
	}
}

// statusLabels are made once, because strconv allocates above 99.
var statusLabels = func() (labels [600]string) {
	for i := range labels {
		labels[i] = other
		if i >= 100 {
			labels[i] = strconv.Itoa(i)
		}
	}
	return labels
}()

func statusLabel(status int) string {
	if status < 0 || status >= len(statusLabels) {
		return other
	}
	return statusLabels[status]
}
