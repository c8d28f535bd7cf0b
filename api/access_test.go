package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/httpx"
)

// unread is a body that nobody may read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read before the caller was known")
	return 0, errors.New("unread")
}

// Every administrative route asks who calls before it looks at anything else,
// and says how to answer.
func TestNoToken(t *testing.T) {
	s := anyServer(t, false)
	n := 0
	for _, o := range readDocument(t).operations() {
		if !strings.HasPrefix(o.path, "/api/admin/") {
			continue
		}
		n++
		for _, authorization := range []string{"", "Bearer", "Bearer ", "Bearer unknown", "Basic YTpi", "Bearer " + adminToken + "x", "Bearer exo_" + strings.Repeat("a", 43), strings.Repeat("x", 5000)} {
			r := httptest.NewRequest(o.method, strings.NewReplacer("{", "", "}", "").Replace(o.path)+"?page=0", unread{t})
			r.Header.Set("Authorization", authorization)
			rec := httptest.NewRecorder()
			s.ServeHTTP(rec, r)
			problem(t, o.method+" "+o.path, rec, 401, "unauthenticated")
			if !strings.HasPrefix(rec.Header().Get("WWW-Authenticate"), "Bearer") {
				t.Errorf("%s %s: WWW-Authenticate is %q", o.method, o.path, rec.Header().Get("WWW-Authenticate"))
			}
		}
	}
	if n < 30 {
		t.Errorf("only %d administrative operations were tried", n)
	}
	for _, scheme := range []string{"Bearer ", "bearer ", "BEARER   "} {
		if rec := s.do(call{method: "GET", path: "/api/admin/cars", headers: []string{"Authorization: " + scheme + adminToken}}); rec.Code != 200 {
			t.Errorf("%q with the right token is answered %d %s", scheme, rec.Code, rec.Body)
		}
	}
}

// Edits need the version that was read: without it 428, with an old one 412.
func TestVersions(t *testing.T) {
	eachServer(t, func(t *testing.T, s *server) {
		made := s.do(call{method: "POST", path: "/api/admin/cars", as: adminToken, body: entry(t, s, nil)})
		at := made.Header().Get("Location")
		if made.Code != 201 || made.Header().Get("ETag") != `"v1"` || !strings.HasPrefix(at, "/api/admin/cars/car_") {
			t.Fatalf("it is answered %d %v", made.Code, made.Header())
		}
		rule := s.do(call{method: "POST", path: "/api/admin/price-rules", as: adminToken, body: `{"name":"x","multiplierPercent":110}`}).Header().Get("Location")
		body := entry(t, s, map[string]any{"available": false, "minimumDays": 3})
		for _, c := range []call{
			{method: "PUT", path: at, body: body}, {method: "POST", path: at + "/archive"}, {method: "POST", path: at + "/restore"}, {method: "DELETE", path: at},
			{method: "PUT", path: rule, body: `{"name":"y","multiplierPercent":120}`},
		} {
			c.as = adminToken
			what := c.method + " " + c.path
			problem(t, what, s.do(c), 428, "precondition_required")
			for header, status := range map[string]int{`"v9"`: 412, `v1`: 400, `"1"`: 400, `"v1", "v2"`: 400, `"v0"`: 400, `"v-1"`: 400} {
				c.headers = []string{"If-Match: " + header}
				if rec := s.do(c); status == 412 {
					problem(t, what, rec, 412, "stale")
				} else if p := problem(t, what, rec, 400, "invalid"); len(p.Errors) != 1 || p.Errors[0].Parameter != "If-Match" {
					t.Errorf("%s with %s is refused with %+v", what, header, p.Errors)
				}
			}
		}
		problem(t, "a rule in any version", s.do(call{method: "PUT", path: rule, as: adminToken, headers: []string{"If-Match: *"}, body: `{"name":"y","multiplierPercent":120}`}), 400, "invalid")
		edited := s.do(call{method: "PUT", path: at, as: adminToken, headers: []string{`If-Match: W/"v1"`}, body: body})
		var car exodrive.Car
		if err := json.Unmarshal(edited.Body.Bytes(), &car); err != nil || edited.Header().Get("ETag") != `"v2"` || car.Available || car.MinimumDays != 3 {
			t.Errorf("edited, it is %d %s, available %v, at least %d days", edited.Code, edited.Header().Get("ETag"), car.Available, car.MinimumDays)
		}
	})
}

