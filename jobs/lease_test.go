package jobs_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/jobs"
	"github.com/exodrive/exodrive/sqlstore"
)

// stranded is a job that a worker has who does nothing more.
func stranded(t testing.TB, n *node, list ...jobs.Job) []jobs.Run {
	t.Helper()
	enqueue(t, n.store, list...)
	runs, err := n.store.ClaimJobs(t.Context(), jobs.Worker{Name: "stranded", Beat: 1}, []string{"mail"}, 100)
	if err != nil || len(runs) != len(list) {
		t.Fatalf("%d of %d jobs were claimed (%v)", len(runs), len(list), err)
	}
	return runs
}

// A job whose worker dies is done by another one after a lease, whatever the clocks say,
// and the dead one's hand is stayed: what it writes after all is dropped, together with
// what it did in the same transaction.
//
// Red when: SettleJobs, EndJob or BuryWorker does not look whose the job is; look buries
// whoever it sees first; a death is no failure, so that a job that kills its worker does so for ever.
func TestDeadWorker(t *testing.T) {
	each(t, func(t *testing.T, url string, clock *exotest.ManualClock) {
		ctx := t.Context()
		var done log
		n := newNode(t, url, clock, does("mail", done.note))
		run := stranded(t, n, jobs.Job{Kind: "mail"})[0]
		var w jobs.Watcher
		start := time.Now()
		look := func(after time.Duration) {
			t.Helper()
			if err := n.Look(ctx, &w, start.Add(after)); err != nil {
				t.Fatal(err)
			}
		}
		clock.Advance(24 * time.Hour) // a clock that is set tells nothing of a worker
		for after := time.Duration(0); after < jobs.DefaultLease; after += time.Second {
			look(after)
		}
		if held, err := n.store.BeatJobs(ctx, jobs.Worker{Name: "stranded", Beat: 2}); err != nil || len(held) != 1 {
			t.Fatalf("before the lease is over it has %v (%v)", held, err)
		}
		for after := jobs.DefaultLease; after < 2*jobs.DefaultLease; after += time.Second {
			look(after)
		}
		if j := only(t, n.store); j.State != exodrive.JobRunning {
			t.Errorf("a worker that beats loses its job: %+v", j)
		}
		look(2 * jobs.DefaultLease)
		if j := only(t, n.store); j.State != exodrive.JobWaiting || j.Failed != 1 || j.LastError == "" {
			t.Errorf("a worker that does not beat for a lease keeps its job: %+v", j)
		}
		lost := func() {
			t.Helper()
			if kept, err := n.store.SettleJobs(ctx, []jobs.End{{Claim: run.Claim, Outcome: jobs.Done}}); err != nil || len(kept) > 0 {
				t.Errorf("it could write how its try went: %v (%v)", kept, err)
			}
			err := n.store.Tx(ctx, func(tx *sqlstore.Tx) error {
				return errors.Join(tx.SetSetting(ctx, "late", "yes"), tx.EndJob(ctx, run.Claim))
			})
			if v, readErr := n.store.Setting(ctx, "late"); err == nil || v != "" || readErr != nil {
				t.Errorf("it could end the job: %v; it wrote %q (%v)", err, v, readErr)
			}
		}
		lost()
		if n.due(t) != 1 || done.runs[0].Failed != 1 {
			t.Errorf("nobody does its job: %+v", done.runs)
		}
		lost()
	})
}

// A node that could not look for a while, because its machine or the database stood
// still, takes nobody for dead who could not beat meanwhile either.
//
// Red when: look goes by what it saw before the gap.
func TestNobodyIsBuriedAfterAGap(t *testing.T) {
	each(t, func(t *testing.T, url string, clock *exotest.ManualClock) {
		var done log
		n := newNode(t, url, clock, does("mail", done.note))
		stranded(t, n, jobs.Job{Kind: "mail"})
		var w jobs.Watcher
		start := time.Now()
		for _, after := range []time.Duration{0, time.Minute, time.Minute + jobs.DefaultLease - time.Second} {
			if err := n.Look(t.Context(), &w, start.Add(after)); err != nil {
				t.Fatal(err)
			}
		}
		if j := only(t, n.store); j.State != exodrive.JobRunning {
			t.Errorf("it buried a worker that it saw for less than a lease: %+v", j)
		}
	})
}

