package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/exodrive/exodrive"
)

// Timeline is what is taken of the calendars of a page of the cars, archived ones too.
func (q queries) Timeline(ctx context.Context, ask exodrive.TimelineQuery) (*exodrive.Timeline, error) {
	out := &exodrive.Timeline{Start: ask.Start, End: ask.End, Cars: []exodrive.TimelineCar{}}
	total := 0
	args := []any{ask.Limit, (ask.Page - 1) * ask.Limit, ask.Start, ask.End}
	err := q.each(ctx, sqlTimeline, args, func(r scanner) error {
		var c exodrive.TimelineCar
		var before, within, workshop sql.NullString
		if err := r.Scan(&c.ID, &c.Name, &c.Archived, &total, &before, &within, &workshop); err != nil {
			return err
		}
		for _, part := range []struct {
			lines sql.NullString
			read  func(string) (exodrive.TimelineSpan, error)
		}{{before, bookingSpan}, {within, bookingSpan}, {workshop, workshopSpan}} {
			if !part.lines.Valid {
				continue
			}
			for line := range strings.SplitSeq(part.lines.String, "\n") {
				span, err := part.read(line)
				if err != nil {
					return err
				}
				c.Spans = append(c.Spans, span)
			}
		}
		c.Spans = inOrder(c.Spans)
		out.Cars = append(out.Cars, c)
		return nil
	})
	if err == nil && len(out.Cars) == 0 && ask.Page > 1 {
		err = q.row(ctx, sqlCountCars).scan(&total)
	}
	out.Pagination = exodrive.NewPagination(ask.Page, ask.Limit, total)
	return out, err
}

// sqlTimeline has of each car the booking that began before the days and has the first of
// them, which is at most one, as no two share a day: that day is its own, or the workshop's
// among its turnaround; the bookings that begin in the days; and the workshop's days. So it
// reads nothing of what lies outside of the days, however long a rental may be. Many spans
// are one text, which crosses the driver in a fraction of the time of rows and columns.
const sqlTimeline = `SELECT c.id, c.name, c.hidden, (SELECT COUNT(*) FROM cars),
	(SELECT ` + timelineSpan + ` FROM car_availability d JOIN bookings b ON b.id = COALESCE(d.booking_id, (SELECT t.id FROM bookings t
			WHERE t.car_id = d.car_id AND t.end_date <= d.date AND t.blocked_until > d.date AND t.state IN ('held', 'confirmed', 'active', 'returned', 'completed')))
		WHERE d.car_id = c.id AND d.date = $3 AND b.start_date < $3),
	(SELECT string_agg(` + timelineSpan + `, '` + "\n" + `') FROM bookings b
		WHERE b.car_id = c.id AND b.start_date >= $3 AND b.start_date <= $4 AND b.state IN ('held', 'confirmed', 'active', 'returned', 'completed')),
	(SELECT string_agg(d.date, '` + "\n" + `') FROM car_availability d
		WHERE d.car_id = c.id AND d.date >= $3 AND d.date <= $4 AND d.status = 'maintenance' AND d.booking_id IS NULL)
	FROM (SELECT id, name, hidden FROM cars ORDER BY name, id LIMIT $1 OFFSET $2) c ORDER BY c.name, c.id`

// timelineSpan is a booking b as one line; the renter comes last, because a name may have
// commas.
const timelineSpan = `b.start_date || ',' || b.end_date || ',' || b.blocked_until || ',' || b.state || ',' || b.id || ',' ||
	replace(b.first_name || ' ' || b.last_name, '` + "\n" + `', ' ')`

// bookingSpan reads a timelineSpan.
func bookingSpan(line string) (span exodrive.TimelineSpan, err error) {
	f := strings.SplitN(line, ",", 6)
	if len(f) < 6 {
		return span, fmt.Errorf("a booking of the timeline is %q", line)
	}
	var days [3]exodrive.Date
	for i := range days {
		if days[i], err = exodrive.ParseDate(f[i]); err != nil {
			return span, err
		}
	}
	return exodrive.TimelineSpan{
		BookingID: f[4], State: f[3], Renter: strings.TrimSpace(f[5]),
		FirstDay: days[0], LastDay: days[1] - 1, TurnaroundDays: int(days[2] - days[1]),
	}, nil
}

// workshopSpan reads a day of the workshop.
func workshopSpan(line string) (exodrive.TimelineSpan, error) {
	day, err := exodrive.ParseDate(line)
	return exodrive.TimelineSpan{State: string(exodrive.DayMaintenance), FirstDay: day, LastDay: day}, err
}

// inOrder sorts the spans of a car and makes one of the days of maintenance that follow
// each other.
func inOrder(spans []exodrive.TimelineSpan) []exodrive.TimelineSpan {
	slices.SortFunc(spans, func(a, b exodrive.TimelineSpan) int { return int(a.FirstDay - b.FirstDay) })
	out := spans[:0]
	for _, s := range spans {
		if last := len(out) - 1; last >= 0 && s.BookingID == "" && out[last].BookingID == "" && out[last].LastDay+1 == s.FirstDay {
			out[last].LastDay = s.LastDay
			continue
		}
		out = append(out, s)
	}
	if out == nil {
		out = []exodrive.TimelineSpan{}
	}
	return out
}
