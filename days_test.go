package exodrive_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/exodrive/exodrive"
)

// handoverAt is a place in a zone with a handover time.
func handoverAt(zone, handover string) *exodrive.Location {
	return &exodrive.Location{ID: "loc_01kas0f3m2x7h9tq", LocationInput: exodrive.LocationInput{
		Name: zone, Zone: zone, Handover: clock(handover),
	}}
}

func clock(s string) exodrive.Clock {
	c, err := exodrive.ParseClock(s)
	if err != nil {
		panic(err)
	}
	return c
}

// trip reads "2026-05-01 10:00" for both ends.
func trip(pickup string, from *exodrive.Location, ret string, to *exodrive.Location) exodrive.Trip {
	return exodrive.Trip{
		PickupDate: exodrive.MustDate(pickup[:10]), PickupTime: clock(pickup[11:]), PickupPlace: from,
		ReturnDate: exodrive.MustDate(ret[:10]), ReturnTime: clock(ret[11:]), ReturnPlace: to,
	}
}

// TestTripDays: A renter pays for every handover-to-handover day the rental
// touches, and for no other.
func TestTripDays(t *testing.T) {
	miami := handoverAt("America/New_York", "10:00")
	munich := handoverAt("Europe/Berlin", "08:00")
	auckland := handoverAt("Pacific/Auckland", "10:00")
	honolulu := handoverAt("Pacific/Honolulu", "10:00")
	midnight := handoverAt("America/New_York", "00:00")
	for _, c := range []struct {
		name        string
		pickup      string
		from        *exodrive.Location
		ret         string
		to          *exodrive.Location
		first, last string // last day, included
	}{
		{"at handover both ways", "2026-05-01 10:00", miami, "2026-05-04 10:00", miami, "2026-05-01", "2026-05-03"},
		{"return a minute late", "2026-05-01 10:00", miami, "2026-05-04 10:01", miami, "2026-05-01", "2026-05-04"},
		{"return early", "2026-05-01 10:00", miami, "2026-05-04 09:59", miami, "2026-05-01", "2026-05-03"},
		{"return early in the morning", "2026-05-01 10:00", miami, "2026-05-04 00:00", miami, "2026-05-01", "2026-05-03"},
		{"pick-up a minute early", "2026-05-01 09:59", miami, "2026-05-04 10:00", miami, "2026-04-30", "2026-05-03"},
		{"pick-up late", "2026-05-01 23:59", miami, "2026-05-04 10:00", miami, "2026-05-01", "2026-05-03"},
		{"pick-up early and return late", "2026-05-01 09:00", miami, "2026-05-04 10:01", miami, "2026-04-30", "2026-05-04"},
		{"an afternoon", "2026-05-01 12:00", miami, "2026-05-01 18:00", miami, "2026-05-01", "2026-05-01"},
		{"a minute from handover", "2026-05-01 10:00", miami, "2026-05-01 10:01", miami, "2026-05-01", "2026-05-01"},
		{"a morning before handover", "2026-05-01 08:00", miami, "2026-05-01 09:00", miami, "2026-04-30", "2026-04-30"},
		{"a morning until handover", "2026-05-01 08:00", miami, "2026-05-01 10:00", miami, "2026-04-30", "2026-04-30"},
		{"a morning over handover", "2026-05-01 09:00", miami, "2026-05-01 11:00", miami, "2026-04-30", "2026-05-01"},
		{"a night", "2026-05-01 18:00", miami, "2026-05-02 08:00", miami, "2026-05-01", "2026-05-01"},
		{"over New Year", "2026-12-31 10:00", miami, "2027-01-02 10:00", miami, "2026-12-31", "2027-01-01"},
		{"handover at midnight", "2026-05-01 00:00", midnight, "2026-05-03 00:00", midnight, "2026-05-01", "2026-05-02"},
		{"one way, each place by its own handover", "2026-05-01 10:00", miami, "2026-05-04 08:00", munich, "2026-05-01", "2026-05-03"},
		{"one way, return late for the place of return", "2026-05-01 10:00", miami, "2026-05-04 09:00", munich, "2026-05-01", "2026-05-04"},
		{"one way, pick-up early for the place of pick-up", "2026-05-01 07:59", munich, "2026-05-04 10:00", miami, "2026-04-30", "2026-05-03"},
		{"one way over the date line, back on the day it began", "2026-05-02 11:00", auckland, "2026-05-02 09:00", honolulu, "2026-05-02", "2026-05-02"},
		{"one way over the date line, back the day before it began", "2026-05-02 11:00", auckland, "2026-05-01 20:00", honolulu, "2026-05-02", "2026-05-02"},
		{"a night of 23 hours", "2026-03-07 10:00", miami, "2026-03-08 10:00", miami, "2026-03-07", "2026-03-07"},
		{"a night of 25 hours", "2026-10-31 10:00", miami, "2026-11-01 10:00", miami, "2026-10-31", "2026-10-31"},
	} {
		t.Run(c.name, func(t *testing.T) {
			days, err := trip(c.pickup, c.from, c.ret, c.to).Days()
			if err != nil {
				t.Fatal(err)
			}
			if want := (exodrive.Days{Start: exodrive.MustDate(c.first), End: exodrive.MustDate(c.last).Add(1)}); days != want {
				t.Errorf("days = %s to %s, want %s to %s", days.Start, days.End.Add(-1), c.first, c.last)
			}
		})
	}
}

