package api

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

// askDocs asks the viewer for a path; headers are name and value in turns.
func askDocs(path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	docsHandler().ServeHTTP(rec, r)
	return rec
}

// Whoever opens /docs gets a page whose every part is there, comes from this
// server alone, and is allowed by the page's own policy.
func TestDocsPageIsWhole(t *testing.T) {
	page := askDocs("/docs")
	body := page.Body.String()
	if page.Code != 200 || page.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("/docs is answered %d %v", page.Code, page.Header())
	}
	parts := regexp.MustCompile(`(?:src|href)="(/docs/[^"]*)"`).FindAllStringSubmatch(body, -1)
	if len(parts) != 3 {
		t.Errorf("the page has %d parts, want 3: %s", len(parts), body)
	}
	for _, part := range parts {
		rec := askDocs(part[1])
		want := map[string]string{"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8"}[part[1][strings.LastIndex(part[1], ".")+1:]]
		if rec.Code != 200 || rec.Header().Get("Content-Type") != want || rec.Body.Len() < 100 {
			t.Errorf("%s is answered %d as %s with %d bytes", part[1], rec.Code, rec.Header().Get("Content-Type"), rec.Body.Len())
		}
	}
	if regexp.MustCompile(`<script>|<style|\son\w+=|https?://`).MatchString(body) {
		t.Errorf("the page has an inline script or style, or a foreign address: %s", body)
	}
	if policy := page.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'; script-src 'self';") {
		t.Errorf("the policy is %s", policy)
	}
	if rec := askDocs("/docs/NOTICE"); rec.Code != 200 || !strings.Contains(rec.Body.String(), "SmartBear") {
		t.Errorf("the notice of the viewer's makers is answered %d %s", rec.Code, rec.Body)
	}
}

// The viewer is half a megabyte once; after that a browser downloads nothing. A
// client that cannot decompress gets the same script.
func TestDocsAreCompressedAndKept(t *testing.T) {
	const script = "/docs/swagger-ui-bundle.js"
	packed := askDocs(script, "Accept-Encoding", "gzip, br")
	plain := askDocs(script)
	if packed.Header().Get("Content-Encoding") != "gzip" || packed.Body.Len() > 600_000 || packed.Header().Get("Vary") != "Accept-Encoding" {
		t.Errorf("compressed: %d bytes, headers %v", packed.Body.Len(), packed.Header())
	}
	unpacked, err := gunzip(packed.Body.Bytes())
	if err != nil || plain.Header().Get("Content-Encoding") != "" || !bytes.Equal(unpacked, plain.Body.Bytes()) {
		t.Errorf("the plain form has %d bytes, the compressed one holds %d (%v)", plain.Body.Len(), len(unpacked), err)
	}
	tag := packed.Header().Get("ETag")
	if tag == plain.Header().Get("ETag") || packed.Header().Get("Cache-Control") != "public, no-cache" {
		t.Errorf("both forms have the tag %s, headers %v", tag, packed.Header())
	}
	if again := askDocs(script, "Accept-Encoding", "gzip", "If-None-Match", tag); again.Code != 304 || again.Body.Len() != 0 {
		t.Errorf("asked again, it is answered %d with %d bytes", again.Code, again.Body.Len())
	}
}

// No other file can be read through the viewer's address.
func TestDocsHaveNoOtherFiles(t *testing.T) {
	for _, path := range []string{"/docs/nothing", "/docs/docs.go", "/docs/../docs.go", "/docs/swagger-ui.css.gz", "/docs/a/index.html"} {
		if rec := askDocs(path); rec.Code != 404 {
			t.Errorf("%s is answered %d", path, rec.Code)
		}
	}
}

// The API's description is made once: who asks again is told that it is the same, and it comes in gzip.
//
// Red when: it is made for each caller, without an ETag.
func TestDocumentsAreMadeOnce(t *testing.T) {
	a := newAPI(http.NewServeMux(), Options{})
	a.routes()
	a.finish()
	h := a.documentHandler()
	for _, path := range documents {
		answer := func(name, value string) *httptest.ResponseRecorder {
			r, rec := httptest.NewRequest(http.MethodGet, path, nil), httptest.NewRecorder()
			r.Header.Set(name, value)
			h.ServeHTTP(rec, r)
			return rec
		}
		plain, zipped := answer("Accept", "*/*"), answer("Accept-Encoding", "gzip")
		again := answer("If-None-Match", plain.Header().Get("ETag"))
		if plain.Code != 200 || zipped.Header().Get("Content-Encoding") != "gzip" || zipped.Body.Len() > plain.Body.Len()/2 || again.Code != 304 {
			t.Errorf("%s: %d, in gzip %d of %d bytes, again %d; want 200, less than half, 304", path, plain.Code, zipped.Body.Len(), plain.Body.Len(), again.Code)
		}
	}
}
