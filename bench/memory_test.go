package bench

import (
	"context"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/maypok86/otter/v2"
	"github.com/viccon/sturdyc"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/cachetest"
)

const (
	memoryKeys   = 10_000
	memoryRounds = 7
)

// BenchmarkMemoryRead is what a read from memory costs, by one caller and by one on
// each core: through the whole rule of the cache, through otter alone, which keeps
// its entries, and through sturdyc. All have the same 10,000 keys ready and ask for
// them by Zipf's law. Each round measures all three, a ratio is taken within a
// round, and shown is the median of the rounds.
func BenchmarkMemoryRead(b *testing.B) {
	type value struct{ text string }
	keys := make([]string, memoryKeys)
	for i := range keys {
		keys[i] = "cars:details:car_01ja3hj7ff" + strconv.Itoa(100_000+i)
	}
	db := cachetest.NewDatabase()
	node := cache.New(cache.Options{Journal: db})
	defer node.Close()
	family := cache.Register(node, cache.Family[string, value]{
		Name: "details", Fresh: time.Hour, Stale: time.Hour,
		Key:  func(key string) string { return key },
		Tags: func(key string) []string { return []string{key, "cars"} },
		Load: func(_ context.Context, key string) (value, error) { return value{key}, nil },
	})
	node.Start()
	alone := otter.Must(&otter.Options[string, *value]{MaximumWeight: 1 << 30, Weigher: func(string, *value) uint32 { return 100 }})
	defer alone.StopAllGoroutines()
	other := sturdyc.New[*value](10*memoryKeys, 64, time.Hour, 10)
	ctx := context.Background()
	for _, key := range keys {
		if _, err := family.Read(ctx, key); err != nil {
			b.Fatal(err)
		}
		alone.Set(key, &value{key})
		other.Set(key, &value{key})
	}
	reads := []struct {
		name string
		read func(key string) bool
	}{
		{"otter", func(key string) bool { _, ok := alone.GetIfPresent(key); return ok }},
		{"sturdyc", func(key string) bool { _, ok := other.Get(key); return ok }},
		{"cache", func(key string) bool { a, err := family.Read(ctx, key); return err == nil && a.Layer == cache.Memory }},
	}
	for _, callers := range []int{1, runtime.GOMAXPROCS(0)} {
		b.Run("callers="+strconv.Itoa(callers), func(b *testing.B) {
			took := map[string][]float64{}
			for range memoryRounds {
				for _, r := range reads {
					took[r.name] = append(took[r.name], nanoseconds(b, callers, keys, r.read))
				}
			}
			for _, r := range reads {
				b.ReportMetric(median(took[r.name]), "ns-"+r.name)
			}
			b.ReportMetric(median(ratios(took["cache"], took["otter"])), "cache/otter")
			b.ReportMetric(median(ratios(took["cache"], took["sturdyc"])), "cache/sturdyc")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// nanoseconds is what one of b.N reads takes the core that makes it.
func nanoseconds(b *testing.B, callers int, keys []string, read func(string) bool) float64 {
	var all sync.WaitGroup
	begun := time.Now()
	for i := range callers {
		all.Go(func() {
			dice := rand.New(rand.NewPCG(1, uint64(i)))
			zipf := rand.NewZipf(dice, 1.1, 1, uint64(len(keys)-1))
			asked := make([]string, 4096)
			for j := range asked {
				asked[j] = keys[zipf.Uint64()]
			}
			for n := range b.N {
				if !read(asked[n%len(asked)]) {
					b.Error("not in memory")
					return
				}
			}
		})
	}
	all.Wait()
	return float64(time.Since(begun).Nanoseconds()) / float64(b.N)
}

func ratios(of, to []float64) (all []float64) {
	for i := range of {
		all = append(all, of[i]/to[i])
	}
	return all
}

func median(of []float64) float64 {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}
