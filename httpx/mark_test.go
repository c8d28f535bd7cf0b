package httpx_test

import (
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/cachetest"
	"github.com/exodrive/exodrive/httpx"
	"github.com/exodrive/exodrive/obs"
)

var marks = httpx.NewMarks([]byte("a secret of this fleet"))

// What a caller is given he can carry back, and nobody else can make it.
//
// Red when: the signature is not compared; a mark has more than one spelling.
func TestMarksAreSigned(t *testing.T) {
	text := marks.Sign(7, 12345)
	if len(text) != 43 {
		t.Errorf("a mark has %d characters: %s", len(text), text)
	}
	if epoch, mark, ok := marks.Parse(text); epoch != 7 || mark != 12345 || !ok {
		t.Errorf("the mark is read as %d of epoch %d, %v", mark, epoch, ok)
	}
	forged := []string{"", "12345", "7.12345", text[:42], text + "A", text + "=", " " + text, strings.Repeat("A", 43), strings.Repeat("A", 1<<20),
		text[:20] + "\n" + text[21:], strings.Repeat("\n", 43), httpx.NewMarks([]byte("another")).Sign(7, 12345)}
	// The last character has bits to spare; set, they would be a second spelling.
	forged = append(forged, text[:42]+string(text[42]+1))
	for i := range text { // any character changed
		other := byte('A')
		if text[i] == other {
			other = 'B'
		}
		forged = append(forged, text[:i]+string(other)+text[i+1:])
	}
	for _, f := range forged {
		if epoch, mark, ok := marks.Parse(f); ok || epoch != 0 || mark != 0 {
			t.Errorf("%.60q is taken for mark %d of epoch %d", f, mark, epoch)
		}
	}
}

// While the secret is being changed, callers with marks of the old one are
// understood, on nodes that know both.
//
// Red when: only the present secret is tried.
func TestTheSecretOfMarksCanBeChanged(t *testing.T) {
	before, after := httpx.NewMarks([]byte("old")), httpx.NewMarks([]byte("new"), []byte("old"))
	if _, _, ok := after.Parse(before.Sign(1, 2)); !ok {
		t.Error("a mark of the previous secret is refused")
	}
	if _, _, ok := httpx.NewMarks([]byte("new")).Parse(after.Sign(1, 2)); !ok {
		t.Error("new marks are not signed with the new secret")
	}
	if _, _, ok := httpx.NewMarks([]byte("new")).Parse(before.Sign(1, 2)); ok {
		t.Error("a mark of a forgotten secret is believed")
	}
	defer func() {
		if recover() == nil {
			t.Error("an empty secret signs")
		}
	}()
	httpx.NewMarks([]byte("new"), nil)
}

// A writer is given his mark in a header and a cookie, the cookie only back over
// https if that is how he came; a failed or empty write gives none.
func TestAWriteGivesItsMark(t *testing.T) {
	proxies, err := httpx.ParseTrustedProxies("192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	behind := httpx.NewMarks([]byte("a secret of this fleet"))
	behind.Proxies = proxies
	text := marks.Sign(7, 12345)
	plain := "exo_mark=" + text + "; Path=/; Max-Age=30; HttpOnly; SameSite=Lax"
	secure := "exo_mark=" + text + "; Path=/; Max-Age=30; HttpOnly; Secure; SameSite=Lax"
	for _, test := range []struct {
		name, url, forwarded string
		marks                *httpx.Marks
		mark                 uint64
		header, cookie       string
	}{
		{"http", "http://x/", "", behind, 12345, text, plain},
		{"https", "https://x/", "", behind, 12345, text, secure},
		{"a trusted proxy's https", "http://x/", "https", behind, 12345, text, secure},
		{"a trusted proxy's http", "http://x/", "http", behind, 12345, text, plain},
		{"https by anybody's word", "http://x/", "https", marks, 12345, text, plain},
		{"nothing written", "http://x/", "", behind, 0, "", ""},
		{"no marks", "http://x/", "", nil, 12345, "", ""},
	} {
		r := httptest.NewRequest(http.MethodPost, test.url, nil) // from 192.0.2.1
		r.Header.Set("X-Forwarded-Proto", test.forwarded)
		rec := httptest.NewRecorder()
		httpx.Observe(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec := obs.RequestFrom(r.Context())
			rec.Epoch, rec.Mark = 7, test.mark // as the transaction notes it
			w.WriteHeader(http.StatusCreated)
		}), httpx.ObserveOptions{AccessLog: httpx.LogOff, Marks: test.marks}).ServeHTTP(rec, r)
		if h := rec.Header(); h.Get("X-Exo-Mark") != test.header || h.Get("Set-Cookie") != test.cookie {
			t.Errorf("%s: given %q and\n     %q\nwant %q", test.name, h.Get("X-Exo-Mark"), h.Get("Set-Cookie"), test.cookie)
		}
	}
}

// Who wrote nothing is given nothing to carry.
//
// Red when: mark 0 is given.
func TestNoMarkIsGivenForNothing(t *testing.T) {
	rec := httptest.NewRecorder()
	marks.Give(rec, httptest.NewRequest(http.MethodPost, "/", nil), 7, 0)
	if len(rec.Header()) > 0 {
		t.Errorf("mark 0 is given as %v", rec.Header())
	}
}

