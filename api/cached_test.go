package api_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/httpx"
)

const (
	ferrari = "/api/cars/ferrari-roma"
	porsche = "/api/cars/porsche-911-gt3"
	days    = "/availability?startDate=2027-03-01&endDate=2027-03-31"
	dated   = "/api/cars?startDate=2027-03-02&endDate=2027-03-05"
)

// outcome reads a path and tells its X-Cache.
func (s *server) outcome(t testing.TB, path string, headers ...string) string {
	t.Helper()
	rec := s.do(call{method: "GET", path: path, headers: headers})
	if rec.Code != 200 {
		t.Fatalf("%s is answered %d %s", path, rec.Code, rec.Body)
	}
	return rec.Header().Get("X-Cache")
}

// The second of two equal reads comes from the cache, byte for byte the same,
// however its question is spelt and in whatever coding it is wanted.
//
// Red when: an entry has one tag for all its codings; gzip is made of something else than the body; brotli is never made.
func TestReadsAreCached(t *testing.T) {
	eachServer(t, func(t *testing.T, s *server) {
		for first, again := range map[string]string{
			"/api/cars?make=Ferrari&seats=2,4": "/api/cars?seats=4,2&page=1&utm_source=x&make=%20ferrari",
			"/api/cars?search=Roma":            "/api/cars?search=roma&sort=relevance",
			dated:                              dated + "&limit=12",
			ferrari:                            ferrari + "?junk=1",
			ferrari + days:                     ferrari + days + "&x",
			ferrari + "/reviews":               ferrari + "/reviews?limit=10",
			"/api/fleet/counts":                "/api/fleet/counts?now=1",
			"/api/locations":                   "/api/locations?page=1&limit=50",
			"/api/extras?limit=2":              "/api/extras?x&limit=02",
			"/api/cars/" + s.idOf(t, ferrari):  ferrari,
		} {
			miss := s.do(call{method: "GET", path: first})
			hit := s.do(call{method: "GET", path: again})
			if miss.Code != 200 || hit.Header().Get("X-Cache") != "HIT" || miss.Body.String() != hit.Body.String() || miss.Header().Get("Etag") != hit.Header().Get("Etag") {
				t.Errorf("%s is answered %d %v, then %s %d %v", first, miss.Code, miss.Header(), again, hit.Code, hit.Header())
			}
			if hit.Header().Get("X-DB-Time") != "0.0" {
				t.Errorf("a hit of %s spent %s ms in the database", again, hit.Header().Get("X-DB-Time"))
			}
			for _, tag := range []string{hit.Header().Get("Etag"), "W/" + hit.Header().Get("Etag")} {
				if rec := s.do(call{method: "GET", path: again, headers: []string{"If-None-Match: " + tag}}); rec.Code != 304 || rec.Body.Len() > 0 {
					t.Errorf("%s with its own tag is answered %d %s", again, rec.Code, rec.Body)
				}
			}
			s.codings(t, again, hit)
		}
	})
}

// What administrators read never comes from the cache, whichever of the reads in the
// API's document it is, and leaves nothing in it: they see what is in the database.
//
// Red when: an administrative read asks a family of the cache.
func TestAdministratorsReadPastTheCache(t *testing.T) {
	eachServer(t, func(t *testing.T, s *server) {
		id := s.idOf(t, ferrari)
		reads, answered := 0, 0
		was := s.cache.Stats()
		for _, o := range readDocument(t).operations() {
			if o.method != http.MethodGet || !strings.HasPrefix(o.path, "/api/admin/") {
				continue
			}
			reads++
			for range 2 {
				rec := s.do(call{method: "GET", path: strings.ReplaceAll(o.path, "{carId}", id), as: adminToken})
				if rec.Code == 200 {
					answered++
				}
				if rec.Header().Get("X-Cache") != "BYPASS" || rec.Header().Get("Cache-Control") != "no-store" || rec.Code >= 500 {
					t.Errorf("GET %s is answered %d %v", o.path, rec.Code, rec.Header())
				}
			}
		}
		if reads < 8 || answered < 2*8 {
			t.Errorf("only %d administrative reads were tried, %d times with an answer", reads, answered)
		}
		if now := s.cache.Stats(); now.Entries != was.Entries || fmt.Sprint(now.Families) != fmt.Sprint(was.Families) {
			t.Errorf("the cache went from %+v to %+v", was, now)
		}
	})
}

