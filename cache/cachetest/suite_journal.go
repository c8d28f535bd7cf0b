package cachetest

import (
	"context"
	"fmt"
	"testing"

	"github.com/exodrive/exodrive/cache"
)

// Writer is a transaction that has written tags to a journal.
type Writer interface {
	Commit() cache.Written
	Rollback()
}

// Ledger is a database whose journal JournalSuite tests.
type Ledger struct {
	Journal cache.Journal
	// Begin opens a transaction and writes tags to the journal in it.
	Begin func(tags ...string) Writer
	// Single is set for a database that has one writing transaction at a time.
	Single bool
}

// JournalSuite checks the contract of cache.Journal. open makes an empty
// database; it is called once for every test. Rows that open itself has caused
// are overlooked.
func JournalSuite(t *testing.T, open func(t *testing.T) Ledger) {
	for _, test := range []struct {
		name     string
		overlaps bool
		run      func(*journalSuite)
	}{
		{"a committed write is read once, with the mark its writer was told", false, (*journalSuite).once},
		{"what is rolled back is never read", false, (*journalSuite).rolledBack},
		{"an open transaction is not read and holds the horizon back", true, (*journalSuite).held},
		{"transactions that overlap are read exactly once, in whatever order they commit", true, (*journalSuite).overlaps},
		{"a reader that begins is told the highest mark of every tag", false, (*journalSuite).begins},
		{"the horizon is above every mark that was committed before", false, (*journalSuite).horizon},
		{"a new epoch is read by everybody, and its readers begin anew", false, (*journalSuite).newEpoch},
		{"a context that has ended ends the call", false, (*journalSuite).ended},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := open(t)
			if test.overlaps && l.Single {
				return // there is nothing to prove where writers wait for each other
			}
			s := &journalSuite{T: t, Ledger: l, heard: map[cache.Raise]int{}}
			s.poll()
			clear(s.heard)
			test.run(s)
		})
	}
}

type journalSuite struct {
	*testing.T
	Ledger
	at    cache.Position
	last  cache.Reading
	heard map[cache.Raise]int // how often
}

func (s *journalSuite) poll() cache.Reading {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), suiteLimit)
	defer cancel()
	r, err := s.Journal.Poll(ctx, s.at)
	if err != nil {
		s.Fatalf("poll: %v", err)
	}
	if r.Epoch == s.last.Epoch && r.Horizon < s.last.Horizon {
		s.Errorf("the horizon went from %d back to %d", s.last.Horizon, r.Horizon)
	}
	for _, raise := range r.Raises {
		s.heard[raise]++
	}
	s.at, s.last = r.Position, r
	return r
}

// expect checks that what was written has been read so many times.
func (s *journalSuite) expect(w cache.Written, times int) {
	s.Helper()
	if len(w) == 0 {
		s.Error("the writer was told of no tag")
	}
	for _, raise := range w {
		if got := s.heard[raise]; got != times {
			s.Errorf("%s raised by %d was read %d times, want %d", raise.Tag, raise.Mark, got, times)
		}
	}
}

func (s *journalSuite) once() {
	w := s.Begin("car:1", "cars").Commit()
	if len(w) != 2 || w[0].Mark == 0 || w.Mark() < w[0].Mark {
		s.Errorf("the writer of two tags was told %v", w)
	}
	s.poll()
	s.expect(w, 1)
	s.poll()
	s.expect(w, 1)
	again := s.Begin("car:1").Commit()
	s.poll()
	s.expect(again, 1)
	if again.Mark() <= w.Mark() {
		s.Errorf("a later transaction has mark %d, not above %d", again.Mark(), w.Mark())
	}
}

func (s *journalSuite) rolledBack() {
	s.Begin("car:rolled-back").Rollback()
	s.Begin("car:2").Commit()
	s.poll()
	for raise := range s.heard {
		if raise.Tag == "car:rolled-back" {
			s.Errorf("a write that was rolled back was read: %v", raise)
		}
	}
}

func (s *journalSuite) held() {
	slow := s.Begin("car:1")
	quick := s.Begin("car:2").Commit()
	before := s.poll()
	s.expect(quick, 1)
	if before.Horizon > quick.Mark() {
		s.Errorf("the horizon is %d, above an open transaction that began before %d", before.Horizon, quick.Mark())
	}
	w := slow.Commit()
	if w.Mark() < before.Horizon {
		s.Errorf("a transaction with mark %d was open, yet the horizon was %d", w.Mark(), before.Horizon)
	}
	s.poll()
	s.expect(w, 1)
	s.expect(quick, 1)
}

func (s *journalSuite) overlaps() {
	var written []cache.Written
	for round := range 6 {
		var open []Writer
		for i := range 4 {
			open = append(open, s.Begin(fmt.Sprintf("car:%d", i)))
			s.poll()
		}
		for _, i := range []int{3, 1, (round % 2) * 2, 2 - (round%2)*2} {
			written = append(written, open[i].Commit())
			s.poll()
		}
	}
	s.poll()
	for _, w := range written {
		s.expect(w, 1)
	}
}

func (s *journalSuite) begins() {
	s.Begin("car:1").Commit()
	last := append(s.Begin("car:1").Commit(), s.Begin("car:2").Commit()...)
	s.at = ""
	s.poll()
	s.expect(last, 1)
}

func (s *journalSuite) horizon() {
	for range 3 {
		w := s.Begin("car:1").Commit()
		epoch, now, err := s.Journal.Horizon(s.Context())
		if err != nil {
			s.Fatal(err)
		}
		if now <= w.Mark() || epoch != s.last.Epoch {
			s.Errorf("the horizon is %d in epoch %d after mark %d in epoch %d", now, epoch, w.Mark(), s.last.Epoch)
		}
		if polled := s.poll(); polled.Horizon < now {
			s.Errorf("a poll has horizon %d after one of %d was told", polled.Horizon, now)
		}
	}
}

func (s *journalSuite) newEpoch() {
	w := s.Begin("car:1").Commit()
	before := s.poll()
	if err := s.Journal.NewEpoch(s.Context()); err != nil {
		s.Fatal(err)
	}
	clear(s.heard)
	after := s.poll()
	if after.Epoch == before.Epoch {
		s.Errorf("the epoch is still %d", after.Epoch)
	}
	s.expect(w, 1) // from the position of another epoch, as from ""
	epoch, _, err := s.Journal.Horizon(s.Context())
	if err != nil || epoch != after.Epoch {
		s.Errorf("the horizon is of epoch %d (%v), want %d", epoch, err, after.Epoch)
	}
}

func (s *journalSuite) ended() {
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	if _, err := s.Journal.Poll(ctx, s.at); err == nil {
		s.Error("a poll succeeds under a context that has ended")
	}
	if _, _, err := s.Journal.Horizon(ctx); err == nil {
		s.Error("a horizon is told under a context that has ended")
	}
}
