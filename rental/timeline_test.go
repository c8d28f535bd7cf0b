package rental_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
)

// The timeline has every day that somebody has of any car, and no other: bookings with
// their turnaround as a whole, those that began before the first day too, and maintenance.
//
// Red when: only bookings that begin in the days are found; states that take no days are shown.
func TestTimeline(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "fleet", seeded, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		free := freeTrip(t, w, anyCar, 4).StartDate
		id := car(t, anyCar).ID
		if _, err := w.BlockDays(t.Context(), admin, id, rental.BlockRequest{Block: rental.Block{Start: free, End: free + 2}, Reason: "Service"}); err != nil {
			t.Fatal(err)
		}
		b := w.booked(t, people[1])[0]
		gone := w.booked(t, people[0])[0]
		if _, err := w.CancelForRenter(t.Context(), admin, gone.ID, "x"); err != nil {
			t.Fatal(err)
		}
		p := newPrompt(t, databaseURL)
		for name, days := range map[string]exodrive.Days{"around today": {Start: today - 5, End: today + 40}, "a day": {Start: today + 1, End: today + 2}, "ahead": {Start: b.FirstDay - 3, End: b.FirstDay + 1}, "within maintenance": {Start: free + 1, End: free + 2}} {
			ask := exodrive.TimelineQuery{Start: days.Start, End: days.End - 1, PageQuery: exodrive.PageQuery{Page: 1, Limit: exodrive.TimelineCars}}
			got, err := w.Timeline(t.Context(), admin, ask)
			if err != nil {
				t.Fatal(err)
			}
			taken := map[string]string{} // by car and day
			for _, c := range got.Cars {
				for i, s := range c.Spans {
					if i > 0 && c.Spans[i-1].LastDay >= s.FirstDay || s.BookingID != "" && !exodrive.IsID(exodrive.BookingID, s.BookingID) {
						t.Errorf("%s: %+v comes after %+v", name, s, c.Spans[max(0, i-1)])
					}
					for d := range (exodrive.Days{Start: s.FirstDay, End: s.LastDay.Add(1 + s.TurnaroundDays)}).All() {
						if days.Contains(d) {
							taken[c.ID+" "+d.String()] = s.BookingID
						}
					}
				}
			}
			want := map[string]string{}
			for _, row := range p.rows(`SELECT car_id, date, COALESCE(booking_id, '') FROM car_availability WHERE date >= $1 AND date < $2`, days.Start.String(), days.End.String()) {
				want[row[0].(string)+" "+row[1].(string)] = row[2].(string)
			}
			if !maps.Equal(taken, want) || len(want) == 0 {
				t.Errorf("%s: %d days are taken, want %d", name, len(taken), len(want))
			}
			if len(got.Cars) != len(fleet().Cars) || got.Pagination.Total != len(fleet().Cars) || !slices.IsSortedFunc(got.Cars, func(a, b exodrive.TimelineCar) int { return strings.Compare(a.Name, b.Name) }) {
				t.Errorf("%s: %d cars of %+v", name, len(got.Cars), got.Pagination)
			}
			plain, err := json.Marshal(got)
			if err != nil || string(got.AppendJSON(nil)) != string(plain) {
				t.Errorf("%s: the JSON is\n%.300s\nwant (%v)\n%.300s", name, got.AppendJSON(nil), err, plain)
			}
		}
	})
}

// A fleet of more cars than an answer has is read page by page.
func TestTimelinePages(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ask := exodrive.TimelineQuery{Start: today, End: today + 30, PageQuery: exodrive.PageQuery{Page: 1, Limit: exodrive.TimelineCars}}
		whole, err := w.Timeline(t.Context(), admin, ask)
		if err != nil {
			t.Fatal(err)
		}
		var paged []exodrive.TimelineCar
		for ask.Limit = 7; len(paged) < len(whole.Cars); ask.Page++ {
			got, err := w.Timeline(t.Context(), admin, ask)
			if err != nil || len(got.Cars) == 0 || got.Pagination.Total != len(whole.Cars) {
				t.Fatalf("page %d has %d cars, %v", ask.Page, len(got.Cars), err)
			}
			paged = append(paged, got.Cars...)
		}
		if !slices.EqualFunc(paged, whole.Cars, func(a, b exodrive.TimelineCar) bool { return a.ID == b.ID && slices.Equal(a.Spans, b.Spans) }) {
			t.Error("the pages are not the whole")
		}
		ask.Page = 400
		if got, err := w.Timeline(t.Context(), admin, ask); err != nil || len(got.Cars) != 0 || got.Pagination.Total != len(whole.Cars) {
			t.Errorf("beyond the last page: %+v, %v", got, err)
		}
	})
}
