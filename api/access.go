package api

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/httpx"
	"github.com/exodrive/exodrive/obs"
)

// Keys of an operation's metadata.
const (
	limitOf  = "limit" // name of its rate limit
	private  = "private"
	personal = "personal" // for one caller; staff may say who it is
	cached   = "cached"   // answered from the cache, by handlers of our own
)

// limitAndIdentify stands before every operation: the rate limit of the
// operation for this caller, and for private ones who the caller is. An unknown
// token is counted by its sender's address, so that guessing is slow; it comes
// before anything of the input is read.
func (a *api) limitAndIdentify(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	op := ctx.Operation()
	// Media types ignore case (RFC 9110); huma does not.
	if kind := r.Header.Get("Content-Type"); kind != "" {
		r.Header.Set("Content-Type", strings.ToLower(kind))
	}
	policy, _ := op.Metadata[limitOf].(string)
	caller := httpx.CallerKey(a.Proxies.ClientAddr(r))
	if op.Metadata[personal] == true {
		w.Header().Set("Cache-Control", "no-store")
		ctx = huma.WithValue(ctx, addressKey, caller)
	}
	if op.Metadata[private] == true || op.Metadata[personal] == true && r.Header.Get("Authorization") != "" {
		actor, err := a.identify(r)
		if err != nil {
			if limited := a.Limiter.Check(r.Context(), w, policy, caller); limited != nil {
				err = limited
			}
			httpx.WriteError(w, r, err)
			return
		}
		caller = actor.ID
		obs.RequestFrom(r.Context()).SetActor(actor.ID)
		ctx = huma.WithValue(ctx, actorKey, actor)
		w.Header().Set("Cache-Control", "no-store")
	}
	err := a.Limiter.Check(r.Context(), w, policy, caller)
	if err == nil && op.Metadata[private] == true {
		if err = knowsParameters(op, r); err == nil {
			err = a.carBySlug(ctx, r)
		}
	}
	if err != nil {
		httpx.WriteError(w, r, err)
		return
	}
	next(ctx)
}

// knowsParameters refuses parameters of an address that staff's operation does not have: a
// filter that is misspelt would pick nothing out, and the list be of all. The public may
// write what it wants, as links come with parameters of others.
func knowsParameters(op *huma.Operation, r *http.Request) error {
	if r.URL.RawQuery == "" {
		return nil
	}
	var known []string
	for _, p := range op.Parameters {
		if p.In == "query" {
			known = append(known, p.Name)
		}
	}
	others := "this address takes none."
	if len(known) > 0 {
		others = "those that there are: " + strings.Join(known, ", ") + "."
	}
	for _, name := range slices.Sorted(maps.Keys(r.URL.Query())) {
		if !slices.Contains(known, name) {
			return exodrive.Errorf(exodrive.Invalid, "There is no parameter %.40q here; %s", name, others).On(name)
		}
	}
	return nil
}

// carBySlug lets staff name the car in a path by its slug, too: what comes later reads its
// id there.
func (a *api) carBySlug(ctx huma.Context, r *http.Request) error {
	slug := r.PathValue("carId")
	if !exodrive.IsSlug(slug) {
		return nil
	}
	id, err := a.Rental.ManagedCarID(ctx.Context(), actorOf(ctx.Context()), slug)
	if err == nil {
		r.SetPathValue("carId", id)
	}
	return err
}

func (a *api) identify(r *http.Request) (exodrive.Actor, error) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return exodrive.Actor{}, exodrive.Errorf(exodrive.Unauthenticated, "This needs an API token; send it as Authorization: Bearer.")
	}
	actor, err := a.Rental.Actor(r.Context(), strings.TrimSpace(token), a.AdminToken)
	actor.RequestID = obs.RequestFrom(r.Context()).RequestID()
	return actor, err
}

// admin adds an operation that needs a token.
func admin[I, O any](a *api, row operation, handler func(context.Context, *I) (*O, error)) {
	op := row.Operation
	op.Errors = append(op.Errors, http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden,
		http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable)
	if op.Method != http.MethodGet {
		op.Errors = append(op.Errors, http.StatusConflict)
	}
	if op.Method == http.MethodPost || op.Method == http.MethodPut {
		op.Errors = append(op.Errors, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	op.Metadata = map[string]any{limitOf: httpx.LimitAdmin, private: true}
	op.Security = []map[string][]string{{"token": {string(row.needed())}}}
	op.MaxBodyBytes = a.bodyLimit()
	huma.Register(a.huma, op, handler)
}

// bodyLimit is one byte more than allowed, because huma refuses a body that
// reaches its limit.
func (a *api) bodyLimit() int64 {
	limits := exodrive.DefaultLimits
	if a.Rental != nil { // there is none when only the document is wanted
		limits = a.Rental.Limits()
	}
	return limits.Body + 1
}
