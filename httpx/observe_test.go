package httpx_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/httpx"
	"github.com/exodrive/exodrive/obs"
)

// world is an observed handler with its log and its metrics.
type world struct {
	http.Handler
	log     bytes.Buffer
	metrics *obs.Metrics
}

func observe(mode httpx.AccessLog, h http.HandlerFunc) *world {
	w := &world{metrics: obs.NewMetrics("test")}
	w.Handler = httpx.Observe(h, httpx.ObserveOptions{
		Log: obs.NewLogger(&w.log, nil), AccessLog: mode, Metrics: w.metrics,
	})
	return w
}

func (w *world) get(path string) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
	return rec
}

// lines are the log's lines.
func (w *world) lines(t *testing.T) (out []map[string]any) {
	t.Helper()
	for line := range strings.Lines(w.log.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("the log has %q: %v", line, err)
		}
		out = append(out, m)
	}
	return out
}

// Every answer says how long it took, how long the database had of that, and
// where it came from; statements in parallel are not counted twice.
func TestHeadersTellHowTheAnswerWasMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := observe(httpx.LogAll, func(w http.ResponseWriter, r *http.Request) {
			rec := obs.RequestFrom(r.Context())
			rec.SetCache(obs.Miss)
			var all sync.WaitGroup
			for range 3 {
				all.Go(func() {
					defer rec.DB()()
					time.Sleep(40 * time.Millisecond)
				})
			}
			all.Wait()
			time.Sleep(2345 * time.Microsecond)
			fmt.Fprint(w, "body")
			time.Sleep(time.Second) // after the headers have left
		})
		got := h.get("/").Header()
		id := got.Get("X-Request-Id")
		got.Del("X-Request-Id")
		want := http.Header{
			"X-Response-Time": {"42.3"}, "X-Db-Time": {"40.0"}, "X-Cache": {"MISS"},
			"X-Content-Type-Options": {"nosniff"}, "Referrer-Policy": {"same-origin"},
		}
		if fmt.Sprint(got) != fmt.Sprint(want) || !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(id) {
			t.Errorf("id %s, headers %v\n             want %v", id, got, want)
		}
		line := h.lines(t)[0]
		if line["ms"] != 1042.345 || line["db_ms"] != 40.0 || line["db_n"] != 3.0 || line["bytes"] != 4.0 {
			t.Errorf("the log has %v", line)
		}
	})
}

// A support call can quote the id its own system knows, but nobody can write
// into our log.
func TestRequestID(t *testing.T) {
	h := observe(httpx.LogAll, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, obs.RequestFrom(r.Context()).RequestID())
	})
	for sent, kept := range map[string]bool{
		"abcDEF.1-2_3": true, "12345678": true, strings.Repeat("a", 64): true,
		"": false, "1234567": false, strings.Repeat("a", 65): false, "12345678\n": false, "a@example.com": false, "1234 5678": false,
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("X-Request-Id", sent)
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		if got := rec.Header().Get("X-Request-Id"); (got == sent) != kept || got == "" || rec.Body.String() != got {
			t.Errorf("X-Request-Id: %q is answered with %q, the handler saw %q", sent, got, rec.Body)
		}
	}
	if a, b := h.get("/").Body.String(), h.get("/").Body.String(); a == b {
		t.Errorf("two requests are called %s", a)
	}
}

// When our code fails, the caller gets a proper 500 that says nothing of it, and
// the operator one line that says all.
func TestAPanicIsAnswered(t *testing.T) {
	for _, mode := range []httpx.AccessLog{httpx.LogAll, httpx.LogSampled, httpx.LogOff} {
		h := observe(mode, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("ETag", `"half"`)
			panic("secret of maria@example.com")
		})
		rec := h.get("/booking/token-of-maria?key=1")
		if body := rec.Body.String(); rec.Code != 500 || strings.Contains(body, "secret") || rec.Header().Get("Content-Type") != httpx.ProblemType {
			t.Errorf("answered %d %s", rec.Code, body)
		}
		if h := rec.Header(); h.Get("X-Cache") != "BYPASS" || h.Get("X-Db-Time") != "0.0" || h.Get("X-Request-Id") == "" || h.Get("Etag") != "" {
			t.Errorf("headers of the 500 are %v", h)
		}
		lines := h.lines(t)
		if len(lines) != 1 {
			t.Fatalf("%s: %d lines for one panic", mode, len(lines))
		}
		line := lines[0]
		if line["err"] != "panic: secret of [address]" || line["code"] != "internal" || line["status"] != 500.0 ||
			!strings.Contains(fmt.Sprint(line["stack"]), "TestAPanicIsAnswered") || strings.Contains(h.log.String(), "token-of-maria") {
			t.Errorf("%s: the log has %s", mode, h.log.String())
		}
	}
}

