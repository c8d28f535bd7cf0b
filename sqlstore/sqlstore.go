// Package sqlstore holds all SQL. A Store is one database, Postgres or SQLite,
// behind one text of every statement; what differs between the two is in the
// files dialect*.go and in the migrations.
//
// Open a Store, Migrate it, and call its methods: reads hang on queries, which
// both Store and Tx embed, so the same method serves in and out of a
// transaction. Writes exist on Tx only; Store.Tx runs a function as one
// transaction. A Store is safe for concurrent use, a Tx belongs to one goroutine.
// Methods block on the database, return exodrive.Error for what a person can understand (not_found, conflict,
// unavailable) and a plain chain for the rest. They know shapes and constraints,
// not permissions or prices: those are package rental's.
//
// The trap: SQLite has one writer, which hides races. A test about concurrency
// counts only on Postgres.
package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/obs"
)

// Config says which database and how much of it.
type Config struct {
	URL    string           // sqlite:PATH, postgres://… or postgresql://…
	Pool   int              // connections to Postgres; 0 is 20
	Pooler bool             // behind a transaction pooler: nothing of a session may be used
	Now    func() time.Time // nil is time.Now
	// ServerTime makes a server's clock the one that says what time it is, see Store.Now.
	// A file goes by Now.
	ServerTime bool
	// ReadOnly opens a database that is there and changes nothing in or beside it.
	ReadOnly bool
	// Trace, if not nil, is told every statement before it runs, from many
	// goroutines at once. It is for benchmarks and debugging.
	Trace func(text string, args []any)
}

// Times after which the store gives up.
const (
	acquireTimeout   = 3 * time.Second // a free connection; beyond it the caller gets a 503
	statementTimeout = 5 * time.Second // one statement, enforced by Postgres
	// lockTimeout is how long a transaction waits for a row that another one is changing,
	// enforced by Postgres. It is many times what a queue before a hot car takes, and less
	// than acquireTimeout: whoever waits holds a connection, so when a row is held for long
	// and everybody wants it, callers for other rows still get theirs.
	lockTimeout = 2 * time.Second
	readTimeout = 6 * time.Second // one statement with waiting, enforced by us
	txTimeout   = 15 * time.Second
	defaultPool = 20
)

// Store is one open database.
type Store struct {
	queries
	rw     *sql.DB
	engine engine
	clock  clock
	// written is the hook of OnWritten.
	written atomic.Pointer[func(context.Context, cache.Written)]
	// enqueued is the hook of OnEnqueued.
	enqueued atomic.Pointer[func(time.Time)]
}

