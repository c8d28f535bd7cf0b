package cachetest

import (
	"bytes"
	"context"
	"maps"
	"sync"
	"time"

	"github.com/exodrive/exodrive/cache"
)

// Remote is a cache.Remote in memory for any number of nodes, and what a server
// may do to them: lose entries, and come back with old ones. It keeps time by
// time.Now, which is virtual inside a bubble of testing/synctest. It is safe for
// concurrent use.
type Remote struct {
	mu      sync.Mutex
	entries map[cache.Key]kept
	leases  map[cache.Key]leased
	alone   map[cache.Key]time.Time // until when nobody waits for a key
	calls   int
}

type kept struct {
	cache.Stored
	until time.Time
}

type leased struct {
	token string
	until time.Time
}

var _ cache.Remote = (*Remote)(nil)

// aloneFor is for how long nobody waits for a key that could not be stored.
const aloneFor = 100 * time.Millisecond

// NewRemote is an empty remote cache.
func NewRemote() *Remote {
	return &Remote{entries: map[cache.Key]kept{}, leases: map[cache.Key]leased{}, alone: map[cache.Key]time.Time{}}
}

// Take implements cache.Remote.
func (r *Remote) Take(ctx context.Context, want cache.Wanted) (cache.Taken, error) {
	if err := ctx.Err(); err != nil {
		return cache.Taken{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	now := time.Now()
	if e, ok := r.entries[want.Key]; ok && now.Before(e.until) && e.Epoch == want.Epoch && e.Stamp > want.Above {
		return cache.Taken{Outcome: cache.Found, Bytes: bytes.Clone(e.Bytes), Left: e.until.Sub(now)}, nil
	}
	if now.Before(r.alone[want.Key]) {
		return cache.Taken{Outcome: cache.Alone}, nil
	}
	if l, ok := r.leases[want.Key]; ok && now.Before(l.until) {
		return cache.Taken{Outcome: cache.Wait}, nil
	}
	r.leases[want.Key] = leased{want.Token, now.Add(want.Lease)}
	return cache.Taken{Outcome: cache.Leased}, nil
}

// Fill implements cache.Remote.
func (r *Remote) Fill(ctx context.Context, key cache.Key, token string, data cache.Stored) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	r.giveUp(key, token)
	now := time.Now()
	if e, ok := r.entries[key]; ok && now.Before(e.until) && e.Epoch == data.Epoch && e.Stamp > data.Stamp {
		return nil
	}
	data.Bytes = bytes.Clone(data.Bytes)
	r.entries[key] = kept{data, now.Add(data.Life)}
	return nil
}

// Release implements cache.Remote.
func (r *Remote) Release(ctx context.Context, key cache.Key, token string, next cache.Outcome) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	if r.giveUp(key, token) && next == cache.Alone {
		r.alone[key] = time.Now().Add(aloneFor)
	}
	return nil
}

// Ping implements cache.Remote.
func (r *Remote) Ping(ctx context.Context) error { return ctx.Err() }

// giveUp ends a lease that is still held; r.mu is held.
func (r *Remote) giveUp(key cache.Key, token string) bool {
	l, ok := r.leases[key]
	if !ok || l.token != token || !time.Now().Before(l.until) {
		return false
	}
	delete(r.leases, key)
	return true
}

// Evict loses an entry, of whatever shape, as a server that is short of memory does.
func (r *Remote) Evict(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.entries, func(k cache.Key, _ kept) bool { return k.Text == text })
}

// Flush loses everything, leases included.
func (r *Remote) Flush() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.entries)
	clear(r.leases)
	clear(r.alone)
}

// Snapshot saves a copy of the entries. A call of restore is a server that starts
// with that old file: whatever came after is gone, and what was there is back.
func (r *Remote) Snapshot() (restore func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	saved := maps.Clone(r.entries)
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.entries = maps.Clone(saved)
		clear(r.leases)
		clear(r.alone)
	}
}

// Len is how many entries there are, ended ones included.
func (r *Remote) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.entries)
}

// Bytes are those of an entry, of whatever shape; nil for none.
func (r *Remote) Bytes(text string) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k, e := range r.entries {
		if k.Text == text {
			return bytes.Clone(e.Bytes)
		}
	}
	return nil
}

// Calls counts the calls that were answered.
func (r *Remote) Calls() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.calls
}
