package exodrive

import "time"

// The read models. Each is what one public read returns: the API writes it as
// JSON, pages show it, the cache keeps it. None contains the present time, so
// equal data give equal bytes.

// CarCard is a car as lists show it.
type CarCard struct {
	ID               string   `json:"id" example:"car_01kas0f3m2x7h9tq"`
	Slug             string   `json:"slug" example:"ferrari-296-gtb"`
	Name             string   `json:"name"`
	Make             string   `json:"make"`
	Model            string   `json:"model"`
	Year             int      `json:"year"`
	Category         Category `json:"category"`
	ShortDescription string   `json:"shortDescription"`
	PricePerDay      Money    `json:"pricePerDay" doc:"Base rate of a day."`
	Deposit          Money    `json:"deposit"`
	MinimumDays      int      `json:"minimumDays"`
	DiscountPercent  Percent  `json:"discountPercent"`
	OfferText        string   `json:"offerText,omitempty"`
	Featured         bool     `json:"featured"`
	PowerHP          int      `json:"powerHp"`
	ZeroTo100        int      `json:"zeroTo100" doc:"Tenths of a second."`
	TopSpeed         int      `json:"topSpeed" doc:"km/h."`
	Transmission     string   `json:"transmission"`
	Drivetrain       string   `json:"drivetrain"`
	Seats            int      `json:"seats"`
	Rating           Rating   `json:"rating"`
	ReviewCount      int      `json:"reviewCount"`
	Image            Image    `json:"image"`
	Location         PlaceRef `json:"location"`
	Price            *Price   `json:"price,omitempty" doc:"All-in price of the days asked for; only with dates."`
}

// PlaceRef names a place.
type PlaceRef struct {
	ID   string `json:"id" example:"loc_01kas0f3m2x7h9tq"`
	Slug string `json:"slug" example:"miami"`
	Name string `json:"name"`
	City string `json:"city"`
}

// CarPage is one page of the list.
type CarPage struct {
	Cars       []CarCard  `json:"cars" nullable:"false"`
	Pagination Pagination `json:"pagination"`
	Facets     Facets     `json:"facets"`
	Filters    CarQuery   `json:"filters" doc:"The question as it was understood."`
}

// Pagination tells where a page stands in its list.
type Pagination struct {
	Page       int  `json:"page"`
	Limit      int  `json:"limit"`
	Total      int  `json:"total" doc:"Entries of the whole list."`
	TotalPages int  `json:"totalPages"`
	HasNext    bool `json:"hasNext"`
	HasPrev    bool `json:"hasPrev"`
}

// NewPagination derives the rest from page, limit and total.
func NewPagination(page, limit, total int) Pagination {
	pages := (total + limit - 1) / limit
	return Pagination{
		Page: page, Limit: limit, Total: total, TotalPages: pages,
		HasNext: page < pages, HasPrev: page > 1 && pages > 0,
	}
}

// Facets count the cars found, all pages of them, by field. What the rest of the
// fleet has is told by FleetCounts.
type Facets struct {
	Category     []Facet    `json:"category" nullable:"false"`
	Make         []Facet    `json:"make" nullable:"false"`
	Seats        []Facet    `json:"seats" nullable:"false"`
	Transmission []Facet    `json:"transmission" nullable:"false"`
	Drivetrain   []Facet    `json:"drivetrain" nullable:"false"`
	Location     []Facet    `json:"location" nullable:"false" doc:"Values are slugs."`
	Price        PriceRange `json:"price"`
}

// Facet is a value and how many cars have it.
type Facet struct {
	Value string `json:"value"`
	Count int    `json:"count"`
}

// PriceRange is the span of daily rates of the cars found, zero without any.
type PriceRange struct {
	Min Money `json:"min"`
	Max Money `json:"max"`
}

// CarDetails is one car as its page shows it.
type CarDetails struct {
	CarCard
	Available        bool      `json:"available" doc:"May be rented now."`
	Description      string    `json:"description"`
	Engine           string    `json:"engine"`
	WeeklyPercent    Percent   `json:"weeklyPercent" doc:"Off the 7th to the 27th day."`
	MonthlyPercent   Percent   `json:"monthlyPercent" doc:"Off every day from the 28th."`
	Fees             []MoneyOf `json:"fees" nullable:"false" doc:"Mandatory fees of a rental."`
	TurnaroundDays   int       `json:"turnaroundDays"`
	DistancePerDay   int       `json:"distancePerDay" doc:"Included distance of a day in distanceUnit; 0 is unlimited."`
	DistancePrice    Money     `json:"distancePrice" doc:"One unit of distance beyond that."`
	DistanceUnit     string    `json:"distanceUnit" enum:"mi,km"`
	MinimumDriverAge int       `json:"minimumDriverAge"`
	Place            Place     `json:"place" doc:"Where the car is handed over."`
	Images           []Image   `json:"images" nullable:"false"`
	Features         []Feature `json:"features" nullable:"false"`
	Specs            []Spec    `json:"specs" nullable:"false"`
}