// Who carries a mark reads what he wrote, also on a node that nobody told of it;
// the header counts before the cookie, and what is not signed not at all.
//
// Red when: the cookie counts before the header; a signature is not compared.
func TestACarriedMarkIsSeen(t *testing.T) {
	sees := func(headers ...string) bool {
		d := cachetest.NewDatabase()
		d.Write("a", "one", "a")
		node := cache.New(cache.Options{Journal: d, Clock: func() cache.Instant { return cache.Instant{} }}) // no time passes
		defer node.Close()
		family := cache.Register(node, cache.Family[string, string]{
			Name: "word", Key: func(k string) string { return k }, Tags: func(k string) []string { return []string{k} }, Load: d.Value, Fresh: 1e9,
		})
		var got string
		h := httpx.Observe(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			var err error
			if got, err = cache.Value(family.Read(r.Context(), "a")); err != nil {
				t.Error(err)
			}
		}), httpx.ObserveOptions{AccessLog: httpx.LogOff, Marks: marks})
		ask := func(headers ...string) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			for _, line := range headers {
				name, value, _ := strings.Cut(line, ": ")
				r.Header.Add(name, value)
			}
			h.ServeHTTP(httptest.NewRecorder(), r)
		}
		ask("X-Exo-Mark: " + marks.Sign(1, 100)) // makes the node poll, and hold the lease
		ask()
		written := d.Write("a", "two", "a").Mark()
		if ask(); got != "one" {
			t.Fatalf("without a mark the read is %q: the node was told", got)
		}
		for i := range headers {
			headers[i] = strings.ReplaceAll(headers[i], "MARK", marks.Sign(1, written))
		}
		ask(headers...)
		return got == "two"
	}
	known, stolen := marks.Sign(1, 100), httpx.NewMarks([]byte("another")).Sign(1, 1<<60)
	for _, test := range []struct {
		headers []string
		want    bool
	}{
		{[]string{"X-Exo-Mark: MARK"}, true},
		{[]string{"Cookie: exo_mark=MARK"}, true},
		{[]string{"Cookie: a=1; exo_mark=MARK; b=2"}, true},
		{[]string{"Cookie: a=1", "Cookie: exo_mark=MARK"}, true},
		{[]string{"X-Exo-Mark: MARK", "Cookie: exo_mark=" + known}, true},
		{[]string{"X-Exo-Mark: " + known, "Cookie: exo_mark=MARK"}, false},
		{[]string{"X-Exo-Mark: junk", "Cookie: exo_mark=MARK"}, true},
		{[]string{"X-Exo-Mark: " + stolen}, false},
		{[]string{"Cookie: xexo_mark=MARK; exo_mark"}, false},
	} {
		sent := strings.Join(test.headers, ", ")
		if got := sees(test.headers...); got != test.want {
			t.Errorf("with %s the write is seen: %v, want %v", sent, got, test.want)
		}
	}
}

// Callers without a mark pay nothing for those who have one. Of many calls the cheapest
// counts: the race detector has pools forget some of what they keep.
func TestCarryingNoMarkCostsNothing(t *testing.T) {
	cost := func(marks *httpx.Marks) float64 {
		h := httpx.Observe(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusOK)
		}), httpx.ObserveOptions{AccessLog: httpx.LogOff, Marks: marks})
		r, w := httptest.NewRequest(http.MethodGet, "/", nil), &nullWriter{h: http.Header{}}
		r.Header.Set("Cookie", "session=abc; theme=dark; lang=de")
		r.Header.Set("X-Exo-Mark", "junk")
		least := math.Inf(1)
		for range 100 {
			least = min(least, testing.AllocsPerRun(1, func() { h.ServeHTTP(w, r) }))
		}
		return least
	}
	if with, without := cost(marks), cost(nil); with != without {
		t.Errorf("a request takes %v allocations where marks are read, %v where they are not", with, without)
	}
}

// Only what Sign made is a mark.
//
// Red when: the signature is not compared; or a mark has a second spelling.
func FuzzMark(f *testing.F) {
	signed := marks.Sign(1, 2)
	f.Add(signed)
	f.Add(signed[:42] + string(signed[42]+1)) // bits that no byte has
	f.Add(marks.Sign(1<<63, 1<<62))
	f.Add(strings.Repeat("A", 43))
	f.Add("\r\n")
	h := httpx.Observe(http.NotFoundHandler(), httpx.ObserveOptions{AccessLog: httpx.LogOff, Marks: marks})
	f.Fuzz(func(t *testing.T, text string) {
		if epoch, mark, ok := marks.Parse(text); ok && marks.Sign(epoch, mark) != text {
			t.Errorf("%q is taken for mark %d of epoch %d", text, mark, epoch)
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["Cookie"] = []string{text, "exo_mark=" + text}
		r.Header["X-Exo-Mark"] = []string{text}
		h.ServeHTTP(httptest.NewRecorder(), r)
	})
}
