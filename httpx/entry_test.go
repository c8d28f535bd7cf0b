package httpx_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/andybalholm/brotli"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/cachetest"
	"github.com/exodrive/exodrive/httpx"
	"github.com/exodrive/exodrive/obs"
)

// fleet is a cache in front of a database, whose answers repeat a word often
// enough to be compressed; but "tiny" is just that.
type fleet struct {
	*cachetest.Database
	node  *cache.Cache
	words *cache.Family[string, string]
}

func newFleet(t testing.TB) *fleet {
	f := &fleet{Database: cachetest.NewDatabase()}
	f.Write("car", "Ferrari", "car")
	f.Write("tiny", "Fiat", "tiny")
	f.node = cache.New(cache.Options{Journal: f})
	f.words = cache.Register(f.node, cache.Family[string, string]{
		Name: "word", Key: func(k string) string { return k }, Tags: func(k string) []string { return []string{k} },
		Load: func(ctx context.Context, k string) (string, error) {
			defer obs.RequestFrom(ctx).DB()()
			time.Sleep(40 * time.Millisecond)
			v, err := f.Value(ctx, k)
			if k != "tiny" {
				v = strings.Repeat(v+" 296 GTB, ", 200)
			}
			return v, err
		},
		Fresh: time.Hour, Stale: time.Hour,
	})
	f.node.Start()
	t.Cleanup(f.node.Close)
	return f
}

func (f *fleet) read(t testing.TB, key string) cache.Served {
	t.Helper()
	a, err := f.words.Read(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return a.Served
}

// withBrotli is a hit on an entry that has all three codings.
func (f *fleet) withBrotli(t testing.TB) cache.Served {
	synctest.Wait() // until the node has read the journal
	s := f.read(t, "car")
	for range 5 {
		s.Entry.Variant(cache.Brotli)
	}
	synctest.Wait() // until it is made
	if s = f.read(t, "car"); s.Entry.Variant(cache.Brotli) == nil || s.Layer != cache.Memory {
		t.Fatalf("no hit with brotli: %+v", s)
	}
	return s
}

// answer is what a caller with these headers ("name: value") gets, through
// Observe.
func answer(method string, s cache.Served, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/api/cars/1", nil)
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	rec := httptest.NewRecorder()
	httpx.Observe(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		httpx.WriteEntry(w, r, s)
	}), httpx.ObserveOptions{AccessLog: httpx.LogOff, NewID: func() string { return "id-of-test" }}).ServeHTTP(rec, r)
	return rec
}

// A caller gets the coding he likes best, one that he can read, and what it
// decodes to is always the same.
func TestEncodings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		s := f.withBrotli(t)
		plain := s.Entry.Variant(cache.Identity).Body
		for accept, want := range map[string]string{
			"gzip, deflate, br, zstd": "br", "gzip, deflate, br": "br", "gzip": "gzip", "": "", "identity": "",
			"br;q=0.5, gzip;q=0.5": "br", "br;q=0.4, gzip;q=0.5": "gzip", "gzip;q=0.5": "gzip", "GZIP": "gzip", "x-gzip": "gzip",
			"br;q=0, gzip;q=0": "", "deflate, zstd": "", "compress;q=0.5, gzip;q=1.0": "gzip", // of RFC 9110
			"identity, gzip;q=0.5": "", "identity;q=0.5, gzip;q=0.5": "gzip", "gzip;q=0.001": "gzip",
			"*": "br", "*;q=0.1": "br", "br;q=0, *": "gzip", "*;q=0": "", "gzip;q=1.0, identity; q=0.5, *;q=0": "gzip",
			"*, identity;q=0.9": "br", "*;q=0.1, identity;q=0.9": "", "identity;q=0": "", "identity;q=0, zstd": "", "*;q=0, br;q=0.1": "br",
			"gzip;q=1.001": "", "gzip;q=0.1234": "", "gzip;q=-1": "", "gzip;q=": "", "gzip;Q=0.5": "gzip", "gzip;level=9;q=0": "",
			"gzip ; q=0.8 ,\tbr ; q=0.2": "gzip", ",,gzip,,": "gzip", "gzip, gzip;q=0": "gzip", "gzip;q=0, gzip": "",
			strings.Repeat("x,", 500) + "gzip": "gzip", strings.Repeat("x,", 600) + "gzip": "", // far too long
		} {
			rec := answer("GET", s, "Accept-Encoding: "+accept)
			h := rec.Header()
			if got := h.Get("Content-Encoding"); got != want || h.Get("Vary") != "Accept-Encoding" || h.Get("Content-Length") != fmt.Sprint(rec.Body.Len()) {
				t.Errorf("Accept-Encoding: %.40q gets %q, want %q; %v", accept, got, want, h)
			}
			if got := decoded(t, rec); !bytes.Equal(got, plain) {
				t.Errorf("Accept-Encoding: %q: the body is %.40q", accept, got)
			}
		}
		if got := answer("GET", s).Header().Get("Content-Encoding"); got != "" {
			t.Errorf("a caller who says nothing gets %q", got)
		}
		if got := answer("GET", s, "Accept-Encoding: br;q=0.1", "Accept-Encoding: gzip").Header().Get("Content-Encoding"); got != "gzip" {
			t.Errorf("of two lines that prefer gzip comes %q", got)
		}
		for _, accept := range []string{"br", "gzip", "gzip, identity;q=0", "*"} {
			if rec := answer("GET", f.read(t, "tiny"), "Accept-Encoding: "+accept); rec.Header().Get("Content-Encoding") != "" || rec.Body.String() != "\"Fiat\"\n" {
				t.Errorf("of an entry without codings %s gets %q", accept, rec.Body)
			}
		}
		f.node.Close()
	})
}

