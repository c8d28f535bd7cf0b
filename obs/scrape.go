package obs

import (
	"github.com/prometheus/client_golang/prometheus"
)

// requestMetrics shows what Metrics has counted by hand. It is a
// prometheus.Collector.
type requestMetrics struct{ *Metrics }

var (
	requestsDesc = prometheus.NewDesc("exodrive_http_requests_total",
		"Requests answered, by route pattern, method and status.", []string{"route", "method", "status"}, nil)
	secondsDesc = prometheus.NewDesc("exodrive_http_request_seconds",
		"Time from the arrival of a request to the end of its answer, by route pattern.", []string{"route"}, nil)
	kindDesc = prometheus.NewDesc("exodrive_http_answer_seconds",
		"The same time by how the answer came about: cached, loaded, search (loaded, with words looked for), other.", []string{"kind"}, nil)
	inFlightDesc = prometheus.NewDesc("exodrive_http_requests_in_flight",
		"Requests being answered now.", nil, nil)
	statementDesc = prometheus.NewDesc("exodrive_db_statement_seconds",
		"Time that statements of requests took, with the wait for a connection.", nil, nil)
)

// Describe implements prometheus.Collector.
func (m requestMetrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{requestsDesc, secondsDesc, kindDesc, inFlightDesc, statementDesc} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (m requestMetrics) Collect(to chan<- prometheus.Metric) {
	to <- histogram(statementDesc, nil, &m.statements)
	var (
		ofKind [kinds][]*timing
		done   uint64
	)
	for _, r := range m.all() {
		answered, _, _ := r.outcomes()
		done += answered
		r.collect(to)
		var ofRoute []*timing
		for k := range r.times {
			ofRoute, ofKind[k] = append(ofRoute, &r.times[k]), append(ofKind[k], &r.times[k])
		}
		to <- histogram(secondsDesc, []string{r.label}, ofRoute...)
	}
	// Read last, as every answer was begun before; a route that is new since can only
	// make it one too many.
	to <- prometheus.MustNewConstMetric(inFlightDesc, prometheus.GaugeValue, float64(m.begun.Load()-done))
	for k, list := range ofKind {
		to <- histogram(kindDesc, []string{kindNames[k]}, list...)
	}
}

// collect shows the counters of one route.
func (r *route) collect(to chan<- prometheus.Metric) {
	for method := range r.answers {
		counts := r.answers[method].Load()
		if counts == nil {
			continue
		}
		for status := range counts {
			if n := counts[status].Load(); n > 0 {
				to <- prometheus.MustNewConstMetric(requestsDesc, prometheus.CounterValue, float64(n), r.label, methods[method], statusLabel(status))
			}
		}
	}
}

// histogram is the sum of some timings.
func histogram(desc *prometheus.Desc, labels []string, of ...*timing) prometheus.Metric {
	var (
		counts [bucketCount]uint64
		nanos  int64
		passed uint64
		at     int
	)
	for _, t := range of {
		nanos += t.nanos.Load()
		for i := range t.counts {
			counts[i] += t.counts[i].Load()
		}
	}
	buckets := make(map[float64]uint64, len(requestBuckets))
	for _, seconds := range requestBuckets {
		for at < len(bucketEnds) && float64(bucketEnds[at]) <= seconds*1e9+0.5 {
			passed += counts[at]
			at++
		}
		buckets[seconds] = passed
	}
	for ; at < len(counts); at++ {
		passed += counts[at]
	}
	return prometheus.MustNewConstHistogram(desc, passed, float64(nanos)/1e9, buckets, labels...)
}
