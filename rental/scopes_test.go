package rental_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/jobs"
	"github.com/exodrive/exodrive/rental"
	"github.com/exodrive/exodrive/sqlstore"
)

// story is one thing an administrator can do. prepare makes what it needs and
// returns the deed itself.
type story struct {
	name    string
	scope   exodrive.Scope
	action  string // of its audit entry; "" is a read
	prepare func(ctx context.Context, t *testing.T, w *world) func(who exodrive.Actor) error
}

func reading(name string, read func(ctx context.Context, w *world, who exodrive.Actor) error) story {
	return story{name, exodrive.ScopeRead, "", func(ctx context.Context, _ *testing.T, w *world) func(exodrive.Actor) error {
		return func(who exodrive.Actor) error { return read(ctx, w, who) }
	}}
}

// onCar is a story about a car that was made for it.
func onCar(action string, do func(ctx context.Context, w *world, who exodrive.Actor, c *exodrive.Car) error) story {
	return story{action, exodrive.ScopeFleet, action, func(ctx context.Context, t *testing.T, w *world) func(exodrive.Actor) error {
		c := w.create(t, fmt.Sprintf("Pagani %d", w.entries(t)))
		return func(who exodrive.Actor) error { return do(ctx, w, who, c) }
	}}
}

func third[A, B any](_ A, _ B, err error) error { return err }

