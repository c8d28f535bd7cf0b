package api

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/exodrive/exodrive"
)

// operation is a row of the route table.
type operation struct {
	huma.Operation
	scope exodrive.Scope // that staff needs; "": that of its part, see needed
}

func route(method, path, id, summary string, params []*huma.Param) operation {
	return operation{Operation: huma.Operation{
		Method: method, Path: path, OperationID: id, Summary: summary, Parameters: params,
	}}
}

// get reads; a path with a name in it may miss.
func get(path, id, summary string, params ...*huma.Param) operation {
	o := route(http.MethodGet, path, id, summary, params)
	if strings.Contains(path, "{") {
		o = o.mayMiss()
	}
	return o
}

// post makes something new.
func post(path, id, summary string) operation {
	return route(http.MethodPost, path, id, summary, nil).answers(http.StatusCreated)
}

// put replaces a thing whose version the caller has seen.
func put(path, id, summary string) operation {
	return route(http.MethodPut, path, id, summary, nil).versioned()
}

// del removes.
func del(path, id, summary string, params ...*huma.Param) operation {
	return route(http.MethodDelete, path, id, summary, params).answers(http.StatusNoContent)
}

func (o operation) in(tag string) operation {
	o.Tags = []string{tag}
	return o
}

// needs is for what staff needs another scope for than for the rest of its part.
func (o operation) needs(scope exodrive.Scope) operation {
	o.scope = scope
	return o
}

// writes are the scopes for whatever changes something, by the part it is in.
var writes = map[string]exodrive.Scope{
	"Bookings": exodrive.ScopeBook, "Cars": exodrive.ScopeFleet, "Calendar": exodrive.ScopeFleet, "Offers": exodrive.ScopeFleet,
	"Reviews": exodrive.ScopeReviews, "Cache": exodrive.ScopeOperate, "Jobs": exodrive.ScopeOperate,
}

// needed is the scope that staff needs, as the document tells it. That a use-case asks
// for the same is shown by TestScopesAreTold.
func (o operation) needed() exodrive.Scope {
	switch {
	case o.scope != "":
		return o.scope
	case o.Method == http.MethodGet:
		return exodrive.ScopeRead
	}
	return writes[o.Tags[0]]
}

// asking is for what takes parameters besides a body, or instead of one.
func (o operation) asking(params ...*huma.Param) operation {
	o.Parameters = append(o.Parameters, params...)
	return o
}

func (o operation) answers(status int) operation {
	o.DefaultStatus = status
	return o
}

func (o operation) mayMiss() operation {
	o.Errors = append(o.Errors, http.StatusNotFound)
	return o
}

func (o operation) versioned() operation {
	o.Errors = append(o.Errors, http.StatusNotFound, http.StatusPreconditionFailed, http.StatusPreconditionRequired)
	return o
}

// mayRepeat is for what is done once however often it is sent with one key.
func (o operation) mayRepeat() operation {
	o.Errors = append(o.Errors, http.StatusUnprocessableEntity)
	return o
}

// unversioned is for a put of something that has no version.
func (o operation) unversioned() operation {
	o.Errors = []int{http.StatusNotFound}
	return o
}

// query describes a parameter that the handler reads itself from the address.
func query(name, doc string, schema *huma.Schema, example any) *huma.Param {
	return &huma.Param{Name: name, In: "query", Description: doc, Schema: schema, Example: example}
}

func text(maxLength int) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, MaxLength: &maxLength}
}

// several is a parameter with any of some values, separated by commas.
func several(name, doc string, item *huma.Schema, example ...any) *huma.Param {
	most, together := 20, false
	p := query(name, doc+"; several with commas.", &huma.Schema{Type: huma.TypeArray, Items: item, MaxItems: &most}, example)
	p.Style, p.Explode = "form", &together
	return p
}

func words[T ~string](vocabulary []T) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString}
	for _, v := range vocabulary {
		s.Enum = append(s.Enum, string(v))
	}
	return s
}

