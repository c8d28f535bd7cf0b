package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/rental"
)

// calendar is the last part of the path of a car's calendar, or of the fleet's.
func (s *server) calendar(t testing.TB, carID string) string {
	t.Helper()
	return strings.TrimPrefix(s.calendarLink(t, "GET", "", carID).Path, "/api/calendars/")
}

func (s *server) calendarLink(t testing.TB, method, rest, carID string) (link rental.CalendarLink) {
	t.Helper()
	rec := s.do(call{method: method, path: "/api/admin/calendar" + rest + "?carId=" + carID, as: adminToken})
	if err := json.Unmarshal(rec.Body.Bytes(), &link); err != nil || rec.Code != 200 || link.CarID != carID || link.Version < 1 {
		t.Fatalf("the link of %q: %d %s", carID, rec.Code, rec.Body)
	}
	return link
}

// entries are the events of a calendar by their UID, each with its lines unfolded.
func entries(t testing.TB, feed string) map[string]map[string]string {
	t.Helper()
	all := map[string]map[string]string{}
	var event map[string]string
	for line := range strings.SplitSeq(strings.ReplaceAll(feed, "\r\n ", ""), "\r\n") {
		name, value, _ := strings.Cut(line, ":")
		switch {
		case line == "BEGIN:VEVENT":
			event = map[string]string{}
		case line == "END:VEVENT":
			all[event["UID"]] = event
		case event != nil:
			event[name] = value
		}
	}
	return all
}

// Who has the link to a calendar sees when which car leaves and comes back, and no way to
// reach a renter; a program that asks again is told when nothing has changed; a link that
// is wrong, of another car or was renewed opens nothing.
//
// Red when: the version is not signed; the time of a place is taken for UTC; a feed shows an e-mail address.
func TestCalendarFeeds(t *testing.T) {
	t.Parallel()
	eachServer(t, func(t *testing.T, s *server) {
		token := s.booked(t, 3)
		id, _, _ := strings.Cut(token, ".")
		b, err := s.store.Booking(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		for _, of := range []string{"", b.CarID} {
			path := "/api/calendars/" + s.calendar(t, of)
			first := s.do(call{method: "GET", path: path})
			observed(t, path, first)
			h := first.Header()
			if first.Code != 200 || h.Get("Content-Type") != "text/calendar; charset=utf-8" || h.Get("Cache-Control") != "private, no-cache" || h.Get("ETag") == "" || h.Get("X-Cache") != "BYPASS" {
				t.Fatalf("%d %v", first.Code, h)
			}
			again := s.do(call{method: "GET", path: path, headers: []string{"If-None-Match: " + h.Get("ETag")}})
			if again.Code != http.StatusNotModified || again.Body.Len() != 0 || again.Header().Get("ETag") != h.Get("ETag") {
				t.Errorf("asked again: %d %v", again.Code, again.Header())
			}
			e := entries(t, first.Body.String())[id+"@exodrive"]
			if e["STATUS"] != "TENTATIVE" || e["SEQUENCE"] != "0" || e["DTSTAMP"] != "20261123T120000Z" || !strings.HasSuffix(e["SUMMARY"], ": Maria") ||
				e["DTSTART"] != b.Days.Start.At(10*60, location(t, b.Zone)).UTC().Format("20060102T150405Z") || strings.HasPrefix(e["DTSTART"][8:], "T10") {
				t.Errorf("the entry: %v", e)
			}
			for _, secret := range []string{"@example", "305 555", token} {
				if strings.Contains(first.Body.String(), secret) {
					t.Errorf("the calendar shows %q", secret)
				}
			}
		}

		fleet, own := "/api/calendars/"+s.calendar(t, ""), "/api/calendars/"+s.calendar(t, b.CarID)
		before := s.do(call{method: "GET", path: fleet})
		if rec := s.do(call{method: "POST", path: "/api/bookings/" + token + "/cancel"}); rec.Code != 200 {
			t.Fatalf("%d %s", rec.Code, rec.Body)
		}
		after := s.do(call{method: "GET", path: fleet, headers: []string{"If-None-Match: " + before.Header().Get("ETag")}})
		if e := entries(t, after.Body.String())[id+"@exodrive"]; after.Code != 200 || e["STATUS"] != "CANCELLED" || e["TRANSP"] != "TRANSPARENT" || e["SEQUENCE"] != "1" {
			t.Errorf("cancelled: %d %v", after.Code, e)
		}

		other := s.first(t, "/api/admin/cars")
		_, signature, _ := strings.Cut(strings.TrimPrefix(own, "/api/calendars/"), ".")
		for _, wrong := range []string{"/api/calendars/fleet." + signature, "/api/calendars/" + other + "." + signature, own + "x", strings.TrimSuffix(own, ".ics"), "/api/calendars/.ics", "/api/calendars/" + b.CarID + "..ics", "/api/calendars/" + token} {
			problem(t, wrong, s.do(call{method: "GET", path: wrong}), 404, "not_found")
		}
		if link := s.calendarLink(t, "POST", "/renew", b.CarID); link.Path == own || link.Version != 2 {
			t.Errorf("renewed: %+v", link)
		} else if rec := s.do(call{method: "GET", path: link.Path}); rec.Code != 200 {
			t.Errorf("the new link: %d", rec.Code)
		}
		problem(t, "a link that was renewed", s.do(call{method: "GET", path: own}), 404, "not_found")
		if rec := s.do(call{method: "GET", path: fleet}); rec.Code != 200 {
			t.Errorf("the link of the fleet, after that of a car was renewed: %d", rec.Code)
		}
		problem(t, "a car that is not there", s.do(call{method: "GET", path: "/api/admin/calendar?carId=car_0000000000000000", as: adminToken}), 404, "not_found")
		reader := s.token(t, exodrive.ScopeRead)
		problem(t, "who may only read", s.do(call{method: "GET", path: "/api/admin/calendar", as: reader}), 403, "forbidden")
	})
}

func location(t testing.TB, zone string) *time.Location {
	t.Helper()
	l, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	return l
}