// Open connects to the database, which must answer within ten seconds, and
// creates the file and folder of an SQLite one. It does not migrate.
func Open(ctx context.Context, c Config) (*Store, error) {
	if c.Pool == 0 {
		c.Pool = defaultPool
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	e, err := openEngine(ctx, c)
	if err != nil {
		return nil, err
	}
	s := &Store{
		queries: queries{db: e.ro, d: e.dialect, trace: c.Trace, costs: newCosts()},
		rw:      e.rw, engine: e, clock: clock{machine: c.Now},
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := s.Ping(ctx); err != nil {
		s.Close()
		return nil, err
	}
	if c.ServerTime && !s.Embedded() {
		if err := s.setClock(ctx, s.alone()); err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

// Ping asks the database for an answer.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return s.row(ctx, sqlPing).scan(&one)
}

const sqlPing = `SELECT 1`

// Close ends all connections after their statements.
func (s *Store) Close() error { return s.engine.close() }

// Engine is "postgres" or "sqlite", for logs.
func (s *Store) Engine() string { return s.d.name }

// PoolStats tells how the connections are used, by pool.
func (s *Store) PoolStats() map[string]obs.PoolStats { return s.engine.stats() }

// Tx is one transaction. It is used by one goroutine at a time.
type Tx struct {
	queries
	Now time.Time // the instant of the transaction as it is stored, the same for all its rows
	// Wanted is what the tries of this transaction before said they would have needed.
	Wanted []string
	// enqueued is when the first job is due that this transaction enqueued.
	enqueued time.Time
}

// txAttempts bounds how often a transaction that lost against another is run
// again.
const txAttempts = 6

// Tx runs fn as one transaction: committed if fn returns nil, rolled back if it
// returns an error or panics. fn may run several times, when the database asks
// for a retry, so it must have no effect but through tx. No network call belongs
// in it.
//
// Begin and commit do not follow ctx, but a limit of 15 seconds: over pgx a
// cancelled context made Commit report a failure after a real commit. The
// statements of fn do follow it, so a caller that goes away before the commit
// leaves nothing behind.
func (s *Store) Tx(ctx context.Context, fn func(*Tx) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), txTimeout)
	defer cancel()
	return s.tx(ctx, fn)
}

// LongTx is Tx without its limit of time, for filling a database from the
// command line. On SQLite nobody else can write meanwhile.
func (s *Store) LongTx(ctx context.Context, fn func(*Tx) error) error {
	return s.tx(context.WithoutCancel(ctx), fn)
}

func (s *Store) tx(ctx context.Context, fn func(*Tx) error) error {
	var wanted []string
	for attempt := 1; ; attempt++ {
		err := s.txOnce(ctx, wanted, fn)
		once, more := errors.AsType[again](err)
		if err == nil || !s.d.retryable(err) && !more || attempt == txAttempts {
			return s.d.public(err)
		}
		wanted = append(wanted, once.wanted...)
		select {
		case <-ctx.Done():
			return s.d.public(err)
		case <-time.After(rand.N(time.Duration(attempt) * retryPause)):
		}
	}
}

// Again is an error of a transaction's function that makes Tx run it again, as if it had
// lost against another: for who finds, under the lock he waited for, that what he locked is
// not what he needs. What he needs as well is wanted of the next try, see Tx.Wanted. After
// the last one Tx returns err.
func Again(err error, wanted ...string) error { return again{err, wanted} }

type again struct {
	error
	wanted []string
}

func (a again) Unwrap() error { return a.error }

// retryPause is the longest pause before the first retry; the next ones are
// longer, each by chance.
const retryPause = 20 * time.Millisecond

func (s *Store) txOnce(ctx context.Context, wanted []string, fn func(*Tx) error) (err error) {
	done := obs.RequestFrom(ctx).DB()
	tx, err := s.rw.BeginTx(ctx, nil)
	done()
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() {
		// After a commit this does nothing; after an error or a panic it is the
		// rollback.
		if rollback := tx.Rollback(); err != nil && rollback != nil && !errors.Is(rollback, sql.ErrTxDone) {
			err = fmt.Errorf("%w; rollback: %w", err, rollback)
		}
	}()
	t := &Tx{queries: queries{db: tx, d: s.d, trace: s.trace, costs: s.costs}, Wanted: wanted}
	if s.d.beginTx != "" {
		if err := t.exec(ctx, s.d.beginTx); err != nil {
			return err
		}
	}
	if err := s.keepTime(ctx, t.queries); err != nil {
		return err
	}
	t.Now = s.Now().Truncate(time.Millisecond)
	hook := s.written.Load()
	before, err := t.beforeWrites(ctx, hook != nil)
	if err != nil {
		return err
	}
	if err := fn(t); err != nil {
		return err
	}
	wrote, err := t.wrote(ctx, before, hook != nil)
	if err != nil {
		return err
	}
	done = obs.RequestFrom(ctx).DB()
	err = tx.Commit()
	done()
	if err == nil || !s.d.refused(err) {
		if len(wrote) > 0 {
			(*hook)(ctx, wrote)
		}
		if poke := s.enqueued.Load(); poke != nil && !t.enqueued.IsZero() {
			(*poke)(t.enqueued)
		}
	}
	if err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// anys turns a list into statement arguments.
func anys[T any](list []T) []any {
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = v
	}
	return out
}

// Embedded tells whether the database is a file of this program alone, which it
// migrates without being asked.
func (s *Store) Embedded() bool { return s.engine.path != "" }