// MoneyOf is a named amount.
type MoneyOf struct {
	Name   string `json:"name"`
	Amount Money  `json:"amount"`
}

// Place is a location as renters see it.
type Place struct {
	Address     string       `json:"address"`
	Country     string       `json:"country"`
	Zone        string       `json:"zone"`
	Handover    Clock        `json:"handover"`
	Hours       OpeningHours `json:"hours" doc:"By weekday, Sunday first; equal times mean closed."`
	TaxName     string       `json:"taxName"`
	TaxPercent  TaxRate      `json:"taxPercent"`
	TaxIncluded bool         `json:"taxIncluded"`
}

// Availability is the calendar of one car over inclusive days.
type Availability struct {
	CarID   string              `json:"carId"`
	Start   Date                `json:"startDate"`
	End     Date                `json:"endDate"`
	Days    []DayAvailability   `json:"days" nullable:"false"`
	Summary AvailabilitySummary `json:"summary"`
}

// DayAvailability is one day of a calendar.
type DayAvailability struct {
	Date      Date      `json:"date"`
	Status    DayStatus `json:"status" enum:"available,held,booked,maintenance,unavailable" doc:"maintenance: the house has the car, to make it ready after a rental or for anything else; unavailable: it is not for rent now."`
	Available bool      `json:"available"`
	Price     Money     `json:"price" doc:"Rate of this day, before length discounts."`
}

// AvailabilitySummary counts the days of a calendar.
type AvailabilitySummary struct {
	TotalDays       int `json:"totalDays"`
	AvailableDays   int `json:"availableDays"`
	UnavailableDays int `json:"unavailableDays"`
	MinimumDays     int `json:"minimumDays" doc:"Shortest rental of this car."`
}

// ReviewPage is one page of a car's approved reviews, newest first.
type ReviewPage struct {
	CarID      string         `json:"carId"`
	Rating     Rating         `json:"rating"`
	Reviews    []PublicReview `json:"reviews" nullable:"false"`
	Stars      [5]int         `json:"stars" doc:"How many reviews gave one, two, three, four and five stars."`
	Pagination Pagination     `json:"pagination"`
}

// PublicReview is an approved review.
type PublicReview struct {
	ID        string    `json:"id"`
	Author    string    `json:"author"`
	Stars     int       `json:"stars"`
	Comment   string    `json:"comment"`
	Verified  bool      `json:"verified" doc:"Written about a rental of this car."`
	CreatedAt time.Time `json:"createdAt"`
}

// FleetCounts tells how large the fleet is.
type FleetCounts struct {
	Cars       int     `json:"cars" doc:"Cars that are listed."`
	Categories []Facet `json:"categories" nullable:"false" doc:"Every category, also those without a car."`
	Makes      []Facet `json:"makes" nullable:"false"`
	Locations  []Facet `json:"locations" nullable:"false" doc:"Values are slugs."`
	Features   []Facet `json:"features" nullable:"false" doc:"The most frequent ones first, at most 100."`
	Day        Date    `json:"day" doc:"The civil day of the fleet that freeCars speaks of."`
	FreeCars   int     `json:"freeCars" doc:"Listed cars that nobody has on that day."`
}

// PlacePage is one page of the places of the fleet, by name.
type PlacePage struct {
	Locations  []PublicPlace `json:"locations" nullable:"false"`
	Pagination Pagination    `json:"pagination"`
}

// PublicPlace is a place where a trip may begin or end.
type PublicPlace struct {
	PlaceRef
	Place
	PickupFee     Money    `json:"pickupFee" doc:"For a rental that starts here."`
	ReturnFee     Money    `json:"returnFee" doc:"For a rental that ends here."`
	AfterHoursFee Money    `json:"afterHoursFee" doc:"For each handover while closed."`
	OneWays       []OneWay `json:"oneWays" nullable:"false" doc:"The other places that a trip from here may end at."`
}

// OneWay is a trip that ends elsewhere than it began.
type OneWay struct {
	To  string `json:"to" doc:"Id of the place of return." example:"loc_01kas0f3m2x7h9tr"`
	Fee Money  `json:"fee"`
}

// ExtraPage is one page of the extras that are offered, by name.
type ExtraPage struct {
	Extras     []PublicExtra `json:"extras" nullable:"false"`
	Pagination Pagination    `json:"pagination"`
}

// PublicExtra is an extra that may be taken with a trip.
type PublicExtra struct {
	ID          string `json:"id" example:"ext_01kas0f3m2x7h9tq"`
	Name        string `json:"name" example:"Child seat"`
	Description string `json:"description"`
	Price       Money  `json:"price" doc:"Of each piece."`
	PerDay      bool   `json:"perDay" doc:"The price is for each rental day, else for the rental."`
	MaxQuantity int    `json:"maxQuantity"`
}
