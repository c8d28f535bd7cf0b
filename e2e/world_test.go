package e2e_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	// The engines' drivers, for statements past the program.
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"
)

// bound is B: how old an answer may be, counted from the commit that overwrote it
// to the arrival of the request.
const bound = 2 * time.Second

// world is a run: nodes over one database, what is written, and what became of it.
type world struct {
	seed   uint64
	began  time.Time
	db     *sql.DB // past the program and its relays
	sqlite bool
	nodes  []*node
	things []*thing
	pages  []*page
	// day is far ahead, where nobody has booked; after ends a rental that begins then.
	day, after string

	fault    atomic.Pointer[string]
	sessions []atomic.Pointer[session] // by the number of the client
	report   report
	all      sync.WaitGroup // readers and writers
}

// calm is the name of no fault.
var calm = "calm"

// newWorld looks at nodes that serve the demo fleet and readies things and pages.
// EXO_SEED brings the random choices of a run back.
func newWorld(t *testing.T, databaseURL string, nodes ...*node) *world {
	t.Helper()
	day := time.Now().UTC().AddDate(0, 0, 300)
	w := &world{
		seed: uint64(time.Now().UnixNano()), began: time.Now(), nodes: nodes,
		day: day.Format(time.DateOnly), after: day.AddDate(0, 0, 3).Format(time.DateOnly),
	}
	if given := os.Getenv("EXO_SEED"); given != "" {
		var err error
		if w.seed, err = strconv.ParseUint(given, 10, 64); err != nil {
			t.Fatalf("EXO_SEED: %v", err)
		}
	}
	t.Logf("EXO_SEED=%d", w.seed)
	w.fault.Store(&calm)
	w.sqlite, w.db = strings.HasPrefix(databaseURL, "sqlite:"), openDatabase(t, databaseURL)
	w.cast(t)
	w.paginate()
	w.sessions = make([]atomic.Pointer[session], writers+len(w.things))
	time.Sleep(bound) // until no node shows what was before the first versions
	return w
}

// openDatabase opens the database past the program.
func openDatabase(t *testing.T, databaseURL string) *sql.DB {
	t.Helper()
	driver, source := "pgx", databaseURL
	if path, ok := strings.CutPrefix(databaseURL, "sqlite:"); ok {
		driver, source = "sqlite", "file:"+path+"?_pragma=busy_timeout(2000)&_pragma=synchronous(NORMAL)&_txlock=immediate"
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() }) // nothing is left to lose
	return db
}

func (w *world) now() instant { return time.Since(w.began) }

// chance is the random choices of one goroutine.
func (w *world) chance(number int) *rand.Rand { return rand.New(rand.NewPCG(w.seed, uint64(number))) }

// start sets readers and writers going; end of ctx stops them, and wait waits.
func (w *world) start(ctx context.Context) {
	for i := range writers {
		w.all.Go(func() { w.keepWriting(ctx, i) })
	}
	for _, n := range w.nodes {
		for i := range readersPerNode {
			w.all.Go(func() { w.keepReading(ctx, n, w.chance(1000+100*n.number+i)) })
		}
	}
}

// pause waits for a time, and tells whether the run goes on.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// notWritten tells whether an error of a commit says for certain that it did not
// take place. SQLite's always do; Postgres's do unless the server or the
// connection is going down.
func (w *world) notWritten(err error) bool {
	if w.sqlite {
		return true
	}
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && !strings.HasPrefix(e.Code, "57") && !strings.HasPrefix(e.Code, "58") && !strings.HasPrefix(e.Code, "08") && !strings.HasPrefix(e.Code, "XX")
}

// lookAll holds what is in the database against the history: whatever was
// answered as committed is there.
func (w *world) lookAll(t *testing.T) {
	t.Helper()
	for _, th := range w.things {
		s := sight{node: bySQL}
		// After a restart a connection may turn out to be dead when it is used.
		eventually(t, recoverLimit, "the database shows "+th.name, func() bool {
			s.sent = w.now()
			err := w.db.QueryRowContext(t.Context(), th.look, th.key(th)).Scan(&s.state)
			s.done = w.now()
			return err == nil
		})
		if v := th.judge(s, 0); v.breach != "" {
			w.report.breach(fmt.Sprintf("%s: %s\n%s", th.name, v.breach, th.around(v.version)))
		}
	}
}