// A member that is left out has the default that the document tells; false and
// zero that were sent stay what they are.
func TestDefaults(t *testing.T) {
	s := anyServer(t, false)
	for _, test := range []struct{ path, body, want string }{
		{"price-rules", `{"name":"a","multiplierPercent":110}`, `"active":true`}, {"price-rules", `{"name":"b","multiplierPercent":110,"active":false}`, `"active":false`},
		{"extras", `{"name":"a","price":0}`, `"maxQuantity":1,"active":true`}, {"extras", `{"name":"b","price":0,"active":false,"maxQuantity":4}`, `"maxQuantity":4,"active":false`},
		{"coupons", `{"code":"abc","percent":12.5}`, `"code":"ABC","percent":12.5,"amount":0,"carId":"","maxUses":0,"active":true`}, {"coupons", `{"code":"abd","amount":5,"active":false}`, `"active":false`},
		{"cars", entry(t, s, nil), `"available":true`}, {"cars", entry(t, s, map[string]any{"name": "Off", "available": false}), `"available":false`},
		{"cars", entry(t, s, map[string]any{"name": "Nulls", "available": nil, "fees": nil}), `"fees":[],"deposit":0,"minimumDays":1,"turnaroundDays":0,"distancePerDay":0,"distancePrice":0,"minimumDriverAge":25`},
	} {
		rec := s.do(call{method: "POST", path: "/api/admin/" + test.path, as: adminToken, body: test.body})
		if rec.Code != 201 || !strings.Contains(rec.Body.String(), test.want) {
			t.Errorf("%s is answered %d %s, want %s", test.body, rec.Code, rec.Body, test.want)
		}
	}
}

// HEAD is GET without the body, on a real connection too.
func TestHead(t *testing.T) {
	s := anyServer(t, false)
	on := httptest.NewServer(s)
	defer on.Close()
	for _, path := range []string{"/api/cars", "/api/cars/ferrari-roma", "/api/fleet/counts", "/api/nothing", "/api/cars?page=0", "/openapi.json", "/openapi.yaml", "/docs"} {
		get, err := on.Client().Get(on.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		get.Body.Close()
		head, err := on.Client().Head(on.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		head.Body.Close()
		if head.StatusCode != get.StatusCode || head.Header.Get("Content-Type") != get.Header.Get("Content-Type") || head.ContentLength == 0 {
			t.Errorf("HEAD %s is answered %d %v, GET %d %v", path, head.StatusCode, head.Header, get.StatusCode, get.Header)
		}
	}
}

// A caller who hangs up is no fault of the server's.
func TestHungUp(t *testing.T) {
	s := anyServer(t, false)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, path := range []string{"/api/cars", "/api/cars/ferrari-roma", "/api/fleet/counts"} {
		rec := httptest.NewRecorder()
		s.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil).WithContext(ctx))
		if rec.Code != httpx.StatusClientGone {
			t.Errorf("%s, hung up, is answered %d %s", path, rec.Code, rec.Body)
		}
	}
}

// A database that is gone shows nothing of the inside, and where it is a 503, says
// when to come back.
func TestNoDatabase(t *testing.T) {
	s := anyServer(t, false)
	s.store.Close()
	for _, c := range []call{{method: "GET", path: "/api/cars"}, {method: "GET", path: "/api/cars/ferrari-roma"}, {method: "GET", path: "/api/admin/cars", as: "exo_" + strings.Repeat("a", 43)}} {
		rec := s.do(c)
		code := map[int]string{503: "unavailable", 500: "internal"}[rec.Code]
		problem(t, c.path, rec, rec.Code, code)
		if code == "" || rec.Code == 503 && rec.Header().Get("Retry-After") == "" {
			t.Errorf("%s is answered %d %v", c.path, rec.Code, rec.Header())
		}
	}
}

// limited sends one call n times from an address and returns the last answer;
// every one but the last must not be refused. NUMBER in the path is another
// number in every call, so that every call loads.
func (s *server) limited(t *testing.T, n int, c call, from string) *httptest.ResponseRecorder {
	t.Helper()
	for i := 1; ; i++ {
		s.calls++
		r := httptest.NewRequest(c.method, strings.ReplaceAll(c.path, "NUMBER", fmt.Sprint(s.calls)), nil)
		r.RemoteAddr = from + ":1234"
		if c.as != "" {
			r.Header.Set("Authorization", "Bearer "+c.as)
		}
		for _, line := range c.headers {
			name, value, _ := strings.Cut(line, ": ")
			r.Header.Set(name, value)
		}
		rec := httptest.NewRecorder()
		s.ServeHTTP(rec, r)
		if i == n {
			return rec
		}
		if rec.Code == 429 {
			t.Fatalf("call %d of %s is refused already: %v", i, c.path, rec.Header())
		}
	}
}

