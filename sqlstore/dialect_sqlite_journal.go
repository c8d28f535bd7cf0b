package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/exodrive/exodrive/cache"
)

// On SQLite marks are the numbers of journal rows, which one writer gives out in
// the order of commits, so the last number given out is position and horizon in
// one. sqlite_sequence keeps it when the rows are gone; it has no row until the
// first was written. All processes with the file share its epoch.
const (
	nowOnSQLite  = `FROM cache_meta m LEFT JOIN sqlite_sequence q ON q.name = 'cache_journal'`
	selfOnSQLite = `m.install || '/' || m.bump`

	horizonOnSQLite = `SELECT FALSE, ` + selfOnSQLite + `, COALESCE(q.seq, 0) + 1 ` + nowOnSQLite

	// One statement is one snapshot.
	pollOnSQLite = `SELECT ` + selfOnSQLite + `, COALESCE(q.seq, 0), m.pruned, COALESCE(j.mark, 0), COALESCE(j.tag, '') ` + nowOnSQLite + `
		LEFT JOIN (SELECT mark, tag FROM cache_journal WHERE mark > $1 ORDER BY mark DESC LIMIT $2) j ON TRUE`

	// $1 is the retention in milliseconds, $2 the size of a batch.
	prunableOnSQLite = `SELECT COALESCE(MAX(mark), 0) FROM (SELECT mark FROM cache_journal
		WHERE at < CAST(strftime('%s', 'now') AS INTEGER) * 1000 - $1 ORDER BY mark LIMIT $2)`

	// What a transaction writes lies above what was there when it began, because
	// nobody else writes meanwhile.
	writtenOnSQLite      = `SELECT mark, tag FROM cache_journal WHERE mark > $1`
	beforeWritesOnSQLite = `SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = 'cache_journal'`
)

// sqliteJournal is a reader outside the pool.
type sqliteJournal struct{ db *sql.DB }

// journalPatience is how long a poll waits for a lock, which a reader of a WAL
// meets only when another process recovers the file. It is short, because a wait
// for a lock cannot be interrupted.
const journalPatience = 250 * time.Millisecond

func dialSQLiteJournal(_ context.Context, e engine) (journalConn, error) {
	db, err := sql.Open("sqlite", sqliteDSN(e.path, "deferred", journalPatience)+"&_pragma=query_only(1)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return &sqliteJournal{db}, nil
}

func (c *sqliteJournal) poll(ctx context.Context, since string, _ bool) (p polled, err error) {
	var from int64
	if since != "" {
		if from, err = strconv.ParseInt(since, 10, 64); err != nil {
			return p, fmt.Errorf("%q is no position in a journal", since)
		}
	}
	rows, err := c.db.QueryContext(ctx, pollOnSQLite, from, maxRaises+1)
	if err != nil {
		return p, err
	}
	defer rows.Close()
	var last int64
	for rows.Next() {
		var row cache.Raise
		if err := rows.Scan(&p.identity, &last, &p.pruned, &row.Mark, &row.Tag); err != nil {
			return p, err
		}
		if row.Mark > 0 {
			p.rows = append(p.rows, row)
		}
	}
	if err := rows.Err(); err != nil {
		return p, err
	}
	if p.identity == "" {
		return p, errNoMeta
	}
	slices.SortFunc(p.rows, byMark)
	p.position, p.horizon = strconv.FormatInt(last, 10), cache.Mark(last+1)
	return p, nil
}

func (c *sqliteJournal) close() { _ = c.db.Close() } // a reader has nothing to lose

// newSQLiteEpoch gives a copy of a database that is not in use yet an epoch and a
// name of its own.
func newSQLiteEpoch(ctx context.Context, path string) (err error) {
	db, err := sql.Open("sqlite", "file:"+sqlitePath(path))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var journaled bool // a backup of an earlier release has no journal
	if err := db.QueryRowContext(ctx, `SELECT COUNT(*) > 0 FROM sqlite_schema WHERE name = 'cache_meta'`).Scan(&journaled); err != nil || !journaled {
		return err
	}
	_, err = db.ExecContext(ctx, `UPDATE cache_meta SET install = lower(hex(randomblob(16))), bump = random() & 9223372036854775807`)
	return err
}
