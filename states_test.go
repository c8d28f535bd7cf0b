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

// Where a payment or a deposit stands follows from what happened to its money.
func TestMoneyFollowsItsMoves(t *testing.T) {
	for _, c := range []struct {
		name   string
		events []exodrive.MoneyEvent
		want   exodrive.PaymentState
	}{
		{"nothing", nil, exodrive.Unpaid},
		{"over the counter", []exodrive.MoneyEvent{exodrive.MoneyCharged}, exodrive.PaymentCaptured},
		{"ordered, approved, captured", []exodrive.MoneyEvent{exodrive.MoneyAsked, exodrive.MoneyHeld, exodrive.MoneyCaptured}, exodrive.PaymentCaptured},
		{"approved too late", []exodrive.MoneyEvent{exodrive.MoneyAsked, exodrive.MoneyHeld, exodrive.MoneyReleased}, exodrive.PaymentVoided},
		{"paid, a part back, all back", []exodrive.MoneyEvent{exodrive.MoneyCharged, exodrive.MoneyPartly, exodrive.MoneyRefunded}, exodrive.PaymentRefunded},
		{"refused, paid otherwise", []exodrive.MoneyEvent{exodrive.MoneyAsked, exodrive.MoneyRefused, exodrive.MoneyCharged}, exodrive.PaymentCaptured},
	} {
		if state, err := exodrive.PaymentOf(c.events); err != nil || state != c.want {
			t.Errorf("%s: %s, %v, want %s", c.name, state, err, c.want)
		}
	}
	if _, err := exodrive.PaymentOf([]exodrive.MoneyEvent{exodrive.MoneyRefunded}); exodrive.CodeOf(err) != exodrive.Internal {
		t.Errorf("a refund of nothing: %v", err)
	}
	if _, err := exodrive.PaymentRefunded.After(exodrive.MoneyRefunded); exodrive.CodeOf(err) != exodrive.Conflict {
		t.Errorf("money goes back twice: %v", err)
	}
	if _, err := exodrive.DepositReleased.After(exodrive.MoneyPartly); exodrive.CodeOf(err) != exodrive.Conflict {
		t.Errorf("a deposit is kept after it was released: %v", err)
	}
}
