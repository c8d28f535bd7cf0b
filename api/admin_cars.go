package api

import (
	"context"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/httpx"
	"github.com/exodrive/exodrive/rental"
)

// list is one page of an administrative list.
type list[T any] struct {
	Items      []T                 `json:"items" nullable:"false"`
	Pagination exodrive.Pagination `json:"pagination"`
}

// readPage parses page and limit and reads that page.
func readPage[T any](a *api, in *parameters, read func(exodrive.PageQuery) ([]T, int, error)) (*answer[list[T]], error) {
	ask, err := exodrive.ParsePageQuery(in.values, a.Rental.Limits(), defaultAdminPage)
	if err != nil {
		return nil, err
	}
	items, total, err := read(ask)
	if err != nil {
		return nil, err
	}
	return &answer[list[T]]{&list[T]{items, exodrive.NewPagination(ask.Page, ask.Limit, total)}}, nil
}

// versioned is an answer with its version as entity tag.
type versioned[T any] struct {
	ETag string `header:"ETag" doc:"The version; send it back as If-Match." example:"\"v3\""`
	Body *T
}

// created is the answer to a thing that was made.
type created[T any] struct {
	ETag     string `header:"ETag" doc:"The version; send it back as If-Match." example:"\"v1\""`
	Location string `header:"Location" doc:"Address of what was made."`
	Body     *T
}

func carAnswer(c *exodrive.Car, err error) (*versioned[exodrive.Car], error) {
	if err != nil {
		return nil, err
	}
	return &versioned[exodrive.Car]{ETag: httpx.VersionTag(c.Version), Body: c}, nil
}

// The inputs name their fields each: huma does not look into an embedded type
// whose name is in lower case, so a shared one would be read as empty.

type carIDInput struct {
	parameters
	CarID string `path:"carId" doc:"Id or slug of the car." example:"car_01kas0f3m2x7h9tq"`
}

type carVersionInput struct {
	CarID   string `path:"carId" doc:"Id or slug of the car." example:"car_01kas0f3m2x7h9tq"`
	IfMatch string `header:"If-Match" doc:"The version that was read, or * for any." example:"\"v3\""`
}

// carRow is a car in a list: without the parts that only the car itself has.
type carRow struct {
	exodrive.Car
	Images   []exodrive.Image   `json:"images,omitempty" hidden:"true"`
	Features []exodrive.Feature `json:"features,omitempty" hidden:"true"`
	Specs    []exodrive.Spec    `json:"specs,omitempty" hidden:"true"`
}

func (a *api) adminListCars(ctx context.Context, in *parameters) (*answer[list[carRow]], error) {
	return readPage(a, in, func(p exodrive.PageQuery) ([]carRow, int, error) {
		cars, total, err := a.Rental.ManagedCars(ctx, actorOf(ctx), p)
		rows := make([]carRow, len(cars))
		for i, c := range cars {
			rows[i].Car = c
		}
		return rows, total, err
	})
}

func (a *api) adminReadCar(ctx context.Context, in *carIDInput) (*versioned[exodrive.Car], error) {
	return carAnswer(a.Rental.ManagedCar(ctx, actorOf(ctx), in.CarID))
}

type carBody struct{ Body entered[exodrive.CarInput] }

func (a *api) adminCreateCar(ctx context.Context, in *carBody) (*created[exodrive.Car], error) {
	car, err := a.Rental.CreateCar(ctx, actorOf(ctx), in.Body.value)
	if err != nil {
		return nil, err
	}
	return &created[exodrive.Car]{httpx.VersionTag(car.Version), "/api/admin/cars/" + car.ID, car}, nil
}

type carEdit struct {
	CarID   string `path:"carId" doc:"Id or slug of the car." example:"car_01kas0f3m2x7h9tq"`
	IfMatch string `header:"If-Match" doc:"The version that was read, or * for any." example:"\"v3\""`
	Body    entered[exodrive.CarInput]
}

func (a *api) adminEditCar(ctx context.Context, in *carEdit) (*versioned[exodrive.Car], error) {
	version, err := httpx.ParseIfMatch(in.IfMatch)
	if err != nil {
		return nil, err
	}
	return carAnswer(a.Rental.EditCar(ctx, actorOf(ctx), in.CarID, version, in.Body.value))
}

func (a *api) adminArchiveCar(ctx context.Context, in *carVersionInput) (*versioned[exodrive.Car], error) {
	return a.archive(ctx, in, true)
}

func (a *api) adminRestoreCar(ctx context.Context, in *carVersionInput) (*versioned[exodrive.Car], error) {
	return a.archive(ctx, in, false)
}

func (a *api) archive(ctx context.Context, in *carVersionInput, hidden bool) (*versioned[exodrive.Car], error) {
	version, err := httpx.ParseIfMatch(in.IfMatch)
	if err != nil {
		return nil, err
	}
	return carAnswer(a.Rental.ArchiveCar(ctx, actorOf(ctx), in.CarID, version, hidden))
}

func (a *api) adminDeleteCar(ctx context.Context, in *carVersionInput) (*struct{}, error) {
	version, err := httpx.ParseIfMatch(in.IfMatch)
	if err != nil {
		return nil, err
	}
	return nil, a.Rental.DeleteCar(ctx, actorOf(ctx), in.CarID, version)
}

// bulkRequest names cars and what to change of them.
type bulkRequest struct {
	IDs                []string         `json:"ids,omitempty" maxItems:"1000" nullable:"false" doc:"These cars; or give a filter."`
	Filter             bulkFilter       `json:"filter" required:"false" doc:"All cars that are not archived and fit every member given."`
	PriceChangePercent exodrive.Percent `json:"priceChangePercent" required:"false" minimum:"-90" maximum:"900" doc:"Added to the base rate; -10 makes it a tenth cheaper."`
	Available          *bool            `json:"available" required:"false" doc:"May be rented and is listed."`
	DryRun             bool             `json:"dryRun" required:"false" doc:"Tell what would change, and change nothing."`
}

// bulkFilter picks cars by what they have in common.
type bulkFilter struct {
	Category   exodrive.Category `json:"category,omitempty" doc:"One category."`
	Make       string            `json:"make,omitempty" maxLength:"50" doc:"One make; case does not matter."`
	LocationID string            `json:"locationId,omitempty" maxLength:"20" doc:"Cars that live there." example:"loc_01kas0f3m2x7h9tq"`
}

type bulkBody struct{ Body entered[bulkRequest] }

func (a *api) adminBulkUpdate(ctx context.Context, in *bulkBody) (*answer[rental.BulkResult], error) {
	b := in.Body.value
	return answerOf(a.Rental.BulkUpdate(ctx, actorOf(ctx), rental.BulkUpdate{
		IDs:          b.IDs,
		Filter:       rental.BulkFilter{Category: b.Filter.Category, Make: b.Filter.Make, LocationID: b.Filter.LocationID},
		PricePercent: b.PriceChangePercent, Available: b.Available, DryRun: b.DryRun,
	}))
}