// Two nodes that find the same worker dead count that as one failure.
func TestBuriedOnce(t *testing.T) {
	each(t, func(t *testing.T, url string, clock *exotest.ManualClock) {
		n := newNode(t, url, clock, nil)
		stranded(t, n, jobs.Job{Kind: "mail", Tries: 2}, jobs.Job{Kind: "mail", Tries: 1})
		buried := make(chan int)
		for range 4 {
			go func() {
				taken, err := n.store.BuryWorker(context.Background(), jobs.Worker{Name: "stranded", Beat: 1}, "it died")
				if err != nil {
					t.Error(err)
				}
				buried <- len(taken)
			}()
		}
		if sum := <-buried + <-buried + <-buried + <-buried; sum != 2 {
			t.Errorf("%d jobs were taken from it, want its two", sum)
		}
		for _, j := range all(t, n.store, exodrive.JobQuery{}) {
			if want := map[int]exodrive.JobState{2: exodrive.JobWaiting, 1: exodrive.JobDead}[j.Tries]; j.State != want || j.Failed != 1 {
				t.Errorf("a job with %d tries: %+v, want it %s", j.Tries, j, want)
			}
		}
	})
}

// A handler whose job was taken over is told to stop.
//
// Red when: keep does not compare what the worker has with what it does.
func TestTakenOver(t *testing.T) {
	each(t, func(t *testing.T, url string, clock *exotest.ManualClock) {
		begun, told := make(chan struct{}), make(chan error, 1)
		n := newNode(t, url, clock, does("mail", func(ctx context.Context, _ *jobs.Run) error {
			close(begun)
			<-ctx.Done()
			told <- context.Cause(ctx)
			return ctx.Err()
		}))
		enqueue(t, n.store, jobs.Job{Kind: "mail", Tries: 1})
		stop := n.runs(t)
		<-begun
		workers, err := n.store.JobWorkers(t.Context())
		if err != nil || len(workers) != 1 {
			t.Fatal(workers, err)
		}
		if _, err := n.store.BuryWorker(t.Context(), workers[0], "it seemed dead"); err != nil {
			t.Fatal(err)
		}
		var w jobs.Watcher
		if err := n.Keep(t.Context(), &w); err != nil {
			t.Fatal(err)
		}
		if err := <-told; err == nil || errors.Is(err, context.Canceled) {
			t.Errorf("it was told %v", err)
		}
		stop()
		if got := n.outcomes(); !slices.Equal(got, []jobs.Outcome{jobs.Lost}) {
			t.Errorf("the outcomes are %v, want lost", got)
		}
		if j := only(t, n.store); j.State != exodrive.JobDead || j.Failed != 1 {
			t.Errorf("its end was written over: %+v", j)
		}
	})
}

// doubtful is a store whose answer to a claim is lost after the commit, and that does not
// take the first ends.
type doubtful struct {
	*sqlstore.Store
	claims, settles int // that many go wrong
}

func (d *doubtful) ClaimJobs(ctx context.Context, w jobs.Worker, kinds []string, n int) ([]jobs.Run, error) {
	runs, err := d.Store.ClaimJobs(ctx, w, kinds, n)
	if d.claims--; d.claims >= 0 {
		return nil, errors.New("the connection was lost")
	}
	return runs, err
}

func (d *doubtful) SettleJobs(ctx context.Context, ends []jobs.End) ([]string, error) {
	if d.settles--; d.settles >= 0 {
		return nil, errors.New("the connection was lost")
	}
	return d.Store.SettleJobs(ctx, ends)
}

// A database that goes away costs no job: one whose claim was committed although the
// answer was lost comes back, and an end that could not be written is written later.
//
// Red when: keep leaves alone what the worker has and does not do; write gives up.
func TestLostAnswers(t *testing.T) {
	each(t, func(t *testing.T, url string, clock *exotest.ManualClock) {
		var done log
		d := &doubtful{claims: 1, settles: 1}
		n := newNode(t, url, clock, does("mail", done.note), func(o *jobs.Options) {
			d.Store = o.Store.(*sqlstore.Store)
			o.Store, o.Poll = d, 10*time.Millisecond
		})
		enqueue(t, n.store, jobs.Job{Kind: "mail"})
		if _, err := n.RunDue(t.Context()); err == nil {
			t.Error("a claim without an answer is no error")
		}
		var w jobs.Watcher
		for range 2 {
			if j := only(t, n.store); j.State != exodrive.JobRunning {
				t.Errorf("it was given back at first sight: %+v", j)
			}
			_ = n.Keep(t.Context(), &w) // the first end is not taken
		}
		if err := n.Keep(t.Context(), &w); err != nil {
			t.Fatal(err)
		}
		d.settles = 2
		if n.due(t) != 1 || done.len() != 1 {
			t.Errorf("it was done %d times", done.len())
		}
		if j := only(t, n.store); j.State != exodrive.JobDone || j.Failed != 0 {
			t.Errorf("it is %+v", j)
		}
	})
}

