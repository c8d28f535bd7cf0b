package jobs

import (
	"context"
	"fmt"
	"time"

	"github.com/robfig/cron/v3"
)

// Cron enqueues a job by the clock, once for all nodes, without a leader: every node
// looks, and a row for the name and the instant, which is there once, decides whose
// look enqueues. After a stop the latest instant that was missed is made up for, once,
// however many there were; a name that never ran begins with the next one.
type Cron struct {
	Name string
	// Spec is a cron expression of five fields, or @daily and the like. It means the
	// civil time of Zone: an instant in an hour that is skipped comes at its end, one in
	// an hour that comes twice comes the first time. What is to come in even steps
	// through such a night has UTC for its zone.
	Spec string
	Zone *time.Location // nil is UTC
	Job  Job            // its At becomes the instant
	// MostMissed, if not 0, is how many instants may have been missed at most for the
	// latest to be made up for.
	MostMissed int

	schedule cron.Schedule
}

func (c *Cron) parse() (err error) {
	if c.Zone == nil {
		c.Zone = time.UTC
	}
	c.schedule, err = cron.ParseStandard(c.Spec)
	// @every counts from nowhere in particular, and a zone of its own would hide Zone.
	if fields, ok := c.schedule.(*cron.SpecSchedule); err == nil && (!ok || fields.Location != time.Local) {
		err = fmt.Errorf("%q is not five fields, or names a zone", c.Spec)
	}
	if err != nil {
		return fmt.Errorf("jobs: the cron job %q: %w", c.Name, err)
	}
	return nil
}

// civil is the wall clock of the zone at an instant, as if it were UTC, in which every
// hour comes once.
func (c *Cron) civil(at time.Time) time.Time {
	at = at.In(c.Zone)
	y, m, d := at.Date()
	return time.Date(y, m, d, at.Hour(), at.Minute(), at.Second(), 0, time.UTC)
}

// instant is when the zone's wall clock first shows a civil time, or would have.
func (c *Cron) instant(civil time.Time) time.Time {
	const day = 24 * time.Hour // no zone changes twice in two days
	_, before := civil.Add(-day).In(c.Zone).Zone()
	_, after := civil.Add(day).In(c.Zone).Zone()
	first := civil.Add(-time.Duration(before) * time.Second)
	for _, at := range []time.Time{first, civil.Add(-time.Duration(after) * time.Second)} {
		if c.civil(at).Equal(civil) {
			return at.UTC()
		}
	}
	skipped, _ := first.In(c.Zone).ZoneBounds()
	return skipped.UTC()
}

// spans are how far back the latest instant is looked for, the shortest first, so that
// few instants are counted whatever the expression. The longest holds a 29 February.
var spans = []time.Duration{time.Minute, time.Hour, 60 * time.Hour, 60 * 24 * time.Hour, 9 * 366 * 24 * time.Hour}

// latest is the last instant of the schedule that is not after now.
func (c *Cron) latest(now time.Time) (at time.Time, found bool) {
	until := c.civil(now)
	for _, span := range spans {
		var last time.Time
		for t := c.schedule.Next(until.Add(-span)); !t.IsZero() && !t.After(until); t = c.schedule.Next(t) {
			last = t
		}
		if !last.IsZero() {
			return c.instant(last), true
		}
	}
	return time.Time{}, false
}

// missed counts the instants after one and up to another, but not much beyond most.
func (c *Cron) missed(after, upTo time.Time, most int) (n int) {
	until := c.civil(upTo)
	for t := c.schedule.Next(c.civil(after)); !t.IsZero() && !t.After(until) && n <= most; t = c.schedule.Next(t) {
		n++
	}
	return n
}

// plant enqueues what is due by the clock.
func (r *Runner) plant(ctx context.Context) {
	now := r.Now()
	for i := range r.Crons {
		c := &r.Crons[i]
		at, found := c.latest(now)
		if !found || at.Equal(r.seen[c.Name]) {
			continue
		}
		if err := r.plantOne(ctx, c, at); err != nil {
			r.complain(ctx, "a cron job could not be enqueued; trying again", err)
			continue
		}
		r.seen[c.Name] = at
	}
}

// plantOne notes an instant of a cron job, with its job unless it is let pass.
func (r *Runner) plantOne(ctx context.Context, c *Cron, at time.Time) error {
	last, ran, err := r.Store.LastTick(ctx, c.Name, at)
	if err != nil || ran && last.Equal(at) {
		return err
	}
	var j *Job
	if ran && (c.MostMissed == 0 || c.missed(last, at, c.MostMissed) <= c.MostMissed) || !ran && at.After(r.since) {
		job := c.Job
		job.At = at
		j = &job
	}
	_, err = r.Store.PlantTick(ctx, c.Name, at, j)
	return err
}
