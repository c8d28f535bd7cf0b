package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/api"
)

// document is the OpenAPI document as a client's author reads it.
type document struct {
	Paths      map[string]map[string]operation `json:"paths"`
	Components struct {
		Schemas map[string]json.RawMessage `json:"schemas"`
	} `json:"components"`
	schemas *jsonschema.Compiler
}

type operation struct {
	OperationID, Summary, Description string
	Security                          []map[string][]string
	Parameters                        []parameter
	RequestBody                       *struct {
		Content map[string]media
	}
	Responses map[string]struct {
		Content map[string]media
		Headers map[string]any
	}

	method, path string
}

type media struct {
	Schema  json.RawMessage
	Example json.RawMessage
}

type parameter struct {
	Name, In, Description string
	Required              bool
	Example               any
	Schema                json.RawMessage
}

// example is the parameter's, of its own or of its schema.
func (p parameter) example() any {
	var s struct{ Examples []any }
	if _ = json.Unmarshal(p.Schema, &s); p.Example == nil && len(s.Examples) > 0 {
		return s.Examples[0]
	}
	return p.Example
}

func (p parameter) text() string {
	if list, ok := p.example().([]any); ok {
		parts := make([]string, len(list))
		for i, v := range list {
			parts[i] = fmt.Sprint(v)
		}
		return strings.Join(parts, ",")
	}
	return fmt.Sprint(p.example())
}

func readDocument(t testing.TB) *document {
	t.Helper()
	asJSON, _, err := api.Document()
	if err != nil {
		t.Fatal(err)
	}
	var d document
	if err := json.Unmarshal(asJSON, &d); err != nil {
		t.Fatal(err)
	}
	whole, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		t.Fatal(err)
	}
	d.schemas = jsonschema.NewCompiler()
	d.schemas.AssertFormat()
	d.schemas.DefaultDraft(jsonschema.Draft2020)
	if err := d.schemas.AddResource("openapi.json", whole); err != nil {
		t.Fatal(err)
	}
	return &d
}

// operations are all of them, what makes things before what needs them, and
// what removes things last.
func (d *document) operations() (all []operation) {
	for path, methods := range d.Paths {
		for method, op := range methods {
			op.method, op.path = strings.ToUpper(method), path
			all = append(all, op)
		}
	}
	rank := func(o operation) int {
		inside := strings.Contains(o.path, "{")
		switch {
		case o.method == http.MethodPost && !inside:
			return 0
		case o.method == http.MethodDelete && strings.HasSuffix(o.path, "}"):
			return 5
		}
		return map[string]int{http.MethodGet: 1, http.MethodPut: 2, http.MethodPost: 3, http.MethodDelete: 4}[o.method]
	}
	slices.SortFunc(all, func(a, b operation) int {
		if n := rank(a) - rank(b); n != 0 {
			return n
		}
		return strings.Compare(a.path, b.path)
	})
	return all
}

// fits checks a value against the schema at a place of the document.
func (d *document) fits(t testing.TB, what, place string, value []byte) {
	t.Helper()
	schema, err := d.schemas.Compile("openapi.json#" + place)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(value))
	if err != nil {
		t.Errorf("%s is no JSON: %v: %s", what, err, value)
		return
	}
	if err := schema.Validate(v); err != nil {
		t.Errorf("%s does not fit its schema: %v\n%s", what, err, value[:min(len(value), 600)])
	}
}

func (o operation) place(rest ...string) string {
	steps := append([]string{"paths", o.path, strings.ToLower(o.method)}, rest...)
	for i, s := range steps {
		steps[i] = url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(s))
	}
	return "/" + strings.Join(steps, "/")
}

// repeatable tells whether a call is known again by its key.
func (o operation) repeatable() bool {
	return slices.ContainsFunc(o.Parameters, func(p parameter) bool { return p.Name == "Idempotency-Key" })
}

// private tells whether nobody may call an operation without a token.
func (o operation) private() bool {
	return len(o.Security) > 0 && !slices.ContainsFunc(o.Security, func(s map[string][]string) bool { return len(s) == 0 })
}

