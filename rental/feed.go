package rental

import (
	"context"
	"strconv"
	"strings"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/sqlstore"
)

// What a calendar shows: bookings that ended at most so many days ago, are under way or
// to come, and of these the first so many, so that what is left out is far ahead. An entry
// has about 500 bytes; a calendar beyond two megabytes and a half is read by few programs.
// A hold that ran out was never a rental, and anybody can leave many of them.
const (
	feedDaysBack = 14
	feedEntries  = 5000
	// feedBegun is before anything that is still under way began, also what staff let take
	// longer than the house does, and keeps the look short.
	feedBegun = 400
)

// fleetCalendar stands for the fleet where a calendar is that of a car, by its id.
const fleetCalendar = "fleet"

// CalendarLink is where the calendar of a car or of the fleet is read without a token.
type CalendarLink struct {
	CarID   string `json:"carId,omitempty" doc:"None: of the fleet."`
	Path    string `json:"path" doc:"On this server. It is as good as a password for this one calendar." example:"/api/calendars/fleet.Jq3v0m5n2b7c9x1z8k4l6h.ics"`
	Version int64  `json:"version" doc:"Grows with each renewal, which makes the path before worthless."`
}

func (s *Service) calendarLink(of string, version int64) *CalendarLink {
	link := &CalendarLink{Path: "/api/calendars/" + s.signs.calendar(of, version), Version: version}
	if of != fleetCalendar {
		link.CarID = of
	}
	return link
}

// CalendarLink is the link to the calendar of a car, or of the fleet for "". Who has it
// needs no token, so only those may ask who may also renew it.
func (s *Service) CalendarLink(ctx context.Context, who exodrive.Actor, carID string) (*CalendarLink, error) {
	if err := who.May(exodrive.ScopeBook); err != nil {
		return nil, err
	}
	of, err := s.calendarOf(ctx, carID)
	if err != nil {
		return nil, err
	}
	version, err := s.store.CalendarVersion(ctx, of)
	return s.calendarLink(of, version), err
}

// RenewCalendar makes the link to a calendar worthless and returns the new one.
func (s *Service) RenewCalendar(ctx context.Context, who exodrive.Actor, carID string) (link *CalendarLink, err error) {
	if err := who.May(exodrive.ScopeBook); err != nil {
		return nil, err
	}
	of, err := s.calendarOf(ctx, carID)
	if err != nil {
		return nil, err
	}
	err = s.change(ctx, who, exodrive.ScopeBook, "calendar.renew", func(tx *sqlstore.Tx) (string, any, error) {
		version, err := tx.RenewCalendar(ctx, of)
		link = s.calendarLink(of, version)
		return of, map[string]int64{"version": version}, err
	})
	return link, err
}

// calendarOf is whose calendar is meant. A car that is not there is not_found.
func (s *Service) calendarOf(ctx context.Context, carID string) (string, error) {
	if carID == "" {
		return fleetCalendar, nil
	}
	car, err := s.store.CarTerms(ctx, carID)
	return car.ID, err
}

// Calendar is the iCalendar object that a link opens, the same bytes as long as nothing in
// it changes. A link that is wrong or was renewed is not_found.
func (s *Service) Calendar(ctx context.Context, link string) ([]byte, error) {
	of, signature, ok := s.signs.opensCalendar(link)
	if !ok {
		return nil, errNoCalendar
	}
	version, err := s.store.CalendarVersion(ctx, of)
	if err != nil {
		return nil, err
	}
	if !s.signs.verify(signature, "calendar", calendarParts(of, version)...) {
		return nil, errNoCalendar
	}
	name, carID := "Bookings", ""
	if of != fleetCalendar {
		car, err := s.store.CarTerms(ctx, of)
		if exodrive.CodeOf(err) == exodrive.NotFound {
			err = errNoCalendar
		}
		if err != nil {
			return nil, err
		}
		name, carID = car.Name, of
	}
	today := s.today()
	entries, err := s.store.FeedOf(ctx, carID, today-feedBegun, today-feedDaysBack, feedEntries)
	if err != nil {
		return nil, err
	}
	return exodrive.AppendFeed(nil, name, entries), nil
}

var errNoCalendar = exodrive.Errorf(exodrive.NotFound, "This address opens no calendar. Use the newest one that you were given, or ask for one.")

// calendarEnding is what programs know a calendar by.
const calendarEnding = ".ics"

// calendar is the link to the calendar of a car or of the fleet: whose it is and a
// signature, so that nothing secret is stored. Another version makes it worthless.
func (s signs) calendar(of string, version int64) string {
	return of + "." + signText.EncodeToString(s.sign("calendar", calendarParts(of, version)...)) + calendarEnding
}

// opensCalendar tells which calendar a link may open; whether it does, its signature says.
func (s signs) opensCalendar(link string) (of string, signature []byte, ok bool) {
	link, ok = strings.CutSuffix(link, calendarEnding)
	of, text, _ := strings.Cut(link, ".")
	signature, err := signText.DecodeString(text)
	return of, signature, ok && err == nil && (of == fleetCalendar || exodrive.IsID(exodrive.CarID, of))
}

func calendarParts(of string, version int64) [][]byte {
	return [][]byte{[]byte(of), []byte(strconv.FormatInt(version, 10))}
}
