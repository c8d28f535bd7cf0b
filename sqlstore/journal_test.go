package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/sqlstore"
)

// horizon is that of a fresh snapshot.
func (l *listener) horizon() (cache.Epoch, cache.Mark) {
	l.t.Helper()
	epoch, mark, err := l.journal.Horizon(context.Background())
	if err != nil {
		l.t.Fatalf("horizon: %v", err)
	}
	return epoch, mark
}

// reprice is a change of the first car.
func reprice(t testing.TB, s *sqlstore.Store, price int) {
	t.Helper()
	write(t, s, func(tx *sqlstore.Tx) error {
		return tx.Exec(t.Context(), `UPDATE cars SET price_per_day = $1 WHERE id = $2`, price, id(exodrive.CarID, 0))
	})
}

// A change is heard once, by everybody who listens, with a mark below the horizon of what is read afterwards and not below that of what was read before.
//
// Red when: a poll reads again what the last one saw.
func TestPollHearsAChangeOnce(t *testing.T) {
	eachAlone(t, func(t *testing.T, s *sqlstore.Store, url string) {
		oneCar(t, s)
		first, second := listen(t, s), listen(t, open(t, url))
		for i := range 3 {
			_, before := first.horizon()
			reprice(t, s, 500+i)
			_, after := first.horizon()
			for _, l := range []*listener{first, second} {
				r := l.poll()
				if got := named.Replace(strings.Join(tagsOf(r.Raises), " ")); got != "car:A cars" || len(r.Raises) != 2 {
					t.Errorf("change %d: heard %d raises, %q; want car:A and cars", i, len(r.Raises), got)
				}
				for _, raise := range r.Raises {
					if raise.Mark < before || raise.Mark >= after || raise.Mark >= r.Horizon {
						t.Errorf("change %d: the mark is %d, the horizons are %d before, %d after and %d of the poll", i, raise.Mark, before, after, r.Horizon)
					}
				}
				if r := l.poll(); len(r.Raises) > 0 {
					t.Errorf("change %d is heard again: %v", i, r.Raises)
				}
			}
		}
	})
}

// A node that starts hears the last change of everything, and of everything only the last.
//
// Red when: a reader that begins is told every row.
func TestPollFromTheBeginning(t *testing.T) {
	eachEmpty(t, func(t *testing.T, s *sqlstore.Store, url string) {
		oneCar(t, s)
		old := listen(t, s)
		reprice(t, s, 601)
		reprice(t, s, 602)
		last := map[string]cache.Mark{}
		for _, r := range old.poll().Raises {
			last[r.Tag] = max(last[r.Tag], r.Mark)
		}
		seen := map[string]cache.Mark{}
		for _, r := range (&listener{t: t, journal: old.journal}).poll().Raises {
			if _, twice := seen[r.Tag]; twice {
				t.Errorf("%s comes twice", r.Tag)
			}
			seen[r.Tag] = r.Mark
		}
		for tag, mark := range last {
			if seen[tag] != mark {
				t.Errorf("%s has the mark %d, want %d", tag, seen[tag], mark)
			}
		}
		if len(seen) < 5 {
			t.Errorf("only %v were heard", seen)
		}
	})
}

// More changes than a node wants to hear at once are no gap: what it is not told it learns to be older than a mark.
//
// Red when: a poll returns all rows; what it leaves out is not told as pruned.
func TestPollIsBounded(t *testing.T) {
	eachEmpty(t, func(t *testing.T, s *sqlstore.Store, _ string) {
		l := listen(t, s)
		const extra = 50
		for _, part := range []int{extra, sqlstore.MaxRaises} {
			write(t, s, func(tx *sqlstore.Tx) error {
				return tx.Exec(t.Context(), `INSERT INTO cache_journal (tag) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
					SELECT 'part' || $2 || ':' || i FROM n`, part, fmt.Sprint(part))
			})
		}
		fresh := (&listener{t: t, journal: l.journal}).poll()
		for name, r := range map[string]cache.Reading{"since": l.poll(), "fresh": fresh} {
			if len(r.Raises) > sqlstore.MaxRaises || r.Pruned == 0 {
				t.Errorf("%s: %d raises, pruned up to %d; want at most %d and a mark", name, len(r.Raises), r.Pruned, sqlstore.MaxRaises)
			}
			told := map[string]bool{}
			for _, raise := range r.Raises {
				told[raise.Tag] = true
				if raise.Mark <= r.Pruned {
					t.Errorf("%s: %v is not above %d", name, raise, r.Pruned)
				}
			}
			if told["part50:1"] {
				t.Errorf("%s: the oldest row was told", name)
			}
		}
		if r := l.poll(); len(r.Raises) > 0 || r.Pruned > 0 {
			t.Errorf("the next poll reads %d raises, pruned up to %d; want nothing", len(r.Raises), r.Pruned)
		}
	})
}

