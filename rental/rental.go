// Package rental has the use-cases of ExoDrive, one file per story. Every front
// end calls them, and none has a rule of its own: who may do a thing is decided
// in the first lines of its use-case, what it costs and which days it takes by
// the pure functions of package exodrive, what can never be true twice by the
// database.
//
// catalog.go has the public reads: each returns one read model. The other files
// change things: each runs one transaction that also writes its audit entry.
//
// A Service is safe for concurrent use. Its methods block on the database and
// return exodrive.Error.
package rental

import (
	"context"
	cryptorand "crypto/rand"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/jobs"
	"github.com/exodrive/exodrive/obs"
	"github.com/exodrive/exodrive/sqlstore"
)

// Options is what a Service is made of.
type Options struct {
	Store  *sqlstore.Store
	Cache  *Cache           // over the store's journal
	Now    func() time.Time // nil is time.Now
	Chance func() uint32    // for ids; nil is math/rand
	Zone   *time.Location   // the fleet's civil day; nil is UTC
	Limits exodrive.Limits  // zero is what the fleet has set, or exodrive.DefaultLimits
	Policy exodrive.Policy  // the same, or exodrive.DefaultPolicy
	// Secrets sign quotes and the links of bookings; the first signs, all are believed.
	// None: one of this process alone.
	Secrets [][]byte
	Asked   Asked // what all nodes are asked most; nil: each node knows of itself
	// History is what operators are told of this node; nil: nothing.
	History *obs.History
	// JobSettled is told of every try at a job that has ended; nil: nobody is.
	JobSettled func(jobs.Tried)
	// Pause waits for the next look at the clock: it returns after d, or when ctx
	// ends. nil is a timer.
	Pause func(ctx context.Context, d time.Duration)
}

// Service is the business of one fleet.
type Service struct {
	store    *sqlstore.Store
	cache    *Cache
	reads    reads
	now      func() time.Time
	chance   func() uint32
	zone     *time.Location
	limits   exodrive.Limits
	policy   exodrive.Policy
	signs    signs
	currency exodrive.Currency
	asked    *asked
	warming  warming
	jobs     *jobs.Runner
	pause    func(context.Context, time.Duration)
	history  *obs.History
	lastID   struct {
		sync.Mutex
		ms     int64
		chance uint32
	}
}

// New makes the Service of a migrated store, with what its fleet has set for itself.
func New(ctx context.Context, o Options) (*Service, error) {
	s := &Service{store: o.Store, cache: o.Cache, now: o.Now, chance: o.Chance, zone: o.Zone, limits: o.Limits, policy: o.Policy, pause: o.Pause, history: o.History}
	if s.now == nil {
		s.now = time.Now
	}
	if s.chance == nil {
		s.chance = rand.Uint32
	}
	if s.zone == nil {
		s.zone = time.UTC
	}
	if s.pause == nil {
		s.pause = pause
	}
	if s.signs = (signs{o.Secrets}); len(o.Secrets) == 0 {
		s.signs.secrets = [][]byte{[]byte(cryptorand.Text() + cryptorand.Text())}
	}
	s.reads = newReads(o.Cache.Cache, s)
	s.asked = newAsked(o.Asked, s.now)
	s.warming.setUp(s.poolIsFull())
	// Whoever writes through this store is answered after the cache knows of it.
	o.Store.OnWritten(func(ctx context.Context, w cache.Written) {
		epoch := o.Cache.Raise(ctx, w)
		obs.RequestFrom(ctx).Wrote(uint64(epoch), uint64(w.Mark()))
	})
	if err := s.setUpJobs(o.JobSettled); err != nil {
		return nil, err
	}
	err := o.Store.Tx(ctx, func(tx *sqlstore.Tx) error { return s.readSettings(ctx, tx) })
	return s, err
}

// Limits are what callers may ask for.
func (s *Service) Limits() exodrive.Limits { return s.limits }

// Currency is the fleet's one currency.
func (s *Service) Currency() exodrive.Currency { return s.currency }

// Ready tells whether the database answers.
func (s *Service) Ready(ctx context.Context) error { return s.store.Ping(ctx) }

// newID makes an id, of those that are made one after the other each the later in their
// order, also within a millisecond and after the clock was set back: events are told as they
// happened.
func (s *Service) newID(kind string) string {
	at := s.now()
	s.lastID.Lock()
	defer s.lastID.Unlock()
	const most = 1<<30 - 1 // of an id's chance
	ms := at.UnixMilli()
	if ms <= s.lastID.ms && s.lastID.chance < most {
		s.lastID.chance++
	} else {
		s.lastID.ms, s.lastID.chance = max(ms, s.lastID.ms+1), s.chance()&most
	}
	return exodrive.NewID(kind, time.UnixMilli(s.lastID.ms), s.lastID.chance)
}

// change runs one administrative write: the permission first, then the
// transaction, with the audit entry as its last statement. do returns what the
// entry says: the subject's id and the detail.
func (s *Service) change(ctx context.Context, who exodrive.Actor, scope exodrive.Scope, action string, do func(*sqlstore.Tx) (subject string, detail any, err error)) error {
	if err := who.May(scope); err != nil {
		return err
	}
	return s.store.Tx(ctx, func(tx *sqlstore.Tx) error {
		subject, detail, err := do(tx)
		if err != nil {
			return err
		}
		return tx.Audit(ctx, sqlstore.AuditEntry{
			ID: s.newID(exodrive.AuditID), ActorID: who.ID, ActorName: who.Name, RequestID: who.RequestID,
			Action: action, Subject: subject, Detail: detail,
		})
	})
}

// AuditLog is a page of what administrators changed, newest first; subject picks
// the entries about one id, "" is all.
func (s *Service) AuditLog(ctx context.Context, who exodrive.Actor, subject string, page exodrive.PageQuery) ([]exodrive.AuditRecord, int, error) {
	if err := who.May(exodrive.ScopeRead); err != nil {
		return nil, 0, err
	}
	return s.store.AuditLog(ctx, subject, page)
}
