//go:build race

package cache_test

// The race detector makes everything ten times slower, and finds a race among few
// nodes as well as among many.
func init() { simUnderRace = true }
