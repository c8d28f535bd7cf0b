package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/httpx"
	"github.com/exodrive/exodrive/rental"
)

const warmPath = "/api/admin/cache-warm"

// The body of a warming is the guide's: three booleans; none, or {}, is all of them.
//
// Red when: {} warms nothing; a member that is left out beside others is warmed; unknown members are ignored.
func TestWarmBody(t *testing.T) {
	s := anyServer(t, false)
	for _, test := range []struct{ body, groups string }{
		{"", "cars availability fleetCounts"}, {"{}", "cars availability fleetCounts"},
		{`{"cars":true,"availability":true,"fleetCounts":true}`, "cars availability fleetCounts"},
		{`{"cars":true}`, "cars"}, {`{"availability":true}`, "availability"}, {`{"fleetCounts":true}`, "fleetCounts"},
		{`{"cars":false,"availability":true,"fleetCounts":true}`, "availability fleetCounts"},
	} {
		rec := s.do(call{method: "POST", path: warmPath, as: adminToken, body: test.body})
		var result map[string]json.RawMessage
		if err := json.Unmarshal(rec.Body.Bytes(), &result); err != nil || rec.Code != 200 || rec.Header().Get("Content-Type") != "application/json" || rec.Header().Get("Cache-Control") != "no-store" || rec.Header().Get("X-Cache") != "BYPASS" {
			t.Fatalf("%q is answered %d %v %s", test.body, rec.Code, rec.Header(), rec.Body)
		}
		for _, group := range []string{"cars", "availability", "fleetCounts"} {
			if _, told := result[group]; told != strings.Contains(test.groups, group) {
				t.Errorf("%q is answered %s, want %s alone", test.body, rec.Body, test.groups)
			}
		}
		if result["milliseconds"] == nil || string(result["joined"]) != "false" {
			t.Errorf("%q is answered %s", test.body, rec.Body)
		}
	}
	for _, test := range []struct {
		body, contentType, as string
		status                int
		code, say             string
	}{
		{`{"cars":false}`, "", adminToken, 400, "invalid", "Say what to warm"},
		{`{"cars":false,"availability":false,"fleetCounts":false}`, "", adminToken, 400, "invalid", "Say what to warm"},
		{`{"car":true}`, "", adminToken, 400, "invalid", "no member of this name"}, {`{"cars":true,"force":1}`, "", adminToken, 400, "invalid", "no member of this name"},
		{`{"Cars":true}`, "", adminToken, 400, "invalid", "no member of this name"}, {`{"cars":"yes"}`, "", adminToken, 400, "invalid", "true or false"}, {`{"cars":1}`, "", adminToken, 400, "invalid", "true or false"},
		{`[]`, "", adminToken, 400, "invalid", "an object"}, {`null`, "", adminToken, 400, "invalid", "an object"}, {`{"cars":`, "", adminToken, 400, "invalid", "not JSON"},
		{`{"cars":true}`, "text/plain", adminToken, 415, "unsupported_media_type", "application/json"}, {"cars=true", "application/x-www-form-urlencoded", adminToken, 415, "unsupported_media_type", "application/json"},
		{`{}`, "", "", 401, "unauthenticated", "API token"}, {`{}`, "", "exo_x", 401, "unauthenticated", "not known"},
		{`{}`, "", s.token(t, exodrive.ScopeFleet), 403, "forbidden", `"operate"`},
		{"{}" + strings.Repeat(" ", 65<<10), "", adminToken, 413, "body_too_large", "65536"},
	} {
		for _, accept := range []string{"application/json", "text/event-stream"} {
			c := call{method: "POST", path: warmPath, as: test.as, body: test.body, headers: []string{"Accept: " + accept}}
			if test.contentType != "" {
				c.headers = append(c.headers, "Content-Type: "+test.contentType)
			}
			p := problem(t, test.body[:min(len(test.body), 40)], s.do(c), test.status, test.code)
			if !strings.Contains(p.Detail, test.say) {
				t.Errorf("%.40q is refused with %q, want %s", test.body, p.Detail, test.say)
			}
		}
	}
}

// event is one of a stream.
type event struct{ name, data string }

// listen is the API on a real connection, as impatient as the program is, but
// quicker; and a call that warms as events.
func listen(t *testing.T, s *server, ctx context.Context, body string) (*httptest.Server, reply) { //nolint:revive // t comes first
	t.Helper()
	on := httptest.NewUnstartedServer(s)
	on.Config.WriteTimeout = 400 * time.Millisecond
	on.Start()
	t.Cleanup(on.Close)
	return on, post(t, ctx, on, "text/event-stream", body)
}

// reply is an answer whose body is closed with the test.
type reply struct {
	status int
	header http.Header
	body   io.Reader
}

func post(t *testing.T, ctx context.Context, on *httptest.Server, accept, body string) reply { //nolint:revive // t comes first
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, on.URL+warmPath, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+adminToken)
	r.Header.Set("Accept", accept)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := on.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	return reply{answer.StatusCode, answer.Header, answer.Body}
}

// next reads an event of a stream; "" at its end.
func next(t *testing.T, lines *bufio.Scanner) (e event) {
	t.Helper()
	for lines.Scan() {
		name, isName := strings.CutPrefix(lines.Text(), "event: ")
		data, isData := strings.CutPrefix(lines.Text(), "data: ")
		switch {
		case isName:
			e.name = name
		case isData:
			e.data = data
		case lines.Text() == "" && e.name != "":
			return e
		}
	}
	return event{}
}

