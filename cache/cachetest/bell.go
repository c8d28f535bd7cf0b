package cachetest

import (
	"context"
	"sync"

	"github.com/exodrive/exodrive/cache"
)

// Bell is a cache.Bell in memory for any number of nodes.
type Bell struct {
	mu     sync.Mutex
	heard  map[int]func(cache.News)
	next   int
	broken error
}

// NewBell is a bell that nobody listens to yet.
func NewBell() *Bell { return &Bell{heard: map[int]func(cache.News){}} }

// Ring implements cache.Bell.
func (b *Bell) Ring(ctx context.Context, n cache.News) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken != nil {
		return b.broken
	}
	for _, heard := range b.heard {
		heard(n)
	}
	return nil
}

// Hear implements cache.Bell.
func (b *Bell) Hear(ctx context.Context, heard func(cache.News)) {
	b.mu.Lock()
	id := b.next
	b.next++
	b.heard[id] = heard
	b.mu.Unlock()
	heard(cache.News{})
	<-ctx.Done()
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.heard, id)
}

// Break makes every ring fail with err and reach nobody; nil mends it.
func (b *Bell) Break(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken = err
}
