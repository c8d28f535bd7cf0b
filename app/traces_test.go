package app_test

import (
	"compress/gzip"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/exodrive/exodrive/exotest"
)

// receiver is a collector of traces that keeps what it is sent.
type receiver struct {
	*httptest.Server
	t     *testing.T
	mu    sync.Mutex
	spans []*trace.Span
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{t: t}
	r.Server = httptest.NewServer(http.HandlerFunc(r.receive))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) receive(_ http.ResponseWriter, call *http.Request) {
	unpacked, err := gzip.NewReader(call.Body)
	if err != nil || call.URL.Path != "/v1/traces" || call.Header.Get("Content-Type") != "application/x-protobuf" {
		r.t.Errorf("%s %s with %s: %v", call.Method, call.URL.Path, call.Header.Get("Content-Type"), err)
		return
	}
	var sent collector.ExportTraceServiceRequest
	bytes, err := io.ReadAll(unpacked)
	if err == nil {
		err = proto.Unmarshal(bytes, &sent)
	}
	if err != nil {
		r.t.Error(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, of := range sent.ResourceSpans {
		for _, scope := range of.ScopeSpans {
			r.spans = append(r.spans, scope.Spans...)
		}
	}
}

// of are the spans of a trace.
func (r *receiver) of(id string) (spans []*trace.Span) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.spans {
		if hex.EncodeToString(s.TraceId) == id {
			spans = append(spans, s)
		}
	}
	return spans
}

func attribute(s *trace.Span, name string) string {
	for _, a := range s.Attributes {
		if a.Key == name {
			return a.Value.GetStringValue()
		}
	}
	return ""
}

// Somebody who follows a call through several programs sees what ours did for it:
// the request under his own span, in it the cache, and in that Redis and the
// statements. A hit has neither. No value of a statement is sent.
//
// Red when: a load's context loses its caller's span; or the parent of a caller is not taken.
func TestTraces(t *testing.T) {
	to := newReceiver(t)
	redis := exotest.NewRedis(t)
	s := defaults(exotest.PostgresFrom(t, "demo", demo))
	s.Demo, s.RedisURL, s.OTLPURL = "true", redis.URL(), to.URL
	r := start(t, s)
	eventually(t, 10*time.Second, "Redis is there", func() bool { return strings.Contains(get(t, r.ops+"/metrics").body, "exodrive_redis_up 1") })

	// A Redis that takes over 20 ms, as on a busy machine, is done without: one of some
	// misses is met in time.
	const hit, parent, tries = "1af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", 5
	miss := func(try int) string { return fmt.Sprintf("%032x", 0xaf7651+try) }
	for try := range tries {
		get(t, fmt.Sprint(r.site, "/api/cars?search=secret911x", try), "traceparent: 00-"+miss(try)+"-"+parent+"-01")
	}
	get(t, r.site+"/api/cars?search=secret911x0", "traceparent: 00-"+hit+"-"+parent+"-01")
	if err := r.stop(); err != nil { // what is left is sent
		t.Fatal(err)
	}
	filled := func(s *trace.Span) bool { return s.Name == "redis fill" }
	first, second := to.of(miss(0)), to.of(hit)
	for try := 1; try < tries && !slices.ContainsFunc(first, filled); try++ {
		first = to.of(miss(try))
	}
	byID := map[string]*trace.Span{}
	for _, s := range first {
		byID[string(s.SpanId)] = s
	}
	above := func(s *trace.Span) string {
		if p := byID[string(s.ParentSpanId)]; p != nil {
			return p.Name
		}
		return hex.EncodeToString(s.ParentSpanId)
	}
	found := map[string]int{}
	for _, s := range first {
		found[s.Name+" in "+above(s)]++
		if text := s.String(); strings.Contains(text, "secret911") {
			t.Errorf("a span has a caller's word: %s", text)
		}
		if s.Name == "db SELECT" && !strings.Contains(attribute(s, "db.query.text"), "FROM") {
			t.Errorf("a statement is shown as %q", attribute(s, "db.query.text"))
		}
		if strings.HasPrefix(s.Name, "GET ") && (attribute(s, "http.route") != "/api/cars" || attribute(s, "exodrive.cache") != "MISS") {
			t.Errorf("the request is shown as %s", s)
		}
	}
	for _, want := range []string{"GET /api/cars in " + parent, "cache list in GET /api/cars", "redis take in cache list", "redis fill in cache list"} {
		if found[want] != 1 {
			t.Errorf("there is %d times %q", found[want], want)
		}
	}
	if found["db SELECT in cache list"] == 0 {
		t.Error("there are no statements")
	}
	if t.Failed() {
		t.Log(found)
	}
	if len(second) != 2 || attribute(second[0], "exodrive.layer")+attribute(second[1], "exodrive.layer") != "memory" {
		t.Errorf("a hit is shown as %v", second)
	}
}
