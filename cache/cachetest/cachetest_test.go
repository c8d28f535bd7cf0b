package cachetest_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/cachetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The parts that tests use in place of servers keep the same contracts as these.

func TestRemoteInMemory(t *testing.T) {
	cachetest.RemoteSuite(t, func(*testing.T) cache.Remote { return cachetest.NewRemote() })
}

func TestBellInMemory(t *testing.T) {
	cachetest.BellSuite(t, func(_ *testing.T, n int) []cache.Bell {
		one := cachetest.NewBell()
		var bells []cache.Bell
		for range n {
			bells = append(bells, one)
		}
		return bells
	})
}

func TestDatabaseInMemory(t *testing.T) {
	cachetest.JournalSuite(t, func(*testing.T) cachetest.Ledger {
		d := cachetest.NewDatabase()
		return cachetest.Ledger{Journal: d, Begin: func(tags ...string) cachetest.Writer {
			tx := d.Begin()
			tx.Put("", "", tags...)
			return tx
		}}
	})
}
