package rental_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/rental"
)

// What staff read off a car is written down for that car or not at all, even if somebody
// else gives the booking another car at the same time, on another node.
//
// Red when: HandOver or TakeBack does not look, under the lock, which car the booking has.
func TestReadingsAreOfTheCarThatWasRead(t *testing.T) {
	t.Parallel()
	eachFleet(t, func(t *testing.T, url string) {
		ctx := t.Context()
		w := newWorld(t, url)
		other := newWorld(t, url)
		b := confirmed(t, w, 3)
		w.clock.Set(b.Pickup.At)
		other.clock.Set(b.Pickup.At)
		twin := w.create(t, "Pagani Twin")
		cars := []string{b.Car.ID, twin.ID}
		swap := func(to string) error {
			s := rental.Swap{CarID: to, Leave: anyPlace, Reason: "A puncture."}
			s.Waive = append(slices.Clone(s.Waive), exodrive.WaiveMinimum)
			return recordErr(other.SwapCar(ctx, desk, b.ID, rental.AnyVersion, s))
		}
		read := func(what, car string, do func(car string, odometer int) error) {
			t.Helper()
			wrong := cars[1-slices.Index(cars, car)]
			refusal := do(wrong, odometer(t, w, wrong)+3)
			if exodrive.CodeOf(refusal) != exodrive.Conflict || !strings.Contains(refusal.Error(), "another car") {
				t.Errorf("%s of a car that the booking has not: %v", what, refusal)
			}
			before := odometer(t, w, wrong)
			errs := at(2, func(i int) error {
				if i == 0 {
					return do(car, odometer(t, w, car)+7)
				}
				return swap(wrong)
			})
			r, err := w.BookingRecord(ctx, desk, b.ID)
			if err != nil {
				t.Fatal(err)
			}
			if n := len(r.Readings); errs[0] == nil && (n == 0 || r.Readings[n-1].CarID != car) || errs[0] != nil && exodrive.CodeOf(errs[0]) != exodrive.Conflict {
				t.Errorf("%s beside a swap: %v, %+v, want it to be of %s", what, errs[0], r.Readings, car)
			}
			if now := odometer(t, w, wrong); now != before {
				t.Errorf("%s: the odometer of the car that nobody read shows %d, before %d", what, now, before)
			}
			if errs[0] != nil {
				if err := do(wrong, before+7); err != nil {
					t.Fatalf("%s of the car that it has now: %v", what, err)
				}
			}
		}
		read("a hand-over", cars[0], func(car string, odometer int) error {
			return recordErr(w.HandOver(ctx, desk, b.ID, unpaid(rental.HandOverRequest{CarID: car, Odometer: odometer, Fuel: 8})))
		})
		r, err := w.BookingRecord(ctx, desk, b.ID)
		if err != nil {
			t.Fatal(err)
		}
		read("a take-back", r.Car.ID, func(car string, odometer int) error {
			return recordErr(w.TakeBack(ctx, desk, b.ID, rental.TakeBackRequest{CarID: car, Odometer: odometer, Fuel: 8}))
		})
		agrees(t, w)
	})
}
