package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	// The engines' drivers, to break what the program reads.
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/exodrive/exodrive/bench/stage"
)

// What -break breaks.
const (
	breakSlow    = "slow"
	breakNoCache = "nocache"
)

// startNodes starts what is to be measured and returns the addresses.
func startNodes(ctx context.Context, s *stage.Stage, o options) (nodes []string, err error) {
	settings, err := s.Stores(ctx, o.stores)
	if err != nil {
		return nil, err
	}
	count := 1
	if o.stores == "postgres" {
		count = 2
	}
	if o.cars > 0 {
		if err := s.Seed(ctx, o.cars, settings...); err != nil {
			return nil, err
		}
	} else {
		settings = append(settings, "EXO_DEMO=true")
	}
	switch o.breaks {
	case "", breakNoCache:
	case breakSlow:
		if err := slowDown(ctx, s, settings); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("-break %q is neither %s nor %s", o.breaks, breakSlow, breakNoCache)
	}
	for range count {
		n, err := s.Node(ctx, settings...)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n.Site)
	}
	return nodes, nil
}

// slowDown puts a view in place of the table of taken days that takes 400 ms each time
// it is looked at: one statement has become slow, as it would without its index.
func slowDown(ctx context.Context, s *stage.Stage, settings []string) error {
	address := strings.TrimPrefix(settings[0], "DATABASE_URL=")
	driver, source, pause := "pgx", address, `(SELECT 1 FROM pg_sleep(0.4)) = 1`
	if path, ok := strings.CutPrefix(address, "sqlite:"); ok {
		// SQLite cannot sleep. It counts to a million instead, which takes about as long.
		driver, source = "sqlite", "file:"+path
		pause = `(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) SELECT count(*) FROM n) > 0`
	}
	// A node makes the tables, and the demo fleet, before it serves.
	if _, err := s.Node(ctx, settings...); err != nil {
		return err
	}
	s.EndLast()
	db, err := sql.Open(driver, source)
	if err != nil {
		return err
	}
	for _, statement := range []string{
		`ALTER TABLE car_availability RENAME TO car_availability_fast`,
		`CREATE VIEW car_availability AS SELECT * FROM car_availability_fast WHERE ` + pause,
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return errors.Join(fmt.Errorf("slow car_availability down: %w", err), db.Close())
		}
	}
	return db.Close()
}

// clearEvery is how often nocache clears the cache.
const clearEvery = 100 * time.Millisecond

// keepClearing makes the cache of all nodes worthless again and again, until ctx ends.
// That there is none would be the same for visitors.
func keepClearing(ctx context.Context, node string) {
	for tick := time.NewTicker(clearEvery); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
		}
		r, err := http.NewRequestWithContext(ctx, http.MethodDelete, node+"/api/admin/cache", nil)
		if err != nil {
			return
		}
		r.Header.Set("Authorization", "Bearer "+stage.AdminToken)
		if resp, err := http.DefaultClient.Do(r); err == nil {
			_ = resp.Body.Close() // nothing of it is read
		}
	}
}
