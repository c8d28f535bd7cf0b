package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/obs"
)

// queries runs statements on a pool or in a transaction.
type queries struct {
	db    querier
	d     *dialect
	trace func(text string, args []any)
	costs *costs
}

// querier is a pool or a transaction.
type querier interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	ExecContext(context.Context, string, ...any) (sql.Result, error)
}

// scanner is a row to be read.
type scanner interface{ Scan(...any) error }

// each calls read for every row of a statement.
func (q queries) each(ctx context.Context, text string, args []any, read func(scanner) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	defer obs.RequestFrom(ctx).DB()()
	defer q.costs.noteSince(time.Now(), text)
	ctx, span := startStatement(ctx, text)
	defer func() { span.End(err) }()
	if q.trace != nil {
		q.trace(text, args)
	}
	rows, err := q.db.QueryContext(ctx, text, args...)
	if err != nil {
		return q.d.public(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := read(rows); err != nil {
			return err
		}
	}
	return q.d.public(rows.Err())
}

// parts is a group for the independent parts of one read: all at once on a pool,
// one after the other in a transaction, which has one connection for all.
func (q queries) parts(ctx context.Context) (*errgroup.Group, context.Context) {
	g, ctx := errgroup.WithContext(ctx)
	if _, inTx := q.db.(*sql.Tx); inTx {
		g.SetLimit(1)
	}
	return g, ctx
}

// collect reads all rows of a statement; none is an empty list, never nil, so
// that it is [] in JSON.
func collect[T any](ctx context.Context, q queries, read func(scanner) (T, error), text string, args ...any) ([]T, error) {
	out := []T{}
	err := q.each(ctx, text, args, func(r scanner) error {
		v, err := read(r)
		out = append(out, v)
		return err
	})
	return out, err
}

func scanID(r scanner) (id string, err error) { return id, r.Scan(&id) }

// paged reads one page of a list and counts the whole.
func paged[T any](ctx context.Context, q queries, read func(scanner) (T, error), count, list string, page exodrive.PageQuery) ([]T, int, error) {
	total := 0
	if err := q.row(ctx, count).scan(&total); err != nil {
		return nil, 0, err
	}
	items, err := collect(ctx, q, read, list, page.Limit, (page.Page-1)*page.Limit)
	return items, total, err
}

// one is the result of a statement that gives at most one row.
type one struct {
	q    queries
	ctx  context.Context //nolint:containedctx // lives as long as the expression row(…).scan(…)
	text string
	args []any
}

func (q queries) row(ctx context.Context, text string, args ...any) one {
	return one{q, ctx, text, args}
}

// errNoRow is what scan returns for no row; methods turn it into a sentence.
var errNoRow = errors.New("no row")

func (o one) scan(dest ...any) error {
	found := false
	err := o.q.each(o.ctx, o.text, o.args, func(r scanner) error {
		found = true
		return r.Scan(dest...)
	})
	if err == nil && !found {
		return errNoRow
	}
	return err
}

func (q queries) exec(ctx context.Context, text string, args ...any) error {
	_, err := q.affected(ctx, text, args...)
	return err
}

// affected runs a statement and tells how many rows it changed.
func (q queries) affected(ctx context.Context, text string, args ...any) (n int64, err error) {
	defer obs.RequestFrom(ctx).DB()()
	defer q.costs.noteSince(time.Now(), text)
	ctx, span := startStatement(ctx, text)
	defer func() { span.End(err) }()
	if q.trace != nil {
		q.trace(text, args)
	}
	r, err := q.db.ExecContext(ctx, text, args...)
	if err != nil {
		return 0, q.d.public(err)
	}
	return r.RowsAffected()
}

// startStatement begins the span of a statement: its text, which has no values.
func startStatement(ctx context.Context, text string) (context.Context, obs.Span) {
	verb, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	ctx, span := obs.StartSpan(ctx, "db", verb)
	span.Set("db.query.text", text)
	return ctx, span
}

// insertRows inserts many rows with one statement per batch. prefix is the text
// up to and including VALUES; every row has the same number of values.
func (q queries) insertRows(ctx context.Context, prefix, suffix string, rows [][]any) error {
	for len(rows) > 0 {
		n := min(max(1, q.d.batchValues/len(rows[0])), len(rows))
		var s statement
		s.add(prefix)
		for i, row := range rows[:n] {
			if i > 0 {
				s.add(", ")
			}
			s.add("("+marks(len(row))+")", row...)
		}
		s.add(suffix)
		if err := q.exec(ctx, s.text.String(), s.args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// rowsOf are the rows of a list, for insertRows.
func rowsOf[T any](list []T, values func(*T) []any) [][]any {
	rows := make([][]any, len(list))
	for i := range list {
		rows[i] = values(&list[i])
	}
	return rows
}

// ms is an instant as it is stored.
func ms(t time.Time) int64 { return t.UnixMilli() }

// instant reads a stored instant.
type instant struct{ t *time.Time }

func (i instant) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("scan instant: %T", src)
	}
	*i.t = time.UnixMilli(n).UTC()
	return nil
}

// asJSON reads and writes a value kept as JSON text.
type asJSON struct{ v any }

// Scan reads the JSON. What is stored wrong is no fault of who asks, so a sentence for
// callers is not in the chain of its error.
func (j asJSON) Scan(src any) error {
	var err error
	switch s := src.(type) {
	case string:
		err = json.Unmarshal([]byte(s), j.v)
	case []byte:
		err = json.Unmarshal(s, j.v)
	default:
		return fmt.Errorf("scan JSON: %T", src)
	}
	if err != nil {
		return fmt.Errorf("scan stored JSON: %s", err.Error())
	}
	return nil
}

// jsonText is the JSON of a value that cannot fail to have one.
func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// notFound turns "no row" into a sentence.
func notFound(err error, format string, args ...any) error {
	if errors.Is(err, errNoRow) {
		return exodrive.Errorf(exodrive.NotFound, format, args...)
	}
	return err
}
