package rediscache_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/rediscache"
	"github.com/exodrive/exodrive/exotest"
)

const (
	// deadline is what the callers of these tests give a call.
	deadline = 50 * time.Millisecond
	// slack is what a busy machine may add to it; a call that waits for anything but
	// its deadline takes seconds.
	slack = 600 * time.Millisecond
)

// calls are all calls of a client, each with a deadline.
func calls(c *rediscache.Client) map[string]func(ctx context.Context) error {
	key := cache.Key{Shape: "s", Text: "k"}
	return map[string]func(ctx context.Context) error{
		"take": func(ctx context.Context) error {
			_, err := c.Remote().Take(ctx, cache.Wanted{Key: key, Epoch: 1, Token: "t", Lease: time.Second})
			return err
		},
		"fill": func(ctx context.Context) error {
			return c.Remote().Fill(ctx, key, "t", cache.Stored{Epoch: 1, Stamp: 1, Bytes: []byte("x"), Life: time.Minute})
		},
		"release": func(ctx context.Context) error { return c.Remote().Release(ctx, key, "t", cache.Alone) },
		"ping":    func(ctx context.Context) error { return c.Remote().Ping(ctx) },
		"ring":    func(ctx context.Context) error { return c.Bell().Ring(ctx, cache.News{}) },
		"limit": func(ctx context.Context) error {
			_, _, err := c.Limits().Take(ctx, "p", "c", time.Millisecond, time.Minute)
			return err
		},
		"count": func(ctx context.Context) error { return c.Asked().Add(ctx, map[string]float64{"a": 1}) },
		"top": func(ctx context.Context) error {
			_, err := c.Asked().Top(ctx, 1)
			return err
		},
		"info": func(ctx context.Context) error {
			_, err := c.Info(ctx)
			return err
		},
	}
}

// allFail runs every call some times at once, and expects them to fail in time.
func allFail(t *testing.T, what string, c *rediscache.Client, times int) {
	t.Helper()
	var all sync.WaitGroup
	for name, call := range calls(c) {
		for range times {
			all.Go(func() {
				ctx, cancel := context.WithTimeout(context.Background(), deadline)
				defer cancel()
				begun := time.Now()
				err := call(ctx)
				if took := time.Since(begun); err == nil || took > deadline+slack {
					t.Errorf("%s: %s ended after %v with %v, want an error within %v", what, name, took, err, deadline)
				}
			})
		}
	}
	all.Wait()
}

// allWork expects every call to succeed, sooner or later: a breaker may be open yet.
func allWork(t *testing.T, what string, c *rediscache.Client) {
	t.Helper()
	for name, call := range calls(c) {
		eventually(t, what+": "+name+" works", func() bool {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			return call(ctx) == nil
		})
	}
}

// Whatever has happened to Redis, a call costs its caller no more than he is ready
// to wait, and when Redis is back, it works again without anybody's help.
//
// Red when: call waits for the library instead of the context; or it has no
// goroutine of its own; or a lost connection is not made again.
func TestEveryCallEndsInTime(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(r *exotest.Redis, relay *exotest.Relay) (mend func()){
		"refused": func(_ *exotest.Redis, relay *exotest.Relay) func() { relay.Refuse(); return relay.Accept },
		"no byte passes": func(_ *exotest.Redis, relay *exotest.Relay) func() {
			relay.Mute()
			return relay.Sound
		},
		"the process stands still": func(r *exotest.Redis, _ *exotest.Relay) func() { r.Pause(); return r.Continue },
		"killed":                   func(r *exotest.Redis, _ *exotest.Relay) func() { r.Kill(); return r.Start },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redis := exotest.NewRedis(t)
			relay := exotest.NewRelay(t, redis.Addr())
			c := connected(t, relay.Through(redis.URL()), newInstall())
			allWork(t, "before", c)
			mend := fault(redis, relay)
			allFail(t, "at once", c, 5)
			time.Sleep(2500 * time.Millisecond) // the connections are given up, and new ones tried
			// Somebody who has time makes a new connection; the others must not wait with him.
			unhurried, stop := context.WithTimeout(context.Background(), patience)
			var one sync.WaitGroup
			one.Go(func() { _, _ = c.Info(unhurried) })
			time.Sleep(10 * time.Millisecond)
			allFail(t, "later", c, 300) // more than the library's queue takes
			stop()
			one.Wait()
			mend()
			allWork(t, "afterwards", c)
		})
	}
}

