package web_test

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/exodrive/exodrive/demo"
	"github.com/exodrive/exodrive/httpx"
)

// pages are one of each kind.
var pages = []string{"/", "/fleet", "/fleet?startDate=2026-05-01&endDate=2026-05-04", "/fleet?page=x", "/fleet/" + ferrari, "/fleet/" + ferrari + "?startDate=2026-05-01&endDate=2026-05-04", "/fleet/no-such-car", "/no-such-page"}

// TestPagesHoldNoForeignCode: Every page forbids what it does not need, and has
// no script and no style of its own.
func TestPagesHoldNoForeignCode(t *testing.T) {
	v := visit(t)
	const policy = "default-src 'none'; img-src 'self' https:; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	for _, path := range pages {
		page := v.get(path)
		if got := page.header.Get("Content-Security-Policy"); got != policy {
			t.Errorf("%s: the policy is %q", path, got)
		}
		for _, forbidden := range []string{"script", "style", "[style]", "[onclick]"} {
			if len(page.all(forbidden)) > 0 {
				t.Errorf("%s has %s", path, forbidden)
			}
		}
	}
}

// TestPagesCanBeUsedByEverybody: Every control has a label, every picture a text,
// every page one heading, one main part and a way to it, and a link to the API's
// description.
func TestPagesCanBeUsedByEverybody(t *testing.T) {
	v := visit(t)
	for _, path := range pages {
		page := v.get(path)
		page.one("h1")
		page.one("main#main")
		page.one("a[href=#main]")
		page.one("footer a[href=/docs]")
		for _, control := range append(page.all("input[id]"), page.all("select")...) {
			if len(page.all("label[for="+attr(control, "id")+"]")) != 1 {
				t.Errorf("%s: %s has no label", path, attr(control, "id"))
			}
		}
		for _, picture := range page.all("img") {
			if attr(picture, "alt") == "" || attr(picture, "width") == "" {
				t.Errorf("%s: the picture %s has no text or no size", path, attr(picture, "src"))
			}
		}
	}
}

// TestHead: A page can be asked about without being sent.
func TestHead(t *testing.T) {
	v := visit(t)
	for _, path := range append([]string{"/robots.txt", "/favicon.svg"}, pages...) {
		page, head := v.get(path), v.ask(http.MethodHead, path)
		if head.status != page.status || head.text != "" || head.header.Get("Content-Length") != page.header.Get("Content-Length") {
			t.Errorf("HEAD %s: status %d, length %s and %d bytes; GET: status %d, length %s",
				path, head.status, head.header.Get("Content-Length"), len(head.text), page.status, page.header.Get("Content-Length"))
		}
	}
}

