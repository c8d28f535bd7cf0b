package web_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/exodrive/exodrive/demo"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/httpx"
	"github.com/exodrive/exodrive/rental"
	"github.com/exodrive/exodrive/sqlstore"
	"github.com/exodrive/exodrive/web"
)

func TestMain(m *testing.M) { os.Exit(exotest.Main(m)) }

// now is a Monday, ten in the morning in New York and nine days before May.
var now = time.Date(2026, 4, 20, 14, 0, 0, 0, time.UTC)

// visitor looks at the demo fleet as a browser does that follows no redirect.
type visitor struct {
	t       *testing.T
	url     string
	http    *http.Client
	handler http.Handler
	rental  *rental.Service
	store   *sqlstore.Store
	log     *bytes.Buffer // what the operator reads; only between requests
}

// visit opens a storefront with the demo fleet and, without policies, without
// rate limits.
func visit(t *testing.T, policies ...httpx.Policy) *visitor {
	t.Helper()
	path := exotest.SQLiteFrom(t, "demo", func(t testing.TB, path string) {
		service, _ := open(t, "sqlite:"+path)
		if err := service.CheckDemo(t.Context(), true); err != nil {
			t.Fatal(err)
		}
	})
	return serve(t, "sqlite:"+path, policies...)
}

func open(t testing.TB, databaseURL string) (*rental.Service, *sqlstore.Store) {
	t.Helper()
	ctx := t.Context()
	store, err := sqlstore.Open(ctx, sqlstore.Config{URL: databaseURL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() }) // a test may have closed it
	if _, _, err := store.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	c := rental.NewCache(store)
	t.Cleanup(c.Close)
	service, err := rental.New(ctx, rental.Options{Store: store, Cache: c, Now: exotest.Clock(now).Now})
	if err != nil {
		t.Fatal(err)
	}
	return service, store
}

func serve(t *testing.T, databaseURL string, policies ...httpx.Policy) *visitor {
	t.Helper()
	service, store := open(t, databaseURL)
	clock := exotest.Clock(now)
	o := web.Options{Rental: service, Pictures: demo.Pictures(), Now: clock.Now}
	if len(policies) > 0 {
		o.Limiter = httpx.NewLimiter(clock.Now, policies)
	}
	mux := http.NewServeMux()
	web.Mount(mux, o)
	log := &bytes.Buffer{}
	handler := httpx.Observe(httpx.MuxWithPages(mux, web.Unmatched), httpx.ObserveOptions{Log: slog.New(slog.NewJSONHandler(log, nil))})
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	client := server.Client()
	client.Transport.(*http.Transport).DisableCompression = true // it would hide what was sent
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &visitor{t, server.URL, client, handler, service, store, log}
}

// seen is what the visitor got.
type seen struct {
	t      *testing.T
	status int
	header http.Header
	text   string
	doc    *html.Node
}

func newSeen(t *testing.T, status int, header http.Header, body string) seen {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return seen{t, status, header, body, doc}
}

// get asks for a path.
func (v *visitor) get(path string) seen { return v.ask(http.MethodGet, path) }

// ask sends headers such as "Accept-Encoding: gzip".
func (v *visitor) ask(method, path string, headers ...string) seen {
	v.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, v.url+path, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
	}
	answer, err := v.http.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return newSeen(v.t, answer.StatusCode, answer.Header, string(body))
}

// wantStatus stops the test unless the answer has the status.
func (s seen) wantStatus(want int) seen {
	s.t.Helper()
	if s.status != want {
		s.t.Fatalf("status %d, want %d: %s", s.status, want, s.text)
	}
	return s
}
