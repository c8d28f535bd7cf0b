package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/httpx"
	"github.com/exodrive/exodrive/obs"
)

// openTraces begins to trace, if there is somebody to send to.
func openTraces(ctx context.Context, c Config, version string, log *slog.Logger) (*obs.Traces, error) {
	if c.OTLPURL == "" {
		return nil, nil
	}
	traces, err := obs.NewTraces(ctx, c.OTLPURL, version, log)
	if err != nil {
		return nil, fmt.Errorf("EXO_OTLP_URL cannot be used: %w", because(err))
	}
	return traces, nil
}

// tracedRemote shows each call of the remote cache as a span.
type tracedRemote struct{ cache.Remote }

// Take implements cache.Remote.
func (r tracedRemote) Take(ctx context.Context, want cache.Wanted) (cache.Taken, error) {
	ctx, span := obs.StartSpan(ctx, "redis", "take")
	taken, err := r.Remote.Take(ctx, want)
	span.Set("exodrive.outcome", outcomes[taken.Outcome])
	span.End(err)
	return taken, err
}

// outcomes are the words for what a call brought.
var outcomes = map[cache.Outcome]string{cache.Found: "found", cache.Leased: "leased", cache.Wait: "wait", cache.Alone: "alone"}

// Fill implements cache.Remote.
func (r tracedRemote) Fill(ctx context.Context, key cache.Key, token string, data cache.Stored) error {
	ctx, span := obs.StartSpan(ctx, "redis", "fill")
	err := r.Remote.Fill(ctx, key, token, data)
	span.End(err)
	return err
}

// Release implements cache.Remote.
func (r tracedRemote) Release(ctx context.Context, key cache.Key, token string, next cache.Outcome) error {
	ctx, span := obs.StartSpan(ctx, "redis", "release")
	err := r.Remote.Release(ctx, key, token, next)
	span.End(err)
	return err
}

// tracedBuckets does the same for the limits that nodes share.
type tracedBuckets struct{ httpx.Buckets }

// Take implements httpx.Buckets.
func (b tracedBuckets) Take(ctx context.Context, policy, caller string, each, whole time.Duration) (time.Duration, bool, error) {
	ctx, span := obs.StartSpan(ctx, "redis", "limit")
	untilFull, ok, err := b.Buckets.Take(ctx, policy, caller, each, whole)
	span.End(err)
	return untilFull, ok, err
}
