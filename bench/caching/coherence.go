package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/exodrive/exodrive/bench/report"
	"github.com/exodrive/exodrive/bench/stage"
)

// bound is how old an answer may be on a server that has not heard of a write.
const bound = 2 * time.Second

// coherence overwrites the price of a day that every server has in memory, again and
// again, and looks at what is shown after it.
func coherence(ctx context.Context, s *site, p *page) error {
	c := &writer{site: s, car: s.cars[0], day: far(20), begun: time.Now(), line: report.Line{Name: s.store}}
	for _, kind := range []struct {
		what, wanted string
		byHand       bool
		look         func(c *writer, ctx context.Context, mark string) (time.Duration, error)
		ok           func(oldest time.Duration) bool
	}{
		{"through a server, read there", "never old", false, (*writer).lookHere, never},
		{"through a server, read elsewhere with the mark", "never old", false, (*writer).lookWithMark, never},
		{"through a server, read elsewhere", "old for < " + bound.String(), false, (*writer).lookElsewhere, within},
		{"SQL by hand, read everywhere", "old for < " + bound.String(), true, (*writer).lookElsewhere, within},
	} {
		var worst time.Duration
		var ages []float64
		for range s.o.writings {
			mark, err := c.write(ctx, kind.byHand)
			if err != nil {
				return err
			}
			oldest, err := kind.look(c, ctx, mark)
			if err != nil {
				return err
			}
			worst, ages = max(worst, oldest), append(ages, report.Millis(oldest))
			if !kind.ok(0) || oldest > 0 {
				c.line.Points = append(c.line.Points, [2]float64{time.Since(c.begun).Seconds(), report.Millis(oldest)})
			}
		}
		p.promise(s, "a write "+kind.what, kind.wanted, "old for "+report.Ms(report.Millis(worst)), kind.ok(worst))
		p.row(&p.writeTable, s.store, kind.what, fmt.Sprint(s.o.writings), report.Ms(report.Percentile(ages, 0.5)), report.Ms(report.Percentile(ages, 0.95)), report.Ms(report.Millis(worst)))
	}
	p.ages = append(p.ages, c.line)
	return nil
}

func never(oldest time.Duration) bool  { return oldest == 0 }
func within(oldest time.Duration) bool { return oldest < bound }

// writer writes one price after the other; a higher one is newer.
type writer struct {
	*site
	car, day string
	amount   int
	wrote    time.Time // the last write was answered
	begun    time.Time
	line     report.Line
}

// write returns when the next price is written and was shown by no server's memory
// before.
func (c *writer) write(ctx context.Context, byHand bool) (mark string, err error) {
	for _, n := range c.nodes {
		if _, err := c.shown(ctx, n, ""); err != nil {
			return "", err
		}
	}
	c.amount = max(c.amount, 100_000) + 1
	if byHand {
		_, err = c.db.ExecContext(ctx, `INSERT INTO car_prices (car_id, date, amount) VALUES ($1, $2, $3)
			ON CONFLICT (car_id, date) DO UPDATE SET amount = excluded.amount`, c.car, c.day, c.amount)
	} else {
		mark, err = c.setPrice(ctx, c.nodes[0], c.car, c.day, c.amount)
	}
	c.wrote = time.Now()
	return mark, err
}

// shown is the price that a server shows.
func (c *writer) shown(ctx context.Context, n *stage.Node, mark string) (amount int, err error) {
	r, err := c.get(ctx, calendar(n, c.car, c.day, c.day), mark)
	if err != nil {
		return 0, err
	}
	var calendar struct {
		Days []struct{ Price struct{ Amount int } }
	}
	if err := json.Unmarshal(r.body, &calendar); err != nil || len(calendar.Days) != 1 {
		return 0, fmt.Errorf("%w: this is no calendar of a day: %.200s", err, r.body)
	}
	return calendar.Days[0].Price.Amount, nil
}

// old is for how long after the write somebody who asks a server is shown what was
// overwritten, by the time at which he asks.
func (c *writer) old(ctx context.Context, n *stage.Node, mark string) (oldest time.Duration, err error) {
	for {
		sent := time.Now()
		amount, err := c.shown(ctx, n, mark)
		if err != nil || amount == c.amount {
			return oldest, err
		}
		oldest = max(sent.Sub(c.wrote), 1)
		if oldest > 5*bound {
			return oldest, nil
		}
		time.Sleep(time.Millisecond)
	}
}

func (c *writer) lookHere(ctx context.Context, _ string) (time.Duration, error) {
	return c.old(ctx, c.nodes[0], "")
}

func (c *writer) lookWithMark(ctx context.Context, mark string) (time.Duration, error) {
	return c.old(ctx, c.nodes[len(c.nodes)-1], mark)
}

// lookElsewhere looks at the last server, until all show it.
func (c *writer) lookElsewhere(ctx context.Context, _ string) (oldest time.Duration, err error) {
	for i := len(c.nodes) - 1; i >= 0; i-- {
		age, err := c.old(ctx, c.nodes[i], "")
		if err != nil {
			return 0, err
		}
		oldest = max(oldest, age)
	}
	return oldest, nil
}
