package e2e_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/exodrive/exodrive/exotest"
)

// redisFault begins the names of what Redis does. No reader may notice any of it.
const redisFault = "Redis"

// Whatever Redis does, loses, forgets or brings back, the promises are those of a
// fleet without it, and nobody who reads gets an error.
func TestHistoryWithRedis(t *testing.T) {
	if !slices.Contains(exotest.Engines(), exotest.PostgreSQL) {
		t.Skip("this run covers another engine")
	}
	server := exotest.OwnPostgres(t)
	address := server.URL("postgres")
	redis := newRedisPair(t)
	var nodes []*node
	for i := range 3 {
		database, way := exotest.NewRelay(t, hostOf(t, address)), exotest.NewRelay(t, redis.leads.Addr())
		settings := []string{"DATABASE_POOL=10", "REDIS_URL=" + way.Through(redis.leads.URL())}
		if i == 2 { // of the two bells it has Redis's alone
			settings = append(settings, "DATABASE_POOLER=transaction")
		}
		n := launch(t, i, database.Through(address), settings...)
		n.relay = database
		redis.ways = append(redis.ways, way)
		nodes = append(nodes, n)
	}
	w := newWorld(t, address, nodes...)
	faults := w.redisFaults(redis)
	if os.Getenv("EXO_SOAK") != "" {
		faults = append(faults, w.postgresFaults(server)...)
	}
	w.run(t, 45*time.Second, faults)
	for _, n := range nodes {
		if far := n.metric(t, `exodrive_cache_requests_total{family="details",layer="remote",outcome="hit"}`); far == 0 {
			t.Errorf("node %d took nothing from Redis", n.number)
		}
	}
}

// redisPair is a Redis and its replica, with a way to them for each node.
type redisPair struct {
	leads, follows *exotest.Redis
	ways           []*exotest.Relay
}

func newRedisPair(t *testing.T) *redisPair {
	// Nothing is saved but on demand.
	p := &redisPair{leads: exotest.NewRedis(t, "--save", ""), follows: exotest.NewRedis(t, "--save", "")}
	p.follow()
	return p
}

func (p *redisPair) follow() {
	host, port, _ := net.SplitHostPort(p.leads.Addr()) // it is one
	p.follows.Do("REPLICAOF", host, port)
}

// failOver makes a replica the leader that has missed what was written for a while.
func (p *redisPair) failOver() {
	p.follows.Pause() // from here on it lags
	time.Sleep(time.Second)
	p.leads.Kill()
	p.follows.Continue()
	p.follows.Do("REPLICAOF", "NO", "ONE")
	p.leads, p.follows = p.follows, p.leads
	for _, way := range p.ways {
		way.Retarget(p.leads.Addr())
	}
	p.follows.Wipe()
	p.follows.Start()
	p.follow()
}

// redisFaults are those of nodes with ways of their own to one Redis.
func (w *world) redisFaults(p *redisPair) []fault {
	all := []fault{
		{"is killed", func(*testing.T, *rand.Rand) {
			p.leads.Kill()
			time.Sleep(faultLength)
			p.leads.Wipe()
			p.leads.Start()
		}},
		{"is restarted empty", func(*testing.T, *rand.Rand) {
			p.leads.Kill()
			p.leads.Wipe()
			p.leads.Start()
		}},
		{"is restarted from an old file", func(*testing.T, *rand.Rand) {
			restore := p.leads.Save()
			time.Sleep(2 * faultLength)
			p.leads.Kill()
			restore()
			p.leads.Start()
			p.follow()
		}},
		{"is flushed", func(*testing.T, *rand.Rand) {
			for range 40 { // in the middle of many loads
				p.leads.Do("FLUSHALL")
				time.Sleep(faultLength / 40)
			}
		}},
		{"fails over to a replica that lags", func(*testing.T, *rand.Rand) { p.failOver() }},
		{"swallows what it is sent", func(_ *testing.T, r *rand.Rand) {
			way := p.ways[r.IntN(len(p.ways))]
			way.Mute()
			time.Sleep(faultLength)
			if r.IntN(2) == 0 {
				way.Cut()
			}
			way.Sound()
		}},
		{"stalls for five seconds", func(*testing.T, *rand.Rand) {
			p.leads.Pause()
			time.Sleep(5 * time.Second)
			p.leads.Continue()
		}},
		{"has no memory left", func(*testing.T, *rand.Rand) {
			p.leads.Do("CONFIG", "SET", "maxmemory-policy", "allkeys-random")
			p.leads.Do("CONFIG", "SET", "maxmemory", "1500000") // it has more than that before the first entry
			time.Sleep(faultLength)
			p.leads.Do("CONFIG", "SET", "maxmemory", "0")
		}},
	}
	for i := range all {
		all[i].name = redisFault + " " + all[i].name
	}
	return all
}

