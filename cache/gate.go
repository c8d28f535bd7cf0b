package cache

import (
	"container/list"
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// gate bounds how many loads run at once. Beyond what a database can do, more
// loads at once only make each of them slower, until none ends in time; so the
// others stand in line, and who would stand there for long is refused at once.
//
// A line is short or it is of no use. One that has not been empty for its whole
// patience is no burst that passes: more is asked than can be loaded, and waiting
// longer would make every answer late and no more of them. Then whoever comes waits
// for a twentieth of the patience, so that a place that becomes free is taken at
// once, and everybody else learns soon that he is to come again. This is the
// controlled delay of routers, in the form that servers use. It needs no estimate of
// what a load takes, and ends by itself, a patience after the line was last seen to
// stand. That it is empty for an instant does not end it: that happens in a flood, and
// everybody would be patient again. So meanwhile a line stands that has not been empty
// for a twentieth.
//
// With its place taken, a load lets every other goroutine go first. One of an embedded
// database runs from its beginning to its end without giving its processor away. What
// is too much would then wait in the scheduler's line, which nobody bounds and where
// hits wait too, and none would ever be seen here: at 2.5 times the knee a hit took
// 230 ms and nobody was refused, where it takes 12 ms so (make stress).
//
// What is part of a load that has a place needs none: else those who have places
// might all wait for those who have not. So a place stands for a load with all the
// reads of its loader, whether those begin loads of their own or join ones that
// still stand in line (see flight.hurry).
//
// What nobody waits for, refreshes, warming and audits, begins only where a place is
// free and nobody stands in line, and takes none from callers: they may have all
// places whatever else runs.
type gate struct {
	places   int
	patience time.Duration
	clock    func() Instant

	mu    sync.Mutex
	taken int           // places of callers
	spare int           // loads that nobody waits for
	line  list.List     // of chan struct{}, closed when a place is given; first come, first served
	idle  list.List     // the same, of those that nobody waits for
	since time.Duration // the line has not been empty
	short time.Duration // until then the patience is short

	refused atomic.Uint64
}

// standingShare is the part of the patience that is left in a line that stands.
const standingShare = 20

func (g *gate) init(o Options) { g.places, g.patience, g.clock = o.Loads, o.Queue, o.Clock }

// enter waits for a place for a load of callers; leave gives it back. The error is
// ErrBusy or ctx's. The end of urgent, which may be nil, ends the wait without a
// place: the load is part of one that has one.
func (g *gate) enter(ctx context.Context, urgent <-chan struct{}) (leave func(), err error) {
	select {
	case <-urgent:
		return func() {}, nil
	default:
	}
	g.mu.Lock()
	if g.taken < g.places { // then nobody stands in line
		g.taken++
		g.mu.Unlock()
		runtime.Gosched() // see gate
		return g.leave, nil
	}
	patience := g.stand()
	given := make(chan struct{})
	turn := g.line.PushBack(given)
	g.mu.Unlock()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	leave = func() {}
	select {
	case <-given:
		return g.leave, nil
	case <-urgent:
	case <-limit.C:
		err = ErrBusy
	case <-ctx.Done():
		err = ctx.Err()
	}
	if !g.quit(&g.line, turn, given) {
		return g.leave, nil // a place was given meanwhile
	}
	if err == ErrBusy { //nolint:errorlint // set above
		g.refused.Add(1)
	}
	return leave, err
}

// stand is how long who comes now may stand in line.
func (g *gate) stand() time.Duration {
	now := g.clock().Mono
	if g.line.Len() == 0 {
		g.since = now
	}
	patience := g.patience
	if now < g.short {
		patience /= standingShare
	}
	if now-g.since >= patience {
		g.short = now + g.patience
		patience = g.patience / standingShare
	}
	return patience
}

// quit leaves a line, unless a place was given.
func (g *gate) quit(from *list.List, turn *list.Element, given <-chan struct{}) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-given:
		return false
	default:
		from.Remove(turn)
		g.beckon() // it may have been the last in line
		return true
	}
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !next(&g.line) {
		g.taken--
	}
	g.beckon()
}

// next gives a place to the first in a line.
func next(line *list.List) bool {
	first := line.Front()
	if first == nil {
		return false
	}
	close(line.Remove(first).(chan struct{}))
	return true
}

// trySpare begins a load that nobody waits for, if one may begin now.
func (g *gate) trySpare() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.quiet() || g.idle.Len() > 0 {
		return false
	}
	g.spare++
	return true
}

// enterSpare waits until such a load may begin, for as long as ctx and life allow.
func (g *gate) enterSpare(ctx, life context.Context) error {
	if g.trySpare() {
		return nil
	}
	g.mu.Lock()
	given := make(chan struct{})
	turn := g.idle.PushBack(given)
	g.beckon()
	g.mu.Unlock()
	var err error
	select {
	case <-given:
		return nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-life.Done():
		err = errClosed
	}
	if !g.quit(&g.idle, turn, given) {
		return nil
	}
	return err
}

func (g *gate) leaveSpare() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.spare--
	g.beckon()
}

// quiet tells whether a place is free that no caller stands in line for.
func (g *gate) quiet() bool { return g.line.Len() == 0 && g.taken+g.spare < g.places }

// beckon lets those begin that nobody waits for, as far as it is quiet.
func (g *gate) beckon() {
	for g.quiet() && next(&g.idle) {
		g.spare++
	}
}

// figures are how many loads run and how many stand in line now.
func (g *gate) figures() (running, waiting int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.taken + g.spare, g.line.Len()
}
