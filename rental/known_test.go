package rental_test

import (
	"strings"
	"testing"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/exotest"
)

// Whoever asks for cars that there are not, a thousand different ones by id, slug, calendar and reviews, gets a 404 each time and makes the database do nothing.
//
// Red when: a loader of one car does not look whether there is one; the list of them is loaded past the cache.
func TestUnknownCarsCostNothing(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "fleet", seeded, func(t *testing.T, databaseURL string) {
		var trace statements
		w := polling(t, databaseURL, trace.add)
		roma := car(t, "ferrari-roma")
		if _, err := w.Car(t.Context(), roma.Slug); err != nil {
			t.Fatal(err)
		}
		trace.take()
		month := exodrive.AvailabilityQuery{Start: today, End: today + 30}
		for n := range 1000 {
			id := exodrive.NewID(exodrive.CarID, now, uint32(n))
			slug := "no-" + strings.ReplaceAll(id, "_", "-")
			_, err1 := w.Car(t.Context(), id)
			_, err2 := w.Car(t.Context(), slug)
			_, err3 := w.Availability(t.Context(), id, month)
			_, err4 := w.Reviews(t.Context(), id, firstPage)
			for _, err := range []error{err1, err2, err3, err4} {
				if exodrive.CodeOf(err) != exodrive.NotFound {
					t.Fatalf("%s: %v", id, err)
				}
			}
		}
		if ran := trace.take(); len(ran) > 20 { // some may ask for a horizon
			t.Errorf("4000 questions for nothing ran %d statements, such as %s", len(ran), ran[0].text)
		}
		if _, err := w.Car(t.Context(), roma.Slug); err != nil || len(trace.take()) > 20 {
			t.Errorf("what was cached before is not any more (%v)", err)
		}
	})
}

// A car that is made is there at once for who made it, by id and slug, though both were asked for in vain just before; one made by SQL is there with the next poll, and one that is deleted is gone, however often that goes on. What is cached of other cars stays.
//
// Red when: the list of known cars has no tag; the answer of a car that there is depends on it.
func TestNewCarsAreKnown(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "fleet", seeded, func(t *testing.T, databaseURL string) {
		w, p := polling(t, databaseURL, nil), newPrompt(t, databaseURL)
		expect := func(when string, found bool, refs ...string) {
			t.Helper()
			for _, ref := range refs {
				want := exodrive.NotFound
				if found {
					want = ""
				}
				for range 2 {
					_, err := w.Car(t.Context(), ref)
					wantCode(t, when+": "+ref, err, want)
				}
			}
		}
		other := car(t, "ferrari-roma")
		if a, err := w.Car(t.Context(), other.ID); err != nil || len(a.Entry.Tags()) != 1 {
			t.Errorf("the first car that is loaded has the tags %q (%v), want its own", a.Entry.Tags(), err)
		}
		expect("before", true, other.ID, other.Slug)
		for n := range 3 {
			input := car(t, "porsche-911-gt3").CarInput
			input.Slug, input.VIN, input.Plate = "pagani-to-come", "", ""
			id := exodrive.NewID(exodrive.CarID, now, 77_000+uint32(n))
			expect("before it is made", false, id, input.Slug)
			made, err := w.CreateCar(t.Context(), admin, input)
			if err != nil {
				t.Fatal(err)
			}
			expect("once it is made", true, made.ID, input.Slug)
			expect("the id that was free before", false, id)
			for _, part := range []string{"car_images", "car_features", "car_specs"} {
				p.exec(`DELETE FROM `+part+` WHERE car_id = $1`, made.ID)
			}
			p.exec(`UPDATE cars SET id = $1 WHERE id = $2`, id, made.ID) // as if another had been made by hand
			w.polled(t)
			expect("made by hand", true, id, input.Slug)
			expect("the other car, meanwhile", true, other.ID)
			p.exec(`DELETE FROM cars WHERE id = $1`, id)
			w.polled(t)
			expect("once it is deleted", false, id, made.ID, input.Slug)
		}
		a, err := w.Car(t.Context(), other.ID)
		if err != nil || a.Layer != cache.Memory || len(a.Entry.Tags()) != 1 {
			t.Errorf("another car's answer comes from layer %d with the tags %q (%v); want memory and one", a.Layer, a.Entry.Tags(), err)
		}
	})
}

// That there is no such car is no longer said when the node has heard of it, also if the answer was made after it came to be, of a list from before.
//
// Red when: the answer that there is no such car does not depend on the list.
func TestAbsencesAreAsOldAsTheList(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "fleet", seeded, func(t *testing.T, databaseURL string) {
		here, there := newWorld(t, databaseURL), newWorld(t, databaseURL) // which poll when they are asked to
		if _, err := here.Car(t.Context(), "nobody"); exodrive.CodeOf(err) != exodrive.NotFound {
			t.Fatal(err)
		}
		input := car(t, "porsche-911-gt3").CarInput
		input.Slug, input.VIN, input.Plate = "pagani-to-come", "", ""
		made, err := there.CreateCar(t.Context(), admin, input)
		if err != nil {
			t.Fatal(err)
		}
		// A raise of something else that the calendar depends on: its stamp is taken anew,
		// and is above the mark of the car's.
		if err := here.ClearCache(t.Context(), admin, "availability:"+made.ID); err != nil {
			t.Fatal(err)
		}
		month := exodrive.AvailabilityQuery{Start: today, End: today + 30}
		_, err = here.Availability(t.Context(), made.ID, month)
		wantCode(t, "made on another node, within the bound", err, exodrive.NotFound)
		carried := cache.WithMark(t.Context(), here.cache.Epoch(), here.cache.Stats().Horizon+1000)
		_, err = here.Availability(carried, made.ID, month)
		wantCode(t, "once the node has heard of it", err, "")
	})
}

// While the database is gone, a car that nobody has asked for is not said to be missing: that is a failure to be tried again.
//
// Red when: a list that cannot be loaded counts as empty.
func TestUnknownIsNotUnavailable(t *testing.T) {
	t.Parallel()
	if exotest.Engines()[0] != exotest.SQLite {
		t.Skip("this run covers another engine")
	}
	w := newWorld(t, "sqlite:"+exotest.SQLiteFrom(t, "fleet", func(t testing.TB, path string) { seeded(t, "sqlite:"+path) }))
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := w.Car(t.Context(), "nobody-asked")
	if code := exodrive.CodeOf(err); code == exodrive.NotFound || code == "" {
		t.Errorf("a car that nobody knows, without a database: %v", err)
	}
}
