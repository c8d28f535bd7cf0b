package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/exodrive/exodrive/bench/report"
	"github.com/exodrive/exodrive/bench/stage"
)

// warming warms one server with empty caches everywhere, and asks what visitors begin
// with. Then it has the same loaded by requests, and compares the bytes.
func warming(ctx context.Context, s *site, p *page) error {
	if err := s.clear(ctx); err != nil {
		return err
	}
	before, err := s.figures(ctx)
	if err != nil {
		return err
	}
	r, err := s.ask(ctx, http.MethodPost, s.nodes[0].Site+"/api/admin/cache-warm", nil, "")
	if err != nil {
		return err
	}
	type counts struct{ Loaded, Fresh, Failed int }
	var done struct {
		Cars, Availability, FleetCounts counts
		Milliseconds                    int
	}
	if err := json.Unmarshal(r.body, &done); err != nil {
		return err
	}
	here, warmed, err := s.firstVisits(ctx, s.nodes[0])
	if err != nil {
		return err
	}
	asked := len(warmed)
	failed := done.Cars.Failed + done.Availability.Failed + done.FleetCounts.Failed
	loaded := done.Cars.Loaded + done.Availability.Loaded + done.FleetCounts.Loaded
	p.promise(s, "what is asked first is there after a warming", "100 %", report.Share(here, asked), here == asked && failed == 0)
	there, err := s.elsewhere(ctx, p, before)
	if err != nil {
		return err
	}
	if err := s.clear(ctx); err != nil {
		return err
	}
	_, again, err := s.firstVisits(ctx, s.nodes[0])
	if err != nil {
		return err
	}
	same := 0
	for address, body := range warmed {
		if bytes.Equal(body, again[address]) {
			same++
		}
	}
	p.promise(s, "it is what a request would have loaded, byte for byte", "100 %", report.Share(same, asked), same == asked)
	p.row(&p.warmTable, s.store, fmt.Sprint(len(s.cars)), fmt.Sprint(loaded), fmt.Sprintf("%d ms", done.Milliseconds),
		fmt.Sprintf("%.0f", 1000*float64(loaded)/float64(max(1, done.Milliseconds))), report.Share(here, asked), there)
	return nil
}

// elsewhere asks the same of a server that was not warmed and says how much was there.
// Nobody waits for a Redis that takes longer than 20 ms, so what it did not take in time
// is no promise.
func (s *site) elsewhere(ctx context.Context, p *page, before figures) (there string, err error) {
	if s.store != "redis" || len(s.nodes) < 2 {
		return "–", nil
	}
	hits, asked, err := s.firstVisits(ctx, s.nodes[1])
	if err != nil {
		return "", err
	}
	after, err := s.figures(ctx)
	if err != nil {
		return "", err
	}
	there = report.Share(hits, len(asked))
	late := after.late(before)
	if late > 0 {
		there += fmt.Sprintf(", %.0f calls of Redis failed or were not made", late)
	}
	p.promise(s, "and on a server that was not warmed, from Redis", "100 %", there, hits == len(asked) || late > 0)
	return there, nil
}

// firstVisits asks a server for the first page, the counts and, of every car, its page,
// first reviews and calendar of the next month; hits are those that nobody had to wait
// for.
func (s *site) firstVisits(ctx context.Context, n *stage.Node) (hits int, bodies map[string][]byte, err error) {
	now := time.Now().UTC()
	first := time.Date(now.Year(), now.Month()+1, 1, 0, 0, 0, 0, time.UTC)
	from, to := first.Format(time.DateOnly), first.AddDate(0, 1, -1).Format(time.DateOnly)
	paths := []string{"/api/cars", "/api/fleet/counts"}
	for _, car := range s.cars {
		of := "/api/cars/" + car
		paths = append(paths, of, of+"/reviews", of+"/availability?startDate="+from+"&endDate="+to)
	}
	bodies = map[string][]byte{}
	for _, path := range paths {
		r, err := s.get(ctx, n.Site+path, "")
		if err != nil {
			return 0, nil, err
		}
		if bodies[path] = r.body; r.hit() {
			hits++
		}
	}
	return hits, bodies, nil
}

// auditor asks the servers' own check of all the answers above.
func auditor(ctx context.Context, s *site, p *page) error {
	f, err := s.figures(ctx)
	if err != nil {
		return err
	}
	p.promise(s, "answers that the auditor found too old", "0", fmt.Sprintf("%.0f of %.0f", f.Inconsistent, f.Audited), f.Inconsistent == 0 && f.Audited > 0)
	return nil
}
