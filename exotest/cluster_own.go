package exotest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// Cluster is a Postgres server of one test alone, which may crash and be promoted
// without harm to others. It ends with the test. Its methods are for the test's
// goroutine; what goes wrong ends the test.
type Cluster struct {
	t        testing.TB
	programs string
	who      *account
	base     string // folder of the data, which outlives the server's runs
	settings []string
	*server
}

// OwnPostgres starts an empty Postgres for this test alone, which takes a second or
// two. Settings such as "fsync=on" come on top of those of all tests.
func OwnPostgres(t testing.TB, settings ...string) *Cluster {
	t.Helper()
	covered(t, PostgreSQL)
	c := newCluster(t)
	c.settings = settings
	if err := makeCluster(c.programs, c.who, c.base, c.data()); err != nil {
		t.Fatalf("make a Postgres of the test's own: %v", err)
	}
	c.start()
	return c
}

// URL is the address of one of its databases; "postgres" is always there.
func (c *Cluster) URL(database string) string { return c.url(database) }

// Crash ends the server as a failure of the machine would, without a checkpoint,
// and starts it again at the same address.
func (c *Cluster) Crash() {
	c.t.Helper()
	c.stop()
	c.start()
}

// Standby starts a copy that follows this server and answers reads.
func (c *Cluster) Standby() *Cluster {
	c.t.Helper()
	s := newCluster(c.t)
	copied := s.who.command(s.base, filepath.Join(s.programs, "pg_basebackup"), "-D", s.data(), "-R", "-X", "stream",
		"--checkpoint=fast", "--no-sync", "-d", c.url("postgres"))
	if printed, err := copied.CombinedOutput(); err != nil {
		c.t.Fatalf("copy the server: %v; it printed:\n%s", err, printed)
	}
	s.start()
	return s
}

// Promote makes a standby a server of its own, and returns when it takes writes.
func (c *Cluster) Promote() {
	c.t.Helper()
	if err := c.admin(`SELECT pg_promote()`); err != nil {
		c.t.Fatalf("promote: %v", err)
	}
}

func newCluster(t testing.TB) *Cluster {
	t.Helper()
	programs, err := postgresPrograms("/usr/lib/postgresql")
	if err != nil {
		t.Fatal(err)
	}
	who, err := unprivileged()
	if err != nil {
		t.Fatal(err)
	}
	base, err := who.folder("exotest-cluster-")
	if err != nil {
		t.Fatal(err)
	}
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	c := &Cluster{t: t, programs: programs, who: who, base: base, server: &server{port: port}}
	t.Cleanup(func() {
		if c.process != nil {
			c.stop()
		}
		if err := os.RemoveAll(base); err != nil {
			t.Errorf("remove the cluster: %v", err)
		}
	})
	return c
}

func (c *Cluster) data() string { return filepath.Join(c.base, "data") }

// start runs the server until stop. A run has a folder of its own, because the
// keeper removes that.
func (c *Cluster) start() {
	c.t.Helper()
	c.process = nil
	folder, err := c.who.folder("exotest-postgres-")
	if err != nil {
		c.t.Fatal(err)
	}
	args := []string{"-D", c.data(), "-p", strconv.Itoa(c.port)}
	// What was committed is to survive.
	for _, setting := range slices.Concat(postgresSettings, []string{"synchronous_commit=on"}, c.settings) {
		args = append(args, "-c", setting)
	}
	p, err := start(c.who, folder, "QUIT", filepath.Join(c.programs, "postgres"), args...)
	if err != nil {
		c.t.Fatal(errors.Join(err, os.RemoveAll(folder)))
	}
	state := filepath.Join(c.data(), "postmaster.pid")
	if err := p.await(func() bool { return postmasterReady(state) }); err != nil {
		c.t.Fatal(fmt.Errorf("start a Postgres of the test's own: %w", err))
	}
	c.process = p
}