// Who closes a client does not wait long for a server that does not answer, and
// calls fail from then on.
//
// Red when: Close waits for what only an answer ends.
func TestCloseBesideASilentServer(t *testing.T) {
	t.Parallel()
	redis := exotest.NewRedis(t)
	c := connected(t, redis.URL(), newInstall())
	redis.Pause()
	defer redis.Continue()
	allFail(t, "paused", c, 2)
	begun := time.Now()
	c.Close()
	c.Close()
	if took := time.Since(begun); took > 8*time.Second {
		t.Errorf("closing took %v", took)
	}
	allFail(t, "closed", c, 1)
}

// A program that starts before its Redis runs without it, says so once, and takes
// it up when it appears.
//
// Red when: Open waits for Redis; or connect gives up, or warns each time.
func TestRedisAppearsLater(t *testing.T) {
	t.Parallel()
	redis := exotest.NewRedis(t)
	redis.Kill()
	log := &lines{}
	begun := time.Now()
	c, err := rediscache.Open(rediscache.Options{URL: strings.Replace(redis.URL(), "//", "//:s3cret@", 1), Install: newInstall(), Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if took := time.Since(begun); took > slack {
		t.Errorf("opening took %v", took)
	}
	e := hear(t, c)
	time.Sleep(time.Second)
	allFail(t, "before it appears", c, 1)
	if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "level=WARN") || strings.Contains(text, "s3cret") {
		t.Errorf("logged:\n%s\nwant one warning", text)
	}
	redis.Start()
	redis.Do("CONFIG", "SET", "requirepass", "s3cret")
	allWork(t, "after it has appeared", c)
	if text := log.String(); strings.Count(text, "\n") != 2 || !strings.Contains(text, "level=INFO") {
		t.Errorf("logged:\n%s\nwant one more line", text)
	}
	e.await(t, "the subscription")
}

// lines is a log for many goroutines.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Who gives up while Redis does not answer leaves no lease behind that the others
// wait for: what he asked is answered later, when nobody is there to load.
//
// Red when: call forgets the answer of a Take whose caller is gone.
func TestNoLeaseForNobody(t *testing.T) {
	t.Parallel()
	redis := exotest.NewRedis(t)
	remote := connected(t, redis.URL(), newInstall()).Remote()
	for name, stop := range map[string]func() (resume func()){
		"everything": func() func() { redis.Pause(); return redis.Continue },
		// The entry is looked for, but the script that gives leases waits.
		"scripts": func() func() {
			redis.Do("CLIENT", "PAUSE", "60000", "WRITE")
			return func() { redis.Do("CLIENT", "UNPAUSE") }
		},
	} {
		key := cache.Key{Shape: "s", Text: name}
		resume := stop()
		ctx, cancel := context.WithTimeout(t.Context(), deadline)
		if got, err := remote.Take(ctx, cache.Wanted{Key: key, Epoch: 1, Token: "gone", Lease: time.Hour}); err == nil {
			t.Errorf("%s: a server that was stopped answers %d", name, got.Outcome)
		}
		cancel()
		resume()
		eventually(t, name+": the next who asks has the lease", func() bool {
			got, err := remote.Take(t.Context(), cache.Wanted{Key: key, Epoch: 1, Token: "next", Lease: time.Hour})
			return err == nil && got.Outcome == cache.Leased
		})
	}
}

// A Redis that is full and evicts nothing still serves what it has, and whoever
// finds nothing loads by himself, at once and without an error.
//
// Red when: takeScript fails where it cannot write a lease.
func TestFullRedis(t *testing.T) {
	t.Parallel()
	redis := exotest.NewRedis(t, "--maxmemory-policy", "noeviction")
	remote := connected(t, redis.URL(), newInstall()).Remote()
	key := cache.Key{Shape: "s", Text: "kept"}
	if err := remote.Fill(t.Context(), key, "", cache.Stored{Epoch: 1, Stamp: 1, Bytes: []byte("x"), Life: time.Minute}); err != nil {
		t.Fatal(err)
	}
	redis.Do("CONFIG", "SET", "maxmemory", "1")
	for text, outcome := range map[string]cache.Outcome{"kept": cache.Found, "missing": cache.Alone} {
		got, err := remote.Take(t.Context(), cache.Wanted{Key: cache.Key{Shape: "s", Text: text}, Epoch: 1, Token: "t", Lease: time.Minute})
		if err != nil || got.Outcome != outcome {
			t.Errorf("%s: outcome %d, %v, want %d", text, got.Outcome, err, outcome)
		}
	}
}

// A value of another type at one of our keys is a miss like any other that is not
// ours, and is replaced; nobody goes without Redis because of it.
//
// Red when: an answer of WRONGTYPE counts as a failure; or a script ends over one.
func TestValuesOfOtherTypes(t *testing.T) {
	t.Parallel()
	redis := exotest.NewRedis(t)
	c := connected(t, redis.URL(), newInstall())
	remote := c.Remote()
	foreign := [][]string{{"RPUSH", "", "x"}, {"HSET", "", "a", "b"}, {"SADD", "", "x"}, {"ZADD", "", "1", "x"}, {"XADD", "", "*", "a", "b"}}
	for i, command := range foreign {
		key := cache.Key{Shape: "s", Text: command[0]}
		want := cache.Wanted{Key: key, Epoch: 1, Token: "t", Lease: time.Minute}
		put := func() {
			for _, name := range c.KeysOf(key) {
				redis.Do("DEL", name)
				redis.Do(append([]string{command[0], name}, command[2:]...)...)
			}
		}
		put()
		if got, err := remote.Take(t.Context(), want); err != nil || got.Outcome != cache.Leased {
			t.Errorf("%s: outcome %d, %v, want a lease", command[0], got.Outcome, err)
		}
		put()
		if err := remote.Release(t.Context(), key, "t", cache.Alone); err != nil {
			t.Errorf("%s: release: %v", command[0], err)
		}
		if err := remote.Fill(t.Context(), key, "t", cache.Stored{Epoch: 1, Stamp: 1, Bytes: fmt.Append(nil, i), Life: time.Minute}); err != nil {
			t.Errorf("%s: fill: %v", command[0], err)
		}
		if got, err := remote.Take(t.Context(), want); err != nil || got.Outcome != cache.Found || string(got.Bytes) != fmt.Sprint(i) {
			t.Errorf("%s: outcome %d with %q, %v after it was filled", command[0], got.Outcome, got.Bytes, err)
		}
	}
}

// Nodes of a Cluster that send each other's callers back and forth have a call for a
// moment, not for ever: else they would keep a place of all calls each, and Close.
//
// Red when: redirects are followed without a bound.
func TestLyingCluster(t *testing.T) {
	t.Parallel()
	cluster := exotest.NewRedisCluster(t, 2)
	c := connected(t, cluster.URL(), newInstall())
	a, b := cluster.Nodes[0], cluster.Nodes[1]
	slot := fmt.Sprint(a.Do("CLUSTER", "KEYSLOT", c.KeysOf(cache.Key{Shape: "s", Text: "k"})[0]))
	ofA, ofB := fmt.Sprint(a.Do("CLUSTER", "MYID")), fmt.Sprint(b.Do("CLUSTER", "MYID"))
	a.Do("CLUSTER", "SETSLOT", slot, "NODE", ofB)
	b.Do("CLUSTER", "SETSLOT", slot, "NODE", ofA)
	t.Cleanup(func() { b.Do("CLUSTER", "SETSLOT", slot, "NODE", ofB) })
	for name, call := range calls(c) {
		if name != "take" && name != "fill" && name != "release" {
			continue
		}
		ctx, cancel := context.WithTimeout(t.Context(), deadline)
		if err := call(ctx); err == nil {
			t.Errorf("%s succeeds with nodes that both have not the slot", name)
		}
		cancel()
	}
	eventually(t, "no call is under way", func() bool { return c.UnderWay() == 0 })
}

// What somebody else has put at our keys is a miss, and is replaced.
//
// Red when: an entry's head is not checked; or a script fails over it.
func TestP11StrangeValues(t *testing.T) {
	t.Parallel()
	redis := exotest.NewRedis(t)
	c := connected(t, redis.URL(), newInstall())
	for text, value := range map[string]string{
		"empty": "", "short": "0001", "no end": "00000000000000000001" + "00000000000000000009" + "bytes", "no digits": strings.Repeat("x", 60),
		"half a number": "00000000000000000001" + "0000000009x000000000" + "bytes", "minus": "00000000000000000001" + "-0000000000000000001" + "bytes",
	} {
		key := cache.Key{Shape: "s", Text: text}
		args := []string{"SET", c.KeysOf(key)[0], value}
		if text != "no end" {
			args = append(args, "PX", "60000")
		}
		redis.Do(args...)
		want := cache.Wanted{Key: key, Epoch: 1, Token: "t", Lease: time.Minute}
		if got, err := c.Remote().Take(t.Context(), want); err != nil || got.Outcome != cache.Leased {
			t.Errorf("%s: outcome %d, %v, want a lease", text, got.Outcome, err)
		}
		if err := c.Remote().Fill(t.Context(), key, "t", cache.Stored{Epoch: 1, Stamp: 1, Bytes: []byte("ours"), Life: time.Minute}); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if got, err := c.Remote().Take(t.Context(), want); err != nil || got.Outcome != cache.Found || string(got.Bytes) != "ours" {
			t.Errorf("%s: outcome %d with %q, %v after it was filled", text, got.Outcome, got.Bytes, err)
		}
	}
}
