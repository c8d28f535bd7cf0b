package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	writers = 4
	// seldomGap lets a state of two stand for longer than the bound.
	seldomGap = bound + 2*time.Second
)

// session is a client that writes through the API and carries the mark of its last
// write, which covers those before.
type session struct {
	mark   string
	writes map[*thing]int
}

// keepWriting is one client, who also knows the database's own prompt.
func (w *world) keepWriting(ctx context.Context, number int) {
	r := w.chance(number)
	for pause(ctx, time.Duration(r.Int64N(int64(900*time.Millisecond)))) {
		th := w.things[r.IntN(len(w.things))]
		if !th.writing.TryLock() {
			continue
		}
		switch {
		case th.seldom && r.IntN(8) > 0 && w.now()-w.lastOf(th).answered < seldomGap:
		case w.mayByAPI(th) && r.IntN(2) == 0:
			w.writeByAPI(ctx, r, number, th)
		default:
			w.writeBySQL(ctx, r, th)
		}
		th.writing.Unlock()
	}
}

// mayByAPI tells whether a write through the API has a known place in the history.
func (w *world) mayByAPI(th *thing) bool {
	return th.request != nil && w.lastOf(th).outcome != doubtful && (!th.guarded || th.row != 0)
}

func (w *world) lastOf(th *thing) version {
	th.mu.Lock()
	defer th.mu.Unlock()
	return th.versions[len(th.versions)-1]
}

// writeBySQL is a transaction as somebody types it: with pauses, so that those that
// began earlier often commit later.
func (w *world) writeBySQL(ctx context.Context, r *rand.Rand, th *thing) {
	longest := 600 * time.Millisecond
	if w.sqlite { // nobody else can write meanwhile
		longest = 30 * time.Millisecond
	}
	wait := time.Duration(r.Int64N(int64(longest)))
	// A commit that is under way at the end of the run is finished.
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	number, err := w.transact(limited, th, wait)
	switch {
	case number == 0:
		w.report.write(th.what+" by SQL", "not begun")
		return
	case err == nil:
		th.end(number, w.now(), committed)
	case w.notWritten(err):
		th.end(number, w.now(), refused)
	default:
		th.end(number, w.now(), doubtful)
	}
	w.report.write(th.what+" by SQL", w.lastOf(th).outcome.String())
}

// transact writes the next version. number is 0 if the commit was not begun; err is
// that of the commit.
func (w *world) transact(ctx context.Context, th *thing, wait time.Duration) (number int, err error) {
	tx, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer tx.Rollback() //nolint:errcheck // after the commit it does nothing
	if !w.sqlite {
		// The node that has the row may be asleep.
		if _, err := tx.ExecContext(ctx, `SET LOCAL lock_timeout = '1s'`); err != nil {
			return 0, err
		}
	}
	th.row = 0
	var row int64
	if err := tx.QueryRowContext(ctx, lockCar, th.carID).Scan(&row); err != nil {
		return 0, err
	}
	state := th.state(th.next())
	if err := th.sql(ctx, tx, th, state); err != nil {
		return 0, err
	}
	time.Sleep(wait)
	number = th.begin(w.now(), bySQL, state)
	if err = tx.Commit(); err == nil {
		th.row = row
	}
	return number, err
}

// writeByAPI writes through a node, and then reads there and, with the mark,
// elsewhere.
func (w *world) writeByAPI(ctx context.Context, r *rand.Rand, client int, th *thing) {
	n := w.nodes[r.IntN(len(w.nodes))]
	state := th.state(th.next())
	method, path, body := th.request(th, state)
	var content []byte
	if body != nil {
		content, _ = json.Marshal(body) // plain maps cannot fail
	}
	var headers []string
	if th.guarded {
		headers = append(headers, fmt.Sprintf(`If-Match: "v%d"`, th.row))
	}
	th.row = 0
	number := th.begin(w.now(), n.number, state)
	// A write that is under way at the end of the run is finished.
	got, err := n.write(context.WithoutCancel(ctx), method, path, content, headers...)
	at := w.now()
	if err != nil {
		// A process that is gone leaves nothing behind that it has not committed.
		if late := !w.sqlite || strings.Contains(err.Error(), "Client.Timeout"); late && !th.guarded {
			th.lose("a write without an answer may take effect at any time")
			w.report.write(th.what+" by API", "lost track")
		}
		th.end(number, at, doubtful)
		w.failed(n, "write", 0, err)
		return
	}
	if got.status >= http.StatusMultipleChoices {
		// Also when it is a refusal: a retry inside may have met its own first attempt.
		th.end(number, at, doubtful)
		w.report.write(th.what+" by API", strconv.Itoa(got.status))
		w.failed(n, "write", got.status, nil)
		return
	}
	th.end(number, at, committed)
	w.report.write(th.what+" by API", committed.String())
	if th.guarded {
		th.row, _ = strconv.ParseInt(strings.Trim(got.header.Get("ETag"), `"v`), 10, 64) // 0: not known
	}
	w.afterwards(ctx, r, n, client, th, number, got.header.Get("X-Exo-Mark"))
}

// afterwards looks at what was just written as its writer does: on the same node
// without the mark, on others with it.
func (w *world) afterwards(ctx context.Context, r *rand.Rand, n *node, client int, th *thing, number int, mark string) {
	pages := w.showing(th)
	w.read(ctx, n, pages[r.IntN(len(pages))], nil, nil)
	switch {
	case mark != "":
	case !th.seldom: // one that is in the state already is not changed
		w.report.breach(fmt.Sprintf("node %d gave no mark for version %d of %s", n.number, number, th.name))
		return
	default:
		return
	}
	own := &session{mark: mark, writes: map[*thing]int{}}
	if before := w.sessions[client].Load(); before != nil {
		maps.Copy(own.writes, before.writes)
	}
	own.writes[th] = number
	w.sessions[client].Store(own)
	for _, other := range w.nodes {
		if !other.asleep.Load() {
			w.read(ctx, other, pages[r.IntN(len(pages))], own, nil)
		}
	}
}
