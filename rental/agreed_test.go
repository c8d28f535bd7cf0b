package rental_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/rental"
)

// Whose price was agreed with staff is told, like staff itself, that his next change ends
// it; while nothing was agreed, or staff keeps the price or sets another, nobody says so.
//
// Red when: a change does not look for an agreed price, or speaks of one that it keeps.
func TestAChangeSaysThatAnAgreedPriceEnds(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		trip := freeTrip(t, w, anyCar, 4)
		b := w.held(t, trip, "maria")
		says := func(what string, words []string, want bool) {
			t.Helper()
			if slices.ContainsFunc(words, func(s string) bool {
				return strings.Contains(s, "agreed with us, 5000.00 USD, was for the trip as it was")
			}) != want {
				t.Errorf("%s says %q; the agreed price is to be named: %t", what, words, want)
			}
		}
		total := int64(5000_00)
		staff := func(c exodrive.TripChange, leave exodrive.Leave, dry bool) []string {
			t.Helper()
			r, err := w.ChangeForRenter(ctx, desk, b.ID, rental.AnyVersion, rental.StaffChange{TripChange: c, Leave: leave, Reason: "x", DryRun: dry})
			if err != nil {
				t.Fatal(err)
			}
			if !dry {
				return nil
			}
			return r.Change.Words
		}
		asked := func() []string {
			t.Helper()
			q, err := w.QuoteChange(ctx, b.Token, longer(trip, 1))
			if err != nil {
				t.Fatal(err)
			}
			return q.Words
		}
		says("a quote at list prices", asked(), false)
		staff(exodrive.TripChange{}, exodrive.Leave{Total: &total}, false)
		says("the renter's quote", asked(), true)
		says("a dry run by the terms", staff(longer(trip, 1), exodrive.Leave{}, true), true)
		says("a dry run that keeps the price", staff(longer(trip, 1), exodrive.Leave{Price: exodrive.PriceKept}, true), false)
		says("a dry run at another total", staff(longer(trip, 1), exodrive.Leave{Total: &total}, true), false)
		swap := rental.Swap{CarID: neighbours(t, w, anyCar, 1)[0], Reason: "x", DryRun: true}
		r, err := w.SwapCar(ctx, desk, b.ID, rental.AnyVersion, swap)
		if err != nil {
			t.Fatal(err)
		}
		says("a swap", r.Change.Words, false)
		swap.Price, swap.Waive = exodrive.PriceByTerms, []exodrive.Waiver{exodrive.WaiveMinimum}
		if r, err = w.SwapCar(ctx, desk, b.ID, rental.AnyVersion, swap); err != nil {
			t.Fatal(err)
		}
		says("a swap at the new car's price", r.Change.Words, true)
		if _, err := w.ChangeBooking(ctx, b.Token, rental.ChangeRequest{TripChange: longer(trip, 1)}, rental.Call{}); err != nil {
			t.Fatal(err)
		}
		trip.EndDate++
		says("the quote after that", asked(), false)
	})
}
