package jobs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/jobs"
	"github.com/exodrive/exodrive/sqlstore"
)

// What a transaction promised is done if it was committed, and never if it was not.
//
// Red when: Enqueue writes past the transaction.
func TestEnqueueIsPartOfTheTransaction(t *testing.T) {
	each(t, func(t *testing.T, url string, clock *exotest.ManualClock) {
		var done log
		n := newNode(t, url, clock, does("mail", done.note))
		undone := errors.New("undone")
		for _, end := range []error{undone, nil} {
			err := n.store.Tx(t.Context(), func(tx *sqlstore.Tx) error {
				if err := tx.Enqueue(t.Context(), jobs.Job{Kind: "mail", Args: map[string]any{"to": "Ann", "copies": 2}}); err != nil {
					return err
				}
				return end
			})
			if !errors.Is(err, end) {
				t.Fatal(err)
			}
		}
		if n.due(t) != 1 || done.len() != 1 || n.due(t) != 0 {
			t.Fatalf("%d jobs were done, want the one that was committed, once", done.len())
		}
		var args struct {
			To     string
			Copies int
		}
		if err := done.runs[0].Into(&args); err != nil || args.To != "Ann" || args.Copies != 2 {
			t.Errorf("its arguments are %s (%v)", done.runs[0].Args, err)
		}
		if j := only(t, n.store); j.State != exodrive.JobDone || j.Kind != "mail" || j.EndedAt == nil || !j.EndedAt.Equal(noon) || j.Failed != 0 {
			t.Errorf("it is recorded as %+v", j)
		}
	})
}

// Three nodes that look for the same jobs do each of them once.
//
// Red when: ClaimJobs gives what another has, as it does without its lock on Postgres.
func TestThreeNodesDoEachJobOnce(t *testing.T) {
	each(t, func(t *testing.T, url string, clock *exotest.ManualClock) {
		const count = 300
		var done log
		var nodes []*node
		for range 3 {
			nodes = append(nodes, newNode(t, url, clock, does("count", done.note)))
		}
		var list []jobs.Job
		for i := range count {
			list = append(list, jobs.Job{Kind: "count", Args: i})
		}
		enqueue(t, nodes[0].store, list...)
		var stops []func()
		for _, n := range nodes {
			stops = append(stops, n.runs(t))
		}
		await(t, "all jobs are done", func() bool {
			return len(all(t, nodes[0].store, exodrive.JobQuery{States: []exodrive.JobState{exodrive.JobDone}})) == count
		})
		for _, stop := range stops {
			stop()
		}
		times := map[string]int{}
		for _, r := range done.runs {
			times[string(r.Args)]++
		}
		if len(times) != count || done.len() != count {
			t.Errorf("%d different jobs were done %d times in all, want each of %d once", len(times), done.len(), count)
		}
	})
}

// A job is begun when it is due, not before, those that are due longest first.
func TestJobsWaitUntilTheyAreDue(t *testing.T) {
	each(t, func(t *testing.T, url string, clock *exotest.ManualClock) {
		var done log
		n := newNode(t, url, clock, does("mail", done.note), func(o *jobs.Options) { o.Slots = 1 })
		enqueue(t, n.store, jobs.Job{Kind: "mail", Args: "second", At: noon.Add(time.Hour)}, jobs.Job{Kind: "mail", Args: "first", At: noon.Add(time.Minute)})
		if n.due(t) != 0 {
			t.Error("jobs began before their time")
		}
		clock.Advance(time.Hour)
		if n.due(t) != 2 || string(done.runs[0].Args) != `"first"` {
			t.Errorf("an hour later %d were done: %+v", done.len(), done.runs)
		}
	})
}

// A job with a key is there once while it waits or runs, and again when it has ended.
//
// Red when: the unique index counts jobs that have ended, or none.
func TestKeys(t *testing.T) {
	each(t, func(t *testing.T, url string, clock *exotest.ManualClock) {
		var done log
		n := newNode(t, url, clock, does("report", done.note))
		report := jobs.Job{Kind: "report", Key: "may"}
		enqueue(t, n.store, report, jobs.Job{Kind: "report", Key: "june"}, jobs.Job{Kind: "report"}, jobs.Job{Kind: "report"})
		enqueue(t, n.store, report)
		if got := n.due(t); got != 4 {
			t.Errorf("%d jobs were done, want may once, june, and two without a key", got)
		}
		enqueue(t, n.store, report)
		if n.due(t) != 1 {
			t.Error("a key that was done is taken for ever")
		}
	})
}

