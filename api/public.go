package api

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/httpx"
)

// The public reads do not run through huma, which would encode every answer
// again: it only documents them. Their bytes come from the cache as they are.

// reader answers a public read.
type reader func(context.Context, *http.Request) (cache.Served, error)

// public adds a read that anybody may ask for, and documents its answer as a T.
func public[T any](a *api, row operation, read reader) {
	op := row.Operation
	op.Tags = []string{"Catalogue"}
	op.Errors = append(op.Errors, http.StatusBadRequest, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable)
	op.Security = []map[string][]string{} // none, and said so
	op.Metadata = map[string]any{cached: true}
	huma.Register[struct{}, answer[T]](a.document, op, nil)

	policy := func(*http.Request) string { return httpx.LimitReads }
	if op.OperationID == listCarsID {
		policy = listPolicy
	}
	a.mux.HandleFunc(op.Method+" "+op.Path, func(w http.ResponseWriter, r *http.Request) {
		served, err := read(a.Limiter.Admission(w, r, a.Proxies, policy), r) //nolint:contextcheck // it derives from r's
		if err != nil {
			httpx.WriteError(w, r, err)
			return
		}
		httpx.WriteEntry(w, r, served)
	})
}

// listPolicy gives searches a limit of their own.
func listPolicy(r *http.Request) string {
	if strings.TrimSpace(r.URL.Query().Get("search")) != "" {
		return httpx.LimitSearch
	}
	return httpx.LimitReads
}

// valuesOf reads the parameters of the address. Junk is ignored, but a parameter
// whose value cannot be read is refused: a filter that was lost on the way would
// widen the answer.
func valuesOf(u *url.URL) (url.Values, error) {
	if u.RawQuery == "" {
		return nil, nil
	}
	values, err := url.ParseQuery(u.RawQuery)
	if err == nil {
		return values, nil
	}
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		name, value, _ := strings.Cut(pair, "=")
		_, malformed := url.QueryUnescape(value)
		if name, err := url.QueryUnescape(name); err == nil && name != "" && !strings.Contains(name, ";") && (malformed != nil || strings.Contains(value, ";")) {
			return nil, exodrive.Errorf(exodrive.Invalid, "The value is not written as an address writes it: %%25 is a per cent sign, %%3B a semicolon.").On(name)
		}
	}
	return values, nil
}