// A Redis that dies under a thousand reads a second, while cars are being changed,
// costs nobody an answer: no 5xx, loads stay few, and when it is back the nodes take
// each other's loads from it again.
func TestRedisDiesUnderLoad(t *testing.T) {
	address := exotest.Postgres(t)
	redis := exotest.NewRedis(t)
	nodes := []*node{launch(t, 0, address, "REDIS_URL="+redis.URL()), launch(t, 1, address, "REDIS_URL="+redis.URL())}
	load := newLoad(t, nodes, 1000)
	changed := make(chan error)
	ctx, stop := context.WithCancel(t.Context())
	go func() { changed <- keepChanging(ctx, address) }()
	far := func() (n float64) {
		for _, node := range nodes {
			n += node.metric(t, `exodrive_cache_requests_total{family="details",layer="remote",outcome="hit"}`)
		}
		return n
	}
	time.Sleep(3 * time.Second)
	before := load.lap()
	redis.Kill()
	time.Sleep(4 * time.Second)
	without := load.lap()
	redis.Wipe()
	redis.Start()
	time.Sleep(3 * time.Second)
	farBefore := far()
	time.Sleep(3 * time.Second)
	after := load.lap()
	load.stop()
	stop()
	if err := <-changed; err != nil {
		t.Error(err)
	}
	t.Logf("before: %v; without Redis: %v; after: %v", before, without, after)
	for name, lap := range map[string]lap{"before": before, "without": without, "after": after} {
		if lap.failed > 0 {
			t.Errorf("%s: %d of %d reads failed: %s", name, lap.failed, lap.reads, lap.first)
		}
		if lap.unmarked > 0 {
			t.Errorf("%s: %d answers do not say where they are from", name, lap.unmarked)
		}
		if lap.reads == 0 || lap.misses == 0 || lap.misses*10 > lap.reads {
			t.Errorf("%s: %d of %d reads waited for loads", name, lap.misses, lap.reads)
		}
	}
	if far() == farBefore {
		t.Error("no node took anything from Redis after its return")
	}
}

// A Redis that stalls for five seconds, again and again, costs readers next to
// nothing: the figures stand side by side with those of a node without Redis, under
// the same load at the same time. They are no verdict, as machines are shared.
func TestRedisStalls(t *testing.T) {
	address := exotest.Postgres(t)
	redis := exotest.NewRedis(t)
	with, without := launch(t, 0, address, "REDIS_URL="+redis.URL()), launch(t, 1, address)
	load := newLoad(t, []*node{with, without}, 600)
	changed := make(chan error)
	ctx, stop := context.WithCancel(t.Context())
	go func() { changed <- keepChanging(ctx, address) }()
	time.Sleep(3 * time.Second)
	well := load.lap()
	for range 2 {
		redis.Pause()
		time.Sleep(5 * time.Second)
		redis.Continue()
		time.Sleep(2 * time.Second)
	}
	stalled := load.lap()
	load.stop()
	stop()
	if err := <-changed; err != nil {
		t.Error(err)
	}
	for name, l := range map[string]lap{"Redis is well": well, "Redis stalls ": stalled} {
		t.Logf("%s: with Redis p50 %v p99 %v, without p50 %v p99 %v; %v", name, l.percentile(with, 50), l.percentile(with, 99),
			l.percentile(without, 50), l.percentile(without, 99), l)
		if l.failed > 0 {
			t.Errorf("%s: %d of %d reads failed: %s", name, l.failed, l.reads, l.first)
		}
	}
}

// keepChanging edits one car after the other, five a second, by SQL.
func keepChanging(ctx context.Context, address string) error {
	db, err := sql.Open("pgx", address)
	if err != nil {
		return err
	}
	defer db.Close()
	for n := 0; pause(ctx, 200*time.Millisecond); n++ {
		if _, err := db.ExecContext(context.WithoutCancel(ctx), `UPDATE cars SET description = $1
			WHERE id = (SELECT id FROM cars ORDER BY id LIMIT 1 OFFSET $2)`, fmt.Sprintf("Edited %d times.", n), n%40); err != nil {
			return err
		}
	}
	return nil
}
