package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exodrive/exodrive/cache"
)

// What an epoch on Postgres is made of: the things that change when the numbers of
// transactions may begin to mean something else.
//
//   - the cluster, and its timeline, which a promotion changes at once where
//     pg_control_checkpoint is minutes late;
//   - the start of the server, because a crash may use numbers again that never
//     reached the disk;
//   - the reset of its statistics, which recovery does, because after the crash of
//     one session the server recovers without a new start;
//   - the database and its journal's table, since copies of a database in one
//     cluster share all the rest, and a restore makes the table anew;
//   - what cache_meta says.
//
// A server that does not tell the first and third (a managed one that took these
// functions from its users) is told apart by the rest.
const (
	wholeIdentity = `(SELECT system_identifier FROM pg_control_system()), (SELECT extract(epoch FROM stats_reset) FROM pg_stat_archiver),
		CASE WHEN NOT pg_is_in_recovery() THEN substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END, ` + plainIdentity
	plainIdentity = `extract(epoch FROM pg_postmaster_start_time()), (SELECT oid FROM pg_database WHERE datname = current_database()),
		CAST(CAST('cache_meta' AS regclass) AS oid), m.install, m.bump`

	// Transaction numbers are xid8, which have no arithmetic and travel as BIGINT.
	postgresNow     = `(SELECT pg_current_snapshot() AS seen) n CROSS JOIN cache_meta m`
	postgresHorizon = `CAST(CAST(pg_snapshot_xmin(n.seen) AS TEXT) AS BIGINT)`
	postgresNext    = `CAST(CAST(pg_snapshot_xmax(n.seen) AS TEXT) AS BIGINT)`
)

func identityOn(plain bool) string {
	parts := wholeIdentity
	if plain {
		parts = plainIdentity
	}
	return `pg_is_in_recovery(), concat_ws('/', ` + parts + `)`
}

func postgresHorizonText(plain bool) string {
	return `SELECT ` + identityOn(plain) + `, ` + postgresHorizon + ` FROM ` + postgresNow
}

// postgresPollText is one statement, so that everything in it is of one snapshot.
// What the position did not see is what had not begun then ($1 is its xmax) and
// what was under way ($2); asking for both by number keeps a poll short when a long
// transaction holds xmin back. A mark that no transaction has had yet is from a
// copy of another database's rows, and means nothing here.
func postgresPollText(plain bool) string {
	newest := fmt.Sprintf(` ORDER BY mark DESC LIMIT %d`, maxRaises+1)
	return `SELECT ` + identityOn(plain) + `, CAST(n.seen AS TEXT), ` + postgresHorizon + `,
		CASE WHEN m.pruned < ` + postgresNext + ` THEN m.pruned ELSE 0 END, r.marks, r.tags
	FROM ` + postgresNow + ` CROSS JOIN LATERAL (
		SELECT array_agg(u.mark) AS marks, array_agg(u.tag) AS tags FROM (
			(SELECT mark, tag FROM cache_journal WHERE mark >= $1 AND mark < ` + postgresNext + newest + `) UNION ALL
			(SELECT mark, tag FROM cache_journal WHERE mark = ANY ($2)` + newest + `)) u) r`
}

// postgresPrunable is the highest mark of the oldest rows that may go: $1 is the
// retention in milliseconds, $2 the size of a batch.
const postgresPrunable = `SELECT COALESCE(MAX(o.mark), 0) FROM (
	SELECT j.mark FROM cache_journal j, (SELECT pg_current_snapshot() AS seen) n
	WHERE j.mark < ` + postgresHorizon + ` AND j.at < extract(epoch FROM clock_timestamp()) * 1000 - CAST($1 AS BIGINT)
	ORDER BY j.mark LIMIT $2) o`

// postgresWritten asks for the journal rows of the transaction itself; one that
// wrote nothing has no number.
const postgresWritten = `SELECT mark, tag FROM cache_journal
	WHERE mark = CAST(CAST(pg_current_xact_id_if_assigned() AS TEXT) AS BIGINT) AND mark > CAST($1 AS BIGINT)`

// refusesToTellPostgres recognises a server that keeps parts of its identity from
// the role, or does not have the functions.
func refusesToTellPostgres(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && slices.Contains([]string{"42501", "0A000", "42883"}, e.Code)
}

// postgresJournal is a connection outside the pool.
type postgresJournal struct{ conn *pgx.Conn }

func dialPostgresJournal(ctx context.Context, e engine) (journalConn, error) {
	conn, err := dialPostgres(ctx, e, "exodrive journal")
	if err != nil {
		return nil, err
	}
	return &postgresJournal{conn}, nil
}

// dialPostgres makes a connection outside the pool.
func dialPostgres(ctx context.Context, e engine, name string) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(withoutPool(e.url).String())
	if err != nil {
		return nil, errNoPostgresURL
	}
	config.ConnectTimeout = acquireTimeout
	config.DefaultQueryExecMode = pgx.QueryExecModeExec // good behind a pooler, too
	if e.beginTx == "" {                                // a pooler would refuse it
		setDefault(config.RuntimeParams, "statement_timeout", strconv.FormatInt(statementTimeout.Milliseconds(), 10))
		setDefault(config.RuntimeParams, "jit", "off")
		config.RuntimeParams["application_name"] = name
	}
	return pgx.ConnectConfig(ctx, config)
}

func (c *postgresJournal) poll(ctx context.Context, since string, plain bool) (polled, error) {
	next, running, err := snapshotOf(since)
	if err != nil {
		return polled{}, err
	}
	var (
		p       polled
		standby bool
		marks   []int64
		tags    []string
	)
	err = c.conn.QueryRow(ctx, postgresPollText(plain), next, running).Scan(&standby, &p.identity, &p.position, &p.horizon, &p.pruned, &marks, &tags)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return polled{}, errNoMeta
	case err != nil:
		return polled{}, err
	case standby:
		return polled{}, errStandby
	}
	p.rows = make([]cache.Raise, len(marks))
	for i := range marks {
		p.rows[i] = cache.Raise{Tag: tags[i], Mark: cache.Mark(marks[i])}
	}
	slices.SortFunc(p.rows, byMark)
	p.rows = p.rows[:min(len(p.rows), maxRaises+1)]
	return p, nil
}

// snapshotOf reads a snapshot's text, xmin:xmax:xip,xip…, as far as it says what
// the snapshot did not see: all from next on, and what was running.
func snapshotOf(text string) (next int64, running []int64, err error) {
	running = []int64{}
	if text == "" {
		return 0, running, nil
	}
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return 0, nil, fmt.Errorf("%q is no position in a journal", text)
	}
	if next, err = strconv.ParseInt(parts[1], 10, 64); err != nil {
		return 0, nil, err
	}
	for one := range strings.SplitSeq(parts[2], ",") {
		if one == "" {
			continue
		}
		id, err := strconv.ParseInt(one, 10, 64)
		if err != nil {
			return 0, nil, err
		}
		running = append(running, id)
	}
	return next, running, nil
}

// goodbye is how long a connection gets to part in peace.
const goodbye = time.Second

func (c *postgresJournal) close() { closePostgres(context.Background(), c.conn) }

// closePostgres ends a connection whatever became of the context.
func closePostgres(ctx context.Context, conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
	defer cancel()
	_ = conn.Close(ctx) // there is nobody to tell, and the next connection is a new one
}
