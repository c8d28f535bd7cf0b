package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"time"
)

// cell is one rate that is measured every round.
type cell struct {
	server server
	page   page
	coding string
	match  bool // with If-None-Match: a 304
}

// oneCore measures each server alone on the first core, with the load generator
// on the second.
func (w *workshop) oneCore(ctx context.Context, o options) error {
	servers, err := w.startAll(ctx, []string{"taskset", "-c", "0"}, 1)
	if err != nil {
		return err
	}
	defer w.stop()
	t := newTable("One core for the server, the load generator on another",
		fmt.Sprintf("wrk -t1 -c%d, %s each, %d rounds, round robin", connections, o.each, o.rounds))
	err = w.rates(ctx, o, t, servers, []string{"taskset", "-c", "1", "wrk", "-t1"})
	if err != nil {
		return err
	}
	for _, p := range w.pages {
		for _, coding := range codings {
			kind := p.name + " " + coding
			t.ratio(kind, ours, bare, "≥ 0.90")
			t.ratio(kind, ours, varnish, "≥ 1.0")
			t.ratio(kind, ours, nginx, "")
		}
		t.ratioOf(p.name+": 304 / 200 in gzip", key{p.name + " 304", ours}, key{p.name + " gzip", ours}, "≥ 1.2")
		t.ratioOf(p.name+": 304 / 200 in identity", key{p.name + " 304", ours}, key{p.name + " identity", ours}, "≥ 1.2")
	}
	t.print()
	return nil
}

// allCores measures the most of each server when it shares all cores with the
// load generator.
func (w *workshop) allCores(ctx context.Context, o options) error {
	cores := runtime.NumCPU()
	servers, err := w.startAll(ctx, nil, cores)
	if err != nil {
		return err
	}
	defer w.stop()
	t := newTable(fmt.Sprintf("All %d cores, shared with the load generator", cores),
		fmt.Sprintf("wrk -t%d -c%d, %s each, %d rounds, round robin", cores, connections, o.each, o.rounds))
	if err := w.rates(ctx, o, t, servers, []string{"wrk", "-t" + strconv.Itoa(cores)}); err != nil {
		return err
	}
	for _, p := range w.pages {
		for _, coding := range codings {
			t.ratio(p.name+" "+coding, ours, bare, "")
			t.ratio(p.name+" "+coding, ours, varnish, "")
		}
	}
	t.print()
	return nil
}

// rates measures every cell once a round. Each round begins with another server,
// so that none is always the first after a pause.
func (w *workshop) rates(ctx context.Context, o options, t *table, servers []server, wrk []string) error {
	for _, s := range servers {
		t.headers[s.name] = s.headers
	}
	for round := range o.rounds + 1 {
		for _, p := range w.pages {
			for _, kind := range append(append([]string{}, codings...), "304") {
				for i := range servers {
					s := servers[(i+round)%len(servers)]
					if kind == "304" && s.name != ours {
						continue
					}
					c := cell{server: s, page: p, coding: kind}
					if kind == "304" {
						c.coding, c.match = "gzip", true
					}
					each := o.each
					if round == 0 { // to warm up
						each = time.Second
					}
					m, err := c.measure(ctx, each, wrk)
					if err != nil {
						return err
					}
					if round > 0 {
						t.add(key{p.name + " " + kind, s.name}, m)
					}
				}
			}
		}
	}
	return nil
}

var (
	rateLine  = regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`)
	countLine = regexp.MustCompile(`([0-9]+) requests in`)
	faultLine = regexp.MustCompile(`(?m)^\s*(Non-2xx.*|Socket errors.*)$`)
)

// measure runs the load generator; an answer that is a failure fails it.
func (c cell) measure(ctx context.Context, each time.Duration, wrk []string) (measured, error) {
	seconds := strconv.Itoa(max(1, int(each/time.Second)))
	args := append(append([]string{}, wrk[1:]...), "-c"+strconv.Itoa(connections), "-d"+seconds+"s", "-H", "Accept-Encoding: "+c.coding)
	if c.match {
		tag := c.page.answers[c.coding].Header.Get("Etag")
		if _, err := ask(ctx, c.server.address, c.page.path, c.coding, tag); err != nil {
			return measured{}, err // it would be a 200 that is measured
		}
		args = append(args, "-H", "If-None-Match: "+tag)
	}
	before := coreTime(c.server.pid)
	out, err := exec.CommandContext(ctx, wrk[0], append(args, "http://"+c.server.address+c.page.path)...).CombinedOutput()
	if err != nil {
		return measured{}, fmt.Errorf("wrk: %w: %s", err, out)
	}
	if fault := faultLine.Find(out); fault != nil {
		return measured{}, fmt.Errorf("%s: %s", c.server.name, bytes.TrimSpace(fault))
	}
	took := coreTime(c.server.pid) - before
	rate, count := rateLine.FindSubmatch(out), countLine.FindSubmatch(out)
	if rate == nil || count == nil {
		return measured{}, fmt.Errorf("wrk says no rate: %s", out)
	}
	n, _ := strconv.ParseFloat(string(count[1]), 64) // digits, by the expression
	m := measured{cpu: float64(took.Microseconds()) / n}
	m.rate, err = strconv.ParseFloat(string(rate[1]), 64)
	return m, err
}
