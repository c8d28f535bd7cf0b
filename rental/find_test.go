package rental_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/rental"
)

// booked books days of a car, each for one person, and returns the bookings.
func (w *world) booked(t testing.TB, contacts ...exodrive.Contact) (all []*rental.BookingView) {
	t.Helper()
	for _, c := range contacts {
		r := rental.BookRequest{TripRequest: freeTrip(t, w, anyCar, 2), Customer: c}
		b, err := w.Book(t.Context(), admin, r, rental.Call{})
		if err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
		all = append(all, b)
	}
	return all
}

// people have names that are spelled in many ways.
var people = []exodrive.Contact{
	{FirstName: "Maria", LastName: "Keller", Email: "maria@example.com", Phone: "+1 (305) 555-0142"},
	{FirstName: "Jürgen", LastName: "ÖZTÜRK", Email: "j.ozturk@example.org", Phone: "0049/89.1234567"},
	{FirstName: "100%", LastName: "O'Brien_Smith", Email: "o_brien@example.org", Phone: "055 501 999"},
	{FirstName: "Σωκράτης", LastName: "", Email: "sokrates@example.org", Phone: "12345"},
}

// whoIsFound says which of the people a search finds.
var whoIsFound = []struct {
	search string
	people []int
}{
	{"keller", []int{0}}, {"KELLER", []int{0}}, {"ria kel", []int{0}}, {"maria@EXAMPLE", []int{0}}, {"3055550142", []int{0}}, {"555-01", []int{0, 2}}, {"(305)", []int{0}}, {"+1", []int{0}},
	{"öztürk", []int{1}}, {"Öztürk", []int{1}}, {"JÜRG", []int{1}}, {"ozturk", []int{1}}, {"ZTÜR", []int{1}}, {"49891234567", []int{1}}, {"004989 1234", []int{1}},
	{"%", []int{2}}, {"o'brien_", []int{2}}, {`\`, nil}, {"%a", nil}, {"'", []int{2}},
	{"σωκράτησ", []int{3}}, {"ΣΩΚΡΆΤΗΣ", []int{3}}, {"nobody", nil}, {"zzz' OR 1=1 --", nil},
	{"example.org", []int{1, 2, 3}},
}

// Staff finds a booking by any part of a name, an address or a number, in whatever case
// it remembers it, on either engine the same ones; so it finds customers.
//
// Red when: letters beyond A to Z are not folded; a sign of LIKE is not escaped; a number is looked for as it is written.
func TestSearchForPeople(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		all := w.booked(t, people...)
		mine := map[string]int{}
		for i, b := range all {
			mine[b.ID] = i
			mine[people[i].Email] = i
		}
		for _, f := range whoIsFound {
			rows, total, err := w.Bookings(t.Context(), admin, exodrive.BookingQuery{Search: f.search, CarID: all[0].Car.ID, From: all[0].FirstDay}, firstPage)
			got := []int{}
			for _, row := range rows {
				got = append(got, mine[row.ID])
			}
			if slices.Sort(got); err != nil || total != len(rows) || !slices.Equal(got, f.people) {
				t.Errorf("%q finds the bookings %v of %d (%v), want %v", f.search, got, total, err, f.people)
			}
			customers, total, err := w.Customers(t.Context(), admin, exodrive.CustomerQuery{Search: f.search}, firstPage)
			got = got[:0]
			for _, c := range customers {
				if i, ok := mine[c.Email]; ok {
					got = append(got, i)
				}
			}
			if slices.Sort(got); err != nil || total < len(customers) || !slices.Equal(got, f.people) && len(customers) < total {
				t.Errorf("%q finds the customers %v of %d (%v), want %v", f.search, got, total, err, f.people)
			}
		}
		if rows, total, err := w.Bookings(t.Context(), admin, exodrive.BookingQuery{Search: all[2].ID[6:]}, firstPage); err != nil || total != 1 || rows[0].ID != all[2].ID || rows[0].CustomerID == "" {
			t.Errorf("a part of an id finds %+v of %d, %v", rows, total, err)
		}
	})
}

// A customer's page shows what was booked, the latest pick-up first; a new booking with
// another name and number changes neither the customer nor what was booked before.
func TestCustomers(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		again := people[0]
		again.FirstName, again.Phone = "Mia", "+1 305 555 0999"
		all := w.booked(t, people[0], again)
		rows, _, err := w.Customers(t.Context(), admin, exodrive.CustomerQuery{Search: people[0].Email}, firstPage)
		if err != nil || len(rows) != 1 {
			t.Fatalf("%+v, %v", rows, err)
		}
		c := rows[0]
		if c.Contact != people[0] || c.Bookings != 2 || c.LastBooked == nil || !c.LastBooked.Equal(now) || !c.CreatedAt.Equal(now) {
			t.Errorf("the customer: %+v", c)
		}
		for page, want := range []*rental.BookingView{all[1], all[0]} {
			v, err := w.Customer(t.Context(), admin, c.ID, exodrive.PageQuery{Page: page + 1, Limit: 1})
			if err != nil || v.ID != c.ID || v.Pagination.Total != 2 || len(v.History) != 1 || v.History[0].ID != want.ID || v.History[0].Customer != want.Customer {
				t.Errorf("page %d: %+v, %v", page+1, v, err)
			}
		}
		_, err = w.Customer(t.Context(), admin, "cus_0000000000000000", firstPage)
		wantCode(t, "nobody", err, exodrive.NotFound)
		_, total, err := w.Customers(t.Context(), admin, exodrive.CustomerQuery{}, firstPage)
		seen, last := 0, ""
		for page := 1; seen < total && page < 20; page++ {
			rows, _, err := w.Customers(t.Context(), admin, exodrive.CustomerQuery{}, exodrive.PageQuery{Page: page, Limit: 10})
			if err != nil || len(rows) == 0 {
				t.Fatalf("page %d: %v", page, err)
			}
			for _, c := range rows {
				order := fmt.Sprintf("%d %s", c.CreatedAt.UnixMilli(), c.ID)
				if last != "" && order >= last {
					t.Errorf("%s comes after %s", order, last)
				}
				last = order
			}
			seen += len(rows)
		}
		if err != nil || seen != total || total < 10 {
			t.Errorf("the pages have %d customers of %d, %v", seen, total, err)
		}
	})
}
