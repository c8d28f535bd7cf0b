package exodrive_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/exodrive/exodrive"
)

// What is kept of the price before is no price of a day: after a change a late day costs no
// more than one of the same trip booked anew.
//
// Red when: what is kept is shared among the days that are left.
func TestKeptIsNoPriceOfADay(t *testing.T) {
	check := func(t interface {
		Helper()
		Fatal(...any)
		Fatalf(string, ...any)
	}, b *exodrive.Booking, c exodrive.TripChange, terms exodrive.Terms, hours int) {
		t.Helper()
		ch, err := exodrive.NewChange(b, c, terms, nil, before(hours))
		if err != nil {
			return
		}
		anew, err := exodrive.NewQuote(ch.Trip, terms, before(hours))
		if err != nil {
			return // it may be smaller than what is taken from anybody now
		}
		if ch.Back.LateDay.Amount > anew.Back.LateDay.Amount {
			t.Fatalf("%v for %d days became %v for %d: a late day costs %v, booked anew %v", b.Total, b.Days.Len(), ch.Total, ch.Days, ch.Back.LateDay, anew.Back.LateDay)
		}
	}
	long := fourDays
	long.EndDate = long.StartDate + 20
	b := booked(t, long, quoteTerms(), quoteNow)
	check(t, b, exodrive.TripChange{EndDate: fourDays.EndDate}, quoteTerms(), 1)
	if ch, err := exodrive.NewChange(b, exodrive.TripChange{EndDate: fourDays.EndDate}, quoteTerms(), nil, before(1)); err != nil || ch.Total != b.Total {
		t.Fatalf("an hour before, all of the price is kept: %v, %v", ch.Total, err)
	}
	rapid.Check(t, func(t *rapid.T) {
		d := dealings.Draw(t, "dealing")
		check(t, bookedAt(t), d.change, d.terms, d.hour)
	})
}

// A place that lets its days turn at another time gives no booking another day: whatever
// else changes of it, its ends stand as they were agreed.
//
// Red when: the days of a booking are counted by the place's handover time of today.
func TestDaysTurnWhenTheyDid(t *testing.T) {
	for _, turns := range []string{"08:00", "10:00", "12:00"} {
		terms := quoteTerms()
		b := booked(t, fourDays, terms, quoteNow)
		had := b.Takes()
		for i := range terms.Places {
			terms.Places[i].Handover = *clockAt(turns)
		}
		for name, c := range map[string]exodrive.TripChange{
			"an extra": {Extras: []exodrive.ExtraRequest{{ID: "ext_seat", Quantity: 1}}},
			"a day":    {EndDate: fourDays.EndDate + 1},
		} {
			ch, err := exodrive.NewChange(b, c, terms, nil, before(500))
			if err != nil {
				t.Fatal(err)
			}
			want := had
			if c.EndDate != 0 {
				want.Days.End, want.BlockedUntil = want.Days.End+1, want.BlockedUntil+1
			}
			if ch.Takes() != want || ch.Days != want.Days.Len() {
				t.Errorf("days turn at %s, and with %s it takes %v instead of %v", turns, name, ch.Takes(), want)
			}
		}
		other := terms
		other.Car.ID = "car_2"
		if ch, err := exodrive.NewSwap(b, other, exodrive.Leave{}, before(500)); err != nil || ch.Takes() != had {
			t.Errorf("days turn at %s, and another car is taken for %v instead of %v (%v)", turns, ch.Takes(), had, err)
		}
	}
}
