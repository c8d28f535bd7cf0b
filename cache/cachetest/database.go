// Package cachetest has parts to test a cache with: a database in memory whose
// transactions overlap, a remote cache and a bell in memory, faults for each, and
// the suites that every implementation of the cache's interfaces must pass.
package cachetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/exodrive/exodrive/cache"
)

// Database is a small database in memory with snapshots, overlapping
// transactions and a journal: a cache.Journal that behaves like that of a
// Postgres primary. It is safe for concurrent use.
type Database struct {
	mu       sync.Mutex
	epoch    cache.Epoch
	next     cache.Mark // of the next transaction
	open     map[cache.Mark]bool
	versions map[string][]version // by key, in the order of commits
	journal  []cache.Raise
	pruned   cache.Mark

	down  error
	delay func(context.Context) // before every answer
}

type version struct {
	by    cache.Mark
	value string
}

// NewDatabase is an empty database in epoch 1. Its first transaction has mark
// 100.
func NewDatabase() *Database {
	return &Database{epoch: 1, next: 100, open: map[cache.Mark]bool{}, versions: map[string][]version{}}
}

// Tx is a transaction of a Database, for one goroutine.
type Tx struct {
	d      *Database
	mark   cache.Mark
	values map[string]string
	tags   []string
}

// Begin takes the next mark. The transaction must end by Commit or Rollback.
func (d *Database) Begin() *Tx {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := &Tx{d: d, mark: d.next, values: map[string]string{}}
	d.open[t.mark] = true
	d.next++
	return t
}

// Mark is that of the transaction.
func (t *Tx) Mark() cache.Mark { return t.mark }

// Put writes a value, and the tags it changes into the journal.
func (t *Tx) Put(key, value string, tags ...string) {
	t.values[key] = value
	t.tags = append(t.tags, tags...)
}

// Commit makes the transaction visible at once, as a whole.
func (t *Tx) Commit() cache.Written {
	t.d.mu.Lock()
	defer t.d.mu.Unlock()
	delete(t.d.open, t.mark)
	var w cache.Written
	for _, tag := range slices.Compact(slices.Sorted(slices.Values(t.tags))) {
		w = append(w, cache.Raise{Tag: tag, Mark: t.mark})
	}
	t.d.journal = append(t.d.journal, w...)
	for key, value := range t.values {
		t.d.versions[key] = append(t.d.versions[key], version{t.mark, value})
	}
	return w
}

// Rollback ends the transaction without a trace.
func (t *Tx) Rollback() {
	t.d.mu.Lock()
	defer t.d.mu.Unlock()
	delete(t.d.open, t.mark)
}

// Write is one transaction that puts one value.
func (d *Database) Write(key, value string, tags ...string) cache.Written {
	t := d.Begin()
	t.Put(key, value, tags...)
	return t.Commit()
}

// Value is the latest committed value of a key, "" for none.
func (d *Database) Value(ctx context.Context, key string) (string, error) {
	if err := d.answer(ctx); err != nil {
		return "", err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if all := d.versions[key]; len(all) > 0 {
		return all[len(all)-1].value, nil
	}
	return "", nil
}

// answer waits as long as the database is slow, and fails while it is down.
func (d *Database) answer(ctx context.Context) error {
	d.mu.Lock()
	delay := d.delay
	d.mu.Unlock()
	if delay != nil {
		delay(ctx)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.down
}

// horizon is the lowest mark that is still open, or the next one; d.mu is held.
func (d *Database) horizon() cache.Mark {
	least := d.next
	for mark := range d.open {
		least = min(least, mark)
	}
	return least
}

// Horizon implements cache.Journal.
func (d *Database) Horizon(ctx context.Context) (cache.Epoch, cache.Mark, error) {
	if err := d.answer(ctx); err != nil {
		return 0, 0, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.epoch, d.horizon(), nil
}

// Poll implements cache.Journal. A position is the epoch, the horizon, the next
// mark and the open marks of the snapshot it was made from.
func (d *Database) Poll(ctx context.Context, since cache.Position) (cache.Reading, error) {
	if err := d.answer(ctx); err != nil {
		return cache.Reading{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	r := cache.Reading{Epoch: d.epoch, Horizon: d.horizon(), Pruned: d.pruned, Position: d.position()}
	seen, ok := d.parse(since)
	if !ok {
		latest := map[string]cache.Mark{}
		for _, raise := range d.journal {
			latest[raise.Tag] = max(latest[raise.Tag], raise.Mark)
		}
		for tag, mark := range latest {
			r.Raises = append(r.Raises, cache.Raise{Tag: tag, Mark: mark})
		}
		return r, nil
	}
	for _, raise := range d.journal {
		if !seen(raise.Mark) {
			r.Raises = append(r.Raises, raise)
		}
	}
	return r, nil
}

func (d *Database) position() cache.Position {
	parts := []string{strconv.FormatUint(uint64(d.epoch), 10), strconv.FormatUint(uint64(d.next), 10)}
	for _, mark := range slices.Sorted(maps.Keys(d.open)) {
		parts = append(parts, strconv.FormatUint(uint64(mark), 10))
	}
	return cache.Position(strings.Join(parts, ","))
}

// parse turns a position of this epoch into the question which marks its
// snapshot saw.
func (d *Database) parse(p cache.Position) (seen func(cache.Mark) bool, ok bool) {
	var numbers []cache.Mark
	for part := range strings.SplitSeq(string(p), ",") {
		n, err := strconv.ParseUint(part, 10, 64)
		if err != nil {
			return nil, false
		}
		numbers = append(numbers, cache.Mark(n))
	}
	if len(numbers) < 2 || cache.Epoch(numbers[0]) != d.epoch {
		return nil, false
	}
	next, open := numbers[1], numbers[2:]
	return func(m cache.Mark) bool { return m < next && !slices.Contains(open, m) }, true
}

// NewEpoch implements cache.Journal.
func (d *Database) NewEpoch(ctx context.Context) error {
	if err := d.answer(ctx); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.epoch++
	return nil
}

// ErrDown is what a database that was stopped answers.
var ErrDown = errors.New("cachetest: the database is down")

// Stop makes every answer fail, until Start.
func (d *Database) Stop() { d.fail(ErrDown) }

// Start undoes Stop.
func (d *Database) Start() { d.fail(nil) }

func (d *Database) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.down = err
}

// Delay calls wait before every answer; nil is none.
func (d *Database) Delay(wait func(context.Context)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.delay = wait
}

// Prune forgets all rows of the journal below a mark.
func (d *Database) Prune(below cache.Mark) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.journal = slices.DeleteFunc(d.journal, func(r cache.Raise) bool {
		if r.Mark < below {
			d.pruned = max(d.pruned, r.Mark)
		}
		return r.Mark < below
	})
}

// Crash loses the last n marks, as a crash does with transactions that never
// reached the disk: they will be given again. Whatever they wrote is gone.
func (d *Database) Crash(lost int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.next -= cache.Mark(lost)
	clear(d.open)
	d.journal = slices.DeleteFunc(d.journal, func(r cache.Raise) bool { return r.Mark >= d.next })
	for key := range d.versions {
		d.versions[key] = slices.DeleteFunc(d.versions[key], func(v version) bool { return v.by >= d.next })
	}
}

// String describes the state, for the message of a failed test.
func (d *Database) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return fmt.Sprintf("epoch %d, next %d, horizon %d, open %v, %d journal rows, pruned %d", d.epoch, d.next, d.horizon(), d.open, len(d.journal), d.pruned)
}
