package httpx

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/obs"
)

// AccessLog says which requests get a log line. Whatever it is, one that ends
// with a status of 500 or above does: that line alone tells the cause.
type AccessLog string

// The access logs.
const (
	LogAll     AccessLog = "all"
	LogSampled AccessLog = "sampled" // one request in a hundred
	LogOff     AccessLog = "off"
)

// sampleEvery is how many requests share one line of a sampled log.
const sampleEvery = 100

// ParseAccessLog reads all, sampled or off.
func ParseAccessLog(s string) (AccessLog, error) {
	switch a := AccessLog(strings.TrimSpace(s)); a {
	case LogAll, LogSampled, LogOff:
		return a, nil
	default:
		return "", exodrive.Errorf(exodrive.Invalid, "%q is not an access log; choose all, sampled or off.", s)
	}
}

// accessLog writes the lines.
type accessLog struct {
	mode  AccessLog
	log   *slog.Logger
	count atomic.Uint64
}

// wants tells whether a request that ended with status gets a line.
func (a *accessLog) wants(status int) bool {
	switch {
	case status >= http.StatusInternalServerError, a.mode == LogAll:
		return true
	case a.mode == LogOff:
		return false
	default:
		// Counted, not drawn: the share is exact, and the first request shows
		// that the log works.
		return a.count.Add(1)%sampleEvery == 1
	}
}

// write writes the line of one request. It has the route's pattern and never the
// path, which may hold a booking's token. The error's text is there only for
// faults of ours: what a caller did wrong may quote the caller's own data, and
// the code says enough. stack is that of a panic, or empty.
func (a *accessLog) write(ctx context.Context, w *writer, method string, took time.Duration, stack string) {
	rec := w.record
	if !a.wants(w.status) {
		return
	}
	level, fault := slog.LevelInfo, ""
	if w.status >= http.StatusInternalServerError {
		level, fault = slog.LevelError, obs.ErrorText(rec.Err)
	}
	db, statements := rec.DBTime()
	attrs := []slog.Attr{
		slog.String("request_id", rec.ID),
		slog.String("route", obs.RouteLabel(rec.Route)),
		slog.String("method", obs.MethodLabel(method)),
		slog.Int("status", w.status),
		slog.Float64("ms", milliseconds(took)),
		slog.Int64("bytes", w.bytes),
		slog.String("cache", rec.Outcome()),
		slog.Float64("db_ms", milliseconds(db)),
		slog.Int("db_n", statements),
		slog.String("actor", rec.Actor),
		slog.String("code", rec.Code),
		slog.String("err", fault),
	}
	if stack != "" {
		attrs = append(attrs, slog.String("stack", stack))
	}
	a.log.LogAttrs(ctx, level, "request", attrs...)
}

// milliseconds with three decimals, which is as exact as a log line needs.
func milliseconds(d time.Duration) float64 {
	return float64(d.Round(time.Microsecond)) / float64(time.Millisecond)
}
