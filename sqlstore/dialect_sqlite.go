package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/exodrive/exodrive/obs"
)

var sqliteDialect = dialect{
	name: "sqlite", goose: "sqlite3", other: ".postgres.sql",
	// $1 is a name to SQLite: it looks through all names for each, so the cost
	// grows with the square of their number.
	batchValues: 100,
	// Terms of letters and digits alone are words. Any other may fold to something
	// else or hold several words, so it is always looked at.
	similarWords: `SELECT term FROM car_words WHERE term >= $1 AND term < $2 OR length(term) BETWEEN length($1) - 2 AND length($1) + 2
		OR term GLOB '*[^a-z0-9]*'`,
	foundBy: `c.rowid IN (SELECT rowid FROM cars_search WHERE cars_search MATCH ?)`,
	namedBy: `c.rowid IN (SELECT rowid FROM cars_search WHERE cars_search MATCH '{name make model category} : (' || ? || ')')`,
	anyOf:   func(words []string) string { return `"` + strings.Join(words, `" OR "`) + `"` },
	fault:   sqliteFault,
	tables: `SELECT COUNT(*) FILTER (WHERE name = 'goose_db_version') > 0, COUNT(*) FILTER (WHERE name <> 'goose_db_version')
		FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'`,
	migrator: func(ctx context.Context, e engine) (*sql.DB, func() error, error) {
		// The lock is a transaction on a file of its own: one on the database
		// itself would keep out the migrations, which use their own connection. Nothing is
		// written there, so it needs no log, and no switch to one that may be refused.
		lock, err := sql.Open("sqlite", sqliteAddress(e.path+".migrating", migrationPatience)+"&_txlock=immediate")
		if err != nil {
			return nil, nil, err
		}
		tx, err := lock.BeginTx(ctx, nil)
		if err != nil {
			return nil, nil, errors.Join(err, lock.Close())
		}
		return e.rw, func() error { return errors.Join(tx.Rollback(), lock.Close()) }, nil
	},
	backup: func(ctx context.Context, e engine, file string) error {
		// Not on the readers, which may write nowhere, nor on the writer, whom it
		// would keep busy: a connection of its own reads while others write.
		db, err := sql.Open("sqlite", sqliteDSN(e.path, "deferred", busyTimeout))
		if err != nil {
			return err
		}
		_, err = db.ExecContext(ctx, `VACUUM INTO $1`, file)
		return errors.Join(err, db.Close())
	},
	restore: restoreSQLite,

	dialJournal: dialSQLiteJournal, horizon: func(bool) string { return horizonOnSQLite }, refusesToTell: func(error) bool { return false },
	prunable: prunableOnSQLite, written: writtenOnSQLite, beforeWrites: beforeWritesOnSQLite,
	clock: clockOnSQLite, indexes: indexesOnSQLite, scanned: scannedOnSQLite,
}

// How long a statement waits for another process's write, and a start for
// another start's migrations.
const (
	busyTimeout       = 5 * time.Second
	migrationPatience = 2 * time.Minute
)

// sqliteReaders is how many reads run at once; they are bound by processors.
func sqliteReaders() int { return max(4, 2*runtime.GOMAXPROCS(0)) }

