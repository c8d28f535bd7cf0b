package rental

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/sqlstore"
)

// known tells which ids and slugs lead to a car, from one cached list of all of
// them, so that whoever asks for cars that there are not costs no statement for
// each. It is asked by loaders only: a hit knows nothing of it.
//
// The list decides nothing but that there is no such car. It depends on "cars",
// which is raised by more than new cars; so that cars do not, those of the list
// that was loaded last, valid or not, are not looked up again: their own load tells
// what became of them.
type known struct {
	list *cache.Family[struct{}, []string]
	last atomic.Pointer[[]string]
}

func newKnown(c *cache.Cache, store *sqlstore.Store) *known {
	k := &known{}
	k.list = cache.Register(c, cache.Family[struct{}, []string]{
		Name: "known", Key: func(struct{}) string { return "cars:known" },
		Load: func(ctx context.Context, _ struct{}) ([]string, error) {
			refs, err := store.CarRefs(ctx)
			if err == nil {
				slices.Sort(refs)
				k.last.Store(&refs)
			}
			return refs, err
		},
		Tags:  func(struct{}) []string { return []string{carsTag} },
		Fresh: time.Hour,
	})
	return k
}

// check is what a loader begins with: not_found if an id or slug leads to no car.
// Such an answer depends on the list, as one that is composed of it.
func (k *known) check(ctx context.Context, ref string) error {
	if last := k.last.Load(); last != nil && has(*last, ref) {
		return nil
	}
	// Not under ctx: what is loaded of a car that there is does not depend on which
	// others there are.
	apart, cancel := context.WithTimeout(cache.Apart(ctx), knownLimit)
	defer cancel()
	refs, err := cache.Value(read(apart, k.list, struct{}{}))
	if err == nil && !has(refs, ref) {
		refs, err = cache.Value(read(ctx, k.list, struct{}{}))
	}
	if err == nil && !has(refs, ref) {
		err = exodrive.Errorf(exodrive.NotFound, "There is no such car.")
	}
	return err
}

// knownLimit ends the wait for the list; it is that of a statement.
const knownLimit = 6 * time.Second

func has(refs []string, ref string) bool {
	_, found := slices.BinarySearch(refs, ref)
	return found
}

// ofKnown is a loader that runs only for cars that there are; ref is the id or slug
// in a question.
func ofKnown[K, V any](k *known, ref func(K) string, load func(context.Context, K) (V, error)) func(context.Context, K) (V, error) {
	return func(ctx context.Context, of K) (V, error) {
		if err := k.check(ctx, ref(of)); err != nil {
			var none V
			return none, err
		}
		return load(ctx, of)
	}
}
