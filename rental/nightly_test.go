package rental_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
	"github.com/exodrive/exodrive/sqlstore"
)

// sleeper is a node whose clockwork a test drives.
type sleeper struct {
	*node
	steps
}

// asleep starts a node; it has looked at the clock once when this returns.
func asleep(t testing.TB, url string, clock *exotest.ManualClock) *sleeper {
	t.Helper()
	s := &sleeper{}
	s.node = newNode(t, url, clock, stepped(&s.steps))
	s.Start()
	<-s.looked
	return s
}

// night lets all nodes look at the clock once, some times over, waits for what they
// began, and tells how many of them warmed everything.
func night(t testing.TB, nodes ...*sleeper) (warmed int) {
	t.Helper()
	for range 3 {
		for _, n := range nodes {
			n.step()
		}
	}
	for _, n := range nodes {
		if n.warmedSince(t) {
			warmed++
		}
	}
	return warmed
}

// warmedSince tells whether the node has warmed since the last call: it makes what
// is cached worthless, so that only a new warming loads it again.
func (s *sleeper) warmedSince(t testing.TB) bool {
	t.Helper()
	// Joining what runs, or finding it done, is the end of what the night began; it
	// loads nothing in either case.
	was := s.loaded()
	result, err := s.Warm(t.Context(), admin, rental.WarmAll, nil)
	if err != nil {
		t.Fatal(err)
	}
	warmed := result.Joined || result.Cars.Loaded == 0
	if !warmed && s.loaded()-was < len(public()) {
		t.Errorf("a warming of everything loaded %d answers", s.loaded()-was)
	}
	if err := s.ClearCache(t.Context(), admin, ""); err != nil {
		t.Fatal(err)
	}
	return warmed
}

// newYork is an instant of the fleet's zone.
func newYork(text string) time.Time {
	at, err := time.ParseInLocation(time.DateTime, text, zone)
	if err != nil {
		panic(err)
	}
	return at
}

// At three in the morning of its zone the fleet warms once, whichever nodes are
// there: also when one died a second before, whatever its clock does afterwards, and
// on the day after again.
//
// Red when: a node does not look whether the day is taken; the day is that of UTC; what ran is not noted; a clock that is set back makes another night.
func TestNightlyWarming(t *testing.T) {
	eachFleet(t, func(t *testing.T, url string) {
		clock := exotest.Clock(newYork("2026-11-24 02:00:00"))
		a, b, c := asleep(t, url, clock), asleep(t, url, clock), asleep(t, url, clock)
		set := func(at string) { clock.Set(newYork(at)) }
		expect := func(what string, want int, nodes ...*sleeper) {
			t.Helper()
			if got := night(t, nodes...); got != want {
				t.Errorf("%s: %d nodes warm, want %d", what, got, want)
			}
		}
		set("2026-11-24 02:59:59")
		expect("a second before three", 0, a, b, c)
		a.cache.Close() // it dies
		set("2026-11-24 03:00:00")
		expect("at three, without a node that died", 1, b, c)
		set("2026-11-24 14:00:00")
		expect("at noon", 0, b, c)
		set("2026-11-24 02:30:00")
		expect("the clock is set back", 0, b, c)
		set("2026-11-24 03:00:00")
		expect("three again", 0, b, c)
		set("2026-11-25 02:59:59")
		expect("the next night, before three", 0, b, c)
		set("2026-11-25 09:00:00") // all machines slept
		expect("the next night, slept through", 1, b, c)
		late := asleep(t, url, clock)
		expect("a node that starts later", 0, b, c, late)
	})
}

// A fleet that was down at three makes up for it when it starts; one that has slept
// for days, or never warmed, does not.
//
// Red when: a start warms whatever happened before; or never does.
func TestNightIsMadeUpFor(t *testing.T) {
	eachFleet(t, func(t *testing.T, url string) {
		clock := exotest.Clock(newYork("2026-11-24 10:00:00"))
		start := func() int {
			n := asleep(t, url, clock)
			defer n.cache.Close()
			return night(t, n)
		}
		if got := start(); got != 0 {
			t.Error("a new fleet warms when it starts")
		}
		n := asleep(t, url, clock)
		clock.Set(newYork("2026-11-25 03:00:00"))
		if got := night(t, n); got != 1 {
			t.Fatal("the fleet did not warm")
		}
		n.cache.Close()
		for _, test := range []struct {
			at   string
			want int
		}{{"2026-11-25 12:00:00", 0}, {"2026-11-26 03:00:20", 1}, {"2026-11-26 04:00:00", 0}, {"2026-11-28 08:00:00", 0}} {
			clock.Set(newYork(test.at))
			if got := start(); got != test.want {
				t.Errorf("a start on %s warms %d times, want %d", test.at, got, test.want)
			}
		}
	})
}

