package exodrive_test

import (
	"errors"
	"net/url"
	"reflect"
	"testing"

	"github.com/exodrive/exodrive"
)

// TestOccupies: A car is taken from the hold to the settled rental; a booking
// that fell through gives its days back.
func TestOccupies(t *testing.T) {
	want := map[exodrive.BookingState]bool{
		exodrive.Held: true, exodrive.Confirmed: true, exodrive.Active: true, exodrive.Returned: true, exodrive.Completed: true,
		exodrive.Expired: false, exodrive.Cancelled: false, exodrive.NoShow: false,
	}
	for _, s := range exodrive.BookingStates {
		occupies, known := want[s]
		if !known || s.Occupies() != occupies {
			t.Errorf("%s: occupies %v, want %v (known here: %v)", s, s.Occupies(), occupies, known)
		}
	}
	if len(want) != len(exodrive.BookingStates) {
		t.Errorf("%d states in the vocabulary, %d here", len(exodrive.BookingStates), len(want))
	}
	for _, s := range []exodrive.BookingState{"", "HELD", "pending"} {
		if s.Occupies() {
			t.Errorf("the unknown state %q occupies days", s)
		}
	}
}

// A booking is not lost to a mistyped address, and not refused for an unusual one.
func TestContact(t *testing.T) {
	for email, fine := range map[string]bool{
		"maria@example.com": true, "MARIA@EXAMPLE.COM": true, "m.k+rent@sub.example.co.uk": true, "jürgen@müller.de": true, "o'neill@example.ie": true,
		"": false, "maria": false, "maria@": false, "@example.com": false, "maria@example": false, "maria@@example.com": false,
		"ma ria@example.com": false, "maria@exa mple.com": false, "maria@.com": false, "maria@example..com": false, "maria@example.com.": false,
		"Maria <maria@example.com>": false, "maria@example.com\nBcc: x@example.com": false,
	} {
		c := exodrive.Contact{FirstName: "Maria", Email: email, Phone: "+1 (305) 555-0142"}
		if err := c.Validate(); (err == nil) != fine {
			t.Errorf("%q: %v", email, err)
		}
	}
	c := exodrive.Contact{FirstName: "  Maria ", Email: " Maria@Example.COM ", Phone: " 12345 "}
	if err := c.Validate(); err != nil || c.FirstName != "Maria" || c.Email != "maria@example.com" || c.Phone != "12345" {
		t.Errorf("%+v, %v", c, err)
	}
	for _, phone := range []string{"", "1234", "call me", "12345x"} {
		c.Phone = phone
		if err := c.Validate(); exodrive.CodeOf(err) != exodrive.Invalid {
			t.Errorf("the phone number %q: %v", phone, err)
		}
	}
}

// A wrong parameter of staff's list is named, and a right one is understood.
func TestBookingQuery(t *testing.T) {
	q, err := exodrive.ParseBookingQuery(url.Values{"state": {"held"}, "email": {" Maria@Example.com "}, "startDate": {"2027-05-01"}, "endDate": {"2027-05-01"}, "junk": {"x"}})
	if want := (exodrive.BookingQuery{States: []exodrive.BookingState{exodrive.Held}, Email: "maria@example.com", From: exodrive.MustDate("2027-05-01"), To: exodrive.MustDate("2027-05-01")}); err != nil || !reflect.DeepEqual(q, want) {
		t.Errorf("%+v, %v", q, err)
	}
	for name, value := range map[string]string{"state": "lost", "carId": "Ferrari", "startDate": "2027-02-30", "endDate": "yesterday"} {
		_, err := exodrive.ParseBookingQuery(url.Values{name: {value}})
		if e, _ := errors.AsType[*exodrive.Error](err); e == nil || e.Code != exodrive.Invalid || e.Field != name {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	}
}
