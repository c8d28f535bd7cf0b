package e2e_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"
)

// thing is something of the fleet with a state that changes: its register is what
// was written, by SQL or through the API, and the pages show it.
type thing struct {
	*register
	*kind
	carID, slug string
	reviewID    string
	date        string // of the calendar

	// One writer at a time; the rest is his.
	writing sync.Mutex
	row     int64          // version of the car's row, for If-Match; 0 when it is not known
	input   map[string]any // what is entered of the car
}

// kind is what things of a sort have in common.
type kind struct {
	what string
	// state is what version n of the thing is. Where it has only two states, a
	// write every second would hide every lie from the checker, so it is seldom written.
	state  func(n int) string
	seldom bool
	// sql writes the state after the car's row is locked; look reads it.
	sql  func(ctx context.Context, tx *sql.Tx, th *thing, state string) error
	look string // $1 is the thing's key
	key  func(th *thing) string
	// request writes the state through the API; nil: that cannot be done.
	request func(th *thing, state string) (method, path string, body any)
	// guarded requests have If-Match, so none can take effect after a later write.
	guarded bool
}

func numbered(format string) func(int) string {
	return func(n int) string { return fmt.Sprintf(format, n) }
}

func either(even, odd string) func(int) string {
	return func(n int) string { return [...]string{even, odd}[n%2] }
}

func carKey(th *thing) string    { return th.carID }
func reviewKey(th *thing) string { return th.reviewID }
func dayKey(th *thing) string    { return th.carID + th.date }

func change(text string, args ...any) func(context.Context, *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, text, args...)
		return err
	}
}

var (
	carText = &kind{
		what: "car", state: numbered("version %d of this text"), key: carKey, guarded: true,
		sql: func(ctx context.Context, tx *sql.Tx, th *thing, state string) error {
			return change(`UPDATE cars SET short_description = $2 WHERE id = $1`, th.carID, state)(ctx, tx)
		},
		look: `SELECT short_description FROM cars WHERE id = $1`,
		request: func(th *thing, state string) (string, string, any) {
			th.input["shortDescription"] = state
			return http.MethodPut, "/api/admin/cars/" + th.carID, th.input
		},
	}
	carHidden = &kind{
		what: "hidden", state: either("shown", "hidden"), key: carKey, guarded: true, seldom: true,
		sql: func(ctx context.Context, tx *sql.Tx, th *thing, state string) error {
			return change(`UPDATE cars SET hidden = $2 WHERE id = $1`, th.carID, state == "hidden")(ctx, tx)
		},
		look: `SELECT CASE WHEN hidden THEN 'hidden' ELSE 'shown' END FROM cars WHERE id = $1`,
		request: func(th *thing, state string) (string, string, any) {
			return http.MethodPost, "/api/admin/cars/" + th.carID + map[string]string{"hidden": "/archive", "shown": "/restore"}[state], nil
		},
	}
	dayPrice = &kind{
		what: "price", state: func(n int) string { return strconv.Itoa(100_000 + n) }, key: dayKey,
		sql: func(ctx context.Context, tx *sql.Tx, th *thing, state string) error {
			amount, err := strconv.Atoi(state)
			if err != nil {
				return err
			}
			return change(`INSERT INTO car_prices (car_id, date, amount) VALUES ($1, $2, $3)
				ON CONFLICT (car_id, date) DO UPDATE SET amount = excluded.amount`, th.carID, th.date, amount)(ctx, tx)
		},
		look: `SELECT CAST(amount AS TEXT) FROM car_prices WHERE car_id || date = $1`,
		request: func(th *thing, state string) (string, string, any) {
			return http.MethodPut, "/api/admin/cars/" + th.carID + "/prices",
				map[string]any{"startDate": th.date, "endDate": th.date, "amount": json.Number(state)}
		},
	}
	dayBlock = &kind{
		what: "block", state: either("available", "maintenance"), key: dayKey, seldom: true,
		sql: func(ctx context.Context, tx *sql.Tx, th *thing, state string) error {
			if state == "available" {
				return change(`DELETE FROM car_availability WHERE car_id = $1 AND date = $2`, th.carID, th.date)(ctx, tx)
			}
			return change(`INSERT INTO car_availability (car_id, date, status) VALUES ($1, $2, $3)
				ON CONFLICT (car_id, date) DO NOTHING`, th.carID, th.date, state)(ctx, tx)
		},
		look: `SELECT CASE WHEN COUNT(*) > 0 THEN 'maintenance' ELSE 'available' END FROM car_availability WHERE car_id || date = $1`,
		request: func(th *thing, state string) (string, string, any) {
			path := "/api/admin/cars/" + th.carID + "/blocks"
			if state == "available" {
				return http.MethodDelete, path + "?startDate=" + th.date + "&endDate=" + th.date, nil
			}
			return http.MethodPost, path, map[string]any{"startDate": th.date, "endDate": th.date}
		},
	}
	reviewText = &kind{
		what: "review", state: numbered("version %d of this comment"), key: reviewKey,
		sql: func(ctx context.Context, tx *sql.Tx, th *thing, state string) error {
			return change(`UPDATE car_reviews SET comment = $2 WHERE id = $1`, th.reviewID, state)(ctx, tx)
		},
		look: `SELECT comment FROM car_reviews WHERE id = $1`,
	}
	reviewShown = &kind{
		what: "approval", state: either("approved", "refused"), key: reviewKey, seldom: true,
		sql: func(ctx context.Context, tx *sql.Tx, th *thing, state string) error {
			return change(`UPDATE car_reviews SET is_approved = $2 WHERE id = $1`, th.reviewID, state == "approved")(ctx, tx)
		},
		look: `SELECT CASE WHEN is_approved THEN 'approved' ELSE 'refused' END FROM car_reviews WHERE id = $1`,
		request: func(th *thing, state string) (string, string, any) {
			return http.MethodPost, "/api/admin/reviews/" + th.reviewID + map[string]string{"approved": "/approve", "refused": "/refuse"}[state], nil
		},
	}
)

