package doctor

import "time"

// Limits are the figures from which on the doctor says something.
type Limits struct {
	HitRatio  float64 // the guide's target, for each family of reads
	FewReads  uint64  // below so many reads a ratio says nothing
	Held      time.Duration
	Slow      time.Duration // a statement on average
	BigTable  int           // rows from which on a scan is a fault
	PoolWait  time.Duration // for a connection, on average
	RedisCall time.Duration // a round trip
	JobLate   time.Duration // since it was due
	Clock     time.Duration // between database and us
	Backup    time.Duration // since the last one
	FreeBytes uint64
}

// DefaultLimits are those of a server in production.
var DefaultLimits = Limits{
	HitRatio: 0.85,
	FewReads: 500,
	// What is open for longer keeps a node from knowing the order of writes, and the
	// database from clearing up.
	Held: time.Minute,
	// The guide gives a statement 250 ms at most.
	Slow: 100 * time.Millisecond,
	// Smaller ones a database reads from end to end because that is quickest.
	BigTable: 5000,
	PoolWait: 10 * time.Millisecond,
	// A call that takes more than 20 ms is given up.
	RedisCall: 5 * time.Millisecond,
	// They begin within half a second while anybody does them.
	JobLate: time.Minute,
	// Whoever compares the logs of two machines looks at seconds.
	Clock:     time.Second,
	Backup:    48 * time.Hour,
	FreeBytes: 1 << 30,
}

// fullShare is from which share on a thing with a limit counts as nearly full.
const fullShare = 0.9
