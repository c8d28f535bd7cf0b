package sqlstore

import (
	"context"
	"slices"
	"strings"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
)

// OnWritten sets what is called after each transaction that changed something
// cached, before Tx returns: with the tags that its journal rows have, and its
// mark. It is also called when it is not known whether the commit took place, as a
// raise too many only costs a load, and not after a rollback. It is set before the
// first transaction. Without it, transactions do not ask for what they wrote.
//
// fn gets the values of the context that Tx got, so a caller that wants its mark
// puts a place for it there, and a time limit of some seconds, which is that of the
// transaction. It is called by the goroutine of the caller and must be quick.
func (s *Store) OnWritten(fn func(ctx context.Context, w cache.Written)) { s.written.Store(&fn) }

// Raise makes worthless what is cached of a tag, or of all tags of a kind as
// "kind:*", as if what it stands for had changed.
func (t *Tx) Raise(ctx context.Context, tag string) error {
	if tag == "" || len(tag) > longestTag {
		return exodrive.Errorf(exodrive.Invalid, "A tag has 1 to %d characters, such as car:* or cars.", longestTag).On("tag")
	}
	return t.exec(ctx, sqlRaise, tag)
}

// longestTag is above any that the triggers write.
const longestTag = 200

const sqlRaise = `INSERT INTO cache_journal (tag) VALUES ($1) ON CONFLICT DO NOTHING`

// beforeWrites is the mark above which those of this transaction will lie.
func (t *Tx) beforeWrites(ctx context.Context, wanted bool) (mark int64, err error) {
	if wanted && t.d.beforeWrites != "" {
		err = t.row(ctx, t.d.beforeWrites).scan(&mark)
	}
	return mark, err
}

// wrote is what the transaction has written to the journal, as its last statement.
func (t *Tx) wrote(ctx context.Context, before int64, wanted bool) (cache.Written, error) {
	if !wanted {
		return nil, nil
	}
	c := collapsed{at: map[string]int{}, kinds: map[string]int{}}
	err := t.each(ctx, t.d.written, []any{before}, func(r scanner) error {
		var one cache.Raise
		err := r.Scan(&one.Mark, &one.Tag)
		c.add(one)
		return err
	})
	return c.raises(), err
}

// wildcardAbove is how many tags of one kind a transaction raises one by one. The
// triggers on Postgres have the same limit for one statement.
const wildcardAbove = 100

// collapsed collects raises, each tag once with its highest mark, and those of a
// kind that has too many as its wildcard. So it stays small, whatever is added.
type collapsed struct {
	list  []cache.Raise
	at    map[string]int // where in the list a tag is
	kinds map[string]int // how many tags of a kind the list has
}

func (c *collapsed) add(r cache.Raise) {
	kind, _, ok := strings.Cut(r.Tag, ":")
	if ok && c.kinds[kind] >= wildcardAbove {
		if _, known := c.at[r.Tag]; !known {
			r.Tag = kind + ":*"
		}
	}
	i, known := c.at[r.Tag]
	if known {
		c.list[i].Mark = max(c.list[i].Mark, r.Mark)
		return
	}
	c.at[r.Tag] = len(c.list)
	c.list = append(c.list, r)
	if ok {
		c.kinds[kind]++
	}
}

// raises are those collected, without what a wildcard among them covers.
func (c *collapsed) raises() cache.Written {
	wildcard := func(r cache.Raise) (at int, covered bool) {
		kind, rest, ok := strings.Cut(r.Tag, ":")
		at, covered = c.at[kind+":*"]
		return at, covered && ok && rest != "*"
	}
	for _, r := range c.list {
		if i, covered := wildcard(r); covered {
			c.list[i].Mark = max(c.list[i].Mark, r.Mark)
		}
	}
	return slices.DeleteFunc(c.list, func(r cache.Raise) bool {
		_, covered := wildcard(r)
		return covered
	})
}
