package demo

import (
	"strings"
	"testing"
)

// An extra is a charge and leaves the terms as they are, so none promises what they
// settle: who paid for miles or for fuel would pay again when the car is back.
//
// Red when: an extra is named or described as distance, fuel, time or deposit.
func TestExtrasPromiseNoTerms(t *testing.T) {
	for _, x := range Demo(today).Extras {
		text := strings.ToLower(x.Name + " " + x.Description)
		for _, word := range []string{"extra mile", "unlimited", "fuel", "tank", "empty", "charge", "late return", "deposit", "cancel"} {
			if strings.Contains(text, word) {
				t.Errorf("%s: %q speaks of %q, which the terms settle", x.Name, x.Description, word)
			}
		}
	}
}
