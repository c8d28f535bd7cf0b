package exodrive

// Limits bounds what callers may ask for. Each refusal names its bound.
type Limits struct {
	RentalDays       int   // longest rental
	LookAheadDays    int   // how far ahead a rental may end
	AvailabilityDays int   // longest window of an availability read
	PageSize         int   // most entries of a page
	Page             int   // last page that can be asked for
	Body             int64 // bytes of a request body
}

// DefaultLimits are the limits of a fleet that sets none.
var DefaultLimits = Limits{
	RentalDays: 90, LookAheadDays: 540, AvailabilityDays: 366,
	PageSize: 50, Page: 500, Body: 64 << 10,
}