// codings checks that a cached answer comes in whatever coding the caller takes, and
// is the same once decoded.
func (s *server) codings(t testing.TB, path string, plain *httptest.ResponseRecorder) {
	t.Helper()
	tags := []string{plain.Header().Get("Etag")}
	for _, c := range []struct{ accept, coding string }{{"gzip", "gzip"}, {"br", "br"}, {"gzip;q=0.5, br", "br"}, {"br;q=0, GZIP", "gzip"}, {"identity", ""}, {"", ""}} {
		want := c.coding
		if plain.Body.Len() < 256 { // the headers would weigh more
			want = ""
		}
		var rec *httptest.ResponseRecorder
		for late := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) { // brotli is made when some have asked
			rec = s.do(call{method: "GET", path: path, headers: []string{"Accept-Encoding: " + c.accept}})
			if rec.Header().Get("Content-Encoding") == want || time.Now().After(late) {
				break
			}
		}
		h := rec.Header()
		if h.Get("Content-Encoding") != want || h.Get("X-Cache") != "HIT" || h.Get("Vary") != "Accept-Encoding" || h.Get("Content-Length") != fmt.Sprint(rec.Body.Len()) {
			t.Fatalf("%s for %q is answered %v, want it in %q", path, c.accept, h, want)
		}
		if text := decoded(t, rec); text != plain.Body.String() {
			t.Errorf("%s for %q reads %.100q once decoded, want %.100q", path, c.accept, text, plain.Body)
		}
		if !slices.Contains(tags, h.Get("Etag")) {
			tags = append(tags, h.Get("Etag"))
		}
		if again := s.do(call{method: "GET", path: path, headers: []string{"Accept-Encoding: " + c.accept, "If-None-Match: " + h.Get("Etag")}}); again.Code != 304 {
			t.Errorf("%s for %q with its own tag %s is answered %d", path, c.accept, h.Get("Etag"), again.Code)
		}
		head := s.do(call{method: "HEAD", path: path, headers: []string{"Accept-Encoding: " + c.accept}})
		if head.Code != 200 || head.Header().Get("Content-Length") != h.Get("Content-Length") || head.Header().Get("Etag") != h.Get("Etag") || head.Body.Len() > 0 {
			t.Errorf("the head of %s for %q is %d %v", path, c.accept, head.Code, head.Header())
		}
	}
	if want := 3; plain.Body.Len() >= 256 && len(tags) != want {
		t.Errorf("%s has the tags %q, want one for each of %d codings", path, tags, want)
	}
}

