package cache

import (
	"bytes"
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// auditor checks the promise while it is being kept: it takes a hit now and
// then, and every entry that replaced one a write had made worthless, as far as
// its queue holds them, and loads the same from the primary. Where the two
// differ, something has been written, so one bound later the entry must be
// refused; if it is not, the cache has lied, and says so.
type auditor struct {
	c      *Cache
	wanted atomic.Bool // the next hit is to be taken
	queue  chan *Entry

	checked, skipped, lies atomic.Uint64
}

const (
	auditEvery = time.Second
	// auditPause keeps a flood of invalidations from doubling the load of the
	// database.
	auditPause    = 100 * time.Millisecond
	auditQueue    = 64
	mostSuspects  = 64
	suspectsCheck = 100 * time.Millisecond
)

// suspect is an entry that differed from the primary, and when it must be refused.
type suspect struct {
	entry *Entry
	due   Instant
}

func (a *auditor) init(c *Cache) {
	a.c = c
	a.queue = make(chan *Entry, auditQueue)
}

// seen offers a hit to the auditor.
func (a *auditor) seen(e *Entry) {
	if a.wanted.Load() && a.wanted.CompareAndSwap(true, false) {
		a.offer(e)
	}
}

// replaced offers an entry that was loaded because a write had been heard.
func (a *auditor) replaced(e *Entry) { a.offer(e) }

// offer queues an entry. One that depends on nothing that is written cannot be
// refused, and may differ from what a second load brings.
func (a *auditor) offer(e *Entry) {
	if len(e.tags) == 0 {
		return
	}
	select {
	case a.queue <- e:
	default:
		a.skipped.Add(1)
	}
}

func (a *auditor) run() {
	sample := time.NewTicker(auditEvery)
	defer sample.Stop()
	look := time.NewTicker(suspectsCheck)
	defer look.Stop()
	var suspects []suspect
	for {
		select {
		case <-a.c.life.Done():
			return
		case <-sample.C:
			a.wanted.Store(true)
		case <-look.C:
			suspects = a.judge(suspects)
			select {
			case e := <-a.queue:
				if a.differs(e) && len(suspects) < mostSuspects {
					suspects = append(suspects, suspect{e, a.due()})
				}
			default:
			}
		}
	}
}

// due is when an entry that differs now must be refused.
func (a *auditor) due() Instant {
	now := a.c.o.Clock()
	return Instant{Mono: now.Mono + a.c.o.Bound, Wall: now.Wall + int64(a.c.o.Bound)}
}

// differs loads what an entry answers from the primary, past every cache.
func (a *auditor) differs(e *Entry) bool {
	if !a.c.gate.trySpare() {
		a.skipped.Add(1)
		return false
	}
	defer a.c.gate.leaveSpare()
	ctx, cancel := context.WithTimeout(a.c.life, a.c.o.LoadLimit)
	defer cancel()
	value, err := a.load(context.WithValue(ctx, callKey{}, &call{direct: true}), e)
	if err != nil {
		if e.asked.absent(err) {
			a.checked.Add(1)
			return true
		}
		a.skipped.Add(1)
		return false
	}
	body, err := encode(value)
	if err != nil {
		a.skipped.Add(1)
		return false
	}
	a.checked.Add(1)
	return !bytes.Equal(body, e.body.identity.Body)
}

// load is the entry's own; a panic, which a request would survive, must not end
// the process here.
func (a *auditor) load(ctx context.Context, e *Entry) (value any, err error) {
	defer func() {
		if thrown := recover(); thrown != nil {
			err = fmt.Errorf("cache: auditing %s panicked: %v", e.family.name, thrown)
		}
	}()
	return e.asked.load(ctx)
}

// judge looks at the suspects whose time has come, and returns the others.
func (a *auditor) judge(suspects []suspect) []suspect {
	now := a.c.o.Clock()
	waiting := suspects[:0]
	for _, s := range suspects {
		if now.Mono < s.due.Mono {
			waiting = append(waiting, s)
			continue
		}
		switch a.c.judge(s.entry, now) {
		case fresh, early, aged:
			a.lies.Add(1)
			a.c.o.Log.Error("cache entry is older than the bound allows; begin a new epoch (cache clear) and report this", "key", s.entry.Key())
		default:
		}
	}
	clear(suspects[len(waiting):])
	return waiting
}
