package app

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/exodrive/exodrive/api"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/rediscache"
	"github.com/exodrive/exodrive/rental"
	"github.com/exodrive/exodrive/sqlstore"
)

// openRedis begins to connect to the configured Redis; nil is doing without. A
// Redis that does not answer is no error: the nodes go on with what the database
// gives them, and take it up when it appears.
func openRedis(ctx context.Context, c Config, store *sqlstore.Store, log *slog.Logger) (*rediscache.Client, error) {
	if c.RedisURL == "" {
		return nil, nil
	}
	if store.Embedded() {
		log.Warn("REDIS_URL is not used: the processes on one SQLite file have nothing to share that the file does not give them")
		return nil, nil
	}
	install, err := store.Install(ctx)
	if err != nil {
		return nil, err
	}
	return rediscache.Open(rediscache.Options{URL: c.RedisURL, Install: install, Log: log})
}

// withRedis lets the nodes share entries and rings. Behind the fast bell stays the
// database's, for while Redis is gone.
func withRedis(o *cache.Options, redis *rediscache.Client, traced bool) {
	o.Remote = redis.Remote()
	if traced {
		o.Remote = tracedRemote{o.Remote}
	}
	if o.Bell == nil {
		o.Bell = redis.Bell()
	} else {
		o.Bell = cache.Bells(redis.Bell(), o.Bell)
	}
}

// askedOf is where the nodes count together what is asked most; nil without Redis.
func askedOf(redis *rediscache.Client) rental.Asked {
	if redis == nil {
		return nil // and not a nil that is one of something
	}
	return redis.Asked()
}

// connectedTo is closed when Redis has been reached; nil without Redis.
func connectedTo(redis *rediscache.Client) <-chan struct{} {
	if redis == nil {
		return nil
	}
	return redis.Connected()
}

// redisFigures asks Redis about itself, for operators.
func redisFigures(redis *rediscache.Client) func(context.Context) api.RedisFigures {
	return func(ctx context.Context) api.RedisFigures {
		ctx, cancel := context.WithTimeout(ctx, infoLimit)
		defer cancel()
		info, err := redis.Info(ctx)
		if err != nil {
			return api.RedisFigures{}
		}
		f := api.RedisFigures{Up: true, Version: info.Version, Eviction: info.Policy}
		if info.UsedMemory >= 0 {
			f.MemoryBytes = &info.UsedMemory
		}
		if info.MaxMemory >= 0 {
			f.MaxMemoryBytes = &info.MaxMemory
		}
		return f
	}
}

// infoLimit is how long a scrape waits for what Redis tells of itself.
const infoLimit = 200 * time.Millisecond

// redisMetrics shows what Redis tells of itself, asked at every scrape. What it does
// not tell, as where INFO is forbidden, is left out. It is a prometheus.Collector.
type redisMetrics struct{ redis *rediscache.Client }

var (
	redisUp     = prometheus.NewDesc("exodrive_redis_up", "1 while Redis answers.", nil, nil)
	redisTook   = prometheus.NewDesc("exodrive_redis_info_seconds", "Time that Redis took to tell of itself, or in which it did not.", nil, nil)
	redisMemory = []struct {
		desc  *prometheus.Desc
		value func(rediscache.Info) int64
	}{
		{prometheus.NewDesc("exodrive_redis_memory_bytes", "Memory that Redis uses.", nil, nil), func(i rediscache.Info) int64 { return i.UsedMemory }},
		{prometheus.NewDesc("exodrive_redis_max_memory_bytes", "Memory that Redis may use; 0 is no limit.", nil, nil), func(i rediscache.Info) int64 { return i.MaxMemory }},
		{prometheus.NewDesc("exodrive_redis_clients", "Connections to Redis, of anybody.", nil, nil), func(i rediscache.Info) int64 { return i.Clients }},
	}
)

// Describe implements prometheus.Collector.
func (m redisMetrics) Describe(to chan<- *prometheus.Desc) {
	to <- redisUp
	to <- redisTook
	for _, f := range redisMemory {
		to <- f.desc
	}
}

// Collect implements prometheus.Collector.
func (m redisMetrics) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), infoLimit)
	defer cancel()
	begun := time.Now()
	info, err := m.redis.Info(ctx)
	to <- prometheus.MustNewConstMetric(redisTook, prometheus.GaugeValue, time.Since(begun).Seconds())
	to <- prometheus.MustNewConstMetric(redisUp, prometheus.GaugeValue, zeroOrOne(err == nil))
	if err != nil {
		return
	}
	for _, f := range redisMemory {
		if v := f.value(info); v >= 0 {
			to <- prometheus.MustNewConstMetric(f.desc, prometheus.GaugeValue, float64(v))
		}
	}
}
