package sqlstore_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/exotest"
)

// A server that recovers from a crash begins an epoch, whether the machine failed or one session.
//
// Red when: the reset of the statistics is left out of the epoch, or the start of the server with it.
func TestACrashBeginsAnEpoch(t *testing.T) {
	t.Parallel()
	server := exotest.OwnPostgres(t)
	empty(t, server.URL("postgres"))
	s := open(t, server.URL("postgres"))
	l := listen(t, s)
	was := l.poll()
	server.Crash()
	machine := l.poll()
	if machine.Epoch == was.Epoch {
		t.Error("after the crash of the machine the epoch is the same")
	}
	db := prompt(t, server.URL("postgres"))
	pid := db.number(`SELECT pg_backend_pid()`)
	if err := syscall.Kill(int(pid), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	session, err := l.afterRecovery()
	if err != nil || session.Epoch == machine.Epoch {
		t.Errorf("after the crash of a session the epoch is %d (%v), before it was %d", session.Epoch, err, machine.Epoch)
	}
}

// A crash may take back a change that was heard already, and give its number to the next one. The two are never confused: the epoch is another, whoever looks for what came after the lost one hears the new one too.
//
// Red when: the start of the server and the reset of its statistics are left out of the epoch.
func TestACrashGivesMarksAgain(t *testing.T) {
	t.Parallel()
	server := exotest.OwnPostgres(t)
	empty(t, server.URL("postgres"))
	s := open(t, server.URL("postgres"))
	l := listen(t, s)
	prompt(t, server.URL("postgres")).exec(`ALTER SYSTEM SET wal_writer_delay = '10s'`)
	server.Crash()
	for attempt := 1; ; attempt++ { // the log may be written before the crash, by chance
		db := prompt(t, server.URL("postgres"))
		db.db.SetMaxOpenConns(1)
		db.exec(`CHECKPOINT`)
		db.exec(`SET synchronous_commit = off`)
		tx, lost := begin(db, "lost")
		was := l.poll().Epoch
		commit(t, tx)
		if heard := l.poll(); len(heard.Raises) != 1 || heard.Raises[0].Mark != lost {
			t.Fatalf("before the crash %v was heard, want lost with %d", heard.Raises, lost)
		}
		server.Crash()
		tx, again := begin(prompt(t, server.URL("postgres")), "again")
		commit(t, tx)
		r := l.poll()
		if got := tagsOf(r.Raises); r.Epoch == was || !slices.Contains(got, "again") {
			t.Errorf("after the crash the epoch is %d, before it was %d; %q is heard, want again among them", r.Epoch, was, got)
		}
		if again == lost && !slices.Contains(tagsOf(r.Raises), "lost") {
			t.Logf("the crash gave the number %d again, at attempt %d", again, attempt)
			return
		}
		if attempt == 10 {
			t.Fatalf("no crash gave a number again: the last ones were %d and %d", lost, again)
		}
	}
}

// afterRecovery polls until the server has recovered.
func (l *listener) afterRecovery() (r cache.Reading, err error) {
	failed := false
	for range 2000 {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		r, err = l.journal.Poll(ctx, l.position)
		cancel()
		if failed = failed || err != nil; failed && err == nil {
			return r, nil
		}
		time.Sleep(5 * time.Millisecond) // there is no signal for the end of recovery
	}
	return r, errors.Join(err, errors.New("the server never went away and came back"))
}

// A standby is no source of truth: it refuses until it is promoted, and then has an epoch of its own at once.
//
// Red when: the poll does not ask whether the server is a standby.
func TestAStandbyRefuses(t *testing.T) {
	t.Parallel()
	primary := exotest.OwnPostgres(t)
	empty(t, primary.URL("postgres"))
	was := listen(t, open(t, primary.URL("postgres"))).poll()
	standby := primary.Standby()
	s := open(t, standby.URL("postgres"))
	j := s.Journal()
	defer j.Close()
	if _, err := j.Poll(t.Context(), was.Position); err == nil || !strings.Contains(err.Error(), "standby") {
		t.Errorf("the standby's poll says %v", err)
	}
	if _, _, err := j.Horizon(t.Context()); err == nil || !strings.Contains(err.Error(), "standby") {
		t.Errorf("the standby's horizon says %v", err)
	}
	standby.Promote()
	r, err := j.Poll(t.Context(), was.Position)
	if err != nil || r.Epoch == was.Epoch {
		t.Errorf("after the promotion the epoch is %d (%v), the primary's was %d", r.Epoch, err, was.Epoch)
	}
	if epoch, _, err := j.Horizon(t.Context()); epoch != r.Epoch || err != nil {
		t.Errorf("the horizon is of epoch %d (%v), the poll of %d", epoch, err, r.Epoch)
	}
}

// A copy of a database in the same server has an epoch of its own, though all their marks come from one counter.
//
// Red when: the database is left out of the epoch.
func TestACopyHasItsOwnEpoch(t *testing.T) {
	t.Parallel()
	a, b := postgresEmpty(t), postgresEmpty(t)
	one, two := listen(t, open(t, a)).poll(), listen(t, open(t, b)).poll()
	same(t, "what cache_meta says", prompt(t, a).text(`SELECT install || bump FROM cache_meta`), prompt(t, b).text(`SELECT install || bump FROM cache_meta`))
	if one.Epoch == two.Epoch {
		t.Error("both have the same epoch")
	}
}

// Where an ordinary role may not ask the server who it is, the journal works with what it may know, and poll and horizon agree.
//
// Red when: what the server refuses to tell ends the poll.
func TestAPlainRole(t *testing.T) {
	t.Parallel()
	server := exotest.OwnPostgres(t)
	url := server.URL("postgres")
	db := prompt(t, url)
	db.exec(`CREATE ROLE guest LOGIN`)
	db.exec(`GRANT CREATE ON SCHEMA public TO guest`)
	db.exec(`CREATE EXTENSION pg_trgm`)
	db.exec(`CREATE EXTENSION btree_gist`)
	guest := strings.Replace(url, "postgres@", "guest@", 1)
	empty(t, guest)
	s := open(t, guest)
	ordinary := listen(t, s).poll()
	db.exec(`REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC`)
	l := listen(t, s)
	r := l.poll()
	if epoch, _ := l.horizon(); epoch != r.Epoch || r.Epoch == ordinary.Epoch {
		t.Errorf("the horizon's epoch is %d, the poll's %d, before the role was kept from asking it was %d", epoch, r.Epoch, ordinary.Epoch)
	}
	oneCar(t, s)
	if got := l.tags(); len(got) == 0 {
		t.Error("nothing was heard")
	}
	server.Crash()
	if again := l.poll(); again.Epoch == r.Epoch {
		t.Error("after a crash the epoch is the same")
	}
}
