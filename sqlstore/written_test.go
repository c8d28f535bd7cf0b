package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/sqlstore"
)

// notes keeps what the hook of a store was told.
type notes struct {
	mu   sync.Mutex
	told []cache.Written
}

// noted sets the hook of a store.
func noted(s *sqlstore.Store) *notes {
	n := &notes{}
	s.OnWritten(func(_ context.Context, w cache.Written) {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.told = append(n.told, w)
	})
	return n
}

// take returns what was told so far and forgets it.
func (n *notes) take() []cache.Written {
	n.mu.Lock()
	defer n.mu.Unlock()
	told := n.told
	n.told = nil
	return told
}

// Whoever changes something learns, before the change is reported as done, which tags it raised and with which mark: the same that others hear.
//
// Red when: a mark that the hook is told is not that of the row.
func TestWrittenIsWhatOthersHear(t *testing.T) {
	eachEmpty(t, func(t *testing.T, s *sqlstore.Store, url string) {
		oneCar(t, s)
		n, l := noted(s), listen(t, open(t, url))
		reprice(t, s, 900)
		told, heard := n.take(), l.poll().Raises
		if len(told) != 1 || named.Replace(strings.Join(tagsOf(told[0]), " ")) != "car:A cars" {
			t.Fatalf("it learned %v, want once car:A and cars", told)
		}
		marks := map[string]cache.Mark{}
		for _, r := range heard {
			marks[r.Tag] = r.Mark
		}
		for _, r := range told[0] {
			if marks[r.Tag] != r.Mark || r.Mark == 0 {
				t.Errorf("it learned %v, others heard %v", told[0], heard)
			}
		}
		if told[0].Mark() != cache.Written(heard).Mark() {
			t.Errorf("its mark is %d, others heard %d", told[0].Mark(), cache.Written(heard).Mark())
		}
	})
}

// A change that is refused, gives up or touches nothing that is shown tells nobody anything.
func TestNothingWritten(t *testing.T) {
	eachEmpty(t, func(t *testing.T, s *sqlstore.Store, _ string) {
		oneCar(t, s)
		n := noted(s)
		write(t, s, func(tx *sqlstore.Tx) error { return tx.SetSetting(t.Context(), "k", "v") })
		write(t, s, func(tx *sqlstore.Tx) error { _, err := tx.Setting(t.Context(), "k"); return err })
		failure := errors.New("enough")
		err := s.Tx(t.Context(), func(tx *sqlstore.Tx) error {
			return errors.Join(tx.Exec(t.Context(), `UPDATE cars SET price_per_day = 7`), failure)
		})
		if !errors.Is(err, failure) {
			t.Fatal(err)
		}
		err = s.Tx(t.Context(), func(tx *sqlstore.Tx) error {
			c := aCar(0)
			return errors.Join(tx.Exec(t.Context(), `UPDATE cars SET price_per_day = 8`), tx.InsertCar(t.Context(), &c))
		})
		refused(t, err, exodrive.Conflict)
		if told := n.take(); len(told) != 0 {
			t.Errorf("they told %v, want nothing", told)
		}
	})
}

// The hook sees what the caller has put into its context, so the mark finds its way to the caller.
func TestTheCallerGetsItsMark(t *testing.T) {
	eachEmpty(t, func(t *testing.T, s *sqlstore.Store, _ string) {
		oneCar(t, s)
		type place struct{}
		s.OnWritten(func(ctx context.Context, w cache.Written) {
			if mark, ok := ctx.Value(place{}).(*cache.Mark); ok && ctx.Err() == nil {
				*mark = w.Mark()
			}
		})
		var mark cache.Mark
		ctx, gone := context.WithCancel(context.WithValue(t.Context(), place{}, &mark))
		err := s.Tx(ctx, func(tx *sqlstore.Tx) error {
			err := tx.Exec(ctx, `UPDATE cars SET price_per_day = 9`)
			gone() // the caller goes away before the commit, which takes place
			return err
		})
		if err != nil || mark == 0 {
			t.Errorf("the mark is %d (%v), want one", mark, err)
		}
	})
}

// Somebody who changes thousands of cars one by one learns of a few tags, which cover all.
//
// Red when: many tags of a kind are not told as their wildcard.
func TestWrittenIsBounded(t *testing.T) {
	eachEmpty(t, func(t *testing.T, s *sqlstore.Store, url string) {
		n, l := noted(s), listen(t, open(t, url))
		many(t, s, 150)
		told := n.take()
		if len(told) != 1 {
			t.Fatalf("the hook was called %d times, want once", len(told))
		}
		if got, want := strings.Join(tagsOf(told[0]), " "), "availability availability:* car:* cars figures reviews:* slug:*"; got != want || len(told[0]) != 7 {
			t.Errorf("it learned %q in %d raises, want %q", got, len(told[0]), want)
		}
		marks := map[string]cache.Mark{}
		for _, r := range told[0] {
			marks[r.Tag] = r.Mark
		}
		for _, r := range l.poll().Raises {
			kind, _, ok := strings.Cut(r.Tag, ":")
			if !ok {
				continue
			}
			if marks[kind+":*"] < r.Mark {
				t.Errorf("%v is not covered by %v", r, told[0])
			}
		}
	})
}

