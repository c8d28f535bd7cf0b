package exodrive

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// FeedEntry is a booking as a calendar shows it to whoever has the calendar's link: who
// comes, by the name that signs in public, and no way to reach him.
type FeedEntry struct {
	BookingID                string
	State                    BookingState
	Car, Renter              string
	PickupPlace, ReturnPlace string
	Pickup, Return           time.Time // as agreed, or as it was if that was earlier
	Sequence                 int64     // grows with every change
	Created, Updated         time.Time
}

// feedStatus is the STATUS of an entry. One that fell through stays for as long as its
// days would have been shown, as cancelled, because some clients never take away what
// just disappears.
func (e *FeedEntry) feedStatus() string {
	switch {
	case e.State == Held:
		return "TENTATIVE"
	case e.State.Occupies():
		return "CONFIRMED"
	}
	return "CANCELLED"
}

// AppendFeed adds an iCalendar object (RFC 5545) to some bytes. Nothing in it depends on
// anything but its arguments, so the same entries give the same bytes. Times are in UTC:
// a client shows them in its own zone and needs to know no rules of ours.
func AppendFeed(b []byte, name string, entries []FeedEntry) []byte {
	f := icalendar{b}
	f.line("BEGIN", "VCALENDAR")
	f.line("VERSION", "2.0")
	f.line("PRODID", "-//ExoDrive//Bookings//EN")
	f.line("CALSCALE", "GREGORIAN")
	f.line("METHOD", "PUBLISH")
	f.text("NAME", name)
	f.text("X-WR-CALNAME", name)
	f.line("REFRESH-INTERVAL;VALUE=DURATION", "PT1H")
	f.line("X-PUBLISHED-TTL", "PT1H")
	for i := range entries {
		f.event(&entries[i])
	}
	if len(entries) == 0 {
		f.utc()
	}
	f.line("END", "VCALENDAR")
	return f.b
}

// utc adds the zone that the times are in. Nothing needs it, but a calendar has at least
// one component (RFC 5545, section 3.6), and this is the one that shows nothing.
func (f *icalendar) utc() {
	f.line("BEGIN", "VTIMEZONE")
	f.line("TZID", "Etc/UTC")
	f.line("BEGIN", "STANDARD")
	f.line("DTSTART", "19700101T000000")
	f.line("TZOFFSETFROM", "+0000")
	f.line("TZOFFSETTO", "+0000")
	f.line("TZNAME", "UTC")
	f.line("END", "STANDARD")
	f.line("END", "VTIMEZONE")
}

func (f *icalendar) event(e *FeedEntry) {
	status := e.feedStatus()
	f.line("BEGIN", "VEVENT")
	f.line("UID", e.BookingID+"@exodrive")
	f.instant("DTSTAMP", e.Updated)
	f.instant("CREATED", e.Created)
	f.instant("LAST-MODIFIED", e.Updated)
	f.line("SEQUENCE", strconv.FormatInt(e.Sequence, 10))
	f.instant("DTSTART", e.Pickup)
	f.instant("DTEND", e.Return)
	f.line("STATUS", status)
	if status == "CANCELLED" {
		f.line("TRANSP", "TRANSPARENT")
	}
	f.text("SUMMARY", e.Car+": "+e.Renter)
	f.text("LOCATION", e.PickupPlace)
	f.text("DESCRIPTION", "Booking "+e.BookingID+", "+string(e.State)+".\nReturn at "+e.ReturnPlace+".")
	f.line("END", "VEVENT")
}

// icalendar writes content lines.
type icalendar struct{ b []byte }

// maxLine is how many bytes a line has at most, without its end.
const maxLine = 75

// line adds a line, folded where it is too long: a fold is a line end and a blank, and
// never splits a letter.
func (f *icalendar) line(name, value string) {
	room := maxLine
	for rest := name + ":" + value; ; {
		n := len(rest)
		if n > room {
			for n = room; !utf8.RuneStart(rest[n]); n-- {
			}
		}
		f.b = append(append(f.b, rest[:n]...), "\r\n"...)
		if rest = rest[n:]; rest == "" {
			return
		}
		f.b = append(f.b, ' ')
		room = maxLine - 1
	}
}

// text adds a line with a text that may hold anything.
func (f *icalendar) text(name, value string) { f.line(name, escaped(value)) }

var escapes = strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`)

// escaped is a value of the type TEXT: without control characters, which it may not hold.
func escaped(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, escapes.Replace(strings.ToValidUTF8(s, "\uFFFD")))
}

func (f *icalendar) instant(name string, t time.Time) {
	f.line(name, t.UTC().Format("20060102T150405Z"))
}
