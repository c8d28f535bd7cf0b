package cache

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"sync"
	"time"
)

// The form of an entry in a remote cache, all numbers as unsigned varints but
// the first five fields:
//
//	version  1 byte
//	sum      4 bytes, CRC-32C of the key and everything after the sum
//	epoch    8 bytes
//	stamp    8 bytes
//	hash     16 bytes, that of the body in its entity tags, as making it again would
//	         take longer than all the rest
//	cost in ns · stale window in ns · until in ns of Unix time, 0 for never ·
//	number of tags, each with its length · length and bytes of the body ·
//	length and bytes of its gzip variant, 0 for none
//
// A change of the form takes a new version; to an older release a newer form is
// not there, and the other way round.
const (
	wireVersion = 1
	wireHead    = 1 + 4 + 8 + 8 + hashLength
	wireHash    = 1 + 4 + 8 + 8 // where the hash begins
	// mostTags keeps hostile bytes from asking for memory.
	mostTags = 10_000
)

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	errWire    = errors.New("cache: not an entry of this form")
)

// pack writes an entry for other nodes.
func (e *Entry) pack() []byte {
	b := make([]byte, wireHead, wireHead+len(e.body.identity.Body)*2)
	b[0] = wireVersion
	binary.BigEndian.PutUint64(b[5:], uint64(e.history.epoch))
	binary.BigEndian.PutUint64(b[13:], uint64(e.stamp))
	copy(b[wireHash:], e.body.hash())
	b = binary.AppendUvarint(b, uint64(e.cost))
	b = binary.AppendUvarint(b, uint64(max(0, e.hard-e.soft)))
	until := uint64(0)
	if e.until != never {
		until = uint64(e.until)
	}
	b = binary.AppendUvarint(b, until)
	b = binary.AppendUvarint(b, uint64(len(e.tags)))
	for _, tag := range e.tags {
		b = appendText(b, tag)
	}
	b = appendText(b, e.body.identity.Body)
	if zipped := e.body.zipped(); zipped != nil {
		b = appendText(b, zipped.Body)
	} else {
		b = binary.AppendUvarint(b, 0)
	}
	binary.BigEndian.PutUint32(b[1:], sumOf(e.asked.key, b))
	return b
}

func appendText[T string | []byte](b []byte, s T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// sumOf is the sum of packed bytes. The key is in it, so that an answer that a
// connection gave to another question is broken bytes and not an answer.
func sumOf(key string, b []byte) uint32 {
	return crc32.Update(crc32.Checksum([]byte(key), castagnoli), castagnoli, b[5:])
}

// stampOf is the stamp of packed bytes, 0 if they are too short to have one.
func stampOf(b []byte) Mark {
	if len(b) < wireHead {
		return 0
	}
	return Mark(binary.BigEndian.Uint64(b[13:]))
}

// unpack makes an entry of what a remote cache had. Bytes that are not one, for
// whatever reason, are an error and nothing else.
func (f *family) unpack(q *question, h *history, taken Taken) (*Entry, error) {
	b := taken.Bytes
	if len(b) < wireHead || b[0] != wireVersion || binary.BigEndian.Uint32(b[1:]) != sumOf(q.key, b) {
		return nil, errWire
	}
	if Epoch(binary.BigEndian.Uint64(b[5:])) != h.epoch {
		return nil, errWire
	}
	r := wireReader{rest: b[wireHead:]}
	cost, stale, until, tags := r.number(), r.number(), r.number(), r.number()
	if tags > mostTags {
		return nil, errWire
	}
	e := &Entry{asked: q, family: f, history: h, stamp: stampOf(b), cost: time.Duration(cost), until: never}
	for range tags {
		e.tags = append(e.tags, string(r.text()))
	}
	body, zipped := r.text(), r.text()
	if r.broken || len(r.rest) > 0 || len(body) == 0 {
		return nil, errWire
	}
	e.slots = h.floors.slotsOf(e.tags)
	if until > 0 {
		e.until = int64(until)
	}
	now := f.cache.o.Clock().Mono
	e.hard = now + taken.Left
	e.soft = e.hard - time.Duration(min(stale, uint64(f.stale)))
	e.early = e.soft - earliest*e.cost
	e.body.adopt(body, zipped, string(b[wireHash:wireHead]))
	e.value, e.size = sync.OnceValues(func() (any, error) { return f.decode(body) }), 2*int64(len(body))
	return e, nil
}

// wireReader takes fields off some bytes; after the first that is not there,
// all are empty.
type wireReader struct {
	rest   []byte
	broken bool
}

func (r *wireReader) number() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.rest, r.broken = nil, true
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *wireReader) text() []byte {
	n := r.number()
	if n > uint64(len(r.rest)) {
		r.rest, r.broken = nil, true
		return nil
	}
	out := r.rest[:n:n]
	r.rest = r.rest[n:]
	return out
}
