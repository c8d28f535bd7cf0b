package exodrive_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/exodrive/exodrive"
)

// TestMoneyDecimal: An amount is written with as many decimals as its currency
// has, and a negative one with the sign in front of all of them.
func TestMoneyDecimal(t *testing.T) {
	for _, c := range []struct {
		amount   int64
		currency exodrive.Currency
		want     string
	}{
		{0, "USD", "0.00"}, {1, "USD", "0.01"}, {99, "USD", "0.99"}, {237_60, "USD", "237.60"}, {1_000_000_00, "EUR", "1000000.00"},
		{-1, "USD", "-0.01"}, {-24_00, "USD", "-24.00"}, {-100_05, "EUR", "-100.05"},
		{0, "JPY", "0"}, {1151, "JPY", "1151"}, {-1151, "JPY", "-1151"},
		{0, "KWD", "0.000"}, {11_006, "KWD", "11.006"}, {-6, "KWD", "-0.006"},
	} {
		m := exodrive.Money{Amount: c.amount, Currency: c.currency}
		if m.Decimal() != c.want || m.String() != c.want+" "+string(c.currency) {
			t.Errorf("%d %s is written %q and %q, want %q", c.amount, c.currency, m.Decimal(), m, c.want)
		}
	}
}

// TestMoneyDecimalIsExact: What is written is the amount, to the last digit.
func TestMoneyDecimalIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := exodrive.Money{
			Amount:   rapid.Int64Range(-1<<62, 1<<62).Draw(t, "amount"),
			Currency: rapid.SampledFrom([]exodrive.Currency{"USD", "JPY", "KWD"}).Draw(t, "currency"),
		}
		got, ok := new(big.Rat).SetString(m.Decimal())
		unit := map[exodrive.Currency]int64{"USD": 100, "JPY": 1, "KWD": 1000}[m.Currency]
		if want := big.NewRat(m.Amount, unit); !ok || got.Cmp(want) != 0 {
			t.Errorf("%d %s is written %s", m.Amount, m.Currency, m.Decimal())
		}
	})
}

// TestCurrency: A currency is three capitals, and has its own decimals.
func TestCurrency(t *testing.T) {
	for c, want := range map[exodrive.Currency]int{"USD": 2, "EUR": 2, "CHF": 2, "JPY": 0, "KRW": 0, "ISK": 0, "KWD": 3, "BHD": 3, "TND": 3} {
		if got := c.Exponent(); got != want || !c.Valid() {
			t.Errorf("%s: %d decimals, valid %v; want %d", c, got, c.Valid(), want)
		}
	}
	for _, c := range []exodrive.Currency{"", "US", "usd", "USDT", "U D", "€€€", "ÜSD"} {
		if c.Valid() {
			t.Errorf("%q passes as a currency", c)
		}
	}
}

// TestPercentRoundTrip: Every share with two decimals comes back from JSON as
// it was, and is written without needless zeros.
func TestPercentRoundTrip(t *testing.T) {
	for p, want := range map[exodrive.Percent]string{0: "0", 1: "0.01", 10: "0.1", 5_00: "5", 12_50: "12.5", 33_33: "33.33", exodrive.Whole: "100", 1000_00: "1000"} {
		if p.String() != want {
			t.Errorf("Percent(%d) is written %q, want %q", p, p, want)
		}
	}
	for p := exodrive.Percent(0); p <= 10*exodrive.Whole; p++ {
		b, err := json.Marshal(p)
		var got exodrive.Percent
		if err != nil || json.Unmarshal(b, &got) != nil || got != p {
			t.Fatalf("Percent(%d) is %s, %v, and comes back as %d", p, b, err, got)
		}
	}
}

// TestPercentRefuses: More than two decimals, texts and absurd shares are
// refused with a sentence.
func TestPercentRefuses(t *testing.T) {
	for _, s := range []string{`12.345`, `0.001`, `"12.5"`, `"ten"`, `true`, `{}`, `[]`, `1e9`, `-1e9`, `null`} {
		var p exodrive.Percent
		if err := json.Unmarshal([]byte(s), &p); exodrive.CodeOf(err) != exodrive.Invalid {
			t.Errorf("Percent of %s = %d, %v; want an invalid error", s, p, err)
		}
	}
	for s, want := range map[string]exodrive.Percent{`1.25e1`: 12_50, `12.50`: 12_50, `-5`: -5_00} {
		var p exodrive.Percent
		if err := json.Unmarshal([]byte(s), &p); err != nil || p != want {
			t.Errorf("Percent of %s = %d, %v; want %d", s, p, err, want)
		}
	}
}

// TestRating: A rating is told in stars with two decimals and comes back.
func TestRating(t *testing.T) {
	for r := exodrive.Rating(0); r <= 5_00; r++ {
		b, err := json.Marshal(r)
		var got exodrive.Rating
		if err != nil || json.Unmarshal(b, &got) != nil || got != r {
			t.Fatalf("Rating(%d) is %s, %v, and comes back as %d", r, b, err, got)
		}
		if want := fmt.Sprintf("%d.%02d", int(r)/100, int(r)%100); string(b) != want {
			t.Fatalf("Rating(%d) is %s, want %s", r, b, want)
		}
	}
}

// TestDecimal: A price filter is written back as it was meant, from JSON and in
// minor units of any currency, rounded down.
func TestDecimal(t *testing.T) {
	for _, c := range []struct {
		d             exodrive.Decimal
		text          string
		usd, jpy, kwd int64
	}{
		{0, "0", 0, 0, 0}, {500_000, "500", 500_00, 500, 500_000}, {499_500, "499.5", 499_50, 499, 499_500},
		{499_999, "499.999", 499_99, 499, 499_999}, {1, "0.001", 0, 0, 1}, {9, "0.009", 0, 0, 9},
	} {
		if c.d.String() != c.text || c.d.Minor("USD") != c.usd || c.d.Minor("JPY") != c.jpy || c.d.Minor("KWD") != c.kwd {
			t.Errorf("Decimal(%d) is %s, %d cents, %d yen, %d fils; want %+v", c.d, c.d, c.d.Minor("USD"), c.d.Minor("JPY"), c.d.Minor("KWD"), c)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		d := exodrive.Decimal(rapid.Int64Range(0, 1<<48-1).Draw(t, "thousandths"))
		b, err := json.Marshal(d)
		var got exodrive.Decimal
		if err != nil || json.Unmarshal(b, &got) != nil || got != d {
			t.Errorf("Decimal(%d) is %s, %v, and comes back as %d", d, b, err, got)
		}
	})
	for _, s := range []string{`-1`, `0.0001`, `1e3`, `"5"`, `true`, strings.Repeat("9", 30)} {
		var d exodrive.Decimal
		if err := json.Unmarshal([]byte(s), &d); exodrive.CodeOf(err) != exodrive.Invalid || d != 0 {
			t.Errorf("Decimal of %s = %d, %v; want an invalid error", s, d, err)
		}
	}
}
