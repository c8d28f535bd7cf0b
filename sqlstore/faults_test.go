package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/sqlstore"
)

// A caller who finds every connection in use gets an answer that says to try again, after three seconds and not after thirty.
//
// Red when: the wait for a connection is as long as that for a statement.
func TestPoolIsExhausted(t *testing.T) {
	t.Parallel()
	s := open(t, exotest.PostgresFrom(t, "empty", empty), func(c *sqlstore.Config) { c.Pool = 2 })
	release := make(chan struct{})
	var holding, done sync.WaitGroup
	holding.Add(2)
	for range 2 {
		done.Go(func() {
			if err := s.Tx(t.Context(), func(*sqlstore.Tx) error { holding.Done(); <-release; return nil }); err != nil {
				t.Errorf("a transaction that holds a connection: %v", err)
			}
		})
	}
	holding.Wait()
	begin := time.Now()
	err := s.Ping(t.Context())
	took := time.Since(begin)
	refused(t, err, exodrive.Unavailable)
	if took < 2500*time.Millisecond || took > 5*time.Second {
		t.Errorf("the refusal took %s, want about 3 s", took)
	}
	if stats := s.PoolStats()["main"]; stats.Max != 2 || stats.InUse != 2 {
		t.Errorf("the pool says %+v, want 2 of 2 in use", stats)
	}
	close(release)
	done.Wait()
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("with connections free again: %v", err)
	}
}

