package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/rental"
)

// The cases that the first ExoDrive was to pass, and where each is tried:
//
//	bad JSON, missing fields, bad e-mail, bad and reversed dates,
//	negative price, past date, minimum days, hidden and unavailable
//	car, unknown car                          TestWrongBookings, TestBrokenBookings
//	lock contention is a 409 to try again     TestBusyCar; rental: TestBookABusyCar
//	a lock is always released                 sqlstore: TestARowThatSomebodyHas; rental: TestBookABusyCar
//	taken dates come with their list          TestFromCalendarToBooking
//	cached answers go with the booking        TestBookingsTouchTheirCar
//	a single-word name                        TestWrongBookings, rental: TestBookCustomer, exodrive: TestSignature
//	a customer is found by address, any case  TestFromCalendarToBooking
//	calendar, 201, second 409, link valid,
//	event logged, dates held, cancel restores TestFromCalendarToBooking
//	an expired hold frees its dates           rental: TestHoldsEnd
//	the 237.60 case, weekend dearer           exodrive: TestPriceReference, TestRatesDay
//	minimum days, tampered price refused,
//	right one accepted (defect 8)             TestWrongBookings, TestQuotesEnd
//	a state that cannot follow                TestFromCalendarToBooking; exodrive: TestEveryStateAndEvent
//	totals of the list of staff               TestFromCalendarToBooking
//	edit, next list and details fresh (4)     TestP1WritesAreSeenAtOnce
//	car A booked, car B still cached (5)      TestBookingsTouchTheirCar
//	overlapping unequal ranges (7)            rental: TestBookRaces
//	parameters of a calendar, its limit,
//	unknown car                               TestWrongParameters, TestUnknownCars
//	one day, a month, gaps, bookings,
//	maintenance, cancelled ones ignored       TestCalendarOfBookings; rental: TestAvailabilityPerDay
//	a database that fails is never "free"     TestNoCalendarWithoutADatabase
//
// That mail which fails fails no booking, and the rules of capture, come with mail and
// payment.

// members are those of a JSON object.
type members = map[string]any

// asked is the body of a booking on days that nobody has, with members replaced; nil
// takes one away.
func asked(changes members) members {
	all := members{
		"carId": "ferrari-296-gtb", "startDate": "2027-06-01", "endDate": "2027-06-05",
		"customer": members{"firstName": "Maria", "lastName": "Keller", "email": "maria@example.com", "phone": "+1 305 555 0142"},
	}
	for name, v := range changes {
		if all[name] = v; v == nil {
			delete(all, name)
		}
	}
	return all
}

// post sends a body; a text is sent as it is.
func (s *server) post(t testing.TB, path string, body any, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	text, ok := body.(string)
	if !ok {
		b, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		text = string(b)
	}
	return s.do(call{method: http.MethodPost, path: path, body: text, headers: headers})
}

// read decodes an answer, which must have a status.
func read[T any](t testing.TB, what string, rec *httptest.ResponseRecorder, status int) (v T) {
	t.Helper()
	if err := json.Unmarshal(rec.Body.Bytes(), &v); err != nil || rec.Code != status {
		t.Fatalf("%s is answered %d, want %d: %s", what, rec.Code, status, rec.Body)
	}
	return v
}

func (s *server) admin(t testing.TB, method, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	rec := s.do(call{method: method, path: path, body: body, as: adminToken})
	if rec.Code >= 300 {
		t.Fatalf("%s %s is answered %d %s", method, path, rec.Code, rec.Body)
	}
	return rec
}

