package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/exodrive/exodrive/exotest"
)

// folder holds the program; it is removed after the last test.
var folder string

func TestMain(m *testing.M) {
	var err error
	if folder, err = os.MkdirTemp("", "exodrive-e2e-"); err != nil {
		panic(err)
	}
	code := exotest.Main(m)
	_ = os.RemoveAll(folder) // a leftover costs room, no more
	os.Exit(code)
}

// program makes the program as make build does, once for all tests.
var program = sync.OnceValues(func() (string, error) {
	path := filepath.Join(folder, "exodrive")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "../cmd/exodrive")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

const (
	startLimit = time.Minute      // of a node on a busy machine
	readLimit  = 12 * time.Second // a node that sleeps for ten seconds may still answer
	// writeLimit lets nearly every write end, because the outcome of one that does not
	// is unknown for ever.
	writeLimit = 40 * time.Second
	adminToken = "a-token-of-the-configuration-0123456789"
)

// node is one running process of the program.
type node struct {
	number    int
	site, ops string // addresses, such as http://127.0.0.1:40001, the same after a new start
	settings  []string
	folder    string
	pid       int
	relay     *exotest.Relay // before its database; nil on SQLite
	asleep    atomic.Bool    // stopped by a signal

	readers, writers *http.Client
	gone             chan struct{} // of the present process
	life             io.Closer
	mu               sync.Mutex
	log              []string
}

// keeper is a shell script that runs a node, tells its process id, and kills it
// when its own standard input ends, however the test goes: a node that was stopped
// would outlive the test for ever.
const keeper = `exec 3<&0
"$@" </dev/null >/dev/null 3<&- & node=$!
echo $node
{ cat >/dev/null; kill -KILL $node; } <&3 & exec 3<&-
wait $node
kill $! 2>/dev/null`

// launch starts a node with these settings NAME=value and returns when it serves.
func launch(t *testing.T, number int, databaseURL string, settings ...string) *node {
	t.Helper()
	n := &node{number: number, folder: t.TempDir(), readers: newClient(readLimit, false), writers: newClient(writeLimit, true)}
	n.settings = append([]string{
		"PATH=" + os.Getenv("PATH"), "TZ=UTC", "EXO_ADDR=127.0.0.1:0", "EXO_OPS_ADDR=127.0.0.1:0", "EXO_RATE_LIMITS=off",
		"EXO_DEMO=true", "EXO_ACCESS_LOG=off", "EXO_ADMIN_TOKEN=" + adminToken, "DATABASE_URL=" + databaseURL,
	}, settings...)
	n.begin(t)
	t.Cleanup(func() {
		n.kill()
		n.readers.CloseIdleConnections()
	})
	return n
}

// begin starts the process and returns when it serves, at the address that it had
// before if it was started before.
func (n *node) begin(t *testing.T) {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/bin/sh", "-c", keeper, "sh", path, "serve")
	cmd.Dir = n.folder
	cmd.Env = slices.Clone(n.settings)
	if n.site != "" {
		cmd.Env = append(cmd.Env, "EXO_ADDR="+strings.TrimPrefix(n.site, "http://"), "EXO_OPS_ADDR="+strings.TrimPrefix(n.ops, "http://"))
	}
	life, err1 := cmd.StdinPipe()
	told, err2 := cmd.StdoutPipe()
	output, err3 := cmd.StderrPipe()
	if err := errors.Join(err1, err2, err3, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(told).ReadString('\n') // without it there is no number
	if n.pid, err = strconv.Atoi(strings.TrimSpace(line)); err != nil {
		t.Fatalf("start node %d: %v", n.number, err)
	}
	n.mu.Lock()
	n.log = nil
	n.mu.Unlock()
	gone := make(chan struct{})
	n.gone, n.life = gone, life
	go func() {
		n.keepLog(output)
		_ = cmd.Wait() // it is killed at the end
		close(gone)
	}()
	n.await(t)
}

// kill ends the process in the middle of whatever it does, and returns when it is
// gone.
func (n *node) kill() {
	_ = n.life.Close() // the keeper may have ended
	<-n.gone
}

func newClient(limit time.Duration, alone bool) *http.Client {
	return &http.Client{Timeout: limit, Transport: &http.Transport{
		MaxIdleConnsPerHost: 20, DisableCompression: true,
		// The client sends a write again, without a word, when a connection that it has
		// kept turns out to be closed.
		DisableKeepAlives: alone,
	}}
}

// mostLog bounds what is kept of a node's log.
const mostLog = 2000

func (n *node) keepLog(output io.Reader) {
	for lines := bufio.NewScanner(output); lines.Scan(); {
		n.mu.Lock()
		if len(n.log) >= mostLog {
			n.log = slices.Delete(n.log, 1, mostLog/2)
		}
		n.log = append(n.log, lines.Text())
		n.mu.Unlock()
	}
}

// tail is the end of the log, without the requests: of a database that is away there
// are very many.
func (n *node) tail(lines int) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	log := slices.DeleteFunc(slices.Clone(n.log), func(line string) bool { return strings.Contains(line, `"msg":"request"`) })
	return strings.Join(log[max(0, len(log)-lines):], "\n")
}

func (n *node) await(t *testing.T) {
	t.Helper()
	eventually(t, startLimit, fmt.Sprintf("node %d serves", n.number), func() bool {
		n.mu.Lock()
		defer n.mu.Unlock()
		for _, line := range n.log {
			var entry struct{ Msg, Address, Operations string }
			if json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == "serving" {
				if n.site == "" { // else others are reading it
					n.site, n.ops = "http://"+entry.Address, "http://"+entry.Operations
				}
				return true
			}
		}
		select {
		case <-n.gone:
			t.Fatalf("node %d ended:\n%s", n.number, strings.Join(n.log, "\n"))
		default:
		}
		return false
	})
}

func eventually(t *testing.T, limit time.Duration, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after %v it is still not so that %s", limit, what)
		}
	}
}

// stop makes the process sleep until wake, in the middle of whatever it does.
func (n *node) stop(t *testing.T) {
	n.asleep.Store(true)
	n.signal(t, syscall.SIGSTOP)
}

func (n *node) wake(t *testing.T) {
	n.signal(t, syscall.SIGCONT)
	n.asleep.Store(false)
}

func (n *node) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(n.pid, s); err != nil {
		t.Errorf("node %d: %v", n.number, err)
	}
}

// reply is what a request got.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// ask sends a request; headers are lines "Name: value".
func (n *node) ask(ctx context.Context, client *http.Client, method, address string, body []byte, headers ...string) (*reply, error) {
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		request.Header.Set(name, value)
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return nil, err
	}
	return &reply{response.StatusCode, response.Header, content}, nil
}

func (n *node) get(ctx context.Context, path string, headers ...string) (*reply, error) {
	return n.ask(ctx, n.readers, http.MethodGet, n.site+path, nil, headers...)
}

func (n *node) write(ctx context.Context, method, path string, body []byte, headers ...string) (*reply, error) {
	return n.ask(ctx, n.writers, method, n.site+path, body,
		append(headers, "Authorization: Bearer "+adminToken, "Content-Type: application/json")...)
}

// metric reads a figure of the operations listener that has no labels.
func (n *node) metric(t *testing.T, name string) float64 {
	t.Helper()
	r, err := n.ask(t.Context(), n.readers, http.MethodGet, n.ops+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(r.body)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			figure, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil {
				t.Fatal(err)
			}
			return figure
		}
	}
	t.Fatalf("node %d has no metric %s", n.number, name)
	return 0
}
