package cache

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Family is one kind of read: how it is named, what it depends on, how long it
// keeps and how it is loaded. Requests, refreshes, warming and audits all load
// by the same loader, so what they hold is the same byte for byte.
type Family[K, V any] struct {
	// Name is that of the family in metrics and in Cache-Status.
	Name string
	// Key is the canonical text of a question: two ways to ask the same have the
	// same key, and no other question has it, in this or another family. It is the
	// name in a remote cache too.
	Key func(K) string
	// Tags are what the answer depends on, as far as the question tells. A loader
	// that finds more says so by Depend.
	Tags func(K) []string
	// Load reads the answer from the primary. The value, which becomes the entry's
	// body as JSON, must not be changed by anybody any more. It must not contain the
	// present time; an answer that time alone makes wrong says when by Until.
	Load func(context.Context, K) (V, error)
	// Absent tells whether an error of Load is an answer, "there is no such thing",
	// to be remembered for 30 seconds. nil: never.
	Absent func(error) bool
	// Fresh is how long an entry is served without a thought. It is shortened by up
	// to a tenth, so that entries loaded together do not end together.
	Fresh time.Duration
	// Stale is how much longer it is served while it is loaded anew, and for how
	// long it may be served when the database is gone. 0: never.
	Stale time.Duration

	family *family
}

// family is a Family without its types.
type family struct {
	cache    *Cache
	name     string
	fresh    time.Duration
	stale    time.Duration
	shape    string // of its values, in a remote cache
	counters familyCounters
	// decode makes a value of a body.
	decode func([]byte) (any, error)
}

// absentFor is how long it is remembered that there is no such thing.
const absentFor = 30 * time.Second

// Register makes the family readable through the cache. It is called once, before
// the first read; a name that is taken panics.
func Register[K, V any](c *Cache, f Family[K, V]) *Family[K, V] {
	f.family = &family{
		cache: c, name: f.Name, fresh: f.Fresh, stale: f.Stale, shape: ShapeOf[V](),
		decode: func(body []byte) (any, error) {
			var v V
			err := json.Unmarshal(body, &v)
			return v, err
		},
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.families[f.Name] != nil {
		panic(fmt.Sprintf("cache: the family %q is registered twice", f.Name))
	}
	c.families[f.Name] = f.family
	return &f
}

// Read answers a question: from memory, from the remote cache, or by loading. It
// blocks for the load or until ctx ends, which does not end the load for others.
// The error is the loader's, ErrBusy, ErrStale around the loader's, or ctx's.
// The answer tells how it came about, also beside an error.
func (f *Family[K, V]) Read(ctx context.Context, k K) (Answer[V], error) {
	key := f.Key(k)
	// What follows the hit is apart, so that a hit builds none of it.
	if served, ok := f.family.hit(ctx, key); ok {
		return Answer[V]{served}, nil
	}
	served, err := f.family.read(ctx, f.question(key, k))
	return Answer[V]{served}, err
}

// Warm sees to it that memory has a valid answer, by the loader that a read would
// run, but past the limits and the figures of reads. It tells whether that took a
// load of its own: what is here and fresh, comes from the remote cache, or is being
// loaded for somebody else is not loaded twice. The error is the loader's, that
// there is no such thing included, or ErrBusy, or ctx's.
func (f *Family[K, V]) Warm(ctx context.Context, k K) (loaded bool, err error) {
	return f.family.warm(ctx, f.question(f.Key(k), k))
}

func (f *Family[K, V]) question(key string, k K) *question {
	return &question{
		key:  key,
		tags: f.Tags(k),
		load: func(ctx context.Context) (any, error) { return f.Load(ctx, k) },
		absent: func(err error) bool {
			return f.Absent != nil && f.Absent(err)
		},
	}
}

// question is what loading needs to know of a key.
type question struct {
	key    string
	tags   []string
	load   func(context.Context) (any, error)
	absent func(error) bool
}

// Answer is an entry with how it was come by, and its value.
type Answer[V any] struct{ Served }

// Value is the read model itself; it is decoded first if the entry came from the
// remote cache. Nobody may change it.
func (a Answer[V]) Value() (V, error) {
	v, err := a.Entry.value()
	if err != nil {
		var none V
		return none, err
	}
	return v.(V), nil
}

// Value is the read model of an answer, as what Read returns in one step:
//
//	car, err := cache.Value(cars.Read(ctx, id))
func Value[V any](a Answer[V], err error) (V, error) {
	if err != nil {
		var none V
		return none, err
	}
	return a.Value()
}

// Layer is where an answer came from.
type Layer uint8

// The layers, from the nearest.
const (
	Loaded Layer = iota // by a load that this read began or waited for
	Memory
	Far // the remote cache
)

// Staleness is why an answer is past its soft end.
type Staleness uint8

// The reasons.
const (
	NotStale     Staleness = iota
	Refreshing             // it is being loaded anew
	Unverifiable           // the database is gone
)

// Served is an answer as a front end needs it.
type Served struct {
	Entry *Entry // nil beside an error
	Layer Layer
	Stale Staleness
	// Left is how long the entry is still fresh, 0 for a stale one.
	Left time.Duration
	// Cost is what the load took that this read waited for, 0 without one.
	Cost time.Duration
}
