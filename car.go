package exodrive

import (
	"fmt"
	"slices"
	"time"
)

// Category is one of the fleet's eight kinds of car.
type Category string

// Categories is the whole vocabulary, in the order in which it is shown.
var Categories = []Category{
	"supercar", "sports", "grand-tourer", "luxury-sedan", "luxury-suv", "convertible", "classic", "electric",
}

// Transmissions and Drivetrains are the vocabularies of those two fields.
var (
	Transmissions = []string{"automatic", "manual"}
	Drivetrains   = []string{"rwd", "awd", "fwd"}
)

// Car is one car of the fleet with everything the operator knows of it.
type Car struct {
	ID      string `json:"id" example:"car_01kas0f3m2x7h9tq"`
	Version int64  `json:"version" doc:"Counts the edits; If-Match wants it as \"v3\"."`
	Hidden  bool   `json:"hidden" doc:"Archived: publicly there is no such car."`
	CarInput
	Rating      Rating    `json:"rating"`
	ReviewCount int       `json:"reviewCount"`
	CreatedAt   time.Time `json:"createdAt"`
	UpdatedAt   time.Time `json:"updatedAt"`
}

// CarInput is what the operator enters of a car. Amounts are minor units of the
// fleet's currency, distances in the unit system of the car's location.
type CarInput struct {
	Slug             string   `json:"slug,omitempty" maxLength:"120" doc:"Name in addresses; made from the name when empty." example:"ferrari-296-gtb"`
	Name             string   `json:"name" minLength:"1" maxLength:"100" example:"Ferrari 296 GTB"`
	Make             string   `json:"make" minLength:"1" maxLength:"50" example:"Ferrari"`
	Model            string   `json:"model" minLength:"1" maxLength:"50" example:"296 GTB"`
	Year             int      `json:"year" minimum:"1900" maximum:"2100" example:"2024"`
	Category         Category `json:"category" enum:"supercar,sports,grand-tourer,luxury-sedan,luxury-suv,convertible,classic,electric"`
	Description      string   `json:"description" minLength:"1" maxLength:"2000"`
	ShortDescription string   `json:"shortDescription" required:"false" maxLength:"200"`
	LocationID       string   `json:"locationId" doc:"Where the car lives." example:"loc_01kas0f3m2x7h9tq"`
	Available        bool     `json:"available" required:"false" default:"true" doc:"May be rented and is listed."`
	Featured         bool     `json:"featured" required:"false" doc:"Comes first in the list."`

	PricePerDay      int64   `json:"pricePerDay" minimum:"1" maximum:"10000000000" doc:"Base rate of a day in minor units." example:"149900"`
	DiscountPercent  Percent `json:"discountPercent" required:"false" minimum:"0" maximum:"100" doc:"The car's own discount, on rental and fees."`
	WeeklyPercent    Percent `json:"weeklyPercent" required:"false" minimum:"0" maximum:"100" doc:"Off the 7th to the 27th day."`
	MonthlyPercent   Percent `json:"monthlyPercent" required:"false" minimum:"0" maximum:"100" doc:"Off every day from the 28th; weeklyPercent if that is more."`
	OfferText        string  `json:"offerText" required:"false" maxLength:"200"`
	Fees             []Fee   `json:"fees" required:"false" maxItems:"20" nullable:"false" doc:"Mandatory fees of a rental."`
	Deposit          int64   `json:"deposit" required:"false" minimum:"0" maximum:"10000000000" doc:"Held during the rental, not part of the total; minor units."`
	MinimumDays      int     `json:"minimumDays" required:"false" default:"1" minimum:"1" maximum:"90"`
	TurnaroundDays   int     `json:"turnaroundDays" required:"false" minimum:"0" maximum:"30" doc:"Days the car is blocked after a rental."`
	DistancePerDay   int     `json:"distancePerDay" required:"false" minimum:"0" maximum:"10000" doc:"Included distance of a day; 0 is unlimited."`
	DistancePrice    int64   `json:"distancePrice" required:"false" minimum:"0" maximum:"10000000000" doc:"Price of one unit of distance beyond the allowance, minor units."`
	MinimumDriverAge int     `json:"minimumDriverAge" required:"false" default:"25" minimum:"16" maximum:"99"`

	Engine       string `json:"engine" required:"false" maxLength:"100" example:"3.0 L twin-turbo V6 hybrid"`
	PowerHP      int    `json:"powerHp" required:"false" minimum:"0" maximum:"5000" example:"819"`
	ZeroTo100    int    `json:"zeroTo100" required:"false" minimum:"0" maximum:"1000" doc:"0–100 km/h in tenths of a second." example:"29"`
	TopSpeed     int    `json:"topSpeed" required:"false" minimum:"0" maximum:"1000" doc:"km/h." example:"330"`
	Transmission string `json:"transmission" enum:"automatic,manual"`
	Drivetrain   string `json:"drivetrain" enum:"rwd,awd,fwd"`
	Seats        int    `json:"seats" minimum:"1" maximum:"9"`

	VIN      string `json:"vin" required:"false" maxLength:"17" doc:"Private."`
	Plate    string `json:"plate" required:"false" maxLength:"20" doc:"Private."`
	Colour   string `json:"colour" required:"false" maxLength:"50" doc:"Private."`
	Odometer int    `json:"odometer" required:"false" minimum:"0" maximum:"10000000" doc:"Private; in the location's unit."`

	Images   []Image   `json:"images" minItems:"1" maxItems:"20" nullable:"false" doc:"In the order they are shown; the first is the car's picture."`
	Features []Feature `json:"features" required:"false" maxItems:"50" nullable:"false"`
	Specs    []Spec    `json:"specs" required:"false" maxItems:"100" nullable:"false"`
}

