package rediscache_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/rediscache"
	"github.com/exodrive/exodrive/exotest"
)

// ear is one node that listens.
type ear chan cache.News

// hear listens until the test ends.
func hear(t *testing.T, c *rediscache.Client) ear {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	e, stopped := make(ear, 100), make(chan struct{})
	go func() {
		defer close(stopped)
		c.Bell().Hear(ctx, func(n cache.News) { e <- n })
	}()
	t.Cleanup(func() { stop(); <-stopped })
	return e
}

func (e ear) await(t *testing.T, what string) cache.News {
	t.Helper()
	select {
	case n := <-e:
		return n
	case <-time.After(patience):
		t.Fatalf("not heard: %s", what)
		return cache.News{}
	}
}

func manyRaises(n int) (w cache.Written) {
	for i := range n {
		w = append(w, cache.Raise{Tag: fmt.Sprint("availability:", i), Mark: cache.Mark(1<<60 + i)})
	}
	return w
}

// A ring tells the other nodes what was written, so that they refuse it at once;
// what is too long to tell, or not understood, still has them read the journal.
//
// Red when: the raises are not sent; or a message that cannot be read is dropped.
func TestNewsOfARing(t *testing.T) {
	t.Parallel()
	redis, install := exotest.NewRedis(t), newInstall()
	e := hear(t, connected(t, redis.URL(), install))
	e.await(t, "the subscription")
	ringer := connected(t, redis.URL(), install).Bell()
	for _, test := range []struct{ rung, heard cache.News }{
		{cache.News{}, cache.News{}},
		{cache.News{Epoch: 1<<64 - 1, Written: cache.Written{{Tag: "car:7", Mark: 1<<64 - 1}, {Tag: "", Mark: 0}}}, cache.News{Epoch: 1<<64 - 1, Written: cache.Written{{Tag: "car:7", Mark: 1<<64 - 1}, {Tag: "", Mark: 0}}}},
		{cache.News{Epoch: 7, Written: manyRaises(300)}, cache.News{Epoch: 7, Written: manyRaises(300)}},
		{cache.News{Epoch: 7, Written: manyRaises(3000)}, cache.News{Epoch: 7}},
	} {
		if err := ringer.Ring(t.Context(), test.rung); err != nil {
			t.Fatal(err)
		}
		if got := e.await(t, "a ring"); !reflect.DeepEqual(got, test.heard) {
			t.Errorf("heard %.200v, want %.200v", got, test.heard)
		}
	}
	redis.Do("PUBLISH", "exo:"+install+":bell", "\x02what a later release says")
	if got := e.await(t, "a message of another release"); !reflect.DeepEqual(got, cache.News{}) {
		t.Errorf("heard %v from a message that it cannot read", got)
	}
}

// A node that lost its connection to the bell hears again by itself, and is told
// that it may have missed a ring.
//
// Red when: listen is not repeated; or the silence of a connection is not noticed.
func TestHearsAgain(t *testing.T) {
	t.Parallel()
	redis, install := exotest.NewRedis(t), newInstall()
	relay := exotest.NewRelay(t, redis.Addr())
	e := hear(t, connected(t, relay.Through(redis.URL()), install))
	ringer := connected(t, redis.URL(), install)
	for name, lose := range map[string]func(){
		"cut":       relay.Cut,
		"refused":   func() { relay.Refuse(); time.Sleep(300 * time.Millisecond); relay.Accept() },
		"no answer": func() { relay.Mute(); time.Sleep(4 * time.Second); relay.Sound() },
		"killed":    func() { redis.Kill(); redis.Start() },
	} {
		for len(e) > 0 {
			<-e
		}
		lose()
		if got := e.await(t, name+": a new subscription"); !reflect.DeepEqual(got, cache.News{}) {
			t.Errorf("%s: heard %v, want a ring without news", name, got)
		}
		eventually(t, name+": a ring is heard", func() bool {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if ringer.Bell().Ring(ctx, cache.News{Epoch: 5}) != nil {
				return false
			}
			select {
			case n := <-e:
				return n.Epoch == 5
			case <-time.After(time.Second):
				return false
			}
		})
	}
}

// Whatever comes over the channel, it is a ring, with what was sent or with nothing.
func FuzzNews(f *testing.F) {
	for _, n := range []cache.News{{}, {Epoch: 7, Written: manyRaises(3)}, {Epoch: 1<<64 - 1, Written: manyRaises(600)}} {
		f.Add("install", string(rediscache.PackNews("install", n)))
	}
	f.Add("install", "")
	f.Add("install", "\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")
	f.Add("", "\x01\x00"+strings.Repeat("\x00", 8)+"\xff\xff\xff\xff\x0f")
	f.Fuzz(func(t *testing.T, install, payload string) {
		n, ok := rediscache.UnpackNews(install, payload)
		if !ok && (n.Epoch != 0 || n.Written != nil) {
			t.Fatalf("%v of another installation", n)
		}
		if len(n.Written) > len(payload) {
			t.Fatalf("%d raises in %d bytes", len(n.Written), len(payload))
		}
		if ok && len(install) < 128 {
			again, ok := rediscache.UnpackNews(install, string(rediscache.PackNews(install, n)))
			if !ok || again.Epoch != n.Epoch || len(again.Written) > 0 && !reflect.DeepEqual(again, n) {
				t.Fatalf("%v is %v after another trip", n, again)
			}
		}
	})
}
