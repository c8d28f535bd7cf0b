package rental_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
)

// bound is B of the cache: a request that arrives later than this after a commit sees it.
const bound = 2 * time.Second

// fleetOf is some nodes over one database, which all believe in the same time.
type fleetOf struct {
	nodes []*node
	truth *rental.Service
	reads []publicRead
	cars  []exodrive.Car // some that bookings touch, and one that none does
	clock *exotest.ManualClock
	// last is what each node loaded after the write before. While a transaction is open
	// somewhere in the server, what was loaded right after a write is loaded once more when a
	// poll hears of the write, and that may be after the next one.
	last map[int]map[string]bool
}

// neighbour is another car of the place where anyCar lives.
func neighbour(t testing.TB) exodrive.Car {
	t.Helper()
	home := car(t, anyCar)
	i := slices.IndexFunc(fleet().Cars, func(c exodrive.Car) bool {
		return c.LocationID == home.LocationID && c.Slug != home.Slug && c.Slug != "ferrari-roma" && c.Available && !c.Hidden && c.MinimumDays <= 4
	})
	if i < 0 {
		t.Fatalf("nobody lives where %s does", anyCar)
	}
	return fleet().Cars[i]
}

func newFleetOf(t *testing.T, databaseURL string, days exodrive.Days) *fleetOf {
	t.Helper()
	f := &fleetOf{last: map[int]map[string]bool{}, clock: exotest.Clock(now), cars: []exodrive.Car{car(t, anyCar), neighbour(t), car(t, "ferrari-roma")}}
	short := func(o *rental.Options) {
		o.Policy = exodrive.DefaultPolicy
		o.Policy.HoldSeconds = 2
	}
	for range 3 {
		f.nodes = append(f.nodes, newNode(t, databaseURL, f.clock, short))
	}
	for n := 1; n > 0; { // the demo's own holds end before anybody looks
		var err error
		if n, err = f.nodes[0].RunJobs(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	f.truth, _ = uncached(t, databaseURL, nil)
	for _, c := range f.cars {
		month := exodrive.AvailabilityQuery{Start: days.Start - 10, End: days.Start + 20}
		f.reads = append(f.reads,
			publicRead{"details of " + c.Slug, func(ctx context.Context, s *rental.Service) (cache.Served, error) {
				a, err := s.Car(ctx, c.ID)
				return a.Served, err
			}},
			publicRead{"calendar of " + c.Slug, func(ctx context.Context, s *rental.Service) (cache.Served, error) {
				a, err := s.Availability(ctx, c.ID, month)
				return a.Served, err
			}},
			publicRead{"reviews of " + c.Slug, func(ctx context.Context, s *rental.Service) (cache.Served, error) {
				a, err := s.Reviews(ctx, c.ID, firstPage)
				return a.Served, err
			}})
	}
	for _, query := range []string{"sort=featured", "sort=price&limit=5", fmt.Sprintf("startDate=%s&endDate=%s&limit=50", days.Start, days.End)} {
		q := ask(t, query)
		f.reads = append(f.reads, publicRead{"list " + query, func(ctx context.Context, s *rental.Service) (cache.Served, error) {
			a, err := s.Cars(ctx, q)
			return a.Served, err
		}})
	}
	f.reads = append(f.reads,
		publicRead{"places", func(ctx context.Context, s *rental.Service) (cache.Served, error) {
			a, err := s.PublicPlaces(ctx, firstPage)
			return a.Served, err
		}},
		publicRead{"extras", func(ctx context.Context, s *rental.Service) (cache.Served, error) {
			a, err := s.PublicExtras(ctx, firstPage)
			return a.Served, err
		}})
	f.reads = append(f.reads, publicRead{"counts", func(ctx context.Context, s *rental.Service) (cache.Served, error) {
		a, err := s.FleetCounts(ctx)
		return a.Served, err
	}})
	for _, n := range f.nodes {
		for _, r := range f.reads {
			r.of(t, n.Service)
			if got := r.of(t, n.Service); got.err != nil || got.layer != cache.Memory {
				t.Fatalf("%s is answered from layer %d before anything happened: %v", r.name, got.layer, got.err)
			}
		}
	}
	return f
}

// after lets a node write, and looks at all reads on all nodes: on the writer's at once,
// on the others until the bound, what is read is true; and so many calendars, one list on
// dates and the counts were loaded again on each node, and nothing else.
func (f *fleetOf) after(t *testing.T, what string, writer, calendars int, write func(*node)) {
	t.Helper()
	write(f.nodes[writer])
	wrote := time.Now()
	for _, i := range []int{writer, (writer + 1) % len(f.nodes), (writer + 2) % len(f.nodes)} {
		loaded := map[string]bool{}
		for _, r := range f.reads {
			want := r.of(t, f.truth).text
			for {
				asked := time.Now()
				got := f.ask(t, i, r, loaded)
				if got.text == want {
					break
				}
				if i == writer || asked.Sub(wrote) > bound {
					t.Fatalf("%s after %s: %s on node %d, whose writer is %d, is\n%.400s\nwant\n%.400s", asked.Sub(wrote), what, r.name, i, writer, got.text, want)
				}
				time.Sleep(5 * time.Millisecond)
			}
		}
		f.alone(t, what, i, loaded, map[string]int{"availability": calendars, "list-on-dates": 1, "counts": 1})
	}
}

// ask reads on a node, and notes what came from the database.
func (f *fleetOf) ask(t *testing.T, i int, r publicRead, loaded map[string]bool) shown {
	t.Helper()
	got := r.of(t, f.nodes[i].Service)
	if got.err == nil && got.layer == cache.Loaded {
		loaded[r.name] = true
	}
	return got
}

// alone waits until a node has loaded again what it should, for an answer that is still
// true is served until the node has heard; and sees that it has loaded nothing else,
// however often it loaded the same.
func (f *fleetOf) alone(t *testing.T, what string, i int, loaded map[string]bool, want map[string]int) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		all, its := map[string]int{}, map[string]int{} // its: what can only be of this write
		for name := range loaded {
			kind, _, _ := strings.Cut(name, " ")
			switch {
			case kind == "calendar":
				kind = "availability"
			case strings.HasPrefix(name, "list startDate"):
				kind = "list-on-dates"
			default:
				kind = name
			}
			all[kind]++
			if !f.last[i][name] {
				its[kind]++
			}
		}
		if enough(all, want) && enough(want, its) {
			f.last[i] = loaded
			return
		}
		if time.Now().After(end) {
			t.Fatalf("after %s node %d has loaded %v, want %v and nothing else", what, i, loaded, want)
		}
		for _, r := range f.reads {
			f.ask(t, i, r, loaded)
		}
	}
}

