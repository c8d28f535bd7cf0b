package obs_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/exodrive/exodrive/obs"
)

// traced is a whole request with one part.
func traced(t *obs.Traces, m *obs.Metrics) {
	r := &obs.Request{Route: "GET /a"}
	m.Begin(r)
	ctx := t.Request(obs.WithRequest(context.Background(), r), http.Header{}, r)
	_, span := obs.StartSpan(ctx, "db", "SELECT")
	span.Set("db.query.text", "SELECT 1")
	span.End(nil)
	m.RequestDone(r, http.MethodGet, 200, time.Millisecond)
	r.EndRequest(http.MethodGet, 200)
}

// lines are those of a log.
type lines chan string

func (l lines) Write(b []byte) (int, error) { l <- string(b); return len(b), nil }

// A collector that is gone, or that takes calls and does not answer, costs requests
// nothing and the operator one line, however much is asked; the program ends all
// the same.
func TestACollectorThatIsGone(t *testing.T) {
	silent, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	refused := httptest.NewServer(nil)
	refused.Close()
	for name, address := range map[string]string{"refused": refused.URL, "silent": "http://" + silent.Addr().String()} {
		before := goleak.IgnoreCurrent()
		log := make(lines, 1000)
		traces, err := obs.NewTraces(t.Context(), address, "test", slog.New(slog.NewTextHandler(log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		m := obs.NewMetrics("test")
		begin := time.Now()
		for range 20_000 { // several times the queue
			traced(traces, m)
		}
		took := time.Since(begin)
		select {
		case line := <-log:
			if !strings.Contains(line, "traces cannot be sent") {
				t.Errorf("%s: the log has %s", name, line)
			}
		case <-time.After(10 * time.Second):
			t.Errorf("%s: the log has no line", name)
		}
		begin = time.Now()
		traces.Close()
		if ended := time.Since(begin); took > 10*time.Second || ended > 2*time.Second {
			t.Errorf("%s: 20,000 requests took %v, and the end %v", name, took, ended)
		}
		for len(log) > 0 {
			t.Errorf("%s: the log has more than one line: %s", name, <-log)
		}
		goleak.VerifyNone(t, before)
	}
}

// Whoever does not trace pays nothing for being able to.
func TestWithoutTraces(t *testing.T) {
	var none *obs.Traces
	r := &obs.Request{Route: "GET /a"}
	ctx := obs.WithRequest(t.Context(), r)
	if n := testing.AllocsPerRun(100, func() {
		ctx := none.Request(ctx, nil, r)
		_, span := obs.StartSpan(ctx, "db", "SELECT")
		span.Set("db.query.text", "SELECT 1")
		span.End(nil)
		r.EndRequest(http.MethodGet, 200)
	}); n != 0 {
		t.Errorf("a request that is not traced costs %v allocations", n)
	}
	none.Close()
}
