package rediscache_test

import (
	"testing"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/cachetest"
	"github.com/exodrive/exodrive/exotest"
)

// A cache means the same by its second level whichever Redis it is on.
//
// Red when: stamps are compared as text, or as one number; a lease is not checked
// to be its holder's; or Release leaves no mark.
func TestRemote(t *testing.T) {
	t.Parallel()
	for name, url := range servers(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cachetest.RemoteSuite(t, func(t *testing.T) cache.Remote { return connected(t, url, newInstall()).Remote() })
		})
	}
}

// A ring reaches every node that listens, whichever Redis carries it.
//
// Red when: Hear does not tell that it has subscribed; or calls after it returned.
func TestBell(t *testing.T) {
	t.Parallel()
	for name, url := range servers(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cachetest.BellSuite(t, func(t *testing.T, n int) (bells []cache.Bell) {
				install := newInstall()
				for range n {
					bells = append(bells, connected(t, url, install).Bell())
				}
				return bells
			})
		})
	}
}

// servers are the addresses of a Redis of each kind.
func servers(t *testing.T) map[string]string {
	return map[string]string{
		"single": exotest.NewRedis(t).URL(),
		"tls":    exotest.NewRedisTLS(t).URL(),
	}
}
