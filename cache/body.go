package cache

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
)

// Coding is a content coding of HTTP (RFC 9110, 8.4.1).
type Coding uint8

// The codings an entry may have.
const (
	Identity Coding = iota
	Gzip
	Brotli
)

// String is the coding's name in Content-Encoding.
func (c Coding) String() string { return [...]string{"identity", "gzip", "br"}[c] }

// Variant is an entry's body in one coding, with the header values that belong
// to it, ready to be put into a header map. Nobody may change any of it.
type Variant struct {
	Body []byte
	Tag  string // strong entity tag, quoted, of this very coding

	ETag, ContentLength, ContentEncoding []string // nil where there is no such header
}

// bodies are the encodings of one answer, each made once: identity when the entry
// is filled, gzip for the first reader who wants it or the first node it is shared
// with, brotli in the background when enough readers want it. Answers that are
// loaded and never asked for again, as most lists with dates, cost no compression.
type bodies struct {
	identity *Variant
	zip      sync.Once
	gzip     *Variant // after zip; nil: it saves too little
	brotli   atomic.Pointer[Variant]
	wanted   atomic.Int32 // how often brotli was asked for in vain
	made     atomic.Int64 // bytes of gzip and brotli
	// outgrown is called when they take more than they were accounted for. It is set
	// before the entry is published; nil: nobody accounts for it.
	outgrown func()
}

const (
	// smallest body that is compressed: below it the headers weigh more.
	smallest = 256
	// worth is the part of the body that a coding must save to be kept.
	worth = 10
	// wants is how many readers must ask before brotli's time is spent.
	wants = 3
	// gzipLevel is the last whose work is worth it: beyond, JSON loses another
	// hundredth of its size for twice the time.
	gzipLevel = 6
	// brotliQuality compresses JSON by some 10 % more than gzip's best, in 2 ms for
	// a page of cars; the highest quality takes twenty times as long for 5 % more.
	brotliQuality = 6
)

// fill takes the body of a new answer.
func (b *bodies) fill(body []byte) {
	b.identity = newVariant(body, `"`+hashOf(body)+`"`, nil)
}

// adopt takes over variants that another node made, and their hash; zipped is empty
// where gzip saves too little.
func (b *bodies) adopt(body, zipped []byte, hash string) {
	b.identity = newVariant(body, `"`+hash+`"`, nil)
	b.zip.Do(func() {
		if len(zipped) > 0 {
			b.gzip = newVariant(zipped, b.tagOf(gzipSuffix), gzipHeader)
			b.made.Add(int64(cap(zipped)))
		}
	})
}

// grew accounts for a coding that was made of a body in memory.
func (b *bodies) grew(v *Variant) {
	if v != nil && b.made.Add(int64(cap(v.Body))) > b.reserved() && b.outgrown != nil {
		b.outgrown()
	}
}

// zipped is the body in gzip, nil if that saves too little.
func (b *bodies) zipped() *Variant {
	b.zip.Do(func() {
		if len(b.identity.Body) < smallest {
			return
		}
		b.gzip = compressed(b.identity.Body, b.tagOf(gzipSuffix), gzipHeader, func(to *bytes.Buffer) error {
			w := gzipWriters.Get().(*gzip.Writer)
			defer gzipWriters.Put(w)
			w.Reset(to)
			if _, err := w.Write(b.identity.Body); err != nil {
				return err
			}
			return w.Close()
		})
		b.grew(b.gzip)
	})
	return b.gzip
}

// gzipWriters are kept, as each has tables of a megabyte.
var gzipWriters = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(nil, gzipLevel) // the level is one that there is
	return w
}}

// tagOf is the entity tag of another coding of the body.
func (b *bodies) tagOf(suffix string) string {
	return `"` + b.hash() + suffix
}

// hashOf is short enough for a header and long enough that no two bodies share it.
func hashOf(body []byte) string {
	sum := sha256.Sum256(body)
	return base64.RawURLEncoding.EncodeToString(sum[:hashLength/4*3])
}

// hashLength is that of a hash in letters.
const hashLength = 16

// hash is that of the body.
func (b *bodies) hash() string { return b.identity.Tag[1 : 1+hashLength] }

// A strong entity tag names one representation, so each coding has its own.
const (
	gzipSuffix   = `-gzip"`
	brotliSuffix = `-br"`
)

var (
	gzipHeader   = []string{"gzip"}
	brotliHeader = []string{"br"}
)

func newVariant(body []byte, tag string, encoding []string) *Variant {
	return &Variant{
		Body: body, Tag: tag, ETag: []string{tag},
		ContentLength: []string{strconv.Itoa(len(body))}, ContentEncoding: encoding,
	}
}

// compressed is the variant that write makes, nil if it saves too little.
func compressed(body []byte, tag string, encoding []string, write func(*bytes.Buffer) error) *Variant {
	var to bytes.Buffer
	if write(&to) != nil || to.Len() > len(body)-len(body)/worth {
		return nil
	}
	return newVariant(bytes.Clone(to.Bytes()), tag, encoding) // without the buffer's spare room
}

func (b *bodies) makeBrotli() {
	v := compressed(b.identity.Body, b.tagOf(brotliSuffix), brotliHeader, func(to *bytes.Buffer) error {
		w := brotli.NewWriterLevel(to, brotliQuality)
		if _, err := w.Write(b.identity.Body); err != nil {
			return err
		}
		return w.Close()
	})
	b.brotli.Store(v)
	b.grew(v)
}

// Variant is the entry's body in a coding, nil if there is none; identity is
// always there, but for an entry that answers with an error. The first who asks
// for gzip has it made while he waits, some tens of microseconds; asking for brotli
// often enough has it made in the background.
func (e *Entry) Variant(coding Coding) *Variant {
	switch coding {
	case Gzip:
		return e.body.zipped()
	case Brotli:
		if v := e.body.brotli.Load(); v != nil {
			return v
		}
		if len(e.body.identity.Body) >= smallest && e.body.wanted.Load() < wants && e.body.wanted.Add(1) == wants {
			if !e.family.cache.background(func() { e.body.makeBrotli() }) {
				e.body.wanted.Store(0) // too much is going on; let others ask again
			}
		}
		return nil
	default:
		return e.body.identity
	}
}

// weight counts the body, and for gzip and brotli, which may come, what they take
// of JSON in practice; more, once they turn out to take more.
func (b *bodies) weight() int64 {
	if b.identity == nil {
		return 0
	}
	return int64(cap(b.identity.Body)) + max(b.reserved(), b.made.Load())
}

// reserved is a quarter of the body for each of gzip and brotli.
func (b *bodies) reserved() int64 {
	if len(b.identity.Body) < smallest {
		return 0
	}
	return int64(len(b.identity.Body) / 2)
}
