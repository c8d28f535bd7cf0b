// Package doctor tells what is wrong with an installation and what to do about it.
//
// A Doctor looks at the parts of a running server, or at the stores alone. Each
// check reads some figures and hands them to a rule, a pure function that makes
// findings of them; checks is the list of all, in the order in which they are read.
// A Doctor changes nothing, and needs no part to work: what cannot be looked at is a
// finding too.
package doctor

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/rediscache"
	"github.com/exodrive/exodrive/obs"
	"github.com/exodrive/exodrive/sqlstore"
)

// Level is how bad a finding is.
type Level string

// The levels. Only Fail means that something does not work as it promises.
const (
	OK   Level = "ok"
	Warn Level = "warn"
	Fail Level = "fail"
)

// Levels is the whole vocabulary, from good to bad.
var Levels = []Level{OK, Warn, Fail}

// Finding is one line of what the doctor says.
type Finding struct {
	Check   string `json:"check" doc:"What was looked at." example:"hit ratio of list"`
	Level   Level  `json:"level" enum:"ok,warn,fail"`
	Figure  string `json:"figure" doc:"What was found." example:"91.2 % of 12000 reads"`
	Meaning string `json:"meaning" doc:"What it means."`
	Advice  string `json:"advice,omitempty" doc:"What to do; left out where there is nothing."`
}

// Parts are what a Doctor looks at. What is nil is not there.
type Parts struct {
	Settings Settings
	Store    *sqlstore.Store
	Redis    *rediscache.Client
	Cache    func() cache.Stats // nil: the server was not asked
	Families []cache.FamilyInfo // of the cache
	// Forwarded tells whether a caller who is no trusted proxy said for whom he asks.
	Forwarded func() bool
	Now       func() time.Time
	Limits    Limits // zero is DefaultLimits

	// pools are the connections as they were before the doctor took some.
	pools map[string]obs.PoolStats
	// bare is a database without our tables.
	bare bool
}

// Doctor looks at one installation. It is safe for concurrent use.
type Doctor struct {
	p Parts

	mu  sync.Mutex
	now *examination // under way; nil: none
}

// examination is one that several callers may wait for.
type examination struct {
	done  chan struct{}
	found []Finding
}

// New makes a Doctor, whose parts must live for as long as it examines.
func New(p Parts) *Doctor {
	if p.Limits == (Limits{}) {
		p.Limits = DefaultLimits
	}
	if p.Now == nil {
		p.Now = time.Now
	}
	return &Doctor{p: p}
}

// check is one thing that is looked at.
type check struct {
	name string
	// there tells whether there is anything to look at; nil: always.
	there func(*Parts) bool
	// look returns at the end of ctx, or is left behind.
	look func(context.Context, *Parts) ([]Finding, error)
}

// checks are all of them, in the order of the report.
var checks = []check{
	{"database", hasStore, lookAtDatabase},
	{"connections", hasServer, lookAtPools},
	{"cache", hasCache, lookAtCache},
	{"hit ratio", hasCache, lookAtHitRatios},
	{"redis", hasRedis, lookAtRedis},
	{"plans", hasSchema, lookAtPlans},
	{"statements", hasSchema, lookAtStatements},
	{"open transactions", hasSchema, lookAtTransactions},
	{"journal", hasSchema, lookAtJournal},
	{"jobs", hasSchema, lookAtJobs},
	{"clock", hasSchema, lookAtClock},
	{"disk", hasFile, lookAtDisk},
	{"settings", nil, lookAtSettings},
}

// hasServer tells whether the parts are those of a server that serves.
func hasServer(p *Parts) bool { return p.Store != nil && p.Cache != nil }

func hasCache(p *Parts) bool { return p.Cache != nil }

const (
	// patience is for all checks together.
	patience = 4 * time.Second
	// checkLimit is for one. It is longer than the wait for a free connection, so that
	// a check can say what it waited for.
	checkLimit = 3500 * time.Millisecond
)

// Examine looks at everything, in less than five seconds whatever does not answer,
// and returns at least one finding for each check. Who asks while another waits for
// an examination gets the same. The error says that the actor may not read. A nil
// Doctor finds nothing.
func (d *Doctor) Examine(ctx context.Context, who exodrive.Actor) ([]Finding, error) {
	if err := who.May(exodrive.ScopeRead); err != nil || d == nil {
		return []Finding{}, err
	}
	e := d.begin(ctx)
	select {
	case <-e.done:
		return slices.Clone(e.found), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// begin joins the examination under way, or begins one, which does not end with its
// caller.
func (d *Doctor) begin(ctx context.Context) *examination {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.now != nil {
		return d.now
	}
	e := &examination{done: make(chan struct{})}
	d.now = e
	go func() { // ends within patience
		e.found = examine(context.WithoutCancel(ctx), d.p)
		d.mu.Lock()
		d.now = nil
		d.mu.Unlock()
		close(e.done)
	}()
	return e
}

func examine(ctx context.Context, p Parts) []Finding {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if p.Store != nil {
		p.pools = p.Store.PoolStats()
	}
	p.bare = isBare(ctx, &p)
	found := make([][]Finding, len(checks))
	var looking sync.WaitGroup
	for i, c := range checks {
		if c.there == nil || c.there(&p) {
			looking.Go(func() { found[i] = c.run(ctx, &p) })
		}
	}
	looking.Wait()
	return slices.Concat(found...)
}

// run is one check within its limit. A look that does not return, as at a disk that
// is gone, is left behind: it ends with its system call.
func (c check) run(ctx context.Context, p *Parts) []Finding {
	ctx, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	done := make(chan []Finding, 1)
	go func() {
		found, err := c.look(ctx, p)
		if err != nil {
			found = append(found, unknown(c.name, reason(err)))
		}
		done <- found
	}()
	select {
	case found := <-done:
		return found
	case <-ctx.Done():
		return []Finding{unknown(c.name, "it did not answer in time")}
	}
}

// unknown is the finding that a thing could not be looked at.
func unknown(check, why string) Finding {
	return Finding{check, Warn, "unknown", fmt.Sprintf("This could not be looked at: %s.", why), "See to the other findings first, then ask again."}
}

// Worst is the level of the worst finding; OK for none.
func Worst(found []Finding) Level {
	worst := OK
	for _, f := range found {
		if f.Level == Fail || f.Level == Warn && worst == OK {
			worst = f.Level
		}
	}
	return worst
}
