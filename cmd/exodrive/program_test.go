package main_test

import (
	"bufio"
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	// The engines' drivers, for statements past the program.
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/exodrive/exodrive/exotest"
)

// folder holds the program; it is removed after the last test.
var folder string

func TestMain(m *testing.M) {
	var err error
	if folder, err = os.MkdirTemp("", "exodrive-program-"); err != nil {
		panic(err)
	}
	code := exotest.Main(m)
	_ = os.RemoveAll(folder) // a leftover costs room, no more
	os.Exit(code)
}

// build makes the program as make build does, once for all tests.
var build = sync.OnceValues(func() (string, error) {
	path := filepath.Join(folder, "exodrive")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w -X main.version=v0-test", "-o", path, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// Time limits of the tests: generous, because they only end what hangs.
const (
	startLimit = 30 * time.Second
	callLimit  = 20 * time.Second
)

// command is the program with its arguments, in an empty folder and with an
// environment that has nothing but these lines NAME=value.
func command(t testing.TB, dir string, env []string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Dir = dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "TZ=UTC"}, env...)
	return cmd
}

// result is how a command ended.
type result struct {
	out, errs string
	code      int
}

// run runs a command to its end. Without a folder it gets an empty one.
func run(t testing.TB, dir string, env []string, args ...string) result {
	t.Helper()
	if dir == "" {
		dir = t.TempDir()
	}
	cmd := command(t, dir, env, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		t.Fatal(err)
	}
	return result{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// must is run for what has to succeed.
func must(t testing.TB, dir string, env []string, args ...string) result {
	t.Helper()
	r := run(t, dir, env, args...)
	if r.code != 0 {
		t.Fatalf("exodrive %s: exit code %d\n%s%s", strings.Join(args, " "), r.code, r.out, r.errs)
	}
	return r
}

// anywhere makes a server listen where nobody else does.
var anywhere = []string{"EXO_ADDR=127.0.0.1:0", "EXO_OPS_ADDR=127.0.0.1:0"}

// on is the environment of a server that tests may ask as often as they like.
func on(databaseURL string, more ...string) []string {
	return slices.Concat(anywhere, []string{"EXO_RATE_LIMITS=off", "DATABASE_URL=" + databaseURL}, more)
}

// program is a running server.
type program struct {
	t         testing.TB
	cmd       *exec.Cmd
	begin     time.Time
	site, ops string // addresses, such as http://127.0.0.1:40001

	gone chan struct{} // closed when it has ended
	mu   sync.Mutex
	log  []string
}

// launch starts exodrive serve and does not wait.
func launch(t testing.TB, dir string, env []string, flags ...string) *program {
	t.Helper()
	if dir == "" {
		dir = t.TempDir()
	}
	p := &program{t: t, cmd: command(t, dir, env, append([]string{"serve"}, flags...)...), gone: make(chan struct{})}
	output, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.begin = time.Now()
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		for lines := bufio.NewScanner(output); lines.Scan(); {
			p.mu.Lock()
			p.log = append(p.log, lines.Text())
			p.mu.Unlock()
		}
		_ = p.cmd.Wait() // ProcessState has what is asked for
		close(p.gone)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // it may have ended
		<-p.gone
	})
	return p
}

// serve starts a server and returns when it serves.
func serve(t testing.TB, dir string, env []string, flags ...string) *program {
	t.Helper()
	return launch(t, dir, env, flags...).await()
}

// await waits for the line that says where the server listens.
func (p *program) await() *program {
	p.t.Helper()
	eventually(p.t, startLimit, "it serves", func() bool {
		for _, line := range p.lines() {
			var entry struct{ Msg, Address, Operations string }
			if json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == "serving" {
				p.site, p.ops = "http://"+entry.Address, "http://"+entry.Operations
				return true
			}
		}
		select {
		case <-p.gone:
			p.t.Fatalf("the server ended: %s\n%s", p.cmd.ProcessState, strings.Join(p.lines(), "\n"))
		default:
		}
		return false
	})
	return p
}

func (p *program) lines() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.log)
}

// signal sends one; wait returns the exit code, -1 after a signal.
func (p *program) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatalf("%v\n%s", err, strings.Join(p.lines(), "\n"))
	}
}

func (p *program) wait(limit time.Duration) int {
	p.t.Helper()
	select {
	case <-p.gone:
	case <-time.After(limit):
		p.t.Fatalf("the server did not end within %s\n%s", limit, strings.Join(p.lines(), "\n"))
	}
	return p.cmd.ProcessState.ExitCode()
}

// stop ends the server as an operator does.
func (p *program) stop() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	if code := p.wait(startLimit); code != 0 {
		p.t.Errorf("the server ended with code %d\n%s", code, strings.Join(p.lines(), "\n"))
	}
}

var client = &http.Client{Timeout: callLimit}

// call makes a request; headers are lines "Name: value".
func call(method, url, body string, headers ...string) (status int, answer string, err error) {
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		request.Header.Set(name, value)
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, "", err
	}
	b, err := io.ReadAll(response.Body)
	return response.StatusCode, string(b), errors.Join(err, response.Body.Close())
}

// get is the body of a page that must be there.
func get(t testing.TB, url string, headers ...string) string {
	t.Helper()
	status, body, err := call(http.MethodGet, url, "", headers...)
	if err != nil || status != http.StatusOK {
		t.Fatalf("GET %s: %d, %v\n%s", url, status, err, body)
	}
	return body
}

// eventually waits until a thing is so that nothing signals.
func eventually(t testing.TB, limit time.Duration, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after %s it is still not so that %s", limit, what)
		}
	}
}

// prompt is the database past the program. It has one connection.
func prompt(t testing.TB, databaseURL string) *sql.DB {
	t.Helper()
	driver, source := "pgx", databaseURL
	if path, ok := strings.CutPrefix(databaseURL, "sqlite:"); ok {
		driver, source = "sqlite", "file:"+path+"?_pragma=busy_timeout(5000)"
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func exec1(t testing.TB, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func count(t testing.TB, db *sql.DB, statement string) (n int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), statement).Scan(&n); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return n
}
