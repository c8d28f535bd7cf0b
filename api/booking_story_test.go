package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/rental"
)

// statusOfDays is what a car's calendar says of some days.
func (s *server) statusOfDays(t testing.TB, car, from, to string) map[string]exodrive.DayStatus {
	t.Helper()
	days := map[string]exodrive.DayStatus{}
	rec := s.do(call{method: "GET", path: "/api/cars/" + car + "/availability?startDate=" + from + "&endDate=" + to})
	for _, d := range read[exodrive.Availability](t, "the calendar of "+car, rec, 200).Days {
		days[d.Date.String()] = d.Status
	}
	return days
}

type found[T any] struct {
	Items      []T
	Pagination exodrive.Pagination
}

// From the calendar to the booking and back: what is free can be booked, what is booked is
// nobody else's, who was too late learns what is free instead, the link shows the booking
// and cancels it, and then its days are free again. Staff finds it with all that happened.
func TestFromCalendarToBooking(t *testing.T) {
	eachServer(t, func(t *testing.T, s *server) {
		const car = "ferrari-296-gtb"
		if days := s.statusOfDays(t, car, "2027-06-01", "2027-06-05"); days["2027-06-01"] != exodrive.DayAvailable || days["2027-06-05"] != exodrive.DayAvailable {
			t.Fatalf("the days are not free: %v", days)
		}
		customers := func() int {
			return read[found[struct{}]](t, "customers", s.do(call{method: "GET", path: "/api/admin/customers", as: adminToken}), 200).Pagination.Total
		}
		before := customers()
		quoted := read[exodrive.SignedQuote](t, "a quote", s.post(t, "/api/quotes", asked(members{"customer": nil})), 200)
		rec := s.post(t, "/api/bookings", asked(members{"quote": quoted.Text, "expectedTotal": quoted.Total}))
		b := read[rental.BookingView](t, "the booking", rec, 201)
		if rec.Header().Get("Location") != "/api/bookings/"+b.Token || b.State != exodrive.Held || b.Total != quoted.Total {
			t.Errorf("the booking: %v %+v", rec.Header(), b)
		}
		if days := s.statusOfDays(t, car, "2027-06-01", "2027-06-05"); days["2027-06-01"] != exodrive.DayHeld || days["2027-06-04"] != exodrive.DayHeld || days["2027-06-05"] != exodrive.DayMaintenance {
			t.Errorf("held, with a turnaround of one day: %v", days)
		}

		late := asked(members{"startDate": "2027-06-03", "endDate": "2027-06-07", "customer": members{"firstName": "Cher", "email": "MARIA@example.com", "phone": "+1 305 555 0142"}})
		p := problem(t, "the second", s.post(t, "/api/bookings", late), 409, "dates_taken")
		if p.Refusal == nil || len(p.TakenDays) != 3 || p.TakenDays[0].String() != "2027-06-03" || len(p.Alternatives.OtherDays) == 0 || len(p.Alternatives.OtherCars) == 0 {
			t.Fatalf("who was too late is told %+v", p.Refusal)
		}
		instead := p.Alternatives.OtherDays[0]
		late["startDate"], late["endDate"] = instead.StartDate, instead.EndDate
		if second := read[rental.BookingView](t, "the alternative", s.post(t, "/api/bookings", late), 201); second.Customer.FirstName != "Cher" || second.Customer.LastName != "" {
			t.Errorf("a customer with one name: %+v", second.Customer)
		}
		if n := customers(); n != before+1 {
			t.Errorf("one address in two spellings is %d customers", n-before)
		}

		mine := read[rental.BookingView](t, "its link", s.do(call{method: "GET", path: "/api/bookings/" + b.Token}), 200)
		if mine.ID != b.ID || len(mine.Lines) != len(quoted.Lines) || len(mine.Cancellation) == 0 {
			t.Errorf("the link shows %+v", mine)
		}
		s.admin(t, "POST", "/api/admin/bookings/"+b.ID+"/confirm", "")
		problem(t, "confirmed twice", s.do(call{method: "POST", path: "/api/admin/bookings/" + b.ID + "/confirm", as: adminToken}), 409, "conflict")
		if days := s.statusOfDays(t, car, "2027-06-01", "2027-06-05"); days["2027-06-01"] != exodrive.DayBooked {
			t.Errorf("confirmed: %v", days)
		}
		rows := read[found[exodrive.BookingRow]](t, "staff's list", s.do(call{method: "GET", path: "/api/admin/bookings?email=maria@example.com", as: adminToken}), 200)
		if rows.Pagination.Total != 2 || len(rows.Items) != 2 || !slices.ContainsFunc(rows.Items, func(r exodrive.BookingRow) bool { return r.ID == b.ID && r.Total == b.Total }) {
			t.Errorf("staff finds %+v", rows)
		}
		if got := read[rental.BookingView](t, "cancelled", s.post(t, "/api/bookings/"+b.Token+"/cancel", ""), 200); got.State != exodrive.Cancelled {
			t.Errorf("cancelled: %+v", got)
		}
		problem(t, "cancelled twice", s.post(t, "/api/bookings/"+b.Token+"/cancel", ""), 409, "conflict")
		if days := s.statusOfDays(t, car, "2027-06-01", "2027-06-05"); days["2027-06-01"] != exodrive.DayAvailable || days["2027-06-04"] != exodrive.DayAvailable {
			t.Errorf("after it was cancelled: %v", days)
		}
		record := read[rental.BookingRecord](t, "its record", s.do(call{method: "GET", path: "/api/admin/bookings/" + b.ID, as: adminToken}), 200)
		happened := []string{}
		for _, e := range record.Events {
			happened = append(happened, e.Event)
		}
		if slices.Sort(happened); strings.Join(happened, " ") != "book cancel confirm" {
			t.Errorf("what happened to it: %v", happened)
		}
	})
}

