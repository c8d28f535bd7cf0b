package exodrive

import (
	"fmt"
	"time"
)

// ChargeKind says what a charge is for.
type ChargeKind string

// The kinds of charge.
const (
	ChargeDistance ChargeKind = "distance"
	ChargeFuel     ChargeKind = "fuel"
	ChargeLate     ChargeKind = "late_return"
	ChargeOther    ChargeKind = "other"  // entered by staff
	ChargeCredit   ChargeKind = "credit" // entered by staff, below zero
)

// ChargeKinds is the whole vocabulary.
var ChargeKinds = []ChargeKind{ChargeDistance, ChargeFuel, ChargeLate, ChargeOther, ChargeCredit}

// Charge is what a rental costs beyond the price that was accepted, which it leaves as
// it is: Quantity times Unit is Amount, exactly.
type Charge struct {
	Kind     ChargeKind `json:"kind"`
	Label    string     `json:"label" example:"Distance beyond the allowance"`
	Words    string     `json:"words" doc:"How it was worked out."`
	Quantity int64      `json:"quantity"`
	Unit     Money      `json:"unit"`
	Amount   Money      `json:"amount"`
	At       time.Time  `json:"at"`
}

// ReturnCharges is what a car that is back costs beyond the price, by the terms that
// were agreed: distance beyond the allowance, fuel that is missing, days that were begun
// after the last one that is paid for. It is never negative, and what was not agreed
// costs nothing. Two readings of different cars tell neither distance nor fuel.
func ReturnCharges(t BookingTerms, out, in Reading) []Charge {
	charges := []Charge{}
	add := func(kind ChargeKind, label string, quantity int, unit Money, format string, args ...any) {
		if quantity > 0 && unit.Amount > 0 {
			charges = append(charges, Charge{
				Kind: kind, Label: label, Words: fmt.Sprintf(format, args...),
				Quantity: int64(quantity), Unit: unit, Amount: Money{int64(quantity) * unit.Amount, unit.Currency}, At: in.At,
			})
		}
	}
	sameCar := out.CarID == in.CarID
	if d := t.Distance; d.Included > 0 && sameCar {
		driven := in.Odometer - out.Odometer
		beyond := max(0, driven-d.Included)
		add(ChargeDistance, "Distance beyond the allowance", beyond, d.Extra, "Odometer %d to %d: %s driven, %d included, %d beyond at %s each.",
			out.Odometer, in.Odometer, count(driven, d.Units.one()), d.Included, beyond, d.Extra)
	}
	if t.Back == nil {
		return charges
	}
	missing := 0
	if sameCar {
		missing = out.Fuel - in.Fuel
	}
	add(ChargeFuel, "Missing fuel", missing, t.Back.FuelEighth, "It left with %d eighths of a tank and came back with %d: %s missing at %s each.",
		out.Fuel, in.Fuel, count(missing, "eighth"), t.Back.FuelEighth)
	late := t.lateDays(in.At)
	add(ChargeLate, "Late return", late, t.Back.LateDay, "Paid until %s and %s more; back on %s: %s begun at %s each.",
		instantWords(t.local(t.Back.PaidUntil)), count(t.Back.GraceMinutes, "minute"), instantWords(t.local(in.At)), count(late, "further day"), t.Back.LateDay)
	return charges
}

// lateDays is how many days were begun at an instant after what is paid for. A day ends
// at the same time of the clock next day, whatever the clocks do meanwhile.
func (t BookingTerms) lateDays(back time.Time) int {
	paid := t.local(t.Back.PaidUntil.Add(time.Duration(t.Back.GraceMinutes) * time.Minute))
	if !back.After(paid) {
		return 0
	}
	days := max(0, int(back.Sub(paid).Hours()/24)-1) // and at most a few more
	for back.After(paid.AddDate(0, 0, days)) {
		days++
	}
	return days
}

// local is an instant by the clock of the place of return.
func (t BookingTerms) local(at time.Time) time.Time {
	zone, err := time.LoadLocation(t.Return.Zone)
	if err != nil {
		zone = time.UTC
	}
	return at.In(zone)
}

// ChargeInput is a charge that staff enters.
type ChargeInput struct {
	Label  string `json:"label" minLength:"1" maxLength:"100" example:"Cleaning"`
	Amount int64  `json:"amount" minimum:"-10000000000" maximum:"10000000000" doc:"Minor units; below zero it is a credit." example:"15000"`
}

// Charge is the charge that staff entered, in the currency of a total, or an invalid error
// that names each wrong member.
func (in ChargeInput) Charge(total Money, at time.Time) (Charge, error) {
	var f faults
	c := in.charge("", &f, total, at)
	return c, f.err()
}

func (in ChargeInput) charge(field string, f *faults, total Money, at time.Time) Charge {
	f.check(isName(in.Label), field+"/label", "A charge says what it is for.")
	f.check(in.Amount != 0 && in.Amount <= MaxAmount && in.Amount >= -MaxAmount, field+"/amount", "A charge is not 0 and at most %d, in minor units.", int64(MaxAmount))
	kind := ChargeOther
	if in.Amount < 0 {
		kind = ChargeCredit
	}
	amount := Money{in.Amount, total.Currency}
	return Charge{Kind: kind, Label: in.Label, Words: "Entered at the desk.", Quantity: 1, Unit: amount, Amount: amount, At: at}
}

// EnteredCharges is Charge for each of a list.
func EnteredCharges(list []ChargeInput, total Money, at time.Time) ([]Charge, error) {
	var f faults
	out := []Charge{}
	for i, in := range list {
		out = append(out, in.charge("/charges/"+itoa(i), &f, total, at))
	}
	return out, f.err()
}

// CheckCredits refuses credits that would give more than the price and all charges, on the
// field where they were entered.
func CheckCredits(field string, total Money, lists ...[]Charge) error {
	sum := total.Amount
	for _, list := range lists {
		for _, c := range list {
			sum += c.Amount.Amount
		}
	}
	if sum < 0 {
		return Errorf(Conflict, "That credit is more than the price and all charges together.").On(field)
	}
	return nil
}
