package sqlstore_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/sqlstore"
)

// same compares what was read with what was written, field by field.
func same(t testing.TB, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s is\n%+v\nwant\n%+v", what, got, want)
	}
}

// fullCar is a car with something in every field.
func fullCar() exodrive.Car {
	c := aCar(0)
	c.Version, c.Hidden = 7, true
	c.CarInput = exodrive.CarInput{
		Slug: "sf90-straße", Name: "Ferrari SF90 “Stradale”", Make: "Ferrari", Model: "SF90", Year: 2023, Category: "supercar",
		Description: "It's 100 % hybrid; $1 ? \\ 'quoted' 🏎", ShortDescription: "Short.", LocationID: id(exodrive.LocationID, 0),
		Available: true, Featured: true, PricePerDay: exodrive.MaxAmount, DiscountPercent: 1050, WeeklyPercent: 1, MonthlyPercent: 10000,
		OfferText: "Summer", Fees: []exodrive.Fee{{Name: "Cleaning", Amount: 1500}, {Name: "Papers", Amount: 0}}, Deposit: 5_000_00,
		MinimumDays: 2, TurnaroundDays: 30, DistancePerDay: 150, DistancePrice: 250, MinimumDriverAge: 30, Engine: "4.0 L V8",
		PowerHP: 1000, ZeroTo100: 25, TopSpeed: 340, Transmission: "automatic", Drivetrain: "awd", Seats: 2,
		VIN: "ZFF95NLA0N0270001", Plate: "EX 90", Colour: "Rosso", Odometer: 12_345,
		Images:   []exodrive.Image{{URL: "/pictures/b.svg", Alt: "Side"}, {URL: "/pictures/a.svg"}},
		Features: []exodrive.Feature{{Name: "Lift", Description: "Front axle", Highlighted: true}, {Name: "Apple CarPlay"}},
		Specs:    []exodrive.Spec{{Name: "Weight", Value: "1570 kg"}, {Name: "Doors", Value: "2"}},
	}
	return c
}

// A car is read as it was entered, to the last part, and an edit replaces exactly what it changes.
func TestACarIsReadAsWritten(t *testing.T) {
	eachEmpty(t, func(t *testing.T, s *sqlstore.Store, _ string) {
		want := fullCar()
		write(t, s, func(tx *sqlstore.Tx) error {
			if err := tx.InsertLocations(t.Context(), []exodrive.Location{aPlace(0)}); err != nil {
				return err
			}
			return tx.InsertCar(t.Context(), &want)
		})
		got := must(s.Car(t.Context(), want.ID))
		same(t, "the new car", *got, want)

		edited := want
		edited.Version, edited.UpdatedAt, edited.Hidden = 8, noon.Add(1000000000), false
		edited.Images = []exodrive.Image{{URL: "/pictures/c.svg"}}
		edited.Features, edited.Name, edited.VIN, edited.Fees = []exodrive.Feature{}, "Another", "", []exodrive.Fee{}
		write(t, s, func(tx *sqlstore.Tx) error {
			before, err := tx.LockCar(t.Context(), want.ID)
			return errors.Join(err, tx.UpdateCar(t.Context(), before, &edited))
		})
		same(t, "the edited car", *must(s.Car(t.Context(), want.ID)), edited)

		list, total, err := s.AllCars(t.Context(), page)
		if err != nil || total != 1 || len(list) != 1 || list[0].Name != "Another" || list[0].Images != nil {
			t.Errorf("all cars are %+v, %d (%v)", list, total, err)
		}
		if got := must(s.CarIDBySlug(t.Context(), want.Slug)); got != want.ID {
			t.Errorf("the slug means %s, want %s", got, want.ID)
		}
	})
}

