package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
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

// parse reads a page with the layout around it. A template that does not parse
// is a mistake in the build, and it panics.
func parse[V any](file string) shows[V] {
	t := template.New("").Funcs(template.FuncMap{
		"money": money, "rate": rate, "tenths": tenths, "day": day, "category": categoryName, "drive": driveName,
		"stylesheet": func() string { return stylesheet.path },
	})
	template.Must(t.ParseFS(templateFiles, "templates/layout.html", "templates/"+file))
	return shows[V]{t.Lookup("layout"), file}
}

// answer is a finished page.
type answer struct {
	status int
	html   []byte
}

// answer renders the page.
func (s shows[V]) answer(status int, view V) (answer, error) {
	var b bytes.Buffer
	if err := s.Execute(&b, view); err != nil {
		return answer{}, fmt.Errorf("render %s: %w", s.file, err)
	}
	return answer{status, b.Bytes()}, nil
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
	a.write(w)
}

// write sends the page. The length is told because a HEAD has no body to count.
func (a answer) write(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(a.html)))
	h.Set("Content-Security-Policy", pagePolicy)
	if a.status == http.StatusOK {
		h.Set("Cache-Control", "no-cache")
	} else {
		h.Set("Cache-Control", "no-store")
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.html) // the only failure left is a visitor who has gone
}