// stories are all of them but those of offers, which are in offerStories.
func stories() []story {
	day := rental.Block{Start: today + 3, End: today + 3}
	judge := func(approved bool) func(context.Context, *testing.T, *world) func(exodrive.Actor) error {
		return func(ctx context.Context, _ *testing.T, w *world) func(exodrive.Actor) error {
			return func(who exodrive.Actor) error {
				return second(w.JudgeReview(ctx, who, fleet().Reviews[0].ID, approved))
			}
		}
	}
	return []story{
		reading("cars", func(ctx context.Context, w *world, who exodrive.Actor) error {
			return third(w.ManagedCars(ctx, who, firstPage))
		}),
		reading("car", func(ctx context.Context, w *world, who exodrive.Actor) error {
			return second(w.ManagedCar(ctx, who, fleet().Cars[0].ID))
		}),
		reading("blocks", func(ctx context.Context, w *world, who exodrive.Actor) error {
			return second(w.Blocks(ctx, who, fleet().Cars[0].ID))
		}),
		reading("reviews", func(ctx context.Context, w *world, who exodrive.Actor) error {
			return third(w.AllReviews(ctx, who, "", firstPage))
		}),
		reading("jobs", func(ctx context.Context, w *world, who exodrive.Actor) error {
			return third(w.Jobs(ctx, who, exodrive.JobQuery{}, firstPage))
		}),
		{"job.retry", exodrive.ScopeOperate, "job.retry", func(ctx context.Context, t *testing.T, w *world) func(exodrive.Actor) error {
			id := w.deadJob(t)
			return func(who exodrive.Actor) error { return second(w.RetryJob(ctx, who, id)) }
		}},
		reading("bookings", func(ctx context.Context, w *world, who exodrive.Actor) error {
			return third(w.Bookings(ctx, who, exodrive.BookingQuery{}, firstPage))
		}),
		reading("export", func(ctx context.Context, w *world, who exodrive.Actor) error {
			return second(w.ExportBookings(ctx, who, exodrive.BookingQuery{}, nil))
		}),
		reading("figures", func(ctx context.Context, w *world, who exodrive.Actor) error {
			return second(w.Figures(ctx, who, exodrive.FiguresQuery{Start: today, End: today}))
		}),
		reading("figures of cars", func(ctx context.Context, w *world, who exodrive.Actor) error {
			return second(w.CarFigures(ctx, who, exodrive.CarFiguresQuery{Start: today, End: today, PageQuery: firstPage}))
		}),
		reading("timeline", func(ctx context.Context, w *world, who exodrive.Actor) error {
			return second(w.Timeline(ctx, who, exodrive.TimelineQuery{Start: today, End: today, PageQuery: firstPage}))
		}),
		reading("customers", func(ctx context.Context, w *world, who exodrive.Actor) error {
			return third(w.Customers(ctx, who, exodrive.CustomerQuery{}, firstPage))
		}),
		reading("customer", func(ctx context.Context, w *world, who exodrive.Actor) error {
			return second(w.Customer(ctx, who, fleet().Customers[0].ID, firstPage))
		}),
		reading("cache", func(ctx context.Context, w *world, who exodrive.Actor) error {
			return second(w.CacheStats(ctx, who))
		}),
		reading("history", func(ctx context.Context, w *world, who exodrive.Actor) error {
			return second(w.History(ctx, who, 1))
		}),
		{"cache.clear", exodrive.ScopeOperate, "cache.clear", func(ctx context.Context, _ *testing.T, w *world) func(exodrive.Actor) error {
			return func(who exodrive.Actor) error { return w.ClearCache(ctx, who, "") }
		}},
		{"cache.clear of a tag", exodrive.ScopeOperate, "cache.clear", func(ctx context.Context, _ *testing.T, w *world) func(exodrive.Actor) error {
			return func(who exodrive.Actor) error { return w.ClearCache(ctx, who, "cars") }
		}},
		reading("audit", func(ctx context.Context, w *world, who exodrive.Actor) error {
			return third(w.AuditLog(ctx, who, "", firstPage))
		}),
		{"calendar", exodrive.ScopeBook, "", func(ctx context.Context, _ *testing.T, w *world) func(exodrive.Actor) error {
			return func(who exodrive.Actor) error { return second(w.CalendarLink(ctx, who, "")) }
		}},
		{"calendar.renew", exodrive.ScopeBook, "calendar.renew", func(ctx context.Context, _ *testing.T, w *world) func(exodrive.Actor) error {
			return func(who exodrive.Actor) error { return second(w.RenewCalendar(ctx, who, fleet().Cars[0].ID)) }
		}},
		{"car.create", exodrive.ScopeFleet, "car.create", func(ctx context.Context, t *testing.T, w *world) func(exodrive.Actor) error {
			name := fmt.Sprintf("Pagani %d", w.entries(t))
			return func(who exodrive.Actor) error { return second(w.CreateCar(ctx, who, newCar(name))) }
		}},
		onCar("car.update", func(ctx context.Context, w *world, who exodrive.Actor, c *exodrive.Car) error {
			return second(w.EditCar(ctx, who, c.ID, c.Version, c.CarInput))
		}),
		onCar("car.archive", func(ctx context.Context, w *world, who exodrive.Actor, c *exodrive.Car) error {
			return second(w.ArchiveCar(ctx, who, c.ID, c.Version, true))
		}),
		onCar("car.restore", func(ctx context.Context, w *world, who exodrive.Actor, c *exodrive.Car) error {
			return second(w.ArchiveCar(ctx, who, c.ID, c.Version, false))
		}),
		onCar("car.delete", func(ctx context.Context, w *world, who exodrive.Actor, c *exodrive.Car) error {
			return w.DeleteCar(ctx, who, c.ID, c.Version)
		}),
		onCar("car.bulk", func(ctx context.Context, w *world, who exodrive.Actor, c *exodrive.Car) error {
			return second(w.BulkUpdate(ctx, who, rental.BulkUpdate{IDs: []string{c.ID}, PricePercent: 1_00}))
		}),
		onCar("car.block", func(ctx context.Context, w *world, who exodrive.Actor, c *exodrive.Car) error {
			return second(w.BlockDays(ctx, who, c.ID, rental.BlockRequest{Block: day}))
		}),
		onCar("car.unblock", func(ctx context.Context, w *world, who exodrive.Actor, c *exodrive.Car) error {
			return second(w.UnblockDays(ctx, who, c.ID, day))
		}),
		onCar("car.prices", func(ctx context.Context, w *world, who exodrive.Actor, c *exodrive.Car) error {
			return w.SetPrices(ctx, who, c.ID, day, 1)
		}),
		onCar("car.prices_clear", func(ctx context.Context, w *world, who exodrive.Actor, c *exodrive.Car) error {
			return second(w.ClearPrices(ctx, who, c.ID, day))
		}),
		{"review.approve", exodrive.ScopeReviews, "review.approve", judge(true)},
		{"review.refuse", exodrive.ScopeReviews, "review.refuse", judge(false)},
	}
}

