package api

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/httpx"
)

// routes is the contents page of the API.
func (a *api) routes() {
	public[exodrive.CarPage](a, get("/api/cars", listCarsID, "Cars, by any filter and for any days", carListParams()...), a.listCars)
	public[exodrive.CarDetails](a, get("/api/cars/{carId}", "readCar", "One car", carRefParam), a.readCar)
	public[exodrive.Availability](a, get("/api/cars/{carId}/availability", "readAvailability", "The calendar of a car", append(rangeParams(), carRefParam)...), a.readAvailability)
	public[exodrive.ReviewPage](a, get("/api/cars/{carId}/reviews", "listReviews", "The reviews of a car", append(pageParams(defaultReviews), carRefParam)...), a.listReviews)
	public[exodrive.FleetCounts](a, get("/api/fleet/counts", "countFleet", "How large the fleet is"), a.countFleet)

	public[exodrive.PlacePage](a, get("/api/locations", "listLocations", "Where a trip may begin and end", pageParams(exodrive.DefaultOffers)...), a.listLocations)
	public[exodrive.ExtraPage](a, get("/api/extras", "listExtras", "What may be taken with a trip", pageParams(exodrive.DefaultOffers)...), a.listExtras)

	a.bookingRoutes()

	admin(a, get("/api/admin/bookings.csv", "adminExportBookings", "Bookings as a table", bookingFilters()...).in("Bookings").mayMiss().gives("text/csv", &huma.Schema{Type: huma.TypeString}), a.adminExportBookings)
	open(a, get("/api/calendars/{calendar}", "readCalendar", "A calendar of bookings, for who has its link").in("Bookings").gives("text/calendar", &huma.Schema{Type: huma.TypeString}), httpx.LimitReads, a.readCalendar)
	admin(a, get("/api/admin/calendar", "adminReadCalendarLink", "Where a calendar of bookings is read", calendarOfParam()).in("Bookings").needs(exodrive.ScopeBook).mayMiss(), a.adminReadCalendarLink)
	admin(a, post("/api/admin/calendar/renew", "adminRenewCalendar", "Make the link to a calendar worthless").in("Bookings").answers(http.StatusOK).mayMiss().asking(calendarOfParam()), a.adminRenewCalendar)
	admin(a, get("/api/admin/figures", "adminReadFigures", "Utilisation and revenue, by month", figuresParams()...).in("Figures").mayMiss().gives("application/json", schemaOf[exodrive.Figures](a)), a.adminReadFigures)
	admin(a, get("/api/admin/figures/cars", "adminListFigures", "Utilisation and revenue, by car", append(rangeParams(), pageParams(defaultAdminPage)...)...).in("Figures").gives("application/json", schemaOf[exodrive.CarFigures](a)), a.adminListFigures)
	admin(a, get("/api/admin/timeline", "adminReadTimeline", "What is taken of all cars", timelineParams()...).in("Bookings").gives("application/json", schemaOf[exodrive.Timeline](a)), a.adminReadTimeline)
	admin(a, get("/api/admin/customers", "adminListCustomers", "Customers", append(pageParams(defaultAdminPage), personSearch("customers"))...).in("Customers"), a.adminListCustomers)
	admin(a, get("/api/admin/customers/{customerId}", "adminReadCustomer", "One customer and the bookings", pageParams(defaultAdminPage)...).in("Customers"), a.adminReadCustomer)

	a.fleetRoutes()
}

