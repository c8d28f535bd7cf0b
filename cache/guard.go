package cache

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// remoteLimit is what a call of the remote cache may cost a caller.
	remoteLimit = 20 * time.Millisecond
	// The breaker opens after some failures on end. Then nobody waits for the remote
	// cache, and from time to time a probe that nobody waits for asks whether it is
	// back.
	breakerFailures = 5
	breakerPause    = time.Second
)

// guarded is a Remote that can cost no caller more than remoteLimit a call, and
// nothing while it is known to be gone.
type guarded struct {
	Remote
	o     Options
	spawn func(func()) bool
	life  context.Context //nolint:containedctx // of the cache: a probe belongs to no caller

	mu      sync.Mutex
	failed  int           // on end
	probe   time.Duration // not before
	probing bool

	calls, failures, refused, waits atomic.Uint64
	took                            atomic.Int64
}

var errBreaker = errors.New("cache: the remote cache is given a rest")

func (c *Cache) guard(r Remote) *guarded {
	return &guarded{Remote: r, o: c.o, spawn: c.spawn, life: c.life}
}

func (g *guarded) take(ctx context.Context, want Wanted) (t Taken, err error) {
	err = g.call(ctx, "take", func(ctx context.Context) error { t, err = g.Take(ctx, want); return err })
	if err == nil && t.Outcome == Wait {
		g.waits.Add(1)
	}
	return t, err
}

func (g *guarded) fill(ctx context.Context, key Key, token string, data Stored) error {
	return g.call(ctx, "fill", func(ctx context.Context) error { return g.Fill(ctx, key, token, data) })
}

func (g *guarded) release(ctx context.Context, key Key, token string, next Outcome) error {
	return g.call(ctx, "release", func(ctx context.Context) error { return g.Release(ctx, key, token, next) })
}

func (g *guarded) call(ctx context.Context, name string, do func(context.Context) error) error {
	if !g.admit() {
		g.refused.Add(1)
		return errBreaker
	}
	err := g.timed(ctx, name, do)
	if ctx.Err() == nil { // a caller who gives up tells nothing of the remote cache
		g.note(err)
	}
	return err
}

func (g *guarded) timed(ctx context.Context, name string, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, remoteLimit)
	defer cancel()
	begun := g.o.Clock()
	err := do(ctx)
	took := g.o.Clock().since(begun)
	g.calls.Add(1)
	g.took.Add(int64(took))
	if err != nil {
		g.failures.Add(1)
	}
	g.o.Called(name, took, err)
	return err
}

// admit lets every call through while the remote cache works. When it does not,
// none, but one of them begins a probe.
func (g *guarded) admit() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.failed < breakerFailures {
		return true
	}
	if !g.probing && g.o.Clock().Mono >= g.probe {
		g.probing = g.spawn(g.ask)
	}
	return false
}

// ask closes the breaker if the remote cache answers in time.
func (g *guarded) ask() {
	err := g.timed(g.life, "ping", g.Ping)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.probing = false
	if err == nil {
		g.failed = 0
		g.o.Log.Info("cache uses its remote cache again")
		return
	}
	g.probe = g.o.Clock().Mono + breakerPause
}

func (g *guarded) note(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err == nil {
		if g.failed < breakerFailures { // else it is the probe's to say
			g.failed = 0
		}
		return
	}
	g.failed++
	if g.failed == breakerFailures {
		g.probe = g.o.Clock().Mono + breakerPause
		g.o.Log.Warn("cache does without its remote cache until it answers again", "error", err)
	}
}

// stats are nil without a remote cache.
func (g *guarded) stats() *RemoteStats {
	if g == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return &RemoteStats{
		Resting: g.failed >= breakerFailures, Calls: g.calls.Load(), Failures: g.failures.Load(),
		Took: time.Duration(g.took.Load()), Refused: g.refused.Load(), Waits: g.waits.Load(),
	}
}
