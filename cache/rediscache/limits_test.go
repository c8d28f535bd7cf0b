package rediscache_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/exodrive/exodrive/cache/rediscache"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/httpx"
)

var _ httpx.Buckets = (*rediscache.Limits)(nil)

// take takes one call, as often as it takes to be answered: this machine may be
// too busy for a limit's 20 ms. A call that was answered too late has counted.
func take(t *testing.T, l *rediscache.Limits, caller string, each, whole time.Duration) (until time.Duration, ok bool) {
	t.Helper()
	eventually(t, "the limit answers", func() bool {
		var err error
		until, ok, err = l.Take(t.Context(), "bookings", caller, each, whole)
		return err == nil
	})
	return until, ok
}

// Somebody who may book ten times an hour may do so on all nodes together; insisting
// does not prolong his wait, and others do not wait with him.
//
// Red when: a refused call is written; or the nodes have buckets of their own.
func TestLimitsAreTheFleets(t *testing.T) {
	t.Parallel()
	redis, install := exotest.NewRedis(t), newInstall()
	nodes := []*rediscache.Limits{connected(t, redis.URL(), install).Limits(), connected(t, redis.URL(), install).Limits()}
	const each, whole = 6 * time.Minute, time.Hour
	begun, caller, calls := time.Now(), "", 0
	for try := 0; calls < 10 && try < 20; try++ {
		// Redis may have counted a call whose answer came too late: then with somebody else.
		begun, caller, calls = time.Now(), fmt.Sprint("203.0.113.", try), 0
		for err := error(nil); err == nil && calls < 10; calls++ {
			var until time.Duration
			var ok bool
			if until, ok, err = nodes[calls%2].Take(t.Context(), "bookings", caller, each, whole); err != nil {
				break
			}
			// It grows back as time goes by, here some milliseconds.
			if want := time.Duration(calls+1) * each; !ok || until > want || until < want-time.Since(begun)-time.Second {
				t.Errorf("call %d: %v, %v until full, want some %v", calls+1, ok, until, want)
			}
		}
	}
	first, ok := take(t, nodes[0], caller, each, whole)
	if ok || first > whole || first < whole-time.Since(begun)-time.Second {
		t.Errorf("call 11: %v, %v until full, want a refusal and some %v", ok, first, whole)
	}
	for range 20 {
		if until, ok := take(t, nodes[1], caller, each, whole); ok || until > first {
			t.Errorf("insisting: %v, %v until full after %v", ok, until, first)
		}
	}
	if _, ok := take(t, nodes[1], "203.0.113.99", each, whole); !ok {
		t.Error("another caller is refused")
	}
}

// A call grows back after its time, and a bucket that is full leaves nothing behind.
//
// Red when: times are taken in seconds; or the key has no end.
func TestLimitsGrowBack(t *testing.T) {
	t.Parallel()
	redis := exotest.NewRedis(t)
	l := connected(t, redis.URL(), newInstall()).Limits()
	const each = 300 * time.Millisecond
	for i, want := range []bool{true, true, false} {
		if _, ok := take(t, l, "c", each, 2*each); ok != want && i < 2 {
			t.Errorf("call %d: %v, want %v", i+1, ok, want)
		}
	}
	// It does so steadily, and not from second to second.
	take(t, l, "steady", time.Hour, time.Hour)
	for range 3 {
		begun := time.Now()
		before, _ := take(t, l, "steady", time.Hour, time.Hour)
		time.Sleep(100 * time.Millisecond)
		after, _ := take(t, l, "steady", time.Hour, time.Hour)
		if less := before - after; less < 90*time.Millisecond || less > time.Since(begun)+10*time.Millisecond {
			t.Errorf("in %v the bucket has filled by %v", time.Since(begun), less)
		}
	}
	redis.Do("DEL", longest(redis))
	eventually(t, "a call has grown back", func() bool { _, ok := take(t, l, "c", each, 2*each); return ok })
	eventually(t, "the bucket is full and forgotten", func() bool { return redis.Do("DBSIZE") == int64(0) })
}

