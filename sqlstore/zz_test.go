package sqlstore_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/demo"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
	"github.com/exodrive/exodrive/sqlstore"
)

func TestMain(m *testing.M) { os.Exit(exotest.Main(m)) }

func TestZZ(t *testing.T) {
	exotest.EachEngine(t, "", nil, func(t *testing.T, u string) {
		ctx := context.Background()
		s, err := sqlstore.Open(ctx, sqlstore.Config{URL: u})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		s.Migrate(ctx)
		r, err := rental.New(ctx, rental.Options{Store: s})
		if err != nil {
			t.Fatal(err)
		}
		t0 := time.Now()
		f, err := demo.Generate(demo.Size{Cars: 10000, Bookings: 200000, Reviews: 100000, Seed: 1}, exodrive.MustDate("2026-07-01"))
		fmt.Println("gen", time.Since(t0), err, len(f.CarPrices))
		t0 = time.Now()
		err = r.Seed(ctx, f, false, func(w string, n int) { fmt.Println(s.Engine(), w, n, time.Since(t0)) })
		fmt.Println(s.Engine(), "seed", time.Since(t0), err)
		t0 = time.Now()
		fmt.Println(s.Backup(ctx, "/tmp/seedt/"+s.Engine()), time.Since(t0))
	})
}