// TestTripReturnBeforePickup: A return that does not come after the pick-up is
// refused on /endDate, also where only the zones make it so.
func TestTripReturnBeforePickup(t *testing.T) {
	miami := handoverAt("America/New_York", "10:00")
	munich := handoverAt("Europe/Berlin", "10:00")
	for name, tr := range map[string]exodrive.Trip{
		"same minute":   trip("2026-05-01 10:00", miami, "2026-05-01 10:00", miami),
		"day before":    trip("2026-05-02 10:00", miami, "2026-05-01 10:00", miami),
		"earlier east":  trip("2026-05-01 10:00", miami, "2026-05-01 15:00", munich), // 15:00 there is 09:00 here
		"same in east":  trip("2026-05-01 10:00", miami, "2026-05-01 16:00", munich),
		"minute before": trip("2026-05-01 10:00", miami, "2026-05-01 09:59", miami),
	} {
		_, err := tr.Days()
		if e, ok := errors.AsType[*exodrive.Error](err); !ok || e.Code != exodrive.Invalid || e.Field != "/endDate" {
			t.Errorf("%s: error = %v, want invalid on /endDate", name, err)
		}
	}
	if _, err := trip("2026-05-01 10:00", miami, "2026-05-01 16:01", munich).Days(); err != nil {
		t.Errorf("a minute after it, in another zone: %v", err)
	}
	if _, err := trip("2026-05-01 10:00", handoverAt("Mars/Olympus", "10:00"), "2026-05-02 10:00", miami).Days(); exodrive.CodeOf(err) != exodrive.Internal {
		t.Errorf("unknown zone: error = %v, want internal", err)
	}
}

// TestDayTrip: The list and the calendar ask about exactly the days they show.
func TestDayTrip(t *testing.T) {
	want := exodrive.Days{Start: mayFirst, End: mayFirst.Add(5)}
	got, err := exodrive.DayTrip(want, handoverAt("America/New_York", "10:00")).Days()
	if err != nil || got != want {
		t.Errorf("DayTrip(%v).Days() = %v, %v", want, got, err)
	}
}

