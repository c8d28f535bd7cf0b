package rental_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
)

const bookRoute = "POST /api/bookings"

// answers counts what calls at once were told: the codes of refusals, and by "" the bookings.
func answers(t testing.TB, calls int, book func(i int) (*rental.BookingView, error)) (codes map[exodrive.Code]int, ids []string) {
	t.Helper()
	views := make([]*rental.BookingView, calls)
	codes = map[exodrive.Code]int{}
	for _, err := range at(calls, func(i int) (err error) { views[i], err = book(i); return err }) {
		if codes[exodrive.CodeOf(err)]++; exodrive.CodeOf(err) == exodrive.Internal {
			t.Error(err)
		}
	}
	for _, v := range views {
		if v != nil {
			ids = append(ids, v.ID)
		}
	}
	slices.Sort(ids)
	return codes, slices.Compact(ids)
}

// A call that is sent again with its key, however often and however fast, is answered by
// the booking it made; with another body the key is refused; and a refusal uses no key up.
//
// Red when: the key is not looked for under the car's lock, or not stored.
func TestBookOnce(t *testing.T) {
	t.Parallel()
	eachFleet(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		r, c := bookingOf(freeTrip(t, w, anyCar, 3), "maria"), rental.Call{Key: "one", Route: bookRoute}
		r.ExpectedTotal = &exodrive.Money{Amount: 1, Currency: "USD"}
		refusalOf(t, bookErr(w.Book(t.Context(), exodrive.Actor{}, r, c)), exodrive.PriceChanged)
		r.ExpectedTotal = nil
		codes, ids := answers(t, 32, func(int) (*rental.BookingView, error) { return w.Book(t.Context(), exodrive.Actor{}, r, c) })
		if len(ids) != 1 || codes[""]+codes[exodrive.Busy] != 32 {
			t.Errorf("32 calls with one key made %q and were told %v", ids, codes)
		}
		if n := newPrompt(t, url).text(`SELECT COUNT(*) FROM bookings WHERE email = 'maria@example.com'`); n != "1" {
			t.Errorf("there are %s bookings", n)
		}
		other := r
		other.EndDate++
		refusalOf(t, bookErr(w.Book(t.Context(), exodrive.Actor{}, other, c)), exodrive.KeyReused)
		refusalOf(t, bookErr(w.Book(t.Context(), admin, r, c)), exodrive.DatesTaken) // the key of another caller
	})
}

// One key is one booking, also when it comes with two cars at once, which no lock of a car
// keeps apart: the other call is refused and leaves nothing behind. On Postgres that is a
// race.
//
// Red when: idempotency_keys has no primary key (then there are two bookings); a
// transaction that finds its key taken is not run again (then the refusal says nothing of
// the key).
func TestBookOneKeyForTwoCars(t *testing.T) {
	t.Parallel()
	eachFleet(t, func(t *testing.T, url string) {
		w, p := newWorld(t, url), newPrompt(t, url)
		trips := []rental.BookRequest{bookingOf(freeTrip(t, w, anyCar, 3), "maria"), bookingOf(freeTrip(t, w, "ferrari-roma", 3), "maria")}
		for _, key := range []string{"a", "b", "c", "d"} {
			codes, ids := answers(t, 6, func(i int) (*rental.BookingView, error) {
				return w.Book(t.Context(), exodrive.Actor{}, trips[i%2], rental.Call{Key: key, Route: bookRoute})
			})
			if len(ids) != 1 || codes[""]+codes[exodrive.KeyReused]+codes[exodrive.Busy] != 6 || codes[""] > 3 {
				t.Errorf("six calls with one key for two cars made %q and were told %v", ids, codes)
			}
			bookings, days := p.text(`SELECT COUNT(*) FROM bookings WHERE email = 'maria@example.com'`), p.text(`SELECT COUNT(DISTINCT booking_id) FROM car_availability WHERE booking_id IN (SELECT id FROM bookings WHERE email = 'maria@example.com')`)
			if bookings != "1" || days != "1" {
				t.Fatalf("there are %s bookings, and %s have days", bookings, days)
			}
			p.exec(`DELETE FROM car_availability WHERE booking_id IN (SELECT id FROM bookings WHERE email = 'maria@example.com')`)
			p.exec(`DELETE FROM bookings WHERE email = 'maria@example.com'`)
		}
	})
}

