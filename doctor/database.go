package doctor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/obs"
	"github.com/exodrive/exodrive/sqlstore"
)

func hasStore(p *Parts) bool { return p.Store != nil }

// hasSchema tells whether there are our tables to look at.
func hasSchema(p *Parts) bool { return p.Store != nil && !p.bare }

// isBare tells whether a database has no tables of ours. One that a server serves has,
// and one that does not answer may have.
func isBare(ctx context.Context, p *Parts) bool {
	if !hasStore(p) || hasServer(p) {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, bareLimit)
	defer cancel()
	have, _, err := p.Store.SchemaVersions(ctx)
	return errors.Is(err, sqlstore.ErrForeign) || err == nil && have == 0
}

// bareLimit leaves the checks their time.
const bareLimit = 500 * time.Millisecond

// lookAtDatabase tells whether it answers, and whether its schema is this release's.
func lookAtDatabase(ctx context.Context, p *Parts) ([]Finding, error) {
	begun := time.Now()
	ping, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	if err := p.Store.Ping(ping); err != nil {
		return []Finding{{"database", Fail, "no answer", "Nothing can be booked, and only what was read before can be shown: " + reason(err) + ".",
			"Look at the database and the network to it; the server goes on by itself when it answers."}}, nil
	}
	took := time.Since(begun)
	have, want, err := p.Store.SchemaVersions(ctx)
	if errors.Is(err, sqlstore.ErrForeign) {
		return []Finding{{"database", Fail, "not exodrive's", "It holds tables of something else.", "Name an empty database in DATABASE_URL."}}, nil
	}
	if err != nil {
		return nil, err
	}
	f := Finding{"database", OK, fmt.Sprintf("%s, version %d, answers in %s", p.Store.Engine(), have, short(took)), "It answers, and its schema is this release's.", ""}
	switch {
	case have == 0:
		f.Level, f.Figure, f.Meaning, f.Advice = Fail, p.Store.Engine()+", empty", "It has no tables yet.", "Run exodrive serve, or exodrive migrate; both make them in an empty database."
	case have < want:
		f.Level, f.Meaning, f.Advice = Fail, fmt.Sprintf("This release needs version %d of the schema.", want), "Run exodrive migrate."
	case have > want:
		f.Level, f.Meaning, f.Advice = Fail, fmt.Sprintf("A later release has migrated it; this one knows version %d.", want), "Run that release, or restore a backup."
	}
	return []Finding{f}, nil
}

// answerLimit is when a database that says nothing counts as gone. It is less than
// checkLimit, which would only say that it is not known.
const answerLimit = 2500 * time.Millisecond

// NoDatabase is the finding that the database cannot even be opened.
func NoDatabase(why string) Finding {
	return Finding{"database", Fail, "cannot be opened", "Nothing works without it: " + why + ".", "See DATABASE_URL and EXO_DATA_DIR, then the database itself."}
}

// lookAtPools tells whether there are connections enough.
func lookAtPools(_ context.Context, p *Parts) ([]Finding, error) {
	var found []Finding
	for _, name := range slices.Sorted(maps.Keys(p.pools)) {
		found = append(found, judgePool(name, p.pools[name], p.Limits))
	}
	return found, nil
}

func judgePool(name string, s obs.PoolStats, l Limits) Finding {
	mean := s.WaitDuration / time.Duration(max(1, s.WaitCount))
	f := Finding{"connections, " + name, OK, fmt.Sprintf("%d of %d in use, %d waits of %s on average", s.InUse, s.Max, s.WaitCount, short(mean)), "There are connections enough.", ""}
	switch {
	// One connection that writes is in use whenever somebody writes.
	case s.Max > 1 && float64(s.InUse) >= fullShare*float64(s.Max):
		f.Level, f.Meaning = Warn, "Nearly all connections are taken; whoever comes next waits, and after 3 s is answered 503."
	case s.WaitCount > fewWaits && mean > l.PoolWait:
		f.Level, f.Meaning = Warn, "Statements wait for a connection before they begin."
	}
	if f.Level == Warn {
		f.Advice = "Look at slow statements and open transactions first; then give the pool more (DATABASE_POOL), within what the database allows."
	}
	return f
}

// fewWaits are no habit.
const fewWaits = 100

// lookAtPlans asks the database how it runs the program's reads.
func lookAtPlans(ctx context.Context, p *Parts) ([]Finding, error) {
	lost, err := p.Store.LostIndexes(ctx)
	if err != nil {
		return nil, err
	}
	found := judgeIndexes(lost)
	scans, looked, err := p.Store.Scans(ctx, exodrive.DateOf(p.Now()), p.Limits.BigTable)
	if exodrive.CodeOf(err) == exodrive.NotFound {
		return append(found, Finding{"plans", OK, "no car yet", "There is nothing to read.", ""}), nil
	}
	return append(found, judgePlans(scans, looked)...), err
}

func judgeIndexes(lost []sqlstore.Index) []Finding {
	if len(lost) == 0 {
		return []Finding{{"indexes", OK, "all there", "Every index that this release made is there and fit for use.", ""}}
	}
	var found []Finding
	for _, i := range lost {
		found = append(found, Finding{"indexes", Fail, i.Name + " is missing", "A unique one keeps days from being taken twice; any other makes reads slow, and slower with every booking.", "Run: " + i.Create})
	}
	return found
}

