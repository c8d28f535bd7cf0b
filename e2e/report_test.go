package e2e_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// report is what a run was like, and every promise that was broken.
type report struct {
	mu       sync.Mutex
	reads    map[string]*readTally     // by family of pages
	writes   map[string]map[string]int // by kind and outcome
	failures map[string]map[string]int // by fault and how
	recovery map[string]time.Duration  // the longest after each fault
	breaches []string
	broken   int
	most     int // of the breaches that are kept; 0 is mostBreaches
}

type readTally struct {
	outcomes map[string]int
	worst    time.Duration // age
	slowest  time.Duration
}

// mostBreaches keeps the message of a failed test readable.
const mostBreaches = 12

func (r *report) breach(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.broken++
	if len(r.breaches) < max(r.most, mostBreaches) {
		r.breaches = append(r.breaches, text)
	}
}

// broke tells whether one of the breaches has a text in it.
func (r *report) broke(text string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.breaches, func(one string) bool { return strings.Contains(one, text) })
}

func (r *report) read(family string, took time.Duration, outcome string, age time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.reads == nil {
		r.reads = map[string]*readTally{}
	}
	t := r.reads[family]
	if t == nil {
		t = &readTally{outcomes: map[string]int{}}
		r.reads[family] = t
	}
	t.outcomes[outcome]++
	t.worst, t.slowest = max(t.worst, age), max(t.slowest, took)
}

// saw tells whether a read was answered from memory in a coding.
func (r *report) saw(coding string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range r.reads {
		if t.outcomes["hit "+coding] > 0 {
			return true
		}
	}
	return false
}

func (r *report) write(kind, outcome string) { r.count(&r.writes, kind, outcome) }

func (r *report) failure(fault, how string) { r.count(&r.failures, fault, how) }

func (r *report) count(in *map[string]map[string]int, row, column string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if *in == nil {
		*in = map[string]map[string]int{}
	}
	if (*in)[row] == nil {
		(*in)[row] = map[string]int{}
	}
	(*in)[row][column]++
}

func (r *report) recovered(fault string, took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.recovery == nil {
		r.recovery = map[string]time.Duration{}
	}
	r.recovery[fault] = max(r.recovery[fault], took)
}

// table is the run for a reader of the log.
func (r *report) table() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var text strings.Builder
	to := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	total, hits := 0, 0
	fmt.Fprintln(to, "\nreads\tworst age\tslowest\toutcomes")
	for _, family := range slices.Sorted(maps.Keys(r.reads)) {
		t := r.reads[family]
		for outcome, n := range t.outcomes {
			total += n
			if strings.HasPrefix(outcome, "hit") {
				hits += n
			}
		}
		fmt.Fprintf(to, "%s\t%v\t%v\t%s\n", family, t.worst.Round(time.Millisecond), t.slowest.Round(time.Millisecond), counts(t.outcomes))
	}
	fmt.Fprintf(to, "all\t\t\t%d, hits %.1f %%\n", total, 100*float64(hits)/float64(max(1, total)))
	fmt.Fprintln(to, "\nwrites\toutcomes")
	for _, kind := range slices.Sorted(maps.Keys(r.writes)) {
		fmt.Fprintf(to, "%s\t%s\n", kind, counts(r.writes[kind]))
	}
	fmt.Fprintln(to, "\nfault\trecovered in\trequests without an answer")
	names := slices.Collect(maps.Keys(r.recovery))
	for name := range r.failures {
		if _, ok := r.recovery[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(to, "%s\t%v\t%s\n", name, r.recovery[name].Round(time.Millisecond), counts(r.failures[name]))
	}
	_ = to.Flush() // into memory
	return text.String()
}

func counts(of map[string]int) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		all = append(all, fmt.Sprintf("%s %d", name, of[name]))
	}
	return strings.Join(all, ", ")
}
