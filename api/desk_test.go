package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/rental"
	"github.com/exodrive/exodrive/sqlstore"
)

// At the desk every wrong entry is told by its name, a payment without a key is refused
// and one that is sent twice is noted once, and staff sees what a block hits with how to
// reach the renter, who himself sees what he owes and nothing of the house's notes.
func TestDeskOverTheAPI(t *testing.T) {
	eachServer(t, func(t *testing.T, s *server) {
		token := s.booked(t, 0)
		id, _, _ := strings.Cut(token, ".")
		at := "/api/admin/bookings/" + id
		send := func(path, body string, headers ...string) call {
			return call{method: "POST", path: path, body: body, as: adminToken, headers: headers}
		}
		for what, c := range map[string]struct {
			call  call
			names string // pointer or parameter
		}{
			"no odometer":        {send(at+"/hand-over", `{"fuel":8}`), "#/odometer"},
			"a tank of nine":     {send(at+"/hand-over", `{"odometer":1,"fuel":9}`), "#/fuel"},
			"a word for fuel":    {send(at+"/take-back", `{"odometer":1,"fuel":"full"}`), "#/fuel"},
			"a time that is not": {send(at+"/take-back", `{"odometer":1,"fuel":1,"returnedAt":"yesterday"}`), "#/returnedAt"},
			"a charge of what":   {send(at+"/take-back", `{"odometer":1,"fuel":1,"charges":[{"label":"","amount":1}]}`), "#/charges/0/label"},
			"money without key":  {send(at+"/money", `{"action":"payment","amount":1}`), "Idempotency-Key"},
			"charge without key": {send(at+"/charges", `{"label":"x","amount":1}`), "Idempotency-Key"},
			"money of a kind":    {send(at+"/money", `{"action":"gift","amount":1}`, "Idempotency-Key: a"), "#/action"},
			"no amount":          {send(at+"/money", `{"action":"payment"}`, "Idempotency-Key: a"), "#/amount"},
			"a price of its own": {send(at+"/money", `{"action":"payment","amount":1,"currency":"EUR"}`, "Idempotency-Key: a"), "#/currency"},
		} {
			p := problem(t, what, s.do(c.call), 400, "invalid")
			if len(p.Errors) != 1 || p.Errors[0].Pointer+p.Errors[0].Parameter != c.names {
				t.Errorf("%s names %+v, want %s", what, p.Errors, c.names)
			}
		}
		problem(t, "a car that is held", s.do(send(at+"/hand-over", `{"odometer":40000,"fuel":8}`)), 409, "conflict")
		problem(t, "too much", s.do(send(at+"/money", `{"action":"payment","amount":9999999999}`, "Idempotency-Key: a")), 409, "conflict")

		pay := send(at+"/money", `{"action":"payment","amount":500,"note":"He seemed nervous."}`, "Idempotency-Key: a")
		for range 2 {
			rec := s.do(pay)
			var b struct {
				Account exodrive.Account
				Moves   []exodrive.MoneyMove
				Events  []exodrive.Happened
			}
			if err := json.Unmarshal(rec.Body.Bytes(), &b); err != nil || rec.Code != 200 || b.Account.Paid.Amount != 500 || len(b.Moves) != 1 || len(b.Events) != 3 {
				t.Errorf("paid: %d %s", rec.Code, rec.Body)
			}
		}
		pay.body = strings.Replace(pay.body, "500", "600", 1)
		problem(t, "the key again, for more", s.do(pay), 422, "key_reused")
		mine := s.do(call{method: "GET", path: "/api/bookings/" + token})
		if mine.Code != 200 || !strings.Contains(mine.Body.String(), `"It is paid in part: 5.00 USD."`) || strings.Contains(mine.Body.String(), "nervous") || strings.Contains(mine.Body.String(), `"events"`) {
			t.Errorf("the renter sees %s", mine.Body)
		}

		b, err := s.store.Booking(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		days := fmt.Sprintf(`{"startDate":%q,"endDate":%q`, b.Days.Start-1, b.Days.Start)
		rec := s.do(send("/api/admin/cars/"+b.CarID+"/blocks", days+"}"))
		if p := problem(t, "a block over a booking", rec, 409, "dates_taken"); p.Refusal == nil || len(p.Bookings) != 1 || p.Bookings[0].ID != id || p.Bookings[0].Customer.Phone != b.Contact.Phone {
			t.Errorf("the block hits %s", rec.Body)
		}
		rec = s.do(send("/api/admin/cars/"+b.CarID+"/blocks", days+`,"dryRun":true}`))
		if rec.Code != 200 || !strings.Contains(rec.Body.String(), `"days":0,"dryRun":true`) || !strings.Contains(rec.Body.String(), id) {
			t.Errorf("beforehand: %d %s", rec.Code, rec.Body)
		}
	})
}

// A booking that was not made here, as those of a generated fleet, has no terms that were
// accepted; what staff reads of it fits the document all the same, with the pick-up where and when it
// is, a line for its price and what cancelling costs.
//
// Red when: the terms are shown as they are stored.
func TestABookingFromElsewhere(t *testing.T) {
	eachServer(t, func(t *testing.T, s *server) {
		d := readDocument(t)
		read := operation{method: "GET", path: "/api/admin/bookings/{bookingId}"}
		var list struct{ Items []struct{ ID string } }
		if rec := s.do(call{method: "GET", path: "/api/admin/bookings?limit=20", as: adminToken}); json.Unmarshal(rec.Body.Bytes(), &list) != nil || len(list.Items) != 20 {
			t.Fatalf("bookings: %d %s", rec.Code, rec.Body)
		}
		for _, item := range list.Items {
			b := s.fromElsewhere(t, item.ID)
			rec := s.do(call{method: "GET", path: "/api/admin/bookings/" + item.ID, as: adminToken})
			d.fits(t, item.ID, read.place("responses", "200", "content", "application/json", "schema"), rec.Body.Bytes())
			var got rental.BookingRecord
			if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil || got.Pickup.Wall() != b.PickupAt || got.Return.Location.ID != b.ReturnPlace || got.Pickup.Location.City == "" {
				t.Errorf("%s is read as %+v, %v", item.ID, got.BookingTerms, err)
			}
			if len(got.Lines) != 1 || got.Lines[0].Amount != b.Total || len(got.Cancellation) == 0 {
				t.Errorf("%s: %+v for %+v", item.ID, got.Lines, got.Cancellation)
			}
		}
	})
}

// fromElsewhere takes the terms and the lines of a booking away, as if it had been made
// elsewhere.
func (s *server) fromElsewhere(t testing.TB, id string) *exodrive.Booking {
	t.Helper()
	ctx := context.Background()
	b, err := s.store.Booking(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	b.Trip, b.Terms = exodrive.TripRequest{}, exodrive.BookingTerms{}
	err = s.store.Tx(ctx, func(tx *sqlstore.Tx) error {
		if err := tx.DeleteLines(ctx, id); err != nil {
			return err
		}
		return tx.ChangeBooking(ctx, b)
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}
