package exodrive_test

import (
	"testing"

	"github.com/exodrive/exodrive"
)

// A calendar begins today and ends with a month; a month has its first and last
// day, over the end of a year and in leap years too.
func TestCalendar(t *testing.T) {
	for _, test := range []struct {
		today      string
		n          int
		start, end string
	}{
		{"2026-11-23", 0, "2026-11-01", "2026-11-30"}, {"2026-11-30", 1, "2026-12-01", "2026-12-31"}, {"2026-11-01", 2, "2027-01-01", "2027-01-31"},
		{"2027-12-31", 2, "2028-02-01", "2028-02-29"}, {"2026-01-31", 1, "2026-02-01", "2026-02-28"}, {"2026-01-31", -1, "2025-12-01", "2025-12-31"},
	} {
		want := exodrive.AvailabilityQuery{Start: exodrive.MustDate(test.start), End: exodrive.MustDate(test.end)}
		if got := exodrive.MustDate(test.today).Month(test.n); got != want {
			t.Errorf("the month %d after that of %s is %s to %s, want %s to %s", test.n, test.today, got.Start, got.End, want.Start, want.End)
		}
	}
	got := exodrive.FirstCalendar(exodrive.MustDate("2026-11-23"))
	if got.Start.String() != "2026-11-23" || got.End.String() != "2027-01-31" {
		t.Errorf("the calendar of 23 November is %s to %s", got.Start, got.End)
	}
}