// fleetRoutes are those of the fleet, its offers and reviews, and of the machine.
func (a *api) fleetRoutes() {
	admin(a, get("/api/admin/cars", "adminListCars", "All cars, archived ones too", pageParams(defaultAdminPage)...).in("Cars"), a.adminListCars)
	admin(a, post("/api/admin/cars", "adminCreateCar", "Add a car").in("Cars"), a.adminCreateCar)
	admin(a, post("/api/admin/cars/bulk", "adminBulkUpdate", "Change price and availability of many cars").in("Cars").answers(http.StatusOK).mayMiss(), a.adminBulkUpdate)
	admin(a, get("/api/admin/cars/{carId}", "adminReadCar", "One car with its private fields").in("Cars"), a.adminReadCar)
	admin(a, put("/api/admin/cars/{carId}", "adminEditCar", "Replace what is entered of a car").in("Cars"), a.adminEditCar)
	admin(a, post("/api/admin/cars/{carId}/archive", "adminArchiveCar", "Hide a car from the public").in("Cars").answers(http.StatusOK).versioned(), a.adminArchiveCar)
	admin(a, post("/api/admin/cars/{carId}/restore", "adminRestoreCar", "Show an archived car again").in("Cars").answers(http.StatusOK).versioned(), a.adminRestoreCar)
	admin(a, del("/api/admin/cars/{carId}", "adminDeleteCar", "Remove a car that was never booked").in("Cars").versioned(), a.adminDeleteCar)

	admin(a, get("/api/admin/cars/{carId}/blocks", "adminListBlocks", "Maintenance of a car, from today on").in("Calendar"), a.adminListBlocks)
	admin(a, post("/api/admin/cars/{carId}/blocks", "adminBlockDays", "Take days for maintenance").in("Calendar").answers(http.StatusOK).mayMiss(), a.adminBlockDays)
	admin(a, del("/api/admin/cars/{carId}/blocks", "adminUnblockDays", "Give maintenance days back", rangeParams()...).in("Calendar").answers(http.StatusOK).mayMiss(), a.adminUnblockDays)
	admin(a, put("/api/admin/cars/{carId}/prices", "adminSetPrices", "Give days a price of their own").in("Calendar").unversioned().answers(http.StatusNoContent), a.adminSetPrices)
	admin(a, del("/api/admin/cars/{carId}/prices", "adminClearPrices", "Take the days' own prices away", rangeParams()...).in("Calendar").answers(http.StatusOK).mayMiss(), a.adminClearPrices)

	offer(a, "locations", "place", exodrive.LocationID, exampleLocation(), locations(a))
	offer(a, "price-rules", "price rule", exodrive.RuleID, examplePriceRule(), priceRules(a))
	offer(a, "extras", "extra", exodrive.ExtraID, exampleExtra(), extras(a))
	offer(a, "coupons", "coupon", exodrive.CouponID, exampleCoupon(), coupons(a))

	open(a, get("/api/reviews/{reviewToken}", "readReview", "What a renter may review, and what he wrote").in("Reviews"), httpx.LimitReads, a.readReview)
	open(a, post("/api/reviews/{reviewToken}", "writeReview", "Review a rental").in("Reviews").mayMiss(), httpx.LimitBookings, a.writeReview)
	admin(a, get("/api/admin/reviews", "adminListReviews", "Reviews for moderation", append(pageParams(defaultAdminPage), reviewStatusParam)...).in("Reviews"), a.adminListReviews)
	admin(a, post("/api/admin/reviews/{reviewId}/approve", "adminApproveReview", "Publish a review").in("Reviews").answers(http.StatusOK).mayMiss(), a.adminApproveReview)
	admin(a, post("/api/admin/reviews/{reviewId}/refuse", "adminRefuseReview", "Keep a review from the public").in("Reviews").answers(http.StatusOK).mayMiss(), a.adminRefuseReview)

	admin(a, get("/api/admin/cache", "adminReadCache", "The cache of the node that answers").in("Cache"), a.adminReadCache)
	admin(a, del("/api/admin/cache", "adminClearCache", "Make cached answers worthless on all nodes").in("Cache"), a.adminClearCache)

	admin(a, post("/api/admin/cache-warm", "adminWarmCache", "Load what is asked first into the cache of the node that answers").in("Cache").answers(http.StatusOK), a.adminWarmCache)

	admin(a, get("/api/admin/metrics", "adminReadMetrics", "The last hour of the node that answers, beside its targets").in("Metrics"), a.adminReadMetrics)

	admin(a, get("/api/admin/doctor", "adminExamine", "What is wrong with the installation, and what to do").in("Health"), a.adminExamine)

	admin(a, get("/api/admin/jobs", "adminListJobs", "Work that waits, runs, was done or failed too often", jobParams()...).in("Jobs"), a.adminListJobs)
	admin(a, post("/api/admin/jobs/{jobId}/retry", "adminRetryJob", "Try a dead job again").in("Jobs").answers(http.StatusOK).mayMiss(), a.adminRetryJob)

	admin(a, get("/api/admin/audit", "adminListAudit", "Who changed what", append(pageParams(defaultAdminPage), auditSubjectParam)...).in("Audit"), a.adminListAudit)
}