// A change whose commit nobody answers may have taken place, so its tags are raised; one that the server refuses at its commit raises none.
//
// Red when: a commit without an answer tells nothing; a refused one tells.
func TestUnknownCommits(t *testing.T) {
	t.Parallel()
	wire := newWire(t, postgresEmpty(t))
	s := open(t, wire.url)
	oneCar(t, s)
	n := noted(s)
	after := "commit"
	wire.cutAfter.Store(&after)
	err := s.Tx(t.Context(), func(tx *sqlstore.Tx) error { return tx.Exec(t.Context(), `UPDATE cars SET price_per_day = 4242`) })
	refused(t, err, exodrive.Unavailable)
	wire.cutAfter.Store(nil)
	if told := n.take(); len(told) != 1 || named.Replace(strings.Join(tagsOf(told[0]), " ")) != "car:A cars" {
		t.Errorf("the lost commit told %v, want once car:A and cars", told)
	}
	if c := must(s.Car(t.Context(), id(exodrive.CarID, 0))); c.PricePerDay != 4242 {
		t.Errorf("the price is %d: the commit did not take place, so this test proves nothing", c.PricePerDay)
	}
	err = s.Tx(t.Context(), func(tx *sqlstore.Tx) error {
		one, two := aBooking(0, today, today.Add(2)), aBooking(1, today.Add(1), today.Add(3))
		return errors.Join(tx.Exec(t.Context(), `SET CONSTRAINTS ALL DEFERRED`), tx.Exec(t.Context(), `UPDATE cars SET price_per_day = 17`),
			tx.InsertBooking(t.Context(), &one), tx.InsertBooking(t.Context(), &two))
	})
	refused(t, err, exodrive.Conflict)
	if told := n.take(); len(told) != 0 {
		t.Errorf("the refused commit told %v, want nothing", told)
	}
	err = s.Tx(t.Context(), func(tx *sqlstore.Tx) error {
		err := tx.Exec(t.Context(), `UPDATE cars SET price_per_day = 18`)
		_ = tx.Exec(t.Context(), `SELECT 1 / 0`) // swallowed, so the commit is a rollback
		return err
	})
	if err == nil || len(n.take()) != 0 {
		t.Errorf("a transaction that had failed was committed (%v) or told something", err)
	}
}

// An operator who clears a tag is heard by all nodes, his own at once.
func TestRaise(t *testing.T) {
	eachEmpty(t, func(t *testing.T, s *sqlstore.Store, url string) {
		raise := func(tag string) error {
			return s.Tx(t.Context(), func(tx *sqlstore.Tx) error { return tx.Raise(t.Context(), tag) })
		}
		n, l := noted(s), listen(t, open(t, url))
		for _, tag := range []string{"car:*", "cars", "cars"} {
			if err := raise(tag); err != nil {
				t.Fatal(err)
			}
			told, heard := n.take(), l.poll().Raises
			if fmt.Sprint(told) != fmt.Sprint([]cache.Written{heard}) || len(heard) != 1 || heard[0].Tag != tag {
				t.Errorf("clearing %s told %v, others heard %v", tag, told, heard)
			}
		}
		refused(t, raise(""), exodrive.Invalid)
		refused(t, raise(strings.Repeat("x", 201)), exodrive.Invalid)
	})
}

// Without anybody who wants to know, a change asks the database nothing more than it did before there was a cache.
func TestWithoutAHookNothingIsAsked(t *testing.T) {
	eachEmpty(t, func(t *testing.T, _ *sqlstore.Store, url string) {
		var trace recorder
		s := open(t, url, func(c *sqlstore.Config) { c.Trace = trace.add })
		trace.take() // of opening
		set := func() error {
			return s.Tx(t.Context(), func(tx *sqlstore.Tx) error { return tx.SetSetting(t.Context(), "k", "v") })
		}
		if err := set(); err != nil {
			t.Fatal(err)
		}
		if kept := trace.take(); len(kept) != 1 {
			t.Errorf("it ran %v, want one statement", kept)
		}
		noted(s)
		if err := set(); err != nil {
			t.Fatal(err)
		}
		if kept := trace.take(); len(kept) < 2 {
			t.Errorf("with a hook it ran %v, so this test sees nothing", kept)
		}
	})
}
