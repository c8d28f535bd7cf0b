package cachetest

import (
	"bytes"
	"context"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/exodrive/exodrive/cache"
)

// suiteLimit is how long a suite waits for what must come.
const suiteLimit = 10 * time.Second

// RemoteSuite checks the contract of cache.Remote. open makes a client of an
// empty store; it is called once for every test. The suite takes real time, some
// tenths of a second, unless it runs where time is virtual.
func RemoteSuite(t *testing.T, open func(t *testing.T) cache.Remote) {
	for _, test := range []struct {
		name string
		run  func(*remoteSuite)
	}{
		{"an empty store gives the lease to one of many", (*remoteSuite).oneHolder},
		{"what was filled is found, byte for byte, with the life it has left", (*remoteSuite).found},
		{"a lease ends by itself when its holder has died", (*remoteSuite).deadHolder},
		{"a holder that cannot store lets everybody else load at once", (*remoteSuite).released},
		{"only the holder ends a lease", (*remoteSuite).strangers},
		{"an older entry does not replace a newer one", (*remoteSuite).older},
		{"another epoch finds nothing, and replaces", (*remoteSuite).epochs},
		{"stamps are compared as whole numbers of 64 bits", (*remoteSuite).stamps},
		{"entries of another shape are strangers", (*remoteSuite).shapes},
		{"an entry ends with its life", (*remoteSuite).life},
		{"any bytes and any key are kept as they are", (*remoteSuite).anyBytes},
		{"a context that has ended ends the call", (*remoteSuite).ended},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.run(&remoteSuite{T: t, r: open(t)})
		})
	}
}

type remoteSuite struct {
	*testing.T
	r cache.Remote
}

const suiteEpoch = cache.Epoch(math.MaxUint64 - 1)

// suiteKey is a key of the shape that most tests have.
func suiteKey(text string) cache.Key { return cache.Key{Shape: "5ha9e000", Text: text} }

func (s *remoteSuite) take(key, token string, above cache.Mark) cache.Taken {
	s.Helper()
	return s.takeIn(suiteEpoch, key, token, above, time.Minute)
}

func (s *remoteSuite) takeIn(epoch cache.Epoch, key, token string, above cache.Mark, lease time.Duration) cache.Taken {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), suiteLimit)
	defer cancel()
	taken, err := s.r.Take(ctx, cache.Wanted{Key: suiteKey(key), Epoch: epoch, Above: above, Token: token, Lease: lease})
	if err != nil {
		s.Fatalf("take %q: %v", key, err)
	}
	return taken
}

func (s *remoteSuite) fill(key, token string, stamp cache.Mark, text string) {
	s.Helper()
	s.fillWith(key, token, cache.Stored{Epoch: suiteEpoch, Stamp: stamp, Bytes: []byte(text), Life: time.Minute})
}

func (s *remoteSuite) fillWith(key, token string, data cache.Stored) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), suiteLimit)
	defer cancel()
	if err := s.r.Fill(ctx, suiteKey(key), token, data); err != nil {
		s.Fatalf("fill %q: %v", key, err)
	}
}

func (s *remoteSuite) expect(got cache.Taken, outcome cache.Outcome, text string) {
	s.Helper()
	if got.Outcome != outcome || outcome == cache.Found && string(got.Bytes) != text {
		s.Errorf("outcome %d with %q, want %d with %q", got.Outcome, got.Bytes, outcome, text)
	}
}

func (s *remoteSuite) oneHolder() {
	var held, waiting atomic.Int32
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			taken, err := s.r.Take(s.Context(), cache.Wanted{Key: suiteKey("k"), Epoch: suiteEpoch, Token: string(rune('a' + i)), Lease: time.Minute})
			switch {
			case err != nil:
				s.Error(err)
			case taken.Outcome == cache.Leased:
				held.Add(1)
			case taken.Outcome == cache.Wait:
				waiting.Add(1)
			}
		})
	}
	all.Wait()
	if held.Load() != 1 || waiting.Load() != 19 {
		s.Errorf("of 20 callers %d hold the lease and %d wait, want 1 and 19", held.Load(), waiting.Load())
	}
}

func (s *remoteSuite) found() {
	s.expect(s.take("k", "a", 0), cache.Leased, "")
	s.fill("k", "a", 100, "entry")
	taken := s.take("k", "b", 99)
	s.expect(taken, cache.Found, "entry")
	if taken.Left <= 50*time.Second || taken.Left > time.Minute {
		s.Errorf("there are %v left of a minute", taken.Left)
	}
	s.expect(s.take("k", "c", 100), cache.Leased, "")
	s.expect(s.take("k", "d", 100), cache.Wait, "")
	s.expect(s.take("k", "e", 99), cache.Found, "entry") // for whom it is new enough
}

