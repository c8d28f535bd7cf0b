package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/exodrive/exodrive/obs"
)

var postgresDialect = dialect{
	name: "postgres", goose: "postgres", other: ".sqlite.sql",
	// Tables of extensions are nobody's.
	tables: `SELECT COUNT(*) FILTER (WHERE relname = 'goose_db_version') > 0, COUNT(*) FILTER (WHERE relname <> 'goose_db_version')
		FROM pg_class c WHERE relkind IN ('r', 'p') AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
		AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')`,
	lockRow:     ` FOR NO KEY UPDATE`,
	mayLose:     `, (SELECT set_config('synchronous_commit', 'off', TRUE)) AS may_lose`,
	skipLocked:  ` FOR NO KEY UPDATE SKIP LOCKED`,
	lockName:    `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`,
	batchValues: 2000,
	// All words of about the length are compared: the threshold of pg_trgm's index
	// operator is a setting of the session, which a pooler does not keep, and its
	// default forgives no letter changed inside a short word.
	similarWords: `SELECT term FROM car_words WHERE term >= $1 AND term < $2
		UNION SELECT term FROM car_words WHERE length(term) BETWEEN length($1) - 2 AND length($1) + 2 AND similarity(term, $1) >= 0.2`,
	foundBy: `c.search @@ to_tsquery('simple', ?)`,
	// The weight is asked for by a query in which every word has the suffix :A.
	namedBy:  `c.search @@ to_tsquery('simple', replace(?, ' |', ':A |') || ':A')`,
	anyOf:    func(words []string) string { return strings.Join(words, " | ") },
	fault:    postgresFault,
	migrator: postgresMigrator,

	dialJournal: dialPostgresJournal, horizon: postgresHorizonText, refusesToTell: refusesToTellPostgres,
	prunable: postgresPrunable, written: postgresWritten,
	ring: postgresRing, listen: listenPostgres,
	nodes: postgresNodes, clock: postgresClock, held: postgresHeld, indexes: postgresIndexes,
	serverCosts: postgresServerCosts, notKept: notKeptByPostgres, scanned: scannedByPostgres,

	backup: func(ctx context.Context, e engine, file string) error {
		// The numbers in the journal mean nothing in another cluster.
		return runPostgres(ctx, e.url, "pg_dump", "--format=custom", "--no-owner", "--exclude-table-data=cache_journal", "--file="+file)
	},
	restore: restorePostgres,
}

// pooledDialect is Postgres behind a transaction pooler: the timeouts are set in each
// transaction instead of once per session.
var pooledDialect = func() dialect {
	d := postgresDialect
	d.beginTx = fmt.Sprintf(`SELECT set_config('statement_timeout', '%d', TRUE), set_config('lock_timeout', '%d', TRUE)`,
		statementTimeout.Milliseconds(), lockTimeout.Milliseconds())
	d.ring, d.listen = "", nil // a session that listens would be somebody else's the next moment
	return d
}()

// errNoPostgresURL stands for the driver's sentence, which may repeat the password.
var errNoPostgresURL = errors.New("DATABASE_URL is not a Postgres address; write postgres://user:password@host:5432/name")

func openPostgres(ctx context.Context, c Config) (engine, error) {
	config, err := pgxpool.ParseConfig(c.URL)
	if err != nil {
		return engine{}, errNoPostgresURL
	}
	config.MaxConns = int32(c.Pool)
	config.MinIdleConns = int32(min(4, c.Pool))
	config.MaxConnIdleTime = 10 * time.Minute
	config.ConnConfig.ConnectTimeout = acquireTimeout
	d := &postgresDialect
	if c.Pooler {
		d = &pooledDialect
		config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
		config.ConnConfig.StatementCacheCapacity = 0
		config.ConnConfig.DescriptionCacheCapacity = 0
	} else {
		p := config.ConnConfig.RuntimeParams
		setDefault(p, "statement_timeout", strconv.FormatInt(statementTimeout.Milliseconds(), 10))
		setDefault(p, "lock_timeout", strconv.FormatInt(lockTimeout.Milliseconds(), 10))
		setDefault(p, "application_name", "exodrive")
		// Compiling costs more than these statements take.
		setDefault(p, "jit", "off")
		if c.ReadOnly {
			p["default_transaction_read_only"] = "on"
		}
	}
	if c.ReadOnly {
		config.MinIdleConns = 0
	}
	pool, err := pgxpool.NewWithConfig(context.WithoutCancel(ctx), config)
	if err != nil {
		return engine{}, err
	}
	db := sql.OpenDB(patientConnector{stdlib.GetPoolConnector(pool)})
	// The pool is pgx's; a second one in front would keep connections from it.
	db.SetMaxIdleConns(0)
	return engine{
		dialect: d, rw: db, ro: db, url: c.URL,
		stats: func() map[string]obs.PoolStats {
			s := pool.Stat()
			return map[string]obs.PoolStats{"main": {
				Max: int(s.MaxConns()), Open: int(s.TotalConns()), InUse: int(s.AcquiredConns()), Idle: int(s.IdleConns()),
				WaitCount: s.EmptyAcquireCount(), WaitDuration: s.EmptyAcquireWaitTime(),
			}}
		},
		close: func() error { err := db.Close(); pool.Close(); return err },
	}, nil
}