// When the database cuts all connections, at most those calls fail that had one, with a request to try again; then everything works.
func TestConnectionsAreCut(t *testing.T) {
	t.Parallel()
	url := exotest.PostgresFrom(t, "empty", empty)
	s := open(t, url, func(c *sqlstore.Config) { c.Pool = 4 })
	db := prompt(t, url)
	cut := func() {
		db.exec(`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
	}
	var wg sync.WaitGroup
	for range 4 { // all four connections are open
		wg.Go(func() { _ = s.Ping(t.Context()) })
	}
	wg.Wait()
	cut()
	failures := 0
	for range 12 {
		if err := s.Ping(t.Context()); err != nil {
			refused(t, err, exodrive.Unavailable)
			failures++
		}
	}
	if failures > 4 {
		t.Errorf("%d calls failed after 4 connections were cut", failures)
	}
	err := s.Tx(t.Context(), func(tx *sqlstore.Tx) error {
		if err := tx.SetSetting(t.Context(), "cut", "yes"); err != nil {
			return err
		}
		cut()
		return tx.SetSetting(t.Context(), "cut", "again")
	})
	refused(t, err, exodrive.Unavailable)
	for i := range 8 {
		if err = s.Ping(t.Context()); err != nil && i > 4 {
			t.Errorf("call %d after the cut: %v", i, err)
		}
	}
	if got := must(s.Setting(t.Context(), "cut")); got != "" {
		t.Errorf("the transaction that was cut has left %q", got)
	}
}

// Whoever goes away in the middle of a booking leaves either all of it or nothing, and what is reported is what happened.
func TestCallerGoesAway(t *testing.T) {
	eachEmpty(t, func(t *testing.T, s *sqlstore.Store, _ string) {
		// Before the last statement, after it, and at any moment.
		ctx, cancel := context.WithCancel(t.Context())
		err := s.Tx(ctx, func(tx *sqlstore.Tx) error {
			if err := tx.SetSetting(ctx, "early", "yes"); err != nil {
				return err
			}
			cancel()
			return tx.SetSetting(ctx, "early", "twice")
		})
		if got := must(s.Setting(t.Context(), "early")); err == nil || got != "" {
			t.Errorf("gone before the last statement: reported %v, stored %q; want an error and nothing", err, got)
		}
		ctx, cancel = context.WithCancel(t.Context())
		err = s.Tx(ctx, func(tx *sqlstore.Tx) error {
			err := tx.SetSetting(ctx, "late", "yes")
			cancel()
			return err
		})
		if got := must(s.Setting(t.Context(), "late")); err != nil || got != "yes" {
			t.Errorf("gone before the commit: reported %v, stored %q; want success and yes", err, got)
		}
		const callers = 200
		var failed int
		for i := range callers {
			ctx, cancel := context.WithCancel(t.Context())
			gone := make(chan struct{})
			key := fmt.Sprint("any", i)
			err := s.Tx(ctx, func(tx *sqlstore.Tx) error {
				go func() { cancel(); close(gone) }()
				return tx.SetSetting(ctx, key, "yes")
			})
			<-gone
			stored := must(s.Setting(t.Context(), key))
			if (err == nil) != (stored == "yes") {
				t.Errorf("caller %d: reported %v, stored %q", i, err, stored)
			}
			if err != nil {
				failed++
			}
		}
		t.Logf("%d of %d callers were gone too early", failed, callers)
	})
}

// A change that fails or panics half way leaves nothing, and the next change works.
func TestRollback(t *testing.T) {
	eachEmpty(t, func(t *testing.T, s *sqlstore.Store, url string) {
		failure := errors.New("enough")
		attempts := 0
		err := s.Tx(t.Context(), func(tx *sqlstore.Tx) error {
			attempts++
			return errors.Join(tx.SetSetting(t.Context(), "k", "error"), failure)
		})
		if !errors.Is(err, failure) || attempts != 1 {
			t.Errorf("%d attempts ended with %v, want one and the error of the function", attempts, err)
		}
		func() {
			defer func() {
				if r := recover(); r != "broken" {
					t.Errorf("recovered %v, want the panic of the function", r)
				}
			}()
			_ = s.Tx(t.Context(), func(tx *sqlstore.Tx) error {
				if err := tx.SetSetting(t.Context(), "k", "panic"); err != nil {
					t.Error(err)
				}
				panic("broken")
			})
		}()
		if got := must(s.Setting(t.Context(), "k")); got != "" {
			t.Errorf("the setting is %q, want nothing", got)
		}
		write(t, s, func(tx *sqlstore.Tx) error {
			if !tx.Now.Equal(noon) {
				t.Errorf("the transaction's instant is %v, want the store's clock", tx.Now)
			}
			return tx.SetSetting(t.Context(), "k", "fine")
		})
		fine := open(t, url, func(c *sqlstore.Config) { c.Now = func() time.Time { return noon.Add(time.Nanosecond) } })
		write(t, fine, func(tx *sqlstore.Tx) error {
			if !tx.Now.Equal(noon) {
				t.Errorf("the transaction's instant is %v, which is not as it is stored", tx.Now)
			}
			return nil
		})
		if got := must(s.Setting(t.Context(), "k")); got != "fine" {
			t.Errorf("the setting is %q, want fine", got)
		}
	})
}

// Two changes that wait for each other both come through: the one that the database ends is run again.
func TestDeadlock(t *testing.T) {
	t.Parallel()
	s := open(t, exotest.PostgresFrom(t, "empty", empty))
	twoCars(t, s)
	var meet, wg sync.WaitGroup
	meet.Add(2)
	attempts := make([]int, 2)
	for i := range 2 {
		wg.Go(func() {
			err := s.Tx(t.Context(), func(tx *sqlstore.Tx) error {
				attempts[i]++
				if _, err := tx.LockCar(t.Context(), id(exodrive.CarID, i)); err != nil {
					return err
				}
				if attempts[i] == 1 {
					meet.Done()
					meet.Wait() // each has one car and will want the other's
				}
				_, err := tx.LockCar(t.Context(), id(exodrive.CarID, 1-i))
				return errors.Join(err, tx.SetSetting(t.Context(), fmt.Sprint("done", i), "yes"))
			})
			if err != nil {
				t.Errorf("transaction %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	if sum := attempts[0] + attempts[1]; sum < 3 {
		t.Errorf("the two ran %v times: they never met in a deadlock", attempts)
	}
	for i := range 2 {
		if got := must(s.Setting(t.Context(), fmt.Sprint("done", i))); got != "yes" {
			t.Errorf("change %d is %q, want yes", i, got)
		}
	}
}

// A transaction that finds that it locked the wrong thing is run again and knows what it
// needs; in the end its error is told.
func TestAgain(t *testing.T) {
	eachEmpty(t, func(t *testing.T, s *sqlstore.Store, _ string) {
		var wanted [][]string
		err := s.Tx(t.Context(), func(tx *sqlstore.Tx) error {
			wanted = append(wanted, slices.Clone(tx.Wanted))
			if len(wanted) < 3 {
				return sqlstore.Again(errTaken, fmt.Sprint("car", len(wanted)))
			}
			return nil
		})
		if want := [][]string{nil, {"car1"}, {"car1", "car2"}}; err != nil || !reflect.DeepEqual(wanted, want) {
			t.Errorf("the tries wanted %q, %v; want %q", wanted, err, want)
		}
		tries := 0
		err = s.Tx(t.Context(), func(*sqlstore.Tx) error { tries++; return sqlstore.Again(errTaken) })
		if !errors.Is(err, errTaken) || tries < 3 || tries > 20 {
			t.Errorf("after %d tries: %v", tries, err)
		}
	})
}

// A change that always loses is given up after some attempts, with a request to try again.
func TestRetriesEnd(t *testing.T) {
	t.Parallel()
	s := open(t, exotest.PostgresFrom(t, "empty", empty))
	attempts := 0
	err := s.Tx(t.Context(), func(tx *sqlstore.Tx) error {
		attempts++
		return tx.Exec(t.Context(), `DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$`)
	})
	refused(t, err, exodrive.Unavailable)
	if attempts != 6 {
		t.Errorf("it was tried %d times, want 6", attempts)
	}
}

// Who wants a row that somebody else has is told so after a while, once, and the row is as it was; he does not stand in line again and again.
func TestARowThatSomebodyHas(t *testing.T) {
	t.Parallel()
	url := exotest.PostgresFrom(t, "empty", empty)
	s := open(t, url+"&lock_timeout=20")
	oneCar(t, s)
	other, err := prompt(t, url).db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.ExecContext(t.Context(), `SELECT 1 FROM cars FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	attempts := 0
	lock := func(tx *sqlstore.Tx) error {
		attempts++
		_, err := tx.LockCar(t.Context(), id(exodrive.CarID, 0))
		return err
	}
	refused(t, s.Tx(t.Context(), lock), exodrive.Busy)
	if attempts != 1 {
		t.Errorf("it was tried %d times, want 1", attempts)
	}
	if err := other.Rollback(); err != nil {
		t.Error(err)
	}
	if err := s.Tx(t.Context(), lock); err != nil {
		t.Errorf("after it was given back: %v", err)
	}
}

// While another program writes to the same SQLite file, a change waits for it instead of failing.
func TestSQLiteWaitsForAnotherWriter(t *testing.T) {
	t.Parallel()
	path := exotest.SQLiteFrom(t, "empty", func(t testing.TB, path string) { empty(t, "sqlite:"+path) })
	s := open(t, "sqlite:"+path)
	db := prompt(t, "sqlite:"+path)
	db.db.SetMaxOpenConns(1)
	db.exec(`BEGIN IMMEDIATE`)
	done := make(chan error, 1)
	go func() {
		done <- s.Tx(t.Context(), func(tx *sqlstore.Tx) error {
			if got, err := tx.Setting(t.Context(), "who"); err != nil || got != "other" {
				t.Errorf("the change began before the other one's end: it reads %q (%v)", got, err)
			}
			return tx.SetSetting(t.Context(), "who", "we")
		})
	}()
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("a read while another one writes: %v", err)
	}
	select {
	case err := <-done:
		t.Fatalf("the change did not wait: %v", err)
	case <-time.After(700 * time.Millisecond): // longer than all attempts without waiting
	}
	db.exec(`INSERT INTO settings (key, value) VALUES ('who', 'other')`)
	db.exec(`COMMIT`)
	if err := <-done; err != nil {
		t.Errorf("after the other one was done: %v", err)
	}
	if got := must(s.Setting(t.Context(), "who")); got != "we" {
		t.Errorf("the setting is %q, want we", got)
	}
}

// Every statement of a change has a limit of five seconds, two of them for a row that somebody else has, so that one that hangs does not hold up the others.
func TestStatementTimeout(t *testing.T) {
	t.Parallel()
	s := open(t, exotest.PostgresFrom(t, "empty", empty))
	write(t, s, func(tx *sqlstore.Tx) error {
		for name, want := range map[string]string{"statement_timeout": "5s", "lock_timeout": "2s", "application_name": "exodrive", "jit": "off"} {
			if got, err := tx.ServerSetting(t.Context(), name); got != want || err != nil {
				t.Errorf("%s is %s (%v), want %s", name, got, err, want)
			}
		}
		return nil
	})
}

// While everybody wants a row that somebody holds for long, and waits with all the connections there are, a change of something else still gets one.
//
// Red when: the wait for a row may be as long as that for a connection.
func TestARowThatEverybodyWants(t *testing.T) {
	t.Parallel()
	if sqlstore.LockTimeout > sqlstore.AcquireTimeout*2/3 {
		t.Errorf("a row is waited for for %s, a connection for %s", sqlstore.LockTimeout, sqlstore.AcquireTimeout)
	}
	url := exotest.PostgresFrom(t, "empty", empty)
	s := open(t, url+"&lock_timeout=500", func(c *sqlstore.Config) { c.Pool = 2 })
	oneCar(t, s)
	other, err := prompt(t, url).db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.ExecContext(t.Context(), `SELECT 1 FROM cars FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	waiting := make(chan error)
	for range 2 {
		go func() {
			waiting <- s.Tx(t.Context(), func(tx *sqlstore.Tx) error {
				_, err := tx.LockCar(t.Context(), id(exodrive.CarID, 0))
				return err
			})
		}()
	}
	for late := time.Now().Add(20 * time.Second); s.PoolStats()["main"].InUse < 2; time.Sleep(time.Millisecond) {
		if time.Now().After(late) {
			t.Fatal("the two do not wait")
		}
	}
	write(t, s, func(tx *sqlstore.Tx) error { return tx.SetSetting(t.Context(), "k", "v") })
	for range 2 {
		refused(t, <-waiting, exodrive.Busy)
	}
	if err := other.Rollback(); err != nil {
		t.Error(err)
	}
}
