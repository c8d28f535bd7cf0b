package web

import (
	"context"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/httpx"
	"github.com/exodrive/exodrive/rental"
)

// carView is the page of one car.
type carView struct {
	frame
	Car     *exodrive.CarDetails
	Months  []month // nil: the calendar cannot be shown just now
	Hours   []openingHours
	Reviews *exodrive.ReviewPage // nil: they cannot be shown just now
	Stay    stay
	Fleet   string // address of the list, with the days
	Old     bool   // nobody can vouch for what is shown
}

// openingHours are those of one weekday or of several in a row.
type openingHours struct {
	Days   string // Mon–Sat
	Open   exodrive.Hours
	Closed bool
}

// car shows one car, and what it costs for the days of its address. The address has
// the slug; an id, which the API also takes, leads there.
func (s *site) car(w http.ResponseWriter, r *http.Request) (answer, error) {
	if err := s.allow(w, r, httpx.LimitReads); err != nil {
		return answer{}, err
	}
	ref := r.PathValue("slug")
	read, err := s.Rental.Car(r.Context(), ref)
	car, err := cache.Value(read, err)
	if err != nil {
		return answer{}, err
	}
	days := askedStay(r.URL.Query(), s.Rental.Limits())
	if ref != car.Slug {
		w.Header().Set("Location", "/fleet/"+car.Slug+days.query())
		return answer{status: http.StatusFound}, nil
	}
	view := carView{frame: s.frame(), Car: car, Hours: weekOf(car.Place.Hours), Stay: days, Fleet: "/fleet"}
	from, err := s.around(r.Context(), &view)
	if err != nil {
		return answer{}, err
	}
	from.reads = append(from.reads, read.Served)
	view.Old = from.unverified()
	if view.Stay.Wrong() {
		return carPage.answer(http.StatusBadRequest, view, from)
	}
	view.Fleet += view.Stay.query()
	return carPage.answer(http.StatusOK, view, from)
}

// around loads what stands around a car. The calendar begins today at the place of
// the car. What cannot be read just now is left out: the car is worth showing
// without it.
func (s *site) around(ctx context.Context, view *carView) (sources, error) {
	today := s.today(view.Car.Place.Zone)
	var (
		calendar part[exodrive.Availability]
		reviews  part[exodrive.ReviewPage]
		price    part[exodrive.CarPage]
	)
	g, inner := errgroup.WithContext(ctx)
	g.Go(func() error {
		return calendar.take(s.Rental.Availability(inner, view.Car.ID, exodrive.FirstCalendar(today)))
	})
	g.Go(func() error {
		return reviews.take(s.Rental.Reviews(inner, view.Car.ID, exodrive.PageQuery{Page: 1, Limit: exodrive.ShownReviews}))
	})
	asked := view.Car.Available && view.Stay.Days.Len() >= max(1, view.Car.MinimumDays)
	if asked {
		g.Go(func() error {
			return view.Stay.refused(price.take(s.priceOf(inner, view.Car, view.Stay.Days)), s.Rental.Limits())
		})
	}
	if err := g.Wait(); err != nil {
		return sources{}, err
	}
	var from sources
	if asked && !view.Stay.Wrong() {
		from.add(ctx, price.served, price.away)
	}
	view.Stay.fill(view.Car, price.value)
	from.add(ctx, calendar.served, calendar.away)
	from.add(ctx, reviews.served, reviews.away)
	if calendar.value != nil {
		view.Months = monthsOf(calendar.value, view.Stay.Days)
	}
	view.Reviews = reviews.value
	return from, nil
}

// part is a read that a page can do without.
type part[T any] struct {
	value  *T // nil: it is away
	served cache.Served
	away   error // why it cannot be read just now
}

// take keeps what a read brought. Its error is one that the page cannot do with.
func (p *part[T]) take(read rental.Read[T], err error) error {
	value, err := cache.Value(read, err)
	if exodrive.CodeOf(err) == exodrive.Unavailable {
		p.away = err
		return nil
	}
	p.value, p.served = value, read.Served
	return err
}

// today is the civil day in a zone, that of UTC if nobody knows the zone.
func (s *site) today(zone string) exodrive.Date {
	loc, err := exodrive.LoadZone(zone)
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
