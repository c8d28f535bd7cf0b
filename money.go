package exodrive

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Currency is an ISO 4217 code in capitals, such as USD.
type Currency string

// exponents lists the currencies whose minor unit is not a hundredth
// (ISO 4217, list one).
var exponents = map[Currency]int{
	"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0,
	"RWF": 0, "UGX": 0, "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
	"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
}

// Exponent is the number of decimals of the currency: 2 for USD, 0 for JPY.
func (c Currency) Exponent() int {
	if e, ok := exponents[c]; ok {
		return e
	}
	return 2
}

// Valid tells whether c has the form of a currency code.
func (c Currency) Valid() bool {
	return len(c) == 3 && strings.IndexFunc(string(c), func(r rune) bool { return r < 'A' || r > 'Z' }) < 0
}

// Money is an amount in minor units of a currency: {23760, USD} is 237.60 USD.
type Money struct {
	Amount   int64    `json:"amount" doc:"Minor units of the currency: 23760 is 237.60 in USD." example:"149900"`
	Currency Currency `json:"currency" doc:"ISO 4217 code." example:"USD"`
}

// Decimal is the amount with the currency's decimals and without its code.
func (m Money) Decimal() string {
	e := m.Currency.Exponent()
	if e == 0 {
		return strconv.FormatInt(m.Amount, 10)
	}
	sign, abs := "", m.Amount
	if abs < 0 {
		sign, abs = "-", -abs
	}
	unit := int64(math.Pow10(e))
	return fmt.Sprintf("%s%d.%0*d", sign, abs/unit, e, abs%unit)
}

// String is the amount for people, such as "237.60 USD".
func (m Money) String() string { return m.Decimal() + " " + string(m.Currency) }

// MaxAmount bounds every amount that is entered, in minor units, so that no
// product of an amount, a percentage and a number of days leaves 64 bits.
const MaxAmount = 100_000_000_00

// Percent is a share in hundredths of a per cent: 1250 is 12.5 %. In JSON it is
// the decimal number of per cent, 12.5.
type Percent int32

// Whole is one hundred per cent.
const Whole Percent = 100_00

// Of is p of a non-negative amount in minor units, rounded half up.
func (p Percent) Of(amount int64) int64 { return mulDiv(amount, int64(p), int64(Whole)) }

// String is the number of per cent without a sign, such as "12.5".
func (p Percent) String() string {
	return strconv.FormatFloat(float64(p)/100, 'f', -1, 64)
}

// MarshalJSON writes the number of per cent.
func (p Percent) MarshalJSON() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalJSON reads a number of per cent with at most two decimals.
func (p *Percent) UnmarshalJSON(b []byte) error {
	n, err := parsePercent(b, 2)
	*p = Percent(n)
	return err
}

// TaxRate is a rate of tax in thousandths of a per cent, because there are such:
// 8875 is the 8.875 % of New York City. In JSON it is the number of per cent.
type TaxRate int32

// WholeTax is a rate of one hundred per cent.
const WholeTax TaxRate = 100_000

// On is the tax on a net amount that is not negative, rounded half up.
func (t TaxRate) On(net int64) int64 { return mulDiv(net, int64(t), int64(WholeTax)) }

// In is the tax that a gross amount contains, rounded half up.
func (t TaxRate) In(gross int64) int64 { return mulDiv(gross, int64(t), int64(WholeTax+t)) }

// String is the number of per cent without a sign, such as "8.875".
func (t TaxRate) String() string { return strconv.FormatFloat(float64(t)/1000, 'f', -1, 64) }

// MarshalJSON writes the number of per cent.
func (t TaxRate) MarshalJSON() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalJSON reads a number of per cent with at most three decimals.
func (t *TaxRate) UnmarshalJSON(b []byte) error {
	n, err := parsePercent(b, 3)
	*t = TaxRate(n)
	return err
}

// parsePercent reads a number of per cent into units of its last decimal.
func parsePercent(b []byte, decimals int) (int32, error) {
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil || math.Abs(f) > 100_000 {
		return 0, Errorf(Invalid, "%s is not a number of per cent.", clip(string(b)))
	}
	f *= math.Pow10(decimals)
	n := math.Round(f)
	if math.Abs(f-n) > 1e-6 {
		return 0, Errorf(Invalid, "%s has more than %d decimals; write per cent such as 12.5.", clip(string(b)), decimals)
	}
	return int32(n), nil
}

// mulDiv is a·num/den rounded half up, for a, num ≥ 0 and den > 0. Only the
// remainder of a is multiplied before it is divided, so that the sum of many
// large lines does not leave 64 bits.
func mulDiv(a, num, den int64) int64 { return a/den*num + (2*(a%den)*num+den)/(2*den) }
