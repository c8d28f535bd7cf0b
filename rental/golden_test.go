package rental_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
)

func readGolden[T any](t testing.TB, file string) map[string]T {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]T{}
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func writeGolden(t testing.TB, file string, v any) {
	t.Helper()
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("testdata", file), append(b, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

// listed are the questions whose answers are compared byte for byte.
var listed = []string{
	"", "page=2", "page=4&limit=12", "limit=50&sort=price", "limit=50&sort=-price", "limit=50&sort=rating", "limit=50&sort=newest", "limit=50&sort=power", "limit=50&sort=name",
	"category=supercar,classic", "make=ferrari,porsche&sort=name", "minPrice=500&maxPrice=1200", "features=apple+carplay&seats=2,4", "transmission=manual", "drivetrain=awd&location=miami",
	"startDate=2026-12-01&endDate=2026-12-05", "startDate=2026-12-28&endDate=2027-01-03&limit=50", "startDate=2027-01-10&endDate=2027-02-14&limit=50&sort=price",
	"startDate=2026-11-27&endDate=2026-11-30&category=convertible", "make=none", "page=500",
}

// reads are all public reads of the fleet as JSON.
func (w *world) reads(t testing.TB) map[string][]byte {
	t.Helper()
	ctx := context.Background()
	out := map[string][]byte{}
	keep := func(name string, v any, err error) {
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if out[name], err = json.Marshal(v); err != nil {
			t.Fatal(err)
		}
	}
	for _, query := range listed {
		page, err := cache.Value(w.Cars(ctx, ask(t, query)))
		keep("list "+query, page, err)
	}
	for _, s := range searches {
		page := w.list(t, "search="+strings.ReplaceAll(s.typed, " ", "+"))
		slices.SortFunc(page.Cars, func(a, b exodrive.CarCard) int { return strings.Compare(a.ID, b.ID) })
		keep("search "+s.typed, page, nil)
	}
	for _, c := range fleet().Cars {
		if c.Hidden {
			continue
		}
		details, err := cache.Value(w.Car(ctx, c.Slug))
		keep("car "+c.Slug, details, err)
		days, err := cache.Value(w.Availability(ctx, c.ID, exodrive.AvailabilityQuery{Start: today - 30, End: today + 120}))
		keep("availability "+c.Slug, days, err)
		for page := range 3 {
			reviews, err := cache.Value(w.Reviews(ctx, c.ID, exodrive.PageQuery{Page: page + 1, Limit: 4}))
			keep(fmt.Sprintf("reviews %s %d", c.Slug, page+1), reviews, err)
		}
	}
	counts, err := cache.Value(w.FleetCounts(ctx))
	keep("counts", counts, err)
	for _, page := range []exodrive.PageQuery{{Page: 1, Limit: exodrive.DefaultOffers}, {Page: 2, Limit: 2}} {
		places, err := cache.Value(w.PublicPlaces(ctx, page))
		keep(fmt.Sprint("places ", page.Page), places, err)
		extras, err := cache.Value(w.PublicExtras(ctx, page))
		keep(fmt.Sprint("extras ", page.Page), extras, err)
	}
	return out
}

// Every public read has the same bytes on both engines: those of the golden
// file, which holds their hashes.
func TestReadsAreTheSameOnBothEngines(t *testing.T) {
	perEngine(t, "reads.golden.json", func(t *testing.T, w *world) map[string]string {
		out := map[string]string{}
		for name, b := range w.reads(t) {
			out[name] = fmt.Sprintf("%x", sha256.Sum256(b))[:16]
			if bytes.Contains(b, []byte("null")) {
				t.Errorf("%s has a null: %s", name, b)
			}
		}
		return out
	})
}

// Where both engines are there, the first difference is shown.
func TestReadsDifferNowhere(t *testing.T) {
	if len(exotest.Engines()) < 2 {
		return // TestReadsAreTheSameOnBothEngines compares with the golden file
	}
	build := func(engine string) map[string][]byte {
		if engine == exotest.SQLite {
			return newWorld(t, "sqlite:"+exotest.SQLiteFrom(t, "fleet", func(t testing.TB, path string) { seeded(t, "sqlite:"+path) })).reads(t)
		}
		return newWorld(t, exotest.PostgresFrom(t, "fleet", seeded)).reads(t)
	}
	one, other := build(exotest.SQLite), build(exotest.PostgreSQL)
	for name, a := range one {
		b := other[name]
		for i := range a {
			if i >= len(b) || a[i] != b[i] {
				from := max(0, i-80)
				t.Errorf("%s differs at byte %d:\n%s\n%s", name, i, a[from:min(len(a), i+80)], b[from:min(len(b), i+80)])
				break
			}
		}
	}
}

// Only approved reviews are public, newest first, and the stars are counted over
// all pages.
func TestReviews(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		waiting := 0
		for _, c := range fleet().Cars {
			var want []exodrive.Review
			var stars [5]int
			for _, r := range fleet().Reviews {
				if r.CarID == c.ID && r.Status == exodrive.ReviewApproved {
					want = append(want, r)
					stars[r.Stars-1]++
				} else if r.CarID == c.ID {
					waiting++
				}
			}
			if c.Hidden {
				continue
			}
			slices.SortStableFunc(want, func(a, b exodrive.Review) int {
				if n := b.CreatedAt.Compare(a.CreatedAt); n != 0 {
					return n
				}
				return strings.Compare(a.ID, b.ID)
			})
			got, err := cache.Value(w.Reviews(context.Background(), c.Slug, firstPage))
			if err != nil || got.Stars != stars || got.Pagination.Total != len(want) || len(got.Reviews) != len(want) || got.Rating != c.Rating || got.CarID != c.ID {
				t.Fatalf("%s: %+v (%v), want %d reviews with %v", c.Slug, got, err, len(want), stars)
			}
			for i, r := range want {
				public := exodrive.PublicReview{ID: r.ID, Author: r.Author, Stars: r.Stars, Comment: r.Comment, Verified: r.BookingID != "", CreatedAt: r.CreatedAt}
				if got.Reviews[i] != public {
					t.Errorf("%s, review %d: %+v, want %+v", c.Slug, i, got.Reviews[i], public)
				}
			}
		}
		if waiting == 0 {
			t.Error("the fleet has no review that is not approved; the test proves little")
		}
	})
}