// A worker that has a job it does not know of gives it back by itself, though it does
// nothing else meanwhile, and nobody waits for that who enqueues another with its key.
//
// Red when: watch keeps only while jobs run.
func TestLostClaimComesBack(t *testing.T) {
	each(t, func(t *testing.T, url string, clock *exotest.ManualClock) {
		var done log
		d := &doubtful{claims: 1}
		n := newNode(t, url, clock, does("mail", done.note), func(o *jobs.Options) {
			d.Store = o.Store.(*sqlstore.Store)
			o.Store, o.Poll, o.Lease = d, 10*time.Millisecond, 400*time.Millisecond
		})
		enqueue(t, n.store, jobs.Job{Kind: "mail"})
		n.runs(t)
		await(t, "it has done the job all the same", func() bool { return only(t, n.store).State == exodrive.JobDone })
		if j := only(t, n.store); j.Failed != 0 || done.len() != 1 {
			t.Errorf("it was done %d times: %+v", done.len(), j)
		}
	})
}

// cutOff is a store whose claim is committed just as the program begins to stop.
type cutOff struct {
	*sqlstore.Store
	stop context.CancelFunc
}

func (c *cutOff) ClaimJobs(ctx context.Context, w jobs.Worker, kinds []string, n int) ([]jobs.Run, error) {
	runs, err := c.Store.ClaimJobs(context.WithoutCancel(ctx), w, kinds, n)
	c.stop()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return runs, err
}

// A program that stops in the middle of a claim leaves no job behind with a worker that
// is gone.
//
// Red when: a claim ends with the loop.
func TestStopDuringAClaim(t *testing.T) {
	each(t, func(t *testing.T, url string, clock *exotest.ManualClock) {
		ctx, stop := context.WithCancel(t.Context())
		var done log
		n := newNode(t, url, clock, does("mail", done.note), func(o *jobs.Options) {
			o.Store = &cutOff{o.Store.(*sqlstore.Store), stop}
		})
		enqueue(t, n.store, jobs.Job{Kind: "mail"})
		n.Run(ctx)
		if j := only(t, n.store); j.State == exodrive.JobRunning || j.Failed != 0 {
			t.Errorf("it left %+v", j)
		}
	})
}

// victimVariable names the database of a process that is killed.
const victimVariable = "EXO_JOBS_VICTIM"

// victim claims what there is, says so and does not end.
func victim(url string) {
	store, err := sqlstore.Open(context.Background(), sqlstore.Config{URL: url, Now: func() time.Time { return noon }})
	if err != nil {
		panic(err)
	}
	n, err := jobs.New(jobs.Options{
		Store: store, Now: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler),
		Kinds: does("mail", func(context.Context, *jobs.Run) error {
			_, _ = os.Stdout.WriteString("begun\n")
			select {}
		}),
	})
	if err != nil {
		panic(err)
	}
	n.Run(context.Background())
}

// A program that is killed in the middle of a job costs a lease, not the job.
func TestKilled(t *testing.T) {
	each(t, func(t *testing.T, url string, clock *exotest.ManualClock) {
		var done log
		n := newNode(t, url, clock, does("mail", done.note), func(o *jobs.Options) { o.Lease = 800 * time.Millisecond })
		enqueue(t, n.store, jobs.Job{Kind: "mail"})
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), victimVariable+"="+url)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(out, make([]byte, len("begun"))); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		n.runs(t)
		await(t, "another node has done it", func() bool { return only(t, n.store).State == exodrive.JobDone })
		if j := only(t, n.store); j.Failed != 1 || done.len() != 1 {
			t.Errorf("it was done %d times: %+v", done.len(), j)
		}
	})
}

// Behind a transaction pooler, which keeps nothing of a session, jobs go the same way.
func TestBehindAPooler(t *testing.T) {
	t.Parallel()
	url, clock := exotest.PostgresFrom(t, "empty", empty), exotest.Clock(noon)
	pooled, err := sqlstore.Open(t.Context(), sqlstore.Config{URL: exotest.PgBouncer(t, url), Pooler: true, Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pooled.Close() })
	n := newNode(t, url, clock, does("mail", func(_ context.Context, r *jobs.Run) error {
		if r.Failed == 0 {
			return errMail
		}
		return nil
	}), func(o *jobs.Options) { o.Store = pooled })
	enqueue(t, pooled, jobs.Job{Kind: "mail", Key: "one"}, jobs.Job{Kind: "mail"})
	n.due(t)
	stranded(t, n, jobs.Job{Kind: "mail"})
	var w jobs.Watcher
	for after := time.Duration(0); after <= jobs.DefaultLease; after += time.Second {
		if err := n.Look(t.Context(), &w, noon.Add(after)); err != nil {
			t.Fatal(err)
		}
	}
	clock.Advance(time.Minute)
	if got := n.due(t); got != 3 {
		t.Errorf("%d jobs were done, want those that had failed and the stranded one", got)
	}
}
