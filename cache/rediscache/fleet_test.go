package rediscache_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/cachetest"
	"github.com/exodrive/exodrive/cache/rediscache"
	"github.com/exodrive/exodrive/exotest"
)

// patient gives every call the time that it takes on a busy machine, where 20 ms
// are over before the server has run. It is for tests that count loads.
type patient struct{ cache.Remote }

func unhurried(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), patience)
}

func (p patient) Take(ctx context.Context, want cache.Wanted) (cache.Taken, error) {
	ctx, cancel := unhurried(ctx)
	defer cancel()
	return p.Remote.Take(ctx, want)
}

func (p patient) Fill(ctx context.Context, key cache.Key, token string, data cache.Stored) error {
	ctx, cancel := unhurried(ctx)
	defer cancel()
	return p.Remote.Fill(ctx, key, token, data)
}

func (p patient) Release(ctx context.Context, key cache.Key, token string, next cache.Outcome) error {
	ctx, cancel := unhurried(ctx)
	defer cancel()
	return p.Remote.Release(ctx, key, token, next)
}

// fleet is a database with nodes in front of it, each with a client of its own.
type fleet struct {
	*cachetest.Database
	install string
	nodes   []*node
	clients []*rediscache.Client
	written uint64
}

// newFleet starts nodes whose loads run loading.
func newFleet(t *testing.T, url string, nodes int, loading func(ctx context.Context, key string)) *fleet {
	t.Helper()
	f := &fleet{Database: cachetest.NewDatabase(), install: newInstall()}
	for range nodes {
		c := connected(t, url, f.install)
		f.clients = append(f.clients, c)
		f.nodes = append(f.nodes, newNode(t, f.Database, cache.Options{Remote: patient{c.Remote()}}, loading))
	}
	return f
}

// write writes words past every node, and waits until all have read the journal.
func (f *fleet) write(t *testing.T, prefix string, n int) (keys []string) {
	t.Helper()
	for i := range n {
		key := prefix + strconv.Itoa(i)
		f.Write(key, "one", "word:"+key)
		keys = append(keys, key)
	}
	f.written += uint64(n)
	for _, node := range f.nodes {
		eventually(t, "every node has heard of the writes", func() bool { return node.Stats().Raises >= f.written })
	}
	return keys
}

// read has many callers on every node read keys, each key by all of them at once,
// and returns how many loads that took.
func (f *fleet) read(t *testing.T, nodes []*node, callers int, keys []string) (loads uint64) {
	t.Helper()
	const atOnce = 10 // keys
	before := f.loads()
	for begin := 0; begin < len(keys); begin += atOnce {
		var all sync.WaitGroup
		for _, key := range keys[begin:min(begin+atOnce, len(keys))] {
			for _, n := range nodes {
				for range callers {
					all.Go(func() { n.expect(t, "a reader", key, "one") })
				}
			}
		}
		all.Wait()
	}
	return f.loads() - before
}

// loads are those of all nodes, but for the auditors'.
func (f *fleet) loads() (n uint64) {
	for _, node := range f.nodes {
		n += node.Stats().Families["word"].Loads
	}
	return n
}

func moment(ctx context.Context, _ string) {
	select {
	case <-time.After(5 * time.Millisecond):
	case <-ctx.Done():
	}
}

// A key that half the world asks for at once is loaded once in the whole fleet.
//
// Red when: the lease is not given to one only; or Fill does not store.
func oneLoad(t *testing.T, url string, keys int) {
	f := newFleet(t, url, 8, moment)
	if n := f.read(t, f.nodes, 25, f.write(t, "k", keys)); n != uint64(keys) {
		t.Errorf("%d loads of %d keys by 8 nodes with 25 callers each, want one a key", n, keys)
	}
}

func TestP6OneLoadInTheFleet(t *testing.T) {
	t.Parallel()
	redis := exotest.NewRedis(t)
	oneLoad(t, redis.URL(), 200)

	f := newFleet(t, redis.URL(), 8, moment)
	keys := f.write(t, "gone", 20)
	redis.Kill()
	if n := f.read(t, f.nodes, 25, keys); n > 8*20 {
		t.Errorf("%d loads of 20 keys by 8 nodes without Redis, want one a node and key at most", n)
	}
}

// A node that dies while it loads costs one more load of its keys, and no error.
//
// Red when: a lease has no end; or the others stop waiting for it and all load.
func TestP6DeadHolder(t *testing.T) { onBoth(t, deadHolder) }

// onBoth runs a test on a single Redis and on a Cluster.
func onBoth(t *testing.T, test func(t *testing.T, url string)) {
	t.Parallel()
	for name, url := range map[string]string{"single": exotest.NewRedis(t).URL(), "cluster": exotest.NewRedisCluster(t, 3).URL()} {
		t.Run(name, func(t *testing.T) { test(t, url) })
	}
}

