package sqlstore_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/cachetest"
	"github.com/exodrive/exodrive/exotest"
)

var (
	sqlBlock   = regexp.MustCompile("(?s)```sql\n(.*?)```")
	inlineRead = regexp.MustCompile("(?s)its own rows: `(SELECT [^`]*)`")
)

// readmeSQL is the SQL that the README of package cache gives to strangers: what
// makes the journal, the poll, and how a writer reads his own rows.
func readmeSQL(t *testing.T) (schema, poll, own string) {
	t.Helper()
	text, err := os.ReadFile("../cache/README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks, read := sqlBlock.FindAllStringSubmatch(string(text), -1), inlineRead.FindStringSubmatch(string(text))
	if len(blocks) != 2 || read == nil {
		t.Fatalf("the README has %d blocks of SQL, want the journal's and the poll's, and the statement of a writer", len(blocks))
	}
	return blocks[0][1], blocks[1][1], read[1]
}

// readmeJournal is the adapter that the README describes, and no more.
type readmeJournal struct {
	conn *pgx.Conn // of its own
	pool *pgxpool.Pool
	text string
}

var _ cache.Journal = (*readmeJournal)(nil)

// from is the README's first position, or the rest of one of this epoch.
func (j *readmeJournal) poll(ctx context.Context, from string) (r cache.Reading, err error) {
	var epoch int64
	var seen string
	var standby bool
	var raises []byte
	err = j.conn.QueryRow(ctx, j.text, from).Scan(&epoch, &r.Horizon, &r.Pruned, &seen, &standby, &raises)
	if err == nil && standby {
		err = errors.New("a standby")
	}
	if err != nil {
		return cache.Reading{}, err
	}
	r.Epoch, r.Position = cache.Epoch(epoch), cache.Position(fmt.Sprintf("%d@%s", epoch, seen))
	var rows [][2]json.RawMessage
	if raises != nil {
		err = json.Unmarshal(raises, &rows)
	}
	for _, row := range rows {
		var one cache.Raise
		err = errors.Join(err, json.Unmarshal(row[0], &one.Tag), json.Unmarshal(row[1], &one.Mark))
		r.Raises = append(r.Raises, one)
	}
	return r, err
}

func (j *readmeJournal) Poll(ctx context.Context, since cache.Position) (cache.Reading, error) {
	const beginning = "1:1:"
	epoch, from, known := strings.Cut(string(since), "@")
	if !known {
		from = beginning
	}
	r, err := j.poll(ctx, from)
	if err == nil && known && fmt.Sprint(int64(r.Epoch)) != epoch {
		return j.poll(ctx, beginning)
	}
	return r, err
}

// Horizon is the first two columns of the poll.
func (j *readmeJournal) Horizon(ctx context.Context) (epoch cache.Epoch, horizon cache.Mark, err error) {
	var e int64
	head, tail, _ := strings.Cut(j.text, "m.pruned,")
	_, from, _ := strings.Cut(tail, "AS raises")
	err = j.pool.QueryRow(ctx, strings.TrimRight(strings.TrimSpace(head), ",")+from).Scan(&e, &horizon)
	return cache.Epoch(e), horizon, err
}

func (j *readmeJournal) NewEpoch(ctx context.Context) error {
	_, err := j.pool.Exec(ctx, `UPDATE cache_meta SET bump = bump + 1`)
	return err
}

// readmeWriter changes a stranger's tables in a transaction.
type readmeWriter struct {
	t   *testing.T
	tx  pgx.Tx
	own string
}

func (w readmeWriter) Commit() (told cache.Written) {
	rows, err := w.tx.Query(w.t.Context(), w.own)
	if err == nil {
		told, err = pgx.CollectRows(rows, pgx.RowToStructByPos[cache.Raise])
	}
	if err := errors.Join(err, w.tx.Commit(w.t.Context())); err != nil {
		w.t.Fatal(err)
	}
	return told
}

func (w readmeWriter) Rollback() {
	if err := w.tx.Rollback(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// The SQL that the README of package cache gives to whoever has a Postgres of his own is a journal as the cache needs it.
//
// Red when: the poll of the README asks for marks above the horizon of the last, or counts the next number for the horizon; its writer reads nothing.
func TestTheJournalOfTheREADME(t *testing.T) {
	t.Parallel()
	schema, poll, own := readmeSQL(t)
	fresh := freshOn(t, exotest.OwnPostgres(t))
	journal := func(t *testing.T) *readmeJournal {
		url := fresh(t)
		pool, err := pgxpool.New(t.Context(), url+"&pool_max_conns=10") // writers at the same time
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(pool.Close)
		if _, err := pool.Exec(t.Context(), `CREATE TABLE cars (id text); `+schema); err != nil {
			t.Fatalf("the README's journal: %v", err)
		}
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close(context.Background()) }) // a call whose context ended may have closed it
		return &readmeJournal{conn, pool, poll}
	}
	cachetest.JournalSuite(t, func(t *testing.T) cachetest.Ledger {
		j := journal(t)
		return cachetest.Ledger{Journal: j, Begin: func(tags ...string) cachetest.Writer {
			tx, err := j.pool.Begin(t.Context())
			for _, tag := range tags {
				if err == nil {
					_, err = tx.Exec(t.Context(), `INSERT INTO cache_journal (tag) VALUES ($1)`, tag)
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = tx.Rollback(context.Background()) }) // it may have ended
			return readmeWriter{t, tx, own}
		}}
	})
	t.Run("its triggers raise what a statement touches", func(t *testing.T) {
		j := journal(t)
		var at cache.Position
		for _, c := range []struct{ statement, tags string }{
			{`INSERT INTO cars VALUES ('1'), ('2'), ('2')`, "car:1 car:2"},
			{`UPDATE cars SET id = '3' WHERE id = '1'`, "car:1 car:3"},
			{`UPDATE cars SET id = '3' WHERE id = 'none'`, ""},
			{`DELETE FROM cars WHERE id = '2'`, "car:2"},
			{`TRUNCATE cars`, "car:*"},
		} {
			if _, err := j.pool.Exec(t.Context(), c.statement); err != nil {
				t.Fatal(err)
			}
			r, err := j.Poll(t.Context(), at)
			if got := strings.Join(tagsOf(r.Raises), " "); err != nil || got != c.tags {
				t.Errorf("%s raises %q (%v), want %q", c.statement, got, err, c.tags)
			}
			at = r.Position
		}
	})
}
