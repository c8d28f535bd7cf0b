// Package api is the JSON API. routes.go lists every route; the other files have
// one noun each: its inputs and outputs and its handlers, which translate
// between HTTP and one use-case of package rental and hold no rule.
//
// The OpenAPI 3.1 document is made from the same table, so that it cannot
// differ; api/openapi.json is its golden copy. Every failure is a problem
// document of RFC 9457.
package api

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/doctor"
	"github.com/exodrive/exodrive/httpx"
	"github.com/exodrive/exodrive/rental"
)

// Options is what the API is made of.
type Options struct {
	Rental     *rental.Service
	Limiter    *httpx.Limiter // nil: no rate limits
	Proxies    httpx.TrustedProxies
	AdminToken string // the bearer token of the configuration, "" for none
	// Redis asks Redis about itself, within a moment. nil: there is none.
	Redis func(context.Context) RedisFigures
	// Doctor looks at the installation. nil: he finds nothing.
	Doctor *doctor.Doctor
}

// apiVersion is that of the API; it changes when the document does.
const apiVersion = "0.1.0"

// about is what a reader of the document should know before any route.
const about = "Rent out exotic cars. Amounts are minor units of one currency; days are civil days of the place where a car is handed over, " +
	"written YYYY-MM-DD. Lists are paged by page and limit. Query parameters that are not listed here are ignored.\n\n" +
	"Every failure is a problem document (RFC 9457) with a code for programs, a sentence for people, and the wrong values. " +
	"Answers carry RateLimit and RateLimit-Policy; a 429, a 503 and a 409 with the code busy say in Retry-After when to try again. X-Request-Id names a call in the operator's log, " +
	"X-Response-Time and X-DB-Time are milliseconds, X-Cache is HIT, MISS or BYPASS.\n\n" +
	"No public read is older than two seconds. A write whose answer carries X-Exo-Mark is seen at once, on every node, by who sends that header back; browsers have it as a cookie.\n\n" +
	"Routes under /api/admin need an API token. Edits need the version that was read: send the ETag back as If-Match."

// api holds the parts that handlers need.
type api struct {
	Options
	huma huma.API
	// document is the same OpenAPI document, for routes that do not run through huma.
	document huma.API
	mux      *http.ServeMux

	askedCars    asked[exodrive.CarQuery]
	askedDays    asked[exodrive.AvailabilityQuery]
	askedReviews asked[exodrive.PageQuery]
	askedOffers  asked[exodrive.PageQuery]
}

// Mount adds all routes, the OpenAPI document and its browser to mux. It may be
// called once per mux.
func Mount(mux *http.ServeMux, o Options) {
	a := newAPI(mux, o)
	a.routes()
	a.finish()
	docs := docsHandler()
	document := a.documentHandler()
	for _, path := range documents {
		mux.Handle("GET "+path, document)
	}
	mux.Handle("GET /docs", docs)
	mux.Handle("GET /docs/", docs)
}

// Document is the OpenAPI document as indented JSON and as YAML.
func Document() (asJSON, asYAML []byte, err error) {
	a := newAPI(http.NewServeMux(), Options{})
	a.routes()
	a.finish()
	var compact []byte
	if compact, err = a.huma.OpenAPI().MarshalJSON(); err != nil {
		return nil, nil, err
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, append(compact, '\n'), "", "  "); err != nil {
		return nil, nil, err
	}
	asJSON = indented.Bytes()
	asYAML, err = a.huma.OpenAPI().YAML()
	return asJSON, asYAML, err
}

func newAPI(mux *http.ServeMux, o Options) *api {
	c := huma.DefaultConfig("ExoDrive", apiVersion)
	c.Components.Schemas = newRegistry()
	c.DocsPath = ""     // ours come from embedded files
	c.CreateHooks = nil // no $schema member in answers
	c.SchemasPath = ""  // the document has them all
	c.Formats = map[string]huma.Format{"application/json": jsonFormat, "json": jsonFormat}
	c.Info.Description = about
	c.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	c.Servers = []*huma.Server{{URL: "/", Description: "This server"}}
	c.Tags = []*huma.Tag{
		{Name: "Catalogue", Description: "What anybody may read."},
		{Name: "Bookings", Description: "What a trip costs, and booking it."},
		{Name: "Figures", Description: "How well the fleet does."},
		{Name: "Customers", Description: "Who has booked."},
		{Name: "Cars", Description: "The fleet, for administrators."},
		{Name: "Calendar", Description: "Maintenance and prices of single days."},
		{Name: "Offers", Description: "Places, price rules, extras and coupons."},
		{Name: "Reviews", Description: "Written by renters, and moderation."},
		{Name: "Cache", Description: "What is kept of the answers, for operators."},
		{Name: "Metrics", Description: "How fast and how well answers are given, for operators."},
		{Name: "Jobs", Description: "Work that goes on by itself, for operators."},
		{Name: "Audit", Description: "Who changed what."},
		{Name: "Health", Description: "What is wrong, for operators."},
	}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer", Description: "An API token, made with: exodrive admin token. " +
			"Each operation tells the scope that it needs; a token with the scope all has every scope, and one with any scope has read."},
	}
	c.OpenAPIPath = "" // documents are made once, see documentHandler
	setUpHuma()
	a := &api{Options: o, mux: mux}
	a.huma = humago.New(mux, c)
	a.document = humago.New(http.NewServeMux(), c)
	a.huma.UseMiddleware(a.limitAndIdentify)
	return a
}

// contextKey is the type of this package's context keys.
type contextKey int

const (
	actorKey contextKey = iota
	addressKey
)

// actorOf is who calls, put into the context by limitAndIdentify. Handlers hand
// it to the use-case as an argument.
func actorOf(ctx context.Context) exodrive.Actor {
	actor, _ := ctx.Value(actorKey).(exodrive.Actor)
	return actor
}
