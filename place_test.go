package exodrive_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/exodrive/exodrive"
)

// weekHours are nine to six on weekdays, ten to two on Saturdays, and closed on
// Sundays.
var weekHours = exodrive.OpeningHours{
	{},
	{Open: 9 * 60, Close: 18 * 60}, {Open: 9 * 60, Close: 18 * 60}, {Open: 9 * 60, Close: 18 * 60},
	{Open: 9 * 60, Close: 18 * 60}, {Open: 9 * 60, Close: 18 * 60},
	{Open: 10 * 60, Close: 14 * 60},
}

func goodPlace() exodrive.LocationInput {
	return exodrive.LocationInput{
		Name: "Miami Design District", City: "Miami", Country: "US", Zone: "America/New_York", Handover: 600, Units: exodrive.Imperial, Hours: weekHours,
		Transfers: []exodrive.Transfer{{To: "loc_01kas0f3m2x7h9tr", Days: 2, Fee: 300_00}},
	}
}

// TestOpeningHours: A place is open from its opening to its closing minute, both
// included, and on a closed day never.
func TestOpeningHours(t *testing.T) {
	for _, c := range []struct {
		day  time.Weekday
		time string
		want bool
	}{
		{time.Monday, "08:59", false}, {time.Monday, "09:00", true}, {time.Monday, "18:00", true}, {time.Monday, "18:01", false},
		{time.Saturday, "09:59", false}, {time.Saturday, "14:00", true}, {time.Saturday, "14:01", false},
		{time.Sunday, "00:00", false}, {time.Sunday, "12:00", false},
	} {
		if got := weekHours.Open(c.day, clock(c.time)); got != c.want {
			t.Errorf("open on %s at %s: %v, want %v", c.day, c.time, got, c.want)
		}
	}
	allDay := exodrive.OpeningHours{{Open: 0, Close: 23*60 + 59}}
	if !allDay.Open(time.Sunday, 0) || !allDay.Open(time.Sunday, 23*60+59) {
		t.Error("a place open all day is closed at midnight")
	}
}

// TestAfterHours: Each handover counts by the hours of its own place on its own
// weekday.
func TestAfterHours(t *testing.T) {
	place, always := handoverAt("America/New_York", "10:00"), handoverAt("Europe/Berlin", "10:00")
	place.Hours = weekHours
	for i := range always.Hours {
		always.Hours[i].Close = 23*60 + 59
	}
	for _, c := range []struct {
		name        string
		trip        exodrive.Trip
		pickup, ret bool
	}{
		{"Friday noon to Monday noon", trip("2026-05-01 12:00", place, "2026-05-04 12:00", place), false, false},
		{"Friday night to Sunday", trip("2026-05-01 20:00", place, "2026-05-03 12:00", place), true, true},
		{"Saturday afternoon to Monday", trip("2026-05-02 15:00", place, "2026-05-04 12:00", place), true, false},
		{"Sunday, returned where it is always open", trip("2026-05-03 12:00", place, "2026-05-10 03:00", always), true, false},
	} {
		if pickup, ret := c.trip.AfterHours(); pickup != c.pickup || ret != c.ret {
			t.Errorf("%s: closed at pick-up %v, at return %v; want %v and %v", c.name, pickup, ret, c.pickup, c.ret)
		}
	}
}

// TestTransferTo: A car can be returned where it was taken, for nothing, and
// elsewhere only where a transfer is offered.
func TestTransferTo(t *testing.T) {
	l := &exodrive.Location{ID: "loc_01kas0f3m2x7h9tq", LocationInput: goodPlace()}
	for id, want := range map[string]exodrive.Transfer{
		"loc_01kas0f3m2x7h9tq": {To: "loc_01kas0f3m2x7h9tq"},
		"loc_01kas0f3m2x7h9tr": {To: "loc_01kas0f3m2x7h9tr", Days: 2, Fee: 300_00},
	} {
		if got, ok := l.TransferTo(id); !ok || got != want {
			t.Errorf("TransferTo(%s) = %+v, %v; want %+v", id, got, ok, want)
		}
	}
	if got, ok := l.TransferTo("loc_01kas0f3m2x7h9ts"); ok || got != (exodrive.Transfer{}) {
		t.Errorf("a transfer that is not offered: %+v, %v", got, ok)
	}
}

// TestLocationValidate: A good place gets its slug from its name; a bad one
// learns every wrong field at once.
func TestLocationValidate(t *testing.T) {
	good := goodPlace()
	if err := good.Validate(); err != nil || good.Slug != "miami-design-district" {
		t.Errorf("good place: %v, slug %q", err, good.Slug)
	}
	kept := goodPlace()
	kept.Slug = "miami"
	if err := kept.Validate(); err != nil || kept.Slug != "miami" {
		t.Errorf("good place with a slug: %v, slug %q", err, kept.Slug)
	}

	bad := goodPlace()
	bad.Slug, bad.Name, bad.City, bad.Zone, bad.Units = "Miami_1", "", "", "Mars/Olympus", "nautical"
	bad.Hours[3] = exodrive.Hours{Open: 18 * 60, Close: 9 * 60}
	bad.Transfers = []exodrive.Transfer{{To: "tampa"}, {To: "loc_01kas0f3m2x7h9tr"}, {To: "loc_01kas0f3m2x7h9tr"}}
	want := []string{"/slug", "/name", "/city", "/units", "/zone", "/hours/3", "/transfers/0/to", "/transfers/2/to"}
	if diff := cmp.Diff(want, faultFields(t, bad.Validate())); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	for _, zone := range []string{"", "Local", "../../etc/passwd", "EST5EDT8"} {
		l := goodPlace()
		l.Zone = zone
		if diff := cmp.Diff([]string{"/zone"}, faultFields(t, l.Validate())); diff != "" {
			t.Errorf("zone %q (-want +got):\n%s", zone, diff)
		}
	}
}
