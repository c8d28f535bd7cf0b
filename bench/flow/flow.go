// Package flow sends calls at fixed instants, whatever has become of the ones before,
// as visitors do who know nothing of each other. Each is measured from the instant at
// which it was due: a server that stops for a second is seen by all who come
// meanwhile, and not by one.
package flow

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// Flow is an open loop. What is under way and what waits to be sent is bounded: a call
// that finds no room any more ends with ErrNotSent.
type Flow struct {
	Rate    float64          // calls a second
	Pick    func(int) string // the address of the nth call
	Callers int              // at most so many calls are under way
}

// Answer is what became of a call.
type Answer struct {
	Due    time.Time
	Took   time.Duration // since it was due
	Status int           // 0 beside an error
	Hit    bool
	Again  string // Retry-After
	Err    error
}

// ErrNotSent is of calls that came when all callers were busy and as many again
// waited for each.
var ErrNotSent = errors.New("flow: too many calls are under way")

// waiting calls are kept for each caller.
const waiting = 4

// patience is the longest that a call may take.
const patience = 15 * time.Second

// Run sends calls for a time and returns when all have ended. note is called for each,
// one at a time, with its number.
func (f Flow) Run(ctx context.Context, during time.Duration, note func(Answer)) {
	client := &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: f.Callers, DisableCompression: true}}
	defer client.CloseIdleConnections()
	type call struct {
		due     time.Time
		address string
	}
	var (
		calls = make(chan call, f.Callers*waiting)
		mu    sync.Mutex
		all   sync.WaitGroup
	)
	tell := func(a Answer) {
		mu.Lock()
		defer mu.Unlock()
		note(a)
	}
	for range f.Callers {
		all.Go(func() {
			for c := range calls {
				a := ask(ctx, client, c.address)
				a.Due, a.Took = c.due, time.Since(c.due)
				tell(a)
			}
		})
	}
	begun, end := time.Now(), int(f.Rate*during.Seconds())
	for n := 0; n < end && ctx.Err() == nil; n++ {
		due := begun.Add(time.Duration(float64(n) / f.Rate * float64(time.Second)))
		time.Sleep(time.Until(due))
		select {
		case calls <- call{due, f.Pick(n)}:
		default:
			tell(Answer{Due: due, Took: time.Since(due), Err: ErrNotSent})
		}
	}
	close(calls)
	all.Wait()
}

func ask(ctx context.Context, client *http.Client, address string) Answer {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return Answer{Err: err}
	}
	resp, err := client.Do(r)
	if err != nil {
		return Answer{Err: err}
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return Answer{Err: err}
	}
	return Answer{Status: resp.StatusCode, Hit: resp.Header.Get("X-Cache") == "HIT", Again: resp.Header.Get("Retry-After")}
}
