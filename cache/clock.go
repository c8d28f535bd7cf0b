package cache

import "time"

// Instant is a moment on both of a machine's clocks. The monotonic one never
// jumps but stands still while the machine is suspended; the wall clock goes on
// but may be set. Whatever promises freshness must hold on both.
type Instant struct {
	Mono time.Duration // since some moment of the process
	Wall int64         // Unix time in nanoseconds
}

// clock reads both clocks of this machine at once.
func clock() func() Instant {
	start := time.Now()
	return func() Instant {
		now := time.Now()
		return Instant{Mono: now.Sub(start), Wall: now.UnixNano()}
	}
}

func (i Instant) since(earlier Instant) time.Duration { return i.Mono - earlier.Mono }
