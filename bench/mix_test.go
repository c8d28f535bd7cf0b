package bench

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/rediscache"
	"github.com/exodrive/exodrive/demo"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
	"github.com/exodrive/exodrive/sqlstore"
)

const (
	mixCars   = 1000
	mixLists  = 50
	mixZipf   = 1.1
	mixWrites = 1000 // one operation in so many is a write
	mixNodes  = 2
)

// BenchmarkMix is the hit ratio of a fleet of two nodes with Postgres and Redis
// under the mix of the performance guide: of ten reads four are lists (50 questions
// by Zipf's law, one in five with dates), three details, two calendars of a month and
// one a page of reviews (1,000 cars by Zipf's law); one operation in 1,000 is a
// write, a block for maintenance or an edit in turn. Beside it stands
// what a cache would reach that never forgets, is shared by all, and hears of every
// write at once, for the same tags.
func BenchmarkMix(b *testing.B) {
	url := exotest.PostgresFrom(b, "mix", func(t testing.TB, url string) {
		seed(t, url, demo.Size{Cars: mixCars, Bookings: 20_000, Reviews: 10_000, Seed: 1})
	})
	m := newMix(b, url, exotest.NewRedis(b).URL())
	m.play(b.N)
	reads := float64(m.reads)
	b.ReportMetric(float64(m.memory+m.remote)/reads, "hit-ratio")
	b.ReportMetric(float64(m.ideal)/reads, "ideal")
	b.ReportMetric(float64(m.memory+m.remote)/float64(m.ideal), "of-ideal")
	b.ReportMetric(float64(m.remote)/reads, "from-redis")
	b.ReportMetric(float64(m.writes), "writes")
	b.ReportMetric(0, "ns/op")
}

// mix plays one after the other, so that there is one order of reads and writes.
type mix struct {
	b      *testing.B
	nodes  []*rental.Service
	db     *sql.DB
	dice   *rand.Rand
	cars   []string
	asks   []exodrive.CarQuery
	carOf  *rand.Zipf
	listOf *rand.Zipf

	mark int64                          // of the last write that ideal knows
	kept map[string]map[string]struct{} // ideal: the tags of each key
	// What was counted.
	reads, memory, remote, ideal, writes int
}

func newMix(b *testing.B, url, redis string) *mix {
	ctx := b.Context()
	m := &mix{b: b, dice: rand.New(rand.NewPCG(1, 1)), kept: map[string]map[string]struct{}{}}
	var err error
	if m.db, err = sql.Open("pgx", url); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { m.db.Close() })
	for range mixNodes {
		store, err := sqlstore.Open(ctx, sqlstore.Config{URL: url})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { store.Close() })
		install, err := store.Install(ctx)
		if err != nil {
			b.Fatal(err)
		}
		client, err := rediscache.Open(rediscache.Options{URL: redis, Install: install})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(client.Close)
		for _, connected := client.Info(ctx); connected != nil; {
			_, connected = client.Info(ctx)
		}
		c := rental.NewCache(store, func(o *cache.Options) { o.Remote, o.Bell = client.Remote(), client.Bell() })
		b.Cleanup(c.Close)
		service, err := rental.New(ctx, rental.Options{Store: store, Cache: c})
		if err != nil {
			b.Fatal(err)
		}
		c.Start()
		m.nodes = append(m.nodes, service)
	}
	for page, more := 1, true; more; page++ { // a few are hidden
		p, err := cache.Value(m.nodes[0].Cars(ctx, exodrive.CarQuery{Sort: exodrive.SortName, Page: page, Limit: 50}))
		if err != nil {
			b.Fatal(err)
		}
		for _, c := range p.Cars {
			m.cars = append(m.cars, c.ID)
		}
		more = p.Pagination.HasNext
	}
	for i := range mixLists {
		ask := exodrive.CarQuery{Sort: exodrive.SortFeatured, Page: 1 + i/10, Limit: 12, Categories: []exodrive.Category{exodrive.Categories[i%len(exodrive.Categories)]}}
		if i%5 == 4 {
			ask.Start, ask.End = today.Add(10+i), today.Add(13+i)
		}
		m.asks = append(m.asks, ask)
	}
	m.carOf = rand.NewZipf(m.dice, mixZipf, 1, uint64(len(m.cars)-1))
	m.listOf = rand.NewZipf(m.dice, mixZipf, 1, mixLists-1)
	m.hear()
	return m
}

