package api_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
)

// accessFile is the table of who may call what.
const accessFile = "testdata/access.txt"

// access is that table.
type access struct {
	callers []string
	words   map[string]map[string]string // what each caller meets, by the word of a route
	routes  map[string]string            // the word of a route
}

func readAccess(t testing.TB) access {
	t.Helper()
	file, err := os.ReadFile(accessFile)
	if err != nil {
		t.Fatal(err)
	}
	a := access{words: map[string]map[string]string{}, routes: map[string]string{}}
	for line := range strings.Lines(string(file)) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0 || fields[0] == "#":
		case fields[0] == "callers":
			a.callers = fields[1:]
		case len(fields) == len(a.callers)+1:
			a.words[fields[0]] = map[string]string{}
			for i, name := range a.callers {
				a.words[fields[0]][name] = fields[i+1]
			}
		case len(fields) == 3 && a.routes[fields[0]+" "+fields[1]] == "":
			a.routes[fields[0]+" "+fields[1]] = fields[2]
		default:
			t.Fatalf("%s: the line %q is no row, or one that is there already", accessFile, line)
		}
	}
	return a
}

// caller is one column of the table: the token that he shows, and the link that he has to
// the booking he calls about.
type caller struct {
	token string
	link  func(aBooking) string
}

// aBooking is a booking that somebody calls about, with the link that the route takes.
type aBooking struct{ id, token string }

// callersOf makes everybody who calls.
func (s *server) callersOf(t testing.TB, db *sql.DB) map[string]caller {
	t.Helper()
	_, signature, _ := strings.Cut(s.trip(t).token, ".")
	guess := func(b aBooking) string { return b.id + "." + strings.Repeat("A", len(signature)) }
	all := map[string]caller{
		"stranger": {"", guess},
		"renter":   {"", func(b aBooking) string { return b.token }},
		"wrong":    {"", func(b aBooking) string { return b.id + "." + signature }},
		"revoked": {"", func(b aBooking) string {
			if _, err := db.ExecContext(t.Context(), `UPDATE bookings SET link_version = link_version + 1 WHERE id = $1`, b.id); err != nil {
				t.Fatal(err)
			}
			return b.token
		}},
		"env":    {adminToken, guess},
		"ended":  {s.token(t, exodrive.ScopeAll), guess},
		"forged": {"exo_" + strings.Repeat("a", 43), guess},
	}
	tokens, err := s.rental.Tokens(t.Context())
	if err != nil || len(tokens) != 1 {
		t.Fatalf("%d tokens, %v", len(tokens), err)
	}
	if err := s.rental.RevokeToken(t.Context(), tokens[0].ID); err != nil {
		t.Fatal(err)
	}
	for _, scope := range exodrive.Scopes {
		all[string(scope)] = caller{s.token(t, scope), guess}
	}
	return all
}

// trip books the next free days of some car and returns the booking.
func (s *server) trip(t testing.TB) aBooking {
	t.Helper()
	for {
		s.calls++
		cars := []string{"ferrari-296-gtb", "ferrari-roma", "porsche-911-gt3", "mclaren-artura", "aston-martin-db12", "mclaren-720s", "porsche-911-turbo-s", "ferrari-812-superfast"}
		from := exodrive.MustDate("2027-03-01").Add(10 * (s.calls / len(cars)))
		rec := s.do(call{method: http.MethodPost, path: "/api/bookings", body: fmt.Sprintf(`{"carId":%q,"startDate":%q,"endDate":%q,
			"customer":{"firstName":"Maria","email":"maria@example.com","phone":"+1 305 555 0142"}}`, cars[s.calls%len(cars)], from, from.Add(4))})
		var b aBooking
		switch rec.Code {
		case http.StatusCreated:
			b.token = strings.TrimPrefix(rec.Header().Get("Location"), "/api/bookings/")
			b.id, _, _ = strings.Cut(b.token, ".")
			return b
		case http.StatusConflict: // taken
		default:
			t.Fatalf("a trip from %s: %d %s", from, rec.Code, rec.Body)
		}
	}
}

// about makes a booking that a route is for.
func (s *server) about(t testing.TB, db *sql.DB, route string) aBooking {
	t.Helper()
	b := s.trip(t)
	if strings.Contains(route, "{reviewToken}") {
		if _, err := db.ExecContext(t.Context(), `UPDATE bookings SET state = 'completed', hold_until = NULL WHERE id = $1`, b.id); err != nil {
			t.Fatal(err)
		}
		var view rental.BookingView
		rec := s.do(call{method: http.MethodGet, path: "/api/bookings/" + b.token})
		if err := json.Unmarshal(rec.Body.Bytes(), &view); err != nil || view.ReviewToken == "" {
			t.Fatalf("a completed booking: %v, %s", err, rec.Body)
		}
		b.token = view.ReviewToken
	}
	return b
}