// A calendar of a day or a month shows days that somebody has, gaps between them as free,
// maintenance as such, and nothing of bookings that were cancelled.
func TestCalendarOfBookings(t *testing.T) {
	eachServer(t, func(t *testing.T, s *server) {
		const car = "ferrari-296-gtb"
		id := s.idOf(t, "/api/cars/"+car)
		s.admin(t, "POST", "/api/admin/cars/"+id+"/blocks", `{"startDate":"2027-06-20","endDate":"2027-06-21"}`)
		read[rental.BookingView](t, "a booking", s.post(t, "/api/bookings", asked(nil)), 201)
		gone := read[rental.BookingView](t, "another", s.post(t, "/api/bookings", asked(members{"startDate": "2027-06-10", "endDate": "2027-06-14"})), 201)
		read[rental.BookingView](t, "cancelled", s.post(t, "/api/bookings/"+gone.Token+"/cancel", ""), 200)
		if one := s.statusOfDays(t, car, "2027-06-02", "2027-06-02"); len(one) != 1 || one["2027-06-02"] != exodrive.DayHeld {
			t.Errorf("one day: %v", one)
		}
		month := s.statusOfDays(t, car, "2027-06-01", "2027-06-30")
		for day := 1; day <= 30; day++ {
			want := exodrive.DayAvailable
			switch {
			case day <= 4:
				want = exodrive.DayHeld
			case day == 5, day == 20, day == 21: // turnaround, and the workshop
				want = exodrive.DayMaintenance
			}
			if got := month[fmt.Sprintf("2027-06-%02d", day)]; got != want {
				t.Errorf("June %d is %s, want %s", day, got, want)
			}
		}
	})
}

// A calendar that cannot be read whole is refused, whichever part failed; it never says
// that a day is free.
//
// Red when: a part of the calendar that fails is left out.
func TestNoCalendarWithoutADatabase(t *testing.T) {
	eachServer(t, func(t *testing.T, s *server) {
		const path = "/api/cars/ferrari-296-gtb/availability?startDate=2027-06-01&endDate=2027-06-30"
		db := s.prompt(t)
		for _, table := range []string{"car_availability", "car_prices", "price_rules"} {
			if _, err := db.ExecContext(t.Context(), `ALTER TABLE `+table+` RENAME TO away`); err != nil {
				t.Fatal(err)
			}
			rec := s.do(call{method: "GET", path: path})
			problem(t, "without "+table, rec, 500, "internal")
			if _, err := db.ExecContext(t.Context(), `ALTER TABLE away RENAME TO `+table); err != nil {
				t.Fatal(err)
			}
		}
		if rec := s.do(call{method: "GET", path: path}); rec.Code != 200 {
			t.Errorf("with all of them: %d %s", rec.Code, rec.Body)
		}
		s.store.Close()
		if rec := s.do(call{method: "GET", path: "/api/cars/ferrari-296-gtb/availability?startDate=2027-07-01&endDate=2027-07-31"}); rec.Code < 500 || strings.Contains(rec.Body.String(), `"available"`) {
			t.Errorf("without a database: %d %s", rec.Code, rec.Body)
		}
	})
}

// What is booked, confirmed or cancelled of one car makes its calendar, the lists with
// dates and the counts new; calendars of other cars, pages of cars and lists without dates
// stay cached.
//
// Red when: taken days raise every calendar; a booking raises its car's details.
func TestBookingsTouchTheirCar(t *testing.T) {
	eachServer(t, func(t *testing.T, s *server) {
		paths := []string{"/api/cars", dated, ferrari, ferrari + days, ferrari + "/reviews", porsche, porsche + days, "/api/fleet/counts"}
		touched := []string{dated, ferrari + days, "/api/fleet/counts"}
		var b rental.BookingView
		car := strings.TrimPrefix(ferrari, "/api/cars/")
		for _, write := range []struct {
			name string
			do   func()
		}{
			{"booked", func() {
				b = read[rental.BookingView](t, "a booking", s.post(t, "/api/bookings", asked(members{"carId": car, "startDate": "2027-03-03", "endDate": "2027-03-06"})), 201)
			}},
			{"confirmed", func() { s.admin(t, "POST", "/api/admin/bookings/"+b.ID+"/confirm", "") }},
			{"cancelled", func() {
				read[rental.BookingView](t, "cancelled", s.post(t, "/api/bookings/"+b.Token+"/cancel", ""), 200)
			}},
		} {
			for _, path := range paths {
				s.outcome(t, path)
				if got := s.outcome(t, path); got != "HIT" {
					t.Errorf("before it is %s: the second read of %s is a %s", write.name, path, got)
				}
			}
			write.do()
			for _, path := range paths {
				want := "HIT"
				if slices.Contains(touched, path) {
					want = "MISS"
				}
				if got := s.outcome(t, path); got != want {
					t.Errorf("when it is %s, %s is a %s, want %s", write.name, path, got, want)
				}
			}
		}
	})
}
