package api_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/exodrive/exodrive"
)

// A wrong parameter is a 400 that names it and says what is allowed.
func TestWrongParameters(t *testing.T) {
	s := anyServer(t, false)
	for _, test := range []struct{ path, parameter, say string }{
		{"/api/cars?startDate=2025-02-30&endDate=2025-03-05", "startDate", "YYYY-MM-DD"},
		{"/api/cars?minPrice=%zz", "minPrice", "per cent sign"},
		{"/api/cars?category=classic;limit=1", "category", "semicolon"},
		{"/api/cars?startDate=tomorrow&endDate=2027-03-05", "startDate", "YYYY-MM-DD"},
		{"/api/cars?startDate=2026-12-05&endDate=2026-12-01", "endDate", "must come after startDate"},
		{"/api/cars?startDate=2026-12-05&endDate=2026-12-05", "endDate", "must come after startDate"},
		{"/api/cars?startDate=2026-12-05", "endDate", "needs an endDate"},
		{"/api/cars?endDate=2026-12-05", "startDate", "needs a startDate"},
		{"/api/cars?startDate=2026-12-01&endDate=2027-03-15", "endDate", "at most 90 days"},
		{"/api/cars?startDate=2026-11-01&endDate=2026-11-05", "startDate", "in the past"},
		{"/api/cars?startDate=2028-06-01&endDate=2028-06-05", "endDate", "540 days ahead"},
		{"/api/cars?page=0", "page", "from 1 to 500"}, {"/api/cars?page=501", "page", "from 1 to 500"}, {"/api/cars?page=x", "page", "from 1 to 500"},
		{"/api/cars?limit=51", "limit", "from 1 to 50"}, {"/api/cars?limit=0", "limit", "from 1 to 50"}, {"/api/cars?limit=-1", "limit", "from 1 to 50"},
		{"/api/cars?minPrice=abc", "minPrice", "for example 500 or 499.50"}, {"/api/cars?maxPrice=-5", "maxPrice", "for example 500"},
		{"/api/cars?minPrice=500&maxPrice=400", "maxPrice", "below minPrice"},
		{"/api/cars?sort=cheapest", "sort", "featured, price, -price, rating, newest, power, name"},
		{"/api/cars?category=boat", "category", "one of supercar, sports"}, {"/api/cars?seats=12", "seats", "from 1 to 9"},
		{"/api/cars?transmission=cvt", "transmission", "one of automatic, manual"}, {"/api/cars?drivetrain=6wd", "drivetrain", "one of rwd, awd, fwd"},
		{"/api/cars?search=" + strings.Repeat("x", 101), "search", "at most 100 characters"},
		{"/api/cars?make=" + strings.Repeat("x,", 21), "make", "at most 20 values"},
		{"/api/cars/ferrari-roma/availability", "startDate", "missing"},
		{"/api/cars/ferrari-roma/availability?startDate=2026-12-01&endDate=2026-02-30", "endDate", "YYYY-MM-DD"},
		{"/api/cars/ferrari-roma/availability?startDate=2026-12-05&endDate=2026-12-01", "endDate", "before startDate"},
		{"/api/cars/ferrari-roma/availability?startDate=2026-12-01&endDate=2027-12-02", "endDate", "At most 366 days"},
		{"/api/cars/ferrari-roma/reviews?page=0", "page", "from 1 to 500"}, {"/api/cars/ferrari-roma/reviews?limit=51", "limit", "from 1 to 50"},
		{"/api/admin/cars?limit=51", "limit", "from 1 to 50"}, {"/api/admin/reviews?status=funny", "status", "pending, approved or refused"},
		{"/api/admin/bookings?state=held,lost", "state", "one of held, confirmed"}, {"/api/admin/bookings?carId=Ferrari", "carId", "an id or a slug"},
		{"/api/admin/bookings?customerId=maria", "customerId", "an id such as cus_"}, {"/api/admin/bookings?email=maria", "email", "search finds parts"},
		{"/api/admin/bookings?startDate=2027-05-02&endDate=2027-05-01", "endDate", "before startDate"}, {"/api/admin/bookings?search=%00", "search", "no text"},
		{"/api/admin/bookings?search=%ff", "search", "no text"}, {"/api/admin/bookings?search=" + strings.Repeat("x", 101), "search", "at most 100 characters"},
		{"/api/admin/bookings.csv?state=lost", "state", "one of held, confirmed"}, {"/api/admin/timeline", "startDate", "missing"},
		{"/api/admin/timeline?startDate=2026-12-01", "endDate", "missing"}, {"/api/admin/timeline?startDate=2026-12-05&endDate=2026-12-01", "endDate", "before startDate"},
		{"/api/admin/timeline?startDate=2026-12-01&endDate=2027-02-01", "endDate", "At most 62 days"}, {"/api/admin/timeline?startDate=2026-12-01&endDate=2026-12-02&limit=501", "limit", "from 1 to 500"},
		{"/api/admin/figures", "startDate", "missing"}, {"/api/admin/figures?startDate=2026-01-01&endDate=2027-01-02", "endDate", "At most 366 days"},
		{"/api/admin/figures?startDate=2026-01-01&endDate=2026-01-02&carId=Roma", "carId", "an id or a slug"}, {"/api/admin/figures/cars?startDate=2026-01-02&endDate=2026-01-01", "endDate", "before startDate"},
		{"/api/admin/calendar?carId=Ferrari", "carId", "an id or a slug"},
		{"/api/admin/customers?search=%E2%80%AE", "search", "no text"}, {"/api/admin/customers?limit=51", "limit", "from 1 to 50"},
		{"/api/admin/customers/cus_01kas0f3m2x7h9tq?page=0", "page", "from 1 to 500"},
	} {
		p := problem(t, test.path, s.do(call{method: "GET", path: test.path, as: adminToken}), 400, "invalid")
		if len(p.Errors) == 0 || p.Errors[0].Parameter != test.parameter || p.Errors[0].Pointer != "" || !strings.Contains(p.Errors[0].Message, test.say) {
			t.Errorf("%s is refused with %+v, want %s: %s", test.path, p.Errors, test.parameter, test.say)
		}
	}
	p := problem(t, "three faults", s.do(call{method: "GET", path: "/api/cars?page=0&limit=51&sort=x"}), 400, "invalid")
	if len(p.Errors) != 3 || !strings.Contains(p.Detail, "3 values are wrong") {
		t.Errorf("three faults are told as %+v", p)
	}
}

