// Package jobs runs work that must not be lost: a job is a row that the caller writes
// in his own transaction, so either both are there or neither, and any node of the
// fleet runs it after the commit. The rows live in a Store; the package imports
// nothing of ours and is usable by strangers.
//
//	runner, err := jobs.New(jobs.Options{Store: store, Kinds: []jobs.Kind{{Name: "mail.send", Do: send}}})
//	go runner.Run(ctx)  // until ctx ends
//	…
//	tx.Enqueue(ctx, jobs.Job{Kind: "mail.send", Args: letter}) // the store's; after the commit: runner.Poke
//
// # What holds
//
// A job is begun at least once after its time, and ends at most once. Each time it is
// claimed its number Begun grows, and whoever writes how it went must still have it
// under that number; a worker that was too slow, or was taken for dead, finds that he
// has it no more, and what he would have written is dropped. A handler that writes to
// the same database ends its job in its own transaction (the store's EndJob) and
// returns Ended: then its effects happen exactly once. Any other effect may happen
// again, so it must bear that.
//
// A job that fails is tried again after a pause that grows, until it has failed as
// often as it may; then it is dead: it stays, is counted, and waits for somebody who
// retries it. A job whose kind no running program knows waits, untouched, for one that
// does.
//
// # Who is dead
//
// A worker that has jobs changes their beat every quarter of a lease. Every other one
// looks at the beats, and takes the jobs of one whose beat has not changed for a lease
// by its own clock, which only has to run evenly. So no two clocks are compared: one
// that is wrong, or set, can neither steal jobs nor keep them. When a job is due is told
// by the clock of the node that looks: one whose clock is ahead begins early.
package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// Job is work to be done.
type Job struct {
	Kind string
	Args any       // kept as JSON
	At   time.Time // not before; the zero Time is at once
	// Key, if not empty, makes the job the only one of its kind with that key that waits
	// or runs: another one is not enqueued. Who changes a thing that such a job works on
	// must know that a running one may have read it already.
	Key   string
	Tries int // how often it may fail before it is dead; 0 is DefaultTries
}

// DefaultTries is how often a job fails before it is dead. With Backoff that takes about
// two hours, in which most of what is away comes back.
const DefaultTries = 10

// Claim is a job in a worker's hands.
type Claim struct {
	ID     string
	Worker string
	Begun  int64 // how often it was begun, this time included: the fence
}

// Run is one attempt at a job.
type Run struct {
	Claim
	Kind   string
	Key    string
	Args   json.RawMessage
	At     time.Time // when it was due
	Failed int       // times before this one
	Tries  int
}

// Into reads the arguments into v.
func (r *Run) Into(v any) error { return json.Unmarshal(r.Args, v) }

// Handler does a job: nil is done, Ended done and written, Later and Never say what
// they are called, and any other error is a failure. It should end soon after ctx does,
// which it does at the kind's timeout, when another node has taken the job over, and
// when the program stops. A panic is a failure.
type Handler func(ctx context.Context, r *Run) error

// Ended is what a handler returns that has ended its job in its own transaction.
var Ended = errors.New("the job was ended by its handler") //nolint:staticcheck,errname // an outcome, not a fault

type later struct{ at time.Time }

func (l later) Error() string { return "to be done later" }

// Later puts a job off: it waits until at, and that is no failure.
func Later(at time.Time) error { return later{at} }

type never struct{ error }

func (n never) Unwrap() error { return n.error }

// Never is a failure that no further try can mend: the job is dead at once.
func Never(err error) error { return never{err} }

// Outcome is where a try leaves a job.
type Outcome string

// The outcomes.
const (
	Done   Outcome = "done"
	Failed Outcome = "failed" // it will be tried again
	Dead   Outcome = "dead"   // it failed too often
	Back   Outcome = "back"   // put off, or given back by a program that stops
	Lost   Outcome = "lost"   // another worker has it now; what this one did was dropped
)

// Outcomes is the whole vocabulary.
var Outcomes = []Outcome{Done, Failed, Dead, Back, Lost}

// End is what becomes of a claim.
type End struct {
	Claim
	Outcome Outcome   // not Lost
	At      time.Time // when it is due again, for Failed and Back
	Error   string    // for people; empty leaves the last one
}

// Worker is somebody who has jobs, with their beat.
type Worker struct {
	Name string
	Beat int64
}

// Store keeps jobs. Its clock must be the runner's. Methods are called by several
// goroutines at once, and by those of other programs over the same rows.
type Store interface {
	// NextJob is when the first waiting job of some kinds is due.
	NextJob(ctx context.Context, kinds []string) (at time.Time, found bool, err error)
	// ClaimJobs gives a worker at most n waiting jobs of some kinds that are due, those
	// due longest first. No job is given to two at once.
	ClaimJobs(ctx context.Context, w Worker, kinds []string, n int) ([]Run, error)
	// SettleJobs writes what became of claims, in one transaction, and returns the ids
	// of those that were still the worker's; the others are left as they are.
	SettleJobs(ctx context.Context, ends []End) ([]string, error)
	// BeatJobs changes the beat of all that a worker has, and returns it.
	BeatJobs(ctx context.Context, w Worker) ([]Claim, error)
	// JobWorkers are all that have jobs, with their latest beat.
	JobWorkers(ctx context.Context) ([]Worker, error)
	// BuryWorker takes all jobs from a worker whose beat is still the one given, which
	// counts as a failure of each, and returns them.
	BuryWorker(ctx context.Context, w Worker, reason string) ([]Claim, error)
	// LastTick is the latest instant, not after at, that PlantTick noted of a name.
	LastTick(ctx context.Context, name string, at time.Time) (last time.Time, found bool, err error)
	// PlantTick notes an instant of a name, and enqueues a job in the same transaction,
	// unless it is nil. It does neither, and returns false, if the instant was noted.
	PlantTick(ctx context.Context, name string, at time.Time, j *Job) (bool, error)
}
