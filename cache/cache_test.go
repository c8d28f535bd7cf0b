package cache_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/cachetest"
)

// world is a database with one node in front of it.
type world struct {
	*cachetest.Database
	node  *cache.Cache
	words *cache.Family[string, string]
	loads int
}

func newWorld(t *testing.T, o cache.Options) *world {
	w := &world{Database: cachetest.NewDatabase()}
	o.Journal = w
	o.Unavailable = func(err error) bool { return errors.Is(err, cachetest.ErrDown) }
	w.node = cache.New(o)
	w.words = cache.Register(w.node, cache.Family[string, string]{
		Name: "word", Key: func(k string) string { return "word:" + k }, Tags: func(k string) []string { return []string{"word:" + k} },
		Load:  func(ctx context.Context, k string) (string, error) { w.loads++; return w.Value(ctx, k) },
		Fresh: time.Minute, Stale: time.Hour,
	})
	w.node.Start()
	t.Cleanup(w.node.Close)
	return w
}

func (w *world) read(t *testing.T, key string) (string, cache.Layer) {
	t.Helper()
	a, err := w.words.Read(t.Context(), key)
	if err != nil {
		t.Fatalf("read %s: %v; %v", key, err, w.Database)
	}
	v, err := a.Value()
	if err != nil {
		t.Fatal(err)
	}
	return v, a.Layer
}

// A second read of the same is served from memory, and a write ends that at once.
func TestP1(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, cache.Options{})
		w.Write("a", "one", "word:a")
		synctest.Wait()
		for i, want := range []cache.Layer{cache.Loaded, cache.Memory, cache.Memory} {
			if v, layer := w.read(t, "a"); v != "one" || layer != want {
				t.Errorf("read %d is %q from layer %d, want one from %d", i, v, layer, want)
			}
		}
		w.node.Raise(t.Context(), w.Write("a", "two", "word:a"))
		for i, want := range []cache.Layer{cache.Loaded, cache.Memory} {
			if v, layer := w.read(t, "a"); v != "two" || layer != want {
				t.Errorf("read %d after the write is %q from layer %d, want two from %d", i, v, layer, want)
			}
		}
		w.Write("a", "three", "word:a")
		time.Sleep(2 * time.Second)
		if v, _ := w.read(t, "a"); v != "three" {
			t.Errorf("one bound after a write elsewhere the read is %q", v)
		}
		w.node.Close()
	})
}
