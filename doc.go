// Package exodrive is the business of renting out exotic cars: its types, its
// rules, and the read models that every front end shows.
//
// Start with Car (car.go), then Trip.Days (days.go) and NewPrice (price.go): who
// drives when, and what it costs. Booking (booking.go) has the states. The read
// models in reads.go are the public contract: their JSON is the API's, the
// page's and the cache's.
//
// Everything here is a pure function of its arguments: no clock, no I/O, no
// database. Use-cases live in package rental, SQL in package sqlstore. Amounts
// are integers in minor units of the fleet's one currency; days are civil days
// of the place where the car is handed over.
package exodrive
