package main_test

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/exodrive/exodrive/exotest"
)

// token is what administrators of these tests show.
const token = "a-token-of-the-configuration-0123456789"

const bearer = "Authorization: Bearer " + token

// lockCars keeps every administrator's change waiting until release is called.
func lockCars(t testing.TB, databaseURL string) (release func()) {
	t.Helper()
	conn, err := prompt(t, databaseURL).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	begin := []string{"BEGIN", "LOCK TABLE cars IN EXCLUSIVE MODE"}
	if strings.HasPrefix(databaseURL, "sqlite:") {
		begin = []string{"BEGIN IMMEDIATE"}
	}
	for _, statement := range begin {
		if _, err := conn.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	return sync.OnceFunc(func() {
		if _, err := conn.ExecContext(context.Background(), "ROLLBACK"); err != nil && !errors.Is(err, sql.ErrConnDone) {
			t.Errorf("release the lock: %v", err)
		}
	})
}

// outcome is how a call ended.
type outcome struct {
	status int
	body   string
	err    error
}

// slowChange sends an administrator's change and returns when it is under way.
func (p *program) slowChange() <-chan outcome {
	p.t.Helper()
	var page struct{ Cars []struct{ ID string } }
	if err := json.Unmarshal([]byte(get(p.t, p.site+"/api/cars?limit=1")), &page); err != nil {
		p.t.Fatal(err)
	}
	done := make(chan outcome, 1)
	go func() {
		day := time.Now().AddDate(0, 0, 400).Format(time.DateOnly) // beyond what the demo has booked, whenever that is
		body := `{"startDate":"` + day + `","endDate":"` + day + `","reason":"Service"}`
		status, answer, err := call(http.MethodPost, p.site+"/api/admin/cars/"+page.Cars[0].ID+"/blocks", body, bearer, "Content-Type: application/json")
		done <- outcome{status, answer, err}
	}()
	eventually(p.t, startLimit, "the change is under way", func() bool {
		return strings.Contains(get(p.t, p.ops+"/metrics"), "exodrive_http_requests_in_flight 1")
	})
	return done
}

func (p *program) awaitDraining() {
	p.t.Helper()
	eventually(p.t, 5*time.Second, "/readyz is 503", func() bool {
		status, _, err := call(http.MethodGet, p.ops+"/readyz", "")
		return err == nil && status == http.StatusServiceUnavailable
	})
}

// visitors ask for the fleet without a pause. polite ones stop when told to, as
// behind a balancer; the others go on until nobody answers.
type visitors struct {
	wg       sync.WaitGroup
	told     atomic.Bool
	answered atomic.Int64
	mu       sync.Mutex
	faults   []string
	tooLate  []error
}

func (v *visitors) come(site string, polite bool) {
	own := &http.Client{Timeout: callLimit, Transport: &http.Transport{}} // a connection of its own
	v.wg.Go(func() {
		defer own.CloseIdleConnections()
		for !polite || !v.told.Load() {
			response, err := own.Get(site + "/api/cars")
			if err != nil {
				v.note(func() {
					if v.tooLate = append(v.tooLate, err); polite {
						v.faults = append(v.faults, err.Error())
					}
				})
				return
			}
			_, err = io.Copy(io.Discard, response.Body)
			if err = errors.Join(err, response.Body.Close()); err != nil || response.StatusCode != http.StatusOK {
				v.note(func() { v.faults = append(v.faults, fmt.Sprintf("%d, cut: %v", response.StatusCode, err)) })
				return
			}
			v.answered.Add(1)
		}
	})
}

func (v *visitors) note(f func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	f()
}

// A stop is first shown to the balancer, then finishes every request that was sent, slow ones too, and only then ends, with code 0.
func TestGracefulStop(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "", nil, func(t *testing.T, url string) {
		p := serve(t, "", on(url, "EXO_ADMIN_TOKEN="+token), "--demo")
		release := lockCars(t, url)
		defer release()
		change := p.slowChange()
		var v visitors
		for i := range 4 {
			v.come(p.site, i < 3)
		}
		eventually(t, startLimit, "visitors are served", func() bool { return v.answered.Load() > 20 })

		begin := time.Now()
		p.signal(syscall.SIGTERM)
		p.awaitDraining()
		before := v.answered.Load()
		eventually(t, 5*time.Second, "visitors are served while the balancer is told", func() bool { return v.answered.Load() > before })
		v.told.Store(true)
		time.Sleep(time.Second) // the change is slower than the balancer
		release()

		if got := <-change; got.status != http.StatusOK || got.err != nil {
			t.Errorf("the change that was under way ended with %+v, want 200", got)
		}
		if code := p.wait(10 * time.Second); code != 0 {
			t.Errorf("exit code %d\n%s", code, strings.Join(p.lines(), "\n"))
		}
		t.Logf("stopped after %d ms, %d answers", time.Since(begin).Milliseconds(), v.answered.Load())
		v.wg.Wait()
		for _, fault := range v.faults {
			t.Errorf("a visitor got %s", fault)
		}
		for _, err := range v.tooLate {
			// Nobody reads what came in the instant in which the door closed.
			if !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.EOF) {
				t.Errorf("who came too late got %v, want no connection", err)
			}
		}
		if conn, err := net.Dial("tcp", strings.TrimPrefix(p.site, "http://")); err == nil {
			_ = conn.Close()
			t.Error("the address still answers")
		}
	})
}

