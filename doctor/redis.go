package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/rediscache"
)

func hasRedis(p *Parts) bool { return p.Redis != nil }

// lookAtRedis asks Redis about itself, and the node how it gets on with it.
func lookAtRedis(ctx context.Context, p *Parts) ([]Finding, error) {
	info, took, err := askRedis(ctx, p.Redis)
	if err != nil {
		return []Finding{judgeNoRedis(cmp.Or(p.Redis.Fault(), err))}, nil
	}
	found := []Finding{judgeLatency(took, p.Limits), judgeRedisMemory(info), judgeClients(info)}
	if p.Cache != nil {
		found = append(found, judgeBreaker(p.Cache().Remote))
	}
	return found, nil
}

// judgeNoRedis says why Redis is not used.
func judgeNoRedis(err error) Finding {
	const meanwhile = " Answers are as right as before, but each node loads by itself, and limits count per node."
	if sentence, refused := rediscache.Refusal(err); refused {
		return Finding{"redis", Fail, "refused", sentence + " (" + err.Error() + ")." + meanwhile,
			"Put the user and the password of Redis into REDIS_URL, as redis://user:password@host:6379/0, or into the file of REDIS_URL_FILE, and start again."}
	}
	return Finding{"redis", Fail, "no answer", "REDIS_URL is set and nothing answers there (" + err.Error() + ")." + meanwhile,
		"Look at Redis, its connection limit and the network to it; it is taken up again by itself."}
}

// askRedis waits for the first connection, which a client that was just opened does
// not have yet. The time is that of the quickest of some calls: that of the network.
func askRedis(ctx context.Context, redis *rediscache.Client) (info rediscache.Info, took time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, redisPatience)
	defer cancel()
	const calls = 5
	for n := 0; n < calls; {
		begun := time.Now()
		info, err = redis.Info(ctx)
		switch {
		case errors.Is(err, rediscache.ErrNotConnected) && ctx.Err() == nil:
			select {
			case <-time.After(redisPause):
			case <-ctx.Done():
			}
			continue
		case err != nil:
			return info, 0, err
		}
		if one := time.Since(begun); n == 0 || one < took {
			took = one
		}
		n++
	}
	return info, took, nil
}

const (
	redisPatience = 2 * time.Second
	redisPause    = 20 * time.Millisecond
)

func judgeLatency(took time.Duration, l Limits) Finding {
	f := Finding{"redis latency", OK, short(took), "Redis is near.", ""}
	if took > l.RedisCall {
		f.Level, f.Meaning = Warn, "A call that takes more than 20 ms is given up, so Redis is of little use from here."
		f.Advice = "Put Redis into the same network as the nodes, and look at what slows it (SLOWLOG GET)."
	}
	return f
}

func judgeRedisMemory(i rediscache.Info) Finding {
	f := Finding{"redis memory", OK, "not told", "Redis does not tell of its memory.", ""}
	if i.UsedMemory < 0 || i.MaxMemory < 0 {
		return f
	}
	f.Meaning = "There is room, and what is asked least leaves first."
	f.Figure = fmt.Sprintf("%s without a limit, %s", bytes(i.UsedMemory), i.Policy)
	if i.MaxMemory > 0 {
		f.Figure = fmt.Sprintf("%s of %s, %s, %d evicted", bytes(i.UsedMemory), bytes(i.MaxMemory), i.Policy, max(0, i.Evicted))
	}
	full := i.MaxMemory > 0 && float64(i.UsedMemory) >= fullShare*float64(i.MaxMemory)
	switch {
	case i.MaxMemory == 0:
		f.Level, f.Meaning = Warn, "Redis takes memory until the machine has none."
		f.Advice = "Set maxmemory, and maxmemory-policy allkeys-lfu."
	case i.Policy == "noeviction" && full:
		f.Level, f.Meaning = Fail, "Redis is full and refuses writes: nodes share nothing new."
		f.Advice = "Set maxmemory-policy allkeys-lfu (CONFIG SET maxmemory-policy allkeys-lfu, and in redis.conf)."
	case i.Policy == "noeviction":
		f.Level, f.Meaning = Warn, "When it is full, Redis will refuse writes instead of forgetting what is asked least."
		f.Advice = "Set maxmemory-policy allkeys-lfu."
	case full:
		f.Meaning = "It is full of what is asked most, as a cache should be."
	}
	return f
}

func judgeClients(i rediscache.Info) Finding {
	f := Finding{"redis connections", OK, fmt.Sprintf("%d of %s, %d refused", i.Clients, orUnknown(i.MaxClients), max(0, i.Rejected)), "There are connections enough.", ""}
	if i.Clients < 0 {
		f.Figure = "not told"
	}
	switch {
	case i.MaxClients > 0 && float64(i.Clients) >= fullShare*float64(i.MaxClients):
		f.Level, f.Meaning = Warn, "Nearly all connections are taken; the next node that starts gets none."
	case i.Rejected > 0:
		f.Level, f.Meaning = Warn, "Redis has refused connections since it started."
	}
	if f.Level == Warn {
		f.Advice = "Look at who holds them (CLIENT LIST), then raise maxclients."
	}
	return f
}

func orUnknown(n int64) string {
	if n < 0 {
		return "unknown"
	}
	return fmt.Sprint(n)
}

func judgeBreaker(r *cache.RemoteStats) Finding {
	f := Finding{"redis breaker", OK, "not used", "The cache does not use Redis.", ""}
	if r == nil {
		return f
	}
	f.Figure = fmt.Sprintf("%d calls of %s, %d failed, %d left out", r.Calls, short(r.Took/time.Duration(max(1, r.Calls))), r.Failures, r.Refused)
	f.Meaning = "The node uses Redis."
	switch {
	case r.Resting:
		f.Level, f.Meaning = Warn, "Calls failed or took more than 20 ms five times on end, so the node does without Redis until it answers again."
		f.Advice = "Look at Redis and the network to it."
	case r.Calls > fewCalls && float64(r.Failures) > failedShare*float64(r.Calls):
		f.Level, f.Meaning = Warn, "Many calls fail or take more than 20 ms."
		f.Advice = "Look at the latency of Redis and at what else it does (SLOWLOG GET)."
	}
	return f
}

// Failures are worth a word from this share on, of more than a few calls.
const (
	fewCalls    = 200
	failedShare = 0.02
)
