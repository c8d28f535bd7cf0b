package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"regexp"
	"slices"
)

const (
	clockOnSQLite   = `SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)`
	indexesOnSQLite = `SELECT name FROM sqlite_master WHERE type = 'index'`
	// An index of some rows only, which leads to just these.
	partialOnSQLite = `SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '%) WHERE %'`
)

var (
	// scanOnSQLite is a line of a plan that reads a table, or an index of it, from end to
	// end; a table of words is asked by its own means.
	scanOnSQLite = regexp.MustCompile(`^SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?$`)
	// namedOnSQLite are the names that a statement gives to tables.
	namedOnSQLite = regexp.MustCompile(`(?i)\b(?:FROM|JOIN)\s+(\w+)(?:\s+AS)?\s+(\w+)`)
)

// scannedOnSQLite are the tables that a statement reads from end to end. It does not
// use the pool that keeps what it has prepared.
func scannedOnSQLite(ctx context.Context, e engine, text string, args []any) ([]string, error) {
	db := e.ro.(*prepared).DB
	partial, err := columnOf(ctx, db, 1, partialOnSQLite)
	if err != nil {
		return nil, err
	}
	// Columns of a plan: id, parent, nothing, detail.
	plan, err := columnOf(ctx, db, 4, `EXPLAIN QUERY PLAN `+text, args...)
	if err != nil {
		return nil, err
	}
	named := map[string]string{}
	for _, m := range namedOnSQLite.FindAllStringSubmatch(text, -1) {
		named[m[2]] = m[1]
	}
	var tables []string
	for _, line := range plan {
		m := scanOnSQLite.FindStringSubmatch(line)
		if m == nil || slices.Contains(partial, m[2]) {
			continue
		}
		table := cmp.Or(named[m[1]], m[1])
		if !slices.Contains(tables, table) {
			tables = append(tables, table)
		}
	}
	return tables, nil
}

// columnOf is the last of so many columns of all rows.
func columnOf(ctx context.Context, db *sql.DB, columns int, text string, args ...any) (list []string, err error) {
	rows, err := db.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	row := make([]any, columns)
	for i := range row {
		row[i] = new(string)
	}
	for rows.Next() {
		if err := rows.Scan(row...); err != nil {
			return nil, err
		}
		list = append(list, *row[columns-1].(*string))
	}
	return list, rows.Err()
}
