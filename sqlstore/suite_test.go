package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/cachetest"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/sqlstore"
)

// The journal keeps every promise that the cache builds on, on both engines: the suite of all journals says so, with transactions of the store as writers.
//
// Red when: the poll does not ask again for what was running at the last; the hook is told of no rows, or also after a rollback; a horizon is the next mark on Postgres, or the newest on SQLite; the position of another epoch is taken for one of this; NewEpoch changes nothing.
func TestJournalSuite(t *testing.T) {
	t.Parallel()
	for _, engine := range exotest.Engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			fresh := func(t *testing.T) string { return "sqlite:" + t.TempDir() + "/exodrive.db" }
			if engine == exotest.PostgreSQL {
				fresh = freshOn(t, exotest.OwnPostgres(t))
			}
			cachetest.JournalSuite(t, func(t *testing.T) cachetest.Ledger {
				url := fresh(t)
				empty(t, url)
				s := open(t, url)
				s.OnWritten(func(ctx context.Context, w cache.Written) { ctx.Value(toldKey{}).(*storeWriter).told = w })
				j := s.Journal()
				t.Cleanup(j.Close)
				return cachetest.Ledger{Journal: j, Single: engine == exotest.SQLite, Begin: func(tags ...string) cachetest.Writer { return beginOn(t, s, tags) }}
			})
		})
	}
}

// freshOn makes empty databases on a server whose horizon no other test holds back.
func freshOn(t *testing.T, server *exotest.Cluster) func(*testing.T) string {
	n := 0
	return func(t *testing.T) string {
		n++
		name := fmt.Sprintf("suite_%d", n)
		prompt(t, server.URL("postgres")).exec(`CREATE DATABASE ` + name)
		return server.URL(name)
	}
}

// storeWriter is a transaction of a store that waits for how it is to end.
type storeWriter struct {
	t    *testing.T
	end  chan error // what its function returns
	done chan error // what the transaction returned
	told cache.Written
}

type toldKey struct{}

var errGivenUp = errors.New("given up")

func beginOn(t *testing.T, s *sqlstore.Store, tags []string) *storeWriter {
	w := &storeWriter{t: t, end: make(chan error, 1), done: make(chan error, 1)}
	ctx, written := context.WithValue(t.Context(), toldKey{}, w), make(chan struct{})
	go func() {
		w.done <- s.Tx(ctx, func(tx *sqlstore.Tx) error {
			for _, tag := range tags {
				if err := tx.Raise(ctx, tag); err != nil {
					return err
				}
			}
			close(written)
			return <-w.end
		})
	}()
	select {
	case <-written:
	case err := <-w.done:
		t.Fatalf("write %q: %v", tags, err)
	}
	return w
}

// Commit implements cachetest.Writer.
func (w *storeWriter) Commit() cache.Written {
	w.end <- nil
	if err := <-w.done; err != nil {
		w.t.Fatal(err)
	}
	return w.told
}

// Rollback implements cachetest.Writer.
func (w *storeWriter) Rollback() {
	w.end <- errGivenUp
	if err := <-w.done; !errors.Is(err, errGivenUp) || len(w.told) > 0 {
		w.t.Errorf("the transaction ended with %v and was told %v", err, w.told)
	}
}

// Nodes of one Postgres hear each other's rings as the cache expects of every bell.
//
// Red when: Ring waits for its statement under a context that has ended; Hear does not call at once when it listens; a ring notifies nobody.
func TestBellSuite(t *testing.T) {
	t.Parallel()
	cachetest.BellSuite(t, func(t *testing.T, n int) []cache.Bell {
		url := postgresEmpty(t)
		var bells []cache.Bell
		for range n {
			bells = append(bells, open(t, url).Bell())
		}
		return bells
	})
}