// Each address has 600 reads a minute that load and 120 such searches, each token 300
// administrative calls; the next is told when to come back, and may then.
func TestRateLimits(t *testing.T) {
	s := anyServer(t, true)
	read := call{method: "GET", path: "/api/cars/no-such-NUMBER"}
	search := call{method: "GET", path: "/api/cars?search=xNUMBER"}
	manage := call{method: "GET", path: "/api/admin/reviews?status=x", as: adminToken}
	for _, test := range []struct {
		name  string
		calls int
		call  call
	}{{"reads", 600, read}, {"search", 120, search}, {"admin", 300, manage}} {
		rec := s.limited(t, test.calls, test.call, "192.0.2.1")
		h := rec.Header()
		if rec.Code == 429 || h.Get("RateLimit-Policy") != fmt.Sprintf(`"%s";q=%d;w=60`, test.name, test.calls) || h.Get("RateLimit") != fmt.Sprintf(`"%s";r=0;t=60`, test.name) {
			t.Errorf("%s: the last allowed call is answered %d %v", test.name, rec.Code, h)
		}
		refused := s.limited(t, 1, test.call, "192.0.2.1")
		problem(t, test.name, refused, 429, "too_many")
		if refused.Header().Get("Retry-After") != "1" || refused.Header().Get("RateLimit") == "" {
			t.Errorf("%s: the refusal has the headers %v", test.name, refused.Header())
		}
	}
	if rec := s.limited(t, 1, read, "192.0.2.2"); rec.Code == 429 {
		t.Error("another address is refused too")
	}
	if rec := s.limited(t, 1, call{method: "GET", path: manage.path, as: s.token(t, exodrive.ScopeRead)}, "192.0.2.1"); rec.Code == 429 {
		t.Error("another token is refused too")
	}
	s.clock.Advance(time.Second)
	for _, c := range []call{read, search, manage} {
		if rec := s.limited(t, 1, c, "192.0.2.1"); rec.Code == 429 {
			t.Errorf("%s is refused after the time it was told to wait", c.path)
		}
	}
}

// Who guesses tokens is counted by address, whatever token each guess has.
func TestGuessesAreLimited(t *testing.T) {
	s := anyServer(t, true)
	for i := range 300 {
		rec := s.limited(t, 1, call{method: "GET", path: "/api/admin/cars", as: fmt.Sprint("guess-", i)}, "192.0.2.1")
		if rec.Code != 401 {
			t.Fatalf("guess %d is answered %d", i, rec.Code)
		}
	}
	problem(t, "the next guess", s.limited(t, 1, call{method: "GET", path: "/api/admin/cars", as: "guess"}, "192.0.2.1"), 429, "too_many")
	if rec := s.limited(t, 1, call{method: "GET", path: "/api/admin/cars", as: adminToken}, "192.0.2.1"); rec.Code != 200 {
		t.Errorf("the right token from there is answered %d", rec.Code)
	}
}

// An address that a caller names itself counts only if a trusted proxy passes it on.
func TestForwardedFor(t *testing.T) {
	s := anyServer(t, true)
	forged := func(i int) call {
		return call{method: "GET", path: "/api/cars?search=xNUMBER", headers: []string{fmt.Sprintf("X-Forwarded-For: 198.51.100.%d", i%250)}}
	}
	for i := range 120 {
		s.limited(t, 1, forged(i), "192.0.2.7")
	}
	problem(t, "a forged address", s.limited(t, 1, forged(121), "192.0.2.7"), 429, "too_many")
	for i := range 150 {
		if rec := s.limited(t, 1, forged(i), "10.1.2.3"); rec.Code == 429 {
			t.Fatalf("caller %d behind the proxy is refused for the others", i)
		}
	}
	for range 119 {
		s.limited(t, 1, forged(7), "10.1.2.3")
	}
	problem(t, "one caller behind the proxy", s.limited(t, 1, forged(7), "10.9.9.9"), 429, "too_many")
}

// Without limits nobody is refused, and no header speaks of them.
func TestNoLimits(t *testing.T) {
	s := anyServer(t, false)
	rec := s.limited(t, 700, call{method: "GET", path: "/api/cars/no-such-NUMBER"}, "192.0.2.1")
	if rec.Code == 429 || slices.ContainsFunc([]string{"RateLimit", "RateLimit-Policy", "Retry-After"}, func(name string) bool { return rec.Header().Get(name) != "" }) {
		t.Errorf("call 700 is answered %d %v", rec.Code, rec.Header())
	}
}

