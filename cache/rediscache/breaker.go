package rediscache

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/rueidis"
)

const (
	// callLimit is what a call may cost somebody who could do without its answer.
	callLimit = 20 * time.Millisecond
	// The breaker opens after some failures on end, and then asks from time to time
	// whether Redis is back.
	breakerFailures = 5
	breakerPause    = time.Second
)

// ErrResting: Redis failed or was slow some times on end, so it is not asked until
// it answers again.
var ErrResting = errors.New("rediscache: Redis is given a rest")

// breaker lets calls through until they fail on end. Then none, so that nobody
// loses time, until a probe that nobody waits for is answered.
type breaker struct {
	ping   func(context.Context) error
	log    *slog.Logger
	opened chan struct{} // holds a token while mend has a probe to make

	mu     sync.Mutex
	failed int // on end
}

func newBreaker(ping func(context.Context) error, log *slog.Logger) *breaker {
	return &breaker{ping: ping, log: log, opened: make(chan struct{}, 1)}
}

// try runs do, unless the breaker is open.
func (b *breaker) try(ctx context.Context, do func(context.Context) error) error {
	b.mu.Lock()
	open := b.failed >= breakerFailures
	b.mu.Unlock()
	if open {
		return ErrResting
	}
	if err := ctx.Err(); err != nil { // the caller's time was over before Redis was asked
		return err
	}
	err := do(ctx)
	if !errors.Is(ctx.Err(), context.Canceled) { // who gives up tells nothing of Redis
		b.note(err)
	}
	return err
}

// note counts failures. A refusal is an answer: whoever wants to hear it each time
// loses a round trip, and no more.
func (b *breaker) note(err error) {
	if _, refused := rueidis.IsRedisErr(err); refused || errors.Is(err, ErrNotConnected) || errors.Is(err, ErrClosed) {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case err == nil && b.failed < breakerFailures: // else it is the probe's to say
		b.failed = 0
	case err != nil:
		b.failed++
		if b.failed == breakerFailures {
			b.opened <- struct{}{}
			b.log.Warn("Redis does not answer, limits, rings and counts do without it until it does", "error", err)
		}
	}
}

// mend closes the breaker when Redis answers in time, until ctx ends.
func (b *breaker) mend(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.opened:
		}
		for ctx.Err() == nil {
			wait(ctx, breakerPause)
			limited, cancel := context.WithTimeout(ctx, callLimit)
			err := b.ping(limited)
			cancel()
			if err == nil {
				b.mu.Lock()
				b.failed = 0
				b.mu.Unlock()
				b.log.Info("Redis answers again")
				break
			}
		}
	}
}
