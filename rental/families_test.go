package rental_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
)

// The table in docs/cache.md is what the program does: keys, times and tags of
// every family.
func TestFamiliesAreAsDocumented(t *testing.T) {
	text, err := os.ReadFile("../docs/cache.md")
	if err != nil {
		t.Fatal(err)
	}
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		c := car(t, "ferrari-roma")
		days := exodrive.AvailabilityQuery{Start: today, End: today + 3}
		names := strings.NewReplacer("{carId}", c.ID, "{slug}", c.Slug, "{page}", "1", "{limit}", "12", "{filters}", "",
			"{startDate}", days.Start.String(), "{endDate}", days.End.String())
		dated := "dates=" + (today + 9).String() + "/" + (today + 12).String()
		entries := map[string]*cache.Entry{}
		keep := func(family string) func(cache.Served, error) {
			return func(s cache.Served, err error) {
				if err != nil {
					t.Fatal(err)
				}
				entries[family] = s.Entry
			}
		}
		list, err := w.Cars(ctx, ask(t, ""))
		keep("list")(list.Served, err)
		list, err = w.Cars(ctx, ask(t, "startDate="+(today+9).String()+"&endDate="+(today+12).String()))
		keep("list-on-dates")(list.Served, err)
		details, err := w.Car(ctx, c.Slug)
		keep("details")(details.Served, err)
		calendar, err := w.Availability(ctx, c.ID, days)
		keep("availability")(calendar.Served, err)
		reviews, err := w.Reviews(ctx, c.ID, exodrive.PageQuery{Page: 1, Limit: 12})
		keep("reviews")(reviews.Served, err)
		counts, err := w.FleetCounts(ctx)
		keep("counts")(counts.Served, err)
		places, err := w.PublicPlaces(ctx, exodrive.PageQuery{Page: 1, Limit: 12})
		keep("places")(places.Served, err)
		extras, err := w.PublicExtras(ctx, exodrive.PageQuery{Page: 1, Limit: 12})
		keep("extras")(extras.Served, err)
		figures, err := w.Figures(ctx, admin, exodrive.FiguresQuery{Start: days.Start, End: days.End, CarID: c.ID})
		keep("figures")(figures.Served, err)
		ofCars, err := w.CarFigures(ctx, admin, exodrive.CarFiguresQuery{Start: days.Start, End: days.End, PageQuery: exodrive.PageQuery{Page: 1, Limit: 12}})
		keep("figures-of-cars")(ofCars.Served, err)

		rows := 0
		for _, family := range w.cache.Families() {
			_, row, ok := strings.Cut(string(text), "\n| "+family.Name+" | ")
			row, _, _ = strings.Cut(row, " |\n")
			cells := strings.Split(row, " | ")
			if !ok || len(cells) != 4 {
				t.Errorf("docs/cache.md has no row for the family %s", family.Name)
				continue
			}
			rows++
			if want := []string{short(family.Fresh), short(family.Stale)}; cells[1] != want[0] || cells[2] != want[1] {
				t.Errorf("docs/cache.md says that %s is fresh for %s and stale for %s; it is %s and %s", family.Name, cells[1], cells[2], want[0], want[1])
			}
			e := entries[family.Name]
			if e == nil && slices.Contains([]string{"slug", "known", "sketch"}, family.Name) {
				continue // never handed out: they lead to the car, or to none, and count
			}
			key, tags := names.Replace(strings.Trim(cells[0], "`")), names.Replace(strings.ReplaceAll(cells[3], "`", ""))
			if family.Name == "list-on-dates" {
				key += dated
			}
			if key != e.Key() || tags != strings.Join(e.Tags(), ", ") {
				t.Errorf("docs/cache.md says that %s has the key %s and the tags %s; it has %s and %s", family.Name, key, tags, e.Key(), strings.Join(e.Tags(), ", "))
			}
		}
		if rows != 13 {
			t.Errorf("%d families are documented", rows)
		}
	})
}

func short(d time.Duration) string {
	if d == 0 {
		return "none"
	}
	if hours, whole := strings.CutSuffix(d.String(), "h0m0s"); whole {
		return hours + "h"
	}
	return strings.TrimSuffix(d.String(), "0s")
}
