package rental

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/sqlstore"
)

// Cache is the cache of one process over the journal of its store, with the
// connection that reads the journal.
type Cache struct {
	*cache.Cache
	journal *sqlstore.Journal
	log     *slog.Logger

	life  context.Context //nolint:containedctx // ends with Rest
	end   context.CancelFunc
	owned sync.WaitGroup // the tasks
	mu    sync.Mutex     // held while owned may grow
}

// pruneEvery is how often the journal is rid of what nobody needs any more. All
// nodes do it; that is cheap when there is nothing to do.
const pruneEvery = time.Hour

// NewCache makes a cache for a Service over a migrated store; adjust may change
// its options. It is closed after its last reader and before the store.
func NewCache(store *sqlstore.Store, adjust ...func(*cache.Options)) *Cache {
	journal := store.Journal()
	o := cache.Options{Journal: journal, Bell: store.Bell(), Unavailable: isUnavailable}
	for _, f := range adjust {
		f(&o)
	}
	c := &Cache{Cache: cache.New(o), journal: journal, log: cmp.Or(o.Log, slog.Default())}
	c.life, c.end = context.WithCancel(context.Background())
	return c
}

// Start begins what the cache does of its own accord: it reads the journal, audits
// itself, and prunes the journal. It is called once.
func (c *Cache) Start() {
	c.Cache.Start()
	c.spawn(func(ctx context.Context) {
		tick := time.NewTicker(pruneEvery)
		defer tick.Stop()
		for ctx.Err() == nil {
			if _, err := c.journal.Prune(ctx); err != nil && ctx.Err() == nil {
				c.log.Warn("the cache's journal could not be pruned and grows", "error", err)
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
			}
		}
	})
}

// spawn runs a task that Rest ends, by its context, and Close waits for. It tells
// whether the task began; after Rest none does.
func (c *Cache) spawn(task func(context.Context)) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.life.Err() != nil {
		return false
	}
	c.owned.Go(func() { task(c.life) })
	return true
}

// Rest ends what the cache does of its own accord, warming above all, so that who
// waits for it is answered. Reads go on as before.
func (c *Cache) Rest() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.end()
}

// isUnavailable tells whether an old answer is better than the error.
func isUnavailable(err error) bool {
	return exodrive.CodeOf(err) == exodrive.Unavailable || errors.Is(err, context.DeadlineExceeded)
}

// Close ends the cache and its connection.
func (c *Cache) Close() {
	c.Rest()
	c.owned.Wait()
	c.Cache.Close()
	c.journal.Close()
}