// Parameters of public reads that nobody knows are ignored and never change an answer.
func TestUnknownParameters(t *testing.T) {
	s := anyServer(t, false)
	for _, path := range []string{"/api/cars?make=ferrari", "/api/cars/ferrari-roma?x=1", "/api/cars/ferrari-roma/availability?startDate=2026-12-01&endDate=2026-12-31",
		"/api/cars/ferrari-roma/reviews?limit=3", "/api/fleet/counts?a=b"} {
		want := s.do(call{method: "GET", path: path})
		for _, junk := range []string{"&utm_source=x", "&Make=porsche", "&carId=1", "&__proto__=1", "&=", "&;", "&hidden=true", "&%zz=1", "&search[]=x"} {
			if got := s.do(call{method: "GET", path: path + junk}); got.Code != 200 || got.Body.String() != want.Body.String() {
				t.Errorf("%s%s is answered %d %s", path, junk, got.Code, got.Body.String()[:min(got.Body.Len(), 200)])
			}
		}
	}
}

// An unknown or archived car is not found anywhere; above all it is never free.
func TestUnknownCars(t *testing.T) {
	s := anyServer(t, false)
	for _, ref := range []string{"no-such-car", hiddenCar, "car_01kas0f3m2x7h9tq", "car_", "..%2f..%2fetc%2fpasswd", "%27%20OR%201=1--", "%00", "<script>", strings.Repeat("x", 4000)} {
		for _, rest := range []string{"", "/availability?startDate=2026-12-01&endDate=2026-12-31", "/reviews"} {
			problem(t, ref+rest, s.do(call{method: "GET", path: "/api/cars/" + ref + rest}), 404, "not_found")
		}
	}
	for _, c := range []call{
		{method: "GET", path: "/api/admin/cars/no-such-car"}, {method: "GET", path: "/api/admin/cars/car_01kas0f3m2x7h9tq/blocks"},
		{method: "POST", path: "/api/admin/reviews/rev_01kas0f3m2x7h9tq/approve"}, {method: "DELETE", path: "/api/admin/extras/ext_01kas0f3m2x7h9tq"},
		{method: "DELETE", path: "/api/admin/cars/car_01kas0f3m2x7h9tq", headers: []string{"If-Match: *"}},
		{method: "GET", path: "/api/nothing"}, {method: "GET", path: "/api/"}, {method: "POST", path: "/api/admin/cars/x/y/z"},
	} {
		c.as = adminToken
		problem(t, c.method+" "+c.path, s.do(c), 404, "not_found")
	}
}

