package sqlstore_test

import (
	"errors"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/sqlstore"
)

// A daily job has one node a day. The node itself may ask again, another one when
// that one's time is over; what was done stays so, and is remembered for thirty days.
//
// Red when: two nodes win a day; a node whose commit seemed to fail loses against itself; what a node has lost it keeps or ends; old rows stay.
func TestClaimRun(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "empty", empty, func(t *testing.T, url string) {
		clock := exotest.Clock(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
		store := open(t, url, func(c *sqlstore.Config) { c.Now = clock.Now })
		run := func(job, day string) sqlstore.Run { return sqlstore.Run{Job: job, Day: exodrive.MustDate(day)} }
		do := func(f func(tx *sqlstore.Tx) error) {
			t.Helper()
			if err := store.Tx(t.Context(), f); err != nil {
				t.Fatal(err)
			}
		}
		claim := func(r sqlstore.Run, node string) (c sqlstore.Claim) {
			t.Helper()
			do(func(tx *sqlstore.Tx) (err error) {
				c, err = tx.ClaimRun(t.Context(), r, node, clock.Now().Add(time.Minute))
				return err
			})
			return c
		}
		expect := func(what string, r sqlstore.Run, node string, want sqlstore.Claim) {
			t.Helper()
			if got := claim(r, node); got != want {
				t.Errorf("%s: %s gets %d, want %d", what, node, got, want)
			}
		}
		j := run("j", "2026-11-23")
		expect("first", j, "a", sqlstore.Won)
		expect("second", j, "b", sqlstore.Taken)
		expect("again", j, "a", sqlstore.Won)
		expect("another job", run("k", "2026-11-23"), "b", sqlstore.Won)
		clock.Advance(50 * time.Second)
		do(func(tx *sqlstore.Tx) error { return tx.KeepRun(t.Context(), j, "a", clock.Now().Add(time.Minute)) })
		clock.Advance(50 * time.Second)
		expect("while it is kept", j, "b", sqlstore.Taken)
		clock.Advance(10 * time.Second)
		expect("when its time is over", j, "b", sqlstore.Won)
		do(func(tx *sqlstore.Tx) error {
			return errors.Join(tx.KeepRun(t.Context(), j, "a", clock.Now().Add(time.Hour)), tx.EndRun(t.Context(), j, "a"), tx.GiveUpRun(t.Context(), j, "a", clock.Now()))
		})
		expect("after its old node did what it liked", j, "c", sqlstore.Taken)
		do(func(tx *sqlstore.Tx) error { return tx.GiveUpRun(t.Context(), j, "b", clock.Now().Add(time.Second)) })
		expect("given back for later", j, "b", sqlstore.Taken)
		clock.Advance(time.Second)
		expect("later", j, "c", sqlstore.Won)
		do(func(tx *sqlstore.Tx) error {
			return errors.Join(tx.EndRun(t.Context(), j, "c"), tx.GiveUpRun(t.Context(), j, "c", clock.Now()))
		})
		for _, node := range []string{"a", "c"} {
			expect("done", j, node, sqlstore.Ended)
		}
		expect("thirty days later", run("j", "2026-12-23"), "a", sqlstore.Won)
		expect("thirty days ago", j, "a", sqlstore.Ended)
		expect("thirty-one days later", run("j", "2026-12-24"), "a", sqlstore.Won)
		expect("thirty-one days ago", j, "a", sqlstore.Won)

		last, err := store.LastRun(t.Context(), "j")
		if err != nil || last.String() != "2026-12-24" {
			t.Errorf("the last run was on %s (%v)", last, err)
		}
		if last, err := store.LastRun(t.Context(), "never"); err != nil || last != 0 {
			t.Errorf("a job that never ran did so on %s (%v)", last, err)
		}
	})
}
