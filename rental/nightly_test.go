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
		if _, err := tx.ClaimRun(t.Context(), tonight("2026-11-24"), "other", clock.Now()); err != nil {
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

// tonight is the nightly warming of a day.
func tonight(day string) sqlstore.Run {
	return sqlstore.Run{Job: "cache-warm", Day: exodrive.MustDate(day)}
}

// A node that dies after it has won the night costs the fleet five minutes, not the
// night; one that lives keeps it for as long as it warms.
//
// Red when: what was claimed is taken for done; or a claim is not kept while its node warms.
func TestNightOfANodeThatDies(t *testing.T) {
	eachFleet(t, func(t *testing.T, url string) {
		clock := exotest.Clock(newYork("2026-11-24 02:59:59"))
		a, b := asleep(t, url, clock), asleep(t, url, clock)
		if err := a.store.Tx(t.Context(), func(tx *sqlstore.Tx) error {
			claim, err := tx.ClaimRun(t.Context(), tonight("2026-11-24"), "a node that dies", newYork("2026-11-24 03:05:00"))
			if claim != sqlstore.Won {
				t.Error("the first that claims does not win")
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		for _, at := range []string{"2026-11-24 03:00:00", "2026-11-24 03:04:59"} {
			clock.Set(newYork(at))
			if got := night(t, a, b); got != 0 {
				t.Errorf("at %s %d nodes warm, want none: the one that won may live", at, got)
			}
		}
		clock.Set(newYork("2026-11-24 03:05:00"))
		a.hold("car_reviews")
		was := b.loaded()
		a.step() // it takes over, and warms for long
		for _, at := range []string{"2026-11-24 03:09:00", "2026-11-24 03:13:00", "2026-11-24 03:17:00"} {
			clock.Set(newYork(at))
			a.step()
			b.step()
		}
		if got := b.loaded() - was; got > 0 {
			t.Errorf("a second node took over from one that warms: %d loads", got)
		}
		a.open()
		if !a.warmedSince(t) {
			t.Error("nobody took over from the node that died")
		}
		clock.Set(newYork("2026-11-24 14:00:00"))
		if got := night(t, a, b); got != 0 {
			t.Errorf("%d nodes warm after it was done, want none", got)
		}
	})
}

// A node that stops while it warms leaves the night to another one at once, and one
// whose loads fail after five minutes, a few times over.
//
// Red when: the night is not given back; what fails is tried for ever; or somebody tries at once what has just failed.
func TestNightIsGivenBack(t *testing.T) {
	eachFleet(t, func(t *testing.T, url string) {
		clock := exotest.Clock(newYork("2026-11-24 02:59:59"))
		a, b := asleep(t, url, clock), asleep(t, url, clock)
		clock.Advance(time.Second)
		a.hold("car_reviews")
		a.step() // it wins
		a.cache.Rest()
		a.open()
		a.cache.Close()
		if got := night(t, b); got != 1 {
			t.Fatal("nobody takes over from a node that was stopped")
		}

		db := newPrompt(t, url)
		try := func(at string) (failed int) {
			t.Helper()
			clock.Set(newYork(at))
			was := b.failedNights()
			b.step()
			_, _ = b.Warm(t.Context(), admin, rental.WarmAll, nil) // is what the night began, or comes after it
			return b.failedNights() - was
		}
		db.exec(`ALTER TABLE cars RENAME COLUMN slug TO mislaid`)
		if try("2026-11-25 03:00:00") != 1 || try("2026-11-25 03:04:59") != 0 {
			t.Error("what has just failed is not tried once, but at once again or never")
		}
		db.exec(`ALTER TABLE cars RENAME COLUMN mislaid TO slug`)
		clock.Set(newYork("2026-11-25 03:05:00"))
		if got := night(t, b); got != 1 {
			t.Error("what failed is not tried again after five minutes")
		}
		db.exec(`ALTER TABLE cars RENAME COLUMN slug TO mislaid`)
		failed := 0
		for minute := range 60 {
			failed += try(fmt.Sprintf("2026-11-26 03:%02d:00", minute))
		}
		if failed != 6 {
			t.Errorf("what always fails is tried %d times in an hour, want 6", failed)
		}
	})
}

// failedNights is how many nightly warmings of the node ended early.
func (n *node) failedNights() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Count(n.log.String(), "why=nightly") - strings.Count(n.log.String(), `msg="cache warmed" why=nightly`)
}
