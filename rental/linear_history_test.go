package rental_test

import (
	"context"
	"errors"
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
	historyFresh   = 8 // the latest bookings are those that somebody confirms, cancels or opens
	historyNew     = 3 // and that get other days or another car, while they stand
	historyRoute   = "change"
	forever        = math.MaxInt64
)

// historyKinds are what clients do, each as often as it is here.
var historyKinds = []string{
	"book", "book", "book", "book", "confirm", "cancel", "cancel", "swap", "swap", "change", "change", "block", "unblock", "look", "look", "open",
}

// history is a number of clients at several desks over one database, and all that they
// were told.
type history struct {
	desks []historyDesk
	cars  [foughtCars]string // ids
	prompt
	from  exodrive.Date
	began time.Time
	loose bool           // no two of the days that a refusal names need have been taken at once
	late  sync.WaitGroup // what desks do behind an answer
	acts  atomic.Int64   // how many things the clients have done

	mu     sync.Mutex
	deeds  []porcupine.Operation
	sweeps []porcupine.Operation // when holds may have been ended besides
	begun  []int64               // when each booking was asked for, by number
	made   []madeBooking         // those that somebody was told of
	number map[string]int        // of the bookings, by id and by the label of the call
}

// historySecret signs the links of all desks.
var historySecret = [][]byte{[]byte("a-secret-of-all-desks-0123456789abcdef")}

type madeBooking struct {
	who       int
	id, token string
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
		s, err := rental.New(t.Context(), rental.Options{Store: store, Cache: newCache(t, store), Now: clock, Zone: zone, Policy: policy, Secrets: historySecret})
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
	clerk := admin
	clerk.RequestID = label
	kind := historyKinds[r.IntN(len(historyKinds))]
	fresh := historyFresh
	if kind == "swap" || kind == "change" {
		fresh = historyNew
	}
	var mine madeBooking
	h.note(func() {
		if len(h.made) > 0 {
			mine = h.made[len(h.made)-1-r.IntN(min(len(h.made), fresh))]
		}
	})
	switch {
	case kind == "look":
		h.look(client, desk, r.IntN(foughtCars))
	case kind == "block" || kind == "unblock":
		first, until := someDays(r)
		if !h.loose { // the workshop gives days back under the lock of the car alone
			h.repair(client, desk, clerk, deed{kind: kind, car: r.IntN(foughtCars), days: dayRange(first, until), label: label}, first, until)
		}
	case kind == "book" || mine.id == "":
		first, until := someDays(r)
		h.book(client, desk, r.IntN(foughtCars), first, until, label)
	case kind == "open":
		h.open(client, desk, mine)
	case kind == "swap":
		to := r.IntN(foughtCars)
		h.move(client, deed{kind: kind, who: mine.who, car: to, label: label}, func(ctx context.Context) error {
			_, err := desk.SwapCar(ctx, clerk, mine.id, rental.AnyVersion, rental.Swap{CarID: h.cars[to], Leave: anyPlace, Reason: "a puncture"})
			return err
		})
	case kind == "change":
		first, until := someDays(r)
		h.move(client, deed{kind: kind, who: mine.who, days: dayRange(first, until), behind: dayRange(until, until+1), label: label}, func(ctx context.Context) error {
			trip := exodrive.TripChange{StartDate: h.from.Add(first), EndDate: h.from.Add(until)}
			return bookErr(desk.ChangeBooking(ctx, mine.token, rental.ChangeRequest{TripChange: trip}, rental.Call{Key: label, Route: historyRoute}))
		})
	default:
		h.move(client, deed{kind: kind, who: mine.who, label: label}, func(ctx context.Context) error {
			if kind == "cancel" {
				return bookErr(desk.CancelForRenter(ctx, clerk, mine.id, "changed plans"))
			}
			return bookErr(desk.ConfirmBooking(ctx, clerk, mine.id))
		})
	}
}

