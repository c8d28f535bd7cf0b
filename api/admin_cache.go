package api

import (
	"context"
	"strconv"
	"time"

	"github.com/exodrive/exodrive/cache"
)

// CacheFigures is the cache of one node as operators read it.
type CacheFigures struct {
	Epoch        string                   `json:"epoch" doc:"Which history of the database the answers belong to."`
	LeaseMs      int64                    `json:"leaseMs" doc:"For how long answers may be served before the journal must be read again; below 0: not now."`
	Down         bool                     `json:"down" doc:"The database does not answer; what may be is served stale."`
	Entries      int                      `json:"entries"`
	Bytes        int64                    `json:"bytes"`
	Absences     int                      `json:"absences" doc:"Answers \"there is no such thing\" that are remembered."`
	Evictions    uint64                   `json:"evictions"`
	Waiters      int                      `json:"waiters" doc:"Callers that wait for loads just now."`
	Polls        uint64                   `json:"polls"`
	PollsFailed  uint64                   `json:"pollsFailed"`
	PollMs       float64                  `json:"pollMs" doc:"The last poll of the journal."`
	Raises       uint64                   `json:"raises" doc:"Invalidations heard from the journal."`
	Audited      uint64                   `json:"audited" doc:"Answers compared with the database."`
	Inconsistent uint64                   `json:"inconsistent" doc:"Answers found older than the bound. It must be 0."`
	Families     map[string]FamilyFigures `json:"families"`
	Remote       *RemoteFigures           `json:"remote,omitempty" doc:"The level that the nodes share; left out without Redis."`
}

// RemoteFigures is the remote cache as one node has had it.
type RemoteFigures struct {
	Resting  bool    `json:"resting" doc:"It failed or was slow, so it is not asked until it answers again."`
	Calls    uint64  `json:"calls"`
	Failures uint64  `json:"failures" doc:"Calls that failed or took more than 20 ms."`
	CallMs   float64 `json:"callMs" doc:"A call on average."`
	Refused  uint64  `json:"refused" doc:"Calls that were not made while it rested."`
	Waits    uint64  `json:"waits" doc:"Times that a read waited for another node's load."`
	RedisFigures
}

// RedisFigures is what Redis tells of itself. What it does not tell is left out.
type RedisFigures struct {
	Up             bool   `json:"up" doc:"Redis answers just now."`
	Version        string `json:"version,omitempty"`
	MemoryBytes    *int64 `json:"memoryBytes,omitempty"`
	MaxMemoryBytes *int64 `json:"maxMemoryBytes,omitempty" doc:"0 is no limit."`
	Eviction       string `json:"eviction,omitempty" doc:"The policy of eviction; allkeys-lfu is the best one here."`
}

// FamilyFigures is one kind of read.
type FamilyFigures struct {
	Hits       uint64  `json:"hits" doc:"Those from Redis included."`
	RemoteHits uint64  `json:"remoteHits" doc:"Of the hits: from Redis, loaded by another node."`
	Misses     uint64  `json:"misses"`
	HitRatio   float64 `json:"hitRatio" doc:"Hits of hits and misses; 0 without either."`
	Loads      uint64  `json:"loads"`
	LoadErrors uint64  `json:"loadErrors"`
	LoadMs     float64 `json:"loadMs" doc:"A load on average."`
	Stale      uint64  `json:"stale" doc:"Hits that were past their time."`
	Unstorable uint64  `json:"unstorable" doc:"Loads that a write had overtaken when they ended."`
}

func figuresOf(s cache.Stats) *CacheFigures {
	f := &CacheFigures{
		Epoch: strconv.FormatUint(uint64(s.Epoch), 16), LeaseMs: s.Lease.Milliseconds(), Down: s.Down,
		Entries: s.Entries, Bytes: s.Bytes, Absences: s.Absences, Evictions: s.Evictions, Waiters: s.Waiters,
		Polls: s.Polls, PollsFailed: s.PollsFailed, PollMs: inMs(s.PollTook), Raises: s.Raises,
		Audited: s.Audited, Inconsistent: s.Inconsistent, Families: map[string]FamilyFigures{},
	}
	for name, n := range s.Families {
		hits := n.Hits + n.FarHits
		f.Families[name] = FamilyFigures{
			Hits: hits, RemoteHits: n.FarHits, Misses: n.Misses, HitRatio: float64(hits) / float64(max(1, hits+n.Misses)),
			Loads: n.Loads, LoadErrors: n.LoadErrors, LoadMs: inMs(n.LoadTime / time.Duration(max(1, n.Loads))),
			Stale: n.Aged + n.Unverified, Unstorable: n.Unstorable,
		}
	}
	if r := s.Remote; r != nil {
		f.Remote = &RemoteFigures{
			Resting: r.Resting, Calls: r.Calls, Failures: r.Failures, Refused: r.Refused, Waits: r.Waits,
			CallMs: inMs(r.Took / time.Duration(max(1, r.Calls))),
		}
	}
	return f
}

func inMs(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func (a *api) adminReadCache(ctx context.Context, _ *struct{}) (*answer[CacheFigures], error) {
	stats, err := a.Rental.CacheStats(ctx, actorOf(ctx))
	if err != nil {
		return nil, err
	}
	figures := figuresOf(stats)
	if figures.Remote != nil && a.Redis != nil {
		figures.Remote.RedisFigures = a.Redis(ctx)
	}
	return &answer[CacheFigures]{figures}, nil
}

// whatToClear is the input of a clear.
type whatToClear struct {
	Tag string `query:"tag" maxLength:"200" doc:"Only what depends on this, such as cars, car:* or car: with an id; empty is everything." example:"cars"`
}

func (a *api) adminClearCache(ctx context.Context, in *whatToClear) (*struct{}, error) {
	return nil, a.Rental.ClearCache(ctx, actorOf(ctx), in.Tag)
}
