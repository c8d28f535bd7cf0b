package exodrive_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/exodrive/exodrive"
)

// lastDate is the last day that can be written as YYYY-MM-DD.
var lastDate = exodrive.MustDate("9999-12-31")

var dates = rapid.Map(rapid.Int32Range(1, int32(lastDate)), func(n int32) exodrive.Date { return exodrive.Date(n) })

// TestParseDateRefuses: A day that is not in the calendar is refused with a
// sentence that shows it and how to write one.
func TestParseDateRefuses(t *testing.T) {
	for _, s := range []string{
		"", " ", "2025-02-30", "2025-02-29", "2100-02-29", "2026-13-01", "2026-00-10", "2026-04-31", "2026-05-00",
		"0000-01-01", "0000-00-00", "-001-01-01", "10000-01-01", "2026-5-1", "26-05-01", "2026/05/01", "2026-05-01T10:00:00Z",
		"2026-05-01 ", " 2026-05-01", "2026-05-0１", "tomorrow", "20260501", strings.Repeat("9", 5000),
	} {
		d, err := exodrive.ParseDate(s)
		if d != 0 || exodrive.CodeOf(err) != exodrive.Invalid {
			t.Errorf("ParseDate(%.40q) = %v, %v; want an invalid error", s, d, err)
			continue
		}
		if m := err.Error(); !strings.Contains(m, "YYYY-MM-DD") || len(m) > 250 {
			t.Errorf("ParseDate(%.40q): the sentence does not say how to write a day, or is long: %.300s", s, m)
		}
	}
}

// TestDateText: The days at the edges of the calendar keep their text.
func TestDateText(t *testing.T) {
	for s, want := range map[string]exodrive.Date{"0001-01-01": 1, "0001-01-02": 2, "0002-01-01": 366, "1970-01-01": 719163, "2024-02-29": 738945} {
		if d := exodrive.MustDate(s); d != want || d.String() != s {
			t.Errorf("%s is Date(%d), written %q; want Date(%d)", s, d, d, want)
		}
	}
	if s := exodrive.Date(0).String(); s != "" {
		t.Errorf("no day is written %q", s)
	}
	defer func() {
		if recover() == nil {
			t.Error("MustDate takes 2025-02-30")
		}
	}()
	exodrive.MustDate("2025-02-30")
}

// TestDateRoundTrip: Every day of nine thousand years comes back from text,
// JSON and the database as it was.
func TestDateRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := dates.Draw(t, "day")
		if got, err := exodrive.ParseDate(d.String()); err != nil || got != d {
			t.Errorf("ParseDate(%q) = %d, %v; want %d", d, got, err, d)
		}
		var got exodrive.Date
		b, err := json.Marshal(d)
		if err != nil || json.Unmarshal(b, &got) != nil || got != d {
			t.Errorf("JSON %s, %v: came back as %s", b, err, got)
		}
		v, err := d.Value()
		if err != nil || got.Scan(v) != nil || got != d {
			t.Errorf("database %v, %v: came back as %s", v, err, got)
		}
	})
}

// TestDateAgreesWithTime: Date counts days, weekdays and months as the
// standard library does, and sorts as text sorts.
func TestDateAgreesWithTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, n := dates.Draw(t, "day"), rapid.IntRange(-4000, 4000).Draw(t, "days later")
		at, err := time.Parse(time.DateOnly, d.String())
		if err != nil {
			t.Fatal(err)
		}
		if d.Weekday() != at.Weekday() || exodrive.DateOf(at) != d || exodrive.NewDate(at.Date()) != d {
			t.Errorf("%s is a %s, want %s", d, d.Weekday(), at.Weekday())
		}
		other := d.Add(n)
		if other < 1 || other > lastDate {
			return
		}
		if want := at.AddDate(0, 0, n).Format(time.DateOnly); other.String() != want {
			t.Errorf("%s + %d = %s, want %s", d, n, other, want)
		}
		if strings.Compare(d.String(), other.String()) != compare(d, other) {
			t.Errorf("%s and %s sort differently as text", d, other)
		}
	})
}

