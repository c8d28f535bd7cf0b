package cache_test

import (
	"testing"

	"go.uber.org/goleak"
)

// Whatever a test does, no goroutine of the cache outlives it.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