// lockCar takes the row of a car on both engines, and tells its new version. The
// API locks the same row, so writes of one thing never overtake each other.
const lockCar = `UPDATE cars SET version = version + 1 WHERE id = $1 RETURNING version`

// cast picks the things from a fleet, each of a car of its own that is on every
// page, and writes their first versions.
func (w *world) cast(t *testing.T) {
	t.Helper()
	var listed struct {
		Cars []struct {
			ID, Slug    string
			ReviewCount int
		}
	}
	w.decode(t, "/api/cars?limit=50&startDate="+w.day+"&endDate="+w.after, &listed)
	for _, k := range []*kind{reviewText, reviewText, reviewShown, carText, carText, carText, carHidden, carHidden, dayPrice, dayPrice, dayBlock, dayBlock} {
		if len(listed.Cars) == 0 {
			t.Fatal("the demo fleet is too small")
		}
		// Cars are taken from the end; those with reviews come first in the list.
		at := len(listed.Cars) - 1
		reviewed := k == reviewText || k == reviewShown
		if reviewed {
			at = 0
		}
		c := listed.Cars[at]
		listed.Cars = append(listed.Cars[:at:at], listed.Cars[at+1:]...)
		th := &thing{kind: k, carID: c.ID, slug: c.Slug, date: w.day}
		if reviewed {
			var reviews struct{ Reviews []struct{ ID string } }
			w.decode(t, "/api/cars/"+c.ID+"/reviews", &reviews)
			if len(reviews.Reviews) == 0 {
				t.Fatalf("the car %s has no reviews", c.Slug)
			}
			th.reviewID = reviews.Reviews[0].ID
		}
		if k == carText {
			w.decode(t, "/api/admin/cars/"+c.ID, &th.input)
			for _, name := range []string{"id", "version", "hidden", "rating", "reviewCount", "createdAt", "updatedAt"} {
				delete(th.input, name)
			}
		}
		w.first(t, th)
		w.things = append(w.things, th)
	}
}

// first writes version 0 of a thing.
func (w *world) first(t *testing.T, th *thing) {
	t.Helper()
	state := th.state(0)
	th.register = newRegister(th.what+" of "+th.slug, state)
	tx, err := w.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback() //nolint:errcheck // after the commit it does nothing
	if err := tx.QueryRowContext(t.Context(), lockCar, th.carID).Scan(&th.row); err != nil {
		t.Fatal(err)
	}
	if err := th.sql(t.Context(), tx, th, state); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	th.versions[0].answered = w.now()
}

// decode reads a page, of the public or of administrators, that must be there.
func (w *world) decode(t *testing.T, path string, into any) {
	t.Helper()
	decodeFrom(t, w.nodes[0], path, into)
}

func decodeFrom(t *testing.T, n *node, path string, into any) {
	t.Helper()
	r, err := n.get(t.Context(), path, "Authorization: Bearer "+adminToken)
	if err != nil || r.status != http.StatusOK {
		t.Fatalf("GET %s: %v, %v", path, r, err)
	}
	if err := json.Unmarshal(r.body, into); err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
}
