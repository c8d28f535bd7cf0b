package e2e_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/exodrive/exodrive/exotest"
)

// noteEnds makes the database keep each end of a job in a table of its own: a row of jobs
// only has the last one.
var noteEnds = map[string][]string{
	exotest.SQLite: {
		`CREATE TABLE killed_ends (id TEXT NOT NULL, begun BIGINT NOT NULL)`,
		`CREATE TRIGGER killed_ends AFTER UPDATE OF ended_at ON jobs WHEN NEW.ended_at > 0
			BEGIN INSERT INTO killed_ends VALUES (NEW.id, NEW.begun); END`,
	},
	exotest.PostgreSQL: {
		`CREATE TABLE killed_ends (id TEXT NOT NULL, begun BIGINT NOT NULL)`,
		`CREATE FUNCTION killed_end() RETURNS trigger LANGUAGE plpgsql AS
			$$ BEGIN INSERT INTO killed_ends VALUES (NEW.id, NEW.begun); RETURN NULL; END $$`,
		`CREATE TRIGGER killed_ends AFTER UPDATE OF ended_at ON jobs FOR EACH ROW WHEN (NEW.ended_at > 0) EXECUTE FUNCTION killed_end()`,
	},
}

// engineOf is the engine behind the address of a database.
func engineOf(url string) string {
	if strings.HasPrefix(url, "sqlite:") {
		return exotest.SQLite
	}
	return exotest.PostgreSQL
}

// keptJob is a job as the database has it, and how often it came to an end.
type keptJob struct {
	id, kind, args, worker      string
	begun, failed, tries, ended int64
	ends, lastEnd               int64
}

func (j *keptJob) String() string {
	return fmt.Sprintf("job %s (%s %s), begun %d times, failed %d times", j.id, j.kind, j.args, j.begun, j.failed)
}

// judgeJobs waits until the jobs of all bookings have ended, which takes a lease where a
// server was killed in the middle of one, and tells what is wrong with the jobs.
func (k *killed) judgeJobs(t *testing.T, db *sql.DB) (wrong []string) {
	t.Helper()
	eventually(t, recoverLimit, "every end of a hold that is due has ended, and nobody has a job", func() bool {
		left := -1
		err := db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM jobs WHERE worker <> '' OR kind = 'hold.end' AND ended_at = 0 AND run_at < $1`, time.Now().UnixMilli()).Scan(&left)
		return err == nil && left == 0
	})
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	jobs := rowsOf(t, db, func(r *sql.Rows) (j keptJob, err error) {
		return j, r.Scan(&j.id, &j.kind, &j.args, &j.worker, &j.begun, &j.failed, &j.tries, &j.ended, &j.ends, &j.lastEnd)
	}, `SELECT id, kind, args, worker, begun, failed, tries, ended_at,
		(SELECT COUNT(*) FROM killed_ends e WHERE e.id = j.id), (SELECT COALESCE(MAX(begun), 0) FROM killed_ends e WHERE e.id = j.id) FROM jobs j`)
	ofBooking, taken := map[string]int{}, 0
	for i := range jobs {
		j := &jobs[i]
		switch {
		case j.ended > 0 && (j.ends != 1 || j.lastEnd != j.begun), j.ended == 0 && j.ends != 0:
			say("%v: it ended %d times, the last time as number %d", j, j.ends, j.lastEnd)
		case j.ended > 0 && j.failed >= j.tries:
			say("%v: it is dead", j)
		}
		if j.failed > 0 {
			taken++
		}
		var booking string
		if err := json.Unmarshal([]byte(j.args), &booking); j.kind == "hold.end" && err == nil {
			ofBooking[booking]++
		}
	}
	bookings := rowsOf(t, db, func(r *sql.Rows) (id string, err error) { return id, r.Scan(&id) },
		`SELECT id FROM bookings WHERE email LIKE $1`, "%"+killedDomain)
	for _, id := range bookings {
		if ofBooking[id] != 1 {
			say("the booking %s has %d jobs that end its hold", id, ofBooking[id])
		}
	}
	t.Logf("%d jobs of %d bookings, %d of them taken from a server that was killed", len(jobs), len(bookings), taken)
	return wrong
}
