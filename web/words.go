package web

import (
	"strconv"
	"strings"
	"time"

	"github.com/exodrive/exodrive"
)

// The functions that templates write values with.

// currencySigns are those that everybody reads; other currencies show their code.
var currencySigns = map[exodrive.Currency]string{"USD": "$", "EUR": "€", "GBP": "£"}

// money is an amount with all decimals of its currency: $1,499.00, −$150.00,
// CHF 1,499.00. The blank after a code does not break.
func money(m exodrive.Money) string {
	digits, minus := strings.CutPrefix(m.Decimal(), "-")
	whole, fraction, decimals := strings.Cut(digits, ".")
	var b strings.Builder
	if minus {
		b.WriteRune('−')
	}
	if sign, ok := currencySigns[m.Currency]; ok {
		b.WriteString(sign)
	} else {
		b.WriteString(string(m.Currency) + "\u00a0")
	}
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(digit)
	}
	if decimals {
		b.WriteString("." + fraction)
	}
	return b.String()
}

// rate is money without decimals that are all zero, for amounts that stand
// alone: $1,499.
func rate(m exodrive.Money) string {
	whole, fraction, _ := strings.Cut(money(m), ".")
	if strings.Trim(fraction, "0") == "" {
		return whole
	}
	return whole + "." + fraction
}

// tenths is a number kept in tenths: 29 is 2.9.
func tenths(n int) string { return strconv.FormatFloat(float64(n)/10, 'f', 1, 64) }

// day is a civil day as people say it.
func day(d exodrive.Date) string { return midnight(d).Format("Mon 2 Jan 2006") }

// midnight gives a civil day the methods of an instant; the zone means nothing.
func midnight(d exodrive.Date) time.Time { return d.At(0, time.UTC) }

var categoryNames = map[exodrive.Category]string{
	"supercar": "Supercar", "sports": "Sports car", "grand-tourer": "Grand tourer", "luxury-sedan": "Luxury sedan",
	"luxury-suv": "Luxury SUV", "convertible": "Convertible", "classic": "Classic", "electric": "Electric",
}

func categoryName(c exodrive.Category) string { return categoryNames[c] }

var driveNames = map[string]string{"rwd": "Rear-wheel drive", "awd": "All-wheel drive", "fwd": "Front-wheel drive"}

func driveName(drivetrain string) string { return driveNames[drivetrain] }
