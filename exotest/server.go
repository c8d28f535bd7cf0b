package exotest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	oldestPostgres = 15 // the oldest release that ExoDrive supports
	startAttempts  = 5  // another process may take the port between choice and use
	adminLimit     = time.Minute
)

// postgresSettings trade what a test does not need, survival of a power cut, for
// speed. Without autovacuum no statistics change behind a test that reads plans:
// such a test runs ANALYZE itself.
var postgresSettings = []string{
	"fsync=off",
	"synchronous_commit=off",
	"full_page_writes=off",
	"autovacuum=off",
	"max_connections=300",
	"shared_buffers=128MB",
	"listen_addresses=127.0.0.1",
	"unix_socket_directories=",
	"log_min_messages=fatal", // refusals that tests provoke would only fill the log
}

// server is the Postgres of this test process.
type server struct {
	*process
	port int
}

var (
	shared      atomic.Pointer[server] // what Main stops
	startShared = sync.OnceValues(startPostgres)
)

// postgres is the server of this process, started by the first caller.
func postgres(t testing.TB) *server {
	t.Helper()
	s, err := startShared()
	if err != nil {
		t.Fatalf("start Postgres for the tests: %v", err)
	}
	return s
}

func (s *server) url(database string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable", s.port, database)
}

// admin runs one statement outside of any test's database. It has its own
// connection and time, so it also works in a clean-up, when a test's context is
// over.
func (s *server) admin(statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), adminLimit)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.url("postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

func startPostgres() (*server, error) {
	programs, err := postgresPrograms("/usr/lib/postgresql")
	if err != nil {
		return nil, err
	}
	who, err := unprivileged()
	if err != nil {
		return nil, err
	}
	for range startAttempts {
		s, startErr := tryPostgres(programs, who)
		if startErr == nil {
			shared.Store(s)
			return s, nil
		}
		err = startErr
		if !strings.Contains(err.Error(), "Address already in use") {
			break
		}
	}
	return nil, err
}

func tryPostgres(programs string, who *account) (*server, error) {
	folder, err := who.folder("exotest-postgres-")
	if err != nil {
		return nil, err
	}
	data := filepath.Join(folder, "data")
	port, err := freePort()
	if err == nil {
		err = makeCluster(programs, who, folder, data)
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	args := []string{"-D", data, "-p", strconv.Itoa(port)}
	for _, setting := range postgresSettings {
		args = append(args, "-c", setting)
	}
	// QUIT is Postgres's immediate shutdown: no checkpoint, shared memory released.
	p, err := start(who, folder, "QUIT", filepath.Join(programs, "postgres"), args...)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	// Postgres writes its state into line 8 of this file. Asking the port instead
	// could be answered by a stranger's server that took it first.
	state := filepath.Join(data, "postmaster.pid")
	if err := p.await(func() bool { return postmasterReady(state) }); err != nil {
		return nil, err
	}
	return &server{p, port}, nil
}

func postmasterReady(path string) bool {
	const stateLine = 7
	content, err := os.ReadFile(path)
	lines := bytes.Split(content, []byte("\n"))
	return err == nil && len(lines) > stateLine && string(bytes.TrimSpace(lines[stateLine])) == "ready"
}

// postgresPrograms is the folder of the newest installed Postgres: Debian's
// folders by release first, then the search path.
func postgresPrograms(debian string) (string, error) {
	newest, folder := 0, ""
	entries, err := os.ReadDir(debian)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	for _, entry := range entries {
		release, err := strconv.Atoi(entry.Name())
		programs := filepath.Join(debian, entry.Name(), "bin")
		if _, missing := exec.LookPath(filepath.Join(programs, "initdb")); err == nil && missing == nil && release > newest {
			if _, missing := exec.LookPath(filepath.Join(programs, "postgres")); missing == nil {
				newest, folder = release, programs
			}
		}
	}
	if newest >= oldestPostgres {
		return folder, nil
	}
	if initdb, err := exec.LookPath("initdb"); err == nil {
		if initdb, err = filepath.EvalSymlinks(initdb); err == nil {
			return filepath.Dir(initdb), nil
		}
	}
	return "", fmt.Errorf("the programs of Postgres %d or later are missing: run %s", oldestPostgres, install)
}
