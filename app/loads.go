package app

import "github.com/exodrive/exodrive/sqlstore"

// loadsOf is how many answers a node loads at once: as many as there are connections
// to read with. A load has one or more statements under way all the time; of more
// loads the connections would only make a second line, without the sense of the
// cache's.
func loadsOf(store *sqlstore.Store) int {
	most := 0
	for _, pool := range store.PoolStats() {
		most = max(most, pool.Max)
	}
	return most
}
