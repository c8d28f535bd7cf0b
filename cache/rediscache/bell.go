package rediscache

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/redis/rueidis"

	"github.com/exodrive/exodrive/cache"
)

const (
	// A subscription that ended is made again after a while that differs between
	// nodes, so that they do not all come back at once.
	leastDeaf, mostDeaf = 50 * time.Millisecond, 250 * time.Millisecond
)

// Bell rings by messages on a channel of Redis. A ring fails at once while there is
// no connection, and after some failures on end, until Redis answers again.
func (c *Client) Bell() cache.Bell { return bell{c} }

type bell struct{ *Client }

func (b bell) channel() string { return "exo:" + b.install + ":bell" }

// Ring implements cache.Bell.
func (b bell) Ring(ctx context.Context, n cache.News) error {
	payload := rueidis.BinaryString(packNews(b.install, n))
	return b.breaker.try(ctx, func(ctx context.Context) error {
		_, err := call(ctx, b.Client, func(ctx context.Context, server rueidis.Client) (struct{}, error) {
			return struct{}{}, server.Do(ctx, server.B().Publish().Channel(b.channel()).Message(payload).Build()).Error()
		}, nil)
		return err
	})
}

// Hear implements cache.Bell, over a connection of its own.
func (b bell) Hear(ctx context.Context, heard func(cache.News)) {
	select {
	case <-b.ready:
	case <-b.life.Done():
	case <-ctx.Done():
	}
	for ctx.Err() == nil && b.life.Err() == nil {
		b.listen(ctx, *b.server.Load(), heard)
		wait(ctx, leastDeaf+rand.N(mostDeaf-leastDeaf))
	}
	<-ctx.Done()
}

// listen hears until the subscription ends.
func (b bell) listen(ctx context.Context, server rueidis.Client, heard func(cache.News)) {
	// The library confirms a subscription on another goroutine than it brings
	// messages, and may do so after Receive has returned.
	var mu sync.Mutex
	over := false
	tell := func(n cache.News) {
		mu.Lock()
		defer mu.Unlock()
		if !over {
			heard(n)
		}
	}
	defer func() {
		mu.Lock()
		defer mu.Unlock()
		over = true
	}()
	client, release := server.Dedicate()
	defer release()
	defer client.Close() // else the next user of the connection would hear
	subscribed := rueidis.WithOnSubscriptionHook(ctx, func(s rueidis.PubSubSubscription) {
		if s.Kind == "subscribe" {
			tell(cache.News{}) // rings may have been missed
		}
	})
	err := client.Receive(subscribed, client.B().Subscribe().Channel(b.channel()).Build(), func(m rueidis.PubSubMessage) {
		if n, ok := unpackNews(b.install, m.Message); ok {
			tell(n)
		}
	})
	if ctx.Err() == nil && err != nil {
		b.log.Debug("not listening to the bell on Redis", "error", err)
	}
}