func (s *remoteSuite) deadHolder() {
	s.expect(s.takeIn(suiteEpoch, "k", "dead", 0, 50*time.Millisecond), cache.Leased, "")
	begun := time.Now()
	for time.Since(begun) < suiteLimit {
		if got := s.take("k", "next", 0); got.Outcome == cache.Leased {
			if took := time.Since(begun); took < 30*time.Millisecond {
				s.Errorf("a lease of 50 ms was over after %v", took)
			}
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	s.Error("the lease of a dead holder never ended")
}

func (s *remoteSuite) released() {
	s.take("k", "a", 0)
	s.expect(s.take("k", "b", 0), cache.Wait, "")
	if err := s.r.Release(s.Context(), suiteKey("k"), "a", cache.Leased); err != nil {
		s.Fatal(err)
	}
	s.expect(s.take("k", "b", 0), cache.Leased, "")
	s.expect(s.take("k", "c", 0), cache.Wait, "")
	if err := s.r.Release(s.Context(), suiteKey("k"), "b", cache.Alone); err != nil {
		s.Fatal(err)
	}
	s.expect(s.take("k", "b", 0), cache.Alone, "")
	s.expect(s.take("k", "c", 0), cache.Alone, "")
	s.fill("k", "", 100, "entry")
	s.expect(s.take("k", "d", 0), cache.Found, "entry")
	s.expect(s.take("other", "d", 0), cache.Leased, "")
}

func (s *remoteSuite) strangers() {
	s.take("k", "a", 0)
	if err := s.r.Release(s.Context(), suiteKey("k"), "stranger", cache.Leased); err != nil {
		s.Fatal(err)
	}
	s.expect(s.take("k", "b", 0), cache.Wait, "")
	// A holder that comes back after its lease ended must not end the next one's.
	s.fill("k", "stranger", 100, "late")
	s.expect(s.take("k", "b", 50), cache.Found, "late")
	s.expect(s.take("k", "b", 100), cache.Wait, "")
}

func (s *remoteSuite) older() {
	s.fill("k", "a", 200, "newer")
	s.fill("k", "b", 199, "older")
	s.expect(s.take("k", "c", 0), cache.Found, "newer")
	s.fill("k", "b", 200, "as new")
	s.expect(s.take("k", "c", 0), cache.Found, "as new")
}

func (s *remoteSuite) epochs() {
	s.fill("k", "a", 500, "old history")
	s.expect(s.takeIn(7, "k", "b", 0, time.Minute), cache.Leased, "")
	s.fillWith("k", "b", cache.Stored{Epoch: 7, Stamp: 10, Bytes: []byte("new history"), Life: time.Minute})
	s.expect(s.takeIn(7, "k", "c", 0, time.Minute), cache.Found, "new history")
	s.expect(s.take("k", "d", 0), cache.Leased, "")
}

// Numbers beyond 2^53 are not exact as floating point, and "9" is after "10" as
// text: both have let older entries win elsewhere.
func (s *remoteSuite) stamps() {
	for i, pair := range [][2]cache.Mark{
		{9, 10}, {99_999, 100_000}, {1 << 53, 1<<53 + 1}, {math.MaxUint64 - 1, math.MaxUint64},
	} {
		key := string(rune('a' + i))
		low, high := pair[0], pair[1]
		s.fill(key, "", high, "newer")
		s.fill(key, "", low, "older")
		s.expect(s.take(key, "t", low), cache.Found, "newer")
		s.expect(s.take(key, "t", high), cache.Leased, "")
	}
}

func (s *remoteSuite) shapes() {
	s.fill("k", "a", 100, "of this release")
	other := cache.Key{Shape: "0ther000", Text: "k"}
	want := cache.Wanted{Key: other, Epoch: suiteEpoch, Token: "b", Lease: time.Minute}
	taken, err := s.r.Take(s.Context(), want)
	if err != nil {
		s.Fatal(err)
	}
	s.expect(taken, cache.Leased, "")
	s.expect(s.take("k", "c", 0), cache.Found, "of this release")
	s.expect(s.take("k", "d", 100), cache.Leased, "") // the lease of the other shape is not in the way
	if err := s.r.Fill(s.Context(), other, "b", cache.Stored{Epoch: suiteEpoch, Stamp: 200, Bytes: []byte("of the next"), Life: time.Minute}); err != nil {
		s.Fatal(err)
	}
	s.expect(s.take("k", "e", 0), cache.Found, "of this release")
}

func (s *remoteSuite) life() {
	s.fillWith("k", "a", cache.Stored{Epoch: suiteEpoch, Stamp: 100, Bytes: []byte("entry"), Life: 40 * time.Millisecond})
	begun := time.Now()
	for time.Since(begun) < suiteLimit {
		taken := s.take("k", "b", 0)
		if taken.Outcome != cache.Found {
			s.fill("k", "b", 1, "next") // an entry that has ended is not there
			s.expect(s.take("k", "b", 0), cache.Found, "next")
			return
		}
		if taken.Left > 40*time.Millisecond {
			s.Fatalf("there are %v left of 40 ms", taken.Left)
		}
		time.Sleep(5 * time.Millisecond)
	}
	s.Error("the entry never ended")
}

func (s *remoteSuite) anyBytes() {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for _, key := range []string{"a b", "{a}:b", "a}{b", "}a", "{}", "ä\x00\xff\r\n", string(bytes.Repeat([]byte("k"), 2000))} {
		s.fill(key, "", 100, string(all)+key)
		s.expect(s.take(key, "t", 0), cache.Found, string(all)+key)
	}
	large := bytes.Repeat(all, 2048)
	s.fill("large", "", 100, string(large))
	if got := s.take("large", "t", 0); !bytes.Equal(got.Bytes, large) {
		s.Errorf("half a megabyte came back as %d bytes", len(got.Bytes))
	}
}

func (s *remoteSuite) ended() {
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	if _, err := s.r.Take(ctx, cache.Wanted{Key: suiteKey("k"), Epoch: suiteEpoch, Token: "a", Lease: time.Minute}); err == nil {
		s.Error("take succeeds under a context that has ended")
	}
	if err := s.r.Fill(ctx, suiteKey("k"), "a", cache.Stored{Epoch: suiteEpoch, Stamp: 1, Bytes: []byte("x"), Life: time.Minute}); err == nil {
		s.Error("fill succeeds under a context that has ended")
	}
	if err := s.r.Release(ctx, suiteKey("k"), "a", cache.Alone); err == nil {
		s.Error("release succeeds under a context that has ended")
	}
	if err := s.r.Ping(ctx); err == nil {
		s.Error("a ping succeeds under a context that has ended")
	}
}
