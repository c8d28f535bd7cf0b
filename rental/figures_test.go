package rental_test

import (
	"testing"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
)

// byHand are the figures that somebody counts day by day, who has all bookings and days
// of the fleet, or of a car, before him.
func byHand(p prompt, carID string, days exodrive.Days) (f exodrive.FigureSet) {
	where, args := "", []any{}
	if carID != "" {
		where, args = ` WHERE c.id = $1`, []any{carID}
	}
	type carDay struct {
		car string
		day exodrive.Date
	}
	rented, busy := map[carDay]bool{}, map[carDay]bool{}
	for _, r := range p.rows(`SELECT c.id, b.start_date, b.end_date, b.state, CAST(b.total AS TEXT) FROM bookings b JOIN cars c ON c.id = b.car_id`+where, args...) {
		of := exodrive.Days{Start: exodrive.MustDate(r[1].(string)), End: exodrive.MustDate(r[2].(string))}
		state := exodrive.BookingState(r[3].(string))
		switch begins := days.Contains(of.Start); {
		case state == exodrive.Held || state == exodrive.Expired:
			continue
		case begins && state.Occupies():
			f.Bookings++
		case begins:
			f.Cancellations++
		}
		for d := range of.All() {
			if state.Occupies() && days.Contains(d) {
				rented[carDay{r[0].(string), d}] = true
			}
		}
	}
	for _, r := range p.rows(`SELECT c.id, d.date FROM car_availability d JOIN cars c ON c.id = d.car_id AND d.booking_id IS NULL`+where, args...) {
		busy[carDay{r[0].(string), exodrive.MustDate(r[1].(string))}] = true
	}
	f.RentedDays, f.AvailableDays = len(rented), len(rented)
	for _, id := range p.texts(`SELECT c.id FROM cars c`+where, args...) {
		var hidden bool
		var created int64
		p.scan(&hidden, `SELECT hidden FROM cars WHERE id = $1`, id)
		p.scan(&created, `SELECT created_at / 86400000 FROM cars WHERE id = $1`, id)
		since := exodrive.MustDate("1970-01-01").Add(int(created))
		for d := range days.All() {
			if on := (carDay{id, d}); !hidden && d >= since && !busy[on] && !rented[on] {
				f.AvailableDays++
			}
		}
	}
	return f
}

// Figures are what somebody counts who goes through all bookings day by day: of the fleet,
// of each car, and in the list of cars.
//
// Red when: a hold counts as rented; maintenance of an archived car is taken off; a rental that began before the days is left out.
func TestFigures(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "fleet", seeded, func(t *testing.T, databaseURL string) {
		w, p := newWorld(t, databaseURL), newPrompt(t, databaseURL)
		b := w.booked(t, people...)
		for i, state := range []exodrive.BookingState{exodrive.Confirmed, exodrive.NoShow, exodrive.Cancelled} {
			p.exec(`UPDATE bookings SET state = $1, hold_until = NULL WHERE id = $2`, string(state), b[i].ID)
		}
		for slug, to := range map[string]exodrive.Date{hiddenCar: today + 302, "ferrari-roma": today + 304} {
			if _, err := w.BlockDays(t.Context(), admin, car(t, slug).ID, rental.BlockRequest{Block: rental.Block{Start: today + 300, End: to}}); err != nil {
				t.Fatal(err)
			}
		}
		ask := exodrive.FiguresQuery{Start: today - 20, End: today + 340}
		counts := func(f exodrive.FigureSet) exodrive.FigureSet {
			return exodrive.FigureSet{RentedDays: f.RentedDays, AvailableDays: f.AvailableDays, Bookings: f.Bookings, Cancellations: f.Cancellations}
		}
		fleetFigures, err := cache.Value(w.Figures(t.Context(), admin, ask))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := counts(fleetFigures.Total), byHand(p, "", ask.Days()); got != want || got.RentedDays == 0 || got.Cancellations < 2 {
			t.Errorf("of the fleet: %+v, want %+v", got, want)
		}
		list, err := cache.Value(w.CarFigures(t.Context(), admin, exodrive.CarFiguresQuery{Start: ask.Start, End: ask.End, PageQuery: firstPage}))
		if err != nil || len(list.Cars) != len(fleet().Cars) {
			t.Fatalf("%d cars, %v", len(list.Cars), err)
		}
		revenue := int64(0)
		for _, c := range list.Cars {
			ask.CarID = c.ID
			own, err := cache.Value(w.Figures(t.Context(), admin, ask))
			if err != nil || own.Total != c.FigureSet {
				t.Errorf("%s has %+v in the list, %+v alone (%v)", c.Name, c.FigureSet, own, err)
			}
			if got, want := counts(c.FigureSet), byHand(p, c.ID, ask.Days()); got != want {
				t.Errorf("%s: %+v, want %+v", c.Name, got, want)
			}
			revenue += c.Revenue.Amount
		}
		if less := fleetFigures.Total.Revenue.Amount - revenue; less < 0 || less > int64(fleetFigures.Total.RentedDays) {
			t.Errorf("the cars bring %d, the fleet %d", revenue, fleetFigures.Total.Revenue.Amount)
		}
		ask.CarID = "car_0000000000000000"
		_, err = w.Figures(t.Context(), admin, ask)
		wantCode(t, "no such car", err, exodrive.NotFound)
	})
}

