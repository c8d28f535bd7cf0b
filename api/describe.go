package api

import (
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// descriptions say of each operation what its summary has no room for. Those of
// offers are made from their nouns, see offerDescription.
var descriptions = map[string]string{
	"listCars": "Cars that are listed and fit every filter; values of one filter are alternatives, features must all be there. " +
		"With startDate and endDate it is only cars that can be booked for those days, each with its all-in price from handover time to handover time. " +
		"Facets count the cars found, on all pages.",
	"readCar": "Everything the public may know of a car. One that is archived is not found.",
	"readAvailability": "Every day from startDate to endDate, both included, at most 366, with its status and its rate. " +
		"The calendar knows nothing of today: days that are over, or further ahead than the house plans, are available if nobody has them; a list or a rental refuses them.",
	"listReviews": "Approved reviews, newest first, with the number of reviews by stars.",
	"countFleet":  "Listed cars by category, make and place, and how many of them nobody has today.",

	"listLocations": "Places by name, with opening hours, fees and tax. A trip may begin at any of them; where it may end is in oneWays, or where it began. Their ids and slugs are pickupLocation and returnLocation of a quote.",
	"listExtras":    "By name, those that are offered; their ids are extras of a quote.",

	"quote": "Every line of the price, the rules in words, when the deposit is held and what cancelling costs, promised for half an hour. It holds no days: " +
		"days that somebody has are a conflict with the code dates_taken, the days, and what is free instead.",
	"book": "Holds the days until staff confirms or the hold ends. With a quote or an expected total it is made at that price, or refused as price_changed or quote_expired with the quote that holds now. " +
		"Days that somebody has are dates_taken, as for a quote. The same Idempotency-Key with another body is key_reused, and once staff has renewed the booking's link the same call is a conflict; a call that may still be under way, or a car that others are busy with, is busy: send it again with the same key after Retry-After.",
	"readBooking":   "The token is as good as a password for this one booking.",
	"cancelBooking": "Costs what the terms of the booking say; a hold costs nothing. Its days are free at once.",
	"quoteChange": "The trip that the booking would become, priced anew as a whole, with the difference and what it means in words, promised for half an hour. Members that are left out stay as they are. " +
		"A change is no way round the fee for cancelling: the rental then costs what cancelling now would cost at least, and so does cancelling it later. It changes nothing.",
	"changeBooking": "With a quote or an expected total it is made at that price, or refused as price_changed or quote_expired with the change that holds now. Days that somebody has are dates_taken, with the nearest that are free. " +
		"While the car is out only the return can change; days that are given back then stay paid for, and a return after the new time is late. The same Idempotency-Key with another body is key_reused.",
	"adminListBookings": "The latest pick-up first.",
	"adminExportBookings": "The bookings of adminListBookings in its order, as RFC 4180 has it, in UTF-8, with a line of names first; it begins before the last row is read. " +
		"Amounts are decimal numbers: total is the accepted price, owed is what is to be paid with all charges, or what is kept of a booking that fell through, and due and giveBack are what is left of that. A text that a spreadsheet could take for a formula stands behind an apostrophe.",
	"readCalendar": "An iCalendar object (RFC 5545) with the bookings that are to come, under way, or ended within two weeks, the nearest 5,000, in UTC. A hold is tentative; what fell through is cancelled and stays until its days are over. " +
		"A trip that began or ended earlier than agreed is there as it was. Renters are there by first name and initial. The same ETag means the same bytes.",
	"adminReadCalendarLink": "Calendar programs subscribe to it; who has the link needs no token.",
	"adminRenewCalendar":    "The answer has the new one.",
	"adminReadFigures": "Of the days from startDate to endDate, both included, at most 366, and of each of their months. They are at most two seconds old, like public reads. " +
		"Shares of a month are rounded for all bookings of the same days at once, so the cars may add up to some minor units less than the fleet.",
	"adminListFigures": "Of the same days, car by car.",
	"adminReadTimeline": "Every booking that has one of the days from startDate to endDate, both included, at most 62, and maintenance, car by car. " +
		"A booking is there as a whole, maintenance is cut to the days.",
	"adminListCustomers":  "The newest first. Name and number are those of a customer's first booking; each booking has its own.",
	"adminReadCustomer":   "With the bookings, the latest pick-up first, a page at a time.",
	"adminCancelBooking":  "Its days are free at once. The reason stands in the booking's history.",
	"adminConfirmBooking": "Also one whose hold ran out, if its days and its coupon can be taken again. One that is confirmed already is a conflict, and nothing is done.",
	"adminChangeBooking":  "Like changeBooking, by staff: at the price that the renter would pay, the one so far (keep), or any other (total), and with limits set aside (waive). All of it stands in the booking's history, with the reason. With dryRun nothing changes, and the answer has the change.",
	"adminSwapCar": "The same trip with another car. Price and terms stay as they were agreed, for changes to come as well, unless price is terms or a total is given; limits of the new car can be set aside (waive). " +
		"Days that somebody has of it are dates_taken, with other cars that are free. Of a rental that is under way these are also the days that are over, because a booking has one car for all its days. With dryRun nothing changes, and the answer has the change.",
	"adminRenewLink":   "Whoever has a link from before opens nothing any more. The answer has the new token.",
	"adminReadBooking": "What its renter sees, and besides what was read off the car, every move of its money and everything that happened to it.",
	"adminHandOver": "The odometer is not below the car's last, and a car that is out with another booking is a conflict until it is taken back. A car that is not paid for, or whose deposit is not held, stays; so does one before its day of pick-up, and one whose odometer went unlikely far. " +
		"Each of these checks is set aside by its name, in waive, with the reason, and the event tells which were. Before the day of pick-up the days until then have to be free; the booking gets them at no other price. " +
		"The car's odometer is noted with it.",
	"adminCorrectHandOver": "While the car is out, so that distance and fuel are charged from what was true. Both readings and the reason stand in the booking's history. " +
		"The car's odometer follows, if it still shows what was written down by mistake.",
	"adminTakeBack": "Distance beyond the allowance, fuel that is missing and days that were begun too late are charged by the terms that were agreed, and each charge says in words how it was worked out; " +
		"the price stays as it was accepted. Rental days that were not begun are free for others, after the car's turnaround. With dryRun nothing changes.",
	"adminCompleteBooking": "While something is to be paid, given back or held, it is a conflict, unless a reason says why.",
	"adminMissPickup":      "After the pick-up. Its days are free at once, and what cancelling at the last moment would have cost is kept.",
	"adminRecordMoney": "A payment for a booking that is held confirms it, and one whose hold ran out too, if its days can be taken again; else it is refused. A payment is at most what is due, a refund at most what was paid. Of a deposit is held what was agreed, at once or in parts, as after a swap to a dearer car; kept at most what is held and due, as often as something is left; refunded at most what was kept; and it is released whole. " +
		"The same Idempotency-Key with another body is key_reused; a call that may still be under way, or a car that others are busy with, is busy: send it again with the same key after Retry-After.",
	"adminAddCharge": "Once the car was handed over. An amount below zero is a credit. Charges are never altered: what was wrong is taken off by a credit.",

	"adminListCars":    "By name, without images, features and specs.",
	"adminCreateCar":   "The car is public at once unless available is false. The slug is made from the name when it is empty.",
	"adminBulkUpdate":  "All meant cars change or none does. With dryRun the answer tells what would change, and nothing does.",
	"adminReadCar":     "Also an archived one. The ETag is its version.",
	"adminEditCar":     "Members that are left out get their default, so send everything that adminReadCar gave but what is not entered: id, version, hidden, rating, reviewCount, createdAt and updatedAt.",
	"adminArchiveCar":  "Publicly there is no such car any more. Its bookings stay.",
	"adminRestoreCar":  "The opposite of adminArchiveCar.",
	"adminDeleteCar":   "A car that was ever booked is a conflict: archive it.",
	"adminListBlocks":  "Days that maintenance has and that belong to no booking, as ranges with their last day included.",
	"adminBlockDays":   "Days that are turnaround of a booking can be taken, unless the car is brought back from elsewhere then: a day in the workshop counts as turnaround. If one of the others is taken already, the conflict names it and the bookings that have it, and none is taken. With freeDaysOnly the rest is taken; with dryRun nothing changes. Both tell what is hit.",
	"adminUnblockDays": "Days that are free or belong to a booking stay as they are. A day that is turnaround of a booking is the booking's from now on, and not free. The answer tells how many became free, and how many did not for that.",
	"adminSetPrices":   "Such a price wins over base rate and price rules.",
	"adminClearPrices": "The answer tells how many days had a price of their own.",

	"readReview":  "The token is that of a completed booking, and opens nothing else of it. A rental that is not completed is a conflict.",
	"writeReview": "Once, and only for a completed rental; otherwise it is a conflict. It is public after somebody approved it, as a verified review.",

	"adminListJobs": "Those that ended last first, then the others in the order in which they are due. A job that failed waits for its next try; one that failed too often is dead and stays until it is retried, or for 90 days.",
	"adminRetryJob": "It gets all its tries back and is begun at once. A job that is not dead is a conflict.",

	"adminListReviews":   "Oldest first, in any status unless one is asked for.",
	"adminApproveReview": "It counts in the car's rating from now on.",
	"adminRefuseReview":  "It counts in the car's rating no more.",
	"adminExamine":       "Looks at the cache, the database, Redis, the settings and the disk of the node that answers, within five seconds. Each finding says what it means and what to do.",
	"adminReadMetrics":   "Steps of five seconds, kept in the memory of the node that answers.",
	"adminReadCache":     "Figures since the node began. Other nodes have their own.",
	"adminClearCache":    "Nobody has to clear what the program or SQL changes: the database tells. It is for changes past its triggers. Answers are loaded again when they are asked for.",
	"adminWarmCache": "Without a body, or with an empty one, all three groups; else those that are true. One warming runs at a time: " +
		"a call whose groups it covers waits for its end, any other is a conflict. It goes on when the caller hangs up. " +
		"With Accept: text/event-stream the answer is a stream of events: progress, with what is done of each group, and at the end done, with the result, or error, with a problem document.",
	"adminListAudit": "Newest first. Every administrative write leaves one entry, but those to bookings, which stand in the history of each: see adminReadBooking.",
}

// describe completes an operation in the document.
func describe(op *huma.Operation) {
	op.Description = descriptions[op.OperationID]
	if op.Description == "" {
		op.Description = offerDescription(op.OperationID)
	}
	if len(op.Security) == 1 {
		if scopes := op.Security[0]["token"]; len(scopes) > 0 {
			op.Description = strings.TrimSpace(op.Description + " Scope: " + scopes[0] + ".")
		}
	}
	describeHeaders(op)
	// huma's word for an input that does not fit its schema; ours is 400.
	keyed := func(p *huma.Param) bool { return p.Name == "Idempotency-Key" }
	if !slices.ContainsFunc(op.Parameters, keyed) {
		delete(op.Responses, "422")
	}
	for _, p := range op.Parameters {
		if p.Name == "If-Match" || keyed(p) && op.OperationID != bookID && op.OperationID != changeID {
			// Only here: huma would refuse a call without it in its own words, and one
			// without If-Match as a 400, not a 428.
			p.Required = true
		}
	}
}

func offerDescription(id string) string {
	switch {
	case strings.HasPrefix(id, "adminList"):
		return "Also those that are not active, in the order of their names."
	case strings.HasPrefix(id, "adminCreate"):
		return "It counts from now on; accepted bookings keep their price."
	case strings.HasPrefix(id, "adminEdit"):
		return "Members that are left out get their default. Accepted bookings keep their price."
	case strings.HasPrefix(id, "adminDelete"):
		return "One that something else refers to is a conflict."
	}
	return ""
}
