package app_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/exodrive/exodrive/app"
	"github.com/exodrive/exodrive/exotest"
)

// When the program has ended, nothing of it is left: no goroutine, no connection, no port. The test is not parallel, because it counts goroutines of the whole process.
func TestNothingIsLeft(t *testing.T) {
	for _, engine := range exotest.Engines() {
		t.Run(engine, func(t *testing.T) {
			var address string
			if engine == exotest.PostgreSQL {
				address = exotest.PostgresFrom(t, "demo", demo)
			} else {
				address = "sqlite:" + exotest.SQLiteFrom(t, "demo", func(t testing.TB, path string) { demo(t, "sqlite:"+path) })
			}
			http.DefaultClient.CloseIdleConnections()
			before := runtime.NumGoroutine()
			for range 3 {
				s := defaults(address)
				s.Demo = "true"
				r := start(t, s)
				for _, path := range []string{"/api/cars?search=ferari", "/api/fleet/counts", "/fleet"} {
					if a := get(t, r.site+path); a.status != http.StatusOK {
						t.Errorf("GET %s: %d", path, a.status)
					}
				}
				if err := r.stop(); err != nil {
					t.Errorf("Serve: %v", err)
				}
				for _, l := range []net.Addr{r.Addr(), r.OpsAddr()} {
					if conn, err := net.Dial("tcp", l.String()); err == nil {
						_ = conn.Close()
						t.Errorf("%s still answers", l)
					}
				}
			}
			if stacks := goroutines(t, before); stacks != "" {
				t.Errorf("there were %d goroutines, now there are\n%s", before, stacks)
			}
		})
	}
}

// A start that fails gives back what it had taken: goroutines and ports.
func TestNothingIsLeftOfAFailedStart(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	site := taken.Addr().String()
	_ = taken.Close()
	before := runtime.NumGoroutine()
	s := defaults("postgres://u:p@127.0.0.1:1/x")
	s.Addr = site
	config, err := s.Config()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := app.New(context.Background(), config, "test", nil, time.Now); err == nil {
		t.Fatal("it started without a database")
	}
	again, err := net.Listen("tcp", site)
	if err != nil {
		t.Fatalf("the port is still taken: %v", err)
	}
	_ = again.Close()
	if stacks := goroutines(t, before); stacks != "" {
		t.Errorf("there were %d goroutines, now there are\n%s", before, stacks)
	}
}

// The operator can turn the operations listener off.
func TestWithoutOperations(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "", nil, func(t *testing.T, url string) {
		s := defaults(url)
		s.OpsAddr = ""
		r := start(t, s)
		if r.OpsAddr() != nil {
			t.Errorf("it listens on %s", r.OpsAddr())
		}
		if a := get(t, r.site+"/api/cars"); a.status != http.StatusOK {
			t.Errorf("GET /api/cars: %d", a.status)
		}
	})
}

// Behind a transaction pooler the program starts on an empty database, twice, and serves.
func TestBehindAPooler(t *testing.T) {
	t.Parallel()
	pooled := exotest.PgBouncer(t, exotest.Postgres(t))
	for range 2 {
		s := defaults(pooled)
		s.Demo, s.DatabasePooler = "true", "transaction"
		r := start(t, s)
		if a := get(t, r.site+"/api/cars?search=porshe"); a.status != http.StatusOK || !strings.Contains(a.body, "Porsche") {
			t.Errorf("GET /api/cars: %d %.300s", a.status, a.body)
		}
		if err := r.stop(); err != nil {
			t.Error(err)
		}
	}
}

// Who begins a request and goes silent is hung up on after some seconds, and a header
// without an end is refused, on both listeners: neither holds a connection for ever.
//
// Red when: a server has no limit for the time or the size of a header.
func TestUnfinishedRequestsEnd(t *testing.T) {
	t.Parallel()
	s := defaults("sqlite:" + t.TempDir() + "/exodrive.db")
	r := start(t, s)
	begun := func(address, text string) net.Conn {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		if err := conn.SetDeadline(time.Now().Add(callLimit)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: exodrive\r\n"+text); err != nil {
			t.Fatal(err)
		}
		return conn
	}
	for name, address := range map[string]string{"site": r.Addr().String(), "operations": r.OpsAddr().String()} {
		silent, endless := begun(address, ""), begun(address, "X-Long: "+strings.Repeat("x", 64<<10))
		// What was sent beyond the limit may cut the connection before the answer is read.
		status, err := bufio.NewReader(endless).ReadString('\n')
		if errors.Is(err, os.ErrDeadlineExceeded) || err == nil && !strings.HasPrefix(status, "HTTP/1.1 431 ") {
			t.Errorf("%s: a header of 64 KiB is answered %q (%v)", name, status, err)
		}
		began := time.Now()
		if _, err := io.Copy(io.Discard, silent); err != nil || time.Since(began) > 15*time.Second {
			t.Errorf("%s: a header that does not end keeps its connection for %s (%v)", name, time.Since(began), err)
		}
	}
}