// A new car that takes another one's slug or number, or a place that does not exist, is refused by name of the field.
func TestCarsAreRefused(t *testing.T) {
	eachEmpty(t, func(t *testing.T, s *sqlstore.Store, _ string) {
		write(t, s, func(tx *sqlstore.Tx) error { return tx.InsertLocations(t.Context(), []exodrive.Location{aPlace(0)}) })
		insert := func(change func(*exodrive.Car)) error {
			c := fullCar()
			change(&c)
			return s.Tx(t.Context(), func(tx *sqlstore.Tx) error { return tx.InsertCar(t.Context(), &c) })
		}
		if err := insert(func(*exodrive.Car) {}); err != nil {
			t.Fatal(err)
		}
		other := func(c *exodrive.Car) { c.ID, c.Slug, c.VIN = id(exodrive.CarID, 1), "other", "" }
		for _, c := range []struct {
			code    exodrive.Code
			field   string
			message string
			change  func(*exodrive.Car)
		}{
			{exodrive.Conflict, "/slug", "already has this slug", func(c *exodrive.Car) { c.Slug = fullCar().Slug }},
			{exodrive.Conflict, "/vin", "already has this VIN", func(c *exodrive.Car) { c.VIN = fullCar().VIN }},
			{exodrive.Conflict, "", "already such an entry", func(c *exodrive.Car) { c.ID = fullCar().ID }},
			{exodrive.Conflict, "", "", func(c *exodrive.Car) { c.LocationID = "loc_none" }},
			{exodrive.Invalid, "", "outside what is allowed", func(c *exodrive.Car) { c.Category = "boat" }},
			{exodrive.Invalid, "", "outside what is allowed", func(c *exodrive.Car) { c.PricePerDay = 0 }},
		} {
			e := refused(t, insert(func(car *exodrive.Car) { other(car); c.change(car) }), c.code)
			if !strings.Contains(e.Message, c.message) || c.field != "" && e.Field != c.field {
				t.Errorf("%q on %q, want %q on %q", e.Message, e.Field, c.message, c.field)
			}
		}
		if err := insert(other); err != nil {
			t.Errorf("a second car without a VIN is refused: %v", err)
		}
	})
}

// A car that was never booked can be deleted with everything of it, one that was booked cannot.
func TestDeletingACar(t *testing.T) {
	eachEmpty(t, func(t *testing.T, s *sqlstore.Store, url string) {
		twoCars(t, s)
		write(t, s, func(tx *sqlstore.Tx) error {
			b := aBooking(0, today, today.Add(3))
			b.State = exodrive.Cancelled
			days := exodrive.Days{Start: today, End: today.Add(2)}
			_, err := tx.TakeMaintenance(t.Context(), id(exodrive.CarID, 1), days)
			return errors.Join(err, tx.InsertBooking(t.Context(), &b), tx.SetOverrides(t.Context(), id(exodrive.CarID, 1), days, 5000))
		})
		remove := func(n int) error {
			return s.Tx(t.Context(), func(tx *sqlstore.Tx) error { return tx.DeleteCar(t.Context(), id(exodrive.CarID, n)) })
		}
		if e := refused(t, remove(0), exodrive.Conflict); !strings.Contains(e.Message, "archive it") {
			t.Errorf("the sentence is %q, want advice to archive", e.Message)
		}
		if err := remove(1); err != nil {
			t.Fatal(err)
		}
		_, err := s.Car(t.Context(), id(exodrive.CarID, 1))
		refused(t, err, exodrive.NotFound)
		if n := prompt(t, url).number(`SELECT (SELECT COUNT(*) FROM car_availability) + (SELECT COUNT(*) FROM car_prices)`); n != 0 {
			t.Errorf("%d rows of the deleted car are left", n)
		}
	})
}

