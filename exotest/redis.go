package exotest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/rueidis"
)

// redisLimit is how long one command to a Redis of the tests may take.
const redisLimit = 10 * time.Second

// Redis is a redis-server of one test alone, on loopback. It may be killed, stopped
// and started without harm to others, and ends with the test. Its methods are for
// one goroutine; what goes wrong ends the test.
type Redis struct {
	t       testing.TB
	program string
	who     *account
	base    string // folder of the data, which outlives the server's runs
	port    int
	bus     int // a port for the other nodes of a cluster
	args    []string
	ca      string // file of the certificate that clients must trust, "" without TLS
	// sentinel is the file of the settings of one, "" for a server.
	sentinel string
	*process
	pid int
}

// NewRedis starts an empty Redis, which takes some hundredths of a second. args go
// to redis-server, as in NewRedis(t, "--maxmemory", "10mb").
func NewRedis(t testing.TB, args ...string) *Redis {
	t.Helper()
	r := newRedis(t, args...)
	r.Start()
	return r
}

// newRedis is one that was not started yet.
func newRedis(t testing.TB, args ...string) *Redis {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatalf("the program redis-server is missing: run %s", install)
	}
	who, err := unprivileged()
	if err != nil {
		t.Fatal(err)
	}
	base, err := who.folder("exotest-redis-data-")
	if err != nil {
		t.Fatal(err)
	}
	r := &Redis{t: t, program: program, who: who, base: base, args: args}
	for _, port := range []*int{&r.port, &r.bus} {
		if *port, err = freePort(); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if r.process != nil {
			r.stop()
		}
		if err := os.RemoveAll(base); err != nil {
			t.Errorf("remove the data of Redis: %v", err)
		}
	})
	return r
}

// Addr is its host and port.
func (r *Redis) Addr() string { return "127.0.0.1:" + strconv.Itoa(r.port) }

// URL is its address.
func (r *Redis) URL() string {
	if r.ca != "" {
		return "rediss://" + r.Addr() + "?ca=" + r.ca
	}
	return "redis://" + r.Addr()
}

// Start starts the server again, at the same address and with the data that its
// last run saved, and returns when it answers.
func (r *Redis) Start() {
	r.t.Helper()
	deadline := time.Now().Add(startLimit)
	for {
		err := r.try()
		if err == nil {
			return
		}
		// Another process may hold the port for a moment.
		if time.Now().After(deadline) || !strings.Contains(err.Error(), "Address already in use") {
			r.t.Fatalf("start Redis: %v", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// try runs the server. A run has a folder of its own, because the keeper removes
// that.
func (r *Redis) try() error {
	r.process = nil
	folder, err := r.who.folder("exotest-redis-")
	if err != nil {
		return err
	}
	args := []string{"--save", "", "--appendonly", "no", "--repl-diskless-sync-delay", "0"}
	if r.sentinel != "" {
		args = []string{r.sentinel, "--sentinel"}
	}
	args = append(args, "--bind", "127.0.0.1", "--dir", r.base, "--port", strconv.Itoa(r.port))
	// KILL, because it also ends a server that is stopped, and nothing is lost that a
	// test wants to keep.
	p, err := start(r.who, folder, "KILL", r.program, append(args, r.args...)...)
	if err != nil {
		return errors.Join(err, os.RemoveAll(folder))
	}
	if err := p.await(r.answers); err != nil {
		return err
	}
	r.process = p
	return nil
}

// answers tells whether this server, and not a stranger's at the same port, has
// read its data.
func (r *Redis) answers() bool {
	info, err := r.Ask("INFO")
	if err != nil {
		return false
	}
	r.pid, err = strconv.Atoi(infoField(info, "process_id"))
	if err != nil || infoField(info, "loading") == "1" {
		return false
	}
	at, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", r.pid))
	if err != nil { // not Linux
		dir, _ := r.Ask("CONFIG", "GET", "dir")
		at = fmt.Sprint(dir)
	}
	return strings.Contains(at, filepath.Base(r.base))
}

// infoField is one line of the answer to INFO.
func infoField(info any, name string) string {
	for line := range strings.Lines(fmt.Sprint(info)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// Do runs a command and returns what the server answers: a string, an int64, nil
// or a list or map of those.
func (r *Redis) Do(args ...string) any {
	r.t.Helper()
	answer, err := r.Ask(args...)
	if err != nil {
		r.t.Fatalf("Redis, asked for %.100q: %v", args, err)
	}
	return answer
}

// Ask is Do for a server that may be gone. Each command has a connection of its own,
// so that none is open while a test breaks the server.
func (r *Redis) Ask(args ...string) (any, error) {
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{r.Addr()}, TLSConfig: r.trust(), ForceSingleClient: true, DisableCache: true, DisableRetry: true,
		AlwaysRESP2: true, // the other form marks long texts with "txt:"
	})
	if client != nil {
		defer client.Close()
	}
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), redisLimit)
	defer cancel()
	answer, err := client.Do(ctx, client.B().Arbitrary(args...).Build()).ToAny()
	if rueidis.IsRedisNil(err) {
		return nil, nil
	}
	return answer, err
}

// Kill ends the server as the kernel does when memory runs out: what was not saved
// is lost.
func (r *Redis) Kill() {
	r.t.Helper()
	r.signal(syscall.SIGKILL)
	<-r.gone
	r.process = nil
}

// Wipe removes what a server that was killed had saved.
func (r *Redis) Wipe() {
	r.t.Helper()
	if err := os.Remove(r.file()); err != nil && !errors.Is(err, os.ErrNotExist) {
		r.t.Fatal(err)
	}
}

// Save writes all data to its file, and returns what puts this file back in place
// of a later one while the server is down.
func (r *Redis) Save() (restore func()) {
	r.t.Helper()
	r.Do("SAVE")
	saved, err := os.ReadFile(r.file())
	if err != nil {
		r.t.Fatal(err)
	}
	return func() {
		r.t.Helper()
		err := os.WriteFile(r.file(), saved, 0o600)
		if err == nil {
			err = r.who.own(r.file())
		}
		if err != nil {
			r.t.Fatal(err)
		}
	}
}

func (r *Redis) file() string { return filepath.Join(r.base, "dump.rdb") }

// Replica starts a server that follows this one.
func (r *Redis) Replica() *Redis {
	r.t.Helper()
	s := NewRedis(r.t, "--replicaof", "127.0.0.1 "+strconv.Itoa(r.port))
	for end := time.Now().Add(startLimit); infoField(s.Do("INFO"), "master_link_status") != "up"; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatalf("the replica has not met its master within %v", startLimit)
		}
	}
	return s
}

// Replace kills another server and answers at its address, as after a failover.
func (r *Redis) Replace(other *Redis) {
	r.t.Helper()
	other.Kill()
	r.Do("CONFIG", "SET", "port", strconv.Itoa(other.port))
	r.port, other.port = other.port, r.port
}

// Pause stops the process as it is: its connections stand, the kernel takes new
// ones, and nothing is answered until Continue.
func (r *Redis) Pause() {
	r.t.Helper()
	r.signal(syscall.SIGSTOP)
}

// Continue ends Pause. What was asked meanwhile is answered now.
func (r *Redis) Continue() {
	r.t.Helper()
	r.signal(syscall.SIGCONT)
}

func (r *Redis) signal(s syscall.Signal) {
	r.t.Helper()
	if err := syscall.Kill(r.pid, s); err != nil {
		r.t.Fatalf("send %v to Redis: %v", s, err)
	}
}
