package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/sqlstore"
)

// begin opens a transaction at a SQL prompt and writes a tag in it; it returns the
// transaction and its mark.
func begin(db raw, tag string) (*sql.Tx, cache.Mark) {
	db.t.Helper()
	tx, err := db.db.BeginTx(context.Background(), nil)
	if err != nil {
		db.t.Fatal(err)
	}
	db.t.Cleanup(func() { _ = tx.Rollback() })
	var mark cache.Mark
	if err := tx.QueryRow(`INSERT INTO cache_journal (tag) VALUES ($1) RETURNING mark`, tag).Scan(&mark); err != nil {
		db.t.Fatal(err)
	}
	return tx, mark
}

func commit(t testing.TB, tx *sql.Tx) {
	t.Helper()
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

// Of two changes that overlap, the one that began first and commits last is heard too, once, and the horizon waits for it.
//
// Red when: the poll does not ask for what was running at the last one; the horizon is the next mark.
func TestOverlappingWriters(t *testing.T) {
	t.Parallel()
	url := exotest.OwnPostgres(t).URL("postgres")
	empty(t, url)
	s := open(t, url)
	db, l := prompt(t, url), listen(t, s)
	older, first := begin(db, "older")
	newer, second := begin(db, "newer")
	if first >= second {
		t.Fatalf("the marks are %d and %d", first, second)
	}
	commit(t, newer)
	r := l.poll()
	_, fresh := l.horizon()
	if got := tagsOf(r.Raises); len(got) != 1 || got[0] != "newer" || r.Horizon > first || fresh > first {
		t.Errorf("after the newer commit %q was heard, the horizons are %d and %d; want newer, and at most %d", got, r.Horizon, fresh, first)
	}
	if got := l.tags(); len(got) != 0 {
		t.Errorf("with one still open, %q was heard again", got)
	}
	commit(t, older)
	r = l.poll()
	if got := tagsOf(r.Raises); len(got) != 1 || got[0] != "older" || r.Raises[0].Mark != first || r.Horizon <= second {
		t.Errorf("after the older commit %v was heard, the horizon is %d; want older with %d, and above %d", r.Raises, r.Horizon, first, second)
	}
	if got := l.tags(); len(got) != 0 {
		t.Errorf("then %q was heard again", got)
	}
}

// While a change is open for hours, the horizon stays at it, all others are heard once, none of it is cleaned up, and nothing of one that gives up is heard.
//
// Red when: rows above the horizon are pruned; the horizon is the next mark.
func TestLongTransaction(t *testing.T) {
	t.Parallel()
	url := exotest.OwnPostgres(t).URL("postgres")
	empty(t, url)
	s := open(t, url)
	oneCar(t, s)
	db, l := prompt(t, url), listen(t, s)
	long, mark := begin(db, "long")
	if _, err := long.Exec(`UPDATE cache_journal SET at = 0 WHERE tag = 'long'`); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		reprice(t, s, 700+i)
		if r := l.poll(); len(r.Raises) != 2 || r.Horizon > mark {
			t.Errorf("change %d: heard %v, the horizon is %d; want two tags and at most %d", i, r.Raises, r.Horizon, mark)
		}
	}
	db.exec(`UPDATE cache_journal SET at = 0`)
	if _, err := l.journal.Prune(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r := l.poll(); r.Pruned >= mark {
		t.Errorf("cleaned up to %d, while %d is open", r.Pruned, mark)
	}
	left := db.number(`SELECT COUNT(*) FROM cache_journal WHERE mark >= $1`, int64(mark))
	if left != 40 {
		t.Errorf("%d rows above the open one are left, want 40", left)
	}
	if err := long.Rollback(); err != nil {
		t.Fatal(err)
	}
	if r := l.poll(); len(r.Raises) != 0 || r.Horizon <= mark {
		t.Errorf("after it gave up, %v was heard and the horizon is %d, want above %d", r.Raises, r.Horizon, mark)
	}
}

// Whatever eight writers commit in whatever order, two readers hear all of it, each row once; one that asks for marks above the last it saw would miss some.
//
// Red when: the poll does not ask for what was running at the last one.
func TestNothingIsLostUnderConcurrentWriters(t *testing.T) {
	t.Parallel()
	url := postgresEmpty(t)
	s := open(t, url)
	l := listen(t, s)
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Second)
	defer stop()
	var mu sync.Mutex
	ledger := map[string]cache.Mark{} // what was committed
	var writers sync.WaitGroup
	for w := range 8 {
		db := prompt(t, url)
		writers.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				tag := fmt.Sprintf("w%d:%d", w, n)
				tx, mark := begin(db, tag)
				if n%7 == w%7 {
					_ = tx.Rollback()
					continue
				}
				if n%3 == 0 {
					time.Sleep(time.Duration(w) * time.Millisecond) // commits overtake it
				}
				commit(t, tx)
				mu.Lock()
				ledger[tag] = mark
				mu.Unlock()
			}
		})
	}
	heard := map[string]cache.Mark{}
	naive := map[string]bool{}
	var last int64
	db := prompt(t, url)
	read := func() {
		r := l.poll()
		for _, raise := range r.Raises {
			if _, twice := heard[raise.Tag]; twice {
				t.Errorf("%v was heard twice", raise)
			}
			heard[raise.Tag] = raise.Mark
		}
		next := last
		for _, row := range db.texts(`SELECT mark || ' ' || tag FROM cache_journal WHERE mark > $1`, last) {
			mark, tag, _ := strings.Cut(row, " ")
			var m int64
			if _, err := fmt.Sscan(mark, &m); err != nil {
				t.Fatal(err)
			}
			next = max(next, m)
			naive[tag] = true
		}
		last = next
	}
	for ctx.Err() == nil {
		read()
	}
	writers.Wait()
	read()
	lost, lostNaive := 0, 0
	for tag, mark := range ledger {
		if heard[tag] != mark {
			lost++
		}
		if !naive[tag] {
			lostNaive++
		}
	}
	t.Logf("%d changes: %d lost, %d by asking for higher marks", len(ledger), lost, lostNaive)
	if lost != 0 || len(heard) != len(ledger) || len(ledger) < 200 {
		t.Errorf("%d of %d changes were lost, %d heard", lost, len(ledger), len(heard))
	}
	if lostNaive == 0 {
		t.Error("asking for higher marks lost nothing, so the writers never overlapped and this test proves nothing")
	}
}

