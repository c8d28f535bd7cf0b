package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// callers bounds how many calls of the open loop are under way at once: as many
// as arrive in a quarter of a second. One that finds nobody free waits, and its
// waiting counts.
const callers = 256

// openLoop sends calls at fixed instants, whatever has become of the ones before,
// and measures each from the instant at which it was due: a server that stops for
// a second is seen by the thousand who come meanwhile, not by one.
func (w *workshop) openLoop(ctx context.Context, o options) error {
	servers, err := w.openServers(ctx)
	if err != nil {
		return err
	}
	defer w.stop()
	fmt.Printf("\n### Open loop: %d requests/s for %s, %d addresses by chance, half of them in gzip\n\n", o.rate, o.open, len(w.mixed))
	fmt.Printf("All on the same cores, the generator too. ExoDrive's target is a p99 < 5 ms without an error; the bare server shows what the machine does.\n\n")
	fmt.Println("| server | p50 | p90 | p99 | p99.9 | most | errors | hits | p99 of sending late |")
	fmt.Println("|---|---|---|---|---|---|---|---|---|")
	for _, s := range servers {
		for _, path := range w.mixed { // the misses
			if _, err := ask(ctx, s.address, path, "gzip", ""); err != nil {
				return err
			}
		}
		r := loop(ctx, s.address, w.mixed, o)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		hits := "–"
		if s.name == ours {
			hits = fmt.Sprintf("%.1f %%", 100*float64(r.hits.Load())/float64(len(r.took)))
		}
		fmt.Printf("| %s | %s | %s | %s | %s | %s | %d | %s | %s |\n", s.name, millis(r.took, 0.50), millis(r.took, 0.90), millis(r.took, 0.99),
			millis(r.took, 0.999), millis(r.took, 1), r.errors.Load(), hits, millis(r.late, 0.99))
		if err := r.first.Load(); err != nil {
			fmt.Println("first error:", *err)
		}
	}
	return nil
}

func (w *workshop) openServers(ctx context.Context) ([]server, error) {
	our, err := w.exodrive(ctx, nil)
	if err != nil {
		return nil, err
	}
	least, err := w.bare(ctx, nil)
	return []server{{name: ours, address: our}, {name: bare, address: least}}, err
}

// arrivals are what became of the calls, in the order in which they were due.
type arrivals struct {
	took, late   []time.Duration // since the instant it was due: to the end, and to the sending
	errors, hits atomic.Int64
	first        atomic.Pointer[error]
}

func loop(ctx context.Context, address string, paths []string, o options) *arrivals {
	n := int(o.open.Seconds() * float64(o.rate))
	r := &arrivals{took: make([]time.Duration, n), late: make([]time.Duration, n)}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: callers, DisableCompression: true}, Timeout: 10 * time.Second}
	defer client.CloseIdleConnections()
	chance := rand.New(rand.NewPCG(1, 2))
	order := make([]int, n)
	for i := range order {
		order[i] = chance.IntN(2 * len(paths))
	}
	next := make(chan int, n) // the schedule never waits for a caller
	begin := time.Now()
	due := func(i int) time.Time { return begin.Add(time.Duration(i) * time.Second / time.Duration(o.rate)) }
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for i := range next {
				r.late[i] = time.Since(due(i))
				hit, err := call(ctx, client, "http://"+address+paths[order[i]/2], codings[order[i]%2])
				r.took[i] = time.Since(due(i))
				switch {
				case err != nil:
					r.errors.Add(1)
					r.first.CompareAndSwap(nil, &err)
				case hit:
					r.hits.Add(1)
				}
			}
		})
	}
	for i := range n {
		time.Sleep(time.Until(due(i)))
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	wg.Wait()
	return r
}

func call(ctx context.Context, client *http.Client, url, coding string) (hit bool, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false, err
	}
	r.Header.Set("Accept-Encoding", coding)
	resp, err := client.Do(r)
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return false, err
	}
	if resp.StatusCode != http.StatusOK {
		return false, errors.New(url + ": " + resp.Status)
	}
	return resp.Header.Get("X-Cache") == "HIT", nil
}

func millis(took []time.Duration, share float64) string {
	sorted := slices.Sorted(slices.Values(took))
	i := min(len(sorted)-1, int(share*float64(len(sorted))))
	return fmt.Sprintf("%.2f ms", float64(sorted[i].Microseconds())/1000)
}
