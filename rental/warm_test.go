package rental_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
)

// eachFleet runs a test on every engine, with the address of a database that has the
// fleet.
func eachFleet(t *testing.T, run func(t *testing.T, databaseURL string)) {
	t.Helper()
	exotest.EachEngine(t, "fleet", seeded, run)
}

// warm warms and fails the test where that does not succeed.
func (n *node) warm(t testing.TB, ask rental.WarmRequest) *rental.WarmResult {
	t.Helper()
	result, err := n.Warm(t.Context(), admin, ask, nil)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// public are the cars of the fleet that have a page.
func public() (cars []exodrive.Car) {
	for _, c := range fleet().Cars {
		if !c.Hidden {
			cars = append(cars, c)
		}
	}
	return cars
}

// firstAsked are the reads that a list page, the page of a car, its calendar and
// callers of the API begin with, by name.
func firstAsked(t testing.TB, n *node) map[string]func() (cache.Served, error) {
	ctx := t.Context()
	all := map[string]func() (cache.Served, error){}
	lists := []string{"", "page=2", "page=3", "page=4", "sort=price", "sort=-price", "sort=rating", "sort=newest", "sort=power", "sort=name"}
	for _, c := range exodrive.Categories {
		lists = append(lists, "category="+string(c))
	}
	for _, query := range lists {
		all["list "+query] = func() (cache.Served, error) { a, err := n.Cars(ctx, ask(t, query)); return a.Served, err }
	}
	for _, c := range public() {
		all["car "+c.Slug] = func() (cache.Served, error) { a, err := n.Car(ctx, c.Slug); return a.Served, err }
		for _, limit := range []int{6, 10} {
			all[fmt.Sprint("reviews ", c.Slug, limit)] = func() (cache.Served, error) {
				a, err := n.Reviews(ctx, c.ID, exodrive.PageQuery{Page: 1, Limit: limit})
				return a.Served, err
			}
		}
		for _, days := range [][2]string{{"2026-11-23", "2027-01-31"}, {"2026-11-01", "2026-11-30"}, {"2026-12-01", "2026-12-31"}, {"2027-01-01", "2027-01-31"}} {
			asked := exodrive.AvailabilityQuery{Start: exodrive.MustDate(days[0]), End: exodrive.MustDate(days[1])}
			all["calendar "+c.Slug+days[0]+days[1]] = func() (cache.Served, error) {
				a, err := n.Availability(ctx, c.Slug, asked)
				return a.Served, err
			}
		}
	}
	offers := exodrive.PageQuery{Page: 1, Limit: 50}
	all["places"] = func() (cache.Served, error) { a, err := n.PublicPlaces(ctx, offers); return a.Served, err }
	all["extras"] = func() (cache.Served, error) { a, err := n.PublicExtras(ctx, offers); return a.Served, err }
	all["counts"] = func() (cache.Served, error) { a, err := n.FleetCounts(ctx); return a.Served, err }
	return all
}

// Whoever comes after a warming finds what a list page, the page of a car, its
// calendar or a caller of the API asks first in memory, with the bytes that a load
// gives; and nothing else is there, hidden cars above all.
//
// Red when: a list, an address, the details, the first reviews, the calendar of the page, or a whole month is left out or spelt differently; hidden cars are warmed.
func TestWarmedIsThere(t *testing.T) {
	eachFleet(t, func(t *testing.T, url string) {
		warm, cold := newNode(t, url, exotest.Clock(now)), newNode(t, url, exotest.Clock(now))
		result := warm.warm(t, rental.WarmAll)
		asked := firstAsked(t, warm)
		// An address is a question of its own, which leads to a car.
		want := len(asked) + len(public())
		if got := result.Cars.Loaded + result.Availability.Loaded + result.FleetCounts.Loaded; got != want || warm.loaded() != want || result.Cars.Failed+result.Availability.Failed > 0 {
			t.Errorf("warming loaded %d answers in %d loads (%+v %+v), want %d", got, warm.loaded(), result.Cars, result.Availability, want)
		}
		unwarmed := firstAsked(t, cold)
		for name, read := range asked {
			served, err := read()
			if err != nil || served.Layer != cache.Memory || served.Stale != cache.NotStale {
				t.Errorf("%s is not there after warming: layer %d, %v", name, served.Layer, err)
				continue
			}
			loaded, err := unwarmed[name]()
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if a, b := served.Entry.Variant(cache.Identity).Body, loaded.Entry.Variant(cache.Identity).Body; !bytes.Equal(a, b) {
				t.Errorf("%s was warmed as\n%.300s\nand is loaded as\n%.300s", name, a, b)
			}
		}
		if warm.loaded() != want {
			t.Errorf("reading what was warmed took %d more loads", warm.loaded()-want)
		}
		hidden := car(t, hiddenCar)
		for _, arg := range warm.args() {
			if strings.Contains(arg, hidden.ID) || strings.Contains(arg, hidden.Slug) {
				t.Errorf("the hidden car was loaded: %s", arg)
			}
		}
		again := warm.warm(t, rental.WarmAll)
		if again.Cars.Loaded+again.Availability.Loaded+again.FleetCounts.Loaded > 0 || again.Cars.Fresh != result.Cars.Loaded {
			t.Errorf("a second warming did %+v %+v %+v", again.Cars, again.Availability, again.FleetCounts)
		}
	})
}

// One flag warms its group and touches no other; without any there is nothing to do.
//
// Red when: a group is warmed that was not asked for.
func TestOneGroupIsWarmed(t *testing.T) {
	eachFleet(t, func(t *testing.T, url string) {
		cars := len(public())
		for _, test := range []struct {
			ask  rental.WarmRequest
			want string
		}{
			{rental.WarmRequest{Cars: true}, fmt.Sprint(map[string]int{"details": cars, "extras": 1, "list": 18, "places": 1, "reviews": 2 * cars, "slug": cars})},
			{rental.WarmRequest{Availability: true}, fmt.Sprint(map[string]int{"availability": 4 * cars})},
			{rental.WarmRequest{FleetCounts: true}, fmt.Sprint(map[string]int{"counts": 1})},
		} {
			n := newNode(t, url, exotest.Clock(now))
			result := n.warm(t, test.ask)
			if got := fmt.Sprint(n.loads()); got != test.want {
				t.Errorf("warming %+v loaded %s, want %s", test.ask, got, test.want)
			}
			if (result.Cars != nil) != test.ask.Cars || (result.Availability != nil) != test.ask.Availability || (result.FleetCounts != nil) != test.ask.FleetCounts {
				t.Errorf("warming %+v tells of %+v", test.ask, result.ByGroup)
			}
		}
		n := newNode(t, url, exotest.Clock(now))
		_, err := n.Warm(t.Context(), admin, rental.WarmRequest{}, nil)
		wantCode(t, "warming nothing", err, exodrive.Invalid)
		_, err = n.Warm(t.Context(), as(exodrive.ScopeFleet), rental.WarmAll, nil)
		wantCode(t, "warming with another scope", err, exodrive.Forbidden)
	})
}

// However many warm at once, on one node or on two, each node loads an answer once;
// who comes while it is under way joins, and who wants more is told what runs.
//
// Red when: a second call begins a warming of its own; or Warm loads what is being loaded for somebody.
func TestWarmersNeverLoadTwice(t *testing.T) {
	eachFleet(t, func(t *testing.T, url string) {
		nodes := []*node{newNode(t, url, exotest.Clock(now)), newNode(t, url, exotest.Clock(now))}
		var all sync.WaitGroup
		joined := make([]chan bool, len(nodes))
		for i, n := range nodes {
			joined[i] = make(chan bool, 5)
			n.hold("") // until everybody has come
			for range 5 {
				all.Go(func() {
					come := sync.OnceFunc(func() { joined[i] <- false })
					result, err := n.Warm(t.Context(), admin, rental.WarmAll, func(rental.WarmProgress) { come() })
					if err != nil {
						t.Error(err)
						return
					}
					joined[i] <- result.Joined
				})
			}
			for range 5 {
				<-joined[i]
			}
			for _, list := range []string{"", "category=suv"} { // readers, too
				all.Go(func() {
					if _, err := n.Cars(t.Context(), exodrive.CarQuery{Sort: exodrive.SortFeatured, Page: 1, Limit: 12, Search: list}); err != nil && list == "" {
						t.Error(err)
					}
				})
			}
		}
		for _, n := range nodes {
			n.open()
		}
		all.Wait()
		want := len(firstAsked(t, nodes[0])) + len(public()) + 1 // one reader asked for something else
		for i, n := range nodes {
			if got := n.loaded(); got != want {
				t.Errorf("node %d loaded %d answers, want %d", i, got, want)
			}
			others := 0
			for range 5 {
				if <-joined[i] {
					others++
				}
			}
			if others != 4 {
				t.Errorf("on node %d, %d of 5 calls joined, want 4", i, others)
			}
		}
	})
}

// A warming goes on when its caller has gone. Who asks for more than runs is refused
// with what runs; who asks for as much joins it. The end of the node ends it.
//
// Red when: a run ends with the caller's context; groups that do not run are joined; Rest leaves callers waiting.
func TestWarmingBelongsToTheNode(t *testing.T) {
	eachFleet(t, func(t *testing.T, url string) {
		n := newNode(t, url, exotest.Clock(now))
		n.hold("car_reviews")
		ctx, leave := context.WithCancel(t.Context())
		_, err := n.Warm(ctx, admin, rental.WarmRequest{Cars: true, FleetCounts: true}, func(rental.WarmProgress) { leave() })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("who leaves is told %v", err)
		}
		_, err = n.Warm(t.Context(), admin, rental.WarmAll, nil)
		wantCode(t, "more than runs", err, exodrive.Conflict)
		if err == nil || !strings.Contains(err.Error(), "cars (") || !strings.Contains(err.Error(), "fleetCounts (") || strings.Contains(err.Error(), "availability") {
			t.Errorf("the conflict does not say what runs: %v", err)
		}
		var last rental.WarmProgress
		result, err := n.Warm(t.Context(), admin, rental.WarmRequest{Cars: true}, func(p rental.WarmProgress) { last = p; n.open() })
		if err != nil || !result.Joined || result.Cars.Loaded == 0 || result.FleetCounts == nil {
			t.Fatalf("who asks for as much as runs gets %+v, %v", result, err)
		}
		if last.Cars.Done != last.Cars.Total || last.Cars.Total != result.Cars.Loaded {
			t.Errorf("the last progress is %+v of %+v", last.Cars, result.Cars)
		}
		if again := n.warm(t, rental.WarmRequest{Cars: true}); again.Cars.Loaded > 0 || again.Joined {
			t.Errorf("the run that lost its caller left %+v to load", again.Cars)
		}

		n.hold("car_availability")
		_, err = n.Warm(t.Context(), admin, rental.WarmRequest{Availability: true}, func(p rental.WarmProgress) { go n.cache.Rest() })
		wantCode(t, "a warming when the node rests", err, exodrive.Unavailable)
		_, err = n.Warm(t.Context(), admin, rental.WarmAll, nil)
		wantCode(t, "a warming after that", err, exodrive.Unavailable)
		if _, err := n.FleetCounts(t.Context()); err != nil {
			t.Errorf("reads ended as well: %v", err)
		}
	})
}

// A car that is deleted or hidden while it is warmed is no failure.
//
// Red when: not_found counts as failed.
func TestCarsGoWhileTheyAreWarmed(t *testing.T) {
	eachFleet(t, func(t *testing.T, url string) {
		n := newNode(t, url, exotest.Clock(now))
		c := car(t, "ferrari-roma")
		n.hold("FROM car_images") // part of the details: the list of cars has been read
		gone := sync.OnceFunc(func() {
			other := newNode(t, url, exotest.Clock(now))
			if _, err := other.ArchiveCar(t.Context(), admin, c.ID, rental.AnyVersion, true); err != nil {
				t.Error(err)
			}
			n.open()
		})
		result, err := n.Warm(t.Context(), admin, rental.WarmRequest{Availability: true, Cars: true}, func(p rental.WarmProgress) {
			if p.Cars.Total > 0 {
				gone()
			}
		})
		if err != nil || result.Cars.Failed+result.Availability.Failed > 0 {
			t.Errorf("a car that went leaves %+v %+v, %v", result.Cars, result.Availability, err)
		}
	})
}
