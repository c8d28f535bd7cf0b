package demo

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/exodrive/exodrive"
)

var today = exodrive.MustDate("2026-03-14")

// fleets are the two kinds of fleet that every rule below must hold for.
func fleets(t *testing.T) map[string]*Fleet {
	t.Helper()
	generated, err := Generate(Size{Cars: 500, Bookings: 5000, Reviews: 3000, Seed: 7}, today)
	if err != nil {
		t.Fatal(err)
	}
	if len(generated.Cars) != 500 || len(generated.Bookings) != 5000 || len(generated.Reviews) != 3000 {
		t.Fatalf("generated %d cars, %d bookings, %d reviews", len(generated.Cars), len(generated.Bookings), len(generated.Reviews))
	}
	return map[string]*Fleet{"demo": Demo(today), "generated": generated}
}

func asJSON(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The same day and seed give the same fleet to the byte, another day or seed
// another one.
func TestSameInputSameBytes(t *testing.T) {
	size := Size{Cars: 60, Bookings: 400, Reviews: 200, Seed: 1}
	generate := func(size Size) []byte {
		f, err := Generate(size, today)
		if err != nil {
			t.Fatal(err)
		}
		return asJSON(t, f)
	}
	if !bytes.Equal(asJSON(t, Demo(today)), asJSON(t, Demo(today))) {
		t.Error("two demos of one day differ")
	}
	first := generate(size)
	if !bytes.Equal(first, generate(size)) {
		t.Error("two generated fleets of one seed differ")
	}
	size.Seed = 2
	if bytes.Equal(first, generate(size)) {
		t.Error("two seeds gave one fleet")
	}
}

// On every day somebody has a car, somebody comes soon, and a hold is open.
func TestBookingsAreAroundToday(t *testing.T) {
	for _, day := range []exodrive.Date{today, today.Add(1), today.Add(200), exodrive.MustDate("2027-01-02"), exodrive.MustDate("2028-02-29")} {
		f := Demo(day)
		count := map[exodrive.BookingState]int{}
		now := day.At(0, must(time.LoadLocation(f.Zone)))
		for _, k := range f.Bookings {
			count[k.State]++
			if k.CreatedAt.After(now) || k.UpdatedAt.After(now) || k.UpdatedAt.Before(k.CreatedAt) {
				t.Errorf("%s: %s %s made %v, changed %v, but it is %v", day, k.State, k.ID, k.CreatedAt, k.UpdatedAt, now)
			}
			if (k.State == exodrive.Held) != k.HoldUntil.After(now) {
				t.Errorf("%s: %s %s is held until %v", day, k.State, k.ID, k.HoldUntil)
			}
			if k.State == exodrive.Active && (k.Days.Start > day || k.Days.End < day) || k.State == exodrive.Confirmed && k.Days.Start < day {
				t.Errorf("%s: %s from %s to %s", day, k.State, k.Days.Start, k.Days.End)
			}
		}
		for _, state := range []exodrive.BookingState{exodrive.Completed, exodrive.Active, exodrive.Confirmed, exodrive.Held, exodrive.Cancelled} {
			if count[state] == 0 {
				t.Errorf("%s: no booking is %s: %v", day, state, count)
			}
		}
	}
}

// Everything could have been entered by an operator, and no id, slug, plate,
// name or address is there twice.
func TestEverythingIsValid(t *testing.T) {
	for name, f := range fleets(t) {
		seen := map[string]bool{}
		once := func(keys ...string) {
			for _, key := range keys {
				if key == "" || seen[key] {
					t.Errorf("%s: %q is empty or there twice", name, key)
				}
				seen[key] = true
			}
		}
		ok := func(what string, err error) {
			if e, is := errors.AsType[*exodrive.Error](err); is {
				t.Errorf("%s: %s: %v %v", name, what, e, e.Faults)
			}
		}
		for i := range f.Locations {
			once(f.Locations[i].ID, f.Locations[i].Slug)
			ok(f.Locations[i].Name, f.Locations[i].Validate())
		}
		for i := range f.Cars {
			c := &f.Cars[i]
			once(c.ID, c.Slug, c.VIN, c.Plate, c.Name)
			ok(c.Name, c.Validate())
			checkTexts(t, c)
		}
		for i := range f.Rules {
			once(f.Rules[i].ID)
			ok(f.Rules[i].Name, f.Rules[i].Validate())
		}
		for i := range f.Extras {
			once(f.Extras[i].ID)
			ok(f.Extras[i].Name, f.Extras[i].Validate())
		}
		for i := range f.Coupons {
			once(f.Coupons[i].ID, f.Coupons[i].Code)
			ok(f.Coupons[i].Code, f.Coupons[i].Validate())
		}
		for _, c := range f.Customers {
			once(c.ID, c.Email)
			if c.Email != strings.ToLower(c.Email) || !strings.Contains(c.Email, "@example.") {
				t.Errorf("%s: mail address %s", name, c.Email)
			}
		}
		for _, k := range f.Bookings {
			once(k.ID)
		}
		for _, r := range f.Reviews {
			once(r.ID)
			if r.Stars < 1 || r.Stars > 5 || strings.ContainsAny(r.Comment, "{}") || r.Comment == "" {
				t.Errorf("%s: review %+v", name, r)
			}
		}
	}
}

func checkTexts(t *testing.T, c *exodrive.Car) {
	t.Helper()
	if len(c.VIN) != 17 || len(c.Name) > 100 || len(c.Description) > 2000 || len(c.ShortDescription) > 200 {
		t.Errorf("%s: a text has the wrong length", c.Name)
	}
	if n := len(c.Features); n < 8 || n > 14 {
		t.Errorf("%s has %d features", c.Name, n)
	}
	if n := len(c.Specs); n < 6 || n > 10 {
		t.Errorf("%s has %d specs", c.Name, n)
	}
	for _, feature := range c.Features {
		if feature.Description == "" || strings.Contains(feature.Name, ",") {
			t.Errorf("%s: the glossary lacks %q", c.Name, feature.Name)
		}
	}
}

// No car is given to two renters, and none is in the workshop while it is out.
func TestNothingOverlaps(t *testing.T) {
	for name, f := range fleets(t) {
		taken := map[string]map[exodrive.Date]string{}
		take := func(car string, days exodrive.Days, by string) {
			if taken[car] == nil {
				taken[car] = map[exodrive.Date]string{}
			}
			for d := range days.All() {
				if other := taken[car][d]; other != "" {
					t.Fatalf("%s: on %s both %s and %s have %s", name, d, other, by, car)
				}
				taken[car][d] = by
			}
		}
		for _, k := range f.Bookings {
			if k.State.Occupies() {
				take(k.CarID, exodrive.Days{Start: k.Days.Start, End: k.BlockedUntil}, k.ID)
			}
		}
		if len(f.Blocks) == 0 {
			t.Errorf("%s: no car is ever in the workshop", name)
		}
		for _, block := range f.Blocks {
			if block.Days.Len() == 0 {
				t.Errorf("%s: empty block %v", name, block)
			}
			take(block.CarID, block.Days, "the workshop")
		}
	}
}

// A booking's days, end of blocking and total are what the rules of the house
// make of its times, its car and its places.
func TestBookingsFollowTheRules(t *testing.T) {
	for name, f := range fleets(t) {
		cars, places, price := map[string]exodrive.Car{}, map[string]*exodrive.Location{}, f.Pricer()
		for _, c := range f.Cars {
			cars[c.ID] = c
		}
		for i := range f.Locations {
			places[f.Locations[i].ID] = &f.Locations[i]
		}
		for _, k := range f.Bookings[:min(len(f.Bookings), 800)] {
			car, from, to := cars[k.CarID], places[k.PickupPlace], places[k.ReturnPlace]
			trip := exodrive.Trip{PickupPlace: from, ReturnPlace: to}
			trip.PickupDate, trip.PickupTime = when(t, k.PickupAt)
			trip.ReturnDate, trip.ReturnTime = when(t, k.ReturnAt)
			if days, err := trip.Days(); err != nil || days != k.Days {
				t.Errorf("%s: %s has the days %v, want %v, %v", name, k.ID, k.Days, days, err)
			}
			if early, late := trip.AfterHours(); early || late {
				t.Errorf("%s: %s begins or ends while the place is closed", name, k.ID)
			}
			transfer, allowed := from.TransferTo(to.ID)
			if want := exodrive.BlockedUntil(k.Days, car.TurnaroundDays, transfer); !allowed || k.BlockedUntil != want {
				t.Errorf("%s: %s blocks until %s, want %s", name, k.ID, k.BlockedUntil, want)
			}
			if k.Days.Len() < car.MinimumDays || k.Zone != from.Zone || from.ID != car.LocationID {
				t.Errorf("%s: %s: %d days in %s", name, k.ID, k.Days.Len(), k.Zone)
			}
			if p := price(k); p.Total != k.Total || p.Deposit != k.Deposit || k.Total.Amount <= 0 {
				t.Errorf("%s: %s costs %s, want %s", name, k.ID, k.Total, p.Total)
			}
		}
	}
}

func when(t *testing.T, wall string) (exodrive.Date, exodrive.Clock) {
	t.Helper()
	clock, err := exodrive.ParseClock(wall[11:])
	if err != nil {
		t.Fatal(err)
	}
	return exodrive.MustDate(wall[:10]), clock
}

// Every category has at least three cars, every car has pictures that exist,
// and at least half of the cars can be had for three days or fewer.
func TestTheFleetHasSomethingForEverybody(t *testing.T) {
	for name, f := range fleets(t) {
		count, short := map[exodrive.Category]int{}, 0
		for _, c := range f.Cars {
			count[c.Category]++
			if c.MinimumDays <= 3 {
				short++
			}
			if len(c.Images) < 3 {
				t.Errorf("%s: %s has %d pictures", name, c.Name, len(c.Images))
			}
			for _, img := range c.Images {
				if Pictures()[img.URL] == nil || img.Alt == "" {
					t.Errorf("%s: %s has no picture %s", name, c.Name, img.URL)
				}
			}
		}
		for _, category := range exodrive.Categories {
			if count[category] < 3 {
				t.Errorf("%s: %d cars are %s", name, count[category], category)
			}
		}
		if 2*short < len(f.Cars) {
			t.Errorf("%s: only %d of %d cars can be had for three days", name, short, len(f.Cars))
		}
	}
}

// A car's stars are the mean of its approved reviews, and a review of a rental
// is of that rental's car.
func TestReviewsBelongToTheirCars(t *testing.T) {
	for name, f := range fleets(t) {
		bookings, status, sum, count := map[string]exodrive.Booking{}, map[exodrive.ReviewStatus]int{}, map[string]int{}, map[string]int{}
		for _, k := range f.Bookings {
			bookings[k.ID] = k
		}
		for _, r := range f.Reviews {
			status[r.Status]++
			if r.Status == exodrive.ReviewApproved {
				sum[r.CarID] += r.Stars
				count[r.CarID]++
			}
			if k := bookings[r.BookingID]; r.BookingID != "" && (k.CarID != r.CarID || k.State != exodrive.Completed || r.CreatedAt.Before(k.UpdatedAt)) {
				t.Errorf("%s: review %s is not of booking %s", name, r.ID, r.BookingID)
			}
			delete(bookings, r.BookingID)
		}
		if status[exodrive.ReviewPending] == 0 || status[exodrive.ReviewApproved] < len(f.Reviews)*9/10 {
			t.Errorf("%s: reviews are %v", name, status)
		}
		for _, c := range f.Cars {
			want := 0.0
			if count[c.ID] > 0 {
				want = 100 * float64(sum[c.ID]) / float64(count[c.ID])
			}
			if c.ReviewCount != count[c.ID] || float64(c.Rating) < want-0.51 || float64(c.Rating) > want+0.51 {
				t.Errorf("%s: %s has %s stars from %d reviews, want %.1f from %d", name, c.Name, c.Rating, c.ReviewCount, want, count[c.ID])
			}
		}
	}
}

// The pictures are well-formed, carry the hash of their content in their name,
// and are small.
func TestPicturesAreWellFormed(t *testing.T) {
	total := 0
	for path, svg := range Pictures() {
		total += len(svg)
		sum := sha256.Sum256(svg)
		if !strings.HasSuffix(path, "-"+hex.EncodeToString(sum[:4])+".svg") || !strings.HasPrefix(path, "/pictures/") {
			t.Errorf("%s does not carry the hash of its content", path)
		}
		for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Errorf("%s: %v", path, err)
				break
			}
		}
		if bytes.Contains(svg, []byte("%!")) {
			t.Errorf("%s has a wrong format verb", path)
		}
	}
	if total > 3<<20 {
		t.Errorf("the pictures take %d bytes", total)
	}
}

