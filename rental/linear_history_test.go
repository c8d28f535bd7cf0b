package rental_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/url"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/rental"
	"github.com/exodrive/exodrive/sqlstore"
)

// How large a history is. The clock of the desks runs so much faster than the test's,
// so that a hold of a second ends after 25 ms.
const (
	historyClients = 6
	historyDeeds   = 60 // of each client
	historySpeed   = 40
	historyHold    = 1
	historyCar     = "lamborghini-huracan-tecnica"
	historyCuts    = 3 // how often connections are lost
	historyFresh   = 8 // the latest bookings are those that somebody moves
	forever        = math.MaxInt64
)

// history is a number of clients at several desks over one database, and all that they
// were told.
type history struct {
	desks []historyDesk
	cars  [foughtCars]string // ids
	prompt
	from  exodrive.Date
	began time.Time
	late  sync.WaitGroup // what desks do behind an answer
	acts  atomic.Int64   // how many things the clients have done

	mu     sync.Mutex
	deeds  []porcupine.Operation
	sweeps []porcupine.Operation // when holds may have been ended besides
	begun  []int64               // when each booking was asked for, by number
	made   []madeBooking         // those that somebody was told of
	number map[string]int        // of the bookings, by id and by the label of the call
}

type madeBooking struct {
	who int
	id  string
}

// historyDesk is a service with its store.
type historyDesk struct {
	*rental.Service
	store *sqlstore.Store
	hasty bool // answers before it has booked
}

func newHistory(t testing.TB, urls ...string) *history {
	h := &history{began: time.Now(), number: map[string]int{}, from: today.Add(300)}
	clock := func() time.Time { return now.Add(historySpeed * time.Since(h.began)) }
	for _, url := range urls {
		store, err := sqlstore.Open(t.Context(), sqlstore.Config{URL: url, Now: clock})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { store.Close() })
		policy := exodrive.DefaultPolicy
		policy.HoldSeconds = historyHold
		s, err := rental.New(t.Context(), rental.Options{Store: store, Cache: newCache(t, store), Now: clock, Zone: zone, Policy: policy})
		if err != nil {
			t.Fatal(err)
		}
		h.desks = append(h.desks, historyDesk{Service: s, store: store})
	}
	h.prompt = newPrompt(t, urls[0])
	for i, slug := range []string{anyCar, historyCar} {
		h.cars[i] = car(t, slug).ID
		h.exec(`UPDATE cars SET minimum_days = 1, turnaround_days = 1 WHERE id = $1`, h.cars[i])
		h.exec(`DELETE FROM car_availability WHERE car_id = $1 AND date >= $2`, h.cars[i], h.from.String())
		h.exec(`DELETE FROM bookings WHERE car_id = $1 AND blocked_until > $2`, h.cars[i], h.from.String())
	}
	return h
}

func (h *history) now() int64 { return time.Since(h.began).Nanoseconds() }

// run lets all clients do what they like, and returns what is wrong with the whole
// history, or nothing.
func (h *history) run(seed uint64, meanwhile func()) string {
	ctx, cancel := context.WithCancel(h.t.Context())
	defer cancel()
	var sweepers, clients sync.WaitGroup
	for _, d := range h.desks {
		sweepers.Go(func() {
			for ctx.Err() == nil {
				call := h.now()
				_, _ = d.SweepHolds(context.WithoutCancel(ctx)) // a fault only leaves holds to the next look
				h.note(func() { h.sweeps = append(h.sweeps, porcupine.Operation{Call: call, Return: h.now()}) })
				time.Sleep(5 * time.Millisecond)
			}
		})
	}
	for i := range historyClients {
		clients.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(i)))
			for n := range historyDeeds {
				h.act(i, r, fmt.Sprintf("%d-%d", i, n))
				h.acts.Add(1)
			}
		})
	}
	if meanwhile != nil {
		meanwhile()
	}
	clients.Wait()
	cancel()
	sweepers.Wait()
	h.late.Wait()
	h.lookAtAll()
	return h.judge()
}

