package api_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/exodrive/exodrive/api"
)

// documented are the names of an operation's headers, by status.
func documented(t *testing.T) func(path, method, status string) []string {
	t.Helper()
	asJSON, _, err := api.Document()
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]struct {
			Responses map[string]struct {
				Headers map[string]json.RawMessage
			}
		}
	}
	if err := json.Unmarshal(asJSON, &doc); err != nil {
		t.Fatal(err)
	}
	return func(path, method, status string) (names []string) {
		for name := range doc.Paths[path][method].Responses[status].Headers {
			names = append(names, name)
		}
		return names
	}
}

// Every header that the document promises of a public read is in the answer, also in
// one that says that nothing has changed.
//
// Red when: a public read's answer is documented without its headers; one of them is
// not sent.
func TestPublicReadsHaveTheirHeaders(t *testing.T) {
	s := anyServer(t, false)
	headers := documented(t)
	for path, address := range map[string]string{
		"/api/cars":                      "/api/cars",
		"/api/cars/{carId}":              "/api/cars/ferrari-296-gtb",
		"/api/cars/{carId}/availability": "/api/cars/ferrari-296-gtb/availability?startDate=2026-05-01&endDate=2026-05-31",
		"/api/cars/{carId}/reviews":      "/api/cars/ferrari-296-gtb/reviews",
		"/api/fleet/counts":              "/api/fleet/counts",
		"/api/locations":                 "/api/locations",
		"/api/extras":                    "/api/extras?limit=3",
	} {
		rec := s.do(call{method: http.MethodGet, path: address})
		again := s.do(call{method: http.MethodGet, path: address, headers: []string{"If-None-Match: " + rec.Header().Get("ETag")}})
		if rec.Code != http.StatusOK || again.Code != http.StatusNotModified {
			t.Fatalf("GET %s: %d, then %d", address, rec.Code, again.Code)
		}
		for status, h := range map[string]http.Header{"200": rec.Header(), "304": again.Header()} {
			names := headers(path, "get", status)
			if len(names) < 5 {
				t.Errorf("the %s of %s is documented with %q", status, path, names)
			}
			for _, name := range names {
				if h.Get(name) == "" {
					t.Errorf("the %s of %s has no %s", status, path, name)
				}
			}
		}
	}
}
