package rediscache_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/cachetest"
)

// bound is the B of every node: the default.
const bound = 2 * time.Second

// node is a cache with one family over the keys of a database in memory.
type node struct {
	*cache.Cache
	words *cache.Family[string, string]
	loads *atomic.Int64
}

var errNone = errors.New("there is no such word")

// newNode starts a node. loading, if there is one, runs in every load.
func newNode(t testing.TB, db *cachetest.Database, o cache.Options, loading func(ctx context.Context, key string)) *node {
	t.Helper()
	o.Journal = db
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	n := &node{Cache: cache.New(o), loads: &atomic.Int64{}}
	n.words = cache.Register(n.Cache, cache.Family[string, string]{
		Name: "word", Key: func(k string) string { return "word:" + k }, Tags: func(k string) []string { return []string{"word:" + k} },
		Fresh: time.Minute, Stale: time.Hour, Absent: func(err error) bool { return errors.Is(err, errNone) },
		Load: func(ctx context.Context, k string) (string, error) {
			n.loads.Add(1)
			if loading != nil {
				loading(ctx, k)
			}
			v, err := db.Value(ctx, k)
			if err == nil && v == "" {
				err = fmt.Errorf("%w: %s", errNone, k)
			}
			return v, err
		},
	})
	n.Start()
	t.Cleanup(n.Close)
	eventually(t, "a node has read the journal", func() bool { return n.Epoch() != 0 })
	return n
}

// expect reads a word on a node.
func (n *node) expect(t *testing.T, what, key, value string, layers ...cache.Layer) {
	t.Helper()
	a, err := n.words.Read(t.Context(), key)
	got := ""
	if err == nil {
		got, err = a.Value()
	}
	if err != nil || got != value {
		t.Errorf("%s: %q, %v, want %q", what, got, err, value)
	}
	for _, layer := range layers {
		if a.Layer == layer {
			return
		}
	}
	if len(layers) > 0 {
		t.Errorf("%s: from layer %d, want one of %v", what, a.Layer, layers)
	}
}
