package web

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/httpx"
	"github.com/exodrive/exodrive/obs"
)

// pagePolicy lets a page load its style sheet and pictures and nothing else.
// Pictures may be photographs on another host, hence https.
const pagePolicy = "default-src 'none'; img-src 'self' https:; style-src 'self'; form-action 'self'; " +
	"base-uri 'none'; frame-ancestors 'none'"

//go:embed templates
var templateFiles embed.FS

// shows is a template whose dot is a V, so that no page can be rendered from the
// view of another.
type shows[V any] struct {
	*template.Template
	file string
}

// The pages.
var (
	fleetPage   = parse[fleetView]("fleet.html")
	carPage     = parse[carView]("car.html")
	failurePage = parse[failureView]("failure.html")
)

// parse reads a page with the layout around it and the parts that pages share. A template that does not parse
// is a mistake in the build, and it panics.
func parse[V any](file string) shows[V] {
	t := template.New("").Funcs(template.FuncMap{
		"money": money, "rate": rate, "tenths": tenths, "day": day, "category": categoryName, "drive": driveName,
		"stylesheet": func() string { return stylesheet.path },
	})
	template.Must(t.ParseFS(templateFiles, "templates/layout.html", "templates/parts.html", "templates/"+file))
	return shows[V]{t.Lookup("layout"), file}
}

// frame is what the layout shows around every page.
type frame struct{ Demo bool }

// frame is that of this site.
func (s *site) frame() frame { return frame{s.Demo} }

// answer is a finished page.
type answer struct {
	status int
	html   []byte
	sources
}

// sources are the reads that a page shows.
type sources struct {
	reads   []cache.Served
	missing bool // something that belongs to the page could not be read
}

// add notes a read that the page shows, or why it is away.
func (s *sources) add(ctx context.Context, read cache.Served, away error) {
	if away != nil {
		s.missing = true
		obs.RequestFrom(ctx).Fail(string(exodrive.CodeOf(away)), away)
		return
	}
	s.reads = append(s.reads, read)
}

// unverified tells whether the page shows something that nobody can vouch for,
// because the database does not answer.
func (s *sources) unverified() bool {
	return slices.ContainsFunc(s.reads, func(read cache.Served) bool { return read.Stale == cache.Unverifiable })
}

// answer renders the page.
func (s shows[V]) answer(status int, view V, from sources) (answer, error) {
	var b bytes.Buffer
	if err := s.Execute(&b, view); err != nil {
		return answer{}, fmt.Errorf("render %s: %w", s.file, err)
	}
	return answer{status, b.Bytes(), from}, nil
}

// page is a handler that makes a page or fails. It may set headers, but what it
// returns is the whole answer.
type page func(http.ResponseWriter, *http.Request) (answer, error)

func (p page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a, err := p(w, r)
	if err != nil {
		fail(w, r, err)
		return
	}
	a.write(w, r)
}

// write sends the page. The length is told because a HEAD has no body to count.
// What is whole and verified may be kept, if it is asked about each time.
func (a answer) write(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	httpx.TellParts(w, r, a.reads...)
	h.Set("Content-Type", "text/html; charset=utf-8")
	body := a.html
	if zipped := httpx.Zipped(w, r, body); zipped != nil {
		body = zipped
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Content-Security-Policy", pagePolicy)
	if a.status == http.StatusOK && !a.missing && !a.unverified() {
		h.Set("Cache-Control", "no-cache")
	} else {
		h.Set("Cache-Control", "no-store")
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(body) // the only failure left is a visitor who has gone
}
