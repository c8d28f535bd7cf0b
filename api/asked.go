package api

import (
	"hash/maphash"
	"net/http"
	"sync/atomic"
)

// asked remembers what the addresses of one route ask, so that a question in words
// that were used before is not parsed again. Reading it takes no lock and makes
// nothing. What an address means never changes, so nothing here grows old; an
// address with a fault is parsed each time. The zero asked is empty.
type asked[Q any] struct {
	slots [askedSlots]atomic.Pointer[askedSlot[Q]]
}

type askedSlot[Q any] struct {
	address  string
	question Q
}

const (
	// askedSlots is a power of two. Two addresses on one slot take turns.
	askedSlots = 1024
	// askedLongest keeps what strangers write from taking memory.
	askedLongest = 512
)

var askedSeed = maphash.MakeSeed()

// of is the question of a request, which nobody may change.
func (a *asked[Q]) of(r *http.Request, parse func(*http.Request) (Q, error)) (Q, error) {
	slot := &a.slots[maphash.String(askedSeed, r.RequestURI)%askedSlots]
	if kept := slot.Load(); kept != nil && kept.address == r.RequestURI {
		return kept.question, nil
	}
	question, err := parse(r)
	if err == nil && len(r.RequestURI) <= askedLongest {
		slot.Store(&askedSlot[Q]{r.RequestURI, question})
	}
	return question, err
}
