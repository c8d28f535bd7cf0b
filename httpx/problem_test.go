package httpx_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/httpx"
	"github.com/exodrive/exodrive/obs"
)

// problem asks WriteError for err and returns the answer and its document.
func problem(t *testing.T, err error) (*httptest.ResponseRecorder, httpx.Problem) {
	t.Helper()
	rec := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "/api/bookings", nil)
	r = r.WithContext(obs.WithRequest(r.Context(), &obs.Request{ID: "req-12345678"}))
	httpx.WriteError(rec, r, err)
	var p httpx.Problem
	if jsonErr := json.Unmarshal(rec.Body.Bytes(), &p); jsonErr != nil {
		t.Fatalf("%v is answered with %q: %v", err, rec.Body, jsonErr)
	}
	return rec, p
}

// A program that calls the API can tell every refusal by its status and code, and
// knows whether to try again.
func TestEveryCodeHasItsStatus(t *testing.T) {
	for _, test := range []struct {
		err    error
		status int
		code   string
		header string // name: value that must be there
	}{
		{exodrive.Errorf(exodrive.Invalid, "x"), 400, "invalid", ""},
		{exodrive.Errorf(exodrive.Unauthenticated, "x"), 401, "unauthenticated", "Www-Authenticate: Bearer"},
		{exodrive.Errorf(exodrive.Forbidden, "x"), 403, "forbidden", ""},
		{exodrive.Errorf(exodrive.NotFound, "x"), 404, "not_found", ""},
		{exodrive.Errorf(exodrive.Conflict, "x"), 409, "conflict", ""},
		{exodrive.Errorf(exodrive.Stale, "x"), 412, "stale", ""},
		{exodrive.Errorf(exodrive.TooMany, "x"), 429, "too_many", "Retry-After: 60"},
		{exodrive.Errorf(exodrive.Unavailable, "x"), 503, "unavailable", "Retry-After: 5"},
		{exodrive.Errorf(exodrive.Unavailable, "x").Because(cache.ErrBusy), 503, "unavailable", "Retry-After: 1"},
		{exodrive.Errorf(exodrive.Internal, "x"), 500, "internal", ""},
		{errors.New("x"), 500, "internal", ""},
		{httpx.ErrPreconditionRequired, 428, "precondition_required", ""},
		{httpx.ErrMediaType, 415, "unsupported_media_type", ""},
		{httpx.ErrMethodNotAllowed, 405, "method_not_allowed", ""},
		{fmt.Errorf("read body: %w", &http.MaxBytesError{Limit: 65536}), 413, "body_too_large", ""},
		{exodrive.Errorf(exodrive.Invalid, "Not JSON.").Because(&http.MaxBytesError{Limit: 65536}), 413, "body_too_large", ""},
		{&httpx.StatusError{Status: 422, Code: "key_reused", Message: "x"}, 422, "key_reused", ""},
	} {
		rec, p := problem(t, fmt.Errorf("book: %w", test.err))
		if rec.Code != test.status || p.Status != test.status || p.Code != test.code || p.Title != http.StatusText(test.status) {
			t.Errorf("%v is answered %d with %+v, want %d %s", test.err, rec.Code, p, test.status, test.code)
		}
		if want := "urn:exodrive:problem:" + test.code; p.Type != want || p.RequestID != "req-12345678" || p.Detail == "" {
			t.Errorf("%v: %+v, want type %s, the request's id and a detail", test.err, p, want)
		}
		h := rec.Header()
		if h.Get("Content-Type") != "application/problem+json" || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%v: headers %v", test.err, h)
		}
		if name, value, ok := strings.Cut(test.header, ": "); ok && h.Get(name) != value {
			t.Errorf("%v: %s is %q, want %q", test.err, name, h.Get(name), value)
		}
	}
	for _, code := range exodrive.Codes {
		if got := httpx.StatusOf(code); got == 500 && code != exodrive.Internal {
			t.Errorf("%s has no status of its own", code)
		}
	}
	if got := httpx.StatusOf("invented"); got != 500 {
		t.Errorf("an unknown code has the status %d", got)
	}
}

