package jobs_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/jobs"
	"github.com/exodrive/exodrive/sqlstore"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// A cron job comes at its civil time, every night once: also in a night in which that
// hour is skipped, or comes twice.
//
// Red when: the expression is followed through the zone's own hours, as cron libraries do.
func TestCronInNightsWhenTheClocksChange(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ zone, spec, now, want string }{
		{"UTC", "0 3 * * *", "2026-11-23T03:00:00Z", "2026-11-23T03:00:00Z"},
		{"UTC", "0 3 * * *", "2026-11-23T02:59:59Z", "2026-11-22T03:00:00Z"},
		{"UTC", "*/5 * * * *", "2026-11-23T02:59:59Z", "2026-11-23T02:55:00Z"},
		{"UTC", "@monthly", "2026-11-23T02:59:59Z", "2026-11-01T00:00:00Z"},
		{"UTC", "0 0 29 2 *", "2027-11-23T00:00:00Z", "2024-02-29T00:00:00Z"},
		{"America/New_York", "0 3 * * *", "2026-11-23T12:00:00Z", "2026-11-23T08:00:00Z"},
		// Three is not there in Athens on this night: 03:00 is 04:00.
		{"Europe/Athens", "0 3 * * *", "2027-03-28T00:59:59Z", "2027-03-27T01:00:00Z"},
		{"Europe/Athens", "0 3 * * *", "2027-03-28T01:00:00Z", "2027-03-28T01:00:00Z"},
		{"Europe/Athens", "30 3 * * *", "2027-03-28T01:00:00Z", "2027-03-28T01:00:00Z"},
		{"Europe/Athens", "0 3 * * *", "2027-03-29T00:00:00Z", "2027-03-29T00:00:00Z"},
		// It is there twice on this one.
		{"Europe/Athens", "0 3 * * *", "2027-10-31T00:00:00Z", "2027-10-31T00:00:00Z"},
		{"Europe/Athens", "0 3 * * *", "2027-10-31T01:00:00Z", "2027-10-31T00:00:00Z"},
		{"Europe/Athens", "0 3 * * *", "2027-10-31T02:00:00Z", "2027-10-31T00:00:00Z"},
		// Midnight is not there in Santiago, and a half hour is skipped on Lord Howe.
		{"America/Santiago", "0 0 * * *", "2026-09-06T04:00:00Z", "2026-09-06T04:00:00Z"},
		{"Australia/Lord_Howe", "15 2 * * *", "2026-10-03T15:30:00Z", "2026-10-03T15:30:00Z"},
	} {
		now, err := time.Parse(time.RFC3339, test.now)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := jobs.Latest(test.spec, zone(t, test.zone), now)
		if text := got.Format(time.RFC3339); !ok || text != test.want {
			t.Errorf("%s in %s at %s: the latest is %s, want %s", test.spec, test.zone, test.now, text, test.want)
		}
	}
}

// A mistake in a cron job, or in a kind, is told when the program starts.
func TestMistakes(t *testing.T) {
	t.Parallel()
	var done log
	for what, o := range map[string]jobs.Options{
		"expression": {Kinds: does("mail", done.note), Crons: []jobs.Cron{{Name: "n", Spec: "0 3 * *", Job: jobs.Job{Kind: "mail"}}}},
		"interval":   {Kinds: does("mail", done.note), Crons: []jobs.Cron{{Name: "n", Spec: "@every 5m", Job: jobs.Job{Kind: "mail"}}}},
		"two zones":  {Kinds: does("mail", done.note), Crons: []jobs.Cron{{Name: "n", Spec: "TZ=UTC 0 3 * * *", Job: jobs.Job{Kind: "mail"}}}},
		"no kind":    {Crons: []jobs.Cron{{Name: "n", Spec: "@daily", Job: jobs.Job{Kind: "mail"}}}},
		"twice":      {Kinds: append(does("mail", done.note), does("mail", done.note)...)},
		"no handler": {Kinds: does("mail", nil)},
	} {
		if _, err := jobs.New(o); err == nil || !strings.HasPrefix(err.Error(), "jobs: ") {
			t.Errorf("%s: the error is %v", what, err)
		}
	}
}

