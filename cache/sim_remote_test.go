package cache_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/exodrive/exodrive/cache"
)

// simRemote is a remote cache that forgets, and that comes back from an old file:
// all it may do to an engine that trusts it with nothing.
type simRemote struct {
	mu     sync.Mutex
	rng    *rand.Rand
	kept   map[cache.Key]simBytes
	old    map[cache.Key]simBytes // the file
	leases map[cache.Key]simLease
}

type simBytes struct {
	cache.Stored
	end time.Time
}

type simLease struct {
	token string
	end   time.Time
}

func newSimRemote(rng *rand.Rand) *simRemote {
	return &simRemote{rng: rng, kept: map[cache.Key]simBytes{}, leases: map[cache.Key]simLease{}}
}

// disturb now and then saves the file, forgets everything, or goes back to the file.
func (r *simRemote) disturb() {
	switch r.rng.IntN(2000) {
	case 0:
		r.old = map[cache.Key]simBytes{}
		for k, v := range r.kept {
			r.old[k] = v
		}
	case 1:
		r.kept, r.leases = map[cache.Key]simBytes{}, map[cache.Key]simLease{}
	case 2:
		r.kept, r.leases = map[cache.Key]simBytes{}, map[cache.Key]simLease{}
		for k, v := range r.old {
			r.kept[k] = v
		}
	}
}

func (r *simRemote) Take(_ context.Context, want cache.Wanted) (cache.Taken, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.disturb()
	now := time.Now()
	if have, ok := r.kept[want.Key]; ok && have.Epoch == want.Epoch && have.Stamp > want.Above && now.Before(have.end) {
		return cache.Taken{Outcome: cache.Found, Bytes: have.Bytes, Left: have.end.Sub(now)}, nil
	}
	if held, ok := r.leases[want.Key]; ok && now.Before(held.end) {
		if held.token == "" {
			return cache.Taken{Outcome: cache.Alone}, nil
		}
		return cache.Taken{Outcome: cache.Wait}, nil
	}
	r.leases[want.Key] = simLease{want.Token, now.Add(want.Lease)}
	return cache.Taken{Outcome: cache.Leased}, nil
}

func (r *simRemote) Fill(_ context.Context, key cache.Key, token string, data cache.Stored) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if have, ok := r.kept[key]; !ok || have.Epoch != data.Epoch || have.Stamp <= data.Stamp {
		r.kept[key] = simBytes{data, time.Now().Add(data.Life)}
	}
	if r.leases[key].token == token {
		delete(r.leases, key)
	}
	return nil
}

func (r *simRemote) Release(_ context.Context, key cache.Key, token string, next cache.Outcome) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.leases[key].token != token:
	case next == cache.Leased:
		delete(r.leases, key)
	default:
		r.leases[key] = simLease{"", time.Now().Add(50 * time.Millisecond)}
	}
	return nil
}

func (r *simRemote) Ping(ctx context.Context) error { return ctx.Err() }

// simRemoteLink is the way of a machine to the remote cache: now and then an answer
// takes longer than anybody waits.
type simRemoteLink struct {
	cache.Remote
	m *simMachine
}

func (l simRemoteLink) Take(ctx context.Context, want cache.Wanted) (cache.Taken, error) {
	l.m.trip(simTrip / 2)
	t, err := l.Remote.Take(ctx, want)
	l.m.trip(simTrip / 2)
	if ctx.Err() != nil {
		return cache.Taken{}, ctx.Err()
	}
	return t, err
}