// Old rows go, newer ones stay, and a reader that comes from before learns that it missed something.
//
// Red when: what was deleted is not noted.
func TestPrune(t *testing.T) {
	eachAlone(t, func(t *testing.T, s *sqlstore.Store, url string) {
		oneCar(t, s)
		from := listen(t, s)
		before := from.poll().Horizon
		reprice(t, s, 603)
		gone := from.poll().Raises
		db := prompt(t, url)
		db.exec(`UPDATE cache_journal SET at = at - 27 * 3600000`)
		reprice(t, s, 604)
		rows := db.number(`SELECT COUNT(*) FROM cache_journal`)
		deleted, err := from.journal.Prune(t.Context())
		if left := db.number(`SELECT COUNT(*) FROM cache_journal`); err != nil || left != 2 || deleted != rows-2 {
			t.Errorf("%d of %d rows were deleted, %d are left (%v); want all but 2", deleted, rows, left, err)
		}
		r := from.poll()
		if highest := cache.Written(gone).Mark(); r.Pruned != highest || r.Pruned < before || len(r.Raises) != 2 {
			t.Errorf("pruned is %d and %v was read; want %d, above the horizon %d, and the new change", r.Pruned, r.Raises, highest, before)
		}
		if deleted, err := from.journal.Prune(t.Context()); deleted != 0 || err != nil {
			t.Errorf("the second time %d rows were deleted (%v), want none", deleted, err)
		}
	})
}

