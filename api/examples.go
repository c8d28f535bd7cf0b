package api

import (
	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/rental"
)

// The examples of request bodies in the document. A test sends each of them.

func exampleCar() exodrive.CarInput {
	return exodrive.CarInput{
		Slug: "lotus-evora-gt", Name: "Lotus Evora GT", Make: "Lotus", Model: "Evora GT", Year: 2021, Category: "sports",
		Description:      "A supercharged V6 behind the seats, a manual gearbox, and steering that talks.",
		ShortDescription: "Supercharged V6 and a manual gearbox.", LocationID: "loc_01kas0f3m2x7h9tq", Available: true,
		PricePerDay: 499_00, WeeklyPercent: 10_00, MonthlyPercent: 20_00, Fees: []exodrive.Fee{{Name: "Detailing", Amount: 45_00}},
		Deposit: 3000_00, MinimumDays: 1, TurnaroundDays: 1, DistancePerDay: 100, DistancePrice: 2_50, MinimumDriverAge: 25,
		Engine: "3.5 L supercharged V6", PowerHP: 416, ZeroTo100: 40, TopSpeed: 302, Transmission: "manual", Drivetrain: "rwd", Seats: 2,
		Images:   []exodrive.Image{{URL: "https://example.com/lotus-evora.jpg", Alt: "A yellow Lotus Evora from the side"}},
		Features: []exodrive.Feature{{Name: "Apple CarPlay"}}, Specs: []exodrive.Spec{{Name: "Weight", Value: "1,405 kg"}},
	}
}

func exampleLocation() exodrive.LocationInput {
	weekday := exodrive.Hours{Open: 9 * 60, Close: 18 * 60}
	return exodrive.LocationInput{
		Slug: "san-diego", Name: "San Diego Harbor", Address: "1 Harbor Drive", City: "San Diego", Country: "US", Zone: "America/Los_Angeles",
		Handover: 10 * 60, Hours: exodrive.OpeningHours{{}, weekday, weekday, weekday, weekday, weekday, weekday},
		AfterHoursFee: 75_00, TaxName: "Sales tax", TaxPercent: 7_750, Units: exodrive.Imperial, Transfers: []exodrive.Transfer{},
	}
}

func examplePriceRule() exodrive.PriceRuleInput {
	return exodrive.PriceRuleInput{
		Name: "Car week", Start: exodrive.MustDate("2027-08-13"), End: exodrive.MustDate("2027-08-22"),
		Weekdays: []int{}, Multiplier: 150_00, Active: true,
	}
}

func exampleExtra() exodrive.ExtraInput {
	return exodrive.ExtraInput{Name: "Ski rack", Description: "For two pairs.", Price: 15_00, PerDay: true, MaxQuantity: 1, Active: true}
}

func exampleCoupon() exodrive.CouponInput {
	return exodrive.CouponInput{Code: "SPRING15", Percent: 15_00, ValidUntil: exodrive.MustDate("2027-05-31"), MaxUses: 100, Active: true}
}

func exampleBulk() bulkRequest {
	var b bulkRequest
	b.IDs, b.Filter.Category, b.PriceChangePercent, b.DryRun = []string{}, "supercar", 5_00, true
	return b
}

func exampleWarm() warmRequest {
	yes := true
	return warmRequest{&yes, &yes, &yes}
}

func exampleBlock() rental.BlockRequest {
	return rental.BlockRequest{Block: exampleDays(), Reason: "Service"}
}

func examplePrices() priceRequest {
	return priceRequest{Block: exampleDays(), Amount: 1999_00}
}

func exampleDays() rental.Block {
	return rental.Block{Start: exodrive.MustDate("2027-03-01"), End: exodrive.MustDate("2027-03-03")}
}
