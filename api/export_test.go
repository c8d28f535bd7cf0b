package api_test

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/sqlstore"
)

// patience is how long a test waits for something that takes milliseconds.
const patience = 30 * time.Second

// table reads an export.
func table(t testing.TB, text io.Reader) [][]string {
	t.Helper()
	rows, err := csv.NewReader(text).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// What staff exports is what it lists: the same bookings in the same order, amounts as
// decimals, and nothing that a spreadsheet would run.
func TestExport(t *testing.T) {
	t.Parallel()
	eachServer(t, func(t *testing.T, s *server) {
		for i, name := range []string{`=HYPERLINK("x")`, `-1, "two"`, `Zoë;"=cmd|x`} {
			body, _ := json.Marshal(map[string]any{"carId": "ferrari-296-gtb", "startDate": fmt.Sprintf("2027-09-%d", 10+4*i), "endDate": fmt.Sprintf("2027-09-%d", 12+4*i),
				"customer": map[string]any{"firstName": name, "lastName": "@SUM", "email": fmt.Sprintf("=x%d@example.com", i), "phone": "+1 305 555 0142"}})
			if rec := s.do(call{method: "POST", path: "/api/bookings", as: adminToken, body: string(body)}); rec.Code != http.StatusCreated {
				t.Fatalf("%s: %d %s", name, rec.Code, rec.Body)
			}
		}
		rec := s.do(call{method: "GET", path: "/api/admin/bookings.csv?startDate=2027-09-01&endDate=2027-09-30&search=example", as: adminToken})
		observed(t, "the export", rec)
		if h := rec.Header(); rec.Code != 200 || h.Get("Content-Type") != "text/csv; charset=utf-8; header=present" || h.Get("Content-Disposition") != `attachment; filename="bookings.csv"` || h.Get("Cache-Control") != "no-store" || h.Get("X-Cache") != "BYPASS" {
			t.Errorf("%d %v", rec.Code, h)
		}
		if strings.Count(rec.Body.String(), "\n") != strings.Count(rec.Body.String(), "\r\n") {
			t.Errorf("a line ends without a return: %q", rec.Body)
		}
		rows := table(t, rec.Body)
		if len(rows) != 4 {
			t.Fatalf("%d lines: %q", len(rows), rows)
		}
		column := func(name string) (cells []string) {
			for _, row := range rows[1:] {
				cells = append(cells, row[slices.Index(rows[0], name)])
			}
			return cells
		}
		for name, want := range map[string][]string{
			"firstName": {"Zoë;\"'=cmd|x", `'-1, "two"`, `'=HYPERLINK("x")`}, "lastName": {"'@SUM", "'@SUM", "'@SUM"}, "phone": {"'+1 305 555 0142", "'+1 305 555 0142", "'+1 305 555 0142"},
			"email": {"'=x2@example.com", "'=x1@example.com", "'=x0@example.com"}, "firstDay": {"2027-09-18", "2027-09-14", "2027-09-10"}, "lastDay": {"2027-09-19", "2027-09-15", "2027-09-11"},
			"days": {"2", "2", "2"}, "currency": {"USD", "USD", "USD"}, "state": {"held", "held", "held"},
		} {
			if got := column(name); !slices.Equal(got, want) {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		if total := column("total")[0]; strings.Count(total, ".") != 1 || len(total) < 5 || column("owed")[0] != total || column("due")[0] != total {
			t.Errorf("a total is %s, and %s is owed, %s due", total, column("owed")[0], column("due")[0])
		}
		home := read[exodrive.CarDetails](t, "the car", s.do(call{method: "GET", path: "/api/cars/ferrari-296-gtb"}), 200).Location.Name
		for name, want := range map[string]string{"paid": "0.00", "giveBack": "0.00", "pickupLocation": home, "returnLocation": home} {
			if got := column(name)[0]; got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		problem(t, "a wrong state", s.do(call{method: "GET", path: "/api/admin/bookings.csv?state=lost", as: adminToken}), 400, "invalid")
	})
}

// manyBookings copies one booking that takes no days.
func (s *server) manyBookings(t testing.TB, n int) {
	t.Helper()
	token := s.booked(t, 20)
	id, _, _ := strings.Cut(token, ".")
	b, err := s.store.Booking(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	copies := make([]exodrive.Booking, n)
	for i := range copies {
		copies[i] = *b
		copies[i].ID, copies[i].State, copies[i].HoldUntil = exodrive.NewID(exodrive.BookingID, now, uint32(i)), exodrive.Cancelled, time.Time{} //nolint:gosec // small
	}
	if err := s.store.Tx(context.Background(), func(tx *sqlstore.Tx) error { return tx.InsertBookings(context.Background(), copies) }); err != nil {
		t.Fatal(err)
	}
}

// An export of thousands begins at once, before its last rows are read, and a reader
// who goes away ends it: what he did not wait for is never asked for.
//
// Red when: all rows are read before the first is written; the writer goes on for nobody.
func TestExportIsStreamed(t *testing.T) {
	t.Parallel()
	eachServer(t, func(t *testing.T, s *server) {
		const batch, batches = 500, 5
		s.manyBookings(t, batch*batches)
		web := httptest.NewServer(s)
		defer web.Close()
		get := func(ctx context.Context) *http.Response {
			r, _ := http.NewRequestWithContext(ctx, http.MethodGet, web.URL+"/api/admin/bookings.csv?state=cancelled&email=maria20@example.com", nil)
			r.Header.Set("Authorization", "Bearer "+adminToken)
			resp, err := web.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			return resp
		}
		whole := get(t.Context())
		if n := len(table(t, whole.Body)); n != batch*batches+1 {
			t.Errorf("the export has %d lines", n)
		}
		_ = whole.Body.Close()

		// The third batch waits at the gate; what came before is here already.
		var read atomic.Int32
		asked, gate := make(chan struct{}), make(chan struct{})
		watch := func(text string) {
			if strings.Contains(text, "ORDER BY b.start_date DESC") && read.Add(1) == 3 {
				close(asked)
				<-gate
			}
		}
		s.watch.Store(&watch)
		ctx, leave := context.WithTimeout(t.Context(), patience)
		defer leave()
		resp := get(ctx)
		lines := bufio.NewScanner(resp.Body)
		for n := range 1 + 2*batch {
			if !lines.Scan() {
				t.Fatalf("only %d lines came before the third batch was read: %v", n, lines.Err())
			}
		}
		<-asked
		leave()
		_ = resp.Body.Close()
		close(gate)
		web.Close() // waits for the answer's end
		if n := read.Load(); n != 3 {
			t.Errorf("%d batches were read for a reader who left at the third", n)
		}
	})
}

// What is stored wrong is a fault of the house, and told as one: an export that has not
// begun is a 500, one that has is cut, so that nobody takes it for the whole.
//
// Red when: a stored day that is none is answered as a wrong parameter; an export ends
// well at a row that cannot be read.
func TestExportOfWhatIsStoredWrong(t *testing.T) {
	t.Parallel()
	eachServer(t, func(t *testing.T, s *server) {
		s.manyBookings(t, 600)
		web := httptest.NewServer(s)
		defer web.Close()
		path := "/api/admin/bookings.csv?state=cancelled&email=maria20@example.com"
		db := s.prompt(t)
		spoil := func(order string) {
			t.Helper()
			const which = `(SELECT id FROM bookings WHERE state = 'cancelled' AND email = 'maria20@example.com' ORDER BY id `
			if _, err := db.ExecContext(t.Context(), `UPDATE bookings SET end_date = '2999-99-99', blocked_until = '2999-99-99' WHERE id = `+which+order+` LIMIT 1)`); err != nil {
				t.Fatal(err)
			}
		}
		spoil("ASC") // the last one
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, web.URL+path, nil)
		r.Header.Set("Authorization", "Bearer "+adminToken)
		resp, err := web.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK || err == nil || !strings.HasPrefix(string(body), "id,state") {
			t.Errorf("an export that fails after its first batch is answered %d with %d bytes, and ends with %v", resp.StatusCode, len(body), err)
		}
		spoil("DESC")
		problem(t, "one that fails at once", s.do(call{method: "GET", path: path, as: adminToken}), 500, "internal")
	})
}