// What succeeds has the headers of every answer, and repeats the caller's id.
func TestHeaders(t *testing.T) {
	eachServer(t, func(t *testing.T, s *server) {
		for _, path := range []string{"/api/cars?search=ferrari", "/api/cars?startDate=2026-12-01&endDate=2026-12-05", "/api/cars/ferrari-roma", "/api/fleet/counts", "/openapi.json", "/openapi.yaml", "/docs"} {
			rec := s.do(call{method: "GET", path: path, headers: []string{"X-Request-Id: my-own-request-1"}})
			observed(t, path, rec)
			if rec.Code != 200 || rec.Header().Get("X-Request-Id") != "my-own-request-1" {
				t.Errorf("%s is answered %d %v", path, rec.Code, rec.Header())
			}
			if strings.HasPrefix(path, "/api/") && number(rec.Header().Get("X-Response-Time")) > 0.5 && rec.Header().Get("X-Db-Time") == "0.0" {
				t.Errorf("%s took no time in the database", path)
			}
		}
		if rec := s.do(call{method: "GET", path: "/api/admin/cars", as: adminToken}); rec.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("a private answer may be kept: %v", rec.Header())
		}
	})
}

// Staff names a car as it comes: by its id, or by the slug that stands in the address of
// its page, also for one that is archived. A slug that no car has is not found.
//
// Red when: a path of staff's takes ids alone.
func TestStaffNamesCarsBySlug(t *testing.T) {
	eachServer(t, func(t *testing.T, s *server) {
		slug := strings.TrimPrefix(ferrari, "/api/cars/")
		byID := s.do(call{method: "GET", path: "/api/admin/cars/" + s.idOf(t, ferrari), as: adminToken})
		bySlug := s.do(call{method: "GET", path: "/api/admin/cars/" + slug, as: adminToken})
		if bySlug.Code != http.StatusOK || bySlug.Body.String() != byID.Body.String() {
			t.Errorf("by slug it is answered %d %s", bySlug.Code, bySlug.Body)
		}
		s.admin(t, "POST", "/api/admin/cars/"+slug+"/blocks", `{"startDate":"2027-03-03","endDate":"2027-03-03"}`)
		s.admin(t, "DELETE", "/api/admin/cars/"+slug+"/blocks?startDate=2027-03-03&endDate=2027-03-03", "")
		s.admin(t, "GET", "/api/admin/cars/"+hiddenCar, "")
		problem(t, "no car's slug", s.do(call{method: "GET", path: "/api/admin/cars/trabant-601", as: adminToken}), 404, "not_found")
		problem(t, "nobody", s.do(call{method: "GET", path: "/api/admin/cars/" + slug}), 401, "unauthenticated")
		reviewer := s.token(t, exodrive.ScopeReviews)
		problem(t, "another scope", s.do(call{method: "POST", path: "/api/admin/cars/" + slug + "/blocks", body: `{"startDate":"2027-03-03","endDate":"2027-03-03"}`, as: reviewer}), 403, "forbidden")
	})
}

// Staff also names a car by its slug where it asks for what is about one car; a slug that
// no car has is not found, instead of a list that is empty or of all.
//
// Red when: a filter takes ids alone.
func TestStaffFiltersBySlug(t *testing.T) {
	eachServer(t, func(t *testing.T, s *server) {
		slug := strings.TrimPrefix(ferrari, "/api/cars/")
		s.admin(t, "POST", "/api/bookings", `{"carId":"`+slug+`","startDate":"2027-06-01","endDate":"2027-06-05","customer":{"firstName":"Maria","email":"maria@example.com","phone":"+1 305 555 0142"}}`)
		for _, path := range []string{
			"/api/admin/bookings?carId=", "/api/admin/bookings.csv?carId=", "/api/admin/figures?startDate=2027-01-01&endDate=2027-12-31&carId=",
			"/api/admin/calendar?carId=",
		} {
			byID, bySlug := s.do(call{method: "GET", path: path + s.idOf(t, ferrari), as: adminToken}), s.do(call{method: "GET", path: path + slug, as: adminToken})
			if byID.Code != http.StatusOK || bySlug.Code != http.StatusOK || bySlug.Body.String() != byID.Body.String() || !strings.Contains(byID.Body.String(), s.idOf(t, ferrari)) {
				t.Errorf("%s answers by slug %d %s, by id %d %s", path, bySlug.Code, bySlug.Body, byID.Code, byID.Body)
			}
			problem(t, "no car's slug", s.do(call{method: "GET", path: path + "trabant-601", as: adminToken}), 404, "not_found")
		}
	})
}