func setDefault(m map[string]string, key, value string) {
	if _, ok := m[key]; !ok {
		m[key] = value
	}
}

// patientConnector waits a bounded time for a free connection.
type patientConnector struct{ driver.Connector }

// errPoolBusy is the end of that wait.
var errPoolBusy = errors.New("no free database connection")

func (c patientConnector) Connect(ctx context.Context) (driver.Conn, error) {
	wait, cancel := context.WithTimeout(ctx, acquireTimeout)
	defer cancel()
	conn, err := c.Connector.Connect(wait)
	if err != nil && wait.Err() != nil && ctx.Err() == nil {
		return nil, fmt.Errorf("%w in %s: %w", errPoolBusy, acquireTimeout, err)
	}
	return conn, err
}

func postgresFault(err error) (faultKind, string) {
	if errors.Is(err, pgx.ErrTxCommitRollback) {
		return faultRolledBack, ""
	}
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) {
		// Whatever the server said when it refused the connection, no statement ran.
		return faultUnavailable, ""
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch {
		case e.Code == "23505", e.Code == "23P01":
			return faultUnique, e.ConstraintName
		case e.Code == "23503":
			return faultForeign, e.ConstraintName
		// 22 is a value that no column can hold, such as a text with a zero byte.
		case e.Code[:2] == "23", e.Code[:2] == "22":
			return faultCheck, e.ConstraintName
		case e.Code == "40001", e.Code == "40P01":
			return faultRetry, ""
		case e.Code == "55P03":
			return faultBusy, ""
		// Connection, resources, operator intervention (also statement_timeout),
		// a database in recovery or not there any more.
		case e.Code[:2] == "08", e.Code[:2] == "53", e.Code[:2] == "57", e.Code == "25006", e.Code == "3D000":
			return faultUnavailable, ""
		}
		return faultOther, ""
	}
	var timeout net.Error
	if errors.Is(err, errPoolBusy) || errors.As(err, &timeout) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || strings.Contains(err.Error(), "conn closed") {
		return faultUnavailable, ""
	}
	return faultOther, ""
}

// postgresMigrator has connections of its own, because the limits of ordinary
// statements would end the wait for another process and the building of a large
// index, and a pool of one connection could not hold the lock and work.
func postgresMigrator(ctx context.Context, e engine) (*sql.DB, func() error, error) {
	config, err := pgx.ParseConfig(withoutPool(e.url).String())
	if err != nil {
		return nil, nil, errNoPostgresURL
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeExec // good behind a pooler, too
	for _, limit := range []string{"statement_timeout", "lock_timeout"} {
		delete(config.RuntimeParams, limit)
		if e.beginTx == "" { // a pooler would refuse it
			config.RuntimeParams[limit] = "0"
		}
	}
	db := stdlib.OpenDB(*config)
	wait, cancel := context.WithTimeout(ctx, migrationPatience)
	defer cancel()
	tx, err := db.BeginTx(ctx, nil)
	if err == nil {
		_, err = tx.ExecContext(wait, `SELECT set_config('lock_timeout', '0', TRUE), set_config('statement_timeout', '0', TRUE)`)
	}
	if err == nil {
		// Held by a transaction, not a session, so that it works behind a
		// transaction pooler. The number is "exodrive" in ASCII.
		_, err = tx.ExecContext(wait, `SELECT pg_advisory_xact_lock(7311984480086832741)`)
	}
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return db, func() error { return errors.Join(tx.Rollback(), db.Close()) }, nil
}

// withoutPool is the address without the parameters that only a pool knows.
func withoutPool(address string) *url.URL {
	u, err := url.Parse(address)
	if err != nil {
		return &url.URL{}
	}
	query := u.Query()
	for name := range query {
		if strings.HasPrefix(name, "pool_") {
			query.Del(name)
		}
	}
	u.RawQuery = query.Encode()
	return u
}

// runPostgres runs one of Postgres's own programs on a database; its output is
// its error. The password goes by the environment: arguments are for all to see.
func runPostgres(ctx context.Context, address, program string, args ...string) error {
	_, err := runPostgresOutput(ctx, address, program, args...)
	return err
}

// runPostgresOutput is runPostgres, and returns what the program prints. pg_restore is
// told of no database: it only turns a backup into text here.
func runPostgresOutput(ctx context.Context, address, program string, args ...string) (string, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return "", fmt.Errorf("%s is not installed; it comes with the Postgres client (Debian: apt-get install postgresql-client)", program)
	}
	u := withoutPool(address)
	password, _ := u.User.Password()
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	if program != "pg_restore" {
		args = append(args, "--dbname="+u.String())
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append(os.Environ(), "PGPASSWORD="+password)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", program, err, strings.TrimSpace(string(out)))
	}
	return string(out), nil
}