// Everything in the document that a client's author needs is there, and every
// example fits its schema.
func TestDocumentIsWhole(t *testing.T) {
	d := readDocument(t)
	used := map[string]bool{}
	for _, o := range d.operations() {
		what := o.method + " " + o.path
		if o.OperationID == "" || used[o.OperationID] || !strings.HasSuffix(o.Description, ".") || o.Summary == "" {
			t.Errorf("%s: the operation %q has the summary %q and the description %q", what, o.OperationID, o.Summary, o.Description)
		}
		used[o.OperationID] = true
		if private := strings.HasPrefix(o.path, "/api/admin/"); private != o.private() {
			t.Errorf("%s: the security is %v", what, o.Security)
		}
		inPath := 0
		for i, p := range o.Parameters {
			if p.In == "path" {
				inPath++
			}
			if p.Description == "" || (p.In == "path" || p.Name == "If-Match") != p.Required && o.method == http.MethodPut {
				t.Errorf("%s: the parameter %s is %+v", what, p.Name, p)
			}
			if p.example() != nil {
				value, _ := json.Marshal(p.example())
				d.fits(t, what+", example of "+p.Name, o.place("parameters", fmt.Sprint(i), "schema"), value)
			} else if p.Required {
				t.Errorf("%s: the parameter %s has no example", what, p.Name)
			}
		}
		if n := strings.Count(o.path, "{"); n != inPath {
			t.Errorf("%s: %d of %d parts of the path are described", what, inPath, n)
		}
		if o.RequestBody != nil {
			d.fits(t, what+", example", o.place("requestBody", "content", "application/json", "schema"), o.RequestBody.Content["application/json"].Example)
		}
		for status, r := range o.Responses {
			if (status[0] >= '4') != (r.Content["application/problem+json"].Schema != nil) || status == "422" && !o.repeatable() {
				t.Errorf("%s: the answer %s is %v", what, status, r)
			}
		}
	}
	if len(used) < 35 {
		t.Errorf("there are %d operations", len(used))
	}
	for name, schema := range d.Components.Schemas {
		if strings.Contains(name, "Struct") || strings.Contains(name, "Input") && strings.Contains(string(schema), `"version"`) {
			t.Errorf("a schema is called %s", name)
		}
	}
}

// Every example of the document, sent to a server with the demo fleet, is
// answered as the document says: an id of an example stands for one that is there.
func TestExamplesAreAnswered(t *testing.T) {
	d := readDocument(t)
	eachServer(t, func(t *testing.T, s *server) {
		made, tags := map[string]string{}, map[string]string{} // by collection
		bookings := 0
		place := s.first(t, "/api/admin/locations")
		made["/api/reviews"] = s.about(t, s.prompt(t), "{reviewToken}").token
		made["/api/admin/reviews"] = s.first(t, "/api/admin/reviews?status=pending")
		made["/api/admin/jobs"] = s.deadJob(t)
		made["/api/admin/customers"] = s.first(t, "/api/admin/customers")
		for _, o := range d.operations() {
			what := o.method + " " + o.path
			collection, _, _ := strings.Cut(o.path, "/{")
			if collection == "/api/calendars" { // the link that was renewed last
				made[collection] = s.calendar(t, "")
			}
			if strings.Contains(o.path, "/bookings/{") { // what happens to a booking happens once
				made["/api/bookings"] = s.booked(t, bookings)
				made["/api/admin/bookings"], _, _ = strings.Cut(made["/api/bookings"], ".")
				tags["/api/admin/bookings"] = `"v1"`
				bookings++
			}
			later := s.readyFor(t, o.OperationID, made["/api/admin/bookings"])
			c := o.exampleCall(made[collection], tags[collection])
			c.body = strings.ReplaceAll(c.body, "loc_01kas0f3m2x7h9tq", place)
			rec := s.do(c)
			s.bringBack(t, made["/api/admin/bookings"])
			s.clock.Advance(-later)
			observed(t, what, rec)
			answered, known := o.Responses[fmt.Sprint(rec.Code)]
			if rec.Code >= 300 || !known {
				t.Errorf("%s %s is answered %d %s", what, c.path, rec.Code, rec.Body)
				continue
			}
			if len(answered.Content) == 0 {
				if rec.Body.Len() != 0 {
					t.Errorf("%s is answered %s, want nothing", what, rec.Body)
				}
				continue
			}
			kind, _, _ := strings.Cut(rec.Header().Get("Content-Type"), ";")
			if _, known := answered.Content[kind]; !known {
				t.Errorf("%s is answered as %s", what, kind)
			}
			if kind != "application/json" {
				continue
			}
			d.fits(t, what+", answer", o.place("responses", fmt.Sprint(rec.Code), "content", "application/json", "schema"), rec.Body.Bytes())
			for name := range answered.Headers {
				if rec.Header().Get(name) == "" {
					t.Errorf("%s: the answer has no %s", what, name)
				}
			}
			if at := rec.Header().Get("Location"); at != "" {
				made[collection] = strings.TrimPrefix(at, collection+"/")
			}
			if tag := rec.Header().Get("ETag"); tag != "" {
				tags[collection] = tag
			}
		}
	})
}