// Nodes that clean up at the same time delete everything old, in pieces, and hinder nobody.
//
// Red when: a pruner stops after one batch.
func TestManyPruneAtOnce(t *testing.T) {
	eachAlone(t, func(t *testing.T, s *sqlstore.Store, url string) {
		const rows = 9_000
		l := listen(t, s)
		for range 3 {
			write(t, s, func(tx *sqlstore.Tx) error {
				return tx.Exec(t.Context(), `INSERT INTO cache_journal (tag, at) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) SELECT 'x:' || i, 0 FROM n`, rows/3)
			})
		}
		highest := l.poll().Horizon - 1
		var wg sync.WaitGroup
		var mu sync.Mutex
		var sum int64
		for range 4 {
			wg.Go(func() {
				j := open(t, url).Journal()
				defer j.Close()
				n, err := j.Prune(t.Context())
				mu.Lock()
				defer mu.Unlock()
				if sum += n; err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if left := prompt(t, url).number(`SELECT COUNT(*) FROM cache_journal`); left != 0 || sum != rows {
			t.Errorf("%d rows were deleted, %d are left; want %d and none", sum, left, rows)
		}
		if r := l.poll(); r.Pruned == 0 || r.Pruned > highest {
			t.Errorf("pruned is %d, want the highest mark, at most %d", r.Pruned, highest)
		}
	})
}

// A journal that was emptied keeps its horizon: what is written next has a higher mark than all before.
//
// Red when: the horizon on SQLite is taken from the rows that are there; what was deleted is not noted.
func TestAnEmptyJournalKeepsItsHorizon(t *testing.T) {
	eachAlone(t, func(t *testing.T, s *sqlstore.Store, url string) {
		l := listen(t, s)
		oneCar(t, s)
		prompt(t, url).exec(`UPDATE cache_journal SET at = 0`)
		if _, err := l.journal.Prune(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := prompt(t, url).number(`SELECT COUNT(*) FROM cache_journal`); n != 0 {
			t.Fatalf("%d rows are left", n)
		}
		r := l.poll()
		if _, h := l.horizon(); r.Pruned == 0 || r.Pruned >= r.Horizon || h < r.Horizon || len(r.Raises) > 0 {
			t.Errorf("the emptied journal reads as %+v, and the horizon as %d", r, h)
		}
		reprice(t, s, 605)
		if next := l.poll(); len(next.Raises) != 2 || next.Raises[0].Mark < r.Horizon || next.Raises[1].Mark < r.Horizon {
			t.Errorf("after the horizon %d the next change reads as %v", r.Horizon, next.Raises)
		}
	})
}

// A database that nobody has written to has a horizon above nothing.
//
// Red when: SQLite must have counted a row before it has a horizon.
func TestANewJournal(t *testing.T) {
	eachAlone(t, func(t *testing.T, s *sqlstore.Store, _ string) {
		l := &listener{t: t, journal: s.Journal()}
		t.Cleanup(l.journal.Close)
		r := l.poll()
		epoch, h := l.horizon()
		if r.Horizon == 0 || h < r.Horizon || r.Epoch == 0 || epoch != r.Epoch || r.Position == "" || len(r.Raises) > 0 {
			t.Errorf("it reads as %+v, the horizon as %d of %d", r, h, epoch)
		}
		oneCar(t, s)
		if got := l.tags(); len(got) == 0 {
			t.Error("the first change was not heard")
		}
	})
}

// A new epoch is heard by all readers with their next poll, which begins at the beginning, and by whoever asks for a horizon.
//
// Red when: NewEpoch changes nothing.
func TestNewEpoch(t *testing.T) {
	eachEmpty(t, func(t *testing.T, s *sqlstore.Store, url string) {
		oneCar(t, s)
		l, other := listen(t, s), listen(t, open(t, url))
		was := l.poll()
		all := len((&listener{t: t, journal: l.journal}).poll().Raises)
		if r := other.poll(); r.Epoch != was.Epoch {
			t.Errorf("two processes read the epochs %d and %d", was.Epoch, r.Epoch)
		}
		if err := other.journal.NewEpoch(t.Context()); err != nil {
			t.Fatal(err)
		}
		if epoch, _ := l.horizon(); epoch == was.Epoch {
			t.Error("the horizon has the old epoch")
		}
		for _, reader := range []*listener{l, other} {
			if r := reader.poll(); r.Epoch == was.Epoch || len(r.Raises) != all {
				t.Errorf("the epoch went from %d to %d, %d raises were read; want another and all %d", was.Epoch, r.Epoch, len(r.Raises), all)
			}
			if r := reader.poll(); len(r.Raises) > 0 {
				t.Errorf("the second poll of the epoch reads %v", r.Raises)
			}
		}
	})
}

// A restored database has an epoch of its own, so nothing from before it is taken for something after it.
//
// Red when: the epoch on Postgres does not hold the table itself; a restored SQLite file keeps its name and bump.
func TestRestoreBeginsAnEpoch(t *testing.T) {
	eachSeeded(t, func(t *testing.T, s *sqlstore.Store, url string) {
		before := listen(t, s)
		was := before.poll().Epoch
		before.journal.Close()
		file := backup(t, s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		again := listen(t, restored(t, url, file, true)).poll()
		elsewhere := listen(t, restored(t, another(t, url), file, false)).poll()
		if again.Epoch == was || elsewhere.Epoch == was || elsewhere.Epoch == again.Epoch {
			t.Errorf("the epochs are %d, then %d in its place and %d elsewhere; want three", was, again.Epoch, elsewhere.Epoch)
		}
	})
}

// A backup of the release before this one can be restored over this one's database, and migrated.
//
// Red when: the migration does not replace what is left of the journal.
func TestRestoreOfTheReleaseBefore(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "seeded", seeded, func(t *testing.T, url string) {
		old := another(t, url)
		s := open(t, old)
		if err := s.MigrateTo(t.Context(), 2); err != nil {
			t.Fatal(err)
		}
		oneCar(t, s)
		file := filepath.Join(t.TempDir(), "old")
		if err := s.Backup(t.Context(), file); err != nil {
			t.Fatal(err)
		}
		now := restored(t, url, file, true)
		if from, to, err := now.Migrate(t.Context()); from != 2 || to != schema || err != nil {
			t.Fatalf("migrated from %d to %d: %v", from, to, err)
		}
		l := listen(t, now)
		reprice(t, now, 606)
		if got := named.Replace(strings.Join(l.tags(), " ")); got != "car:A cars" {
			t.Errorf("a change raises %q, want car:A and cars", got)
		}
	})
}

// A journal that was closed says so, and never connects again.
//
// Red when: a closed journal connects again.
func TestClosedJournal(t *testing.T) {
	eachEmpty(t, func(t *testing.T, s *sqlstore.Store, _ string) {
		j := s.Journal()
		if _, err := j.Poll(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		j.Close()
		j.Close()
		if _, err := j.Poll(t.Context(), ""); err == nil || !strings.Contains(err.Error(), "closed") {
			t.Errorf("the poll says %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
		defer cancel()
		<-ctx.Done()
		if _, err := s.Journal().Poll(ctx, ""); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a poll without time says %v", err)
		}
	})
}