// Rows of another cluster, from a copy that was loaded by hand, have marks that mean nothing yet and are not heard.
//
// Red when: marks that no transaction has had yet are read.
func TestMarksFromElsewhere(t *testing.T) {
	t.Parallel()
	url := postgresEmpty(t)
	s := open(t, url)
	l := listen(t, s)
	db := prompt(t, url)
	db.exec(`INSERT INTO cache_journal (mark, tag) VALUES (900000000000, 'alien')`)
	db.exec(`UPDATE cache_meta SET pruned = 900000000000`)
	for range 2 {
		if r := l.poll(); len(r.Raises) != 0 || r.Pruned != 0 {
			t.Errorf("heard %v, pruned up to %d; want nothing", r.Raises, r.Pruned)
		}
	}
	if got := (&listener{t: t, journal: l.journal}).tags(); len(got) != 0 {
		t.Errorf("a new reader hears %q, want nothing", got)
	}
}

// A poll that hangs gives its caller an answer at the deadline, keeps no other caller longer than his, and the next one works.
//
// Red when: a poll waits for its statement, or for the poll before it, past its deadline.
func TestAHangingPoll(t *testing.T) {
	t.Parallel()
	url := postgresEmpty(t)
	s := open(t, url)
	l := listen(t, s)
	lock, err := prompt(t, url).db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock.Exec(`LOCK TABLE cache_journal IN ACCESS EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			began := time.Now()
			_, err := l.journal.Poll(ctx, l.position)
			if took := time.Since(began); err == nil || took > time.Second {
				t.Errorf("the poll ended after %s with %v, want an error after 300 ms", took, err)
			}
		})
	}
	wg.Wait()
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	l.poll()
}

// A server that answers nothing any more, over a network that swallows everything, costs a poll no more than its time.
func TestASilentNetwork(t *testing.T) {
	t.Parallel()
	wire := newWire(t, postgresEmpty(t))
	l := listen(t, open(t, wire.url))
	wire.silence(true)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := l.journal.Poll(ctx, l.position); err == nil || time.Since(began) > 2*time.Second {
		t.Errorf("the poll ended after %s with %v, want an error after 300 ms", time.Since(began), err)
	}
	wire.silence(false)
	l.poll()
}

// When the server cuts all connections, the next poll already connects again.
//
// Red when: a poll whose connection was cut does not try a new one.
func TestPollConnectsAgain(t *testing.T) {
	t.Parallel()
	url := postgresEmpty(t)
	s := open(t, url)
	l := listen(t, s)
	prompt(t, url).exec(`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'exodrive journal' AND datname = current_database()`)
	oneCar(t, s)
	if got := l.tags(); len(got) == 0 {
		t.Error("nothing was heard")
	}
}

// With every connection of the pool in use, the journal is read as ever.
//
// Red when: a poll takes a connection of the pool.
func TestABusyPoolDoesNotStopPolls(t *testing.T) {
	t.Parallel()
	url := postgresEmpty(t)
	s := open(t, url)
	l := listen(t, s)
	release := make(chan struct{})
	var holding, done sync.WaitGroup
	for range 20 {
		holding.Add(1)
		done.Go(func() {
			if err := s.Tx(t.Context(), func(*sqlstore.Tx) error { holding.Done(); <-release; return nil }); err != nil {
				t.Error(err)
			}
		})
	}
	holding.Wait()
	prompt(t, url).exec(`INSERT INTO cache_journal (tag) VALUES ('heard')`)
	began := time.Now()
	if got := l.tags(); len(got) != 1 || time.Since(began) > time.Second {
		t.Errorf("%q was heard after %s", got, time.Since(began))
	}
	close(release)
	done.Wait()
}

// Behind a transaction pooler the journal is read as with a direct connection.
//
// Red when: the connection asks for settings of a session.
func TestPollBehindAPooler(t *testing.T) {
	t.Parallel()
	direct := postgresEmpty(t)
	s := pooled(t, direct)
	behind, ahead := listen(t, s), listen(t, open(t, direct))
	oneCar(t, s)
	a, b := behind.poll(), ahead.poll()
	if len(a.Raises) == 0 || len(a.Raises) != len(b.Raises) || a.Epoch != b.Epoch {
		t.Errorf("behind the pooler %v of epoch %d, ahead of it %v of %d", a.Raises, a.Epoch, b.Raises, b.Epoch)
	}
	if _, h := behind.horizon(); h < a.Horizon {
		t.Errorf("the horizon is %d, of the poll before it was %d", h, a.Horizon)
	}
	if s.Bell() != nil {
		t.Error("there is a bell, which nobody could hear")
	}
}