func deadHolder(t *testing.T, url string) {
	const keys = 10
	stuck, dead := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	defer all.Wait()
	defer close(dead)
	f := newFleet(t, url, 4, moment)
	client := connected(t, url, f.install)
	victim := newNode(t, f.Database, cache.Options{Remote: patient{client.Remote()}}, func(context.Context, string) {
		stuck <- struct{}{}
		<-dead
	})
	words := f.write(t, "k", keys)
	for _, key := range words {
		all.Go(func() { _, _ = victim.words.Read(context.Background(), key) })
		<-stuck // it holds the lease
	}
	client.Close()
	begun := time.Now()
	if n := f.read(t, f.nodes, 5, words); n != keys {
		t.Errorf("%d loads after the holder of %d keys died, want one each", n, keys)
	}
	if took := time.Since(begun); took < time.Second || took > 15*time.Second {
		t.Errorf("the others had them after %v, want about the 3 s of a lease", took)
	}
}

// Who loads what cannot be stored keeps nobody waiting.
//
// Red when: Release does nothing; or leaves no mark, so that the next has a lease
// and the others wait for him.
func TestP6HolderCannotStore(t *testing.T) { onBoth(t, holderCannotStore) }

func holderCannotStore(t *testing.T, url string) {
	f := newFleet(t, url, 4, func(context.Context, string) { time.Sleep(50 * time.Millisecond) })
	tx := f.Begin() // holds the horizon below every later write
	defer tx.Rollback()
	keys := f.write(t, "k", 10)
	begun := time.Now()
	if n := f.read(t, f.nodes, 5, keys); n > 4*10 {
		t.Errorf("%d loads of 10 keys by 4 nodes, want one a node and key at most", n)
	}
	if took := time.Since(begun); took > 2500*time.Millisecond { // a lease would take 3 s
		t.Errorf("the others waited %v for what could not be stored", took)
	}
}

// Nodes of two releases, whose read models differ, share a Redis: neither sees the
// other's entries, and neither waits for the other's loads.
//
// Red when: the shape is left out of the key.
func TestTwoReleases(t *testing.T) {
	t.Parallel()
	url, install := exotest.NewRedis(t).URL(), newInstall()
	older, newer := connected(t, url, install).Remote(), connected(t, url, install).Remote()
	was, is := cache.Key{Shape: cache.ShapeOf[string](), Text: "word:a"}, cache.Key{Shape: cache.ShapeOf[int](), Text: "word:a"}
	for _, step := range []struct {
		remote cache.Remote
		key    cache.Key
		stamp  cache.Mark
	}{{older, was, 20}, {newer, is, 10}} {
		want := cache.Wanted{Key: step.key, Epoch: 1, Token: "t", Lease: time.Minute}
		if got, err := step.remote.Take(t.Context(), want); err != nil || got.Outcome != cache.Leased {
			t.Errorf("shape %s: outcome %d, %v, want a lease", step.key.Shape, got.Outcome, err)
		}
		if err := step.remote.Fill(t.Context(), step.key, "t", cache.Stored{Epoch: 1, Stamp: step.stamp, Bytes: []byte(step.key.Shape), Life: time.Minute}); err != nil {
			t.Error(err)
		}
	}
	for _, key := range []cache.Key{was, is} {
		got, err := older.Take(t.Context(), cache.Wanted{Key: key, Epoch: 1, Token: "t", Lease: time.Minute})
		if err != nil || got.Outcome != cache.Found || string(got.Bytes) != key.Shape {
			t.Errorf("shape %s: outcome %d with %q, %v", key.Shape, got.Outcome, got.Bytes, err)
		}
	}
}

// Two installations on one Redis have nothing to do with each other.
//
// Red when: the installation is left out of a key; or of the channel and the ring.
func TestTwoInstallations(t *testing.T) {
	t.Parallel()
	url := exotest.NewRedis(t).URL()
	ours, theirs := connected(t, url, newInstall()), connected(t, url, newInstall())
	key := cache.Key{Shape: "s", Text: "k"}
	if err := ours.Remote().Fill(t.Context(), key, "", cache.Stored{Epoch: 1, Stamp: 1, Bytes: []byte("ours"), Life: time.Minute}); err != nil {
		t.Fatal(err)
	}
	if got, err := theirs.Remote().Take(t.Context(), cache.Wanted{Key: key, Epoch: 1, Token: "t", Lease: time.Minute}); err != nil || got.Outcome != cache.Leased {
		t.Errorf("an entry of another installation: outcome %d, %v, want a lease", got.Outcome, err)
	}
	if err := ours.Asked().Add(t.Context(), map[string]float64{"a": 1}); err != nil {
		t.Fatal(err)
	}
	if top, err := theirs.Asked().Top(t.Context(), 9); err != nil || len(top) > 0 {
		t.Errorf("what another installation was asked for: %v, %v", top, err)
	}
	take := func(c *rediscache.Client) (ok bool) {
		eventually(t, "the limit answers", func() (answered bool) {
			var err error
			_, ok, err = c.Limits().Take(t.Context(), "p", "caller", time.Hour, time.Hour)
			return err == nil
		})
		return ok
	}
	if !take(ours) || take(ours) || !take(theirs) {
		t.Error("a call counts for another installation")
	}
	heard := hear(t, theirs)
	heard.await(t, "the subscription")
	if err := ours.Bell().Ring(t.Context(), cache.News{Epoch: 1}); err != nil {
		t.Fatal(err)
	}
	if err := theirs.Bell().Ring(t.Context(), cache.News{Epoch: 2}); err != nil {
		t.Fatal(err)
	}
	if got := heard.await(t, "its own ring"); got.Epoch != 2 {
		t.Errorf("heard %+v, want the ring of its own installation only", got)
	}
}