// What fails is tried again after pauses that grow, then it is dead, for all to see;
// whoever retries it gives it all its tries back.
//
// Red when: a failure is final; a dead job is tried; a retry leaves the count of failures.
func TestFailures(t *testing.T) {
	each(t, func(t *testing.T, url string, clock *exotest.ManualClock) {
		var tried []int
		mends := false
		n := newNode(t, url, clock, does("mail", func(_ context.Context, r *jobs.Run) error {
			tried = append(tried, r.Failed)
			if mends {
				return nil
			}
			return errMail
		}))
		enqueue(t, n.store, jobs.Job{Kind: "mail", Tries: 3})
		for i, pause := range []time.Duration{0, 999 * time.Millisecond, time.Second, 2 * time.Second, 2 * time.Second} {
			clock.Advance(pause)
			n.due(t)
			if want := []int{1, 1, 2, 2, 3}[i]; len(tried) != want {
				t.Errorf("after a pause of %s it was tried %d times, want %d", pause, len(tried), want)
			}
		}
		j := only(t, n.store)
		if j.State != exodrive.JobDead || j.Failed != 3 || j.LastError != errMail.Error() {
			t.Errorf("after three failures: %+v", j)
		}
		clock.Advance(24 * time.Hour)
		if n.due(t) != 0 {
			t.Error("a dead job was tried")
		}
		mends = true
		retry := func(id string) error {
			return n.store.Tx(t.Context(), func(tx *sqlstore.Tx) error { return tx.RetryJob(t.Context(), id) })
		}
		if err := retry(j.ID); err != nil {
			t.Fatal(err)
		}
		if n.due(t) != 1 || tried[3] != 0 {
			t.Errorf("after a retry it was tried with the failures %v", tried)
		}
		if j = only(t, n.store); j.State != exodrive.JobDone {
			t.Errorf("after a retry: %+v", j)
		}
		if err := retry(j.ID); exodrive.CodeOf(err) != exodrive.Conflict {
			t.Errorf("a retry of what was done: %v", err)
		}
		if err := retry("job_0000000000000000"); exodrive.CodeOf(err) != exodrive.NotFound {
			t.Errorf("a retry of what is not there: %v", err)
		}
		want := []jobs.Outcome{jobs.Failed, jobs.Failed, jobs.Dead, jobs.Done}
		if got := n.outcomes(); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("the outcomes are %v, want %v", got, want)
		}
	})
}

// A handler may put a job off, call it hopeless, or panic: that is what becomes of it.
func TestOutcomes(t *testing.T) {
	each(t, func(t *testing.T, url string, clock *exotest.ManualClock) {
		outcomes := map[string]func() error{
			"later":    func() error { return jobs.Later(noon.Add(time.Hour)) },
			"hopeless": func() error { return jobs.Never(errMail) },
			"panic":    func() error { panic("a nil map \x00 of \xff") },
		}
		n := newNode(t, url, clock, does("do", func(_ context.Context, r *jobs.Run) error {
			if clock.Now().After(noon) {
				return nil
			}
			var what string
			_ = r.Into(&what)
			return outcomes[what]()
		}))
		for what := range outcomes {
			enqueue(t, n.store, jobs.Job{Kind: "do", Args: what})
		}
		n.due(t)
		for _, j := range all(t, n.store, exodrive.JobQuery{}) {
			ok := false
			switch string(j.Args) {
			case `"later"`:
				ok = j.State == exodrive.JobWaiting && j.Failed == 0 && j.DueAt.Equal(noon.Add(time.Hour))
			case `"hopeless"`:
				ok = j.State == exodrive.JobDead && j.LastError == errMail.Error()
			case `"panic"`:
				ok = j.State == exodrive.JobWaiting && j.Failed == 1 && strings.Contains(j.LastError, "a nil map  of ?") && strings.Contains(j.LastError, "jobs_test.go")
			}
			if !ok {
				t.Errorf("%s: %+v", j.Args, j)
			}
		}
		clock.Advance(time.Hour)
		if n.due(t) != 2 {
			t.Error("what was put off, and what had panicked, did not come back")
		}
	})
}

// A handler that never ends keeps nothing from anybody: its try fails, its slot is free,
// and what it does in the end is dropped.
//
// Red when: a slot waits for its handler; EndJob forgets the fence.
func TestHandlerThatHangs(t *testing.T) {
	each(t, func(t *testing.T, url string, clock *exotest.ManualClock) {
		hang := make(chan struct{})
		late := make(chan error, 1)
		var n *node
		n = newNode(t, url, clock, []jobs.Kind{{Name: "hang", Timeout: 20 * time.Millisecond, Do: func(_ context.Context, r *jobs.Run) error {
			if r.Failed > 0 {
				return nil
			}
			<-hang
			late <- n.store.Tx(context.Background(), func(tx *sqlstore.Tx) error {
				if err := tx.SetSetting(context.Background(), "late", "yes"); err != nil {
					return err
				}
				return tx.EndJob(context.Background(), r.Claim)
			})
			return nil
		}}}, func(o *jobs.Options) { o.Slots, o.Grace = 1, 20*time.Millisecond })
		enqueue(t, n.store, jobs.Job{Kind: "hang"})
		n.due(t)
		if j := only(t, n.store); j.Failed != 1 || !strings.Contains(j.LastError, "did not end in time") {
			t.Errorf("after its time: %+v", j)
		}
		clock.Advance(2 * time.Second)
		if n.due(t) != 1 {
			t.Error("it is not tried again")
		}
		close(hang)
		if err := <-late; err == nil {
			t.Error("the first try could end a job that is not its own any more")
		}
		if v, err := n.store.Setting(t.Context(), "late"); v != "" || err != nil {
			t.Errorf("what it wrote is there: %q %v", v, err)
		}
	})
}

