package exodrive_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/exodrive/exodrive"
)

// faultFields are the fields of a validation error; each has one sentence.
func faultFields(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*exodrive.Error](err)
	if !ok || e.Code != exodrive.Invalid {
		t.Fatalf("error = %v, want an invalid Error", err)
	}
	var fields []string
	for _, f := range e.Faults {
		if !strings.HasSuffix(f.Message, ".") {
			t.Errorf("%s: %q is not a sentence", f.Field, f.Message)
		}
		fields = append(fields, f.Field)
	}
	return fields
}

func goodCar() exodrive.CarInput {
	return exodrive.CarInput{
		Name: "Ferrari 296 GTB", Make: "Ferrari", Model: "296 GTB", Year: 2024, Category: "supercar", Description: "A car.",
		LocationID: "loc_01kas0f3m2x7h9tq", PricePerDay: 1499_00, WeeklyPercent: 5_00, MonthlyPercent: 10_00, MinimumDays: 1, MinimumDriverAge: 25,
		Transmission: "automatic", Drivetrain: "rwd", Seats: 2,
		Images:   []exodrive.Image{{URL: "/pictures/supercar-1.svg"}, {URL: "https://example.com/a.jpg"}},
		Features: []exodrive.Feature{{Name: "Carbon-ceramic brakes"}, {Name: "Lift"}},
	}
}

// TestCarValidate: A good car gets its slug from its name, or keeps its own.
func TestCarValidate(t *testing.T) {
	car := goodCar()
	if err := car.Validate(); err != nil || car.Slug != "ferrari-296-gtb" {
		t.Errorf("good car: %v, slug %q", err, car.Slug)
	}
	car = goodCar()
	car.Slug = "the-red-one"
	if err := car.Validate(); err != nil || car.Slug != "the-red-one" {
		t.Errorf("good car with a slug: %v, slug %q", err, car.Slug)
	}
}

// TestCarValidateFields: Each wrong field is refused on its own pointer.
func TestCarValidateFields(t *testing.T) {
	for _, c := range []struct {
		field string
		spoil func(*exodrive.CarInput)
	}{
		{"/slug", func(c *exodrive.CarInput) { c.Slug = "car_01kas0f3m2x7h9tq" }},
		{"/slug", func(c *exodrive.CarInput) { c.Name = "日産" }},
		{"/make", func(c *exodrive.CarInput) { c.Make = "" }},
		{"/model", func(c *exodrive.CarInput) { c.Model = "" }},
		{"/category", func(c *exodrive.CarInput) { c.Category = "spaceship" }},
		{"/transmission", func(c *exodrive.CarInput) { c.Transmission = "Automatic" }},
		{"/drivetrain", func(c *exodrive.CarInput) { c.Drivetrain = "" }},
		{"/locationId", func(c *exodrive.CarInput) { c.LocationID = "car_01kas0f3m2x7h9tq" }},
		{"/pricePerDay", func(c *exodrive.CarInput) { c.PricePerDay = 0 }},
		{"/pricePerDay", func(c *exodrive.CarInput) { c.PricePerDay = exodrive.MaxAmount + 1 }},
		{"/images", func(c *exodrive.CarInput) { c.Images = nil }},
		{"/images/1/url", func(c *exodrive.CarInput) { c.Images[1].URL = "http://example.com/a.jpg" }},
		{"/images/0/url", func(c *exodrive.CarInput) { c.Images[0].URL = "//example.com/a.jpg" }},
		{"/images/0/url", func(c *exodrive.CarInput) { c.Images[0].URL = "javascript:alert(1)" }},
		{"/images/0/url", func(c *exodrive.CarInput) { c.Images[0].URL = "/" }},
		{"/features/1/name", func(c *exodrive.CarInput) { c.Features[1] = c.Features[0] }},
	} {
		car := goodCar()
		c.spoil(&car)
		if diff := cmp.Diff([]string{c.field}, faultFields(t, car.Validate())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.field, diff)
		}
	}
}

// TestCarValidateAtOnce: An operator who got everything wrong learns of it in
// one answer.
func TestCarValidateAtOnce(t *testing.T) {
	want := []string{
		"/slug", "/name", "/make", "/model", "/category", "/transmission", "/drivetrain", "/locationId", "/pricePerDay", "/images",
	}
	err := new(exodrive.CarInput).Validate()
	if diff := cmp.Diff(want, faultFields(t, err)); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	if e, _ := errors.AsType[*exodrive.Error](err); e.Field != "" || e.Message != "10 values are wrong; errors lists each of them." {
		t.Errorf("error = %q on %q", e.Message, e.Field)
	}
}

// TestVocabulary: There are eight categories, and every word of a vocabulary is
// written as it is asked for.
func TestVocabulary(t *testing.T) {
	want := []exodrive.Category{"supercar", "sports", "grand-tourer", "luxury-sedan", "luxury-suv", "convertible", "classic", "electric"}
	if diff := cmp.Diff(want, exodrive.Categories); diff != "" {
		t.Errorf("categories (-want +got):\n%s", diff)
	}
}
