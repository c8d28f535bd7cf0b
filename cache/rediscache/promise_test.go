package rediscache_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/cachetest"
	"github.com/exodrive/exodrive/exotest"
)

// disaster is a fleet of one node, an entry of it in Redis, and a write after it.
type disaster struct {
	*testing.T
	redis   *exotest.Redis
	install string
	db      *cachetest.Database
	writer  *node
	key     string // of the entry in Redis
}

func newDisaster(t *testing.T) *disaster {
	t.Helper()
	d := &disaster{T: t, redis: exotest.NewRedis(t), install: newInstall(), db: cachetest.NewDatabase()}
	d.db.Write("a", "the old value", "word:a")
	d.writer = d.node()
	d.key = "exo:" + d.install + ":" + cache.ShapeOf[string]() + ":{word:a}:e"
	d.writer.expect(t, "before", "a", "the old value", cache.Loaded)
	d.await("the entry is in Redis", "the old value")
	return d
}

// node is a process that starts now.
func (d *disaster) node() *node {
	d.Helper()
	c := connected(d.T, d.redis.URL(), d.install)
	return newNode(d.T, d.db, cache.Options{Remote: patient{c.Remote()}, Bell: c.Bell()}, nil)
}

// await waits until the entry in Redis is of a value.
func (d *disaster) await(what, value string) {
	d.Helper()
	eventually(d.T, what, func() bool { return strings.Contains(fmt.Sprint(d.redis.Do("GET", d.key)), value) })
}

// write overwrites the word and has Redis know of it.
func (d *disaster) write() {
	d.Helper()
	d.writer.Raise(d.Context(), d.db.Write("a", "the new value", "word:a"))
	d.writer.expect(d.T, "after the write", "a", "the new value")
	d.await("the new entry is in Redis", "the new value")
}

// settle waits for what the bound allows the nodes not to know yet.
func settle() { time.Sleep(bound) }

// Whatever happens to Redis, no node serves from it what was overwritten, neither one
// that was there nor one that starts now, and nobody has to empty it by hand. With an
// old file or a replica that lagged, the old entry is really back.
//
// Red when: a node believes an entry in Redis without judging it.
func TestP5NothingStaleRevives(t *testing.T) {
	t.Parallel()
	for name, happens := range map[string]func(d *disaster) (back bool){
		"it is emptied": func(d *disaster) bool { d.write(); d.redis.Do("FLUSHALL"); return false },
		"it starts empty": func(d *disaster) bool {
			d.write()
			d.redis.Kill()
			d.redis.Wipe()
			d.redis.Start()
			return false
		},
		"it starts from an old file": func(d *disaster) bool {
			restore := d.redis.Save()
			d.write()
			d.redis.Save()
			d.redis.Kill()
			restore()
			d.redis.Start()
			return true
		},
		"it was down while the write came": func(d *disaster) bool {
			d.redis.Save()
			d.redis.Kill()
			d.writer.Raise(d.Context(), d.db.Write("a", "the new value", "word:a"))
			d.redis.Start()
			return true
		},
		"it fails over to a replica that lagged": func(d *disaster) bool { d.failOver(); return true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDisaster(t)
			other := d.node()
			other.expect(t, "before", "a", "the old value", cache.Far)
			back := happens(d)
			if held := fmt.Sprint(d.redis.Do("GET", d.key)); strings.Contains(held, "the old value") != back {
				t.Errorf("Redis holds %.80q, want the old entry: %v", held, back)
			}
			d.node().expect(t, "a node that starts", "a", "the new value")
			settle()
			other.expect(t, "a node that was there", "a", "the new value")
			d.writer.expect(t, "the writer's node", "a", "the new value")
			// What the nodes have loaded replaces what came back.
			eventually(t, "the new entry is in Redis", func() bool {
				d.node().expect(t, "another node that starts", "a", "the new value")
				return strings.Contains(fmt.Sprint(d.redis.Do("GET", d.key)), "the new value")
			})
		})
	}
}

// failOver has a replica that has not heard of the write take the place of its
// master.
func (d *disaster) failOver() {
	d.Helper()
	replica := d.redis.Replica()
	replica.Do("REPLICAOF", "NO", "ONE") // it lags from here on
	d.write()
	replica.Replace(d.redis)
	d.redis = replica
}

// R6: the message that would remove an old entry from Redis is lost with the master
// that had it. Caches that rely on it serve the old value until it ends; here a node
// that starts at once, from the replica that lagged, serves the new one.
//
// Red when: freshness is what Redis says.
func TestR6FailoverLosesTheInvalidation(t *testing.T) {
	t.Parallel()
	d := newDisaster(t)
	d.failOver()
	d.await("the old entry is back", "the old value")
	d.node().expect(t, "a node that starts", "a", "the new value", cache.Loaded)
}

// A sentinel that makes a replica the master needs nobody to tell the nodes: they go
// on with the replica.
//
// Red when: the client stays with the master it has begun with.
func TestSentinelFailsOver(t *testing.T) {
	t.Parallel()
	master := exotest.NewRedis(t)
	replica := master.Replica()
	c := connected(t, exotest.NewRedisSentinel(t, master), newInstall())
	e := hear(t, c)
	e.await(t, "the subscription")
	master.Kill()
	eventually(t, "the replica is master", func() bool {
		role, err := replica.Ask("ROLE") // which ends connections as it becomes one
		return err == nil && strings.Contains(fmt.Sprint(role), "master")
	})
	allWork(t, "after the failover", c)
	e.await(t, "the subscription to the new master")
}

// A Redis that stands still, or loses every byte, costs callers at most 20 ms each
// until the breaker opens, and then nothing; nobody gets an error, and when it is
// back it is used again.
//
// Red when: a Take does not return at its deadline.
func TestP7RedisStandsStill(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(r *exotest.Redis, relay *exotest.Relay) (mend func()){
		"the process":    func(r *exotest.Redis, _ *exotest.Relay) func() { r.Pause(); return r.Continue },
		"the connection": func(_ *exotest.Redis, relay *exotest.Relay) func() { relay.Mute(); return relay.Sound },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redis := exotest.NewRedis(t)
			relay := exotest.NewRelay(t, redis.Addr())
			c := connected(t, relay.Through(redis.URL()), newInstall())
			db := cachetest.NewDatabase()
			n := newNode(t, db, cache.Options{Remote: c.Remote(), Bell: c.Bell()}, nil)
			mend := fault(redis, relay)
			var count atomic.Int64
			read := func() time.Duration {
				key := fmt.Sprint("k", count.Add(1))
				db.Write(key, "one", "word:"+key)
				begun := time.Now()
				n.expect(t, "a reader", key, "one", cache.Loaded)
				return time.Since(begun)
			}
			var took []time.Duration
			for begun := time.Now(); time.Since(begun) < 5*time.Second; time.Sleep(10 * time.Millisecond) {
				took = append(took, read())
			}
			slow := 0
			for _, d := range took {
				if d > 15*time.Millisecond {
					slow++
				}
			}
			if half := middle(took); half > 5*time.Millisecond || slow > len(took)/10 {
				t.Errorf("of %d reads %d waited, and half took %v or more; want some 5, and next to nothing", len(took), slow, half)
			}
			if s := n.Stats().Remote; !s.Resting || s.Calls > 40 {
				t.Errorf("Redis was asked %d times, resting %v, want some 5 times and then once a second", s.Calls, s.Resting)
			}
			mend()
			eventually(t, "Redis is used again", func() bool { read(); return !n.Stats().Remote.Resting })
		})
	}
}
