// Package stage starts what the commands of bench measure: the program, built as
// make build does, and servers of its own for it, all on loopback and in one folder.
// Whatever way the command goes, they end with it.
package stage

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// AdminToken is what every node takes as its administrator's.
const AdminToken = "a-token-of-the-stage-0123456789abcdef"

// startLimit is how long a server may take until it answers, on a busy machine.
const startLimit = time.Minute

// Stage is a folder with the built program and what runs on it. Its methods are for
// one goroutine.
type Stage struct {
	folder  string
	program string
	pin     []string // what servers are started by
	running []*server
}

// New builds the program. Close removes all.
func New(ctx context.Context) (*Stage, error) {
	folder, err := os.MkdirTemp("", "exodrive-stage-")
	if err != nil {
		return nil, err
	}
	s := &Stage{folder: folder, program: filepath.Join(folder, "exodrive")}
	// Postgres gives up root, and must still get in.
	err = os.Chmod(folder, 0o755)
	if err == nil {
		build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", s.program, "github.com/exodrive/exodrive/cmd/exodrive")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, failed := build.CombinedOutput(); failed != nil {
			err = fmt.Errorf("go build: %w\n%s", failed, out)
		}
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Folder is the stage's own, for what else a run keeps.
func (s *Stage) Folder() string { return s.folder }

// Close ends the servers, the last one first, and removes the folder.
func (s *Stage) Close() {
	for len(s.running) > 0 {
		s.EndLast()
	}
	_ = os.RemoveAll(s.folder) // a leftover costs room, no more
}

// EndLast ends the server that was started last.
func (s *Stage) EndLast() {
	last := len(s.running) - 1
	s.running[last].end()
	s.running = s.running[:last]
}

// Run runs the program with settings NAME=value until it ends.
func (s *Stage) Run(ctx context.Context, settings []string, args ...string) error {
	cmd := exec.CommandContext(ctx, s.program, args...)
	cmd.Dir, cmd.Env = s.folder, environment(settings)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("exodrive %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

// Seed fills the database of the settings with a generated fleet.
func (s *Stage) Seed(ctx context.Context, cars int, settings ...string) error {
	const rentalsPerCar, reviewsPerCar = 20, 10
	return s.Run(ctx, settings, "seed", fmt.Sprint("--cars=", cars), fmt.Sprint("--bookings=", cars*rentalsPerCar), fmt.Sprint("--reviews=", cars*reviewsPerCar))
}

// Node is a running server of the site.
type Node struct {
	Site string // http://host:port
	PID  int
}

// Node starts the program with settings NAME=value, without rate limits and with a
// log of failures alone, and returns when it is ready.
func (s *Stage) Node(ctx context.Context, settings ...string) (*Node, error) {
	site, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	ops, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	env := environment(append([]string{
		"EXO_ADDR=" + site, "EXO_OPS_ADDR=" + ops, "EXO_RATE_LIMITS=off", "EXO_ACCESS_LOG=off", "EXO_ADMIN_TOKEN=" + AdminToken,
	}, settings...))
	p, err := s.start(s.folder, "TERM", env, nil, s.program, "serve")
	if err != nil {
		return nil, err
	}
	if err := p.await(ctx, func() bool { return answers(ctx, "http://"+ops+"/readyz") }); err != nil {
		return nil, err
	}
	return &Node{Site: "http://" + site, PID: p.pid}, nil
}

func answers(ctx context.Context, address string) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	_ = resp.Body.Close() // nothing of it is read
	return resp.StatusCode == http.StatusOK
}

func environment(settings []string) []string {
	return append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.TempDir(), "TZ=UTC", "LC_ALL=C.UTF-8"}, settings...)
}

// keeper is a shell script that runs a server, tells its process id, and ends it by
// a signal when its own standard input ends, however this process goes.
const keeper = `signal=$1 log=$2; shift 2; exec 3<&0
"$@" </dev/null >"$log" 2>&1 3<&- & server=$!
echo $server
{ cat >/dev/null; kill -s "$signal" $server; } <&3 >/dev/null & exec 3<&- >/dev/null
wait $server
kill $! 2>/dev/null`

// server is a process of the stage.
type server struct {
	name string
	pid  int
	log  string // a file
	life io.Closer
	gone chan struct{}
}

func (s *Stage) start(folder, signal string, env []string, who *syscall.Credential, program string, args ...string) (*server, error) {
	p := &server{name: filepath.Base(program), gone: make(chan struct{})}
	p.log = filepath.Join(folder, fmt.Sprintf("log-%s-%d", p.name, len(s.running)))
	command := slices.Concat([]string{"-c", keeper, "sh", signal, p.log}, s.pin, []string{program}, args)
	cmd := exec.Command("/bin/sh", command...) //nolint:noctx // it ends with the stage
	cmd.Dir, cmd.Env = folder, env
	// A session of its own: an interrupt at the terminal must not end the keeper first.
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who, Setsid: true}
	life, err1 := cmd.StdinPipe()
	told, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		return nil, err
	}
	p.life = life
	line, _ := bufio.NewReader(told).ReadString('\n') // without it there is no number
	var err error
	p.pid, err = strconv.Atoi(strings.TrimSpace(line))
	go func() {
		_ = cmd.Wait() // how it ends is not measured
		close(p.gone)
	}()
	s.running = append(s.running, p)
	return p, err
}

func (p *server) end() {
	_ = p.life.Close() // the keeper may have ended
	<-p.gone
}

// await returns when the server is ready. What it printed is in the error.
func (p *server) await(ctx context.Context, ready func() bool) error {
	deadline := time.Now().Add(startLimit)
	for !ready() {
		why := "does not answer"
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.gone:
			why = "ended"
		case <-time.After(20 * time.Millisecond):
			if time.Now().Before(deadline) {
				continue
			}
		}
		printed, _ := os.ReadFile(p.log)
		return fmt.Errorf("%s %s; it printed:\n%.4000s", p.name, why, printed)
	}
	return nil
}

func freeAddress(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
