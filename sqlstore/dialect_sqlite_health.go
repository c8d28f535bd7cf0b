package sqlstore

import (
	"context"
	"regexp"
	"slices"
	"strings"
)

const (
	clockOnSQLite   = `SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)`
	indexesOnSQLite = `SELECT name FROM sqlite_master WHERE type = 'index'`
)

var (
	// scanOnSQLite is a line of a plan that reads a table or an index of it from end to
	// end; a table of words is asked by its own means.
	scanOnSQLite = regexp.MustCompile(`^SCAN (\w+)(?: .*)?$`)
	// namedOnSQLite are the names that a statement gives to tables.
	namedOnSQLite = regexp.MustCompile(`(?i)\b(?:FROM|JOIN)\s+(\w+)(?:\s+AS)?\s+(\w+)`)
)

// scannedOnSQLite are the tables that a statement reads from end to end. It does not
// use the pool that keeps what it has prepared.
func scannedOnSQLite(ctx context.Context, e engine, text string, args []any) ([]string, error) {
	named := map[string]string{}
	for _, m := range namedOnSQLite.FindAllStringSubmatch(text, -1) {
		named[m[2]] = m[1]
	}
	rows, err := e.ro.(*prepared).DB.QueryContext(ctx, `EXPLAIN QUERY PLAN `+text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var tables []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			return nil, err
		}
		m := scanOnSQLite.FindStringSubmatch(detail)
		if m == nil || strings.Contains(detail, "VIRTUAL TABLE") || strings.Contains(detail, "CONSTANT ROW") {
			continue
		}
		table := m[1]
		if of, ok := named[table]; ok {
			table = of
		}
		if !slices.Contains(tables, table) {
			tables = append(tables, table)
		}
	}
	return tables, rows.Err()
}