// TestBlockedUntil: After a rental the car rests for its turnaround and, one
// way, for the days of bringing it back.
func TestBlockedUntil(t *testing.T) {
	days := exodrive.Days{Start: mayFirst, End: mayFirst.Add(3)} // returned on 4 May
	for _, c := range []struct {
		turnaround, transfer int
		want                 string
	}{{0, 0, "2026-05-04"}, {1, 0, "2026-05-05"}, {0, 2, "2026-05-06"}, {1, 2, "2026-05-07"}} {
		got := exodrive.BlockedUntil(days, c.turnaround, exodrive.Transfer{Days: c.transfer})
		if got != exodrive.MustDate(c.want) {
			t.Errorf("turnaround %d, transfer %d: blocked until %s, want %s", c.turnaround, c.transfer, got, c.want)
		}
	}
}

// TestInTheWay: A rental has its own days alone, and behind it any but those that a booking
// has, and where the car is away, that the workshop has; what lies beyond is nobody's matter.
func TestInTheWay(t *testing.T) {
	takes := exodrive.Occupancy{Days: exodrive.Days{Start: mayFirst, End: mayFirst.Add(2)}, BlockedUntil: mayFirst.Add(4)}
	for day, want := range map[int]struct{ booking, workshop, away bool }{
		-1: {},
		0:  {booking: true, workshop: true, away: true},
		1:  {booking: true, workshop: true, away: true},
		2:  {booking: true, workshop: false, away: true},
		3:  {booking: true, workshop: false, away: true},
		4:  {},
	} {
		date := mayFirst.Add(day)
		inTheWay := func(workshop, away bool) bool {
			takes := takes
			takes.Away = away
			return slices.Equal(takes.InTheWay([]exodrive.TakenDay{{Date: date, Workshop: workshop}}), []exodrive.Date{date})
		}
		for _, away := range []bool{false, true} {
			if inTheWay(false, away) != want.booking {
				t.Errorf("a booking's, day %d, away: %v: %v", day, away, !want.booking)
			}
		}
		if inTheWay(true, false) != want.workshop || inTheWay(true, true) != want.away {
			t.Errorf("the workshop's, day %d: %v, and %v where the car is away", day, inTheWay(true, false), inTheWay(true, true))
		}
	}
}

// changes are the nights around which clocks change, with the length of the
// day that begins at handover on the first date.
var changes = []struct {
	zone, handover, date string
	length               time.Duration
}{
	{"America/New_York", "10:00", "2026-03-07", 23 * time.Hour},
	{"America/New_York", "10:00", "2026-10-31", 25 * time.Hour},
	{"Australia/Lord_Howe", "10:00", "2026-04-04", 24*time.Hour + 30*time.Minute},
	{"Australia/Lord_Howe", "10:00", "2026-10-03", 23*time.Hour + 30*time.Minute},
	{"America/Santiago", "10:00", "2026-04-04", 25 * time.Hour}, // 24:00 becomes 23:00
	{"America/Santiago", "10:00", "2026-09-05", 23 * time.Hour}, // 00:00 becomes 01:00
	{"Africa/Cairo", "10:00", "2026-04-23", 23 * time.Hour},     // 00:00 becomes 01:00
	{"Africa/Cairo", "10:00", "2026-10-29", 25 * time.Hour},
}

// TestTripOverClockChange: The night in which clocks change is one rental day,
// neither more nor less, whatever its length.
func TestTripOverClockChange(t *testing.T) {
	for _, c := range changes {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		first, h := exodrive.MustDate(c.date), clock(c.handover)
		if got := first.Add(1).At(h, zone).Sub(first.At(h, zone)); got != c.length {
			t.Errorf("%s: the day from %s on has %v, want %v; the example is wrong", c.zone, c.date, got, c.length)
		}
		place := handoverAt(c.zone, c.handover)
		for _, ret := range []struct {
			time string
			days int
		}{{"09:59", 1}, {"10:00", 1}, {"10:01", 2}} {
			days, err := trip(c.date+" 10:00", place, first.Add(1).String()+" "+ret.time, place).Days()
			if err != nil || days.Len() != ret.days {
				t.Errorf("%s: 10:00 on %s to %s next day: %d days, %v; want %d", c.zone, c.date, ret.time, days.Len(), err, ret.days)
			}
		}
	}
}

