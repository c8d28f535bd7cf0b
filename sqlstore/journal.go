package sqlstore

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/exodrive/exodrive/cache"
)

// Journal reads which tags the database's transactions changed, for package
// cache. Poll has one connection of its own, outside the pool, so that a busy pool
// costs no lease; everything else uses the pool. A Journal is closed before its
// Store, and safe for concurrent use: polls run one after the other.
type Journal struct {
	store *Store
	turn  chan struct{} // one poll at a time; it guards conn and closed
	conn  journalConn   // nil until the first poll, and after an error
	// closed makes later polls fail.
	closed bool
	// plain is set when the server refuses to tell all that epochs are made of.
	plain atomic.Bool
}

var _ cache.Journal = (*Journal)(nil)

// journalConn is a connection that only reads the journal. It is used by one
// goroutine at a time.
type journalConn interface {
	// poll reads in one snapshot what became visible after a position, "" for
	// everything. plain leaves out what the server may refuse to tell.
	poll(ctx context.Context, since string, plain bool) (polled, error)
	close()
}

// polled is what a poll has read: the rows with the highest marks, at most
// maxRaises + 1 of them.
type polled struct {
	identity string // what the epoch is the hash of
	position string
	horizon  cache.Mark
	pruned   cache.Mark
	rows     []cache.Raise // by mark, the highest first
}

// maxRaises bounds what one poll returns. More rows than that wait only for a node
// that starts, or comes back after hours, and has little in its cache to lose.
const maxRaises = 10_000

var (
	// errJournalClosed is returned by a poll after Close.
	errJournalClosed = errors.New("the journal is closed")
	// errStandby is returned by a server that may lag behind the one that writes.
	errStandby = errors.New("the server is a standby; the cache's journal is read from the primary")
	// errNoMeta is returned when the row of cache_meta is gone.
	errNoMeta = errors.New("the table cache_meta has no row")
)

// Journal returns a reader of the journal of a migrated database. It connects at
// its first poll.
func (s *Store) Journal() *Journal {
	return &Journal{store: s, turn: make(chan struct{}, 1)}
}

// Close ends the connection after the poll that may be under way.
func (j *Journal) Close() {
	j.turn <- struct{}{}
	defer func() { <-j.turn }()
	j.closed = true
	j.drop()
}

// Poll reads what became visible since a position, over a connection of its own
// that it makes anew after an error. It returns at the deadline of ctx at the
// latest, whatever the statement does.
//
// Of more than 10,000 rows it returns those with the highest marks, and as Pruned
// the highest mark that it left out: for the reader that is as if these rows were
// deleted. So a poll takes a bounded time, however long ago the last one was.
func (j *Journal) Poll(ctx context.Context, since cache.Position) (cache.Reading, error) {
	epoch, at, _ := strings.Cut(string(since), "@")
	p, err := j.read(ctx, at)
	if err == nil && at != "" && epochText(p.epoch()) != epoch {
		p, err = j.read(ctx, "")
		at = ""
	}
	if err != nil {
		return cache.Reading{}, fmt.Errorf("poll the journal: %w", err)
	}
	return p.reading(at == ""), nil
}

// Horizon is that of a snapshot taken after the call began. It uses the pool: a
// load that needs a horizon takes a connection for its statements anyway, and on
// Poll's connection the loads of a busy moment would keep the poll, and with it
// the lease, waiting.
func (j *Journal) Horizon(ctx context.Context) (cache.Epoch, cache.Mark, error) {
	p, err := j.told(func(plain bool) (p polled, err error) {
		var standby bool
		err = j.store.row(ctx, j.store.d.horizon(plain)).scan(&standby, &p.identity, &p.horizon)
		switch {
		case errors.Is(err, errNoRow):
			return p, errNoMeta
		case err == nil && standby:
			return p, errStandby
		}
		return p, err
	})
	if err != nil {
		return 0, 0, fmt.Errorf("read the horizon: %w", err)
	}
	return p.epoch(), p.horizon, nil
}

// told asks for everything that an epoch is made of, and for less where the server
// refuses that but not the rest. What it once refused is not asked for again, as
// an epoch that changes with the mood of a server would empty the cache.
func (j *Journal) told(read func(plain bool) (polled, error)) (polled, error) {
	p, err := read(j.plain.Load())
	if err != nil && !j.plain.Load() && j.store.d.refusesToTell(err) {
		if p, err = read(true); err == nil {
			j.plain.Store(true)
		}
	}
	return p, err
}

