package obs

import (
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// other is the label of everything outside a bounded set: paths without a route,
// invented methods, impossible statuses.
const other = "other"

// requestBuckets reach from a hit, which takes tens of microseconds, to the
// slowest answer a client still waits for.
var requestBuckets = [requestBucketCount]float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

const requestBucketCount = 16

// mostRoutes bounds the routes that are told apart. The program has half as many;
// the rest would count as "other".
const mostRoutes = 160

// Metrics are the program's metrics. Packages with metrics of their own register
// them in Registry. A nil Metrics counts nothing.
//
// Requests and statements are counted by hand and shown to Prometheus at a scrape:
// its own counters, found by labels, would cost a hit more than all the rest of
// being observed.
type Metrics struct {
	Registry *prometheus.Registry

	begun      atomic.Uint64 // requests; those in flight are the ones without an answer
	statements timing

	mu     sync.Mutex
	routes atomic.Pointer[map[string]*route] // by pattern; replaced, never changed
	labels map[string]*route                 // the same by label: patterns of several methods share one
}

// route is what is counted of the requests of one route.
type route struct {
	label string
	// answers by method and status; a method that nobody used has none.
	answers [len(methods)]atomic.Pointer[statuses]
	times   [kinds]timing // a connection that was taken over is not timed
}

// statuses counts answers by status; those that HTTP has not are 0.
type statuses [600]atomic.Uint64

// kind is how an answer came about. The performance guide has a target for each
// but the last.
type kind uint8

const (
	kindCached kind = iota
	kindLoaded      // from the database, by itself or with others
	kindSearch      // loaded, and words were looked for
	kindOther       // writes, private reads, pages without a cache, refusals
	kinds
)

var kindNames = [kinds]string{"cached", "loaded", "search", other}

func kindOf(r *Request, status int) kind {
	switch r.Outcome() {
	case Hit:
		return kindCached
	case Miss:
		switch {
		case status == http.StatusTooManyRequests:
			return kindOther // refused before anything was loaded
		case r.Search:
			return kindSearch
		}
		return kindLoaded
	}
	return kindOther
}

// NewMetrics returns metrics in a registry of their own, with those of the Go
// runtime, the process and the build.
func NewMetrics(version string) *Metrics {
	m := &Metrics{Registry: prometheus.NewRegistry(), labels: map[string]*route{}}
	m.routes.Store(&map[string]*route{})
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name:        "exodrive_build_info",
		Help:        "Always 1; the labels tell the version.",
		ConstLabels: prometheus.Labels{"version": version, "go": runtime.Version()},
	})
	build.Set(1)
	m.Registry.MustRegister(requestMetrics{m}, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Begin counts a request as being answered, until RequestDone. The statements
// that its record is told of are counted too.
func (m *Metrics) Begin(r *Request) {
	if m != nil {
		m.begun.Add(1)
		r.metrics = m
	}
}

// RequestDone counts a request that is answered. The record's Route must be a
// pattern of the program, of which there are only so many, or "". A hijacked
// connection (status 101) is counted but not timed: it lives as long as its user.
func (m *Metrics) RequestDone(r *Request, method string, status int, took time.Duration) {
	if m == nil {
		return
	}
	of := (*m.routes.Load())[r.Route]
	if of == nil {
		of = m.route(r.Route)
	}
	of.answered(method, status)
	if status != http.StatusSwitchingProtocols {
		of.times[kindOf(r, status)].add(took)
	}
}

// route is that of a pattern that is asked for the first time.
func (m *Metrics) route(pattern string) *route {
	m.mu.Lock()
	defer m.mu.Unlock()
	known := *m.routes.Load()
	if of := known[pattern]; of != nil {
		return of
	}
	label := RouteLabel(pattern)
	if len(known) >= mostRoutes {
		label = other
	}
	of := m.labels[label]
	if of == nil {
		of = &route{label: label}
		m.labels[label] = of
	}
	if len(known) < mostRoutes {
		grown := make(map[string]*route, len(known)+1)
		for p, r := range known {
			grown[p] = r
		}
		grown[pattern] = of
		m.routes.Store(&grown)
	}
	return of
}

// all are the routes that were asked for.
func (m *Metrics) all() []*route {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := make([]*route, 0, len(m.labels))
	for _, r := range m.labels {
		list = append(list, r)
	}
	return list
}

func (r *route) answered(method string, status int) {
	if status < 100 || status >= len(statuses{}) {
		status = 0
	}
	by := &r.answers[methodOf(method)]
	counts := by.Load()
	if counts == nil {
		by.CompareAndSwap(nil, &statuses{})
		counts = by.Load()
	}
	counts[status].Add(1)
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

// methods are those that are told apart.
var methods = [...]string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, other,
}

// methodOf is the place of a method in methods.
func methodOf(method string) int {
	for i, known := range methods {
		if method == known {
			return i
		}
	}
	return len(methods) - 1
}

// MethodLabel is how logs and metrics call a method: by its name, or "other" for
// one that callers invented.
func MethodLabel(method string) string { return methods[methodOf(method)] }

func statusLabel(status int) string {
	if status == 0 {
		return other
	}
	return strconv.Itoa(status)
}