// TestTripDaysAreWindows: The days of a trip are exactly the windows from
// handover to handover, as instants, that it touches, also while clocks change.
func TestTripDaysAreWindows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		change := rapid.SampledFrom(changes).Draw(t, "change")
		zone, err := time.LoadLocation(change.zone)
		if err != nil {
			t.Fatal(err)
		}
		near := func(name string) exodrive.Date {
			return exodrive.MustDate(change.date).Add(rapid.IntRange(-2, 3).Draw(t, name))
		}
		minute := rapid.Map(rapid.IntRange(0, 24*12-1), func(n int) exodrive.Clock { return exodrive.Clock(5 * n) })
		place := handoverAt(change.zone, "00:00")
		place.Handover = minute.Draw(t, "handover")
		tr := exodrive.Trip{
			PickupDate: near("pick-up day"), PickupTime: minute.Draw(t, "pick-up"), PickupPlace: place,
			ReturnDate: near("return day"), ReturnTime: minute.Draw(t, "return"), ReturnPlace: place,
		}
		instant := func(d exodrive.Date, c exodrive.Clock) time.Time {
			var y, m, day int
			if _, err := fmt.Sscanf(d.String(), "%d-%d-%d", &y, &m, &day); err != nil {
				t.Fatal(err)
			}
			at := time.Date(y, time.Month(m), day, int(c)/60, int(c)%60, 0, 0, zone)
			if at.Hour()*60+at.Minute() != int(c) {
				t.Skip("clocks skip this time")
			}
			return at
		}
		pickup, ret := instant(tr.PickupDate, tr.PickupTime), instant(tr.ReturnDate, tr.ReturnTime)
		var touched []exodrive.Date
		for d := tr.PickupDate.Add(-2); d <= tr.ReturnDate.Add(2); d++ {
			if pickup.Before(instant(d.Add(1), place.Handover)) && ret.After(instant(d, place.Handover)) {
				touched = append(touched, d)
			}
		}
		days, err := tr.Days()
		if !ret.After(pickup) {
			if exodrive.CodeOf(err) != exodrive.Invalid {
				t.Fatalf("%v to %v: error = %v, want invalid", pickup, ret, err)
			}
			return
		}
		if err != nil || days.Len() != len(touched) || days.Start != touched[0] {
			t.Errorf("%v to %v with handover %s: days %v, %v; touched %v", pickup, ret, place.Handover, days, err, touched)
		}
	})
}

// TestCheckDays: A rental beyond a limit is refused with a sentence that names
// the limit; one at the limit is taken.
func TestCheckDays(t *testing.T) {
	today := mayFirst
	for _, c := range []struct {
		name         string
		start, end   int // days from today
		minimum      int
		field, words string
	}{
		{"one day today", 0, 1, 1, "", ""},
		{"the minimum", 0, 3, 3, "", ""},
		{"below the minimum", 0, 2, 3, "/endDate", "This car is rented for at least 3 days; you asked for 2."},
		{"the longest", 0, 90, 1, "", ""},
		{"too long", 0, 91, 1, "/endDate", "A rental is at most 90 days; you asked for 91."},
		{"yesterday", -1, 3, 1, "/startDate", "The first day, 2026-04-30, is in the past; it can be 2026-05-01 at the earliest."},
		{"furthest", 530, 540, 1, "", ""},
		{"too far", 530, 541, 1, "/endDate", "Rentals can be asked for up to 540 days ahead, until 2027-10-23."},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := exodrive.DefaultLimits.CheckDays(exodrive.Days{Start: today.Add(c.start), End: today.Add(c.end)}, c.minimum, today)
			if c.words == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			e, ok := errors.AsType[*exodrive.Error](err)
			if !ok || e.Code != exodrive.Invalid || e.Field != c.field || e.Message != c.words {
				t.Errorf("error = %v, want invalid on %s: %s", err, c.field, c.words)
			}
		})
	}
}
