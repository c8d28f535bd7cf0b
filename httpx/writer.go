package httpx

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/exodrive/exodrive/obs"
)

// writer is the ResponseWriter of an observed request. At the moment the headers
// leave it adds those that tell how the answer was made.
type writer struct {
	http.ResponseWriter
	record *obs.Request // nil outside Observe
	start  time.Time

	status   int // 0 until the answer begins
	bytes    int64
	hijacked bool

	unmatched *http.Request // set by Mux: whose own 404s and 405s to replace
	swallow   bool          // the body being written is one that was replaced

	requestID [1]string // backing of a header value, so that setting it allocates nothing
	took      [1]string
	dbTook    [1]string
}

// begun tells whether an answer has begun on w, as far as w lets it be known.
func begun(w http.ResponseWriter) bool {
	for {
		switch t := w.(type) {
		case *writer:
			return t.status != 0 || t.hijacked
		case interface{ Unwrap() http.ResponseWriter }:
			w = t.Unwrap()
		default:
			return false
		}
	}
}

// WriteHeader implements http.ResponseWriter.
func (w *writer) WriteHeader(status int) {
	if w.status != 0 || w.swallow {
		return
	}
	if status < 200 && status != http.StatusSwitchingProtocols {
		w.ResponseWriter.WriteHeader(status) // informational; the answer is yet to come
		return
	}
	if r := w.unmatched; r != nil && replaces(r, status) {
		w.unmatched = nil
		writeUnmatched(w, r, status)
		w.swallow = true
		return
	}
	w.status = status
	if w.record != nil {
		w.addHeaders()
	}
	w.ResponseWriter.WriteHeader(status)
}

// Values of X-Cache, shared between all answers: nobody changes a header's value
// in place.
var (
	cacheHit    = []string{obs.Hit}
	cacheMiss   = []string{obs.Miss}
	cacheBypass = []string{obs.Bypass}
)

func (w *writer) addHeaders() {
	h := w.Header()
	switch w.record.Outcome() {
	case obs.Hit:
		h["X-Cache"] = cacheHit
	case obs.Miss:
		h["X-Cache"] = cacheMiss
	default:
		h["X-Cache"] = cacheBypass
	}
	// The database's time is read first, so that it cannot exceed the whole.
	db, _ := w.record.DBTime()
	w.dbTook[0] = millis(db)
	w.took[0] = millis(time.Since(w.start))
	h["X-Db-Time"] = w.dbTook[:]
	h["X-Response-Time"] = w.took[:]
}

// Write implements io.Writer.
func (w *writer) Write(b []byte) (int, error) {
	if w.swallow {
		return len(b), nil
	}
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// ReadFrom keeps the way open on which net/http sends files without copying them
// through the program.
func (w *writer) ReadFrom(src io.Reader) (int64, error) {
	if w.swallow {
		return io.Copy(io.Discard, src)
	}
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	n, err := io.Copy(w.ResponseWriter, src)
	w.bytes += n
	return n, err
}

// FlushError sends what is buffered; http.ResponseController calls it.
func (w *writer) FlushError() error {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Flush implements http.Flusher.
func (w *writer) Flush() { _ = w.FlushError() }

// Hijack implements http.Hijacker.
func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	w.hijacked = err == nil
	return conn, rw, err
}

// Unwrap serves http.ResponseController for everything else.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// shortTimes are the texts of 0.0 to 99.9 milliseconds, made once: nearly every
// answer needs two of them.
var shortTimes = func() (texts [1000]string) {
	for i := range texts {
		texts[i] = tenthsText(i)
	}
	return texts
}()

func tenthsText(n int) string { return strconv.Itoa(n/10) + "." + strconv.Itoa(n%10) }

// millis writes a duration as milliseconds with one decimal: "12.3".
func millis(d time.Duration) string {
	const tenth = time.Millisecond / 10
	n := int(d.Round(tenth) / tenth)
	if 0 <= n && n < len(shortTimes) {
		return shortTimes[n]
	}
	return tenthsText(max(n, 0))
}
