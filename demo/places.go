package demo

import "github.com/exodrive/exodrive"

// town is a place where the house has a showroom. The addresses do not exist.
type town struct {
	name, address, city, zone string
	tax                       exodrive.TaxRate
	pickup, back              int64 // fees in cents
}

// The first three are the demo's; models name them by index.
const (
	miami = iota
	losAngeles
	newYork
	demoTowns
)

var towns = []town{
	miami:      {"Miami Design District", "100 Example Avenue", "Miami", "America/New_York", 7000, 0, 0},
	losAngeles: {"Beverly Hills", "200 Sample Drive", "Los Angeles", "America/Los_Angeles", 9750, 0, 0},
	newYork:    {"Hudson Square", "300 Specimen Street", "New York", "America/New_York", 8875, 45_00, 25_00},
	{"Las Vegas Strip", "400 Example Boulevard", "Las Vegas", "America/Los_Angeles", 8375, 25_00, 0},
	{"San Francisco Marina", "500 Sample Street", "San Francisco", "America/Los_Angeles", 8625, 35_00, 15_00},
	{"Chicago River North", "600 Specimen Avenue", "Chicago", "America/Chicago", 10250, 25_00, 0},
	{"Dallas Uptown", "700 Example Avenue", "Dallas", "America/Chicago", 8250, 0, 0},
	{"Houston Galleria", "800 Sample Loop", "Houston", "America/Chicago", 8250, 0, 0},
	{"Atlanta Buckhead", "900 Specimen Road", "Atlanta", "America/New_York", 8900, 0, 0},
	{"Scottsdale", "1000 Example Road", "Phoenix", "America/Phoenix", 8050, 0, 0},
	{"Denver Cherry Creek", "1100 Sample Street", "Denver", "America/Denver", 8810, 0, 0},
	{"Seattle South Lake Union", "1200 Specimen Way", "Seattle", "America/Los_Angeles", 10350, 30_00, 0},
}

// routes are the pairs between which a car may be returned one way, both ways.
var routes = []struct {
	a, b, days int
	fee        int64
}{
	{miami, newYork, 3, 1900_00},
	{miami, losAngeles, 5, 3400_00},
	{losAngeles, 3, 1, 650_00},
	{losAngeles, 4, 1, 850_00},
	{miami, 8, 1, 900_00},
	{6, 7, 1, 450_00},
}

// hours are Monday to Saturday 9 to 7, Sunday 10 to 4.
var hours = func() (h exodrive.OpeningHours) {
	for day := range h {
		h[day] = exodrive.Hours{Open: 9 * 60, Close: 19 * 60}
	}
	h[0] = exodrive.Hours{Open: 10 * 60, Close: 16 * 60}
	return h
}()

// locations adds the first n towns and the routes between them.
func (b *builder) locations(n int) {
	for _, t := range towns[:n] {
		b.fleet.Locations = append(b.fleet.Locations, exodrive.Location{
			ID: b.id(exodrive.LocationID, b.moment(b.today.Add(-opened), 8, 12)), Version: 1,
			LocationInput: exodrive.LocationInput{
				Slug: exodrive.Slug(t.city), Name: t.name, Address: t.address, City: t.city, Country: "US", Zone: t.zone,
				Handover: 10 * 60, Hours: hours, PickupFee: t.pickup, ReturnFee: t.back, AfterHoursFee: 120_00,
				TaxName: "Sales tax", TaxPercent: t.tax, Units: exodrive.Imperial, Transfers: []exodrive.Transfer{},
			},
		})
	}
	for _, r := range routes {
		if r.a < n && r.b < n {
			from, to := &b.fleet.Locations[r.a], &b.fleet.Locations[r.b]
			from.Transfers = append(from.Transfers, exodrive.Transfer{To: to.ID, Days: r.days, Fee: r.fee})
			to.Transfers = append(to.Transfers, exodrive.Transfer{To: from.ID, Days: r.days, Fee: r.fee})
		}
	}
}
