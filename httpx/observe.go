package httpx

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/exodrive/exodrive/obs"
)

// ObserveOptions are the parts that Observe reports to.
type ObserveOptions struct {
	Log       *slog.Logger  // nil: slog.Default()
	AccessLog AccessLog     // empty: LogSampled
	Metrics   *obs.Metrics  // may be nil
	NewID     func() string // of a request; nil: 16 random bytes in hex
	Traces    *obs.Traces   // nil: none are made
	Marks     *Marks        // nil: callers neither carry marks nor are given any
}

// Observe is the outermost handler. Around next it
//   - names the request: the X-Request-Id of the caller if it looks like one, else
//     a new id; the answer repeats it;
//   - puts an obs.Request into the context, and the mark that the caller carries;
//   - sets the headers every answer has: X-Request-Id, X-Response-Time and
//     X-DB-Time in milliseconds, X-Cache, X-Content-Type-Options, Referrer-Policy,
//     and after a write that the record knows of its mark;
//   - turns a panic into a 500 problem without the panic's text or, when the
//     answer has begun, cuts the connection, so that nobody takes a part for the
//     whole;
//   - writes one log line, counts the metrics and ends the trace.
func Observe(next http.Handler, o ObserveOptions) http.Handler {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.AccessLog == "" {
		o.AccessLog = LogSampled
	}
	if o.NewID == nil {
		o.NewID = newID
	}
	return &observer{next: next, o: o, lines: accessLog{mode: o.AccessLog, log: o.Log}}
}

type observer struct {
	next  http.Handler
	o     ObserveOptions
	lines accessLog
}

// maxStack is the most of a panic's stack that a log line takes: some sixty
// frames, the innermost first.
const maxStack = 8 << 10

// Values shared between all answers. A page's token may be in its path, so no
// other site learns where a visitor came from.
var (
	noSniff    = []string{"nosniff"}
	sameOrigin = []string{"same-origin"}
)

func (o *observer) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	// One allocation for everything that lives as long as the request. It is not
	// pooled: a load that outlives its caller still holds the record.
	state := &struct {
		record  obs.Request
		writer  writer
		request http.Request
	}{}
	rec, w := &state.record, &state.writer
	rec.ID = r.Header.Get("X-Request-Id")
	if !isRequestID(rec.ID) {
		rec.ID = o.o.NewID()
	}
	w.ResponseWriter, w.record, w.start = rw, rec, time.Now()
	w.requestID[0] = rec.ID
	h := rw.Header()
	h["X-Request-Id"] = w.requestID[:]
	h["X-Content-Type-Options"] = noSniff
	h["Referrer-Policy"] = sameOrigin

	o.o.Metrics.Begin(rec)
	ctx := r.Context()
	if o.o.Marks != nil {
		w.marks, w.request = o.o.Marks, r
		ctx = o.o.Marks.carried(ctx, r.Header)
	}
	ctx = o.o.Traces.Request(ctx, r.Header, rec)
	state.request = *r.WithContext(obs.WithRequest(ctx, rec)) // the copy it makes stays on the stack
	r = &state.request
	defer o.end(w, r)
	o.next.ServeHTTP(w, r)
}

// end completes the request, also after a panic; it must be deferred itself.
func (o *observer) end(w *writer, r *http.Request) {
	thrown := recover()
	stack, abort := "", false
	if thrown != nil {
		abort = w.status != 0 && !w.hijacked
		if err, ok := thrown.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			abort = true // a handler that means to cut the connection; no fault
		} else {
			stack = string(debug.Stack())
			stack = stack[:min(len(stack), maxStack)]
			w.fail(r, fmt.Errorf("panic: %v", thrown))
		}
	}
	w.finish(abort)
	took := time.Since(w.start)
	o.o.Metrics.RequestDone(w.record, r.Method, w.status, took)
	w.record.EndRequest(r.Method, w.status)
	o.lines.write(r.Context(), w, r.Method, took, stack)
	if abort {
		panic(http.ErrAbortHandler)
	}
}

// fail notes a panic and answers it while an answer is still possible.
func (w *writer) fail(r *http.Request, err error) {
	w.record.Err = nil // what was noted before is not what ended the request
	WriteError(w, r, err)
	w.status = http.StatusInternalServerError // for the log, whatever has left already
}

// finish settles the status of an answer that nobody began.
func (w *writer) finish(abort bool) {
	switch {
	case w.status != 0:
	case w.hijacked:
		w.status = http.StatusSwitchingProtocols
	case abort:
		w.status = StatusClientGone
	default:
		w.WriteHeader(http.StatusOK)
	}
}

// isRequestID tells whether an id from outside may go into our log: 8 to 64
// letters, digits, dots, underscores and hyphens.
func isRequestID(s string) bool {
	if len(s) < 8 || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}

// newID makes 16 random bytes in hex. An id is no secret, so the generator of the
// runtime serves, which asks the system for nothing.
func newID() string {
	b := idBlocks.Get().(*idBlock)
	if b.left == "" {
		b.fill()
	}
	id := b.left[:idLength]
	b.left = b.left[idLength:]
	idBlocks.Put(b)
	return id
}

// idLength is that of an id, in characters.
const idLength = 32

// idBlock holds ids that nobody has yet. They are made many at a time, so that one
// allocation serves many requests.
type idBlock struct{ left string }

var idBlocks = sync.Pool{New: func() any { return &idBlock{} }}

func (b *idBlock) fill() {
	const ids = 64
	var raw [ids * idLength / 2]byte
	for i := 0; i < len(raw); i += 8 {
		binary.LittleEndian.PutUint64(raw[i:], rand.Uint64())
	}
	b.left = hex.EncodeToString(raw[:])
}