// enough tells whether there is as much of everything as is wanted.
func enough(have, want map[string]int) bool {
	for kind, n := range want {
		if have[kind] < n {
			return false
		}
	}
	return true
}

// Whatever happens to a booking is seen by everybody: at once by who asks the node that
// did it, and by all others within the bound (promises P1 to P3 of the cache). It makes
// worthless the calendars of the cars whose days it touches, lists with dates and the
// counts, and nothing else: details, reviews, plain lists and the calendars of other cars
// stay in memory on every node.
//
// Red when: car_availability raises no "availability" or no "availability:" of its car;
// the list on dates or the counts lack their tag "availability"; car_availability or
// bookings raise "car:" of the car or "cars" besides.
func TestBookingsAreCoherent(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "fleet", seeded, func(t *testing.T, databaseURL string) {
		trip := freeTrip(t, newWorld(t, databaseURL), anyCar, 4)
		h := newPrompt(t, databaseURL)
		h.exec(`DELETE FROM car_availability WHERE date >= $1`, trip.StartDate.Add(-20).String())
		h.exec(`DELETE FROM bookings WHERE blocked_until >= $1`, trip.StartDate.Add(-20).String())
		f := newFleetOf(t, databaseURL, exodrive.Days{Start: trip.StartDate, End: trip.EndDate})
		var b *rental.BookingView
		must := func(got *rental.BookingView, err error) {
			t.Helper()
			if b = got; err != nil {
				t.Fatal(err)
			}
		}
		done := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		book := func(n *node) { must(n.Book(t.Context(), exodrive.Actor{}, bookingOf(trip, "maria"), rental.Call{})) }
		f.after(t, "a booking", 0, 1, book)
		f.after(t, "its confirmation", 1, 1, func(n *node) { must(n.ConfirmBooking(t.Context(), admin, b.ID)) })
		f.after(t, "a change of its days", 2, 1, func(n *node) {
			change := rental.StaffChange{TripChange: exodrive.TripChange{StartDate: trip.StartDate + 1, EndDate: trip.EndDate + 1}, Reason: "A late flight."}
			done(recordErr(n.ChangeForRenter(t.Context(), admin, b.ID, rental.AnyVersion, change)))
		})
		f.after(t, "a swap of its car", 0, 2, func(n *node) {
			done(recordErr(n.SwapCar(t.Context(), admin, b.ID, rental.AnyVersion, rental.Swap{CarID: f.cars[1].ID, Reason: "A puncture."})))
		})
		f.after(t, "its cancellation", 1, 1, func(n *node) { must(n.CancelBooking(t.Context(), b.Token)) })
		f.after(t, "another booking", 2, 1, book)
		f.after(t, "the end of its hold", 0, 1, func(n *node) {
			f.clock.Advance(3 * time.Second)
			if _, err := n.RunJobs(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
		days := rental.Block{Start: today, End: trip.StartDate}
		f.after(t, "a block", 1, 1, func(n *node) {
			_, err := n.BlockDays(t.Context(), admin, f.cars[0].ID, rental.BlockRequest{Block: days, FreeDaysOnly: true})
			done(err)
		})
		f.after(t, "its end", 2, 1, func(n *node) {
			_, err := n.UnblockDays(t.Context(), admin, f.cars[0].ID, days)
			done(err)
		})
	})
}
