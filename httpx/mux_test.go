package httpx_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/exodrive/exodrive/httpx"
	"github.com/exodrive/exodrive/obs"
)

// testMux has an API route, a handler that answers 404 itself, and a page.
func testMux() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/cars/{id}", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.PathValue("id")) })
	mux.HandleFunc("GET /api/own", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "my own answer", http.StatusNotFound) })
	mux.HandleFunc("POST /api/cars/", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /api/panic", func(http.ResponseWriter, *http.Request) { panic("x") })
	mux.HandleFunc("GET /fleet", func(http.ResponseWriter, *http.Request) {})
	inner := http.NewServeMux()
	inner.HandleFunc("GET /admin/cars/{id}", func(http.ResponseWriter, *http.Request) {})
	mux.Handle("/admin/", httpx.Mux(inner))
	return mux
}

// Where there are pages, a person who misspells an address gets one, and a program a
// problem document all the same; what handlers and redirects answer stays.
//
// Red when: the API's unknown paths go to the pages; a handler's own 404 does.
func TestUnknownPages(t *testing.T) {
	page := func(w http.ResponseWriter, r *http.Request, status int) {
		w.WriteHeader(status)
		fmt.Fprint(w, "a page for ", r.URL.Path)
	}
	h := observe(httpx.LogAll, httpx.MuxWithPages(testMux(), page).ServeHTTP)
	for path, want := range map[string]string{
		"GET /nothing": "404 a page for /nothing", "POST /fleet": "405 a page for /fleet", "GET /fleet": "200 ",
		"GET /api/own": "404 my own answer\n", "GET /api/./cars/car_1": `307 <a href="/api/cars/car_1">Temporary Redirect</a>.` + "\n\n",
	} {
		method, target, _ := strings.Cut(path, " ")
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest(method, target, nil))
		if got := fmt.Sprint(rec.Code, " ", rec.Body); got != want {
			t.Errorf("%s is answered %q, want %q", path, got, want)
		}
		if rec.Code == http.StatusMethodNotAllowed && rec.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: allowed is %q", path, rec.Header().Get("Allow"))
		}
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/api/nothing", nil))
	if rec.Code != http.StatusNotFound || rec.Header().Get("Content-Type") != httpx.ProblemType {
		t.Errorf("/api/nothing is answered %d %s", rec.Code, rec.Body)
	}
}

// A program that misspells an address or a method gets a problem document like
// any other; pages and handlers answer as they choose.
func TestUnknownRoutes(t *testing.T) {
	observed := observe(httpx.LogAll, httpx.Mux(testMux()).ServeHTTP)
	for name, h := range map[string]http.Handler{"observed": observed, "bare": httpx.Mux(testMux())} {
		for _, test := range []struct {
			method, path string
			status       int
			code         string // of the problem; empty: no problem document
			header, body string
		}{
			{"GET", "/api/cars/car_1", 200, "", "", "car_1"},
			{"GET", "/api/nothing", 404, "not_found", "", ""},
			{"GET", "/api/", 404, "not_found", "", ""},
			{"GET", "/api", 404, "not_found", "", ""},
			{"GET", "/apish", 404, "", "", "404 page not found\n"},
			{"HEAD", "/api/nothing", 404, "not_found", "", ""},
			{"DELETE", "/api/own", 405, "method_not_allowed", "Allow: GET, HEAD", ""},
			{"GET", "/api/own", 404, "", "", "my own answer\n"},
			{"GET", "/nothing", 404, "", "", "404 page not found\n"},
			{"POST", "/fleet", 405, "", "Allow: GET, HEAD", "Method Not Allowed\n"},
			{"GET", "/api//cars/car_1", 404, "not_found", "", ""}, // an id that somebody's program does not have
			{"GET", "/api/../nothing", 307, "", "Location: /nothing", ""},
			{"POST", "/api/cars", 307, "", "Location: /api/cars/", ""},
		} {
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, httptest.NewRequest(test.method, test.path, nil))
			what := name + " " + test.method + " " + test.path
			if rec.Code != test.status {
				t.Errorf("%s is answered %d %s, want %d", what, rec.Code, rec.Body, test.status)
			}
			if header, value, ok := strings.Cut(test.header, ": "); ok && rec.Header().Get(header) != value {
				t.Errorf("%s: %s is %q, want %q", what, header, rec.Header().Get(header), value)
			}
			if test.code != "" {
				var p httpx.Problem
				if err := json.Unmarshal(rec.Body.Bytes(), &p); err != nil || p.Code != test.code || p.Status != test.status ||
					rec.Header().Get("Content-Type") != httpx.ProblemType {
					t.Errorf("%s is answered %q (%v), want the problem %s", what, rec.Body, err, test.code)
				}
			} else if test.body != "" && rec.Body.String() != test.body {
				t.Errorf("%s is answered %q, want %q", what, rec.Body, test.body)
			}
		}
	}
}

// However many addresses are tried, log and metrics know only our routes.
func TestRoutesAreOurPatterns(t *testing.T) {
	for _, test := range []struct{ method, path, want string }{
		{"GET", "/api/cars/car_1?x=1", "GET /api/cars/{id}"},
		{"GET", "/api/panic", "GET /api/panic"},
		{"GET", "/api/nothing/secret", ""},
		{"GET", "/secret", ""},
		{"GET", "/admin/cars/secret", "GET /admin/cars/{id}"},
		{"GET", "/admin/secret", ""},
		{"CONNECT", "/admin", ""}, // the mux calls this one by its path
	} {
		rec := &obs.Request{}
		func() {
			defer func() { _ = recover() }()
			r := httptest.NewRequest(test.method, "http://example.com"+test.path, nil)
			httpx.Mux(testMux()).ServeHTTP(httptest.NewRecorder(), r.WithContext(obs.WithRequest(r.Context(), rec)))
		}()
		if rec.Route != test.want {
			t.Errorf("%s %s has the route %q, want %q", test.method, test.path, rec.Route, test.want)
		}
	}

	h := observe(httpx.LogAll, httpx.Mux(testMux()).ServeHTTP)
	for i := range 300 {
		h.get(fmt.Sprintf("/api/nothing/%d", i))
	}
	out := httptest.NewRecorder()
	obs.OpsHandler(h.metrics.Registry, nil).ServeHTTP(out, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if text := out.Body.String(); !strings.Contains(text, `{method="GET",route="other",status="404"} 300`) || strings.Contains(text, "nothing") {
		t.Errorf("the metrics after 300 unknown addresses are %s", text)
	}
}