// Too many rentals for the cars' days are refused, as many as fit are not.
func TestGenerateSaysWhatDoesNotFit(t *testing.T) {
	if _, err := Generate(Size{Cars: 2, Bookings: 5000}, today); exodrive.CodeOf(err) != exodrive.Invalid {
		t.Errorf("5000 rentals of 2 cars: %v", err)
	}
	if _, err := Generate(Size{Bookings: 1}, today); exodrive.CodeOf(err) != exodrive.Invalid {
		t.Errorf("a rental without a car: %v", err)
	}
	f, err := Generate(Size{Cars: 2, Bookings: 600, Reviews: 900, Seed: 3}, today)
	if err != nil || len(f.Bookings) != 600 || len(f.Reviews) != 900 {
		t.Fatalf("600 rentals of 2 cars: %v", err)
	}
	if empty, err := Generate(Size{}, today); err != nil || len(empty.Cars) != 0 {
		t.Errorf("an empty fleet: %v", err)
	}
}

// Every feature of the glossary is on some car, so none is explained in vain.
func TestGlossaryIsUsed(t *testing.T) {
	var used []string
	for _, m := range models {
		for _, name := range m.features {
			used = append(used, strings.TrimPrefix(name, "*"))
		}
	}
	for name := range glossary {
		if !slices.Contains(used, name) {
			t.Errorf("no car has %q", name)
		}
	}
}

func BenchmarkPictures(b *testing.B) {
	for b.Loop() {
		drawGallery()
	}
}

func BenchmarkGenerateLargest(b *testing.B) {
	for b.Loop() {
		if _, err := Generate(Size{Cars: 10_000, Bookings: 200_000, Reviews: 100_000}, today); err != nil {
			b.Fatal(err)
		}
	}
}