// entry is a right car with members replaced; nil takes one away.
func entry(t testing.TB, s *server, members map[string]any) string {
	t.Helper()
	all := map[string]any{
		"name": "Pagani Utopia", "make": "Pagani", "model": "Utopia", "year": 2024, "category": "supercar", "description": "Twelve cylinders.",
		"locationId": s.first(t, "/api/admin/locations"), "pricePerDay": 499900, "transmission": "manual", "drivetrain": "rwd", "seats": 2,
		"images": []any{map[string]any{"url": "/pictures/utopia.svg"}},
	}
	for name, v := range members {
		if all[name] = v; v == nil {
			delete(all, name)
		}
	}
	b, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A wrong member of a body is a 400 that points at it and says what belongs there.
func TestWrongMembers(t *testing.T) {
	s := anyServer(t, false)
	type members = map[string]any
	for _, test := range []struct {
		members      members
		pointer, say string
	}{
		{members{"name": nil}, "#/name", "It is missing."}, {members{"name": ""}, "#/name", "It"}, {members{"name": 7}, "#/name", "It is a text."}, {members{"name": strings.Repeat("x", 101)}, "#/name", "at most 100"},
		{members{"horsepower": 7}, "#/horsepower", "There is no member of this name here."}, {members{"NAME": "x"}, "#/NAME", "no member of this name"},
		{members{"year": "2024"}, "#/year", "It is a whole number."}, {members{"year": 2024.5}, "#/year", "whole number"}, {members{"year": 1800}, "#/year", "at least 1900"},
		{members{"pricePerDay": 1e11}, "#/pricePerDay", "at most 10000000000"}, {members{"pricePerDay": 0}, "#/pricePerDay", "at least 1"},
		{members{"category": "boat"}, "#/category", "one of supercar, sports"}, {members{"available": "yes"}, "#/available", "true or false"},
		{members{"images": []any{}}, "#/images", "at least 1 entries"}, {members{"images": "x"}, "#/images", "a list"}, {members{"images": []any{"x"}}, "#/images/0", "an object"},
		{members{"images": []any{members{"url": "http://x"}}}, "#/images/0/url", "https address"}, {members{"images": []any{members{"url": "/x", "size": 3}}}, "#/images/0/size", "no member"},
		{members{"fees": []any{members{"name": "x", "amount": 1}, members{"name": "y", "amount": -1}}}, "#/fees/1/amount", "at least 0"}, {members{"discountPercent": 101}, "#/discountPercent", "at most 100"},
		{members{"discountPercent": 12.345}, "#/discountPercent", "more than 2 decimals"}, {members{"locationId": "miami"}, "#/locationId", "such as loc_"}, {members{"slug": "A B"}, "#/slug", "lower-case"},
		{members{"features": []any{members{"name": "a,b"}}}, "#/features/0/name", "without commas"}, {members{"features": []any{members{"name": "a"}, members{"name": "A"}}}, "#/features/1/name", "twice"},
	} {
		p := problem(t, test.pointer, s.do(call{method: "POST", path: "/api/admin/cars", as: adminToken, body: entry(t, s, test.members)}), 400, "invalid")
		if len(p.Errors) != 1 || p.Errors[0].Pointer != test.pointer || p.Errors[0].Parameter != "" || !strings.Contains(p.Errors[0].Message, test.say) {
			t.Errorf("%v is refused with %+v, want %s: %s", test.members, p.Errors, test.pointer, test.say)
		}
	}
	for _, test := range []struct{ path, body, pointer, say string }{
		{"extras", `{"name":"   ","price":1}`, "#/name", "An extra needs a name"},
		{"extras", `{"name":"a\u202eb","price":1}`, "#/name", "An extra needs a name"},
		{"price-rules", `{"name":"x","multiplierPercent":110,"startDate":"2025-02-30"}`, "#/startDate", "a day that exists, written YYYY-MM-DD"},
		{"price-rules", `{"name":"x","multiplierPercent":110,"startDate":"soon"}`, "#/startDate", "a day that exists, written YYYY-MM-DD"},
		{"price-rules", `{"name":"x","multiplierPercent":110,"startDate":"2027-02-02","endDate":"2027-01-01"}`, "#/endDate", "before the first"},
		{"coupons", `{"code":"AB"}`, "#/code", "3 to 30 letters"}, {"coupons", `{"code":"ABC"}`, "#/percent", "a share or an amount"},
		{"locations", `{"name":"x","city":"x","country":"US","zone":"UTC","handover":"25:00","units":"metric","hours":[{"open":"9","close":"18:00"}]}`, "#/handover", "HH:MM"},
	} {
		p := problem(t, test.body, s.do(call{method: "POST", path: "/api/admin/" + test.path, as: adminToken, body: test.body}), 400, "invalid")
		if len(p.Errors) == 0 || p.Errors[0].Pointer != test.pointer || !strings.Contains(p.Errors[0].Message, test.say) {
			t.Errorf("%s is refused with %+v, want %s: %s", test.body, p.Errors, test.pointer, test.say)
		}
	}
	p := problem(t, "members in any order", s.do(call{method: "POST", path: "/api/admin/extras", as: adminToken, body: `{"z":1,"a":1,"m":1,"name":"x","price":1}`}), 400, "invalid")
	if len(p.Errors) != 3 || p.Errors[0].Pointer != "#/a" || p.Errors[1].Pointer != "#/m" || p.Errors[2].Pointer != "#/z" {
		t.Errorf("three wrong members are told as %+v, want them by name", p.Errors)
	}
	if p := problem(t, "no body", s.do(call{method: "POST", path: "/api/admin/extras", as: adminToken}), 400, "invalid"); !strings.Contains(p.Detail, "needs a body, which is JSON") {
		t.Errorf("a call without a body is told %q", p.Detail)
	}
	if p := problem(t, "minutes", s.do(call{method: "GET", path: "/api/admin/metrics?minutes=x", as: adminToken}), 400, "invalid"); !strings.Contains(p.Detail, "It is a whole number.") {
		t.Errorf("wrong minutes are told %q", p.Detail)
	}
	if _, total, err := s.rental.AuditLog(t.Context(), everybody, "", onePage); err != nil || total != 0 {
		t.Errorf("refused bodies left %d entries (%v)", total, err)
	}
}

var (
	everybody = exodrive.Actor{ID: "x", Scopes: []exodrive.Scope{exodrive.ScopeAll}}
	onePage   = exodrive.PageQuery{Page: 1, Limit: 50}
)

// A body that is no JSON is refused with the place of the fault, one of another
// kind as such, and none at all as missing.
func TestBrokenBodies(t *testing.T) {
	s := anyServer(t, false)
	for _, test := range []struct {
		body, contentType string
		status            int
		code, say         string
	}{
		{"{\n \"name\": \"x\",\n \"make\": }", "", 400, "invalid", "line 3, column 10"},
		{`{"name": "x"`, "", 400, "invalid", "line 1, column 12"}, {`{"name": "x"} {}`, "", 400, "invalid", "line 1, column 15"},
		{"{'name': 1}", "", 400, "invalid", "line 1, column 2"}, {"\xff\xfe", "", 400, "invalid", "line 1, column 1"}, {"[]", "", 400, "invalid", "It is an object"}, {"null", "", 400, "invalid", "It is an object"}, {`"x"`, "", 400, "invalid", "It is an object"},
		{strings.Repeat("[", 20000), "", 400, "invalid", "not JSON"}, {"", "", 400, "invalid", "needs a body"},
		{"a=b", "application/x-www-form-urlencoded", 415, "unsupported_media_type", "application/json"}, {"<car/>", "text/xml", 415, "unsupported_media_type", "application/json"},
		{"{}", "text/plain; charset=utf-8", 415, "unsupported_media_type", "application/json"}, {"{}", "multipart/form-data; boundary=x", 415, "unsupported_media_type", "application/json"},
	} {
		c := call{method: "POST", path: "/api/admin/cars", as: adminToken, body: test.body}
		if test.contentType != "" {
			c.headers = []string{"Content-Type: " + test.contentType}
		}
		p := problem(t, test.body[:min(len(test.body), 20)], s.do(c), test.status, test.code)
		if !strings.Contains(p.Detail, test.say) {
			t.Errorf("%q is refused with %q, want %s", test.body[:min(len(test.body), 20)], p.Detail, test.say)
		}
	}
	right := call{method: "POST", path: "/api/admin/cars", as: adminToken, body: entry(t, s, nil), headers: []string{"Content-Type: application/json; charset=UTF-8"}}
	if rec := s.do(right); rec.Code != 201 {
		t.Errorf("a right body is answered %d %s", rec.Code, rec.Body)
	}
}

// A body may have 64 KiB exactly, however it is sent.
func TestBodyLimit(t *testing.T) {
	s := anyServer(t, false)
	limit := int(exodrive.DefaultLimits.Body)
	base := entry(t, s, nil)
	for _, test := range []struct{ size, status int }{{limit, 201}, {limit + 1, 413}, {limit * 20, 413}} {
		for _, known := range []bool{true, false} {
			body := strings.Replace(base, "Pagani Utopia", "Pagani "+string(rune('A'+test.size%20))+map[bool]string{true: "1", false: "2"}[known], 1)
			body += strings.Repeat(" ", test.size-len(body))
			r := httptest.NewRequest(http.MethodPost, "/api/admin/cars", io.NopCloser(strings.NewReader(body)))
			r.ContentLength = map[bool]int64{true: int64(len(body)), false: -1}[known]
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Authorization", "Bearer "+adminToken)
			rec := httptest.NewRecorder()
			s.ServeHTTP(rec, r)
			if test.status == 201 && rec.Code != 201 {
				t.Errorf("%d bytes are answered %d %s", test.size, rec.Code, rec.Body)
			} else if test.status == 413 {
				if p := problem(t, "a long body", rec, 413, "body_too_large"); !strings.Contains(p.Detail, "65536 bytes") {
					t.Errorf("%d bytes are refused with %q", test.size, p.Detail)
				}
			}
		}
	}
}

// A sender who stops in the middle of a body is at fault, not the server.
func TestHalfABody(t *testing.T) {
	s := anyServer(t, false)
	r := httptest.NewRequest(http.MethodPost, "/api/admin/cars", io.MultiReader(strings.NewReader(`{"name":`), broken{}))
	r.Header.Set("Authorization", "Bearer "+adminToken)
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, r)
	problem(t, "half a body", rec, 400, "invalid")
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

// A method that an address does not know is refused with those it knows.
func TestWrongMethods(t *testing.T) {
	s := anyServer(t, false)
	for _, test := range []struct{ method, path, allow string }{
		{"POST", "/api/cars", "GET, HEAD"}, {"DELETE", "/api/cars/ferrari-roma", "GET, HEAD"}, {"PATCH", "/api/fleet/counts", "GET, HEAD"},
		{"PATCH", "/api/admin/cars/car_1", "DELETE, GET, HEAD, PUT"}, {"GET", "/api/admin/cars/bulk/x", ""}, {"DELETE", "/api/admin/coupons", "GET, HEAD, POST"},
	} {
		rec := s.do(call{method: test.method, path: test.path})
		if test.allow == "" {
			problem(t, test.path, rec, 404, "not_found")
			continue
		}
		problem(t, test.method+" "+test.path, rec, 405, "method_not_allowed")
		if got := rec.Header().Get("Allow"); got != test.allow {
			t.Errorf("%s %s allows %q, want %q", test.method, test.path, got, test.allow)
		}
	}
}

// SQL and HTML come back as the text they are.
func TestTextIsText(t *testing.T) {
	eachServer(t, func(t *testing.T, s *server) {
		const nasty = `'); DROP TABLE cars; -- <script>alert("x")</script> \u0000 $1 {{.}} ☃`
		rec := s.do(call{method: "POST", path: "/api/admin/cars", as: adminToken, body: entry(t, s, map[string]any{"description": nasty, "offerText": nasty})})
		if rec.Code != http.StatusCreated {
			t.Fatalf("it is answered %d %s", rec.Code, rec.Body)
		}
		var read struct{ Description, OfferText string }
		got := s.do(call{method: "GET", path: "/api/cars/pagani-utopia"})
		if err := json.Unmarshal(got.Body.Bytes(), &read); err != nil || read.Description != nasty || read.OfferText != nasty {
			t.Errorf("it comes back as %+v (%v)", read, err)
		}
		if rec := s.do(call{method: "GET", path: "/api/cars?search=" + "%27%29%3B+DROP+TABLE"}); rec.Code != 200 {
			t.Errorf("a search for it is answered %d %s", rec.Code, rec.Body)
		}
	})
}

// A zero byte, which no database text can hold, is refused and not a fault of ours.
func TestZeroBytes(t *testing.T) {
	eachServer(t, func(t *testing.T, s *server) {
		problem(t, "a zero byte", s.do(call{method: "POST", path: "/api/admin/cars", as: adminToken, body: entry(t, s, map[string]any{"description": "a\x00b"})}), 400, "invalid")
		for _, path := range []string{"/api/cars?make=a%00b", "/api/cars?features=%00x", "/api/cars?location=x%00", "/api/cars?search=x%00y", "/api/cars?make=%ff%fe", "/api/cars?search=%ff", "/api/cars?features=%c3%28"} {
			if rec := s.do(call{method: "GET", path: path}); rec.Code >= 500 {
				t.Errorf("%s is answered %d %s", path, rec.Code, rec.Body)
			}
		}
		for _, path := range []string{"/api/admin/audit?subject=%00", "/api/admin/audit?subject=%ff", "/api/admin/cars/%00", "/api/admin/cars/%ff/blocks"} {
			if rec := s.do(call{method: "GET", path: path, as: adminToken}); rec.Code >= 500 {
				t.Errorf("%s is answered %d %s", path, rec.Code, rec.Body)
			}
		}
	})
}

// Where no member of a body has to be there, the body need not be there either, whatever
// Content-Type stands beside nothing; and what happened already is told as that.
//
// Red when: the document and the decoding do not look at what a body needs.
func TestBodiesThatMayBeLeftOut(t *testing.T) {
	eachServer(t, func(t *testing.T, s *server) {
		id, _, _ := strings.Cut(s.booked(t, 0), ".")
		at := "/api/admin/bookings/" + id
		send := func(path string, headers ...string) *httptest.ResponseRecorder {
			return s.do(call{method: "POST", path: path, as: adminToken, headers: headers})
		}
		s.readyFor(t, "adminHandOver", id)
		again := problem(t, "confirmed twice", send(at+"/confirm"), 409, "conflict")
		if again.Detail != "This booking is confirmed already; nothing was done." {
			t.Errorf("confirmed twice, it is told %q", again.Detail)
		}
		if rec := send(at+"/no-show", "Content-Type: text/plain"); rec.Code != 200 {
			t.Errorf("a no-show without a body: %d %s", rec.Code, rec.Body)
		}
		problem(t, "a no-show twice", send(at+"/no-show"), 409, "conflict")
		p := problem(t, "a bulk update of nothing", send("/api/admin/cars/bulk"), 400, "invalid")
		if len(p.Errors) != 1 || p.Errors[0].Pointer != "#/priceChangePercent" {
			t.Errorf("a bulk update of nothing is told %+v", p)
		}
		p = problem(t, "a change to nothing", s.do(call{method: "POST", path: "/api/bookings/" + s.booked(t, 1) + "/change"}), 400, "invalid")
		if p.Detail != "Nothing would be different; say what shall change." {
			t.Errorf("a change to nothing is told %q", p.Detail)
		}
	})
}
