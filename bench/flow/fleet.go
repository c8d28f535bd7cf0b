package flow

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// Fleet are addresses of a site that serves a fleet.
type Fleet struct {
	site string
	cars []string
	from time.Time
}

// Look asks a site which cars it has.
func Look(ctx context.Context, site string) (*Fleet, error) {
	f := &Fleet{site: site, from: time.Now().UTC()}
	for page, more := 1, true; more; page++ {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/api/cars?limit=50&page=%d", site, page), nil)
		if err != nil {
			return nil, err
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			return nil, err
		}
		var list struct {
			Cars       []struct{ ID string }
			Pagination struct{ HasNext bool }
		}
		err = json.NewDecoder(resp.Body).Decode(&list)
		_ = resp.Body.Close() // it was read
		if err != nil || resp.StatusCode != http.StatusOK || len(list.Cars) == 0 {
			return nil, fmt.Errorf("%s has no list of cars: %s, %w", site, resp.Status, err)
		}
		for _, c := range list.Cars {
			f.cars = append(f.cars, c.ID)
		}
		more = list.Pagination.HasNext
	}
	return f, nil
}

// Known is an address of a few that are asked again and again: hits, once all were.
func (f *Fleet) Known(n int) string {
	const few = 40
	if n %= few; n%4 == 3 {
		return fmt.Sprintf("%s/api/cars?limit=12&page=%d", f.site, 1+n/4%3)
	}
	return f.site + "/api/cars/" + f.cars[n%len(f.cars)]
}

// The days that New asks for. A house plans 540 days ahead.
const (
	newStarts  = 400
	newLengths = 80
)

// New is an address that was not asked before, for more than a million different n:
// the calendar of a car or, one time in four, a list for days. Nothing but a load can
// answer it.
func (f *Fleet) New(n int) string {
	if n%4 == 3 {
		n /= 4
		start, orders := n%newStarts, []string{"featured", "price", "-price", "rating", "newest", "power", "name"}
		n /= newStarts
		length := 1 + n%newLengths
		n /= newLengths
		return fmt.Sprintf("%s/api/cars?limit=12&sort=%s&startDate=%s&endDate=%s", f.site, orders[n%len(orders)], f.day(1+start), f.day(1+start+length))
	}
	car := f.cars[n%len(f.cars)]
	n /= len(f.cars)
	start := n % newStarts
	return fmt.Sprintf("%s/api/cars/%s/availability?startDate=%s&endDate=%s", f.site, car, f.day(1+start), f.day(1+start+n/newStarts%newLengths))
}

func (f *Fleet) day(ahead int) string { return f.from.AddDate(0, 0, ahead).Format(time.DateOnly) }

// Cars are the ids of the cars, the most featured first.
func (f *Fleet) Cars() []string { return f.cars }