// Nights in which the clocks change have their warming too, once each.
//
// Red when: three in the morning is counted from midnight.
func TestNightlyWarmingAndDaylightSaving(t *testing.T) {
	t.Parallel()
	url := "sqlite:" + exotest.SQLiteFrom(t, "fleet", func(t testing.TB, path string) { seeded(t, "sqlite:"+path) })
	for _, test := range []struct{ before, first, second string }{
		{"2027-03-14T06:59:59Z", "2027-03-14T07:00:00Z", "2027-03-14T08:00:00Z"}, // two becomes three: EST, then EDT
		{"2027-11-07T07:59:59Z", "2027-11-07T08:00:00Z", "2027-11-07T09:00:00Z"}, // two becomes one
	} {
		at := func(text string) time.Time {
			v, err := time.Parse(time.RFC3339, text)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		clock := exotest.Clock(at(test.before))
		n := asleep(t, url, clock)
		for _, step := range []struct {
			text string
			want int
		}{{test.before, 0}, {test.first, 1}, {test.second, 0}} {
			clock.Set(at(step.text))
			if got := night(t, n); got != step.want {
				t.Errorf("at %s %d nodes warm, want %d", step.text, got, step.want)
			}
		}
		n.cache.Close()
	}
}

// A database that is away at three only puts the warming off, and so does a smaller
// warming that runs.
//
// Red when: a night is taken for settled although nobody could be asked; or a night that was won is forgotten.
func TestNightlyWarmingIsPutOff(t *testing.T) {
	t.Parallel()
	url := exotest.PostgresFrom(t, "fleet", seeded) // SQLite's one writer would make the claim wait, not fail
	clock := exotest.Clock(newYork("2026-11-24 02:59:00"))
	n := asleep(t, url, clock)
	locked := errors.New("locked")
	err := n.store.Tx(t.Context(), func(tx *sqlstore.Tx) error {
		// A row that is not committed: the claim waits, and fails.
		if _, err := tx.ClaimRun(t.Context(), "cache-warm", exodrive.MustDate("2026-11-24"), "other"); err != nil {
			t.Error(err)
		}
		clock.Set(newYork("2026-11-24 03:00:00"))
		n.step()
		return locked
	})
	if !errors.Is(err, locked) {
		t.Fatal(err)
	}
	n.hold("car_reviews")
	running := make(chan error, 1)
	begun := make(chan struct{}, 100)
	go func() {
		_, err := n.Warm(t.Context(), admin, rental.WarmRequest{Cars: true}, func(rental.WarmProgress) {
			select {
			case begun <- struct{}{}:
			default:
			}
		})
		running <- err
	}()
	<-begun
	n.step() // it wins the night, and something else runs
	n.open()
	if err := <-running; err != nil {
		t.Fatal(err)
	}
	if loads := n.loads(); loads["counts"] > 0 {
		t.Fatalf("it was warmed already: %v", loads)
	}
	n.step()
	for late := time.Now().Add(20 * time.Second); n.loads()["availability"] < 4*len(public()); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(late) {
			t.Fatalf("the night was forgotten: %v", n.loads())
		}
	}
}

// It is remembered for thirty days which node did a daily job, and the node itself
// may ask again.
//
// Red when: two nodes win a day; a node whose commit seemed to fail loses against itself; old rows stay.
func TestClaimRun(t *testing.T) {
	eachFleet(t, func(t *testing.T, url string) {
		store := newNode(t, url, exotest.Clock(now)).store
		claim := func(job, day, node string) (won bool) {
			t.Helper()
			if err := store.Tx(t.Context(), func(tx *sqlstore.Tx) (err error) {
				won, err = tx.ClaimRun(t.Context(), job, exodrive.MustDate(day), node)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return won
		}
		var got strings.Builder
		for _, c := range [][3]string{
			{"j", "2026-01-01", "a"}, {"j", "2026-01-01", "b"}, {"j", "2026-01-01", "a"}, {"k", "2026-01-01", "b"}, {"j", "2026-01-02", "b"},
			{"j", "2026-02-01", "a"}, {"j", "2026-01-01", "b"}, {"j", "2026-01-02", "a"},
		} {
			fmt.Fprint(&got, claim(c[0], c[1], c[2]), " ")
		}
		// On 1 February the rows of 1 January are too old, those of the 2nd are not.
		if want := "true false true true true true true false "; got.String() != want {
			t.Errorf("claims are %s, want %s", &got, want)
		}
		last, err := store.LastRun(t.Context(), "j")
		if err != nil || last.String() != "2026-02-01" {
			t.Errorf("the last run was on %s (%v)", last, err)
		}
		if last, err := store.LastRun(t.Context(), "never"); err != nil || last != 0 {
			t.Errorf("a job that never ran did so on %s (%v)", last, err)
		}
	})
}
