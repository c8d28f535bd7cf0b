package app_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/exodrive/exodrive/app"
	"github.com/exodrive/exodrive/exotest"
)

func TestMain(m *testing.M) { os.Exit(exotest.Main(m)) }

const (
	token     = "a-token-of-the-configuration-0123456789"
	callLimit = 30 * time.Second
)

// defaults are the settings of a new installation, but where it listens.
func defaults(databaseURL string) app.Settings {
	return app.Settings{
		Addr: "127.0.0.1:0", OpsAddr: "127.0.0.1:0", DataDir: "./data", RateLimits: "off", AccessLog: "sampled",
		TimeZone: "UTC", AdminToken: token, DatabaseURL: databaseURL, DatabasePool: "20", DatabasePooler: "none",
	}
}

// running is the program inside the test.
type running struct {
	*app.App
	site, ops string
	stop      func() error // ends it and returns what Serve did; more than once is fine
}

// start builds the program and serves until stop or the end of the test.
func start(t testing.TB, s app.Settings) *running {
	t.Helper()
	config, err := s.Config()
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(t.Context(), config, "test", slog.New(slog.NewTextHandler(io.Discard, nil)), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Serve(ctx) }()
	r := &running{App: a, site: "http://" + a.Addr().String(), stop: sync.OnceValue(func() error { cancel(); return <-ended })}
	if a.OpsAddr() != nil {
		r.ops = "http://" + a.OpsAddr().String()
	}
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return r
}

// demo is a template with the demo fleet.
func demo(t testing.TB, databaseURL string) {
	s := defaults(databaseURL)
	s.Demo = "true"
	if err := start(t, s).stop(); err != nil {
		t.Fatal(err)
	}
}

// answer is what a call got.
type answer struct {
	status int
	header http.Header
	body   string
	took   time.Duration
}

func get(t testing.TB, address string, headers ...string) answer {
	t.Helper()
	return ask(t, http.MethodGet, address, "", headers...)
}

// call is a request of an administrator, with a body of JSON.
func call(t testing.TB, method, address, body string) answer {
	t.Helper()
	return ask(t, method, address, body, "Authorization: Bearer "+token, "Content-Type: application/json", "If-Match: *")
}

func ask(t testing.TB, method, address, body string, headers ...string) answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), callLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Close = true // no connection outlives its call
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		request.Header.Set(name, value)
	}
	begin := time.Now()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(text), time.Since(begin)}
}

// eventually waits until a thing is so that nothing signals.
func eventually(t testing.TB, limit time.Duration, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after %s it is still not so that %s", limit, what)
		}
	}
}

// relay stands between the program and its Postgres, so that a test can take the
// database away. down refuses and cuts; silence takes calls and passes nothing on.
type relay struct {
	t      testing.TB
	target string
	addr   string

	mu     sync.Mutex
	l      net.Listener
	conns  map[net.Conn]bool
	muted  chan struct{} // closed while bytes may pass
	closed sync.WaitGroup
}

// behind returns the address of a database through a new relay.
func behind(t testing.TB, databaseURL string) (*relay, string) {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{t: t, target: u.Host, addr: "127.0.0.1:0", conns: map[net.Conn]bool{}, muted: make(chan struct{})}
	close(r.muted)
	r.up()
	t.Cleanup(func() { r.sound(); r.down(); r.closed.Wait() })
	u.Host = r.addr
	return r, u.String()
}

func (r *relay) up() {
	r.t.Helper()
	l, err := net.Listen("tcp", r.addr)
	if err != nil {
		r.t.Fatal(err)
	}
	r.mu.Lock()
	r.l, r.addr = l, l.Addr().String()
	r.mu.Unlock()
	r.closed.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			r.pass(conn)
		}
	})
}

func (r *relay) pass(from net.Conn) {
	to, err := net.Dial("tcp", r.target)
	if err != nil {
		_ = from.Close()
		return
	}
	r.mu.Lock()
	r.conns[from], r.conns[to] = true, true
	r.mu.Unlock()
	pump := func(dst, src net.Conn) {
		buffer := make([]byte, 32<<10)
		for {
			n, err := src.Read(buffer)
			r.mu.Lock()
			muted := r.muted
			r.mu.Unlock()
			<-muted
			if _, writeErr := dst.Write(buffer[:n]); err != nil || writeErr != nil {
				_, _ = dst.Close(), src.Close()
				return
			}
		}
	}
	r.closed.Go(func() { pump(to, from) })
	r.closed.Go(func() { pump(from, to) })
}

// down stops listening and cuts what is connected.
func (r *relay) down() {
	r.mu.Lock()
	defer r.mu.Unlock()
	_ = r.l.Close() // it may be closed already
	for conn := range r.conns {
		_ = conn.Close()
	}
	clear(r.conns)
}

// silence lets no byte pass any more, sound does again.
func (r *relay) silence() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.muted = make(chan struct{})
}

func (r *relay) sound() {
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-r.muted:
	default:
		close(r.muted)
	}
}

// goroutines is how many there are, when those that are ending have ended.
func goroutines(t testing.TB, want int) string {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if runtime.NumGoroutine() <= want {
			return ""
		}
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			return string(stacks[:runtime.Stack(stacks, true)])
		}
	}
}
