package cache_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/exodrive/exodrive/cache"
)

// The auditor finds an answer that is older than the bound allows, as a journal
// that loses rows makes one, within seconds; and says nothing of a fleet that
// works, however much is written.
//
// Red when: differs compares nothing; or a suspect is judged before its bound is over.
func TestAuditorFindsALie(t *testing.T) {
	in(t, func(t *testing.T) {
		f, links := linked(t, 2, nil)
		lying, honest := f.nodes[0], f.nodes[1]
		read := func(rounds int) {
			for range rounds {
				_ = ask(t.Context(), lying.words, "a")
				_ = ask(t.Context(), honest.words, "a")
				time.Sleep(100 * time.Millisecond)
			}
		}
		for i := range 50 {
			f.aside("a", fmt.Sprint(i))
			read(i % 7)
		}
		read(50)
		for i, n := range f.nodes {
			if s := n.Stats(); s.Inconsistent != 0 || s.Audited < 5 {
				t.Errorf("node %d, which works: %d lies found in %d audits", i, s.Inconsistent, s.Audited)
			}
		}
		links[0].deaf.Store(true)
		f.aside("a", "not heard of")
		read(80)
		if n := lying.Stats().Inconsistent; n == 0 {
			t.Error("the lie of a node that hears nothing was not found")
		}
		if n := honest.Stats().Inconsistent; n != 0 {
			t.Errorf("%d lies found where there were none", n)
		}
	})
}

// An answer that depends on nothing written, such as a token that is another each
// time, is no lie; and a loader that panics under audit ends nothing.
//
// Red when: entries without tags are audited; or the auditor does not recover.
func TestAuditorLeavesAlone(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFleet(t, 1, nil)
		n := f.nodes[0]
		var tokens atomic.Int64
		token := cache.Register(n.Cache, cache.Family[string, string]{
			Name: "token", Key: func(k string) string { return "token:" + k }, Tags: func(string) []string { return nil },
			Load:  func(context.Context, string) (string, error) { return fmt.Sprint(tokens.Add(1)), nil },
			Fresh: time.Hour,
		})
		f.aside("a", "one")
		settle()
		for range 100 {
			if got := ask(t.Context(), token, "t"); got.value != "1" {
				t.Fatalf("%v", got)
			}
			time.Sleep(100 * time.Millisecond)
		}
		f.expect("a word", n, "a", "one", cache.Loaded)
		n.hook.Store(&hook{before: func(context.Context, string) { panic("a bug in a loader") }})
		for range 50 {
			f.expect("a word while its loader is broken", n, "a", "one", cache.Memory)
			time.Sleep(100 * time.Millisecond)
		}
		if s := n.Stats(); s.Inconsistent != 0 || tokens.Load() != 1 || s.AuditSkipped == 0 {
			t.Errorf("%d lies, %d tokens, %d audits skipped", s.Inconsistent, tokens.Load(), s.AuditSkipped)
		}
	})
}