// A caller never learns of SQL, addresses or stacks; the operator learns all.
func TestCausesStayInside(t *testing.T) {
	cause := errors.New("pq: relation cars_secret does not exist")
	for _, err := range []error{
		cause,
		fmt.Errorf("load car: %w", cause),
		exodrive.Errorf(exodrive.Internal, "cars_secret is away.").Because(cause),
		exodrive.Errorf(exodrive.Conflict, "These days are taken.").Because(cause),
	} {
		record := &obs.Request{}
		r := httptest.NewRequest(http.MethodGet, "/api/cars", nil)
		rec := httptest.NewRecorder()
		httpx.WriteError(rec, r.WithContext(obs.WithRequest(r.Context(), record)), err)
		if body := rec.Body.String(); strings.Contains(body, "secret") || strings.Contains(body, "pq") {
			t.Errorf("the caller reads %s", body)
		}
		if !errors.Is(record.Err, cause) || record.Code == "" {
			t.Errorf("the record has %v, code %q", record.Err, record.Code)
		}
	}
}

// Someone who sent three wrong values learns of all three, and where each is.
func TestEveryWrongValueIsNamed(t *testing.T) {
	_, p := problem(t, &exodrive.Error{
		Code: exodrive.Invalid, Message: "2 values are wrong.",
		Faults: []exodrive.Fault{{Field: "/startDate", Message: "a"}, {Field: "limit", Message: "b"}},
	})
	want := []httpx.ProblemError{{Pointer: "#/startDate", Message: "a"}, {Parameter: "limit", Message: "b"}}
	if fmt.Sprint(p.Errors) != fmt.Sprint(want) {
		t.Errorf("errors are %+v\n     want %+v", p.Errors, want)
	}
	_, p = problem(t, exodrive.Errorf(exodrive.Invalid, "Too early.").On("/pickupTime"))
	if fmt.Sprint(p.Errors) != fmt.Sprint([]httpx.ProblemError{{Pointer: "#/pickupTime", Message: "Too early."}}) {
		t.Errorf("one fault is told as %+v", p.Errors)
	}
}

// An error is never stored, served as a download or taken for compressed because
// the handler had begun to prepare another answer.
func TestAnErrorReplacesWhatWasPrepared(t *testing.T) {
	rec := httptest.NewRecorder()
	for _, name := range []string{"ETag", "Content-Encoding", "Content-Length", "CDN-Cache-Control", "Content-Disposition", "X-Cache-TTL"} {
		rec.Header().Set(name, "1")
	}
	rec.Header().Set("Cache-Control", "public, max-age=60")
	rec.Header().Set("Retry-After", "7")
	httpx.WriteError(rec, httptest.NewRequest(http.MethodGet, "/api/cars", nil), exodrive.Errorf(exodrive.TooMany, "x"))
	want := http.Header{
		"Cache-Control": {"no-store"}, "Content-Type": {"application/problem+json"}, "Retry-After": {"7"},
	}
	if fmt.Sprint(rec.Header()) != fmt.Sprint(want) {
		t.Errorf("headers are %v\n     want %v", rec.Header(), want)
	}
}

// A renter who closed the page is no fault of ours in the log.
func TestAClientThatLeftIsNoFault(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	leave()
	rec := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/api/cars", nil).WithContext(ctx)
	httpx.WriteError(rec, r, fmt.Errorf("load: %w", ctx.Err()))
	if rec.Code != 499 || rec.Body.Len() != 0 {
		t.Errorf("answered %d %s", rec.Code, rec.Body)
	}
	// The same error while the caller still waits is ours.
	if rec, _ := problem(t, context.Canceled); rec.Code != 500 {
		t.Errorf("a cancelled load of a waiting caller is answered %d", rec.Code)
	}
}