// TestFilesAreKeptForEver: What a page links to is there, may be kept for ever
// and is not sent twice; a picture opened by itself can do nothing.
func TestFilesAreKeptForEver(t *testing.T) {
	v := visit(t)
	page := v.get("/fleet/" + ferrari)
	paths := map[string]string{attr(page.one("link[rel=stylesheet]"), "href"): "text/css; charset=utf-8"}
	for _, picture := range page.all("img") {
		paths[attr(picture, "src")] = "image/svg+xml"
	}
	for path, contentType := range paths {
		file := v.get(path).wantStatus(http.StatusOK)
		for name, want := range map[string]string{"Content-Type": contentType, "Cache-Control": "public, max-age=31536000, immutable"} {
			if got := file.header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		policy := file.header.Get("Content-Security-Policy")
		if contentType == "image/svg+xml" && policy != "default-src 'none'; style-src 'unsafe-inline'; sandbox" {
			t.Errorf("%s: the policy is %q", path, policy)
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		r.Header.Set("If-None-Match", file.header.Get("ETag"))
		w := httptest.NewRecorder()
		v.handler.ServeHTTP(w, r)
		if w.Code != http.StatusNotModified {
			t.Errorf("%s again: status %d", path, w.Code)
		}
	}
	for path := range demo.Pictures() {
		v.get(path).wantStatus(http.StatusOK)
	}
}

// TestPagesAreSmall: Pages, pictures and the style sheet come in gzip to who takes it, as the very
// same bytes; who has such a file already is sent nothing.
//
// Red when: one of them is sent as it is; two codings share a tag.
func TestPagesAreSmall(t *testing.T) {
	v := visit(t)
	page := v.get("/fleet")
	for _, path := range []string{"/fleet", "/fleet/" + ferrari, "/no-such-page", attr(page.one("link[rel=stylesheet]"), "href"), attr(page.all(".card img")[0], "src")} {
		plain, zipped := v.get(path), v.ask(http.MethodGet, path, "Accept-Encoding: gzip, br")
		if got := zipped.header.Get("Content-Encoding"); got != "gzip" || zipped.header.Get("Vary") != "Accept-Encoding" || plain.header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s comes as %q: %v", path, got, zipped.header)
			continue
		}
		r, err := gzip.NewReader(strings.NewReader(zipped.text))
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(r); err != nil || string(text) != plain.text || len(zipped.text) > len(text)/2 && len(text) > 4<<10 {
			t.Errorf("%s: %d bytes in gzip are %d, and %d plain, %v", path, len(zipped.text), len(text), len(plain.text), err)
		}
		if tag := zipped.header.Get("ETag"); tag != "" {
			if tag == plain.header.Get("ETag") {
				t.Errorf("%s has one tag for two codings, %s", path, tag)
			}
			v.ask(http.MethodGet, path, "Accept-Encoding: gzip", "If-None-Match: "+tag).wantStatus(http.StatusNotModified)
		}
	}
}

// TestUnknownPaths: Whoever slips in the address, or sends something to a page, gets
// a page of this house with a way back; robots and browsers find what they ask for
// unasked.
func TestUnknownPaths(t *testing.T) {
	v := visit(t)
	for _, path := range []string{"/nope", "/fleet/a/b", "/nope.php?x=1"} {
		page := v.get(path).wantStatus(http.StatusNotFound)
		page.wantText("h1", "There is no such page")
		if got := attr(page.one(".notice a"), "href"); got != "/fleet" || page.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: the way back leads to %q, %v", path, got, page.header)
		}
	}
	for _, path := range []string{"/static/exodrive.css", "/pictures/none.svg"} {
		v.get(path).wantStatus(http.StatusNotFound)
	}
	page := v.ask(http.MethodPost, "/fleet").wantStatus(http.StatusMethodNotAllowed)
	page.wantText("h1", "This page can only be looked at")
	if got := page.header.Get("Allow"); got != "GET, HEAD" {
		t.Errorf("POST /fleet: allowed is %q", got)
	}
	for path, to := range map[string]string{"/fleet/": "/fleet", "/favicon.ico": "/favicon.svg"} {
		if got := v.get(path).wantStatus(http.StatusMovedPermanently).header.Get("Location"); got != to {
			t.Errorf("%s leads to %q, want %q", path, got, to)
		}
	}
	if robots := v.get("/robots.txt").wantStatus(http.StatusOK); !strings.Contains(robots.text, "Disallow: /api/") {
		t.Errorf("robots.txt says %q", robots.text)
	}
	v.get("/favicon.svg").wantStatus(http.StatusOK)
}

// TestRateLimit: Whoever asks too often is told when to come back, and searches
// are counted apart; a question that is not asked costs nothing.
func TestRateLimit(t *testing.T) {
	v := visit(t,
		httpx.Policy{Name: httpx.LimitReads, Calls: 2, Window: time.Minute},
		httpx.Policy{Name: httpx.LimitSearch, Calls: 1, Window: time.Minute})
	for _, step := range []struct {
		path string
		want int
	}{
		{"/fleet", 200}, {"/fleet?page=x", 400}, {"/fleet/" + ferrari, 200}, {"/fleet", 429}, {"/fleet/no-such-car", 429},
		{"/fleet?search=audi", 200}, {"/fleet?search=audi", 429}, {"/robots.txt", 200},
	} {
		page := v.get(step.path).wantStatus(step.want)
		if step.want == http.StatusTooManyRequests {
			page.wantText("h1", "One moment, please")
			if page.header.Get("Retry-After") == "" || !strings.Contains(page.text, "Try again in") {
				t.Errorf("%s: it does not say when to come back: %s", step.path, page.text)
			}
		}
	}
}

// TestDatabaseAway: While the database does not answer, a short page says so and
// when to try again; the log has the cause and the page has not.
func TestDatabaseAway(t *testing.T) {
	v := visit(t)
	for _, path := range []string{"/", "/fleet?search=audi", "/fleet/" + ferrari} {
		ctx, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
		defer cancel()
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil)
		w := httptest.NewRecorder()
		v.handler.ServeHTTP(w, r)

		page := newSeen(t, w.Code, w.Header(), w.Body.String()).wantStatus(http.StatusServiceUnavailable)
		page.wantText("h1", "We cannot reach our books just now")
		if page.header.Get("Retry-After") == "" || page.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: the headers are %v", path, page.header)
		}
		if strings.Contains(page.text, "deadline") || !strings.Contains(v.log.String(), "deadline") {
			t.Errorf("%s: the cause belongs into the log, not on the page: %s\n%s", path, v.log, page.text)
		}
		v.log.Reset()
	}
}

// TestFaultOfOurs: When something breaks, the page shows the number of the
// request and nothing of the inside.
func TestFaultOfOurs(t *testing.T) {
	v := visit(t)
	if err := v.store.Close(); err != nil {
		t.Fatal(err)
	}
	page := v.get("/fleet").wantStatus(http.StatusInternalServerError)
	page.wantText("code", page.header.Get("X-Request-Id"))
	if strings.Contains(page.text, "sql") {
		t.Errorf("the page tells the cause: %s", page.text)
	}
}
