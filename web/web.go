// Package web is the storefront: server-made pages that work without JavaScript.
//
// Each page has one file with its view struct and its handler, and one template
// of the same name. A handler asks package rental, fills the view and holds no
// rule; the template shows the view, and a test checks the one against the type
// of the other. A page is rendered to memory first, so a failure never leaves
// half of it.
package web

import (
	"net/http"
	"time"

	"github.com/exodrive/exodrive/httpx"
	"github.com/exodrive/exodrive/rental"
)

// Options is what the storefront is made of.
type Options struct {
	Rental   *rental.Service
	Limiter  *httpx.Limiter // nil: no rate limits
	Proxies  httpx.TrustedProxies
	Pictures map[string][]byte // SVG by path, such as /pictures/coupe-blu-side-3f2a91bc.svg; a path never changes its content
	Now      func() time.Time  // nil is time.Now; a car's calendar begins today
	Demo     bool              // pages say that the fleet is invented
}

// site holds the parts that handlers need.
type site struct{ Options }

// Mount adds the storefront's routes to mux. It takes no pattern that matches
// every path, so other front ends can share the mux.
func Mount(mux *http.ServeMux, o Options) {
	s := &site{o}
	if s.Now == nil {
		s.Now = time.Now
	}
	mux.Handle("GET /{$}", page(s.fleet))
	mux.Handle("GET /fleet", page(s.fleet))
	mux.Handle("GET /fleet/{slug}", page(s.car))
	mux.Handle("GET /fleet/{$}", http.RedirectHandler("/fleet", http.StatusMovedPermanently))

	mux.Handle("GET /static/{file}", stylesheet)
	mux.Handle("GET /pictures/{file}", pictures(o.Pictures))
	mux.Handle("GET /favicon.svg", favicon)
	mux.Handle("GET /favicon.ico", http.RedirectHandler(favicon.path, http.StatusMovedPermanently)) // asked for without being linked
	mux.Handle("GET /robots.txt", robots)
}

// allow takes one call from the caller's bucket, or returns a too_many error. It
// comes before anything is loaded.
func (s *site) allow(w http.ResponseWriter, r *http.Request, policy string) error {
	return s.Limiter.Check(r.Context(), w, policy, httpx.CallerKey(s.Proxies.ClientAddr(r)))
}
