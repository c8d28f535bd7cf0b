package sqlstore_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/sqlstore"
)

// errTaken makes a transaction give up because a day is somebody else's.
var errTaken = errors.New("taken")

// contend lets callers take ranges of days of the first car, all at once, each
// from one of the stores in turn, and returns who won. Caller i wants the days
// [first+i%spread, … +length) and is the booking i.
func contend(t *testing.T, stores []*sqlstore.Store, callers, spread, length int) (won []int) {
	t.Helper()
	var wg sync.WaitGroup
	var mu sync.Mutex
	begin := make(chan struct{})
	for i := range callers {
		start := today.Add(i % spread)
		days := exodrive.Days{Start: start, End: start.Add(length)}
		wg.Go(func() {
			<-begin
			var taken []exodrive.Date
			err := stores[i%len(stores)].Tx(t.Context(), func(tx *sqlstore.Tx) (err error) {
				taken, err = tx.TakeDays(t.Context(), id(exodrive.CarID, 0), days, exodrive.DayBooked, id(exodrive.BookingID, i))
				if len(taken) > 0 {
					return errTaken
				}
				return err
			})
			switch {
			case err == nil:
				mu.Lock()
				defer mu.Unlock()
				won = append(won, i)
			case !errors.Is(err, errTaken):
				t.Errorf("caller %d: %v", i, err)
			case !slices.IsSorted(taken) || !days.Contains(taken[0]) || !days.Contains(taken[len(taken)-1]):
				t.Errorf("caller %d wanted %v and was told that %v are taken", i, days, taken)
			}
		})
	}
	close(begin)
	wg.Wait()
	return won
}

// Of many people who want overlapping days of one car at the same moment, each day goes to one of them, whole rentals only, and nobody meets an error.
func TestADayHasOneOwner(t *testing.T) {
	eachEmpty(t, func(t *testing.T, s *sqlstore.Store, url string) {
		const callers, spread, length = 120, 10, 4
		oneCar(t, s)
		write(t, s, func(tx *sqlstore.Tx) error {
			// The owners must exist; cancelled bookings take no days of their own.
			list := make([]exodrive.Booking, callers)
			for i := range list {
				list[i] = aBooking(i, today, today.Add(1))
				list[i].State = exodrive.Cancelled
			}
			return tx.InsertBookings(t.Context(), list)
		})
		// Two stores have two pools, as two processes would.
		won := contend(t, []*sqlstore.Store{s, open(t, url)}, callers, spread, length)

		db := prompt(t, url)
		rows, owners := db.number(`SELECT COUNT(*) FROM car_availability`), db.number(`SELECT COUNT(DISTINCT booking_id) FROM car_availability`)
		if len(won) == 0 || int(rows) != len(won)*length || int(owners) != len(won) {
			t.Errorf("%d callers won %d days each; %d days of %d owners are stored", len(won), length, rows, owners)
		}
		for _, i := range won {
			if n := db.number(`SELECT COUNT(*) FROM car_availability WHERE booking_id = $1`, id(exodrive.BookingID, i)); n != length {
				t.Errorf("caller %d won and has %d days, want %d", i, n, length)
			}
		}
		for d := today; d < today.Add(spread+length); d++ {
			if n := db.number(`SELECT COUNT(*) FROM car_availability WHERE date = $1`, d.String()); n > 1 {
				t.Errorf("%s has %d owners", d, n)
			}
		}
		// Whoever lost could not have won: each range touches a winner's.
		for i := range spread {
			wanted := exodrive.Days{Start: today.Add(i), End: today.Add(i + length)}
			if !slices.ContainsFunc(won, func(w int) bool {
				start := today.Add(w % spread)
				return wanted.Overlaps(exodrive.Days{Start: start, End: start.Add(length)})
			}) {
				t.Errorf("%v are free and were refused to everybody", wanted)
			}
		}
	})
}

// A rental that finds one of its days taken learns which, and the transaction that gives up leaves nothing behind.
func TestTakenDaysAreNamed(t *testing.T) {
	eachEmpty(t, func(t *testing.T, s *sqlstore.Store, url string) {
		oneCar(t, s)
		car := id(exodrive.CarID, 0)
		write(t, s, func(tx *sqlstore.Tx) error {
			_, err := tx.TakeMaintenance(t.Context(), car, exodrive.Days{Start: today.Add(2), End: today.Add(4)})
			return err
		})
		var taken []exodrive.Date
		err := s.Tx(t.Context(), func(tx *sqlstore.Tx) (err error) {
			taken, err = tx.TakeMaintenance(t.Context(), car, exodrive.Days{Start: today, End: today.Add(10)})
			return errors.Join(err, errTaken)
		})
		if want := []exodrive.Date{today.Add(2), today.Add(3)}; !slices.Equal(taken, want) || !errors.Is(err, errTaken) {
			t.Errorf("taken are %v (%v), want %v", taken, err, want)
		}
		if n := prompt(t, url).number(`SELECT COUNT(*) FROM car_availability`); n != 2 {
			t.Errorf("%d days are stored, want the 2 of the first", n)
		}
		err = s.Tx(t.Context(), func(tx *sqlstore.Tx) error {
			return tx.InsertDays(t.Context(), []sqlstore.DayRow{{CarID: car, Date: today.Add(2), Status: exodrive.DayHeld}})
		})
		if e := refused(t, err, exodrive.Conflict); !strings.Contains(e.Message, "already taken") {
			t.Errorf("the sentence is %q, want that a day is taken", e.Message)
		}
	})
}

