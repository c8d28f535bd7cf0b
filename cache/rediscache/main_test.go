package rediscache_test

import (
	"context"
	"log/slog"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/exodrive/exodrive/cache/rediscache"
)

// Whatever a test does to its server, no goroutine of a client outlives Close by
// more than a moment; but some of the library's, which sleep for up to a second before
// they look at a cluster again, and for five before they close what it has lost.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/redis/rueidis.(*call).DelayDo.func1"),
		goleak.IgnoreAnyFunction("github.com/redis/rueidis.(*clusterClient).redirectOrNew.func1"),
		goleak.IgnoreAnyFunction("github.com/redis/rueidis.(*clusterClient)._refresh.func2"))
}

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

var installs atomic.Int64

// newInstall is a name that no other test has.
func newInstall() string { return "test-" + strconv.FormatInt(installs.Add(1), 10) }

// open makes a client that is closed with the test.
func open(t testing.TB, url, install string) *rediscache.Client {
	t.Helper()
	c, err := rediscache.Open(rediscache.Options{URL: url, Install: install, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// connected is a client that has reached its server.
func connected(t testing.TB, url, install string) *rediscache.Client {
	t.Helper()
	c := open(t, url, install)
	eventually(t, "the client reaches its server", func() bool { return answers(c) })
	return c
}

func answers(c *rediscache.Client) bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return c.Remote().Ping(ctx) == nil
}

// eventually waits until something is so.
func eventually(t testing.TB, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}
