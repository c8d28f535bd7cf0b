package bench

import (
	"context"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/doctor"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
	"github.com/exodrive/exodrive/sqlstore"
)

// BenchmarkDoctor examines a server over 10,000 cars, 200,000 bookings and 100,000
// reviews. ms is what an operator waits; it is to be less than 5,000.
func BenchmarkDoctor(b *testing.B) {
	for _, engine := range exotest.Engines() {
		b.Run(engine, func(b *testing.B) {
			ctx := context.Background()
			store, err := sqlstore.Open(ctx, sqlstore.Config{URL: database(b, engine)})
			if err != nil {
				b.Fatal(err)
			}
			defer store.Close()
			c := rental.NewCache(store)
			defer c.Close()
			if _, err := rental.New(ctx, rental.Options{Store: store, Cache: c}); err != nil {
				b.Fatal(err)
			}
			c.Start()
			d := doctor.New(doctor.Parts{Store: store, Cache: c.Stats, Families: c.Families()})
			who := exodrive.Actor{ID: "bench", Scopes: []exodrive.Scope{exodrive.ScopeRead}}
			first, findings := time.Duration(0), 0
			for b.Loop() {
				begun := time.Now()
				found, err := d.Examine(ctx, who)
				if err != nil {
					b.Fatal(err)
				}
				first, findings = max(first, time.Since(begun)), len(found)
				for _, f := range found {
					if f.Figure == "unknown" || f.Check == "plans" && f.Level != doctor.OK {
						b.Errorf("%s: %s", f.Check, f.Meaning)
					}
				}
			}
			b.ReportMetric(ms(b.Elapsed())/float64(b.N), "ms")
			b.ReportMetric(ms(first), "longest-ms")
			b.ReportMetric(float64(findings), "findings")
			b.ReportMetric(0, "ns/op")
		})
	}
}
