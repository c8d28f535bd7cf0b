package rental

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/sqlstore"
)

const (
	// firstPages of the whole list are what visitors leaf through.
	firstPages = 5
	// mostLists of those that were asked are warmed beside the usual ones.
	mostLists = 50
	// mostCalendars are the cars whose calendars are warmed: four answers each, some
	// twenty kilobytes together.
	mostCalendars = 1000
)

// plan lists the answers of some groups, most asked first.
func (s *Service) plan(ctx context.Context, ask WarmRequest) (tasks []warmTask, err error) {
	if ask.FleetCounts {
		tasks = append(tasks, task(countsGroup, s.reads.counts, struct{}{}))
	}
	if !ask.Cars && !ask.Availability {
		return tasks, nil
	}
	cars, err := s.store.PublicCars(ctx)
	if err != nil {
		return nil, err
	}
	often := s.asked.often(ctx)
	byDemand(cars, often)
	if ask.Cars {
		tasks = append(tasks, s.listTasks(often, cars)...)
		tasks = append(tasks, s.tripTasks()...)
	}
	for i, c := range cars {
		if ask.Cars {
			tasks = append(tasks, s.pageTasks(c)...)
		}
		if ask.Availability && i < mostCalendars {
			tasks = append(tasks, s.calendarTasks(c)...)
		}
	}
	return tasks, nil
}

// byDemand puts the cars first that are asked most; the others keep their order.
func byDemand(cars []sqlstore.PublicCar, often demand) {
	slices.SortStableFunc(cars, func(a, b sqlstore.PublicCar) int { return cmp.Compare(often.of(b.ID), often.of(a.ID)) })
}

// listTasks are the lists that are asked most, then those that the pages of the
// site and callers without a wish of their own begin with.
func (s *Service) listTasks(often demand, cars []sqlstore.PublicCar) (tasks []warmTask) {
	seen := map[string]bool{}
	add := func(ask exodrive.CarQuery) {
		key := ask.Key()
		if seen[key] || ask.HasDates() && s.rentable(ask.Dates()) != nil {
			return
		}
		seen[key] = true
		family := s.reads.list
		if ask.HasDates() {
			family = s.reads.listOnDates
		}
		tasks = append(tasks, task(carsGroup, family, ask))
	}
	first, _ := exodrive.ParseCarQuery(nil, s.limits)
	add(first)
	for _, key := range often.keys {
		if ask, ok := exodrive.ParseCarKey(key, s.limits); ok && len(tasks) <= mostLists {
			add(ask)
		}
	}
	listed := 0
	for _, c := range cars {
		if c.Listed {
			listed++
		}
	}
	for page := first; page.Page <= min(firstPages, (listed+first.Limit-1)/first.Limit, s.limits.Page); page.Page++ {
		add(page)
	}
	for _, c := range exodrive.Categories {
		ask, _ := exodrive.ParseCarQuery(url.Values{"category": {string(c)}}, s.limits)
		add(ask)
	}
	for _, by := range exodrive.Sorts {
		ask := first
		ask.Sort = by
		add(ask)
	}
	return tasks
}

// tripTasks are what is asked by whoever fills in a trip, with whatever car.
func (s *Service) tripTasks() []warmTask {
	first := exodrive.PageQuery{Page: 1, Limit: min(exodrive.DefaultOffers, s.limits.PageSize)}
	return []warmTask{task(carsGroup, s.reads.places, first), task(carsGroup, s.reads.extras, first)}
}

// pageTasks are what is asked of a car first.
func (s *Service) pageTasks(c sqlstore.PublicCar) []warmTask {
	tasks := s.detailTasks(c)
	for _, n := range []int{exodrive.ShownReviews, exodrive.DefaultReviews} {
		first := exodrive.PageQuery{Page: 1, Limit: n}
		tasks = append(tasks, task(carsGroup, s.reads.reviews, reviewsOf{c.ID, first}))
	}
	return tasks
}

func (s *Service) detailTasks(c sqlstore.PublicCar) []warmTask {
	return []warmTask{task(carsGroup, s.reads.slug, c.Slug), task(carsGroup, s.reads.details, c.ID)}
}

// calendarTasks are the calendar of the car's page, and the whole months in it.
func (s *Service) calendarTasks(c sqlstore.PublicCar) []warmTask {
	zone, err := exodrive.LoadZone(c.Zone)
	if err != nil {
		zone = time.UTC // as its page does
	}
	today := exodrive.DateOf(s.now().In(zone))
	tasks := []warmTask{task(availabilityGroup, s.reads.availability, calendarOf{c.ID, exodrive.FirstCalendar(today)})}
	for n := range exodrive.CalendarMonths {
		month := today.Month(n)
		if month != exodrive.FirstCalendar(today) {
			tasks = append(tasks, task(availabilityGroup, s.reads.availability, calendarOf{c.ID, month}))
		}
	}
	return tasks
}
