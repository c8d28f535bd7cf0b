package cache

import "context"

// Bell wakes the other nodes after a commit, so that they read the journal at
// once instead of at their next poll. It is best effort: nothing depends on a
// ring arriving, so losing, doubling or delaying one breaks no promise.
// Implementations are safe for concurrent use.
type Bell interface {
	// Ring tells every listening node that a transaction has committed. It returns
	// within the deadline of ctx.
	Ring(ctx context.Context) error
	// Hear calls heard for every ring, from one goroutine at a time, until ctx
	// ends. It connects again by itself, and calls heard after having done so, as
	// it may have missed a ring.
	Hear(ctx context.Context, heard func())
}