// written is how much anybody has written, of what was done and of what it was done to.
func written(t testing.TB, db *sql.DB) (sum string) {
	t.Helper()
	for _, what := range []string{
		"COUNT(*) FROM audit_log", "COUNT(*) FROM booking_events", "COUNT(*) FROM bookings", "COUNT(*) FROM car_reviews", "COUNT(*) FROM cars",
		"COUNT(*) FROM car_availability", "SUM(version) FROM bookings", "SUM(version) FROM cars",
	} {
		n := 0
		if err := db.QueryRowContext(t.Context(), `SELECT `+what).Scan(&n); err != nil {
			t.Fatal(err)
		}
		sum += fmt.Sprintf("%s %d; ", what, n)
	}
	return sum
}

// Every route lets in whom the table names and nobody else, whatever he shows: a stranger,
// a renter with his link, with one of somebody else or with one that was revoked, staff by
// the scope of its token, and who has a token that was revoked or that nobody made. Who is
// refused changes nothing.
//
// Red when: a use-case does not ask for its scope, or asks for another; a link opens
// another booking, or opens still after it was revoked.
func TestAccessMatrix(t *testing.T) {
	// On SQLite alone, which is many times faster: who may do what, no database decides.
	a, s := readAccess(t), newServer(t, "sqlite:"+exotest.SQLiteFrom(t, "fleet", func(t testing.TB, path string) { seeded(t, "sqlite:"+path) }), false)
	routes := exotest.Patterns(t, s.mux)
	for _, route := range routes {
		if a.words[a.routes[route]] == nil {
			t.Errorf("%s has no row in api/%s: add the line\n%s WORD\nwhere WORD says who may call it: %s", route, accessFile, route,
				strings.Join(slices.Sorted(maps.Keys(a.words)), ", "))
		}
	}
	for route, word := range a.routes {
		if a.words[word] != nil && !slices.Contains(routes, route) {
			t.Errorf("api/%s has a row for %s, and the server has no such route; remove it", accessFile, route)
		}
	}
	operations := map[string]operation{}
	for _, o := range readDocument(t).operations() {
		operations[o.method+" "+o.path] = o
	}
	db := s.prompt(t)
	callers := s.callersOf(t, db)
	var b aBooking
	for _, route := range routes {
		row := a.words[a.routes[route]]
		about := strings.Contains(route, "oken}") || strings.Contains(route, "{bookingId}")
		for _, refused := range []bool{true, false} {
			if about {
				b = s.about(t, db, route)
			}
			before := written(t, db)
			for _, name := range a.callers {
				if (row[name] != "ok") != refused {
					continue
				}
				s.enter(t, route, operations[route], b, name, callers[name], row[name])
				if !refused && about { // it is not the same booking any more
					b = s.about(t, db, route)
				}
			}
			if now := written(t, db); refused && now != before {
				t.Errorf("%s: somebody was refused and changed something: %s, before %s", route, now, before)
			}
		}
	}
}

// Of every operation of staff the document tells the scope, in words and for programs,
// and it is the one that the table of who may call it names; of all others it tells none.
//
// Red when: a part's scope is another than its use-cases ask for, or is not described.
func TestScopesAreTold(t *testing.T) {
	a, told := readAccess(t), 0
	for _, o := range readDocument(t).operations() {
		word := a.routes[o.method+" "+o.path]
		var want []string
		if o.private() {
			want = []string{word}
			told++
		}
		var got []string
		for _, s := range o.Security {
			got = append(got, s["token"]...)
		}
		if !slices.Equal(got, want) || strings.Contains(o.Description, "Scope: ") != o.private() || o.private() && !strings.HasSuffix(o.Description, "Scope: "+word+".") {
			t.Errorf("%s %s asks for the scope %q, want %q: %s", o.method, o.path, got, want, o.Description)
		}
	}
	if told < 50 {
		t.Errorf("only %d operations are staff's", told)
	}
}

// enter calls a route as somebody and checks whether he is let in.
func (s *server) enter(t testing.TB, route string, o operation, b aBooking, name string, who caller, want string) {
	t.Helper()
	if who.link == nil {
		t.Fatalf("nobody is made for the column %s; add him to callersOf", name)
	}
	method, path, _ := strings.Cut(route, " ")
	c := call{method: method, path: path}
	link := who.link(b)
	if o.method != "" {
		o.path = strings.NewReplacer("{token}", link, "{reviewToken}", link, "{bookingId}", b.id).Replace(o.path)
		c = o.exampleCall("", `"v1"`)
	}
	c.as = who.token
	if name == "renter" && o.private() {
		c.as = link
	}
	rec := s.do(c)
	got := fmt.Sprint(rec.Code)
	switch rec.Code / 100 {
	case 2:
		got = "ok"
	case 4: // what is not there, or not so, is told only to whom was let in
		let := rec.Code != 401 && rec.Code != 403 && rec.Code != 405 && rec.Code != 429 && (rec.Code != 404 || !strings.Contains(route, "oken}"))
		if let && (c.method != http.MethodGet || strings.Contains(route, "{")) {
			got = "ok"
		}
	}
	if got != want {
		t.Errorf("%s, called by %s, is answered %d, want %s: %s", route, name, rec.Code, want, rec.Body)
	}
	if c.as != "" && strings.Contains(rec.Body.String(), c.as) && name != "renter" {
		t.Errorf("%s shows the token of %s: %s", route, name, rec.Body)
	}
}
