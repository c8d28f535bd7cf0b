package rediscache_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/cachetest"
	"github.com/exodrive/exodrive/exotest"
)

// A fleet gets the same from Redis whichever way it is run: alone, with TLS, behind
// Sentinel, or as a Cluster.
//
// Red when: stamps are compared as text, or as one number; a lease is not checked
// to be its holder's; Release leaves no mark; or Hear does not tell that it has
// subscribed, or calls after it returned.
func TestEveryRedis(t *testing.T) {
	t.Parallel()
	cluster := exotest.NewRedisCluster(t, 3)
	servers := map[string]string{
		"single":   exotest.NewRedis(t).URL(),
		"tls":      exotest.NewRedisTLS(t).URL(),
		"sentinel": exotest.NewRedisSentinel(t, exotest.NewRedis(t)),
		"cluster":  cluster.URL(),
	}
	for name, url := range servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			t.Run("remote", func(t *testing.T) {
				cachetest.RemoteSuite(t, func(t *testing.T) cache.Remote { return connected(t, url, newInstall()).Remote() })
			})
			t.Run("bell", func(t *testing.T) {
				cachetest.BellSuite(t, func(t *testing.T, n int) (bells []cache.Bell) {
					install := newInstall()
					for range n {
						bells = append(bells, connected(t, url, install).Bell())
					}
					return bells
				})
			})
			t.Run("the rest", func(t *testing.T) { theRest(t, url) })
			keys := 40
			if name == "cluster" { // in every of its slots' parts
				keys = 200
			}
			t.Run("one load", func(t *testing.T) { oneLoad(t, url, keys) })
		})
	}
	t.Run("slots", func(t *testing.T) { oneSlot(t, cluster) })
}

// theRest calls once what has no suite.
func theRest(t *testing.T, url string) {
	c := connected(t, url, newInstall())
	// On a busy machine an answer may take longer than a limit waits for it; the call
	// was counted all the same, so the next one is another caller's.
	callers := 0
	eventually(t, "a call of ten is allowed", func() bool {
		callers++
		until, ok, err := c.Limits().Take(t.Context(), "bookings", fmt.Sprint("caller ", callers), time.Minute, 10*time.Minute)
		return err == nil && ok && until <= time.Minute
	})
	if err := c.Asked().Add(t.Context(), map[string]float64{"car:1": 2, "car:2": 3}); err != nil {
		t.Error(err)
	}
	if top, err := c.Asked().Top(t.Context(), 1); err != nil || len(top) != 1 || top[0] != "car:2" {
		t.Errorf("the most asked for is %v, %v, want car:2", top, err)
	}
	info, err := c.Info(t.Context())
	masters := 1
	if strings.Contains(url, "cluster") {
		masters = 3
	}
	if err != nil || info.Masters != masters || info.UsedMemory < 100_000*int64(masters) || info.Clients < 1 || info.MaxMemory != 0 ||
		info.Version == "" || info.Policy != "noeviction" {
		t.Errorf("Redis tells of itself: %+v, %v", info, err)
	}
}

// hostile are texts that have parted entry and lease elsewhere, or met.
func hostile() []string {
	long := strings.Repeat("k", 10<<10)
	return []string{
		"", "}", "{", "{}", "}{", "{}}", "a}", "}a", "{a}", "a}b{c", "a\nb", "a\r\nb", "\x00", "a\x00", "#", "##", " ", "ä\xff", ":e", ":l", "x}:e", "x:{y}:l",
		long, long + "k", long[:200], long[:201],
		"#" + fmt.Sprintf("%x", "of another"), "#e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", // the hash of ""
	}
}

// Whatever a key is made of, its entry is its own, and its lease lies beside it.
//
// Red when: safe leaves a "}" in front, or an empty text; or does not hash what
// looks like a hash; or cuts long texts.
func TestHostileKeys(t *testing.T) {
	t.Parallel()
	c := connected(t, exotest.NewRedis(t).URL(), newInstall())
	remote := c.Remote()
	for i, text := range hostile() {
		data := cache.Stored{Epoch: 1, Stamp: 10, Bytes: fmt.Append(nil, i), Life: time.Minute}
		if err := remote.Fill(t.Context(), cache.Key{Shape: "s", Text: text}, "", data); err != nil {
			t.Fatalf("%.20q: %v", text, err)
		}
	}
	names := map[string]int{}
	for i, text := range hostile() {
		key := cache.Key{Shape: "s", Text: text}
		got, err := remote.Take(t.Context(), cache.Wanted{Key: key, Epoch: 1, Token: "t", Lease: time.Second})
		if err != nil || got.Outcome != cache.Found || string(got.Bytes) != fmt.Sprint(i) {
			t.Errorf("%.20q: outcome %d with %q, %v, want %d", text, got.Outcome, got.Bytes, err, i)
		}
		for _, name := range c.KeysOf(key) {
			if other, ok := names[name]; ok {
				t.Errorf("%.20q and %.20q have both the key %q", text, hostile()[other], name)
			}
			if names[name] = i; len(name) > 300 {
				t.Errorf("%.20q makes a key of %d bytes", text, len(name))
			}
		}
	}
}

// Sentinels and Clusters that speak TLS only are reached as they say they are, and
// only by who trusts their certificate.
//
// Red when: what is found through a sentinel, or the other nodes of a Cluster, are dialled without TLS.
func TestSecureFleets(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]string{
		"sentinel": exotest.NewRedisSentinel(t, exotest.NewRedisTLS(t)),
		"cluster":  exotest.NewRedisClusterTLS(t, 3).URL(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			remote := connected(t, url, newInstall()).Remote()
			for i := range 30 { // on every node of a cluster
				key := cache.Key{Shape: "s", Text: fmt.Sprint(i)}
				err := remote.Fill(t.Context(), key, "", cache.Stored{Epoch: 1, Stamp: 1, Bytes: []byte("x"), Life: time.Minute})
				if err != nil {
					t.Fatal(err)
				}
				if got, err := remote.Take(t.Context(), cache.Wanted{Key: key, Epoch: 1, Token: "t", Lease: time.Second}); err != nil || got.Outcome != cache.Found {
					t.Fatalf("outcome %d, %v, want what was stored", got.Outcome, err)
				}
			}
			stranger, _, _ := strings.Cut(url, "?")
			select {
			case <-open(t, stranger, newInstall()).Connected():
				t.Error("a server is believed whose certificate nobody trusts")
			case <-time.After(300 * time.Millisecond): // some tries
			}
		})
	}
}

// oneSlot asks the cluster itself where it puts hostile keys.
func oneSlot(t *testing.T, cluster *exotest.RedisCluster) {
	c := connected(t, cluster.URL(), newInstall())
	for _, text := range hostile() {
		keys := c.KeysOf(cache.Key{Shape: "s", Text: text})
		e, l := cluster.Nodes[0].Do("CLUSTER", "KEYSLOT", keys[0]), cluster.Nodes[0].Do("CLUSTER", "KEYSLOT", keys[1])
		if e != l {
			t.Errorf("%.20q: its entry is in slot %v and its lease in %v", text, e, l)
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		got, err := c.Remote().Take(ctx, cache.Wanted{Key: cache.Key{Shape: "s", Text: text}, Epoch: 1, Token: "t", Lease: time.Minute})
		cancel()
		if err != nil || got.Outcome != cache.Leased {
			t.Errorf("%.20q: outcome %d, %v, want a lease", text, got.Outcome, err)
		}
	}
}