// Image is one picture of a car.
type Image struct {
	URL string `json:"url" minLength:"1" maxLength:"500" doc:"Path on this server, or an https address." example:"/pictures/supercar-1.svg"`
	Alt string `json:"alt" required:"false" maxLength:"200"`
}

// Feature is something a car has, and by which it can be found.
type Feature struct {
	Name        string `json:"name" minLength:"1" maxLength:"100" pattern:"^[^,]*$" patternDescription:"a name without commas" example:"Carbon-ceramic brakes"`
	Description string `json:"description" required:"false" maxLength:"500"`
	Highlighted bool   `json:"highlighted" required:"false"`
}

// Spec is one line of the data sheet.
type Spec struct {
	Name  string `json:"name" minLength:"1" maxLength:"100"`
	Value string `json:"value" minLength:"1" maxLength:"200"`
}

// Fee is a mandatory fee of a car, once per rental.
type Fee struct {
	Name   string `json:"name" minLength:"1" maxLength:"100"`
	Amount int64  `json:"amount" minimum:"0" maximum:"10000000000" doc:"Minor units."`
}

// Rating is the mean of the approved reviews in hundredths of a star, 0 without
// any. In JSON it is a number of stars with two decimals.
type Rating int

// MarshalJSON writes the number of stars.
func (r Rating) MarshalJSON() ([]byte, error) { return []byte(r.String()), nil }

// String is the number of stars with two decimals.
func (r Rating) String() string { return fmt.Sprintf("%d.%02d", r/100, r%100) }

// UnmarshalJSON reads what MarshalJSON wrote.
func (r *Rating) UnmarshalJSON(b []byte) error {
	var p Percent
	err := p.UnmarshalJSON(b)
	*r = Rating(p)
	return err
}

// Validate checks what no single field can tell, and fills the slug from the
// name. It returns an invalid Error that names every wrong field.
func (c *CarInput) Validate() error {
	if c.Slug == "" {
		c.Slug = Slug(c.Name)
	}
	var f faults
	f.check(IsSlug(c.Slug), "/slug", "A slug has lower-case letters, digits and hyphens between them, for example ferrari-296-gtb.")
	f.check(isName(c.Name), "/name", "A car needs a name.")
	f.check(isName(c.Make), "/make", "A car needs a make.")
	f.check(isName(c.Model), "/model", "A car needs a model.")
	f.check(slices.Contains(Categories, c.Category), "/category", "The category is one of %s.", join(Categories))
	f.check(slices.Contains(Transmissions, c.Transmission), "/transmission", "The transmission is one of %s.", join(Transmissions))
	f.check(slices.Contains(Drivetrains, c.Drivetrain), "/drivetrain", "The drivetrain is one of %s.", join(Drivetrains))
	f.check(IsID(LocationID, c.LocationID), "/locationId", "The location is an id such as loc_01kas0f3m2x7h9tq.")
	f.check(c.PricePerDay > 0 && c.PricePerDay <= MaxAmount, "/pricePerDay", "The price of a day is above 0 and at most %d.", int64(MaxAmount))
	f.check(len(c.Images) > 0, "/images", "A car needs at least one picture.")
	for i, img := range c.Images {
		f.check(isImageURL(img.URL), fmt.Sprintf("/images/%d/url", i), "A picture is a path that begins with / or an https address.")
	}
	seen := map[string]bool{}
	for i, feature := range c.Features {
		name, _ := lowerASCII(feature.Name)
		f.check(!seen[name], fmt.Sprintf("/features/%d/name", i), "The feature %q is there twice.", feature.Name)
		seen[name] = true
	}
	return f.err()
}

func isImageURL(u string) bool {
	return len(u) > 1 && u[0] == '/' && u[1] != '/' && u[1] != '\\' || len(u) > 8 && u[:8] == "https://"
}
