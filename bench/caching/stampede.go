package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/exodrive/exodrive/bench/report"
	"github.com/exodrive/exodrive/bench/stage"
)

// stampede lets a crowd ask every server for one thing at the same instant: one that
// nobody has asked for, and one that has just been overwritten.
func stampede(ctx context.Context, s *site, p *page) error {
	perCrowd, wanted := float64(len(s.nodes)), fmt.Sprintf("<= %d, one a server", len(s.nodes))
	if s.store == "redis" {
		// Nobody waits for a call of Redis that takes longer than 20 ms.
		perCrowd, wanted = 1, "1; one a server where Redis is late"
	}
	for _, kind := range []struct {
		what string
		// ready makes the thing ready and says what is to be asked of a server, and with
		// which mark.
		ready func(n int) (func(*stage.Node) string, string, error)
	}{
		{"never asked", func(n int) (func(*stage.Node) string, string, error) {
			return func(node *stage.Node) string { return fmt.Sprintf("%s/api/cars?limit=50&minPrice=%d", node.Site, 1+n) }, "", nil
		}},
		{"just overwritten", func(n int) (func(*stage.Node) string, string, error) {
			car, day := s.cars[n%len(s.cars)], far(60)
			address := func(node *stage.Node) string { return calendar(node, car, far(45), far(75)) }
			for _, node := range s.nodes {
				if _, err := s.get(ctx, address(node), ""); err != nil {
					return nil, "", err
				}
			}
			mark, err := s.setPrice(ctx, s.nodes[0], car, day, 30_000+n)
			return address, mark, err
		}},
	} {
		c := crowds{perCrowd: perCrowd, kept: true}
		for n := range s.o.crowds {
			address, mark, err := kind.ready(n)
			if err != nil {
				return err
			}
			if err := c.come(ctx, s, address, mark); err != nil {
				return err
			}
		}
		measured := fmt.Sprintf("at most %.0f", c.most)
		if c.late > 0 {
			measured += fmt.Sprintf("; Redis was late for %d crowds of %d", c.late, s.o.crowds)
		}
		p.promise(s, "loads for a crowd, "+kind.what, wanted, measured, c.kept)
		number := float64(s.o.crowds)
		p.row(&p.crowdTable, s.store, kind.what, fmt.Sprint(s.o.callers*len(s.nodes)), fmt.Sprintf("%.2f", c.loaded/number), fmt.Sprintf("%.0f", c.most),
			fmt.Sprintf("%.0f", c.joined/number), report.Ms(report.Percentile(c.took, 0.5)), report.Ms(report.Percentile(c.took, 0.99)))
	}
	return nil
}

// crowds is what some crowds cost.
type crowds struct {
	perCrowd             float64 // loads that are allowed
	loaded, joined, most float64
	late                 int // crowds for which Redis was
	kept                 bool
	took                 []float64 // ms
}

// come lets one more come.
func (c *crowds) come(ctx context.Context, s *site, address func(*stage.Node) string, mark string) error {
	before, err := s.figures(ctx)
	if err != nil {
		return err
	}
	times, err := s.crowd(ctx, address, mark)
	if err != nil {
		return err
	}
	after, err := s.figures(ctx)
	if err != nil {
		return err
	}
	of, allowed := after.since(before), c.perCrowd
	if after.late(before) > 0 {
		c.late++
		allowed = float64(len(s.nodes))
	}
	c.loaded, c.most, c.took = c.loaded+loads(of), max(c.most, loads(of)), append(c.took, times...)
	c.kept = c.kept && loads(of) <= allowed
	for _, f := range of {
		c.joined += f.Misses
	}
	return nil
}

// crowd asks every server at once; the times are those of the answers.
func (s *site) crowd(ctx context.Context, address func(*stage.Node) string, mark string) (ms []float64, err error) {
	begin := make(chan struct{})
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, n := range s.nodes {
		for range s.o.callers {
			all.Go(func() {
				<-begin
				sent := time.Now()
				_, failed := s.get(ctx, address(n), mark)
				mu.Lock()
				defer mu.Unlock()
				ms = append(ms, report.Millis(time.Since(sent)))
				if failed != nil {
					err = failed
				}
			})
		}
	}
	close(begin)
	all.Wait()
	return ms, err
}

// setPrice gives a day of a car a price of its own through a server, and returns the
// mark of the write.
func (s *site) setPrice(ctx context.Context, n *stage.Node, car, day string, amount int) (mark string, err error) {
	r, err := s.ask(ctx, http.MethodPut, n.Site+"/api/admin/cars/"+car+"/prices", map[string]any{"startDate": day, "endDate": day, "amount": amount}, "")
	if err != nil {
		return "", err
	}
	return r.header.Get("X-Exo-Mark"), nil
}