// An idle server stops within a second or so.
func TestIdleStop(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "", nil, func(t *testing.T, url string) {
		p := serve(t, "", on(url))
		get(t, p.site+"/api/cars") // leaves an idle connection
		begin := time.Now()
		p.signal(syscall.SIGINT)
		if code := p.wait(5 * time.Second); code != 0 {
			t.Errorf("exit code %d", code)
		}
		t.Logf("stopped after %d ms", time.Since(begin).Milliseconds())
		if last := p.lines()[len(p.lines())-1]; !strings.Contains(last, `"stopped"`) {
			t.Errorf("the log ends with %s", last)
		}
	})
}

// slowReader has asked for a large file so often that the answers cannot all wait
// in the system's buffers, and has read nothing yet.
func (p *program) slowReader() net.Conn {
	p.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.site, "http://"))
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = conn.Close() })
	if _, err := io.WriteString(conn, strings.Repeat("GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: exodrive\r\n\r\n", 20)); err != nil {
		p.t.Fatal(err)
	}
	calls := ""
	eventually(p.t, startLimit, "the server waits for its reader", func() bool {
		before := calls
		calls = metric(get(p.t, p.ops+"/metrics"), "exodrive_http_requests_total")
		time.Sleep(50 * time.Millisecond) // long for a server that does not wait
		return calls == before && strings.Contains(get(p.t, p.ops+"/metrics"), "exodrive_http_requests_in_flight 1")
	})
	return conn
}

// metric is what a page of metrics says of a name, with all its labels.
func metric(page, name string) string {
	var lines []string
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, name) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

// A visitor on a slow line still gets the whole file when the server stops in the middle of it.
func TestStopWaitsForASlowReader(t *testing.T) {
	t.Parallel()
	p := serve(t, "", anywhere)
	conn := p.slowReader()

	p.signal(syscall.SIGTERM)
	p.awaitDraining()
	time.Sleep(time.Second) // the server is past its pause and waits for this reader alone
	whole := 0
	for answers := bufio.NewReader(conn); ; whole++ {
		if _, err := answers.Peek(1); err != nil {
			break // between two answers
		}
		response, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatalf("after %d whole answers: %v", whole, err)
		}
		n, err := io.Copy(io.Discard, response.Body)
		if err = errors.Join(err, response.Body.Close()); err != nil || n != response.ContentLength {
			t.Fatalf("after %d whole answers: %d of %d bytes, %v", whole, n, response.ContentLength, err)
		}
	}

	if whole == 0 {
		t.Error("the reader got nothing")
	}
	if code := p.wait(10 * time.Second); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// A reader who never reads does not keep the server from stopping within ten seconds.
func TestStopEndsWithoutADeadReader(t *testing.T) {
	t.Parallel()
	p := serve(t, "", anywhere)
	p.slowReader()
	begin := time.Now()
	p.signal(syscall.SIGTERM)
	if code := p.wait(10 * time.Second); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if took := time.Since(begin); took < 8*time.Second {
		t.Errorf("it gave up after %s, want 8 s or more", took)
	}
}

// A second signal ends the program at once, whatever is under way.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "", nil, func(t *testing.T, url string) {
		p := serve(t, "", on(url, "EXO_ADMIN_TOKEN="+token), "--demo")
		defer lockCars(t, url)()
		change := p.slowChange()
		p.signal(syscall.SIGTERM)
		p.awaitDraining()
		begin := time.Now()
		p.signal(syscall.SIGTERM)
		p.wait(2 * time.Second)
		t.Logf("ended after %d ms", time.Since(begin).Milliseconds())
		if got := <-change; got.err == nil {
			t.Errorf("the change ended with %+v", got)
		}
	})
}

// A stop while the program still waits for its database is a stop and no failure.
func TestStopDuringStart(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	p := launch(t, "", on("postgres://u:p@"+silent.Addr().String()+"/x?sslmode=disable"))
	conn, err := silent.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	p.signal(syscall.SIGTERM)
	begin := time.Now()
	if code := p.wait(5 * time.Second); code != 0 {
		t.Errorf("exit code %d\n%s", code, strings.Join(p.lines(), "\n"))
	}
	t.Logf("ended after %d ms", time.Since(begin).Milliseconds())
}