// The counts are of listed cars; a car is free today unless somebody has it.
func TestFleetCounts(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		calendars, free, all := w.calendars(t), 0, []exodrive.Car{}
		for _, c := range fleet().Cars {
			if fits(c, exodrive.CarQuery{}) {
				all = append(all, c)
				if calendars[c.Slug][today].Available {
					free++
				}
			}
		}
		got, err := cache.Value(w.FleetCounts(context.Background()))
		if err != nil || got.Cars != len(all) || got.FreeCars != free || got.Day != today || len(got.Categories) != 8 {
			t.Errorf("%+v (%v), want %d of %d cars free on %s", got, err, free, len(all), today)
		}
		f := recount(all)
		if !slices.Equal(got.Makes, f.Make) || !slices.Equal(got.Locations, f.Location) {
			t.Errorf("makes %v, places %v", got.Makes, got.Locations)
		}
	})
}

// At midnight of the fleet's zone the counts of the day end: who asks a minute later
// is told of the new day, however fresh the answer of before is.
//
// Red when: the counts do not say until when they are right.
func TestCountsEndWithTheDay(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "fleet", seeded, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		c := rental.NewCache(w.store, func(o *cache.Options) {
			o.Clock = func() cache.Instant {
				return cache.Instant{Mono: w.clock.Now().Sub(now), Wall: w.clock.Now().UnixNano()}
			}
		})
		t.Cleanup(c.Close)
		s, err := rental.New(t.Context(), rental.Options{Store: w.store, Cache: c, Now: w.clock.Now, Zone: zone})
		if err != nil {
			t.Fatal(err)
		}
		w.clock.Set((today + 1).At(0, zone).Add(-5 * time.Minute))
		before, err := s.FleetCounts(t.Context())
		if err != nil || before.Left > 5*time.Minute {
			t.Fatalf("five minutes before midnight the answer is good for %v (%v)", before.Left, err)
		}
		w.clock.Advance(6 * time.Minute)
		after, err := cache.Value(s.FleetCounts(t.Context()))
		if err != nil || after.Day != today+1 {
			t.Errorf("a minute after midnight the counts are those of %s (%v), want %s", after.Day, err, today+1)
		}
	})
}
