package api

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/httpx"
)

// The schemas of types whose JSON huma cannot read off their Go kind.
type (
	percentSchema      struct{}
	taxRateSchema      struct{}
	ratingSchema       struct{}
	decimalSchema      struct{}
	dateSchema         struct{}
	clockSchema        struct{}
	currencySchema     struct{}
	categorySchema     struct{}
	dayStatusSchema    struct{}
	lineKindSchema     struct{}
	sortSchema         struct{}
	reviewStatusSchema struct{}
	bookingStateSchema struct{}
	paymentStateSchema struct{}
	depositStateSchema struct{}
	moneyEventSchema   struct{}
	chargeKindSchema   struct{}
	anySchema          struct{}
)

func (percentSchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeNumber, Format: "double", Description: "Per cent, with at most two decimals."}
}

func (taxRateSchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeNumber, Format: "double", Description: "Per cent, with at most three decimals."}
}

func (ratingSchema) Schema(huma.Registry) *huma.Schema {
	least, most := 0.0, 5.0
	return &huma.Schema{Type: huma.TypeNumber, Format: "double", Minimum: &least, Maximum: &most,
		Description: "Mean of the stars with two decimals; 0 without a review.", Examples: []any{4.29}}
}

func (decimalSchema) Schema(huma.Registry) *huma.Schema { return price() }

func (dateSchema) Schema(huma.Registry) *huma.Schema { return day() }

func (clockSchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Pattern: "^([01][0-9]|2[0-3]):[0-5][0-9]$", PatternDescription: "a time of day HH:MM, for example 10:00",
		Description: "Time of day at the place.",
	}
}

func (currencySchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Pattern: "^[A-Z]{3}$", PatternDescription: "an ISO 4217 code"}
}

func (categorySchema) Schema(huma.Registry) *huma.Schema { return words(exodrive.Categories) }

func (dayStatusSchema) Schema(huma.Registry) *huma.Schema {
	return words([]exodrive.DayStatus{exodrive.DayAvailable, exodrive.DayHeld, exodrive.DayBooked, exodrive.DayMaintenance, exodrive.DayUnavailable})
}

func (lineKindSchema) Schema(huma.Registry) *huma.Schema {
	return words([]exodrive.LineKind{
		exodrive.LineRental, exodrive.LineLength, exodrive.LineFee, exodrive.LinePlace,
		exodrive.LineOneWay, exodrive.LineDiscount, exodrive.LineExtra, exodrive.LineKept, exodrive.LineAgreed, exodrive.LineTax,
	})
}

func (sortSchema) Schema(huma.Registry) *huma.Schema { return words(sorts) }

func (reviewStatusSchema) Schema(huma.Registry) *huma.Schema { return words(reviewStatuses) }

func (bookingStateSchema) Schema(huma.Registry) *huma.Schema { return words(exodrive.BookingStates) }

func (paymentStateSchema) Schema(huma.Registry) *huma.Schema { return words(exodrive.PaymentStates) }

func (depositStateSchema) Schema(huma.Registry) *huma.Schema { return words(exodrive.DepositStates) }

func (moneyEventSchema) Schema(huma.Registry) *huma.Schema { return words(exodrive.MoneyEvents) }

func (chargeKindSchema) Schema(huma.Registry) *huma.Schema { return words(exodrive.ChargeKinds) }

func (anySchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Description: "Any JSON value."}
}

// sorts are the orders that an answer may name, reviewStatuses what a review may be.
var (
	sorts          = append([]exodrive.Sort{exodrive.SortRelevance}, exodrive.Sorts...)
	reviewStatuses = []exodrive.ReviewStatus{exodrive.ReviewPending, exodrive.ReviewApproved, exodrive.ReviewRefused}
)