// exampleCall is the call that the examples of an operation make; id and tag
// stand for those of a thing that is not there.
func (o operation) exampleCall(id, tag string) call {
	c := call{method: o.method, path: o.path}
	if o.private() {
		c.as = adminToken
	}
	query := url.Values{}
	for _, p := range o.Parameters {
		switch {
		case p.In == "path" && id != "":
			c.path = strings.ReplaceAll(c.path, "{"+p.Name+"}", id)
		case p.In == "path":
			c.path = strings.ReplaceAll(c.path, "{"+p.Name+"}", p.text())
		case p.In == "header" && p.Required && p.Name != "If-Match":
			c.headers = append(c.headers, p.Name+": "+p.text())
		case p.In == "header":
			c.headers = append(c.headers, p.Name+": "+tag)
		case p.example() != nil:
			query.Set(p.Name, p.text())
		}
	}
	if len(query) > 0 {
		c.path += "?" + query.Encode()
	}
	if o.RequestBody != nil {
		c.body = string(o.RequestBody.Content["application/json"].Example)
	}
	return c
}

// booked makes the nth booking of its own and returns its token.
func (s *server) booked(t testing.TB, n int) string {
	t.Helper()
	from := exodrive.MustDate("2027-08-01").Add(10 * n)
	body := fmt.Sprintf(`{"carId":"ferrari-296-gtb","startDate":%q,"endDate":%q,"customer":{"firstName":"Maria","email":"maria%d@example.com","phone":"+1 305 555 0142"}}`, from, from.Add(4), n)
	rec := s.do(call{method: http.MethodPost, path: "/api/bookings", body: body})
	var b struct{ Token string }
	if err := json.Unmarshal(rec.Body.Bytes(), &b); err != nil || rec.Code != http.StatusCreated {
		t.Fatalf("booking %d: %d %s", n, rec.Code, rec.Body)
	}
	return b.Token
}

// readyFor brings a booking to where an operation can happen to it, and the clock to its
// pick-up if need be; it returns by how much.
func (s *server) readyFor(t testing.TB, operationID, id string) (later time.Duration) {
	t.Helper()
	steps := map[string][]string{
		"adminHandOver": {"confirm"}, "adminMissPickup": {"confirm"},
		"adminTakeBack": {"confirm", "hand-over"}, "adminCorrectHandOver": {"confirm", "hand-over"}, "adminAddCharge": {"confirm", "hand-over"},
		"adminCompleteBooking": {"confirm", "hand-over", "take-back"},
	}[operationID]
	bodies := map[string]string{"confirm": "", "hand-over": `{"odometer":40000,"fuel":8,"waive":["odometer","payment","deposit"],"reason":"A test."}`, "take-back": `{"odometer":40000,"fuel":8}`}
	if len(steps) > 0 {
		b, err := s.store.Booking(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		later = b.Terms.Pickup.At.Sub(s.clock.Now()) + time.Hour
	}
	for _, step := range steps {
		if step == "hand-over" {
			s.clock.Advance(later)
		}
		if rec := s.do(call{method: http.MethodPost, path: "/api/admin/bookings/" + id + "/" + step, body: bodies[step], as: adminToken}); rec.Code != 200 {
			t.Fatalf("%s for %s: %d %s", step, operationID, rec.Code, rec.Body)
		}
	}
	if len(steps) == 1 {
		s.clock.Advance(later)
	}
	return later
}

// bringBack takes back the car of a booking, if it is out, so that others can have it.
func (s *server) bringBack(t testing.TB, id string) {
	t.Helper()
	if b, err := s.store.Booking(t.Context(), id); err != nil || b.State != exodrive.Active {
		return
	}
	if rec := s.do(call{method: http.MethodPost, path: "/api/admin/bookings/" + id + "/take-back", body: `{"odometer":40000,"fuel":8}`, as: adminToken}); rec.Code != 200 {
		t.Fatalf("%s is not taken back: %d %s", id, rec.Code, rec.Body)
	}
}

// first is the id of the first thing of an administrative list.
func (s *server) first(t testing.TB, path string) string {
	t.Helper()
	var list struct{ Items []struct{ ID string } }
	rec := s.do(call{method: http.MethodGet, path: path, as: adminToken})
	if err := json.Unmarshal(rec.Body.Bytes(), &list); err != nil || len(list.Items) == 0 {
		t.Fatalf("%s: %s (%v)", path, rec.Body, err)
	}
	return list.Items[0].ID
}
