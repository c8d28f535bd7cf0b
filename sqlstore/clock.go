package sqlstore

import (
	"context"
	"sync/atomic"
	"time"
)

// clock is where a Store has the time from: the machine, or, once it was set, the server
// of the database. From there on it counts by the machine, which only has to run evenly:
// while it runs nobody sets the clock that it counts with.
type clock struct {
	machine func() time.Time
	set     atomic.Pointer[setting]
}

// setting is what the server's clock showed at an instant of the machine's.
type setting struct{ machine, server time.Time }

// The clock is set again after setAgain, in which two machines that run evenly part by a
// few milliseconds, and as soon as the machine's clock and the time that has passed on the
// machine part by leapt: somebody has set that clock, or the machine stood still.
const (
	setAgain = time.Minute
	leapt    = 500 * time.Millisecond
)

func (c *clock) now() time.Time {
	now := c.machine()
	if at := c.set.Load(); at != nil {
		return at.server.Add(now.Sub(at.machine))
	}
	return now
}

// due tells whether a clock that goes by the server's is to be set again.
func (c *clock) due() bool {
	at := c.set.Load()
	if at == nil {
		return false
	}
	now := c.machine()
	passed := now.Sub(at.machine)
	shown := now.Round(0).Sub(at.machine.Round(0)) // Round takes away the reading that nobody sets
	return passed.Abs() > setAgain || (shown-passed).Abs() > leapt
}

// keepTime sets the clock if it is due. Transactions begin with it, and so do the looks for
// jobs, twice a second.
func (s *Store) keepTime(ctx context.Context, q queries) error {
	if !s.clock.due() {
		return nil
	}
	return s.setClock(ctx, q)
}

// setClock sets the clock by that of the server. It is wrong by half of what asking took
// at most.
func (s *Store) setClock(ctx context.Context, q queries) error {
	asked := s.clock.machine()
	var theirs int64
	if err := q.row(ctx, s.d.clock).scan(&theirs); err != nil {
		return err
	}
	s.clock.set.Store(&setting{asked.Add(s.clock.machine().Sub(asked) / 2), time.UnixMilli(theirs)})
	return nil
}

// Now is the time as the store has it: of its transactions, and so of what is held, due
// and over. With Config.ServerTime it is that of the database's server, the same for all
// that use it, however wrong the clocks of their machines are.
func (s *Store) Now() time.Time { return s.clock.now() }
