package rediscache

import (
	"encoding/binary"

	"github.com/exodrive/exodrive/cache"
)

// The form of a ring:
//
//	version  1 byte
//	install  its length as a varint, and its bytes
//	epoch    8 bytes
//	raises   their number as a varint; each the length of its tag, the tag, the mark
//
// A ring of another version, or one that is not of this form, is a ring without
// news.
const (
	newsVersion = 1
	// largestNews is the longest ring with raises. Who wrote more has the others read
	// the journal for it.
	largestNews = 8 << 10
	// leastRaise is the shortest one: an empty tag and a small mark.
	leastRaise = 2
)

// packNews writes a ring.
func packNews(install string, n cache.News) []byte {
	head := append([]byte{newsVersion}, byte(len(install))) // Open has bounded it below 128
	head = append(head, install...)
	head = binary.BigEndian.AppendUint64(head, uint64(n.Epoch))
	b := binary.AppendUvarint(head, uint64(len(n.Written)))
	for _, r := range n.Written {
		b = append(binary.AppendUvarint(b, uint64(len(r.Tag))), r.Tag...)
		b = binary.AppendUvarint(b, uint64(r.Mark))
		if len(b) > largestNews {
			return append(head, 0)
		}
	}
	return b
}

// unpackNews reads a ring; ok is false for another installation's.
func unpackNews(install, payload string) (n cache.News, ok bool) {
	r := newsReader{rest: payload}
	if len(payload) > largestNews || r.byte() != newsVersion {
		return cache.News{}, true
	}
	if from := r.text(); !r.broken && from != install {
		return cache.News{}, false
	}
	for range 8 {
		n.Epoch = n.Epoch<<8 | cache.Epoch(r.byte())
	}
	raises := r.number()
	if raises > uint64(len(r.rest)/leastRaise) {
		return cache.News{}, true
	}
	for range raises {
		n.Written = append(n.Written, cache.Raise{Tag: r.text(), Mark: cache.Mark(r.number())})
	}
	if r.broken || r.rest != "" {
		return cache.News{}, true
	}
	return n, true
}

// newsReader takes fields off a payload; after the first that is not there, all are
// empty.
type newsReader struct {
	rest   string
	broken bool
}

func (r *newsReader) byte() byte {
	if r.rest == "" {
		r.broken = true
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *newsReader) number() uint64 {
	n, size := binary.Uvarint([]byte(r.rest[:min(len(r.rest), binary.MaxVarintLen64)]))
	if size <= 0 {
		r.rest, r.broken = "", true
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *newsReader) text() string {
	n := r.number()
	if n > uint64(len(r.rest)) {
		r.rest, r.broken = "", true
		return ""
	}
	text := r.rest[:n]
	r.rest = r.rest[n:]
	return text
}
