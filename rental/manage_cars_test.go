package rental_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
)

// newCar is what an operator enters of a car that the fleet does not have.
func newCar(name string) exodrive.CarInput {
	return exodrive.CarInput{
		Name: name, Make: "Pagani", Model: "Utopia", Year: 2024, Category: "supercar", Description: "A manual gearbox and twelve cylinders.",
		LocationID: fleet().Locations[0].ID, Available: true, PricePerDay: 4999_00, MinimumDays: 2, TurnaroundDays: 1, MinimumDriverAge: 30,
		Transmission: "manual", Drivetrain: "rwd", Seats: 2, Images: []exodrive.Image{{URL: "/pictures/utopia.svg"}},
	}
}

func (w *world) create(t testing.TB, name string) *exodrive.Car {
	t.Helper()
	c, err := w.CreateCar(context.Background(), admin, newCar(name))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A car that was entered is public at once, reads as it was entered, and can be
// found by what it is called.
func TestCreateCar(t *testing.T) {
	ctx := context.Background()
	eachWorld(t, func(t *testing.T, w *world) {
		made := w.create(t, "Pagani Utopia")
		if !exodrive.IsID(exodrive.CarID, made.ID) || made.Version != 1 || made.Slug != "pagani-utopia" || !made.CreatedAt.Equal(now) {
			t.Errorf("it is %+v", made)
		}
		read, err := w.ManagedCar(ctx, as(exodrive.ScopeRead), made.ID)
		if diff := gocmp.Diff(made, read); diff != "" || err != nil {
			t.Errorf("the answer differs from what is read (%v) (-answer +read):\n%s", err, diff)
		}
		if b, _ := json.Marshal(made); strings.Contains(string(b), "null") {
			t.Errorf("the answer has a null: %s", b)
		}
		if got := slugs(w.list(t, "search=utopia").Cars); len(got) != 1 || got[0] != "pagani-utopia" {
			t.Errorf("a search for it finds %v", got)
		}
		_, err = w.CreateCar(ctx, admin, newCar("Pagani Utopia"))
		wantCode(t, "the same slug again", err, exodrive.Conflict)
		bad := newCar("")
		bad.Category, bad.Images, bad.PricePerDay, bad.LocationID = "boat", nil, 0, "x"
		_, err = w.CreateCar(ctx, admin, bad)
		wantCode(t, "a wrong car", err, exodrive.Invalid)
		if e, ok := errors.AsType[*exodrive.Error](err); !ok || len(e.Faults) != 6 {
			t.Errorf("a car with six faults is refused with %#v", err)
		}
		elsewhere := newCar("Pagani Elsewhere")
		elsewhere.LocationID = "loc_01kas0f3m2x7h9tq"
		_, err = w.CreateCar(ctx, admin, elsewhere)
		wantCode(t, "a place that is not there", err, exodrive.Invalid)
	})
}

// An edit changes what was entered and counts the version; one on an old version
// is refused and changes nothing.
func TestEditCar(t *testing.T) {
	ctx := context.Background()
	eachWorld(t, func(t *testing.T, w *world) {
		made := w.create(t, "Pagani Utopia")
		in := made.CarInput
		in.Name, in.Slug, in.Available, in.PricePerDay = "Pagani Imola", "pagani-imola", false, 1
		in.Features, in.Specs = []exodrive.Feature{{Name: "Carbon tub", Highlighted: true}}, []exodrive.Spec{{Name: "Doors", Value: "2"}}
		in.Images = append(in.Images, exodrive.Image{URL: "https://example.com/2.jpg", Alt: "from behind"})
		edited, err := w.EditCar(ctx, admin, made.ID, 1, in)
		if err != nil {
			t.Fatal(err)
		}
		read, err := w.ManagedCar(ctx, admin, made.ID)
		if diff := gocmp.Diff(edited, read); diff != "" || err != nil || read.Version != 2 {
			t.Errorf("version %d (%v); answer and read differ:\n%s", read.Version, err, diff)
		}
		if diff := gocmp.Diff(in, read.CarInput, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("it reads otherwise than entered:\n%s", diff)
		}
		_, err = w.EditCar(ctx, admin, made.ID, 1, made.CarInput)
		wantCode(t, "an old version", err, exodrive.Stale)
		_, err = w.EditCar(ctx, admin, made.ID, 7, made.CarInput)
		wantCode(t, "a version to come", err, exodrive.Stale)
		_, err = w.EditCar(ctx, admin, "car_01kas0f3m2x7h9tq", 1, made.CarInput)
		wantCode(t, "a car that is not there", err, exodrive.NotFound)
		in.Slug = "ferrari-roma"
		_, err = w.EditCar(ctx, admin, made.ID, rental.AnyVersion, in)
		wantCode(t, "the slug of another car", err, exodrive.Conflict)
		if again, _ := w.ManagedCar(ctx, admin, made.ID); again.Version != 2 || again.Slug != "pagani-imola" {
			t.Errorf("after refused edits it is version %d of %s", again.Version, again.Slug)
		}
	})
}

// An archived car is nowhere for the public and comes back as it was.
func TestArchiveCar(t *testing.T) {
	ctx := context.Background()
	eachWorld(t, func(t *testing.T, w *world) {
		roma := car(t, "ferrari-roma")
		archived, err := w.ArchiveCar(ctx, admin, roma.ID, 1, true)
		if err != nil || !archived.Hidden || archived.Version != 2 {
			t.Fatalf("archived: %+v (%v)", archived, err)
		}
		_, err = cache.Value(w.Car(ctx, roma.Slug))
		wantCode(t, "its page", err, exodrive.NotFound)
		_, err = w.ArchiveCar(ctx, admin, roma.ID, 1, false)
		wantCode(t, "an old version", err, exodrive.Stale)
		back, err := w.ArchiveCar(ctx, admin, roma.ID, rental.AnyVersion, false)
		if err != nil || back.Hidden {
			t.Fatalf("restored: %v (%v)", back, err)
		}
		if diff := gocmp.Diff(roma.CarInput, back.CarInput); diff != "" {
			t.Errorf("it came back different:\n%s", diff)
		}
		if _, err := w.Car(ctx, roma.Slug); err != nil {
			t.Errorf("its page: %v", err)
		}
	})
}

// A car that was never booked can be removed; one that was cannot.
func TestDeleteCar(t *testing.T) {
	ctx := context.Background()
	eachWorld(t, func(t *testing.T, w *world) {
		made := w.create(t, "Pagani Utopia")
		b := rental.Block{Start: today + 3, End: today + 4}
		if err := second(w.BlockDays(ctx, admin, made.ID, rental.BlockRequest{Block: b})); err != nil {
			t.Fatal(err)
		}
		wantCode(t, "an old version", w.DeleteCar(ctx, admin, made.ID, 9), exodrive.Stale)
		wantCode(t, "a booked car", w.DeleteCar(ctx, admin, car(t, "ferrari-roma").ID, rental.AnyVersion), exodrive.Conflict)
		if err := w.DeleteCar(ctx, admin, made.ID, 1); err != nil {
			t.Fatal(err)
		}
		wantCode(t, "again", w.DeleteCar(ctx, admin, made.ID, 1), exodrive.NotFound)
		_, err := w.ManagedCar(ctx, admin, made.ID)
		wantCode(t, "a removed car", err, exodrive.NotFound)
		if got := w.list(t, "search=utopia"); len(got.Cars) != 0 {
			t.Errorf("a search still finds %v", slugs(got.Cars))
		}
		w.create(t, "Pagani Utopia") // the slug is free again
	})
}

// The list of the back office has archived cars too, by name, page by page.
func TestManagedCars(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		var names []string
		for page := 1; page <= 5; page++ {
			cars, total, err := w.ManagedCars(context.Background(), as(exodrive.ScopeReviews), exodrive.PageQuery{Page: page, Limit: 10})
			if err != nil || total != 44 {
				t.Fatalf("page %d: %d cars in all (%v)", page, total, err)
			}
			for _, c := range cars {
				names = append(names, c.Name)
			}
		}
		var want []string
		for _, c := range fleet().Cars {
			want = append(want, c.Name)
		}
		if diff := gocmp.Diff(inOrder(want), names); diff != "" {
			t.Errorf("the pages together (-fleet +pages):\n%s", diff)
		}
	})
}

// What the audit log cannot record does not happen: the entry is part of the
// transaction.
func TestNoChangeWithoutAuditEntry(t *testing.T) {
	ctx := context.Background()
	exotest.EachEngine(t, "fleet", seeded, func(t *testing.T, databaseURL string) {
		// With no chance and a clock that stands, two nodes make the same ids.
		noChance := func(o *rental.Options) { o.Chance = func() uint32 { return 7 } }
		w, other := newWorld(t, databaseURL, noChance), newWorld(t, databaseURL, noChance)
		roma := car(t, "ferrari-roma")
		if _, err := w.ArchiveCar(ctx, admin, roma.ID, 1, true); err != nil {
			t.Fatal(err)
		}
		_, err := other.ArchiveCar(ctx, admin, roma.ID, 2, false)
		wantCode(t, "a change whose entry is refused", err, exodrive.Conflict)
		got, err := w.ManagedCar(ctx, admin, roma.ID)
		if err != nil || !got.Hidden || got.Version != 2 || len(w.audit(t)) != 1 {
			t.Errorf("the car is version %d, hidden %v (%v), with %d entries", got.Version, got.Hidden, err, len(w.audit(t)))
		}
	})
}
