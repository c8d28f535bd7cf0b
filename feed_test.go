package exodrive_test

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/exodrive/exodrive"
)

// unescape is the value of a TEXT.
var unescape = strings.NewReplacer(`\\`, `\`, `\;`, `;`, `\,`, `,`, `\n`, "\n")

// bareSign is a comma or semicolon that would divide a value.
var bareSign = regexp.MustCompile(`(^|[^\\])(\\\\)*[,;]`)

// Whatever a car, a place or a renter is called, a calendar has lines that every program
// can read, and says the name as it is: no line is too long or cut within a letter, and
// nothing in a name begins a line of its own.
//
// Red when: folding counts letters; a backslash, a comma or a line end is not escaped.
func TestFeedOfAnyNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(
			rapid.String(), rapid.StringOfN(rapid.RuneFrom([]rune(`,;\:"nN`+"\n\r\té🏎️Ω ")), 0, 200, -1), rapid.Just("x\r\nEND:VCALENDAR\nBEGIN:VEVENT"),
		).Draw(t, "name")
		at := time.Date(2027, 5, 1, 10, 0, 0, 0, time.UTC)
		e := exodrive.FeedEntry{
			BookingID: "bkg_01kas0f3m2x7h9tq", State: exodrive.Confirmed, Car: name, Renter: "Maria K.", PickupPlace: name, ReturnPlace: name,
			Pickup: at, Return: at.Add(96 * time.Hour), Sequence: 3, Created: at, Updated: at,
		}
		feed := exodrive.AppendFeed(nil, name, []exodrive.FeedEntry{e, e})
		if !bytes.Equal(feed, exodrive.AppendFeed(nil, name, []exodrive.FeedEntry{e, e})) {
			t.Error("the same entries give other bytes")
		}
		text := string(feed)
		if !utf8.ValidString(text) || strings.Count(text, "\n") != strings.Count(text, "\r\n") || strings.Count(text, "\r") != strings.Count(text, "\n") {
			t.Fatalf("%q", text)
		}
		counts := map[string]int{}
		for line := range strings.SplitSeq(strings.TrimSuffix(text, "\r\n"), "\r\n") {
			counts[line]++
			if len(line) > 75 || line == "" || !utf8.ValidString(line) {
				t.Errorf("the line %q has %d bytes", line, len(line))
			}
		}
		if counts["BEGIN:VCALENDAR"] != 1 || counts["END:VCALENDAR"] != 1 || counts["BEGIN:VEVENT"] != 2 || counts["END:VEVENT"] != 2 {
			t.Errorf("%v", counts)
		}
		want := strings.Map(func(r rune) rune {
			if r < ' ' && r != '\t' && r != '\n' || r == 0x7f {
				return -1
			}
			return r
		}, strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(name))
		for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n ", ""), "\r\n") {
			got, ok := strings.CutPrefix(line, "LOCATION:")
			if ok && (unescape.Replace(got) != want || bareSign.MatchString(got)) {
				t.Errorf("the place is %q, which is read as %q, want %q", got, unescape.Replace(got), want)
			}
		}
	})
}

// Also a calendar without a booking has a component, as RFC 5545 wants it, and shows
// nothing; one with bookings has nothing besides them.
//
// Red when: an empty calendar has no component.
func TestEmptyFeed(t *testing.T) {
	for n, want := range map[int]string{0: "VTIMEZONE", 1: "VEVENT"} {
		var has []string
		for line := range strings.SplitSeq(string(exodrive.AppendFeed(nil, "x", make([]exodrive.FeedEntry, n))), "\r\n") {
			if name, ok := strings.CutPrefix(line, "BEGIN:"); ok {
				has = append(has, name)
			}
		}
		if len(has) < 2 || has[0] != "VCALENDAR" || has[1] != want || slices.Contains(has[2:], want) {
			t.Errorf("a calendar of %d bookings has %q", n, has)
		}
	}
}

// A calendar tells a hold from an agreement, and what fell through from both.
func TestFeedStatus(t *testing.T) {
	for _, state := range exodrive.BookingStates {
		want := "CONFIRMED"
		switch {
		case state == exodrive.Held:
			want = "TENTATIVE"
		case !state.Occupies():
			want = "CANCELLED"
		}
		feed := string(exodrive.AppendFeed(nil, "x", []exodrive.FeedEntry{{State: state}}))
		if !strings.Contains(feed, "\r\nSTATUS:"+want+"\r\n") || strings.Contains(feed, "TRANSPARENT") == state.Occupies() {
			t.Errorf("%s: %s", state, feed)
		}
	}
}
