package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// Each node has one connection that reads the journal.
	postgresNodes = `SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'exodrive journal'`

	postgresClock = `SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)`

	// Transactions of every database of the server: numbers are given out for all of
	// them together. Of other users' sessions only the number is shown to who may not
	// see more.
	postgresHeld = `SELECT h.pid, h.name, h.state, h.age FROM (
			SELECT CAST(a.pid AS BIGINT) AS pid, concat_ws(' ', a.application_name, 'of', a.usename) AS name, COALESCE(a.state, 'unknown') AS state,
				CAST(extract(epoch FROM clock_timestamp() - a.xact_start) * 1000 AS BIGINT) AS age
			FROM pg_stat_activity a
			WHERE (a.backend_xid IS NOT NULL OR a.backend_xmin IS NOT NULL) AND a.backend_type = 'client backend' AND a.pid <> pg_backend_pid()
			UNION ALL
			SELECT 0, 'prepared ' || p.gid, 'prepared', CAST(extract(epoch FROM clock_timestamp() - p.prepared) * 1000 AS BIGINT) FROM pg_prepared_xacts p) h
		WHERE h.age > $1 ORDER BY h.age DESC LIMIT 10`

	postgresIndexes = `SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
		WHERE i.indisvalid AND c.relnamespace = CAST(current_schema() AS regnamespace)`

	postgresServerCosts = `SELECT s.query, s.calls, s.total_exec_time, s.max_exec_time FROM pg_stat_statements s
		WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
			AND s.userid = (SELECT usesysid FROM pg_user WHERE usename = current_user)
			AND s.calls >= $1 AND s.query ~* '^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\s'
		ORDER BY s.mean_exec_time DESC LIMIT 10`
)

// notKeptByPostgres recognises that there is no pg_stat_statements, or not for us.
func notKeptByPostgres(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && slices.Contains([]string{"42P01", "42501", "42703", "55000"}, e.Code)
}

// scannedByPostgres are the tables that a statement reads from end to end.
func scannedByPostgres(ctx context.Context, e engine, text string, args []any) ([]string, error) {
	var plan []byte
	if err := e.rw.QueryRowContext(ctx, `EXPLAIN (FORMAT JSON) `+text, args...).Scan(&plan); err != nil {
		return nil, err
	}
	var top []struct{ Plan planNode }
	if err := json.Unmarshal(plan, &top); err != nil {
		return nil, err
	}
	var tables []string
	for _, one := range top {
		one.Plan.scanned(&tables)
	}
	return tables, nil
}

// planNode is a step of a plan of Postgres.
type planNode struct {
	Type  string     `json:"Node Type"`
	Table string     `json:"Relation Name"`
	Plans []planNode `json:"Plans"`
}

func (n planNode) scanned(tables *[]string) {
	if n.Type == "Seq Scan" && !slices.Contains(*tables, n.Table) {
		*tables = append(*tables, n.Table)
	}
	for _, below := range n.Plans {
		below.scanned(tables)
	}
}
