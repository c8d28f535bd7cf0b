package cache

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"
)

// wireFamily is a family with nothing behind it, and the history its entries are of.
func wireFamily() (*family, *history, *question) {
	h := newHistory(7, 64)
	f := Register(&Cache{families: map[string]*family{}, o: Options{Clock: clock()}}, Family[string, string]{Name: "f", Stale: time.Hour})
	f.family.cache.history.Store(h)
	return f.family, h, &question{key: "f:k", tags: []string{"car:7"}}
}

func packed(body string, tags []string, until int64) []byte {
	f, h, q := wireFamily()
	e := &Entry{asked: q, family: f, history: h, stamp: 99, tags: tags, soft: 10 * time.Second, hard: 30 * time.Second, until: until, cost: time.Millisecond}
	e.body.fill([]byte(body))
	return e.pack()
}

// Whatever bytes a remote cache returns, they are an error or an entry that can
// be judged, read and weighed; and what one node packs, another unpacks the same.
// The bytes are tried with a right sum, too, so that what is behind it is reached.
//
// Red when: a length is not held against what is left.
func FuzzUnpack(f *testing.F) {
	for _, seed := range [][]byte{
		packed(`"a word"`, []string{"car:7"}, never),
		packed(`{"long":"`+strings.Repeat("word ", 200)+`"}`, []string{"car:7", "cars", "availability:*"}, time.Now().UnixNano()),
		packed(`null`, nil, never),
		{}, {wireVersion}, bytes.Repeat([]byte{0xff}, 64),
	} {
		f.Add(seed, false)
		f.Add(seed, true)
	}
	for short := packed(`"a word"`, []string{"car:7"}, never); len(short) > 0; short = short[:len(short)-1] {
		f.Add(bytes.Clone(short), true)
	}
	f.Fuzz(func(t *testing.T, b []byte, mend bool) {
		fam, h, q := wireFamily()
		if mend && len(b) >= wireHead {
			b = bytes.Clone(b)
			b[0] = wireVersion
			for i, part := range []byte{0, 0, 0, 0, 0, 0, 0, byte(h.epoch)} {
				b[5+i] = part
			}
			sum := sumOf(q.key, b)
			b[1], b[2], b[3], b[4] = byte(sum>>24), byte(sum>>16), byte(sum>>8), byte(sum)
		}
		e, err := fam.unpack(q, h, Taken{Outcome: Found, Bytes: bytes.Clone(b), Left: time.Minute})
		if err != nil {
			return
		}
		_ = fam.cache.judge(e, fam.cache.o.Clock())
		_, _ = e.value()
		if e.weight() <= 0 || e.Variant(Identity) == nil || e.Variant(Identity).Tag == "" {
			t.Fatalf("an entry that cannot be served: %+v", e)
		}
		again, err := fam.unpack(q, h, Taken{Outcome: Found, Bytes: e.pack(), Left: time.Minute})
		if err != nil {
			t.Fatalf("what was unpacked cannot be packed and unpacked: %v", err)
		}
		if again.stamp != e.stamp || again.cost != e.cost || strings.Join(again.tags, "|") != strings.Join(e.tags, "|") ||
			!bytes.Equal(again.body.identity.Body, e.body.identity.Body) || again.until != e.until {
			t.Fatalf("%+v is %+v after another trip", e, again)
		}
	})
}

// The bytes of this release are those of every node that runs it: a change of the
// form that takes no new version turns the other nodes' entries into broken ones.
func TestWireFormIsPinned(t *testing.T) {
	got := packed(`"x"`, []string{"car:7"}, never)
	// Behind the sum: epoch, stamp, hash, and the cost of a millisecond.
	head := "\x00\x00\x00\x00\x00\x00\x00\x07" + "\x00\x00\x00\x00\x00\x00\x00\x63" + hashOf([]byte(`"x"`)) + "\xc0\x84\x3d"
	if got[0] != 1 || !bytes.HasPrefix(got[5:], []byte(head)) {
		t.Errorf("packed %q", got)
	}
	tail := "\x01\x05car:7\x03\"x\"\x00"
	if !bytes.HasSuffix(got, []byte(tail)) {
		t.Errorf("packed %q, want it to end with %q", got, tail)
	}
}

// A judgement of an entry costs a few loads of memory beside the reading of the
// clock: at most 30 ns.
func BenchmarkJudge(b *testing.B) {
	c := &Cache{o: Options{Clock: clock()}}
	h := newHistory(7, defaultSlots)
	c.history.Store(h)
	h.horizon.Store(100)
	now := c.o.Clock()
	c.lease.renew(now, time.Hour)
	e := &Entry{history: h, stamp: 99, slots: h.floors.slotsOf([]string{"car:7", "availability:7"}), soft: time.Hour, early: time.Hour, hard: time.Hour, until: never}
	b.Run("clock", func(b *testing.B) {
		for b.Loop() {
			_ = c.o.Clock()
		}
	})
	b.Run("judge", func(b *testing.B) {
		for b.Loop() {
			if c.judge(e, now) != fresh {
				b.Fatal("not fresh")
			}
		}
	})
	b.Run("raise", func(b *testing.B) {
		written := Written{{"car:7", 150}, {"cars", 150}} // above the horizon, as a writer's own are
		for b.Loop() {
			c.Raise(context.Background(), written)
		}
	})
}
