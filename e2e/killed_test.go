package e2e_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
)

// The booking load under which a server is killed.
const (
	killedClients = 8
	killedCars    = 3
	killedDays    = 120
	killedLongest = 600 * time.Millisecond // that a server lives, once it serves
	killedDomain  = "@killed.example"
	fewKills      = 3 // of a run that is not asked for more
)

// killed is a server that is killed and started again while clients book, and what they
// were told.
type killed struct {
	*node
	from exodrive.Date
	cars []string

	mu     sync.Mutex
	claims []*claim
	faults []string // answers that nobody may get
	cut    int      // calls that were under way when the server was killed
}

// claim is one call to book and what its client knows of it.
type claim struct {
	key, body string
	asked     string                         // answered, refused, or unknown so far
	id, token string                         // of the booking
	may       map[exodrive.BookingState]bool // the states that it can be in
}

// A server that is killed in the middle of bookings forgets nothing that it answered and
// leaves nothing half done: after the next start every booking that a client was told of
// is there in the state that he was told, a call sent again is answered by the booking it
// made, nobody has a day twice, no hold stands longer than it may, and the events of each
// booking tell how it came to its state and days. Each hold that was ever made has one
// job that ends it, which came to its end once, also if a server was killed in its middle.
//
// Red when: Book answers before the commit; the key is not in the booking's transaction;
// an event, the days or the state is written in another transaction; nobody sweeps; Book
// enqueues no end of the hold, or a second one; ClaimJobs takes what has ended, or
// SettleJobs ends it once more; on Postgres also when nobody takes the jobs of a worker that
// is dead.
func TestKilledWhileBooking(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "", nil, func(t *testing.T, url string) {
		kills, seed := fewKills, uint64(time.Now().UnixNano())
		for name, into := range map[string]func(uint64){"EXO_KILLS": func(n uint64) { kills = int(n) }, "EXO_SEED": func(n uint64) { seed = n }} {
			if given := os.Getenv(name); given != "" {
				n, err := strconv.ParseUint(given, 10, 32)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				into(n)
			}
		}
		t.Logf("EXO_SEED=%d", seed)
		k := newKilled(t, url)
		ctx, cancel := context.WithCancel(t.Context())
		var clients sync.WaitGroup
		defer clients.Wait()
		defer cancel()
		for i := range killedClients {
			clients.Go(func() { k.keepBooking(ctx, i, rand.New(rand.NewPCG(seed, uint64(i)))) })
		}
		r := rand.New(rand.NewPCG(seed, killedClients))
		for range kills {
			time.Sleep(time.Duration(r.Int64N(int64(killedLongest)))) // the moment is what is tested
			k.kill()
			k.begin(t)
		}
		cancel()
		clients.Wait()
		k.judge(t, url)
		t.Logf("%d kills among %d calls to book, %d answers lost: %v", kills, len(k.claims), k.cut, k.counted())
		if k.cut == 0 {
			t.Error("nothing was under way when the server was killed")
		}
	})
}

func newKilled(t *testing.T, url string) *killed {
	k := &killed{node: launch(t, 0, url), from: exodrive.DateOf(time.Now().UTC()) + 300}
	db := openDatabase(t, url)
	rows, err := db.QueryContext(t.Context(), `SELECT id FROM cars WHERE available AND NOT hidden ORDER BY id LIMIT $1`, killedCars)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		k.cars = append(k.cars, id)
	}
	if err := rows.Err(); err != nil || len(k.cars) != killedCars {
		t.Fatalf("%d cars, %v", len(k.cars), err)
	}
	prepare := []string{`UPDATE cars SET minimum_days = 1`, `INSERT INTO settings (key, value) VALUES ('policy', '{"holdSeconds":1,"openHolds":1000000}')`}
	for _, text := range append(prepare, noteEnds[engineOf(url)]...) {
		if _, err := db.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	k.kill()
	k.begin(t) // with that policy
	return k
}

func (k *killed) note(f func()) { k.mu.Lock(); defer k.mu.Unlock(); f() }

func (k *killed) fault(format string, args ...any) {
	k.note(func() { k.faults = append(k.faults, fmt.Sprintf(format, args...)) })
}

