package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/exodrive/exodrive/bench/report"
	"github.com/exodrive/exodrive/bench/stage"
)

// page gathers what is found, over all stores.
type page struct {
	o      options
	begun  time.Time
	shared string // how the machine is shared
	since  stage.Ticks
	missed int

	promises, hitTable, crowdTable, writeTable, warmTable [][]string
	ratios, ages                                          []report.Line
}

func (p *page) promise(s *site, what, wanted, measured string, ok bool) {
	word := "ok"
	if !ok {
		word = "missed"
		p.missed++
	}
	p.row(&p.promises, s.store, what, wanted, measured, word)
}

func (*page) row(of *[][]string, cells ...string) { *of = append(*of, cells) }

// write writes the report; the error is errMissed when a promise was missed.
func (p *page) write() error {
	servers := []string{}
	if p.o.stores != "embedded" {
		servers = []string{"postgres", "redis-server"}
	}
	r := report.Report{Title: "The cache", Conditions: [][2]string{
		{"when", p.begun.UTC().Format(time.RFC3339)}, {"machine", stage.Machine() + "; " + p.shared},
		{"versions", stage.Versions(servers...)}, {"commit", stage.Commit()}, {"command", strings.Join(append([]string{"go run ./bench/caching"}, os.Args[1:]...), " ")},
		{"fleet", fmt.Sprintf("%d generated cars, %d servers on each store", p.o.cars, p.o.nodes)},
		{"others", fmt.Sprintf("%.0f %% of the processors were taken by other programs meanwhile", 100*stage.Others(p.since, stage.Now()))},
	}}
	verdict := "All promises were kept."
	if p.missed > 0 {
		verdict = fmt.Sprintf("%d promises were missed.", p.missed)
	}
	r.Add(report.Part{Title: "Promises", Text: verdict, Table: &report.Table{Head: []string{"store", "promise", "wanted", "measured", ""}, Rows: p.promises}})
	seconds := p.o.reading.Seconds()
	r.Add(report.Part{
		Title: "Hit ratio", Text: fmt.Sprintf("Visitors in the mix of the performance guide, %.0f a second, at empty caches, and again once they are warmed; one operation in %d is a write. By family it is both together.", p.o.rate, writesPerReads),
		Table: &report.Table{Head: []string{"store", "reads", "hits", "from Redis", "loads", "a load", "a hit, p50", "p95", "of"}, Rows: p.hitTable},
		Plot:  &report.Plot{Unit: "% hits", Lines: p.ratios, Bands: []report.Band{{Name: "from empty", To: seconds}, {Name: "warmed", From: seconds, To: 2 * seconds}}},
	})
	r.Add(report.Part{
		Title: "Stampede", Text: fmt.Sprintf("%d callers ask each server for one thing at the same instant, %d times each.", p.o.callers, p.o.crowds),
		Table: &report.Table{Head: []string{"store", "what", "callers", "loads", "most", "waited for it", "p50", "p99"}, Rows: p.crowdTable},
	})
	r.Add(report.Part{
		Title: "Coherence", Text: "For how long after the answer to a write somebody who asks is shown what was overwritten: not at all, or by a server that has not heard of it yet.",
		Table: &report.Table{Head: []string{"store", "write", "writes", "p50", "p95", "longest"}, Rows: p.writeTable},
		Plot:  &report.Plot{Unit: "ms old, of each write that is read elsewhere", Lines: p.ages},
	})
	r.Add(report.Part{
		Title: "Warming", Text: "One server is warmed with empty caches everywhere. Then the first list, the counts and, of every car, page, reviews and next month are asked.",
		Table: &report.Table{Head: []string{"store", "cars", "answers loaded", "in", "a second", "there", "on another server"}, Rows: p.warmTable},
	})
	if err := r.Write(os.Stdout, filepath.Join("bench", "out", "cache.html")); err != nil {
		return err
	}
	if p.missed > 0 {
		return errMissed
	}
	return nil
}