// decoded is the text of a body, whatever its coding.
func decoded(t testing.TB, rec *httptest.ResponseRecorder) string {
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
	text, err := io.ReadAll(from)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (s *server) idOf(t testing.TB, path string) string { return s.idIn(t, path, `{"id":"`) }

// idIn is the text that follows a beginning, up to the next quote.
func (s *server) idIn(t testing.TB, path, after string) string {
	t.Helper()
	_, rest, _ := strings.Cut(s.do(call{method: "GET", path: path}).Body.String(), after)
	id, _, _ := strings.Cut(rest, `"`)
	return id
}

// P1: whoever writes sees it at the next read, and what it does not concern stays
// cached: days of one car are nothing to another car, nor to lists without dates.
//
// Red when: what a transaction wrote is not raised before its answer; more is raised, such as all cars.
func TestP1WritesAreSeenAtOnce(t *testing.T) {
	eachServer(t, func(t *testing.T, s *server) {
		s.cache.Rest() // or what a bulk update touches is warmed behind our back
		paths := []string{"/api/cars", dated, ferrari, ferrari + days, ferrari + "/reviews", porsche, porsche + days, "/api/fleet/counts"}
		id := s.idOf(t, ferrari)
		for _, test := range []struct {
			name   string
			write  call
			misses []string
		}{
			{"maintenance", call{method: "POST", path: "/api/admin/cars/" + id + "/blocks", body: `{"startDate":"2027-03-03","endDate":"2027-03-03"}`}, []string{dated, ferrari + days, "/api/fleet/counts"}},
			{"price of a day", call{method: "PUT", path: "/api/admin/cars/" + id + "/prices", body: `{"startDate":"2027-03-10","endDate":"2027-03-10","amount":123400}`}, []string{dated, ferrari + days, "/api/fleet/counts"}},
			{"rate", call{method: "POST", path: "/api/admin/cars/bulk", body: `{"ids":["` + id + `"],"priceChangePercent":10}`}, []string{"/api/cars", dated, ferrari, ferrari + days, "/api/fleet/counts"}},
		} {
			for _, path := range paths {
				s.outcome(t, path)
				if got := s.outcome(t, path); got != "HIT" {
					t.Errorf("before %s: the second read of %s is a %s", test.name, path, got)
				}
			}
			before := s.do(call{method: "GET", path: ferrari + days}).Body.String()
			test.write.as = adminToken
			rec := s.do(test.write)
			if rec.Code >= 300 || rec.Header().Get("X-Exo-Mark") == "" {
				t.Fatalf("%s is answered %d %v %s", test.name, rec.Code, rec.Header(), rec.Body)
			}
			if s.do(call{method: "GET", path: ferrari + days}).Body.String() == before {
				t.Errorf("%s is not seen in the calendar", test.name)
			}
			for _, path := range paths {
				want := "HIT"
				for _, missed := range test.misses {
					if path == missed && path != ferrari+days { // that was read just now
						want = "MISS"
					}
				}
				if got := s.outcome(t, path); got != want {
					t.Errorf("after %s: %s is a %s, want %s", test.name, path, got, want)
				}
			}
		}
	})
}

// P4: who carries the mark of his write sees it on every node at once; a mark
// that this house did not sign is ignored.
//
// Red when: a mark is not handed to the reads; only the header is read; a signature is not checked.
func TestP4CarriersSeeTheirWrites(t *testing.T) {
	exotest.EachEngine(t, "fleet", seeded, func(t *testing.T, databaseURL string) {
		one, other := newServer(t, databaseURL, false), newServer(t, databaseURL, false)
		id := one.idOf(t, ferrari)
		for i := range 5 {
			other.outcome(t, ferrari+days)
			if got := other.outcome(t, ferrari+days); got != "HIT" {
				t.Fatalf("the other node's second read is a %s", got)
			}
			polls := other.cache.Stats().Polls
			forged := httpx.NewMarks([]byte("a secret of somebody else")).Sign(other.cache.Epoch(), other.cache.Stats().Horizon+1_000_000)
			for _, carried := range []string{"X-Exo-Mark: " + forged, "Cookie: exo_mark=" + forged, "X-Exo-Mark: " + strings.Repeat("A", 43)} {
				if other.outcome(t, ferrari+days, carried); other.cache.Stats().Polls != polls {
					t.Errorf("the forged %s makes the node read the journal", carried)
				}
			}
			day := fmt.Sprintf("2027-03-%02d", 3+i)
			rec := one.do(call{method: "POST", path: "/api/admin/cars/" + id + "/blocks", body: `{"startDate":"` + day + `","endDate":"` + day + `"}`, as: adminToken})
			mark := rec.Header().Get("X-Exo-Mark")
			cookie := strings.Split(rec.Header().Get("Set-Cookie"), ";")[0]
			if mark == "" || !strings.HasPrefix(cookie, "exo_mark=") {
				t.Fatalf("the write is answered %d %v", rec.Code, rec.Header())
			}
			carried := []string{"X-Exo-Mark: " + mark, "Cookie: a=b; " + cookie}[i%2]
			got := other.do(call{method: "GET", path: ferrari + days, headers: []string{carried}})
			if !strings.Contains(got.Body.String(), `"date":"`+day+`","status":"maintenance"`) {
				t.Errorf("with %s the other node does not show %s: %s %s", carried, day, got.Header().Get("Cache-Status"), got.Body)
			}
		}
	})
}

// Nothing that a stranger sends makes an entry of its own, a load or a poll for
// what the cache has, and every question gets a right answer or a 400.
//
// Red when: parameters that mean nothing make keys of their own.
func TestStrangersForceNothing(t *testing.T) {
	s := anyServer(t, false)
	s.outcome(t, "/api/cars")
	s.outcome(t, ferrari)
	entries, loads, polls := s.cache.Stats().Entries, s.loads(), s.cache.Stats().Polls
	many := make([]string, 50)
	for i := range many {
		many[i] = fmt.Sprintf("p%d=%d", i, i)
	}
	for i := range 20 {
		for _, path := range []string{
			fmt.Sprintf("/api/cars?utm_%d=%d", i, i), "/api/cars?" + strings.Join(many, "&"), "/api/cars?junk=" + strings.Repeat("x", 10_000),
			"/api/cars?%7B%7D=%25", fmt.Sprintf("%s?%d", ferrari, i), "/api/cars?a%20b=c",
		} {
			for _, header := range []string{"Cache-Control: no-cache", "Pragma: no-cache", "X-Exo-Mark: 7", fmt.Sprintf("Cookie: exo_mark=%d", i), "Accept: text/plain"} {
				if got := s.outcome(t, path, header); got != "HIT" {
					t.Errorf("%s with %s is a %s", path, header, got)
				}
			}
		}
	}
	now := s.cache.Stats()
	if now.Entries != entries || s.loads() != loads || now.Polls > polls+1 {
		t.Errorf("from %d entries, %d loads and %d polls it came to %d, %d and %d", entries, loads, polls, now.Entries, s.loads(), now.Polls)
	}
	for path, status := range map[string]int{
		"/api/cars?make=" + strings.Repeat("x", 10_000): 400, "/api/cars?search=%7B%7D%20%25": 200, "/api/cars?make=a%20b%7B%7D%25": 200,
		"/api/cars?make=%": 400, "/api/cars?search=" + strings.Repeat("%25", 101): 400, "/api/cars?features={}": 200,
		"/api/cars/{}": 404, "/api/cars/%25": 404, "/api/cars/a%20b": 404, "/api/cars/" + strings.Repeat("a", 10_000): 404,
	} {
		if rec := s.do(call{method: http.MethodGet, path: path}); rec.Code != status {
			t.Errorf("%.60s is answered %d, want %d: %s", path, rec.Code, status, rec.Body)
		}
	}
}

// Whoever asks for one car that there is not after the other, each with an id that
// may be one, is refused as soon as he has had his share of reads that load, and
// disturbs nobody: what is cached is served to him and everybody all the time.
//
// Red when: reads that load are not limited; hits are; unknown ids are answered without asking the limiter.
func TestRandomIDsAreBounded(t *testing.T) {
	s := anyServer(t, true)
	id := s.idOf(t, ferrari)
	s.outcome(t, "/api/cars/"+id)
	const share, asked = 600, 800
	found := map[int]int{}
	for n := range asked {
		ref := exodrive.NewID(exodrive.CarID, now, uint32(n))
		if n%2 == 1 {
			ref = "no-" + ref[4:]
		}
		rec := s.do(call{method: "GET", path: "/api/cars/" + ref + []string{"", "/reviews", days}[n%3]})
		if found[rec.Code]++; rec.Code == 429 && rec.Header().Get("Retry-After") == "" {
			t.Errorf("the refusal does not say when to come back: %v", rec.Header())
		}
		if got := s.outcome(t, "/api/cars/"+id); got != "HIT" {
			t.Fatalf("after %d unknown cars a known one is a %s", n, got)
		}
	}
	if found[404] > share || found[404] < share-10 || found[404]+found[429] != asked {
		t.Errorf("of %d unknown cars so many are answered each way: %v; want %d times 404 at most, then 429", asked, found, share)
	}
	if rec := s.do(call{method: "GET", path: "/api/cars/" + exodrive.NewID(exodrive.CarID, now, asked), headers: []string{"X-Forwarded-For: 198.51.100.7"}}); rec.Code != 429 {
		t.Errorf("with an address of his own invention he is answered %d", rec.Code)
	}
	s.clock.Advance(time.Minute)
	problem(t, "a minute later", s.do(call{method: "GET", path: "/api/cars/" + exodrive.NewID(exodrive.CarID, now, asked)}), 404, "not_found")
	if n := s.cache.Stats().Families["known"].Loads; n > 1 {
		t.Errorf("the list of all cars was loaded %d times", n)
	}
}

func (s *server) loads() (n uint64) {
	for _, f := range s.cache.Stats().Families {
		n += f.Loads
	}
	return n
}

// That there is no such car is remembered, and forgotten as soon as there is one.
//
// Red when: the families do not say which error is an answer.
func TestAbsences(t *testing.T) {
	s := anyServer(t, false)
	for range 2 {
		problem(t, "a car to come", s.do(call{method: "GET", path: "/api/cars/pagani-to-come"}), 404, "not_found")
	}
	if n := s.cache.Stats().Families["slug"].Loads; n != 1 {
		t.Errorf("the same unknown slug was looked up %d times", n)
	}
	place := s.idIn(t, ferrari, `"location":{"id":"`)
	body := fmt.Sprintf(`{"slug":"pagani-to-come","name":"Pagani","make":"Pagani","model":"Utopia","year":2026,"category":"supercar","locationId":%q,`+
		`"description":"A car.","images":[{"url":"/a.svg","alt":"a"}],"pricePerDay":100000,"transmission":"manual","drivetrain":"rwd","seats":2,"minimumDays":1,"minimumDriverAge":25}`, place)
	if rec := s.do(call{method: "POST", path: "/api/admin/cars", body: body, as: adminToken}); rec.Code != 201 {
		t.Fatalf("the car is answered %d %s", rec.Code, rec.Body)
	}
	s.outcome(t, "/api/cars/pagani-to-come")
}

// A cleared cache loads everything anew; a cleared tag only what depends on it.
//
// Red when: clearing begins no epoch; clearing a tag begins one.
func TestClear(t *testing.T) {
	eachServer(t, func(t *testing.T, s *server) {
		for _, test := range []struct{ query, list, car string }{{"", "MISS", "MISS"}, {"?tag=cars", "MISS", "HIT"}, {"?tag=car:*", "HIT", "MISS"}} {
			s.outcome(t, "/api/cars")
			s.outcome(t, ferrari)
			if rec := s.do(call{method: "DELETE", path: "/api/admin/cache" + test.query, as: adminToken}); rec.Code != 204 {
				t.Fatalf("clear%s is answered %d %s", test.query, rec.Code, rec.Body)
			}
			if list, car := s.outcome(t, "/api/cars"), s.outcome(t, ferrari); list != test.list || car != test.car {
				t.Errorf("after clear%s the list is a %s and the car a %s, want %s and %s", test.query, list, car, test.list, test.car)
			}
		}
		rec := s.do(call{method: "GET", path: "/api/admin/cache", as: adminToken})
		if rec.Code != 200 || !strings.Contains(rec.Body.String(), `"inconsistent":0`) {
			t.Errorf("the figures are answered %d %s", rec.Code, rec.Body)
		}
	})
}