// A client that asks for events sees how far each group is and at the end the
// result, however long that takes; who asks for plain JSON gets the same result.
//
// Red when: the server's own time limit holds for these answers; events wait in a buffer; the last event is not the result.
func TestWarmingIsStreamed(t *testing.T) {
	eachServer(t, func(t *testing.T, s *server) {
		open := s.hold(t)
		on, answer := listen(t, s, t.Context(), `{"cars":true,"fleetCounts":true}`)
		if answer.status != 200 || answer.header.Get("Content-Type") != "text/event-stream" || answer.header.Get("Cache-Control") != "no-store" {
			t.Fatalf("it is answered %d %v", answer.status, answer.header)
		}
		lines := bufio.NewScanner(answer.body)
		if e := next(t, lines); e.name != "progress" || e.data != `{"cars":{"done":0,"total":0},"fleetCounts":{"done":0,"total":0}}` {
			t.Errorf("the first event is %v", e)
		}
		plain := make(chan reply, 1)
		go func() { plain <- post(t, t.Context(), on, "application/json, text/event-stream;q=0", `{"cars":true}`) }()
		time.Sleep(700 * time.Millisecond) // longer than the server lets anybody write
		open()
		var last, e event
		for e = next(t, lines); e.name == "progress"; e = next(t, lines) {
			last = e
		}
		var p rental.WarmProgress
		if err := json.Unmarshal([]byte(last.data), &p); err != nil || p.Availability != nil || p.Cars == nil || p.Cars.Done != p.Cars.Total || p.Cars.Total < 100 || p.FleetCounts.Done != 1 {
			t.Errorf("the last progress is %v (%v)", last, err)
		}
		var result, joined rental.WarmResult
		if err := json.Unmarshal([]byte(e.data), &result); err != nil || e.name != "done" || result.Cars.Loaded != p.Cars.Total || result.Joined {
			t.Errorf("the stream ends with %v (%v), want the result", e, err)
		}
		if e := next(t, lines); e != (event{}) || lines.Err() != nil {
			t.Errorf("after the end comes %v, %v", e, lines.Err())
		}
		other := <-plain
		text, err := io.ReadAll(other.body)
		if err := json.Unmarshal(text, &joined); err != nil || other.status != 200 || !joined.Joined || *joined.Cars != *result.Cars {
			t.Errorf("who joined in plain JSON gets %d %s (%v), want what the stream told: %s", other.status, text, err, e.data)
		}
		if err != nil {
			t.Error(err)
		}
	})
}

// A call without a body waits as long for the result as one with a body.
//
// Red when: the time in which a body must come holds for those who send none.
func TestWarmingWithoutABodyMayTakeLong(t *testing.T) {
	eachServer(t, func(t *testing.T, s *server) {
		open := s.hold(t)
		on := httptest.NewServer(s)
		t.Cleanup(on.Close)
		time.AfterFunc(bodyLimit+500*time.Millisecond, open)
		var all sync.WaitGroup
		for _, accept := range []string{"application/json", "text/event-stream"} {
			all.Go(func() {
				answer := post(t, t.Context(), on, accept, "")
				if text, err := io.ReadAll(answer.body); err != nil || answer.status != 200 || !strings.Contains(string(text), `"milliseconds"`) {
					t.Errorf("as %s it is answered %d %.200s (%v)", accept, answer.status, text, err)
				}
			})
		}
		all.Wait()
	})
}

// bodyLimit is in how many seconds huma wants to have read a body.
const bodyLimit = 5 * time.Second

// A client that hangs up does not end the warming; a second one with other wishes is
// told so, in either form; a server that stops says so in the stream.
//
// Red when: the run ends with the request; the conflict is answered 200; the stream just breaks off.
func TestWarmingOutlivesItsCaller(t *testing.T) {
	eachServer(t, func(t *testing.T, s *server) {
		open := s.hold(t)
		ctx, hangUp := context.WithCancel(t.Context())
		on, answer := listen(t, s, ctx, `{"cars":true}`)
		next(t, bufio.NewScanner(answer.body))
		for _, accept := range []string{"application/json", "text/event-stream"} {
			refused := post(t, t.Context(), on, accept, "{}")
			var p httpx.Problem
			if err := json.NewDecoder(refused.body).Decode(&p); err != nil || refused.status != 409 || p.Code != "conflict" || !strings.Contains(p.Detail, "cars (0 of 0)") {
				t.Errorf("another wish as %s is answered %d %+v (%v)", accept, refused.status, p, err)
			}
		}
		hangUp()
		open()
		joined := s.do(call{method: "POST", path: warmPath, as: adminToken, body: `{"cars":true}`})
		var result rental.WarmResult
		if err := json.Unmarshal(joined.Body.Bytes(), &result); err != nil || result.Cars.Loaded+result.Cars.Fresh < 100 {
			t.Errorf("after the caller hung up: %d %s (%v)", joined.Code, joined.Body, err)
		}
		loads := s.cache.Stats().Families["details"].Loads
		if again := s.do(call{method: "POST", path: warmPath, as: adminToken, body: `{"cars":true}`}); again.Code != 200 || s.cache.Stats().Families["details"].Loads != loads {
			t.Errorf("the warming whose caller hung up was not finished: %s", again.Body)
		}

		open = s.hold(t)
		_, answer = listen(t, s, t.Context(), `{"availability":true}`)
		lines := bufio.NewScanner(answer.body)
		next(t, lines)
		s.cache.Rest()
		open()
		e := next(t, lines)
		for e.name == "progress" {
			e = next(t, lines)
		}
		var p httpx.Problem
		if err := json.Unmarshal([]byte(e.data), &p); err != nil || e.name != "error" || p.Code != "unavailable" || p.RequestID == "" {
			t.Errorf("a server that stops ends the stream with %v (%v)", e, err)
		}
	})
}
