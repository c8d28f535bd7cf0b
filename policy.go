package exodrive

import "time"

// Policy is what the house promises and asks for around a booking. A fleet sets its
// own in the setting "policy" as JSON; what it leaves out is the default.
type Policy struct {
	QuoteMinutes int `json:"quoteMinutes"` // how long a quote is valid
	HoldSeconds  int `json:"holdSeconds"`  // how long days are held for who pays at the counter
	OpenHolds    int `json:"openHolds"`    // most holds at once of one address, and of one e-mail address

	FreeHours int `json:"freeHours"` // cancelling is free until so long before the pick-up
	FeeHours  int `json:"feeHours"`  // then it costs FeeDays until so long before it, then everything
	FeeDays   int `json:"feeDays"`   // prices of a day

	DepositHours int `json:"depositHours"` // the deposit is held so long before the pick-up
	DepositDays  int `json:"depositDays"`  // and released at the latest so long after the return

	GraceMinutes int   `json:"graceMinutes"` // a return so much later than agreed costs nothing
	LatePercent  int   `json:"latePercent"`  // of an average day of the price, for each further day that is begun after that
	FuelEighth   int64 `json:"fuelEighth"`   // minor units, for each eighth of a tank that is missing
}

// DefaultPolicy is that of a fleet that sets none.
var DefaultPolicy = Policy{
	QuoteMinutes: 30, HoldSeconds: 24 * 60 * 60, OpenHolds: 3,
	FreeHours: 72, FeeHours: 24, FeeDays: 1,
	DepositHours: 48, DepositDays: 3,
	GraceMinutes: 30, LatePercent: 100, FuelEighth: 25_00,
}

// mostLatePercent bounds what a late day costs: ten days of the price.
const mostLatePercent = 1000

// Validate refuses a policy that contradicts itself.
func (p Policy) Validate() error {
	if p.QuoteMinutes < 1 || p.HoldSeconds < 1 || p.OpenHolds < 1 || p.FeeDays < 0 || p.FeeHours < 0 || p.FreeHours < p.FeeHours ||
		p.DepositHours < 0 || p.DepositDays < 0 || p.GraceMinutes < 0 {
		return Errorf(Invalid, "Times of the policy are above 0, and freeHours is not below feeHours.")
	}
	if p.LatePercent < 0 || p.LatePercent > mostLatePercent || p.FuelEighth < 0 || p.FuelEighth > MaxAmount {
		return Errorf(Invalid, "latePercent is from 0 to %d, and fuelEighth is an amount in minor units.", mostLatePercent)
	}
	return nil
}

// CancelTerm is what cancelling costs until an instant.
type CancelTerm struct {
	Until time.Time `json:"until" doc:"The last instant of this fee, in the zone of the place of pick-up."`
	Fee   Money     `json:"fee" doc:"What is kept of the total. Where it is that of some days, a day counts as its share of the total, with all fees in it."`
}

// CancelTerms is what cancelling a rental costs, from free to everything, in order.
// pickup is the instant of the pick-up; after the last term, the pick-up itself,
// nothing can be cancelled any more.
//
// The fee is that of FeeDays average days of the price, one-off fees in it, rounded half up, and never
// more than the price.
func (p Policy) CancelTerms(pickup time.Time, price Price) []CancelTerm {
	before := func(hours int) time.Time { return pickup.Add(-time.Duration(hours) * time.Hour) }
	terms := []CancelTerm{{before(p.FreeHours), Money{0, price.Total.Currency}}}
	if p.FeeHours < p.FreeHours {
		fee := min(price.Total.Amount, mulDiv(price.Total.Amount, int64(p.FeeDays), int64(price.Days)))
		terms = append(terms, CancelTerm{before(p.FeeHours), Money{fee, price.Total.Currency}})
	}
	if p.FeeHours > 0 {
		terms = append(terms, CancelTerm{pickup, price.Total})
	}
	return terms
}

// CancelFee is what cancelling this booking costs its renter at an instant: nothing
// while it is held, else what its terms say, and the policy where it has none. A pick-up
// that is over is a conflict.
func (b *Booking) CancelFee(p Policy, now time.Time) (Money, error) {
	if b.State == Held {
		return Money{0, b.Total.Currency}, nil
	}
	terms := b.Terms.Cancellation
	if len(terms) == 0 {
		pickup, err := b.Pickup()
		if err != nil {
			return Money{}, err
		}
		terms = p.CancelTerms(pickup, Price{Days: b.Days.Len(), Total: b.Total})
	}
	return CancelFee(terms, now)
}

// MissFee is what is kept when nobody comes: what cancelling costs at the last moment.
func (b *Booking) MissFee(p Policy) (Money, error) {
	pickup, err := b.Pickup()
	if err != nil {
		return Money{}, err
	}
	return b.CancelFee(p, pickup)
}

// CancelFee is what cancelling costs at an instant; a pick-up that is over is a
// conflict.
func CancelFee(terms []CancelTerm, now time.Time) (Money, error) {
	for _, t := range terms {
		if !now.After(t.Until) {
			return t.Fee, nil
		}
	}
	return Money{}, Errorf(Conflict, "The pick-up is over, so this rental cannot be cancelled any more.")
}
