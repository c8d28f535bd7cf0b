package cache_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exodrive/exodrive/cache"
)

// What is warmed is there for the next reader, byte for byte as a load would have
// it, and is loaded once, however many warmers and readers there are. The figures
// of reads do not change.
//
// Red when: Warm loads what is fresh; or does not share a flight; or counts as a read.
func TestWarm(t *testing.T) {
	in(t, func(t *testing.T) {
		f, _, _ := withRemote(t, 3)
		n := f.nodes[0]
		f.aside("a", "one")
		settle()
		slowly(f, 50*time.Millisecond)
		var all sync.WaitGroup
		loads := make(chan bool, 30)
		for _, node := range f.nodes {
			for range 10 {
				all.Go(func() {
					loaded, err := node.words.Warm(t.Context(), "a")
					if err != nil {
						t.Error(err)
					}
					loads <- loaded
				})
			}
		}
		all.Wait()
		close(loads)
		own := 0
		for loaded := range loads {
			if loaded {
				own++
			}
		}
		if own != 1 || loadsOf(f) != 1 {
			t.Errorf("%d of 30 warmers loaded, in %d loads, want 1", own, loadsOf(f))
		}
		if s := n.Stats().Families["word"]; s.Hits+s.Misses+s.FarHits > 0 {
			t.Errorf("warming counts as reads: %+v", s)
		}
		f.expect("after it", n, "a", "one", cache.Memory)
		f.write(f.nodes[1], "a", "two")
		settle()
		if loaded, err := n.words.Warm(t.Context(), "a"); !loaded || err != nil {
			t.Errorf("after a write: %v, %v", loaded, err)
		}
		f.expect("warmed again", n, "a", "two", cache.Memory)
	})
}

// P12: what is warmed is what a reader would have loaded, byte for byte in every coding and with the same entity tags: on a node that warmed, on one that loaded, and on one that got it from the remote cache.
//
// Red when: what is shared leaves out a coding; a coding has the tag of another on the node that got it.
func TestP12WarmedIsWhatIsLoaded(t *testing.T) {
	in(t, func(t *testing.T) {
		f, _, _ := withRemote(t, 2)
		alone := newFleet(t, 1, nil)
		for i, text := range []string{"short", strings.Repeat("some words & <signs>, ", 60), strings.Repeat("äöü€", 2000)} {
			key := string(rune('a' + i))
			f.aside(key, text)
			alone.aside(key, text)
			settle()
			if loaded, err := f.nodes[0].words.Warm(t.Context(), key); !loaded || err != nil {
				t.Fatalf("warming: %v, %v", loaded, err)
			}
			synctest.Wait() // it is shared after it is here
			entries := map[string]*cache.Entry{
				"warmed": ask(t.Context(), f.nodes[0].words, key).Entry,
				"far":    ask(t.Context(), f.nodes[1].words, key).Entry,
				"loaded": ask(t.Context(), alone.nodes[0].words, key).Entry,
			}
			for range 3 { // which is how often brotli is asked for before it is made
				for _, e := range entries {
					e.Variant(cache.Brotli)
				}
			}
			synctest.Wait()
			for name, e := range entries {
				for _, coding := range []cache.Coding{cache.Identity, cache.Gzip, cache.Brotli} {
					got, want := e.Variant(coding), entries["loaded"].Variant(coding)
					switch {
					case (got == nil) != (want == nil) || want == nil && coding != cache.Identity && len(text) > 1000:
						t.Errorf("%d bytes, %s: %v is there: %v, for the loaded one: %v", len(text), name, coding, got != nil, want != nil)
					case got != nil && (!bytes.Equal(got.Body, want.Body) || got.Tag != want.Tag || got.ContentLength[0] != want.ContentLength[0]):
						t.Errorf("%d bytes, %s: %v is %d bytes with the tag %s, loaded %d bytes with %s", len(text), name, coding, len(got.Body), got.Tag, len(want.Body), want.Tag)
					}
				}
			}
		}
		if n := loadsOf(f); n != 3 {
			t.Errorf("the two nodes with a remote cache loaded %d times, want 3", n)
		}
	})
}

// A read model that gains, loses or renames a field is another shape, also deep
// inside; one that stays as it is keeps its shape.
func TestShapeOf(t *testing.T) {
	type inner struct{ A, B int }
	type other struct{ A, C int }
	type model struct {
		Name string `json:"name"`
		In   []*inner
	}
	shapes := map[string]string{
		"model": cache.ShapeOf[model](), "pointer": cache.ShapeOf[*model](),
		"tag": cache.ShapeOf[struct {
			Name string `json:"title"`
			In   []*inner
		}](),
		"deep": cache.ShapeOf[struct {
			Name string `json:"name"`
			In   []*other
		}](),
		"string": cache.ShapeOf[string](), "int": cache.ShapeOf[int](), "map": cache.ShapeOf[map[string]int](),
	}
	seen := map[string]string{}
	for name, shape := range shapes {
		if len(shape) != 8 {
			t.Errorf("%s has the shape %q", name, shape)
		}
		if before, ok := seen[shape]; ok {
			t.Errorf("%s and %s have one shape", name, before)
		}
		seen[shape] = name
	}
	if cache.ShapeOf[model]() != shapes["model"] {
		t.Error("the shape of one type varies")
	}
	type list struct{ Next *list }
	_ = cache.ShapeOf[list]() // ends
}
