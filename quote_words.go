package exodrive

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

func itoa(n int) string { return strconv.Itoa(n) }

// inWords are the days and rules of a quote as sentences, for people.
func (q *Quote) inWords(car CarTerms, trip Trip, now time.Time) []string {
	from, to := trip.PickupPlace, trip.ReturnPlace
	rules := []string{fmt.Sprintf("%s, %s to %s. A rental day runs from %s to %s the next day, in the time of %s.",
		count(q.Occupied.Len(), "rental day"), dayWords(q.FirstDay), dayWords(q.LastDay), from.Handover, from.Handover, from.Name)}
	if trip.PickupTime < from.Handover {
		rules = append(rules, fmt.Sprintf("Pick-up at %s is before %s, so %s counts as well.", trip.PickupTime, from.Handover, dayWords(q.FirstDay)))
	}
	if trip.ReturnTime > to.Handover {
		rules = append(rules, fmt.Sprintf("Return at %s is after %s, so %s counts as well.", trip.ReturnTime, to.Handover, dayWords(q.LastDay)))
	}
	if q.Pickup.AfterHours {
		rules = append(rules, fmt.Sprintf("%s is closed at pick-up; somebody will be there.", from.Name))
	}
	if q.Return.AfterHours {
		rules = append(rules, fmt.Sprintf("%s is closed at return; somebody will be there.", to.Name))
	}
	rules = append(rules, q.distanceWords())
	if car.MinimumDriverAge > 0 {
		rules = append(rules, fmt.Sprintf("Drivers are at least %d years old on the day of pick-up.", car.MinimumDriverAge))
	}
	if h := q.DepositHold; h != nil {
		rules = append(rules, fmt.Sprintf("A deposit of %s is held on %s, not charged, and released by %s if the car comes back as it left.",
			q.Deposit, dayWords(h.HeldOn), dayWords(h.ReleasedBy)))
	}
	if words := q.Back.inWords(); words != "" {
		rules = append(rules, words)
	}
	if len(q.Cancellation) > 0 {
		rules = append(rules, cancelWords(q.Cancellation, q.Total, now))
	}
	return rules
}

// dayInWords tells what a day counts where the rules ask for one; "" where they do not.
func (q *Quote) dayInWords() string {
	ofDays := func(t CancelTerm) bool { return t.Fee.Amount > 0 && t.Fee != q.Total }
	if q.Back.LateDay.Amount == 0 && !slices.ContainsFunc(q.Cancellation, ofDays) {
		return ""
	}
	return "For coming late and for cancelling, a day counts as its share of the total, with all fees in it."
}

func (q *Quote) distanceWords() string {
	unit := q.Distance.Units.one()
	switch {
	case q.Distance.Included == 0:
		return "You may drive as far as you like."
	case q.Distance.Extra.Amount == 0:
		return count(q.Distance.Included, unit) + " are included."
	default:
		return fmt.Sprintf("%s are included; each further %s costs %s.", count(q.Distance.Included, unit), unit, q.Distance.Extra)
	}
}

// one is what a unit of distance is called.
func (u Units) one() string {
	if u == Imperial {
		return "mile"
	}
	return "kilometre"
}

// cancelWords tells the terms of cancelling in one sentence, without those that are over.
func cancelWords(terms []CancelTerm, total Money, now time.Time) string {
	left := slices.DeleteFunc(slices.Clone(terms), func(t CancelTerm) bool { return now.After(t.Until) })
	if len(left) == 0 {
		return "The pick-up is over, so this rental cannot be cancelled any more."
	}
	text, costs := "", "Cancelling costs"
	if len(left) < len(terms) && terms[0].Fee.Amount == 0 && left[0].Fee.Amount > 0 {
		text, costs = "Cancelling is not free any more: ", "it costs"
	}
	for i, t := range left {
		switch {
		case t.Fee.Amount == 0:
			text += "Cancelling is free until " + instantWords(t.Until)
		case t.Fee == total && i == 0:
			text += "if you cancel, nothing is paid back"
		case t.Fee == total:
			text += "until the pick-up nothing is paid back"
		case i == 0:
			text += fmt.Sprintf("%s %s until %s", costs, t.Fee, instantWords(t.Until))
		default:
			text += fmt.Sprintf("until %s it costs %s", instantWords(t.Until), t.Fee)
		}
		if i < len(left)-1 {
			text += "; "
		}
	}
	return capital(text) + "."
}

// capital is a sentence with a large first letter.
func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return itoa(n) + " " + what + "s"
}

func dayWords(d Date) string { return d.utc().Format("2 January 2006") }

func instantWords(t time.Time) string { return t.Format("2 January 2006, 15:04 (MST)") }
