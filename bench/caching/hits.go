package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/exodrive/exodrive/bench/flow"
	"github.com/exodrive/exodrive/bench/report"
)

// wantedHits is the target of the performance guide. Its times are those of make load.
const wantedHits = 0.85

// The mix of the performance guide, as tests/load/performance.js asks it.
const (
	lists          = 40
	details        = 30
	calendars      = 20
	zipfExponent   = 1.1
	questions      = 50
	writesPerReads = 1000
)

// hitRatio lets visitors come to empty caches, warms them, and lets them come again.
func hitRatio(ctx context.Context, s *site, p *page) error {
	if err := s.clear(ctx); err != nil {
		return err
	}
	v := newVisitors(s)
	before, err := s.figures(ctx)
	if err != nil {
		return err
	}
	cold := v.come(ctx, 0)
	for _, n := range s.nodes {
		if _, err := s.ask(ctx, http.MethodPost, n.Site+"/api/admin/cache-warm", nil, ""); err != nil {
			return err
		}
	}
	warm := v.come(ctx, s.o.reading)
	after, err := s.figures(ctx)
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	p.ratios = append(p.ratios, report.Line{Name: s.store, Points: append(cold.perSecond, warm.perSecond...)})
	p.promise(s, "hits of the visitors, warmed", "> 85 %", report.Share(warm.hits, warm.reads), float64(warm.hits) > wantedHits*float64(warm.reads))
	p.promise(s, "reads that fail", "0", fmt.Sprint(cold.failed+warm.failed), cold.failed+warm.failed == 0)
	ms := func(v visit, share float64) string { return report.Ms(report.Percentile(v.took, share)) }
	p.row(&p.hitTable, s.store, "all, from empty", report.Share(cold.hits, cold.reads), "", "", "", ms(cold, 0.5), ms(cold, 0.95), fmt.Sprint(cold.reads))
	p.row(&p.hitTable, s.store, "all, warmed", report.Share(warm.hits, warm.reads), "", "", "", ms(warm, 0.5), ms(warm, 0.95), fmt.Sprint(warm.reads))
	of := after.since(before)
	for _, name := range slices.SortedFunc(maps.Keys(of), cmp.Compare[string]) {
		f := of[name]
		reads := f.Hits + f.Misses
		if reads == 0 {
			continue
		}
		p.row(&p.hitTable, s.store, name, percent(f.Hits/reads), percent(f.RemoteHits/reads), fmt.Sprintf("%.0f", f.Loads), report.Ms(f.LoadMs/max(1, f.Loads)), "", "", fmt.Sprintf("%.0f", reads))
	}
	return nil
}

// visitors ask in the guide's mix, and now and then something is written.
type visitors struct {
	*site
	dice   *rand.Rand
	carOf  *rand.Zipf
	listOf *rand.Zipf
	from   time.Time
}

func newVisitors(s *site) *visitors {
	dice := rand.New(rand.NewPCG(1, 1))
	return &visitors{
		site: s, dice: dice, from: time.Now().UTC(),
		carOf: rand.NewZipf(dice, zipfExponent, 1, uint64(len(s.cars)-1)), listOf: rand.NewZipf(dice, zipfExponent, 1, questions-1),
	}
}

// visit is what some visitors got.
type visit struct {
	reads, hits, failed int
	took                []float64 // ms of hits
	perSecond           [][2]float64
}

// come lets them come for a time; the seconds of the visit count from at.
func (v *visitors) come(ctx context.Context, at time.Duration) visit {
	var all visit
	seconds := int(v.o.reading.Seconds())
	reads, hits := make([]float64, seconds), make([]float64, seconds)
	begun := time.Now()
	writes := make(chan struct{})
	go v.write(ctx, writes)
	flow.Flow{Rate: v.o.rate, Callers: 200, Pick: func(int) string { return v.address() }}.Run(ctx, v.o.reading, func(a flow.Answer) {
		second := min(int(a.Due.Sub(begun).Seconds()), seconds-1)
		all.reads++
		reads[second]++
		if a.Status != http.StatusOK {
			all.failed++
		}
		if a.Hit {
			all.hits++
			hits[second]++
			all.took = append(all.took, report.Millis(a.Took))
		}
		if all.reads%writesPerReads == 0 {
			writes <- struct{}{}
		}
	})
	close(writes)
	for second := range seconds {
		all.perSecond = append(all.perSecond, [2]float64{at.Seconds() + float64(second), 100 * hits[second] / max(1, reads[second])})
	}
	return all
}

// write gives a car's day a price of its own, each time it is told to.
func (v *visitors) write(ctx context.Context, tell <-chan struct{}) {
	n := 0
	for range tell {
		n++
		_, _ = v.setPrice(ctx, v.nodes[n%len(v.nodes)], v.cars[n%10], far(n%50), 20_000+n) // that it is read again is checked elsewhere
	}
}

// address is what the next visitor asks.
func (v *visitors) address() string {
	node, dice := v.nodes[v.dice.IntN(len(v.nodes))], v.dice.IntN(100)
	car := v.cars[v.carOf.Uint64()]
	switch {
	case dice < lists:
		return node.Site + "/api/cars?" + v.question(int(v.listOf.Uint64()))
	case dice < lists+details:
		return node.Site + "/api/cars/" + car
	case dice < lists+details+calendars:
		return calendar(node, car, v.day(1), v.day(31))
	}
	return node.Site + "/api/cars/" + car + "/reviews"
}

func (v *visitors) day(ahead int) string { return v.from.AddDate(0, 0, ahead).Format(time.DateOnly) }

// question is a list: a kind of car, every fifth for some days.
func (v *visitors) question(n int) string {
	categories := []string{"supercar", "sports", "grand-tourer", "luxury-sedan", "luxury-suv", "convertible", "classic", "electric"}
	text := fmt.Sprintf("limit=12&category=%s&page=%d", categories[n%len(categories)], 1+n/10%2)
	if n%2 == 1 {
		text += "&sort=price"
	}
	if n%5 == 4 {
		text += "&startDate=" + v.day(10+n) + "&endDate=" + v.day(13+n)
	}
	return text
}

func percent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }
