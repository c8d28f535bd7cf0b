package web

import (
	"context"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/httpx"
)

// carView is the page of one car.
type carView struct {
	Car     *exodrive.CarDetails
	Months  []month
	Hours   []openingHours
	Reviews *exodrive.ReviewPage
}

// openingHours are those of one weekday or of several in a row.
type openingHours struct {
	Days   string // Mon–Sat
	Open   exodrive.Hours
	Closed bool
}

// car shows one car. Its address has the slug; an id, which the API also takes,
// leads there.
func (s *site) car(w http.ResponseWriter, r *http.Request) (answer, error) {
	if err := s.allow(w, r, httpx.LimitReads); err != nil {
		return answer{}, err
	}
	ref := r.PathValue("slug")
	car, err := cache.Value(s.Rental.Car(r.Context(), ref))
	if err != nil {
		return answer{}, err
	}
	if ref != car.Slug {
		w.Header().Set("Location", "/fleet/"+car.Slug)
		return answer{status: http.StatusFound}, nil
	}
	view := carView{Car: car, Hours: weekOf(car.Place.Hours)}
	if err := s.calendarAndReviews(r.Context(), &view); err != nil {
		return answer{}, err
	}
	return carPage.answer(http.StatusOK, view)
}

// calendarAndReviews loads what depends on the car. The calendar begins today at
// the place of the car.
func (s *site) calendarAndReviews(ctx context.Context, view *carView) error {
	today := s.today(view.Car.Place.Zone)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		free, err := cache.Value(s.Rental.Availability(ctx, view.Car.ID, exodrive.FirstCalendar(today)))
		if err == nil {
			view.Months = monthsOf(free)
		}
		return err
	})
	g.Go(func() (err error) {
		view.Reviews, err = cache.Value(s.Rental.Reviews(ctx, view.Car.ID, exodrive.PageQuery{Page: 1, Limit: exodrive.ShownReviews}))
		return err
	})
	return g.Wait()
}

// today is the civil day in a zone, that of UTC if nobody knows the zone.
func (s *site) today(zone string) exodrive.Date {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		loc = time.UTC
	}
	return exodrive.DateOf(s.Now().In(loc))
}

// weekOf lists opening hours from Monday on, equal days in a row as one.
func weekOf(hours exodrive.OpeningHours) []openingHours {
	var week []openingHours
	first := time.Monday
	for i := range time.Weekday(7) {
		at := (time.Monday + i) % 7
		if n := len(week); n > 0 && week[n-1].Open == hours[at] {
			week[n-1].Days = first.String()[:3] + "–" + at.String()[:3]
			continue
		}
		first = at
		week = append(week, openingHours{Days: at.String()[:3], Open: hours[at], Closed: hours[at].Open == hours[at].Close})
	}
	return week
}