// A program of the next release enqueues what this one does not know: it stays as it is
// for one that does.
func TestUnknownKindsAreLeftAlone(t *testing.T) {
	each(t, func(t *testing.T, url string, clock *exotest.ManualClock) {
		var done log
		old, next := newNode(t, url, clock, does("mail", done.note)), newNode(t, url, clock, does("fax", done.note))
		enqueue(t, old.store, jobs.Job{Kind: "fax"})
		if old.due(t) != 0 {
			t.Error("a node does what it does not know")
		}
		if j := only(t, old.store); j.State != exodrive.JobWaiting || j.Failed != 0 {
			t.Errorf("it left %+v", j)
		}
		if next.due(t) != 1 {
			t.Error("a node that knows it does not do it")
		}
	})
}

// Whatever is enqueued is begun at once, also when it comes just as the node has looked
// and found nothing: with an hour between looks, each is only begun by its own call.
//
// Red when: the runner looks before it takes the call.
func TestNoCallIsLost(t *testing.T) {
	each(t, func(t *testing.T, url string, clock *exotest.ManualClock) {
		begun := make(chan struct{})
		n := newNode(t, url, clock, does("mail", func(context.Context, *jobs.Run) error {
			begun <- struct{}{}
			return nil
		}), func(o *jobs.Options) { o.Poll = time.Hour })
		n.runs(t)
		for range 100 {
			enqueue(t, n.store, jobs.Job{Kind: "mail"})
			select {
			case <-begun:
			case <-time.After(30 * time.Second):
				t.Fatal("it was not begun")
			}
		}
	})
}

// A program that stops lets short jobs end, and gives long ones back: another node
// begins them at once, and they have not failed.
//
// Red when: Run returns before its jobs are given back; what was given back counts as a failure.
func TestStopGivesJobsBack(t *testing.T) {
	each(t, func(t *testing.T, url string, clock *exotest.ManualClock) {
		var under sync.WaitGroup
		under.Add(2)
		n := newNode(t, url, clock, does("do", func(ctx context.Context, r *jobs.Run) error {
			under.Done()
			if string(r.Args) == `"short"` {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}), func(o *jobs.Options) { o.Grace = 50 * time.Millisecond })
		enqueue(t, n.store, jobs.Job{Kind: "do", Args: "long"}, jobs.Job{Kind: "do", Args: "short"})
		stop := n.runs(t)
		under.Wait()
		stop()
		for _, j := range all(t, n.store, exodrive.JobQuery{}) {
			if want := map[string]exodrive.JobState{`"long"`: exodrive.JobWaiting, `"short"`: exodrive.JobDone}[string(j.Args)]; j.State != want || j.Failed != 0 {
				t.Errorf("%s was left as %+v, want %s", j.Args, j, want)
			}
		}
		var done log
		if newNode(t, url, clock, does("do", done.note)).due(t) != 1 || done.runs[0].Failed != 0 {
			t.Errorf("another node did %+v", done.runs)
		}
	})
}

// Whoever reads the log sees in milliseconds how late a job began and how long it took.
//
// Red when: a duration is logged as a number of nanoseconds.
func TestLogTellsDurationsInMilliseconds(t *testing.T) {
	each(t, func(t *testing.T, url string, clock *exotest.ManualClock) {
		var out bytes.Buffer
		n := newNode(t, url, clock, []jobs.Kind{{Name: "letter", Do: func(context.Context, *jobs.Run) error {
			clock.Advance(20 * time.Millisecond)
			return nil
		}}}, func(o *jobs.Options) { o.Log = slog.New(slog.NewJSONHandler(&out, nil)) })
		enqueue(t, n.store, jobs.Job{Kind: "letter"})
		clock.Advance(1500 * time.Millisecond)
		n.due(t)
		if line := out.String(); !strings.Contains(line, `"waited_ms":1500,"ms":20,`) {
			t.Errorf("the log has %s", line)
		}
	})
}
