package exotest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// startLimit is how long a server may take until it answers. A loaded machine
// with two cores needs about two seconds for Postgres.
const startLimit = 60 * time.Second

// keeper is a shell script that runs a server and ends it when its own standard
// input ends, which the kernel brings about however the test process goes: by
// return, by panic or by SIGKILL. Then it removes the server's folder.
//
// Pdeathsig would do less: it follows the thread that started the server, works
// on Linux only, and leaves the folder.
const keeper = `
signal=$1 folder=$2; shift 2
exec 3<&0
"$@" </dev/null 3<&- & server=$!
{ cat >/dev/null; kill -s "$signal" $server; } <&3 &
wait $server
code=$?
kill $! 2>/dev/null
rm -rf "$folder"
exit $code
`

// process is a running server with its folder, owned by the test process.
type process struct {
	life io.Closer // the write end of the keeper's standard input
	log  *os.File  // everything the server printed; readable after the folder is gone
	gone chan struct{}
	err  error // how it ended; set before gone is closed
}

// start runs a program as who in a folder which it then owns. signal ends it,
// without the prefix SIG.
func start(who *account, folder, signal string, program string, args ...string) (*process, error) {
	log, err := os.OpenFile(filepath.Join(folder, "log"), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	cmd := who.command(folder, "/bin/sh", append([]string{"-c", keeper, "sh", signal, folder, program}, args...)...)
	// A session of its own, so that an interrupt typed at the terminal does not end
	// the keeper before it has cleaned up.
	cmd.SysProcAttr.Setsid = true
	cmd.Stdout, cmd.Stderr = log, log
	life, err := cmd.StdinPipe()
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	p := &process{life: life, log: log, gone: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.gone)
	}()
	return p, nil
}

// stop ends the server and returns when its folder is removed.
func (p *process) stop() {
	_ = p.life.Close() // the server may have ended and closed it
	<-p.gone
	_ = p.log.Close() // read only from here on: nothing to lose
}

// await returns when ready says so. When the server ends first, or does not get
// ready in time, it stops it and the error carries what it printed.
func (p *process) await(ready func() bool) error {
	deadline := time.Now().Add(startLimit)
	for !ready() {
		select {
		case <-p.gone:
			return p.failed(fmt.Errorf("it ended: %w", p.err))
		case <-time.After(10 * time.Millisecond):
			if time.Now().After(deadline) {
				return p.failed(fmt.Errorf("it did not answer within %v", startLimit))
			}
		}
	}
	return nil
}

func (p *process) failed(why error) error {
	printed, _ := io.ReadAll(io.NewSectionReader(p.log, 0, 16<<10)) // the reason is why, the rest is extra
	p.stop()
	return fmt.Errorf("%w; it printed:\n%s", why, printed)
}

// account is the user that servers run as: nil members mean the current one.
type account struct {
	credential *syscall.Credential
}

// unprivileged is the user postgres or nobody when the tests run as root, because
// Postgres and PgBouncer refuse root; otherwise the current user.
func unprivileged() (*account, error) {
	if os.Getuid() != 0 {
		return &account{}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(found.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(found.Gid, 10, 32)
		if uidErr == nil && gidErr == nil {
			return &account{&syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
		}
	}
	return nil, errors.New("the servers of the tests refuse to run as root, and there is neither a user postgres nor a user nobody")
}

// command is a program run as the account, in a folder, with an environment that
// does not depend on whose machine it is.
func (a *account) command(folder, program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = folder
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: a.credential}
	return cmd
}

// own gives a file or folder to the account.
func (a *account) own(path string) error {
	if a.credential == nil {
		return nil
	}
	return os.Chown(path, int(a.credential.Uid), int(a.credential.Gid))
}

// folder makes a temporary folder that belongs to the account.
func (a *account) folder(pattern string) (string, error) {
	path, err := os.MkdirTemp("", pattern)
	if err != nil {
		return "", err
	}
	if err := a.own(path); err != nil {
		return "", errors.Join(err, os.RemoveAll(path))
	}
	return path, nil
}

// freePort is a TCP port of loopback that nobody listened on a moment ago. The
// caller tries again when somebody took it in between.
func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	return port, listener.Close()
}