// Figures stay in memory while holds come and go and cars are handed over, and are counted
// anew as soon as a booking is agreed to or falls through; what the public sees of other
// cars stays where it is all the while.
//
// Red when: a hold raises figures; confirming raises a tag that other cars have.
func TestFiguresAreKept(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		trip := freeTrip(t, w, anyCar, 3)
		ask := exodrive.FiguresQuery{Start: trip.StartDate, End: trip.EndDate + 20}
		other := car(t, "ferrari-roma").ID
		look := func(what string, want cache.Layer) *exodrive.Figures {
			t.Helper()
			got, err := w.Figures(t.Context(), admin, ask)
			if err != nil || got.Layer != want {
				t.Fatalf("%s: the figures come from layer %d (%v), want %d", what, got.Layer, err, want)
			}
			f, _ := got.Value()
			details, err := w.Car(t.Context(), other)
			if err != nil || what != "at first" && details.Layer != cache.Memory {
				t.Errorf("%s: another car comes from layer %d (%v)", what, details.Layer, err)
			}
			return f
		}
		look("at first", cache.Loaded)
		before := look("asked again", cache.Memory)
		b, err := w.Book(t.Context(), exodrive.Actor{}, bookingOf(trip, "maria"), rental.Call{})
		if err != nil {
			t.Fatal(err)
		}
		look("with a hold", cache.Memory)
		if _, err := w.ConfirmBooking(t.Context(), admin, b.ID); err != nil {
			t.Fatal(err)
		}
		agreed := look("agreed", cache.Loaded)
		if more := agreed.Total.RentedDays - before.Total.RentedDays; more != 3 || agreed.Total.Revenue.Amount-before.Total.Revenue.Amount != b.Total.Amount || agreed.Total.Bookings != before.Total.Bookings+1 {
			t.Errorf("before %+v, agreed %+v", before.Total, agreed.Total)
		}
		look("agreed, asked again", cache.Memory)
		if _, err := w.CancelForRenter(t.Context(), admin, b.ID, "x"); err != nil {
			t.Fatal(err)
		}
		gone := look("cancelled", cache.Loaded)
		if gone.Total.Revenue != before.Total.Revenue || gone.Total.Cancellations != before.Total.Cancellations+1 {
			t.Errorf("before %+v, cancelled %+v", before.Total, gone.Total)
		}
		for _, who := range []exodrive.Actor{{}, as()} {
			if _, err := w.Figures(t.Context(), who, ask); err == nil {
				t.Errorf("%+v sees what is in memory", who)
			}
		}
	})
}
