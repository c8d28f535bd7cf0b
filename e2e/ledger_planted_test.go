package e2e_test

import (
	"strings"
	"testing"
	"time"
)

// Every lie that a cache can tell is found in the history, and nothing else is
// taken for one.
func TestCheckerFindsPlantedFaults(t *testing.T) {
	t.Parallel()
	const bound = 2 * time.Second
	at := func(seconds float64) instant { return instant(seconds * float64(time.Second)) }
	// Version 1 is committed from 10.0 to 10.1 through node 0, version 2 from 20.0 to
	// 20.1 by SQL. The commit of version 3 is refused, that of version 4 in doubt, and
	// 5 is under way. The states of versions 0 to 5 are a b c d e f.
	history := func() *register {
		r := newRegister("car", "a")
		r.versions = append(r.versions,
			version{"b", 0, at(10), at(10.1), committed},
			version{"c", bySQL, at(20), at(20.1), committed},
			version{"d", 1, at(30), at(30.1), refused},
			version{"e", 1, at(40), at(45), doubtful},
			version{"f", bySQL, at(50), 0, open})
		return r
	}
	read := func(node int, sent float64, state string) sight {
		return sight{node: node, sent: at(sent), done: at(sent + 0.1), state: state}
	}
	carrying := func(s sight, version int) sight { s.carried = version; return s }
	for name, c := range map[string]struct {
		sight
		breach string
		age    time.Duration
	}{
		"the newest":                                             {read(1, 15, "b"), "", 0},
		"old within the bound":                                   {read(1, 12.05, "a"), "", at(12.05) - at(10.1)},
		"old at the bound":                                       {read(1, 12.1, "a"), "", bound},
		"old while it is overwritten":                            {read(0, 10.05, "a"), "", 0},
		"sent before, answered long after":                       {sight{node: 1, sent: at(9), done: at(19), state: "a"}, "", 0},
		"seen before the commit's answer":                        {read(1, 10, "b"), "", 0},
		"older than the bound":                                   {read(1, 12.2, "a"), "version 0 is older than the bound by 100ms", at(12.2) - at(10.1)},
		"two versions behind":                                    {read(1, 21, "a"), "version 0 is older than the bound by 8.9s", at(21) - at(10.1)},
		"a younger one than the bound missed, an older one seen": {read(1, 21, "b"), "", at(21) - at(20.1)},

		"stale on the writing node":            {read(0, 10.2, "a"), "version 0, though the same node had answered the write of version 1", at(10.2) - at(10.1)},
		"stale there after another's write":    {read(0, 20.2, "a"), "version 0, though the same node had answered the write of version 1", at(20.2) - at(10.1)},
		"SQL has no node of its own":           {read(0, 20.2, "b"), "", at(20.2) - at(20.1)},
		"stale for the mark's carrier":         {carrying(read(1, 10.2, "a"), 1), "version 0, though the request carried the mark of version 1", at(10.2) - at(10.1)},
		"the carrier sees his write":           {carrying(read(1, 10.2, "b"), 1), "", 0},
		"the carrier sees a later write":       {carrying(read(1, 20.2, "c"), 1), "", 0},
		"lost write":                           {read(bySQL, 10.2, "a"), "version 0 is in the database, a later one is lost", at(10.2) - at(10.1)},
		"database in order":                    {read(bySQL, 20.2, "c"), "", 0},
		"never written":                        {read(1, 15, "z"), `"z" was never written`, 0},
		"seen before it was written":           {read(1, 15, "c"), `"c" was never written`, 0},
		"refused and seen":                     {read(1, 31, "d"), `"d" was never written`, 0},
		"refused and not seen":                 {read(1, 39, "c"), "", 0},
		"doubtful and seen":                    {read(1, 49, "e"), "", 0},
		"doubtful and not seen":                {read(1, 49, "c"), "", 0},
		"under way and seen":                   {read(1, 51, "f"), "", 0},
		"under way, and the last one not seen": {read(1, 51, "b"), "version 1 is older than the bound by 28.9s", at(51) - at(20.1)},
	} {
		t.Run(name, func(t *testing.T) {
			limit := bound
			if c.node == bySQL {
				limit = 0
			}
			got := history().judge(c.sight, limit)
			if got.breach != c.breach || got.age != c.age {
				t.Errorf("the verdict is %q, age %v; want %q, age %v", got.breach, got.age, c.breach, c.age)
			}
		})
	}
}

// A thing with two states is judged by the latest write that it can be, so that one that came back is no lie.
func TestCheckerOnStatesThatComeBack(t *testing.T) {
	t.Parallel()
	r := newRegister("car", "shown")
	for n, state := range []string{"hidden", "shown", "hidden"} {
		at := instant(n+1) * 10 * time.Second
		r.versions = append(r.versions, version{state, bySQL, at, at + time.Second, committed})
	}
	for sent, want := range map[instant]map[string]string{
		25 * time.Second: {"shown": "", "hidden": "older than the bound"},
		32 * time.Second: {"shown": "", "hidden": ""},
		35 * time.Second: {"shown": "older than the bound", "hidden": ""},
	} {
		for state, breach := range want {
			got := r.judge(sight{node: 1, sent: sent, done: sent, state: state}, 2*time.Second)
			if (breach == "") != (got.breach == "") || !strings.Contains(got.breach, breach) {
				t.Errorf("%s at %v: %q, want %q", state, sent, got.breach, breach)
			}
		}
	}
}

// What may be overwritten out of turn by a write without an answer is not judged any more.
func TestCheckerGivesUpWhatItCannotTell(t *testing.T) {
	t.Parallel()
	r := newRegister("car", "a")
	r.lose("a write without an answer")
	if v := r.judge(sight{state: "z"}, 0); v.breach != "" {
		t.Errorf("the verdict is %q, want none", v.breach)
	}
}