// Three nodes run a cron job once each time, without one of them being the first; after
// a stop the fleet makes up for it once, and a new one waits for the next time.
//
// Red when: a tick is not a row that is there once; each missed tick is made up for; a
// clock that is set back, or was far ahead, makes ticks again or none.
func TestCronOfAFleet(t *testing.T) {
	each(t, func(t *testing.T, url string, clock *exotest.ManualClock) {
		var done log
		fleet := func() (nodes []*node) {
			for range 3 {
				nodes = append(nodes, newNode(t, url, clock, does("clean", done.note), func(o *jobs.Options) {
					o.Crons = []jobs.Cron{{Name: "clean", Spec: "0 3 * * *", Job: jobs.Job{Kind: "clean"}}}
				}))
			}
			return nodes
		}
		nodes := fleet()
		at := func(what string, now time.Time, want int) {
			t.Helper()
			clock.Set(now)
			was := done.len()
			for _, n := range nodes {
				n.due(t)
			}
			if got := done.len() - was; got != want {
				t.Errorf("%s, %s: it ran %d times, want %d", what, now.Format(time.DateTime), got, want)
			}
		}
		day := 24 * time.Hour
		three := noon.Add(15 * time.Hour)
		at("a new fleet", noon, 0)
		at("before three", three.Add(-time.Second), 0)
		at("at three", three, 1)
		at("later", three.Add(time.Hour), 0)
		at("the clock is set back", three.Add(-time.Hour), 0)
		at("three again", three, 0)
		at("the clock is a year ahead", three.Add(365*day), 1)
		at("it is set right", three.Add(2*time.Hour), 0)
		at("the next night", three.Add(day), 1)
		nodes = fleet() // all were stopped
		at("a fleet that was stopped for three nights", three.Add(4*day+time.Hour), 1)
		at("an hour later", three.Add(4*day+2*time.Hour), 0)
		if due := done.runs[done.len()-1].At; !due.Equal(three.Add(4 * day)) {
			t.Errorf("it made up for %s", due)
		}
	})
}

// What only matters for some time is not made up for after too many missed times.
//
// Red when: missed miscounts.
func TestCronLetsPass(t *testing.T) {
	each(t, func(t *testing.T, url string, clock *exotest.ManualClock) {
		var done log
		n := newNode(t, url, clock, does("warm", done.note), func(o *jobs.Options) {
			o.Crons = []jobs.Cron{{Name: "warm", Spec: "0 3 * * *", Job: jobs.Job{Kind: "warm"}, MostMissed: 1}}
		})
		n.due(t)
		for _, step := range []struct {
			days, want int
		}{{1, 1}, {1, 1}, {2, 0}, {1, 1}, {3, 0}, {1, 1}} {
			clock.Advance(time.Duration(step.days) * 24 * time.Hour)
			if got := n.due(t); got != step.want {
				t.Errorf("after %d days it ran %d times, want %d", step.days, got, step.want)
			}
		}
	})
}

// Old rows go: what was done and what died after their times, and all ticks but the last
// of each name.
func TestPrune(t *testing.T) {
	each(t, func(t *testing.T, url string, clock *exotest.ManualClock) {
		n := newNode(t, url, clock, nil)
		stranded(t, n, jobs.Job{Kind: "mail", Tries: 1}, jobs.Job{Kind: "mail"})
		ends := []jobs.End{}
		held, err := n.store.BeatJobs(t.Context(), jobs.Worker{Name: "stranded", Beat: 2})
		for i, outcome := range []jobs.Outcome{jobs.Done, jobs.Dead} {
			ends = append(ends, jobs.End{Claim: held[i], Outcome: outcome})
		}
		if _, err2 := n.store.SettleJobs(t.Context(), ends); err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		enqueue(t, n.store, jobs.Job{Kind: "mail"})
		for _, name := range []string{"a", "a", "b"} {
			if _, err := n.store.PlantTick(t.Context(), name, clock.Advance(time.Second), nil); err != nil {
				t.Fatal(err)
			}
		}
		later := clock.Advance(time.Hour)
		for _, step := range []struct {
			old  sqlstore.Old
			want int64
		}{
			{sqlstore.Old{Done: noon, Dead: noon, Ticks: noon}, 0},
			{sqlstore.Old{Done: later}, 1}, {sqlstore.Old{Dead: later}, 1}, {sqlstore.Old{Ticks: later}, 1},
			{sqlstore.Old{Done: later, Dead: later, Ticks: later}, 0},
		} {
			if err := n.store.Tx(t.Context(), func(tx *sqlstore.Tx) error {
				got, err := tx.Prune(t.Context(), step.old, 10)
				if got != step.want {
					t.Errorf("%+v: %d rows went", step, got)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		if j := only(t, n.store); j.State != exodrive.JobWaiting {
			t.Errorf("what waits is %+v", j)
		}
		if last, found, err := n.store.LastTick(t.Context(), "a", later); err != nil || !found || !last.Equal(noon.Add(2*time.Second)) {
			t.Errorf("the last tick is %s (%v, %v)", last, found, err)
		}
	})
}

// Of several nodes that enqueue the same instant at once, one does.
//
// Red when: PlantTick does not go by the row that is there once.
func TestTickIsPlantedOnce(t *testing.T) {
	each(t, func(t *testing.T, url string, clock *exotest.ManualClock) {
		n := newNode(t, url, clock, nil)
		const nodes = 8
		planted := make(chan bool)
		for range nodes {
			go func() {
				ok, err := n.store.PlantTick(context.Background(), "clean", noon, &jobs.Job{Kind: "clean"})
				if err != nil {
					t.Error(err)
				}
				planted <- ok
			}()
		}
		won := 0
		for range nodes {
			if <-planted {
				won++
			}
		}
		if won != 1 {
			t.Errorf("%d nodes enqueued it", won)
		}
		only(t, n.store)
	})
}