// bookingRoutes are those of quotes and bookings: first the renter's, then the desk's.
func (a *api) bookingRoutes() {
	open(a, post("/api/quotes", "quote", "What a trip costs, and under which rules").in("Bookings").answers(http.StatusOK).mayMiss(), httpx.LimitReads, a.quote)
	open(a, post("/api/bookings", bookID, "Book a trip").in("Bookings").mayMiss().mayRepeat(), httpx.LimitBookings, a.book)
	open(a, get("/api/bookings/{token}", "readBooking", "A booking, for its renter").in("Bookings"), httpx.LimitReads, a.readBooking)
	open(a, post("/api/bookings/{token}/cancel", "cancelBooking", "Cancel a booking").in("Bookings").answers(http.StatusOK).mayMiss(), httpx.LimitReads, a.cancelBooking)
	open(a, post("/api/bookings/{token}/change/quote", "quoteChange", "What a change of a booking costs").in("Bookings").answers(http.StatusOK).mayMiss(), httpx.LimitReads, a.quoteChange)
	open(a, post("/api/bookings/{token}/change", changeID, "Change or extend a booking").in("Bookings").answers(http.StatusOK).mayMiss().mayRepeat(), httpx.LimitReads, a.changeBooking)

	admin(a, get("/api/admin/bookings", "adminListBookings", "Bookings, by state, days, customer or car", bookingParams()...).in("Bookings").mayMiss(), a.adminListBookings)
	admin(a, post("/api/admin/bookings/{bookingId}/cancel", "adminCancelBooking", "Cancel a booking for its renter").in("Bookings").answers(http.StatusOK).mayMiss(), a.adminCancelBooking)
	admin(a, post("/api/admin/bookings/{bookingId}/confirm", "adminConfirmBooking", "Agree to a booking").in("Bookings").answers(http.StatusOK).mayMiss(), a.adminConfirmBooking)
	admin(a, post("/api/admin/bookings/{bookingId}/change", "adminChangeBooking", "Move a booking, or set limits and price aside").in("Bookings").answers(http.StatusOK).versioned(), a.adminChangeBooking)
	admin(a, post("/api/admin/bookings/{bookingId}/swap", "adminSwapCar", "Give a booking another car").in("Bookings").answers(http.StatusOK).versioned(), a.adminSwapCar)
	admin(a, post("/api/admin/bookings/{bookingId}/link", "adminRenewLink", "Revoke the links to a booking, and make a new one").in("Bookings").answers(http.StatusOK).mayMiss(), a.adminRenewLink)
	admin(a, get("/api/admin/bookings/{bookingId}", "adminReadBooking", "A booking with all that happened to it").in("Bookings"), a.adminReadBooking)
	admin(a, post("/api/admin/bookings/{bookingId}/hand-over", "adminHandOver", "Hand the car over").in("Bookings").answers(http.StatusOK).mayMiss(), a.adminHandOver)
	admin(a, post("/api/admin/bookings/{bookingId}/hand-over/correct", "adminCorrectHandOver", "Correct what was read when the car left").in("Bookings").answers(http.StatusOK).mayMiss(), a.adminCorrectHandOver)
	admin(a, post("/api/admin/bookings/{bookingId}/take-back", "adminTakeBack", "Take the car back, and tell what that costs").in("Bookings").answers(http.StatusOK).mayMiss(), a.adminTakeBack)
	admin(a, post("/api/admin/bookings/{bookingId}/complete", "adminCompleteBooking", "End a rental that is checked and settled").in("Bookings").answers(http.StatusOK).mayMiss(), a.adminCompleteBooking)
	admin(a, post("/api/admin/bookings/{bookingId}/no-show", "adminMissPickup", "Note that the renter did not come").in("Bookings").answers(http.StatusOK).mayMiss(), a.adminMissPickup)
	admin(a, post("/api/admin/bookings/{bookingId}/money", "adminRecordMoney", "Note money that moved at the counter").in("Bookings").answers(http.StatusOK).mayMiss().mayRepeat(), a.adminRecordMoney)
	admin(a, post("/api/admin/bookings/{bookingId}/charges", "adminAddCharge", "Add a charge to a rental").in("Bookings").answers(http.StatusOK).mayMiss().mayRepeat(), a.adminAddCharge)
}

