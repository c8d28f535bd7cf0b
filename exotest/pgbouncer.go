package exotest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// pgbouncerConfig is Debian's default PgBouncer in transaction mode, the strictest
// pooler ExoDrive promises to work behind: it knows no prepared statements and
// refuses startup parameters it does not track. In order: database, host,
// port, user, own port.
const pgbouncerConfig = `[databases]
%[1]s = host=%[2]s port=%[3]s dbname=%[1]s user=%[4]s

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %[5]d
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 20
max_client_conn = 300
`

// PgBouncer starts a pooler in transaction mode in front of a database that
// Postgres or PostgresFrom returned, and returns the URL through it. It ends with
// the test.
func PgBouncer(t testing.TB, databaseURL string) string {
	t.Helper()
	target, err := url.Parse(databaseURL)
	if err != nil || target.Port() == "" {
		t.Fatalf("PgBouncer needs the URL of a Postgres database of this package, not %q", databaseURL)
	}
	program, err := pgbouncerProgram()
	if err != nil {
		t.Fatal(err)
	}
	who, err := unprivileged()
	if err != nil {
		t.Fatal(err)
	}
	for range startAttempts {
		var p *process
		var through string
		if p, through, err = tryPgBouncer(program, who, target); err == nil {
			t.Cleanup(p.stop)
			return through
		}
	}
	t.Fatalf("start PgBouncer: %v", err)
	return ""
}

func tryPgBouncer(program string, who *account, target *url.URL) (*process, string, error) {
	port, err := freePort()
	if err != nil {
		return nil, "", err
	}
	folder, err := who.folder("exotest-pgbouncer-")
	if err != nil {
		return nil, "", err
	}
	config := filepath.Join(folder, "pgbouncer.ini")
	text := fmt.Sprintf(pgbouncerConfig, strings.TrimPrefix(target.Path, "/"), target.Hostname(), target.Port(), target.User.Username(), port)
	err = os.WriteFile(config, []byte(text), 0o600)
	if err == nil {
		err = who.own(config)
	}
	if err != nil {
		return nil, "", errors.Join(err, os.RemoveAll(folder))
	}
	// KILL, because the gentler signals differ between PgBouncer's releases and it
	// keeps nothing that could be lost.
	p, err := start(who, folder, "KILL", program, "-q", config)
	if err != nil {
		return nil, "", errors.Join(err, os.RemoveAll(folder))
	}
	through := *target
	through.Host = fmt.Sprintf("127.0.0.1:%d", port)
	if err := p.await(func() bool { return answers(through.String()) }); err != nil {
		return nil, "", err
	}
	return p, through.String(), nil
}

// answers tells whether the database can be reached. Its name is unique on the
// machine, so a server that happens to listen there does not count.
func answers(databaseURL string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, databaseURL)
	if err != nil {
		return false
	}
	return conn.Close(ctx) == nil
}

func pgbouncerProgram() (string, error) {
	// Debian's folder for it is not in an ordinary user's search path.
	for _, name := range []string{"pgbouncer", "/usr/sbin/pgbouncer"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("the program pgbouncer is missing: run %s", install)
}
