package e2e_test

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// instant is a moment on the test's own clock, which is monotonic: the time since
// the run began.
type instant = time.Duration

// outcome is what became of a write.
type outcome int

const (
	open      outcome = iota // not answered yet
	committed                // the database said so
	refused                  // never took place
	doubtful                 // nobody knows; if it did, then before the next version
)

func (o outcome) String() string { return [...]string{"open", "committed", "refused", "doubtful"}[o] }

// version is one write of a register.
type version struct {
	state    string // what a reader sees of it
	node     int    // that was asked to write, or bySQL
	began    instant
	answered instant // when the writer knew the outcome
	outcome  outcome
}

// bySQL wrote past the program; as a reader's node it looked past it.
const bySQL = -1

// register is one thing that is written and read, with its commit history. Its
// writes come one after the other; the last version is the newest.
type register struct {
	name string

	mu       sync.Mutex
	versions []version
	// untold is why the order of the writes is no longer known; then nothing is judged.
	untold string
}

func newRegister(name, state string) *register {
	return &register{name: name, versions: []version{{state: state, node: bySQL, outcome: committed}}}
}

// next is the number of the version that is written next.
func (r *register) next() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.versions)
}

// begin notes a write before its commit can have begun.
func (r *register) begin(at instant, node int, state string) (number int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.versions = append(r.versions, version{state: state, node: node, began: at})
	return len(r.versions) - 1
}

func (r *register) end(number int, at instant, o outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.versions[number].answered, r.versions[number].outcome = at, o
}

// lose gives the register up, for a write that may still take place at any time.
func (r *register) lose(why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.untold = why
}

// sight is what one read saw of a register.
type sight struct {
	node       int
	sent, done instant // of the request
	state      string
	carried    int // the version whose mark the request carried; 0 is none
}

// verdict is what a sight tells of the cache.
type verdict struct {
	version int           // the newest that it can have been, -1 if none can
	age     time.Duration // for how long that had been overwritten when the request was sent
	breach  string        // of which promise; empty: of none
}

// judge holds a sight against the history. It accuses only where it is certain:
// a version counts as overwritten from the answer to the write after it, and a
// request as arrived when it was sent, which is the earliest that it can have.
func (r *register) judge(s sight, bound time.Duration) verdict {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.untold != "" {
		return verdict{}
	}
	n := r.seen(s)
	if n < 0 {
		return verdict{version: -1, breach: fmt.Sprintf("%q was never written", s.state)}
	}
	v := verdict{version: n}
	known := func(w version) bool { return w.outcome == committed && w.answered <= s.sent }
	if i := slices.IndexFunc(r.versions[n+1:], known); i >= 0 {
		v.age = s.sent - r.versions[n+1+i].answered
	}
	switch own := r.newest(n+1, func(w version) bool { return known(w) && w.node == s.node && w.node != bySQL }); {
	case n < s.carried:
		v.breach = fmt.Sprintf("version %d, though the request carried the mark of version %d", n, s.carried)
	case own > n:
		v.breach = fmt.Sprintf("version %d, though the same node had answered the write of version %d", n, own)
	case v.age > bound && s.node == bySQL:
		v.breach = fmt.Sprintf("version %d is in the database, a later one is lost", n)
	case v.age > bound:
		v.breach = fmt.Sprintf("version %d is older than the bound by %v", n, v.age-bound)
	}
	return v
}

// seen is the newest version that a sight can be of. A state that came more than
// once is taken for its latest, which may hide a breach and invents none.
func (r *register) seen(s sight) int {
	return r.newest(0, func(w version) bool { return w.state == s.state && w.began <= s.done && w.outcome != refused })
}

// newest is the last version from one on that fits, or -1.
func (r *register) newest(from int, fits func(version) bool) int {
	for n := len(r.versions) - 1; n >= from; n-- {
		if fits(r.versions[n]) {
			return n
		}
	}
	return -1
}

// around tells the history near a version, for people.
func (r *register) around(number int) (text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for n := max(0, number-2); n < min(len(r.versions), number+6); n++ {
		w := r.versions[n]
		text += fmt.Sprintf("    version %d %q by node %d: began %v, %v %v\n", n, w.state, w.node, w.began, w.outcome, w.answered)
	}
	return text
}
