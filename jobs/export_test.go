package jobs

import (
	"context"
	"time"
)

// Watcher lets a test keep and look when it wants.
type Watcher struct{ watcher }

func (r *Runner) Keep(ctx context.Context, w *Watcher) error { return r.keep(ctx, &w.watcher) }

func (r *Runner) Look(ctx context.Context, w *Watcher, now time.Time) error {
	return r.look(ctx, &w.watcher, now)
}

// Latest is the last instant of an expression in a zone.
func Latest(spec string, zone *time.Location, now time.Time) (time.Time, bool) {
	c := Cron{Spec: spec, Zone: zone}
	if err := c.parse(); err != nil {
		panic(err)
	}
	return c.latest(now)
}
