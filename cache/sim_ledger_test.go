package cache_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/cachetest"
)

// simLedger knows every commit and when it happened.
type simLedger struct {
	mu      sync.Mutex
	db      *cachetest.Database
	epoch   cache.Epoch
	rows    map[string]*simRow
	commits int
	highest cache.Mark // committed
	values  atomic.Int64
}

type simRow struct {
	versions []simVersion // in the order of commits
	at       map[string]int
	raised   map[int]int // by node: the latest version that it was told of
}

type simVersion struct {
	mark  cache.Mark
	epoch cache.Epoch
	at    time.Time
}

func (l *simLedger) begin(db *cachetest.Database, keys int) {
	l.db, l.epoch, l.rows = db, 1, map[string]*simRow{}
	for k := range keys {
		name := strconv.Itoa(k)
		l.rows[name] = &simRow{at: map[string]int{}, raised: map[int]int{}}
		l.commit(l.open(), "item:"+name, []string{name})
	}
}

func (l *simLedger) open() *cachetest.Tx { return l.db.Begin() }

// commit gives every key a value that no other version has.
func (l *simLedger) commit(tx *cachetest.Tx, tag string, keys []string) cache.Written {
	l.mu.Lock()
	defer l.mu.Unlock()
	tx.Put("sibling of "+tag, "", tag)
	for _, k := range keys {
		value := strconv.FormatInt(l.values.Add(1), 10)
		tx.Put(k, value, tag)
		row := l.rows[k]
		row.at[value] = len(row.versions)
		row.versions = append(row.versions, simVersion{tx.Mark(), l.epoch, time.Now()})
	}
	l.commits++
	l.highest = max(l.highest, tx.Mark())
	return tx.Commit()
}

// raised notes that a node has been told.
func (l *simLedger) raised(node int, mark cache.Mark, keys []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range keys {
		row := l.rows[k]
		at := slices.IndexFunc(row.versions, func(v simVersion) bool { return v.mark == mark })
		row.raised[node] = max(row.raised[node], at)
	}
}

// simSight is what a read must see, as of its arrival.
type simSight struct {
	asked   string
	node    int
	arrived time.Time
	raised  []int // by part: the version that the node was told of
	marked  []int // by part: the version whose mark the read carries; nil without
	epoch   cache.Epoch
	mark    cache.Mark
}

func (l *simLedger) expect(node int, asked string, carries bool) simSight {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := simSight{asked: asked, node: node, arrived: time.Now()}
	for i, k := range strings.Split(asked, "+") {
		row := l.rows[k]
		s.raised = append(s.raised, row.raised[node])
		if carries && i == 0 {
			last := len(row.versions) - 1
			s.epoch, s.mark = row.versions[last].epoch, row.versions[last].mark
			s.marked = []int{last}
		}
	}
	return s
}

// age is which version a value is, and for how long it had been overwritten when
// a read arrived.
func (l *simLedger) age(k, value string, arrived time.Time) (version int, age time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	row := l.rows[k]
	version, ok := row.at[value]
	if !ok {
		panic(fmt.Sprintf("%q of %s was never written", value, k))
	}
	if version+1 == len(row.versions) {
		return version, 0
	}
	return version, max(0, arrived.Sub(row.versions[version+1].at))
}
