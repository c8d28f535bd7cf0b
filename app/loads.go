package app

import (
	"runtime"

	"github.com/exodrive/exodrive/sqlstore"
)

// loadsOf is how many answers a node loads at once.
//
// Of Postgres: as many as there are connections. A load has one or more statements
// under way all the time; of more loads the connections would only make a second line,
// without the sense of the cache's.
//
// An embedded database reads with the processors that also serve hits, so that more
// loads than processors only wait for each other and keep hits waiting. Beyond the knee
// two processors answered 2,040 misses a second with two places, 1,430 with four and
// 1,130 with eight, and a hit took 1.6, 5.6 and 22 ms (make stress).
func loadsOf(store *sqlstore.Store) int {
	most := 0
	for _, pool := range store.PoolStats() {
		most = max(most, pool.Max)
	}
	if store.Embedded() {
		return min(most, max(leastLoads, runtime.GOMAXPROCS(0)))
	}
	return most
}

// leastLoads lets a short load pass a long one also on one processor.
const leastLoads = 2