// keepBooking is one client: he books, and confirms or cancels what he has. A call to
// book without an answer he sends again until there is one; what became of another
// without an answer he does not know.
func (k *killed) keepBooking(ctx context.Context, number int, r *rand.Rand) {
	var mine []*claim
	for n := 0; ctx.Err() == nil; n++ {
		if len(mine) > 0 && r.IntN(3) == 0 {
			c := mine[r.IntN(len(mine))]
			if r.IntN(3) == 0 {
				k.move(ctx, c, exodrive.CancelBooking, "/api/bookings/"+c.token+"/cancel")
			} else {
				k.move(ctx, c, exodrive.ConfirmBooking, "/api/admin/bookings/"+c.id+"/confirm")
			}
			continue
		}
		c := k.newClaim(fmt.Sprintf("c%d-%d", number, n), r)
		for c.asked == "unknown" && ctx.Err() == nil {
			k.book(ctx, c)
		}
		if c.asked == "answered" {
			mine = append(mine, c)
			mine = mine[max(0, len(mine)-4):]
			if r.IntN(4) == 0 {
				k.book(ctx, c) // as if the answer had been lost
			}
		}
	}
}

// newClaim is a call that nobody has sent yet. Its address is nobody else's.
func (k *killed) newClaim(key string, r *rand.Rand) *claim {
	start := k.from.Add(r.IntN(killedDays))
	body, err := json.Marshal(map[string]any{
		"carId": k.cars[r.IntN(len(k.cars))], "startDate": start, "endDate": start.Add(1 + r.IntN(4)),
		"customer": map[string]string{"firstName": "Maria", "email": key + killedDomain, "phone": "+1 305 555 0142"},
	})
	if err != nil {
		panic(err) // of a map that has a JSON
	}
	c := &claim{key: key, body: string(body), asked: "unknown", may: map[exodrive.BookingState]bool{}}
	k.note(func() { k.claims = append(k.claims, c) })
	return c
}

// said is what the API says of a booking, or of a refusal.
type said struct {
	ID, Token, Code string
	State           exodrive.BookingState
}

// call sends what goes on until its answer, also at the end of the run. ok is false
// without an answer.
func (k *killed) call(ctx context.Context, path, body string, headers ...string) (status int, a said, ok bool) {
	headers = append(headers, "Content-Type: application/json")
	got, err := k.ask(context.WithoutCancel(ctx), k.writers, http.MethodPost, k.site+path, []byte(body), headers...)
	if err != nil || got.status >= http.StatusInternalServerError {
		if !errors.Is(err, syscall.ECONNREFUSED) {
			k.note(func() { k.cut++ })
		}
		pause(ctx, 10*time.Millisecond) // nobody is there
		return 0, a, false
	}
	if err := json.Unmarshal(got.body, &a); err != nil {
		k.fault("%s: %d %.200s", path, got.status, got.body)
		return got.status, a, false
	}
	return got.status, a, true
}

func (k *killed) book(ctx context.Context, c *claim) {
	status, a, ok := k.call(ctx, "/api/bookings", c.body, "Idempotency-Key: "+c.key)
	switch {
	case !ok:
	case status < http.StatusMultipleChoices && c.id != "" && c.id != a.ID:
		k.fault("the call %s made %s and %s", c.key, c.id, a.ID)
	case status < http.StatusMultipleChoices && c.id == "":
		c.asked, c.id, c.token = "answered", a.ID, a.Token
		c.becomes(a.State)
	case status < http.StatusMultipleChoices:
	case a.Code == string(exodrive.Busy):
	case a.Code == string(exodrive.DatesTaken) && c.id == "":
		c.asked = "refused"
	default:
		k.fault("the call %s, which had made %q, is answered %d %s", c.key, c.id, status, a.Code)
	}
}

// becomes notes a state that was told. A hold may run out at any time.
func (c *claim) becomes(s exodrive.BookingState) {
	c.may = map[exodrive.BookingState]bool{s: true}
	if s == exodrive.Held {
		c.may[exodrive.Expired] = true
	}
}

func (k *killed) move(ctx context.Context, c *claim, e exodrive.BookingEvent, path string) {
	headers := []string{}
	if strings.HasPrefix(path, "/api/admin/") {
		headers = append(headers, "Authorization: Bearer "+adminToken)
	}
	status, a, ok := k.call(ctx, path, "", headers...)
	switch {
	case !ok:
		for s := range maps.Clone(c.may) {
			if next, err := s.After(e); err == nil {
				c.may[next] = true
			}
		}
	case status < http.StatusMultipleChoices && a.ID == c.id:
		c.becomes(a.State)
	case a.Code != string(exodrive.Conflict) && a.Code != string(exodrive.DatesTaken) && a.Code != string(exodrive.Busy):
		k.fault("%s of %s is answered %d %s", e, c.id, status, a.Code)
	}
}

// counted is how many calls ended in each way.
func (k *killed) counted() map[string]int {
	n := map[string]int{}
	for _, c := range k.claims {
		n[c.asked]++
	}
	return n
}