func (h *history) note(f func()) { h.mu.Lock(); defer h.mu.Unlock(); f() }

// act does one thing at a desk.
func (h *history) act(client int, r *rand.Rand, label string) {
	desk := h.desks[r.IntN(len(h.desks))]
	var mine madeBooking
	h.note(func() {
		if len(h.made) > 0 {
			mine = h.made[len(h.made)-1-r.IntN(min(len(h.made), historyFresh))]
		}
	})
	kind := []string{"book", "book", "book", "book", "confirm", "cancel", "look", "look", "open"}[r.IntN(9)]
	switch {
	case kind == "look":
		h.look(client, desk, r.IntN(foughtCars))
	case kind == "book" || mine.id == "":
		first := r.IntN(foughtDays - 3)
		h.book(client, desk, r.IntN(foughtCars), first, first+1+r.IntN(3), label)
	case kind == "open":
		h.open(client, desk, mine)
	default:
		h.move(client, deed{kind: kind, who: mine.who}, func(ctx context.Context) error {
			if kind == "cancel" {
				return bookErr(desk.CancelForRenter(ctx, admin, mine.id, "changed plans"))
			}
			return bookErr(desk.ConfirmBooking(ctx, admin, mine.id))
		})
	}
}

// did keeps one deed. What failed otherwise than by being refused may have been done, or
// may still be.
func (h *history) did(client int, d deed, call int64, o outcome) {
	o.ended = h.now()
	end := o.ended
	if o.kind == "unknown" {
		end = forever
	}
	h.note(func() {
		h.deeds = append(h.deeds, porcupine.Operation{ClientId: client, Input: d, Output: o, Call: call, Return: end})
	})
}

// outcomeOf is what an error tells.
func (h *history) outcomeOf(err error) outcome {
	switch exodrive.CodeOf(err) {
	case "":
		return outcome{kind: "done"}
	case exodrive.DatesTaken:
		o := outcome{kind: "taken"}
		for _, day := range refusalOf(h.t, err, exodrive.DatesTaken).TakenDays {
			o.taken |= 1 << (day - h.from)
		}
		return o
	case exodrive.Conflict:
		return outcome{kind: "late"}
	case exodrive.Stale, exodrive.Busy:
		return outcome{kind: "nothing"}
	}
	return outcome{kind: "unknown"}
}

func (h *history) book(client int, desk historyDesk, car, first, until int, label string) {
	r := bookingOf(exodrive.TripRequest{CarID: h.cars[car], StartDate: h.from.Add(first), EndDate: h.from.Add(until)}, "renter"+label)
	who := exodrive.Actor{RequestID: label}
	d := deed{kind: "book", car: car, days: dayRange(first, until+1)}
	call := h.now()
	if desk.hasty {
		h.bookLater(client, desk, d, r, who)
		return
	}
	b, err := desk.Book(h.t.Context(), who, r, rental.Call{})
	o := h.outcomeOf(err)
	if o.kind == "late" {
		o.kind = "taken" // by the index or the constraint, which name no days
	}
	if o.kind == "taken" {
		d.who = mostBookings - 1 // nobody's number
	} else {
		d.who = h.newNumber(label, call)
	}
	h.did(client, d, call, o)
	if err == nil {
		h.note(func() {
			h.number[b.ID] = d.who
			h.made = append(h.made, madeBooking{d.who, b.ID})
		})
	}
}

// newNumber numbers a booking that was made, or may have been.
func (h *history) newNumber(label string, call int64) (n int) {
	h.note(func() {
		n = len(h.begun)
		h.begun = append(h.begun, call)
		h.number[label] = n
	})
	return n
}

// bookLater answers when the days look free, and books them behind the answer.
func (h *history) bookLater(client int, desk historyDesk, d deed, r rental.BookRequest, who exodrive.Actor) {
	call := h.now()
	if _, err := desk.Quote(h.t.Context(), r.TripRequest); err != nil {
		return
	}
	d.who = h.newNumber(who.RequestID, call)
	h.did(client, d, call, outcome{kind: "done"})
	h.late.Go(func() { _, _ = desk.Book(h.t.Context(), who, r, rental.Call{}) }) // nobody hears of it
}