func judgePlans(scans []sqlstore.Scan, looked int) []Finding {
	if len(scans) == 0 {
		return []Finding{{"plans", OK, fmt.Sprintf("%d statements", looked), "None of them goes through a large table from end to end.", ""}}
	}
	var found []Finding
	for _, s := range scans {
		found = append(found, Finding{"plans", Warn, fmt.Sprintf("%s reads all of %s", s.Read, s.Table), "A few rows are wanted and the whole table is read: " + clip(s.Text),
			"Bring the database's statistics up to date (ANALYZE), and see whether an index is missing."})
	}
	return found
}

// lookAtStatements names what takes long, as this process and as the database know.
func lookAtStatements(ctx context.Context, p *Parts) ([]Finding, error) {
	theirs, kept, err := p.Store.ServerCosts(ctx, fewRuns)
	if err != nil {
		return nil, err
	}
	var found []Finding
	if p.Cache != nil {
		found = judgeCosts("statements of this node", p.Store.Costs(), p.Limits)
	}
	if kept {
		found = append(found, judgeCosts("statements, by pg_stat_statements", theirs, p.Limits)...)
	}
	return found, nil
}

// Slow statements are named so many at most, and only those that were run more often
// than by chance.
const (
	mostSlow = 5
	fewRuns  = 10
)

func judgeCosts(name string, list []sqlstore.Cost, l Limits) []Finding {
	list = slices.DeleteFunc(list, func(c sqlstore.Cost) bool { return c.Count < fewRuns })
	if len(list) == 0 {
		return []Finding{{name, OK, "none yet", "Nothing was asked often.", ""}}
	}
	var found []Finding
	for _, c := range list[:min(len(list), mostSlow)] {
		if c.Mean() > l.Slow {
			found = append(found, Finding{name, Warn, fmt.Sprintf("%s on average, %s at most, %d times", short(c.Mean()), short(c.Max), c.Count),
				"Whoever needs it waits: " + clip(c.Text), "Look at its plan (EXPLAIN ANALYZE), at the pool, and at what else the database does."})
		}
	}
	if len(found) == 0 {
		found = []Finding{{name, OK, "the slowest takes " + short(list[0].Mean()), fmt.Sprintf("No statement takes more than %s on average.", short(l.Slow)), ""}}
	}
	return found
}

// lookAtTransactions finds those that everybody else has to wait out.
func lookAtTransactions(ctx context.Context, p *Parts) ([]Finding, error) {
	held, err := p.Store.Held(ctx, p.Limits.Held)
	if err != nil {
		return nil, err
	}
	return judgeHeld(held, p.Limits), nil
}

func judgeHeld(held []sqlstore.Held, l Limits) []Finding {
	if len(held) == 0 {
		return []Finding{{"open transactions", OK, "none older than " + span(l.Held), "Nobody holds the others back.", ""}}
	}
	var found []Finding
	for _, h := range held {
		advice := fmt.Sprintf("End it: SELECT pg_terminate_backend(%d), and look at who leaves transactions open (idle_in_transaction_session_timeout).", h.PID)
		if h.PID == 0 {
			advice = "End it: COMMIT PREPARED or ROLLBACK PREPARED."
		}
		found = append(found, Finding{"open transactions", Warn, fmt.Sprintf("%s, %s, open for %s", h.Name, h.State, span(h.Age)),
			"While it is open the database clears nothing away, and nodes cannot tell the order of later writes, which costs loads.", advice})
	}
	return found
}

// lookAtJournal tells whether what nobody needs any more is pruned.
func lookAtJournal(ctx context.Context, p *Parts) ([]Finding, error) {
	j, err := p.Store.JournalSize(ctx)
	if err != nil {
		return nil, err
	}
	return []Finding{judgeJournal(j)}, nil
}

func judgeJournal(j sqlstore.JournalSize) Finding {
	f := Finding{"journal", OK, fmt.Sprintf("%d rows, the oldest of %s ago", j.Rows, span(j.Oldest)), "It is pruned in time.", ""}
	switch {
	// Every node prunes once an hour.
	case j.Oldest > j.Keeps+2*time.Hour:
		f.Level, f.Meaning = Warn, fmt.Sprintf("Rows older than %s should be gone, so it is not pruned, and grows.", span(j.Keeps))
		f.Advice = "Start a server, which prunes once an hour; if one runs, its log says why it cannot. An open transaction also keeps rows."
	case j.Rows >= manyRows:
		f.Level, f.Meaning = Warn, "So many writes make nodes that start read long."
		f.Advice = "Look in the audit log at who writes that often."
	}
	return f
}

// manyRows is where JournalSize stops counting.
const manyRows = 1_000_000

// lookAtClock compares the database's clock with ours.
func lookAtClock(ctx context.Context, p *Parts) ([]Finding, error) {
	ahead, within, err := p.Store.Clock(ctx)
	if err != nil {
		return nil, err
	}
	return []Finding{judgeClock(ahead, within, p.Limits)}, nil
}

func judgeClock(ahead, within time.Duration, l Limits) Finding {
	f := Finding{"clock", OK, "the database's is " + short(ahead.Abs()) + " ahead", "Both clocks agree.", ""}
	if ahead < 0 {
		f.Figure = "the database's is " + short(ahead.Abs()) + " behind"
	}
	if ahead.Abs()-within > l.Clock {
		f.Level, f.Meaning = Warn, "Bookings, holds and jobs go by the database's; logs and metrics of this node tell other times."
		f.Advice = "Have both machines keep time (chrony, systemd-timesyncd)."
	}
	return f
}

// mostText is how much of a statement is shown.
const mostText = 300

func clip(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > mostText {
		text = strings.ToValidUTF8(text[:mostText], "") + " …"
	}
	return text
}
