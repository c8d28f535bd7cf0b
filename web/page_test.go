package web

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/jba/templatecheck"

	"github.com/exodrive/exodrive"
)

// Every template fits the view it shows: a field that is renamed in one of them
// fails here, and not before a visitor.
func TestTemplatesFitTheirViews(t *testing.T) {
	checkTemplate(t, fleetPage)
	checkTemplate(t, carPage)
	checkTemplate(t, failurePage)
}

func checkTemplate[V any](t *testing.T, page shows[V]) {
	t.Helper()
	var view V
	// Parsed anew: rendering rewrites a template, and then it cannot be checked.
	if err := templatecheck.CheckHTMLStrict(parse[V](page.file).Template, view); err != nil {
		t.Errorf("%s: %v", page.file, err)
	}
}

// Amounts read as people write them, in every currency.
func TestMoney(t *testing.T) {
	for _, c := range []struct {
		amount      int64
		currency    exodrive.Currency
		money, rate string
	}{
		{0, "USD", "$0.00", "$0"},
		{5, "USD", "$0.05", "$0.05"},
		{99999, "EUR", "€999.99", "€999.99"},
		{100000, "GBP", "£1,000.00", "£1,000"},
		{123456789050, "USD", "$1,234,567,890.50", "$1,234,567,890.50"},
		{-15000, "USD", "−$150.00", "−$150"},
		{149900, "CHF", "CHF\u00a01,499.00", "CHF\u00a01,499"},
		{150000, "JPY", "JPY\u00a0150,000", "JPY\u00a0150,000"},
		{-1500250, "KWD", "−KWD\u00a01,500.250", "−KWD\u00a01,500.250"},
	} {
		m := exodrive.Money{Amount: c.amount, Currency: c.currency}
		if money(m) != c.money || rate(m) != c.rate {
			t.Errorf("%v is %q and as a rate %q, want %q and %q", m, money(m), rate(m), c.money, c.rate)
		}
	}
}

// Every category and drivetrain has a name for people.
func TestWordsAreComplete(t *testing.T) {
	for _, c := range exodrive.Categories {
		if categoryName(c) == "" {
			t.Errorf("the category %s has no name", c)
		}
	}
	for _, d := range exodrive.Drivetrains {
		if driveName(d) == "" {
			t.Errorf("the drivetrain %s has no name", d)
		}
	}
	choices := newForm(nil, exodrive.CarQuery{}, exodrive.Facets{}, nil).Sorts
	for _, s := range exodrive.Sorts {
		offered := slices.ContainsFunc(choices, func(c choice) bool { return c.Value == string(s) })
		if !offered && s != exodrive.SortFeatured { // which is the usual order, an empty value
			t.Errorf("the order %s cannot be chosen", s)
		}
	}
}

// Months are whole weeks from Monday on, wherever the calendar begins.
func TestMonths(t *testing.T) {
	for _, start := range []string{"2026-02-01", "2026-02-28", "2026-06-15", "2024-01-31", "2026-12-31"} {
		a := &exodrive.Availability{Start: exodrive.MustDate(start)}
		a.End = exodrive.FirstCalendar(a.Start).End
		for range int(a.End-a.Start) + 1 {
			a.Days = append(a.Days, exodrive.DayAvailability{Available: true})
		}
		months, free := monthsOf(a, exodrive.Days{}), 0
		for _, m := range months {
			for _, week := range m.Weeks {
				for column, d := range week {
					if d.Date != 0 && int(d.Date.Weekday()) != (column+1)%7 {
						t.Errorf("%s stands in column %d", d.Date, column)
					}
					if d.State == "free" {
						free++
					}
				}
			}
		}
		if len(months) != exodrive.CalendarMonths || free != len(a.Days) || midnight(a.End+1).Day() != 1 {
			t.Errorf("from %s on: %d months, %d days of %d, the last is %s", start, len(months), free, len(a.Days), a.End)
		}
	}
}

// Opening hours that repeat are told once.
func TestWeek(t *testing.T) {
	work, short, closed := exodrive.Hours{Open: 540, Close: 1140}, exodrive.Hours{Open: 600, Close: 960}, exodrive.Hours{}
	for _, c := range []struct {
		hours exodrive.OpeningHours
		want  string
	}{
		{exodrive.OpeningHours{short, work, work, work, work, work, work}, "[{Mon–Sat {09:00 19:00} false} {Sun {10:00 16:00} false}]"},
		{exodrive.OpeningHours{closed, work, closed, work, work, work, short}, "[{Mon {09:00 19:00} false} {Tue {00:00 00:00} true} {Wed–Fri {09:00 19:00} false} {Sat {10:00 16:00} false} {Sun {00:00 00:00} true}]"},
		{exodrive.OpeningHours{}, "[{Mon–Sun {00:00 00:00} true}]"},
	} {
		if got := fmt.Sprint(weekOf(c.hours)); got != c.want {
			t.Errorf("the week is %s, want %s", got, c.want)
		}
	}
}

// Today is that of the car's place, not of the server.
func TestToday(t *testing.T) {
	late := &site{Options{Now: func() time.Time { return time.Date(2026, 5, 1, 2, 0, 0, 0, time.UTC) }}}
	for zone, want := range map[string]string{"America/New_York": "2026-04-30", "Europe/Rome": "2026-05-01", "No/Where": "2026-05-01"} {
		if got := late.today(zone).String(); got != want {
			t.Errorf("in %s it is %s, want %s", zone, got, want)
		}
	}
}

// Text can be read on both grounds by eyes that see little: 4.5 to 1 for text, 3
// to 1 for the edges of controls (WCAG 2.2, AA).
func TestContrast(t *testing.T) {
	token := func(name string) float64 {
		found := regexp.MustCompile(`--` + name + `: #([0-9a-f]{6});`).FindSubmatch(stylesheet.body)
		if found == nil {
			t.Fatalf("the style sheet has no colour %s", name)
		}
		return luminance(t, string(found[1]))
	}
	for _, pair := range []struct {
		text, ground string
		least        float64
	}{
		{"ink", "ground", 4.5}, {"ink", "raised", 4.5}, {"ink", "open", 4.5}, {"quiet", "ground", 4.5}, {"quiet", "raised", 4.5},
		{"signal", "ground", 4.5}, {"signal", "raised", 4.5}, {"edge", "ground", 4.5}, {"edge", "raised", 3},
	} {
		a, b := token(pair.text), token(pair.ground)
		if ratio := (max(a, b) + 0.05) / (min(a, b) + 0.05); ratio < pair.least {
			t.Errorf("%s on %s has a contrast of %.1f, want %.1f", pair.text, pair.ground, ratio, pair.least)
		}
	}
}

// A long word that cannot be broken, such as the number of a request, stays inside
// a narrow screen.
func TestLongWordsBreak(t *testing.T) {
	if !regexp.MustCompile(`\.notice code \{[^}]*overflow-wrap: anywhere`).Match(stylesheet.body) {
		t.Error("the number on the page of a failure runs off a screen of 360 pixels")
	}
}

// luminance is the relative luminance of a colour in hex, after WCAG.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
