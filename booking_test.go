package exodrive_test

import (
	"testing"

	"github.com/exodrive/exodrive"
)

// TestOccupies: A car is taken from the hold to the settled rental; a booking
// that fell through gives its days back.
func TestOccupies(t *testing.T) {
	want := map[exodrive.BookingState]bool{
		exodrive.Held: true, exodrive.Confirmed: true, exodrive.Active: true, exodrive.Returned: true, exodrive.Completed: true,
		exodrive.Expired: false, exodrive.Cancelled: false, exodrive.NoShow: false,
	}
	for _, s := range exodrive.BookingStates {
		occupies, known := want[s]
		if !known || s.Occupies() != occupies {
			t.Errorf("%s: occupies %v, want %v (known here: %v)", s, s.Occupies(), occupies, known)
		}
	}
	if len(want) != len(exodrive.BookingStates) {
		t.Errorf("%d states in the vocabulary, %d here", len(exodrive.BookingStates), len(want))
	}
	for _, s := range []exodrive.BookingState{"", "HELD", "pending"} {
		if s.Occupies() {
			t.Errorf("the unknown state %q occupies days", s)
		}
	}
}