// anyPlace lets a car go where the other one was to be fetched.
var anyPlace = exodrive.Leave{Waive: []exodrive.Waiver{exodrive.WaivePlace}}

// someDays are days of a rental, from the first until before the last.
func someDays(r *rand.Rand) (first, until int) {
	first = r.IntN(foughtDays - 3)
	return first, first + 1 + r.IntN(3)
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
		if h.loose {
			return o
		}
		for _, day := range refusalOf(h.t, err, exodrive.DatesTaken).TakenDays {
			o.taken |= 1 << (day - h.from)
		}
		return o
	case exodrive.Conflict:
		if errors.Unwrap(err) != nil {
			return outcome{kind: "taken"} // by the index or the constraint, which name no days
		}
		return outcome{kind: "late"}
	case exodrive.Invalid:
		return outcome{kind: "same"}
	case exodrive.Stale, exodrive.Busy: // nothing was done
		return outcome{kind: "nothing"}
	}
	return outcome{kind: "unknown"}
}

func (h *history) book(client int, desk historyDesk, car, first, until int, label string) {
	r := bookingOf(exodrive.TripRequest{CarID: h.cars[car], StartDate: h.from.Add(first), EndDate: h.from.Add(until)}, "renter"+label)
	who := exodrive.Actor{RequestID: label}
	d := deed{kind: "book", car: car, days: dayRange(first, until), behind: dayRange(until, until+1), label: label}
	call := h.now()
	if desk.hasty {
		h.bookLater(client, desk, d, r, who)
		return
	}
	b, err := desk.Book(h.t.Context(), who, r, rental.Call{})
	o := h.outcomeOf(err)
	if o.kind == "taken" {
		d.who = mostBookings - 1 // nobody's number
	} else {
		d.who = h.newNumber(label, call)
	}
	h.did(client, d, call, o)
	if err == nil {
		h.note(func() {
			h.number[b.ID] = d.who
			h.made = append(h.made, madeBooking{d.who, b.ID, b.Token})
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
	if h.loose && d.kind == "confirm" && o.kind == "taken" {
		o.kind = "nothing" // the days may be its own, taken by who confirms it on another node
	}
	h.did(client, d, call, o)
}

// repair gives days of a car to the workshop, or takes them from it.
func (h *history) repair(client int, desk historyDesk, clerk exodrive.Actor, d deed, first, until int) {
	days := rental.Block{Start: h.from.Add(first), End: h.from.Add(until - 1)}
	call := h.now()
	var freed rental.DayCount
	var err error
	if d.kind == "block" {
		_, err = desk.BlockDays(h.t.Context(), clerk, h.cars[d.car], rental.BlockRequest{Block: days})
	} else {
		freed, err = desk.UnblockDays(h.t.Context(), clerk, h.cars[d.car], days)
	}
	o := h.outcomeOf(err)
	o.freed = int(freed.Days)
	h.did(client, d, call, o)
}

// look reads which days of a car are taken, past the cache.
func (h *history) look(client int, desk historyDesk, car int) {
	call := h.now()
	days, err := desk.store.TakenDays(h.t.Context(), h.cars[car], exodrive.Days{Start: h.from, End: h.from.Add(foughtDays)}, "")
	if err != nil {
		return
	}
	var taken dayset
	for _, day := range days {
		taken |= 1 << (day.Date - h.from)
	}
	h.did(client, deed{kind: "look", car: car}, call, outcome{kind: "done", taken: taken})
}

func (h *history) open(client int, desk historyDesk, b madeBooking) {
	call := h.now()
	if got, err := desk.store.Booking(h.t.Context(), b.id); err == nil {
		first, until := int(got.Days.Start-h.from), int(got.Days.End-h.from)
		is := rented{got.State, slices.Index(h.cars[:], got.CarID), dayRange(first, until), dayRange(until, int(got.BlockedUntil-h.from))}
		h.did(client, deed{kind: "open", who: b.who}, call, outcome{kind: "done", is: is})
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