// listCarsID names the operation whose searches have a rate limit of their own.
const listCarsID = "listCars"

// These operations may be called without an Idempotency-Key.
const (
	bookID   = "book"
	changeID = "changeBooking"
)

// Page sizes where the caller names none.
const (
	defaultReviews   = exodrive.DefaultReviews
	defaultAdminPage = 20
)

// finish adds what the table cannot say to the document: examples of bodies,
// descriptions, and which headers must be there.
func (a *api) finish() {
	finishSchemas(a.huma.OpenAPI().Components.Schemas)
	for _, item := range a.huma.OpenAPI().Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Delete} {
			if op != nil {
				describe(op)
				a.needNoBody(op)
			}
		}
	}
	for path, example := range map[string]any{
		"POST /api/quotes":                                       exampleTrip(),
		"POST /api/bookings":                                     exampleBooking(),
		"POST /api/bookings/{token}/change":                      exampleChange(),
		"POST /api/bookings/{token}/change/quote":                exampleTripChange(),
		"POST /api/admin/bookings/{bookingId}/cancel":            cancelRequest{Reason: "The car is in the workshop."},
		"POST /api/admin/bookings/{bookingId}/change":            exampleStaffChange(),
		"POST /api/admin/bookings/{bookingId}/swap":              exampleSwap(),
		"POST /api/admin/bookings/{bookingId}/link":              renewRequest{"The renter forwarded the mail."},
		"POST /api/admin/bookings/{bookingId}/hand-over":         exampleHandOver(),
		"POST /api/admin/bookings/{bookingId}/hand-over/correct": exampleCorrection(),
		"POST /api/admin/bookings/{bookingId}/take-back":         exampleTakeBack(),
		"POST /api/admin/bookings/{bookingId}/complete":          deskRequest{Reason: "Paid by bank transfer."},
		"POST /api/admin/bookings/{bookingId}/no-show":           deskRequest{Reason: "Nobody came, and the phone is off."},
		"POST /api/admin/bookings/{bookingId}/money":             exampleMoney(),
		"POST /api/admin/bookings/{bookingId}/charges":           exampleCharge(),
		"POST /api/reviews/{reviewToken}":                        exampleReview(),
		"POST /api/admin/cars":                                   exampleCar(),
		"PUT /api/admin/cars/{carId}":                            exampleCar(),
		"POST /api/admin/cars/bulk":                              exampleBulk(),
		"POST /api/admin/cars/{carId}/blocks":                    exampleBlock(),
		"PUT /api/admin/cars/{carId}/prices":                     examplePrices(),
		"POST /api/admin/cache-warm":                             exampleWarm(),
	} {
		a.bodyExample(path, example)
	}
	a.describeWarming()
}
