package cache

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Stats are the figures of one node since it began, but for those that say "now".
type Stats struct {
	Epoch   Epoch
	Horizon Mark
	Lease   time.Duration // now: what is left of it, below 0 once it has lapsed
	Down    bool          // now: neither journal nor loads succeed
	// HeldBack is now: for how long the horizon has not moved although marks above it
	// have been read. The oldest open transaction that others overtook is older; 0 is
	// none. Entries loaded meanwhile are not shared.
	HeldBack time.Duration
	Floors   int    // now: slots of the table that were raised, at most Options.Slots
	Entries  int    // now
	Bytes    int64  // now: their weight
	Room     int64  // for how much weight there is room
	Absences int    // now
	Waiters  int    // now: callers that wait for loads
	Loading  int    // now: loads that run
	Queued   int    // now: loads that wait for a place
	Refused  uint64 // loads that got none in time

	Polls, PollsFailed uint64
	PollTook           time.Duration // the last one
	Raises             uint64        // rows of the journal that were read
	// RaisesOf are those since the node's first poll by kind of tag: "car" for car:7,
	// "car:*" for all cars at once. What is beyond 32 kinds is under "…".
	RaisesOf  map[string]uint64
	Evictions uint64
	RingsLost uint64

	Remote *RemoteStats // nil without a remote cache

	Audited, AuditSkipped uint64
	// Inconsistent counts answers found older than the bound. It must be 0.
	Inconsistent uint64

	Families map[string]FamilyStats
}

// RemoteStats are the figures of a node's remote cache.
type RemoteStats struct {
	Resting  bool // now: it failed or was slow, so nobody waits for it
	Calls    uint64
	Failures uint64        // of the calls: those that failed or took too long
	Took     time.Duration // by all calls together
	Refused  uint64        // calls that were not made while it rested
	Waits    uint64        // calls that were told to wait for another node's load
}

// FamilyStats are the figures of one family of reads.
type FamilyStats struct {
	Hits       uint64 // served from memory
	FarHits    uint64 // served from the remote cache
	Misses     uint64 // answered by a load
	Joined     uint64 // of them, by a load that another caller had begun
	Aged       uint64 // of the hits: past their soft end, while they were loaded anew
	Unverified uint64 // of the hits: while the database was gone
	Loads      uint64
	LoadErrors uint64
	LoadTime   time.Duration // of all loads
	Unstorable uint64        // loads whose answer could not be kept
	Corrupt    uint64        // bytes of the remote cache that were no entry
	Errors     uint64        // reads without an answer
	Causes     Causes
}

// Causes are why reads could not be served from this node's memory.
type Causes struct {
	New     uint64 // it was not asked before, or not for long
	Evicted uint64 // it had left to make room
	Expired uint64 // it was past its time
	Refused uint64 // a write had been heard that it may not contain
	Lapsed  uint64 // the journal had not been read for too long
}

type counters struct {
	polls, pollsFailed, heard, ringsLost, evicted atomic.Uint64
	pollTook                                      atomic.Int64
	raises                                        raisesOf
}

// raisesOf counts raises by kind of tag, for at most mostKinds of them. Only polls
// and Stats use it, so it costs no read anything.
type raisesOf struct {
	mu    sync.Mutex
	kinds map[string]uint64
}

// mostKinds bounds raisesOf; the fleet has some ten.
const (
	mostKinds  = 32
	otherKinds = "…"
)

func (r *raisesOf) add(raises []Raise) {
	if len(raises) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kinds == nil {
		r.kinds = map[string]uint64{}
	}
	for _, raise := range raises {
		kind, of, _ := strings.Cut(raise.Tag, ":")
		if of == "*" {
			kind = raise.Tag
		}
		if _, known := r.kinds[kind]; !known && len(r.kinds) >= mostKinds {
			kind = otherKinds
		}
		r.kinds[kind]++
	}
}

func (r *raisesOf) all() map[string]uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.kinds)
}

