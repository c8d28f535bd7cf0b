package cache

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
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

// bodies are the encodings of one answer, each made once: identity and gzip when
// the entry is filled, brotli in the background when enough readers want it.
type bodies struct {
	identity, gzip *Variant
	brotli         atomic.Pointer[Variant]
	wanted         atomic.Int32 // how often brotli was asked for in vain
}

const (
	// smallest body that is compressed: below it the headers weigh more.
	smallest = 256
	// worth is the part of the body that a coding must save to be kept.
	worth = 10
	// wants is how many readers must ask before brotli's time is spent.
	wants = 3
	// brotliQuality compresses JSON by some 10 % more than gzip's best, in 2 ms for
	// a page of cars; the highest quality takes twenty times as long for 5 % more.
	brotliQuality = 6
)

// fill makes the variants of a new answer.
func (b *bodies) fill(body []byte) {
	hash := hashOf(body)
	b.identity = newVariant(body, `"`+hash+`"`, nil)
	if len(body) >= smallest {
		b.gzip = compressed(body, `"`+hash+gzipSuffix, gzipHeader, func(to *bytes.Buffer) error {
			w, err := gzip.NewWriterLevel(to, gzip.BestCompression)
			if err != nil {
				return err
			}
			if _, err := w.Write(body); err != nil {
				return err
			}
			return w.Close()
		})
	}
}

// adopt takes over variants that another node made; zipped may be empty.
func (b *bodies) adopt(body, zipped []byte) {
	hash := hashOf(body)
	b.identity = newVariant(body, `"`+hash+`"`, nil)
	if len(zipped) > 0 {
		b.gzip = newVariant(zipped, `"`+hash+gzipSuffix, gzipHeader)
	}
}

// hashOf is short enough for a header and long enough that no two bodies share it.
func hashOf(body []byte) string {
	sum := sha256.Sum256(body)
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

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
	tag := b.identity.Tag[:len(b.identity.Tag)-1] + brotliSuffix
	b.brotli.Store(compressed(b.identity.Body, tag, brotliHeader, func(to *bytes.Buffer) error {
		w := brotli.NewWriterLevel(to, brotliQuality)
		if _, err := w.Write(b.identity.Body); err != nil {
			return err
		}
		return w.Close()
	}))
}

// Variant is the entry's body in a coding, nil if there is none; identity is
// always there, but for an entry that answers with an error. Asking for brotli
// often enough has it made in the background.
func (e *Entry) Variant(coding Coding) *Variant {
	switch coding {
	case Gzip:
		return e.body.gzip
	case Brotli:
		if v := e.body.brotli.Load(); v != nil {
			return v
		}
		if e.body.gzip != nil && e.body.wanted.Load() < wants && e.body.wanted.Add(1) == wants {
			if !e.family.cache.background(func() { e.body.makeBrotli() }) {
				e.body.wanted.Store(0) // too much is going on; let others ask again
			}
		}
		return nil
	default:
		return e.body.identity
	}
}

// weight counts what is there, and for brotli, which may come, as much as gzip.
func (b *bodies) weight() int64 {
	n := 0
	if b.identity != nil {
		n += cap(b.identity.Body)
	}
	if b.gzip != nil {
		n += 2 * len(b.gzip.Body)
	}
	return int64(n)
}
