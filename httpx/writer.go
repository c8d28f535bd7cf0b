package httpx

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/exodrive/exodrive/cache"
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
	page      Unmatched     // set by Mux: how outside the API; nil: not at all
	swallow   bool          // the body being written is one that was replaced

	miss    bool          // set by WriteEntry: what was loaded is to be told in detail
	waited  time.Duration // then: for the load, which may have been begun by another call
	marks   *Marks        // nil: none are given
	request *http.Request // as it came

	admission admission // of a public read, see Limiter.Admission

	requestID [1]string // backing of a header value, so that setting it allocates nothing
	took      [1]string
	dbTook    [1]string
}

// writerOf is the writer in or under w, nil if w does not let one be found.
func writerOf(w http.ResponseWriter) *writer {
	for {
		switch t := w.(type) {
		case *writer:
			return t
		case interface{ Unwrap() http.ResponseWriter }:
			w = t.Unwrap()
		default:
			return nil
		}
	}
}

// begun tells whether an answer has begun on w, as far as w lets it be known.
func begun(w http.ResponseWriter) bool {
	t := writerOf(w)
	return t != nil && (t.status != 0 || t.hijacked)
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
	if answer := w.replacement(status); answer != nil {
		r := w.unmatched
		w.unmatched = nil
		answer(w, r, status)
		w.swallow = true
		return
	}
	w.status = status
	if w.record != nil {
		w.addHeaders()
	}
	w.ResponseWriter.WriteHeader(status)
}

// Values of X-Cache and X-DB-Time, shared between all answers: nobody changes a header's value
// in place.
var (
	cacheHit    = []string{obs.Hit}
	cacheMiss   = []string{obs.Miss}
	cacheBypass = []string{obs.Bypass}
	noTime      = []string{millis(0)}
)

func (w *writer) addHeaders() {
	h := w.Header()
	if w.marks != nil && w.record.Mark != 0 {
		w.marks.Give(w, w.request, cache.Epoch(w.record.Epoch), cache.Mark(w.record.Mark))
	}
	if w.record.Outcome() == obs.Hit {
		// The database had no part in it, and asking the record takes a lock.
		h["X-Cache"], h["X-Db-Time"] = cacheHit, noTime
		w.took[0] = millis(time.Since(w.start))
		h["X-Response-Time"] = w.took[:]
		return
	}
	h["X-Cache"] = cacheBypass
	if w.record.Outcome() == obs.Miss {
		h["X-Cache"] = cacheMiss
	}
	// The database's time is read first, so that it cannot exceed the whole.
	db, statements := w.record.DBTime()
	took := time.Since(w.start)
	if w.miss && statements == 0 {
		db = min(w.waited, took) // another call's load, perhaps from before this one came
	}
	w.dbTook[0], w.took[0] = millis(db), millis(took)
	h["X-Db-Time"] = w.dbTook[:]
	h["X-Response-Time"] = w.took[:]
	if w.miss {
		h["Server-Timing"] = []string{"db;dur=" + w.dbTook[0] + ", total;dur=" + w.took[0]}
	}
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