func whole(least, most, otherwise int) *huma.Schema {
	low, high := float64(least), float64(most)
	return &huma.Schema{Type: huma.TypeInteger, Minimum: &low, Maximum: &high, Default: otherwise}
}

func day() *huma.Schema { return &huma.Schema{Type: huma.TypeString, Format: "date"} }

func price() *huma.Schema {
	least := 0.0
	return &huma.Schema{Type: huma.TypeNumber, Minimum: &least}
}

// carRefParam is the path parameter of public car routes.
var carRefParam = &huma.Param{
	Name: "carId", In: "path", Required: true, Description: "Id or slug of the car.",
	Schema: &huma.Schema{Type: huma.TypeString}, Example: "ferrari-296-gtb",
}

func carListParams() []*huma.Param {
	l := exodrive.DefaultLimits
	return append([]*huma.Param{
		query("search", "Words that make, model, name, category or description have; typos are forgiven.", text(100), "ferrari"),
		several("category", "Any of these categories", words(exodrive.Categories), "supercar", "convertible"),
		several("make", "Any of these makes, in any case", text(100), "Ferrari", "Lamborghini"),
		query("minPrice", "Least base rate of a day, in units of the currency.", price(), 500),
		query("maxPrice", "Highest base rate of a day, in units of the currency.", price(), 3000),
		several("features", "All of these features, in any case", text(100), "Apple CarPlay"),
		several("seats", "Any of these numbers of seats", seatNumber(), 2, 4),
		several("transmission", "Any of these", words(exodrive.Transmissions), "automatic"),
		several("drivetrain", "Any of these", words(exodrive.Drivetrains), "rwd", "awd"),
		several("location", "Any of these places, by id or slug", text(100), "miami"),
		query("startDate", "Day of pick-up: only cars that can be booked for the days, with their all-in price.", day(), nil),
		query("endDate", "Day of return, after startDate.", day(), nil),
		query("sort", "Order of the cars; with a search it is relevance unless named.", words(sorts), "price"),
	}, pageParamsUpTo(l, exodrive.DefaultPageSize)...)
}

func pageParams(size int) []*huma.Param { return pageParamsUpTo(exodrive.DefaultLimits, size) }

func pageParamsUpTo(l exodrive.Limits, size int) []*huma.Param {
	return []*huma.Param{
		query("page", "Which page.", whole(1, l.Page, 1), 1),
		query("limit", "Entries of a page.", whole(1, l.PageSize, size), size),
	}
}

func rangeParams() []*huma.Param {
	start, end := query("startDate", "First day.", day(), "2026-12-01"), query("endDate", "Last day, included.", day(), "2026-12-31")
	start.Required, end.Required = true, true
	return []*huma.Param{start, end}
}

var reviewStatusParam = query("status", "Only reviews in this status.",
	words(reviewStatuses), "pending")

var auditSubjectParam = query("subject", "Only what was done to the thing with this id.", text(100), nil)

// needNoBody lets a call come without a body, and so without a Content-Type, where none
// of its members has to be there.
func (a *api) needNoBody(op *huma.Operation) {
	if op.RequestBody == nil || !op.RequestBody.Required {
		return
	}
	schema := op.RequestBody.Content["application/json"].Schema
	if schema.Ref != "" {
		schema = a.huma.OpenAPI().Components.Schemas.SchemaFromRef(schema.Ref)
	}
	op.RequestBody.Required = len(schema.Required) > 0
}

// bodyExample gives the request body of a route an example.
func (a *api) bodyExample(route string, example any) {
	method, path, _ := strings.Cut(route, " ")
	item := a.huma.OpenAPI().Paths[path]
	op := map[string]*huma.Operation{http.MethodPost: item.Post, http.MethodPut: item.Put}[method]
	op.RequestBody.Content["application/json"].Example = example
}

func seatNumber() *huma.Schema {
	least, most := 1.0, 9.0
	return &huma.Schema{Type: huma.TypeInteger, Minimum: &least, Maximum: &most}
}
