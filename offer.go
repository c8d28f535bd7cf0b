package exodrive

import (
	"strings"
	"time"
)

// PriceRule multiplies the base rate of the days it matches: a season, the
// weekends, or both at once ("weekends in July").
type PriceRule struct {
	ID      string `json:"id" example:"rul_01kas0f3m2x7h9tq"`
	Version int64  `json:"version"`
	PriceRuleInput
}

// PriceRuleInput is what the operator enters of a rule.
type PriceRuleInput struct {
	Name       string  `json:"name" minLength:"1" maxLength:"100" example:"Weekend"`
	CarID      string  `json:"carId" required:"false" maxLength:"20" doc:"Only for this car; empty for the whole fleet."`
	Start      Date    `json:"startDate,omitzero" required:"false" doc:"First day; without it the rule has no beginning." example:"2026-06-01"`
	End        Date    `json:"endDate,omitzero" required:"false" doc:"Last day, included; without it the rule has no end." example:"2026-08-31"`
	Weekdays   []int   `json:"weekdays" required:"false" maxItems:"7" nullable:"false" doc:"0 is Sunday; none means every day." example:"[5,6]"`
	Multiplier Percent `json:"multiplierPercent" minimum:"1" maximum:"1000" doc:"Per cent of the base rate." example:"115"`
	Active     bool    `json:"active" required:"false" default:"true"`
}

// Matches tells whether the rule speaks about the day.
func (r PriceRuleInput) Matches(d Date) bool {
	if r.Start != 0 && d < r.Start || r.End != 0 && d > r.End {
		return false
	}
	if len(r.Weekdays) == 0 {
		return true
	}
	for _, w := range r.Weekdays {
		if time.Weekday(w) == d.Weekday() {
			return true
		}
	}
	return false
}

// Validate checks what no single field can tell.
func (r *PriceRuleInput) Validate() error {
	var f faults
	f.check(isName(r.Name), "/name", "A rule needs a name.")
	f.check(r.CarID == "" || IsID(CarID, r.CarID), "/carId", "The car is an id such as car_01kas0f3m2x7h9tq, or empty.")
	f.check(r.Start == 0 || r.End == 0 || r.Start <= r.End, "/endDate", "The last day comes before the first.")
	for _, w := range r.Weekdays {
		f.check(w >= 0 && w <= 6, "/weekdays", "Weekdays run from 0, Sunday, to 6, Saturday.")
	}
	f.check(r.Multiplier > 0 && r.Multiplier <= 10*Whole, "/multiplierPercent", "A multiplier is above 0 and at most 1000 per cent.")
	return f.err()
}

// Extra is something a renter may add to a rental.
type Extra struct {
	ID      string `json:"id" example:"ext_01kas0f3m2x7h9tq"`
	Version int64  `json:"version"`
	ExtraInput
}

// ExtraInput is what the operator enters of an extra.
type ExtraInput struct {
	Name        string `json:"name" minLength:"1" maxLength:"100" example:"Child seat"`
	Description string `json:"description" required:"false" maxLength:"500"`
	Price       int64  `json:"price" minimum:"0" maximum:"10000000000" doc:"Minor units, for each piece."`
	PerDay      bool   `json:"perDay" required:"false" doc:"The price is for each rental day, else for the rental."`
	MaxQuantity int    `json:"maxQuantity" required:"false" default:"1" minimum:"1" maximum:"20"`
	Active      bool   `json:"active" required:"false" default:"true"`
}

// Public is the extra as renters see it, with its price in the fleet's currency.
func (x *Extra) Public(currency Currency) PublicExtra {
	return PublicExtra{
		ID: x.ID, Name: x.Name, Description: x.Description,
		Price: Money{x.Price, currency}, PerDay: x.PerDay, MaxQuantity: x.MaxQuantity,
	}
}

// Validate checks what no single field can tell.
func (x *ExtraInput) Validate() error {
	var f faults
	f.check(isName(x.Name), "/name", "An extra needs a name.")
	f.check(x.Price >= 0 && x.Price <= MaxAmount, "/price", "A price is not negative and at most %d.", int64(MaxAmount))
	f.check(x.MaxQuantity >= 1, "/maxQuantity", "At least one piece must be allowed.")
	return f.err()
}

// ExtraChoice is an extra and how many of it.
type ExtraChoice struct {
	Extra    Extra
	Quantity int
}

func (x ExtraChoice) count(days int) int64 {
	if x.Extra.PerDay {
		return int64(x.Quantity) * int64(days)
	}
	return int64(x.Quantity)
}

// Coupon takes a share or an amount off rental and fees.
type Coupon struct {
	ID      string `json:"id" example:"cpn_01kas0f3m2x7h9tq"`
	Version int64  `json:"version"`
	Uses    int    `json:"uses" doc:"How often it was taken."`
	CouponInput
}

// CouponInput is what the operator enters of a coupon. Exactly one of Percent
// and Amount is set.
type CouponInput struct {
	Code       string  `json:"code" pattern:"^[A-Za-z0-9-]{3,30}$" patternDescription:"3 to 30 letters, digits and hyphens" doc:"Compared in capitals." example:"SUMMER10"`
	Percent    Percent `json:"percent" required:"false" minimum:"0" maximum:"100"`
	Amount     int64   `json:"amount" required:"false" minimum:"0" maximum:"10000000000" doc:"Minor units."`
	ValidFrom  Date    `json:"validFrom,omitzero" required:"false" doc:"First pick-up day, if there is one."`
	ValidUntil Date    `json:"validUntil,omitzero" required:"false" doc:"Last pick-up day, included, if there is one."`
	CarID      string  `json:"carId" required:"false" maxLength:"20" doc:"Only for this car; empty for the whole fleet."`
	MaxUses    int     `json:"maxUses" required:"false" minimum:"0" doc:"0 is unlimited."`
	Active     bool    `json:"active" required:"false" default:"true"`
}

// Off is what the coupon takes off an amount, before it is capped by it.
func (c *CouponInput) Off(amount int64) int64 {
	if c.Percent > 0 {
		return c.Percent.Of(amount)
	}
	return c.Amount
}

// Validate checks what no single field can tell and puts the code in capitals.
func (c *CouponInput) Validate() error {
	c.Code = strings.ToUpper(c.Code)
	var f faults
	f.check(len(c.Code) >= 3, "/code", "A code has 3 to 30 letters, digits and hyphens.")
	f.check((c.Percent > 0) != (c.Amount > 0), "/percent", "A coupon takes either a share or an amount off.")
	f.check(c.CarID == "" || IsID(CarID, c.CarID), "/carId", "The car is an id such as car_01kas0f3m2x7h9tq, or empty.")
	f.check(c.ValidFrom == 0 || c.ValidUntil == 0 || c.ValidFrom <= c.ValidUntil, "/validUntil", "The last day comes before the first.")
	return f.err()
}