type familyCounters struct {
	hits  [Far + 1]atomic.Uint64 // by layer
	stale [Unverifiable + 1]atomic.Uint64
	// unserved are reads that memory could not serve, by what was found instead.
	unserved         [over + 1]atomic.Uint64
	unasked, evicted atomic.Uint64

	joined, loads, loadErrors, unstorable, corrupt, errors atomic.Uint64
	loadTime                                               atomic.Int64
}

func (f *familyCounters) loaded(took time.Duration, failed bool) {
	f.loads.Add(1)
	f.loadTime.Add(int64(took))
	if failed {
		f.loadErrors.Add(1)
	}
}

// answered counts a read that waited for a flight.
func (f *familyCounters) answered(s Served, mine bool, err error) {
	if err != nil && s.Entry == nil {
		f.errors.Add(1)
		return
	}
	f.hits[s.Layer].Add(1)
	if s.Layer == Loaded && !mine {
		f.joined.Add(1)
	}
	if s.Stale != NotStale {
		f.stale[s.Stale].Add(1)
	}
}

// FamilyInfo is how long a family of reads keeps.
type FamilyInfo struct {
	Name         string
	Fresh, Stale time.Duration
}

// Families are the registered families, by name.
func (c *Cache) Families() []FamilyInfo {
	c.mu.RLock()
	defer c.mu.RUnlock()
	all := make([]FamilyInfo, 0, len(c.families))
	for _, name := range slices.Sorted(maps.Keys(c.families)) {
		f := c.families[name]
		all = append(all, FamilyInfo{f.name, f.fresh, f.stale})
	}
	return all
}

// Pressure is the line in front of loads: how many stand in it now, and how many have
// been refused so far. It costs next to nothing.
func (c *Cache) Pressure() (queued int, refused uint64) {
	_, queued = c.gate.figures()
	return queued, c.gate.refused.Load()
}

// Stats reads all figures. They are not of one instant.
func (c *Cache) Stats() Stats {
	h := c.history.Load()
	loading, queued := c.gate.figures()
	s := Stats{
		Epoch: h.epoch, Horizon: Mark(h.horizon.Load()),
		HeldBack: h.heldFor(c.o.Clock().Mono), Floors: int(h.floors.used.Load()),
		Lease: time.Duration(c.lease.mono.Load()) - c.o.Clock().Mono, Down: c.down.Load(),
		Entries: c.entries.EstimatedSize(), Bytes: int64(c.entries.WeightedSize()), Room: c.o.Bytes, Absences: c.absences.EstimatedSize(),
		Waiters: int(c.waiters.Load()), Loading: loading, Queued: queued, Refused: c.gate.refused.Load(),
		Polls: c.counters.polls.Load(), PollsFailed: c.counters.pollsFailed.Load(), PollTook: time.Duration(c.counters.pollTook.Load()),
		Raises: c.counters.heard.Load(), RaisesOf: c.counters.raises.all(), RingsLost: c.counters.ringsLost.Load(), Evictions: c.counters.evicted.Load(),
		Remote:  c.remote.stats(),
		Audited: c.audit.checked.Load(), AuditSkipped: c.audit.skipped.Load(), Inconsistent: c.audit.lies.Load(),
		Families: map[string]FamilyStats{},
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	for name, f := range c.families {
		n := &f.counters
		s.Families[name] = FamilyStats{
			Hits: n.hits[Memory].Load(), FarHits: n.hits[Far].Load(), Misses: n.hits[Loaded].Load(), Joined: n.joined.Load(),
			Aged: n.stale[Refreshing].Load(), Unverified: n.stale[Unverifiable].Load(),
			Loads: n.loads.Load(), LoadErrors: n.loadErrors.Load(), LoadTime: time.Duration(n.loadTime.Load()),
			Unstorable: n.unstorable.Load(), Corrupt: n.corrupt.Load(), Errors: n.errors.Load(),
			Causes: Causes{
				New: n.unasked.Load(), Evicted: n.evicted.Load(),
				Expired: n.unserved[over].Load(), Refused: n.unserved[refused].Load(), Lapsed: n.unserved[lapsed].Load(),
			},
		}
	}
	return s
}

func (h *history) heldFor(now time.Duration) time.Duration {
	if since := h.held.Load(); since > 0 {
		return max(0, now-time.Duration(since))
	}
	return 0
}
