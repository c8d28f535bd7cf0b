package doctor

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/exodrive/exodrive/cache"
)

// lookAtCache tells whether this node may serve, and whether it kept its promise.
func lookAtCache(_ context.Context, p *Parts) ([]Finding, error) {
	s := p.Cache()
	return []Finding{judgeLease(s), judgeAudit(s), judgeRoom(s)}, nil
}

func judgeLease(s cache.Stats) Finding {
	f := Finding{"lease", OK, fmt.Sprintf("%s left, polls take %s", short(s.Lease), short(s.PollTook)), "The node reads the journal in time, so it may serve from memory.", ""}
	switch {
	case s.Lease < 0 && s.Polls+s.PollsFailed == 0 && -s.Lease < firstPoll:
		f.Figure, f.Meaning = "not read yet", "The node has just begun."
	case s.Lease < 0:
		f.Level, f.Figure = Fail, fmt.Sprintf("lapsed %s ago, %d polls failed", short(-s.Lease), s.PollsFailed)
		f.Meaning = "The journal cannot be read, so every read goes to the database, or is answered stale."
		f.Advice = "Look at the database and the network to it; the node serves again with the next poll that succeeds."
	case s.PollTook > slowPoll:
		f.Level, f.Meaning = Warn, "Reading the journal takes long; beyond the bound nothing is served from memory."
		f.Advice = "Look for a slow database or network, and at the size of the journal."
	}
	return f
}

// firstPoll is how long a node that begins may take to read the journal.
const firstPoll = 5 * time.Second

// slowPoll is a quarter of the least bound in use: polls come four times as often.
const slowPoll = 250 * time.Millisecond

func judgeAudit(s cache.Stats) Finding {
	f := Finding{"auditor", OK, fmt.Sprintf("%d answers compared, %d older than the bound", s.Audited, s.Inconsistent), "No answer was found that is older than promised.", ""}
	if s.Inconsistent > 0 {
		f.Level, f.Meaning = Fail, "Answers were served that were older than the bound: the cache broke its promise."
		f.Advice = "Run exodrive cache clear, and report it with the log's line; docs/cache.md has a chapter."
	}
	return f
}

func judgeRoom(s cache.Stats) Finding {
	f := Finding{"memory of the cache", OK, fmt.Sprintf("%s of %s, %d entries, %d evicted", bytes(s.Bytes), bytes(s.Room), s.Entries, s.Evictions), "There is room.", ""}
	var again uint64
	for _, family := range s.Families {
		again += family.Causes.Evicted
	}
	switch {
	case again > 0 && again*evictedShare > hits(s):
		f.Level, f.Meaning = Warn, fmt.Sprintf("%d reads missed what had left memory to make room.", again)
		f.Advice = "Give the server more memory for the cache, or Redis beside it."
	case s.Evictions > 0:
		f.Meaning = "It is full of what is asked most; what left was hardly asked again."
	}
	return f
}

// evictedShare: one read in so many that misses something evicted is too many.
const evictedShare = 100

func hits(s cache.Stats) (n uint64) {
	for _, family := range s.Families {
		n += family.Hits + family.FarHits
	}
	return n
}

// lookAtHitRatios compares each family of reads with the target.
func lookAtHitRatios(_ context.Context, p *Parts) ([]Finding, error) {
	s := p.Cache()
	var found []Finding
	for _, name := range slices.Sorted(maps.Keys(s.Families)) {
		i := slices.IndexFunc(p.Families, func(f cache.FamilyInfo) bool { return f.Name == name })
		fresh := time.Duration(0)
		if i >= 0 {
			fresh = p.Families[i].Fresh
		}
		found = append(found, judgeHitRatio(name, s.Families[name], fresh, s.RaisesOf, p.Limits))
	}
	return found, nil
}

func judgeHitRatio(name string, n cache.FamilyStats, fresh time.Duration, raises map[string]uint64, l Limits) Finding {
	hits := n.Hits + n.FarHits
	reads := hits + n.Misses
	f := Finding{"hit ratio of " + name, OK, "not asked yet", "It is too early for a ratio.", ""}
	if reads == 0 {
		return f
	}
	ratio := float64(hits) / float64(reads)
	f.Figure = fmt.Sprintf("%.1f %% of %d reads", 100*ratio, reads)
	switch {
	case reads < l.FewReads:
	case ratio >= l.HitRatio:
		f.Meaning = fmt.Sprintf("The target of %.0f %% is met.", 100*l.HitRatio)
	default:
		f.Level = Warn
		f.Meaning, f.Advice = whyMissed(n, hits, fresh, raises)
	}
	return f
}

// whyMissed is the likely reason for a low ratio: the cause of most misses.
func whyMissed(n cache.FamilyStats, hits uint64, fresh time.Duration, raises map[string]uint64) (meaning, advice string) {
	c := n.Causes
	type reason struct {
		count           uint64
		meaning, advice string
	}
	worst := slices.MaxFunc([]reason{
		{c.New, fmt.Sprintf("Most misses ask something new: %d different questions for %d hits. They differ in what hardly anybody asks again, such as words made up for each call, or the node has just begun.", c.New, hits),
			"Look in the access log at who asks: a crawler or a client that adds a changing parameter. Warm the cache after a start (EXO_WARM_ON_START)."},
		{c.Evicted, fmt.Sprintf("Most misses ask what had left memory to make room: %d of them.", c.Evicted),
			"Give the server more memory for the cache, or Redis beside it."},
		{c.Expired, fmt.Sprintf("Most misses ask what was past its time: %d of them. An answer keeps for %s, and is asked less often than that.", c.Expired, span(fresh)),
			"The traffic is too thin for the time an answer keeps; it is no harm while loads are fast."},
		{c.Refused, fmt.Sprintf("Most misses ask what a write had made worthless: %d of them. Raised most: %s.", c.Refused, most(raises)),
			"Look in the audit log at who writes that often, and write many cars at once (PUT in bulk) instead of one by one."},
		{c.Lapsed, fmt.Sprintf("Most misses came while the journal could not be read: %d of them.", c.Lapsed),
			"Look at the database and the network to it."},
	}, func(a, b reason) int { return cmp.Compare(a.count, b.count) })
	return worst.meaning, worst.advice
}

// mostKinds are named of those that were raised.
const mostKinds = 3

// most names the kinds of tags that were raised most.
func most(raises map[string]uint64) string {
	kinds := slices.SortedFunc(maps.Keys(raises), func(a, b string) int {
		return cmp.Or(cmp.Compare(raises[b], raises[a]), cmp.Compare(a, b))
	})
	var parts []string
	for _, kind := range kinds[:min(len(kinds), mostKinds)] {
		parts = append(parts, fmt.Sprintf("%s (%d times)", kind, raises[kind]))
	}
	return cmp.Or(strings.Join(parts, ", "), "nothing that was heard")
}