// What cannot be booked is refused with a code for programs, a sentence for people, and
// the member that is wrong; nothing of it is kept.
func TestWrongBookings(t *testing.T) {
	s := anyServer(t, false)
	s.admin(t, "POST", "/api/admin/coupons", `{"code":"SPENT","percent":10,"maxUses":1}`)
	s.admin(t, "POST", "/api/admin/coupons", `{"code":"OLD","percent":10,"validUntil":"2026-12-31"}`)
	other := read[exodrive.CarDetails](t, "another car", s.do(call{method: "GET", path: "/api/cars/ferrari-roma"}), 200)
	s.admin(t, "POST", "/api/admin/coupons", fmt.Sprintf(`{"code":"OTHER","percent":10,"carId":%q}`, other.ID))
	read[rental.BookingView](t, "the coupon's last use", s.post(t, "/api/bookings", asked(members{"startDate": "2027-09-01", "endDate": "2027-09-05", "coupon": "spent"})), 201)
	db := s.prompt(t)
	if _, err := db.ExecContext(t.Context(), `UPDATE cars SET available = FALSE WHERE slug = 'mclaren-artura'`); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `UPDATE cars SET minimum_days = 3 WHERE slug = 'ferrari-roma'`); err != nil {
		t.Fatal(err)
	}
	quoted := read[exodrive.SignedQuote](t, "a quote", s.post(t, "/api/quotes", asked(members{"customer": nil})), 200)
	forged := quoted.Text[:len(quoted.Text)-2] + "AA"
	customer := func(changes members) members {
		c := maps.Clone(asked(nil)["customer"].(members))
		for name, v := range changes {
			if c[name] = v; v == nil {
				delete(c, name)
			}
		}
		return members{"customer": c}
	}
	before := written(t, db)
	for _, test := range []struct {
		name    string
		changes members
		status  int
		code    string
		pointer string
		say     string
	}{
		// Days.
		{"no days", members{"startDate": nil}, 400, "invalid", "#/startDate", "It is missing."},
		{"no day", members{"startDate": "soon"}, 400, "invalid", "#/startDate", "YYYY-MM-DD"},
		{"a day that is none", members{"endDate": "2027-02-30"}, 400, "invalid", "#/endDate", "YYYY-MM-DD"},
		{"past days", members{"startDate": "2026-11-20", "endDate": "2026-11-24"}, 400, "invalid", "#/startDate", "in the past"},
		{"an hour that is over", members{"startDate": "2026-11-23", "endDate": "2026-11-26", "pickupTime": "05:00"}, 400, "invalid", "#/pickupTime", "is over in"},
		{"reversed days", members{"startDate": "2027-06-05", "endDate": "2027-06-01"}, 400, "invalid", "#/endDate", "after"},
		{"too short", members{"carId": "ferrari-roma", "endDate": "2027-06-02"}, 400, "invalid", "#/endDate", "at least 3 days; you asked for 1"},
		{"too long", members{"endDate": "2027-08-31"}, 400, "invalid", "#/endDate", "at most 90 days; you asked for 91"},
		{"too far ahead", members{"startDate": "2028-05-15", "endDate": "2028-05-18"}, 400, "invalid", "#/endDate", "up to 540 days ahead, until 2028-05-16"},
		// The car.
		{"no car", members{"carId": nil}, 400, "invalid", "#/carId", "It is missing."},
		{"no such car", members{"carId": "no-such-car"}, 404, "not_found", "#/carId", "no such car"},
		{"a hidden car", members{"carId": hiddenCar}, 404, "not_found", "#/carId", "no such car"},
		{"a car in service", members{"carId": "mclaren-artura"}, 409, "conflict", "#/carId", "not for rent"},
		// Who drives, where and with what.
		{"a driver too young", members{"driverBirthDate": "2004-06-02"}, 400, "invalid", "#/driverBirthDate", "at least 25 years old"},
		{"a place that is none", members{"returnLocation": "atlantis"}, 400, "invalid", "#/returnLocation", `no place "atlantis"`},
		{"a place that is another", members{"pickupLocation": "new-york"}, 400, "invalid", "#/pickupLocation", "where it lives"},
		{"an extra that is none", members{"extras": []members{{"id": "ext_01kas0f3m2x7h9tq", "quantity": 1}}}, 400, "invalid", "#/extras/0/id", "no extra"},
		{"no extra at all", members{"extras": []members{{"id": "ext_01kas0f3m2x7h9tq", "quantity": 0}}}, 400, "invalid", "#/extras/0/quantity", "at least 1"},
		// Coupons.
		{"no such coupon", members{"coupon": "NEVER"}, 400, "invalid", "#/coupon", `no coupon "NEVER"`},
		{"a coupon for another car", members{"coupon": "other"}, 400, "invalid", "#/coupon", "for another car"},
		{"a coupon of the past", members{"coupon": "OLD"}, 400, "invalid", "#/coupon", "until 2026-12-31"},
		{"a coupon that is spent", members{"coupon": "Spent"}, 409, "conflict", "#/coupon", "used up"},
		// The price.
		{"another total", members{"expectedTotal": members{"amount": quoted.Total.Amount - 1, "currency": "USD"}}, 409, "price_changed", "#/expectedTotal", "have changed"},
		{"another currency", members{"expectedTotal": members{"amount": quoted.Total.Amount, "currency": "EUR"}}, 409, "price_changed", "#/expectedTotal", "have changed"},
		{"a negative price", members{"price": -5}, 400, "invalid", "#/price", "no member of this name"},
		{"a forged quote", members{"quote": forged}, 400, "invalid", "#/quote", "no quote of ours"},
		{"a quote that is none", members{"quote": "x"}, 400, "invalid", "#/quote", "no quote of ours"},
		{"a quote for another trip", members{"quote": quoted.Text, "endDate": "2027-06-06"}, 400, "invalid", "#/quote", "for another trip"},
		// The customer.
		{"nobody", members{"customer": nil}, 400, "invalid", "#/customer", "It is missing."},
		{"no name", customer(members{"firstName": nil}), 400, "invalid", "#/customer/firstName", "It is missing."},
		{"a name of spaces", customer(members{"firstName": " "}), 400, "invalid", "#/customer/firstName", "first name is needed"},
		{"no e-mail address", customer(members{"email": "maria at example"}), 400, "invalid", "#/customer/email", "is not an e-mail address"},
		{"no number", customer(members{"phone": "call me"}), 400, "invalid", "#/customer/phone", "at least 5 digits"},
		{"another way of payment", members{"payment": "shells"}, 400, "invalid", "#/payment", "counter"},
	} {
		p := problem(t, test.name, s.post(t, "/api/bookings", asked(test.changes)), test.status, test.code)
		if len(p.Errors) == 0 || p.Errors[0].Pointer != test.pointer || !strings.Contains(p.Errors[0].Message, test.say) {
			t.Errorf("%s is refused with %q and %+v, want %s: %s", test.name, p.Detail, p.Errors, test.pointer, test.say)
		}
		if test.code == "price_changed" && (p.Refusal == nil || p.NewQuote == nil || p.NewQuote.Total != quoted.Total) {
			t.Errorf("%s: the refusal says %+v", test.name, p.Refusal)
		}
		if slices.Contains([]string{"customer", "price", "quote", "expectedTotal", "payment"}, strings.Split(test.pointer, "/")[1]) {
			continue // a quote knows none of these
		}
		body := asked(test.changes)
		delete(body, "customer")
		if p := problem(t, test.name+", quoted", s.post(t, "/api/quotes", body), test.status, test.code); len(p.Errors) == 0 || p.Errors[0].Pointer != test.pointer {
			t.Errorf("%s is refused a quote with %+v, want %s", test.name, p.Errors, test.pointer)
		}
	}
	if now := written(t, db); now != before {
		t.Errorf("refusals left something behind: %s, before %s", now, before)
	}
	p := problem(t, "two faults", s.post(t, "/api/bookings", asked(customer(members{"firstName": " ", "email": "x y", "phone": "12345"}))), 400, "invalid")
	if len(p.Errors) != 2 {
		t.Errorf("all faults at once are told as %+v", p.Errors)
	}
}
