package stage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// postgresSettings trade what a measurement does not need, survival of a power cut,
// for a machine's independence of its disk.
var postgresSettings = []string{
	"fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=100", "shared_buffers=128MB",
	"listen_addresses=127.0.0.1", "unix_socket_directories=",
}

// Stores are the settings of servers on the stores with a name: embedded, or postgres,
// which is Postgres and Redis and starts both.
func (s *Stage) Stores(ctx context.Context, name string) (settings []string, err error) {
	switch name {
	case "embedded":
		return []string{"DATABASE_URL=sqlite:" + filepath.Join(s.Folder(), "exodrive.db")}, nil
	case "postgres":
		database, err := s.Postgres(ctx)
		if err != nil {
			return nil, err
		}
		redis, err := s.Redis(ctx)
		return []string{"DATABASE_URL=" + database, "REDIS_URL=" + redis}, err
	}
	return nil, fmt.Errorf("-stores %q is neither embedded nor postgres", name)
}

// Postgres starts an empty server and returns the address of its database.
func (s *Stage) Postgres(ctx context.Context) (databaseURL string, err error) {
	programs, err := postgresPrograms()
	if err != nil {
		return "", err
	}
	who, err := unprivileged()
	if err != nil {
		return "", err
	}
	folder := filepath.Join(s.folder, "postgres")
	if err := os.Mkdir(folder, 0o700); err != nil {
		return "", err
	}
	if who != nil {
		if err := os.Chown(folder, int(who.Uid), int(who.Gid)); err != nil {
			return "", err
		}
	}
	data := filepath.Join(folder, "data")
	initdb := exec.CommandContext(ctx, filepath.Join(programs, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	initdb.Dir, initdb.Env, initdb.SysProcAttr = folder, environment(nil), &syscall.SysProcAttr{Credential: who}
	if out, err := initdb.CombinedOutput(); err != nil {
		return "", fmt.Errorf("initdb: %w\n%s", err, out)
	}
	address, err := freeAddress(ctx)
	if err != nil {
		return "", err
	}
	_, port, _ := net.SplitHostPort(address)
	args := []string{"-D", data, "-p", port}
	for _, setting := range postgresSettings {
		args = append(args, "-c", setting)
	}
	p, err := s.start(folder, "QUIT", environment(nil), who, filepath.Join(programs, "postgres"), args...)
	if err != nil {
		return "", err
	}
	// Postgres writes its state into this line of the file.
	const stateLine = 7
	return "postgres://postgres@" + address + "/postgres?sslmode=disable", p.await(ctx, func() bool {
		state, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
		lines := bytes.Split(state, []byte("\n"))
		return err == nil && len(lines) > stateLine && string(bytes.TrimSpace(lines[stateLine])) == "ready"
	})
}

// Redis starts an empty server and returns its address.
func (s *Stage) Redis(ctx context.Context) (redisURL string, err error) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return "", errors.New("redis-server is missing: run scripts/setup")
	}
	address, err := freeAddress(ctx)
	if err != nil {
		return "", err
	}
	_, port, _ := net.SplitHostPort(address)
	p, err := s.start(s.folder, "KILL", environment(nil), nil, program,
		"--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no", "--dir", s.folder)
	if err != nil {
		return "", err
	}
	return "redis://" + address, p.await(ctx, func() bool {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		return err == nil && conn.Close() == nil
	})
}

// oldestPostgres is the oldest release that ExoDrive supports.
const oldestPostgres = 15

// postgresPrograms is the folder of the newest installed Postgres: Debian's folders
// by release first, then the search path.
func postgresPrograms() (string, error) {
	newest, folder := 0, ""
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // the pattern is right
	for _, initdb := range found {
		programs := filepath.Dir(initdb)
		if release, err := strconv.Atoi(filepath.Base(filepath.Dir(programs))); err == nil && release > newest {
			newest, folder = release, programs
		}
	}
	if newest >= oldestPostgres {
		return folder, nil
	}
	if initdb, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(initdb), nil
	}
	return "", fmt.Errorf("the programs of Postgres %d or later are missing: run scripts/setup", oldestPostgres)
}

// unprivileged is whom Postgres runs as when this process is root, which it refuses;
// nil: as this process.
func unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil //nolint:nilnil // nil is an answer
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(found.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(found.Gid, 10, 32)
		if err1 == nil && err2 == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("Postgres refuses to run as root, and there is neither a user postgres nor a user nobody")
}
