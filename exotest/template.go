package exotest

import (
	"slices"
	"sync"
	"testing"
)

// templates holds what was built once for many tests, by name. There are as many
// as the tests of one package name.
type templates[T any] struct {
	mu     sync.Mutex
	byName map[string]*template[T]
}

type template[T any] struct {
	once  sync.Once
	built bool
	value T
}

// value returns the template of that name, built by the first caller while the
// others wait. A build that failed once fails every test that needs it, so that
// the same slow failure is not repeated by each.
func (ts *templates[T]) value(t testing.TB, name string, build func(t testing.TB) T) T {
	t.Helper()
	ts.mu.Lock()
	if ts.byName == nil {
		ts.byName = map[string]*template[T]{}
	}
	one := ts.byName[name]
	if one == nil {
		one = &template[T]{}
		ts.byName[name] = one
	}
	ts.mu.Unlock()

	one.once.Do(func() {
		before := t.Failed()
		one.value = build(t)
		one.built = before || !t.Failed()
	})
	if !one.built {
		t.Fatalf("the template %q could not be built; the first test that used it says why", name)
	}
	return one.value
}

// builder is the testing.TB of a template's build. Its clean-ups run when the
// build returns instead of at the end of the test that happened to come first: a
// store that is still open would hold the template.
type builder struct {
	testing.TB
	mu       sync.Mutex
	cleanups []func()
}

func (b *builder) Cleanup(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.cleanups = append(b.cleanups, f)
}

// building runs build with a builder over t.
func building(t testing.TB, build func(t testing.TB)) {
	b := &builder{TB: t}
	defer func() {
		for _, f := range slices.Backward(b.cleanups) {
			f()
		}
	}()
	build(b)
}
