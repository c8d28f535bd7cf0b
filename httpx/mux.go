package httpx

import (
	"net/http"
	"strings"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/obs"
)

// apiPrefix is where answers are for programs, also those without a route.
const apiPrefix = "/api/"

// Mux serves mux, notes the matched pattern in the record of the request, and
// turns the 404 and 405 that mux itself gives under /api/ into problem
// documents. There an empty part of a path, such as a token that a program does not have,
// is nothing either, where mux would redirect to the path without it, another route
// perhaps. Redirects, other paths and the answers of mux's handlers stay as
// they are. A pattern "/" in mux matches every path and method, so that mux then
// has no 404 or 405 of its own.
func Mux(mux *http.ServeMux) http.Handler { return MuxWithPages(mux, nil) }

// Unmatched answers a request without a route, with 404, or 405 where the header
// Allow is set.
type Unmatched func(w http.ResponseWriter, r *http.Request, status int)

// MuxWithPages is Mux for people, too: other paths' 404 and 405 are answered by
// page, unless it is nil.
func MuxWithPages(mux *http.ServeMux, page Unmatched) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer noteRoute(r) // also after a panic
		// Mux shares the writer of Observe where it can: one wrapper, not two.
		ww, ok := w.(*writer)
		if !ok {
			ww = &writer{ResponseWriter: w}
		}
		if strings.HasPrefix(r.URL.Path, apiPrefix) && strings.Contains(r.URL.Path, "//") {
			writeUnmatched(ww, r, http.StatusNotFound)
			return
		}
		outer, outerPage := ww.unmatched, ww.page
		ww.unmatched, ww.page = r, page
		mux.ServeHTTP(ww, r)
		ww.unmatched, ww.page = outer, outerPage
	})
}

// noteRoute notes what r matched, unless a mux further in has: its pattern says
// more. For CONNECT the mux puts the path of its redirect into Pattern, which a
// caller could vary without end.
func noteRoute(r *http.Request) {
	rec := obs.RequestFrom(r.Context())
	if rec != nil && rec.Route == "" && r.Method != http.MethodConnect {
		rec.Route = r.Pattern
	}
}

// replacement is what answers in place of the mux's own answer to a call without
// a route; nil for any other answer.
func (w *writer) replacement(status int) Unmatched {
	r := w.unmatched
	switch {
	case r == nil || r.Pattern != "" || status != http.StatusNotFound && status != http.StatusMethodNotAllowed:
		return nil
	case strings.HasPrefix(r.URL.Path+"/", apiPrefix):
		return writeUnmatched
	}
	return w.page
}

// writeUnmatched answers a program in place of the mux. It keeps the header Allow.
func writeUnmatched(w http.ResponseWriter, r *http.Request, status int) {
	if status == http.StatusMethodNotAllowed {
		WriteError(w, r, ErrMethodNotAllowed)
		return
	}
	WriteError(w, r, exodrive.Errorf(exodrive.NotFound, "There is nothing at this address; /openapi.json lists what there is."))
}