func decoded(t *testing.T, rec *httptest.ResponseRecorder) []byte {
	t.Helper()
	var from io.Reader = bytes.NewReader(rec.Body.Bytes())
	var err error
	switch rec.Header().Get("Content-Encoding") {
	case "gzip":
		from, err = gzip.NewReader(from)
	case "br":
		from = brotli.NewReader(from)
	}
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(from)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// A caller who has the answer is not sent it again, and one who has another is.
func TestConditionals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		s := f.withBrotli(t)
		tag, zipped, br := s.Entry.Variant(cache.Identity).Tag, s.Entry.Variant(cache.Gzip).Tag, s.Entry.Variant(cache.Brotli).Tag
		if tag == zipped || zipped == br || tag == br {
			t.Fatalf("two codings share the strong tag %s", tag)
		}
		for _, test := range []struct {
			accept, match string
			want          int
		}{
			{"", tag, 304}, {"", "W/" + tag, 304}, {"", "*", 304}, {"", " * ", 304},
			{"", `"other", ` + tag, 304}, {"", `"other" , W/"x",, ` + tag + ` ,"y"`, 304}, {"", `"a,b",` + tag, 304}, {"", `"",` + tag, 304},
			{"gzip", zipped, 304}, {"gzip", "W/" + zipped, 304}, {"gzip", tag + ", " + zipped, 304}, {"gzip", tag, 200},
			{"gzip, br", br, 304}, {"gzip, br", zipped, 200}, {"", zipped, 200}, {"", br, 200},
			{"", `"other"`, 200}, {"", "", 200}, {"", strings.Trim(tag, `"`), 200}, {"", "w/" + tag, 200}, {"", "W/ " + tag, 200},
			{"", `*, "x"`, 200}, {"", `"x", *`, 200}, {"", `"x" ` + tag, 200}, {"", `"x y", ` + tag, 200}, {"", `bad, ` + tag, 200},
			{"", tag + ", bad", 304}, {"", strings.TrimSuffix(tag, `"`), 200},
			{"", strings.Repeat(`"x", `, 700) + tag, 304}, {"", strings.Repeat(`"x", `, 900) + tag, 200},
		} {
			for _, method := range []string{"GET", "HEAD"} {
				rec := answer(method, s, "Accept-Encoding: "+test.accept, "If-None-Match: "+test.match)
				if rec.Code != test.want {
					t.Errorf("%s with If-None-Match: %.60s and Accept-Encoding: %s is answered %d, want %d", method, test.match, test.accept, rec.Code, test.want)
				}
			}
		}
		if rec := answer("GET", s, `If-None-Match: "x"`, "If-None-Match: "+tag); rec.Code != 304 {
			t.Errorf("a tag on a second line is answered %d", rec.Code)
		}
		f.node.Close()
	})
}

// HEAD says all that GET says but the body; a 304 says all but what is of a body.
func TestHeadAndNotModified(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		s := f.withBrotli(t)
		for _, accept := range []string{"", "gzip", "br"} {
			get, head := answer("GET", s, "Accept-Encoding: "+accept), answer("HEAD", s, "Accept-Encoding: "+accept)
			if fmt.Sprint(get.Header()) != fmt.Sprint(head.Header()) || head.Code != 200 || head.Body.Len() != 0 || get.Body.Len() == 0 {
				t.Errorf("HEAD is answered %d with %v and %d bytes\nGET has %v", head.Code, head.Header(), head.Body.Len(), get.Header())
			}
			same := answer("GET", s, "Accept-Encoding: "+accept, "If-None-Match: "+get.Header().Get("ETag"))
			want := get.Header().Clone()
			for _, name := range []string{"Content-Type", "Content-Length", "Content-Encoding"} {
				want.Del(name)
			}
			if fmt.Sprint(same.Header()) != fmt.Sprint(want) || same.Code != 304 || same.Body.Len() != 0 {
				t.Errorf("the 304 is %d with %v\n    want %v", same.Code, same.Header(), want)
			}
		}
		f.node.Close()
	})
}

// Over a real connection HEAD and 304 are whole answers too.
func TestEntryOverTheWire(t *testing.T) {
	f := newFleet(t)
	server := httptest.NewServer(httpx.Observe(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		httpx.WriteEntry(w, r, f.read(t, "car"))
	}), httpx.ObserveOptions{AccessLog: httpx.LogOff}))
	defer server.Close()
	var tag, length string
	for _, method := range []string{"GET", "HEAD", "GET"} {
		r, _ := http.NewRequestWithContext(t.Context(), method, server.URL, nil)
		r.Header.Set("Accept-Encoding", "gzip")
		r.Header.Set("If-None-Match", tag)
		if method == "HEAD" {
			r.Header.Del("If-None-Match")
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case tag == "":
			tag, length = res.Header.Get("ETag"), res.Header.Get("Content-Length")
			if res.StatusCode != http.StatusOK || fmt.Sprint(len(body)) != length || res.Header.Get("Content-Type") != "application/json" {
				t.Errorf("GET is answered %d with %d bytes and %v", res.StatusCode, len(body), res.Header)
			}
		case method == "HEAD":
			if res.StatusCode != http.StatusOK || res.Header.Get("Content-Length") != length || len(body) != 0 {
				t.Errorf("HEAD is answered %d with %d bytes and %v", res.StatusCode, len(body), res.Header)
			}
		default:
			if res.StatusCode != http.StatusNotModified || res.Header.Get("ETag") != tag || res.Header.Get("Content-Type") != "" || len(body) != 0 {
				t.Errorf("the same again is answered %d with %v", res.StatusCode, res.Header)
			}
		}
	}
}
