package doctor_test

import (
	"net"
	"strings"
	"testing"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/doctor"
	"github.com/exodrive/exodrive/exotest"
)

// A Redis is told apart by its limits: without any, with the wrong policy, and full.
func TestRedisMemory(t *testing.T) {
	t.Parallel()
	redis := exotest.NewRedis(t)
	p := bare(t)
	p.connect(redis.URL())
	p.says(doctor.Warn, "redis memory", "without a limit", "Set maxmemory")
	redis.Do("CONFIG", "SET", "maxmemory", "40mb")
	p.says(doctor.Warn, "redis memory", "noeviction", "allkeys-lfu")
	redis.Do("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu")
	p.fine()
	redis.Do("SET", "exo:large", strings.Repeat("x", 4<<20))
	redis.Do("CONFIG", "SET", "maxmemory-policy", "noeviction")
	redis.Do("CONFIG", "SET", "maxmemory", "5mb")
	p.says(doctor.Fail, "redis memory", "refuses writes", "allkeys-lfu")
}

// A Redis that has hardly a connection left is told.
func TestRedisConnections(t *testing.T) {
	t.Parallel()
	redis := exotest.NewRedis(t, "--maxclients", "20", "--maxmemory", "40mb", "--maxmemory-policy", "allkeys-lfu")
	p := bare(t)
	p.connect(redis.URL())
	p.fine()
	for range 17 {
		c, err := net.Dial("tcp", redis.Addr())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
	}
	p.eventually("they are counted", func() bool { return doctor.Worst(p.examine()) != doctor.OK })
	if info := lines(p.examine()); !strings.Contains(info, "of 20") {
		t.Skip("this Redis does not tell how many connections it takes")
	}
	p.says(doctor.Warn, "redis connections", "of 20", "maxclients")
}

// A Redis that is gone, or never was there, is a fault within five seconds; the node does without it meanwhile.
func TestRedisGone(t *testing.T) {
	t.Parallel()
	redis := exotest.NewRedis(t, "--maxmemory", "40mb", "--maxmemory-policy", "allkeys-lfu")
	p := newPatient(t, anyDatabase(t))
	p.connect(redis.URL())
	p.serve(func(o *cache.Options) { o.Remote = p.Redis.Remote() })
	cars := p.cars()
	p.visit(cars[:3]...)
	p.says(doctor.OK, "redis breaker", "uses Redis")
	redis.Pause()
	p.visit(cars[3:20]...)
	p.eventually("the node does without it", func() bool { return p.Cache().Remote.Resting })
	p.says(doctor.Fail, "redis", "no answer", "REDIS_URL")
	redis.Continue()
	p.eventually("it is used again", func() bool {
		p.visit(cars...) // somebody has to ask for it
		if err := p.service.ClearCache(t.Context(), admin, "car:*"); err != nil {
			t.Fatal(err)
		}
		return !p.Cache().Remote.Resting
	})
	p.fine("redis", "redis memory")
	redis.Kill()
	p.says(doctor.Fail, "redis", "no answer")
	never := bare(t)
	never.connect("redis://127.0.0.1:1")
	never.says(doctor.Fail, "redis", "no answer")
}

// A Redis that lets nobody in is told apart from one that is gone: by its password is
// wrong or missing.
//
// Red when: a refusal counts as no answer.
func TestRedisRefuses(t *testing.T) {
	t.Parallel()
	locked := exotest.NewRedis(t)
	locked.Do("CONFIG", "SET", "requirepass", "secret")
	for url, says := range map[string]string{
		"redis://:wrong@" + locked.Addr(): "refused the user or the password",
		"redis://" + locked.Addr():        "wants a password",
	} {
		p := bare(t)
		p.connect(url)
		p.says(doctor.Fail, "redis", "refused", says, "REDIS_URL")
	}
	p := bare(t)
	p.connect("redis://127.0.0.1:1")
	p.says(doctor.Fail, "redis", "no answer", "connection refused")
}
