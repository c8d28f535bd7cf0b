package rental

import (
	"context"
	"slices"
	"time"

	"github.com/exodrive/exodrive/sqlstore"
)

// touched are the cars that bulk updates have changed and that wait to be warmed.
type touched struct {
	cars map[string]bool
	busy bool // somebody sees to them
}

// touchedWait is how long the first of several updates waits for the others.
const touchedWait = 250 * time.Millisecond

// warmTouched warms in the background what a bulk update of some cars has made
// worthless on this node. Updates that come meanwhile are taken together.
func (s *Service) warmTouched(changes []BulkChange) {
	w := &s.warming
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.touched.cars == nil {
		w.touched.cars = map[string]bool{}
	}
	for _, c := range changes {
		w.touched.cars[c.ID] = true
	}
	if !w.touched.busy && len(w.touched.cars) > 0 {
		w.touched.busy = s.cache.spawn(s.seeToTouched)
	}
}

// takeTouched are the cars that wait, nil when nobody needs to see to any more.
func (s *Service) takeTouched() map[string]bool {
	w := &s.warming
	w.mu.Lock()
	defer w.mu.Unlock()
	cars := w.touched.cars
	w.touched.cars, w.touched.busy = nil, cars != nil
	return cars
}

func (s *Service) seeToTouched(ctx context.Context) {
	for {
		pause(ctx, touchedWait)
		cars := s.takeTouched()
		if cars == nil || ctx.Err() != nil {
			return
		}
		run := &warmRun{ask: WarmAll}
		begin := s.now()
		tasks, err := s.planTouched(ctx, cars)
		if err == nil {
			err = s.warmTasks(ctx, tasks, run)
		}
		run.took = s.now().Sub(begin)
		s.logWarmed("bulk update", run, err)
	}
}

// planTouched lists what depends on some cars and is asked first: lists, counts,
// and of the cars themselves what price and availability show in.
func (s *Service) planTouched(ctx context.Context, touched map[string]bool) ([]warmTask, error) {
	cars, err := s.store.PublicCars(ctx)
	if err != nil {
		return nil, err
	}
	often := s.asked.often(ctx)
	byDemand(cars, often)
	tasks := append(s.listTasks(often, cars), task(countsGroup, s.reads.counts, struct{}{}))
	cars = slices.DeleteFunc(cars, func(c sqlstore.PublicCar) bool { return !touched[c.ID] })
	for i, c := range cars {
		tasks = append(tasks, s.detailTasks(c)...)
		if i < mostCalendars {
			tasks = append(tasks, s.calendarTasks(c)...)
		}
	}
	return tasks, nil
}
