package sqlstore

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// What follows is for operators: what the database tells of itself. Where an engine
// has no such thing, the answer is empty.

// Nodes is how many servers use the database just now, as far as can be told; 0
// where it cannot.
func (s *Store) Nodes(ctx context.Context) (n int, err error) {
	if s.d.nodes == "" {
		return 0, nil
	}
	return n, s.row(ctx, s.d.nodes).scan(&n)
}

// Clock is how far the database's clock is ahead of this machine's, give or take within:
// half of the time that asking took.
func (s *Store) Clock(ctx context.Context) (ahead, within time.Duration, err error) {
	var theirs int64
	asked := s.clock.machine()
	if err := s.row(ctx, s.d.clock).scan(&theirs); err != nil {
		return 0, 0, err
	}
	within = s.clock.machine().Sub(asked) / 2
	return time.Duration(theirs-ms(asked.Add(within))) * time.Millisecond, within, nil
}

// File is that of an embedded database, "" for a server.
func (s *Store) File() string { return s.engine.path }

// Held is a transaction that others have to wait out: while it is open, no later
// write is known to be in order, and nothing that was deleted since is cleared away.
type Held struct {
	PID         int64 // of the server's process; 0 for a prepared transaction
	Name, State string
	Age         time.Duration
}

// Held are the transactions that have been open for longer than age, the oldest
// first, at most ten.
func (s *Store) Held(ctx context.Context, age time.Duration) ([]Held, error) {
	if s.d.held == "" {
		return []Held{}, nil
	}
	return collect(ctx, s.queries, func(r scanner) (h Held, err error) {
		var old int64
		err = r.Scan(&h.PID, &h.Name, &h.State, &old)
		h.Age = time.Duration(old) * time.Millisecond
		return h, err
	}, s.d.held, age.Milliseconds())
}

// JournalSize is how much of the cache's journal there is.
type JournalSize struct {
	Rows   int           // counted to a million
	Oldest time.Duration // age of the oldest row, 0 without one
	Keeps  time.Duration // how old a row may grow before it is pruned
}

// JournalSize counts the journal's rows.
func (s *Store) JournalSize(ctx context.Context) (j JournalSize, err error) {
	var oldest, now int64
	if err := s.row(ctx, sqlJournalSize).scan(&j.Rows, &oldest); err != nil {
		return j, err
	}
	if err := s.row(ctx, s.d.clock).scan(&now); err != nil {
		return j, err
	}
	if j.Rows > 0 {
		j.Oldest = time.Duration(max(0, now-oldest)) * time.Millisecond
	}
	j.Keeps = journalRetention
	return j, nil
}

const sqlJournalSize = `SELECT COUNT(*), COALESCE(MIN(j.at), 0) FROM (SELECT at FROM cache_journal ORDER BY mark LIMIT 1000000) j`

// backupKey is the setting that holds when the last backup was made.
const backupKey = "last_backup"

// NoteBackup remembers that a backup was made now.
func (s *Store) NoteBackup(ctx context.Context) error {
	return s.Tx(ctx, func(tx *Tx) error {
		return tx.SetSetting(ctx, backupKey, strconv.FormatInt(ms(tx.Now), 10))
	})
}

// LastBackup is when NoteBackup was called last, the zero time for never.
func (s *Store) LastBackup(ctx context.Context) (time.Time, error) {
	text, err := s.Setting(ctx, backupKey)
	if err != nil || text == "" {
		return time.Time{}, err
	}
	at, err := strconv.ParseInt(text, 10, 64)
	return time.UnixMilli(at).UTC(), err
}

// Index is one that the migrations make, with the statement that makes it.
type Index struct{ Name, Create string }

// LostIndexes are those that the migrations made and that are not there any more, or
// are there and not fit for use.
func (s *Store) LostIndexes(ctx context.Context) ([]Index, error) {
	want, err := s.d.wantedIndexes()
	if err != nil {
		return nil, err
	}
	have, err := collect(ctx, s.queries, func(r scanner) (name string, err error) { return name, r.Scan(&name) }, s.d.indexes)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(want, func(i Index) bool { return slices.Contains(have, i.Name) }), nil
}

var (
	createIndex = regexp.MustCompile(`(?s)CREATE (?:UNIQUE )?INDEX (?:IF NOT EXISTS )?(\w+)\s[^;]*;`)
	dropIndex   = regexp.MustCompile(`DROP INDEX (?:IF EXISTS )?(\w+)`)
	upAndDown   = regexp.MustCompile(`(?m)^-- \+goose Down`)
	blanks      = regexp.MustCompile(`\s+`)
)

// wantedIndexes reads the migrations of an engine in their order.
func (d *dialect) wantedIndexes() (want []Index, err error) {
	files, err := migrationFiles.ReadDir("migrations") // by name
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if strings.HasSuffix(file.Name(), d.other) {
			continue
		}
		text, err := migrationFiles.ReadFile("migrations/" + file.Name())
		if err != nil {
			return nil, err
		}
		up := upAndDown.Split(string(text), 2)[0]
		for _, m := range createIndex.FindAllStringSubmatch(up, -1) {
			want = append(want, Index{m[1], blanks.ReplaceAllString(m[0], " ")})
		}
		for _, m := range dropIndex.FindAllStringSubmatch(up, -1) {
			want = slices.DeleteFunc(want, func(i Index) bool { return i.Name == m[1] })
		}
	}
	return want, nil
}
