package httpx

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/obs"
)

// ProblemType is the media type of a Problem.
const ProblemType = "application/problem+json"

// Problem is an error as callers get it, after RFC 9457. An answer with members
// of its own embeds it.
type Problem struct {
	Type      string         `json:"type" doc:"Names the kind of problem; made of code." example:"urn:exodrive:problem:conflict"`
	Title     string         `json:"title" doc:"The kind of problem in words." example:"Conflict"`
	Status    int            `json:"status" example:"409"`
	Detail    string         `json:"detail" doc:"What happened and what to do, for people."`
	Code      string         `json:"code" doc:"The kind of problem, for programs." example:"conflict"`
	RequestID string         `json:"requestId,omitempty" doc:"Names this call in the operator's log."`
	Errors    []ProblemError `json:"errors,omitempty" doc:"Every wrong value of the input."`
	*exodrive.Refusal
}

// ProblemError is one wrong value of an input.
type ProblemError struct {
	Pointer   string `json:"pointer,omitempty" doc:"JSON pointer into the body." example:"#/startDate"`
	Parameter string `json:"parameter,omitempty" doc:"Name of the path, query or header parameter." example:"limit"`
	Message   string `json:"message" doc:"One sentence."`
}

// StatusError is a refusal that the business has no word for, because it is about
// HTTP itself. Message is for people; Code is the member "code".
type StatusError struct {
	Status  int
	Code    string
	Message string
}

func (e *StatusError) Error() string { return e.Code + ": " + e.Message }

// Refusals of HTTP itself.
var (
	ErrMethodNotAllowed     = &StatusError{http.StatusMethodNotAllowed, "method_not_allowed", "This address does not know that method; the header Allow lists those it knows."}
	ErrMediaType            = &StatusError{http.StatusUnsupportedMediaType, "unsupported_media_type", "Send the body as Content-Type: application/json."}
	ErrPreconditionRequired = &StatusError{http.StatusPreconditionRequired, "precondition_required", `Send the version you have read as If-Match, for example If-Match: "v3", so that nobody's edit is lost.`}
)

// codeTooLarge is of a body over its limit, which the sentence names.
const codeTooLarge = "body_too_large"

// Codes is all that the member "code" of a Problem may be: the codes of the business, and
// those of HTTP itself.
func Codes() []exodrive.Code {
	codes := slices.Clone(exodrive.Codes)
	for _, e := range []*StatusError{ErrMethodNotAllowed, ErrMediaType, ErrPreconditionRequired} {
		codes = append(codes, exodrive.Code(e.Code))
	}
	return append(codes, codeTooLarge)
}

// internalDetail is all that a caller learns of a fault of ours.
const internalDetail = "Something went wrong on our side. Please try again; if it stays, tell us the request id."

// StatusClientGone is what the log calls a request whose caller hung up. No
// caller ever sees it. The number is nginx's.
const StatusClientGone = 499

var statuses = map[exodrive.Code]int{
	exodrive.Invalid:         http.StatusBadRequest,
	exodrive.Unauthenticated: http.StatusUnauthorized,
	exodrive.Forbidden:       http.StatusForbidden,
	exodrive.NotFound:        http.StatusNotFound,
	exodrive.Conflict:        http.StatusConflict,
	exodrive.DatesTaken:      http.StatusConflict,
	exodrive.PriceChanged:    http.StatusConflict,
	exodrive.QuoteExpired:    http.StatusConflict,
	exodrive.Busy:            http.StatusConflict,
	exodrive.KeyReused:       http.StatusUnprocessableEntity,
	exodrive.Stale:           http.StatusPreconditionFailed,
	exodrive.TooMany:         http.StatusTooManyRequests,
	exodrive.Unavailable:     http.StatusServiceUnavailable,
	exodrive.Internal:        http.StatusInternalServerError,
}

// StatusOf is the HTTP status of a code, 500 for one it does not know.
func StatusOf(code exodrive.Code) int {
	if status, ok := statuses[code]; ok {
		return status
	}
	return http.StatusInternalServerError
}

