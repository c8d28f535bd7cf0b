package exodrive_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/exodrive/exodrive"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Which event leads from which state to which is decided in one table, and nobody
// changes it unseen.
func TestStateTables(t *testing.T) {
	file := filepath.Join("testdata", "states.golden")
	got := exodrive.StateTables()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the tables changed; if that is meant, go test . -run StateTables -update\n%s", got)
	}
}

// Every pair of state and event either leads to a state or is refused with a
// sentence that says where the booking stands; a refusal changes nothing.
func TestEveryStateAndEvent(t *testing.T) {
	leads := map[exodrive.BookingState][]exodrive.BookingState{
		exodrive.Held:      {exodrive.Confirmed, exodrive.Held, exodrive.Held, exodrive.Expired, exodrive.Cancelled},
		exodrive.Confirmed: {exodrive.Confirmed, exodrive.Confirmed, exodrive.Active, exodrive.Cancelled, exodrive.NoShow},
		exodrive.Active:    {exodrive.Active, exodrive.Active, exodrive.Returned},
		exodrive.Returned:  {exodrive.Completed},
		exodrive.Expired:   {exodrive.Confirmed},
	}
	for _, s := range exodrive.BookingStates {
		var got []exodrive.BookingState
		for _, e := range exodrive.BookingEvents {
			next, err := s.After(e)
			switch {
			case err == nil:
				got = append(got, next)
			case next != s || exodrive.CodeOf(err) != exodrive.Conflict:
				t.Errorf("%s, %s: %q, %v; want it to stay, and a conflict", s, e, next, err)
			case !strings.HasPrefix(err.Error(), "conflict: This booking is ") || strings.Contains(err.Error(), "  ") || strings.HasSuffix(err.Error(), "be ."):
				t.Errorf("%s, %s: no sentence: %v", s, e, err)
			}
		}
		if !slices.Equal(got, leads[s]) {
			t.Errorf("%s leads to %v, want %v", s, got, leads[s])
		}
	}
}
