package rental_test

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/rediscache"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
)

// patient gives every call the time that it takes on a busy machine, where 20 ms
// are over before the server has run: these tests count loads.
type patient struct{ cache.Remote }

func unhurried(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
}

func (p patient) Take(ctx context.Context, want cache.Wanted) (cache.Taken, error) {
	ctx, cancel := unhurried(ctx)
	defer cancel()
	return p.Remote.Take(ctx, want)
}

func (p patient) Fill(ctx context.Context, key cache.Key, token string, data cache.Stored) error {
	ctx, cancel := unhurried(ctx)
	defer cancel()
	return p.Remote.Fill(ctx, key, token, data)
}

func (p patient) Release(ctx context.Context, key cache.Key, token string, next cache.Outcome) error {
	ctx, cancel := unhurried(ctx)
	defer cancel()
	return p.Remote.Release(ctx, key, token, next)
}

// onRedis starts a node that shares entries and counts through a Redis.
func onRedis(t *testing.T, url string, redis *exotest.Redis, adjust ...func(*rental.Options)) *node {
	t.Helper()
	clock := exotest.Clock(now)
	c, err := rediscache.Open(rediscache.Options{URL: redis.URL(), Install: "fleet", Log: slog.New(slog.DiscardHandler), Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	<-c.Connected()
	share := func(o *rental.Options) { o.Asked = c.Asked() }
	return newNodeWith(t, url, clock, func(o *cache.Options) { o.Remote = patient{c.Remote()} }, append(adjust, share)...)
}

// What one node has warmed the others find in Redis, byte for byte, whether they warm
// as well or are only read; and however many nodes warm at once, each answer is loaded
// once in the fleet.
//
// Red when: Warm does not ask the remote cache; or does not wait for another node's load; or
// what is warmed is not stored there; or a node asks for entries before it knows of which epoch.
func TestWarmedInTheFleet(t *testing.T) {
	t.Parallel()
	url, redis := exotest.PostgresFrom(t, "fleet", seeded), exotest.NewRedis(t)
	nodes := []*node{onRedis(t, url, redis), onRedis(t, url, redis), onRedis(t, url, redis)}
	var all sync.WaitGroup
	for _, n := range nodes {
		all.Go(func() {
			if result, err := n.Warm(t.Context(), admin, rental.WarmAll, nil); err != nil || result.Cars.Failed+result.Availability.Failed > 0 {
				t.Errorf("warming beside others: %+v, %v", result, err)
			}
		})
	}
	all.Wait()
	want, loads := len(firstAsked(t, nodes[0]))+len(public()), 0
	for _, n := range nodes {
		loads += n.loaded()
	}
	if loads != want {
		t.Errorf("three nodes that warm at once load %d answers, want %d", loads, want)
	}

	read := onRedis(t, url, redis)
	here, there := firstAsked(t, read), firstAsked(t, nodes[0])
	for name, ask := range here {
		served, err := ask()
		if err != nil || served.Layer != cache.Far && served.Layer != cache.Memory {
			t.Errorf("%s is not found in Redis: layer %d, %v", name, served.Layer, err)
			continue
		}
		warmed, err := there[name]()
		if err != nil || !bytes.Equal(served.Entry.Variant(cache.Identity).Body, warmed.Entry.Variant(cache.Identity).Body) {
			t.Errorf("%s comes from Redis in other bytes (%v)", name, err)
		}
	}
	if n := read.loaded(); n > 0 {
		t.Errorf("a node that is only read loads %d answers that were warmed: %v", n, read.loads())
	}
}

// What one node is asked most the others warm first, through Redis.
//
// Red when: counts are not shared; or another node's order is not that of the fleet.
func TestMostAskedThroughRedis(t *testing.T) {
	t.Parallel()
	url, redis := exotest.PostgresFrom(t, "fleet", seeded), exotest.NewRedis(t)
	var work steps
	busy := onRedis(t, url, redis, stepped(&work))
	busy.Start()
	<-work.looked
	last := car(t, unavailableCar) // of every order
	for range often {
		if _, err := busy.Car(t.Context(), last.Slug); err != nil {
			t.Fatal(err)
		}
	}
	// Each step tells what could not be told before; on a busy machine that may be all.
	for late := time.Now().Add(20 * time.Second); ; {
		work.step()
		if got := firstCars(t, onEmpty(t, url, redis)); slices.Contains(got, last.Slug) {
			return
		} else if time.Now().After(late) {
			t.Fatalf("another node warms %q first, want %s", got, last.Slug)
		}
	}
}

// onEmpty is a node that finds counts in Redis, and no entries.
func onEmpty(t *testing.T, url string, redis *exotest.Redis) *node {
	n := onRedis(t, url, redis)
	if err := n.ClearCache(t.Context(), admin, ""); err != nil {
		t.Fatal(err)
	}
	return n
}