func (h *history) move(client int, d deed, do func(context.Context) error) {
	call := h.now()
	err := do(h.t.Context())
	o := h.outcomeOf(err)
	h.did(client, d, call, o)
}

// look reads which days of a car are taken, past the cache.
func (h *history) look(client int, desk historyDesk, car int) {
	call := h.now()
	days, err := desk.store.TakenDays(h.t.Context(), h.cars[car], exodrive.Days{Start: h.from, End: h.from.Add(foughtDays)})
	if err != nil {
		return
	}
	var taken dayset
	for _, day := range days {
		taken |= 1 << (day - h.from)
	}
	h.did(client, deed{kind: "look", car: car}, call, outcome{kind: "done", taken: taken})
}

func (h *history) open(client int, desk historyDesk, b madeBooking) {
	call := h.now()
	if got, err := desk.store.Booking(h.t.Context(), b.id); err == nil {
		h.did(client, deed{kind: "open", who: b.who}, call, outcome{kind: "done", state: got.State})
	}
}

// lookAtAll is the end of a history: nothing that anybody was told is lost.
func (h *history) lookAtAll() {
	for car := range h.cars {
		h.look(historyClients, h.desks[0], car)
	}
	for _, b := range h.made {
		h.open(historyClients, h.desks[0], b)
	}
}

// ends adds the ends of holds, which nobody asked for: each has an event. Its transaction
// began at the time that the event tells, within a call that was under way then, and was
// over before that call was.
func (h *history) ends() {
	calls := slices.Concat(h.deeds, h.sweeps)
	for _, row := range h.rows(`SELECT e.booking_id, e.event, e.request_id, e.at FROM booking_events e JOIN bookings b ON b.id = e.booking_id
		WHERE b.start_date >= $1 AND b.car_id IN ($2, $3) ORDER BY e.at, e.event`, h.from.String(), h.cars[0], h.cars[1]) {
		id, label := row[0].(string), row[2].(string)
		if row[1] == "book" {
			h.number[id] = h.number[label]
		}
		if row[1] != string(exodrive.ExpireHold) {
			continue
		}
		begun := time.UnixMilli(row[3].(int64)).Sub(now).Nanoseconds() / historySpeed
		end := begun
		for _, c := range calls {
			if c.Call <= begun+int64(time.Millisecond)/historySpeed && begun <= c.Return {
				end = max(end, c.Return)
			}
		}
		h.deeds = append(h.deeds, porcupine.Operation{
			ClientId: historyClients + 1, Input: deed{kind: "expire", who: h.number[id]}, Call: begun, Output: outcome{kind: "done"}, Return: end,
		})
	}
}

func (h *history) judge() string {
	h.ends()
	result, _ := porcupine.CheckOperationsVerbose(bookingModel(h.begun, historyHold*time.Second/historySpeed), h.deeds, time.Minute)
	if result == porcupine.Ok {
		return ""
	}
	return fmt.Sprintf("%s: no order of these explains all answers:\n%s", result, told(h.deeds))
}

// await waits until clients have done so many things.
func (h *history) await(acts int) {
	for int(h.acts.Load()) < acts {
		time.Sleep(time.Millisecond) // there is no signal for it
	}
}

// tell logs what a history was made of.
func (h *history) tell() {
	kinds := map[string]int{}
	for _, o := range h.deeds {
		kinds[o.Input.(deed).kind+" "+o.Output.(outcome).kind]++
	}
	h.t.Logf("%d bookings, %v", len(h.made), kinds)
}

// historySeed is a new one for each run, or EXO_TEST_SEED. What else happens is chance.
func historySeed(t testing.TB) uint64 {
	seed := rand.Uint64()
	if given := os.Getenv("EXO_TEST_SEED"); given != "" {
		var err error
		if seed, err = strconv.ParseUint(given, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("EXO_TEST_SEED=%d", seed)
	return seed
}

func hostOf(t testing.TB, address string) string {
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}
