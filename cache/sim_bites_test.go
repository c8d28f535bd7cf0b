package cache_test

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/exodrive/exodrive/cache"
)

// The same world breaks the bound of every mechanism that the engine is meant to
// be better than: what the simulation lets pass has been through something.
func TestSimOtherMechanismsBreakTheBound(t *testing.T) {
	t.Parallel()
	skipUnderRace(t)
	base := simBase(t)
	var table simTable
	for _, rule := range simRules {
		plan := base
		plan.other, plan.length = rule.asides, 2*plan.length // they cost little
		r := runUntil(t, &plan, func(r *simResult) bool { return r.broke(simBound) > 0 })
		table.add(rule.name, plan, r)
		if r.broke(simBound) == 0 {
			t.Errorf("%s: no answer is older than the bound, the worst %v", rule.name, r.worst)
		}
	}
	t.Log(table.String())
}

// A journal that does not do what it must is found by the same checks.
func TestSimFindsAJournalThatLies(t *testing.T) {
	t.Parallel()
	skipUnderRace(t)
	base := simBase(t)
	var table simTable
	for name, lie := range map[string]func(cache.Journal) cache.Journal{
		"journal read by id > last":           func(j cache.Journal) cache.Journal { return byNumber{j} },
		"journal that forgets 1 raise in 5":   func(j cache.Journal) cache.Journal { return forgetful{j} },
		"journal that ignores open writers":   func(j cache.Journal) cache.Journal { return hasty{j} },
		"journal of a replica 3 s behind":     func(j cache.Journal) cache.Journal { return &behind{Journal: j} },
		"journal that is well (for contrast)": func(j cache.Journal) cache.Journal { return j },
	} {
		plan := base
		plan.broken, plan.nodes, plan.length = lie, plan.nodes/2, plan.length*3/2
		well := strings.Contains(name, "is well")
		r := runUntil(t, &plan, func(r *simResult) bool { return well || len(r.breaches(simBound)) > 0 })
		table.add(name, plan, r)
		if well != (len(r.breaches(simBound)) == 0) {
			t.Errorf("%s: the checks find %q, the worst answer is %v old", name, r.breaches(simBound), r.worst)
		}
	}
	t.Log(table.String())
}

// runUntil simulates world after world, a few at most, until one is as wanted: a fault
// that shows in most worlds shows in one of them.
func runUntil(t *testing.T, plan *simPlan, wanted func(*simResult) bool) *simResult {
	t.Helper()
	const worlds = 6
	for n := 1; ; n++ {
		if r := runSim(t, *plan); wanted(r) || n == worlds {
			return r
		}
		plan.seed++
	}
}

// skipUnderRace leaves out what is about figures, which need many reads.
func skipUnderRace(t *testing.T) {
	t.Helper()
	if simUnderRace {
		t.Skip("the figures need more reads than the race detector has time for")
	}
}

// byNumber asks for rows with a mark above the highest it has had, as one reads an
// outbox: a transaction that took its mark first and commits last is never seen.
type byNumber struct{ cache.Journal }

func (j byNumber) Poll(ctx context.Context, since cache.Position) (cache.Reading, error) {
	position, number, _ := strings.Cut(string(since), "|")
	last, _ := strconv.ParseUint(number, 10, 64)
	r, err := j.Journal.Poll(ctx, cache.Position(position))
	r.Raises = slices.DeleteFunc(r.Raises, func(raise cache.Raise) bool { return uint64(raise.Mark) <= last })
	for _, raise := range r.Raises {
		last = max(last, uint64(raise.Mark))
	}
	r.Position += cache.Position("|" + strconv.FormatUint(last, 10))
	return r, err
}

// forgetful leaves out every raise of one mark in 5.
type forgetful struct{ cache.Journal }

func (j forgetful) Poll(ctx context.Context, since cache.Position) (cache.Reading, error) {
	r, err := j.Journal.Poll(ctx, since)
	r.Raises = slices.DeleteFunc(r.Raises, func(raise cache.Raise) bool { return raise.Mark%5 == 0 })
	return r, err
}

// hasty takes the next mark for the horizon, as if nothing were open below it.
type hasty struct{ cache.Journal }

func (j hasty) Poll(ctx context.Context, since cache.Position) (cache.Reading, error) {
	r, err := j.Journal.Poll(ctx, since)
	r.Horizon = nextMark(r.Position, r.Horizon)
	return r, err
}

func (j hasty) Horizon(ctx context.Context) (cache.Epoch, cache.Mark, error) {
	r, err := j.Poll(ctx, "")
	return r.Epoch, r.Horizon, err
}

// nextMark reads a position of cachetest.Database.
func nextMark(p cache.Position, otherwise cache.Mark) cache.Mark {
	parts := strings.Split(string(p), ",")
	if len(parts) < 2 {
		return otherwise
	}
	n, err := strconv.ParseUint(parts[1], 10, 64)
	if err != nil {
		return otherwise
	}
	return cache.Mark(n)
}

// behind answers as the primary did three seconds ago.
type behind struct {
	cache.Journal
	past []pastReading // from the oldest
}

type pastReading struct {
	at time.Time
	cache.Reading
}

func (j *behind) Poll(ctx context.Context, _ cache.Position) (cache.Reading, error) {
	r, err := j.Journal.Poll(ctx, "")
	if err != nil {
		return r, err
	}
	slices.SortFunc(r.Raises, func(a, b cache.Raise) int { return cmp.Compare(a.Tag, b.Tag) })
	j.past = append(j.past, pastReading{time.Now(), r})
	for len(j.past) > 1 && time.Since(j.past[1].at) > 3*time.Second {
		j.past = j.past[1:]
	}
	return j.past[0].Reading, nil
}

// What writes cost does not grow with the readers: a hundred times as many cause
// no more polls and rings, and no entry to be loaded twice for one write.
//
// Red when: callers of one key do not share a load.
func TestSimReadersCostNoLoads(t *testing.T) {
	t.Parallel()
	skipUnderRace(t)
	plan := simBase(t)
	plan.nodes, plan.keys, plan.gap, plan.fresh = 10, 4, 2*time.Millisecond, time.Hour
	plan.length = 2 * time.Second
	var table simTable
	plan.readers = 10
	few := runSim(t, plan)
	table.add("10 readers", plan, few)
	plan.readers = 1000
	many := runSim(t, plan)
	table.add("1000 readers", plan, many)
	t.Log(table.String())

	// A write makes old at most an item and the two pages it is on; each node loads
	// them once more, whoever asks.
	const views = 3
	most := plan.nodes * views * (many.commits + plan.keys)
	if int(many.loads) > most {
		t.Errorf("%d writes cause %d loads on %d nodes, at most %d are of use", many.commits, many.loads, plan.nodes, most)
	}
	if many.reads < 10*most { // how many there are, slow loads decide
		t.Errorf("1000 readers read %d times, too few to tell reads from writes", many.reads)
	}
	if int(many.polls) > int(few.polls)*5/4+plan.nodes {
		t.Errorf("10 readers cause %d polls, 1000 readers %d", few.polls, many.polls)
	}
	if many.rings != few.rings {
		t.Errorf("10 readers cause %d rings, 1000 readers %d", few.rings, many.rings)
	}
	if all := many.breaches(simBound); len(all) > 0 {
		t.Error(strings.Join(all, "\n"))
	}
}