// An answer that breaks off in the middle is not taken for a whole one.
func TestAPanicInTheMiddleCutsTheConnection(t *testing.T) {
	for thrown, meant := range map[any]bool{"boom": false, http.ErrAbortHandler: true} {
		h := observe(httpx.LogAll, func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "half of the")
			w.(http.Flusher).Flush()
			panic(thrown)
		})
		server := httptest.NewServer(h)
		res, err := http.Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		server.Close()
		if string(body) != "half of the" || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%v: the caller read %q, %v; want an unexpected end", thrown, body, err)
		}
		want := 500.0
		if meant {
			want = 200 // no fault
		}
		line := h.lines(t)[0]
		if _, stack := line["stack"]; line["status"] != want || stack == meant {
			t.Errorf("%v: the log has %v", thrown, line)
		}
	}
}

// An answer that fails in the middle is cut, and its log line says why, at the level of a
// fault; one that has not begun is answered with the error.
//
// Red when: Cut does not note the error, or answers in the middle of an answer.
func TestAnAnswerThatFails(t *testing.T) {
	for _, begun := range []bool{true, false} {
		h := observe(httpx.LogOff, func(w http.ResponseWriter, r *http.Request) {
			if begun {
				fmt.Fprint(w, "half of the")
				w.(http.Flusher).Flush()
			}
			httpx.Cut(w, r, errors.New("the disk is gone"))
		})
		server := httptest.NewServer(h)
		res, err := http.Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		server.Close()
		if begun && (string(body) != "half of the" || !errors.Is(err, io.ErrUnexpectedEOF)) || !begun && (res.StatusCode != http.StatusInternalServerError || !strings.Contains(string(body), `"code":"internal"`)) {
			t.Errorf("begun %t: the caller read %d %q, %v", begun, res.StatusCode, body, err)
		}
		lines := h.lines(t)
		if len(lines) != 1 || lines[0]["err"] != "the disk is gone" || lines[0]["status"] != 500.0 || lines[0]["level"] != "ERROR" {
			t.Errorf("begun %t: the log has %v", begun, lines)
		}
	}
}

// Progress reaches the caller while the work goes on.
func TestStreamingWorks(t *testing.T) {
	next := make(chan bool)
	h := observe(httpx.LogAll, func(w http.ResponseWriter, _ *http.Request) {
		for i := range 3 {
			fmt.Fprintln(w, "step", i)
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
			<-next
		}
	})
	server := httptest.NewServer(h)
	defer server.Close()
	res, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewReader(res.Body)
	for i := range 3 { // each step is read before the next is made
		if line, err := lines.ReadString('\n'); err != nil || line != fmt.Sprintf("step %d\n", i) {
			t.Fatalf("step %d came as %q, %v", i, line, err)
		}
		next <- true
	}
	if res.Header.Get("X-Response-Time") == "" {
		t.Error("a streamed answer has no X-Response-Time")
	}
}