// Places come back with their transfers and hours, edits of an old version are stale, and a place in use stays.
func TestPlaces(t *testing.T) {
	eachEmpty(t, func(t *testing.T, s *sqlstore.Store, _ string) {
		oneCar(t, s)
		from, to := aPlace(1), aPlace(2)
		from.Transfers = []exodrive.Transfer{{To: id(exodrive.LocationID, 0), Days: 1, Fee: 100}, {To: to.ID, Days: 2, Fee: 250_00}}
		to.Transfers = []exodrive.Transfer{}
		write(t, s, func(tx *sqlstore.Tx) error { return tx.InsertLocations(t.Context(), []exodrive.Location{from, to}) })
		first := aPlace(0)
		first.Transfers = []exodrive.Transfer{}
		places := func() []exodrive.Location {
			list, _, err := s.LocationPage(t.Context(), exodrive.PageQuery{Page: 1, Limit: 5})
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		same(t, "the places", places(), []exodrive.Location{first, from, to})
		list, total, err := s.LocationPage(t.Context(), exodrive.PageQuery{Page: 2, Limit: 2})
		if err != nil || total != 3 {
			t.Errorf("%d places (%v), want 3", total, err)
		}
		same(t, "the second page of places", list, []exodrive.Location{to})

		update := func(l exodrive.Location) error {
			return s.Tx(t.Context(), func(tx *sqlstore.Tx) error { return tx.UpdateLocation(t.Context(), &l) })
		}
		from.Version, from.Name, from.Transfers = 2, "Renamed", from.Transfers[1:]
		if err := update(from); err != nil {
			t.Fatal(err)
		}
		same(t, "the renamed place", places()[2], from)
		refused(t, update(from), exodrive.Stale)
		from.ID = "loc_none"
		refused(t, update(from), exodrive.NotFound)
		remove := func(id string) error {
			return s.Tx(t.Context(), func(tx *sqlstore.Tx) error { return tx.DeleteLocation(t.Context(), id) })
		}
		refused(t, remove(first.ID), exodrive.Conflict)
		refused(t, remove("loc_none"), exodrive.NotFound)
		if err := remove(to.ID); err != nil {
			t.Error(err)
		}
	})
}

// Rules, extras and coupons are read as entered; two administrators who edit one at the same time do not overwrite each other.
func TestOffers(t *testing.T) {
	eachEmpty(t, func(t *testing.T, s *sqlstore.Store, _ string) {
		oneCar(t, s)
		rule := exodrive.PriceRule{ID: id(exodrive.RuleID, 0), Version: 1, PriceRuleInput: exodrive.PriceRuleInput{
			Name: "Weekend", CarID: id(exodrive.CarID, 0), Start: today, Weekdays: []int{0, 6}, Multiplier: 11500, Active: true}}
		extra := exodrive.Extra{ID: id(exodrive.ExtraID, 0), Version: 1, ExtraInput: exodrive.ExtraInput{
			Name: "Child seat", Description: "To 18 kg", Price: 15_00, PerDay: true, MaxQuantity: 2, Active: true}}
		coupon := exodrive.Coupon{ID: id(exodrive.CouponID, 0), Version: 1}
		coupon.Code, coupon.Percent, coupon.ValidUntil, coupon.MaxUses, coupon.Active = "SUMMER", 1000, today, 10, true
		write(t, s, func(tx *sqlstore.Tx) error {
			return errors.Join(tx.InsertPriceRule(t.Context(), &rule), tx.InsertExtra(t.Context(), &extra), tx.InsertCoupon(t.Context(), &coupon))
		})
		check := func(what string) {
			t.Helper()
			rules, n, err := s.PriceRules(t.Context(), page)
			same(t, what+" rules", []any{rules, n, err}, []any{[]exodrive.PriceRule{rule}, 1, nil})
			extras, n, err := s.Extras(t.Context(), page)
			same(t, what+" extras", []any{extras, n, err}, []any{[]exodrive.Extra{extra}, 1, nil})
			coupons, n, err := s.Coupons(t.Context(), page)
			same(t, what+" coupons", []any{coupons, n, err}, []any{[]exodrive.Coupon{coupon}, 1, nil})
		}
		check("new")
		rule.Version, rule.CarID, rule.Start, rule.End, rule.Weekdays = 2, "", 0, today, []int{}
		extra.Version, extra.Name = 2, "Booster seat"
		coupon.Version, coupon.Percent, coupon.Amount = 2, 0, 50_00
		change := func() [3]error {
			tx := func(do func(*sqlstore.Tx) error) error { return s.Tx(t.Context(), do) }
			return [3]error{
				tx(func(tx *sqlstore.Tx) error { return tx.UpdatePriceRule(t.Context(), &rule) }),
				tx(func(tx *sqlstore.Tx) error { return tx.UpdateExtra(t.Context(), &extra) }),
				tx(func(tx *sqlstore.Tx) error { return tx.UpdateCoupon(t.Context(), &coupon) }),
			}
		}
		if errs := change(); errs != [3]error{} {
			t.Fatal(errs)
		}
		check("edited")
		for _, err := range change() {
			refused(t, err, exodrive.Stale)
		}
		same(t, "the active rules", must(s.ActiveRules(t.Context())), []exodrive.PriceRule{rule})
		write(t, s, func(tx *sqlstore.Tx) error {
			return errors.Join(tx.DeletePriceRule(t.Context(), rule.ID), tx.DeleteExtra(t.Context(), extra.ID), tx.DeleteCoupon(t.Context(), coupon.ID))
		})
		err := s.Tx(t.Context(), func(tx *sqlstore.Tx) error { return tx.DeleteExtra(t.Context(), extra.ID) })
		refused(t, err, exodrive.NotFound)
	})
}

// The calendar shows who has which day, the day's own price, and the rules of the car.
func TestCalendar(t *testing.T) {
	eachEmpty(t, func(t *testing.T, s *sqlstore.Store, _ string) {
		twoCars(t, s)
		car := id(exodrive.CarID, 0)
		days := func(from, to int) exodrive.Days { return exodrive.Days{Start: today.Add(from), End: today.Add(to)} }
		write(t, s, func(tx *sqlstore.Tx) error {
			b := aBooking(0, today.Add(1), today.Add(3))
			_, err1 := tx.TakeMaintenance(t.Context(), car, days(5, 8))
			err := errors.Join(err1, tx.InsertBooking(t.Context(), &b), tx.SetOverrides(t.Context(), car, days(0, 3), 1), tx.SetOverrides(t.Context(), car, days(1, 2), 77))
			_, err2 := tx.TakeDays(t.Context(), car, days(1, 3), exodrive.DayBooked, b.ID)
			return errors.Join(err, err2)
		})
		c := must(s.Calendar(t.Context(), car, days(0, 7)))
		same(t, "the taken days", c.Taken, map[exodrive.Date]exodrive.DayStatus{
			today.Add(1): exodrive.DayBooked, today.Add(2): exodrive.DayBooked, today.Add(5): exodrive.DayMaintenance, today.Add(6): exodrive.DayMaintenance})
		same(t, "the own prices", c.Rates.Overrides, map[exodrive.Date]int64{today: 1, today.Add(1): 77, today.Add(2): 1})
		if c.Rates.Base != 100_00 || c.Currency != "USD" || !c.Available || c.MinimumDays != 1 {
			t.Errorf("the calendar is %+v", c)
		}
		same(t, "the blocks", must(s.Blocks(t.Context(), car, today)), []exodrive.Days{days(5, 8)})
		write(t, s, func(tx *sqlstore.Tx) error {
			freed, _, err1 := tx.FreeMaintenance(t.Context(), car, days(0, 7))
			dropped, err2 := tx.DeleteOverrides(t.Context(), car, days(0, 2))
			if freed != 2 || dropped != 2 {
				t.Errorf("freed %d days and %d prices, want 2 and 2", freed, dropped)
			}
			return errors.Join(err1, err2)
		})
		same(t, "the blocks left", must(s.Blocks(t.Context(), car, today)), []exodrive.Days{days(7, 8)})
		counts := must(s.Counts(t.Context(), today.Add(2)))
		if counts.Cars != 2 || counts.FreeCars != 1 {
			t.Errorf("%d of %d cars are free, want 1 of 2", counts.FreeCars, counts.Cars)
		}
		_, err := s.Calendar(t.Context(), "car_none", days(0, 7))
		refused(t, err, exodrive.NotFound)
	})
}

// Two processes that start at once on a new database agree on every setting of the house.
func TestInitSettingAtOnce(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "empty", empty, func(t *testing.T, url string) {
		const starters = 16
		stores := []*sqlstore.Store{open(t, url), open(t, url)}
		got := make([]string, starters)
		var wg sync.WaitGroup
		for i := range starters {
			wg.Go(func() {
				err := stores[i%2].Tx(t.Context(), func(tx *sqlstore.Tx) (err error) {
					got[i], err = tx.InitSetting(t.Context(), "secret", fmt.Sprint("value ", i))
					return err
				})
				if err != nil {
					t.Errorf("starter %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		stored := must(stores[0].Setting(t.Context(), "secret"))
		if one := slices.Compact(got); len(one) != 1 || one[0] != stored || stored == "" {
			t.Errorf("they got %q, stored is %q", one, stored)
		}
		if none := must(stores[0].Setting(t.Context(), "none")); none != "" {
			t.Errorf("a setting that nobody set is %q", none)
		}
	})
}

// A token opens what its scopes say until it is revoked, and only to who knows it.
func TestTokens(t *testing.T) {
	eachEmpty(t, func(t *testing.T, s *sqlstore.Store, url string) {
		user := sqlstore.User{ID: id(exodrive.UserID, 0), Email: "ada@example.com", Name: "Ada"}
		scopes := []exodrive.Scope{exodrive.ScopeRead, exodrive.ScopeFleet}
		write(t, s, func(tx *sqlstore.Tx) error {
			return errors.Join(tx.InsertUser(t.Context(), user), tx.InsertToken(t.Context(), "tok_1", user.ID, "laptop", "hash", scopes))
		})
		same(t, "the user", must(s.UserByEmail(t.Context(), user.Email)), user)
		same(t, "the actor", must(s.ActorByToken(t.Context(), "hash")), exodrive.Actor{ID: "tok_1", Name: "ada@example.com (laptop)", Scopes: scopes})
		_, err := s.ActorByToken(t.Context(), "other")
		refused(t, err, exodrive.Unauthenticated)
		prompt(t, url).exec(`UPDATE api_tokens SET revoked_at = 1`)
		_, err = s.ActorByToken(t.Context(), "hash")
		refused(t, err, exodrive.Unauthenticated)
		err = s.Tx(t.Context(), func(tx *sqlstore.Tx) error { return tx.InsertUser(t.Context(), user) })
		refused(t, err, exodrive.Conflict)
		err = s.Tx(t.Context(), func(tx *sqlstore.Tx) error { user.ID = "usr_2"; return tx.InsertUser(t.Context(), user) })
		if e := refused(t, err, exodrive.Conflict); e.Field != "/email" {
			t.Errorf("the error is on %q, want /email", e.Field)
		}
	})
}

// The audit log tells who changed what, newest first, of one thing or of all.
func TestAuditLog(t *testing.T) {
	eachEmpty(t, func(t *testing.T, s *sqlstore.Store, _ string) {
		for n := range 5 {
			write(t, s, func(tx *sqlstore.Tx) error {
				return tx.Audit(t.Context(), sqlstore.AuditEntry{ID: id(exodrive.AuditID, n), ActorID: "tok_1", ActorName: "Ada",
					Action: "car.update", Subject: fmt.Sprint("car_", n%2), RequestID: "r", Detail: map[string]int{"n": n}})
			})
		}
		list, total, err := s.AuditLog(t.Context(), "", exodrive.PageQuery{Page: 2, Limit: 2})
		if err != nil || total != 5 {
			t.Fatalf("%d entries (%v), want 5", total, err)
		}
		same(t, "the second page", list[0], exodrive.AuditRecord{ID: id(exodrive.AuditID, 2), At: noon, Actor: "Ada",
			Action: "car.update", Subject: "car_0", RequestID: "r", Detail: []byte(`{"n":2}`)})
		list, total, err = s.AuditLog(t.Context(), "car_1", page)
		if err != nil || total != 2 || len(list) != 2 || string(list[0].Detail) != `{"n":3}` {
			t.Errorf("of car_1 there are %d entries, %+v (%v); want 2, the newest first", total, list, err)
		}
	})
}
