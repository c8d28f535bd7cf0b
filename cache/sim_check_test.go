package cache_test

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// simResult is what a run was like, and every way in which an answer was older
// than it may be.
type simResult struct {
	mu      sync.Mutex
	reads   int
	errors  int
	flagged int // answers marked as not verifiable, which promise nothing
	worst   time.Duration
	down    time.Duration   // for which the database answered nobody
	ages    []time.Duration // of the answers that were old at all

	behindRaise int // older than what the same node was told before the read
	behindMark  int // older than the mark that the read carried
	examples    []string

	commits, rings      int
	loads, polls, spoil uint64
	lies                uint64 // found by the auditors
}

// mostExamples keeps the message of a failed test readable.
const mostExamples = 5

// note judges one answer, part by part, against the ledger.
func (r *simResult) note(l *simLedger, s simSight, value string, flagged bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reads++
	switch {
	case err != nil:
		r.errors++
		return
	case flagged:
		r.flagged++
		return
	}
	values := strings.Split(value, "+")
	for i, k := range strings.Split(s.asked, "+") {
		at, age := l.age(k, values[i], s.arrived)
		if age > 0 {
			r.ages = append(r.ages, age)
		}
		r.worst = max(r.worst, age)
		if at < s.raised[i] {
			r.behindRaise++
			r.example(s, "version %d of %s, the node was told of %d", at, k, s.raised[i])
		}
		if i < len(s.marked) && at < s.marked[i] {
			r.behindMark++
			r.example(s, "version %d of %s, the read carried mark %d of version %d", at, k, s.mark, s.marked[i])
		}
	}
}

func (r *simResult) example(s simSight, text string, args ...any) {
	if len(r.examples) < mostExamples {
		r.examples = append(r.examples, fmt.Sprintf("%s: node %d asked for %s: ", s.arrived.Format("05.000000"), s.node, s.asked)+fmt.Sprintf(text, args...))
	}
}

// broke is the part of the answers older than a bound.
func (r *simResult) broke(bound time.Duration) float64 {
	n := 0
	for _, age := range r.ages {
		if age > bound {
			n++
		}
	}
	return float64(n) / float64(max(1, r.reads-r.errors-r.flagged))
}

// breaches are the promises that the run broke.
func (r *simResult) breaches(bound time.Duration) []string {
	var all []string
	if r.worst > bound {
		all = append(all, fmt.Sprintf("%.2f %% of the answers are older than %v, the worst %v", 100*r.broke(bound), bound, r.worst))
	}
	if r.behindRaise > 0 {
		all = append(all, fmt.Sprintf("%d answers lack what the same node was told before", r.behindRaise))
	}
	if r.behindMark > 0 {
		all = append(all, fmt.Sprintf("%d answers lack the write whose mark the read carried", r.behindMark))
	}
	if len(all) > 0 {
		all = append(all, r.examples...)
	}
	return all
}