// offerStories are the four of each kind of offer.
func offerStories() (all []story) {
	for noun, action := range map[string]string{"location": "location", "price rule": "price_rule", "extra": "extra", "coupon": "coupon"} {
		add := func(name string, scope exodrive.Scope, do func(k kind, id, name string) error) {
			entry := ""
			if scope == exodrive.ScopeFleet {
				entry = action + "." + name
			}
			all = append(all, story{noun + " " + name, scope, entry, func(ctx context.Context, t *testing.T, w *world) func(exodrive.Actor) error {
				id, _, err := kinds(ctx, w, admin)[noun].create(fmt.Sprintf("Offer %d", w.entries(t)))
				if err != nil {
					t.Fatal(err)
				}
				next := fmt.Sprintf("Offer %d", w.entries(t))
				return func(who exodrive.Actor) error { return do(kinds(ctx, w, who)[noun], id, next) }
			}})
		}
		add("list", exodrive.ScopeRead, func(k kind, _, _ string) error { return third(k.list()) })
		add("create", exodrive.ScopeFleet, func(k kind, _, name string) error { return third(k.create(name)) })
		add("update", exodrive.ScopeFleet, func(k kind, id, name string) error { return second(k.edit(id, 1, name)) })
		add("delete", exodrive.ScopeFleet, func(k kind, id, _ string) error { return k.remove(id) })
	}
	return all
}

// Each story is for those who have its scope. What is done leaves exactly one
// entry in the audit log, with who did it and to what; what is refused leaves none.
func TestScopesAndAuditEntries(t *testing.T) {
	ctx := context.Background()
	eachWorld(t, func(t *testing.T, w *world) {
		for _, s := range slices.Concat(stories(), offerStories()) {
			for _, who := range []exodrive.Actor{
				as(exodrive.ScopeAll), as(exodrive.ScopeRead), as(exodrive.ScopeFleet), as(exodrive.ScopeReviews),
				as(exodrive.ScopeRead, exodrive.ScopeReviews), as(), {},
			} {
				w.tryStory(ctx, t, s, who)
			}
		}
	})
}

func (w *world) tryStory(ctx context.Context, t *testing.T, s story, who exodrive.Actor) {
	what := fmt.Sprintf("%s with %v", s.name, who.Scopes)
	do := s.prepare(ctx, t, w)
	before := w.entries(t)
	w.clock.Advance(time.Millisecond) // so that ids sort as the entries were made
	want := exodrive.Code("")
	switch {
	case who.ID == "":
		want = exodrive.Unauthenticated
	case !slices.Contains(who.Scopes, exodrive.ScopeAll) && !slices.Contains(who.Scopes, s.scope) && (s.scope != exodrive.ScopeRead || len(who.Scopes) == 0):
		want = exodrive.Forbidden
	}
	wantCode(t, what, do(who), want)
	log, after, err := w.AuditLog(ctx, admin, "", exodrive.PageQuery{Page: 1, Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	if s.action == "" || want != "" {
		if after != before {
			t.Errorf("%s: %d entries more, want none", what, after-before)
		}
		return
	}
	if after != before+1 || log[0].Action != s.action || log[0].Actor != who.Name || log[0].RequestID != who.RequestID || !log[0].At.Equal(w.clock.Now()) {
		t.Errorf("%s: %d entries more, the last %+v; want one %s of %s", what, after-before, log[0], s.action, who.Name)
	}
}

// deadJob makes a job that failed too often.
func (w *world) deadJob(t testing.TB) string {
	t.Helper()
	me := jobs.Worker{Name: "me", Beat: 1}
	if err := w.store.Tx(t.Context(), func(tx *sqlstore.Tx) error {
		return tx.Enqueue(t.Context(), jobs.Job{Kind: "letter.send", Tries: 1})
	}); err != nil {
		t.Fatal(err)
	}
	runs, err := w.store.ClaimJobs(t.Context(), me, []string{"letter.send"}, 1)
	if err != nil || len(runs) != 1 {
		t.Fatal(runs, err)
	}
	if _, err := w.store.SettleJobs(t.Context(), []jobs.End{{Claim: runs[0].Claim, Outcome: jobs.Dead, Error: "no mail"}}); err != nil {
		t.Fatal(err)
	}
	return runs[0].ID
}
