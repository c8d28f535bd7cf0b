package exodrive

import (
	"fmt"
	"sync"
	"time"
	// Zones must be known on a machine without a zone database of its own.
	_ "time/tzdata"
)

// zones are those that were found, by name; there are some hundred names.
var zones sync.Map

// LoadZone is time.LoadLocation, and reads a zone's file once: to read it for each trip
// takes longer than to price it.
func LoadZone(name string) (*time.Location, error) {
	if zone, ok := zones.Load(name); ok {
		return zone.(*time.Location), nil
	}
	zone, err := time.LoadLocation(name)
	if err == nil {
		zones.Store(name, zone)
	}
	return zone, err
}

// Location is a place where cars are handed over and come back.
type Location struct {
	ID      string `json:"id" example:"loc_01kas0f3m2x7h9tq"`
	Version int64  `json:"version"`
	LocationInput
}

// LocationInput is what the operator enters of a place.
type LocationInput struct {
	Slug          string       `json:"slug,omitempty" maxLength:"120" doc:"Made from the name when empty." example:"miami"`
	Name          string       `json:"name" minLength:"1" maxLength:"100" example:"Miami Design District"`
	Address       string       `json:"address" required:"false" maxLength:"200"`
	City          string       `json:"city" minLength:"1" maxLength:"100" example:"Miami"`
	Country       string       `json:"country" pattern:"^[A-Z]{2}$" doc:"ISO 3166-1 alpha-2." example:"US"`
	Zone          string       `json:"zone" maxLength:"64" doc:"IANA time zone." example:"America/New_York"`
	Handover      Clock        `json:"handover" doc:"A rental day runs from this time to the same time next day." example:"10:00"`
	Hours         OpeningHours `json:"hours" doc:"Opening hours by weekday, Sunday first."`
	PickupFee     int64        `json:"pickupFee" required:"false" minimum:"0" maximum:"10000000000" doc:"For a rental that starts here, minor units."`
	ReturnFee     int64        `json:"returnFee" required:"false" minimum:"0" maximum:"10000000000" doc:"For a rental that ends here, minor units."`
	AfterHoursFee int64        `json:"afterHoursFee" required:"false" minimum:"0" maximum:"10000000000" doc:"For each handover while closed, minor units."`
	TaxName       string       `json:"taxName" required:"false" maxLength:"50" example:"Sales tax"`
	TaxPercent    TaxRate      `json:"taxPercent" required:"false" minimum:"0" maximum:"100" doc:"Up to three decimals." example:"8.875"`
	TaxIncluded   bool         `json:"taxIncluded" required:"false" doc:"Prices here already contain the tax."`
	Units         Units        `json:"units" enum:"imperial,metric" example:"imperial"`
	Transfers     []Transfer   `json:"transfers" required:"false" maxItems:"100" nullable:"false" doc:"One-way rentals that may start here."`
}

// Units is a unit system: imperial counts miles, metric kilometres.
type Units string

// The two unit systems.
const (
	Imperial Units = "imperial"
	Metric   Units = "metric"
)

// Transfer allows one-way rentals to another place.
type Transfer struct {
	To   string `json:"to" doc:"Id of the place of return." example:"loc_01kas0f3m2x7h9tr"`
	Days int    `json:"days" minimum:"0" maximum:"30" doc:"Days the car is blocked to bring it back."`
	Fee  int64  `json:"fee" minimum:"0" maximum:"10000000000" doc:"One-way fee, minor units."`
}

// OpeningHours is one Hours per weekday, Sunday first.
type OpeningHours [7]Hours

// Hours of one day; equal times mean closed all day.
type Hours struct {
	Open  Clock `json:"open" example:"09:00"`
	Close Clock `json:"close" example:"18:00"`
}

// Open tells whether the place is open at time c on a weekday, its closing
// minute included.
func (h OpeningHours) Open(w time.Weekday, c Clock) bool {
	day := h[w]
	return day.Open < day.Close && day.Open <= c && c <= day.Close
}

// Public is the place as renters see it, with amounts in the fleet's currency.
func (l *Location) Public(currency Currency) PublicPlace {
	p := PublicPlace{
		PlaceRef: PlaceRef{ID: l.ID, Slug: l.Slug, Name: l.Name, City: l.City},
		Place: Place{
			Address: l.Address, Country: l.Country, Zone: l.Zone, Handover: l.Handover, Hours: l.Hours,
			TaxName: l.TaxName, TaxPercent: l.TaxPercent, TaxIncluded: l.TaxIncluded,
		},
		PickupFee: Money{l.PickupFee, currency}, ReturnFee: Money{l.ReturnFee, currency}, AfterHoursFee: Money{l.AfterHoursFee, currency},
		OneWays: make([]OneWay, len(l.Transfers)),
	}
	for i, t := range l.Transfers {
		p.OneWays[i] = OneWay{t.To, Money{t.Fee, currency}}
	}
	return p
}

// Validate checks what no single field can tell and fills the slug.
func (l *LocationInput) Validate() error {
	if l.Slug == "" {
		l.Slug = Slug(l.Name)
	}
	var f faults
	f.check(IsSlug(l.Slug), "/slug", "A slug has lower-case letters, digits and hyphens between them, for example miami.")
	f.check(isName(l.Name), "/name", "A place needs a name.")
	f.check(l.City != "", "/city", "A place needs a city.")
	f.check(l.Units == Imperial || l.Units == Metric, "/units", "The unit system is imperial or metric.")
	_, err := LoadZone(l.Zone)
	f.check(err == nil && l.Zone != "" && l.Zone != "Local", "/zone", "%q is not a time zone; use an IANA name such as America/New_York.", clip(l.Zone))
	for i, h := range l.Hours {
		f.check(h.Open <= h.Close, fmt.Sprintf("/hours/%d", i), "Closing comes after opening; for a closed day both are the same.")
	}
	seen := map[string]bool{}
	for i, t := range l.Transfers {
		f.check(IsID(LocationID, t.To), fmt.Sprintf("/transfers/%d/to", i), "The place of return is an id such as loc_01kas0f3m2x7h9tq.")
		f.check(!seen[t.To], fmt.Sprintf("/transfers/%d/to", i), "There are two transfers to %s.", clip(t.To))
		seen[t.To] = true
	}
	return f.err()
}

// TransferTo is the transfer to another place; ok is false where one-way
// rentals to it are not offered. To the place itself it is free and takes no day.
func (l *Location) TransferTo(id string) (t Transfer, ok bool) {
	if id == l.ID {
		return Transfer{To: id}, true
	}
	for _, t := range l.Transfers {
		if t.To == id {
			return t, true
		}
	}
	return Transfer{}, false
}

// transfer is TransferTo with a sentence for places that are not offered.
func (l *Location) transfer(to *Location) (Transfer, error) {
	t, ok := l.TransferTo(to.ID)
	if !ok {
		return t, Errorf(Invalid, "Cars from %s cannot be returned in %s.", l.Name, to.Name).On("/returnLocation")
	}
	return t, nil
}