// Files, WebSockets, early hints and deadlines work behind Observe as without it.
func TestTheWriterHidesNothing(t *testing.T) {
	server := httptest.NewServer(observe(httpx.LogAll, func(w http.ResponseWriter, r *http.Request) {
		if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Error(err)
		}
		switch r.URL.Path {
		case "/file":
			w.WriteHeader(http.StatusEarlyHints)
			file, err := os.Open("observe_test.go")
			if err != nil {
				t.Error(err)
				return
			}
			defer file.Close()
			http.ServeContent(w, r, "x.txt", time.Time{}, file)
		case "/hijack":
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			fmt.Fprint(conn, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
			conn.Close()
		}
	}))
	defer server.Close()
	self, _ := os.ReadFile("observe_test.go")
	for path, want := range map[string]string{"/file": string(self), "/hijack": "", "/nothing": ""} {
		res, err := http.Get(server.URL + path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || string(body) != want {
			t.Errorf("%s is answered with %d bytes, %v; want %d", path, len(body), err, len(want))
		}
		if path != "/hijack" && (res.StatusCode != http.StatusOK || res.Header.Get("X-Cache") == "") {
			t.Errorf("%s is answered %d with %v", path, res.StatusCode, res.Header)
		}
	}
}

// An operator's tools can rely on the keys of a line and their order, and a line
// holds nothing of what callers sent.
func TestTheLogLine(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/bookings/{token}", func(w http.ResponseWriter, r *http.Request) {
		obs.RequestFrom(r.Context()).SetActor("tok_1")
		httpx.WriteError(w, r, exodrive.Errorf(exodrive.Invalid, "%q is no address.", "maria@example"))
	})
	h := observe(httpx.LogAll, httpx.Mux(mux).ServeHTTP)
	r := httptest.NewRequest(http.MethodPost, "/api/bookings/secret-token?email=maria@example.com", nil)
	r.Header.Set("X-Request-Id", "caller-id-1")
	h.ServeHTTP(httptest.NewRecorder(), r)

	got := regexp.MustCompile(`"(time|ms)":[^,]*`).ReplaceAllString(h.log.String(), `"$1":0`)
	got = regexp.MustCompile(`"bytes":\d+`).ReplaceAllString(got, `"bytes":0`)
	want := `{"time":0,"level":"INFO","msg":"request","request_id":"caller-id-1","route":"/api/bookings/{token}","method":"POST",` +
		`"status":400,"ms":0,"bytes":0,"cache":"BYPASS","db_ms":0,"db_n":0,"actor":"tok_1","code":"invalid","err":""}` + "\n"
	if got != want {
		t.Errorf("the log has %s     want %s", got, want)
	}
}

// The log of a busy server stays small, but every fault of ours is in it.
func TestSampling(t *testing.T) {
	for mode, want := range map[httpx.AccessLog]int{httpx.LogAll: 1010, httpx.LogSampled: 20, httpx.LogOff: 10, "": 20} {
		h := observe(mode, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/fail" {
				httpx.WriteError(w, r, errors.New("x"))
			}
		})
		for i := range 1010 {
			h.get([]string{"/", "/fail"}[min(i/1000, 1)])
		}
		lines := h.lines(t)
		faults := slices.DeleteFunc(slices.Clone(lines), func(l map[string]any) bool { return l["status"] != 500.0 || l["level"] != "ERROR" })
		if len(lines) != want || len(faults) != 10 {
			t.Errorf("%q: %d lines, %d faults; want %d and 10", mode, len(lines), len(faults), want)
		}
	}
	for _, s := range []string{"all", "sampled", "off", " all "} {
		if _, err := httpx.ParseAccessLog(s); err != nil {
			t.Error(err)
		}
	}
	if _, err := httpx.ParseAccessLog("some"); exodrive.CodeOf(err) != exodrive.Invalid {
		t.Errorf("an unknown access log: %v", err)
	}
}

// A hit must stay cheap: the record, the copy of the request and the id.
func TestObserveAllocatesLittle(t *testing.T) {
	h := httpx.Observe(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		obs.RequestFrom(r.Context()).SetCache(obs.Hit)
		w.WriteHeader(http.StatusOK)
	}), httpx.ObserveOptions{AccessLog: httpx.LogOff, Metrics: obs.NewMetrics("test")})
	r, w := httptest.NewRequest(http.MethodGet, "/", nil), &nullWriter{h: http.Header{}}
	h.ServeHTTP(w, r) // the first use makes the header map's entries and the metrics
	if got := testing.AllocsPerRun(1000, func() { h.ServeHTTP(w, r) }); got > 3 {
		t.Errorf("observing a request costs %v allocations, want at most 3", got)
	}
}

type nullWriter struct{ h http.Header }

func (w *nullWriter) Header() http.Header         { return w.h }
func (w *nullWriter) Write(b []byte) (int, error) { return len(b), nil }
func (w *nullWriter) WriteHeader(int)             {}

func BenchmarkObserve(b *testing.B) {
	h := httpx.Observe(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		obs.RequestFrom(r.Context()).SetCache(obs.Hit)
		w.WriteHeader(http.StatusOK)
	}), httpx.ObserveOptions{Log: obs.NewLogger(io.Discard, nil), Metrics: obs.NewMetrics("test")})
	r, w := httptest.NewRequest(http.MethodGet, "/", nil), &nullWriter{h: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(w, r)
	}
}