// ProblemOf is err as a caller may see it: the first exodrive.Error or
// StatusError in its chain, a 413 for a body over its limit, and a bare 500
// for anything else. No cause ever shows.
func ProblemOf(err error, requestID string) Problem {
	p := Problem{
		Status: http.StatusInternalServerError, Code: string(exodrive.Internal),
		Detail: internalDetail, RequestID: requestID,
	}
	if e, ok := errors.AsType[*StatusError](err); ok {
		p.Status, p.Code, p.Detail = e.Status, e.Code, e.Message
	} else if e, ok := errors.AsType[*http.MaxBytesError](err); ok {
		p.Status, p.Code = http.StatusRequestEntityTooLarge, codeTooLarge
		p.Detail = fmt.Sprintf("The body is larger than %d bytes.", e.Limit)
	} else if e, ok := errors.AsType[*exodrive.Error](err); ok && StatusOf(e.Code) != http.StatusInternalServerError {
		p.Status, p.Code, p.Detail = StatusOf(e.Code), string(e.Code), e.Message
		p.Errors, p.Refusal = problemErrors(e), e.Refusal
	}
	p.Title = http.StatusText(p.Status)
	p.Type = "urn:exodrive:problem:" + p.Code
	return p
}

func problemErrors(e *exodrive.Error) []ProblemError {
	faults := e.Faults
	if len(faults) == 0 && e.Field != "" {
		faults = []exodrive.Fault{{Field: e.Field, Message: e.Message}}
	}
	var out []ProblemError
	for _, f := range faults {
		pe := ProblemError{Message: f.Message}
		if strings.HasPrefix(f.Field, "/") {
			pe.Pointer = "#" + f.Field
		} else {
			pe.Parameter = f.Field
		}
		out = append(out, pe)
	}
	return out
}

// Seconds after which a caller may try again, where nobody knew better.
const (
	retryTooMany     = "60"
	retryUnavailable = "5"
	retryBusy        = "1" // more is asked for than can be done at once: the next second has places again
)

// RetryAfter is after how many seconds a caller may try again, where nobody knows better;
// empty where trying again is of no use.
func (p Problem) RetryAfter() string {
	switch {
	case p.Code == string(exodrive.Busy):
		return retryBusy
	case p.Status == http.StatusTooManyRequests:
		return retryTooMany
	case p.Status == http.StatusServiceUnavailable:
		return retryUnavailable
	}
	return ""
}

// staleHeaders describe an answer that will not be given after all.
var staleHeaders = []string{
	"Content-Length", "Content-Encoding", "Content-Disposition", "Etag", "Last-Modified",
	"Cdn-Cache-Control", "Surrogate-Key", "X-Cache-Ttl", "Cache-Status",
}

// WriteError answers with err as a problem document and notes err in the record
// of the request, whose log line tells the operator the causes. It writes no
// body to a caller who has hung up, and nothing at all once an answer has begun.
func WriteError(w http.ResponseWriter, r *http.Request, err error) {
	rec := obs.RequestFrom(r.Context())
	p := ProblemOf(err, rec.RequestID())
	rec.Fail(p.Code, err)
	if begun(w) {
		return
	}
	h := w.Header()
	for _, name := range staleHeaders {
		h.Del(name)
	}
	h.Set("Cache-Control", "no-store")
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		w.WriteHeader(StatusClientGone)
		return
	}
	switch p.Status {
	case http.StatusUnauthorized:
		setDefault(h, "Www-Authenticate", "Bearer")
	case http.StatusServiceUnavailable:
		if errors.Is(err, cache.ErrBusy) {
			setDefault(h, "Retry-After", retryBusy)
		}
	}
	if seconds := p.RetryAfter(); seconds != "" {
		setDefault(h, "Retry-After", seconds)
	}
	h.Set("Content-Type", ProblemType)
	w.WriteHeader(p.Status)
	// The only failure left is a caller who has gone, and nobody needs to know.
	_ = json.NewEncoder(w).Encode(p)
}

// Cut ends an answer that failed. One that has begun is cut off, so that nobody takes a
// part for the whole, and its log line tells err as a fault of ours, unless the caller
// went away; one that has not is answered as WriteError does. Cut does not return from
// the former: it panics with http.ErrAbortHandler.
func Cut(w http.ResponseWriter, r *http.Request, err error) {
	half := begun(w)
	WriteError(w, r, err)
	if !half {
		return
	}
	if t := writerOf(w); r.Context().Err() == nil {
		t.status = http.StatusInternalServerError // for the log, whatever has left already
	}
	panic(http.ErrAbortHandler)
}

func setDefault(h http.Header, name, value string) {
	if h.Get(name) == "" {
		h.Set(name, value)
	}
}
