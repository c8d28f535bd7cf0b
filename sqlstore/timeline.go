package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/exodrive/exodrive"
)

// Timeline is what is taken of the calendars of a page of the cars, archived ones too,
// in two statements that run together.
func (q queries) Timeline(ctx context.Context, ask exodrive.TimelineQuery) (*exodrive.Timeline, error) {
	limit, offset := ask.Limit, (ask.Page-1)*ask.Limit
	out := &exodrive.Timeline{Start: ask.Start, End: ask.End}
	total := 0
	taken := map[string][]exodrive.TimelineSpan{}
	g, gctx := q.parts(ctx)
	g.Go(func() (err error) {
		out.Cars, err = collect(gctx, q, func(r scanner) (c exodrive.TimelineCar, err error) {
			return c, r.Scan(&c.ID, &c.Name, &c.Archived, &total)
		}, sqlTimelineCars, limit, offset)
		return err
	})
	g.Go(func() error {
		return q.each(gctx, sqlTimelineSpans, []any{limit, offset, ask.Start, ask.End}, func(r scanner) error {
			var row string
			if err := r.Scan(&row); err != nil {
				return err
			}
			return addSpan(taken, row)
		})
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	if len(out.Cars) == 0 && ask.Page > 1 {
		if err := q.row(ctx, sqlCountCars).scan(&total); err != nil {
			return nil, err
		}
	}
	for i := range out.Cars {
		out.Cars[i].Spans = inOrder(taken[out.Cars[i].ID])
	}
	out.Pagination = exodrive.NewPagination(ask.Page, ask.Limit, total)
	return out, nil
}

const sqlTimelineCars = `SELECT id, name, hidden, (SELECT COUNT(*) FROM cars) FROM cars ORDER BY name, id LIMIT $1 OFFSET $2`

// sqlTimelineSpans finds the bookings that begin in the days, then those that began
// before and have the first of them, which is at most one of each car, as no two share
// a day; and the days of maintenance that belong to no booking. So it reads nothing of
// what lies outside of the days, however long a rental may be. Each row is one text,
// which crosses the driver in a fifth of the time of its parts; the renter comes last,
// because a name may have commas.
const sqlTimelineSpans = `WITH shown AS (SELECT id FROM cars ORDER BY name, id LIMIT $1 OFFSET $2)
	SELECT b.car_id || ',' || b.start_date || ',' || b.end_date || ',' || b.blocked_until || ',' || b.state || ',' || b.id || ',' || b.first_name || ' ' || b.last_name
	FROM bookings b JOIN shown s ON b.car_id = s.id
	WHERE b.start_date >= $3 AND b.start_date <= $4 AND b.state IN ('held', 'confirmed', 'active', 'returned', 'completed')
	UNION ALL
	SELECT b.car_id || ',' || b.start_date || ',' || b.end_date || ',' || b.blocked_until || ',' || b.state || ',' || b.id || ',' || b.first_name || ' ' || b.last_name
	FROM car_availability d JOIN shown s ON d.car_id = s.id JOIN bookings b ON b.id = d.booking_id
	WHERE d.date = $3 AND b.start_date < $3
	UNION ALL
	SELECT d.car_id || ',' || d.date FROM car_availability d JOIN shown s ON d.car_id = s.id
	WHERE d.date >= $3 AND d.date <= $4 AND d.status = 'maintenance' AND d.booking_id IS NULL`

// addSpan reads a row of sqlTimelineSpans: of a booking, or of a day of maintenance.
func addSpan(taken map[string][]exodrive.TimelineSpan, row string) error {
	f := strings.SplitN(row, ",", 7)
	if len(f) != 7 && len(f) != 2 {
		return fmt.Errorf("a row of the timeline has %d fields", len(f))
	}
	var days [3]exodrive.Date
	for i := range min(len(f)-1, len(days)) {
		d, err := exodrive.ParseDate(f[i+1])
		if err != nil {
			return err
		}
		days[i] = d
	}
	span := exodrive.TimelineSpan{State: string(exodrive.DayMaintenance), FirstDay: days[0], LastDay: days[0]}
	if len(f) == 7 {
		span = exodrive.TimelineSpan{
			BookingID: f[5], State: f[4], Renter: strings.TrimSpace(f[6]),
			FirstDay: days[0], LastDay: days[1] - 1, TurnaroundDays: int(days[2] - days[1]),
		}
	}
	taken[f[0]] = append(taken[f[0]], span)
	return nil
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