func compare(a, b exodrive.Date) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// TestDateOfZone: The civil day of an instant is that of its own zone.
func TestDateOfZone(t *testing.T) {
	at := time.Date(2026, 5, 1, 2, 0, 0, 0, time.UTC)
	place := handoverAt("America/New_York", "10:00")
	if got := exodrive.DateOf(at); got != mayFirst {
		t.Errorf("in UTC %s", got)
	}
	if got := place.Today(at); got != mayFirst.Add(-1) {
		t.Errorf("in New York %s, want the evening before", got)
	}
	if got := exodrive.NewDate(2026, time.January, 31+28+31+30+1); got != mayFirst {
		t.Errorf("the 121st of January is %s, want 2026-05-01", got)
	}
}

// TestDateNull: A day that was not given is NULL in the database and empty in
// JSON, and anything else but text is refused.
func TestDateNull(t *testing.T) {
	if v, err := exodrive.Date(0).Value(); v != nil || err != nil {
		t.Errorf("Value = %v, %v; want NULL", v, err)
	}
	d := mayFirst
	if err := d.Scan(nil); err != nil || d != 0 {
		t.Errorf("Scan(NULL) = %d, %v", d, err)
	}
	if err := d.Scan([]byte("2026-05-01")); err != nil || d != mayFirst {
		t.Errorf("Scan(bytes) = %d, %v", d, err)
	}
	for _, src := range []any{"2025-02-30", int64(5), time.Now()} {
		if err := d.Scan(src); err == nil {
			t.Errorf("Scan(%v) = %s, want an error", src, d)
		}
	}
	if err := json.Unmarshal([]byte(`""`), &d); err != nil || d != 0 {
		t.Errorf(`JSON "" = %d, %v`, d, err)
	}
}

// TestClock: A time of day is read and written as HH:MM, and nothing else.
func TestClock(t *testing.T) {
	for c := exodrive.Clock(0); c < 24*60; c++ {
		got, err := exodrive.ParseClock(c.String())
		if err != nil || got != c {
			t.Fatalf("ParseClock(%q) = %d, %v; want %d", c, got, err, c)
		}
		v, err := c.Value()
		if err != nil || got.Scan(v) != nil || got != c {
			t.Fatalf("database %v, %v: came back as %s", v, err, got)
		}
	}
	for _, s := range []string{"", "24:00", "10:60", "9:00", "1000", "10:00:00", "10.00", "-1:00", "ab:cd", " 9:00", "10:0 "} {
		if c, err := exodrive.ParseClock(s); exodrive.CodeOf(err) != exodrive.Invalid || !strings.Contains(err.Error(), "HH:MM") {
			t.Errorf("ParseClock(%q) = %s, %v; want a refusal that shows HH:MM", s, c, err)
		}
	}
	if err := new(exodrive.Clock).Scan(nil); err == nil {
		t.Error("a clock of NULL is taken")
	}
}

// TestDays: Ranges are half-open: they contain, overlap, leave and yield exactly their
// own days, and an empty one shares nothing.
func TestDays(t *testing.T) {
	ranges := rapid.Custom(func(t *rapid.T) exodrive.Days {
		return exodrive.Days{
			Start: mayFirst.Add(rapid.IntRange(0, 12).Draw(t, "start")),
			End:   mayFirst.Add(rapid.IntRange(0, 12).Draw(t, "end")),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := ranges.Draw(t, "a"), ranges.Draw(t, "b")
		all := slices.Collect(a.All())
		if len(all) != a.Len() {
			t.Errorf("%v yields %d days and has Len %d", a, len(all), a.Len())
		}
		shared := false
		for d := mayFirst; d < mayFirst.Add(13); d++ {
			if a.Contains(d) != slices.Contains(all, d) {
				t.Errorf("%v contains %s: %v, yields it: %v", a, d, a.Contains(d), !a.Contains(d))
			}
			shared = shared || a.Contains(d) && b.Contains(d)
		}
		if a.Overlaps(b) != shared || b.Overlaps(a) != shared {
			t.Errorf("%v overlaps %v: %v and %v, want %v", a, b, a.Overlaps(b), b.Overlaps(a), shared)
		}
		if b.Start > b.End {
			return
		}
		left := a.Without(b)
		want := slices.DeleteFunc(all, b.Contains)
		if got := slices.Concat(slices.Collect(left[0].All()), slices.Collect(left[1].All())); !slices.Equal(got, want) {
			t.Errorf("%v without %v is %v, want %v", a, b, got, want)
		}
	})
}
