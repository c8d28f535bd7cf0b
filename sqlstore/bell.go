package sqlstore

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/exodrive/exodrive/cache"
)

// Bell returns a bell in the database, which all nodes with the same database
// share, whatever its schema. It is nil on SQLite, where nobody listens, and behind
// a transaction pooler, which does not let a session listen.
//
// A ring is a statement outside of any transaction: a notification inside of one
// makes its commit wait for every other that notifies.
func (s *Store) Bell() cache.Bell {
	if s.d.ring == "" {
		return nil
	}
	return &bell{store: s}
}

// bell rings once at a time: who comes while it rings shares the next ring with all
// others who do, so many writers take one connection of the pool, not all.
type bell struct {
	store   *Store
	mu      sync.Mutex
	ringing bool
	next    *ring // the one that begins when the present one has ended
}

// ring is one statement; err is set before done is closed.
type ring struct {
	done chan struct{}
	err  error
}

// ringTimeout ends a ring whose caller has long gone on. It is not the caller's
// limit, because ending a statement costs its connection.
const ringTimeout = 2 * time.Second

// Ring wakes everybody who listens, by a statement that begins after the call. It
// carries no news: those are in the journal, one statement away.
func (b *bell) Ring(ctx context.Context, _ cache.News) error {
	b.mu.Lock()
	if b.next == nil {
		b.next = &ring{done: make(chan struct{})}
	}
	mine := b.next
	if !b.ringing {
		b.ringing = true
		go b.ringAll(context.WithoutCancel(ctx))
	}
	b.mu.Unlock()
	select {
	case <-mine.done:
		return mine.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ringAll rings until nobody waits any more.
func (b *bell) ringAll(ctx context.Context) {
	for {
		b.mu.Lock()
		r := b.next
		b.next = nil
		b.ringing = r != nil
		b.mu.Unlock()
		if r == nil {
			return
		}
		limited, cancel := context.WithTimeout(ctx, ringTimeout)
		r.err = b.store.exec(limited, b.store.d.ring)
		cancel()
		close(r.done)
	}
}

// How long Hear waits before it connects again: doubling, each by chance up to half
// longer.
const (
	firstRedial = 100 * time.Millisecond
	lastRedial  = 10 * time.Second
)

// Hear listens over a connection of its own.
func (b *bell) Hear(ctx context.Context, heard func(cache.News)) {
	pause := firstRedial
	for ctx.Err() == nil {
		_ = b.store.d.listen(ctx, b.store.engine, func() { // whatever ended it, the answer is to begin again
			pause = firstRedial
			heard(cache.News{})
		})
		select {
		case <-ctx.Done():
		case <-time.After(pause + rand.N(pause/2)):
		}
		pause = min(2*pause, lastRedial)
	}
}
