package httpx

import (
	"bytes"
	"net/http"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// Zipped is body in gzip for a caller who wants it so, else nil; also when that
// saves hardly anything. It sets Vary, and Content-Encoding where it is not nil. It
// is for what was made for one caller: what is asked for again has its codings made
// once. Bodies that hold a secret beside what a stranger may choose are not for it:
// their length would tell (BREACH).
func Zipped(w http.ResponseWriter, r *http.Request, body []byte) []byte {
	w.Header()["Vary"] = varyEncoding
	if !WantsGzip(r) {
		return nil
	}
	zipped := Gzip(body)
	if zipped != nil {
		w.Header()["Content-Encoding"] = gzipCoding
	}
	return zipped
}

// WantsGzip tells whether the caller would rather have gzip than the plain bytes.
func WantsGzip(r *http.Request) bool {
	want := wishesOf(r.Header["Accept-Encoding"])
	return want.gzip > 0 && want.gzip >= want.identity
}

var gzipCoding = []string{"gzip"}

const (
	// smallestZipped is the least body worth the headers.
	smallestZipped = 256
	// gzipLevel takes a tenth of a millisecond for a page; the best level takes three
	// times that for a hundredth less.
	gzipLevel = 5
)

// gzipWriters are kept, as each has tables of a megabyte.
var gzipWriters = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(nil, gzipLevel) // the level is one that there is
	return w
}}

// Gzip compresses body; nil when that saves less than a tenth.
func Gzip(body []byte) []byte {
	if len(body) < smallestZipped {
		return nil
	}
	var to bytes.Buffer
	w := gzipWriters.Get().(*gzip.Writer)
	defer gzipWriters.Put(w)
	w.Reset(&to)
	// A buffer takes everything.
	_, _ = w.Write(body)
	_ = w.Close()
	if to.Len() > len(body)-len(body)/10 {
		return nil
	}
	return to.Bytes()
}
