package rediscache_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/cachetest"
	"github.com/exodrive/exodrive/exotest"
)

// BenchmarkHit compares, turn by turn in one run and over the same connections, a
// GET of some bytes by the bare client library with a Take of the same bytes, and with
// a read of a node that has them in its second level only. The ratios are of the
// medians.
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
	client := connected(b, redis.URL(), install)
	bare, remote := client.Server(), client.Remote()
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

// BenchmarkRing is how long after a write on one node another one serves the new
// value, its load included, with the bell on Redis.
//
//	go test ./cache/rediscache -run=^$ -bench=Ring -benchtime=2000x
func BenchmarkRing(b *testing.B) {
	redis, install, db := exotest.NewRedis(b), newInstall(), cachetest.NewDatabase()
	var nodes []*node
	for range 2 {
		c := connected(b, redis.URL(), install)
		nodes = append(nodes, newNode(b, db, cache.Options{Bell: c.Bell(), Remote: c.Remote()}, nil))
	}
	time.Sleep(time.Second) // both listen
	var rung, all []time.Duration
	for i := 0; b.Loop(); i++ {
		value := fmt.Sprint(i)
		written := db.Write("a", value, "word:a")
		begun := time.Now()
		nodes[0].Raise(b.Context(), written)
		rung = append(rung, time.Since(begun))
		for {
			got, err := cache.Value(nodes[1].words.Read(b.Context(), "a"))
			if err != nil {
				b.Fatal(err)
			}
			if got == value {
				break
			}
			runtime.Gosched()
		}
		all = append(all, time.Since(begun))
	}
	b.ReportMetric(0, "ns/op")
	for name, of := range map[string][]time.Duration{"raise": rung, "seen": all} {
		b.ReportMetric(float64(at(of, 0.5).Nanoseconds())/1e3, name+"-p50-µs")
		b.ReportMetric(float64(at(of, 0.99).Nanoseconds())/1e3, name+"-p99-µs")
	}
}

func middle(all []time.Duration) time.Duration { return at(all, 0.5) }

// at is a quantile.
func at(all []time.Duration, q float64) time.Duration {
	slices.Sort(all)
	return all[min(int(q*float64(len(all))), len(all)-1)]
}