// overlaps are pairs of the booking of days 10 to 14, blocked until day 16, and
// another one, by what they are to each other.
var overlaps = []struct {
	name              string
	start, end, until int
	conflict          bool
}{
	{"inside", 11, 13, 13, true},
	{"around", 8, 18, 18, true},
	{"the same", 10, 14, 16, true},
	{"into the start", 8, 11, 11, true},
	{"from the end", 13, 17, 17, true},
	{"in the turnaround only", 14, 16, 16, true},
	{"its own turnaround reaches in", 7, 9, 11, true},
	{"ends where the other begins", 7, 10, 10, false},
	{"its turnaround ends where the other begins", 7, 9, 10, false},
	{"begins where the turnaround ends", 16, 18, 20, false},
}

// insertOverlapping stores one booking and then the other of a case.
func insertOverlapping(t *testing.T, s *sqlstore.Store, n int, start, end, until int, state exodrive.BookingState) error {
	t.Helper()
	return s.Tx(t.Context(), func(tx *sqlstore.Tx) error {
		b := aBooking(n, today.Add(start), today.Add(end))
		b.BlockedUntil, b.State = today.Add(until), state
		if state == exodrive.Held {
			b.HoldUntil = noon
		}
		return tx.InsertBooking(t.Context(), &b)
	})
}

// Postgres refuses a booking that overlaps another, turnaround included, with a sentence, even when the days' own referee was never asked.
func TestOverlappingBookingsAreRefused(t *testing.T) {
	t.Parallel()
	url := exotest.PostgresFrom(t, "empty", empty)
	s, db := open(t, url), prompt(t, url)
	oneCar(t, s)
	if err := insertOverlapping(t, s, 0, 10, 14, 16, exodrive.Confirmed); err != nil {
		t.Fatal(err)
	}
	for i, c := range overlaps {
		t.Run(c.name, func(t *testing.T) {
			err := insertOverlapping(t, s, 1+i, c.start, c.end, c.until, exodrive.Confirmed)
			if !c.conflict {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			if e := refused(t, err, exodrive.Conflict); !strings.Contains(e.Message, "overlap with another booking") {
				t.Errorf("the sentence is %q, want that the days overlap", e.Message)
			}
		})
		db.exec(`DELETE FROM bookings WHERE id <> $1`, id(exodrive.BookingID, 0))
	}
}

// Without its constraint Postgres takes the overlapping bookings, so it is the constraint that the test above sees.
func TestWithoutTheConstraintOverlapsAreTaken(t *testing.T) {
	t.Parallel()
	url := exotest.PostgresFrom(t, "empty", empty)
	s := open(t, url)
	oneCar(t, s)
	prompt(t, url).exec(`ALTER TABLE bookings DROP CONSTRAINT bookings_no_overlap`)
	for n := range 2 {
		if err := insertOverlapping(t, s, n, 10, 14, 16, exodrive.Confirmed); err != nil {
			t.Errorf("booking %d: %v", n, err)
		}
	}
}

// A booking that is over, expired or cancelled gives its days to the next, in exactly the states of which the business says so.
func TestStatesThatOccupy(t *testing.T) {
	t.Parallel()
	url := exotest.PostgresFrom(t, "empty", empty)
	s := open(t, url)
	oneCar(t, s)
	db := prompt(t, url)
	definition := db.text(`SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'bookings_no_overlap'`)
	_, where, _ := strings.Cut(definition, "WHERE")
	var listed []string
	for _, m := range regexp.MustCompile(`'(\w+)'::text`).FindAllStringSubmatch(where, -1) {
		listed = append(listed, m[1])
	}
	for i, state := range exodrive.BookingStates {
		if slices.Contains(listed, string(state)) != state.Occupies() {
			t.Errorf("Occupies of %q is %t, the constraint says %s", state, state.Occupies(), definition)
		}
		days := 20 * i
		if err := insertOverlapping(t, s, 2*i, days, days+5, days+5, state); err != nil {
			t.Fatalf("%s: %v", state, err)
		}
		err := insertOverlapping(t, s, 2*i+1, days+1, days+2, days+2, exodrive.Confirmed)
		if (err != nil) != state.Occupies() {
			t.Errorf("beside a booking that is %s the new one got %v", state, err)
		}
	}
	if len(listed) != 5 {
		t.Errorf("the constraint lists %v; %s", listed, definition)
	}
}

// Two bookings of different cars never disturb each other, and swapping two bookings' cars in one transaction is possible.
func TestSwapOfTwoCars(t *testing.T) {
	t.Parallel()
	url := exotest.PostgresFrom(t, "empty", empty)
	s := open(t, url)
	oneCar(t, s)
	second := aCar(1)
	write(t, s, func(tx *sqlstore.Tx) error { return tx.InsertCar(t.Context(), &second) })
	for n := range 2 {
		b := aBooking(n, today, today.Add(3))
		b.CarID = id(exodrive.CarID, n)
		write(t, s, func(tx *sqlstore.Tx) error { return tx.InsertBooking(t.Context(), &b) })
	}
	swap := `UPDATE bookings SET car_id = CASE car_id WHEN '%s' THEN '%s' ELSE '%[1]s' END`
	prompt(t, url).exec(`BEGIN; SET CONSTRAINTS bookings_no_overlap DEFERRED; ` + fmt.Sprintf(swap, id(exodrive.CarID, 0), id(exodrive.CarID, 1)) + `; COMMIT`)
}
