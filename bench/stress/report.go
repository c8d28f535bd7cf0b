package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/exodrive/exodrive/bench/flow"
	"github.com/exodrive/exodrive/bench/report"
	"github.com/exodrive/exodrive/bench/stage"
)

// What is promised beyond the knee. The figures are for a machine of two cores, of
// which the server has one and is short of it.
const (
	within = 250.0 // ms, p99 of a hit and of a refusal
	// While the line in front of loads is still patient, for a second, there comes what
	// nobody can load, and for another two the server tells them all to come again.
	settling       = 3 * time.Second
	firstWithin    = 2000.0 // ms, the same p99 until then
	recoversWithin = 5 * time.Second
	// most is what the cache may hold, 64 MiB by default, as much again for what Go has
	// not collected yet, 16 MiB for each connection of an embedded database, and the rest
	// for callers.
	most = 400 << 20
)

func (r *trial) report() error {
	flood := r.phases[len(r.phases)-2]
	name := "stress"
	servers := []string{}
	if r.o.stores != "embedded" {
		name, servers = "stress-"+r.o.stores, []string{"postgres", "redis-server"}
	}
	page := report.Report{Title: "Stress test, " + r.o.stores, Conditions: [][2]string{
		{"when", r.begun.UTC().Format(time.RFC3339)}, {"machine", stage.Machine() + "; " + r.shared},
		{"versions", stage.Versions(servers...)}, {"commit", stage.Commit()}, {"command", "go run ./bench/stress " + strings.Join(os.Args[1:], " ")},
	}}
	verdicts, ok := r.verdicts(flood)
	page.Add(report.Part{Title: "Beyond the knee", Table: verdicts, Text: fmt.Sprintf(
		"The knee is at %.0f misses a second: the last rate at which at most %.0f %% were refused and p95 was within %v. The flood is %.1f times that, for %v. Its first %v count apart. A call is not sent when the generator has no room for it.%s",
		r.knee, 100*breakShare, breakTook, r.o.beyond, r.o.flood, settling, r.disturbance(flood))})
	page.Add(report.Part{Title: "Phases", Table: r.table()})
	page.Add(report.Part{Title: "Answers a second", Plot: &report.Plot{Unit: "1/s", Bands: r.bands(), Lines: []report.Line{
		r.rate("misses answered", misses, good), r.rate("misses refused", misses, refused), r.rate("hits", hits, good),
	}}})
	page.Add(report.Part{Title: "Milliseconds of an answer", Plot: &report.Plot{Unit: "ms", Log: true, Bands: r.bands(), Lines: []report.Line{
		r.latency("hits p50", hits, good, 0.5), r.latency("hits p99", hits, good, 0.99),
		r.latency("misses p50", misses, good, 0.5), r.latency("misses p99", misses, good, 0.99), r.latency("refusals p99", misses, refused, 0.99),
	}}})
	weight := report.Line{Name: "memory of the server"}
	for _, m := range r.memory {
		weight.Points = append(weight.Points, [2]float64{m[0], m[1] / (1 << 20)})
	}
	page.Add(report.Part{Title: "Memory", Plot: &report.Plot{Unit: "MiB", Bands: r.bands(), Lines: []report.Line{weight}}})
	if err := page.Write(os.Stdout, filepath.Join("bench", "out", name+".html")); err != nil {
		return err
	}
	switch {
	case ok:
		return nil
	case flood.others > stage.Disturbed:
		return fmt.Errorf("%w; others took %.0f %% of the machine during the flood, so try again when it is quiet", errMissed, 100*flood.others)
	}
	return errMissed
}

// disturbance tells who else used the machine.
func (r *trial) disturbance(flood *phase) string {
	text := ""
	if r.floods > 1 {
		text = fmt.Sprintf(" Others were at work on the machine, so the flood was tried %d times; the figures are of the last.", r.floods)
	}
	if flood.others > stage.Disturbed {
		text += fmt.Sprintf(" Others took %.0f %% of the processors during it.", 100*flood.others)
	}
	return text
}