func (m *mix) play(n int) {
	for i := range n {
		if i%mixWrites == mixWrites-1 {
			m.write()
			continue
		}
		served, err := m.read(m.nodes[m.dice.IntN(mixNodes)])
		if err != nil {
			m.b.Fatal(err)
		}
		m.note(served)
	}
}

func (m *mix) read(s *rental.Service) (cache.Served, error) {
	ctx, car := m.b.Context(), m.cars[m.carOf.Uint64()]
	switch kind := m.dice.IntN(10); {
	case kind < 4:
		a, err := s.Cars(ctx, m.asks[m.listOf.Uint64()])
		return a.Served, err
	case kind < 7:
		a, err := s.Car(ctx, car)
		return a.Served, err
	case kind < 9:
		a, err := s.Availability(ctx, car, exodrive.AvailabilityQuery{Start: today.Add(1), End: today.Add(31)})
		return a.Served, err
	default:
		a, err := s.Reviews(ctx, car, exodrive.PageQuery{Page: 1, Limit: 10})
		return a.Served, err
	}
}

// note counts a read, and what it would have been in the ideal cache.
func (m *mix) note(served cache.Served) {
	m.reads++
	switch served.Layer {
	case cache.Memory:
		m.memory++
	case cache.Far:
		m.remote++
	}
	key := served.Entry.Key()
	if _, ok := m.kept[key]; ok {
		m.ideal++
		return
	}
	tags := map[string]struct{}{}
	for _, tag := range served.Entry.Tags() {
		tags[tag] = struct{}{}
		if kind, _, ok := strings.Cut(tag, ":"); ok {
			tags[kind+":*"] = struct{}{}
		}
	}
	m.kept[key] = tags
}

// write blocks a day of a car or edits its price, in turn.
func (m *mix) write() {
	ctx := m.b.Context()
	who := exodrive.Actor{ID: "usr_bench", Name: "bench", Scopes: []exodrive.Scope{exodrive.ScopeAll}}
	car, s := m.cars[m.carOf.Uint64()], m.nodes[m.writes%mixNodes]
	m.writes++
	var err error
	if m.writes%2 == 0 {
		const farAhead = 500 // where nobody has booked
		day := today.Add(farAhead + m.writes)
		_, err = s.BlockDays(ctx, who, car, rental.BlockRequest{Block: rental.Block{Start: day, End: day}, Reason: "bench"})
	} else {
		var now *exodrive.Car
		if now, err = s.ManagedCar(ctx, who, car); err == nil {
			in := now.CarInput
			in.PricePerDay++
			_, err = s.EditCar(ctx, who, car, now.Version, in)
		}
	}
	if err != nil {
		m.b.Fatal(err)
	}
	m.hear()
}

// hear drops from the ideal cache what the journal says was written.
func (m *mix) hear() {
	rows, err := m.db.QueryContext(context.Background(), `SELECT mark, tag FROM cache_journal WHERE mark > $1`, m.mark)
	if err != nil {
		m.b.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var mark int64
		var tag string
		if err := rows.Scan(&mark, &tag); err != nil {
			m.b.Fatal(err)
		}
		m.mark = max(m.mark, mark)
		for key, tags := range m.kept {
			if _, depends := tags[tag]; depends {
				delete(m.kept, key)
			}
		}
	}
	if err := rows.Err(); err != nil {
		m.b.Fatal(fmt.Errorf("read the journal: %w", err))
	}
}