// The answer to a call that is sent again is the booking as it stands: confirmed or
// cancelled since, on a car that was taken out of the fleet since, at the price it had.
func TestBookAgainShowsWhatIs(t *testing.T) {
	t.Parallel()
	eachFleet(t, func(t *testing.T, url string) {
		w, p := newWorld(t, url), newPrompt(t, url)
		r, c := bookingOf(freeTrip(t, w, anyCar, 3), "maria"), rental.Call{Key: "one", Route: bookRoute}
		again := func() *rental.BookingView {
			t.Helper()
			b, err := w.Book(t.Context(), exodrive.Actor{}, r, c)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		first := again()
		if _, err := w.ConfirmBooking(t.Context(), admin, first.ID); err != nil {
			t.Fatal(err)
		}
		p.exec(`UPDATE cars SET hidden = TRUE, price_per_day = price_per_day * 2 WHERE slug = $1`, anyCar)
		if b := again(); b.ID != first.ID || b.State != exodrive.Confirmed || b.Total != first.Total {
			t.Errorf("after it was confirmed: %+v", b)
		}
		w.clock.Advance(48 * time.Hour)
		if _, err := w.CancelBooking(t.Context(), first.Token); err != nil {
			t.Fatal(err)
		}
		if b := again(); b.ID != first.ID || b.State != exodrive.Cancelled {
			t.Errorf("after it was cancelled: %+v", b)
		}
	})
}

// A call that is sent again never tells a link that staff has renewed since: it is refused,
// changes nothing and needs another key. Staff, which sees every link, is answered.
//
// Red when: the answer is made of the booking without a look at its link.
func TestBookAgainTellsNoRenewedLink(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		r, c := bookingOf(freeTrip(t, w, anyCar, 3), "maria"), rental.Call{Key: "one", Route: bookRoute}
		other := bookingOf(freeTrip(t, w, "ferrari-roma", 3), "nora")
		for who, told := range map[*exodrive.Actor]exodrive.Code{{}: exodrive.Conflict, &desk: ""} {
			ask := map[exodrive.Code]rental.BookRequest{exodrive.Conflict: r, "": other}[told]
			b, err := w.Book(t.Context(), *who, ask, c)
			if err != nil {
				t.Fatal(err)
			}
			renewed, err := w.RenewLink(t.Context(), desk, b.ID, "The mail was forwarded.")
			if err != nil {
				t.Fatal(err)
			}
			again, err := w.Book(t.Context(), *who, ask, c)
			if wantCode(t, "sent again by "+who.Name, err, told); err == nil && again.Token != renewed.Token {
				t.Errorf("staff is told %s, want %s", again.Token, renewed.Token)
			}
			if got, err := w.Booking(t.Context(), renewed.Token); err != nil || got.State != exodrive.Held {
				t.Errorf("the booking: %+v, %v", got, err)
			}
		}
	})
}

// Who wants a car that somebody else is busy with waits, and not for ever: he is told to
// try again, nothing of him is left, his key is as good as new, and bookings of other cars
// do not wait with him.
//
// Red when: the wait for a row has no limit of its own (then the database is said to be
// away, after fifteen seconds); the car's row is not locked (then he does not wait).
func TestBookABusyCar(t *testing.T) {
	t.Parallel()
	url := exotest.PostgresFrom(t, "fleet", seeded)
	w := newWorld(t, url+"&lock_timeout=300")
	r, c := bookingOf(freeTrip(t, w, anyCar, 3), "maria"), rental.Call{Key: "one", Route: bookRoute}
	held, err := newPrompt(t, url).db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := held.ExecContext(t.Context(), `SELECT 1 FROM cars WHERE slug = $1 FOR UPDATE`, anyCar); err != nil {
		t.Fatal(err)
	}
	codes, _ := answers(t, 3, func(int) (*rental.BookingView, error) { return w.Book(t.Context(), exodrive.Actor{}, r, c) })
	if want := map[exodrive.Code]int{exodrive.Busy: 3}; !maps.Equal(codes, want) {
		t.Errorf("while somebody has the car, three calls are told %v", codes)
	}
	if err := bookErr(w.Book(t.Context(), exodrive.Actor{}, bookingOf(freeTrip(t, w, "ferrari-roma", 3), "nora"), rental.Call{})); err != nil {
		t.Errorf("another car: %v", err)
	}
	if err := held.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := bookErr(w.Book(t.Context(), exodrive.Actor{}, r, c)); err != nil {
		t.Errorf("after it was given back: %v", err)
	}
}