// NewEpoch begins a new epoch for all readers of the database.
func (j *Journal) NewEpoch(ctx context.Context) error {
	return j.store.Tx(ctx, func(tx *Tx) error {
		n, err := tx.affected(ctx, sqlNewEpoch, rand.Int64())
		if err == nil && n == 0 {
			return errNoMeta
		}
		return err
	})
}

// Install is the random name of this installation, which its nodes share and which a
// copy of an embedded database does not have.
func (s *Store) Install(ctx context.Context) (name string, err error) {
	err = s.row(ctx, sqlInstall).scan(&name)
	if errors.Is(err, errNoRow) {
		err = errNoMeta
	}
	return name, err
}

const sqlInstall = `SELECT install FROM cache_meta`

const sqlNewEpoch = `UPDATE cache_meta SET bump = $1`

// read polls once, in a goroutine that the caller leaves at its deadline. The
// goroutine keeps the turn until its statement has ended, so there is never more
// than one.
func (j *Journal) read(ctx context.Context, since string) (polled, error) {
	select {
	case j.turn <- struct{}{}:
	case <-ctx.Done():
		return polled{}, ctx.Err()
	}
	type answer struct {
		polled
		err error
	}
	answers := make(chan answer, 1)
	go func() {
		defer func() { <-j.turn }()
		p, err := j.ask(ctx, since)
		answers <- answer{p, err}
	}()
	select {
	case a := <-answers:
		return a.polled, a.err
	case <-ctx.Done():
		return polled{}, ctx.Err()
	}
}

// ask polls on the connection that is there, and once more on a new one when the
// old one fails: it may have been cut while nobody used it.
func (j *Journal) ask(ctx context.Context, since string) (p polled, err error) {
	if j.closed {
		return p, errJournalClosed
	}
	for kept := j.conn != nil; ; kept = false {
		if j.conn == nil {
			if j.conn, err = j.store.d.dialJournal(ctx, j.store.engine); err != nil {
				return p, err
			}
		}
		p, err = j.told(func(plain bool) (polled, error) { return j.conn.poll(ctx, since, plain) })
		if err == nil {
			return p, nil
		}
		j.drop()
		if !kept || ctx.Err() != nil {
			return p, err
		}
	}
}

func (j *Journal) drop() {
	if j.conn != nil {
		j.conn.close()
		j.conn = nil
	}
}

func (p polled) epoch() cache.Epoch {
	sum := sha256.Sum256([]byte(p.identity))
	return cache.Epoch(max(binary.BigEndian.Uint64(sum[:]), 1)) // 0 looks like none
}

func epochText(e cache.Epoch) string { return strconv.FormatUint(uint64(e), 16) }

// reading is the answer to the caller; fresh is a reader that begins.
func (p polled) reading(fresh bool) cache.Reading {
	r := cache.Reading{
		Epoch: p.epoch(), Horizon: p.horizon, Pruned: p.pruned, Raises: p.rows,
		Position: cache.Position(epochText(p.epoch()) + "@" + p.position),
	}
	if len(r.Raises) > maxRaises {
		// Of the transaction with the mark that is cut some rows may be missing.
		cut := r.Raises[maxRaises].Mark
		for r.Raises = r.Raises[:maxRaises]; len(r.Raises) > 0 && r.Raises[len(r.Raises)-1].Mark == cut; {
			r.Raises = r.Raises[:len(r.Raises)-1]
		}
		r.Pruned = max(r.Pruned, cut)
	}
	if fresh {
		r.Raises = highest(r.Raises)
	}
	return r
}

// byMark puts the highest mark first.
func byMark(a, b cache.Raise) int { return cmp.Compare(b.Mark, a.Mark) }

// highest keeps the highest mark of every tag, in the order in which they come.
func highest(raises []cache.Raise) []cache.Raise {
	at := make(map[string]int, len(raises))
	var out []cache.Raise
	for _, r := range raises {
		i, known := at[r.Tag]
		if !known {
			at[r.Tag] = len(out)
			out = append(out, r)
		} else {
			out[i].Mark = max(out[i].Mark, r.Mark)
		}
	}
	return out
}