// longest is the key that lives longest.
func longest(redis *exotest.Redis) (key string) {
	keys, _ := redis.Do("KEYS", "*").([]any)
	var most int64
	for _, k := range keys {
		if ttl, _ := redis.Do("PTTL", fmt.Sprint(k)).(int64); ttl > most {
			key, most = fmt.Sprint(k), ttl
		}
	}
	return key
}

// A clock of Redis that was set back, or a policy that became stricter, locks nobody
// out for longer than an empty bucket does.
//
// Red when: a time beyond that of an empty bucket is believed.
func TestLimitsHeal(t *testing.T) {
	t.Parallel()
	redis := exotest.NewRedis(t)
	l := connected(t, redis.URL(), newInstall()).Limits()
	take(t, l, "c", time.Second, time.Hour)
	keys, _ := redis.Do("KEYS", "*").([]any)
	for _, value := range []string{fmt.Sprint(time.Now().Add(1000 * time.Hour).UnixMicro()), "nonsense"} {
		redis.Do("SET", fmt.Sprint(keys[0]), value)
		if until, _ := take(t, l, "c", time.Second, time.Minute); until > time.Minute {
			t.Errorf("%s: %v until full, want a minute at most", value, until)
		}
	}
	// Whoever has used up a slower policy waits for a call of this one, and no longer.
	redis.Do("SET", fmt.Sprint(keys[0]), fmt.Sprint(time.Now().Add(1000*time.Hour).UnixMicro()))
	take(t, l, "c", 100*time.Millisecond, time.Minute)
	eventually(t, "a call grows back", func() bool {
		_, ok := take(t, l, "c", 100*time.Millisecond, time.Minute)
		return ok
	})
}

// Who looks into Redis does not read there who has called.
//
// Red when: the caller is part of the key.
func TestLimitsHideCallers(t *testing.T) {
	t.Parallel()
	redis := exotest.NewRedis(t)
	take(t, connected(t, redis.URL(), newInstall()).Limits(), "203.0.113.7", time.Minute, time.Hour)
	keys, _ := redis.Do("KEYS", "*").([]any)
	if len(keys) != 1 || strings.Contains(fmt.Sprint(keys), "203") || len(fmt.Sprint(keys[0])) > 100 {
		t.Errorf("the keys are %v, want one without the caller", keys)
	}
	if ttl, _ := redis.Do("PTTL", fmt.Sprint(keys[0])).(int64); ttl <= 0 || ttl > time.Minute.Milliseconds() {
		t.Errorf("it ends in %d ms, want within the minute until it is full", ttl)
	}
}

// While Redis does not answer, limits soon cost a caller nothing; when it does, they
// count again.
//
// Red when: the breaker does not open; or a call in its shade waits; or nobody closes
// it.
func TestLimitsWithoutRedis(t *testing.T) {
	t.Parallel()
	redis := exotest.NewRedis(t)
	c := connected(t, redis.URL(), newInstall())
	l := c.Limits()
	take(t, l, "c", time.Millisecond, time.Hour)
	redis.Pause()
	slow, resting := 0, 0
	for range 200 {
		begun := time.Now()
		_, _, err := l.Take(t.Context(), "p", "c", time.Millisecond, time.Hour)
		if err == nil {
			t.Fatal("a stopped server answers")
		}
		if errors.Is(err, rediscache.ErrResting) {
			resting++
		}
		if time.Since(begun) > 10*time.Millisecond {
			slow++
		}
	}
	if slow > 15 || resting < 185 {
		t.Errorf("%d of 200 calls took time and %d found the breaker open, want some 5 and the rest", slow, resting)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := c.Asked().Add(ctx, map[string]float64{"a": 1}); !errors.Is(err, rediscache.ErrResting) {
		t.Errorf("a count beside an open breaker: %v", err)
	}
	redis.Continue()
	take(t, l, "c", time.Millisecond, time.Hour)
}
