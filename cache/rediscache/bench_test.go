package rediscache_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/cachetest"
	"github.com/exodrive/exodrive/exotest"
)

// BenchmarkHit compares, turn by turn in one run, a GET of some bytes through the
// bare client library with a Take of the same bytes, and with a read of a node that
// has them in its second level only. The ratios are of the medians.
//
//	go test ./cache/rediscache -run=^$ -bench=Hit -benchtime=5000x
func BenchmarkHit(b *testing.B) {
	redis := exotest.NewRedis(b)
	for _, size := range []int{1 << 10, 10 << 10, 100 << 10} {
		b.Run(fmt.Sprintf("%dkB", size>>10), func(b *testing.B) { benchmarkHit(b, redis, size) })
	}
}

func benchmarkHit(b *testing.B, redis *exotest.Redis, size int) {
	ctx, install := b.Context(), newInstall()
	option := rueidis.ClientOption{InitAddress: []string{redis.Addr()}, ForceSingleClient: true, DisableCache: true, DisableRetry: true}
	bare, err := rueidis.NewClient(option)
	if err != nil {
		b.Fatal(err)
	}
	defer bare.Close()
	remote := connected(b, redis.URL(), install).Remote()
	db := cachetest.NewDatabase()
	text := strings.Repeat("k", size)
	keys := []string{"a", "b"}
	for _, key := range keys {
		db.Write(key, text, "word:"+key)
	}
	filler := newNode(b, db, cache.Options{Remote: remote}, nil)
	// Two keys that do not both fit: each read of the one makes the other leave.
	reader := newNode(b, db, cache.Options{Remote: remote, Bytes: 1}, nil)
	for _, key := range keys {
		if _, err := filler.words.Read(ctx, key); err != nil {
			b.Fatal(err)
		}
	}
	raw := "exo:" + install + ":" + cache.ShapeOf[string]() + ":{word:a}:e"
	eventually(b, "the entry is in Redis", func() bool { return redis.Do("EXISTS", raw) == int64(1) })
	want := cache.Wanted{Key: cache.Key{Shape: cache.ShapeOf[string](), Text: "word:a"}, Epoch: 1, Token: "t", Lease: time.Second}
	var took [3][]time.Duration
	timed := func(i int, do func() error) {
		begun := time.Now()
		if err := do(); err != nil {
			b.Fatal(err)
		}
		took[i] = append(took[i], time.Since(begun))
	}
	far := 0
	for b.Loop() {
		timed(0, func() error {
			got, err := bare.Do(ctx, bare.B().Get().Key(raw).Build()).AsBytes()
			if err == nil && len(got) < size {
				err = fmt.Errorf("%d bytes", len(got))
			}
			return err
		})
		timed(1, func() error {
			limited, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
			defer cancel()
			got, err := remote.Take(limited, want)
			if err == nil && len(got.Bytes) < size {
				err = fmt.Errorf("%d bytes", len(got.Bytes))
			}
			return err
		})
		timed(2, func() error {
			got, err := reader.words.Read(ctx, "a")
			if got.Layer == cache.Far {
				far++
			}
			return err
		})
	}
	bareHalf, takeHalf, readHalf := middle(took[0]), middle(took[1]), middle(took[2])
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(bareHalf.Nanoseconds())/1e3, "get-µs")
	b.ReportMetric(float64(takeHalf.Nanoseconds())/1e3, "take-µs")
	b.ReportMetric(float64(readHalf.Nanoseconds())/1e3, "read-µs")
	b.ReportMetric(float64(takeHalf)/float64(bareHalf), "take/get")
	b.ReportMetric(float64(readHalf)/float64(bareHalf), "read/get")
	b.ReportMetric(100*float64(far)/float64(len(took[2])), "%far")
}

func middle(all []time.Duration) time.Duration { return at(all, 0.5) }

// at is a quantile.
func at(all []time.Duration, q float64) time.Duration {
	slices.Sort(all)
	return all[min(int(q*float64(len(all))), len(all)-1)]
}
