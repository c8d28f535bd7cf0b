package doctor_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/doctor"
	"github.com/exodrive/exodrive/rental"
)

// enough makes a ratio of so many reads count.
func (p *patient) enough(reads uint64) { p.Limits.FewReads = reads }

// A fleet that is asked the same things meets the target, and the doctor says so.
func TestGoodRatio(t *testing.T) {
	t.Parallel()
	p := newPatient(t, anyDatabase(t))
	cars := p.cars()[:10]
	for range 12 {
		p.visit(cars...)
	}
	p.enough(100)
	p.says(doctor.OK, "hit ratio of details", "91.7 % of 120 reads", "target of 85 % is met")
}

// Questions that differ in what nobody asks again are the reason for a low ratio.
//
// Red when: a miss is not counted by what memory had instead.
func TestJunkKeys(t *testing.T) {
	t.Parallel()
	p := newPatient(t, anyDatabase(t))
	for i := range 60 {
		ask := exodrive.CarQuery{Search: fmt.Sprintf("ferrari x%d", i), Sort: exodrive.SortRelevance, Page: 1, Limit: 12}
		if _, err := p.service.Cars(t.Context(), ask); err != nil {
			t.Fatal(err)
		}
	}
	p.enough(50)
	p.says(doctor.Warn, "hit ratio of list", "0.0 % of 60 reads", "60 different questions for 0 hits", "access log")
}

// A cache that is too small misses what it had to let go.
//
// Red when: evicted keys are not remembered.
func TestTinyCache(t *testing.T) {
	t.Parallel()
	p := newPatient(t, anyDatabase(t), func(o *cache.Options) { o.Bytes = 60_000 })
	cars := p.cars()
	for range 4 {
		p.visit(cars...)
	}
	p.enough(100)
	found := p.examine()
	p.among(found, doctor.Warn, "memory of the cache", "evicted", "more memory")
	p.among(found, doctor.Warn, "hit ratio of details", "left memory to make room", "more memory")
}

// Answers that end before they are asked again are the reason, with how long they keep.
func TestShortLife(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	start := time.Now()
	p := newPatient(t, anyDatabase(t), func(o *cache.Options) {
		o.Clock = func() cache.Instant {
			mono := time.Since(start) + time.Duration(ahead.Load())
			return cache.Instant{Mono: mono, Wall: start.Add(mono).UnixNano()}
		}
	})
	cars := p.cars()[:20]
	month := exodrive.AvailabilityQuery{Start: today, End: today.Add(30)}
	for range 4 {
		for _, id := range cars {
			if _, err := p.service.Availability(t.Context(), id, month); err != nil {
				t.Fatal(err)
			}
		}
		ahead.Add(int64(6 * time.Minute))
	}
	p.enough(50)
	p.says(doctor.Warn, "hit ratio of availability", "0.0 % of 80 reads", "past its time", "keeps for 5 minutes")
}

// Writes that come as often as reads are the reason, with the kind of thing they change.
//
// Red when: a refused entry is not counted as one; or raises are not counted by kind.
func TestChurn(t *testing.T) {
	t.Parallel()
	p := newPatient(t, anyDatabase(t))
	cars := p.cars()[:3]
	for range 20 {
		p.visit(cars...)
		for _, id := range cars {
			if err := p.service.ClearCache(t.Context(), admin, "car:"+id); err != nil {
				t.Fatal(err)
			}
		}
	}
	p.eventually("the journal was read", func() bool { return p.Cache().RaisesOf["car"] >= 60 })
	p.enough(50)
	p.says(doctor.Warn, "hit ratio of details", "a write had made worthless", "car (60 times)", "audit log")
}

// A node that cannot read the journal is a fault.
func TestLapsedLease(t *testing.T) {
	t.Parallel()
	p := newPatient(t, anyDatabase(t))
	c := p.serve(func(o *cache.Options) { o.Bound = 300 * time.Millisecond })
	c.Close() // now nobody reads the journal
	p.eventually("the lease has lapsed", func() bool { return c.Stats().Lease < 0 })
	p.says(doctor.Fail, "lease", "lapsed")
	begun := rental.NewCache(p.Store)
	t.Cleanup(begun.Close)
	p.Cache = begun.Stats
	p.says(doctor.OK, "lease", "just begun")
}

// An answer that was older than promised is a fault; here one changes and no journal says so.
func TestPlantedLie(t *testing.T) {
	t.Parallel()
	p := newPatient(t, anyDatabase(t))
	p.fine("auditor")
	var answers atomic.Int64
	lying := p.serve(func(o *cache.Options) { o.Bound = 200 * time.Millisecond })
	family := cache.Register(lying.Cache, cache.Family[int, int64]{
		Name: "lie", Key: func(int) string { return "lie" }, Tags: func(int) []string { return []string{"lies"} }, Fresh: time.Hour,
		Load: func(context.Context, int) (int64, error) { return answers.Add(1), nil },
	})
	p.eventually("the auditor found it", func() bool {
		if _, err := family.Read(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		return lying.Stats().Inconsistent > 0
	})
	p.says(doctor.Fail, "auditor", "older than the bound", "cache clear")
}

// Whoever may read nothing is told nothing; many may ask at once.
func TestWhoMayAsk(t *testing.T) {
	t.Parallel()
	p := newPatient(t, anyDatabase(t))
	d := doctor.New(p.Parts)
	for _, who := range []exodrive.Actor{{}, {ID: "tok_1", Name: "Ann"}} {
		if found, err := d.Examine(t.Context(), who); err == nil || len(found) > 0 {
			t.Errorf("%+v is told %d findings, %v", who, len(found), err)
		}
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if found, err := d.Examine(t.Context(), admin); err != nil || doctor.Worst(found) != doctor.OK {
				t.Errorf("%v\n%s", err, lines(found))
			}
		})
	}
	all.Wait()
	if found, err := (*doctor.Doctor)(nil).Examine(t.Context(), admin); err != nil || found == nil || len(found) > 0 {
		t.Errorf("no doctor says %v, %v", found, err)
	}
}
