package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// page is an address of the API that shows some things.
type page struct {
	family string
	path   string
	things []*thing
	// see tells the state of a thing on the page.
	see func(a *answer, th *thing) (state string)
	// dated pages are never shown while the database cannot be asked.
	dated bool
}

// answer is whatever any page has. Of a page that is not found all is empty.
type answer struct {
	found            bool
	ShortDescription string
	Cars             []struct{ ID, ShortDescription string }
	Days             []struct {
		Date, Status string
		Price        struct{ Amount int64 }
	}
	Reviews []struct{ ID, Comment string }
}

// seen is the state in which a page shows a thing.
type seen struct {
	*thing
	state string
}

// read is what a page shows of its things.
func (p *page) read(r *reply) ([]seen, error) {
	a := answer{found: r.status == http.StatusOK}
	if a.found {
		if err := json.Unmarshal(r.body, &a); err != nil {
			return nil, fmt.Errorf("%s: %w", p.path, err)
		}
	}
	var all []seen
	for _, th := range p.things {
		all = append(all, seen{th, p.see(&a, th)})
	}
	return all, nil
}

// paginate lists the pages that show the things.
func (w *world) paginate() {
	lists := []string{"", "&sort=price", "&sort=-price", "&sort=rating", "&sort=newest", "&sort=power", "&sort=name"}
	for _, more := range lists {
		w.pages = append(w.pages, &page{family: "list", path: "/api/cars?limit=50" + more, things: w.of(carText, carHidden), see: seeInList})
	}
	for _, more := range lists[:3] {
		w.pages = append(w.pages, &page{
			family: "list on dates", path: "/api/cars?limit=50&startDate=" + w.day + "&endDate=" + w.after + more,
			things: w.of(carText, carHidden, dayBlock), see: seeInList, dated: true,
		})
	}
	for _, th := range w.things {
		car := "/api/cars/" + th.carID
		calendar := &page{
			family: "calendar", path: car + "/availability?startDate=" + w.day + "&endDate=" + w.after,
			things: []*thing{th}, see: seeInCalendar, dated: true,
		}
		reviews := &page{family: "reviews", path: car + "/reviews?limit=50", things: []*thing{th}, see: seeInReviews}
		switch th.kind {
		case carText, carHidden:
			w.pages = append(w.pages, &page{family: "details", path: car, things: []*thing{th}, see: seeInDetails},
				&page{family: "details by slug", path: "/api/cars/" + th.slug, things: []*thing{th}, see: seeInDetails})
			if th.kind == carHidden {
				w.pages = append(w.pages, calendar, reviews)
			}
		case dayPrice, dayBlock:
			w.pages = append(w.pages, calendar)
		default:
			w.pages = append(w.pages, reviews)
		}
	}
}

// of are the things of some kinds.
func (w *world) of(kinds ...*kind) (all []*thing) {
	for _, th := range w.things {
		if slices.Contains(kinds, th.kind) {
			all = append(all, th)
		}
	}
	return all
}

// showing are the pages that show a thing.
func (w *world) showing(th *thing) (all []*page) {
	for _, p := range w.pages {
		if slices.Contains(p.things, th) {
			all = append(all, p)
		}
	}
	return all
}

func seeInDetails(a *answer, th *thing) string {
	if th.kind == carHidden {
		return shown(a.found)
	}
	return a.ShortDescription
}

func shown(found bool) string { return map[bool]string{true: "shown", false: "hidden"}[found] }

// seeInList is for lists that are long enough for the whole fleet.
func seeInList(a *answer, th *thing) string {
	text, found := "", false
	for _, c := range a.Cars {
		if c.ID == th.carID {
			text, found = c.ShortDescription, true
		}
	}
	switch th.kind {
	case carHidden:
		return shown(found)
	case dayBlock:
		return map[bool]string{true: "available", false: "maintenance"}[found]
	default:
		return text
	}
}

func seeInCalendar(a *answer, th *thing) string {
	if th.kind == carHidden {
		return shown(a.found)
	}
	for _, d := range a.Days {
		switch {
		case d.Date != th.date:
		case th.kind == dayPrice:
			return strconv.FormatInt(d.Price.Amount, 10)
		default:
			return d.Status
		}
	}
	return ""
}

func seeInReviews(a *answer, th *thing) string {
	comment, found := "", false
	for _, r := range a.Reviews {
		if r.ID == th.reviewID {
			comment, found = r.Comment, true
		}
	}
	switch th.kind {
	case carHidden:
		return shown(a.found)
	case reviewShown:
		return map[bool]string{true: "approved", false: "refused"}[found]
	default:
		return comment
	}
}
