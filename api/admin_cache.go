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
}

// FamilyFigures is one kind of read.
type FamilyFigures struct {
	Hits       uint64  `json:"hits"`
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
			Hits: hits, Misses: n.Misses, HitRatio: float64(hits) / float64(max(1, hits+n.Misses)),
			Loads: n.Loads, LoadErrors: n.LoadErrors, LoadMs: inMs(n.LoadTime / time.Duration(max(1, n.Loads))),
			Stale: n.Aged + n.Unverified, Unstorable: n.Unstorable,
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
	return &answer[CacheFigures]{figuresOf(stats)}, nil
}

// whatToClear is the input of a clear.
type whatToClear struct {
	Tag string `query:"tag" maxLength:"200" doc:"Only what depends on this, such as cars, car:* or car: with an id; empty is everything." example:"cars"`
}

func (a *api) adminClearCache(ctx context.Context, in *whatToClear) (*struct{}, error) {
	return nil, a.Rental.ClearCache(ctx, actorOf(ctx), in.Tag)
}
