package cachetest

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/exodrive/exodrive/cache"
)

// ErrFault is what the failing parts answer.
var ErrFault = errors.New("cachetest: a fault")

// Switch turns a fault on and off. The zero Switch is off. It is safe for
// concurrent use, but must not be copied.
type Switch struct{ on atomic.Bool }

// On begins the fault.
func (s *Switch) On() { s.on.Store(true) }

// Off ends it.
func (s *Switch) Off() { s.on.Store(false) }

// Faulty is a Remote with faults: one that fails at once, one that answers late,
// and one whose bytes are not what was stored.
type Faulty struct {
	cache.Remote
	// Fails makes every call fail with ErrFault.
	Fails Switch
	// Hangs makes every call wait for Delay, or for its deadline.
	Hangs Switch
	Delay time.Duration
	// Corrupts passes what Take finds through Corrupt.
	Corrupts Switch
	Corrupt  func([]byte) []byte
	// Tried counts the calls, whether they were answered or not.
	Tried atomic.Int64
}

// Take implements cache.Remote.
func (f *Faulty) Take(ctx context.Context, want cache.Wanted) (cache.Taken, error) {
	if err := f.fault(ctx); err != nil {
		return cache.Taken{}, err
	}
	taken, err := f.Remote.Take(ctx, want)
	if err == nil && taken.Outcome == cache.Found && f.Corrupts.on.Load() {
		taken.Bytes = f.Corrupt(taken.Bytes)
	}
	return taken, err
}

// Fill implements cache.Remote.
func (f *Faulty) Fill(ctx context.Context, key cache.Key, token string, data cache.Stored) error {
	if err := f.fault(ctx); err != nil {
		return err
	}
	return f.Remote.Fill(ctx, key, token, data)
}

// Release implements cache.Remote.
func (f *Faulty) Release(ctx context.Context, key cache.Key, token string, next cache.Outcome) error {
	if err := f.fault(ctx); err != nil {
		return err
	}
	return f.Remote.Release(ctx, key, token, next)
}

// Ping implements cache.Remote.
func (f *Faulty) Ping(ctx context.Context) error {
	if err := f.fault(ctx); err != nil {
		return err
	}
	return f.Remote.Ping(ctx)
}

func (f *Faulty) fault(ctx context.Context) error {
	f.Tried.Add(1)
	if f.Fails.on.Load() {
		return ErrFault
	}
	if !f.Hangs.on.Load() {
		return nil
	}
	late := time.NewTimer(f.Delay)
	defer late.Stop()
	select {
	case <-late.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// FaultyBell is a Bell that can fail to ring.
type FaultyBell struct {
	cache.Bell
	// Fails makes every ring fail with ErrFault and reach nobody.
	Fails Switch
	// Hangs makes every ring wait for its deadline and reach nobody.
	Hangs Switch
}

// Ring implements cache.Bell.
func (b *FaultyBell) Ring(ctx context.Context, n cache.News) error {
	if b.Fails.on.Load() {
		return ErrFault
	}
	if b.Hangs.on.Load() {
		<-ctx.Done()
		return ctx.Err()
	}
	return b.Bell.Ring(ctx, n)
}
