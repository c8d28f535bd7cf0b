package exodrive

// Limits bounds what callers may ask for. Each refusal names its bound. A fleet
// sets its own in the setting "limits" as JSON; what it leaves out is the default.
type Limits struct {
	RentalDays       int   `json:"rentalDays"`       // longest rental
	LookAheadDays    int   `json:"lookAheadDays"`    // how far ahead a rental may end
	AvailabilityDays int   `json:"availabilityDays"` // longest window of an availability read
	PageSize         int   `json:"pageSize"`         // most entries of a page
	Page             int   `json:"page"`             // last page that can be asked for
	Body             int64 `json:"body"`             // bytes of a request body
}

// Validate refuses limits that would refuse everything.
func (l Limits) Validate() error {
	if l.RentalDays < 1 || l.LookAheadDays < 1 || l.AvailabilityDays < 1 || l.PageSize < 1 || l.Page < 1 || l.Body < 1 {
		return Errorf(Invalid, "Every limit is a number above 0.")
	}
	return nil
}

// DefaultLimits are the limits of a fleet that sets none.
var DefaultLimits = Limits{
	RentalDays: 90, LookAheadDays: 540, AvailabilityDays: 366,
	PageSize: 50, Page: 500, Body: 64 << 10,
}
