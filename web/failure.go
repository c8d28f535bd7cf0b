package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/httpx"
	"github.com/exodrive/exodrive/obs"
)

// failureView is the page in place of one that could not be made.
type failureView struct {
	frame
	Heading   string
	Sentence  string
	RequestID string // for faults of ours, so that the operator finds the cause
}

// retryAfter is how many seconds a visitor waits when the database is away.
const retryAfter = "5"

// fail answers with the page of a failure and notes err, whose causes are in the
// log line and never on the page.
func fail(w http.ResponseWriter, r *http.Request, err error) {
	rec, code := obs.RequestFrom(r.Context()), exodrive.CodeOf(err)
	rec.Fail(string(code), err)
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		httpx.WriteError(w, r, err) // the visitor has gone: no page, and a status of its own in the log
		return
	}
	status := httpx.StatusOf(code)
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", retryAfter)
	}
	view := failureFor(err, code)
	if status >= http.StatusInternalServerError {
		view.RequestID = rec.RequestID()
	}
	view.answer(w, r, status)
}

// Unmatched answers a request outside the API that no route matches: a slip in the
// address, or a method that a page does not know. See httpx.MuxWithPages.
func Unmatched(w http.ResponseWriter, r *http.Request, status int) {
	rec := obs.RequestFrom(r.Context())
	if status == http.StatusMethodNotAllowed {
		rec.Fail(httpx.ErrMethodNotAllowed.Code, httpx.ErrMethodNotAllowed)
		failureView{Heading: "This page can only be looked at", Sentence: "What was sent to it went nowhere. Please begin at the fleet."}.answer(w, r, status)
		return
	}
	rec.Fail(string(exodrive.NotFound), errNoPage)
	failureView{Heading: "There is no such page", Sentence: "There may be a slip in the address, or the page has moved."}.answer(w, r, status)
}

var errNoPage = exodrive.Errorf(exodrive.NotFound, "There is no such page.")

// answer sends the page, or if even that cannot be made, the problem.
func (view failureView) answer(w http.ResponseWriter, r *http.Request, status int) {
	a, broken := failurePage.answer(status, view, sources{})
	if broken != nil {
		httpx.WriteError(w, r, broken)
		return
	}
	a.write(w, r)
}

// failureFor says a failure in the words of the storefront.
func failureFor(err error, code exodrive.Code) failureView {
	switch code {
	case exodrive.NotFound:
		return failureView{Heading: "This car is not here", Sentence: "It may have left the fleet, or there is a slip in the address."}
	case exodrive.Unavailable:
		return failureView{Heading: "We cannot reach our books just now", Sentence: "Nothing is lost. Please try again in a moment."}
	case exodrive.TooMany, exodrive.Busy:
		return failureView{Heading: "One moment, please", Sentence: sentence(err)}
	default:
		return failureView{Heading: "Something went wrong on our side", Sentence: "Please try again. If it stays, tell us the number below."}
	}
}

// sentence is what err says to people.
func sentence(err error) string {
	if e, ok := errors.AsType[*exodrive.Error](err); ok {
		return e.Message
	}
	return ""
}