func openSQLite(ctx context.Context, path string, c Config) (engine, error) {
	path = strings.TrimPrefix(path, "//")
	if path == "" {
		return engine{}, errors.New("DATABASE_URL sqlite: names no file; write sqlite:data/exodrive.db")
	}
	if c.ReadOnly {
		return openSQLiteToLook(path)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return engine{}, fmt.Errorf("the folder of the database cannot be made: %w", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return engine{}, fmt.Errorf("the database cannot be written: %w", err)
	}
	if err := f.Close(); err != nil {
		return engine{}, err
	}
	rw, err := sql.Open("sqlite", sqliteDSN(path, "immediate", busyTimeout))
	if err != nil {
		return engine{}, err
	}
	// One writer: a second connection would only wait in busy_timeout.
	rw.SetMaxOpenConns(1)
	beginLog(ctx, rw)
	ro, err := sql.Open("sqlite", sqliteDSN(path, "deferred", busyTimeout)+"&_pragma=query_only(1)")
	if err != nil {
		rw.Close()
		return engine{}, err
	}
	ro.SetMaxOpenConns(sqliteReaders())
	ro.SetMaxIdleConns(sqliteReaders())
	return sqliteEngine(path, rw, ro), nil
}

func sqliteEngine(path string, rw, ro *sql.DB) engine {
	reads := newPrepared(ro)
	return engine{
		dialect: &sqliteDialect, rw: rw, ro: reads, path: path, url: "sqlite:" + path,
		stats: func() map[string]obs.PoolStats {
			return map[string]obs.PoolStats{"read": sqlStats(ro.Stats()), "write": sqlStats(rw.Stats())}
		},
		close: func() error { return errors.Join(reads.Close(), rw.Close()) },
	}
}

// openSQLiteToLook opens a file that is there, for reads only. Without a log beside
// it nobody has it open; then it is read as if it never changed, because a reader
// like any other would leave files behind that a server under another user could
// not open.
func openSQLiteToLook(path string) (engine, error) {
	address := "file:" + sqlitePath(path) + "?mode=ro&_pragma=busy_timeout(1000)"
	if _, err := os.Stat(path + "-wal"); errors.Is(err, fs.ErrNotExist) {
		address += "&immutable=1"
	}
	rw, err := sql.Open("sqlite", address)
	if err != nil {
		return engine{}, err
	}
	ro, err := sql.Open("sqlite", address)
	if err != nil {
		rw.Close()
		return engine{}, err
	}
	ro.SetMaxOpenConns(sqliteReaders())
	return sqliteEngine(path, rw, ro), nil
}

// beginLog switches a file that is new to WAL, by the first connection to it. Of two
// processes that do so in the same moment SQLite refuses one at once, whatever its
// timeout, because each would wait for the other; that one tries again. Any other
// fault is told by whatever uses the file first.
func beginLog(ctx context.Context, rw *sql.DB) {
	for late := time.Now().Add(busyTimeout); time.Now().Before(late); time.Sleep(time.Millisecond) {
		if fault, _ := sqliteFault(rw.PingContext(ctx)); fault != faultRetry {
			return
		}
	}
}

// sqliteAddress is a file whose statements wait for other processes. The timeout
// comes before whatever may have to wait.
func sqliteAddress(path string, patience time.Duration) string {
	return "file:" + sqlitePath(path) + "?_pragma=busy_timeout(" + strconv.FormatInt(patience.Milliseconds(), 10) + ")"
}

// sqliteDSN is a database: in WAL, with 256 MiB of the file mapped.
func sqliteDSN(path, txlock string, patience time.Duration) string {
	return sqliteAddress(path, patience) + "&_pragma=journal_mode(WAL)" +
		"&_pragma=synchronous(NORMAL)&_pragma=foreign_keys(1)&_pragma=temp_store(MEMORY)" +
		"&_pragma=cache_size(-16000)&_pragma=mmap_size(268435456)&_txlock=" + txlock
}

// openSQLiteFile opens a file only to look at it.
func openSQLiteFile(path string) (*sql.DB, error) {
	return sql.Open("sqlite", "file:"+sqlitePath(path)+"?mode=ro")
}

// sqlitePath is a path inside of an SQLite address.
func sqlitePath(path string) string { return (&url.URL{Path: path}).EscapedPath() }

// aloneOnSQLite locks a file that nobody else has open, until release is called. A
// connection that uses a log holds a lock for as long as it lives, and leaving the
// log is for the only one; it also leaves no log behind, so that the file is the
// whole database. A transaction then keeps others out.
func aloneOnSQLite(ctx context.Context, path string) (release func() error, err error) {
	db, err := sql.Open("sqlite", "file:"+sqlitePath(path)+"?_txlock=exclusive")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	var tx *sql.Tx
	if _, err = db.ExecContext(ctx, `PRAGMA journal_mode = DELETE`); err == nil {
		tx, err = db.BeginTx(ctx, nil)
	}
	if err != nil {
		if kind, _ := sqliteFault(err); kind == faultRetry {
			err = ErrInUse
		}
		return nil, errors.Join(err, db.Close())
	}
	return func() error { return errors.Join(tx.Rollback(), db.Close()) }, nil
}

func sqlStats(s sql.DBStats) obs.PoolStats {
	return obs.PoolStats{
		Max: s.MaxOpenConnections, Open: s.OpenConnections, InUse: s.InUse, Idle: s.Idle,
		WaitCount: s.WaitCount, WaitDuration: s.WaitDuration,
	}
}

func sqliteFault(err error) (faultKind, string) {
	if errors.Is(err, context.DeadlineExceeded) {
		return faultUnavailable, ""
	}
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return faultOther, ""
	}
	// The text ends in the columns: "… UNIQUE constraint failed: cars.slug (2067)".
	_, columns, _ := strings.Cut(e.Error(), "constraint failed: ")
	columns, _, _ = strings.Cut(columns, " (")
	_, after, found := strings.Cut(columns, "constraint failed: ")
	if found {
		columns = after
	}
	switch code := e.Code(); {
	case code == sqlite3.SQLITE_CONSTRAINT_UNIQUE, code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, code == sqlite3.SQLITE_CONSTRAINT_ROWID:
		return faultUnique, columns
	case code == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return faultForeign, columns
	case code&0xff == sqlite3.SQLITE_CONSTRAINT:
		return faultCheck, columns
	case code&0xff == sqlite3.SQLITE_BUSY, code&0xff == sqlite3.SQLITE_LOCKED:
		return faultRetry, ""
	case code&0xff == sqlite3.SQLITE_IOERR, code&0xff == sqlite3.SQLITE_FULL, code&0xff == sqlite3.SQLITE_CANTOPEN,
		code&0xff == sqlite3.SQLITE_INTERRUPT, code&0xff == sqlite3.SQLITE_READONLY:
		return faultUnavailable, ""
	}
	return faultOther, ""
}