// newRegistry knows how the types of package exodrive are written.
func newRegistry() huma.Registry {
	r := huma.NewMapRegistry("#/components/schemas/", schemaName)
	for from, to := range map[reflect.Type]reflect.Type{
		reflect.TypeFor[exodrive.Percent]():      reflect.TypeFor[percentSchema](),
		reflect.TypeFor[exodrive.TaxRate]():      reflect.TypeFor[taxRateSchema](),
		reflect.TypeFor[exodrive.Rating]():       reflect.TypeFor[ratingSchema](),
		reflect.TypeFor[exodrive.Decimal]():      reflect.TypeFor[decimalSchema](),
		reflect.TypeFor[exodrive.Date]():         reflect.TypeFor[dateSchema](),
		reflect.TypeFor[exodrive.Clock]():        reflect.TypeFor[clockSchema](),
		reflect.TypeFor[exodrive.Currency]():     reflect.TypeFor[currencySchema](),
		reflect.TypeFor[exodrive.Category]():     reflect.TypeFor[categorySchema](),
		reflect.TypeFor[exodrive.DayStatus]():    reflect.TypeFor[dayStatusSchema](),
		reflect.TypeFor[exodrive.LineKind]():     reflect.TypeFor[lineKindSchema](),
		reflect.TypeFor[exodrive.Sort]():         reflect.TypeFor[sortSchema](),
		reflect.TypeFor[exodrive.ReviewStatus](): reflect.TypeFor[reviewStatusSchema](),
		reflect.TypeFor[exodrive.BookingState](): reflect.TypeFor[bookingStateSchema](),
		reflect.TypeFor[exodrive.PaymentState](): reflect.TypeFor[paymentStateSchema](),
		reflect.TypeFor[exodrive.DepositState](): reflect.TypeFor[depositStateSchema](),
		reflect.TypeFor[exodrive.MoneyEvent]():   reflect.TypeFor[moneyEventSchema](),
		reflect.TypeFor[exodrive.ChargeKind]():   reflect.TypeFor[chargeKindSchema](),
		reflect.TypeFor[json.RawMessage]():       reflect.TypeFor[anySchema](),
	} {
		r.RegisterTypeAlias(from, to)
	}
	return r
}

// schemaName names a type in the document: CarRowList for a list[carRow].
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	if item, ok := strings.CutPrefix(name, "List"); ok && item != "" {
		name = item + "List"
	}
	if better, ok := map[string]string{"MoneyOf": "NamedMoney", "Line": "PriceLine"}[name]; ok {
		name = better
	}
	return name
}

// stored are the types that have an input type embedded. In the input a member
// with a default may be missing; in an answer it is always there.
var stored = []reflect.Type{
	reflect.TypeFor[carRow](), reflect.TypeFor[exodrive.Car](), reflect.TypeFor[exodrive.Location](),
	reflect.TypeFor[exodrive.PriceRule](), reflect.TypeFor[exodrive.Extra](), reflect.TypeFor[exodrive.Coupon](),
}

// finishSchemas puts right what tags cannot say. It changes the document and not
// the checks, whose sentences huma made when the routes were added.
func finishSchemas(r huma.Registry) {
	for _, part := range []string{"images", "features", "specs"} {
		delete(r.Map()["CarRow"].Properties, part) // hidden is not gone
	}
	for _, t := range stored {
		s := r.Map()[schemaName(t, "")]
		s.Required = nil
		for name, p := range s.Properties {
			if p.Format != "date" { // a bound that is not set is left out
				s.Required = append(s.Required, name)
			}
		}
		slices.Sort(s.Required)
	}
	for _, name := range []string{"CarCard", "CarDetails"} {
		of := r.Map()[name].Properties
		of["transmission"].Enum, of["drivetrain"].Enum = words(exodrive.Transmissions).Enum, words(exodrive.Drivetrains).Enum
	}
	r.Map()["Problem"].Properties["code"].Enum = words(httpx.Codes()).Enum
	for _, s := range r.Map() {
		for _, p := range s.Properties {
			plainPattern(p)
		}
	}
}

// plainPattern moves a pattern's description, which is huma's own keyword, to
// where every reader finds it.
func plainPattern(s *huma.Schema) {
	if s.PatternDescription != "" && s.Description == "" {
		s.Description = sentence(s.PatternDescription)
	}
	s.PatternDescription = ""
}
