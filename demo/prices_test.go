package demo_test

import (
	"testing"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/demo"
)

// On whatever day the demo is seeded, no day of a car has two prices of its own,
// not even when the quiet days meet New Year's Eve.
func TestOnePriceForADay(t *testing.T) {
	for today := exodrive.MustDate("2026-11-01"); today <= exodrive.MustDate("2026-12-31"); today++ {
		seen := map[demo.CarPrice]bool{}
		for _, p := range demo.Demo(today).CarPrices {
			p.Amount = 0
			if seen[p] {
				t.Errorf("seeded on %s, the car %s has two prices for %s", today, p.CarID, p.Date)
			}
			seen[p] = true
		}
	}
}