// verdicts hold what was measured against what is promised.
func (r *trial) verdicts(flood *phase) (*report.Table, bool) {
	all, t := true, &report.Table{Head: []string{"promise", "wanted", "measured", ""}}
	add := func(what, wanted, measured string, ok bool) {
		word := "ok"
		if !ok {
			word, all = "missed", false
		}
		t.Rows = append(t.Rows, []string{what, wanted, measured, word})
	}
	add("hits are all answered", "100 %", report.Share(count(flood.hits, good), len(flood.hits)), count(flood.hits, good) == len(flood.hits))
	add("misses beyond it are refused", "> 0", report.Share(flood.refused(), len(flood.misses)), flood.refused() > 0)
	for _, part := range []struct {
		what  string
		first bool
		most  float64
	}{{"at first", true, firstWithin}, {"then", false, within}} {
		of := func(all []flow.Answer, what func(flow.Answer) bool) float64 {
			return flood.took(only(all, func(a flow.Answer) bool {
				return what(a) && (a.Due.Sub(r.begun) < flood.from+settling) == part.first
			}), 0.99)
		}
		hit, no := of(flood.hits, good), of(flood.misses, refused)
		wanted := fmt.Sprintf("< %.0f ms", part.most)
		add("hits stay fast, p99, "+part.what, wanted, report.Ms(hit), hit < part.most)
		add("refusals come soon, p99, "+part.what, wanted, report.Ms(no), no < part.most)
	}
	again := count(flood.misses, func(a flow.Answer) bool { return refused(a) && a.Again == "1" })
	add("refusals say when to come again", "100 %", report.Share(again, flood.refused()), again == flood.refused())
	add("nothing else fails", "0", fmt.Sprint(count(flood.misses, failed)), count(flood.misses, failed) == 0)
	share := float64(count(flood.misses, good)) / r.o.flood.Seconds() / r.knee
	add("misses are answered all the while, of the knee's rate", "> 50 %", fmt.Sprintf("%.0f %%", 100*share), share > 0.5)
	heaviest := r.heaviest(0, r.phases[len(r.phases)-1].to)
	add("memory is bounded", "< "+report.Bytes(most), report.Bytes(heaviest), heaviest < most)
	add("it recovers by itself", "< "+recoversWithin.String(), r.recovery().Round(time.Millisecond).String(), r.recovery() < recoversWithin)
	return t, all
}

func (r *trial) table() *report.Table {
	t := &report.Table{Head: []string{"misses asked", "answered", "refused", "failed", "not sent", "p50", "p99", "refusal p50", "p99", "hits p50", "p99", "memory", "others took"}}
	for _, p := range r.phases {
		answered, no, hit := only(p.misses, good), only(p.misses, refused), only(p.hits, good)
		ms := func(of []flow.Answer, share float64) string { return report.Ms(p.took(of, share)) }
		label := p.name
		if !strings.HasSuffix(label, "/s") {
			label = fmt.Sprintf("%s: %.0f/s", p.name, p.rate)
		}
		t.Rows = append(t.Rows, []string{
			label, fmt.Sprintf("%.0f/s", float64(len(answered))/(p.to-p.from).Seconds()), report.Share(len(no), len(p.misses)), fmt.Sprint(count(p.misses, failed)),
			report.Share(count(p.misses, unsent), len(p.misses)), ms(answered, 0.5), ms(answered, 0.99), ms(no, 0.5), ms(no, 0.99), ms(hit, 0.5), ms(hit, 0.99), report.Bytes(r.heaviest(p.from, p.to)),
			fmt.Sprintf("%.0f %%", 100*p.others),
		})
	}
	return t
}

func (r *trial) bands() []report.Band {
	var all []report.Band
	first := r.phases[:len(r.phases)-3*r.floods]
	all = append(all, report.Band{Name: "ramp", From: first[0].from.Seconds(), To: first[len(first)-1].to.Seconds()})
	for _, p := range r.phases[len(first):] {
		all = append(all, report.Band{Name: p.name, From: p.from.Seconds(), To: p.to.Seconds(), Loud: p.name == "flood"})
	}
	return all
}

func misses(p *phase) []flow.Answer { return p.misses }
func hits(p *phase) []flow.Answer   { return p.hits }

// seconds are the answers of a kind by the second in which they were due.
func (r *trial) seconds(of func(*phase) []flow.Answer, what func(flow.Answer) bool) [][]flow.Answer {
	end := int(r.phases[len(r.phases)-1].to.Seconds())
	all := make([][]flow.Answer, end)
	for _, p := range r.phases {
		for _, a := range of(p) {
			if second := int(a.Due.Sub(r.begun).Seconds()); what(a) && second >= 0 && second < end {
				all[second] = append(all[second], a)
			}
		}
	}
	return all
}

func (r *trial) rate(name string, of func(*phase) []flow.Answer, what func(flow.Answer) bool) report.Line {
	l := report.Line{Name: name}
	for second, answers := range r.seconds(of, what) {
		l.Points = append(l.Points, [2]float64{float64(second), float64(len(answers))})
	}
	return l
}

func (r *trial) latency(name string, of func(*phase) []flow.Answer, what func(flow.Answer) bool, share float64) report.Line {
	l := report.Line{Name: name}
	for second, answers := range r.seconds(of, what) {
		y := math.NaN()
		if len(answers) > 0 {
			y = new(phase).took(answers, share)
		}
		l.Points = append(l.Points, [2]float64{float64(second), y})
	}
	return l
}
