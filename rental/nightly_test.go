package rental_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/jobs"
	"github.com/exodrive/exodrive/rental"
)

// sleeper is a node that looks at the clock when a test wants it to.
type sleeper struct{ *node }

// asleep starts a node; it has looked at the clock once when this returns.
func asleep(t testing.TB, url string, clock *exotest.ManualClock) *sleeper {
	t.Helper()
	s := &sleeper{newNode(t, url, clock)}
	s.look(t)
	return s
}

// look lets a node do what is due.
func (s *sleeper) look(t testing.TB) {
	t.Helper()
	if _, err := s.RunJobs(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// night lets all nodes look at the clock, and tells how many of them warmed everything.
func night(t testing.TB, nodes ...*sleeper) (warmed int) {
	t.Helper()
	for _, n := range nodes {
		was := n.nights()
		n.look(t)
		warmed += n.nights() - was
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
		if got := b.loaded(); got < len(public()) {
			t.Errorf("a warming of everything loaded %d answers", got)
		}
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
			night(t, n)
			return n.nights() // the first look included
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
	eachFleet(t, func(t *testing.T, url string) {
		clock := exotest.Clock(newYork("2026-11-24 02:59:00"))
		n := asleep(t, url, clock)
		db := newPrompt(t, url)
		db.exec(`ALTER TABLE job_ticks RENAME TO mislaid`)
		clock.Set(newYork("2026-11-24 03:00:00"))
		n.look(t)
		db.exec(`ALTER TABLE mislaid RENAME TO job_ticks`)
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
		n.look(t) // it wins the night, and something else runs
		n.open()
		if err := <-running; err != nil {
			t.Fatal(err)
		}
		if loads := n.loads(); loads["counts"] > 0 {
			t.Fatalf("it was warmed already: %v", loads)
		}
		clock.Set(newYork("2026-11-24 03:01:00"))
		if got := night(t, n); got != 1 {
			t.Fatalf("the night was forgotten: %v", n.loads())
		}
	})
}

// A node that dies after it has won the night costs the fleet some seconds, not the
// night. (Package jobs shows how it is found out, and that one that lives keeps it.)
//
// Red when: what was claimed is taken for done.
func TestNightOfANodeThatDies(t *testing.T) {
	eachFleet(t, func(t *testing.T, url string) {
		clock := exotest.Clock(newYork("2026-11-24 02:59:59"))
		a, b := asleep(t, url, clock), asleep(t, url, clock)
		clock.Set(newYork("2026-11-24 03:00:00"))
		dead := jobs.Worker{Name: "a node that dies", Beat: 1}
		if planted, err := a.store.PlantTick(t.Context(), "cache.warm", clock.Now(), &jobs.Job{Kind: "cache.warm", Tries: 6}); !planted || err != nil {
			t.Fatal(planted, err)
		}
		if won, err := a.store.ClaimJobs(t.Context(), dead, []string{"cache.warm"}, 1); len(won) != 1 || err != nil {
			t.Fatal(won, err)
		}
		if got := night(t, a, b); got != 0 {
			t.Errorf("%d nodes warm, want none: the one that won may live", got)
		}
		if taken, err := b.store.BuryWorker(t.Context(), dead, "it died"); len(taken) != 1 || err != nil {
			t.Fatal(taken, err)
		}
		if got := night(t, a, b); got != 1 {
			t.Errorf("%d nodes take over from the one that died", got)
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
		a.Start() // it wins
		for late := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			won, _, err := a.store.Jobs(t.Context(), exodrive.JobQuery{States: []exodrive.JobState{exodrive.JobRunning}, Kind: "cache.warm"}, firstPage)
			if len(won) == 1 {
				break
			}
			if err != nil || time.Now().After(late) {
				t.Fatalf("nobody warms (%v)", err)
			}
		}
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
			b.look(t)
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

// nights is how many nightly warmings the node has done, failedNights how many ended early.
func (n *node) nights() int { return n.logged(`msg="cache warmed" why=nightly`) }

func (n *node) failedNights() int { return n.logged("why=nightly") - n.nights() }

// logged is how often a text is in the log.
func (n *node) logged(text string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Count(n.log.String(), text)
}
