package rental_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/rental"
)

// rates are the daily rate and the availability of every car, by id.
func (w *world) rates(t testing.TB) map[string]rental.BulkChange {
	t.Helper()
	cars, _, err := w.ManagedCars(context.Background(), admin, firstPage)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]rental.BulkChange{}
	for _, c := range cars {
		out[c.ID] = rental.BulkChange{ID: c.ID, Name: c.Name, PriceAfter: c.PricePerDay, AvailableAfter: c.Available}
	}
	return out
}

func yes(v bool) *bool { return &v }

// A bulk update changes the meant cars and no other, and its dry run tells the
// same and changes nothing.
func TestBulkUpdate(t *testing.T) {
	ctx := context.Background()
	f := fleet()
	roma, urus := car(t, "ferrari-roma"), car(t, "lamborghini-urus-performante")
	tests := []struct {
		name    string
		update  rental.BulkUpdate
		meant   func(exodrive.Car) bool
		changed int
	}{
		{"ids, 10 % dearer", rental.BulkUpdate{IDs: []string{roma.ID, urus.ID}, PricePercent: 10_00}, func(c exodrive.Car) bool { return c.ID == roma.ID || c.ID == urus.ID }, 2},
		{"category, 12.5 % less", rental.BulkUpdate{Filter: rental.BulkFilter{Category: "classic"}, PricePercent: -12_50}, func(c exodrive.Car) bool { return c.Category == "classic" }, 6},
		{"make, not for rent", rental.BulkUpdate{Filter: rental.BulkFilter{Make: "LEXUS"}, Available: yes(false)}, func(c exodrive.Car) bool { return c.Make == "Lexus" }, 0},
		{"make, for rent", rental.BulkUpdate{Filter: rental.BulkFilter{Make: "lexus"}, Available: yes(true)}, func(c exodrive.Car) bool { return c.Make == "Lexus" }, 1},
		{"archived cars stay", rental.BulkUpdate{Filter: rental.BulkFilter{Make: "Rimac"}, PricePercent: 50_00}, func(exodrive.Car) bool { return false }, 0},
		{"place and kind, both", rental.BulkUpdate{Filter: rental.BulkFilter{Category: "supercar", LocationID: f.Locations[0].ID}, PricePercent: 33, Available: yes(false)},
			func(c exodrive.Car) bool { return c.Category == "supercar" && c.LocationID == f.Locations[0].ID }, 2},
		{"nothing fits the filter", rental.BulkUpdate{Filter: rental.BulkFilter{Make: "Trabant"}, PricePercent: 10_00}, func(exodrive.Car) bool { return false }, 0},
	}
	eachWorld(t, func(t *testing.T, w *world) {
		for _, test := range tests {
			before, entries, matched := w.rates(t), w.entries(t), 0
			want := w.rates(t)
			for _, c := range f.Cars {
				if !test.meant(c) {
					continue
				}
				matched++
				r := want[c.ID]
				// Half up by hand: (price × (10000 + per cent) + 5000) / 10000.
				r.PriceAfter = (r.PriceAfter*int64(10000+test.update.PricePercent) + 5000) / 10000
				if test.update.Available != nil {
					r.AvailableAfter = *test.update.Available
				}
				want[c.ID] = r
			}
			dry := test.update
			dry.DryRun = true
			told, err := w.BulkUpdate(ctx, admin, dry)
			if err != nil || !told.DryRun || told.Matched != matched || told.Changed != test.changed || len(told.Cars) != test.changed {
				t.Fatalf("%s: the dry run tells %+v (%v), want %d of %d", test.name, told, err, test.changed, matched)
			}
			if diff := gocmp.Diff(before, w.rates(t)); diff != "" || w.entries(t) != entries {
				t.Errorf("%s: the dry run changed something:\n%s", test.name, diff)
			}
			did, err := w.BulkUpdate(ctx, as(exodrive.ScopeFleet), test.update)
			if err != nil {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(told.Cars, did.Cars); diff != "" || did.DryRun || did.Matched != matched {
				t.Errorf("%s: the dry run told something else (-told +done):\n%s", test.name, diff)
			}
			if diff := gocmp.Diff(want, w.rates(t)); diff != "" {
				t.Errorf("%s: the rates (-want +got):\n%s", test.name, diff)
			}
		}
	})
}

// A bulk update that is wrong in one thing changes nothing.
func TestBulkUpdateIsAllOrNothing(t *testing.T) {
	ctx := context.Background()
	roma := car(t, "ferrari-roma").ID
	eachWorld(t, func(t *testing.T, w *world) {
		dear := newCar("Pagani Dear")
		dear.PricePerDay, dear.Category = exodrive.MaxAmount-1, "sports"
		if _, err := w.CreateCar(ctx, admin, dear); err != nil {
			t.Fatal(err)
		}
		before, entries := w.rates(t), len(w.audit(t))
		for name, test := range map[string]struct {
			update rental.BulkUpdate
			code   exodrive.Code
			field  string
		}{
			"an unknown id":      {rental.BulkUpdate{IDs: []string{roma, "car_01kas0f3m2x7h9tq"}, PricePercent: 10_00}, exodrive.NotFound, "/ids"},
			"an archived car":    {rental.BulkUpdate{IDs: []string{roma, car(t, hiddenCar).ID}, PricePercent: 10_00}, exodrive.NotFound, "/ids"},
			"one id twice":       {rental.BulkUpdate{IDs: []string{roma, roma}, PricePercent: 10_00}, exodrive.Invalid, "/ids/1"},
			"too dear":           {rental.BulkUpdate{Filter: rental.BulkFilter{Category: "sports"}, PricePercent: 10_00}, exodrive.Invalid, "/priceChangePercent"},
			"no change":          {rental.BulkUpdate{IDs: []string{roma}}, exodrive.Invalid, "/priceChangePercent"},
			"no cars":            {rental.BulkUpdate{PricePercent: 10_00}, exodrive.Invalid, "/ids"},
			"ids and a filter":   {rental.BulkUpdate{IDs: []string{roma}, Filter: rental.BulkFilter{Make: "Audi"}, PricePercent: 10_00}, exodrive.Invalid, "/filter"},
			"an unknown kind":    {rental.BulkUpdate{Filter: rental.BulkFilter{Category: "boat"}, PricePercent: 10_00}, exodrive.Invalid, "/filter/category"},
			"a price of nothing": {rental.BulkUpdate{IDs: []string{roma}, PricePercent: -90_01}, exodrive.Invalid, "/priceChangePercent"},
			"a price of ten":     {rental.BulkUpdate{IDs: []string{roma}, PricePercent: 900_01}, exodrive.Invalid, "/priceChangePercent"},
			"1001 ids":           {rental.BulkUpdate{IDs: make([]string, 1001), PricePercent: 10_00}, exodrive.Invalid, "/ids"},
		} {
			_, err := w.BulkUpdate(ctx, admin, test.update)
			wantCode(t, name, err, test.code)
			if e, ok := errors.AsType[*exodrive.Error](err); ok && e.Field != test.field {
				t.Errorf("%s: the field is %s, want %s", name, e.Field, test.field)
			}
		}
		_, err := w.BulkUpdate(ctx, admin, rental.BulkUpdate{IDs: []string{roma, "car_01kas0f3m2x7h9tq"}, PricePercent: 10_00})
		if err == nil || !strings.Contains(err.Error(), "no car car_01kas0f3m2x7h9tq;") {
			t.Errorf("of an id that is not there it says %v, want the id", err)
		}
		if diff := gocmp.Diff(before, w.rates(t)); diff != "" || len(w.audit(t)) != entries {
			t.Errorf("refused updates left %d entries more and changed:\n%s", len(w.audit(t))-entries, diff)
		}
	})
}

// A new rate is rounded half up to minor units and is never nothing.
func TestBulkUpdateRounds(t *testing.T) {
	ctx := context.Background()
	eachWorld(t, func(t *testing.T, w *world) {
		for _, test := range []struct {
			price   int64
			percent exodrive.Percent
			want    int64
		}{
			{1, -90_00, 1}, {1, 50_00, 2}, {1, 49_99, 1}, {3, -50_00, 2}, {999, 5, 999}, {1000, 5, 1001}, {149900, 33, 150395}, {5, 900_00, 50}, {10001, -50, 9951},
		} {
			in := newCar("Pagani Rounded")
			in.PricePerDay = test.price
			c, err := w.CreateCar(ctx, admin, in)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.BulkUpdate(ctx, admin, rental.BulkUpdate{IDs: []string{c.ID}, PricePercent: test.percent}); err != nil {
				t.Fatal(err)
			}
			got, err := w.ManagedCar(ctx, admin, c.ID)
			if err != nil || got.PricePerDay != test.want {
				t.Errorf("%d changed by %s %% is %d (%v), want %d", test.price, test.percent, got.PricePerDay, err, test.want)
			}
			if err := w.DeleteCar(ctx, admin, c.ID, rental.AnyVersion); err != nil {
				t.Fatal(err)
			}
		}
	})
}
