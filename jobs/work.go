package jobs

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"time"
)

// The pauses after failures: three times the last one, up to an hour, each by chance up
// to a fifth longer, so that what failed together does not come back together.
const (
	firstBackoff = time.Second
	lastBackoff  = time.Hour
)

// Backoff is the pause after a number of failures, at least 1.
func Backoff(failed int) time.Duration {
	d := firstBackoff
	for ; failed > 1 && d < lastBackoff; failed-- {
		d *= 3
	}
	d = min(d, lastBackoff)
	return d + rand.N(d/5)
}

var errTimeout = errors.New("it did not end in time")

// start begins a job that was claimed.
func (r *Runner) start(run Run) {
	ctx, cancel := context.WithCancelCause(context.Background())
	a := &active{run: run, begun: r.Now(), cancel: cancel}
	r.mu.Lock()
	r.running[run.Claim] = a
	r.mu.Unlock()
	go r.work(ctx, a)
}

// work does one try. A handler that does not end, although its context has, is left
// behind: its job goes on as failed, and the fence drops what it may still write.
func (r *Runner) work(ctx context.Context, a *active) {
	kind := r.kinds[a.run.Kind]
	ctx, stop := context.WithTimeoutCause(ctx, kind.Timeout, errTimeout)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- guarded(ctx, kind.Do, a.run) }()
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		select {
		case err = <-done:
		case <-time.After(r.Grace):
			err = fmt.Errorf("%w, nor does it when it is told to", context.Cause(ctx))
		}
	}
	r.ends <- ended{r.judge(kind, a, err), a, errors.Is(err, Ended)}
}

// guarded runs a handler; a panic is its error.
func guarded(ctx context.Context, do Handler, run Run) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	if err = do(ctx, &run); err != nil && ctx.Err() != nil && !errors.Is(err, Ended) {
		err = fmt.Errorf("%w: %w", context.Cause(ctx), err)
	}
	return err
}

// judge says what becomes of a job.
func (r *Runner) judge(kind Kind, a *active, err error) End {
	e := End{Claim: a.run.Claim, Outcome: Done}
	var putOff later
	var hopeless never
	switch {
	case err == nil || errors.Is(err, Ended):
		return e
	case errors.As(err, &putOff):
		e.Outcome, e.At = Back, putOff.at
		return e
	case r.stopping.Load():
		e.Outcome, e.At = Back, a.run.At
		return e
	case errors.As(err, &hopeless) || a.run.Failed+1 >= a.run.Tries:
		e.Outcome = Dead
	default:
		e.Outcome, e.At = Failed, r.Now().Add(kind.Backoff(a.run.Failed+1))
	}
	e.Error = told(err)
	return e
}

// longestError is what is kept of an error.
const longestError = 2000

// told is an error as every database can keep it.
func told(err error) string {
	text := strings.ToValidUTF8(strings.ReplaceAll(err.Error(), "\x00", ""), "?")
	if len(text) > longestError {
		text = strings.ToValidUTF8(text[:longestError], "") + "…"
	}
	return text
}

// mostSettled are written in one transaction.
const mostSettled = 100

// settleLinger is what the first end waits for others that are about to come, if any job
// runs: less than a commit takes.
const settleLinger = 200 * time.Microsecond

// settle writes what has ended until life ends. What ends at about the same time, or while
// it writes, is written together: a commit costs the same for one and for many, and no job
// is told to have ended before its commit.
func (r *Runner) settle(life context.Context) {
	for {
		select {
		case <-life.Done():
			return
		case first := <-r.ends:
			batch := r.gather(first)
			kept := r.write(life, batch)
			r.mu.Lock()
			for _, e := range batch {
				delete(r.running, e.active.run.Claim)
			}
			r.mu.Unlock()
			r.awake()
			for _, e := range batch {
				r.tell(e, e.written || kept[e.end.ID])
			}
		}
	}
}

// gather waits a little for more ends.
func (r *Runner) gather(first ended) []ended {
	batch := []ended{first}
	late := time.NewTimer(settleLinger)
	defer late.Stop()
	for len(batch) < min(r.busy(), mostSettled) {
		select {
		case e := <-r.ends:
			batch = append(batch, e)
		case <-late.C:
			return batch
		}
	}
	return batch
}

// settleTimeout bounds one attempt to write what has ended.
const settleTimeout = 5 * time.Second

// write writes until the store takes it; when the program stops, once. Then whoever
// finds that this worker is dead does these jobs again.
func (r *Runner) write(ctx context.Context, batch []ended) (kept map[string]bool) {
	var ends []End
	for _, e := range batch {
		if !e.written {
			ends = append(ends, e.end)
		}
	}
	for len(ends) > 0 {
		limited, cancel := context.WithTimeout(ctx, settleTimeout)
		ids, err := r.Store.SettleJobs(limited, ends)
		cancel()
		if err == nil {
			kept = make(map[string]bool, len(ids))
			for _, id := range ids {
				kept[id] = true
			}
			return kept
		}
		r.Log.Warn("the end of jobs could not be noted", "jobs", len(ends), "error", err)
		if r.stopping.Load() {
			return nil
		}
		time.Sleep(r.Poll)
	}
	return nil
}

// tell logs and counts a try that has ended.
func (r *Runner) tell(e ended, kept bool) {
	run := e.active.run
	t := Tried{run.Kind, e.end.Outcome, max(0, e.active.begun.Sub(run.At)), r.Now().Sub(e.active.begun)}
	if !kept {
		t.Outcome = Lost
	}
	say := r.Log.Info
	switch t.Outcome {
	case Failed, Lost:
		say = r.Log.Warn
	case Dead:
		say = r.Log.Error
	}
	say("job", "kind", run.Kind, "id", run.ID, "outcome", t.Outcome,
		"try", run.Failed+1, "waited_ms", t.Waited.Milliseconds(), "ms", t.Took.Milliseconds(), "error", e.end.Error)
	if r.Settled != nil {
		r.Settled(t)
	}
}
