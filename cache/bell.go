package cache

import (
	"context"
	"sync"
	"time"
)

// Bell wakes the other nodes after a commit, so that they hear of it at once
// instead of at their next poll of the journal. It is best effort: nothing depends
// on a ring arriving, so losing, doubling, delaying or inventing one breaks no
// promise. Implementations are safe for concurrent use.
type Bell interface {
	// Ring tells every listening node that a transaction has committed. It returns
	// within the deadline of ctx.
	Ring(ctx context.Context, n News) error
	// Hear calls heard for every ring, from one goroutine at a time, until ctx
	// ends. It connects again by itself, and calls heard with no news after having
	// done so, as it may have missed a ring. A bell that cannot carry news rings
	// with none.
	Hear(ctx context.Context, heard func(News))
}

// News is what a ring may carry: what a transaction wrote, in the marks of an
// epoch. Whoever gets it raises his floors by it before he reads the journal.
type News struct {
	Epoch   Epoch
	Written Written
}

// Bells is the first of some bells that can be rung, and the ears of all: a fast
// one that may be gone, and one that is slower, but there as long as the journal.
func Bells(all ...Bell) Bell { return bells(all) }

type bells []Bell

// Ring implements Bell. Each bell but the last has half of the time that is left.
func (b bells) Ring(ctx context.Context, n News) (err error) {
	for i, one := range b {
		limited, cancel := ctx, context.CancelFunc(func() {})
		if end, ok := ctx.Deadline(); ok && i < len(b)-1 {
			limited, cancel = context.WithTimeout(ctx, time.Until(end)/2)
		}
		err = one.Ring(limited, n)
		cancel()
		if err == nil {
			return nil
		}
	}
	return err
}

// Hear implements Bell.
func (b bells) Hear(ctx context.Context, heard func(News)) {
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, one := range b {
		all.Go(func() {
			one.Hear(ctx, func(n News) {
				mu.Lock()
				defer mu.Unlock()
				heard(n)
			})
		})
	}
	all.Wait()
}

// heard raises the floors by what a bell tells, and has the journal read.
//
// The marks of a ring may be trusted for that, whoever sent it: a floor that is
// higher than any write makes it refuses valid entries and accepts no other. So
// this node refuses what was overwritten before its poll returns; but what it has
// heard, and for how long it may serve, only the journal tells.
func (c *Cache) heard(n News) {
	if h := c.history.Load(); h.epoch == n.Epoch {
		for _, r := range n.Written {
			h.floors.raise(r.Tag, r.Mark)
		}
	}
	c.journal.wake()
}
