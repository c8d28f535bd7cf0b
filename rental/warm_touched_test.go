package rental_test

import (
	"maps"
	"testing"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
)

// After a bulk update a node has what it touched: lists, counts, details and
// calendars of the changed cars. Of the others, and of reviews, nothing is loaded,
// whether it is there or not.
//
// Red when: nothing is warmed; or more than what was touched; or a dry run warms.
func TestBulkUpdateWarmsWhatItTouched(t *testing.T) {
	eachFleet(t, func(t *testing.T, url string) {
		roma, urus := car(t, "ferrari-roma"), car(t, "lamborghini-urus-performante")
		update := func(n *node, percent exodrive.Percent) {
			t.Helper()
			for _, u := range []rental.BulkUpdate{{Filter: rental.BulkFilter{Make: "Porsche"}, DryRun: true}, {IDs: []string{roma.ID, urus.ID}}} {
				u.PricePercent = percent
				if _, err := n.BulkUpdate(t.Context(), admin, u); err != nil {
					t.Fatal(err)
				}
			}
			n.awaitBulk(t, 1)
		}

		cold := newNode(t, url, exotest.Clock(now))
		update(cold, 10_00)
		if got, want := cold.loads(), (map[string]int{"list": 18, "counts": 1, "slug": 2, "details": 2, "availability": 8}); !maps.Equal(got, want) {
			t.Errorf("on a node that knows nothing, a bulk update of two cars warms %v, want %v", got, want)
		}

		warm := newNode(t, url, exotest.Clock(now))
		warm.warm(t, rental.WarmAll)
		was := warm.loads()
		update(warm, 20_00)
		got := map[string]int{}
		for name, loads := range warm.loads() {
			got[name] = loads - was[name]
		}
		if want := (map[string]int{"list": 18, "counts": 1, "details": 2, "availability": 8, "reviews": 0, "slug": 0, "places": 0, "extras": 0}); !maps.Equal(got, want) {
			t.Errorf("on a warm node, a bulk update of two cars warms %v, want %v", got, want)
		}
		for name, read := range firstAsked(t, warm) {
			if served, err := read(); err != nil || served.Layer != cache.Memory {
				t.Errorf("after the update %s is in layer %d (%v)", name, served.Layer, err)
			}
		}
		before, err := cache.Value(cold.Car(t.Context(), roma.Slug))
		if err != nil {
			t.Fatal(err)
		}
		after, err := cache.Value(warm.Car(t.Context(), roma.Slug))
		if err != nil || after.PricePerDay.Amount <= roma.PricePerDay || before.PricePerDay.Amount <= roma.PricePerDay {
			t.Errorf("the car is there with its old price: %v, %v, %v", before.PricePerDay, after.PricePerDay, err)
		}
	})
}

// Bulk updates that come in a row are taken together, and their callers never wait
// for what is warmed.
//
// Red when: each update warms by itself; or BulkUpdate waits.
func TestBulkUpdatesAreTakenTogether(t *testing.T) {
	eachFleet(t, func(t *testing.T, url string) {
		n := newNode(t, url, exotest.Clock(now))
		n.hold("LEFT JOIN (\n\t\tSELECT date, status") // calendars
		for i := range 20 {
			update := rental.BulkUpdate{IDs: []string{car(t, "ferrari-roma").ID}, PricePercent: exodrive.Percent(1_00 + i)}
			if _, err := n.BulkUpdate(t.Context(), admin, update); err != nil {
				t.Fatal(err)
			}
		}
		n.open()
		n.awaitBulk(t, 1)
		if loads := n.loads(); loads["details"] > 2 || loads["availability"] > 8 {
			t.Errorf("twenty updates of one car were warmed by %v", loads)
		}
	})
}
